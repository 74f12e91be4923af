//! What can be wrong with the configuration, in one line that says where.

use std::fmt;
use std::path::Path;

use super::values::InvalidValue;

/// A fault of the configuration file, of an edit to it, or of a profile's name.
///
/// `Display` is one line, `PATH:LINE:COL: MESSAGE (KEY)` for a fault in the file. It never
/// holds the value of a `password`, nor of anything else that may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// `PATH` or `PATH:LINE:COL`; none for a fault of what the user typed.
    place: Option<String>,
    key: Option<String>,
    wrong: InvalidValue,
}

impl ConfigError {
    /// A fault of what the user typed.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        InvalidValue::new(message).into()
    }

    /// A fault of the file as a whole.
    pub(super) fn file(path: &Path, wrong: impl Into<InvalidValue>) -> Self {
        ConfigError { place: Some(path.display().to_string()), key: None, wrong: wrong.into() }
    }

    /// A fault at a line and column, both counted from 1, columns in characters.
    pub(super) fn at(self, (line, column): (usize, usize), key: Option<String>) -> Self {
        let place = self.place.map(|path| format!("{path}:{line}:{column}"));
        ConfigError { place, key, ..self }
    }

    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        ConfigError { wrong: self.wrong.hint(hint), ..self }
    }

    /// The same fault when it came with an edit: the place is in a text that was never written.
    pub(super) fn of_an_edit(self) -> Self {
        ConfigError { place: None, ..self }
    }

    /// What to do about it, one line.
    pub fn hint(&self) -> Option<&str> {
        self.wrong.hint.as_deref()
    }

    /// Whether what the user typed is at fault (a profile's name, a setting), not the file.
    pub fn is_usage(&self) -> bool {
        self.place.is_none()
    }
}

impl From<InvalidValue> for ConfigError {
    fn from(wrong: InvalidValue) -> Self {
        ConfigError { place: None, key: None, wrong }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.place.iter().try_for_each(|place| write!(f, "{place}: "))?;
        f.write_str(&self.wrong.message)?;
        self.key.iter().try_for_each(|key| write!(f, " ({key})"))
    }
}

impl std::error::Error for ConfigError {}
