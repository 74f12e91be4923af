//! What to do about an error: one imperative line, chosen by variant, never by text.

use super::*;

impl Error {
    /// One imperative line that says what to do; `None` where there is nothing to add.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Error::Usage { hint, .. }
            | Error::Config { hint, .. }
            | Error::NotFound { hint, .. }
            | Error::NotFoundIn { hint, .. }
            | Error::CatalogRefused { hint, .. }
            | Error::Refused { hint, .. } => {
                return Some(hint.clone()).filter(|hint| !hint.is_empty());
            }
            Error::Reference { source, .. } => reference_hint(source).to_owned(),
            Error::NotFoundOrPrivate { remedy, .. } => {
                format!("check the spelling; if it is private: {remedy}")
            }
            Error::NoAccess { host, .. } => format!(
                "check the spelling, or ask the owner for access; `docker tags check {host}` \
                 shows which login is used"
            ),
            Error::LoginRefused { source, .. } if source.starts_with("profile ") => {
                "correct the password where the profile has it; docker tags profile update --help \
                 says how to change the profile"
                    .to_owned()
            }
            Error::LoginRefused { source, .. } if source.starts_with("-u ") => {
                "check the user name and the password".to_owned()
            }
            Error::LoginRefused { source, .. } if source.contains("DOCKER_") => {
                format!("correct {source}, or unset them")
            }
            Error::LoginRefused { host, .. } if host.ends_with(".amazonaws.com") => format!(
                "Amazon's logins last 12 hours: aws ecr get-login-password | docker login -u AWS \
                 --password-stdin {host}"
            ),
            Error::LoginRefused { host, .. } if host == crate::oci::reference::DOCKER_HUB => {
                "log in again: docker login".to_owned()
            }
            Error::LoginRefused { host, .. } => {
                format!("log in again: {}", login_command(host))
            }
            Error::LoginNeeded { remedy, .. } => remedy.clone(),
            Error::LoginWithheld { realm, entry, .. } => format!(
                "if {realm} is this registry's own token service, allow it in a profile: \
                 token-hosts = [\"{entry}\"]"
            ),
            Error::TokenRejected { .. } => {
                "the registry's clock, service name or signing key is wrong; tell its operator"
                    .to_owned()
            }
            Error::Forbidden { .. } => "give the access token the scope that is missing, or log \
                                        in with the password; tags need neither: docker tags ls"
                .to_owned(),
            Error::OffsetCap { .. } => {
                "log in for the whole list: docker login; or ask for less with --limit".to_owned()
            }
            Error::Network { cause, .. } => return network_hint(cause),
            Error::RateLimited { pulls: true, .. } => {
                "docker login raises the limit; `docker tags ratelimit` shows it".to_owned()
            }
            Error::RateLimited { .. } => "wait, or use fewer --jobs".to_owned(),
            Error::Server { status, .. } if *status >= 500 => {
                "try again later; -v shows every request".to_owned()
            }
            Error::Server { .. } => "-v shows every request".to_owned(),
            Error::Answer { hint, .. } => (*hint).to_owned(),
            Error::Layout { .. } => {
                "write it again, for example: skopeo copy docker://IMAGE oci:DIR:TAG".to_owned()
            }
            Error::WrongContent { .. } => {
                "a proxy, a mirror or the registry changed it: do not use it".to_owned()
            }
            Error::PinMoved { image, .. } => {
                format!("to pin the current image: docker tags digest --full-ref {image}")
            }
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

fn network_hint(cause: &Network) -> Option<String> {
    Some(match cause {
        Network::Name => "check the registry's name, or the network".to_owned(),
        Network::Connect(_) => "is the registry running, and is the port right?".to_owned(),
        Network::Certificate(bad) => certificate_hint(bad),
        Network::ClientCertificate(_) => {
            "show the right one: --cert-file client.crt --key-file client.key (in a profile: \
             client-cert, client-key)"
                .to_owned()
        }
        Network::Handshake(_) => {
            "the server must offer TLS 1.2 or 1.3 with a modern cipher; tell its operator"
                .to_owned()
        }
        Network::Tls(_) => "if this registry speaks plain http, pass --plain-http".to_owned(),
        Network::Timeout(..) => "try again, or allow more time with --timeout".to_owned(),
        Network::Closed => "try again; -v shows every request".to_owned(),
        Network::Proxy(_) => "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY".to_owned(),
    })
}

/// The ways out, with their commands. What is set for a registry does not help with other hosts.
fn certificate_hint(bad: &BadCertificate) -> String {
    const SKIP: &str = "to skip the check: -k (in a profile: insecure = true)";
    let install = bad.directory.as_ref().map(|directory| {
        let quote = if directory.contains(['[', ' ']) { "'" } else { "" };
        let sudo = if directory.starts_with("/etc/") { "sudo " } else { "" };
        format!("{sudo}install -D -m 644 ca.crt {quote}{directory}/ca.crt{quote}")
    });
    let what = match bad.fault {
        Fault::Untrusted => {
            let install = install.map(|command| format!("{command}, or ")).unwrap_or_default();
            return match bad.foreign {
                false => format!(
                    "trust its CA: {install}--ca-file ca.crt (in a profile: ca-file = \"ca.crt\"); \
                     {SKIP}"
                ),
                true => format!(
                    "the registry names this host, and its TLS settings are not for it; trust its \
                     CA: {install}SSL_CERT_FILE=ca-bundle.crt"
                ),
            };
        }
        Fault::Dates => "its operator must renew it; is the clock of this machine right?",
        Fault::Name => "use a name that it was issued for, or have it issued for this one",
        Fault::Other => "its operator must replace it",
    };
    if bad.foreign { what.to_owned() } else { format!("{what}; {SKIP}") }
}
