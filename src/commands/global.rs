//! The options that every command takes.

use std::path::PathBuf;

use clap::Args;

use crate::error::Error;

/// Options of every command; they may stand before or after the command's name.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Globals {
    /// Use this profile (see `docker tags profile`)
    #[arg(short, long, global = true, value_name = "NAME")]
    pub profile: Option<String>,

    /// Print json, table, a Go template, or 'table TEMPLATE'
    #[arg(long, global = true, value_name = "FORMAT", help_heading = "Output")]
    pub format: Option<String>,

    /// Print the registry's own document
    #[arg(long, global = true, help_heading = "Output", hide_short_help = true)]
    pub raw: bool,

    /// Print names only
    #[arg(short, long, global = true, help_heading = "Output", hide_short_help = true)]
    pub quiet: bool,

    /// Print digests in full
    #[arg(long, global = true, help_heading = "Output", hide_short_help = true)]
    pub no_trunc: bool,

    /// Accept any TLS certificate
    #[arg(short = 'k', long, global = true, help_heading = "Connection", hide_short_help = true)]
    pub insecure: bool,

    /// Speak plain http
    #[arg(
        long,
        global = true,
        conflicts_with = "insecure",
        help_heading = "Connection",
        hide_short_help = true
    )]
    pub plain_http: bool,

    /// Trust the authorities in this PEM file, too
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        conflicts_with_all = ["insecure", "plain_http"],
        help_heading = "Connection", hide_short_help = true)]
    pub ca_file: Option<PathBuf>,

    /// Show this certificate to the registry (PEM)
    #[arg(
        long,
        global = true,
        alias = "client-cert",
        value_name = "FILE",
        conflicts_with = "plain_http",
        help_heading = "Connection",
        hide_short_help = true
    )]
    pub cert_file: Option<PathBuf>,

    /// The private key of --cert-file (PEM)
    #[arg(
        long,
        global = true,
        alias = "client-key",
        value_name = "FILE",
        help_heading = "Connection",
        hide_short_help = true
    )]
    pub key_file: Option<PathBuf>,

    /// Log in as this user; the password is asked for, or read by --password-stdin
    #[arg(
        short,
        long,
        global = true,
        value_name = "USER",
        help_heading = "Login",
        hide_short_help = true
    )]
    pub username: Option<String>,

    /// Read the password of --username from standard input
    #[arg(long, global = true, help_heading = "Login", hide_short_help = true)]
    pub password_stdin: bool,

    /// Use no login at all
    #[arg(
        long,
        global = true,
        conflicts_with_all = ["username", "password_stdin"],
        help_heading = "Login", hide_short_help = true)]
    pub anonymous: bool,

    /// Wait at most so long for a connection, for an answer, and for its body, each
    #[arg(
        long,
        global = true,
        value_name = "SECONDS",
        value_parser = seconds,
        help_heading = "Connection", hide_short_help = true)]
    pub timeout: Option<f64>,

    /// Repeat a failed request so often [default: 3]
    #[arg(
        long,
        global = true,
        value_name = "N",
        value_parser = clap::value_parser!(u8).range(0..=10),
        help_heading = "Connection", hide_short_help = true)]
    pub retries: Option<u8>,

    /// Send so many requests at a time [default: 8]
    #[arg(
        short,
        long,
        global = true,
        value_name = "N",
        value_parser = clap::value_parser!(u8).range(1..=64),
        help_heading = "Connection", hide_short_help = true)]
    pub jobs: Option<u8>,

    /// Log every request on standard error
    #[arg(short, long, global = true, hide_short_help = true)]
    pub verbose: bool,
}

/// Reads the value of `--timeout`.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.1..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("give a number of seconds from 0.1 to 3600".to_owned()),
    }
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
