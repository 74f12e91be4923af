//! The loop: a request, the registry's `401`, a token, the request again.
//!
//! | sent with | the answer is 401 | next |
//! |---|---|---|
//! | nothing | with a challenge | a token, or the login as Basic |
//! | a token from before | | a new token for the new challenge |
//! | a fresh token | which names new scopes | one more token, the new scopes first |
//! | a fresh token, shared | | a token for this request alone |
//! | a fresh token | and offers Basic | the login as Basic |
//! | the login | | stop: it is refused, and never sent again in this run |
//! | anything | otherwise, or the third time | stop |
//!
//! A 403 always stops. What counts is the scopes that a challenge names, not the word in its
//! `error`. A login that is stored and refused is followed by one anonymous try, because public
//! images need none.

use std::sync::MutexGuard;

use super::access::{Access, Authorization};
use super::challenge::{self, Challenge};
use super::realm;
use super::token::{self, Token, TokenError, TokenRequest};
use super::wire::{Answered, Unauthorized};
use super::{Call, Resource, Session};
use crate::error::Error;
use crate::http::{Answer, Failure};
use crate::login::{Credential, Verdict};
use crate::oci::url::Origin;
use crate::system::lock;
use crate::system::secret::Secret;

/// The most often that one request is sent.
const MAX_SENDS: u32 = 3;

/// What was done for one request so far.
#[derive(Default)]
struct Tries {
    sends: u32,
    /// The last `401`.
    refusal: Option<Unauthorized>,
    /// How many tokens were fetched.
    tokens: u32,
    /// The scopes of the last token.
    scopes: Vec<String>,
    /// Basic was sent in answer to a challenge to this request.
    sent_basic: bool,
    /// A token was refused that other requests use, too.
    is_contested: bool,
    /// The last token is for this request alone.
    is_alone: bool,
    /// The next token may be for the same scopes as the last one.
    may_repeat: bool,
    /// The token service that was asked last.
    realm: Option<Origin>,
    /// The token service that was asked without the login because it may not have it.
    withheld_from: Option<Origin>,
}

impl Session {
    /// Sends a request, authenticating as the registry asks, and reads the answer with `read`.
    ///
    /// `read` sees any status but 401, 403, redirects and "try again later". It may run again
    /// when an answer was cut short.
    ///
    /// # Errors
    /// What `read` returns, and every failure of the network and of authentication.
    pub(crate) fn send<T>(
        &self,
        call: &Call,
        mut read: impl FnMut(&mut Answer) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let access = self.access(call.resource);
        let mut tries = Tries::default();
        // Begin with what is known. While that is nothing, the lock stays with this request: it
        // finds out for all.
        let mut known = lock(&access);
        let mut authorization = known.share();
        tries.refusal = known.single_use.clone();
        let mut finding_out = Some(known).filter(|known| !known.is_known);
        if let Some(challenged) = tries.refusal.clone() {
            tries.is_alone = true;
            authorization = Some(self.next(call, &challenged, None, &mut tries)?);
        }
        loop {
            tries.sends += 1;
            match self.send_once(call, authorization.as_ref(), &tries, &mut read)? {
                // Accepted: whoever waits does the same.
                Some(Answered::Accepted(value)) => {
                    if let Some(Authorization::Basic(login, _)) = &authorization {
                        *lock(&self.basic) = Some(login.clone());
                    }
                    if let Some(mut known) = finding_out {
                        known.is_known = true;
                    } else if tries.is_alone {
                        lock(&access).single_use = tries.refusal;
                    }
                    return Ok(value);
                }
                // Refused: try what this challenge asks for.
                Some(Answered::Unauthorized(refusal)) => {
                    let known = finding_out.take().unwrap_or_else(|| lock(&access));
                    authorization = self.retry(call, known, &refusal, authorization, &mut tries)?;
                    tries.refusal = Some(refusal);
                }
                // Not sent: another request learnt meanwhile that the login is refused. Go without.
                None => {
                    finding_out.take().unwrap_or_else(|| lock(&access)).set(None);
                    (authorization, tries.sends) = (None, tries.sends - 1);
                }
            }
        }
    }

    /// Sends. A login that is not known to be good is sent by one request at a time, and not at all
    /// when that one was refused.
    fn send_once<T>(
        &self,
        call: &Call,
        authorization: Option<&Authorization>,
        tries: &Tries,
        read: &mut impl FnMut(&mut Answer) -> Result<T, Failure>,
    ) -> Result<Option<Answered<T>>, Error> {
        let Some((login, is_token)) = authorization.and_then(Authorization::login) else {
            return self.transmit(call, authorization, read).map(Some);
        };
        // A registry that offers tokens beside may not take the login itself: only its answer to
        // what it asked for is final.
        let is_final = is_token || tries.sent_basic;
        let sent = login.attempt(|| {
            let answered = self.transmit(call, authorization, read);
            let verdict = match &answered {
                Ok(Answered::Accepted(_)) => Verdict::Accepted,
                Ok(Answered::Unauthorized(refusal)) if is_final || !refusal.offers_bearer() => {
                    Verdict::Refused
                }
                Ok(Answered::Unauthorized(_)) | Err(_) => Verdict::Open,
            };
            (verdict, answered)
        });
        sent.transpose()
    }

    /// What to send with after a refusal; `known` is the lock on what all requests about the
    /// resource share, for the others wait while a token is fetched.
    fn retry(
        &self,
        call: &Call,
        mut known: MutexGuard<'_, Access>,
        refusal: &Unauthorized,
        used: Option<Authorization>,
        tries: &mut Tries,
    ) -> Result<Option<Authorization>, Error> {
        let is_bearer = matches!(used, Some(Authorization::Bearer(..)));
        let is_renewed = known.is_known && !tries.is_alone && !known.holds(used.as_ref());
        let is_contested = is_bearer && !tries.is_alone && (is_renewed || known.uses > 1);
        // Take the token that another request has fetched meanwhile, once.
        if is_renewed && !tries.is_contested && tries.sends < MAX_SENDS {
            tries.is_contested = is_contested;
            return Ok(known.share());
        }
        // A second token was refused that others use, too: tokens may be good for one request
        // only. Get one for this request alone.
        let is_second = tries.is_contested || tries.tokens > 0;
        if is_contested && is_second && !asks_for_more(call, refusal, tries) {
            drop(known);
            (tries.is_alone, tries.may_repeat) = (true, true);
            return self.next(call, refusal, used.as_ref(), tries).map(Some);
        }
        tries.is_contested |= is_contested;
        let next = self.next(call, refusal, used.as_ref(), tries)?;
        if !tries.is_alone {
            known.set(Some(next.clone()));
        }
        Ok(Some(next))
    }

    /// The `Authorization` to try next, or the error that ends the request.
    fn next(
        &self,
        call: &Call,
        refusal: &Unauthorized,
        used: Option<&Authorization>,
        tries: &mut Tries,
    ) -> Result<Authorization, Error> {
        if tries.sends >= MAX_SENDS {
            return Err(self.give_up(call, refusal, tries));
        }
        let login = self.login(call.resource);
        let usable = login.as_ref().filter(|login| !login.is_refused());
        if let Some(Authorization::RegistryToken(refused, _)) = used {
            // What is public is there without the token, too.
            self.warn(&refused.refused_warning(&self.host(), "with anonymous limits"));
        } else if let Some(login) = usable
            && let Credential::RegistryToken(token) = &login.credential
        {
            // A token of the registry itself goes straight to it, once.
            let header = Secret::new(format!("Bearer {}", token.expose()));
            return Ok(Authorization::RegistryToken(login.clone(), header));
        }
        let is_refused = login.is_some() && usable.is_none();
        let is_explicit = login.as_ref().is_some_and(|login| login.is_explicit);
        let used_basic = matches!(used, Some(Authorization::Basic(..)));
        if is_refused && (is_explicit || used_basic || tries.sent_basic) {
            return Err(self.login_refused(call.resource, refusal.detail.clone()));
        }
        let basic = usable.and_then(Authorization::basic);
        let chosen = challenge::choose(&refusal.challenges, basic.is_some());
        match chosen.map(|index| &refusal.challenges[index]) {
            Some(bearer) if bearer.is_bearer() => {
                let is_offered = refusal.challenges.iter().any(Challenge::is_basic);
                self.bearer(call, refusal, bearer, basic.filter(|_| is_offered), tries)
            }
            None if is_refused => Err(self.login_refused(call.resource, None)),
            None => Err(self.login_needed(call.resource, refusal)),
            Some(_) => {
                tries.sent_basic = true;
                basic.ok_or_else(|| self.login_needed(call.resource, refusal))
            }
        }
    }

    /// A token for a Bearer challenge; Basic, where that is offered beside it, when no token helps.
    fn bearer(
        &self,
        call: &Call,
        refusal: &Unauthorized,
        challenge: &Challenge,
        basic: Option<Authorization>,
        tries: &mut Tries,
    ) -> Result<Authorization, Error> {
        let mut scopes = scopes_of(call, challenge);
        if tries.tokens > 0 {
            scopes.retain(|scope| !tries.scopes.contains(scope));
            let is_useless = scopes.is_empty() && !std::mem::take(&mut tries.may_repeat);
            if is_useless && let Some(basic) = basic {
                tries.sent_basic = true;
                return Ok(basic);
            }
            if is_useless || tries.tokens > 1 {
                return Err(self.give_up(call, refusal, tries));
            }
            // The new scopes go first: some services look at the first one only.
            scopes.append(&mut tries.scopes);
        }
        tries.tokens += 1;
        tries.scopes = scopes;
        match (self.fetch_token(call, refusal, challenge, tries), basic) {
            (Ok(token), _) => {
                let header = Secret::new(format!("Bearer {}", token.value.expose()));
                Ok(Authorization::Bearer(header, token))
            }
            // A service that does not work, beside an offer of Basic: take the offer. A login
            // that the service refuses is not shown to the registry as well.
            (Err(TokenError::Unusable(_)), Some(basic)) => {
                tries.sent_basic = true;
                Ok(basic)
            }
            (Err(TokenError::Unusable(error) | TokenError::Failed(error)), _) => Err(error),
            (Err(TokenError::Refused(..)), _) if tries.withheld_from.is_some() => {
                Err(self.give_up(call, refusal, tries))
            }
            (Err(TokenError::Refused(401, detail)), _) if self.login(call.resource).is_some() => {
                Err(self.login_refused(call.resource, detail))
            }
            (Err(TokenError::Refused(_, detail)), _) => Err(self.forbidden(call.resource, detail)),
        }
    }

    /// Fetches a token: with the login where that is allowed, otherwise anonymously.
    fn fetch_token(
        &self,
        call: &Call,
        refusal: &Unauthorized,
        challenge: &Challenge,
        tries: &mut Tries,
    ) -> Result<Token, TokenError> {
        let text = challenge.parameter("realm").unwrap_or_default();
        let realm = realm::resolve(text, &refusal.url)
            .map_err(|why| TokenError::Failed(self.realm_refused(text, why)))?;
        let mut login = self.login(call.resource).filter(|login| !login.is_refused());
        let registry = refusal.url.origin();
        if !realm::may_have_login(registry, realm.origin(), &self.endpoint.token_hosts)
            && let Some(login) = login.take()
        {
            self.warn(&login.withheld_warning(&self.host(), &realm.origin().authority()));
            tries.withheld_from = Some(realm.origin().clone());
        }
        tries.realm = Some(realm.origin().clone());
        let request = TokenRequest {
            realm: &realm,
            service: challenge.parameter("service"),
            scopes: tries.scopes.clone(),
        };
        let request = self.shorten(call, request).map_err(TokenError::Failed)?;
        let peer = self.token_peer(realm.origin()).map_err(TokenError::Failed)?;
        let fetch = |login: Option<&Credential>| token::fetch(&self.client, &peer, &request, login);
        let Some(login) = login else { return fetch(None) };
        let is_final = login.is_explicit || *call.resource == Resource::Catalog;
        let fetched = login.attempt(|| match fetch(Some(&login.credential)) {
            Ok(token) => (Verdict::Accepted, Ok(token)),
            // Once more without the login. If that fails, too, the login's refusal is reported.
            Err(TokenError::Refused(status, detail)) => {
                let anonymous = if is_final { None } else { fetch(None).ok() };
                let is_refused = status == 401 || anonymous.is_some();
                if anonymous.is_some() {
                    self.warn(&login.refused_warning(&self.host(), "with anonymous limits"));
                }
                let verdict = if is_refused { Verdict::Refused } else { Verdict::Open };
                (verdict, anonymous.ok_or(TokenError::Refused(status, detail)))
            }
            Err(other) => (Verdict::Open, Err(other)),
        });
        match fetched {
            Some(fetched) => fetched,
            None if login.is_explicit => {
                Err(TokenError::Failed(self.login_refused(call.resource, None)))
            }
            None => fetch(None),
        }
    }

    /// Leaves scopes out where they would make a URL that no server takes.
    fn shorten<'a>(
        &self,
        call: &Call,
        mut request: TokenRequest<'a>,
    ) -> Result<TokenRequest<'a>, Error> {
        let asked = request.scopes.len();
        if !request.shorten(|scope| call.resource.is_meant_by(scope)) {
            return Err(self.refuse("the URL of its token service is longer than 16 KiB", ""));
        }
        if request.scopes.len() < asked {
            self.warn(&format!(
                "{} asks for {asked} scopes, too many for one request: only {} requested",
                self.host(),
                match request.scopes.len() {
                    1 => "1 is".to_owned(),
                    count => format!("{count} are"),
                },
            ));
        }
        Ok(request)
    }

    /// The error after everything that could be tried was tried.
    fn give_up(&self, call: &Call, refusal: &Unauthorized, tries: &Tries) -> Error {
        let is_rejected = refusal
            .challenges
            .iter()
            .any(|challenge| challenge.parameter("error") == Some("invalid_token"));
        if self.login(call.resource).is_some_and(|login| login.is_refused()) {
            return self.login_refused(call.resource, refusal.detail.clone());
        }
        match (&tries.withheld_from, &tries.realm) {
            (Some(realm), _) => self.login_withheld(call.resource, realm),
            (None, Some(realm)) if is_rejected => {
                Error::TokenRejected { host: self.host(), realm: realm.authority() }
            }
            _ => self.forbidden(call.resource, None),
        }
    }
}

/// The scopes that a challenge asks for; our own where it names none.
fn scopes_of(call: &Call, challenge: &Challenge) -> Vec<String> {
    let mut scopes = challenge.scopes();
    if scopes.is_empty() {
        scopes.extend(call.resource.default_scope());
    }
    scopes
}

/// Whether a challenge gives a reason why the last token does not do, other than that others used
/// it.
fn asks_for_more(call: &Call, refusal: &Unauthorized, tries: &Tries) -> bool {
    let bearer = refusal.challenges.iter().find(|challenge| challenge.is_bearer());
    bearer.is_none_or(|challenge| {
        let is_new = |scope| !tries.scopes.contains(scope);
        challenge.parameter("error") == Some("insufficient_scope")
            || (tries.tokens > 0 && scopes_of(call, challenge).iter().any(is_new))
    })
}
