//! What to do about a `401`: the decisions of the machine in `auth`.
//!
//! One row of the table after another, each bounded: act on the scopes that a challenge names,
//! not on the word in its `error`; a wrong password is sent once; a login that is stored and
//! refused is followed by one anonymous try, because public images need none.

use std::sync::Arc;

use super::challenge::{self, Challenge};
use super::realm;
use super::token::{self, Token, TokenError, TokenRequest};
use super::{Authorization, Call, Login, Resource, Session, Trial, Unauthorized};
use crate::error::Error;
use crate::http::Peer;
use crate::http::address::Reach;
use crate::http::url::{Origin, Scheme, Url};
use crate::login::Credential;
use crate::system::secret::Secret;

/// What was done for one request so far.
#[derive(Debug, Default)]
pub(super) struct History {
    /// How often the request was sent.
    pub(super) sends: u32,
    /// How many tokens were fetched.
    fetches: u32,
    /// The scopes of the last token.
    asked: Vec<String>,
    /// Whether Basic was sent because of a challenge to this request.
    sent_basic: bool,
    /// The token service that was asked without the login because it may not be told.
    withheld_from: Option<Origin>,
    /// The token service of the last token.
    realm: Option<String>,
    /// The right to send the login itself, while its answer is awaited.
    pub(super) trial: Option<Trial>,
}

impl Session {
    /// The `Authorization` to try next, or the error that ends the request.
    pub(super) fn respond(
        &self,
        call: &Call,
        refusal: &Unauthorized,
        used: Option<&Authorization>,
        history: &mut History,
    ) -> Result<Authorization, Error> {
        if history.sends >= super::MAX_SENDS {
            return Err(self.give_up(call, refusal, history));
        }
        let login = self.login(call.resource);
        if matches!(used, Some(Authorization::RegistryToken(_))) {
            self.registry_token_refused(login.as_deref());
            history.trial = None;
        } else if let Some(login) = login.as_ref().filter(|login| !login.is_refused())
            && let Credential::RegistryToken(token) = &login.credential
        {
            // A token of the registry itself goes straight to it, once.
            let header = Secret::new(format!("Bearer {}", token.expose()));
            return Ok(Authorization::RegistryToken(header));
        }
        if let Some(login) = &login
            && login.explicit
            && login.is_refused()
        {
            return Err(self.login_refused(call.resource, refusal.detail.clone()));
        }
        let challenges = &refusal.challenges;
        let can_basic = login.as_ref().is_some_and(|login| {
            matches!(login.credential, Credential::Basic { .. }) && !login.is_refused()
        });
        let chosen = challenge::choose(challenges, can_basic).map(|index| &challenges[index]);
        let basic = challenges.iter().any(Challenge::is_basic) && can_basic;
        if history.sent_basic {
            return Err(self.basic_refused(call, refusal));
        }
        match chosen {
            Some(challenge) if challenge.is_bearer() => {
                self.bearer(call, refusal, challenge, basic, history)
            }
            Some(_) if matches!(used, Some(Authorization::Basic(_))) => {
                Err(self.basic_refused(call, refusal))
            }
            Some(_) => self.basic(call, history),
            None if self.is_login_refused(call.resource) => {
                Err(self.login_refused(call.resource, None))
            }
            None => Err(self.login_needed(call.resource, refusal)),
        }
    }

    /// What is public is there without the token, too.
    fn registry_token_refused(&self, login: Option<&Login>) {
        let Some(login) = login else { return };
        login.refuse();
        self.warn_of_refusal(login);
    }

    fn warn_of_refusal(&self, login: &Login) {
        self.client.reporter().warn(&format!(
            "{} refuses the login of {} (from {}); going on without it, with anonymous limits",
            self.endpoint.registry,
            login.user(),
            login.source,
        ));
    }

    fn bearer(
        &self,
        call: &Call,
        refusal: &Unauthorized,
        challenge: &Challenge,
        basic: bool,
        history: &mut History,
    ) -> Result<Authorization, Error> {
        let mut scopes = challenge.scopes();
        if scopes.is_empty() {
            scopes.extend(call.resource.default_scope());
        }
        if history.fetches > 0 {
            scopes.retain(|scope| !history.asked.contains(scope));
            if scopes.is_empty() && basic {
                return self.basic(call, history);
            }
            if scopes.is_empty() || history.fetches > 1 {
                return Err(self.give_up(call, refusal, history));
            }
            // The new scopes go first: some services look at the first one only.
            scopes.append(&mut history.asked);
        }
        history.fetches += 1;
        history.asked = scopes;
        match self.fetch_token(call, refusal, challenge, history) {
            Ok(token) => Ok(Authorization::Bearer {
                header: Secret::new(format!("Bearer {}", token.value.expose())),
                expires: token.expires,
            }),
            // A service that does not work, beside an offer of Basic: take the offer. A login
            // that the service refuses is not shown to the registry as well.
            Err(TokenError::Unusable(_)) if basic => self.basic(call, history),
            Err(TokenError::Unusable(error) | TokenError::Failed(error)) => Err(error),
            Err(TokenError::Refused(..)) if history.withheld_from.is_some() => {
                Err(self.give_up(call, refusal, history))
            }
            Err(TokenError::Refused(401, detail)) if self.login(call.resource).is_some() => {
                Err(self.login_refused(call.resource, detail))
            }
            Err(TokenError::Refused(_, detail)) => Err(self.forbidden(call.resource, detail)),
        }
    }

    /// Fetches a token: with the login where that is allowed, otherwise anonymously.
    fn fetch_token(
        &self,
        call: &Call,
        refusal: &Unauthorized,
        challenge: &Challenge,
        history: &mut History,
    ) -> Result<Token, TokenError> {
        let text = challenge.parameter("realm").unwrap_or_default();
        let realm = realm::resolve(text, &refusal.url)
            .map_err(|why| TokenError::Failed(self.realm_refused(text, why)))?;
        let host = realm.origin().authority();
        let registry = refusal.url.origin();
        let allowed = &self.endpoint.token_hosts;
        let is_allowed = realm::may_have_login(registry, realm.origin(), allowed);
        let mut login = self.login(call.resource).filter(|login| !login.is_refused());
        if let (Some(withheld), false) = (&login, is_allowed) {
            self.client.reporter().warn(&format!(
                "the login of {} for {} is not sent to {host}, which {} names as its token \
                 service",
                withheld.user(),
                self.endpoint.registry,
                self.endpoint.registry,
            ));
            history.withheld_from = Some(realm.origin().clone());
            login = None;
        }
        // Another thread may be trying this login: if it is refused, it is not sent again.
        let trial = login.as_ref().and_then(Login::admit);
        if trial.is_none() && login.as_ref().is_some_and(|login| login.explicit) {
            return Err(TokenError::Failed(self.login_refused(call.resource, None)));
        }
        login = login.filter(|_| trial.is_some());
        history.realm = Some(host.clone());
        let request = TokenRequest {
            realm: &realm,
            service: challenge.parameter("service"),
            scopes: &history.asked,
        };
        let peer = self.token_peer(&realm).map_err(TokenError::Failed)?;
        let peer = peer.as_ref();
        let credential = login.as_ref().map(|login| &login.credential);
        let first = token::fetch(&self.client, peer, &request, credential);
        match (first, login) {
            (Err(TokenError::Refused(status, detail)), Some(login)) => {
                if status == 401 {
                    login.refuse();
                }
                self.without_login(call, &request, peer, &login, (status, detail))
            }
            (outcome, _) => {
                if outcome.is_ok() {
                    trial.into_iter().for_each(Trial::accept);
                }
                outcome
            }
        }
    }

    /// The anonymous try after a refused login. If it fails too, the login's refusal is reported.
    fn without_login(
        &self,
        call: &Call,
        request: &TokenRequest,
        peer: &Peer,
        login: &Login,
        (status, detail): (u16, Option<String>),
    ) -> Result<Token, TokenError> {
        if login.explicit || *call.resource == Resource::Catalog {
            return Err(TokenError::Refused(status, detail));
        }
        let anonymous = token::fetch(&self.client, peer, request, None)
            .map_err(|_| TokenError::Refused(status, detail))?;
        login.refuse();
        self.warn_of_refusal(login);
        Ok(anonymous)
    }

    /// A token service on the registry's own host shares its TLS settings, and its connections.
    fn token_peer(&self, realm: &Url) -> Result<Arc<Peer>, Error> {
        let (ours, theirs) = (&self.endpoint.origin, realm.origin());
        if theirs.host() != ours.host() {
            return self.foreign(theirs);
        }
        // Of another port nobody knows that it is inside as well, unless all of the host is.
        let is_known = theirs.port() == ours.port() || ours.ip().is_some();
        if is_known || self.endpoint.reach == Reach::Loopback || self.client.is_private(ours) {
            return Ok(self.peer.clone());
        }
        let mut peers = super::lock(&self.foreign);
        let own = || Arc::new(Peer::new(self.endpoint.tls.clone(), Reach::OwnPublic));
        Ok(peers.entry(format!("{theirs}, its own")).or_insert_with(own).clone())
    }

    fn basic(&self, call: &Call, history: &mut History) -> Result<Authorization, Error> {
        history.sent_basic = true;
        let login = self.login(call.resource);
        let Some(login) = login else { return Err(self.login_refused(call.resource, None)) };
        match basic_of(&login.credential) {
            Some(header) => Ok(Authorization::Basic(header)),
            None => Err(self.login_refused(call.resource, None)),
        }
    }

    fn basic_refused(&self, call: &Call, refusal: &Unauthorized) -> Error {
        self.login(call.resource).iter().for_each(|login| login.refuse());
        self.login_refused(call.resource, refusal.detail.clone())
    }

    fn is_login_refused(&self, resource: &Resource) -> bool {
        self.login(resource).is_some_and(|login| login.is_refused())
    }

    /// The error after everything that could be tried was tried.
    fn give_up(&self, call: &Call, refusal: &Unauthorized, history: &History) -> Error {
        let rejected = refusal
            .challenges
            .iter()
            .any(|challenge| challenge.parameter("error") == Some("invalid_token"));
        let host = self.endpoint.registry.to_string();
        match (&history.withheld_from, &history.realm) {
            _ if self.is_login_refused(call.resource) => {
                self.login_refused(call.resource, refusal.detail.clone())
            }
            (Some(realm), _) => Error::LoginWithheld {
                name: self.name_of(call.resource),
                host,
                realm: realm.authority(),
                entry: realm::entry_for(realm),
            },
            (None, Some(realm)) if rejected => Error::TokenRejected { host, realm: realm.clone() },
            _ => self.forbidden(call.resource, None),
        }
    }

    /// Whether requests and login go over an unencrypted connection.
    pub(crate) fn is_plain_http(&self) -> bool {
        let origin = super::lock(&self.origin);
        origin.as_ref().unwrap_or(&self.endpoint.origin).scheme() == Scheme::Http
    }
}

/// The header of HTTP Basic, for a login of that kind.
pub(super) fn basic_of(credential: &Credential) -> Option<Secret> {
    match credential {
        Credential::Basic { username, password } => Some(token::basic(username, password)),
        _ => None,
    }
}
