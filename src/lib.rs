//! docker-tags: the map.
#![forbid(unsafe_code)]

pub mod auth;
pub mod config;
pub mod credentials;
pub mod env;
pub mod error;
pub mod http;
pub mod manifest;
pub mod output;
pub mod platform;
pub mod reference;
pub mod registry;
pub mod report;
pub mod secret;
pub mod select;
pub mod terminal;
pub mod version;

use std::ffi::OsString;
use std::process::ExitCode;

/// Runs the program.
pub fn run(_args: impl Iterator<Item = OsString>) -> ExitCode {
    ExitCode::SUCCESS
}
