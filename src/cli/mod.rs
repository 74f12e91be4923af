//! The command line: our words, read by clap, and its complaints, put into our form.

pub(crate) mod complete;
pub(crate) mod hooks;
pub(crate) mod plugin;

use std::ffi::{OsStr, OsString};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{CommandFactory, FromArgMatches, Parser};

use crate::commands::Command;
use crate::commands::global::Globals;
use crate::error::Error;

const EXAMPLES: &str = "\
A first word that is no command is a repository: `docker tags alpine` lists its tags.
Run `docker tags COMMAND --help` for more about a command.

Examples:
  docker tags alpine                         the tags of a repository
  docker tags ls nginx --semver '^1.27'      a range of versions
  docker tags check quay.io/org/app          who answers, with which login?";

/// How many of a command's own options `-h` shows: the first ones.
const MAX_SHORT_HELP: usize = 3;

/// List tags, digests and manifests of any container registry.
#[derive(Debug, Parser)]
#[command(
    name = "docker-tags",
    version,
    disable_help_subcommand = false,
    after_help = EXAMPLES,
    max_term_width = 100
)]
pub(crate) struct Cli {
    /// The options that every command takes.
    #[command(flatten)]
    pub globals: Globals,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

/// What became of the command line.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// A command to run.
    Run(Box<Cli>),
    /// A text to print: help or version.
    Print(String),
}

/// The definition of the command line; `by_docker` makes help say `docker tags`.
pub fn command(by_docker: bool) -> clap::Command {
    let name = if by_docker { "docker tags" } else { "docker-tags" };
    with_short_help(Cli::command().bin_name(name).display_name(name))
}

/// Keeps `-h` to one screen: the examples are for `--help`.
fn with_short_help(mut command: clap::Command) -> clap::Command {
    if let Some(text) = command.get_after_help().cloned()
        && command.get_after_long_help().is_none()
    {
        command = command.after_long_help(text);
    }
    let own = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_global_set());
    let shown = own.filter(|arg| !arg.is_hide_short_help_set() && !arg.is_hide_set());
    let late: Vec<_> = shown.skip(MAX_SHORT_HELP).map(|arg| arg.get_id().clone()).collect();
    for id in late {
        command = command.mut_arg(id, |arg| arg.hide_short_help(true));
    }
    command.after_help("").mut_subcommands(with_short_help)
}

/// Reads our own arguments.
///
/// # Errors
/// [`Error::Usage`] for whatever clap does not understand.
pub(crate) fn parse(args: Vec<OsString>, by_docker: bool) -> Result<Parsed, Error> {
    let command = command(by_docker);
    if args.is_empty() || args == ["-h"] {
        return Ok(Parsed::Print(overview(&command)));
    }
    let args = with_ls(&command, args);
    let word = first_word(&command, &args).and_then(OsStr::to_str).unwrap_or_default();
    let help = match command.find_subcommand(word) {
        Some(_) => format!("{} {word} --help", command.get_bin_name().unwrap_or_default()),
        None => format!("{} --help", command.get_bin_name().unwrap_or_default()),
    };
    let first = OsString::from(command.get_bin_name().unwrap_or_default());
    let parsed = command
        .try_get_matches_from(std::iter::once(first).chain(args))
        .and_then(|matches| Cli::from_arg_matches(&matches));
    match parsed {
        Ok(cli) => Ok(Parsed::Run(Box::new(cli))),
        Err(error) if !error.use_stderr() => Ok(Parsed::Print(error.render().to_string())),
        // As docker does with a command of commands alone.
        Err(error) if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Ok(Parsed::Print(error.render().to_string()))
        }
        Err(error) => Err(usage_error(&error, &help)),
    }
}

/// The commands on one screen: `-h` alone.
fn overview(command: &clap::Command) -> String {
    let name = command.get_bin_name().unwrap_or_default();
    let mut text = format!("Usage: {name} [OPTIONS] COMMAND\n\n");
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        text += &format!("  {:<11} {about}\n", sub.get_name());
    }
    text += &format!("\nA first word that is no command is a repository: {name} alpine\n");
    text + &format!("Options: {name} --help; more of a command: {name} COMMAND --help\n")
}

/// Puts `ls` in front when the first word is no command.
fn with_ls(command: &clap::Command, mut args: Vec<OsString>) -> Vec<OsString> {
    let is_command = |word: &OsStr| {
        word == "help"
            || command.get_subcommands().any(|sub| {
                sub.get_name_and_visible_aliases().iter().any(|name| word == OsStr::new(name))
            })
    };
    if first_word(command, &args).is_some_and(|word| !is_command(word)) {
        args.insert(0, "ls".into());
    }
    args
}

/// The first argument that is neither an option nor an option's value.
fn first_word<'a>(command: &clap::Command, args: &'a [OsString]) -> Option<&'a OsStr> {
    let ls = command.find_subcommand("ls");
    let options =
        || command.get_arguments().chain(ls.into_iter().flat_map(|ls| ls.get_arguments()));
    let takes_value = |arg: &clap::Arg| arg.get_action().takes_values();
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        let Some(text) = arg.to_str() else { return Some(arg) };
        if text == "--" {
            return args.next().map(OsString::as_os_str);
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
            return Some(arg);
        };
        if wants_next {
            args.next();
        }
    }
    None
}

/// clap's complaint as one line and one hint; `help` is the command that explains more.
fn usage_error(error: &clap::Error, help: &str) -> Error {
    let text = error.render().to_string();
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default();
    let mut message = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    if error.kind() == ErrorKind::MissingRequiredArgument {
        // clap puts the missing arguments on lines of their own.
        let missing = lines.clone().find(|line| line.starts_with('<')).unwrap_or_default();
        message = format!("{missing} is missing");
    }
    let suggestion = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let suggested = suggestion(ContextKind::SuggestedArg)
        .or_else(|| suggestion(ContextKind::SuggestedValue))
        .or_else(|| suggestion(ContextKind::SuggestedSubcommand));
    let hint = match suggested {
        Some(suggested) => format!("did you mean {suggested}?"),
        None => help.to_owned(),
    };
    Error::usage(message, hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::OfRegistries;

    fn parsed(line: &str) -> Result<Parsed, Error> {
        parse(line.split_whitespace().map(OsString::from).collect(), true)
    }

    #[test]
    fn definition_is_sound() {
        command(true).debug_assert();
    }

    #[test]
    fn a_word_that_is_no_command_is_a_repository() {
        for line in [
            "alpine",
            "alpine redis",
            "ls alpine",
            "list alpine",
            "--limit 5 alpine",
            "-p work --limit 5 alpine",
            "-vp work alpine",
            "--format json alpine",
            "-r alpine",
            "-- alpine",
        ] {
            let Ok(Parsed::Run(cli)) = parsed(line) else { panic!("{line}") };
            let Command::OfRegistries(OfRegistries::Ls(args)) = cli.command else {
                panic!("{line}")
            };
            assert_eq!(args.repositories[0], "alpine", "{line}");
        }
        let Ok(Parsed::Run(cli)) = parsed("-p ls check") else { panic!() };
        assert!(matches!(cli.command, Command::OfRegistries(OfRegistries::Check(_))));
    }

    #[test]
    fn complaints() {
        let cases = [
            ("ls --nope alpine", "unexpected argument '--nope' found", "docker tags ls --help"),
            ("ls --limt 3 alpine", "unexpected argument '--limt' found", "did you mean --limit?"),
            ("ls", "<REPO>... is missing", "docker tags ls --help"),
            ("ls --limit x alpine", "invalid value 'x' for '--limit <N>'", "docker tags ls --help"),
            (
                "ls alpine --sort nam",
                "invalid value 'nam' for '--sort <ORDER>'",
                "did you mean name?",
            ),
            ("ls alpine --timeout 0", "invalid value '0' for '--timeout <SECONDS>'", "--help"),
        ];
        for (line, message, hint) in cases {
            let Err(error) = parsed(line) else { panic!("{line}") };
            assert!(error.to_string().starts_with(message), "{line}: {error}");
            assert!(error.hint().unwrap().contains(hint), "{line}: {:?}", error.hint());
            assert_eq!(error.exit_code(), 2);
        }
    }

    #[test]
    fn help_goes_to_stdout() {
        for line in ["", "--help", "help", "ls --help", "help ls", "--version", "profile"] {
            assert!(matches!(parsed(line), Ok(Parsed::Print(_))), "{line}");
        }
    }
}
