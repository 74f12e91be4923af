//! The variable `DOCKER_AUTH_CONFIG`, as docker 28.3 and later read it.
//!
//! docker asks it before anything else and is strict about it: only `auths`, each entry only
//! `auth`, one JSON value; anything else and the whole variable is ignored. (GitLab's runners
//! use the same name for a whole config.json, which docker then ignores with a message.)

use serde_json::{Map, Value};

use super::auth_file::{decode_auth, first_value, is_field, lookup, wrong_kind};
use super::one_line;
use crate::system::secret::Secret;

/// The logins of the variable: key, user name, password.
pub(super) struct AuthConfigEnv(Vec<(String, (String, Secret))>);

impl AuthConfigEnv {
    /// The login under exactly this key.
    pub(super) fn get(&self, key: &str) -> Option<&(String, Secret)> {
        lookup(&self.0, key)
    }
}

/// Reads the variable's value. The error says why docker ignores it, and quotes no value.
pub(super) fn parse(value: &str) -> Result<AuthConfigEnv, String> {
    let mut logins = Vec::new();
    let Some((json, rest)) = first_value::<Value>(value)? else {
        return Ok(AuthConfigEnv(logins));
    };
    let rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
    if !(rest.is_empty() || rest.starts_with(['}', ']'])) {
        return Err("it holds more than one JSON value".to_owned());
    }
    for (name, value) in object(json, "the value")? {
        if !is_field(&name, "auths") {
            return Err(format!("unknown field {:?}", one_line(&name)));
        }
        for (key, value) in object(value, "auths")? {
            let login = login(&format!("auths[{:?}]", one_line(&key)), value)?;
            logins.push((key, login));
        }
    }
    Ok(AuthConfigEnv(logins))
}

fn login(at: &str, entry: Value) -> Result<(String, Secret), String> {
    let mut auth = String::new();
    for (name, value) in object(entry, "an entry of auths")? {
        if !is_field(&name, "auth") {
            return Err(format!("unknown field {:?} in an entry of auths", one_line(&name)));
        }
        match value {
            Value::Null => {}
            Value::String(text) => auth = text,
            other => return Err(wrong_kind("auth", "a string", &other)),
        }
    }
    if auth.is_empty() {
        return Err(format!("{at} has no auth"));
    }
    match decode_auth(&auth) {
        Ok(Some((username, password))) if !username.is_empty() => {
            Ok((username, Secret::new(password)))
        }
        Ok(_) => Err(format!("{at}.auth is not user:password inside its base64")),
        Err(reason) => Err(format!("{at}.auth {reason}")),
    }
}

/// The members of an object; `null` has none.
fn object(value: Value, what: &str) -> Result<Map<String, Value>, String> {
    match value {
        Value::Null => Ok(Map::new()),
        Value::Object(members) => Ok(members),
        other => Err(wrong_kind(what, "an object", &other)),
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn is_as_strict_as_docker() {
        for (value, expected) in [
            (r#"{"auths":{"r.io":{"auth":"dTpw"}}}"#, Ok(Some("u"))),
            (r#"{"AUTHS":{"r.io":{"Auth":"dTpw"}}} }"#, Ok(Some("u"))),
            (r#"{"auths":{"r.io":{},"r.io":{"auth":"dTpw"}}}"#, Ok(Some("u"))),
            (r#"{"auths":{"r.io":{"auth":"dTpw"}},"auths":null}"#, Ok(None)),
            (r#"{"auths":{"https://r.io":{"auth":"dTpw"}}}"#, Ok(None)),
            ("null", Ok(None)),
            (" ", Ok(None)),
            ("{}", Ok(None)),
            (r#"{"auths":{"r.io":{"auth":"dTpw"}}} {}"#, Err("more than one")),
            (r#"{"auths":{},"credsStore":"x"}"#, Err("unknown field \"credsStore\"")),
            (r#"{"auths":{"r.io":{"auth":"dTpw","identitytoken":"x"}}}"#, Err("identitytoken")),
            (r#"{"auths":{"r.io":{"auth":"dTpw"},"b.io":{}}}"#, Err("[\"b.io\"] has no auth")),
            (r#"{"auths":{"r.io":null}}"#, Err("has no auth")),
            (r#"{"auths":{"r.io":{"auth":"dTpw!"}}}"#, Err("is not base64")),
            (r#"{"auths":{"r.io":{"auth":"OnB3"}}}"#, Err("user:password")),
            (r#"{"auths":{"r.io":{"auth":7}}}"#, Err("must be a string")),
            (r#"{"auths":[]}"#, Err("must be an object")),
            ("[]", Err("must be an object")),
            ("{", Err("EOF")),
        ] {
            match (parse(value), expected) {
                (Ok(found), Ok(user)) => {
                    assert_eq!(found.get("r.io").map(|(user, _)| user.as_str()), user, "{value}");
                }
                (Err(reason), Err(part)) => assert!(reason.contains(part), "{value}: {reason}"),
                (result, _) => panic!("{value}: {:?}", result.err()),
            }
        }
    }
}
