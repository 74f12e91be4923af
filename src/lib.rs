//! docker-tags: list tags, digests and manifests of any container registry.
//!
//! # The map
//!
//! Thirteen rooms. A room uses the rooms below it; an arrow may skip a floor, never turn back up
//! (`tests/it/tidy.rs` checks it):
//!
//! ```text
//! cli/        docker's grammar, clap, completion, hooks      what was typed
//! commands/   one file or folder per command                 what to do
//! scan/       Dockerfiles, compose files, charts …           which images files name
//! registry/   repositories, pages, manifests, Docker Hub     who is asked
//! output/     rows, table, JSON, template, progress          what to print
//! auth/       the loop around a 401: challenge, token, realm
//! http/       client, TLS, proxy, addresses, retries, limits
//! login/      where credentials come from: one chain
//! config/     profiles: the file, its keys, editing
//! error/      what can go wrong: message, hint, exit code
//! tags/       version, range, kind, order, selection         (pure)
//! oci/        reference, digest, manifest, platform          (pure)
//! system/     environment, terminal, stderr, files, processes, signals, secrets, threads
//! ```
//!
//! Only `http` knows ureq. Only `system` starts programs, writes to stderr, renames files and ends
//! the process. The crate is private: [`run`] is the program, [`internals`] serves fuzz targets and
//! benches. Start reading with `commands::ls`, then `registry`, `auth`, `error`.
#![forbid(unsafe_code)]
// What unit tests share has no outside.
#![cfg_attr(test, allow(unreachable_pub))]

mod auth;
mod cli;
mod commands;
mod config;
mod error;
mod http;
mod login;
mod oci;
mod output;
mod registry;
mod scan;
mod system;
mod tags;

#[doc(hidden)]
pub mod internals;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use cli::plugin::{Invocation, Request};
use commands::Command;
use commands::context::Context;
use error::Error;
use system::env::Env;
use system::report::Reporter;

/// Whether the process was started with a standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stdout {
    Open,
    /// `>&-`: nobody would see what is printed, so printing is an error.
    Closed,
}

/// Runs the program with a process's arguments, the program's own name first.
///
/// Data goes to stdout, everything else to stderr; the exit codes are those of [`error`].
/// `stdout`: the caller's word on whether it was open, which Rust's runtime hides before `main`.
pub fn run(args: impl Iterator<Item = OsString>, stdout: Stdout) -> ExitCode {
    let invocation = cli::plugin::parse(args.skip(1).collect());
    if invocation.request == Request::Metadata {
        return finish(print(&cli::plugin::metadata(), stdout), &Reporter::default());
    }
    exit_on_panic();
    system::signals::exit_on_signals();
    let env = Env::from_process();
    if invocation.by_docker {
        cli::plugin::watch_socket(&env);
    }
    let color = match &invocation.request {
        Request::Run(args) => cli::colors(args, &env),
        _ => false,
    };
    dispatch(invocation, env, stdout)
        .unwrap_or_else(|error| finish(Err(error), &Reporter::default().colored(color)))
}

/// An error here is one from before there was a run to report it.
fn dispatch(invocation: Invocation, env: Env, stdout: Stdout) -> Result<ExitCode, Error> {
    let Invocation { by_docker, config_dir, request } = invocation;
    let printed = match request {
        Request::Metadata => print(&cli::plugin::metadata(), stdout),
        Request::Version => {
            print(concat!("docker-tags ", env!("DOCKER_TAGS_VERSION"), "\n"), stdout)
        }
        Request::Complete { words, descriptions } => {
            print(&cli::complete::answer(&words, descriptions, &env, config_dir), stdout)
        }
        Request::Hook(request) => print(&cli::hooks::answer(&request), stdout),
        Request::Run(args) => match cli::parse(args, by_docker, &env)? {
            cli::Parsed::Print(text) => print(&text, stdout),
            cli::Parsed::Run(cli) => {
                return run_command(*cli, env, config_dir, by_docker, stdout);
            }
        },
    };
    printed.map(|()| ExitCode::SUCCESS)
}

fn run_command(
    cli: cli::Cli,
    env: Env,
    config_dir: Option<PathBuf>,
    by_docker: bool,
    stdout: Stdout,
) -> Result<ExitCode, Error> {
    let cli::Cli { globals, command } = cli;
    let data = Data { inner: io::stdout().lock(), stdout, reporter: None };
    let mut out = BufWriter::with_capacity(32 * 1024, data);
    let (context, outcome) = match command {
        Command::OfProgram(command) => {
            let outcome = command.run(&env, config_dir, &mut out);
            return out.flush().map_err(Error::stdout).and(outcome).map(|()| ExitCode::SUCCESS);
        }
        Command::OfFiles(command) => {
            let context = Context::for_files(globals, env, config_dir, by_docker)?;
            let outcome = command.run(&context, &mut out);
            (context, outcome)
        }
        Command::OfRegistries(command) => {
            let context = Context::new(globals, env, config_dir, by_docker)?;
            let shares_terminal = context.style.stdout_terminal;
            out.get_mut().reporter = shares_terminal.then(|| context.reporter.clone());
            let outcome = command.run(&context, &mut out);
            (context, outcome)
        }
    };
    // What was printed before an error is complete lines, and is kept.
    let outcome = outcome.and(out.flush().map_err(Error::stdout));
    Ok(finish(outcome, &context.reporter))
}

fn print(text: &str, stdout: Stdout) -> Result<(), Error> {
    let mut out = Data { inner: io::stdout().lock(), stdout, reporter: None };
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Error::stdout)
}

/// A panic is our bug: say where, and no more, since a message might quote a secret.
fn exit_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        Reporter::default().line(&format!("error: internal error at {place}"));
        Reporter::default().line("");
        Reporter::default().line("hint: this is a bug; please report the command and this line");
        system::signals::exit(i32::from(error::FAILED));
    }));
}

/// stdout, which on a terminal takes the place of what stderr has drawn there.
struct Data<W> {
    inner: W,
    stdout: Stdout,
    reporter: Option<Arc<Reporter>>,
}

impl<W: Write> Write for Data<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stdout == Stdout::Closed {
            return Err(io::Error::other("it is closed"));
        }
        self.reporter.iter().for_each(|reporter| reporter.data());
        self.inner.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Reports a failure and gives the process's exit code.
fn finish(outcome: Result<(), Error>, reporter: &Reporter) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    let silent = error.is_closed_pipe() || matches!(error, Error::Exit(_) | Error::Interrupted);
    if !silent {
        reporter.error(&error, error.hint().as_deref());
    }
    ExitCode::from(error.exit_code())
}
