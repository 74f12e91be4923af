//! The options of `create` and `update`: the settings of a profile, as they are typed.

use std::path::{Path, PathBuf};

use crate::config::Settings;
use crate::error::Error;
use crate::login::password_from_stdin;

/// The settings that a command line gives.
#[derive(Debug, clap::Args)]
pub(super) struct Given {
    #[command(flatten)]
    settings: Settings,

    /// Store the password read from standard input
    #[arg(long, group = "password", help_heading = "Settings")]
    pub password_stdin: bool,
}

impl Given {
    /// Whether there is any.
    pub(super) fn is_empty(&self) -> bool {
        self.settings == Settings::default() && !self.password_stdin
    }

    /// What is to be written. Reads the password if standard input has it. Paths were typed relative to
    /// the working directory, but the file's start at the file's own: they become absolute. `~/`
    /// stays, for the file knows it.
    pub(super) fn read(&self) -> Result<Settings, Error> {
        let mut settings = self.settings.clone();
        for (_, path) in settings.paths_mut() {
            *path = anchored(path);
        }
        if let Some(program) = settings.program_mut()
            && let Some(path) = anchored(Path::new(program)).to_str()
        {
            *program = path.to_owned();
        }
        if self.password_stdin {
            settings.password = Some(password_from_stdin()?);
        }
        Ok(settings)
    }

    /// Whether these settings can be a profile of their own.
    pub(super) fn check_whole(&self, name: &str) -> Result<(), Error> {
        if self.settings.registry.is_none() {
            let hint = format!("for example: docker tags profile create {name} --registry ghcr.io");
            return Err(Error::usage("--registry is required", hint));
        }
        let has_password = self.password_stdin || self.settings.password_source().is_some();
        if has_password && self.settings.username.is_none() {
            return Err(Error::usage("a password needs a username", "add --username USER"));
        }
        Ok(())
    }

    /// The files that are named but not there.
    pub(super) fn missing_files(&self) -> Vec<PathBuf> {
        let mut settings = self.settings.clone();
        let named = settings.paths_mut().map(|(_, path)| path.clone());
        named.filter(|path| !path.starts_with("~") && !path.exists()).collect()
    }
}

fn anchored(path: &Path) -> PathBuf {
    if path.starts_with("~") {
        return path.to_owned();
    }
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
