//! skopeo, the second opinion: what it prints is what we must print.

use std::collections::BTreeSet;

use serde_json::Value;

use super::run::{Home, run};

/// The tags of a repository (`HOST:PORT/NAME`) as `skopeo list-tags` gives them, with the login as `USER:PASSWORD`.
#[track_caller]
pub fn list_tags(repository: &str, login: Option<&str>) -> BTreeSet<String> {
    let document = json(&["list-tags"], repository, login);
    let tags = document["Tags"].as_array().expect("skopeo lists tags");
    tags.iter().map(|tag| tag.as_str().expect("a tag is a text").to_owned()).collect()
}

/// The exact bytes of a manifest, or with `--config` among the options of the config. Both are UTF-8 here.
#[track_caller]
pub fn inspect_raw(image: &str, options: &[&str]) -> String {
    skopeo(&[&["inspect", "--raw"], options].concat(), image, None)
}

/// The document of `skopeo inspect` for an architecture.
#[track_caller]
pub fn inspect(image: &str, architecture: &str) -> Value {
    json(&["--override-os", "linux", "--override-arch", architecture, "inspect"], image, None)
}

#[track_caller]
fn json(words: &[&str], image: &str, login: Option<&str>) -> Value {
    serde_json::from_str(&skopeo(words, image, login)).expect("skopeo prints JSON")
}

#[track_caller]
fn skopeo(words: &[&str], image: &str, login: Option<&str>) -> String {
    let home = Home::new();
    let mut command = home.command("skopeo");
    command.args(words).arg("--tls-verify=false");
    if let Some(login) = login {
        command.arg(format!("--creds={login}"));
    }
    run(command.arg(format!("docker://{image}"))).expect_code(0).stdout
}
