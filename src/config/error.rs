//! What can be wrong with the configuration, in one line that says where.

use std::fmt;
use std::path::{Path, PathBuf};

use super::values::InvalidValue;

/// A fault of the configuration file, of an edit to it, or of a profile's name.
///
/// `Display` is one line, `PATH:LINE:COL: MESSAGE (KEY)` for a fault in the file. It never
/// holds the value of a `password`, nor of anything else that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError(Box<Details>);

// Boxed, so that a result that is fine stays small.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Details {
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
        ConfigError(Box::new(Details {
            path: None,
            place: None,
            key: None,
            message: message.into(),
            hint: None,
            usage: true,
        }))
    }

    /// A fault of a value that the user typed.
    pub(super) fn of_value(wrong: InvalidValue) -> Self {
        ConfigError::usage(wrong.message).with_optional_hint(wrong.hint)
    }

    /// A fault of the file as a whole.
    pub(super) fn file(path: &Path, message: impl Into<String>) -> Self {
        let mut error = ConfigError::usage(message);
        error.0.path = Some(path.to_owned());
        error.0.usage = false;
        error
    }

    /// A fault at a line and column, both counted from 1, columns in characters.
    pub(super) fn at(mut self, place: (usize, usize), key: Option<String>) -> Self {
        self.0.place = Some(place);
        self.0.key = key;
        self
    }

    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        self.with_optional_hint(Some(hint.into()))
    }

    pub(super) fn with_optional_hint(mut self, hint: Option<String>) -> Self {
        self.0.hint = hint;
        self
    }

    /// The same fault when it came with an edit: the place is in a text that was never written.
    pub(super) fn of_an_edit(mut self) -> Self {
        self.0.path = None;
        self.0.place = None;
        self.0.usage = true;
        self
    }

    /// What to do about it, one line.
    pub fn hint(&self) -> Option<&str> {
        self.0.hint.as_deref()
    }

    /// Whether what the user typed is at fault (a profile's name, a setting), not the file.
    pub fn is_usage(&self) -> bool {
        self.0.usage
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.0.path {
            write!(f, "{}:", path.display())?;
            if let Some((line, column)) = self.0.place {
                write!(f, "{line}:{column}:")?;
            }
            write!(f, " ")?;
        }
        write!(f, "{}", self.0.message)?;
        match &self.0.key {
            Some(key) => write!(f, " ({key})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}
