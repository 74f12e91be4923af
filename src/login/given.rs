//! The login of the command line: `--username`, with the password from standard input or typed.

use std::io::{IsTerminal, Read};

use super::prompt::ask_password;
use super::{Credential, Found, Source, trim_newline};
use crate::error::Error;
use crate::system::secret::Secret;
use crate::system::terminal::sanitize;

/// The most that is read as a password from standard input.
const MAX_PASSWORD: u64 = 64 * 1024;

/// The login of `--username`, its password read now.
///
/// # Errors
/// Options that do not go together, a password that does not come, a user name that cannot be sent.
pub(crate) fn given(username: Option<&str>, password_stdin: bool) -> Result<Option<Found>, Error> {
    let Some(username) = username else {
        if password_stdin {
            let hint = "add -u USER, or remove --password-stdin";
            return Err(Error::usage("--password-stdin needs --username", hint));
        }
        return Ok(None);
    };
    let (password, source) = if password_stdin {
        (password_from_stdin()?, Source::CommandLine)
    } else {
        (ask_password(&format!("Password of {}: ", sanitize(username)))?, Source::Prompt)
    };
    let credential = Credential::Basic { username: username.to_owned(), password };
    credential.check().map_err(|why| {
        Error::usage(format!("--username cannot be used: {why}"), "give the user name alone")
    })?;
    Ok(Some(Found::new(credential, source)))
}

/// The password that standard input holds; one line end at its end is not part of it.
///
/// # Errors
/// Standard input is a terminal, cannot be read, or is empty.
pub(crate) fn password_from_stdin() -> Result<Secret, Error> {
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        return Err(Error::usage(
            "--password-stdin reads a file or a pipe, and standard input is a terminal",
            "remove it to be asked for the password",
        ));
    }
    let failed = |source| Error::Io { what: "standard input".to_owned(), source };
    let mut text = String::new();
    stdin.lock().take(MAX_PASSWORD + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_PASSWORD {
        return Err(Error::usage(
            format!("the password on standard input is longer than {MAX_PASSWORD} bytes"),
            "pipe the password alone into the program",
        ));
    }
    match trim_newline(&text) {
        "" => Err(Error::usage(
            "the password on standard input is empty",
            "echo \"$TOKEN\" | docker tags … -u USER --password-stdin",
        )),
        password => Ok(Secret::new(password)),
    }
}
