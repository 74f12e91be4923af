//! What the playground's registries hold.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;

use crate::support::hub::{Secret, Seed};
use crate::support::{Image, TestHub, TestRegistry, TokenRules};

const USER: &str = "alice";
const PASSWORD: &str = "playground";

const ALPINE: &str = "2.6 2.7 3.1 3.2 3.3 3.4 3.5 3.6 3.7 3.8 3.9 3.9.6 3.10 3.10.9 3.11 3.12 3.13 \
    3.14 3.15 3.16 3.17 3.18 3.18.12 3.19 3.19.7 3.20 3.20.6 3.21 3.21.3 3.22 3.22.0 3.22.1 3 \
    latest edge";
const NGINX: &str = "1.26.3 1.27.0 1.27.0-alpine 1.27.5 1.27.5-alpine 1.29.0-alpine";
const API: &str = "2.0.0 2.1.0 2.1.1 latest";
const WEB: &str = "1.0 1.1 1.1-alpine";
const REDIS: &str = "6.2 6.2.14 6.2.14-alpine 7.0 7.0.15 7.2 7.2.4 7.2.4-alpine 7.4 7.4.0 7.4.1 \
    7.4.1-alpine 7.4.1-bookworm 8.0-rc1 8.0-m04 latest alpine bookworm";

/// The repositories with images for several platforms, and their tags, the last pushed last.
const IMAGES: [(&str, &str); 5] = [
    ("library/alpine", ALPINE),
    ("library/redis", REDIS),
    ("library/nginx", NGINX),
    ("acme/web", WEB),
    ("acme/api", API),
];
const PLATFORMS: [&str; 3] = ["linux/amd64", "linux/arm64", "linux/arm/v7"];

/// Two registries, Docker Hub's API and a home directory. Everything goes when it is dropped.
pub struct World {
    hub: TestRegistry,
    api: TestHub,
    lab: TestRegistry,
    home: PathBuf,
}

impl World {
    /// Starts the registries and writes the configuration.
    pub fn start() -> World {
        let mut hub = TestRegistry::new()
            .user(USER, PASSWORD)
            .tags("library/node", node())
            .image("ratelimitpreview/test:latest", &Image::docker_list("limit", &PLATFORMS[..1]))
            .rate_limit(200, 187)
            .page_size(1_000)
            .private("acme/api", &[USER])
            .require_token(TokenRules::default());
        for (repository, tags) in IMAGES {
            for tag in words(tags) {
                hub = hub.image(&format!("{repository}:{tag}"), &image(&tag, tags));
            }
        }
        let hub = hub.start();
        let api = hub_api();
        let lab = TestRegistry::new().tags("team/app", ["1.0", "1.1", "2.0-rc1"]).start();
        let home =
            std::env::temp_dir().join(format!("docker-tags-playground-{}", std::process::id()));
        let world = World { hub, api, lab, home };
        world.write_configuration();
        world
    }

    /// The address of the open registry.
    pub fn lab(&self) -> String {
        self.lab.server().host()
    }

    /// A directory with a compose file and a Dockerfile that are out of date.
    pub fn project(&self) -> PathBuf {
        self.home.join("project")
    }

    /// The variables that lead a client here.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let path = |name: &str| self.home.join(name).display().to_string();
        vec![("DOCKER_TAGS_CONFIG", path("config.toml")), ("DOCKER_CONFIG", path("docker"))]
    }

    /// Writes the plugin: a script that runs this program as the client. Gives its path.
    pub fn install(&self, program: &Path, client: &str) -> PathBuf {
        let path = self.home.join("docker/cli-plugins/docker-tags");
        write_private(&path, &format!("#!/bin/sh\nexec '{}' {client} \"$@\"\n", program.display()));
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(&path, mode).expect("the file is ours");
        path
    }

    fn write_configuration(&self) {
        let login = BASE64_STANDARD.encode(format!("{USER}:{PASSWORD}"));
        write_private(
            &self.home.join("docker/config.json"),
            &format!(
                "{{\"auths\":{{\"https://index.docker.io/v1/\":{{\"auth\":\"{login}\"}}}}}}\n"
            ),
        );
        write_private(
            &self.project().join("compose.yaml"),
            "services:\n  web:\n    image: nginx:1.27.0-alpine\n  cache:\n    image: redis:7.2.4-alpine\n",
        );
        write_private(&self.project().join("Dockerfile"), "FROM alpine:3.20.6\n");
        let (endpoint, api) = (self.hub.server().origin(), self.api.origin());
        write_private(
            &self.home.join("config.toml"),
            &format!(
                "[profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"{endpoint}\"\n\
                 hub-api = \"{api}\"\n"
            ),
        );
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // The system's own cleaning of temporary files finds what this cannot remove.
        let _ = fs::remove_dir_all(&self.home);
    }
}

/// Docker Hub's API: what the registry has, and who may see it.
fn hub_api() -> TestHub {
    let about = |text: &str, stars: u32, pulls: u64| serde_json::json!({"description": text, "star_count": stars, "pull_count": pulls});
    let single = |tag: String| hub_tag(&tag, &Image::oci(&tag, PLATFORMS[0]), &PLATFORMS[..1], 0);
    let mut api = TestHub::new()
        .account(USER, PASSWORD, Secret::Password)
        .organisation("acme", &[USER])
        .repository("library/node", node().map(single));
    for (repository, tags) in IMAGES {
        let objects = words(tags).into_iter().zip(0..);
        let objects = objects.map(|(tag, day)| hub_tag(&tag, &image(&tag, tags), &PLATFORMS, day));
        api = match repository {
            "acme/api" => api.private(repository, objects),
            _ => api.repository(repository, objects),
        };
    }
    api.members("library/alpine", about("A minimal image, five megabytes", 11_000, 9_876_543_210))
        .members("library/redis", about("An in-memory data store", 13_000, 4_567_890_123))
        .members("acme/web", about("The shop window of Acme, served by nginx", 7, 123_456))
        .members("acme/api", about("What the shop window talks to", 0, 4_321))
        .start()
}

/// A tag's object, pushed so many days after the first of January.
fn hub_tag(tag: &str, image: &Image, platforms: &[&str], day: u32) -> Value {
    let seed = Seed {
        content: tag.to_owned(),
        platforms: platforms.iter().map(ToString::to_string).collect(),
        pushed: Some(format!("2026-{:02}-{:02}T12:00:00Z", 1 + day / 28, 1 + day % 28)),
        old: false,
    };
    let mut object = seed.tag(tag);
    object["digest"] = image.root.digest.as_str().into();
    object
}

/// The image of a tag. A tag that leaves something open is the newest of those that it covers:
/// `3.22` is `3.22.1`, `latest` the newest of all.
fn image(tag: &str, tags: &str) -> Image {
    let is_version = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c == '.');
    let covered = |known: &&str| {
        is_version(known) && (tag == "latest" || known.starts_with(&format!("{tag}.")))
    };
    let mut versions = tags.split_whitespace().filter(|known| known.contains('.'));
    let content = versions.rfind(covered).unwrap_or(tag);
    Image::index_with_attestations(content, &PLATFORMS)
}

fn node() -> impl Iterator<Item = String> {
    (0..2_500).map(|n| format!("{}.{}.{}", n / 250, n / 10 % 25, n % 10))
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn write_private(path: &Path, content: &str) {
    let directory = path.parent().expect("a file is in a directory");
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
        .expect("the temporary directory is writable");
    let mut options = fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    std::io::Write::write_all(&mut file.expect("the file is new"), content.as_bytes())
        .expect("the file is writable");
}
