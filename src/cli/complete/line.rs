//! What is under the cursor: a command line that is not finished, read with clap's own
//! definition of it.
//!
//! clap itself only reads whole command lines. This walks the words before the cursor by the same
//! rules, `ls` put in for a first word that is not a command included, and never fails: what it does
//! not know it takes for a switch.

use clap::{Arg, ArgAction, Command};

use crate::commands::global;

/// A command line up to the cursor.
#[derive(Debug)]
pub(super) struct Line<'a> {
    /// The names of the commands, the program's own left out.
    pub path: Vec<&'a str>,
    /// The command that the last of them is.
    pub command: &'a Command,
    /// The options that were given, with their values.
    pub given: Vec<(&'a Arg, Option<String>)>,
    /// What is to be completed.
    pub target: Target<'a>,
}

/// What is to be completed.
#[derive(Debug)]
pub(super) enum Target<'a> {
    /// The name of an option, as far as it was typed, dashes included.
    Flag(String),
    /// An option's value.
    Value {
        /// The option.
        arg: &'a Arg,
        /// The text before the value in the same word and belongs to each candidate: `-p`.
        prefix: String,
        /// The value, as far as it was typed.
        value: String,
    },
    /// A word of its own.
    Word {
        /// Whether it may be a command of [`Line::command`].
        command: bool,
        /// The argument that it is otherwise.
        arg: Option<&'a Arg>,
        /// The word, as far as it was typed.
        value: String,
    },
}

impl<'a> Line<'a> {
    /// Reads the words after the program's name; the last one is the one under the cursor.
    pub(super) fn read(root: &'a Command, words: &[String]) -> Line<'a> {
        let (current, before) = match words.split_last() {
            Some((current, before)) => (current.as_str(), before),
            None => ("", words),
        };
        let mut walk = Walk::new(root);
        before.iter().for_each(|word| walk.word(word));
        let target = walk.target(current);
        Line { path: walk.path, command: walk.command, given: walk.given, target }
    }

    /// The last value of an option, looked up by its id.
    pub(super) fn value(&self, id: &str) -> Option<&str> {
        let found = self.given.iter().rev().find(|(arg, _)| arg.get_id() == id);
        found.and_then(|(_, value)| value.as_deref())
    }

    /// Whether an option was given.
    pub(super) fn has(&self, id: &str) -> bool {
        self.given.iter().any(|(arg, _)| arg.get_id() == id)
    }
}

struct Walk<'a> {
    root: &'a Command,
    command: &'a Command,
    path: Vec<&'a str>,
    given: Vec<(&'a Arg, Option<String>)>,
    /// The option whose value comes next.
    pending: Option<&'a Arg>,
    /// How many arguments of the command have been read.
    positionals: usize,
    /// `--` was seen: no options any more.
    only_words: bool,
    /// `help` was seen: only names of commands follow.
    help: bool,
}

impl<'a> Walk<'a> {
    fn new(root: &'a Command) -> Self {
        Walk {
            root,
            command: root,
            path: Vec::new(),
            given: Vec::new(),
            pending: None,
            positionals: 0,
            only_words: false,
            help: false,
        }
    }

    /// The options that are allowed here: the command's and those of every command; before any
    /// command also those of `ls`, whose name can be left out.
    fn options(&self) -> impl Iterator<Item = &'a Arg> + use<'a> {
        options(self.root, self.command, &self.path)
    }

    fn word(&mut self, word: &str) {
        if let Some(arg) = self.pending.take() {
            self.given.push((arg, Some(word.to_owned())));
        } else if self.only_words || !word.starts_with('-') || word == "-" {
            self.plain(word);
        } else if word == "--" {
            self.only_words = true;
        } else if let Some(flag) = word.strip_prefix("--") {
            let (name, value) = split_value(flag);
            if let Some(arg) = self.options().find(|arg| has_long(arg, name)) {
                self.option(arg, value);
            }
        } else {
            self.cluster(&word[1..]);
        }
    }

    fn option(&mut self, arg: &'a Arg, value: Option<&str>) {
        match value {
            None if wants_next(arg) => self.pending = Some(arg),
            value => self.given.push((arg, value.map(str::to_owned))),
        }
    }

    /// Short options: the first that takes a value takes the rest, or the next word.
    fn cluster(&mut self, letters: &str) {
        for (at, letter) in letters.char_indices() {
            let Some(arg) = self.options().find(|arg| arg.get_short() == Some(letter)) else {
                continue;
            };
            if !arg.get_action().takes_values() {
                self.given.push((arg, None));
                continue;
            }
            let rest = &letters[at + letter.len_utf8()..];
            let rest = rest.strip_prefix('=').unwrap_or(rest);
            return self.option(arg, Some(rest).filter(|rest| !rest.is_empty()));
        }
    }

    fn plain(&mut self, word: &str) {
        if self.positionals == 0 && !self.only_words {
            if let Some(command) = find_command(self.command, word) {
                self.command = command;
                self.path.push(command.get_name());
                return;
            }
            if self.path.is_empty() && word == "help" {
                self.help = true;
                return;
            }
        }
        self.enter_ls();
        self.positionals += 1;
    }

    /// A first word that is not a command belongs to `ls`.
    fn enter_ls(&mut self) {
        if self.path.is_empty()
            && !self.help
            && let Some(ls) = find_command(self.root, super::DEFAULT_COMMAND)
        {
            self.command = ls;
            self.path.push(ls.get_name());
        }
    }

    fn target(&mut self, current: &str) -> Target<'a> {
        if let Some(arg) = self.pending {
            return Target::Value { arg, prefix: String::new(), value: current.to_owned() };
        }
        if !self.only_words && !self.help && current.starts_with('-') {
            return self.option_target(current);
        }
        let may_be_command = self.positionals == 0 && !self.only_words;
        let command = may_be_command && self.command.has_subcommands();
        if !may_be_command {
            self.enter_ls();
        }
        let host = if self.path.is_empty() && !self.help {
            find_command(self.root, super::DEFAULT_COMMAND).unwrap_or(self.command)
        } else {
            self.command
        };
        let arg = if self.help { None } else { positional(host, self.positionals) };
        Target::Word { command, arg, value: current.to_owned() }
    }

    fn option_target(&self, current: &str) -> Target<'a> {
        let flag = || Target::Flag(current.to_owned());
        if let Some(long) = current.strip_prefix("--") {
            let (name, Some(value)) = split_value(long) else { return flag() };
            let known = self.options().find(|arg| has_long(arg, name));
            return match known.filter(|arg| arg.get_action().takes_values()) {
                Some(arg) => Target::Value { arg, prefix: String::new(), value: value.to_owned() },
                None => flag(),
            };
        }
        let letters = &current[1..];
        for (at, letter) in letters.char_indices() {
            let Some(arg) = self.options().find(|arg| arg.get_short() == Some(letter)) else {
                return flag();
            };
            if arg.get_action().takes_values() {
                let end = 1 + at + letter.len_utf8();
                // As with `--flag=value` the shells put back the text before a `=`.
                return match current[end..].strip_prefix('=') {
                    Some(value) => {
                        Target::Value { arg, prefix: String::new(), value: value.to_owned() }
                    }
                    None => Target::Value {
                        arg,
                        prefix: current[..end].to_owned(),
                        value: current[end..].to_owned(),
                    },
                };
            }
        }
        flag()
    }
}

/// The options that are allowed in a command's line.
pub(super) fn options<'a>(
    root: &'a Command,
    command: &'a Command,
    path: &[&str],
) -> impl Iterator<Item = &'a Arg> + use<'a> {
    let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
    let at_root = std::ptr::eq(root, command);
    let ls = if at_root { find_command(root, super::DEFAULT_COMMAND) } else { None };
    let own = command.get_arguments().filter(move |arg| at_root || !arg.is_global_set());
    let of_ls = ls.into_iter().flat_map(Command::get_arguments);
    let global = root.get_arguments().filter(move |arg| {
        !at_root && arg.is_global_set() && global::is_used(&path, arg.get_id().as_str())
    });
    own.chain(of_ls.filter(|arg| !arg.is_global_set()))
        .chain(global)
        .filter(|arg| !arg.is_positional())
}

fn find_command<'a>(command: &'a Command, name: &str) -> Option<&'a Command> {
    command
        .get_subcommands()
        .find(|sub| sub.get_name() == name || sub.get_all_aliases().any(|alias| alias == name))
}

/// The argument that the word of this index is; the last one may take many.
fn positional(command: &Command, index: usize) -> Option<&Arg> {
    let mut last = None;
    for (at, arg) in command.get_positionals().enumerate() {
        if at == index {
            return Some(arg);
        }
        last = Some(arg);
    }
    last.filter(|arg| takes_many(arg))
}

/// Whether an option or argument may be given more than once.
pub(in crate::cli) fn takes_many(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append | ArgAction::Count)
        || arg.get_num_args().is_some_and(|range| range.max_values() > 1)
}

fn wants_next(arg: &Arg) -> bool {
    arg.get_action().takes_values() && !arg.is_require_equals_set()
}

fn has_long(arg: &Arg, name: &str) -> bool {
    arg.get_long() == Some(name)
        || arg.get_all_aliases().is_some_and(|aliases| aliases.contains(&name))
}

/// `name=value` taken apart.
fn split_value(flag: &str) -> (&str, Option<&str>) {
    match flag.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (flag, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(line: &str) -> String {
        let root = crate::cli::command(true);
        let words: Vec<String> =
            line.split(' ').map(|w| if w == "''" { String::new() } else { w.to_owned() }).collect();
        let line = Line::read(&root, &words);
        let id = |arg: &Arg| arg.get_id().to_string();
        let target = match &line.target {
            Target::Flag(text) => format!("flag {text}"),
            Target::Value { arg, prefix, value } => format!("{} {prefix}|{value}", id(arg)),
            Target::Word { command, arg, value } => {
                let commands = if *command { "command " } else { "" };
                format!("{commands}{} {value}", arg.map(id).unwrap_or_default())
            }
        };
        format!("{}: {}", line.path.join(" "), target.trim())
    }

    #[test]
    fn what_is_under_the_cursor() {
        for (line, expected) in [
            ("''", ": command repositories"),
            ("l", ": command repositories l"),
            ("ls", ": command repositories ls"),
            ("ls ''", "ls: repositories"),
            ("list al", "ls: repositories al"),
            ("ls alpine re", "ls: repositories re"),
            ("alpine re", "ls: repositories re"),
            ("alpine --so", "ls: flag --so"),
            ("--so", ": flag --so"),
            ("--sort v", ": sort |v"),
            ("--sort version ''", ": command repositories"),
            ("ls --sort=v", "ls: sort |v"),
            ("ls --sort v", "ls: sort |v"),
            ("ls --sort version v", "ls: repositories v"),
            ("ls -p ''", "ls: profile |"),
            ("ls -pwo", "ls: profile -p|wo"),
            ("ls -p=wo", "ls: profile |wo"),
            ("ls -rpwo", "ls: profile -rp|wo"),
            ("ls -r", "ls: flag -r"),
            ("ls -", "ls: flag -"),
            ("-p work ls a", "ls: repositories a"),
            ("-pwork ls a", "ls: repositories a"),
            ("ls -- --al", "ls: repositories --al"),
            ("-- ls a", "ls: repositories a"),
            ("-- ''", "ls: repositories"),
            ("check a", "check: name a"),
            ("check a b", "check: b"),
            ("help l", ": command  l"),
            ("help ls ''", "ls: "),
            ("--nope ls a", "ls: repositories a"),
            ("--raw=x ls a", "ls: repositories a"),
            ("ls --raw=", "ls: flag --raw="),
        ] {
            assert_eq!(show(line), expected, "{line}");
        }
    }

    #[test]
    fn values_of_options_are_kept() {
        let root = crate::cli::command(true);
        let words = ["-p", "work", "ls", "-k", "--sort=name", ""].map(str::to_owned);
        let line = Line::read(&root, &words);
        assert_eq!(line.value("profile"), Some("work"));
        assert_eq!(line.value("sort"), Some("name"));
        assert!(line.has("insecure") && !line.has("anonymous"));
    }
}
