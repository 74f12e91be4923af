//! Plain http through a proxy: the whole URL in the request line (RFC 9112 § 3.2.2).
//!
//! ureq opens a tunnel with CONNECT for http as well as for https, which many proxies allow to
//! port 443 only; Go, and so docker, sends `GET http://host/path`. Here the connection goes to the
//! proxy, and the head of every request is rewritten on its way out. Nothing else changes: the
//! requests are bytes that ureq has written, and one begins where an answer has been read.

use std::fmt;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, NextTimeout, Transport,
};

use crate::system::secret::Secret;

/// Rewrites the requests of connections that lead to a proxy; comes after TCP.
#[derive(Debug)]
pub(super) struct ForwardConnector {
    /// Whether there is such a proxy, and the value of `Proxy-Authorization` that it wants.
    proxy: Option<Option<Secret>>,
}

impl ForwardConnector {
    /// For direct connections, which stay as they are.
    pub(super) fn off() -> Self {
        ForwardConnector { proxy: None }
    }

    /// For connections to this proxy.
    pub(super) fn to(proxy: &ureq::Proxy) -> Self {
        let login = (proxy.username().is_some() || proxy.password().is_some()).then(|| {
            let (user, password) = (proxy.username(), proxy.password());
            let pair = format!("{}:{}", user.unwrap_or_default(), password.unwrap_or_default());
            Secret::new(format!("Basic {}", BASE64_STANDARD.encode(pair)))
        });
        ForwardConnector { proxy: Some(login) }
    }
}

impl<In: Transport> Connector<In> for ForwardConnector {
    type Out = Either<In, ForwardTransport<In>>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        let Some(inner) = chained else { return Ok(None) };
        let Some(login) = &self.proxy else { return Ok(Some(Either::A(inner))) };
        let authority = details.uri.authority().map(ToString::to_string).unwrap_or_default();
        let (target, login) = (format!("http://{authority}"), login.clone());
        Ok(Some(Either::B(ForwardTransport { inner, target, login, at_head: true })))
    }
}

/// A connection to a proxy that forwards to one origin.
pub(super) struct ForwardTransport<In> {
    inner: In,
    /// Scheme and authority of the requests' URLs.
    target: String,
    login: Option<Secret>,
    /// Whether the next bytes begin a request.
    at_head: bool,
}

impl<In: Transport> Transport for ForwardTransport<In> {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        if !std::mem::take(&mut self.at_head) {
            return self.inner.transmit_output(amount, timeout);
        }
        let output = self.inner.buffers().output();
        let head = rewrite(&output[..amount], &self.target, self.login.as_ref());
        let room = output.get_mut(..head.len()).ok_or(ureq::Error::BodyExceedsLimit(0))?;
        room.copy_from_slice(&head);
        self.inner.transmit_output(head.len(), timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.at_head = true;
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        self.inner.is_open()
    }

    fn is_tls(&self) -> bool {
        false
    }
}

impl<In> fmt::Debug for ForwardTransport<In> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForwardTransport").field("target", &self.target).finish_non_exhaustive()
    }
}

/// `GET /path HTTP/1.1` becomes `GET http://host/path HTTP/1.1`, and the login follows it.
fn rewrite(head: &[u8], target: &str, login: Option<&Secret>) -> Vec<u8> {
    let path = head.iter().position(|&byte| byte == b' ').map_or(0, |space| space + 1);
    let line = head.windows(2).position(|pair| pair == b"\r\n").map_or(head.len(), |end| end + 2);
    let (before, rest) = head.split_at(path.min(line));
    let (first, fields) = rest.split_at(line - before.len());
    let login = login.map(|login| format!("Proxy-Authorization: {}\r\n", login.expose()));
    [before, target.as_bytes(), first, login.unwrap_or_default().as_bytes(), fields].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let rewritten = |head: &str, login: Option<&Secret>| {
            String::from_utf8(rewrite(head.as_bytes(), "http://reg.test:5000", login)).unwrap()
        };
        let head = "GET /v2/?n=1 HTTP/1.1\r\nhost: reg.test:5000\r\n\r\n";
        let expected = "GET http://reg.test:5000/v2/?n=1 HTTP/1.1\r\nhost: reg.test:5000\r\n\r\n";
        assert_eq!(rewritten(head, None), expected);
        let login = Secret::new("Basic eDp5");
        let expected = "GET http://reg.test:5000/v2/?n=1 HTTP/1.1\r\nProxy-Authorization: Basic \
                        eDp5\r\nhost: reg.test:5000\r\n\r\n";
        assert_eq!(rewritten(head, Some(&login)), expected);
        for odd in ["", " ", "\r\n", "GET", "\r\n "] {
            assert!(rewritten(odd, None).contains("http://reg.test:5000"), "{odd:?}");
        }
    }
}
