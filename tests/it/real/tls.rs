//! Certificates of every kind a registry may show: made for the test, trusted by nobody else.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

/// What is wrong with a certificate, if anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing: for `localhost`, 127.0.0.1 and names below `registry.test`, signed by the authority, valid now.
    None,
    /// Its last day has passed.
    Expired,
    /// It names another host.
    WrongName,
    /// Signed with its own key and marked CA:TRUE, as `openssl req -x509` makes it.
    SelfSigned,
}

/// A private certificate authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate with its key, and how a server that shows it treats its clients.
#[derive(Debug, Clone)]
pub struct ServerCertificate {
    chain: String,
    key: String,
    client_ca: Option<String>,
}

impl Authority {
    /// A new one with this name.
    pub fn new(name: &str) -> Authority {
        let key = KeyPair::generate().expect("make a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let pem = params.self_signed(&key).expect("sign with the own key").pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    /// Its own certificate, for `ca.crt`.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for a server on loopback.
    pub fn server(&self, flaw: Flaw) -> ServerCertificate {
        let key = KeyPair::generate().expect("make a key");
        let params = server_params(flaw);
        let certificate = match flaw {
            Flaw::SelfSigned => params.self_signed(&key),
            _ => params.signed_by(&key, &self.issuer),
        };
        let chain = certificate.expect("sign the certificate").pem();
        ServerCertificate { chain, key: key.serialize_pem(), client_ca: None }
    }

    /// Certificate and key of a client, both PEM.
    pub fn client(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().expect("make a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let certificate = params.signed_by(&key, &self.issuer).expect("sign the certificate");
        (certificate.pem(), key.serialize_pem())
    }
}

fn server_params(flaw: Flaw) -> CertificateParams {
    let names: &[&str] = match flaw {
        Flaw::WrongName => &["other.example"],
        _ => &["localhost", "127.0.0.1", "*.registry.test"],
    };
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("the names are valid");
    params.distinguished_name.push(DnType::CommonName, "registry of the tests");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    if flaw == Flaw::Expired {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    }
    if flaw == Flaw::SelfSigned {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.extended_key_usages.clear();
    }
    params
}

impl ServerCertificate {
    /// One that was made elsewhere.
    pub fn from_pem(chain: &str, key: &str) -> ServerCertificate {
        ServerCertificate { chain: chain.to_owned(), key: key.to_owned(), client_ca: None }
    }

    /// The same, of a server that lets in only clients with a certificate of this authority.
    pub fn with_clients_of(self, authority: &Authority) -> ServerCertificate {
        ServerCertificate { client_ca: Some(authority.pem.clone()), ..self }
    }

    /// The certificate, PEM.
    pub fn chain_pem(&self) -> &str {
        &self.chain
    }

    /// Its key, PEM.
    pub fn key_pem(&self) -> &str {
        &self.key
    }

    /// The authority whose clients may come in.
    pub fn client_ca_pem(&self) -> Option<&str> {
        self.client_ca.as_deref()
    }
}
