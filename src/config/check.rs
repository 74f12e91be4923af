//! What only shows when all settings of a profile, or all profiles, are read: which exclude each
//! other, and where paths lead.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use toml_edit::{Item, TableLike};

use super::ConfigError;
use super::load::{Source, key_at};
use super::profile::{Origin, Profile};
use super::settings::Settings;
use super::values::{self, InvalidValue};
use crate::oci::url::Scheme;

/// A fault at a key, which is there or missing.
type Conflict = (&'static str, InvalidValue);

fn conflict<T>(key: &'static str, message: &str, hint: &str) -> Result<T, Conflict> {
    Err((key, InvalidValue::new(message).hint(hint)))
}

/// Checks a profile's settings and makes its paths ones that can be opened. `at` is where it begins.
pub(super) fn profile(
    name: &str,
    at: usize,
    keys: &dyn TableLike,
    mut settings: Settings,
    source: &Source<'_>,
) -> Result<Profile, ConfigError> {
    let fault = |(key, wrong): Conflict| {
        let at = if keys.contains_key(key) { key_at(keys, key) } else { at };
        source.fault(at, &["profiles", name, key], wrong)
    };
    one_password(keys).map_err(fault)?;
    resolve(&mut settings, source).map_err(fault)?;
    agree(&settings).map_err(fault)?;
    let Some(registry) = settings.registry.clone() else {
        let missing = InvalidValue::new("the profile has no registry")
            .hint("add a line such as registry = \"ghcr.io\"");
        return Err(fault(("registry", missing)));
    };
    let origin =
        |key: &str| Origin::File(source.path.to_owned(), source.lines.line(key_at(keys, key)));
    let origins = keys.iter().map(|(key, _)| (key.to_owned(), origin(key))).collect();
    Ok(Profile::new(name, registry, settings, origins))
}

fn one_password(keys: &dyn TableLike) -> Result<(), Conflict> {
    const KEYS: [&str; 4] = ["password", "password-env", "password-command", "password-file"];
    let mut given = keys.iter().filter_map(|(key, _)| KEYS.into_iter().find(|known| *known == key));
    match (given.next(), given.next()) {
        (Some(first), Some(second)) => conflict(
            second,
            &format!("conflicts with {first}: set only one"),
            "remove one of the two",
        ),
        _ => Ok(()),
    }
}

fn agree(s: &Settings) -> Result<(), Conflict> {
    if let (Some(source), None) = (s.password_source(), &s.username) {
        return conflict(source.key(), "a password needs a username", "add username = \"…\"");
    }
    if s.insecure && s.ca_file.is_some() {
        let message = "conflicts with ca-file: insecure accepts any certificate";
        return conflict("insecure", message, "remove one of the two");
    }
    if s.insecure && s.plain_http {
        let message = "conflicts with plain-http: http has no certificates";
        return conflict("insecure", message, "remove one of the two");
    }
    for (key, url) in [("endpoint", &s.endpoint), ("hub-api", &s.hub_api)] {
        if let Some(origin) = url.as_ref().map(|url| url.origin())
            && origin.scheme() == Scheme::Http
            && !s.plain_http
            && !origin.is_loopback()
        {
            let message = "http to another machine needs plain-http";
            return conflict(key, message, "use https://, or add plain-http = true");
        }
    }
    match (&s.client_cert, &s.client_key) {
        (Some(_), None) => conflict("client-cert", "needs client-key too", "add client-key"),
        (None, Some(_)) => conflict("client-key", "needs client-cert too", "add client-cert"),
        _ => Ok(()),
    }
}

/// `~/` is the home directory, and a relative path starts at the directory of the configuration, so
/// that it means the same wherever the program runs.
fn resolve(settings: &mut Settings, source: &Source<'_>) -> Result<(), Conflict> {
    let resolved = |key, written: &Path| -> Result<PathBuf, Conflict> {
        let path = match (written.strip_prefix("~"), source.env.home()) {
            (Ok(rest), Some(home)) => home.join(rest),
            (Ok(_), None) => {
                let hint = "set HOME, or use an absolute path";
                return conflict(key, "cannot expand ~/: there is no home directory", hint);
            }
            (Err(_), _) => source.path.parent().unwrap_or(Path::new("")).join(written),
        };
        Ok(path)
    };
    for (key, path) in settings.paths_mut() {
        *path = resolved(key, path)?;
    }
    if let Some(program) = settings.password_command.first() {
        values::path(program).map_err(|wrong| ("password-command", wrong))?;
    }
    if let Some(program) = settings.program_mut() {
        let path = resolved("password-command", Path::new(program))?;
        *program = path.to_str().map(str::to_owned).ok_or_else(|| {
            ("password-command", InvalidValue::new("the program's path is not UTF-8 text"))
        })?;
    }
    Ok(())
}

/// Two profiles for one registry must say who serves what.
pub(super) fn together(
    profiles: &[Profile],
    table: &dyn TableLike,
    source: &Source<'_>,
) -> Result<(), ConfigError> {
    let mut earlier: BTreeMap<String, Vec<&Profile>> = BTreeMap::new();
    for later in profiles {
        let (name, registry) = (later.name().unwrap_or_default(), later.registry());
        let of_registry = earlier.entry(registry.as_str().to_ascii_lowercase()).or_default();
        for other in of_registry.iter() {
            let (a, b) = (&other.settings.repositories, &later.settings.repositories);
            let other = other.name().unwrap_or_default();
            let (key, message, hint) = if a.is_empty() && b.is_empty() {
                let message = format!("profile {other:?} is for {registry} too");
                let hint = "say what each serves, for example repositories = [\"acme/*\"]";
                ("registry", message, hint)
            } else if let Some(pattern) = b.iter().find(|pattern| a.contains(pattern)) {
                let message = format!("profile {other:?} serves {:?} too", pattern.as_str());
                ("repositories", message, "a pattern belongs to one profile of a registry")
            } else {
                continue;
            };
            let wrong = InvalidValue::new(message).hint(hint);
            let keys = table.get(name).and_then(Item::as_table_like);
            let at = keys.map_or(0, |keys| key_at(keys, key));
            return Err(source.fault(at, &["profiles", name, key], wrong));
        }
        of_registry.push(later);
    }
    Ok(())
}
