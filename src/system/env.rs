//! The environment as a value, read once.
//!
//! Everything below `lib` takes an [`Env`] instead of asking the process: a table test can
//! then say what the environment is, and nothing depends on it behind the caller's back.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

/// A snapshot of environment variables.
#[derive(Debug, Clone, Default)]
pub struct Env(HashMap<OsString, OsString>);

impl Env {
    /// The process's own environment.
    pub fn from_process() -> Self {
        Env(std::env::vars_os().collect())
    }

    /// An environment of exactly these variables.
    pub fn from_pairs<K: Into<OsString>, V: Into<OsString>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Env(pairs.into_iter().map(|(k, v)| (k.into(), v.into())).collect())
    }

    /// A variable's value; a variable set to nothing counts as not set.
    pub fn os(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Like [`Env::os`], as text; a value that is not UTF-8 counts as not set.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.os(name).and_then(OsStr::to_str)
    }

    /// Like [`Env::os`], as a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.os(name).map(PathBuf::from)
    }

    /// The user's home directory: `$HOME`, else what the system says.
    pub fn home(&self) -> Option<PathBuf> {
        self.path("HOME").or_else(dirs::home_dir)
    }

    /// All variables: for handing a changed copy to a child process.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(k, v)| (k.as_os_str(), v.as_os_str()))
    }
}
