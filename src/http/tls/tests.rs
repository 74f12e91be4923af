//! Whole handshakes in memory: what is accepted, what is refused, and what is said of it.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{ClientConnection, ServerConfig, ServerConnection, SupportedProtocolVersion, version};

use super::*;

const NAME: &str = "registry.test";

/// A server's certificate, or an authority's, and its key.
struct Made {
    der: CertificateDer<'static>,
    key: KeyPair,
    params: CertificateParams,
}

/// How a certificate is to be.
struct Recipe<'a> {
    names: &'a [&'a str],
    ca: bool,
    years: (i32, i32),
}

const GOOD: Recipe = Recipe { names: &[NAME, "127.0.0.1", "::1"], ca: false, years: (2020, 2090) };

fn make(recipe: &Recipe, issuer: Option<&Made>) -> Made {
    let names: Vec<String> = recipe.names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name.push(DnType::CommonName, "the same subject for all");
    if issuer.is_some() {
        params.distinguished_name.push(DnType::CommonName, "a leaf");
    }
    params.not_before = date_time_ymd(recipe.years.0, 1, 1);
    params.not_after = date_time_ymd(recipe.years.1, 1, 1);
    if recipe.ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    let key = KeyPair::generate().unwrap();
    let der = match issuer {
        None => params.self_signed(&key).unwrap().der().clone(),
        Some(by) => {
            let issuer = Issuer::from_params(&by.params, &by.key);
            params.signed_by(&key, &issuer).unwrap().der().clone()
        }
    };
    Made { der, key, params }
}

fn self_signed(recipe: &Recipe) -> Made {
    make(recipe, None)
}

fn signing_key(made: &Made) -> Arc<dyn SigningKey> {
    let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.key.serialize_der()));
    ring::sign::any_supported_type(&der).unwrap()
}

/// Shows a certificate, whether or not the key belongs to it.
#[derive(Debug)]
struct Show(Arc<CertifiedKey>);

impl ResolvesServerCert for Show {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.clone())
    }
}

/// A handshake with a server that shows `shown` and signs with the key of `signer`.
fn handshake(
    settings: &TlsSettings,
    shown: &Made,
    signer: &Made,
    host: &str,
    version: &'static SupportedProtocolVersion,
) -> Result<(), Error> {
    let certified = CertifiedKey::new(vec![shown.der.clone()], signing_key(signer));
    let server = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(Show(Arc::new(certified))));
    let mut server = ServerConnection::new(Arc::new(server)).unwrap();
    let client = settings.client_config().unwrap();
    let name = ServerName::try_from(host.to_owned()).unwrap();
    let mut client = ClientConnection::new(client, name).unwrap();
    for _ in 0..10 {
        let mut wire = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut wire).unwrap();
        }
        let mut rest = wire.as_slice();
        while !rest.is_empty() {
            server.read_tls(&mut rest).unwrap();
            server.process_new_packets().unwrap();
        }
        let mut wire = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut wire).unwrap();
        }
        let mut rest = wire.as_slice();
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets()?;
        }
        if !client.is_handshaking() && !server.is_handshaking() {
            return Ok(());
        }
    }
    panic!("the handshake does not end");
}

fn trusting(made: &[&Made]) -> TlsSettings {
    let extra_roots = made.iter().map(|made| made.der.clone()).collect();
    TlsSettings { extra_roots, ..TlsSettings::default() }
}

/// The outcome in both versions of TLS, which must be the same.
fn outcome(settings: &TlsSettings, shown: &Made, signer: &Made, host: &str) -> Option<Fault> {
    let both = [&version::TLS12, &version::TLS13].map(|version| {
        match handshake(settings, shown, signer, host, version) {
            Ok(()) => None,
            Err(error) => match describe(&error, false) {
                Trouble::Certificate(fault, _) => Some(fault),
                other => panic!("{other:?}"),
            },
        }
    });
    assert_eq!(both[0], both[1]);
    both[0]
}

#[test]
fn what_is_accepted_and_what_is_not() {
    let ca = self_signed(&Recipe { names: &[], ca: true, ..GOOD });
    let impostor = self_signed(&Recipe { names: &[], ca: true, ..GOOD });
    let leaf = make(&GOOD, Some(&ca));
    let expired = make(&Recipe { years: (2020, 2021), ..GOOD }, Some(&ca));
    let future = make(&Recipe { years: (2080, 2090), ..GOOD }, Some(&ca));
    let other = make(&Recipe { names: &["other.test"], ..GOOD }, Some(&ca));
    let own = self_signed(&Recipe { ca: true, ..GOOD });
    let twin = self_signed(&Recipe { ca: true, ..GOOD });
    let own_expired = self_signed(&Recipe { ca: true, years: (2020, 2021), ..GOOD });
    let own_future = self_signed(&Recipe { ca: true, years: (2080, 2090), ..GOOD });
    let own_other = self_signed(&Recipe { names: &["other.test"], ca: true, ..GOOD });
    let own_nameless = self_signed(&Recipe { names: &[], ca: true, ..GOOD });
    let no_ca = self_signed(&GOOD);
    let no_ca_expired = self_signed(&Recipe { years: (2020, 2021), ..GOOD });
    let (untrusted, dates, name) = (Some(Fault::Untrusted), Some(Fault::Dates), Some(Fault::Name));
    let nobody = TlsSettings::default();
    let cases = [
        ("signed by the CA", trusting(&[&ca]), &leaf, None),
        ("signed by the CA, which is unknown", nobody.clone(), &leaf, untrusted),
        ("another CA with the same subject", trusting(&[&impostor]), &leaf, untrusted),
        ("expired", trusting(&[&ca]), &expired, dates),
        ("not valid yet", trusting(&[&ca]), &future, dates),
        ("another host's", trusting(&[&ca]), &other, name),
        ("the leaf itself is pinned, not its CA", trusting(&[&leaf]), &leaf, None),
        ("a pinned leaf that has expired", trusting(&[&expired]), &expired, dates),
        ("a pinned leaf of another host", trusting(&[&other]), &other, name),
        ("CA:TRUE, pinned", trusting(&[&own]), &own, None),
        ("CA:TRUE, pinned among others", trusting(&[&ca, &twin, &own]), &own, None),
        ("CA:TRUE, unknown", nobody.clone(), &own, untrusted),
        ("CA:TRUE, same subject, another key", trusting(&[&twin]), &own, untrusted),
        ("CA:TRUE, pinned, expired", trusting(&[&own_expired]), &own_expired, dates),
        ("CA:TRUE, pinned, not valid yet", trusting(&[&own_future]), &own_future, dates),
        ("CA:TRUE, pinned, another host's", trusting(&[&own_other]), &own_other, name),
        ("CA:TRUE, pinned, no subjectAltName", trusting(&[&own_nameless]), &own_nameless, name),
        ("no CA, pinned", trusting(&[&no_ca]), &no_ca, None),
        ("no CA, unknown", nobody, &no_ca, untrusted),
        ("no CA, pinned, expired", trusting(&[&no_ca_expired]), &no_ca_expired, dates),
    ];
    for (case, settings, shown, expected) in &cases {
        assert_eq!(outcome(settings, shown, shown, NAME), *expected, "{case}");
        let anyone = settings.unverified();
        assert_eq!(outcome(&anyone, shown, shown, NAME), None, "insecure: {case}");
    }
    for (host, expected) in [("127.0.0.1", None), ("::1", None), ("127.0.0.2", name)] {
        assert_eq!(outcome(&trusting(&[&own]), &own, &own, host), expected, "{host}");
        assert_eq!(outcome(&trusting(&[&ca]), &leaf, &leaf, host), expected, "{host}");
    }
}

#[test]
fn a_certificate_without_its_key_is_worth_nothing() {
    let thief = self_signed(&Recipe { ca: true, ..GOOD });
    let ca = self_signed(&Recipe { names: &[], ca: true, ..GOOD });
    for stolen in [self_signed(&Recipe { ca: true, ..GOOD }), make(&GOOD, Some(&ca))] {
        let pinned = trusting(&[&stolen]);
        for settings in [&pinned, &trusting(&[&ca, &stolen]), &pinned.unverified()] {
            let found = outcome(settings, &stolen, &thief, NAME);
            assert_eq!(found, Some(Fault::Untrusted), "insecure: {}", settings.insecure);
        }
    }
}

#[test]
fn reasons_for_people() {
    let text = |error| match describe(&error, false) {
        Trouble::Certificate(_, text) => text,
        other => panic!("{other:?}"),
    };
    let refused = |made: &Made, settings: &TlsSettings| {
        text(handshake(settings, made, made, NAME, &version::TLS13).unwrap_err())
    };
    let other = self_signed(&Recipe { names: &["other.test", "127.0.0.9"], ca: true, ..GOOD });
    let reason = refused(&other, &trusting(&[&other]));
    assert_eq!(reason, "issued for other.test, 127.0.0.9, not for this host");
    let nameless = self_signed(&Recipe { names: &[], ca: true, ..GOOD });
    assert!(refused(&nameless, &trusting(&[&nameless])).contains("subjectAltName"));
    let own = self_signed(&Recipe { ca: true, ..GOOD });
    let reason = refused(&own, &TlsSettings::default());
    assert_eq!(reason, "self-signed and not trusted");
    let many: Vec<String> = (0..5).map(|n| format!("DnsName(\"h{n}\u{1b}\")")).collect();
    let reason = describe_names(&many);
    assert!(reason.contains("h2") && !reason.contains("h3") && !reason.contains('\u{1b}'));
}

#[test]
fn alerts_are_told_apart() {
    let alert = |alert, shown| describe(&Error::AlertReceived(alert), shown);
    let wants = Trouble::Client("the server requires a client certificate".to_owned());
    assert_eq!(alert(AlertDescription::CertificateRequired, false), wants);
    assert_eq!(alert(AlertDescription::BadCertificate, false), wants);
    let refuses = alert(AlertDescription::UnknownCA, true);
    assert!(
        matches!(refuses, Trouble::Client(text) if text.contains("rejected the client certificate"))
    );
    let version = alert(AlertDescription::ProtocolVersion, true);
    assert!(matches!(version, Trouble::Handshake(_)));
}

#[test]
fn a_server_picks_among_client_certificates() {
    let authorities: Vec<Made> = ["one", "two"]
        .iter()
        .map(|name| {
            let mut made = self_signed(&Recipe { names: &[], ca: true, ..GOOD });
            made.params.distinguished_name.push(DnType::CommonName, *name);
            made
        })
        .collect();
    let clients: Vec<Arc<CertifiedKey>> = authorities
        .iter()
        .map(|authority| {
            let made = make(&Recipe { names: &[], ..GOOD }, Some(authority));
            Arc::new(CertifiedKey::new(vec![made.der.clone()], signing_key(&made)))
        })
        .collect();
    // SET { SEQUENCE { OID commonName, UTF8String } } in a SEQUENCE: a name in DER.
    let dn = |name: &str| {
        let mut der = vec![0x30, 0x0e, 0x31, 0x0c, 0x30, 0x0a, 6, 3, 0x55, 4, 3, 0x0c, 3];
        der.extend_from_slice(name.as_bytes());
        der
    };
    let resolver = Clients(clients.clone());
    let picked = |hints: &[Vec<u8>]| {
        let hints: Vec<&[u8]> = hints.iter().map(Vec::as_slice).collect();
        let found = resolver.resolve(&hints, &[]).unwrap();
        clients.iter().position(|client| client.cert == found.cert).unwrap()
    };
    assert_eq!(picked(&[dn("one")]), 0);
    assert_eq!(picked(&[dn("two")]), 1);
    assert_eq!(picked(&[dn("six"), dn("two")]), 1);
    assert_eq!(picked(&[]), 0);
    assert_eq!(picked(&[dn("six")]), 0);
    assert!(Clients(Vec::new()).resolve(&[], &[]).is_none());
    assert!(!Clients(Vec::new()).has_certs());
}
