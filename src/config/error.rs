//! What can be wrong with the configuration, in one line that says where.

use std::fmt;
use std::path::{Path, PathBuf};

/// A fault of the configuration file, of an edit to it, or of a profile's name.
///
/// `Display` is one line, `PATH:LINE:COL: MESSAGE (KEY)` for a fault in the file. It never
/// holds the value of a `password`, nor of anything else that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    path: Option<PathBuf>,
    place: Option<(usize, usize)>,
    key: Option<String>,
    message: String,
    hint: Option<String>,
    usage: bool,
}

impl ConfigError {
    /// A fault of what the user typed.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        ConfigError {
            path: None,
            place: None,
            key: None,
            message: message.into(),
            hint: None,
            usage: true,
        }
    }

    /// A fault of the file as a whole.
    pub(super) fn file(path: &Path, message: impl Into<String>) -> Self {
        ConfigError {
            path: Some(path.to_owned()),
            usage: false,
            ..ConfigError::usage(message.into())
        }
    }

    /// A fault at a line and column, both counted from 1, columns in characters.
    pub(super) fn at(self, place: (usize, usize), key: Option<String>) -> Self {
        ConfigError { place: Some(place), key, ..self }
    }

    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        ConfigError { hint: Some(hint.into()), ..self }
    }

    pub(super) fn with_optional_hint(self, hint: Option<String>) -> Self {
        ConfigError { hint, ..self }
    }

    /// The same fault when it came with an edit: the place is in a text that was never written.
    pub(super) fn of_an_edit(self) -> Self {
        ConfigError { path: None, place: None, usage: true, ..self }
    }

    /// What to do about it, one line.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }

    /// Whether what the user typed is at fault (a profile's name, a setting), not the file.
    pub fn is_usage(&self) -> bool {
        self.usage
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{}:", path.display())?;
            if let Some((line, column)) = self.place {
                write!(f, "{line}:{column}:")?;
            }
            write!(f, " ")?;
        }
        write!(f, "{}", self.message)?;
        match &self.key {
            Some(key) => write!(f, " ({key})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}
