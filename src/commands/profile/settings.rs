//! The options of `create` and `update`: one for each setting of a profile.
//!
//! Some have the name of an option that every command takes, and there mean "for this call". Here
//! they mean "from now on", so they are defined anew, each with the help text of its setting.

use std::path::{Path, PathBuf};

use crate::commands::global::seconds;
use crate::config::edit::{Change, Value};
use crate::error::Error;
use crate::login::chain::password_from_stdin;

/// The settings that a command line gives.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Settings")]
pub(super) struct Settings {
    /// The registry, such as ghcr.io
    #[arg(long, value_name = "HOST[:PORT]")]
    registry: Option<String>,

    /// Namespace for names without a slash
    #[arg(long, value_name = "PATH")]
    namespace: Option<String>,

    /// Only for repositories such as 'acme/*' (repeatable)
    #[arg(long, value_name = "PATTERN", value_delimiter = ',', hide_short_help = true)]
    repositories: Vec<String>,

    /// Log in as this user
    #[arg(short, long, value_name = "USER")]
    username: Option<String>,

    /// Environment variable with the password or token
    #[arg(long, value_name = "NAME", group = "password")]
    password_env: Option<String>,

    /// File with the password or token
    #[arg(long, value_name = "FILE", group = "password", hide_short_help = true)]
    password_file: Option<PathBuf>,

    /// Store the password read from standard input
    #[arg(long, group = "password")]
    password_stdin: bool,

    /// Accept any TLS certificate
    #[arg(short = 'k', long)]
    insecure: bool,

    /// Use HTTP instead of HTTPS
    #[arg(long, conflicts_with = "insecure")]
    plain_http: bool,

    /// Additional certificate authorities (PEM file)
    #[arg(long, value_name = "FILE")]
    ca_file: Option<PathBuf>,

    /// Client certificate (PEM file)
    #[arg(long, alias = "client-cert", value_name = "FILE", hide_short_help = true)]
    cert_file: Option<PathBuf>,

    /// Private key of the client certificate (PEM file)
    #[arg(long, alias = "client-key", value_name = "FILE", hide_short_help = true)]
    key_file: Option<PathBuf>,

    /// Address to send requests to, such as `https://mirror.example`
    #[arg(long, value_name = "URL", hide_short_help = true)]
    endpoint: Option<String>,

    /// Address of the Docker Hub API
    #[arg(long, value_name = "URL", hide_short_help = true)]
    hub_api: Option<String>,

    /// Token service that may receive the credentials (repeatable)
    #[arg(long, value_name = "HOST", value_delimiter = ',', hide_short_help = true)]
    token_hosts: Vec<String>,

    /// Maximum number of concurrent requests [default: 8]
    #[arg(
        short,
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u8).range(1..=64),
        hide_short_help = true
    )]
    jobs: Option<u8>,

    /// Time limit for connecting, for the response, and for its body
    #[arg(long, value_name = "DURATION", value_parser = seconds, hide_short_help = true)]
    timeout: Option<f64>,

    /// Retry a temporary failure up to N times [default: 3]
    #[arg(
        long,
        value_name = "N",
        value_parser = clap::value_parser!(u8).range(0..=10),
        hide_short_help = true
    )]
    retries: Option<u8>,

    /// Program that prints the password, with its arguments
    #[arg(
        long,
        value_name = "PROGRAM",
        group = "password",
        num_args = 1..,
        hide_short_help = true,
        allow_hyphen_values = true
    )]
    password_command: Vec<String>,
}

impl Settings {
    /// What is to be written, in the order of the file. Reads the password if standard input has it.
    ///
    /// # Errors
    /// A path that is not text; a standard input without a password.
    pub(super) fn changes(&self) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::new();
        let mut set = |key: &str, value: Option<Value>| {
            changes.extend(value.map(|value| Change::set(key, value)));
        };
        let text = |text: &Option<String>| text.clone().map(Value::Text);
        let list = |list: &Vec<String>| Some(list.clone()).filter(|l| !l.is_empty());
        let flag = |flag: bool| flag.then_some(Value::Bool(true));
        let number = |number: Option<u8>| number.map(|n| Value::Integer(n.into()));
        set("registry", text(&self.registry));
        set("namespace", text(&self.namespace));
        set("repositories", list(&self.repositories).map(Value::List));
        set("username", text(&self.username));
        if self.password_stdin {
            set("password", Some(Value::Secret(password_from_stdin()?)));
        }
        set("password-env", text(&self.password_env));
        let command = list(&self.password_command).map(anchored_program);
        set("password-command", command.map(Value::List));
        set("password-file", path(self.password_file.as_ref())?);
        set("insecure", flag(self.insecure));
        set("plain-http", flag(self.plain_http));
        set("ca-file", path(self.ca_file.as_ref())?);
        set("client-cert", path(self.cert_file.as_ref())?);
        set("client-key", path(self.key_file.as_ref())?);
        set("endpoint", text(&self.endpoint));
        set("hub-api", text(&self.hub_api));
        set("token-hosts", list(&self.token_hosts).map(Value::List));
        set("jobs", number(self.jobs));
        set("timeout", self.timeout.map(seconds_value));
        set("retries", number(self.retries));
        Ok(changes)
    }

    /// Whether these settings can be a profile of their own.
    ///
    /// # Errors
    /// There is no registry, or a password without its user.
    pub(super) fn check_whole(&self, name: &str) -> Result<(), Error> {
        if self.registry.is_none() {
            let hint = format!("docker tags profile create {name} --registry ghcr.io");
            return Err(Error::usage("--registry is missing", hint));
        }
        let has_password = self.password_stdin
            || self.password_env.is_some()
            || self.password_file.is_some()
            || !self.password_command.is_empty();
        if has_password && self.username.is_none() {
            return Err(Error::usage("a password needs its user", "add --username USER"));
        }
        Ok(())
    }

    /// The files that are named but not there.
    pub(super) fn missing_files(&self) -> impl Iterator<Item = &Path> {
        [&self.password_file, &self.ca_file, &self.cert_file, &self.key_file]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
            .filter(|path| !path.starts_with("~") && !path.exists())
    }

    /// Whether the password goes into the configuration file.
    pub(super) fn stores_password(&self) -> bool {
        self.password_stdin
    }
}

/// Whole seconds are written without a fraction.
fn seconds_value(seconds: f64) -> Value {
    if seconds.fract() == 0.0 { Value::Integer(seconds as i64) } else { Value::Float(seconds) }
}

/// A path as the file keeps it: typed relative to the working directory, but the file's paths start
/// at the file's own. `~/` stays, for the file knows it.
fn path(path: Option<&PathBuf>) -> Result<Option<Value>, Error> {
    let Some(path) = path else { return Ok(None) };
    let anchored = anchored(path);
    let text = anchored.to_str().ok_or_else(|| {
        Error::usage(
            format!("the path {} is not UTF-8 text", path.display()),
            "a configuration file cannot hold it; rename the file",
        )
    })?;
    Ok(Some(Value::Text(text.to_owned())))
}

fn anchored(path: &Path) -> PathBuf {
    if path.starts_with("~") {
        return path.to_owned();
    }
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A program with a slash is a path; one without is looked for in `$PATH` when it is needed.
fn anchored_program(mut argv: Vec<String>) -> Vec<String> {
    if let Some(program) = argv.first_mut().filter(|program| program.contains('/'))
        && let Some(path) = anchored(Path::new(&*program)).to_str()
    {
        *program = path.to_owned();
    }
    argv
}
