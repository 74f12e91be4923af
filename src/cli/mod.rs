//! The command line: our words, read by clap, and its complaints, put into our form.

pub(crate) mod complete;
mod help;
pub(crate) mod hooks;
mod official;
pub(crate) mod plugin;
mod usage;
mod words;

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser};

use crate::commands::Command;
use crate::commands::global::{self, Globals};
use crate::error::Error;
use crate::system::env::Env;
use crate::system::terminal::{ColorChoice, Style};

const EXAMPLES: &str = "\
`docker tags REPO` is short for `docker tags ls REPO`.
Run `docker tags COMMAND --help` for more about a command.

Examples:
  docker tags alpine                         the tags of a repository
  docker tags ls nginx --semver '^1.27'      versions in a range
  docker tags check quay.io/org/app          test connection and credentials";

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
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Command,
}

/// What became of the command line.
#[derive(Debug)]
pub(crate) enum Parsed {
    Run(Box<Cli>),
    /// Help or version.
    Print(String),
}

/// The definition of the command line; `by_docker` makes help say `docker tags`.
fn definition(by_docker: bool) -> clap::Command {
    let name = if by_docker { "docker tags" } else { "docker-tags" };
    Cli::command().bin_name(name).display_name(name)
}

/// The definition for reading: each command shows just those global options that it takes.
pub fn command(by_docker: bool) -> clap::Command {
    let root = definition(by_docker);
    let globals: Vec<clap::Arg> =
        root.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    root.mut_subcommands(|sub| with_globals(sub, &mut Vec::new(), &globals))
}

fn with_globals(
    mut command: clap::Command,
    path: &mut Vec<String>,
    globals: &[clap::Arg],
) -> clap::Command {
    path.push(command.get_name().to_owned());
    for arg in globals {
        if command.get_arguments().any(|own| own.get_id() == arg.get_id()) {
            continue;
        }
        let used = !command.has_subcommands() && global::is_used(path, arg.get_id().as_str());
        let mut arg = arg.clone().hide(!used);
        if let Some(formats) = global::formats(path).filter(|_| arg.get_id() == "format") {
            arg = arg.help(formats);
        }
        command = command.arg(arg);
    }
    command = command.mut_subcommands(|sub| with_globals(sub, path, globals));
    path.pop();
    command
}

/// Reads our own arguments.
///
/// # Errors
/// [`Error::Usage`] for whatever cannot be understood.
pub(crate) fn parse(args: Vec<OsString>, by_docker: bool, env: &Env) -> Result<Parsed, Error> {
    let root = definition(by_docker);
    let width = || Style::detect(env, ColorChoice::Never).width;
    if args.is_empty() || args == ["-h"] {
        return Ok(Parsed::Print(help::overview(&root, width())));
    }
    let args = words::with_ls(&root, args)?;
    let first = OsString::from(root.get_bin_name().unwrap_or_default());
    let line = || std::iter::once(first.clone()).chain(args.iter().cloned());
    // Complaints and help are about the whole definition.
    let read = only_called(&root, &args).and_then(|it| it.try_get_matches_from(line()).ok());
    let read = read.map_or_else(|| root.clone().try_get_matches_from(line()), Ok);
    let parsed = read.and_then(|matches| {
        let cli = Cli::from_arg_matches(&matches)?;
        Ok((cli, matches))
    });
    match parsed {
        Ok((cli, matches)) => {
            check_globals(&root, &matches)?;
            Ok(Parsed::Run(Box::new(cli)))
        }
        Err(error) if error.kind() == ErrorKind::DisplayVersion => {
            Ok(Parsed::Print(error.render().to_string()))
        }
        // As docker does with a command of commands alone.
        Err(error)
            if !error.use_stderr()
                || error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand =>
        {
            let path = path_of(&root, &args);
            let is_long = args.iter().any(|arg| arg == "--help" || arg == "help");
            if !is_long && !path.is_empty() {
                return Ok(Parsed::Print(help::short(&command(by_docker), &path, width())));
            }
            // The same complaint again, of the definition for reading.
            let shown = command(by_docker).try_get_matches_from(line());
            Ok(Parsed::Print(shown.err().unwrap_or(error).render().to_string()))
        }
        Err(error) => Err(usage::error(&error, &root, &path_of(&root, &args))),
    }
}

/// The definition with just the command that a line calls: clap copies each global option into
/// each command, which takes longer than all else that a short list needs.
fn only_called(root: &clap::Command, args: &[OsString]) -> Option<clap::Command> {
    let (word, _) = words::first_word(root, args)?;
    let called = root.find_subcommand(word)?.clone();
    Some(Globals::augment_args(clap::Command::new("docker-tags")).subcommand(called))
}

/// Whether messages about a command line may be colored that could not be read.
pub(crate) fn colors(args: &[OsString], env: &Env) -> bool {
    let words: Vec<&str> = args.iter().filter_map(|arg| arg.to_str()).collect();
    let has = |value: &str| {
        words.contains(&&*format!("--color={value}"))
            || words.windows(2).any(|pair| pair == ["--color", value])
    };
    let choice = match (has("never"), has("always")) {
        (true, _) => ColorChoice::Never,
        (_, true) => ColorChoice::Always,
        _ => ColorChoice::Auto,
    };
    Style::detect(env, choice).stderr_color
}

/// Global options that the command does not take are an error.
fn check_globals(root: &clap::Command, matches: &ArgMatches) -> Result<(), Error> {
    let (mut path, mut below, mut command) = (Vec::new(), matches, root);
    while let Some((name, sub)) = below.subcommand() {
        path.push(name.to_owned());
        below = sub;
        command = command.find_subcommand(name).unwrap_or(command);
    }
    let unused = root.get_arguments().filter(|arg| {
        let id = arg.get_id();
        let is_own = || command.get_arguments().any(|own| own.get_id() == id);
        arg.is_global_set()
            && !global::is_used(&path, id.as_str())
            && !is_own()
            && below.value_source(id.as_str()) == Some(ValueSource::CommandLine)
    });
    let unused: Vec<String> =
        unused.filter_map(clap::Arg::get_long).map(|long| format!("--{long}")).collect();
    if unused.is_empty() {
        return Ok(());
    }
    let line = format!("{} {}", root.get_bin_name().unwrap_or_default(), path.join(" "));
    let verb = if unused.len() == 1 { "has" } else { "have" };
    Err(Error::usage(
        format!("{} {verb} no effect on `{line}`", unused.join(", ")),
        format!("to see the options: {line} --help"),
    ))
}

/// The names of the command that a line calls, and of those above it.
fn path_of(root: &clap::Command, args: &[OsString]) -> Vec<String> {
    let mut path = Vec::new();
    let mut command = root;
    // `help profile create`; what is between them is options and their values.
    let mut words = args.iter().filter_map(|arg| arg.to_str()).filter(|word| *word != "help");
    let first = words::first_word(root, args).and_then(|(word, _)| word.to_str());
    if let Some(first) = first.filter(|word| *word != "help") {
        words.find(|word| *word == first);
        let Some(sub) = root.find_subcommand(first) else { return path };
        path.push(sub.get_name().to_owned());
        command = sub;
    }
    while let Some(sub) = words.next().and_then(|word| command.find_subcommand(word)) {
        path.push(sub.get_name().to_owned());
        command = sub;
    }
    path
}

/// The command of a path.
fn find<'a>(root: &'a clap::Command, path: &[String]) -> &'a clap::Command {
    path.iter().fold(root, |command, name| command.find_subcommand(name).unwrap_or(command))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::OfRegistries;

    fn parsed(line: &str) -> Result<Parsed, Error> {
        parse(line.split_whitespace().map(OsString::from).collect(), true, &Env::default())
    }

    #[test]
    fn definition_is_sound() {
        definition(true).debug_assert();
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
            ("ls --nope alpine", "unknown option \"--nope\"", "docker tags ls --help"),
            ("ls --limt 3 alpine", "unknown option \"--limt\"", "did you mean --limit?"),
            ("ls", "REPO is required", "for example: docker tags ls alpine"),
            ("ls --limit x alpine", "invalid value \"x\" for --limit: expected a whole", "--help"),
            (
                "ls alpine --sort nam",
                "invalid value \"nam\" for --sort",
                "did you mean name? Possible values: version, ",
            ),
            ("ls alpine --sort date", "invalid value \"date\" for --sort", "values: version, name"),
            ("ls alpine --timeout 0", "invalid value for --timeout: expected a time", "--help"),
            ("ls alpine --json", "unknown option \"--json\"", "did you mean --format json?"),
            ("ls alpine -o json", "unknown option \"-o\"", "did you mean --format json?"),
            ("ls alpine -t plugin", "unknown option \"-t\"", "did you mean --type?"),
            ("ls alpine -k --plain-http", "--insecure cannot be used with --plain-http", "--help"),
            ("ls alpine --limit", "--limit needs a value: --limit <N>", "--help"),
            ("manifest a b", "unexpected argument \"b\"", "docker tags manifest --help"),
            (
                "digst alpine",
                "unknown command \"digst\"",
                "did you mean \"docker tags digest\"? To",
            ),
            ("search nginx", "unknown command \"search\"", "did you mean \"docker tags repos\"?"),
            ("login ghcr.io", "unknown command \"login\"", "docker login HOST; to list the tags"),
            ("profile lst", "unknown command \"profile lst\"", "\"docker tags profile ls\"?"),
            ("profile switch x", "unknown command \"profile switch\"", "profile use\"?"),
            (
                "token alpine --format json",
                "--format has no effect on `docker tags token`",
                "--help",
            ),
            (
                "-k profile use hub --raw",
                "--raw, --insecure have no effect",
                "docker tags profile use",
            ),
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
