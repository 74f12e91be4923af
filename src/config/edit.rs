//! Changes to the configuration that leave everything else in the file as it was.
//!
//! Every change goes the same way: take the lock, read the file, edit its text, check the result
//! as if a person had written it, replace the file. A change that is refused, and one that
//! changes nothing, writes nothing.

use toml_edit::{DocumentMut, Value};

use super::write::Lock;
use super::{BUILT_IN, Config, ConfigError, KEYS, Settings, layout, load, values};
use crate::system::env::Env;
use crate::system::files;

/// Adds a profile at the end of the file; creates the file if there is none.
pub(crate) fn create(env: &Env, name: &str, settings: &Settings) -> Result<(), ConfigError> {
    values::profile_name(name)?;
    let assignments = assignments(settings)?;
    change(env, |document, config| {
        if config.profile(name).is_ok() {
            return Err(ConfigError::usage(format!("profile {name:?} already exists"))
                .with_hint(format!("to change it: docker tags profile update {name}")));
        }
        layout::add_profile(document, name, &assignments)
    })
}

/// Changes settings of a profile: sets those that are given, and removes the keys of `unset`.
/// Setting where the password is replaces what said so before.
pub(crate) fn update(
    env: &Env,
    name: &str,
    settings: &Settings,
    unset: &[String],
) -> Result<(), ConfigError> {
    let assignments = assignments(settings)?;
    let is_set = |key: &str| assignments.iter().any(|(set, _)| set == key);
    let is_password = |key: &str| key.starts_with("password");
    let replaces = assignments.iter().any(|(key, _)| is_password(key));
    let replaced = KEYS.iter().copied().filter(|key| replaces && is_password(key) && !is_set(key));
    let unset: Vec<&str> = unset.iter().map(String::as_str).chain(replaced).collect();
    change(env, |document, config| {
        check_in_file(config, name)?;
        for (key, value) in &assignments {
            layout::set(document, name, key, value.clone())?;
        }
        unset.iter().try_for_each(|key| layout::unset(document, name, key))
    })
}

/// Removes a profile, with the comment right above it.
pub(crate) fn remove(env: &Env, name: &str, force: bool) -> Result<(), ConfigError> {
    change(env, |document, config| {
        check_in_file(config, name)?;
        if config.active.as_ref().is_some_and(|(active, _)| active == name) {
            if !force {
                return Err(ConfigError::usage(format!("profile {name:?} is the active one"))
                    .with_hint("activate another profile first (docker tags profile use NAME), or pass --force"));
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
    let failed = |e| ConfigError::file(&path, format!("cannot be written: {}", files::reason(&e)));
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
            .with_hint("to create your own: docker tags profile create hub --registry docker.io"));
    }
    config.profile(name).map(|_| ())
}

/// The settings that are given, as the file has them.
fn assignments(settings: &Settings) -> Result<Vec<(String, Value)>, ConfigError> {
    let document = toml_edit::ser::to_document(settings).map_err(|_| {
        ConfigError::usage("a path is not UTF-8 text and cannot be stored in the configuration")
            .with_hint("rename the file")
    })?;
    let given =
        document.iter().filter_map(|(key, item)| Some((key.to_owned(), item.as_value()?.clone())));
    let password = settings.password.iter().map(|p| ("password".to_owned(), p.expose().into()));
    Ok(given.chain(password).collect())
}

#[cfg(test)]
mod tests;
