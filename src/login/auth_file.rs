//! The file format that docker and podman share: `auths`, `credHelpers`, `credsStore`.
//!
//! Here the file is only read and taken apart; what its entries mean is said in
//! [`super::docker_config`] and [`super::podman`]. It is JSON as Go reads it: names match in any
//! case, `null` leaves a field alone, what follows the first value is ignored. Fields that have
//! nothing to do with logins are passed over, and a wrong type costs its own field and no other.
//! Messages never quote a value: it may be a secret.

use std::fmt;
use std::io::ErrorKind;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::one_line;
use crate::system::files;

/// Go's `base64.StdEncoding`: padding is a must, left-over bits may be anything.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical),
);

/// How many problems of one file are told.
const MAX_PROBLEMS: usize = 5;

/// An entry of `auths`, its fields as written; an absent field is empty.
#[derive(Default)]
pub(super) struct Entry {
    /// base64 of `user:password`.
    pub auth: String,
    pub username: String,
    pub password: String,
    pub identity_token: String,
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

/// A file of logins: the parts of it that matter. One that is missing or broken is empty.
#[derive(Default)]
pub(super) struct AuthFile {
    pub path: PathBuf,
    pub exists: bool,
    /// `auths`, in the order of the file; of equal keys the last one counts.
    pub auths: Vec<(String, Entry)>,
    /// `credHelpers`, likewise: key and helper's suffix.
    pub cred_helpers: Vec<(String, String)>,
    /// `credsStore`: a helper's suffix, or empty.
    pub creds_store: String,
    /// What docker would complain about. See [`AuthFile::name_problems`].
    pub problems: Vec<String>,
    /// What only we say; each names the file.
    pub warnings: Vec<String>,
}

impl AuthFile {
    pub(super) fn load(path: &Path) -> AuthFile {
        let (read, mode) = match read(path) {
            Ok(Some((text, mode))) => (parse(&text), mode),
            Ok(None) => return AuthFile { path: path.to_owned(), ..AuthFile::default() },
            Err(reason) => (Err(reason), None),
        };
        let broken = |reason| AuthFile { problems: vec![reason], ..AuthFile::default() };
        let mut file = read.unwrap_or_else(broken);
        (file.path, file.exists) = (path.to_owned(), true);
        if let Some(mode) = mode.filter(|_| file.auths.iter().any(|(_, e)| e.holds_secret())) {
            let path = path.display();
            file.warnings.push(format!(
                "{path} contains credentials and can be read by other users (mode {mode:04o}): chmod 600 {path}"
            ));
        }
        file
    }

    /// Has each problem name the file; the rest of a long list is only counted.
    pub(super) fn name_problems(mut self) -> AuthFile {
        let more = self.problems.len().saturating_sub(MAX_PROBLEMS);
        self.problems.truncate(MAX_PROBLEMS);
        if more > 0 {
            self.problems.push(format!("{more} more problems"));
        }
        let path = self.path.display();
        self.problems.iter_mut().for_each(|problem| problem.insert_str(0, &format!("{path}: ")));
        self
    }
}

/// The value of a key; of equal keys the last one counts, as in a map that is filled in order.
pub(super) fn lookup<'a, T>(pairs: &'a [(String, T)], key: &str) -> Option<&'a T> {
    pairs.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value)
}

/// A file's text and, when others than the owner may read it, its permission bits. `None` when it
/// does not exist; the error is a reason without the path.
fn read(path: &Path) -> Result<Option<(String, Option<u32>)>, String> {
    let (file, meta) = match files::open(path) {
        Ok(opened) => opened,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let bytes = files::read_all(file, files::MAX_BYTES).map_err(|error| error.to_string())?;
    // Go puts the replacement character where a string is not UTF-8; so does this.
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
    Ok(Some((text, readable_by_others(&meta))))
}

#[cfg(unix)]
fn readable_by_others(meta: &std::fs::Metadata) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    let mode = meta.permissions().mode() & 0o777;
    (mode & 0o044 != 0).then_some(mode)
}

/// Other systems guard a user's files by other means.
#[cfg(not(unix))]
fn readable_by_others(_: &std::fs::Metadata) -> Option<u32> {
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

/// The first value of a JSON text, and what follows it. `None` when there is nothing but blanks.
pub(super) fn first_value<'a, T: Deserialize<'a>>(
    text: &'a str,
) -> Result<Option<(T, &'a str)>, String> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<T>();
    match values.next() {
        None => Ok(None),
        Some(Ok(value)) => Ok(Some((value, text.get(values.byte_offset()..).unwrap_or_default()))),
        // serde's own words quote the value.
        Some(Err(error)) if error.is_data() => {
            Err(format!("wrong type of value at line {} column {}", error.line(), error.column()))
        }
        Some(Err(error)) => Err(error.to_string()),
    }
}

/// Whether a member's name means a field: equal under Unicode's simple case folding. All our fields
/// are ASCII, and just two other characters fold to ASCII letters.
pub(super) fn is_field(name: &str, field: &str) -> bool {
    let fold = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    name.chars().map(fold).eq(field.chars().map(fold))
}

/// A field that holds a text, `at` being its name for messages; empty where it is absent, `null` or
/// of another kind, which is a problem.
pub(super) fn text_field(
    object: &Value,
    field: &str,
    at: &str,
    problems: &mut Vec<String>,
) -> String {
    let mut text = String::new();
    let members = object.as_object().into_iter().flatten();
    for (_, value) in members.filter(|(name, _)| is_field(name, field)) {
        set_text(&mut text, value, at, problems);
    }
    text
}

fn set_text(text: &mut String, value: &Value, at: &str, problems: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::String(value) => text.clone_from(value),
        other => problems.push(wrong_kind(at, "a string", other)),
    }
}

/// The message about a value of a wrong kind.
pub(super) fn wrong_kind(at: &str, wanted: &str, value: &Value) -> String {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    };
    format!("{at} must be {wanted}, not {kind}")
}

/// Takes a file's text apart. The error is a syntax error: nothing of the file counts then.
pub(super) fn parse(text: &str) -> Result<AuthFile, String> {
    let mut file = AuthFile::default();
    let Some((Some(Members(fields)), _)) = first_value::<Option<Members<&RawValue>>>(text)? else {
        return Ok(file);
    };
    for (name, value) in fields {
        if is_field(&name, "auths") {
            file.add_auths(value)?;
        } else if is_field(&name, "credHelpers") {
            file.add_helpers(value)?;
        } else if is_field(&name, "credsStore") {
            let value = parsed(value)?;
            set_text(&mut file.creds_store, &value, "credsStore", &mut file.problems);
        }
    }
    Ok(file)
}

fn parsed<'a, T: Deserialize<'a>>(value: &'a RawValue) -> Result<T, String> {
    // Only nesting can be wrong with it.
    serde_json::from_str(value.get()).map_err(|_| "nested too deeply".to_owned())
}

impl AuthFile {
    fn add_auths(&mut self, value: &RawValue) -> Result<(), String> {
        let members = self.members("auths", value)?;
        if members.is_none() {
            self.auths.clear();
        }
        for (key, value) in members.unwrap_or_default() {
            let at = format!("auths[{:?}]", one_line(&key));
            if !matches!(value, Value::Object(_) | Value::Null) {
                self.problems.push(wrong_kind(&at, "an object", &value));
            }
            let mut field =
                |name: &str| text_field(&value, name, &format!("{at}.{name}"), &mut self.problems);
            let entry = Entry {
                auth: field("auth"),
                username: field("username"),
                password: field("password"),
                identity_token: field("identitytoken"),
                registry_token: field("registrytoken"),
            };
            self.auths.push((key, entry));
        }
        Ok(())
    }

    fn add_helpers(&mut self, value: &RawValue) -> Result<(), String> {
        let members = self.members("credHelpers", value)?;
        if members.is_none() {
            self.cred_helpers.clear();
        }
        for (key, value) in members.unwrap_or_default() {
            let (mut suffix, at) = (String::new(), format!("credHelpers[{:?}]", one_line(&key)));
            set_text(&mut suffix, &value, &at, &mut self.problems);
            self.cred_helpers.push((key, suffix));
        }
        Ok(())
    }

    /// The members of an object; `None` for `null`, which clears what came before.
    fn members(
        &mut self,
        at: &str,
        value: &RawValue,
    ) -> Result<Option<Vec<(String, Value)>>, String> {
        if value.get().starts_with(['{', 'n']) {
            return parsed::<Option<Members<Value>>>(value).map(|members| Some(members?.0));
        }
        self.problems.push(wrong_kind(at, "an object", &parsed(value)?));
        Ok(Some(Vec::new()))
    }
}

/// The members of an object in the order of the text, repeated names included.
struct Members<T>(Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Members<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Collect<T> {
            type Value = Members<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_first_value_only() {
        let (value, rest) = first_value::<Value>(r#" {"b":1,"a":"x"} tail"#).unwrap().unwrap();
        assert_eq!(value["a"], "x");
        assert_eq!(rest, " tail");
        assert!(first_value::<Value>(" \n").unwrap().is_none());
    }

    #[test]
    fn errors_quote_nothing() {
        let deep = "[".repeat(100_000);
        for text in [
            "{\"a\":\"secret\",}",
            "\u{feff}{}",
            "{\"a\":\"secret",
            "secret",
            "\"secret\"",
            "[\"secret\"]",
            "{\"auths\":{\"secret\":}}",
            &deep,
        ] {
            let error = match parse(text) {
                Err(error) => error,
                Ok(file) => file.problems.join(" "),
            };
            assert!(!error.is_empty() && !error.contains("secret"), "{error}");
        }
    }

    #[test]
    fn folds_names_as_go_does() {
        assert!(is_field("AUTHS", "auths") && is_field("auth\u{17f}", "auths"));
        assert!(is_field("to\u{212a}en", "token"));
        assert!(!is_field("auth", "auths") && !is_field("auths ", "auths"));
    }
}
