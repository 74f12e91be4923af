//! What went wrong with an exchange: ureq's errors, statuses of proxies and of servers that want a
//! client certificate, as errors for people and decisions about trying again.

use std::io;
use std::net::IpAddr;
use std::sync::atomic::Ordering;

use super::address::Reach;
use super::connect::ConnectFailure;
use super::retry::Retry;
use super::tls::{self, Trouble};
use super::url::{Scheme, Url};
use super::{
    Answer, BODY_LIMIT, CONNECT_LIMIT, Client, Failure, HEADER_LIMIT, PROBE_LIMIT, Peer, Request,
    answer, proxy,
};
use crate::error::{BadCertificate, Error, Network};

/// The most that is read of a page that may ask for a client certificate.
const MAX_PAGE: u64 = 64 * 1024;

impl Client {
    /// The failure that a 407 is: it can only come from a proxy (RFC 9110 § 15.5.8).
    pub(super) fn proxy_failure(
        &self,
        answer: &Answer,
        request: &Request,
        host: &str,
    ) -> Option<Failure> {
        let proxy = self.proxies.for_origin(request.url.origin())?;
        (answer.status() == 407).then(|| {
            let why = format!("{}: {}", proxy::address(proxy), proxy::LOGIN_WANTED);
            Failure::network(host, Network::Proxy(why), Retry::Never)
        })
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
        let reached = peer.answered.load(Ordering::Relaxed);
        let network = |cause, retry| Failure::network(&host, cause, retry);
        let proxy = self.proxies.for_origin(request.url.origin()).map(proxy::address);
        let of_proxy = |proxy: &str, why: &str| {
            network(Network::Proxy(format!("{proxy}: {why}")), Retry::Never)
        };
        match (error, proxy) {
            (ureq::Error::Other(other), proxy) => match other.downcast::<ConnectFailure>() {
                Ok(failure) => match *failure {
                    ConnectFailure::Address(ip) => match peer.reach {
                        Reach::Loopback => not_this_machine(&request.url, ip).into(),
                        _ => refused_address(&request.url).into(),
                    },
                    ConnectFailure::Tls(trouble) => network(tls_cause(trouble, peer), Retry::Never),
                    ConnectFailure::Proxy(why) => of_proxy(&proxy.unwrap_or_default(), &why),
                },
                Err(_) => network(Network::Closed, Retry::Never),
            },
            (ureq::Error::HostNotFound, None) => network(Network::Name, Retry::Once),
            (ureq::Error::HostNotFound, Some(proxy)) => of_proxy(&proxy, "no address found"),
            (ureq::Error::ConnectProxyFailed(why), Some(proxy)) => {
                of_proxy(&proxy, &proxy::refusal(&why))
            }
            (ureq::Error::InvalidProxyUrl, Some(proxy)) => {
                of_proxy(&proxy, "its URL is not understood")
            }
            (ureq::Error::Timeout(timeout), _) => {
                self.timeout_failure(&host, timeout, request.probe)
            }
            (ureq::Error::Io(error), proxy) => {
                let fresh = if reached { Retry::Usual } else { Retry::Once };
                let retry = if opened { fresh } else { Retry::AtOnce };
                match (io_failure(peer, &host, &error, retry), proxy) {
                    (Failure { error: Error::Network { cause, .. }, .. }, Some(proxy))
                        if matches!(cause, Network::Connect(_)) =>
                    {
                        of_proxy(&proxy, &cause.to_string())
                    }
                    (failure, _) => failure,
                }
            }
            (other, _) => answer::protocol_failure(&host, &other),
        }
    }

    fn timeout_failure(&self, host: &str, timeout: ureq::Timeout, probe: bool) -> Failure {
        let (stage, limit, retry) = match timeout {
            ureq::Timeout::Resolve => ("looking up the name", CONNECT_LIMIT, Retry::Once),
            ureq::Timeout::Connect if probe => (super::CONNECTING, PROBE_LIMIT, Retry::Never),
            ureq::Timeout::Connect => (super::CONNECTING, CONNECT_LIMIT, Retry::Once),
            ureq::Timeout::RecvBody => ("reading the answer", BODY_LIMIT, Retry::Never),
            ureq::Timeout::RecvResponse => ("waiting for an answer", HEADER_LIMIT, Retry::Once),
            _ => ("sending the request", CONNECT_LIMIT, Retry::Once),
        };
        let limit = self.settings.timeout.unwrap_or(limit);
        Failure::network(host, Network::Timeout(stage, limit), retry)
    }
}

/// nginx lets a client without a certificate in and tells it with a page of status 400.
pub(super) fn client_certificate_failure(
    answer: &mut Answer,
    request: &Request,
    host: &str,
) -> Option<Failure> {
    let is_page = answer.header("content-type").is_some_and(|kind| kind.starts_with(b"text/html"));
    let secure = request.url.origin().scheme() == Scheme::Https;
    if answer.status() != 400 || !is_page || !secure {
        return None;
    }
    let page = answer.bytes(MAX_PAGE, "an error").ok()?;
    let page = String::from_utf8_lossy(&page);
    let why = if page.contains("No required SSL certificate was sent") {
        "the server wants a client certificate"
    } else if page.contains("The SSL certificate error") {
        "the server refuses our client certificate"
    } else {
        return None;
    };
    Some(Failure::network(host, Network::ClientCertificate(why.to_owned()), Retry::Never))
}

pub(super) fn refused_address(url: &Url) -> Error {
    Error::Refused {
        host: url.origin().authority(),
        what: "refused: a server may not send us to an address of this machine or network"
            .to_owned(),
        hint: "if this is wanted, name the host yourself".to_owned(),
    }
}

/// A name that stands for this machine, and an address that it should not have.
fn not_this_machine(url: &Url, ip: IpAddr) -> Error {
    Error::Refused {
        host: url.origin().authority(),
        what: format!("refused: this name stands for this machine, but its address is {ip}"),
        hint: "if that is wanted, say how to speak to it: -k for https without checking, or \
               --plain-http (in a profile: insecure, plain-http)"
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
        Trouble::Client(why) => Network::ClientCertificate(why),
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
        io::ErrorKind::HostUnreachable => Network::Connect("no route to the host".to_owned()),
        io::ErrorKind::NetworkUnreachable => Network::Connect("network unreachable".to_owned()),
        _ => Network::Connect(error.to_string()),
    };
    Failure::network(host, cause, retry)
}
