//! How TLS is put on a connection, with the registry's own settings.

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
use crate::http::proxy::Unusable;
use crate::http::tls::{self, TlsSettings, Trouble};

/// Our failure on its way through ureq's error type.
#[derive(Debug)]
pub(super) enum ConnectFailure {
    /// An address that a server may not send us to.
    Address(IpAddr),
    /// The handshake failed.
    Tls(Trouble),
    /// The connection to the proxy failed.
    Proxy(String),
    /// The variable that names the proxy cannot be used.
    ProxyVariable(Unusable),
    /// What answers a plain http request is TLS.
    SpeaksTls,
}

/// Never shown: `failure` takes it out of ureq's error again.
impl fmt::Display for ConnectFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for ConnectFailure {}

/// The failure as an error of ureq's.
pub(super) fn fail(failure: ConnectFailure) -> ureq::Error {
    ureq::Error::Other(Box::new(failure))
}

/// Puts TLS on a TCP connection when the URL is https.
#[derive(Debug)]
pub(super) struct TlsConnector {
    settings: Arc<TlsSettings>,
    /// Built at the first use: plain http registries never load the system's roots.
    config: OnceLock<Result<Arc<ClientConfig>, String>>,
    /// For the connection to an https proxy, to which no registry's settings apply.
    proxy: Option<OnceLock<Result<Arc<ClientConfig>, String>>>,
}

impl TlsConnector {
    pub(super) fn new(settings: Arc<TlsSettings>, through_proxy: bool) -> Self {
        let proxy = through_proxy.then(OnceLock::new);
        TlsConnector { settings, config: OnceLock::new(), proxy }
    }

    /// The connection to the proxy itself has no proxy; otherwise the settings are the registry's.
    fn handshake<In: Transport>(
        &self,
        details: &ConnectionDetails,
        transport: In,
    ) -> Result<TlsTransport, HandshakeError> {
        let (config, shown) = match &self.proxy {
            Some(config) if details.config.proxy().is_none() => {
                (config.get_or_init(|| TlsSettings::default().client_config()), false)
            }
            _ => {
                let config = self.config.get_or_init(|| self.settings.client_config());
                (config, !self.settings.clients.is_empty())
            }
        };
        let config = config.clone().map_err(|why| Trouble::Certificate(Fault::Untrusted, why))?;
        let host = details.uri.host().unwrap_or_default();
        let name = ServerName::try_from(host.trim_start_matches('[').trim_end_matches(']'))
            .map_err(|_| Trouble::Handshake("not a host name".to_owned()))?
            .to_owned();
        let mut conn =
            ClientConnection::new(config, name).map_err(|error| tls::describe(&error, shown))?;
        let mut sock = TransportAdapter::new(transport.boxed(), details.current_time.clone());
        sock.set_timeout(details.timeout);
        let mut first = FirstBytes { stream: &mut sock, seen: Vec::new() };
        conn.complete_io(&mut first).map_err(|error| match first.seen.starts_with(b"HTTP/") {
            true => Trouble::NoTls("the server speaks plain HTTP, not TLS".to_owned()).into(),
            false => handshake_failure(error, shown),
        })?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        Ok(TlsTransport { buffers, stream: StreamOwned { conn, sock } })
    }
}

/// Remembers how the other side begins.
struct FirstBytes<'a> {
    stream: &'a mut TransportAdapter,
    seen: Vec<u8>,
}

impl io::Read for FirstBytes<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let amount = self.stream.read(buffer)?;
        let missing = 5_usize.saturating_sub(self.seen.len());
        self.seen.extend_from_slice(&buffer[..amount.min(missing)]);
        Ok(amount)
    }
}

impl io::Write for FirstBytes<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
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
                let to_proxy = self.proxy.is_some() && details.config.proxy().is_none();
                Err(fail(match to_proxy {
                    true => {
                        ConnectFailure::Proxy(format!("TLS handshake failed: {}", trouble.why()))
                    }
                    false => ConnectFailure::Tls(trouble),
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
        ureq::Error::Io(error) => {
            let why = match error.kind() {
                io::ErrorKind::UnexpectedEof => "the server closed the connection".to_owned(),
                _ => error.to_string(),
            };
            Trouble::NoTls(format!("TLS handshake failed: {why}")).into()
        }
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
