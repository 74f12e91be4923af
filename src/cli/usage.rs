//! clap's complaints in our form: one line that says what is wrong, one hint that says what to type.

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::words::{is_slip, unknown_subcommand};
use crate::config::InvalidValue;
use crate::error::Error;

/// Options of other tools, and ours for the same.
const OPTIONS: [(&str, &str); 29] = [
    ("--all", "--limit"),
    ("--arch", "--platform"),
    ("--creds", "--username"),
    ("--debug", "--verbose"),
    ("--grep", "--filter"),
    ("--insecure-policy", "--insecure"),
    ("--insecure-skip-tls-verify", "--insecure"),
    ("--json", "--format json"),
    ("--level", "--verbose"),
    ("--log-level", "--verbose"),
    ("--max", "--limit"),
    ("--no-creds", "--anonymous"),
    ("--order", "--sort"),
    ("--order-by", "--sort"),
    ("--os", "--platform"),
    ("--output", "--format"),
    ("--override-arch", "--platform"),
    ("--override-os", "--platform"),
    ("--page-size", "--limit"),
    ("--pass", "--password-stdin"),
    ("--password", "--password-stdin"),
    ("--regex", "--include"),
    ("--sort-by", "--sort"),
    ("--tls-verify", "--insecure"),
    ("--user", "--username"),
    ("-d", "--verbose"),
    ("-n", "--limit"),
    ("-o", "--format"),
    ("-t", "--type"),
];

/// How many possible values are too many for a hint that has a better one.
const MANY: usize = 9;

/// Translates a complaint. `path` are the names of the command and of the one below it.
pub(super) fn error(error: &clap::Error, root: &Command, path: &[String]) -> Error {
    let name = root.get_bin_name().unwrap_or_default();
    let line = path.iter().fold(name.to_owned(), |line, word| format!("{line} {word}"));
    let help = format!("to see the options: {line} --help");
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    };
    let arg = context(ContextKind::InvalidArg);
    let option = arg.split([' ', '=']).next().unwrap_or_default().trim_matches(['<', '>']);
    let value = context(ContextKind::InvalidValue);
    match error.kind() {
        ErrorKind::UnknownArgument if arg.starts_with('-') => {
            let hint = suggestion(root, path, &arg).unwrap_or(help);
            Error::usage(format!("unknown option \"{arg}\""), hint)
        }
        ErrorKind::UnknownArgument | ErrorKind::TooManyValues => {
            Error::usage(format!("unexpected argument \"{arg}\""), help)
        }
        ErrorKind::InvalidSubcommand => {
            let word = context(ContextKind::InvalidSubcommand);
            unknown_subcommand(root, path.first().map_or("", String::as_str), &word)
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = arg.replace(['<', '>'], "").replace("...", "");
            let hint = example(root, path).map_or(help, |line| format!("for example: {line}"));
            Error::usage(format!("{missing} is required"), hint)
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            let choices = context(ContextKind::ValidValue);
            let hint = if choices.is_empty() { help } else { possible(&choices) };
            Error::usage(format!("{option} needs a value: {}", arg.replace('=', " ")), hint)
        }
        ErrorKind::InvalidValue => {
            let choices = context(ContextKind::ValidValue);
            let near = context(ContextKind::SuggestedValue);
            let hint = match (near.as_str(), choices.split(' ').count()) {
                ("", _) => possible(&choices),
                (near, MANY..) => format!("did you mean {near}?"),
                (near, _) => {
                    format!("did you mean {near}? {}", possible(&choices).replacen('p', "P", 1))
                }
            };
            Error::usage(format!("invalid value \"{value}\" for {option}"), hint)
        }
        ErrorKind::ValueValidation => {
            let source = std::error::Error::source(error);
            // The value is not repeated: it may be `https://user:password@host`.
            if let Some(wrong) = source.and_then(|why| why.downcast_ref::<InvalidValue>()) {
                let message = format!("invalid value for {option}: {}", wrong.message);
                return Error::usage(message, wrong.hint.clone().unwrap_or(help));
            }
            let why = source.map(ToString::to_string);
            let why = why.map_or_else(String::new, |why| format!(": {}", plain(&why)));
            Error::usage(format!("invalid value \"{value}\" for {option}{why}"), help)
        }
        ErrorKind::ArgumentConflict => {
            let other = context(ContextKind::PriorArg);
            let other = other.split(' ').next().unwrap_or_default();
            match other == option {
                true => Error::usage(format!("{option} can be given only once"), help),
                false => Error::usage(format!("{option} cannot be used with {other}"), help),
            }
        }
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            Error::usage(first.strip_prefix("error: ").unwrap_or(first).to_owned(), help)
        }
    }
}

/// The parser's words for people who do not know Rust.
fn plain(why: &str) -> &str {
    match why {
        "invalid digit found in string" | "cannot parse integer from empty string" => {
            "expected a whole number"
        }
        why if why.starts_with("number too ") => "the number is out of range",
        why => why,
    }
}

fn possible(choices: &str) -> String {
    format!("possible values: {}", choices.replace(' ', ", "))
}

/// The option that was meant.
fn suggestion(root: &Command, path: &[String], arg: &str) -> Option<String> {
    let command = super::find(root, path);
    let mut known = command.get_arguments().chain(root.get_arguments());
    let has = |option: &str| {
        let mut known = command.get_arguments().chain(root.get_arguments());
        let long = option.split(' ').next().unwrap_or_default().trim_start_matches("--");
        known.any(|known| known.get_long() == Some(long))
    };
    let arg = arg.split('=').next().unwrap_or_default();
    let ours = OPTIONS.iter().find(|(theirs, ours)| *theirs == arg && has(ours));
    if let Some((_, ours)) = ours {
        return Some(match (arg, *ours) {
            ("--all", _) => "all tags are listed unless --limit is given".to_owned(),
            ("-o" | "--output", _) => "did you mean --format json?".to_owned(),
            ("--password" | "--pass", ours) => {
                format!("did you mean {ours}? A password on the command line is visible to others")
            }
            (_, ours) => format!("did you mean {ours}?"),
        });
    }
    let typed = arg.strip_prefix("--")?;
    let longs = std::iter::from_fn(|| known.next()).filter_map(clap::Arg::get_long);
    let near = longs.map(|long| (strsim::damerau_levenshtein(long, typed), long));
    let (distance, long) = near.min()?;
    is_slip(distance, typed).then(|| format!("did you mean --{long}?"))
}

/// The first example of a command.
fn example(root: &Command, path: &[String]) -> Option<String> {
    let help = super::find(root, path).get_after_help()?.to_string();
    let line = help.lines().skip_while(|line| !line.starts_with("Examples:")).nth(1)?;
    let line = line.trim().split("  ").next()?.to_owned();
    Some(line.replacen("docker tags", root.get_bin_name()?, 1))
}
