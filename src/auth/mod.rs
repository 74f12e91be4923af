//! Authentication: the machine that turns a `401` into an answer.
//!
//! Nothing about any registry is hard-coded and nothing is pinged. A request goes out with what
//! its repository's `Slot` knows (nothing, at first); a `401` says which token is wanted, from
//! whom, for which scope; the token is fetched and the request sent again. Every way through is
//! bounded: a request is sent at most three times. While a slot knows nothing, one request finds
//! out and the others wait, so that fifty requests cost one challenge and one token.

pub(crate) mod challenge;
pub(crate) mod endpoint;

pub(crate) mod realm;
mod refusal;
mod respond;
mod slot;
pub(crate) mod token;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Network};
use crate::http::address::Reach;
use crate::http::url::{Origin, Scheme, Url, quoted};
use crate::http::{self, Answer, Client, Failure, Method, Peer, Request};
pub(crate) use crate::login::Login;
use crate::login::Trial;
use challenge::Challenge;
use endpoint::Endpoint;
use respond::History;
use slot::{Authorization, Slot, same};

/// The most often that one request is sent.
const MAX_SENDS: u32 = 3;
/// The most redirects that are followed for one request.
const MAX_REDIRECTS: u32 = 5;

/// What a request is about: requests about the same thing share a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    /// `GET /v2/`.
    Base,
    /// The list of repositories.
    Catalog,
    /// A repository; the flag says that it holds a Docker plugin.
    Repository(String, bool),
}

impl Resource {
    /// The scope to ask for when a challenge names none.
    fn default_scope(&self) -> Option<String> {
        match self {
            Resource::Base | Resource::Catalog => None,
            Resource::Repository(name, false) => Some(format!("repository:{name}:pull")),
            Resource::Repository(name, true) => Some(format!("repository(plugin):{name}:pull")),
        }
    }
}

/// Finds the login when the first challenge asks for one: open registries never cause a look-up.
/// The repository is the one that the request is about, if it is about one; the same login is
/// always the same object.
pub(crate) type LoginSource = Box<dyn Fn(Option<&str>) -> Option<Arc<Login>> + Send + Sync>;

/// A request to a registry's API.
#[derive(Debug, Clone)]
pub(crate) struct Call<'a> {
    /// The method.
    pub method: Method,
    /// The path, from `/v2/` on.
    pub path: &'a str,
    /// The query, without its question mark.
    pub query: Option<&'a str>,
    /// The `Accept` header.
    pub accept: Option<&'static str>,
    /// What it is about.
    pub resource: &'a Resource,
}

/// A registry as this run talks to it. Shared by all threads.
pub(crate) struct Session {
    client: Arc<Client>,
    endpoint: Endpoint,
    peer: Arc<Peer>,
    /// Connections to hosts and ports that the registry names, one set for each.
    foreign: Mutex<HashMap<String, Arc<Peer>>>,
    /// The origin that answers: the endpoint's, or for a loopback registry what the probe found.
    origin: Mutex<Option<Origin>>,
    source: LoginSource,
    /// The logins found so far, by repository.
    logins: Mutex<HashMap<Option<String>, Option<Arc<Login>>>>,
    slots: Mutex<HashMap<Resource, Arc<Mutex<Slot>>>>,
}

/// How a request without a login was answered.
#[derive(Debug)]
pub(crate) struct Ping {
    /// The status.
    pub status: u16,
    /// What the registry wants, if it wants something that we know.
    pub challenge: Option<Challenge>,
}

/// A `401` as far as it matters.
struct Unauthorized {
    challenges: Vec<Challenge>,
    url: Url,
    detail: Option<String>,
}

/// How one send ended, if not in an error.
enum Sent<T> {
    Answered(T),
    Unauthorized(Unauthorized),
    Redirect { from: Origin, to: Url },
}

impl Session {
    /// A session with nothing known and no connection open.
    pub(crate) fn new(client: Arc<Client>, endpoint: Endpoint, source: LoginSource) -> Self {
        let peer = Arc::new(Peer::new(endpoint.tls.clone(), endpoint.reach));
        Session {
            client,
            peer,
            foreign: Mutex::default(),
            origin: Mutex::new((!endpoint.probe).then(|| endpoint.origin.clone())),
            endpoint,
            source,
            logins: Mutex::default(),
            slots: Mutex::default(),
        }
    }

    /// Where requests go.
    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Tells the user something, once.
    pub(crate) fn warn(&self, text: &str) {
        self.client.reporter().warn(text);
    }

    /// The login for a resource, looked up at the first call.
    pub(crate) fn login(&self, resource: &Resource) -> Option<Arc<Login>> {
        let repository = match resource {
            Resource::Repository(name, _) => Some(name.clone()),
            Resource::Base | Resource::Catalog => None,
        };
        // Held while programs run: other threads wait for the answer.
        let mut logins = lock(&self.logins);
        let find = |repository: &Option<String>| (self.source)(repository.as_deref());
        logins.entry(repository).or_insert_with_key(find).clone()
    }

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
        let slot = self.slot(call.resource);
        let mut guard = lock(&slot);
        if guard.authorization.as_ref().is_some_and(|auth| !auth.is_fresh()) {
            *guard = Slot::default();
        }
        let mut used = guard.authorization.clone();
        // While nothing is known the slot stays locked: this request finds out for all.
        let known = guard.known;
        let mut gate = Some(guard).filter(|_| !known);
        let mut history = History::default();
        loop {
            if !self.admit(call, used.as_ref(), &mut history) {
                *gate.take().unwrap_or_else(|| lock(&slot)) =
                    Slot { known: true, authorization: None };
                used = None;
            }
            history.sends += 1;
            let refusal = match self.transmit(call, used.as_ref(), &mut read)? {
                Ok(value) => {
                    history.trial.take().into_iter().for_each(Trial::accept);
                    if let Some(mut slot) = gate.take() {
                        slot.known = true;
                    }
                    return Ok(value);
                }
                Err(refusal) => refusal,
            };
            let mut state = gate.take().unwrap_or_else(|| lock(&slot));
            let renewed = state.known && !same(state.authorization.as_ref(), used.as_ref());
            if renewed && history.sends < MAX_SENDS {
                used = state.authorization.clone();
                continue;
            }
            let next = self.respond(call, &refusal, used.as_ref(), &mut history)?;
            *state = Slot { known: true, authorization: Some(next.clone()) };
            used = Some(next);
        }
    }

    /// Sends once, following redirects. The inner error is a `401` of the registry itself.
    fn transmit<T>(
        &self,
        call: &Call,
        authorization: Option<&Authorization>,
        read: &mut impl FnMut(&mut Answer) -> Result<T, Failure>,
    ) -> Result<Result<T, Unauthorized>, Error> {
        let mut sent = self.with_origin(call, read, authorization)?;
        let home = lock(&self.origin).clone().unwrap_or_else(|| self.endpoint.origin.clone());
        // The login stays behind where a redirect first leaves the registry's origin, for good.
        let mut at_home = true;
        for _ in 0..MAX_REDIRECTS {
            let Sent::Redirect { from, to } = sent else { break };
            if from.scheme() == Scheme::Https && to.origin().scheme() == Scheme::Http {
                let theirs = to.origin().authority();
                let what = format!("it redirects to {theirs}, which is not https");
                return Err(self.refuse(&what, ""));
            }
            let peer =
                if *to.origin() == home { self.peer.clone() } else { self.foreign(to.origin())? };
            at_home &= *to.origin() == home;
            sent = self.once(call, &peer, &to, authorization.filter(|_| at_home), false, read)?;
        }
        match sent {
            Sent::Answered(value) => Ok(Ok(value)),
            Sent::Unauthorized(refusal) if at_home => Ok(Err(refusal)),
            Sent::Unauthorized(refusal) => Err(self.foreign_challenge(&refusal)),
            Sent::Redirect { .. } => Err(self.refuse("it redirects in circles", "")),
        }
    }

    /// Sends to the registry's own origin; for a loopback registry finds out its scheme first.
    fn with_origin<T>(
        &self,
        call: &Call,
        read: &mut impl FnMut(&mut Answer) -> Result<T, Failure>,
        authorization: Option<&Authorization>,
    ) -> Result<Sent<T>, Error> {
        let mut known = lock(&self.origin);
        if let Some(origin) = known.clone() {
            drop(known);
            return self.once(
                call,
                &self.peer,
                &self.url(call, &origin),
                authorization,
                false,
                read,
            );
        }
        // The lock is held: one request probes, the others wait for what it finds.
        let origin = self.endpoint.origin.clone();
        let first =
            self.once(call, &self.peer, &self.url(call, &origin), authorization, true, read);
        // Whoever finished the handshake and is slow since then does speak TLS.
        let speaks_no_tls = matches!(
            &first,
            Err(Error::Network {
                cause: Network::Tls(_) | Network::Timeout(http::CONNECTING, _),
                ..
            })
        );
        if !speaks_no_tls {
            if !matches!(first, Err(Error::Network { .. })) {
                *known = Some(origin);
            }
            return first;
        }
        let origin = origin.with_scheme(Scheme::Http);
        *known = Some(origin.clone());
        drop(known);
        self.once(call, &self.peer, &self.url(call, &origin), authorization, false, read)
    }

    fn url(&self, call: &Call, origin: &Origin) -> Url {
        origin.url(&format!("{}{}", self.endpoint.prefix, call.path), call.query)
    }

    fn once<T>(
        &self,
        call: &Call,
        peer: &Peer,
        url: &Url,
        authorization: Option<&Authorization>,
        probe: bool,
        read: &mut impl FnMut(&mut Answer) -> Result<T, Failure>,
    ) -> Result<Sent<T>, Error> {
        let mut request = Request::new(call.method, url.clone());
        request.accept = call.accept;
        request.authorization = authorization.map(|auth| auth.header().clone());
        request.probe = probe;
        self.client.exchange(peer, &request, |answer| self.sort(call, answer, read))
    }

    /// Tells the answers that this module deals with from those that the caller wants.
    fn sort<T>(
        &self,
        call: &Call,
        answer: &mut Answer,
        read: &mut impl FnMut(&mut Answer) -> Result<T, Failure>,
    ) -> Result<Sent<T>, Failure> {
        match answer.status() {
            401 => {
                let challenges = challenge::parse(answer.headers("www-authenticate"));
                let (url, detail) = (answer.url().clone(), answer.detail());
                Ok(Sent::Unauthorized(Unauthorized { challenges, url, detail }))
            }
            403 => {
                let detail = answer.detail();
                Err(self.forbidden(call.resource, detail).into())
            }
            _ if answer.is_redirect() => {
                let location = answer.header("location").unwrap_or_default();
                let location = String::from_utf8_lossy(location).into_owned();
                if location.trim().is_empty() {
                    return Err(self.refuse("it redirects to nowhere", "").into());
                }
                let to = answer.url().join(&location).map_err(|why| {
                    let location = quoted(&location);
                    self.refuse(&format!("it redirects to \"{location}\": {why}"), "")
                })?;
                Ok(Sent::Redirect { from: answer.url().origin().clone(), to })
            }
            _ => read(answer).map(Sent::Answered),
        }
    }

    /// The peer for a host that the registry names: none of the registry's TLS settings, only the
    /// authorities that are stored for that host itself, and no way into this machine's network
    /// unless the registry is there.
    fn foreign(&self, origin: &Origin) -> Result<Arc<Peer>, Error> {
        let host = origin.authority();
        let mut peers = lock(&self.foreign);
        if let Some(peer) = peers.get(&host) {
            return Ok(peer.clone());
        }
        let reach = if self.client.is_private(&self.endpoint.origin) {
            Reach::ForeignPrivate
        } else {
            Reach::ForeignPublic
        };
        let tls = self.endpoint.directories.authorities_of(&host)?;
        let peer = Arc::new(Peer::new(Arc::new(tls), reach));
        peers.insert(host, peer.clone());
        Ok(peer)
    }

    /// Sends a request without any login and says how it was answered.
    ///
    /// # Errors
    /// Failures of the network, and a status that is neither 2xx nor 401.
    pub(crate) fn ping(&self, call: &Call) -> Result<Ping, Error> {
        let mut read = |answer: &mut Answer| match answer.status() {
            status @ 200..=299 => Ok(Ping { status, challenge: None }),
            status => {
                let (host, detail) = (answer.host(), answer.detail());
                Err(Error::Server { host, status, detail }.into())
            }
        };
        Ok(match self.transmit(call, None, &mut read)? {
            Ok(ping) => ping,
            Err(Unauthorized { challenges, .. }) => {
                let chosen = challenge::choose(&challenges, true);
                let challenge = chosen.map(|index| challenges[index].clone());
                Ping { status: 401, challenge }
            }
        })
    }

    /// Where requests go, as far as that is known by now.
    pub(crate) fn address(&self) -> String {
        let origin = lock(&self.origin).clone();
        let origin = origin.unwrap_or_else(|| self.endpoint.origin.clone());
        format!("{origin}{}", self.endpoint.prefix)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
