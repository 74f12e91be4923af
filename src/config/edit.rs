//! Changes to the configuration that leave everything else in the file as it was.
//!
//! Every change goes the same way: take the lock, read the file, edit its text, check the result
//! as if a person had written it, replace the file. A change that is refused, and one that
//! changes nothing, writes nothing.

use toml_edit::DocumentMut;

use super::layout;
use super::write::Lock;
use super::{BUILT_IN, Config, ConfigError, KEYS, load};
use crate::system::env::Env;
use crate::system::secret::Secret;

/// The keys that say where the password is: setting one takes the others away.
const PASSWORD_KEYS: [&str; 4] = ["password", "password-env", "password-command", "password-file"];

/// A setting's new value.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// A string.
    Text(String),
    /// A password.
    Secret(Secret),
    /// A list of strings.
    List(Vec<String>),
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
}

/// One key of a profile to be set, or to be taken away.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    key: String,
    value: Option<Value>,
}

impl Change {
    /// Sets a key; which keys there are says [`KEYS`].
    pub(crate) fn set(key: impl Into<String>, value: Value) -> Self {
        Change { key: key.into(), value: Some(value) }
    }

    /// Takes a key away; nothing happens when it is not there.
    pub(crate) fn unset(key: impl Into<String>) -> Self {
        Change { key: key.into(), value: None }
    }
}

/// Adds a profile at the end of the file; makes the file if there is none.
///
/// # Errors
/// A profile of that name exists, a setting is wrong, or the file cannot be read or written.
pub(crate) fn create(env: &Env, name: &str, changes: &[Change]) -> Result<(), ConfigError> {
    load::check_name(name)
        .map_err(|(message, hint)| ConfigError::usage(message).with_optional_hint(hint))?;
    check_keys(changes)?;
    change(env, |document, config| {
        if config.profile(name).is_ok() {
            return Err(ConfigError::usage(format!("there is a profile named {name:?} already"))
                .with_hint(format!("change it with: docker tags profile update {name}")));
        }
        layout::add_profile(document, name, &assignments(changes))
    })
}

/// Changes settings of a profile. Setting where the password is replaces what said so before.
///
/// # Errors
/// There is no such profile, a setting is wrong, or the file cannot be read or written.
pub(crate) fn update(env: &Env, name: &str, changes: &[Change]) -> Result<(), ConfigError> {
    check_keys(changes)?;
    let mut changes = changes.to_vec();
    let sets = |key: &str, changes: &[Change]| {
        changes.iter().any(|change| change.key == key && change.value.is_some())
    };
    if PASSWORD_KEYS.iter().any(|key| sets(key, &changes)) {
        let others = PASSWORD_KEYS.into_iter().filter(|key| !sets(key, &changes));
        let others: Vec<Change> = others.map(Change::unset).collect();
        changes.extend(others);
    }
    change(env, |document, config| {
        check_in_file(config, name)?;
        for change in &changes {
            match &change.value {
                Some(value) => layout::set(document, name, &change.key, toml_value(value))?,
                None => layout::unset(document, name, &change.key)?,
            }
        }
        Ok(())
    })
}

/// Removes a profile, with the comment right above it.
///
/// # Errors
/// There is no such profile, it is the active one of the file and `force` is not given, or the
/// file cannot be read or written.
pub(crate) fn remove(env: &Env, name: &str, force: bool) -> Result<(), ConfigError> {
    change(env, |document, config| {
        check_in_file(config, name)?;
        if config.active.as_ref().is_some_and(|(active, _)| active == name) {
            if !force {
                return Err(ConfigError::usage(format!("profile {name:?} is the active one"))
                    .with_hint("choose another first (docker tags profile use), or --force"));
            }
            layout::unset_top(document, "profile");
        }
        if config.previous.as_deref() == Some(name) {
            layout::unset_top(document, "previous-profile");
        }
        layout::remove_profile(document, name)
    })
}

/// Makes a profile the active one and returns its name; `-` is the one before.
///
/// # Errors
/// There is no such profile, or none before, or the file cannot be read or written.
pub(crate) fn use_profile(env: &Env, name: &str) -> Result<String, ConfigError> {
    change(env, |document, config| {
        let name = match (name, &config.previous) {
            ("-", Some(previous)) => previous.as_str(),
            ("-", None) => return Err(ConfigError::usage("there is no previous profile")),
            _ => name,
        };
        config.profile(name)?;
        let before = config.active.as_ref().map_or(BUILT_IN, |(name, _)| name);
        if before != name {
            layout::set_top(document, "profile", name);
            layout::set_top(document, "previous-profile", before);
        }
        Ok(name.to_owned())
    })
}

/// Runs an edit on the file. Tried first on what is there, without the lock: most faults are
/// found before anything on the disk is touched.
fn change<T>(
    env: &Env,
    edit: impl Fn(&mut DocumentMut, &Config) -> Result<T, ConfigError>,
) -> Result<T, ConfigError> {
    let path = super::path(env)?;
    let apply = |text: &str| {
        let config = load::parse(text, &path, env)?;
        layout::edit_text(text, &path, |document| edit(document, &config)).and_then(
            |(outcome, new)| {
                load::parse(&new, &path, env).map_err(ConfigError::of_an_edit)?;
                Ok((outcome, new))
            },
        )
    };
    let old = load::read(&path)?.unwrap_or_default();
    let (outcome, new) = apply(&old)?;
    if new == old {
        return Ok(outcome);
    }
    let failed = |e| ConfigError::file(&path, format!("cannot be written: {e}"));
    let lock = Lock::take(&path).map_err(failed)?;
    let old = load::read(lock.target())?.unwrap_or_default();
    let (outcome, new) = apply(&old)?;
    if new != old {
        lock.replace(new.as_bytes()).map_err(failed)?;
    }
    Ok(outcome)
}

/// The profile must be in the file: the built-in one cannot be changed.
fn check_in_file(config: &Config, name: &str) -> Result<(), ConfigError> {
    if name == BUILT_IN {
        return Err(ConfigError::usage(format!("{name:?} is built in and cannot be changed"))
            .with_hint("make your own: docker tags profile create hub --registry docker.io"));
    }
    config.profile(name).map(|_| ())
}

/// Unknown keys are found before they are written or searched for.
fn check_keys(changes: &[Change]) -> Result<(), ConfigError> {
    match changes.iter().find(|change| !KEYS.contains(&change.key.as_str())) {
        Some(change) => Err(ConfigError::usage(format!("unknown setting {:?}", change.key))
            .with_hint(format!("the settings are {}", KEYS.join(", ")))),
        None => Ok(()),
    }
}

fn assignments(changes: &[Change]) -> Vec<(&str, toml_edit::Value)> {
    changes
        .iter()
        .filter_map(|change| Some((change.key.as_str(), toml_value(change.value.as_ref()?))))
        .collect()
}

fn toml_value(value: &Value) -> toml_edit::Value {
    match value {
        Value::Text(text) => text.into(),
        Value::Secret(secret) => secret.expose().into(),
        Value::List(members) => members.iter().collect::<toml_edit::Array>().into(),
        Value::Bool(value) => (*value).into(),
        Value::Integer(value) => (*value).into(),
        Value::Float(value) => (*value).into(),
    }
}

#[cfg(test)]
mod tests;
