//! Credential helpers: the programs `docker-credential-SUFFIX`.
//!
//! The protocol is that of docker-credential-helpers: the word `get` as the one argument, the
//! key on standard input without a newline, JSON on standard output. A helper is asked once
//! for a key, even by several threads, for it may ask its user for a PIN.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde_json::Value;

use super::auth_file::{first_value, text_field};
use super::one_line;
use crate::system::env::Env;
use crate::system::lock;
use crate::system::process::{Output, find_program, run};
use crate::system::secret::Secret;

/// What a helper prints, and exits with an error, when it has no login for a key.
const NOT_FOUND: &str = "credentials not found in native keychain";
/// The user name that marks the secret as an identity token.
const TOKEN_USER: &str = "<token>";
/// The longest key handed to a helper, in bytes.
const MAX_KEY: usize = 4096;

/// A helper's answer.
#[derive(Clone)]
pub(super) enum Answer {
    /// A user name and a password.
    Login(String, Secret),
    /// An identity token.
    Token(Secret),
    /// It has no login for this key.
    NotFound,
    /// There is no such program: its name.
    Missing(String),
    /// It failed or answered nonsense: the reason, beginning with its name.
    Failed(String),
}

/// A helper's suffix and the key it is asked for.
type Question = (String, String);

/// The helpers of one run and what they have answered.
#[derive(Default)]
pub(super) struct Helpers(Mutex<HashMap<Question, Arc<OnceLock<Answer>>>>);

impl Helpers {
    /// Asks a helper for the login of a key, or repeats what it said before.
    pub(super) fn get(&self, suffix: &str, key: &str, env: &Env, limit: Duration) -> Answer {
        let cell = {
            let mut answers = lock(&self.0);
            Arc::clone(answers.entry((suffix.to_owned(), key.to_owned())).or_default())
        };
        cell.get_or_init(|| ask(suffix, key, env, limit)).clone()
    }
}

/// Whether a suffix names a program and nothing else: no path, no option.
fn is_suffix(text: &str) -> bool {
    !text.starts_with(['-', '.'])
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
}

fn ask(suffix: &str, key: &str, env: &Env, limit: Duration) -> Answer {
    if !is_suffix(suffix) {
        let shown = one_line(suffix);
        return Answer::Failed(format!("the credential helper name {shown:?} is not allowed"));
    }
    let name = format!("docker-credential-{suffix}");
    if key.chars().any(char::is_control) || key.len() > MAX_KEY {
        return Answer::Failed(format!(
            "{name} was not run: the registry's name is too long or contains control characters"
        ));
    }
    let Some(program) = find_program(&name, env) else {
        return Answer::Missing(name);
    };
    match run(&program, &["get"], key, env, limit) {
        Ok(output) if output.status.success() => understand(&name, &output.stdout),
        Ok(output) if String::from_utf8_lossy(&output.stdout).trim() == NOT_FOUND => {
            Answer::NotFound
        }
        Ok(output) => Answer::Failed(format!("{name} failed {}", reason(&output))),
        Err(error) => Answer::Failed(format!("{name} {error}")),
    }
}

/// Reads the JSON of a helper that succeeded. What it printed is never quoted.
fn understand(name: &str, stdout: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(stdout);
    let answer = match first_value::<Value>(&text) {
        Ok(Some((answer, _))) if answer.is_object() => answer,
        Ok(_) => return Answer::Failed(format!("{name} printed no JSON object")),
        Err(error) => return Answer::Failed(format!("{name} printed no JSON: {error}")),
    };
    let mut problems = Vec::new();
    let mut field = |field: &str| text_field(&answer, field, field, &mut problems);
    let (username, secret, _) = (field("Username"), field("Secret"), field("ServerURL"));
    if let Some(problem) = problems.first() {
        return Answer::Failed(format!("{name}: {problem}"));
    }
    match (username.as_str(), secret.as_str()) {
        ("", "") | (TOKEN_USER, "") => Answer::NotFound,
        (TOKEN_USER, _) => Answer::Token(Secret::new(secret)),
        _ => Answer::Login(username, Secret::new(secret)),
    }
}

/// Why a helper failed, in its own words. By the protocol the message is on standard output;
/// what looks like an answer there is not quoted.
fn reason(output: &Output) -> String {
    let said = one_line(&String::from_utf8_lossy(&output.stdout));
    let could_be_secret = said.contains(['{', '}', '"']) || !said.contains(' ');
    let said =
        if could_be_secret { one_line(&String::from_utf8_lossy(&output.stderr)) } else { said };
    let separator = if said.is_empty() { "" } else { ": " };
    format!("({}){separator}{said}", output.status)
}
