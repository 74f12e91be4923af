//! A blocking HTTP/1.1 server for tests: a std listener, a thread per connection, a closure
//! for a handler, and a record of everything that came in.
//!
//! Loopback registries are tried over https first, so a plain server must survive a TLS
//! hello; it answers with a close and counts a *probe*, not a connection.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::io::{self, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::http::{Request, Response, read_request};
use super::wire::{Counted, Wire};

type Handler = Box<dyn Fn(&Request) -> Response + Send + Sync>;

/// The first byte of a TLS ClientHello's record.
const TLS_HANDSHAKE: u8 = 0x16;

/// A running server; dropping it closes the listener and every connection.
pub struct Server {
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

struct Shared {
    address: SocketAddr,
    handler: Handler,
    tls: Option<Arc<ServerConfig>>,
    sent: Arc<AtomicU64>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    stopping: bool,
    delay: Duration,
    log: Vec<(Request, u16)>,
    accepted: usize,
    connections: usize,
    tls_probes: usize,
    plain_probes: usize,
    failed_handshakes: usize,
    faults: Vec<String>,
    live: HashMap<usize, TcpStream>,
}

impl Server {
    /// Serves plain HTTP on 127.0.0.1, at a port of the system's choice.
    pub fn new(handler: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        Server::start("127.0.0.1", None, handler)
    }

    /// Serves plain HTTP on another loopback address: "another host" to the product.
    pub fn on(ip: &str, handler: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Self {
        Server::start(ip, None, handler)
    }

    /// Serves HTTPS on 127.0.0.1; `Identity::server_config` makes the configuration.
    pub fn tls(
        config: Arc<ServerConfig>,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        Server::start("127.0.0.1", Some(config), handler)
    }

    /// A listener nobody may connect to: see [`Server::assert_untouched`].
    pub fn trap(ip: &str) -> Self {
        Server::on(ip, |_| Response::with_body(200, "application/json", "{\"token\":\"trap\"}"))
    }

    /// Serves on `ip`, with TLS if a configuration is given.
    pub fn start(
        ip: &str,
        tls: Option<Arc<ServerConfig>>,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        Server::start_at(&format!("{ip}:0"), tls, handler)
    }

    /// Serves on this address and port: one that was in use a moment ago, when a server comes
    /// back after a restart.
    pub fn start_at(
        address: &str,
        tls: Option<Arc<ServerConfig>>,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(Shared {
            address,
            handler: Box::new(handler),
            tls,
            sent: Arc::default(),
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        let accepting = Some(thread::spawn(move || accept(&theirs, &listener)));
        Server { shared, accepting }
    }

    /// Host and port: `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        self.shared.address.to_string()
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.shared.address.port()
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> String {
        let scheme = if self.shared.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.shared.address)
    }

    /// Waits this long before each answer.
    pub fn set_delay(&self, delay: Duration) {
        self.shared.state().delay = delay;
    }

    /// Every request so far, in the order of their answers.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.state().log.iter().map(|(request, _)| request.clone()).collect()
    }

    /// `GET /v2/a/tags/list?n=1 401`: each request's method, target and answer.
    pub fn exchanges(&self) -> Vec<String> {
        let line = |(request, status): &(Request, u16)| {
            format!("{} {} {status}", request.method, request.target())
        };
        self.shared.state().log.iter().map(line).collect()
    }

    /// The paths of the requests.
    pub fn paths(&self) -> Vec<String> {
        self.shared.state().log.iter().map(|(request, _)| request.path.clone()).collect()
    }

    /// Forgets the requests seen so far, not the connections.
    pub fn clear(&self) {
        self.shared.state().log.clear();
    }

    /// Connections that spoke HTTP.
    pub fn connections(&self) -> usize {
        self.shared.state().connections
    }

    /// Connections of any kind, silent ones included.
    pub fn accepted(&self) -> usize {
        self.shared.state().accepted
    }

    /// TLS hellos that came to a plain server.
    pub fn tls_probes(&self) -> usize {
        self.shared.state().tls_probes
    }

    /// Plain requests that came to a TLS server.
    pub fn plain_probes(&self) -> usize {
        self.shared.state().plain_probes
    }

    /// TLS handshakes that the client or the server broke off.
    pub fn failed_handshakes(&self) -> usize {
        self.shared.state().failed_handshakes
    }

    /// Bytes handed to the sockets so far, those of the hooks included.
    pub fn bytes_sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// The log for people: one line per request, its more telling headers below.
    pub fn log(&self) -> String {
        let state = self.shared.state();
        let mut out = format!(
            "{}: {} requests, {} connections, {} TLS probes, {} plain probes, {} accepted\n",
            self.origin(),
            state.log.len(),
            state.connections,
            state.tls_probes,
            state.plain_probes,
            state.accepted
        );
        for (index, (request, status)) in state.log.iter().enumerate() {
            let (method, target) = (&request.method, request.target());
            let connection = request.connection;
            let _ = writeln!(out, "  {:>3} c{connection} {method} {target} -> {status}", index + 1);
            for name in ["authorization", "accept", "range"] {
                for value in request.header_all(name) {
                    let _ = writeln!(out, "         {name}: {value}");
                }
            }
            if !request.body.is_empty() {
                let _ = writeln!(out, "         {}", String::from_utf8_lossy(&request.body));
            }
        }
        out
    }

    /// Fails unless the exchanges (see [`Server::exchanges`]) are exactly these.
    #[track_caller]
    pub fn assert_exchanges(&self, expected: &[&str]) {
        let seen = self.exchanges();
        assert!(seen == expected, "expected exchanges {expected:#?}, but saw\n{}", self.log());
    }

    /// Fails if there were more or fewer connections than this.
    #[track_caller]
    pub fn assert_connections(&self, expected: usize) {
        let seen = self.connections();
        assert!(seen == expected, "expected {expected} connections, but saw\n{}", self.log());
    }

    /// Fails if anyone has connected at all.
    #[track_caller]
    pub fn assert_untouched(&self) {
        assert!(self.accepted() == 0, "nobody was to connect, but\n{}", self.log());
    }
}

impl Drop for Server {
    #[expect(clippy::print_stderr, reason = "the test harness shows it with the failed test")]
    fn drop(&mut self) {
        {
            let mut state = self.shared.state();
            state.stopping = true;
            for stream in state.live.values() {
                let _ = stream.shutdown(Shutdown::Both);
            }
            self.shared.changed.notify_all();
        }
        // Wakes the accept loop; if this fails, the listener is gone already.
        let _ = TcpStream::connect_timeout(&self.shared.address, Duration::from_secs(1));
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        let state = self.shared.state();
        let patience = Duration::from_secs(5);
        let (state, _) = self
            .shared
            .changed
            .wait_timeout_while(state, patience, |state| !state.live.is_empty())
            .unwrap_or_else(PoisonError::into_inner);
        let faults = state.faults.clone();
        drop(state);
        if thread::panicking() {
            eprintln!("{}", self.log());
        } else {
            assert!(faults.is_empty(), "the server's handler panicked: {faults:?}");
        }
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sleeps for the configured delay, or until the server stops.
    fn wait(&self) {
        let state = self.state();
        let delay = state.delay;
        if !delay.is_zero() {
            let running = |state: &mut State| !state.stopping;
            let _ = self.changed.wait_timeout_while(state, delay, running);
        }
    }
}

fn accept(shared: &Arc<Shared>, listener: &TcpListener) {
    for stream in listener.incoming() {
        let Ok(stream) = stream else { continue };
        let mut state = shared.state();
        if state.stopping {
            return;
        }
        state.accepted += 1;
        let id = state.accepted;
        let Ok(copy) = stream.try_clone() else { continue };
        state.live.insert(id, copy);
        drop(state);
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // An error is the client's way of hanging up: the log shows how far it came.
            let _ = serve(&shared, stream);
            shared.state().live.remove(&id);
            shared.changed.notify_all();
        });
    }
}

fn serve(shared: &Shared, mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut first = [0];
    if stream.peek(&mut first)? == 0 {
        return Ok(());
    }
    let hello = first[0] == TLS_HANDSHAKE;
    let Some(config) = &shared.tls else {
        if hello {
            shared.state().tls_probes += 1;
            // Unread bytes would turn the close into a reset.
            return stream.read(&mut [0; 16 * 1024]).map(drop);
        }
        return converse(shared, Wire::Plain(stream), false);
    };
    if !hello {
        shared.state().plain_probes += 1;
        let _ = stream.read(&mut [0; 16 * 1024])?;
        let text = "Client sent an HTTP request to an HTTPS server.\n";
        let answer = Response::with_body(400, "text/plain", text).closing();
        return stream.write_all(&answer.bytes(false));
    }
    let mut session = ServerConnection::new(Arc::clone(config)).map_err(io::Error::other)?;
    while session.is_handshaking() {
        if let Err(error) = session.complete_io(&mut stream) {
            shared.state().failed_handshakes += 1;
            return Err(error);
        }
    }
    converse(shared, Wire::Tls(Box::new(StreamOwned::new(session, stream))), true)
}

/// Requests and answers until either side has enough.
fn converse(shared: &Shared, wire: Wire, secure: bool) -> io::Result<()> {
    let number = {
        let mut state = shared.state();
        state.connections += 1;
        state.connections
    };
    let mut reader = BufReader::new(Counted { wire, sent: Arc::clone(&shared.sent) });
    while let Some(request) = read_request(&mut reader, number, shared.address, secure)? {
        let head_only = request.method == "HEAD";
        let last = request.header("connection").is_some_and(|c| c.eq_ignore_ascii_case("close"));
        let response = answer(shared, &request);
        shared.state().log.push((request, response.status));
        shared.wait();
        if !response.send(reader.get_mut(), head_only)? || last {
            break;
        }
    }
    reader.get_mut().wire.finish()
}

/// The handler's answer; a panic in it becomes a 500 and fails the test at the end.
fn answer(shared: &Shared, request: &Request) -> Response {
    catch_unwind(AssertUnwindSafe(|| (shared.handler)(request))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
        shared.state().faults.push(text.unwrap_or_else(|| "a panic without a text".to_owned()));
        Response::new(500).closing()
    })
}
