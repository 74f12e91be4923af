//! What an error says: one line, lower case, naming the object and the host.

use super::*;
use crate::system::files;

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Network::Name => f.write_str("cannot resolve this host name"),
            Network::Connect(why) => write!(f, "cannot connect: {why}"),
            Network::Certificate(bad) => write!(f, "certificate not accepted: {}", bad.why),
            Network::ClientCertificate(why) => f.write_str(why),
            Network::Handshake(why) => write!(f, "TLS handshake failed: {why}"),
            Network::Tls(why) | Network::Proxy(why, _) => f.write_str(why),
            Network::SpeaksTls => {
                f.write_str("this port expects TLS, and the request was plain HTTP")
            }
            Network::Timeout(stage, limit) => {
                write!(f, "timed out after {} s while {stage}", limit.as_secs_f64())
            }
            Network::Closed => f.write_str("the connection was closed unexpectedly"),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage { message, .. }
            | Error::Config { message, .. }
            | Error::NothingFits { message, .. } => f.write_str(message),
            Error::Reference { input, source } => {
                write!(f, "\"{}\": {source}", without_user_info(input).escape_debug())
            }
            Error::NotFound { object, .. } => write!(f, "{object} not found"),
            Error::NotFoundIn { object, name, .. } => write!(f, "{object} not found in {name}"),
            Error::NotFoundOrPrivate { name, detail, .. } => {
                write!(f, "{name}: not found, or access denied{}", said(detail))
            }
            Error::NoAccess { name, user, detail, .. } => {
                write!(f, "{name}: not found, or access denied for {user}{}", said(detail))
            }
            Error::LoginRefused { host, user, source, detail } => {
                let said = said(detail);
                write!(f, "{host} rejected the credentials of {user} (from {source}){said}")
            }
            Error::LoginWithheld { name, host, realm, .. } => write!(
                f,
                "{name}: not found, or access denied; the credentials for {host} were not sent to \
                 its token service {realm}, which is a different host"
            ),
            Error::LoginNeeded { name, offered, .. } if offered.is_empty() => {
                write!(f, "{name}: login required")
            }
            Error::LoginNeeded { name, offered, .. } => {
                write!(f, "{name}: login required (the registry offers {offered})")
            }
            Error::TokenRejected { host, realm } => {
                write!(f, "{host} rejected the token issued by {realm}")
            }
            Error::CatalogRefused { host, detail, .. } => {
                write!(f, "{host} does not allow listing repositories{}", said(detail))
            }
            Error::Forbidden { host, user, detail } => {
                write!(f, "{host} does not allow this for {user}{}", said(detail))
            }
            Error::OffsetCap { host } => {
                write!(f, "{host} returns only the start of a long list without a login")
            }
            Error::Network { host, cause } => write!(f, "{host}: {cause}"),
            Error::RateLimited { host, wait, pulls } => {
                let what = if *pulls { "pull limit reached" } else { "too many requests" };
                write!(f, "{host}: {what}")?;
                let Some(wait) = wait else { return Ok(()) };
                write!(f, "; retry after {} s", wait.as_secs())
            }
            Error::Server { host, status, detail } => {
                write!(f, "{host} responded with status {status}{}", said(detail))
            }
            Error::Layout { path, what } => write!(f, "{path}: {what}"),
            Error::WrongContent { object, expected, computed } => {
                write!(f, "{object}: digest mismatch: expected {expected}, computed {computed}")
            }
            Error::PinMoved { image, pinned, now } => {
                write!(f, "{image} has moved: it is pinned to {pinned} and now points to {now}")
            }
            Error::Answer { host, what, .. } | Error::Refused { host, what, .. } => {
                write!(f, "{host}: {what}")
            }
            Error::TooLarge { host, what, limit } => {
                write!(f, "{host}: {what} exceeds the limit of {limit}")
            }
            Error::Io { what, source } => write!(f, "{what}: {}", files::reason(source)),
            Error::Interrupted => write!(f, "interrupted"),
            Error::Exit(code) => write!(f, "exit code {code}"),
        }
    }
}

/// The server's own words, behind ours.
fn said(detail: &Option<String>) -> String {
    detail.as_ref().map(|detail| format!(": {detail}")).unwrap_or_default()
}

/// A mistyped name without what may be a password in it: `user:password@host` is not a reference,
/// but people type it. A digest after the last `@` is one of any algorithm; a host's port is short.
fn without_user_info(input: &str) -> std::borrow::Cow<'_, str> {
    let is_digest = |text: &str| {
        text.split_once(':').is_some_and(|(algorithm, hash)| {
            let is_word = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
            is_word(algorithm) && is_word(hash) && (hash.len() > 5 || algorithm.starts_with("sha"))
        })
    };
    match input.rsplit_once('@') {
        Some((before, after)) if before.contains(':') && !is_digest(after) => {
            format!("***@{after}").into()
        }
        _ => input.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_hidden_and_a_name_is_not() {
        for (input, shown) in [
            ("user:hunter2@host/a", "***@host/a"),
            ("user:hunter2@host:5000/a", "***@host:5000/a"),
            ("user:hunter2@host:5000", "***@host:5000"),
            ("user:hunt@er2@sharepoint.corp/a", "***@sharepoint.corp/a"),
            ("https://user:hunter2@host/a", "***@host/a"),
            ("host:5000/a/b@md5:d41d8cd98f00b204e9800998ecf8427e", "="),
            ("host:5000/a/b:1@blake3:abcdef", "="),
            ("host:5000/a@sha256:12", "="),
            ("a/b@md5:1", "="),
            ("a@b", "="),
            ("a:1", "="),
        ] {
            let expected = if shown == "=" { input } else { shown };
            assert_eq!(without_user_info(input), expected);
        }
    }
}
