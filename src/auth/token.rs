//! The token service: getting a bearer token for scopes.
//!
//! Two dialects exist. The one that everything speaks is a GET with the login as Basic; an
//! identity token can only be traded by a POST (OAuth2 refresh), with a GET as the way out for
//! services that never learned it. What comes back is checked before it becomes a header.

use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::error::Error;
use crate::http::url::{Url, escape_query};
use crate::http::{Client, Failure, Form, Method, Peer, Request};
use crate::login::Credential;
use crate::system::secret::Secret;

/// The most that is read of a token service's answer.
const MAX_ANSWER: u64 = 1024 * 1024;
/// A token's lifetime when its service does not state one: the specification's default.
const DEFAULT_LIFE: u64 = 60;
/// The longest life that is believed.
const MAX_LIFE: u64 = 3600;
/// The most of a token's middle part that is decoded.
const MAX_CLAIMS: usize = 64 * 1024;
/// The longest URL that is sent; servers take 8 to 64 KiB.
const MAX_URL: usize = 16 * 1024;
const CLIENT_ID: &str = "docker-tags";

/// A bearer token.
#[derive(Debug, Clone)]
pub struct Token {
    /// The token itself.
    pub value: Secret,
    /// When to stop using it, on our own clock.
    pub expires: Instant,
    /// Its lifetime in seconds, where the token service states it.
    pub lifetime: Option<u64>,
}

/// What a token is asked for, from whom.
#[derive(Debug)]
pub(crate) struct TokenRequest<'a> {
    /// The token service.
    pub realm: &'a Url,
    /// The `service` of the challenge; left out of the request where it is absent.
    pub service: Option<&'a str>,
    /// The scopes, in the order in which they are sent.
    pub scopes: Vec<String>,
}

impl TokenRequest<'_> {
    /// Leaves scopes out until the URL is short enough for servers: those that are not `needed`,
    /// then from the end. `false`: it is too long even so.
    pub(super) fn shorten(&mut self, needed: impl Fn(&str) -> bool) -> bool {
        let is_long = |request: &Self| request.url().to_string().len() > MAX_URL;
        if is_long(self) && self.scopes.iter().any(|scope| needed(scope)) {
            self.scopes.retain(|scope| needed(scope));
        }
        while is_long(self) {
            if self.scopes.pop().is_none() {
                return false;
            }
        }
        true
    }

    fn url(&self) -> Url {
        let mut url = self.realm.clone();
        if let Some(service) = self.service {
            url = url.with_parameter("service", service);
        }
        for scope in &self.scopes {
            url = url.with_parameter("scope", scope);
        }
        url
    }
}

/// Why there is no token.
#[derive(Debug)]
pub(crate) enum TokenError {
    /// The service refuses (401: the login; 403: perhaps only the access); its own words.
    Refused(u16, Option<String>),
    /// The service does not work like this: another status, a redirect, an unusable answer.
    Unusable(Error),
    /// The service could not be reached.
    Failed(Error),
}

/// Fetches a token.
///
/// # Errors
/// See [`TokenError`]. The login is sent at most once, or twice for an identity token.
pub(crate) fn fetch(
    client: &Client,
    peer: &Peer,
    request: &TokenRequest,
    login: Option<&Credential>,
) -> Result<Token, TokenError> {
    let get = |authorization| {
        let mut http = Request::new(Method::Get, request.url());
        http.logged = &["service", "scope"];
        http.authorization = authorization;
        ask(client, peer, &http)
    };
    let answered = match login {
        // A token for the registry itself is not for its token service.
        None | Some(Credential::RegistryToken(_)) => get(None),
        Some(Credential::Basic { username, password }) => get(Some(basic(username, password))),
        Some(Credential::IdentityToken { username, token }) => {
            let posted = ask(client, peer, &refresh(request, token));
            match (&posted, username) {
                // With these services say that they do not trade identity tokens by POST.
                (Err((400 | 401 | 404 | 405 | 415, _)), Some(username)) => {
                    get(Some(basic(username, token)))
                }
                _ => posted,
            }
        }
    };
    answered.map_err(|(_, error)| error)
}

/// The value of a Basic `Authorization` header, in UTF-8 (RFC 7617).
pub(crate) fn basic(username: &str, password: &Secret) -> Secret {
    let pair = format!("{username}:{}", password.expose());
    Secret::new(format!("Basic {}", BASE64_STANDARD.encode(pair)))
}

/// The claims of a token that is a JWT, unverified: good for showing, never for deciding.
pub fn claims(token: &str) -> Option<Value> {
    let mut parts = token.split('.');
    let (Some(_), Some(middle), Some(_), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    if middle.len() > MAX_CLAIMS {
        return None;
    }
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(middle.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// The request that trades an identity token (OAuth2 refresh).
fn refresh(request: &TokenRequest, token: &Secret) -> Request {
    let form = format!(
        "grant_type=refresh_token&service={}&client_id={CLIENT_ID}&scope={}&refresh_token={}",
        escape_query(request.service.unwrap_or_default()),
        escape_query(&request.scopes.join(" ")),
        escape_query(token.expose()),
    );
    let mut http = Request::new(Method::Post, request.realm.clone());
    http.body = Some(Form {
        content_type: "application/x-www-form-urlencoded",
        text: Secret::new(form),
        login: token.clone(),
    });
    http
}

/// Sends the request. An error comes with the status that it stands for; 0 where there was none.
fn ask(client: &Client, peer: &Peer, request: &Request) -> Result<Token, (u16, TokenError)> {
    let sent = Instant::now();
    let answered = client.exchange(peer, request, |answer| {
        let (status, host) = (answer.status(), answer.host());
        let outcome = match status {
            200..=202 => {
                let body = answer.bytes(MAX_ANSWER, "the token service's response")?;
                read_token(&body, &host, sent).map_err(TokenError::Unusable)
            }
            300..=399 => Err(TokenError::Unusable(unusable(&host, "the token service redirects"))),
            401 | 403 => Err(TokenError::Refused(status, answer.detail())),
            // A refused identity token (RFC 6749 § 5.2).
            400 if request.method == Method::Post => {
                Err(TokenError::Refused(status, answer.detail()))
            }
            _ => {
                let detail = answer.detail();
                Err(TokenError::Unusable(Error::Server { host, status, detail }))
            }
        };
        Ok::<_, Failure>((status, outcome))
    });
    let (status, outcome) = answered.map_err(|error| (0, TokenError::Failed(error)))?;
    outcome.map_err(|error| (status, error))
}

fn unusable(host: &str, what: &str) -> Error {
    Error::Answer {
        host: host.to_owned(),
        what: what.to_owned(),
        hint: "the registry's token service does not work: report this to its operator",
    }
}

/// Reads a token answer; `sent` is when it was asked for, from which its life is counted. `host`
/// is for the error.
///
/// # Errors
/// No JSON, no token in it, or a token that cannot be a header's value.
pub fn read_token(body: &[u8], host: &str, sent: Instant) -> Result<Token, Error> {
    let document: Value = serde_json::from_slice(body)
        .map_err(|_| unusable(host, "the token service's response is not JSON"))?;
    let token = ["token", "access_token"]
        .iter()
        .filter_map(|name| document.get(name).and_then(Value::as_str))
        .find(|token| !token.is_empty())
        .ok_or_else(|| unusable(host, "the token service's response contains no token"))?;
    if !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(unusable(host, "the token contains invalid characters"));
    }
    let stated = document.get("expires_in").and_then(Value::as_u64).filter(|&life| life > 0);
    let life = stated.unwrap_or(DEFAULT_LIFE).min(MAX_LIFE);
    let margin = (life / 10).max(5);
    let expires = sent + Duration::from_secs(life.saturating_sub(margin));
    Ok(Token { value: Secret::new(token), expires, lifetime: stated })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers() {
        let cases: [(&str, Option<&str>, u64); 12] = [
            (r#"{"token":"a","access_token":"b","expires_in":300}"#, Some("a"), 270),
            (r#"{"token":"","access_token":"b"}"#, Some("b"), 54),
            (r#"{"token":7,"access_token":"b","expires_in":0}"#, Some("b"), 54),
            (r#"{"access_token":"b","expires_in":-5}"#, Some("b"), 54),
            (r#"{"token":"b","expires_in":1.5}"#, Some("b"), 54),
            (r#"{"token":"b","expires_in":"300"}"#, Some("b"), 54),
            (r#"{"token":"b","expires_in":18446744073709551615}"#, Some("b"), 3240),
            (r#"{"token":"b","expires_in":2}"#, Some("b"), 0),
            (r#"{"token":"a b"}"#, None, 0),
            (r#"{"token":"a\r\nX: y"}"#, None, 0),
            (r#"{}"#, None, 0),
            ("<html>", None, 0),
        ];
        let sent = Instant::now();
        for (body, token, life) in cases {
            match (read_token(body.as_bytes(), "h", sent), token) {
                (Ok(found), Some(token)) => {
                    assert_eq!(found.value.expose(), token, "{body}");
                    assert_eq!(found.expires - sent, Duration::from_secs(life), "{body}");
                }
                (Err(_), None) => {}
                (found, _) => panic!("{body}: {found:?}"),
            }
        }
    }

    #[test]
    fn claims_of_tokens() {
        let middle = BASE64_URL_SAFE_NO_PAD.encode(r#"{"access":[]}"#);
        let found = claims(&format!("h.{middle}.s")).unwrap();
        assert_eq!(found["access"], serde_json::json!([]));
        assert_eq!(claims("opaque"), None);
        assert_eq!(claims("a.b"), None);
        assert_eq!(claims("a.!!.c"), None);
        assert_eq!(claims(&format!("a.{}.c", "A".repeat(MAX_CLAIMS + 1))), None);
    }

    #[test]
    fn basic_is_utf8() {
        let header = basic("ü", &Secret::new("pä$$:x"));
        assert_eq!(header.expose(), "Basic w7w6cMOkJCQ6eA==");
    }
}
