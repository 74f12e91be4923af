//! The config blob of an image: what it was made for, what it runs, how it was made.
//!
//! Configs are read leniently: a member of the wrong type counts as missing, because there is still
//! something to show. Names are matched as Go does, without regard to case.

use std::collections::BTreeMap;

use super::json::Json;
use super::{Created, MAX_ENTRIES};
use crate::oci::platform::Platform;

/// An image's config.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ImageConfig {
    /// When the image was made.
    pub created: Option<Created>,
    /// Who made it.
    pub author: String,
    /// The architecture, such as `amd64`.
    pub architecture: String,
    /// The architecture's variant, such as `v8`.
    pub variant: String,
    /// The operating system, such as `linux`.
    pub os: String,
    /// The operating system's version (Windows).
    pub os_version: String,
    /// Features of the operating system that the image needs (Windows).
    pub os_features: Vec<String>,
    /// The version of Docker that made the image.
    pub docker_version: String,
    /// How containers of the image run.
    pub config: ContainerConfig,
    /// The steps by which the image was made, first one first; at most 10,000.
    pub history: Vec<History>,
    /// The digests of the layers' uncompressed content, lowest first; at most 10,000.
    pub diff_ids: Vec<String>,
}

/// How containers of an image run.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContainerConfig {
    /// Environment, as `NAME=value`. `None` when the config has none, not even an empty list.
    pub env: Option<Vec<String>>,
    /// The default command, or the arguments of the entry point.
    pub cmd: Option<Vec<String>>,
    /// The entry point.
    pub entrypoint: Option<Vec<String>>,
    /// Labels, sorted by key. `None` when the config has none, not even an empty map.
    pub labels: Option<BTreeMap<String, String>>,
    /// Ports, such as `80/tcp`, sorted as texts.
    pub exposed_ports: Vec<String>,
    /// Volumes, sorted.
    pub volumes: Vec<String>,
    /// The user, perhaps with a group.
    pub user: String,
    /// The working directory.
    pub working_dir: String,
    /// The signal that stops a container.
    pub stop_signal: String,
}

/// One step of an image's making.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// When.
    pub created: Option<Created>,
    /// The command.
    pub created_by: String,
    /// Who.
    pub author: String,
    /// A remark.
    pub comment: String,
    /// Whether the step made no layer.
    pub empty_layer: bool,
}

impl ImageConfig {
    /// Reads a config blob. `None` when it is not a JSON object, as an artifact's config may be; bytes
    /// that are not UTF-8 inside texts are replaced.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let json = object(bytes)?;
        Some(ImageConfig {
            created: created(&json),
            author: text(&json, "author"),
            architecture: text(&json, "architecture"),
            variant: text(&json, "variant"),
            os: text(&json, "os"),
            os_version: text(&json, "os.version"),
            os_features: texts(&json, "os.features").unwrap_or_default(),
            docker_version: text(&json, "docker_version"),
            config: json.last("config").map(container_config).unwrap_or_default(),
            history: list(&json, "history").iter().map(step).collect(),
            diff_ids: json.last("rootfs").map(diff_ids).unwrap_or_default(),
        })
    }

    /// The config as the history of a schema 1 manifest tells it, newest entry first.
    pub(super) fn from_schema1(history: &[String], architecture: &str) -> Option<Self> {
        let mut config = ImageConfig::parse(history.first()?.as_bytes())?;
        if config.architecture.is_empty() {
            architecture.clone_into(&mut config.architecture);
        }
        let steps = history.iter().rev().map(|entry| object(entry.as_bytes()));
        config.history =
            steps.map(|json| json.as_ref().map(old_step).unwrap_or_default()).collect();
        Some(config)
    }

    /// The platform that the image is for. `None` when the config names neither an operating system
    /// nor an architecture.
    pub fn platform(&self) -> Option<Platform> {
        (!self.os.is_empty() || !self.architecture.is_empty()).then(|| Platform {
            os: self.os.clone(),
            architecture: self.architecture.clone(),
            variant: self.variant.clone(),
            os_version: self.os_version.clone(),
            os_features: self.os_features.clone(),
        })
    }
}

fn object(bytes: &[u8]) -> Option<Json> {
    let text = String::from_utf8_lossy(bytes);
    Json::parse(text.as_bytes()).ok().filter(Json::is_object)
}

fn container_config(json: &Json) -> ContainerConfig {
    ContainerConfig {
        env: texts(json, "Env"),
        cmd: words(json, "Cmd"),
        entrypoint: words(json, "Entrypoint"),
        labels: json.last("Labels").and_then(Json::text_map),
        exposed_ports: json.last("ExposedPorts").map(Json::keys).unwrap_or_default(),
        volumes: json.last("Volumes").map(Json::keys).unwrap_or_default(),
        user: text(json, "User"),
        working_dir: text(json, "WorkingDir"),
        stop_signal: text(json, "StopSignal"),
    }
}

fn step(json: &Json) -> History {
    History {
        created: created(json),
        created_by: text(json, "created_by"),
        author: text(json, "author"),
        comment: text(json, "comment"),
        empty_layer: json.last("empty_layer") == Some(&Json::Bool(true)),
    }
}

/// A step of a schema 1 history, which is a config of its own.
fn old_step(json: &Json) -> History {
    let command = json.last("container_config").and_then(|config| words(config, "Cmd"));
    History {
        created: created(json),
        created_by: command.unwrap_or_default().join(" "),
        author: text(json, "author"),
        comment: text(json, "comment"),
        empty_layer: json.last("throwaway") == Some(&Json::Bool(true)),
    }
}

fn diff_ids(json: &Json) -> Vec<String> {
    list(json, "diff_ids").iter().filter_map(|id| id.text().map(str::to_owned)).collect()
}

fn created(json: &Json) -> Option<Created> {
    json.last("created").and_then(Json::text).map(Created::new)
}

fn text(json: &Json, name: &str) -> String {
    json.last(name).and_then(Json::text).unwrap_or_default().to_owned()
}

fn texts(json: &Json, name: &str) -> Option<Vec<String>> {
    json.last(name)?.texts()
}

/// A command: a list of words, or a single text as very old images have it.
fn words(json: &Json, name: &str) -> Option<Vec<String>> {
    match json.last(name)? {
        Json::Text(text) => Some(vec![text.clone()]),
        other => other.texts(),
    }
}

fn list<'a>(json: &'a Json, name: &str) -> &'a [Json] {
    let list = json.last(name).and_then(Json::list).unwrap_or_default();
    &list[..list.len().min(MAX_ENTRIES)]
}
