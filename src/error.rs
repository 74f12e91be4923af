//! Everything that can go wrong, as data.
//!
//! Layers return an [`Error`] and never print. At the edge three exhaustive matches turn it into
//! what people and scripts see: one line ([`Display`](fmt::Display): lower case, names the object
//! and the host), one hint ([`Error::hint`]) and an exit code ([`Error::exit_code`]). Text of
//! servers is made safe for a terminal before it gets in here.

use std::fmt;
use std::io;
use std::time::Duration;

use crate::reference::ParseError;

/// Exit code of a failure that has no code of its own.
pub const FAILED: u8 = 1;
/// Exit code of a wrong command line or configuration.
pub const USAGE: u8 = 2;
/// Exit code when a repository, tag or image is not there.
pub const NOT_FOUND: u8 = 3;
/// Exit code when a login is missing, refused, or not enough.
pub const AUTH: u8 = 4;
/// Exit code of network, TLS, timeout, server and rate-limit failures.
pub const NETWORK: u8 = 5;

/// How reaching a host failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Network {
    /// The name has no address.
    Name,
    /// The connection was refused or cannot be routed; the system's words.
    Connect(String),
    /// The certificate is not trusted, expired, or of another host; the reason.
    Certificate(String),
    /// TLS failed before any certificate question; the reason.
    Tls(String),
    /// No answer within the time limit; what was waited for, and for how long.
    Timeout(&'static str, Duration),
    /// The connection broke off.
    Closed,
    /// The proxy failed; the reason.
    Proxy(String),
}

/// A failure. The variants say when they occur.
#[derive(Debug)]
pub enum Error {
    /// The command line asks for something that cannot be.
    Usage {
        /// What is wrong.
        message: String,
        /// What to do instead.
        hint: String,
    },
    /// A name is no image reference.
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
        /// What to do.
        hint: String,
    },
    /// The registry says that an object does not exist.
    NotFound {
        /// The object and where it was looked for.
        object: String,
        /// What to do.
        hint: String,
    },
    /// Not there, or not visible without a login: registries do not tell which.
    NotFoundOrPrivate {
        /// Registry and repository.
        name: String,
        /// What `docker login` takes for this registry; empty for Docker Hub.
        login: String,
    },
    /// Not there, or not visible to this login.
    NoAccess {
        /// Registry and repository.
        name: String,
        /// The login's user name.
        user: String,
        /// The registry.
        host: String,
    },
    /// The login is wrong or has expired.
    LoginRefused {
        /// The registry.
        host: String,
        /// The login's user name.
        user: String,
        /// Where the login came from.
        source: String,
        /// What the server said, if it said more than no.
        detail: Option<String>,
    },
    /// A stored login was not sent to a token service that it is not meant for.
    LoginWithheld {
        /// Registry and repository.
        name: String,
        /// The registry.
        host: String,
        /// The host that the registry names as its token service.
        realm: String,
    },
    /// The registry wants a login, and there is none or none of a kind that it takes.
    LoginNeeded {
        /// Registry, and repository if the request was for one.
        name: String,
        /// The schemes that the registry offers.
        offered: String,
        /// What `docker login` takes for this registry; empty for Docker Hub.
        login: String,
    },
    /// The registry refuses a token that its own token service has just made.
    TokenRejected {
        /// The registry.
        host: String,
        /// The token service.
        realm: String,
    },
    /// The registry has no list of repositories for us.
    CatalogRefused {
        /// The registry.
        host: String,
        /// What works instead.
        hint: String,
    },
    /// A host cannot be reached or talked to.
    Network {
        /// Host and port.
        host: String,
        /// How it failed.
        cause: Network,
    },
    /// Too many requests.
    RateLimited {
        /// The host.
        host: String,
        /// How long the server wants us to wait.
        wait: Option<Duration>,
        /// Whether this is Docker Hub's limit of pulls, which lasts for hours.
        pulls: bool,
    },
    /// A status that is an answer to nothing we asked.
    Server {
        /// The host.
        host: String,
        /// The HTTP status.
        status: u16,
        /// The server's own words, safe to print.
        detail: Option<String>,
    },
    /// An answer that cannot be understood.
    Answer {
        /// The host.
        host: String,
        /// What is wrong with it.
        what: String,
        /// What to do.
        hint: &'static str,
    },
    /// A server tried to lead us where we do not go.
    Refused {
        /// The server that tried.
        host: String,
        /// What it named, and why that is refused.
        what: String,
        /// What to do.
        hint: String,
    },
    /// An answer is larger than its limit.
    TooLarge {
        /// The host.
        host: String,
        /// What was being read.
        what: &'static str,
        /// The limit, with its unit.
        limit: String,
    },
    /// Reading or writing failed on this machine.
    Io {
        /// What was being read or written.
        what: String,
        /// The system's error.
        source: io::Error,
    },
    /// The user broke off.
    Interrupted,
    /// Errors that were printed already; the worst exit code among them.
    Reported(u8),
    /// Nothing is wrong, and yet the exit code says something (a difference was found).
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

    /// Whether this is the reader of our output going away, which is no failure.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Error::Io { source, .. } if source.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The exit code, as the README's table has it.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage { .. } | Error::Reference { .. } | Error::Config { .. } => USAGE,
            Error::NotFound { .. } => NOT_FOUND,
            Error::NotFoundOrPrivate { .. }
            | Error::NoAccess { .. }
            | Error::LoginRefused { .. }
            | Error::LoginWithheld { .. }
            | Error::LoginNeeded { .. }
            | Error::TokenRejected { .. }
            | Error::CatalogRefused { .. } => AUTH,
            Error::Network { .. } | Error::RateLimited { .. } => NETWORK,
            Error::Server { status, .. } if *status >= 500 => NETWORK,
            Error::Server { .. }
            | Error::Answer { .. }
            | Error::Refused { .. }
            | Error::TooLarge { .. } => FAILED,
            Error::Io { .. } if self.is_closed_pipe() => 0,
            Error::Io { .. } => FAILED,
            Error::Interrupted => 130,
            Error::Reported(code) | Error::Exit(code) => *code,
        }
    }

    /// One imperative line that says what to do; `None` where there is nothing to add.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Error::Usage { hint, .. }
            | Error::Config { hint, .. }
            | Error::NotFound { hint, .. }
            | Error::CatalogRefused { hint, .. }
            | Error::Refused { hint, .. } => {
                return Some(hint.clone()).filter(|hint| !hint.is_empty());
            }
            Error::Reference { source, .. } => reference_hint(source).to_owned(),
            Error::NotFoundOrPrivate { login, .. } => {
                format!("check the spelling; if it is private: {}", login_command(login))
            }
            Error::NoAccess { host, .. } => format!(
                "check the spelling, or ask the owner for access; `docker tags check {host}` \
                 shows which login is used"
            ),
            Error::LoginRefused { host, .. } if host.ends_with(".amazonaws.com") => format!(
                "Amazon's logins last 12 hours: aws ecr get-login-password | docker login -u AWS \
                 --password-stdin {host}"
            ),
            Error::LoginRefused { host, .. } if host == crate::reference::DOCKER_HUB => {
                "log in again: docker login".to_owned()
            }
            Error::LoginRefused { host, .. } => {
                format!("log in again: {}", login_command(host))
            }
            Error::LoginNeeded { login, .. } => login_command(login),
            Error::LoginWithheld { realm, .. } => format!(
                "if {realm} is this registry's own token service, allow it in a profile: \
                 token-hosts = [\"{realm}\"]"
            ),
            Error::TokenRejected { .. } => {
                "the registry's clock, service name or signing key is wrong; tell its operator"
                    .to_owned()
            }
            Error::Network { host, cause } => return network_hint(host, cause),
            Error::RateLimited { pulls: true, .. } => {
                "docker login raises the limit; `docker tags ratelimit` shows it".to_owned()
            }
            Error::RateLimited { .. } => "wait, or use fewer --jobs".to_owned(),
            Error::Server { status, .. } if *status >= 500 => {
                "try again later; -v shows every request".to_owned()
            }
            Error::Server { .. } => "-v shows every request".to_owned(),
            Error::Answer { hint, .. } => (*hint).to_owned(),
            Error::TooLarge { .. } => "is this really a container registry?".to_owned(),
            Error::Io { .. } | Error::Interrupted | Error::Reported(_) | Error::Exit(_) => {
                return None;
            }
        })
    }
}

/// The command that logs in to a registry.
fn login_command(login: &str) -> String {
    format!("docker login {login}").trim_end().to_owned()
}

fn reference_hint(error: &ParseError) -> &'static str {
    match error {
        ParseError::Uppercase(_) => "write the repository in lower case",
        ParseError::Identifier(_) => "this is an image ID; give a repository, such as alpine",
        ParseError::DigestLength | ParseError::DigestFormat | ParseError::DigestUnsupported => {
            "a digest is sha256: and 64 lower-case hexadecimal digits"
        }
        ParseError::TooLong => "shorten the name",
        ParseError::InvalidRegistry(_) => {
            "a registry's name is a host, perhaps with a port: registry.example:5000"
        }
        ParseError::InvalidFormat => {
            "a name looks like alpine, quay.io/org/app:1.2 or localhost:5000/app@sha256:…"
        }
    }
}

/// A mistyped name without what may be a password in it: `user:password@host` is no reference,
/// but people type it. What stands in front of a digest's `@` is shown.
fn without_user_info(input: &str) -> std::borrow::Cow<'_, str> {
    match input.split_once('@') {
        Some((before, after)) if before.contains(':') && !after.starts_with("sha") => {
            format!("***@{after}").into()
        }
        _ => input.into(),
    }
}

fn network_hint(host: &str, cause: &Network) -> Option<String> {
    Some(match cause {
        Network::Name => "check the registry's name, or the network".to_owned(),
        Network::Connect(_) => "is the registry running, and is the port right?".to_owned(),
        Network::Certificate(_) => format!(
            "trust it: put its CA into /etc/docker/certs.d/{host}/ca.crt, or pass --ca-file FILE; \
             or skip the check with -k"
        ),
        Network::Tls(_) => "if this registry speaks plain http, pass --plain-http".to_owned(),
        Network::Timeout(..) => "try again, or allow more time with --timeout".to_owned(),
        Network::Closed => "try again; -v shows every request".to_owned(),
        Network::Proxy(_) => "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY".to_owned(),
    })
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Network::Name => write!(f, "no address found for this name"),
            Network::Connect(why) => write!(f, "cannot connect: {why}"),
            Network::Certificate(why) => write!(f, "certificate not accepted: {why}"),
            Network::Tls(why) => write!(f, "TLS failed: {why}"),
            Network::Timeout(stage, limit) => {
                write!(f, "timed out after {} s while {stage}", limit.as_secs_f64())
            }
            Network::Closed => write!(f, "the connection broke off"),
            Network::Proxy(why) => write!(f, "the proxy failed: {why}"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage { message, .. } | Error::Config { message, .. } => f.write_str(message),
            Error::Reference { input, source } => {
                write!(f, "\"{}\": {source}", without_user_info(input).escape_debug())
            }
            Error::NotFound { object, .. } => write!(f, "{object} not found"),
            Error::NotFoundOrPrivate { name, .. } => write!(f, "{name}: not found, or private"),
            Error::NoAccess { name, user, .. } => {
                write!(f, "{name}: not found, or {user} has no pull access to it")
            }
            Error::LoginRefused { host, user, source, detail, .. } => {
                write!(f, "{host} refuses the login of {user} (from {source})")?;
                detail.iter().try_for_each(|detail| write!(f, ": {detail}"))
            }
            Error::LoginWithheld { name, host, realm } => write!(
                f,
                "{name}: not found, or private; the login for {host} was not sent to {realm}, \
                 which {host} names as its token service"
            ),
            Error::LoginNeeded { name, offered, .. } => {
                write!(f, "{name}: login needed (the registry offers {offered})")
            }
            Error::TokenRejected { host, realm } => {
                write!(f, "{host} does not accept the token issued by {realm}")
            }
            Error::CatalogRefused { host, .. } => {
                write!(f, "{host} does not let you list repositories")
            }
            Error::Network { host, cause } => write!(f, "{host}: {cause}"),
            Error::RateLimited { host, wait, pulls } => {
                let what = if *pulls { "pull limit reached" } else { "too many requests" };
                write!(f, "{host}: {what}")?;
                let Some(wait) = wait else { return Ok(()) };
                write!(f, "; the server asks to wait {} s", wait.as_secs())
            }
            Error::Server { host, status, detail } => {
                write!(f, "{host} answers with status {status}")?;
                detail.iter().try_for_each(|detail| write!(f, ": {detail}"))
            }
            Error::Answer { host, what, .. } => write!(f, "{host}: {what}"),
            Error::Refused { host, what, .. } => write!(f, "{host}: {what}"),
            Error::TooLarge { host, what, limit } => {
                write!(f, "{host}: {what} is larger than the limit of {limit}")
            }
            Error::Io { what, source } => write!(f, "{what}: {source}"),
            Error::Interrupted => write!(f, "interrupted"),
            Error::Reported(code) | Error::Exit(code) => write!(f, "exit code {code}"),
        }
    }
}

impl std::error::Error for Error {}
