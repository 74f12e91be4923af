//! An answer: status, headers, and a body that is read under a limit.
//!
//! Nothing here trusts a length that a server states, and every way a body can end badly is told
//! apart: too long, too slow, cut short. Only the last is worth another try.

use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use super::Request;
use super::retry::{self, Retry};
use super::url::{self, Url};
use crate::error::{Error, Network};
use crate::system::report::Reporter;
use crate::system::terminal::server_text;

/// The most that is read of an error's body.
const MAX_ERROR_BODY: u64 = 64 * 1024;
/// The most that is read of a body nobody wants, so that its connection can be kept.
const MAX_DRAIN: u64 = 64 * 1024;

/// A failed attempt: the error, and whether trying again may help.
#[derive(Debug)]
pub struct Failure {
    /// What to tell the user in the end.
    pub error: Error,
    pub(super) retry: Retry,
}

impl Failure {
    pub(super) fn network(host: &str, cause: Network, retry: Retry) -> Self {
        Failure { error: Error::Network { host: host.to_owned(), cause }, retry }
    }
}

/// An error found in an answer: the answer would be the same again.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Failure { error, retry: Retry::Never }
    }
}

/// An HTTP answer whose body is still to be read.
pub struct Answer {
    status: u16,
    headers: ureq::http::HeaderMap,
    body: Option<Box<dyn Read>>,
    url: Url,
    bytes: u64,
    /// The time that the body has.
    limit: Duration,
    /// Knows what must not be quoted of it.
    reporter: Arc<Reporter>,
}

impl Answer {
    pub(super) fn new(
        response: ureq::http::Response<ureq::Body>,
        request: &Request,
        limit: Duration,
        reporter: Arc<Reporter>,
    ) -> Self {
        let (parts, body) = response.into_parts();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: Some(Box::new(body.into_reader())),
            url: request.url.clone(),
            bytes: 0,
            limit,
            reporter,
        }
    }

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status names another place for what was asked (RFC 9110 § 15.4).
    pub fn is_redirect(&self) -> bool {
        matches!(self.status, 301 | 302 | 303 | 307 | 308)
    }

    /// The URL that was asked.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Host and port that answered, for messages.
    pub fn host(&self) -> String {
        self.url.origin().authority()
    }

    /// The raw bytes of a header's first value. Headers may hold bytes that are not UTF-8.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.get(name).map(|value| value.as_bytes())
    }

    /// A header's first value as text, where it is printable ASCII.
    pub fn header_text(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// When the server says that it answered.
    pub fn date(&self) -> Option<std::time::SystemTime> {
        httpdate::parse_http_date(self.header_text("date")?).ok()
    }

    /// The raw bytes of all values of a header, in order.
    pub fn headers(&self, name: &str) -> impl Iterator<Item = &[u8]> {
        self.headers.get_all(name).into_iter().map(|value| value.as_bytes())
    }

    /// The media type, without parameters, in lower case; empty where none is given.
    pub fn content_type(&self) -> String {
        let value = self.header_text("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// Whether the body's end is the connection's end: then nothing tells a cut from an end.
    pub fn ends_with_connection(&self) -> bool {
        self.header("content-length").is_none() && self.header("transfer-encoding").is_none()
    }

    /// The failure of a body that is shorter than its own content says.
    pub fn cut_short(&self) -> Failure {
        Failure::network(&self.host(), Network::Closed, Retry::Usual)
    }

    /// How many bytes of the body were read so far.
    pub fn bytes_read(&self) -> u64 {
        self.bytes
    }

    /// What `Retry-After` asks for; `X-Retry-After`, a unix time, is Docker Hub's own.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        let now = SystemTime::now();
        if let Some(value) = self.header("retry-after") {
            return retry::retry_after(value, self.header("date"), now);
        }
        let until: u64 = self.header_text("x-retry-after")?.trim().parse().ok()?;
        let now = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        Some(Duration::from_secs(until.saturating_sub(now)))
    }

    /// Whether a 429 is Docker Hub's limit of pulls (hours) and not its limit of requests.
    pub(super) fn is_pull_limit(&self) -> bool {
        let remaining = self.header_text("ratelimit-remaining").unwrap_or_default();
        remaining.split(';').next().is_some_and(|n| n.trim() == "0")
    }

    /// Refuses a body that is compressed although nothing asked for that: its hash would be over
    /// other bytes, and a small answer could unpack to gigabytes.
    pub(super) fn check_encoding(&self) -> Result<(), Failure> {
        match self.header("content-encoding") {
            None | Some(b"identity" | b"") => Ok(()),
            Some(encoding) => {
                let encoding = String::from_utf8_lossy(encoding);
                let encoding = server_text(&self.without_secrets(&encoding));
                Err(Error::Answer {
                    host: self.host(),
                    what: format!("unexpected Content-Encoding \"{encoding}\""),
                    hint: "a proxy may be compressing responses; ask its operator",
                }
                .into())
            }
        }
    }

    /// The whole body, at most `limit` bytes. `what` names it in the error when it is longer.
    pub fn bytes(&mut self, limit: u64, what: &'static str) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        let outcome = self.reader(limit).read_to_end(&mut bytes);
        outcome.map_err(|error| self.body_failure(error, limit, what))?;
        Ok(bytes)
    }

    /// The beginning of the body, which is still to be read after that.
    pub(super) fn peek(&mut self, limit: u64) -> Vec<u8> {
        let mut start = Vec::new();
        if let Some(mut body) = self.body.take() {
            let _ = (&mut body).take(limit).read_to_end(&mut start);
            self.body = Some(Box::new(io::Cursor::new(start.clone()).chain(body)));
        }
        start
    }

    /// The body as a stream that fails behind `limit` bytes. Errors go to
    /// [`Answer::body_failure`].
    pub fn reader(&mut self, limit: u64) -> impl Read + '_ {
        LimitedReader { answer: self, left: limit }
    }

    /// What an error of [`Answer::reader`] means.
    pub fn body_failure(&self, error: io::Error, limit: u64, what: &'static str) -> Failure {
        if error.kind() == io::ErrorKind::FileTooLarge {
            let limit = limit_text(limit);
            return Error::TooLarge { host: self.host(), what, limit }.into();
        }
        let host = self.host();
        match ureq::Error::from(error) {
            ureq::Error::Timeout(_) => {
                Failure::network(&host, Network::Timeout(super::READING, self.limit), Retry::Never)
            }
            ureq::Error::Io(_) => Failure::network(&host, Network::Closed, Retry::Usual),
            other => protocol_failure(&host, &other),
        }
    }

    /// The server's own words about an error: code and message, one line, safe to print.
    ///
    /// Understands distribution's `{"errors":[…]}`, Docker Hub's `message`, `detail` and `text`,
    /// and token services' `error_description`. Other bodies give nothing.
    pub fn detail(&mut self) -> Option<String> {
        let body = self.bytes(MAX_ERROR_BODY, "an error").ok()?;
        let document: Value = serde_json::from_slice(&body).ok()?;
        let text = match document.get("errors").and_then(|errors| errors.get(0)) {
            Some(error) => {
                let part = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
                format!("{} {}", part("code"), part("message"))
            }
            None => ["message", "detail", "details", "text", "error_description", "error"]
                .iter()
                .find_map(|name| document.get(name).and_then(Value::as_str))?
                .to_owned(),
        };
        let text = self.without_secrets(text.trim());
        Some(server_text(&text)).filter(|text| !text.is_empty())
    }

    /// A URL of its own, for a message.
    pub fn quoted(&self, text: &str) -> String {
        url::quoted(&self.without_secrets(text))
    }

    /// A server's words without the secrets that were sent, by its request or another. Hidden here,
    /// before the words are cut, folded and escaped, and once more in the [`Reporter`].
    pub(super) fn without_secrets<'t>(&self, text: &'t str) -> Cow<'t, str> {
        self.reporter.sent().hide(text)
    }

    /// Reads the little that may be left of the body, so that the connection can be kept.
    pub(super) fn drain(&mut self) {
        if self.body.is_some() {
            let _ = io::copy(&mut self.reader(MAX_DRAIN), &mut io::sink());
        }
        self.body = None;
    }
}

struct LimitedReader<'a> {
    answer: &'a mut Answer,
    left: u64,
}

impl Read for LimitedReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Some(body) = &mut self.answer.body else { return Ok(0) };
        // One byte more than allowed is asked for: reading it is what proves the body too long.
        let most = usize::try_from(self.left.saturating_add(1)).unwrap_or(usize::MAX);
        let most = buffer.len().min(most);
        let read = body.read(&mut buffer[..most])?;
        self.answer.bytes += read as u64;
        self.left = match self.left.checked_sub(read as u64) {
            Some(left) => left,
            None => {
                self.answer.body = None;
                return Err(io::ErrorKind::FileTooLarge.into());
            }
        };
        Ok(read)
    }
}

fn limit_text(limit: u64) -> String {
    match limit {
        0..1024 => format!("{limit} bytes"),
        1024..1_048_576 => format!("{} KiB", limit / 1024),
        _ => format!("{} MiB", limit / 1_048_576),
    }
}

/// An answer that is not HTTP as it should be.
pub(super) fn protocol_failure(host: &str, error: &ureq::Error) -> Failure {
    let what = match error {
        ureq::Error::LargeResponseHeader(..) => "the response header is too large",
        ureq::Error::Http(_) => "the request cannot be sent as HTTP",
        ureq::Error::BodyStalled => "the response stalled",
        _ => "the response is not valid HTTP",
    };
    Error::Answer {
        host: host.to_owned(),
        what: what.to_owned(),
        hint: "check that this host is a container registry",
    }
    .into()
}

/// For tests of those who read answers: an answer without a server.
#[cfg(test)]
impl Answer {
    /// `is_cut`: the connection breaks behind the body.
    pub(crate) fn scripted(
        url: Url,
        status: u16,
        headers: &[(&str, &str)],
        body: Vec<u8>,
        is_cut: bool,
    ) -> Self {
        struct Cut;
        impl Read for Cut {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::ErrorKind::ConnectionReset.into())
            }
        }
        let body = io::Cursor::new(body);
        let body = match is_cut {
            true => ureq::Body::builder().reader(body.chain(Cut)),
            false => ureq::Body::builder().reader(body),
        };
        let mut response = ureq::http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        let response = response.body(body).expect("a test's header is one");
        let request = Request::new(super::Method::Get, url);
        Answer::new(response, &request, Duration::from_secs(60), Arc::default())
    }
}

#[cfg(test)]
impl Failure {
    pub(crate) fn is_retried(&self) -> bool {
        self.retry != Retry::Never
    }
}
