//! The first word: a command, a repository, or a mistake.
//!
//! `docker tags alpine` is short for `docker tags ls alpine`, so a mistyped command would be asked
//! of a registry. A word that is close to a command, or that other tools have as a command, is an
//! error instead; `docker tags ls WORD` lists such a repository.

use std::ffi::{OsStr, OsString};

use clap::Command;

use super::official;
use crate::error::Error;

/// Words that people type for one of our commands.
const OURS: [(&str, &str); 27] = [
    ("alias", "aliases"),
    ("attestations", "referrers"),
    ("auth", "check"),
    ("compare", "diff"),
    ("context", "profile"),
    ("contexts", "profile ls"),
    ("doctor", "check"),
    ("find", "repos"),
    ("history", "inspect"),
    ("image", "inspect"),
    ("images", "repos"),
    ("info", "inspect"),
    ("latest", "newest"),
    ("orgs", "namespaces"),
    ("ping", "check"),
    ("rate-limit", "ratelimit"),
    ("repositories", "repos"),
    ("repository", "repos"),
    ("sbom", "referrers"),
    ("search", "repos"),
    ("show", "inspect"),
    ("signatures", "referrers"),
    ("switch", "profile use"),
    ("tag", "ls"),
    ("tags", "ls"),
    ("use", "profile use"),
    ("whoami", "namespaces"),
];

/// Words of other tools for what this program does not do, and where it is done.
const ELSEWHERE: [(&str, &str); 16] = [
    ("add", "to add a profile: {name} profile create NAME"),
    ("build", "to build an image: docker build"),
    (
        "copy",
        "this program only reads registries; to copy an image: docker buildx imagetools create",
    ),
    ("cp", "this program only reads registries; to copy an image: docker buildx imagetools create"),
    ("create", "to create a profile: {name} profile create NAME"),
    ("delete", "this program only reads registries; to remove a profile: {name} profile rm NAME"),
    ("login", "to log in: docker login HOST"),
    ("logout", "to log out: docker logout HOST"),
    ("pull", "to pull an image: docker pull IMAGE"),
    ("push", "to push an image: docker push IMAGE"),
    ("remove", "this program only reads registries; to remove a profile: {name} profile rm NAME"),
    ("rm", "this program only reads registries; to remove a profile: {name} profile rm NAME"),
    ("rmi", "to remove a local image: docker rmi IMAGE"),
    ("run", "to run an image: docker run IMAGE"),
    (
        "sync",
        "this program only reads registries; to copy an image: docker buildx imagetools create",
    ),
    ("version", "to print the version: {name} --version"),
];

/// The same for `profile`.
const OF_PROFILE: [(&str, &str); 10] = [
    ("add", "create"),
    ("current", "show"),
    ("delete", "rm"),
    ("edit", "update"),
    ("get", "inspect"),
    ("new", "create"),
    ("select", "use"),
    ("set", "update"),
    ("switch", "use"),
    ("unset", "update"),
];

/// From which length on another tool's word is recognized with a slip in it.
const MIN_NEAR: usize = 5;

/// Puts `ls` in front when the first word is a repository.
///
/// # Errors
/// The word is a mistyped command, or another tool's.
pub(super) fn with_ls(command: &Command, mut args: Vec<OsString>) -> Result<Vec<OsString>, Error> {
    let (word, is_certain) = match first_word(command, &args) {
        Some(found) => found,
        None => return Ok(args),
    };
    let is_command =
        word == "help" || command.get_subcommands().any(|sub| names(sub).any(|name| word == name));
    if is_command && !is_certain {
        return Ok(args);
    }
    if let Some(error) = word.to_str().filter(|_| !is_certain).and_then(|w| mistyped(command, w)) {
        return Err(error);
    }
    args.insert(0, super::complete::DEFAULT_COMMAND.into());
    Ok(args)
}

/// A command's name and its aliases.
fn names(command: &Command) -> impl Iterator<Item = &str> {
    std::iter::once(command.get_name()).chain(command.get_all_aliases())
}

/// The first argument that is neither an option nor an option's value, and whether it stands
/// behind `--` and so is not a command for certain.
pub(super) fn first_word<'a>(command: &Command, args: &'a [OsString]) -> Option<(&'a OsStr, bool)> {
    let ls = command.find_subcommand(super::complete::DEFAULT_COMMAND);
    let options =
        || command.get_arguments().chain(ls.into_iter().flat_map(|ls| ls.get_arguments()));
    let takes_value = |arg: &clap::Arg| arg.get_action().takes_values();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(text) = arg.to_str() else { return Some((arg, false)) };
        if text == "--" {
            return args.next().map(|word| (word.as_os_str(), true));
        }
        let wants_next = if let Some(name) = text.strip_prefix("--") {
            !name.contains('=')
                && options().any(|arg| arg.get_long() == Some(name) && takes_value(arg))
        } else if let Some(letters) = text.strip_prefix('-').filter(|l| !l.is_empty()) {
            let takes =
                |letter| options().any(|arg| arg.get_short() == Some(letter) && takes_value(arg));
            // In a cluster the first letter that takes a value takes the rest, or the next word.
            letters.chars().position(takes).is_some_and(|at| at + 1 == letters.chars().count())
        } else {
            return Some((arg, false));
        };
        if wants_next {
            args.next();
        }
    }
    None
}

/// The error for a word that is meant as a command; `None` for what may be a repository.
fn mistyped(command: &Command, word: &str) -> Option<Error> {
    if word.contains(['/', '.', ':', '@']) || official::is_image(word) {
        return None;
    }
    let name = command.get_bin_name().unwrap_or_default();
    let exists = |line: &str| {
        line.split(' ').next().is_some_and(|first| command.find_subcommand(first).is_some())
    };
    // Exactly a word of other tools, else nearly one of our commands, else nearly such a word.
    let other = |is_it: &dyn Fn(&str) -> bool| {
        let elsewhere = ELSEWHERE.iter().find(|(known, _)| is_it(known));
        let ours = || OURS.iter().find(|(known, line)| is_it(known) && exists(line));
        elsewhere
            .map(|(_, text)| text.replace("{name}", name))
            .or_else(|| ours().map(|(_, line)| format!("did you mean \"{name} {line}\"?")))
    };
    let near = || Some(format!("did you mean \"{name} {}\"?", nearest(command, word)?));
    let is_near =
        |known: &str| known.len() >= MIN_NEAR && strsim::damerau_levenshtein(known, word) == 1;
    let instead = other(&|known| known == word).or_else(near).or_else(|| other(&is_near))?;
    let joint = if instead.ends_with('?') { " To" } else { "; to" };
    Some(Error::usage(
        format!("unknown command \"{word}\""),
        format!("{instead}{joint} list the tags of a repository named {word}: {name} ls {word}"),
    ))
}

/// The error for a word behind a command of commands, such as `profile`.
pub(super) fn unknown_subcommand(command: &Command, path: &str, word: &str) -> Error {
    let name = command.get_bin_name().unwrap_or_default();
    let parent = command.find_subcommand(path).unwrap_or(command);
    let is_near = |known: &str| is_slip(strsim::damerau_levenshtein(known, word), word);
    let known = OF_PROFILE.iter().find(|(known, _)| is_near(known)).map(|(_, line)| *line);
    let hint = match nearest(parent, word).or(known) {
        Some(near) => format!("did you mean \"{name} {path} {near}\"?"),
        None => format!("to list the commands: {name} {path} --help"),
    };
    Error::usage(format!("unknown command \"{path} {word}\""), hint)
}

/// The command that a word is one or two slips away from.
fn nearest<'a>(command: &'a Command, word: &str) -> Option<&'a str> {
    let subs = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    let near = |sub: &'a Command| {
        let distance = names(sub).map(|name| strsim::damerau_levenshtein(name, word)).min()?;
        is_slip(distance, word).then_some((distance, sub.get_name()))
    };
    subs.filter_map(near).min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// Whether this number of edits turns a word into one that was meant: two only in a long word.
pub(super) fn is_slip(distance: usize, word: &str) -> bool {
    distance <= if word.chars().count() > 5 { 2 } else { 1 }
}
