//! HTTP/1.1 as far as the bench needs it: a request read off a stream, a response written to
//! one. Written by hand so that the tests can say every byte, the wrong ones too.

use std::io::{self, BufRead, Read, Write};
use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What a connection is to a [`Response::raw`] hook: plain or TLS.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

type RawHook = Box<dyn FnOnce(&mut dyn Stream) + Send>;

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    /// The path as sent: percent-encoding untouched.
    pub path: String,
    /// The query as sent, without the `?`; empty if there is none.
    pub query: String,
    /// Header fields in the order they came.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// Which connection it came on, counted from 1.
    pub connection: usize,
    /// The address of the server that took it.
    pub local: SocketAddr,
    /// Whether it came over TLS.
    pub secure: bool,
}

impl Request {
    /// The first header field of this name, in any case of letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_all(name).into_iter().next()
    }

    /// All header fields of this name.
    pub fn header_all(&self, name: &str) -> Vec<&str> {
        let same = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers.iter().filter(same).map(|(_, value)| value.as_str()).collect()
    }

    /// The path's segments, undecoded: `/v2/a/b` is `["v2", "a", "b"]`.
    pub fn segments(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }

    /// Path and query, as sent.
    pub fn target(&self) -> String {
        if self.query.is_empty() {
            return self.path.clone();
        }
        format!("{}?{}", self.path, self.query)
    }

    /// Every value of a query parameter, decoded.
    pub fn params(&self, name: &str) -> Vec<String> {
        form_values(&self.query, name)
    }

    /// The first value of a query parameter, decoded.
    pub fn param(&self, name: &str) -> Option<String> {
        self.params(name).into_iter().next()
    }

    /// The first value of a field of a form body, decoded.
    pub fn field(&self, name: &str) -> Option<String> {
        form_values(&String::from_utf8_lossy(&self.body), name).into_iter().next()
    }

    /// User and password of a Basic header.
    pub fn basic(&self) -> Option<(String, String)> {
        let encoded = self.header("authorization")?.strip_prefix("Basic ")?;
        let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
        text.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
    }

    /// The token of a Bearer header.
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// `http://127.0.0.1:PORT`, by the socket and not by what `Host` says.
    pub fn origin(&self) -> String {
        format!("{}://{}", if self.secure { "https" } else { "http" }, self.local)
    }
}

fn form_values(text: &str, name: &str) -> Vec<String> {
    text.split('&')
        .filter_map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key) == name).then(|| decode(value))
        })
        .collect()
}

/// Percent-decodes one name or value of a query or form; `+` is a blank.
pub fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = tail.get(..2).and_then(|two| std::str::from_utf8(two).ok());
        let octet = hex.and_then(|two| u8::from_str_radix(two, 16).ok());
        rest = tail;
        match (first, octet) {
            (b'%', Some(octet)) => {
                bytes.push(octet);
                rest = &tail[2..];
            }
            (b'+', _) => bytes.push(b' '),
            _ => bytes.push(first),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Percent-encodes a value for a query.
pub fn encode(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(byte as char);
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// Reads one request; `None` when the client has closed the connection between requests.
pub fn read_request(
    reader: &mut impl BufRead,
    connection: usize,
    local: SocketAddr,
    secure: bool,
) -> io::Result<Option<Request>> {
    let Some(line) = read_line(reader)? else { return Ok(None) };
    let mut words = line.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().ok_or_else(|| bad("request line without a target"))?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or_else(|| bad("end inside the header"))?;
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').ok_or_else(|| bad("field without a colon"))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let mut request =
        Request { method, path, query, headers, body: Vec::new(), connection, local, secure };
    request.body = read_body(reader, &request)?;
    Ok(Some(request))
}

fn read_body(reader: &mut impl BufRead, request: &Request) -> io::Result<Vec<u8>> {
    let chunked = request
        .header("transfer-encoding")
        .is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    if chunked {
        return read_chunks(reader);
    }
    let length = request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    let mut body = Vec::new();
    reader.take(length).read_to_end(&mut body)?;
    Ok(body)
}

fn read_chunks(reader: &mut impl BufRead) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or_else(|| bad("end inside a chunked body"))?;
        let size = u64::from_str_radix(line.split(';').next().unwrap_or("").trim(), 16)
            .map_err(|_| bad("chunk size"))?;
        reader.by_ref().take(size).read_to_end(&mut body)?;
        read_line(reader)?;
        if size == 0 {
            return Ok(body);
        }
    }
}

fn read_line(reader: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    reader.take(64 * 1024).read_until(b'\n', &mut line)?;
    if line.is_empty() {
        return Ok(None);
    }
    let text = String::from_utf8_lossy(&line);
    Ok(Some(text.trim_end_matches(['\r', '\n']).to_owned()))
}

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// An answer: status, fields and body, or a hook that writes whatever it likes.
pub struct Response {
    pub status: u16,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
    chunked: bool,
    close: bool,
    raw: Option<RawHook>,
}

impl Response {
    /// An empty answer with this status.
    pub fn new(status: u16) -> Self {
        let (headers, body) = (Vec::new(), Vec::new());
        Response { status, headers, body, chunked: false, close: false, raw: None }
    }

    /// An answer with a body of this type.
    pub fn with_body(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Self {
        let mut response = Response::new(status).header("Content-Type", media_type);
        response.body = body.into();
        response
    }

    /// A JSON answer.
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Response::with_body(status, "application/json", body.to_string())
    }

    /// A hook that gets the connection after the request was read; the connection is closed
    /// when it returns. In the log its status is 0.
    pub fn raw(hook: impl FnOnce(&mut dyn Stream) + Send + 'static) -> Self {
        let mut response = Response::new(0);
        response.raw = Some(Box::new(hook));
        response
    }

    /// Adds a header field; the value may be any bytes.
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sends the body in chunks, without a length.
    pub fn chunked(mut self) -> Self {
        self.chunked = true;
        self
    }

    /// Closes the connection after this answer, and says so.
    pub fn closing(mut self) -> Self {
        self.close = true;
        self
    }

    /// The whole answer as bytes: what [`crate::support::hostile`] cuts and drips.
    pub fn bytes(&self, head_only: bool) -> Vec<u8> {
        let mut out = format!("HTTP/1.1 {} {}\r\n", self.status, reason(self.status)).into_bytes();
        for (name, value) in &self.headers {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(value);
            out.extend_from_slice(b"\r\n");
        }
        if self.close {
            out.extend_from_slice(b"Connection: close\r\n");
        }
        let own_length = self.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("content-length"));
        if self.chunked {
            out.extend_from_slice(b"Transfer-Encoding: chunked\r\n");
        } else if !own_length {
            out.extend_from_slice(format!("Content-Length: {}\r\n", self.body.len()).as_bytes());
        }
        out.extend_from_slice(b"\r\n");
        if head_only {
            return out;
        }
        if !self.chunked {
            out.extend_from_slice(&self.body);
            return out;
        }
        for chunk in self.body.chunks(1000) {
            out.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            out.extend_from_slice(chunk);
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"0\r\n\r\n");
        out
    }

    /// Writes the answer; true when the connection may carry another request.
    pub fn send(mut self, stream: &mut dyn Stream, head_only: bool) -> io::Result<bool> {
        if let Some(hook) = self.raw.take() {
            hook(stream);
            return Ok(false);
        }
        stream.write_all(&self.bytes(head_only))?;
        stream.flush()?;
        Ok(!self.close)
    }
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        202 => "Accepted",
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
