//! The recipes of docker-tags-format(7), run through bash as they stand there: the calls of the Docker
//! Registry API Bash Functions, once with jq and once with `--format` alone.

use std::path::Path;

use super::{AMD64, ARM64};
use crate::support::env::binary;
use crate::support::image::{Blob, DOCKER_CONFIG, DOCKER_LAYER, DOCKER_LIST, DOCKER_MANIFEST};
use crate::support::{Image, TestEnv, TestRegistry};
use serde_json::json;

/// The page's recipes: each line `docker tags …` of the block behind a heading.
fn recipes() -> Vec<String> {
    let page = include_str!("../../../man/docker-tags-format.7");
    let block = page.split(".SH RECIPES").nth(1).expect("the page has recipes");
    let block = block.split(".EE").next().unwrap_or_default();
    let escapes = [("\\-", "-"), ("\\(aq", "'"), ("\\e", "\\")];
    let block = escapes.iter().fold(block.to_owned(), |text, (from, to)| text.replace(from, to));
    block.lines().filter(|line| line.starts_with("docker tags ")).map(str::to_owned).collect()
}

fn image(platform: &str) -> Image {
    let (os, architecture) = platform.split_once('/').expect("os/arch");
    let config = json!({
        "architecture": architecture, "os": os, "created": "2026-01-02T03:04:05Z",
        "docker_version": "27.0.1",
        "config": {"Cmd": ["nginx", "-g", "daemon off;"], "Entrypoint": ["/docker-entrypoint.sh"]},
        "history": [
            {"created_by": format!("RUN {}", "x".repeat(100))},
            {"created": "2026-01-02T03:04:05Z", "empty_layer": true},
            {"created_by": "CMD [\"nginx\"]", "empty_layer": true},
        ],
    });
    let layers = vec![Blob::new(DOCKER_LAYER, "the first layer"), Blob::new(DOCKER_LAYER, "two")];
    Image::manifest(DOCKER_MANIFEST, Blob::json(DOCKER_CONFIG, &config), layers, &json!({}))
}

#[test]
fn the_recipes_work() {
    let platform = |text: &str| {
        let (os, architecture) = text.split_once('/').expect("os/arch");
        json!({"platform": {"os": os, "architecture": architecture}})
    };
    let entries = [AMD64, ARM64].map(|name| (image(name), platform(name)));
    let list = Image::list(DOCKER_LIST, entries.into());
    let registry = TestRegistry::new().image("library/nginx:latest", &list).start();
    let amd64 = image(AMD64);
    let first = &amd64.blobs[1];
    let step = format!("RUN {}", "x".repeat(76));
    // What every recipe prints; twice, once with jq and once without.
    let expected = [
        format!("{}\n", list.root.digest),
        format!("{} {}\n", first.digest, first.bytes.len()),
        "linux:amd64\nlinux:arm64\n".to_owned(),
        "yes\n".to_owned(),
        "nginx -g daemon off;\n/docker-entrypoint.sh\n".to_owned(),
        format!("{step}\nCMD [\"nginx\"]\n"),
        "27.0.1 2026-01-02T03:04:05Z amd64 linux\n".to_owned(),
    ];
    let recipes = recipes();
    let (with_jq, alone): (Vec<&String>, Vec<&String>) =
        recipes.iter().partition(|recipe| recipe.contains("| jq"));
    assert_eq!(alone.len(), expected.len(), "{alone:#?}");
    assert_eq!(with_jq.len(), expected.len() - 1, "a digest needs no jq: {with_jq:#?}");
    let has_jq = Path::new("/usr/bin/jq").exists();
    let pairs = alone.into_iter().zip(&expected).chain(with_jq.into_iter().zip(&expected[1..]));
    for (recipe, expected) in pairs.filter(|(recipe, _)| has_jq || !recipe.contains("| jq")) {
        let ours = recipe
            .replace("docker tags ", &format!("'{}' ", binary().display()))
            .replace(" nginx ", &format!(" {} ", registry.repo("library/nginx")));
        let ours = match ours.strip_suffix(" nginx") {
            Some(rest) => format!("{rest} {}", registry.repo("library/nginx")),
            None => ours,
        };
        let output =
            TestEnv::new().program_run("/bin/bash", ["-o", "pipefail", "-c", &*ours]).run();
        assert_eq!((&*output.stdout, output.code), (&**expected, 0), "{recipe}\n{output}");
        assert_eq!(output.stderr, "", "{recipe}\n{output}");
    }
}
