//! The server: keep-alive, HEAD, bodies, probes, TLS, hostile answers, stopping.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::client::{Client, get};
use crate::support::tls::{Authority, Identity};
use crate::support::{Response, Server, hostile};

fn hello() -> Response {
    Response::with_body(200, "text/plain", "hello")
}

#[test]
fn requests_on_one_connection_are_recorded_in_order() {
    let server = Server::new(|request| match (request.method.as_str(), &request.segments()[..]) {
        ("POST", ["form"]) => Response::with_body(200, "text/plain", request.body.clone()),
        (_, ["chunked"]) => Response::with_body(200, "text/plain", vec![b'x'; 2500]).chunked(),
        (_, ["hello", _]) => hello(),
        _ => Response::new(404),
    });
    let mut client = Client::new(&server.host());
    assert_eq!(client.get("/hello/a%2Fb?q=a%20b+c&q=2&e", &[("X-A", "1")]).text(), "hello");
    let head = client.send("HEAD", "/hello/x", &[], b"");
    assert_eq!((head.status, head.header("content-length")), (200, Some("5")));
    assert_eq!(client.send("POST", "/form", &[], b"a=1&b=x%3Dy").text(), "a=1&b=x%3Dy");
    assert_eq!(client.get("/chunked", &[]).body.len(), 2500);
    assert_eq!(get(&server.host(), "/none", &[]).status, 404);

    let requests = server.requests();
    assert_eq!(requests[0].params("q"), ["a b c", "2"]);
    assert_eq!(requests[0].param("e").as_deref(), Some(""));
    assert_eq!(requests[0].header("x-a"), Some("1"));
    assert_eq!(requests[2].field("b").as_deref(), Some("x=y"));
    assert_eq!(requests.iter().map(|r| r.connection).collect::<Vec<_>>(), [1, 1, 1, 1, 2]);
    server.assert_exchanges(&[
        "GET /hello/a%2Fb?q=a%20b+c&q=2&e 200",
        "HEAD /hello/x 200",
        "POST /form 200",
        "GET /chunked 200",
        "GET /none 404",
    ]);
    server.assert_connections(2);
}

#[test]
fn a_tls_hello_is_a_probe_and_no_connection() {
    let server = Server::new(|_| hello());
    let mut stream = TcpStream::connect(server.host()).unwrap();
    stream.write_all(&[0x16, 3, 1, 0, 2, 1, 0]).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"");
    assert_eq!(get(&server.host(), "/", &[]).text(), "hello");
    assert_eq!((server.tls_probes(), server.connections(), server.accepted()), (1, 1, 2));
}

#[test]
fn a_trap_notices_a_silent_visitor() {
    let trap = Server::trap("127.0.0.2");
    trap.assert_untouched();
    let mut stream = TcpStream::connect(trap.host()).unwrap();
    stream.write_all(b"GET / HTTP/1.0\r\n\r\n").unwrap();
    let _ = stream.read(&mut [0; 1]).unwrap();
    assert_eq!(trap.accepted(), 1);
}

#[test]
fn answers_can_be_cut_dripped_and_endless() {
    let sent = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&sent);
    let server = Server::new(move |request| match &request.path[..] {
        "/cut" => hostile::cut(&hello(), 2),
        "/drip" => hostile::drip(&hello(), 10, Duration::from_millis(1)),
        "/bytes" => hostile::bytes("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nz"),
        "/gone" => hostile::hang_up(),
        _ => hostile::endless(hello(), vec![0; 65536], None, Arc::clone(&count)),
    });
    assert_eq!(get(&server.host(), "/cut", &[]).text(), "he");
    assert_eq!(get(&server.host(), "/drip", &[]).text(), "hello");
    assert_eq!(get(&server.host(), "/bytes", &[]).text(), "z");
    let mut stream = TcpStream::connect(server.host()).unwrap();
    stream.write_all(b"GET /gone HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(stream.read(&mut [0; 1]).unwrap(), 0);
    let mut stream = TcpStream::connect(server.host()).unwrap();
    stream.write_all(b"GET /endless HTTP/1.1\r\n\r\n").unwrap();
    stream.read_exact(&mut [0; 1_000_000]).unwrap();
    drop(stream);
    assert!(sent.load(Ordering::SeqCst) >= 900_000);
    assert!(server.bytes_sent() >= 900_000);
}

#[test]
fn dropping_the_server_ends_open_connections_and_sleeping_answers() {
    let server = Server::new(|_| hello());
    server.set_delay(Duration::from_secs(600));
    let mut idle = TcpStream::connect(server.host()).unwrap();
    let mut asking = TcpStream::connect(server.host()).unwrap();
    asking.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    while server.requests().is_empty() || server.accepted() < 2 {
        std::thread::yield_now();
    }
    let host = server.host();
    drop(server);
    assert_eq!(idle.read(&mut [0; 1]).unwrap_or(0), 0);
    let _ = asking.read(&mut [0; 1]);
    assert!(TcpStream::connect(host).is_err());
}

#[test]
#[should_panic(expected = "out of order")]
fn a_panic_in_the_handler_fails_the_test() {
    let server = Server::new(|_| panic!("out of order"));
    assert_eq!(get(&server.host(), "/", &[]).status, 500);
}

/// What a client that trusts `roots` gets from the server, or why it gets nothing.
fn https(server: &Server, roots: &[&str], client: Option<&Identity>) -> Result<String, String> {
    let mut store = RootCertStore::empty();
    for pem in roots {
        store.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    }
    let builder =
        ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(store);
    let config = match client {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let chain = CertificateDer::from_pem_slice(identity.cert_pem().as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![chain], key).unwrap()
        }
    };
    let name = "127.0.0.1".try_into().unwrap();
    let session = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(session, TcpStream::connect(server.host()).unwrap());
    stream.write_all(b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n").map_err(|e| e.to_string())?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map_err(|e| e.to_string())?;
    Ok(text.lines().last().unwrap_or_default().to_owned())
}

#[test]
fn certificates_are_what_they_say() {
    let authority = Authority::new("test authority");
    let serve = |identity: &Identity| Server::tls(identity.server_config(), |_| hello());
    let good = serve(&authority.issue(&["127.0.0.1", "localhost"]));
    assert_eq!(https(&good, &[authority.pem()], None).as_deref(), Ok("hello"));
    assert!(good.requests()[0].secure && good.requests()[0].origin().starts_with("https://"));

    let untrusted = https(&good, &[Authority::new("another").pem()], None).unwrap_err();
    assert!(untrusted.contains("UnknownIssuer"), "{untrusted}");
    let expired = serve(&authority.issue_expired(&["127.0.0.1"]));
    let error = https(&expired, &[authority.pem()], None).unwrap_err();
    assert!(error.contains("xpired"), "{error}");
    let wrong = serve(&authority.issue(&["other.example"]));
    let error = https(&wrong, &[authority.pem()], None).unwrap_err();
    assert!(error.contains("not valid for"), "{error}");
    let own = Identity::self_signed_ca(&["127.0.0.1"]);
    let error = https(&serve(&own), &[own.cert_pem()], None).unwrap_err();
    assert!(error.contains("CaUsedAsEndEntity"), "{error}");
}

#[test]
fn a_client_certificate_can_be_demanded() {
    let authority = Authority::new("test authority");
    let config = authority.issue(&["127.0.0.1"]).mutual_config(&authority);
    let server = Server::tls(config, |_| hello());
    assert!(https(&server, &[authority.pem()], None).is_err());
    let client = authority.issue_client("alice");
    assert_eq!(https(&server, &[authority.pem()], Some(&client)).as_deref(), Ok("hello"));
    assert_eq!(server.connections(), 1);
}

#[test]
fn plain_http_to_a_tls_server_gets_go_s_answer() {
    let authority = Authority::new("test authority");
    let server = Server::tls(authority.issue(&["127.0.0.1"]).server_config(), |_| hello());
    let answer = get(&server.host(), "/", &[]);
    assert_eq!(answer.status, 400);
    assert!(answer.text().starts_with("Client sent an HTTP request to an HTTPS server"));
    assert_eq!((server.plain_probes(), server.connections()), (1, 0));
}
