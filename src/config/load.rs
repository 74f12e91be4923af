//! From the file's text to a [`Config`], or to the first fault with its line and column.
//!
//! Everything is checked here, also in profiles that this run does not use: a mistake shows
//! when it is made, not on the day the profile is needed.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::check::{self, Draft};
use super::near::nearest;
use super::value::{Node, Problem, start, table, text};
use super::{BUILT_IN, Config, ConfigError, KEYS, Origin, PasswordSource, Profile};
use crate::system::env::Env;
use crate::system::files;

/// More than any configuration needs.
const MAX_BYTES: u64 = 1 << 20;
const TOP_KEYS: [&str; 3] = ["profile", "previous-profile", "profiles"];

/// A fault and the key that it is about.
pub(super) struct Fault {
    pub key: String,
    pub problem: Problem,
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
    let failed = |e: std::io::Error| ConfigError::file(path, format!("cannot be read: {e}"));
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

/// Checks a text that stands, or will stand, at `path`.
pub(super) fn parse(text: &str, path: &Path, env: &Env) -> Result<Config, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document = DeTable::parse(text).map_err(|e| {
        let at = e.span().map_or(0, |span| span.start);
        ConfigError::file(path, e.message()).at(position(text, at), None)
    })?;
    Reader { text, path, env }.config(document.get_ref()).map_err(|fault| {
        ConfigError::file(path, fault.problem.message)
            .at(position(text, fault.problem.at), Some(fault.key))
            .with_optional_hint(fault.problem.hint)
    })
}

/// Line and column of a byte, from 1; a column is a character.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// A text being read, and what its paths depend on.
pub(super) struct Reader<'a> {
    text: &'a str,
    path: &'a Path,
    env: &'a Env,
}

impl Reader<'_> {
    fn config(&self, top: &DeTable<'_>) -> Result<Config, Fault> {
        let mut chosen = None;
        let mut previous = None;
        let mut drafts = Vec::new();
        for (key, at, node) in in_order(top) {
            let fault = |problem| Fault { key: show(key), problem };
            match key {
                "profile" => chosen = Some((profile_name(node).map_err(fault)?, start(node))),
                "previous-profile" => previous = Some(profile_name(node).map_err(fault)?),
                "profiles" => {
                    for (name, at, node) in in_order(table(node).map_err(fault)?) {
                        drafts.push(self.profile(name, at, node)?);
                    }
                }
                _ => return Err(fault(unknown(key, at, &TOP_KEYS))),
            }
        }
        check::together(&drafts)?;
        if let Some((name, at)) = &chosen {
            check_exists(name, *at, &drafts)
                .map_err(|problem| Fault { key: "profile".to_owned(), problem })?;
        }
        Ok(Config {
            path: self.path.to_owned(),
            active: chosen.map(|(name, at)| (name, self.line(at))),
            previous,
            profiles: drafts.into_iter().map(|draft| self.finish(draft)).collect(),
            built_in: Profile::built_in(),
            warnings: Vec::new(),
        })
    }

    fn profile(&self, name: &str, at: usize, node: &Node<'_>) -> Result<Draft, Fault> {
        let path = format!("profiles.{}", show(name));
        let whole = |problem| Fault { key: path.clone(), problem };
        check_name(name)
            .map_err(|(message, hint)| whole(Problem { hint, ..Problem::new(at, message) }))?;
        let mut draft = Draft::new(name, at);
        for (key, at, node) in in_order(table(node).map_err(whole)?) {
            let fault = |problem| Fault { key: format!("{path}.{}", show(key)), problem };
            let Some(known) = KEYS.into_iter().find(|known| *known == key) else {
                return Err(fault(unknown(key, at, &KEYS)));
            };
            draft.places.insert(known, at);
            draft.read(known, node, self).map_err(fault)?;
        }
        draft.check()?;
        Ok(draft)
    }

    fn finish(&self, draft: Draft) -> Profile {
        let origins: BTreeMap<_, _> = draft
            .places
            .iter()
            .map(|(key, at)| (*key, Origin::File(self.path.to_owned(), self.line(*at))))
            .collect();
        Profile::new(&draft.name, draft.settings, origins)
    }

    fn line(&self, at: usize) -> usize {
        position(self.text, at).0
    }

    /// A path of the file: `~/` is the home directory, and a relative path starts at the
    /// directory of the configuration, so that it means the same wherever the program runs.
    pub(super) fn resolve_path(&self, node: &Node<'_>) -> Result<PathBuf, Problem> {
        let written = text(node)?;
        if !written.starts_with('~') {
            return Ok(self.path.parent().unwrap_or(Path::new("")).join(written));
        }
        let home = self.env.home();
        match (written.strip_prefix("~/"), home) {
            (Some(rest), Some(home)) => Ok(home.join(rest)),
            (Some(_), None) => Err(Problem::new(start(node), "there is no home directory for ~/")),
            (None, _) => Err(Problem::new(start(node), "a path starts with ~ only as ~/")
                .hint("write the whole path, or ./~… for a file of that name")),
        }
    }
}

/// A table's entries in the order of the file.
fn in_order<'a, 'i>(table: &'a DeTable<'i>) -> Vec<(&'a str, usize, &'a Node<'i>)> {
    let mut entries: Vec<_> =
        table.iter().map(|(key, node)| (key.get_ref().as_ref(), key.span().start, node)).collect();
    entries.sort_by_key(|(_, at, _)| *at);
    entries
}

/// A key as TOML writes it: bare, or quoted with its control characters escaped.
fn show(key: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !key.is_empty() && key.bytes().all(bare) { key.to_owned() } else { format!("{key:?}") }
}

fn unknown(key: &str, at: usize, known: &[&'static str]) -> Problem {
    let problem = Problem::new(at, "unknown key");
    match nearest(key, known.iter().copied()) {
        Some(near) => problem.hint(format!("did you mean {near:?}?")),
        None if KEYS.contains(&key) => {
            problem.hint("a setting belongs to a profile: put it under [profiles.NAME]")
        }
        None => problem.hint(format!("the keys are {}", known.join(", "))),
    }
}

/// Checks a profile's name: `[A-Za-z0-9][A-Za-z0-9_.-]*`, 64 at most, and not the built-in's.
/// The error is a message and a hint.
pub(super) fn check_name(name: &str) -> Result<(), (String, Option<String>)> {
    if name == BUILT_IN {
        let hint = "give it another name, such as \"hub\"";
        return Err((
            format!("{name:?} is the built-in Docker Hub profile"),
            Some(hint.to_owned()),
        ));
    }
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    let good = name.len() <= 64
        && name.bytes().all(legal)
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    if good {
        return Ok(());
    }
    let hint = "letters, digits, dots, dashes and underscores; a letter or digit first; 64 at most";
    Err(("not a profile name".to_owned(), Some(hint.to_owned())))
}

/// The value of `profile` or `previous-profile`.
fn profile_name(node: &Node<'_>) -> Result<String, Problem> {
    let name = text(node)?;
    if name != BUILT_IN {
        check_name(name)
            .map_err(|(message, hint)| Problem { hint, ..Problem::new(start(node), message) })?;
    }
    Ok(name.to_owned())
}

fn check_exists(name: &str, at: usize, drafts: &[Draft]) -> Result<(), Problem> {
    let names = || drafts.iter().map(|draft| draft.name.as_str()).chain([BUILT_IN]);
    if names().any(|known| known == name) {
        return Ok(());
    }
    let (message, hint) = no_such_profile(name, names());
    Err(Problem::new(at, message).hint(hint))
}

/// Message and hint for a profile that does not exist.
pub(super) fn no_such_profile<'a>(
    name: &str,
    names: impl Iterator<Item = &'a str> + Clone,
) -> (String, String) {
    let list = names.clone().collect::<Vec<_>>().join(", ");
    let hint = match nearest(name, names) {
        Some(near) => format!("did you mean {near:?}? the profiles are: {list}"),
        None => format!("the profiles are: {list}"),
    };
    (format!("no profile named {name:?}"), hint)
}

/// What others may do with a file that holds secrets, or that says which program to run.
#[cfg(unix)]
fn warnings(config: &Config) -> Vec<String> {
    use std::os::unix::fs::PermissionsExt;
    let Ok(metadata) = std::fs::metadata(&config.path) else {
        return Vec::new();
    };
    let mode = metadata.permissions().mode();
    let plain = |p: &Profile| matches!(p.settings.password, Some(PasswordSource::Plain(_)));
    let path = config.path.display();
    let mut warnings = Vec::new();
    if mode & 0o044 != 0 && config.profiles.iter().any(plain) {
        warnings
            .push(format!("{path} holds a password and can be read by others: chmod 600 {path}"));
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
