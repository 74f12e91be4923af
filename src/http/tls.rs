//! TLS: which certificates are trusted, for whom.
//!
//! Each registry has its own [`TlsSettings`]; they never apply to another host. Trust is the
//! system's roots plus what the settings add. One thing goes beyond webpki: a self-signed
//! certificate with `CA:TRUE`, which is what `openssl req -x509` and docker's own guide make, is
//! refused by webpki as a server's certificate even when it is among the roots. Here it is
//! accepted when it *is* one of the added certificates, byte for byte; its host name, its dates
//! and the handshake's signature are checked all the same.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

/// How one registry's TLS connections are made.
#[derive(Debug, Default)]
pub struct TlsSettings {
    /// Accept any certificate.
    pub insecure: bool,
    /// Certificates trusted in addition to the system's.
    pub extra_roots: Vec<CertificateDer<'static>>,
    /// Certificate chain and key shown to a server that asks for them.
    pub client: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

impl TlsSettings {
    /// Settings that accept any certificate.
    pub fn unverified() -> Self {
        TlsSettings { insecure: true, ..TlsSettings::default() }
    }

    /// Builds what rustls needs. Reads the system's roots, unless certificates are not checked.
    ///
    /// # Errors
    /// A text for people: no roots at all, or a client key that does not fit its certificate.
    pub(super) fn client_config(&self) -> Result<ClientConfig, String> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()
            .map_err(|e| e.to_string())?;
        let verifier: Arc<dyn ServerCertVerifier> = if self.insecure {
            Arc::new(AcceptAny(provider))
        } else {
            Arc::new(PinOrChain::new(self.roots()?, &self.extra_roots, provider)?)
        };
        let builder = builder.dangerous().with_custom_certificate_verifier(verifier);
        match &self.client {
            Some((chain, key)) => builder
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(|e| format!("client certificate: {e}")),
            None => Ok(builder.with_no_client_auth()),
        }
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(system.certs);
        roots.add_parsable_certificates(self.extra_roots.iter().cloned());
        if roots.is_empty() {
            return Err("no CA certificates found on this system (package ca-certificates)".into());
        }
        Ok(roots)
    }
}

/// What a person should read about a TLS failure, and whether it is about the certificate.
pub(super) fn describe(error: &Error) -> (bool, String) {
    let Error::InvalidCertificate(cause) = error else {
        return (false, describe_protocol(error));
    };
    let text = match cause {
        CertificateError::UnknownIssuer => "signed by an unknown authority".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "not valid yet".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "issued for another host".to_owned()
        }
        CertificateError::Revoked => "revoked".to_owned(),
        CertificateError::BadSignature => "its signature is wrong".to_owned(),
        other if is_ca_as_server(other) => {
            "self-signed, and not among the trusted certificates".to_owned()
        }
        other => other.to_string(),
    };
    (true, text)
}

fn describe_protocol(error: &Error) -> String {
    match error {
        Error::InvalidMessage(_) => "the server does not speak TLS".to_owned(),
        Error::AlertReceived(rustls::AlertDescription::CertificateRequired) => {
            "the server wants a client certificate".to_owned()
        }
        Error::AlertReceived(alert) => format!("the server refused with alert {alert:?}"),
        other => other.to_string(),
    }
}

/// webpki's refusal of a CA certificate that a server shows as its own.
fn is_ca_as_server(error: &CertificateError) -> bool {
    // webpki's error type is no dependency of ours; its variant's name is stable within 0.103.
    matches!(error, CertificateError::Other(other) if format!("{other:?}").contains("CaUsedAsEndEntity"))
}

/// The normal verifier, and the pinned self-signed certificates beside it.
#[derive(Debug)]
struct PinOrChain {
    chain: Arc<WebPkiServerVerifier>,
    pinned: Vec<CertificateDer<'static>>,
}

impl PinOrChain {
    fn new(
        roots: RootCertStore,
        pinned: &[CertificateDer<'static>],
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|e| e.to_string())?;
        Ok(PinOrChain { chain, pinned: pinned.to_vec() })
    }
}

impl ServerCertVerifier for PinOrChain {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let outcome = self.chain.verify_server_cert(leaf, intermediates, name, ocsp, now);
        match outcome {
            // webpki has checked the dates before it came to this refusal, the name it has not.
            Err(Error::InvalidCertificate(ref cause))
                if is_ca_as_server(cause) && self.pinned.iter().any(|pin| pin == leaf) =>
            {
                rustls::client::verify_server_name(&ParsedCertificate::try_from(leaf)?, name)?;
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
        self.chain.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.chain.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.chain.supported_verify_schemes()
    }
}

/// `insecure = true`: any certificate will do, for this registry alone.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _leaf: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
