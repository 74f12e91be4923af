//! Everything that can go wrong, as data.
//!
//! Layers return an [`Error`] and never print. At the edge three exhaustive matches turn it into
//! what people and scripts see: one line ([`Display`](fmt::Display): lower case, names the object
//! and the host), one hint ([`Error::hint`]) and an exit code ([`Error::exit_code`]). Text of
//! servers is made safe for a terminal before it gets in here.

mod display;
mod hint;

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::time::Duration;

use crate::oci::reference::ParseError;
pub(crate) use hint::login_command;

/// Exit code of a failure that has no code of its own.
pub(crate) const FAILED: u8 = 1;
/// Exit code of a wrong command line or configuration.
pub(crate) const USAGE: u8 = 2;
/// Exit code when a repository, tag or image is not there.
pub(crate) const NOT_FOUND: u8 = 3;
/// Exit code when a login is missing, refused, or not enough.
pub(crate) const AUTH: u8 = 4;
/// Exit code of network, TLS, timeout, server and rate-limit failures.
pub(crate) const NETWORK: u8 = 5;
/// Exit code of a comparison that found differences.
pub(crate) const DIFFERENT: u8 = 10;

/// How reaching a host failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// The name has no address.
    Name,
    /// The connection was refused or cannot be routed; the system's words.
    Connect(String),
    /// The server's certificate is not trusted, expired, or of another host.
    Certificate(BadCertificate),
    /// The server requires a client certificate, or rejected ours; what it said.
    ClientCertificate(Cow<'static, str>),
    /// The server speaks TLS, and the handshake failed all the same; the reason.
    Handshake(String),
    /// What answers does not speak TLS; the reason.
    Tls(String),
    /// No answer within the time limit; what was waited for, and for how long.
    Timeout(&'static str, Duration),
    /// The connection was closed.
    Closed,
    /// What answers a plain http request is TLS.
    SpeaksTls,
    /// The proxy failed; the reason, and what to do.
    Proxy(String, String),
}

/// What is wrong with a server's certificate: it decides what helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// No trusted authority has signed it.
    Untrusted,
    /// It has expired, or is not valid yet.
    Dates,
    /// It is for another host.
    Name,
    /// Anything else.
    Other,
}

/// A server's certificate that is not accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadCertificate {
    /// What is wrong, for programs.
    pub fault: Fault,
    /// What is wrong, for people.
    pub why: String,
    /// The host's `certs.d` directory, if one has an effect.
    pub directory: Option<String>,
    /// Whether the host is one that the registry named, to which its settings do not apply.
    pub foreign: bool,
}

/// A failure. The variants say when they occur.
#[derive(Debug)]
pub enum Error {
    /// The command line asks for something that cannot be.
    Usage { message: String, hint: String },
    /// A name is not an image reference.
    Reference {
        /// The text as it was typed.
        input: String,
        /// Why it is refused.
        source: ParseError,
    },
    /// The configuration file cannot be used; line and key are in the message.
    Config {
        /// File, line, column, and what is wrong there.
        message: String,
        hint: String,
    },
    /// The registry says that an object does not exist.
    NotFound {
        /// The object and where it was looked for.
        object: String,
        hint: String,
    },
    /// The registry says that a tag, manifest or blob does not exist in a repository.
    NotFoundIn { object: String, name: String, hint: String },
    /// The registry has tags, and none of them is what was asked for.
    NothingFits {
        /// What was looked for, and where.
        message: String,
        /// What there is instead.
        hint: String,
    },
    /// Not there, or not visible without a login: registries do not tell which.
    NotFoundOrPrivate {
        name: String,
        /// How to get a login that helps.
        remedy: String,
        /// The registry's own reason, safe to print.
        detail: Option<String>,
    },
    /// Not there, or not visible to this login.
    NoAccess {
        name: String,
        user: String,
        host: String,
        /// The registry's own reason, safe to print.
        detail: Option<String>,
    },
    /// The login is wrong or has expired.
    LoginRefused {
        host: String,
        user: String,
        /// Where the login came from.
        source: String,
        /// What the server said, if it said more than no.
        detail: Option<String>,
    },
    /// A stored login was not sent to a token service that it is not meant for.
    LoginWithheld {
        name: String,
        host: String,
        realm: String,
        /// The entry of `token-hosts` that would allow it.
        entry: String,
    },
    /// The registry wants a login, and there is none or none of a kind that it takes.
    LoginNeeded {
        /// Registry, and repository if the request was for one.
        name: String,
        /// The schemes that the registry offers; empty where that does not help.
        offered: String,
        /// How to get a login that helps.
        remedy: String,
    },
    /// The registry refuses a token that its own token service has just made.
    TokenRejected { host: String, realm: String },
    /// The registry has no list of repositories for us.
    CatalogRefused {
        host: String,
        /// What works instead.
        hint: String,
        /// The registry's own reason, safe to print.
        detail: Option<String>,
    },
    /// The host knows the login and does not let it do this: some access tokens may not use
    /// Docker Hub's API.
    Forbidden {
        host: String,
        user: String,
        /// The server's own words, safe to print.
        detail: Option<String>,
    },
    /// Docker Hub's API lets callers without login page only so far.
    OffsetCap { host: String },
    /// A host cannot be reached or talked to.
    Network { host: String, cause: Network },
    /// Too many requests.
    RateLimited {
        host: String,
        /// How long the server wants us to wait.
        wait: Option<Duration>,
        /// Whether this is Docker Hub's limit of pulls, which lasts for hours.
        pulls: bool,
    },
    /// A status that is an answer to nothing we asked.
    Server {
        host: String,
        status: u16,
        /// The server's own words, safe to print.
        detail: Option<String>,
    },
    /// An answer that cannot be understood.
    Answer { host: String, what: String, hint: &'static str },
    /// An OCI layout on this machine is broken.
    Layout {
        /// The directory or archive, safe to print.
        path: String,
        what: String,
    },
    /// The bytes that came are not those that the digest stands for.
    WrongContent {
        /// What was fetched, with its host.
        object: String,
        /// The digest that the bytes should have.
        expected: String,
        /// The digest that they have.
        computed: String,
    },
    /// A tag points elsewhere than to the digest that is pinned beside it.
    PinMoved {
        /// Registry, repository and tag.
        image: String,
        pinned: String,
        now: String,
    },
    /// A server tried to lead us where we do not go.
    Refused {
        /// The server that tried.
        host: String,
        /// What it named, and why that is refused.
        what: String,
        hint: String,
    },
    /// An answer is larger than its limit.
    TooLarge { host: String, what: &'static str, limit: String },
    /// Reading or writing failed on this machine.
    Io {
        /// What was being read or written.
        what: String,
        source: io::Error,
    },
    /// The user interrupted the program.
    Interrupted,
    /// Nothing is left to say: errors were printed already and this is the worst exit code among
    /// them, or a difference was found.
    Exit(u8),
}

impl Error {
    /// A usage error.
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Error::Usage { message: message.into(), hint: hint.into() }
    }

    /// A failure to write to stdout; a closed pipe among them ends the program quietly.
    pub fn stdout(source: io::Error) -> Self {
        Error::Io { what: "standard output".to_owned(), source }
    }

    /// Whether this is the reader of our output going away, which is not a failure.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Error::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The exit code, as the README's table has it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage { .. } | Error::Reference { .. } | Error::Config { .. } => USAGE,
            Error::NotFound { .. } | Error::NotFoundIn { .. } | Error::NothingFits { .. } => {
                NOT_FOUND
            }
            Error::NotFoundOrPrivate { .. }
            | Error::NoAccess { .. }
            | Error::LoginRefused { .. }
            | Error::LoginWithheld { .. }
            | Error::LoginNeeded { .. }
            | Error::TokenRejected { .. }
            | Error::CatalogRefused { .. }
            | Error::Forbidden { .. }
            | Error::OffsetCap { .. } => AUTH,
            Error::Network { .. } | Error::RateLimited { .. } => NETWORK,
            Error::Server { status, .. } if *status >= 500 => NETWORK,
            Error::Server { .. }
            | Error::Answer { .. }
            | Error::Layout { .. }
            | Error::WrongContent { .. }
            | Error::PinMoved { .. }
            | Error::Refused { .. }
            | Error::TooLarge { .. } => FAILED,
            Error::Io { .. } if self.is_closed_pipe() => 0,
            Error::Io { .. } => FAILED,
            Error::Interrupted => 130,
            Error::Exit(code) => *code,
        }
    }
}

impl std::error::Error for Error {}
