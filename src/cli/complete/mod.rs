//! Completion: what the word under the cursor may become.
//!
//! docker's own completion scripts ask its plugins as cobra programs are asked: `__complete`, the
//! words, the unfinished one last; the answer is one candidate per line and a directive (cobra's
//! `ShellCompDirective`). The scripts of [`shells`](crate::commands::shells) ask the same question, so `docker tags` and
//! `docker-tags` complete alike, from clap's definition of the command line: a new command or
//! option needs nothing here.
//!
//! What it costs the user is time at the prompt: most answers touch nothing but the configuration,
//! and a registry is asked for its names only where they are wanted, for at most a second.

mod cache;
mod line;
mod remote;
mod values;

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use clap::Arg;

use crate::commands::context::Context;
use crate::commands::global::Globals;
use crate::system::env::Env;
use crate::system::terminal::sanitize;
use cache::Cache;
use line::{Line, Target};

pub(super) use line::takes_many;
use remote::Remote;

/// The command whose name can be left out.
pub(crate) const DEFAULT_COMMAND: &str = "ls";
/// The most candidates that are offered: shells grow slow, and no one reads more.
const MAX_CANDIDATES: usize = 1_000;
/// What makes a line a message instead of a candidate.
const ACTIVE_HELP: &str = "_activeHelp_ ";

const NO_SPACE: u8 = 2;
const NO_FILES: u8 = 4;
const DIRECTORIES: u8 = 16;
const KEEP_ORDER: u8 = 32;

/// What the word may become.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    /// The whole word.
    text: String,
    /// A few words for people.
    description: String,
}

impl Candidate {
    fn new(text: &str, description: &str) -> Candidate {
        // One line, and its last character says something.
        let description = description.lines().next().unwrap_or_default();
        let description = description.trim().trim_end_matches('.').to_owned();
        Candidate { text: text.to_owned(), description }
    }
}

/// The answer to a shell.
#[derive(Debug, Default)]
struct Answer {
    candidates: Vec<Candidate>,
    seen: HashSet<String>,
    /// Messages for people.
    help: Vec<String>,
    no_space: bool,
    keep_order: bool,
    files: bool,
    directories: bool,
}

impl Answer {
    fn push(&mut self, candidate: Candidate) {
        if self.seen.insert(candidate.text.clone()) {
            self.candidates.push(candidate);
        }
    }

    fn extend(&mut self, candidates: impl Iterator<Item = Candidate>) {
        candidates.for_each(|candidate| self.push(candidate));
    }

    fn len(&self) -> usize {
        self.candidates.len()
    }

    /// Leaves out what is too much, but so that a shell still inserts no more than what all
    /// candidates have in common.
    fn limit(&mut self) {
        if self.candidates.len() <= MAX_CANDIDATES {
            return;
        }
        let rest = self.candidates.split_off(MAX_CANDIDATES);
        let first = self.candidates[0].text.clone();
        let common = self.candidates.iter().fold(first.len(), |length, candidate| {
            let same = first.bytes().zip(candidate.text.bytes()).take(length);
            same.take_while(|(a, b)| a == b).count()
        });
        let other = rest
            .into_iter()
            .find(|candidate| !candidate.text.as_bytes().starts_with(&first.as_bytes()[..common]));
        self.candidates.extend(other);
    }

    fn directive(&self) -> u8 {
        let no_space = self.no_space || self.candidates.iter().any(|c| c.text.ends_with('/'));
        let bits = [(no_space, NO_SPACE), (!self.files, NO_FILES), (self.keep_order, KEEP_ORDER)];
        let sum = bits.iter().filter(|(on, _)| *on).map(|(_, bit)| bit).sum();
        if self.directories && !self.files && self.candidates.is_empty() {
            DIRECTORIES
        } else {
            sum
        }
    }

    fn render(&self, descriptions: bool, active_help: bool) -> String {
        let mut out = String::new();
        for Candidate { text, description } in &self.candidates {
            out.push_str(&sanitize(text));
            if descriptions && !description.is_empty() {
                out.push('\t');
                out.push_str(&sanitize(description));
            }
            out.push('\n');
        }
        for text in self.help.iter().filter(|_| active_help) {
            out.push_str(&format!("{ACTIVE_HELP}{}\n", sanitize(text)));
        }
        format!("{out}:{}\n", self.directive())
    }
}

/// The answer to `__complete`, ready to be printed. `words` are those after the program's name,
/// the last one unfinished; `descriptions` says whether the shell wants any. Never fails: what
/// goes wrong is a message at most.
pub(crate) fn answer(
    words: &[OsString],
    descriptions: bool,
    env: &Env,
    config_dir: Option<PathBuf>,
) -> String {
    let started = Instant::now();
    let words: Vec<String> = words.iter().map(|w| w.to_string_lossy().into_owned()).collect();
    let root = crate::cli::command(true);
    let line = Line::read(&root, &words);
    let mut open = || {
        let context = Context::for_completion(globals(&line), env.clone(), config_dir.clone());
        let context = context.map_err(|error| error.to_string())?;
        let cache = Cache::new(env, SystemTime::now());
        Ok(Remote { context: Arc::new(context), cache, started })
    };
    let mut answer = Answer::default();
    match &line.target {
        Target::Flag(typed) => flags(&root, &line, typed, &mut answer),
        Target::Value { arg, prefix, value } => {
            offer_value(&line, arg, value, &mut open, &mut answer);
            answer.candidates.iter_mut().for_each(|c| c.text.insert_str(0, prefix));
        }
        Target::Word { command, arg, value } => {
            if *command {
                commands(&line, value, &mut answer);
            }
            // At the very start the commands are enough.
            if let Some(arg) = arg.filter(|_| !*command || !value.is_empty()) {
                offer_value(&line, arg, value, &mut open, &mut answer);
            }
        }
    }
    answer.limit();
    answer.render(descriptions && wants_descriptions(env), wants_active_help(env))
}

fn commands(line: &Line, typed: &str, answer: &mut Answer) {
    let named = line.command.get_subcommands().filter(|sub| !sub.is_hide_set());
    let fitting = named.filter(|sub| sub.get_name().starts_with(typed));
    answer.extend(fitting.map(|sub| {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        Candidate::new(sub.get_name(), &about)
    }));
    if line.path.is_empty() && !typed.is_empty() && "help".starts_with(typed) {
        answer.push(Candidate::new("help", "Show help for a command"));
    }
    answer.keep_order = answer.len() > 0;
}

fn flags(root: &clap::Command, line: &Line, typed: &str, answer: &mut Answer) {
    for arg in line::options(root, line.command, &line.path) {
        let used = line.has(arg.get_id().as_str()) && !takes_many(arg);
        if arg.is_hide_set() || used {
            continue;
        }
        let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
        let long = arg.get_long().map(|long| format!("--{long}"));
        // A short form is only offered where it is asked for.
        let short = arg.get_short().filter(|_| typed == "-").map(|short| format!("-{short}"));
        let names = long.into_iter().chain(short);
        answer.extend(
            names.filter(|name| name.starts_with(typed)).map(|name| Candidate::new(&name, &help)),
        );
    }
    for (name, help) in [("--help", "Print help"), ("--version", "Print version")] {
        if name.starts_with(typed) && (name == "--help" || line.path.is_empty()) {
            answer.push(Candidate::new(name, help));
        }
    }
}

fn offer_value(
    line: &Line,
    arg: &Arg,
    value: &str,
    open: &mut dyn FnMut() -> Result<Remote, String>,
    answer: &mut Answer,
) {
    let possible = arg.get_possible_values();
    let is_choice = !possible.is_empty();
    let shown = possible.into_iter().filter(|choice| !choice.is_hide_set());
    answer.extend(shown.filter(|choice| choice.get_name().starts_with(value)).map(|choice| {
        let help = choice.get_help().map(ToString::to_string).unwrap_or_default();
        Candidate::new(choice.get_name(), &help)
    }));
    if !is_choice {
        values::offer(line, &values::kinds(line, arg), value, open, answer);
    }
}

/// The options on the line that decide what is asked, and how. A user name means a password that
/// is still to come: nothing is asked with another login in its place.
fn globals(line: &Line) -> Globals {
    let path = |id| line.value(id).map(PathBuf::from);
    Globals {
        profile: line.value("profile").map(str::to_owned),
        insecure: line.has("insecure"),
        plain_http: line.has("plain_http"),
        ca_file: path("ca_file"),
        cert_file: path("cert_file"),
        key_file: path("key_file"),
        anonymous: line.has("anonymous") || line.has("username"),
        timeout: Some(remote::DEADLINE),
        retries: Some(0),
        jobs: Some(1),
        ..Globals::default()
    }
}

/// cobra's switches: the first variable that says something counts.
fn wants_descriptions(env: &Env) -> bool {
    let names = ["DOCKER_TAGS_", "DOCKER_", "COBRA_"];
    let value = names
        .iter()
        .find_map(|prefix| env.text(&format!("{prefix}COMPLETION_DESCRIPTIONS")))
        .unwrap_or_default();
    let off = ["0", "f", "F", "false", "FALSE", "False"].contains(&value);
    !off && env.os("DOCKER_CLI_DISABLE_COMPLETION_DESCRIPTION").is_none()
}

fn wants_active_help(env: &Env) -> bool {
    let names = ["DOCKER_TAGS_ACTIVE_HELP", "DOCKER_ACTIVE_HELP", "COBRA_ACTIVE_HELP"];
    !names.iter().any(|name| env.text(name) == Some("0"))
}

#[cfg(test)]
mod tests;
