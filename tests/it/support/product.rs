//! The APIs of Quay and Harbor, for a test registry to answer beside its own: the shapes are those of
//! Quay's `endpoints/api/tag.py` and Harbor's `api/v2.0/swagger.yaml`.

use serde_json::{Value, json};

use super::http::{Request, Response};
use super::image::Image;
use super::token::TokenRules;

/// Where Quay's tokens come from; the registry asks for one.
pub fn quay_tokens() -> TokenRules {
    TokenRules { realm: "{T}/v2/auth".into(), ..TokenRules::default() }
}

/// Where Harbor's tokens come from.
pub fn harbor_tokens() -> TokenRules {
    TokenRules {
        service: "harbor-registry".into(),
        realm: "{T}/service/token".into(),
        ..TokenRules::default()
    }
}

/// A tag as Quay tells it: of a single image, pushed at `start` (seconds since 1970).
pub fn quay_tag(name: &str, digest: &str, size: u64, start: i64) -> Value {
    json!({
        "name": name, "reversion": false, "start_ts": start, "manifest_digest": digest,
        "is_manifest_list": false, "size": size, "docker_image_id": "f00d",
        "last_modified": "Tue, 14 Nov 2023 22:13:20 -0000",
    })
}

/// Answers Quay's list of tags, a hundred a page.
pub fn quay(repository: &str, tags: Vec<Value>) -> impl Fn(&Request) -> Option<Response> {
    let path = format!("/api/v1/repository/{repository}/tag/");
    move |request| {
        if request.path != path {
            return None;
        }
        let number = |name: &str| request.param(name).and_then(|text| text.parse::<usize>().ok());
        assert_eq!(request.param("onlyActiveTags").as_deref(), Some("true"));
        let size = number("limit").unwrap_or(50).min(100);
        let page = number("page").unwrap_or(1);
        let shown: Vec<&Value> = tags.iter().skip((page - 1) * size).take(size).collect();
        let more = tags.len() > page * size;
        let body = json!({"tags": shown, "page": page, "has_additional": more});
        Some(Response::json(200, &body))
    }
}

/// An artifact as Harbor tells it.
pub fn harbor_artifact(image: &Image, tags: &[&str], platforms: &[(&str, &str)]) -> Value {
    let references: Vec<Value> = image
        .children
        .iter()
        .zip(platforms)
        .map(|(child, (os, architecture))| {
            json!({
                "child_digest": child.digest, "child_id": 2, "parent_id": 1, "urls": null,
                "platform": {"'os.features'": null, "'os.version'": "", "architecture": architecture,
                    "os": os, "variant": ""},
            })
        })
        .collect();
    let is_index = !references.is_empty();
    let single = |value: &str| if is_index { Value::Null } else { json!(value) };
    json!({
        "id": 7, "type": "IMAGE", "project_id": 1, "repository_id": 3, "icon": "",
        "manifest_media_type": image.root.media_type, "digest": image.root.digest,
        "size": 4711, "push_time": "2026-02-03T04:05:06.789Z", "pull_time": "0001-01-01T00:00:00.000Z",
        "extra_attrs": {
            "architecture": single("amd64"), "os": single("linux"), "author": "",
            "created": single("2026-01-02T03:04:05.678Z"), "config": {"Cmd": ["sh"]},
        },
        "references": if is_index { json!(references) } else { Value::Null },
        "tags": tags.iter().map(|name| json!({
            "id": 1, "artifact_id": 7, "repository_id": 3, "name": name, "immutable": false,
            "push_time": "2026-02-03T04:05:07.000Z", "pull_time": "0001-01-01T00:00:00.000Z",
        })).collect::<Vec<_>>(),
        "labels": null, "addition_links": {},
    })
}

/// Answers Harbor's list of artifacts; `path` is project and repository with its slashes escaped twice.
/// With `login`, only to that user's Basic.
pub fn harbor(
    path: &str,
    artifacts: Vec<Value>,
    login: Option<(&'static str, &'static str)>,
) -> impl Fn(&Request) -> Option<Response> {
    let (project, repository) = path.split_once('/').expect("a project");
    let path = format!("/api/v2.0/projects/{project}/repositories/{repository}/artifacts");
    move |request| {
        if request.path != path {
            return None;
        }
        let given = request.basic();
        let given = given.as_ref().map(|(user, password)| (&**user, &**password));
        if login.is_some() && given != login {
            let body = json!({"errors": [{"code": "UNAUTHORIZED", "message": "unauthorized"}]});
            return Some(Response::json(401, &body));
        }
        let number = |name: &str| request.param(name).and_then(|text| text.parse::<usize>().ok());
        let (page, size) = (number("page").unwrap_or(1), number("page_size").unwrap_or(10));
        let is_tagged =
            |artifact: &&Value| artifact["tags"].as_array().is_some_and(|t| !t.is_empty());
        let all: Vec<&Value> = match request.param("q").as_deref() {
            Some("tags=*") => artifacts.iter().filter(is_tagged).collect(),
            _ => artifacts.iter().collect(),
        };
        let shown: Vec<&&Value> = all.iter().skip((page - 1) * size).take(size).collect();
        let total = all.len().to_string();
        Some(Response::json(200, &json!(shown)).header("X-Total-Count", total))
    }
}
