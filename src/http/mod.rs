//! HTTP: the only user of ureq.
//!
//! One exchange is a request and its whole answer, with time limits, size limits, retries, the
//! log of `-v` and a per-host clock that lets one "too many requests" slow down every worker. A
//! [`Peer`] is a set of kept connections with one TLS setting and one address policy; nothing of
//! it applies to another host. Redirects are never followed here, `Authorization` is sent only
//! where the caller put it, and no answer is decompressed.

pub(crate) mod address;
pub(crate) mod answer;
pub(crate) mod certs;
mod connect;
mod failure;
mod forward;
pub(crate) mod link;
mod pace;
pub(crate) mod proxy;
mod request;
mod resolve;
mod retry;
mod tcp;
pub(crate) mod tls;
mod waiting;
pub(crate) use crate::oci::url;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use ureq::unversioned::transport::{ConnectProxyConnector, Connector};

use crate::error::Error;
use crate::system::lock;
use crate::system::report::Reporter;
use address::Reach;
pub(crate) use answer::{Answer, Failure};
use connect::{ConnectFailure, TlsConnector, fail};
use failure::{bad_connection, refused_address};
use forward::ForwardConnector;
use pace::Pace;
pub(crate) use request::Form;
pub use request::{Method, Request};
use resolve::{AddressCache, PolicyResolver};
use retry::Retry;
use tcp::TcpConnector;
use tls::TlsSettings;
use url::{OWN_PARAMETERS, Url};
use waiting::Waiting;

const CONNECT_LIMIT: Duration = Duration::from_secs(10);
const HEADER_LIMIT: Duration = Duration::from_secs(45);
const BODY_LIMIT: Duration = Duration::from_secs(60);
/// The time for the TLS handshake that finds out whether a loopback registry speaks TLS.
const PROBE_LIMIT: Duration = Duration::from_secs(3);
/// What is waited for until a connection is open, its TLS handshake included.
pub(crate) const CONNECTING: &str = "connecting";
const MOMENT: Duration = Duration::from_millis(10);
const READING: &str = "reading the response";
/// Room for the headers of a response, of which ureq takes 64 KiB. Its own size is twice that, and
/// clearing it for each connection is a quarter of a short run.
const INPUT_BUFFER: usize = 68 * 1024;
const IDLE_LIMIT: Duration = Duration::from_secs(60);

/// Limits and counts that the user may set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The longest wait for a connection, for an answer's header, and for its body, each.
    pub timeout: Option<Duration>,
    /// How often a failed request is repeated.
    pub retries: u32,
    /// How many connections to one host are kept.
    pub connections: usize,
    /// Whether the terminal says which host is waited for.
    pub shows_waiting: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { timeout: None, retries: 3, connections: 8, shows_waiting: false }
    }
}

/// The HTTP client of a run. Shared by all threads.
#[derive(Debug)]
pub struct Client {
    settings: Settings,
    proxies: proxy::Proxies,
    reporter: Arc<Reporter>,
    addresses: Arc<AddressCache>,
    pace: Pace,
    waiting: Option<Arc<Waiting>>,
}

/// Kept connections with one TLS setting and one address policy.
#[derive(Debug)]
pub struct Peer {
    tls: Arc<TlsSettings>,
    reach: Reach,
    /// The agents, by whether there is a proxy, and by the scheme that they carry.
    agents: Mutex<HashMap<(bool, url::Scheme), ureq::Agent>>,
    /// Whether any request was answered: a refused connection is then a restart, not a typo.
    answered: AtomicBool,
    /// The time that a probe took which found no TLS: the next request has that much less.
    probed: Mutex<Duration>,
}

impl Peer {
    /// A peer without connections yet.
    pub fn new(tls: Arc<TlsSettings>, reach: Reach) -> Self {
        let (agents, answered, probed) = Default::default();
        Peer { tls, reach, agents, answered, probed }
    }
}

impl Client {
    /// A client with the environment's proxies.
    pub fn new(settings: Settings, proxies: proxy::Proxies, reporter: Arc<Reporter>) -> Self {
        let (addresses, pace) = Default::default();
        proxies.note_secrets(reporter.sent());
        let waiting = settings.shows_waiting.then(|| Waiting::new(reporter.clone()));
        Client { settings, proxies, reporter, addresses, pace, waiting }
    }

    /// The run's channel to stderr.
    pub fn reporter(&self) -> &Reporter {
        &self.reporter
    }

    /// A URL that a server named, for a message.
    pub fn quoted(&self, text: &str) -> String {
        url::quoted(&self.reporter.sent().hide(text))
    }

    /// Whether a host is on this machine's own or a private network, as far as is known.
    pub fn is_private(&self, origin: &url::Origin) -> bool {
        match origin.ip() {
            Some(ip) => address::kind(ip) == address::Kind::Private,
            None => self.addresses.is_private(origin.host()),
        }
    }

    /// Sends a request and reads its answer with `read`, repeating both where that may help.
    ///
    /// `read` sees every status but those that mean "try again later" (408, 429, 500, 502 …),
    /// which become errors when repeating did not help.
    ///
    /// # Errors
    /// What `read` returns; network failures; addresses that are not allowed; rate limits.
    pub fn exchange<T>(
        &self,
        peer: &Peer,
        request: &Request,
        mut read: impl FnMut(&mut Answer) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        self.check_target(&request.url, peer.reach)?;
        let host = request.url.origin().authority();
        let retries = if request.probe { 0 } else { self.settings.retries };
        let mut made = 0;
        let mut stale = false;
        loop {
            let turn = self.pace.turn(&host).map_err(|wait| {
                let (host, wait) = (host.clone(), Some(wait));
                Error::RateLimited { host, wait, pulls: false }
            })?;
            made += 1;
            let failure = match self.attempt(peer, request, &host, &mut read) {
                Ok(value) => return Ok(value),
                Err(failure) => failure,
            };
            // Whoever waits to try again is not in the way of others.
            drop(turn);
            let at_once = failure.retry == Retry::AtOnce;
            let retry = if at_once && stale { Retry::Usual } else { failure.retry };
            if retry == Retry::AtOnce {
                stale = true;
                made -= 1;
            }
            match retry::wait_before(retry, made, retries) {
                Some(wait) if !request.probe => {
                    self.log_retry(&failure.error, wait);
                    std::thread::sleep(wait);
                }
                _ => return Err(failure.error),
            }
        }
    }

    fn log_retry(&self, error: &Error, wait: Duration) {
        if self.reporter.is_verbose() {
            self.reporter.log(&format!("{error}; retrying in {} ms", wait.as_millis()));
        }
    }

    /// One request and its answer, logged.
    fn attempt<T>(
        &self,
        peer: &Peer,
        request: &Request,
        host: &str,
        read: &mut impl FnMut(&mut Answer) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let started = Instant::now();
        let _waiting = self.waiting.as_ref().map(|waiting| waiting.begin(host));
        request.note_secrets(self.reporter.sent());
        tcp::take_opened();
        let sent = self.send(peer, request);
        let opened = tcp::take_opened();
        let log = |outcome: &str| {
            if self.reporter.is_verbose() {
                let is_foreign = peer.reach.is_foreign();
                let shown = if is_foreign { request.logged } else { OWN_PARAMETERS };
                let (method, url) = (request.method.as_str(), request.url.redacted(shown));
                let millis = started.elapsed().as_millis();
                self.reporter.log(&format!("{method} {url} -> {outcome}, {millis} ms"));
            }
        };
        let response = match sent {
            Ok(response) => response,
            Err(error) => {
                if request.probe {
                    *lock(&peer.probed) = started.elapsed();
                }
                let failure = self.send_failure(peer, request, error, opened);
                log(&failure.error.to_string());
                return Err(failure);
            }
        };
        peer.answered.store(true, Ordering::Relaxed);
        let limit = self.limit(BODY_LIMIT);
        let mut answer = Answer::new(response, request, limit, self.reporter.clone());
        self.pass_on_warning(&answer, host);
        let early = self
            .busy_failure(&mut answer, host)
            .or_else(|| bad_connection(&mut answer, request, host))
            .or_else(|| self.proxy_failure(&answer, request, host));
        let outcome = match early {
            Some(failure) => Err(failure),
            None => answer.check_encoding().and_then(|()| read(&mut answer)),
        };
        answer.drain();
        log(&format!("{}, {} bytes", answer.status(), answer.bytes_read()));
        outcome
    }

    fn send(
        &self,
        peer: &Peer,
        request: &Request,
    ) -> Result<ureq::http::Response<ureq::Body>, ureq::Error> {
        let agent = self.agent(peer, &request.url)?;
        let mut builder = ureq::http::Request::builder()
            .method(request.method.as_str())
            .uri(request.url.to_string());
        if let Some(accept) = request.accept {
            builder = builder.header("accept", accept);
        }
        if let Some(authorization) = &request.authorization {
            builder = builder.header("authorization", authorization.expose());
        }
        match &request.body {
            Some(form) => {
                let builder = builder.header("content-type", form.content_type);
                agent.run(builder.body(form.text.expose())?)
            }
            None => {
                let request_body = builder.body(())?;
                let spent = std::mem::take(&mut *lock(&peer.probed));
                if request.probe {
                    let configured = agent.configure_request(request_body);
                    agent.run(configured.timeout_connect(Some(self.probe_limit())).build())
                } else if spent.is_zero() {
                    agent.run(request_body)
                } else {
                    // No limit at all is what zero would mean.
                    let left = |limit| Some(self.limit(limit).saturating_sub(spent).max(MOMENT));
                    let configured = agent.configure_request(request_body);
                    let configured = configured.timeout_connect(left(CONNECT_LIMIT));
                    agent.run(configured.timeout_recv_response(left(HEADER_LIMIT)).build())
                }
            }
        }
    }

    /// The agent for a URL: direct, or through the proxy that the environment names for it.
    fn agent(&self, peer: &Peer, url: &Url) -> Result<ureq::Agent, ureq::Error> {
        let proxy = self.proxies.for_origin(url.origin());
        let route = (proxy.is_some(), url.origin().scheme());
        let mut agents = lock(&peer.agents);
        if let Some(agent) = agents.get(&route) {
            return Ok(agent.clone());
        }
        let proxy = proxy.map(proxy::Proxy::parsed).transpose();
        let proxy = proxy.map_err(|why| fail(ConnectFailure::ProxyVariable(why)))?.cloned();
        // An https proxy needs TLS below the request, which only the tunnel has.
        let is_forwarded = |proxy: &ureq::Proxy| {
            route.1 == url::Scheme::Http && proxy.protocol() == ureq::ProxyProtocol::Http
        };
        let (forward, tunnel) = match proxy {
            Some(proxy) if is_forwarded(&proxy) => (Some(proxy), None),
            tunnel => (None, tunnel),
        };
        let resolver = PolicyResolver {
            reach: peer.reach,
            cache: self.addresses.clone(),
            proxy: tunnel.as_ref().map(|proxy| format!("{}:{}", proxy.host(), proxy.port())),
            forward: forward.as_ref().map(|proxy| proxy.uri().clone()),
        };
        let connector =
            ().chain(ConnectProxyConnector::default())
                .chain(TcpConnector::default())
                .chain(forward.as_ref().map_or_else(ForwardConnector::off, ForwardConnector::to))
                .chain(TlsConnector::new(peer.tls.clone(), tunnel.is_some()));
        let agent = ureq::Agent::with_parts(self.config(tunnel), connector, resolver);
        agents.insert(route, agent.clone());
        Ok(agent)
    }

    fn config(&self, proxy: Option<ureq::Proxy>) -> ureq::config::Config {
        let limit = |most| Some(self.limit(most));
        ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("docker-tags/", env!("CARGO_PKG_VERSION")))
            .accept_encoding(ureq::config::AutoHeaderValue::None)
            .proxy(proxy)
            .input_buffer_size(INPUT_BUFFER)
            .max_idle_connections(self.settings.connections)
            .max_idle_connections_per_host(self.settings.connections)
            .max_idle_age(IDLE_LIMIT)
            .timeout_resolve(limit(CONNECT_LIMIT))
            .timeout_connect(limit(CONNECT_LIMIT))
            .timeout_send_request(limit(CONNECT_LIMIT))
            .timeout_recv_response(limit(HEADER_LIMIT))
            .timeout_recv_body(limit(BODY_LIMIT))
            .build()
    }

    /// The user's time limit for a phase, or this one.
    fn limit(&self, default: Duration) -> Duration {
        self.settings.timeout.unwrap_or(default)
    }

    /// A probe and the request after it share the limit.
    fn probe_limit(&self) -> Duration {
        self.settings.timeout.map_or(PROBE_LIMIT, |limit| PROBE_LIMIT.min(limit / 2))
    }

    /// Checks what can be checked before a lookup: behind a proxy there is no later chance.
    fn check_target(&self, url: &Url, reach: Reach) -> Result<(), Error> {
        let origin = url.origin();
        let is_refused = match origin.ip() {
            Some(ip) => !address::allowed(ip, reach),
            None => address::is_refused_name(origin.host(), reach),
        };
        if is_refused { Err(refused_address(url)) } else { Ok(()) }
    }

    fn pass_on_warning(&self, answer: &Answer, host: &str) {
        for value in answer.headers("warning") {
            // `299 - "text"` (distribution-spec): the one code that registries use.
            let text = String::from_utf8_lossy(value);
            if let Some(quoted) = text.strip_prefix("299 ").and_then(|rest| rest.split_once('"')) {
                let text = answer.without_secrets(quoted.1.trim_end_matches('"'));
                self.reporter.server_warning(host, &text);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_stage_has_a_time_limit() {
        let limits = |timeout| {
            let settings = Settings { timeout, ..Settings::default() };
            let client = Client::new(settings, proxy::Proxies::default(), Arc::default());
            let limits = client.config(None).timeouts();
            [
                limits.resolve,
                limits.connect,
                limits.send_request,
                limits.recv_response,
                limits.recv_body,
            ]
        };
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(limits(None), [10, 10, 10, 45, 60].map(seconds));
        assert_eq!(limits(seconds(7)), [7; 5].map(seconds));
    }
}
