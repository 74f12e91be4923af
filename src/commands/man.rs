//! The manual: one page for the program and one for each command, in man(7).
//!
//! What can be known from the command line's definition comes from there, the rest from
//! `sections`. The pages in `man/` are made by this, and `install` writes them as well: a
//! program that was built from source alone has its manual, too. Own code instead of
//! `clap_mangen`: that would be needed at run time, and knows no sections but its own.

mod sections;

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command};

/// What every page says of itself, in a comment.
pub(crate) const MARK: &str =
    "Manual page of docker-tags, made from the definition of its command line";
/// The date in the pages' corners: of the last change that readers should notice.
const DATE: &str = "2026-11-21";

/// A page of the manual.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The file's name, such as `docker-tags-ls.1`.
    pub file: String,
    /// The page, in man(7).
    pub text: String,
}

/// All pages, the program's own first, from its definition.
pub fn pages(root: &Command) -> Vec<Page> {
    let mut pages = Vec::new();
    add_pages(root, &mut vec!["docker-tags".to_owned()], &mut pages);
    pages
}

fn add_pages(command: &Command, path: &mut Vec<String>, pages: &mut Vec<Page>) {
    pages.push(Page { file: format!("{}.1", path.join("-")), text: page(command, path) });
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        path.push(sub.get_name().to_owned());
        add_pages(sub, path, pages);
        path.pop();
    }
}

fn page(command: &Command, path: &[String]) -> String {
    let name = path.join("-");
    let is_root = path.len() == 1;
    let mut out = format!(".\\\" {MARK}.\n");
    let version = env!("CARGO_PKG_VERSION");
    let title = name.to_uppercase();
    let _ = writeln!(out, ".TH \"{title}\" 1 {DATE} \"docker-tags {version}\" \"User Commands\"");
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let _ = writeln!(out, ".SH NAME\n{} \\- {}", roff(&name), roff(about.trim_end_matches('.')));
    synopsis(command, path, &mut out);
    description(command, &mut out);
    commands(command, &name, &mut out);
    arguments(command, &mut out);
    options(command, is_root, &mut out);
    examples(command, is_root, &mut out);
    for (title, rows) in sections::tables(is_root) {
        let _ = writeln!(out, ".SH {title}");
        rows.iter()
            .for_each(|(term, text)| tagged(&format!("\\fB{}\\fR", roff(term)), text, &mut out));
    }
    see_also(command, path, &mut out);
    out
}

fn synopsis(command: &Command, path: &[String], out: &mut String) {
    out.push_str(".SH SYNOPSIS\n");
    let rest = match command.has_subcommands() {
        true if path.len() == 1 => " [\\fIOPTIONS\\fR] \\fICOMMAND\\fR".to_owned(),
        true => " \\fICOMMAND\\fR".to_owned(),
        false => {
            let mut rest = " [\\fIOPTIONS\\fR]".to_owned();
            for arg in command.get_positionals() {
                let _ = write!(rest, " {}", operand(arg));
            }
            rest
        }
    };
    let words =
        path[1..].iter().fold(String::new(), |words, word| format!("{words} {}", roff(word)));
    let _ =
        writeln!(out, "\\fBdocker tags{words}\\fR{rest}\n.br\n\\fBdocker\\-tags{words}\\fR{rest}");
}

/// An argument as a synopsis shows it.
fn operand(arg: &Arg) -> String {
    let many = if takes_many(arg) { "..." } else { "" };
    let name = format!("\\fI{}\\fR{many}", roff(&value_name(arg)));
    if arg.is_required_set() { name } else { format!("[{name}]") }
}

/// Whether an option or argument may be given more than once.
pub(crate) fn takes_many(arg: &Arg) -> bool {
    matches!(arg.get_action(), ArgAction::Append | ArgAction::Count)
        || arg.get_num_args().is_some_and(|range| range.max_values() > 1)
}

fn value_name(arg: &Arg) -> String {
    match arg.get_value_names() {
        Some(names) => names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        None => arg.get_id().to_string().to_uppercase(),
    }
}

fn description(command: &Command, out: &mut String) {
    let about = command.get_long_about().or(command.get_about());
    let Some(about) = about.map(ToString::to_string) else { return };
    out.push_str(".SH DESCRIPTION\n");
    paragraphs(&about, out);
}

fn commands(command: &Command, name: &str, out: &mut String) {
    let mut subs = command.get_subcommands().filter(|sub| !sub.is_hide_set()).peekable();
    if subs.peek().is_none() {
        return;
    }
    out.push_str(".SH COMMANDS\n");
    for sub in subs {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        let term = format!("\\fB{}\\fR(1)", roff(&format!("{name}-{}", sub.get_name())));
        tagged(&term, about.trim_end_matches('.'), out);
    }
}

fn arguments(command: &Command, out: &mut String) {
    if command.get_positionals().next().is_none() {
        return;
    }
    out.push_str(".SH ARGUMENTS\n");
    for arg in command.get_positionals() {
        tagged(&operand(arg), &help(arg), out);
    }
}

/// The command's own options; those of every command are on the program's page.
fn options(command: &Command, is_root: bool, out: &mut String) {
    let own: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !arg.is_positional() && !arg.is_hide_set())
        .filter(|arg| is_root || !arg.is_global_set())
        .filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()))
        .collect();
    out.push_str(".SH OPTIONS\n");
    let mut headings: Vec<&str> = Vec::new();
    for heading in own.iter().map(|arg| arg.get_help_heading().unwrap_or("Options")) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    if is_root {
        paragraphs("Every command takes these, before or after its name.", out);
    }
    for heading in headings {
        let _ = writeln!(out, ".SS {}", roff(heading));
        for arg in own.iter().filter(|a| a.get_help_heading().unwrap_or("Options") == heading) {
            tagged(&option(arg), &help(arg), out);
        }
    }
    if !is_root {
        let more = if own.is_empty() { "" } else { ".PP\n" };
        let _ = write!(
            out,
            "{more}The options of every command are described in\n.BR docker\\-tags (1).\n"
        );
    }
}

fn option(arg: &Arg) -> String {
    let short = arg.get_short().map(|short| format!("\\fB\\-{}\\fR", roff(&short.to_string())));
    let long = arg.get_long().map(|long| format!("\\fB\\-\\-{}\\fR", roff(long)));
    let mut term = short.into_iter().chain(long).collect::<Vec<_>>().join(", ");
    if arg.get_action().takes_values() {
        let _ = write!(term, " \\fI{}\\fR", roff(&value_name(arg)));
    }
    term
}

fn help(arg: &Arg) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let choices: Vec<String> = arg
        .get_possible_values()
        .iter()
        .filter(|choice| !choice.is_hide_set())
        .map(|choice| match choice.get_help() {
            Some(help) => format!("{} ({help})", choice.get_name()),
            None => choice.get_name().to_owned(),
        })
        .collect();
    match arg.get_action().takes_values() && !choices.is_empty() {
        true => format!("{help}: {}", choices.join(", ")),
        false => help,
    }
}

/// The examples are those of the help text.
fn examples(command: &Command, is_root: bool, out: &mut String) {
    let help = command.get_after_long_help().or(command.get_after_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let lines: Vec<&str> =
        help.lines().skip_while(|line| !line.starts_with("Examples:")).skip(1).collect();
    if lines.is_empty() {
        return;
    }
    out.push_str(".SH EXAMPLES\n.nf\n");
    for line in lines {
        let _ = writeln!(out, "{}", roff(line.strip_prefix("  ").unwrap_or(line)));
    }
    out.push_str(".fi\n");
    if is_root {
        paragraphs("The page of each command has more.", out);
    }
}

fn see_also(command: &Command, path: &[String], out: &mut String) {
    let mut names: Vec<String> = Vec::new();
    if path.len() > 1 {
        names.push(path[..path.len() - 1].join("-"));
    }
    if path.len() > 2 {
        names.insert(0, "docker-tags".to_owned());
    }
    let subs = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    names.extend(subs.map(|sub| format!("{}-{}", path.join("-"), sub.get_name())));
    names.extend(
        sections::see_also(path.get(1).map_or("", String::as_str)).iter().map(|n| (*n).to_owned()),
    );
    names.sort();
    names.dedup();
    out.push_str(".SH SEE ALSO\n");
    for (index, name) in names.iter().enumerate() {
        let comma = if index + 1 < names.len() { " ," } else { "" };
        let _ = writeln!(out, ".BR {} (1){}", roff(name), comma.trim_start());
    }
}

fn tagged(term: &str, text: &str, out: &mut String) {
    let _ = writeln!(out, ".TP\n{term}\n{}", roff_text(text.trim_end_matches('.')));
}

fn paragraphs(text: &str, out: &mut String) {
    for (index, paragraph) in text.split("\n\n").enumerate() {
        if index > 0 {
            out.push_str(".PP\n");
        }
        let _ = writeln!(out, "{}", roff_text(paragraph));
    }
}

/// Text of one paragraph; code in backquotes becomes bold.
fn roff_text(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut out = String::new();
    for (index, part) in text.split('`').enumerate() {
        match index % 2 {
            1 => out += &format!("\\fB{}\\fR", roff(part)),
            _ if index == 0 => out += &roff(part),
            _ => out += &escape(part),
        }
    }
    out
}

/// Text for the start of a line: a dot or an apostrophe there would be a request.
fn roff(text: &str) -> String {
    let start = if text.starts_with(['.', '\'']) { "\\&" } else { "" };
    format!("{start}{}", escape(text))
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\e"),
            '-' => out.push_str("\\-"),
            '\'' => out.push_str("\\(aq"),
            '^' => out.push_str("\\(ha"),
            '~' => out.push_str("\\(ti"),
            '`' => out.push_str("\\(ga"),
            c if c.is_ascii() => out.push(c),
            c => {
                let _ = write!(out, "\\[u{:04X}]", u32::from(c));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_no_request() {
        assert_eq!(roff(".TH x"), "\\&.TH x");
        assert_eq!(roff("'a' \\ -b"), "\\&\\(aqa\\(aq \\e \\-b");
        assert_eq!(roff_text("say `a-b`\n  now…"), "say \\fBa\\-b\\fR now\\[u2026]");
    }

    #[test]
    fn every_command_has_a_page() {
        let names: Vec<String> =
            pages(&crate::cli::command(true)).into_iter().map(|page| page.file).collect();
        for name in ["docker-tags.1", "docker-tags-ls.1", "docker-tags-install.1"] {
            assert!(names.iter().any(|known| known == name), "{name}: {names:?}");
        }
    }
}
