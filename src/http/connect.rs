//! How connections are opened: names to addresses under a policy, then TCP, then TLS.
//!
//! ureq does the HTTP; these are the three parts it lets us provide. The resolver looks a name
//! up once per run and refuses addresses that a server may not send us to, at the last moment
//! before connecting. The TCP step notes that a connection was opened, which tells a request on a
//! reused connection from one on a new one. The TLS step uses the registry's own settings.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};

use crate::error::Fault;
use crate::http::address::{self, Reach};
use crate::http::tls::{self, TlsSettings, Trouble};

thread_local! {
    /// Whether this thread has opened a connection since it last asked.
    static OPENED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread has opened a connection since the last call.
pub(super) fn take_opened() -> bool {
    OPENED.replace(false)
}

/// A failure of ours on its way through ureq's error type.
#[derive(Debug)]
pub(super) enum ConnectFailure {
    /// An address that a server may not send us to.
    Address(IpAddr),
    /// The handshake failed.
    Tls(Trouble),
    /// The connection to the proxy failed.
    Proxy(String),
}

impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectFailure::Address(address) => write!(f, "address {address} refused"),
            ConnectFailure::Tls(Trouble::Certificate(_, why))
            | ConnectFailure::Tls(Trouble::Client(why) | Trouble::Handshake(why))
            | ConnectFailure::Tls(Trouble::NoTls(why))
            | ConnectFailure::Proxy(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for ConnectFailure {}

fn fail(failure: ConnectFailure) -> ureq::Error {
    ureq::Error::Other(Box::new(failure))
}

/// What names were resolved to in this run.
#[derive(Debug, Default)]
pub(super) struct AddressCache(Mutex<HashMap<String, ResolvedSocketAddrs>>);

impl AddressCache {
    /// Whether a host that was contacted before has only private or loopback addresses.
    pub(super) fn is_private(&self, authority: &str) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(authority).is_some_and(|addresses| {
            let is_private = |a: &SocketAddr| address::kind(a.ip()) == address::Kind::Private;
            // One private address beside a public one proves nothing: whoever owns the name
            // could add it to open the way into our network.
            !addresses.is_empty() && addresses.iter().all(is_private)
        })
    }
}

/// The resolver: a cache, and the address policy.
#[derive(Debug)]
pub(super) struct PolicyResolver {
    pub(super) reach: Reach,
    pub(super) cache: Arc<AddressCache>,
    /// Host and port of the proxy, to which the policy does not apply: the user named it.
    pub(super) proxy: Option<String>,
    /// The proxy that plain http requests go to in the place of their own host.
    pub(super) forward: Option<Uri>,
}

impl PolicyResolver {
    fn look_up(
        &self,
        uri: &Uri,
        key: &str,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let known = self.cache.0.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned();
        if let Some(addresses) = known {
            return Ok(addresses);
        }
        let addresses = match key.parse::<SocketAddr>() {
            Ok(address) => {
                let mut addresses = self.empty();
                addresses.push(address);
                addresses
            }
            Err(_) => {
                DefaultResolver::default().resolve(uri, config, timeout).map_err(|error| {
                    match error {
                        ureq::Error::Io(_) => ureq::Error::HostNotFound,
                        other => other,
                    }
                })?
            }
        };
        let mut known = self.cache.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(key.to_owned(), addresses.clone());
        Ok(addresses)
    }
}

impl Resolver for PolicyResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let uri = self.forward.as_ref().unwrap_or(uri);
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(ureq::Error::HostNotFound);
        };
        let key =
            DefaultResolver::host_and_port(scheme, authority).ok_or(ureq::Error::HostNotFound)?;
        let found = self.look_up(uri, &key, config, timeout)?;
        if self.forward.is_some() || self.proxy.as_ref() == Some(&key) {
            return Ok(found);
        }
        let mut allowed = self.empty();
        for found in found.iter().filter(|a| address::allowed(a.ip(), self.reach)) {
            allowed.push(*found);
        }
        match found.first() {
            Some(first) if allowed.is_empty() => Err(fail(ConnectFailure::Address(first.ip()))),
            _ => Ok(allowed),
        }
    }
}

/// Notes that a new connection is about to be opened; stands first in the chain.
#[derive(Debug)]
pub(super) struct NoteOpened;

impl<In: Transport> Connector<In> for NoteOpened {
    type Out = In;

    fn connect(
        &self,
        _details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<In>, ureq::Error> {
        OPENED.set(true);
        Ok(chained)
    }
}

/// Puts TLS on a TCP connection when the URL is https.
#[derive(Debug)]
pub(super) struct TlsConnector {
    settings: Arc<TlsSettings>,
    config: OnceLock<Result<Arc<ClientConfig>, String>>,
    /// For the connection to an https proxy, to which no registry's settings apply.
    proxy: Option<OnceLock<Result<Arc<ClientConfig>, String>>>,
}

impl TlsConnector {
    pub(super) fn new(settings: Arc<TlsSettings>, through_proxy: bool) -> Self {
        let proxy = through_proxy.then(OnceLock::new);
        TlsConnector { settings, config: OnceLock::new(), proxy }
    }

    /// Built at the first use: plain http registries never load the system's roots.
    fn config(&self) -> Result<Arc<ClientConfig>, Trouble> {
        let build = || self.settings.client_config().map(Arc::new);
        let config = self.config.get_or_init(build).clone();
        config.map_err(|why| Trouble::Certificate(Fault::Untrusted, why))
    }

    /// The connection to the proxy itself has no proxy; then the settings are the normal ones.
    fn handshake<In: Transport>(
        &self,
        details: &ConnectionDetails,
        transport: In,
    ) -> Result<TlsTransport, HandshakeError> {
        let (config, shown) = match &self.proxy {
            Some(config) if details.config.proxy().is_none() => {
                let build = || TlsSettings::default().client_config().map(Arc::new);
                let config = config.get_or_init(build).clone();
                (config.map_err(|why| Trouble::Certificate(Fault::Untrusted, why))?, false)
            }
            _ => (self.config()?, !self.settings.clients.is_empty()),
        };
        let host = details.uri.host().unwrap_or_default();
        let name = ServerName::try_from(host.trim_start_matches('[').trim_end_matches(']'))
            .map_err(|_| Trouble::Handshake("not a host name".to_owned()))?
            .to_owned();
        let mut conn =
            ClientConnection::new(config, name).map_err(|error| tls::describe(&error, shown))?;
        let mut sock = TransportAdapter::new(transport.boxed(), details.current_time.clone());
        sock.set_timeout(details.timeout);
        conn.complete_io(&mut sock).map_err(|error| handshake_failure(error, shown))?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(TlsTransport { buffers, stream: StreamOwned { conn, sock } })
    }
}

/// What can end a handshake: TLS itself, or the connection below it.
enum HandshakeError {
    Tls(Trouble),
    Connection(ureq::Error),
}

impl From<Trouble> for HandshakeError {
    fn from(trouble: Trouble) -> Self {
        HandshakeError::Tls(trouble)
    }
}

impl<In: Transport> Connector<In> for TlsConnector {
    type Out = Either<In, TlsTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(transport) = chained else { return Ok(None) };
        if !details.needs_tls() || transport.is_tls() {
            return Ok(Some(Either::A(transport)));
        }
        match self.handshake(details, transport) {
            Ok(transport) => Ok(Some(Either::B(transport))),
            Err(HandshakeError::Connection(error)) => Err(error),
            Err(HandshakeError::Tls(trouble)) => {
                let failure = ConnectFailure::Tls(trouble);
                let to_proxy = self.proxy.is_some() && details.config.proxy().is_none();
                Err(fail(match to_proxy {
                    true => ConnectFailure::Proxy(format!("TLS with it: {failure}")),
                    false => failure,
                }))
            }
        }
    }
}

/// Tells rustls's refusals from a connection that ended or took too long.
fn handshake_failure(error: io::Error, shown: bool) -> HandshakeError {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return tls::describe(tls, shown).into();
    }
    match ureq::Error::from(error) {
        ureq::Error::Io(error) => Trouble::NoTls(match error.kind() {
            io::ErrorKind::UnexpectedEof => "the server closed the connection".to_owned(),
            _ => error.to_string(),
        })
        .into(),
        other => HandshakeError::Connection(other),
    }
}

/// A TLS connection as ureq wants it.
pub(super) struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let output = &self.buffers.output()[..amount];
        io::Write::write_all(&mut self.stream, output)?;
        Ok(())
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.get_mut().set_timeout(timeout);
        let input = self.buffers.input_append_buf();
        let amount = io::Read::read(&mut self.stream, input)?;
        self.buffers.input_appended(amount);
        Ok(amount > 0)
    }

    fn is_open(&mut self) -> bool {
        self.stream.get_mut().get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsTransport").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A resolver of foreign names, for which a hostile name server has answered already.
    fn resolver(reach: Reach, host: &str, answer: &[&str]) -> PolicyResolver {
        let cache = Arc::new(AddressCache::default());
        let resolver = PolicyResolver { reach, cache, proxy: None, forward: None };
        let mut addresses = resolver.empty();
        for ip in answer {
            addresses.push(SocketAddr::new(ip.parse().unwrap(), 80));
        }
        resolver.cache.0.lock().unwrap().insert(format!("{host}:80"), addresses);
        resolver
    }

    fn resolve(resolver: &PolicyResolver, uri: &str) -> Option<Vec<String>> {
        let config = ureq::Agent::config_builder().build();
        let uri: Uri = uri.parse().unwrap();
        match resolver.resolve(&uri, &config, NextTimeout::default()) {
            Ok(found) => Some(found.iter().map(|a| a.ip().to_string()).collect()),
            Err(ureq::Error::Other(other)) => {
                assert!(other.downcast::<ConnectFailure>().is_ok());
                None
            }
            Err(error) => panic!("{uri}: {error}"),
        }
    }

    #[test]
    fn names_that_lead_inside_are_refused() {
        use Reach::{Anywhere, ForeignPrivate, ForeignPublic};
        type Case<'a> = (Reach, &'a [&'a str], Option<&'a [&'a str]>);
        let cases: [Case; 9] = [
            (ForeignPublic, &["169.254.169.254"], None),
            (ForeignPrivate, &["169.254.169.254"], None),
            (ForeignPublic, &["127.0.0.1", "::1", "10.0.0.1"], None),
            (ForeignPublic, &["::ffff:127.0.0.1", "64:ff9b::a00:1"], None),
            (ForeignPublic, &["1.1.1.1", "10.0.0.1"], Some(&["1.1.1.1"])),
            (ForeignPublic, &["10.0.0.1", "1.1.1.1"], Some(&["1.1.1.1"])),
            (ForeignPrivate, &["10.0.0.1", "fe80::1"], Some(&["10.0.0.1"])),
            (ForeignPrivate, &["fd00:ec2::254"], None),
            (Anywhere, &["127.0.0.1"], Some(&["127.0.0.1"])),
        ];
        for (reach, answer, expected) in cases {
            let found = resolve(&resolver(reach, "evil.example", answer), "http://evil.example/t");
            let expected = expected.map(|ips| ips.iter().map(ToString::to_string).collect());
            assert_eq!(found, expected, "{reach:?} {answer:?}");
        }
    }

    /// A second answer of the name server is not asked for: what was checked is contacted.
    #[test]
    fn a_name_is_looked_up_once() {
        let resolver = resolver(Reach::ForeignPublic, "evil.example", &["1.1.1.1"]);
        for _ in 0..2 {
            let found = resolve(&resolver, "http://evil.example/t");
            assert_eq!(found, Some(vec!["1.1.1.1".to_owned()]));
        }
        assert_eq!(resolve(&resolver, "http://localhost:1/"), None);
        assert_eq!(resolve(&resolver, "http://127.0.0.1:1/"), None);
    }

    #[test]
    fn a_private_address_beside_a_public_one_proves_nothing() {
        let cases: [(&[&str], bool); 5] = [
            (&["10.0.0.1"], true),
            (&["10.0.0.1", "::1"], true),
            (&["10.0.0.1", "1.1.1.1"], false),
            (&["1.1.1.1"], false),
            (&[], false),
        ];
        for (answer, expected) in cases {
            let resolver = resolver(Reach::Anywhere, "r.example", answer);
            assert_eq!(resolver.cache.is_private("r.example:80"), expected, "{answer:?}");
            assert!(!resolver.cache.is_private("other.example:80"));
        }
    }
}
