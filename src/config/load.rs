//! From the file's text to a [`Config`], or to the first fault with its line, column and key.
//!
//! serde reads the file; here its complaints are put into our words. Everything is checked, also in
//! profiles that this run does not use: a mistake shows when it is made, not on the day the
//! profile is needed.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use toml_edit::de::{Deserializer, Error as TomlError};
use toml_edit::{Document, Item, Key, TableLike, Value};

use super::check;
use super::settings::{KEYS, Settings, known_keys};
use super::values::{self, InvalidValue};
use super::{BUILT_IN, Config, ConfigError, Profile};
use crate::system::env::Env;
use crate::system::files;

/// More than any configuration needs.
const MAX_BYTES: u64 = 1 << 20;

/// The whole file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct File {
    #[serde(deserialize_with = "values::a_profile::read")]
    profile: Option<String>,
    #[serde(deserialize_with = "values::a_profile::read")]
    previous_profile: Option<String>,
    profiles: BTreeMap<String, Settings>,
}

/// Reads the file that the environment names and checks it.
pub(super) fn load(env: &Env) -> Result<Config, ConfigError> {
    let path = super::path(env)?;
    let Some(text) = read(&path)? else {
        return parse("", &path, env);
    };
    let mut config = parse(&text, &path, env)?;
    config.warnings = warnings(&config);
    Ok(config)
}

/// The file's text; none when there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<String>, ConfigError> {
    let failed = |e: std::io::Error| {
        ConfigError::file(path, format!("cannot be read: {}", files::reason(&e)))
    };
    let file = match files::open(path) {
        Ok((file, _)) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(e)),
    };
    let bytes = files::read_all(file, MAX_BYTES).map_err(failed)?;
    String::from_utf8(bytes).map(Some).map_err(|e| {
        let valid = e.utf8_error().valid_up_to();
        let good = String::from_utf8_lossy(&e.as_bytes()[..valid]);
        ConfigError::file(path, "not UTF-8 text").at(position(&good, valid), None)
    })
}

/// Checks a text that is, or will be, at `path`.
pub(super) fn parse(text: &str, path: &Path, env: &Env) -> Result<Config, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let parsed = || {
        Document::parse(text).map_err(|e| {
            let at = e.span().map_or(0, |span| span.start);
            ConfigError::file(path, e.message()).at(position(text, at), None)
        })
    };
    let source = Source { text, path, env, lines: Lines::of(text) };
    // Parsed once for serde, which consumes it, and once for the places: never two in memory.
    let file = File::deserialize(Deserializer::from(parsed()?));
    let document = parsed()?;
    let mut file = file.map_err(|error| source.explain(&error, document.as_table()))?;
    let mut profiles = Vec::new();
    if let Some(table) = document.get("profiles").and_then(Item::as_table_like) {
        // In the order of the file.
        for (name, item) in table.iter() {
            let at = key_at(table, name);
            values::profile_name(name)
                .map_err(|wrong| source.fault(at, &["profiles", name], wrong))?;
            if let (Some(settings), Some(keys)) = (file.profiles.remove(name), item.as_table_like())
            {
                profiles.push(check::profile(name, at, keys, settings, &source)?);
            }
        }
        check::together(&profiles, table, &source)?;
    }
    let mut active = None;
    if let Some(name) = file.profile {
        let at = document.get("profile").and_then(Item::span).map_or(0, |span| span.start);
        let names = profiles.iter().filter_map(Profile::name).chain([BUILT_IN]);
        if !names.clone().any(|known| known == name) {
            return Err(source.fault(at, &["profile"], no_such_profile(&name, names)));
        }
        active = Some((name, source.lines.line(at)));
    }
    Ok(Config {
        path: path.to_owned(),
        active,
        previous: file.previous_profile,
        profiles,
        built_in: Profile::built_in(),
        warnings: Vec::new(),
    })
}

/// Line and column of a byte, from 1; a column is a character.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Where lines end: for many questions about one text.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Lines(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    pub(super) fn line(&self, at: usize) -> usize {
        self.0.partition_point(|end| *end < at) + 1
    }
}

/// The byte at which a key of a table begins.
pub(super) fn key_at(table: &dyn TableLike, key: &str) -> usize {
    table.key(key).and_then(Key::span).map_or(0, |span| span.start)
}

/// The text that is read, and what its paths depend on.
pub(super) struct Source<'a> {
    text: &'a str,
    pub path: &'a Path,
    pub env: &'a Env,
    pub lines: Lines,
}

impl Source<'_> {
    /// The error for a fault at a byte of the text, about a key.
    pub(super) fn fault(&self, at: usize, keys: &[&str], wrong: InvalidValue) -> ConfigError {
        let key = keys.iter().map(|key| show(key)).collect::<Vec<_>>().join(".");
        ConfigError::file(self.path, wrong).at(position(self.text, at), Some(key))
    }

    /// serde's complaint in our words. Its own would repeat a value, which may be a password.
    fn explain(&self, error: &TomlError, table: &dyn TableLike) -> ConfigError {
        let at = error.span().map_or(0, |span| span.start);
        let (keys, found) = find(table, at).unwrap_or_default();
        let last = keys.last().copied().unwrap_or_default();
        let message = error.message();
        let expected = message.rsplit(", expected ").next().unwrap_or_default();
        let wrong = if message.starts_with("unknown field") {
            unknown(last, &known_keys(message))
        } else if message.starts_with("invalid type") {
            let expected = match expected {
                "a boolean" => "true or false",
                "a sequence" => "a list of strings",
                _ if expected == "a map" || expected.starts_with("struct") => "a table",
                other => other,
            };
            let wrong = InvalidValue::new(format!("expected {expected}, found {found}"));
            match last {
                "password-command" if expected.contains("list") => {
                    wrong.hint("a list: password-command = [\"pass\", \"show\", \"ghcr\"]")
                }
                _ => wrong,
            }
        } else {
            let (message, hint) = message.split_once('\n').unwrap_or((message, ""));
            let hint = Some(hint.to_owned()).filter(|hint| !hint.is_empty());
            InvalidValue { message: message.to_owned(), hint }
        };
        self.fault(at, &keys, wrong)
    }
}

/// The keys that lead to a byte of the text, and what kind of value is there.
fn find(table: &dyn TableLike, at: usize) -> Option<(Vec<&str>, &'static str)> {
    let is_there = |span: Option<std::ops::Range<usize>>| span.is_some_and(|s| s.contains(&at));
    for (name, item) in table.iter() {
        let is_key = is_there(table.key(name).and_then(Key::span));
        let inner = item.as_table_like().filter(|_| !is_key);
        if let Some((mut keys, found)) = inner.and_then(|table| find(table, at)) {
            keys.insert(0, name);
            return Some((keys, found));
        }
        if is_key || is_there(item.span()) {
            let member = item.as_array().and_then(|list| list.iter().find(|v| is_there(v.span())));
            return Some((vec![name], kind(member.map_or(item.type_name(), Value::type_name))));
        }
    }
    None
}

fn kind(type_name: &str) -> &'static str {
    match type_name {
        "string" => "a string",
        "integer" => "an integer",
        "float" => "a float",
        "boolean" => "a boolean",
        "datetime" => "a date",
        "array" | "array of tables" => "a list",
        _ => "a table",
    }
}

/// A key as TOML writes it: bare, or quoted with its control characters escaped.
fn show(key: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !key.is_empty() && key.bytes().all(bare) { key.to_owned() } else { format!("{key:?}") }
}

fn unknown(key: &str, known: &[&str]) -> InvalidValue {
    InvalidValue::new("unknown key").hint(match nearest(key, known.iter().copied()) {
        Some(near) => format!("did you mean {near:?}?"),
        None if KEYS.contains(&key) => {
            "a setting belongs to a profile: put it under [profiles.NAME]".to_owned()
        }
        None => format!("the keys are {}", known.join(", ")),
    })
}

/// What to say of a profile that does not exist.
pub(super) fn no_such_profile<'a>(
    name: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> InvalidValue {
    let list = names.clone().collect::<Vec<_>>().join(", ");
    InvalidValue::new(format!("no profile named {name:?}")).hint(match nearest(name, names) {
        Some(near) => format!("did you mean {near:?}? the profiles are: {list}"),
        None => format!("the profiles are: {list}"),
    })
}

/// The candidate that is near enough to `word` to be what was meant. Case and the choice between `-`
/// and `_` do not count.
fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let limit = match word.chars().take(65).count() {
        3..=5 => 1,
        6..=64 => 2,
        _ => return None,
    };
    let fold = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    candidates
        .map(|candidate| (strsim::osa_distance(&fold(word), &fold(candidate)), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What others may do with a file that holds secrets, or that says which program to run.
#[cfg(unix)]
fn warnings(config: &Config) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt;
    let Ok(metadata) = std::fs::metadata(&config.path) else {
        return Vec::new();
    };
    let mode = metadata.permissions().mode();
    let plain =
        |p: &Profile| matches!(p.settings.password_source(), Some(super::PasswordSource::Plain(_)));
    let path = config.path.display();
    let mut warnings = Vec::new();
    if mode & 0o044 != 0 && config.profiles.iter().any(plain) {
        warnings.push(format!(
            "{path} contains a password and can be read by others: chmod 600 {path}"
        ));
    }
    if mode & 0o002 != 0 {
        warnings.push(format!("{path} can be changed by others: chmod 600 {path}"));
    }
    warnings
}

#[cfg(not(unix))]
fn warnings(_config: &Config) -> Vec<String> {
    Vec::new()
}

#[cfg(test)]
mod faults;
#[cfg(test)]
mod tests;
