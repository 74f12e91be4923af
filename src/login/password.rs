//! The places a profile can name for its password.
//!
//! A profile need not hold a secret: it can name a variable, a program or a file. Each is read
//! only when the login is needed. One newline at the end is not part of a password, as with
//! docker's `--password-stdin`; newlines inside are (a Google service key is a JSON text).

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::one_line;
use crate::config::PasswordSource;
use crate::system::env::Env;
use crate::system::files;
use crate::system::process::{find_program, run};
use crate::system::secret::Secret;

/// The place as a profile names it, without any secret.
pub(crate) fn describe(source: &PasswordSource) -> String {
    match source {
        PasswordSource::Plain(_) => source.key().to_owned(),
        _ => format!("{} {}", source.key(), one_line(&source.to_string())),
    }
}

impl PasswordSource {
    /// Reads the password. `limit` is how long a program may take. The error names the place and
    /// quotes no secret.
    ///
    /// A program is named by an absolute path or looked up in the `PATH` of `env`.
    pub(crate) fn read(&self, env: &Env, limit: Duration) -> Result<Secret, String> {
        let text = match self {
            PasswordSource::Env(name) => {
                env.text(name).map(str::to_owned).ok_or("the variable is not set".to_owned())
            }
            PasswordSource::Command(argv) => from_command(argv, env, limit),
            PasswordSource::File(path) => from_file(path),
            PasswordSource::Plain(secret) => Ok(secret.expose().to_owned()),
        };
        let password = text.and_then(|text| match trim_newline(&text) {
            "" => Err("the password is empty".to_owned()),
            password => Ok(Secret::new(password)),
        });
        password.map_err(|reason| format!("{}: {reason}", describe(self)))
    }
}

/// Drops one line end at the end of a text, as docker does with `--password-stdin`.
pub(crate) fn trim_newline(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

fn from_command(argv: &[String], env: &Env, limit: Duration) -> Result<String, String> {
    let (name, args) = argv.split_first().ok_or("no program is named")?;
    let program = if Path::new(name).is_absolute() {
        PathBuf::from(name)
    } else if name.contains(['/', '\\']) {
        return Err("the program must be a plain name or an absolute path".to_owned());
    } else {
        find_program(name, env).ok_or("the program is not on PATH")?
    };
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output =
        run(&program, &args, "", env, limit).map_err(|error| format!("the program {error}"))?;
    if !output.status.success() {
        let said = one_line(&String::from_utf8_lossy(&output.stderr));
        let separator = if said.is_empty() { "" } else { ": " };
        return Err(format!("the program failed ({}){separator}{said}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|_| "the program's output is not UTF-8".to_owned())
}

fn from_file(path: &Path) -> Result<String, String> {
    let bytes = files::read(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())
}
