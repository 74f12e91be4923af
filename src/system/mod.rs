//! The machine: environment, terminal, stderr, files, processes, signals, secrets, threads.
//!
//! It knows nothing of registries; every other room may use it.

pub(crate) mod env;
pub(crate) mod files;
pub(crate) mod parallel;
pub(crate) mod process;
pub(crate) mod report;
pub(crate) mod secret;
pub(crate) mod signals;
pub(crate) mod terminal;
