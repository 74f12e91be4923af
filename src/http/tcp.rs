//! TCP: the connection below all others.
//!
//! ureq's own tries one address after the other and waits for seconds where packets vanish, as they
//! do where IPv6 is there and leads nowhere. Here the next address gets its turn after a moment, and
//! the first connection that opens is used (RFC 8305).

use std::cell::Cell;
use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, Either, LazyBuffers, NextTimeout, Transport,
};

use super::connect::{ConnectFailure, fail};
use crate::system::lock;

/// The time that an address has before the next one is tried beside it (RFC 8305 § 8).
const HEAD_START: Duration = Duration::from_millis(250);

thread_local! {
    /// Whether this thread has opened a connection since it last asked.
    static OPENED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread has opened a connection since the last call: a request that fails on a
/// kept one has perhaps not been read.
pub(super) fn take_opened() -> bool {
    OPENED.replace(false)
}

/// Opens connections; remembers which address answered last.
#[derive(Debug, Default)]
pub(super) struct TcpConnector {
    answered: Mutex<Option<SocketAddr>>,
}

impl<In: Transport> Connector<In> for TcpConnector {
    type Out = Either<In, TcpTransport>;

    fn connect(
        &self,
        details: &ConnectionDetails,
        chained: Option<In>,
    ) -> Result<Option<Self::Out>, ureq::Error> {
        // A tunnel through a proxy is open already.
        if let Some(tunnel) = chained {
            return Ok(Some(Either::A(tunnel)));
        }
        OPENED.set(true);
        let limit = details.timeout.not_zero().map_or(Duration::MAX, |limit| *limit);
        let mut addresses = in_turns(&details.addrs);
        let lock = || lock(&self.answered);
        let answered = *lock();
        addresses.sort_by_key(|address| Some(*address) != answered);
        let stream = race(addresses, limit).map_err(|error| match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                ureq::Error::Timeout(details.timeout.reason)
            }
            _ => error.into(),
        })?;
        *lock() = stream.peer_addr().ok();
        stream.set_nodelay(true)?;
        let config = details.config;
        let buffers = LazyBuffers::new(config.input_buffer_size(), config.output_buffer_size());
        let is_unread = !details.needs_tls();
        Ok(Some(Either::B(TcpTransport { stream, buffers, limits: [None; 2], is_unread })))
    }
}

/// The addresses with those of IPv6 and IPv4 in turns, in the resolver's order otherwise.
fn in_turns(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let is_first = |address: &SocketAddr| address.is_ipv6() == addresses[0].is_ipv6();
    let (first, second): (Vec<_>, Vec<_>) = addresses.iter().copied().partition(is_first);
    let mut turns = Vec::with_capacity(addresses.len());
    for index in 0..addresses.len() {
        turns.extend(first.get(index).copied());
        turns.extend(second.get(index).copied());
    }
    turns
}

/// The first connection that opens within the limit.
fn race(addresses: Vec<SocketAddr>, limit: Duration) -> io::Result<TcpStream> {
    if let [only] = addresses[..] {
        return TcpStream::connect_timeout(&only, limit);
    }
    let started = Instant::now();
    let (results, arrived) = mpsc::channel();
    let (mut failure, mut under_way) = (io::ErrorKind::TimedOut.into(), 0);
    let mut addresses = addresses.into_iter();
    loop {
        let left = limit.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        if let Some(address) = addresses.next() {
            let results = results.clone();
            // Nobody waits for those that come too late: they end by their own limit.
            let connect = move || results.send(TcpStream::connect_timeout(&address, left));
            thread::Builder::new().spawn(connect)?;
            under_way += 1;
        } else if under_way == 0 {
            return Err(failure);
        }
        let patience = if addresses.len() == 0 { left } else { left.min(HEAD_START) };
        match arrived.recv_timeout(patience) {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => {
                under_way -= 1;
                failure = error;
            }
            Err(_) => {}
        }
    }
}

/// A TCP connection as ureq wants it.
pub(super) struct TcpTransport {
    stream: TcpStream,
    buffers: LazyBuffers,
    /// The limits that the socket has, for reading and for writing.
    limits: [Option<Duration>; 2],
    /// Whether plain http is spoken and nothing has come yet.
    is_unread: bool,
}

impl TcpTransport {
    /// Sets a limit unless it is set, and gives the error that passing it is.
    fn limit(&mut self, timeout: NextTimeout, side: usize) -> Result<ureq::Error, ureq::Error> {
        if timeout.after.is_zero() {
            return Err(ureq::Error::Timeout(timeout.reason));
        }
        let limit = timeout.not_zero().map(|limit| *limit);
        if self.limits[side] != limit {
            match side {
                0 => self.stream.set_read_timeout(limit)?,
                _ => self.stream.set_write_timeout(limit)?,
            }
            self.limits[side] = limit;
        }
        Ok(ureq::Error::Timeout(timeout.reason))
    }
}

fn or_timeout(error: io::Error, timeout: ureq::Error) -> ureq::Error {
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => timeout,
        _ => error.into(),
    }
}

impl Transport for TcpTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let passed = self.limit(timeout, 1)?;
        let sent = self.stream.write_all(&self.buffers.output()[..amount]);
        sent.map_err(|error| or_timeout(error, passed))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let passed = self.limit(timeout, 0)?;
        let input = self.buffers.input_append_buf();
        let read = loop {
            match self.stream.read(input) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        let amount = read.map_err(|error| or_timeout(error, passed))?;
        self.buffers.input_appended(amount);
        // A TLS record, most likely the alert that no such thing was expected.
        if std::mem::take(&mut self.is_unread)
            && matches!(self.buffers.input(), [0x15 | 0x16, 3, ..])
        {
            return Err(fail(ConnectFailure::SpeaksTls));
        }
        Ok(amount > 0)
    }

    /// A kept connection has nothing to say until it is asked.
    fn is_open(&mut self) -> bool {
        let is_silent = |stream: &TcpStream| match stream.peek(&mut [0]) {
            Err(error) => error.kind() == io::ErrorKind::WouldBlock,
            Ok(_) => false,
        };
        self.stream.set_nonblocking(true).is_ok()
            && is_silent(&self.stream)
            && self.stream.set_nonblocking(false).is_ok()
    }

    fn is_tls(&self) -> bool {
        false
    }
}

impl fmt::Debug for TcpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TcpTransport").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn families_take_turns() {
        let turns = |addresses: &[&str]| {
            let addresses: Vec<SocketAddr> = addresses.iter().map(|a| a.parse().unwrap()).collect();
            in_turns(&addresses).iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(turns(&[]), [""; 0]);
        assert_eq!(
            turns(&["[::1]:1", "[::2]:1", "[::3]:1", "1.1.1.1:1"]),
            ["[::1]:1", "1.1.1.1:1", "[::2]:1", "[::3]:1"]
        );
        assert_eq!(turns(&["1.1.1.1:1", "[::1]:1"]), ["1.1.1.1:1", "[::1]:1"]);
    }

    #[test]
    fn who_refuses_makes_room_at_once() {
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let here = listener.local_addr().unwrap();
        let stream = race(vec![gone, here], Duration::from_secs(10)).unwrap();
        assert_eq!(stream.peer_addr().unwrap(), here);
        let error = race(vec![gone, gone], Duration::from_secs(10)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    }
}
