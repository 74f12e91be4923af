//! What an error says: one line, lower case, naming the object and the host.

use super::*;

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Network::Name => write!(f, "no address found for this name"),
            Network::Connect(why) => write!(f, "cannot connect: {why}"),
            Network::Certificate(bad) => write!(f, "certificate not accepted: {}", bad.why),
            Network::ClientCertificate(why) => f.write_str(why),
            Network::Handshake(why) | Network::Tls(why) => write!(f, "TLS failed: {why}"),
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
            Error::NotFoundIn { object, name, .. } => write!(f, "{object} not found in {name}"),
            Error::NotFoundOrPrivate { name, detail, .. } => {
                write!(f, "{name}: not found, or private")?;
                detail.iter().try_for_each(|detail| write!(f, ": {detail}"))
            }
            Error::NoAccess { name, user, detail, .. } => {
                write!(f, "{name}: not found, or {user} has no pull access to it")?;
                detail.iter().try_for_each(|detail| write!(f, ": {detail}"))
            }
            Error::LoginRefused { host, user, source, detail, .. } => {
                write!(f, "{host} refuses the login of {user} (from {source})")?;
                detail.iter().try_for_each(|detail| write!(f, ": {detail}"))
            }
            Error::LoginWithheld { name, host, realm, .. } => write!(
                f,
                "{name}: not found, or private; the login for {host} was not sent to {realm}, \
                 which {host} names as its token service"
            ),
            Error::LoginNeeded { name, offered, .. } if offered.is_empty() => {
                write!(f, "{name}: login needed")
            }
            Error::LoginNeeded { name, offered, .. } => {
                write!(f, "{name}: login needed (the registry offers {offered})")
            }
            Error::TokenRejected { host, realm } => {
                write!(f, "{host} does not accept the token issued by {realm}")
            }
            Error::CatalogRefused { host, .. } => {
                write!(f, "{host} does not let you list repositories")
            }
            Error::Forbidden { host, user, detail } => {
                write!(f, "{host} does not let the login of {user} do this")?;
                detail.iter().try_for_each(|detail| write!(f, ": {detail}"))
            }
            Error::OffsetCap { host } => {
                write!(f, "{host} shows only the beginning of a long list without a login")
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
            Error::Layout { path, what } => write!(f, "OCI layout \"{path}\": {what}"),
            Error::WrongContent { object, expected, computed } => {
                write!(f, "{object}: wrong content: expected {expected}, computed {computed}")
            }
            Error::PinMoved { image, pinned, now } => {
                write!(f, "{image} has moved: it is pinned to {pinned} and now points to {now}")
            }
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
