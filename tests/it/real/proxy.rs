//! A pass-through in front of a real server: the exact requests, connections and TLS probes of a client become
//! something that a test can count.

use std::net::SocketAddr;

use super::wire::{Response, Server, Tls};

/// Starts a proxy in front of the server. Requests go on unchanged, the Host header with them, so that the real
/// server answers as if the client had come to it directly; TLS goes through as bytes.
pub fn start(upstream: SocketAddr) -> Server {
    Server::start(Tls::Forward(upstream), move |request| {
        request.send(upstream).unwrap_or_else(|error| {
            Response::new(502, "text/plain", format!("the server behind: {error}"))
        })
    })
}
