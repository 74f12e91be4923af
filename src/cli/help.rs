//! `-h`: a command on one screen. `--help` is clap's own, with everything.

use std::fmt::Write;

use clap::{Arg, Command};

use crate::commands::global;

/// A screen, without the prompt below.
const LINES: usize = 23;
/// The widest line of an example.
const COLUMNS: usize = 80;
/// The most values of an option that are listed.
const MAX_VALUES: usize = 8;
/// Where descriptions begin, at the most.
const MAX_INDENT: usize = 32;

/// The program: its commands, one line each.
pub(super) fn overview(root: &Command, width: usize) -> String {
    let name = root.get_bin_name().unwrap_or_default();
    let mut text = format!("Usage: {name} [OPTIONS] COMMAND\n\n");
    write_commands(root, width, &mut text);
    let _ = writeln!(text, "`{name} REPO` is short for `{name} ls REPO`.");
    text + &format!("More: {name} COMMAND -h, {name} --help, man docker-tags\n")
}

/// A command: its own options by groups, where the others are, and as many examples as fit.
pub(super) fn short(root: &Command, path: &[String], width: usize) -> String {
    let command = super::find(root, path);
    let name = root.get_bin_name().unwrap_or_default();
    let line = path.iter().fold(name.to_owned(), |line, word| format!("{line} {word}"));
    let mut out = format!("{}\n\n{}\n", about(command), usage(command, &line));
    if command.has_subcommands() {
        out.push('\n');
        write_commands(command, width, &mut out);
    }
    for arg in command.get_positionals().filter(|arg| !arg.get_possible_values().is_empty()) {
        let _ = writeln!(out, "\n{}: {}", value_name(arg), help(arg));
    }
    let groups = groups(command);
    let indent = indent(groups.iter().flat_map(|(_, rows)| rows));
    for (at, (title, rows)) in groups.iter().enumerate() {
        if at == 0 {
            out.push('\n');
        }
        let _ = writeln!(out, "{title}:");
        write_rows(rows, indent, width, &mut out);
    }
    let _ = writeln!(out, "\n{}", more(&line, path, command.has_subcommands()));
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let examples = help.lines().skip_while(|line| !line.starts_with("Examples:"));
    let examples = examples.filter(|line| line.chars().count() <= COLUMNS);
    let room = LINES.saturating_sub(out.lines().count() + 1).max(2);
    let mut examples: Vec<&str> = examples.take(room).collect();
    // Half a command is not an example.
    while examples.last().is_some_and(|line| line.ends_with('\\')) {
        examples.pop();
    }
    if examples.len() > 1 {
        let _ = writeln!(out, "\n{}", examples.join("\n").replace("docker tags", name));
    }
    out
}

fn write_commands(command: &Command, width: usize, out: &mut String) {
    let subs = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    let rows: Vec<_> = subs.map(|sub| (format!("  {}", sub.get_name()), about(sub))).collect();
    write_rows(&rows, indent(rows.iter()), width, out);
}

/// What is not shown here.
fn more(line: &str, path: &[String], is_group: bool) -> String {
    let mut what = Vec::new();
    for (id, word) in [("insecure", "connection"), ("username", "credentials")] {
        if global::is_used(path, id) && !is_group {
            what.push(word);
        }
    }
    match what[..] {
        [] => format!("All options: {line} --help"),
        _ => format!("All options, with {}: {line} --help", what.join(" and ")),
    }
}

fn about(command: &Command) -> String {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    about.trim_end_matches('.').to_owned()
}

fn usage(command: &Command, line: &str) -> String {
    let mut usage = format!("Usage: {line}");
    if command.has_subcommands() {
        return usage + " COMMAND";
    }
    usage += " [OPTIONS]";
    for arg in command.get_positionals() {
        let many = if super::complete::takes_many(arg) { "..." } else { "" };
        let name = value_name(arg);
        usage += &match arg.is_required_set() {
            true => format!(" {name}{many}"),
            false => format!(" [{name}]{many}"),
        };
    }
    usage
}

fn value_name(arg: &Arg) -> String {
    arg.get_value_names().map(|names| names.join(" ")).unwrap_or_default()
}

/// A name or option, and what it does.
type Line = (String, String);

/// The options by their headings: the command's own, and `--format`.
fn groups(command: &Command) -> Vec<(String, Vec<Line>)> {
    let mut groups: Vec<(String, Vec<Line>)> = Vec::new();
    for arg in command.get_arguments() {
        let is_elsewhere = arg.is_global_set() && arg.get_id() != "format";
        let is_hidden = arg.is_hide_set() || arg.is_hide_short_help_set();
        if is_elsewhere || is_hidden || arg.is_positional() || arg.get_long() == Some("help") {
            continue;
        }
        let title = arg.get_help_heading().unwrap_or("Options");
        let row = (option(arg), help(arg));
        match groups.iter_mut().find(|(known, _)| known == title) {
            Some((_, rows)) => rows.push(row),
            None => groups.push((title.to_owned(), vec![row])),
        }
    }
    groups
}

fn option(arg: &Arg) -> String {
    let long = arg.get_long().unwrap_or_default();
    let mut text = match arg.get_short() {
        Some(short) => format!("  -{short}, --{long}"),
        None => format!("      --{long}"),
    };
    if arg.get_action().takes_values() {
        let _ = write!(text, " <{}>", value_name(arg));
    }
    text
}

/// What an option does, with its possible values where there are few.
fn help(arg: &Arg) -> String {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let values = arg.get_possible_values();
    if values.is_empty() || values.len() > MAX_VALUES || !arg.get_action().takes_values() {
        return help;
    }
    // The default is the first of them.
    let help = help.split(" [default").next().unwrap_or_default();
    let names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
    format!("{help}: {}", names.join(", "))
}

fn indent<'a>(rows: impl Iterator<Item = &'a Line>) -> usize {
    rows.map(|(name, _)| name.chars().count() + 2).filter(|n| *n <= MAX_INDENT).max().unwrap_or(0)
}

fn write_rows(rows: &[Line], indent: usize, width: usize, out: &mut String) {
    // On a narrow terminal a description goes below its option.
    let indent = if width < indent + 30 { 8 } else { indent };
    for (name, text) in rows {
        out.push_str(name);
        let mut at = name.chars().count();
        if at + 2 > indent {
            out.push('\n');
            at = 0;
        }
        for word in text.split_whitespace() {
            let is_start = at <= indent;
            if !is_start && at + 1 + word.chars().count() > width {
                out.push('\n');
                at = 0;
            }
            if at < indent {
                let _ = write!(out, "{:1$}", "", indent - at);
                at = indent;
            } else if at > indent {
                out.push(' ');
                at += 1;
            }
            out.push_str(word);
            at += word.chars().count();
        }
        out.push('\n');
    }
}
