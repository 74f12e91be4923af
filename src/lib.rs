//! docker-tags: list tags, digests and manifests of any container registry.
//!
//! # The map
//!
//! Layers; an arrow may skip one but never turns:
//!
//! ```text
//! main → lib → complete → plugin, cli → commands → registry, hub → auth → http, credentials → config
//!                                        ↓                                       → reference, manifest,
//!                                 select, output → terminal                        version
//! ```
//!
//! The lowest layer is pure: no I/O, no clock, no environment. Only `http` knows ureq, only
//! `credentials` and `install` start other programs (both through `process`), only `report` and
//! `run` write to stderr, only `files` puts files in the place of others, only `signals` ends the
//! program early. `complete` answers the shells, `hooks` answers docker after a failed pull, `man`
//! writes the manual from the command line's definition. Start reading with [`commands::ls`], then
//! [`registry`], [`auth`], [`error`].
#![forbid(unsafe_code)]

pub mod auth;
pub mod certs;
pub mod cli;
pub mod commands;
pub mod complete;
pub mod config;
pub mod credentials;
pub mod env;
pub mod error;
pub mod files;
pub mod hooks;
pub mod http;
pub mod hub;
pub mod man;
pub mod manifest;
pub mod output;
pub mod parallel;
pub mod platform;
pub mod plugin;
mod process;
pub mod progress;
pub mod reference;
pub mod registry;
pub mod report;
pub mod secret;
pub mod select;
pub mod shells;
pub mod signals;
pub mod terminal;
pub mod version;

use std::ffi::OsString;
use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use commands::context::Context;
use env::Env;
use error::Error;
use plugin::{Invocation, Request};
use report::Reporter;

/// Runs the program with a process's arguments, the program's own name first.
///
/// Data goes to stdout, everything else to stderr; the exit codes are those of [`error`].
pub fn run(args: impl Iterator<Item = OsString>) -> ExitCode {
    let invocation = plugin::parse(args.skip(1).collect());
    if invocation.request == Request::Metadata {
        return finish(print(&plugin::metadata()), &Reporter::default());
    }
    exit_on_panic();
    signals::exit_on_signals();
    let env = Env::from_process();
    if invocation.by_docker {
        plugin::watch_socket(&env);
    }
    dispatch(invocation, env).unwrap_or_else(|error| finish(Err(error), &Reporter::default()))
}

/// An error here is one from before there was a run to report it.
fn dispatch(invocation: Invocation, env: Env) -> Result<ExitCode, Error> {
    let Invocation { by_docker, config_dir, request } = invocation;
    let printed = match request {
        Request::Metadata => print(&plugin::metadata()),
        Request::Version => print(concat!("docker-tags ", env!("CARGO_PKG_VERSION"), "\n")),
        Request::Complete { words, descriptions } => {
            print(&complete::answer(&words, descriptions, &env, config_dir))
        }
        Request::Hook(request) => print(&hooks::answer(&request)),
        Request::Run(args) => match cli::parse(args, by_docker)? {
            cli::Parsed::Print(text) => print(&text),
            cli::Parsed::Run(cli) => {
                if cli.command.is_about_the_program() {
                    let root = cli::command(by_docker);
                    let out = &mut io::stdout().lock();
                    return cli
                        .command
                        .run_alone(&root, &env, config_dir, out)
                        .map(|()| ExitCode::SUCCESS);
                }
                let make = if cli.command.is_local() { Context::for_files } else { Context::new };
                let context = make(cli.globals, env, config_dir, by_docker)?;
                let mut out = BufWriter::with_capacity(32 * 1024, io::stdout().lock());
                let outcome = cli.command.run(&context, &mut out);
                // What was printed before an error is complete lines, and is kept.
                let outcome = outcome.and(out.flush().map_err(Error::stdout));
                return Ok(finish(outcome, &context.reporter));
            }
        },
    };
    printed.map(|()| ExitCode::SUCCESS)
}

fn print(text: &str) -> Result<(), Error> {
    io::stdout().lock().write_all(text.as_bytes()).map_err(Error::stdout)
}

/// A panic is a bug of ours: say where, and no more, since a message might quote a secret.
fn exit_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        Reporter::default().line(&format!("error: internal error at {place}"));
        Reporter::default().line("");
        Reporter::default().line("hint: this is a bug; please report the command and this line");
        signals::exit(i32::from(error::FAILED));
    }));
}

/// Reports a failure and gives the process's exit code.
fn finish(outcome: Result<(), Error>, reporter: &Reporter) -> ExitCode {
    let Err(error) = outcome else { return ExitCode::SUCCESS };
    let silent = error.is_closed_pipe()
        || matches!(error, Error::Reported(_) | Error::Exit(_) | Error::Interrupted);
    if !silent {
        reporter.error(&error);
    }
    ExitCode::from(error.exit_code())
}
