//! What went wrong with an exchange: ureq's errors, statuses of proxies and of servers that want a
//! client certificate, as errors for people and decisions about trying again.

use std::borrow::Cow;
use std::io;
use std::net::IpAddr;
use std::sync::atomic::Ordering;

use super::address::Reach;
use super::connect::ConnectFailure;
use super::proxy::{Proxy, Unusable};
use super::retry::{self, Retry};
use super::tls::{self, Trouble};
use super::url::{Scheme, Url};
use super::{
    Answer, BODY_LIMIT, CONNECT_LIMIT, Client, Failure, HEADER_LIMIT, Peer, Request, answer,
};
use crate::error::{BadCertificate, Error, Network};
use crate::system::terminal::server_text;

/// The most that is read of a page about the connection.
const MAX_PAGE: u64 = 64 * 1024;

impl Client {
    /// The failure that a "try again later" status is.
    pub(super) fn busy_failure(&self, answer: &mut Answer, host: &str) -> Option<Failure> {
        let status = answer.status();
        let wait = answer.retry_after();
        let retry = retry::for_status(status, wait)?;
        if status == 429 || (status == 503 && wait.is_some()) {
            let pulls = answer.is_pull_limit();
            if !pulls {
                self.pace.complaint(host, wait);
            }
            let error = Error::RateLimited { host: host.to_owned(), wait, pulls };
            return Some(Failure { error, retry: if pulls { Retry::Never } else { retry } });
        }
        let detail = answer.detail();
        Some(Failure { error: Error::Server { host: host.to_owned(), status, detail }, retry })
    }

    /// The failure that a 407 is: it can only come from a proxy (RFC 9110 § 15.5.8).
    pub(super) fn proxy_failure(
        &self,
        answer: &Answer,
        request: &Request,
        host: &str,
    ) -> Option<Failure> {
        let proxy = self.proxies.for_origin(request.url.origin())?;
        (answer.status() == 407).then(|| proxy_login(host, proxy))
    }

    /// Turns what ureq reports into an error for people and a decision about trying again.
    pub(super) fn send_failure(
        &self,
        peer: &Peer,
        request: &Request,
        error: ureq::Error,
        opened: bool,
    ) -> Failure {
        let host = request.url.origin().authority();
        let network = |cause, retry| Failure::network(&host, cause, retry);
        let proxy = self.proxies.for_origin(request.url.origin());
        match (error, proxy) {
            (ureq::Error::Other(other), proxy) => match other.downcast::<ConnectFailure>() {
                Ok(failure) => connect_failure(peer, request, *failure, proxy),
                Err(_) => network(Network::Closed, Retry::Never),
            },
            (ureq::Error::HostNotFound, None) => network(Network::Name, Retry::Once),
            (ureq::Error::HostNotFound, Some(proxy)) => {
                let name = proxy.parsed().map_or("", ureq::Proxy::host);
                proxy_failed(&host, format!("cannot resolve the proxy's host name \"{name}\""))
            }
            (ureq::Error::ConnectProxyFailed(why), Some(proxy)) => refusal(&host, proxy, &why),
            (ureq::Error::Timeout(timeout), _) => {
                self.timeout_failure(&host, timeout, request.probe)
            }
            (ureq::Error::Io(error), proxy) => {
                let reached = peer.answered.load(Ordering::Relaxed);
                let fresh = if reached { Retry::Usual } else { Retry::Once };
                let retry = if opened { fresh } else { Retry::AtOnce };
                match (io_failure(peer, &host, &error, retry), proxy) {
                    (Failure { error: Error::Network { cause, .. }, .. }, Some(proxy))
                        if matches!(cause, Network::Connect(_)) =>
                    {
                        proxy_failed(&host, format!("proxy {}: {cause}", proxy.address()))
                    }
                    (failure, _) => failure,
                }
            }
            (other, _) => answer::protocol_failure(&host, &other),
        }
    }

    fn timeout_failure(&self, host: &str, timeout: ureq::Timeout, probe: bool) -> Failure {
        let (stage, limit, retry) = match timeout {
            ureq::Timeout::Resolve => ("resolving the host name", CONNECT_LIMIT, Retry::Once),
            ureq::Timeout::Connect if probe => {
                let cause = Network::Timeout(super::CONNECTING, self.probe_limit());
                return Failure::network(host, cause, Retry::Never);
            }
            ureq::Timeout::Connect => (super::CONNECTING, CONNECT_LIMIT, Retry::Once),
            ureq::Timeout::RecvBody => (super::READING, BODY_LIMIT, Retry::Never),
            ureq::Timeout::RecvResponse => ("waiting for a response", HEADER_LIMIT, Retry::Once),
            _ => ("sending the request", CONNECT_LIMIT, Retry::Once),
        };
        Failure::network(host, Network::Timeout(stage, self.limit(limit)), retry)
    }
}

/// A failure between ureq and the network.
fn connect_failure(
    peer: &Peer,
    request: &Request,
    failure: ConnectFailure,
    proxy: Option<&Proxy>,
) -> Failure {
    let host = request.url.origin().authority();
    match failure {
        ConnectFailure::Address(ip) if peer.reach == Reach::Loopback => {
            not_this_machine(&request.url, ip).into()
        }
        ConnectFailure::Address(_) => refused_address(&request.url).into(),
        ConnectFailure::Tls(trouble) => {
            Failure::network(&host, tls_cause(trouble, peer), Retry::Never)
        }
        ConnectFailure::SpeaksTls => Failure::network(&host, Network::SpeaksTls, Retry::Never),
        ConnectFailure::Proxy(why) => {
            let address = proxy.map(Proxy::address).unwrap_or_default();
            proxy_failed(&host, format!("proxy {address}: {why}"))
        }
        ConnectFailure::ProxyVariable(why) => {
            let variable = proxy.map_or("the environment", |proxy| proxy.variable);
            let (what, hint) = match why {
                Unusable::Url => (
                    format!("invalid proxy URL in {variable}"),
                    format!(
                        "set {variable}=http://USER:PASSWORD@HOST:PORT, with / ? # @ % in the \
                         password written as %2F %3F %23 %40 %25"
                    ),
                ),
                Unusable::Scheme => (
                    format!("unsupported proxy type in {variable}"),
                    format!("use an HTTP proxy: {variable}=http://HOST:PORT"),
                ),
            };
            Failure::network(&host, Network::Proxy(what, hint), Retry::Never)
        }
    }
}

fn proxy_failed(host: &str, what: String) -> Failure {
    let hint = "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY".to_owned();
    Failure::network(host, Network::Proxy(what, hint), Retry::Never)
}

fn proxy_login(host: &str, proxy: &Proxy) -> Failure {
    let what = format!("proxy {} requires a login (407)", proxy.address());
    let hint = format!("set {}=http://USER:PASSWORD@HOST:PORT", proxy.variable);
    Failure::network(host, Network::Proxy(what, hint), Retry::Never)
}

/// What a proxy answered to CONNECT, from ureq's text `proxy server responded 407/407`.
fn refusal(host: &str, proxy: &Proxy, text: &str) -> Failure {
    let address = proxy.address();
    let status = text.strip_prefix("proxy server responded ").and_then(|s| s.split('/').next());
    proxy_failed(
        host,
        match status {
            Some("407") => return proxy_login(host, proxy),
            Some("403") => format!("proxy {address} denied access to this host (403)"),
            Some(status) => {
                format!("proxy {address} responded with status {}", server_text(status))
            }
            None => format!("proxy {address}: {}", server_text(text)),
        },
    )
}

/// What servers say with a page of status 400 about how they were connected to: nginx lets a client
/// without a certificate in first, and most know plain http on their TLS port.
pub(super) fn bad_connection(
    answer: &mut Answer,
    request: &Request,
    host: &str,
) -> Option<Failure> {
    const PAGES: [(Scheme, &str, Network); 6] = [
        (
            Scheme::Https,
            "No required SSL certificate was sent",
            Network::ClientCertificate(Cow::Borrowed("the server requires a client certificate")),
        ),
        (
            Scheme::Https,
            "The SSL certificate error",
            Network::ClientCertificate(Cow::Borrowed("the server rejected the client certificate")),
        ),
        (Scheme::Http, "an HTTP request to an HTTPS server", Network::SpeaksTls),
        (Scheme::Http, "plain HTTP request was sent to HTTPS port", Network::SpeaksTls),
        (Scheme::Http, "speaking plain HTTP to an SSL-enabled server", Network::SpeaksTls),
        (Scheme::Http, "combination of host and port requires TLS", Network::SpeaksTls),
    ];
    if answer.status() != 400 || answer.content_type() == "application/json" {
        return None;
    }
    let page = answer.peek(MAX_PAGE);
    let page = String::from_utf8_lossy(&page);
    let scheme = request.url.origin().scheme();
    let said = PAGES.iter().find(|(of, words, _)| *of == scheme && page.contains(words));
    said.map(|(_, _, cause)| Failure::network(host, cause.clone(), Retry::Never))
}

pub(super) fn refused_address(url: &Url) -> Error {
    Error::Refused {
        host: url.origin().authority(),
        what: "refused: a server named this host, and its address is not public".to_owned(),
        hint: "to use this host, name it on the command line".to_owned(),
    }
}

/// A name that stands for this machine, and an address that it should not have.
fn not_this_machine(url: &Url, ip: IpAddr) -> Error {
    Error::Refused {
        host: url.origin().authority(),
        what: format!("refused: this name means this machine, but it resolves to {ip}"),
        hint: "to connect anyway, pass -k or --plain-http (in a profile: insecure, plain-http)"
            .to_owned(),
    }
}

/// A TLS failure as the user sees it.
fn tls_cause(trouble: Trouble, peer: &Peer) -> Network {
    match trouble {
        Trouble::Certificate(fault, why) => Network::Certificate(BadCertificate {
            fault,
            why,
            directory: peer.tls.directory.clone(),
            foreign: peer.reach.is_foreign(),
        }),
        Trouble::Client(why) => Network::ClientCertificate(why.into()),
        Trouble::Handshake(why) => Network::Handshake(why),
        Trouble::NoTls(why) => Network::Tls(why),
    }
}

/// A failure of the socket before an answer came.
fn io_failure(peer: &Peer, host: &str, error: &io::Error, retry: Retry) -> Failure {
    if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        let trouble = tls::describe(tls, !peer.tls.clients.is_empty());
        return Failure::network(host, tls_cause(trouble, peer), Retry::Never);
    }
    let cause = match error.kind() {
        io::ErrorKind::UnexpectedEof
        | io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => Network::Closed,
        io::ErrorKind::ConnectionRefused => Network::Connect("connection refused".to_owned()),
        io::ErrorKind::HostUnreachable => Network::Connect("no route to host".to_owned()),
        io::ErrorKind::NetworkUnreachable => Network::Connect("network is unreachable".to_owned()),
        _ => Network::Connect(error.to_string()),
    };
    Failure::network(host, cause, retry)
}
