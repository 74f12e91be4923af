//! What a login is, and the words for where it was found.

use std::fmt;
use std::path::PathBuf;

use crate::system::secret::Secret;

/// A login for one registry. `Debug` shows no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Credential {
    /// A user name and a password (or what the registry takes for one, such as an access token).
    Basic {
        /// The user name.
        username: String,
        /// The password.
        password: Secret,
    },
    /// A refresh token, to be exchanged at the registry's token service.
    IdentityToken {
        /// The user name stored beside the token, if any; some registries want it.
        username: Option<String>,
        /// The token.
        token: Secret,
    },
    /// A bearer token for the registry itself, to be sent as it is.
    RegistryToken(Secret),
}

impl Credential {
    /// The kind as one word: `basic`, `identity-token` or `registry-token`.
    pub fn kind(&self) -> &'static str {
        match self {
            Credential::Basic { .. } => "basic",
            Credential::IdentityToken { .. } => "identity-token",
            Credential::RegistryToken(_) => "registry-token",
        }
    }

    /// The user name, if the login has one.
    pub fn username(&self) -> Option<&str> {
        match self {
            Credential::Basic { username, .. } => Some(username),
            Credential::IdentityToken { username, .. } => username.as_deref(),
            Credential::RegistryToken(_) => None,
        }
    }

    /// Whether the login can be put on the wire. The reason holds no part of it.
    pub fn check(&self) -> Result<(), &'static str> {
        let username = self.username();
        // The Basic scheme separates with a colon (RFC 7617 § 2), a header holds b64tokens (RFC 6750 § 2.1).
        if username == Some("") {
            Err("the user name is empty")
        } else if username.is_some_and(|name| name.contains(':')) {
            Err("the user name contains a colon, which HTTP Basic authentication cannot carry")
        } else if username.is_some_and(|name| name.chars().any(char::is_control)) {
            Err("the user name contains control characters")
        } else if let Credential::RegistryToken(token) = self
            && !token.expose().bytes().all(|b| b.is_ascii_graphic())
        {
            Err("the registry token contains blanks, control characters or non-ASCII characters")
        } else {
            Ok(())
        }
    }
}

/// Where a login came from. `Display` names it for people; it holds nothing secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Source {
    /// `-u` together with `--password-stdin`.
    CommandLine,
    /// `-u`, and the password typed on the terminal.
    Prompt,
    /// A profile of our own configuration.
    Profile {
        /// The profile's name.
        name: String,
        /// Where its password is: the `Display` of a [`crate::config::PasswordSource`].
        password: String,
    },
    /// The environment: the variable with the user name; the password is in `DOCKER_PASSWORD`.
    Environment(&'static str),
    /// The variable `DOCKER_AUTH_CONFIG`.
    AuthConfigEnv,
    /// `auths` in this file.
    File(PathBuf),
    /// A credential helper: the part of its name after `docker-credential-`.
    Helper(String),
    /// Nowhere: there is no login.
    #[default]
    None,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::CommandLine => f.write_str("-u and --password-stdin"),
            Source::Prompt => f.write_str("-u and the terminal"),
            Source::Profile { name, password } => write!(f, "profile {name} ({password})"),
            Source::Environment(user) => write!(f, "{user} and DOCKER_PASSWORD"),
            Source::AuthConfigEnv => f.write_str("DOCKER_AUTH_CONFIG"),
            Source::File(path) => write!(f, "{} (auths)", path.display()),
            Source::Helper(suffix) => write!(f, "docker-credential-{suffix}"),
            Source::None => f.write_str("none"),
        }
    }
}

/// The answer to "which login does this registry get?".
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Found {
    /// The login; `None` means anonymous.
    pub credential: Option<Credential>,
    /// Where it came from; [`Source::None`] when there is none.
    pub source: Source,
    /// What the user should know, each told once in a run: a broken file, a failing helper.
    pub warnings: Vec<String>,
    /// The sources looked at, in order, and what each said: for explaining the answer.
    pub trail: Vec<String>,
    /// What would help beside `docker login`: a login that exists could not be used.
    pub advice: Option<String>,
}

impl Found {
    /// A login whose source is already known, such as the command line.
    pub(crate) fn new(credential: Credential, source: Source) -> Found {
        let trail = vec![format!("{source}: {}", credential.kind())];
        Found { credential: Some(credential), source, trail, ..Found::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(username: &str) -> Credential {
        Credential::Basic { username: username.into(), password: Secret::new("p4ss") }
    }

    #[test]
    fn checks_what_the_wire_cannot_carry() {
        let token = |text: &str| Credential::RegistryToken(Secret::new(text));
        let identity = |user: Option<&str>| Credential::IdentityToken {
            username: user.map(str::to_owned),
            token: Secret::new("t"),
        };
        for (credential, expected) in [
            (basic("u"), Ok(())),
            (basic("ü@example.com"), Ok(())),
            (basic(""), Err("user name is empty")),
            (basic("a:b"), Err("colon")),
            (basic("a\nb"), Err("user name contains control")),
            (identity(None), Ok(())),
            (identity(Some("u")), Ok(())),
            (identity(Some("a:b")), Err("colon")),
            (token("abc.def~+/="), Ok(())),
            (token("a b"), Err("registry token contains")),
            (token("a\r\nb"), Err("registry token contains")),
            (token("ä"), Err("registry token contains")),
        ] {
            match (credential.check(), expected) {
                (Err(reason), Err(words)) => assert!(reason.contains(words), "{reason}"),
                (found, expected) => assert_eq!(found, expected, "{credential:?}"),
            }
        }
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", Found::new(basic("alice"), Source::CommandLine));
        assert!(shown.contains("alice") && !shown.contains("p4ss"), "{shown}");
    }

    #[test]
    fn sources_have_names() {
        let file = Source::File("/h/.docker/config.json".into());
        let profile =
            Source::Profile { name: "work".into(), password: "password-env GHCR_TOKEN".into() };
        for (source, expected) in [
            (file, "/h/.docker/config.json (auths)"),
            (Source::Helper("pass".into()), "docker-credential-pass"),
            (Source::AuthConfigEnv, "DOCKER_AUTH_CONFIG"),
            (Source::CommandLine, "-u and --password-stdin"),
            (Source::Environment("DOCKER_USER"), "DOCKER_USER and DOCKER_PASSWORD"),
            (profile, "profile work (password-env GHCR_TOKEN)"),
            (Source::None, "none"),
        ] {
            assert_eq!(source.to_string(), expected);
        }
    }
}
