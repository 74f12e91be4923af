//! TLS: which certificates are trusted, for whom.
//!
//! Each registry has its own [`TlsSettings`]; they never apply to another host. Trust is the
//! system's roots plus what the settings add. One thing goes beyond webpki: an added certificate
//! may be the server's own. `openssl req -x509` and docker's own guide make a self-signed one with
//! `CA:TRUE`, which webpki refuses for a server even when it is among the roots; Go, and so
//! docker, takes it. Here it is accepted when it *is* one of the added certificates, byte for
//! byte; its host name, its dates and the handshake's signature are checked all the same.

use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ResolvesClientCert, WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{
    WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore,
    SignatureScheme,
};

use crate::error::Fault;
use crate::system::terminal::server_text;

/// How one registry's TLS connections are made.
#[derive(Debug, Default, Clone)]
pub struct TlsSettings {
    /// Accept any certificate.
    pub insecure: bool,
    /// Certificates trusted in addition to the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// Certificates with their keys, one of which is shown to a server that asks for one.
    pub clients: Vec<Arc<CertifiedKey>>,
    /// The host's `certs.d` directory, for hints; none where such a directory has no effect.
    pub directory: Option<String>,
}

impl TlsSettings {
    /// The same with any certificate accepted. The client certificates stay.
    pub fn unverified(&self) -> Self {
        TlsSettings { insecure: true, extra_roots: Vec::new(), ..self.clone() }
    }

    /// Builds what rustls needs. Reads the system's roots, unless certificates are not checked.
    ///
    /// # Errors
    /// A text for people: there are no roots at all.
    pub(super) fn client_config(&self) -> Result<Arc<ClientConfig>, String> {
        let provider = Arc::new(ring::default_provider());
        let algorithms = provider.signature_verification_algorithms;
        let chain = match self.insecure {
            true => None,
            false => {
                let roots = self.roots()?;
                let chain =
                    WebPkiServerVerifier::builder_with_provider(roots, provider.clone()).build();
                Some(chain.map_err(|error| error.to_string())?)
            }
        };
        let verifier = Arc::new(Verifier { chain, pinned: self.extra_roots.clone(), algorithms });
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .dangerous()
            .with_custom_certificate_verifier(verifier)
            .with_client_cert_resolver(Arc::new(Clients(self.clients.clone())));
        Ok(Arc::new(config))
    }

    /// The system's roots and the added ones.
    fn roots(&self) -> Result<Arc<RootCertStore>, String> {
        let (system, error) = system_roots();
        let mut roots = system.clone();
        if !self.extra_roots.is_empty() {
            let added = self.extra_roots.iter().cloned();
            Arc::make_mut(&mut roots).add_parsable_certificates(added);
        }
        match error {
            _ if !roots.is_empty() => Ok(roots),
            Some(error) => Err(format!("cannot load the system's CA certificates: {error}")),
            None => Err("no CA certificates on this system (package ca-certificates)".to_owned()),
        }
    }
}

/// The system's roots (or those of `SSL_CERT_FILE` and `SSL_CERT_DIR`), read once for all hosts of a
/// run, and what went wrong on the way.
fn system_roots() -> &'static (Arc<RootCertStore>, Option<String>) {
    static SYSTEM: OnceLock<(Arc<RootCertStore>, Option<String>)> = OnceLock::new();
    SYSTEM.get_or_init(|| {
        let system = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(system.certs);
        (Arc::new(roots), system.errors.first().map(ToString::to_string))
    })
}

/// A certificate with its private key, checked to belong together.
///
/// # Errors
/// A text for people: a key of a kind that is not supported, or of another certificate.
pub(crate) fn client_identity(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, String> {
    CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| match error {
        Error::InconsistentKeys(_) => "the key does not belong to this certificate".to_owned(),
        Error::InvalidCertificate(_) => "the certificate cannot be read".to_owned(),
        _ => "not a supported RSA, ECDSA or Ed25519 key".to_owned(),
    })
}

/// A failed handshake as it is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The server's certificate is not accepted.
    Certificate(Fault, String),
    /// The server wants a client certificate, or refuses ours.
    Client(String),
    /// Both sides speak TLS and do not come together.
    Handshake(String),
    /// What came back is not TLS; the reason.
    NoTls(String),
}

impl Trouble {
    pub(super) fn why(&self) -> &str {
        let (Trouble::Certificate(_, why)
        | Trouble::Client(why)
        | Trouble::Handshake(why)
        | Trouble::NoTls(why)) = self;
        why
    }
}

/// What a person should know about a TLS failure; `shown`: a client certificate was at hand.
pub(super) fn describe(error: &Error, shown: bool) -> Trouble {
    match error {
        Error::InvalidCertificate(cause) => {
            let (fault, text) = describe_certificate(cause);
            Trouble::Certificate(fault, text)
        }
        Error::InvalidMessage(_) => Trouble::NoTls("the server does not speak TLS".to_owned()),
        Error::AlertReceived(alert) if is_about_client(*alert) => Trouble::Client(match shown {
            true => format!("the server rejected the client certificate (alert {alert:?})"),
            false => "the server requires a client certificate".to_owned(),
        }),
        Error::AlertReceived(alert) => {
            Trouble::Handshake(format!("the server closed the handshake with alert {alert:?}"))
        }
        other => Trouble::Handshake(other.to_string()),
    }
}

/// Alerts with which a server judges a client's certificate.
fn is_about_client(alert: AlertDescription) -> bool {
    use AlertDescription as A;
    matches!(
        alert,
        A::CertificateRequired
            | A::BadCertificate
            | A::UnsupportedCertificate
            | A::CertificateRevoked
            | A::CertificateExpired
            | A::CertificateUnknown
            | A::UnknownCA
            | A::AccessDenied
            | A::NoCertificate
    )
}

fn describe_certificate(cause: &CertificateError) -> (Fault, String) {
    use CertificateError as C;
    let (fault, text) = match cause {
        C::UnknownIssuer => (Fault::Untrusted, "signed by an unknown authority"),
        C::BadSignature => (Fault::Untrusted, "its signature does not match the trusted authority"),
        other if is_ca_as_server(other) => (Fault::Untrusted, "self-signed and not trusted"),
        C::Expired | C::ExpiredContext { .. } => (Fault::Dates, "expired"),
        C::NotValidYet | C::NotValidYetContext { .. } => (Fault::Dates, "not valid yet"),
        C::NotValidForNameContext { presented, .. } => {
            return (Fault::Name, describe_names(presented));
        }
        C::NotValidForName => (Fault::Name, "issued for another host"),
        C::Revoked => (Fault::Other, "revoked"),
        other => return (Fault::Other, server_text(&other.to_string())),
    };
    (fault, text.to_owned())
}

/// `issued for other.example`, from names as rustls shows them: `DnsName("other.example")`.
fn describe_names(presented: &[String]) -> String {
    const SHOWN: usize = 3;
    let name = |text: &String| {
        let inner = text.split_once('(').map_or(text.as_str(), |(_, rest)| rest);
        server_text(inner.trim_matches(['"', ')', '(']))
    };
    let names: Vec<String> = presented.iter().take(SHOWN).map(name).collect();
    match presented.len() {
        0 => "no host name in it (no subjectAltName)".to_owned(),
        count if count > SHOWN => format!("issued for {} …, not for this host", names.join(", ")),
        _ => format!("issued for {}, not for this host", names.join(", ")),
    }
}

/// webpki's refusal of a CA certificate that a server shows as its own.
fn is_ca_as_server(error: &CertificateError) -> bool {
    // webpki's error type is not one of our dependencies; its variant's name is stable within 0.103.
    matches!(error, CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity"))
}

/// The client certificates, of which a server picks one by naming its authorities.
#[derive(Debug)]
struct Clients(Vec<Arc<CertifiedKey>>);

impl ResolvesClientCert for Clients {
    fn resolve(
        &self,
        authorities: &[&[u8]],
        _schemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        // A certificate carries its issuer's name as it is, so finding the bytes is enough; were
        // they there by chance, the server would refuse a certificate that it refuses anyway.
        let fits = |client: &&Arc<CertifiedKey>| {
            let names = |der: &CertificateDer, name: &[u8]| {
                !name.is_empty() && der.windows(name.len()).any(|part| part == name)
            };
            authorities.iter().any(|name| client.cert.iter().any(|der| names(der, name)))
        };
        self.0.iter().find(fits).or_else(|| self.0.first()).cloned()
    }

    fn has_certs(&self) -> bool {
        !self.0.is_empty()
    }
}

/// The normal verifier, and beside it the added certificates as servers' own.
#[derive(Debug)]
struct Verifier {
    /// `None`: any certificate will do, for this registry alone (`insecure = true`).
    chain: Option<Arc<WebPkiServerVerifier>>,
    pinned: Vec<CertificateDer<'static>>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    /// Whether somebody added this very certificate: to the settings, or to the system's roots,
    /// which are read again for it rather than kept for everybody.
    fn is_added(&self, leaf: &CertificateDer<'_>) -> bool {
        self.pinned.iter().any(|pin| pin == leaf)
            || rustls_native_certs::load_native_certs().certs.iter().any(|root| root == leaf)
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(leaf, intermediates, name, ocsp, now) {
            // webpki has checked the dates before it came to these refusals, the name it has not.
            Err(Error::InvalidCertificate(ref cause))
                if (is_ca_as_server(cause) || *cause == CertificateError::UnknownIssuer)
                    && self.is_added(leaf) =>
            {
                verify_server_name(&ParsedCertificate::try_from(leaf)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
