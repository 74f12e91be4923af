//! How connections are opened: TCP, then TLS, to the addresses that `resolve` gives.
//!
//! ureq does the HTTP; these are parts it lets us provide. The TCP step notes that a connection
//! was opened, which tells a request on a reused connection from one on a new one. The TLS step
//! uses the registry's own settings.

use std::cell::Cell;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
    TransportAdapter,
};

use crate::error::Fault;
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

/// The failure as an error of ureq's.
pub(super) fn fail(failure: ConnectFailure) -> ureq::Error {
    ureq::Error::Other(Box::new(failure))
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
