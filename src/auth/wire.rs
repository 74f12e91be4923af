//! One request on the wire: redirects, the loopback registry that may speak plain http, and whose
//! connection settings apply to which host.

use std::sync::Arc;

use super::challenge::{self, Challenge};
use super::{Authorization, Call, Session};
use crate::error::{Error, Network};
use crate::http::address::Reach;
use crate::http::{self, Answer, Failure, Peer, Request};
use crate::oci::url::{Origin, Scheme, Url};
use crate::system::lock;

/// The most redirects that are followed for one request.
const MAX_REDIRECTS: u32 = 5;

/// A `401` as far as it matters.
#[derive(Debug, Clone)]
pub(super) struct Unauthorized {
    pub challenges: Vec<Challenge>,
    pub url: Url,
    /// The registry's own words.
    pub detail: Option<String>,
    pub date: Option<std::time::SystemTime>,
}

impl Unauthorized {
    pub(super) fn offers_bearer(&self) -> bool {
        self.challenges.iter().any(Challenge::is_bearer)
    }
}

/// How a request was answered, if not with an error.
pub(super) enum Answered<T> {
    Accepted(T),
    /// A `401` of the registry itself.
    Unauthorized(Unauthorized),
}

/// The same for one hop.
enum Hop<T> {
    Final(Answered<T>),
    Redirect { from: Origin, to: Url },
}

impl Session {
    /// Sends once, following redirects.
    pub(super) fn transmit<T>(
        &self,
        call: &Call,
        authorization: Option<&Authorization>,
        read: &mut impl FnMut(&mut Answer) -> Result<T, Failure>,
    ) -> Result<Answered<T>, Error> {
        let mut exchange = |peer: &Peer, url: Url, is_home: bool, probe: bool| {
            let mut request = Request::new(call.method, url);
            request.accept = call.accept;
            let authorization = authorization.filter(|_| is_home);
            request.authorization = authorization.map(|auth| auth.header().clone());
            request.probe = probe;
            self.client.exchange(peer, &request, |answer| self.classify(call, answer, read))
        };
        let path = format!("{}{}", self.endpoint.prefix, call.path);
        let url = |origin: &Origin| origin.url(&path, call.query);
        // A loopback registry may speak plain http: the first request finds out, the others wait.
        let mut origin = lock(&self.origin);
        let mut home = origin.clone().unwrap_or_else(|| self.endpoint.origin.clone());
        let mut hop = None;
        if origin.is_none() {
            let probed = exchange(&self.peer, url(&home), true, true);
            if speaks_no_tls(&probed) {
                home = home.with_scheme(Scheme::Http);
                *origin = Some(home.clone());
            } else {
                if !matches!(probed, Err(Error::Network { .. })) {
                    *origin = Some(home.clone());
                }
                hop = Some(probed?);
            }
        }
        drop(origin);
        let mut hop = match hop {
            Some(hop) => hop,
            None => exchange(&self.peer, url(&home), true, false)?,
        };
        // The login stays behind where a redirect first leaves the registry's origin, for good.
        let mut at_home = true;
        for _ in 0..MAX_REDIRECTS {
            let Hop::Redirect { from, to } = hop else { break };
            if from.scheme() == Scheme::Https && to.origin().scheme() == Scheme::Http {
                let theirs = to.origin().authority();
                let what = format!("it redirects to {theirs}, which is not https");
                return Err(self.refuse(&what, ""));
            }
            let is_home = *to.origin() == home;
            let peer = if is_home { self.peer.clone() } else { self.foreign(to.origin())? };
            at_home &= is_home;
            hop = exchange(&peer, to, at_home, false)?;
        }
        match hop {
            Hop::Final(Answered::Unauthorized(refusal)) if !at_home => {
                Err(self.foreign_challenge(&refusal))
            }
            Hop::Final(answered) => Ok(answered),
            Hop::Redirect { .. } => Err(self.refuse("it redirects in a loop", "")),
        }
    }

    /// Tells the answers that this room deals with from those that the caller wants.
    fn classify<T>(
        &self,
        call: &Call,
        answer: &mut Answer,
        read: &mut impl FnMut(&mut Answer) -> Result<T, Failure>,
    ) -> Result<Hop<T>, Failure> {
        match answer.status() {
            401 => {
                let challenges = challenge::parse(answer.headers("www-authenticate"));
                self.note_product(answer, &challenges);
                let (url, detail) = (answer.url().clone(), answer.detail());
                Ok(Hop::Final(Answered::Unauthorized(Unauthorized {
                    challenges,
                    url,
                    detail,
                    date: answer.date(),
                })))
            }
            403 => {
                let detail = answer.detail();
                Err(self.forbidden(call.resource, detail).into())
            }
            _ if answer.is_redirect() => {
                let location = answer.header("location").unwrap_or_default();
                let location = String::from_utf8_lossy(location).into_owned();
                if location.trim().is_empty() {
                    return Err(self.refuse("it redirects without naming a target", "").into());
                }
                let to = answer.url().join(&location).map_err(|why| {
                    let location = answer.quoted(&location);
                    self.refuse(&format!("it redirects to \"{location}\": {why}"), "")
                })?;
                Ok(Hop::Redirect { from: answer.url().origin().clone(), to })
            }
            _ => {
                self.note_product(answer, &[]);
                read(answer).map(|value| Hop::Final(Answered::Accepted(value)))
            }
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

    /// A token service on the registry's own host shares its TLS settings, and its connections.
    pub(super) fn token_peer(&self, realm: &Origin) -> Result<Arc<Peer>, Error> {
        let ours = &self.endpoint.origin;
        if realm.host() != ours.host() {
            return self.foreign(realm);
        }
        // It is not known that another port is inside as well, unless all of the host is.
        let is_known = realm.port() == ours.port() || ours.ip().is_some();
        if is_known || self.endpoint.reach == Reach::Loopback || self.client.is_private(ours) {
            return Ok(self.peer.clone());
        }
        let own = || Arc::new(Peer::new(self.endpoint.tls.clone(), Reach::OwnPublic));
        Ok(lock(&self.foreign).entry(format!("{realm}, its own")).or_insert_with(own).clone())
    }
}

/// Whether a probe found that TLS is not spoken. Whoever finished the handshake and is slow since
/// then does speak it.
fn speaks_no_tls<T>(probed: &Result<T, Error>) -> bool {
    matches!(
        probed,
        Err(Error::Network { cause: Network::Tls(_) | Network::Timeout(http::CONNECTING, _), .. })
    )
}
