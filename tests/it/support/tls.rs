//! Certificates for the test servers: a throw-away authority and leaves of every kind that
//! users have, the wrong ones too.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// A certificate authority that nobody trusts unless a test says so.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
}

/// A certificate with its key.
pub struct Identity {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    cert_pem: String,
    key_pem: String,
}

impl Authority {
    /// A fresh authority of this name.
    pub fn new(name: &str) -> Self {
        let key = key();
        let mut params = params(&[], name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let certificate = params.self_signed(&key).expect("the parameters are sound");
        let (der, pem) = (certificate.der().clone(), certificate.pem());
        Authority { issuer: Issuer::new(params, key), certificate: der, pem }
    }

    /// The authority's certificate: what goes into a `--ca-file`.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A server's certificate for these names and addresses.
    pub fn issue(&self, names: &[&str]) -> Identity {
        self.sign(params(names, "registry"), ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A server's certificate that was valid in 2020 only.
    pub fn issue_expired(&self, names: &[&str]) -> Identity {
        let mut params = params(names, "registry");
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 12, 31);
        self.sign(params, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// A client's certificate.
    pub fn issue_client(&self, name: &str) -> Identity {
        self.sign(params(&[name], name), ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(&self, mut params: CertificateParams, usage: ExtendedKeyUsagePurpose) -> Identity {
        params.extended_key_usages = vec![usage];
        params.use_authority_key_identifier_extension = true;
        let key = key();
        let certificate = params.signed_by(&key, &self.issuer).expect("the parameters are sound");
        Identity::from_parts(&certificate, &key)
    }
}

impl Identity {
    /// A self-signed certificate with CA:TRUE, as `openssl req -x509` makes it.
    pub fn self_signed_ca(names: &[&str]) -> Self {
        let mut params = params(names, names.first().copied().unwrap_or("registry"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.use_authority_key_identifier_extension = true;
        Identity::self_signed(&params)
    }

    /// The same, valid in 2020 only.
    pub fn self_signed_ca_expired(names: &[&str]) -> Self {
        let mut params = params(names, names.first().copied().unwrap_or("registry"));
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2020, 12, 31);
        Identity::self_signed(&params)
    }

    fn self_signed(params: &CertificateParams) -> Self {
        let key = key();
        let certificate = params.self_signed(&key).expect("the parameters are sound");
        Identity::from_parts(&certificate, &key)
    }

    fn from_parts(certificate: &rcgen::Certificate, key: &KeyPair) -> Self {
        Identity {
            certificate: certificate.der().clone(),
            key: key.serialize_der(),
            cert_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        }
    }

    /// The certificate as PEM.
    pub fn cert_pem(&self) -> &str {
        &self.cert_pem
    }

    /// The private key as PEM.
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// The certificate as DER.
    pub fn der(&self) -> &[u8] {
        &self.certificate
    }

    /// What [`super::Server::tls`] takes.
    pub fn server_config(&self) -> Arc<ServerConfig> {
        self.config(None)
    }

    /// The same for a server that demands a client's certificate by this authority.
    pub fn mutual_config(&self, clients: &Authority) -> Arc<ServerConfig> {
        self.config(Some(clients))
    }

    fn config(&self, clients: Option<&Authority>) -> Arc<ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("the provider has the default versions");
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.certificate.clone()).expect("our own certificate");
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider)
                    .build()
                    .expect("there is a root");
                builder.with_client_cert_verifier(verifier)
            }
        };
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let config = builder.with_single_cert(vec![self.certificate.clone()], key);
        Arc::new(config.expect("certificate and key belong together"))
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the system has random numbers")
}

fn params(names: &[&str], common_name: &str) -> CertificateParams {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).expect("names of the tests are valid");
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}
