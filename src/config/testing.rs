//! A directory for one test, with an environment that points into it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Config, ConfigError};
use crate::system::env::Env;

static COUNTER: AtomicUsize = AtomicUsize::new(0);

/// Removed when dropped. The configuration is `config.toml` in it.
pub(super) struct Place {
    pub directory: PathBuf,
    pub env: Env,
}

impl Place {
    pub(crate) fn new() -> Self {
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let name = format!("docker-tags-config-{}-{number}", std::process::id());
        let directory = std::env::temp_dir().join(name);
        fs::create_dir(&directory).unwrap();
        let file = directory.join("config.toml");
        let env = Env::from_pairs([
            ("DOCKER_TAGS_CONFIG", file.as_os_str()),
            ("HOME", "/home/user".as_ref()),
        ]);
        Place { directory, env }
    }

    pub(crate) fn with(text: &str) -> Self {
        let place = Place::new();
        fs::write(place.file(), text).unwrap();
        place
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.join("config.toml")
    }

    pub(crate) fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    /// The names in the directory, sorted.
    pub(crate) fn names(&self) -> Vec<String> {
        let name = |entry: Result<fs::DirEntry, _>| entry.unwrap().file_name().into_string();
        let mut names: Vec<_> =
            fs::read_dir(&self.directory).unwrap().map(|entry| name(entry).unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Checks a text as if it stood at `/c/config.toml`, in the home `/home/user`.
pub(super) fn parse(text: &str) -> Result<Config, ConfigError> {
    let env = Env::from_pairs([("HOME", "/home/user")]);
    super::load::parse(text, Path::new("/c/config.toml"), &env)
}
