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

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks. A panic ends the program (see `exit_on_panic` in `lib`), so none leaves anything half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
