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
        Env::from_pairs(std::env::vars_os())
    }

    /// An environment of exactly these variables.
    pub fn from_pairs<K: Into<OsString>, V: Into<OsString>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Env(pairs.into_iter().map(|(k, v)| (key(k.into()), v.into())).collect())
    }

    /// A variable's value; a variable set to nothing counts as not set.
    pub fn os(&self, name: &str) -> Option<&OsStr> {
        self.0.get(&key(name.into())).map(OsString::as_os_str).filter(|value| !value.is_empty())
    }

    /// Like [`Env::os`], as text; a value that is not UTF-8 counts as not set.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.os(name).and_then(OsStr::to_str)
    }

    /// Like [`Env::os`], as a path.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        self.os(name).map(PathBuf::from)
    }

    /// The user's home directory as docker sees it (Go's `os.UserHomeDir`), else what the system
    /// says.
    pub fn home(&self) -> Option<PathBuf> {
        self.path(if cfg!(windows) { "USERPROFILE" } else { "HOME" }).or_else(dirs::home_dir)
    }

    /// All variables: for handing a changed copy to a child process.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(k, v)| (k.as_os_str(), v.as_os_str()))
    }
}

/// Windows ignores the case of a name: its PATH is mostly called Path.
fn key(name: OsString) -> OsString {
    if cfg!(windows) { name.to_ascii_uppercase() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_system() {
        let env = Env::from_pairs([("Path", "p"), ("EMPTY", "")]);
        assert_eq!(env.text("PATH"), cfg!(windows).then_some("p"));
        assert_eq!(env.text("Path"), Some("p"));
        assert_eq!(env.text("EMPTY"), None);
        let env = Env::from_pairs([("HOME", "/unix"), ("USERPROFILE", "C:\\Users\\me")]);
        let home = if cfg!(windows) { "C:\\Users\\me" } else { "/unix" };
        assert_eq!(env.home(), Some(home.into()));
    }
}
