//! The hint after a failed pull: docker asks its plugins when one of its own commands has ended.
//!
//! Only for users who list us under `plugins.tags` in docker's config.json; see docker's
//! `cli-plugins/hooks`. The call holds up the user's prompt, so the answer is made from the
//! request alone. Only the old template functions are used: docker before 29.4 knows no others,
//! and prints nothing at all for a template that it cannot read.

use std::ffi::OsStr;

use serde::Deserialize;

/// The commands whose failure may mean that a tag does not exist.
const COMMANDS: [&str; 6] =
    ["pull", "run", "create", "image pull", "container run", "container create"];
/// The most of a request that is read.
const MAX_REQUEST: usize = 1 << 20;

/// What docker says has happened.
#[derive(Deserialize)]
struct Request {
    #[serde(rename = "RootCmd", default)]
    command: String,
    #[serde(rename = "CommandError", default)]
    error: String,
}

/// The answer to docker's request, a JSON document on a line; empty when there is nothing to say.
///
/// docker hands out no arguments, only its template can name them: and that knows their places,
/// not their meaning. After `run` the first argument is the image.
pub(crate) fn answer(request: &OsStr) -> String {
    let text = request.to_str().filter(|text| text.len() <= MAX_REQUEST).unwrap_or_default();
    let Ok(request) = serde_json::from_str::<Request>(text) else { return String::new() };
    if !COMMANDS.contains(&request.command.as_str()) || !is_about_a_name(&request.error) {
        return String::new();
    }
    let template = "To list the available tags: docker tags ls {{arg . 0}}";
    format!("{}\n", serde_json::json!({"Type": 0, "Template": template}))
}

/// Whether an error of docker's may come from an image that does not exist under this name.
fn is_about_a_name(error: &str) -> bool {
    let error = error.to_ascii_lowercase();
    let signs = [
        "manifest unknown",
        "name unknown",
        "no matching manifest",
        "no such image",
        "pull access denied",
        "requested access to the resource is denied",
    ];
    // `exec: "x": executable file not found`, `network x not found` are not about images.
    let subjects = ["manifest for ", "repository ", "failed to resolve reference"];
    let is_missing = error.contains("not found") && subjects.iter().any(|s| error.contains(s));
    is_missing || signs.iter().any(|sign| error.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_failures_about_names_get_a_hint() {
        let unknown = "manifest for alpine:9 not found: manifest unknown";
        for (command, error, expected) in [
            ("pull", unknown, true),
            ("image pull", unknown, true),
            ("run", "pull access denied for nosuch", true),
            ("pull", "Cannot connect to the Docker daemon", false),
            ("pull", "", false),
            (
                "pull",
                "failed to resolve reference \"docker.io/library/a:9\": docker.io/library/a:9: not found",
                true,
            ),
            ("create", "Error response from daemon: No such image: nope:1", true),
            ("run", "exec: \"x\": executable file not found in $PATH: unknown", false),
            ("run", "network foo not found", false),
            ("run", "error while mounting volume: volume data not found", false),
            ("run", "unknown or invalid runtime name: x", false),
            ("create", "could not select device driver \"\" with capabilities: [[gpu]]", false),
            ("ps", unknown, false),
        ] {
            let request = serde_json::json!({"RootCmd": command, "CommandError": error});
            let answer = answer(OsStr::new(&request.to_string()));
            assert_eq!(answer.contains("docker tags ls {{arg . 0}}"), expected, "{request}");
            assert_eq!(answer.is_empty(), !expected, "{request}");
        }
        for odd in
            ["", "{", "[]", "{\"RootCmd\":1}", "{\"RootCmd\":\"pull\",\"CommandError\":null}"]
        {
            assert_eq!(answer(OsStr::new(odd)), "", "{odd}");
        }
    }
}
