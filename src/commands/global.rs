//! The options that every command takes.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::config::duration::timeout;
use crate::error::Error;
use crate::system::terminal::ColorChoice;

/// Which global options a command takes; see [`is_used`].
const OUTPUT: [&str; 4] = ["format", "raw", "quiet", "no_trunc"];
const CONNECTION: [&str; 8] =
    ["insecure", "plain_http", "ca_file", "cert_file", "key_file", "timeout", "retries", "jobs"];
const LOGIN: [&str; 3] = ["username", "password_stdin", "anonymous"];
const PROFILE: [&str; 1] = ["profile"];

/// What commands do *not* take of the global options: groups, and single options. A command that
/// is not listed takes all; those of a group of commands have lines of their own.
const UNUSED: [(&str, &[&[&str]]); 20] = [
    ("digest", &[&["raw"]]),
    ("newest", &[&["raw"]]),
    ("outdated", &[&["raw"]]),
    ("manifest", &[&["quiet", "no_trunc"]]),
    ("config", &[&["quiet", "no_trunc"]]),
    ("inspect", &[&["quiet"]]),
    ("namespaces", &[&["raw", "no_trunc"]]),
    ("check", &[&["raw", "no_trunc"]]),
    ("token", &[&OUTPUT]),
    ("ratelimit", &[&["raw", "no_trunc"]]),
    ("profile ls", &[&["raw", "no_trunc"], &CONNECTION, &LOGIN]),
    ("profile show", &[&OUTPUT, &CONNECTION, &LOGIN]),
    ("profile use", &[&OUTPUT, &CONNECTION, &LOGIN, &PROFILE]),
    ("profile create", &[&OUTPUT, &CONNECTION, &LOGIN, &PROFILE]),
    ("profile update", &[&OUTPUT, &CONNECTION, &LOGIN, &PROFILE]),
    ("profile inspect", &[&["raw", "no_trunc"], &CONNECTION, &LOGIN]),
    ("profile rm", &[&OUTPUT, &CONNECTION, &LOGIN, &PROFILE]),
    ("profile path", &[&OUTPUT, &CONNECTION, &LOGIN, &PROFILE]),
    ("completion", &[&OUTPUT, &CONNECTION, &LOGIN, &PROFILE]),
    ("install", &[&OUTPUT, &CONNECTION, &LOGIN, &PROFILE]),
];

/// What `--format` takes where that is not a table; rows have one.
const FORMATS: [(&str, &str); 3] = [
    ("manifest", "json, or a Go template"),
    ("config", "json, or a Go template"),
    ("inspect", "page, json, or a Go template"),
];

/// The help of `--format` for a command whose formats are its own.
pub(crate) fn formats(path: &[String]) -> Option<&'static str> {
    let [name] = path else { return None };
    FORMATS.iter().find(|(known, _)| known == name).map(|(_, help)| *help)
}

/// Whether a command (its name, with those above it) takes a global option (its id).
pub(crate) fn is_used(path: &[String], id: &str) -> bool {
    let line = path.join(" ");
    let entry = UNUSED.iter().find(|(known, _)| *known == line);
    entry.is_none_or(|(_, groups)| !groups.iter().any(|group| group.contains(&id)))
}

/// Options of every command; they go before or after the command's name.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Globals {
    /// Profile to use, see `docker tags profile`
    #[arg(short, long, global = true, value_name = "NAME")]
    pub profile: Option<String>,

    /// json, table, a Go template, or 'table TEMPLATE'
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<String>,

    /// Print the registry's own document
    #[arg(long, global = true, help_heading = "Output")]
    pub raw: bool,

    /// Print names only
    #[arg(short, long, global = true, help_heading = "Output")]
    pub quiet: bool,

    /// Do not truncate output
    #[arg(long, global = true, help_heading = "Output")]
    pub no_trunc: bool,

    /// Accept any TLS certificate
    #[arg(short = 'k', long, global = true, help_heading = "Connection")]
    pub insecure: bool,

    /// Use HTTP instead of HTTPS
    #[arg(long, global = true, conflicts_with = "insecure", help_heading = "Connection")]
    pub plain_http: bool,

    /// Additional certificate authorities (PEM file)
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        conflicts_with_all = ["insecure", "plain_http"],
        help_heading = "Connection"
    )]
    pub ca_file: Option<PathBuf>,

    /// Client certificate (PEM file)
    #[arg(
        long,
        global = true,
        alias = "client-cert",
        value_name = "FILE",
        conflicts_with = "plain_http",
        help_heading = "Connection"
    )]
    pub cert_file: Option<PathBuf>,

    /// Private key of the client certificate (PEM file)
    #[arg(
        long,
        global = true,
        alias = "client-key",
        value_name = "FILE",
        help_heading = "Connection"
    )]
    pub key_file: Option<PathBuf>,

    /// Log in as this user; asks for the password, or use --password-stdin
    #[arg(short, long, global = true, value_name = "USER", help_heading = "Credentials")]
    pub username: Option<String>,

    /// Read the password of --username from standard input
    #[arg(long, global = true, help_heading = "Credentials")]
    pub password_stdin: bool,

    /// Use no credentials
    #[arg(
        long,
        global = true,
        conflicts_with_all = ["username", "password_stdin"],
        help_heading = "Credentials"
    )]
    pub anonymous: bool,

    /// Time limit for connecting, for the response, and for its body, such as 5s, 500ms or 2m
    /// [default: 10s, 45s, 60s]
    #[arg(
        long,
        global = true,
        value_name = "DURATION",
        value_parser = timeout,
        help_heading = "Connection"
    )]
    pub timeout: Option<Duration>,

    /// Retry a temporary failure up to N times [default: 3]
    #[arg(
        long,
        global = true,
        value_name = "N",
        value_parser = clap::value_parser!(u8).range(0..=10),
        help_heading = "Connection"
    )]
    pub retries: Option<u8>,

    /// Maximum number of concurrent requests [default: 8]
    #[arg(
        short,
        long,
        global = true,
        value_name = "N",
        value_parser = clap::value_parser!(u8).range(1..=64),
        help_heading = "Connection"
    )]
    pub jobs: Option<u8>,

    /// When to use colors
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        help_heading = "Output"
    )]
    pub color: ColorChoice,

    /// Log every request to standard error
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

impl Globals {
    /// The files of `--cert-file` and `--key-file`.
    ///
    /// # Errors
    /// One without the other.
    pub(crate) fn client_files(&self) -> Result<Option<(&PathBuf, &PathBuf)>, Error> {
        match (&self.cert_file, &self.key_file) {
            (Some(cert), Some(key)) => Ok(Some((cert, key))),
            (None, None) => Ok(None),
            _ => Err(Error::usage(
                "--cert-file and --key-file go together",
                "give the client certificate and its private key",
            )),
        }
    }
}
