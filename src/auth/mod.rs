//! Authentication: the loop that turns a `401` into an answer.
//!
//! Nothing about any registry is hard-coded and nothing is pinged. A request goes out with what is
//! known of its repository (nothing, at first). A `401` says which token is needed, from whom, for
//! which scope. The token is fetched and the request sent again, at most three times in all. Fifty
//! requests cost one challenge and one token: while nothing is known of a repository, one request
//! finds out and the others wait.
//!
//! Read `session` first, the loop; then `challenge` (what a registry asks for), `realm` (where a
//! login may go) and `token` (how one is fetched). `wire` sends one request, `access` holds
//! what all requests about one repository share, `refusal` has the errors. `product` knows Quay and Harbor. This room knows neither what is asked for (`registry`) nor where logins come from
//! (`login`).

mod access;
pub(crate) mod challenge;
pub(crate) mod endpoint;
mod product;
pub(crate) mod realm;
mod refusal;
mod session;
pub(crate) mod token;
mod wire;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::SystemTime;

use crate::error::Error;
use crate::http::{Answer, Client, Method, Peer};
use crate::login::{Login, Lookup};
use crate::oci::reference::Repository;
use crate::oci::url::{Origin, Scheme};
use crate::system::lock;
use crate::system::secret::Secret;
use access::{Access, Authorization};
use challenge::Challenge;
use endpoint::Endpoint;
pub(crate) use product::Product;
use wire::Answered;

/// What a request is about: requests about the same thing share a token.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Resource {
    /// `GET /v2/`.
    Base,
    Catalog,
    /// A repository; the flag says that it holds a Docker plugin.
    Repository(Repository, bool),
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

    /// Whether a scope that a challenge names is about this.
    fn is_meant_by(&self, scope: &str) -> bool {
        match self {
            Resource::Base => false,
            Resource::Catalog => scope.starts_with("registry:catalog:"),
            Resource::Repository(name, _) => scope
                .split_once(':')
                .and_then(|(_, rest)| rest.strip_prefix(name.as_str()))
                .is_some_and(|actions| actions.starts_with(':')),
        }
    }
}

/// Finds the login when the first challenge asks for one: open registries never cause a lookup.
/// The repository is the one that the request is about, if it is about one.
pub(crate) type LoginSource = Box<dyn Fn(Option<&Repository>) -> Lookup + Send + Sync>;

/// A request to a registry's API.
#[derive(Debug, Clone)]
pub(crate) struct Call<'a> {
    pub method: Method,
    /// From `/v2/` on.
    pub path: &'a str,
    /// Without its question mark.
    pub query: Option<&'a str>,
    pub accept: Option<&'static str>,
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
    /// What the registry is, and which origin gave it away.
    product: OnceLock<product::Seen>,
    source: LoginSource,
    /// The logins found so far.
    logins: Mutex<HashMap<Option<Repository>, Lookup>>,
    accesses: Mutex<HashMap<Resource, Arc<Mutex<Access>>>>,
    /// The login that the registry accepted as Basic.
    basic: Mutex<Option<Arc<Login>>>,
}

/// How a request without a login was answered.
#[derive(Debug)]
pub(crate) struct Ping {
    pub status: u16,
    /// What the registry wants, if it wants something that we know.
    pub challenge: Option<Challenge>,
    /// The time by the registry's clock.
    pub date: Option<SystemTime>,
}

impl Session {
    /// A session with nothing known and no connection open.
    pub(crate) fn new(client: Arc<Client>, endpoint: Endpoint, source: LoginSource) -> Self {
        Session {
            client,
            peer: Arc::new(Peer::new(endpoint.tls.clone(), endpoint.reach)),
            foreign: Mutex::default(),
            origin: Mutex::new((!endpoint.probe).then(|| endpoint.origin.clone())),
            endpoint,
            product: OnceLock::new(),
            source,
            logins: Mutex::default(),
            accesses: Mutex::default(),
            basic: Mutex::default(),
        }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Tells the user something, once.
    pub(crate) fn warn(&self, text: &str) {
        self.client.reporter().warn(text);
    }

    /// Sends a request without any login and says how it was answered.
    ///
    /// # Errors
    /// Failures of the network, and a status that is neither 2xx nor 401.
    pub(crate) fn ping(&self, call: &Call) -> Result<Ping, Error> {
        let mut read = |answer: &mut Answer| match answer.status() {
            status @ 200..=299 => Ok(Ping { status, challenge: None, date: answer.date() }),
            status => {
                let (host, detail) = (answer.host(), answer.detail());
                Err(Error::Server { host, status, detail }.into())
            }
        };
        Ok(match self.transmit(call, None, &mut read)? {
            Answered::Accepted(ping) => ping,
            Answered::Unauthorized(refusal) => {
                let chosen = challenge::choose(&refusal.challenges, true);
                let challenge = chosen.map(|index| refusal.challenges[index].clone());
                Ping { status: 401, challenge, date: refusal.date }
            }
        })
    }

    /// Where requests go, as far as that is known by now.
    pub(crate) fn address(&self) -> String {
        format!("{}{}", self.home(), self.endpoint.prefix)
    }

    /// Whether requests and login go over an unencrypted connection.
    pub(crate) fn is_plain_http(&self) -> bool {
        self.home().scheme() == Scheme::Http
    }

    /// The bearer token with which requests about a resource are sent, if they are, and its lifetime
    /// in seconds where the token service states it.
    pub(crate) fn token_for(&self, resource: &Resource) -> Option<(Secret, Option<u64>)> {
        lock(&self.access(resource)).authorization.as_ref().and_then(Authorization::bearer_token)
    }

    /// The registry's name, for messages.
    fn host(&self) -> String {
        self.endpoint.registry.to_string()
    }

    fn home(&self) -> Origin {
        lock(&self.origin).clone().unwrap_or_else(|| self.endpoint.origin.clone())
    }

    /// The login for a resource, looked up at the first call.
    fn lookup(&self, resource: &Resource) -> Lookup {
        let repository = match resource {
            Resource::Repository(name, _) => Some(name.clone()),
            Resource::Base | Resource::Catalog => None,
        };
        // Held while programs run: other threads wait for the answer.
        let mut logins = lock(&self.logins);
        let find = |repository: &Option<Repository>| (self.source)(repository.as_ref());
        logins.entry(repository).or_insert_with_key(find).clone()
    }

    fn login(&self, resource: &Resource) -> Option<Arc<Login>> {
        self.lookup(resource).login
    }
}
