//! Just enough HTTP/1.1 for the bench: a blocking client, and a server that answers with a closure and keeps a log.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A connection that says nothing for so long is over; a bound for tests that went wrong.
const IDLE: Duration = Duration::from_secs(120);

/// The first byte of a TLS handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// Header fields in their order.
pub type Headers = Vec<(String, String)>;

fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Path and query as sent.
    pub target: String,
    pub headers: Headers,
    pub body: Vec<u8>,
}

impl Request {
    /// A request without a body.
    pub fn new(method: &str, target: &str) -> Request {
        Request {
            method: method.into(),
            target: target.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// With one more header field.
    pub fn with_header(mut self, name: &str, value: &str) -> Request {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// With a body of this type.
    pub fn with_body(self, media_type: &str, body: impl Into<Vec<u8>>) -> Request {
        Request { body: body.into(), ..self.with_header("Content-Type", media_type) }
    }

    /// The first field of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The target without its query.
    pub fn path(&self) -> &str {
        self.target.split('?').next().unwrap_or_default()
    }

    /// Sends it on a connection of its own and returns the whole answer.
    pub fn send(&self, to: SocketAddr) -> io::Result<Response> {
        let mut stream = TcpStream::connect(to)?;
        stream.set_read_timeout(Some(IDLE))?;
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        if self.header("Host").is_none() {
            bytes += &format!("Host: {to}\r\n");
        }
        let own = ["connection", "content-length", "transfer-encoding"];
        for (name, value) in
            self.headers.iter().filter(|(name, _)| !own.contains(&&*name.to_lowercase()))
        {
            bytes += &format!("{name}: {value}\r\n");
        }
        bytes += &format!("Content-Length: {}\r\nConnection: close\r\n\r\n", self.body.len());
        stream.write_all(&[bytes.as_bytes(), &self.body].concat())?;
        Response::read(&mut BufReader::new(stream))
    }
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    pub headers: Headers,
    /// The bytes after the head, still chunked if the header says so.
    raw: Vec<u8>,
}

impl Response {
    /// An answer of this type.
    pub fn new(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Response {
        Response {
            status,
            headers: vec![("Content-Type".into(), media_type.into())],
            raw: body.into(),
        }
    }

    /// A JSON answer.
    pub fn json(status: u16, body: &serde_json::Value) -> Response {
        Response::new(status, "application/json", body.to_string())
    }

    /// With one more header field.
    pub fn with_header(mut self, name: &str, value: &str) -> Response {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// The first field of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// The content, without the transfer's coding.
    pub fn body(&self) -> Vec<u8> {
        if self.header("Transfer-Encoding") == Some("chunked") {
            dechunk(&self.raw)
        } else {
            self.raw.clone()
        }
    }

    fn read(from: &mut impl BufRead) -> io::Result<Response> {
        let first = read_line(from)?;
        let status = first.split(' ').nth(1).and_then(|code| code.parse().ok());
        let status =
            status.ok_or_else(|| io::Error::other(format!("no status line: {first:?}")))?;
        let headers = read_headers(from)?;
        let mut raw = Vec::new();
        from.read_to_end(&mut raw)?;
        Ok(Response { status, headers, raw })
    }

    fn write(&self, request: &Request, to: &mut impl Write) -> io::Result<()> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status));
        for (name, value) in
            self.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("connection"))
        {
            head += &format!("{name}: {value}\r\n");
        }
        if self.header("Content-Length").is_none() && self.header("Transfer-Encoding").is_none() {
            head += &format!("Content-Length: {}\r\n", self.raw.len());
        }
        head += "\r\n";
        let body: &[u8] = if request.method == "HEAD" { &[] } else { &self.raw };
        to.write_all(&[head.as_bytes(), body].concat())
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        401 => "Unauthorized",
        404 => "Not Found",
        _ => "Other",
    }
}

fn read_line(from: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    if from.take(64 * 1024).read_line(&mut line)? == 0 {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn read_headers(from: &mut impl BufRead) -> io::Result<Headers> {
    let mut headers = Headers::new();
    loop {
        let line = read_line(from)?;
        let Some((name, value)) = line.split_once(':') else { return Ok(headers) };
        headers.push((name.trim().to_owned(), value.trim().to_owned()));
    }
}

fn dechunk(raw: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    let mut rest = raw;
    while let Ok(line) = read_line(&mut rest) {
        let Ok(size @ 1..) = usize::from_str_radix(&line, 16) else { break };
        let Some((chunk, after)) = rest.split_at_checked(size) else { break };
        body.extend_from_slice(chunk);
        rest = after.get(2..).unwrap_or_default();
    }
    body
}

/// One answered request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub method: String,
    pub target: String,
    pub status: u16,
    /// The scheme of its Authorization, in lower case; empty if it had none. Never the credential.
    pub scheme: String,
}

/// What happens to a connection that begins with a TLS handshake.
#[derive(Debug, Clone, Copy)]
pub enum Tls {
    /// It is counted and closed.
    Close,
    /// It is counted, and its bytes go through to this server and back.
    Forward(SocketAddr),
}

type Handler = dyn Fn(&Request) -> Response + Send + Sync;

struct Shared {
    handler: Box<Handler>,
    tls: Tls,
    stop: AtomicBool,
    connections: AtomicUsize,
    probes: AtomicUsize,
    open: Mutex<Vec<TcpStream>>,
    arrived: Mutex<Vec<String>>,
    answered: Mutex<Vec<Entry>>,
}

/// A server on a free loopback port. It stops when it is dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Server {
    /// Starts a server that answers each request with the closure.
    pub fn start(
        tls: Tls,
        handler: impl Fn(&Request) -> Response + Send + Sync + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bind a loopback port");
        let address = listener.local_addr().expect("the listener has an address");
        let shared = Arc::new(Shared {
            handler: Box::new(handler),
            tls,
            stop: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            probes: AtomicUsize::new(0),
            open: Mutex::default(),
            arrived: Mutex::default(),
            answered: Mutex::default(),
        });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Server { address, shared }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The answered requests, in order.
    pub fn log(&self) -> Vec<Entry> {
        self.shared.answered.lock().expect("no handler panics").clone()
    }

    /// The answered requests as `METHOD target status`, one line each.
    pub fn log_lines(&self) -> Vec<String> {
        self.log()
            .iter()
            .map(|entry| format!("{} {} {}", entry.method, entry.target, entry.status))
            .collect()
    }

    /// Targets of the requests that have come in, answered or not.
    pub fn arrived(&self) -> Vec<String> {
        self.shared.arrived.lock().expect("no handler panics").clone()
    }

    /// How many connections there were, TLS handshakes aside.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// How many connections began with a TLS handshake.
    pub fn tls_probes(&self) -> usize {
        self.shared.probes.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        for stream in self
            .shared
            .open
            .lock()
            .map(|open| open.iter().map(TcpStream::try_clone).collect::<Vec<_>>())
            .unwrap_or_default()
        {
            let _ = stream.and_then(|stream| stream.shutdown(Shutdown::Both));
        }
        let _ = TcpStream::connect(self.address); // wakes the accepting thread
        if thread::panicking() {
            eprintln!("--- requests to {}\n{}", self.address, self.log_lines().join("\n"));
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept() {
        if shared.stop.load(Ordering::SeqCst) {
            return;
        }
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            // An error here is a client that went away; the test sees it by what the client reports.
            let _ = converse(&stream, &shared);
            let _ = stream.shutdown(Shutdown::Both);
        });
    }
}

fn converse(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_read_timeout(Some(IDLE))?;
    shared.open.lock().expect("no handler panics").push(stream.try_clone()?);
    let mut first = [0];
    if stream.peek(&mut first)? == 1 && first[0] == TLS_HANDSHAKE {
        shared.probes.fetch_add(1, Ordering::SeqCst);
        return match shared.tls {
            Tls::Close => Ok(()),
            Tls::Forward(to) => splice(stream, &TcpStream::connect(to)?),
        };
    }
    shared.connections.fetch_add(1, Ordering::SeqCst);
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut writer = stream;
    while let Some(request) = read_request(&mut reader)? {
        shared.arrived.lock().expect("no handler panics").push(request.target.clone());
        let response = (shared.handler)(&request);
        let authorization = request.header("Authorization").unwrap_or_default();
        let entry = Entry {
            method: request.method.clone(),
            target: request.target.clone(),
            status: response.status,
            scheme: authorization.split(' ').next().unwrap_or_default().to_lowercase(),
        };
        shared.answered.lock().expect("no handler panics").push(entry);
        response.write(&request, &mut writer)?;
        if request.header("Connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            break;
        }
    }
    Ok(())
}

fn read_request(from: &mut impl BufRead) -> io::Result<Option<Request>> {
    let line = match read_line(from) {
        Ok(line) => line,
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut words = line.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else {
        return Err(io::Error::other(format!("no request line: {line:?}")));
    };
    let headers = read_headers(from)?;
    let length =
        header(&headers, "Content-Length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = Vec::new();
    from.take(length).read_to_end(&mut body)?;
    Ok(Some(Request { method: method.into(), target: target.into(), headers, body }))
}

/// Carries bytes both ways until both sides have ended.
fn splice(near: &TcpStream, far: &TcpStream) -> io::Result<()> {
    far.set_read_timeout(Some(IDLE))?;
    let (mut from, mut to) = (near.try_clone()?, far.try_clone()?);
    let outward = thread::spawn(move || {
        let _ = io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Write);
    });
    let _ = io::copy(&mut &*far, &mut &*near);
    let _ = near.shutdown(Shutdown::Write);
    let _ = outward.join();
    Ok(())
}
