//! The login to Docker Hub's API: a stored login traded for a short-lived token.
//!
//! `POST /v2/auth/token` takes what `docker login` stores: user name and password, personal
//! access token, or organization and its token. The token lives in memory and is fetched once in
//! a run. Nothing is repeated after a 401: Docker Hub locks users out. A stored login that does
//! not work is a warning, because public repositories need none; one given for this very call is
//! an error.

use std::sync::Arc;

use serde_json::{Value, json};

use super::{Hub, Namespace};
use crate::error::Error;
use crate::http::{Form, Method, Request};
use crate::login::{Credential, Login, Verdict};
use crate::oci::reference::DOCKER_HUB;
use crate::system::lock;
use crate::system::secret::Secret;

/// The most that is read of a login's answer.
const MAX_ANSWER: u64 = 1024 * 1024;
/// What the secrets of organizations begin with.
const ORGANISATION_TOKEN: &str = "dckr_oat_";

/// How requests are made.
#[derive(Debug, Clone)]
pub(super) enum Access {
    /// There is no login.
    Anonymous,
    /// With this header.
    Token(Secret),
    /// Without the login, which the server refused with 401; its words.
    LoginRefused(Option<String>),
    /// Without the login, which may not use the API (403); the server's words.
    Forbidden(Option<String>),
}

/// How one of the two login endpoints answered.
enum Answered {
    Token(String),
    /// There is no such endpoint.
    Missing,
    /// With this status, and the server's own words.
    Refused(u16, Option<String>),
}

impl Hub {
    /// The login, looked up at the first call.
    pub(crate) fn login(&self) -> Option<&Login> {
        self.shared_login().map(Arc::as_ref)
    }

    fn shared_login(&self) -> Option<&Arc<Login>> {
        self.login.get_or_init(|| (self.source)(None).login).as_ref()
    }

    /// The login's own namespace, once the API has accepted the login; for an organization's
    /// token, the organization. The flag says that it is one.
    ///
    /// # Errors
    /// [`Error::LoginNeeded`], [`Error::LoginRefused`]; a user name that is not a namespace.
    pub(crate) fn user(&self) -> Result<(Namespace, bool), Error> {
        match self.access()? {
            Access::LoginRefused(detail) => return Err(self.login_refused(detail)),
            Access::Anonymous => return Err(self.login_needed()),
            Access::Token(_) | Access::Forbidden(_) => {}
        }
        let user = self.login().and_then(|login| login.credential.username()).unwrap_or_default();
        let name = user.to_ascii_lowercase().parse().map_err(|_| {
            Error::usage(
                format!("the user name \"{user}\" is not a Docker Hub namespace"),
                "log in with your Docker ID instead of your email address, or name the namespace",
            )
        })?;
        Ok((name, self.is_organization()))
    }

    /// How to make requests; logs in at the first call. Others wait meanwhile.
    pub(super) fn access(&self) -> Result<Access, Error> {
        let mut access = lock(&self.access);
        if let Some(access) = access.as_ref() {
            return Ok(access.clone());
        }
        let found = self.log_in()?;
        *access = Some(found.clone());
        Ok(found)
    }

    fn log_in(&self) -> Result<Access, Error> {
        let Some(login) = self.shared_login() else { return Ok(Access::Anonymous) };
        let Credential::Basic { username, password } = &login.credential else {
            self.client.reporter().warn(&format!(
                "the credentials of {} (from {}) are of a kind that {} does not accept; continuing without them",
                login.user(),
                login.source,
                self.host()
            ));
            return Ok(Access::Anonymous);
        };
        let answered = login.attempt(|| {
            let answered = self.trade(username, password);
            let verdict = match answered {
                Ok(Answered::Token(_)) => Verdict::Accepted,
                // Wrong here is wrong everywhere: a second try elsewhere counts towards a lock.
                Ok(Answered::Refused(401, _)) => Verdict::Refused,
                _ => Verdict::Open,
            };
            (verdict, answered)
        });
        // Docker Hub's registry may have refused it already in this run.
        let Some(answered) = answered else { return Ok(Access::LoginRefused(None)) };
        match answered? {
            Answered::Token(token) => Ok(Access::Token(Secret::new(format!("Bearer {token}")))),
            Answered::Missing => Err(self.unusable("its API has no login")),
            Answered::Refused(_, detail) if login.is_explicit => Err(self.login_refused(detail)),
            Answered::Refused(_, detail) => {
                let consequence = "so private repositories are missing";
                self.client.reporter().warn(&login.refused_warning(&self.host(), consequence));
                Ok(Access::LoginRefused(detail))
            }
        }
    }

    /// Sends user name and password, once; to the older endpoint where there is no other.
    fn trade(&self, username: &str, password: &Secret) -> Result<Answered, Error> {
        let form = |body: Value| Form {
            content_type: "application/json",
            text: Secret::new(body.to_string()),
            login: password.clone(),
        };
        let body = form(json!({"identifier": username, "secret": password.expose()}));
        let mut answered = self.post("/v2/auth/token", body, "access_token")?;
        if matches!(answered, Answered::Missing) {
            let body = form(json!({"username": username, "password": password.expose()}));
            answered = self.post("/v2/users/login", body, "token")?;
        }
        Ok(answered)
    }

    /// Sends the login to one endpoint, once.
    fn post(&self, path: &str, body: Form, member: &str) -> Result<Answered, Error> {
        let url = self.origin.url(&format!("{}{path}", self.prefix), None);
        let mut request = Request::new(Method::Post, url);
        request.accept = Some("application/json");
        request.body = Some(body);
        self.client.exchange(&self.peer, &request, |answer| match answer.status() {
            200..=202 => {
                let body = answer.bytes(MAX_ANSWER, "the login response")?;
                let document: Value = serde_json::from_slice(&body).unwrap_or_default();
                let token = document.get(member).and_then(Value::as_str).unwrap_or_default();
                if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
                    return Err(self
                        .unusable("the login response contains no usable token")
                        .into());
                }
                Ok(Answered::Token(token.to_owned()))
            }
            404 | 405 => Ok(Answered::Missing),
            status @ (400 | 401 | 403) => Ok(Answered::Refused(status, answer.detail())),
            status => {
                let detail = answer.detail();
                Err(Error::Server { host: self.host(), status, detail }.into())
            }
        })
    }

    /// Notes that this login may not use the API, and tells the user.
    pub(super) fn go_on_without_login(&self, detail: Option<String>) -> Result<(), Error> {
        let Some(login) = self.login().filter(|login| !login.is_explicit) else {
            return Err(self.forbidden(detail));
        };
        let mut access = lock(&self.access);
        *access = Some(Access::Forbidden(detail.clone()));
        let why = detail.map(|detail| format!(" ({detail})")).unwrap_or_default();
        self.client.reporter().warn(&format!(
            "{} does not let {} use its API{why}; continuing without credentials, so private repositories are missing",
            self.host(),
            login.user(),
        ));
        Ok(())
    }

    pub(super) fn login_refused(&self, detail: Option<String>) -> Error {
        Login::refused(self.login(), DOCKER_HUB.to_owned(), detail)
    }

    /// There is no login, or none that the API takes.
    pub(super) fn login_needed(&self) -> Error {
        let remedy = "docker login".to_owned();
        Error::LoginNeeded { name: self.host(), offered: String::new(), remedy }
    }

    pub(super) fn forbidden(&self, detail: Option<String>) -> Error {
        let user = self.login().map_or("this user", Login::user).to_owned();
        Error::Forbidden { host: self.host(), user, detail }
    }

    /// Whether the requests of this run carry an organization's token.
    pub(super) fn has_organization_token(&self) -> bool {
        let access = lock(&self.access);
        matches!(*access, Some(Access::Token(_))) && self.is_organization()
    }

    fn is_organization(&self) -> bool {
        self.login().is_some_and(|login| {
            matches!(&login.credential, Credential::Basic { password, .. }
                if password.expose().starts_with(ORGANISATION_TOKEN))
        })
    }
}
