//! The file format that docker and podman share: `auths`, `credHelpers`, `credsStore`.
//!
//! Here the file is only read and taken apart, by Go's rules (see [`super::json`]); what its
//! entries mean is said in [`super::docker_config`] and [`super::podman`]. Unlike docker we
//! decode every login even when some other part of the file has a wrong type: a problem is
//! noted, and nothing is lost.

use std::io::ErrorKind;
use std::path::Path;

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::json::{Json, is_field, parse_first};
use super::text::one_line;
use crate::system::files;

/// Go's `base64.StdEncoding`: padding is a must, left-over bits may be anything.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// A file as it lies on the disk.
pub(super) struct Text {
    /// The content.
    pub text: String,
    /// The permission bits, when others than the owner may read the file.
    pub readable_by_others: Option<u32>,
}

/// An entry of `auths`, its fields as written; an absent field is empty.
#[derive(Default)]
pub(super) struct Entry {
    /// `auth`: base64 of `user:password`.
    pub auth: String,
    /// `username`.
    pub username: String,
    /// `password`.
    pub password: String,
    /// `identitytoken`.
    pub identity_token: String,
    /// `registrytoken`.
    pub registry_token: String,
}

impl Entry {
    /// Whether the entry holds a secret.
    pub(super) fn holds_secret(&self) -> bool {
        [&self.auth, &self.password, &self.identity_token, &self.registry_token]
            .iter()
            .any(|field| !field.is_empty())
    }
}

/// The parts of the file that matter for logins.
#[derive(Default)]
pub(super) struct AuthFile {
    /// `auths`, in the order of the file; of equal keys the last one counts.
    pub auths: Vec<(String, Entry)>,
    /// `credHelpers`, likewise: key and helper's suffix.
    pub cred_helpers: Vec<(String, String)>,
    /// `credsStore`: a helper's suffix, or empty.
    pub creds_store: String,
    /// What docker would complain about.
    pub problems: Vec<String>,
}

/// The value of a key; of equal keys the last one counts, as in a map that is filled in order.
pub(super) fn lookup<'a, T>(pairs: &'a [(String, T)], key: &str) -> Option<&'a T> {
    pairs.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
}

/// Reads a file. `None` when it does not exist; the error is a reason without the path.
pub(super) fn read(path: &Path) -> Result<Option<Text>, String> {
    let (file, meta) = match files::open(path) {
        Ok(opened) => opened,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let bytes = files::read_all(file, files::MAX_BYTES).map_err(|error| error.to_string())?;
    // Go puts the replacement character where a string is not UTF-8; so does this.
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok(Some(Text { text, readable_by_others: readable_by_others(&meta) }))
}

/// The permission bits of a file that its group or everybody may read; `None` if nobody else may.
#[cfg(unix)]
pub(super) fn readable_by_others(meta: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = meta.permissions().mode() & 0o777;
    (mode & 0o044 != 0).then_some(mode)
}

/// Other systems guard a user's files by other means.
#[cfg(not(unix))]
pub(super) fn readable_by_others(_: &std::fs::Metadata) -> Option<u32> {
    None
}

/// The user and password of an `auth` field: base64 of both with a colon between.
///
/// The password may hold colons, and NUL bytes around it are dropped. `Ok(None)` when there is
/// no colon. The error is a reason that quotes nothing.
pub(super) fn decode_auth(auth: &str) -> Result<Option<(String, String)>, &'static str> {
    let text: String = auth.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    let bytes = BASE64.decode(text).map_err(|_| "is not base64")?;
    let text = String::from_utf8(bytes).map_err(|_| "is not UTF-8 inside its base64")?;
    Ok(text
        .split_once(':')
        .map(|(username, password)| (username.to_owned(), password.trim_matches('\0').to_owned())))
}

/// Takes a file's text apart. The error is a syntax error: nothing of the file counts then.
pub(super) fn parse(text: &str) -> Result<AuthFile, String> {
    let mut file = AuthFile::default();
    let members = match parse_first(text)? {
        None | Some((Json::Null, _)) => return Ok(file),
        Some((Json::Object(members), _)) => members,
        Some((other, _)) => {
            file.problems.push(wrong_kind("the file", "an object", &other));
            return Ok(file);
        }
    };
    for (name, value) in members {
        if is_field(&name, "auths") {
            file.add_auths(value);
        } else if is_field(&name, "credHelpers") {
            file.add_helpers(value);
        } else if is_field(&name, "credsStore") {
            set_text(&mut file.creds_store, &value, "credsStore", &mut file.problems);
        } else if let Some((field, shape)) = OTHERS.iter().find(|(field, _)| is_field(&name, field))
        {
            shape.check(&value, field, &mut file.problems);
        }
    }
    Ok(file)
}

impl AuthFile {
    fn add_auths(&mut self, value: Json) {
        let members = match value {
            Json::Null => return self.auths.clear(),
            Json::Object(members) => members,
            other => return self.problems.push(wrong_kind("auths", "an object", &other)),
        };
        for (key, value) in members {
            let at = format!("auths[{:?}]", one_line(&key));
            let entry = self.entry(&at, value);
            self.auths.push((key, entry));
        }
    }

    fn entry(&mut self, at: &str, value: Json) -> Entry {
        let mut entry = Entry::default();
        let mut unused = String::new();
        let members = match value {
            Json::Null => return entry,
            Json::Object(members) => members,
            other => {
                self.problems.push(wrong_kind(at, "an object", &other));
                return entry;
            }
        };
        for (name, value) in members {
            let slots = [
                ("auth", &mut entry.auth),
                ("username", &mut entry.username),
                ("password", &mut entry.password),
                ("identitytoken", &mut entry.identity_token),
                ("registrytoken", &mut entry.registry_token),
                ("serveraddress", &mut unused),
            ];
            if let Some((field, slot)) = slots.into_iter().find(|(field, _)| is_field(&name, field))
            {
                set_text(slot, &value, &format!("{at}.{field}"), &mut self.problems);
            }
        }
        entry
    }

    fn add_helpers(&mut self, value: Json) {
        let members = match value {
            Json::Null => return self.cred_helpers.clear(),
            Json::Object(members) => members,
            other => return self.problems.push(wrong_kind("credHelpers", "an object", &other)),
        };
        for (key, value) in members {
            let mut suffix = String::new();
            let at = format!("credHelpers[{:?}]", one_line(&key));
            set_text(&mut suffix, &value, &at, &mut self.problems);
            self.cred_helpers.push((key, suffix));
        }
    }
}

/// Go's rule for a string field: `null` leaves it alone, another kind is an error and does, too.
pub(super) fn set_text(slot: &mut String, value: &Json, at: &str, problems: &mut Vec<String>) {
    match value {
        Json::Null => {}
        Json::Text(text) => slot.clone_from(text),
        other => problems.push(wrong_kind(at, "a string", other)),
    }
}

fn wrong_kind(at: &str, wanted: &str, value: &Json) -> String {
    format!("{at} must be {wanted}, not {}", value.kind())
}

/// The kind of value docker wants in a field that has nothing to do with logins.
enum Shape {
    Text,
    List(&'static Shape),
    Map(&'static Shape),
    /// An object of which these fields are strings.
    Texts(&'static [&'static str]),
}

/// docker's other fields. A wrong type there does not matter to us, but docker warns, and so do we.
const OTHERS: &[(&str, Shape)] = &[
    ("HttpHeaders", Shape::Map(&Shape::Text)),
    ("psFormat", Shape::Text),
    ("imagesFormat", Shape::Text),
    ("networksFormat", Shape::Text),
    ("pluginsFormat", Shape::Text),
    ("volumesFormat", Shape::Text),
    ("statsFormat", Shape::Text),
    ("detachKeys", Shape::Text),
    ("serviceInspectFormat", Shape::Text),
    ("servicesFormat", Shape::Text),
    ("tasksFormat", Shape::Text),
    ("secretFormat", Shape::Text),
    ("configFormat", Shape::Text),
    ("nodesFormat", Shape::Text),
    ("currentContext", Shape::Text),
    ("pruneFilters", Shape::List(&Shape::Text)),
    ("cliPluginsExtraDirs", Shape::List(&Shape::Text)),
    ("aliases", Shape::Map(&Shape::Text)),
    ("features", Shape::Map(&Shape::Text)),
    ("plugins", Shape::Map(&Shape::Map(&Shape::Text))),
    (
        "proxies",
        Shape::Map(&Shape::Texts(&["httpProxy", "httpsProxy", "noProxy", "ftpProxy", "allProxy"])),
    ),
];

impl Shape {
    fn check(&self, value: &Json, at: &str, problems: &mut Vec<String>) {
        let inside = |name: &str| format!("{at}.{}", one_line(name));
        match (self, value) {
            (_, Json::Null) | (Shape::Text, Json::Text(_)) => {}
            (Shape::List(shape), Json::List(items)) => {
                items.iter().for_each(|item| shape.check(item, at, problems));
            }
            (Shape::Map(shape), Json::Object(members)) => {
                members
                    .iter()
                    .for_each(|(name, value)| shape.check(value, &inside(name), problems));
            }
            (Shape::Texts(fields), Json::Object(members)) => members
                .iter()
                .filter(|(name, _)| fields.iter().any(|field| is_field(name, field)))
                .for_each(|(name, value)| Shape::Text.check(value, &inside(name), problems)),
            (Shape::Text, other) => problems.push(wrong_kind(at, "a string", other)),
            (Shape::List(_), other) => problems.push(wrong_kind(at, "a list", other)),
            (Shape::Map(_) | Shape::Texts(_), other) => {
                problems.push(wrong_kind(at, "an object", other));
            }
        }
    }
}
