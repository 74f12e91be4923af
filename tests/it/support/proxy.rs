//! A forward proxy: tunnels for CONNECT, and plain http requests with their whole URL. It alone
//! knows where its names are, so a test can have any host: what is asked for `registry.test` ends
//! at a listener on loopback, and what goes past the proxy ends nowhere.

use std::collections::HashMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A connection that says nothing for so long is over: a bound for tests that went wrong.
const IDLE: Duration = Duration::from_secs(60);

/// A running proxy; it accepts no more connections when it is dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    routes: Mutex<HashMap<String, SocketAddr>>,
    /// The status with which everything is refused.
    refuse: Option<u16>,
    /// The value that `Proxy-Authorization` must have.
    login: Option<String>,
    log: Mutex<Vec<String>>,
    stop: AtomicBool,
}

impl Proxy {
    /// One that knows no host yet.
    pub fn new() -> Self {
        Proxy::start(Shared::default())
    }

    /// One that answers every request with this status.
    pub fn refusing(status: u16) -> Self {
        Proxy::start(Shared { refuse: Some(status), ..Shared::default() })
    }

    /// One that answers 407 to everybody but this user.
    pub fn with_login(user: &str, password: &str) -> Self {
        let login = format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        Proxy::start(Shared { login: Some(login), ..Shared::default() })
    }

    fn start(shared: Shared) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let shared = Arc::new(shared);
        let theirs = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if theirs.stop.load(Ordering::SeqCst) {
                    return;
                }
                let (Ok(stream), shared) = (stream, Arc::clone(&theirs)) else { continue };
                // An error is the client's way of hanging up.
                thread::spawn(move || shared.serve(&stream));
            }
        });
        Proxy { address, shared }
    }

    /// Makes a host known: `registry.test:5000` is at this address.
    pub fn route(self, host: &str, to: SocketAddr) -> Self {
        self.add_route(host, to);
        self
    }

    /// The same for a proxy that is in use.
    pub fn add_route(&self, host: &str, to: SocketAddr) {
        let mut routes = self.shared.routes.lock().unwrap_or_else(PoisonError::into_inner);
        routes.insert(host.to_owned(), to);
    }

    /// Its URL, for `HTTPS_PROXY` and `HTTP_PROXY`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Host and port.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// What it was asked for: `CONNECT registry.test:443`, `GET http://registry.test/v2/`.
    pub fn log(&self) -> Vec<String> {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Forgets what it was asked for.
    pub fn clear(&self) {
        self.shared.log.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

/// The head of a request.
struct Head {
    method: String,
    target: String,
    fields: Vec<String>,
}

impl Head {
    fn read(from: &mut impl BufRead) -> io::Result<Option<Head>> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if from.take(64 * 1024).read_line(&mut line)? == 0 {
                return Ok(None);
            }
            match line.trim_end() {
                "" => break,
                line => lines.push(line.to_owned()),
            }
        }
        let mut words = lines.first().map(String::as_str).unwrap_or_default().split(' ');
        let (method, target) = (words.next(), words.next());
        let word = |word: Option<&str>| word.unwrap_or_default().to_owned();
        let (method, target) = (word(method), word(target));
        Ok(Some(Head { method, target, fields: lines.into_iter().skip(1).collect() }))
    }

    fn field(&self, name: &str) -> Option<&str> {
        let pairs = self.fields.iter().filter_map(|line| line.split_once(':'));
        pairs.filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim()).next()
    }
}

impl Shared {
    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        client.set_read_timeout(Some(IDLE))?;
        let mut reader = BufReader::new(client);
        while let Some(head) = Head::read(&mut reader)? {
            let line = format!("{} {}", head.method, head.target);
            self.log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            let wrong =
                self.login.is_some() && head.field("proxy-authorization") != self.login.as_deref();
            if let Some(status) = self.refuse.or(wrong.then_some(407)) {
                return answer(client, status);
            }
            if head.method == "CONNECT" {
                let Some(far) = self.connect(&head.target) else { return answer(client, 502) };
                (&*client).write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")?;
                return splice(client, &far);
            }
            self.forward(&head, &mut reader, client)?;
        }
        Ok(())
    }

    fn connect(&self, host: &str) -> Option<TcpStream> {
        let routes = self.routes.lock().unwrap_or_else(PoisonError::into_inner);
        let address = *routes.get(host)?;
        drop(routes);
        TcpStream::connect(address).ok()
    }

    /// One plain request and its answer; the connection to the client is kept.
    fn forward(
        &self,
        head: &Head,
        reader: &mut impl BufRead,
        client: &TcpStream,
    ) -> io::Result<()> {
        let Some(rest) = head.target.strip_prefix("http://") else { return answer(client, 400) };
        let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let host = if host.contains(':') { host.to_owned() } else { format!("{host}:80") };
        let Some(mut far) = self.connect(&host) else { return answer(client, 502) };
        let own = |line: &&String| {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            name != "connection" && !name.starts_with("proxy-")
        };
        let fields: String =
            head.fields.iter().filter(own).map(|line| format!("{line}\r\n")).collect();
        let text = format!("{} {path} HTTP/1.1\r\n{fields}Connection: close\r\n\r\n", head.method);
        far.write_all(text.as_bytes())?;
        let length = head.field("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
        io::copy(&mut reader.take(length), &mut far)?;
        let mut back = Vec::new();
        far.set_read_timeout(Some(IDLE))?;
        far.read_to_end(&mut back)?;
        (&*client).write_all(&back)
    }
}

fn answer(mut client: &TcpStream, status: u16) -> io::Result<()> {
    let text = format!("HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    client.write_all(text.as_bytes())?;
    client.shutdown(Shutdown::Write)
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
