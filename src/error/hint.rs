//! What to do about an error: one imperative line, chosen by variant, never by text.

use super::*;
use crate::oci::reference::DOCKER_HUB;

impl Error {
    /// One imperative line that says what to do; `None` where there is nothing to add.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Error::Usage { hint, .. }
            | Error::Config { hint, .. }
            | Error::NotFound { hint, .. }
            | Error::NotFoundIn { hint, .. }
            | Error::NothingFits { hint, .. }
            | Error::CatalogRefused { hint, .. }
            | Error::Refused { hint, .. } => {
                return Some(hint.clone()).filter(|hint| !hint.is_empty());
            }
            Error::Reference { source, .. } => reference_hint(source).to_owned(),
            Error::NotFoundOrPrivate { remedy, .. } => {
                format!("check the name; if the repository is private: {remedy}")
            }
            Error::NoAccess { host, .. } => format!(
                "check the name, or ask the owner for access; `docker tags check {host}` shows \
                 which credentials are used"
            ),
            Error::LoginRefused { source, .. } if source.starts_with("profile ") => {
                "correct the password that the profile uses; see `docker tags profile update --help`"
                    .to_owned()
            }
            Error::LoginRefused { source, .. } if source.starts_with("-u ") => {
                "check the user name and password".to_owned()
            }
            Error::LoginRefused { source, .. } if source.contains("DOCKER_") => {
                format!("correct or unset {source}")
            }
            Error::LoginRefused { host, .. } if host.ends_with(".amazonaws.com") => format!(
                "ECR logins expire after 12 hours: aws ecr get-login-password | docker login -u AWS \
                 --password-stdin {host}"
            ),
            Error::LoginRefused { host, .. } => {
                format!("log in again: {}", login_command(host))
            }
            Error::LoginNeeded { remedy, .. } => remedy.clone(),
            Error::LoginWithheld { realm, entry, .. } => format!(
                "if {realm} is this registry's own token service, allow it in a profile: \
                 token-hosts = [\"{entry}\"]"
            ),
            Error::TokenRejected { .. } => {
                "report this to the registry's operator: its clock, service name or signing key is wrong"
                    .to_owned()
            }
            Error::Forbidden { .. } => "add the missing scope to the access token, or log in \
                                        with the password; `docker tags ls` needs neither"
                .to_owned(),
            Error::OffsetCap { .. } => {
                "to get the whole list, run `docker login`; or pass --limit".to_owned()
            }
            Error::Network { cause, .. } => return network_hint(cause),
            Error::RateLimited { pulls: true, .. } => {
                "to raise the limit, run `docker login`; `docker tags ratelimit` shows it".to_owned()
            }
            Error::RateLimited { .. } => "try again later, or lower --jobs".to_owned(),
            Error::Server { status, .. } if *status >= 500 => {
                "try again later; -v shows every request".to_owned()
            }
            Error::Server { .. } => "-v shows every request".to_owned(),
            Error::Answer { hint, .. } => (*hint).to_owned(),
            Error::Layout { .. } => {
                "create it again, for example: skopeo copy docker://IMAGE oci:DIR:TAG".to_owned()
            }
            Error::WrongContent { .. } => {
                "do not use this content: the registry, a mirror or a proxy changed it".to_owned()
            }
            Error::PinMoved { image, .. } => {
                format!("to pin the current image: docker tags digest --full-ref {image}")
            }
            Error::TooLarge { .. } => "check that this host is a container registry".to_owned(),
            Error::Io { .. } | Error::Interrupted | Error::Exit(_) => {
                return None;
            }
        })
    }
}

/// The command that logs in to a registry: docker's own needs no name.
pub(crate) fn login_command(registry: &str) -> String {
    match registry {
        DOCKER_HUB => "docker login".to_owned(),
        _ => format!("docker login {registry}"),
    }
}

fn reference_hint(error: &ParseError) -> &'static str {
    match error {
        ParseError::Uppercase(_) => "use lower case for the repository",
        ParseError::Identifier(_) => "this is an image ID; use a repository name such as alpine",
        ParseError::DigestLength | ParseError::DigestFormat | ParseError::DigestUnsupported => {
            "use sha256: followed by 64 lower-case hexadecimal digits"
        }
        ParseError::TooLong => "shorten the name",
        ParseError::InvalidRegistry(_) => {
            "use a host name with an optional port, such as registry.example:5000"
        }
        ParseError::InvalidFormat => {
            "use a name such as alpine, quay.io/org/app:1.2 or localhost:5000/app@sha256:…"
        }
    }
}

fn network_hint(cause: &Network) -> Option<String> {
    Some(match cause {
        Network::Name => "check the host name and your network connection".to_owned(),
        Network::Connect(_) => {
            "check that the registry is running and that the port is correct".to_owned()
        }
        Network::Certificate(bad) => certificate_hint(bad),
        Network::ClientCertificate(_) => {
            "pass one that the server accepts: --cert-file client.crt --key-file client.key (in a \
             profile: client-cert, client-key)"
                .to_owned()
        }
        Network::Handshake(_) => {
            "ask the operator to enable TLS 1.2 or 1.3 with a modern cipher".to_owned()
        }
        Network::Tls(_) => "use --plain-http (in a profile: plain-http = true)".to_owned(),
        Network::Timeout(..) => "try again, or raise the limit with --timeout".to_owned(),
        Network::Closed => "try again; -v shows every request".to_owned(),
        Network::SpeaksTls => "remove --plain-http (in a profile: plain-http)".to_owned(),
        Network::Proxy(_, hint) => hint.clone(),
    })
}

/// The ways out, with their commands. What is set for a registry does not help with other hosts.
fn certificate_hint(bad: &BadCertificate) -> String {
    const SKIP: &str = "to skip verification, pass -k (in a profile: insecure = true)";
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
                    "the registry's TLS settings do not apply to this host; trust its CA: \
                     {install}SSL_CERT_FILE=ca-bundle.crt"
                ),
            };
        }
        Fault::Dates => "check this machine's clock, or ask the operator to renew the certificate",
        Fault::Name => "use a name that the certificate is issued for",
        Fault::Other => "ask the operator to replace the certificate",
    };
    if bad.foreign { what.to_owned() } else { format!("{what}; {SKIP}") }
}
