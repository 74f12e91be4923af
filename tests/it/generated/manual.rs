//! The pages of the manual for the program and its commands: `clap_mangen` reads the command line's
//! definition, and what that does not know stands here.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};

/// The first line of every page, by which `install` knows its own files.
pub const MARK: &str = ".\\\" Manual page of docker-tags";

/// What the pages of all commands say about exit codes; a command adds its own.
const EXIT: [(&str, &str); 6] = [
    ("0", "Success."),
    ("1", "Any failure without a code of its own."),
    ("2", "The command line or the configuration is wrong."),
    ("3", "A repository, tag or image was not found."),
    ("4", "Credentials are missing, were rejected, or do not allow this."),
    ("5", "Network, TLS, timeout, server error or rate limit. Trying again later may help."),
];
/// Commands with a further exit code, and its meaning.
const EXIT_OF: [(&str, &str, &str); 2] = [
    ("outdated", "10", "At least one image is outdated."),
    ("diff", "10", "The two sides differ."),
];

const ENVIRONMENT: [(&str, &str); 9] = [
    ("DOCKER_TAGS_PROFILE", "The active profile, unless --profile is given."),
    ("DOCKER_TAGS_CONFIG", "The configuration file."),
    ("DOCKER_CONFIG", "The directory of docker's config.json. docker --config takes precedence."),
    (
        "DOCKER_AUTH_CONFIG",
        "Credentials in the form of config.json. They take precedence over the file.",
    ),
    ("DOCKER_USERNAME, DOCKER_PASSWORD", "Credentials for the active profile's registry only."),
    ("HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "Proxies, read as docker reads them."),
    ("NO_COLOR, CLICOLOR", "Turn off colors when NO_COLOR is set or CLICOLOR is 0."),
    ("DOCKER_TAGS_ACTIVE_HELP", "Set to 0 to hide messages while completing."),
    ("DOCKER_TAGS_COMPLETION_DESCRIPTIONS", "Set to 0 to complete names without descriptions."),
];

const FILES: [(&str, &str); 5] = [
    ("~/.config/docker-tags/config.toml", "Profiles. See docker-tags-profiles(5)."),
    ("~/.docker/config.json", "Docker's own configuration with the credentials of docker login."),
    (
        "/etc/docker/certs.d, ~/.config/containers/certs.d",
        "Certificates, one directory per registry. See docker-tags-registries(7).",
    ),
    ("~/.cache/docker-tags", "Names for completion, kept for five minutes. Safe to delete."),
    ("~/.docker/cli-plugins/docker-tags", "The link that makes docker find the plugin."),
];

/// The topic pages, which are written by hand.
pub const TOPICS: [&str; 4] = [
    "docker-tags-auth.7",
    "docker-tags-format.7",
    "docker-tags-profiles.5",
    "docker-tags-registries.7",
];

/// A page of the manual.
pub struct Page {
    /// The file's name, such as `docker-tags-ls.1`.
    pub file: String,
    /// The page, in man(7).
    pub text: String,
}

/// The version and the date that stand in the pages' corners.
pub struct Release<'a> {
    /// Cargo.toml's.
    pub version: &'a str,
    /// As in CHANGELOG.md.
    pub date: &'a str,
}

/// All pages that are generated, the program's own first.
pub fn pages(root: &Command, release: &Release) -> Vec<Page> {
    let mut pages = Vec::new();
    add_pages(root, release, &mut vec!["docker-tags".to_owned()], &mut pages);
    pages
}

/// A topic page with the release in its title line.
pub fn topic(text: &str, release: &Release) -> String {
    let lines = text.split_inclusive('\n').map(|line| {
        let mut words: Vec<&str> = line.split('"').collect();
        let source = format!("docker-tags {}", release.version);
        // .TH "TITLE" SECTION "DATE" "SOURCE" "MANUAL"
        if line.starts_with(".TH ") && words.len() == 9 {
            (words[3], words[5]) = (release.date, &source);
        }
        words.join("\"")
    });
    lines.collect()
}

fn add_pages(command: &Command, release: &Release, path: &mut Vec<String>, pages: &mut Vec<Page>) {
    pages.push(Page { file: format!("{}.1", path.join("-")), text: page(command, release, path) });
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set()) {
        path.push(sub.get_name().to_owned());
        add_pages(sub, release, path, pages);
        path.pop();
    }
}

fn page(command: &Command, release: &Release, path: &[String]) -> String {
    let name = path.join("-");
    let is_root = path.len() == 1;
    let mut out =
        format!("{MARK}, generated from its command line by tests/it/generated.\n").into_bytes();
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let usage = usage(command, path);
    let own = command
        .clone()
        .display_name(name.clone())
        .bin_name(usage.split(" [").next().unwrap_or_default().to_owned())
        .about(about.trim_end_matches('.').to_owned())
        .override_usage(usage)
        .subcommand_help_heading("COMMANDS")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .disable_help_subcommand(true)
        // What -h leaves out still has its text here.
        .mut_args(|arg| arg.hide_short_help(false));
    let has_options =
        own.get_arguments().any(|arg| !arg.is_hide_set() && (is_root || !arg.is_global_set()));
    let man = Man::new(own)
        .title(name.to_uppercase())
        .date(release.date)
        .source(format!("docker-tags {}", release.version))
        .manual("User Commands");
    man.render_title(&mut out).expect("a Vec takes all");
    man.render_name_section(&mut out).expect("a Vec takes all");
    man.render_synopsis_section(&mut out).expect("a Vec takes all");
    man.render_description_section(&mut out).expect("a Vec takes all");
    if command.has_subcommands() {
        man.render_subcommands_section(&mut out).expect("a Vec takes all");
    }
    if has_options {
        man.render_options_section(&mut out).expect("a Vec takes all");
    }
    let mut roff = Roff::new();
    examples(command, &mut roff);
    exit_status(path, &mut roff);
    if is_root {
        table("ENVIRONMENT", &ENVIRONMENT, &mut roff);
        table("FILES", &FILES, &mut roff);
    } else {
        roff.control("SH", ["GLOBAL OPTIONS"]);
        roff.text([
            roman("Options for output, connections and credentials are described in "),
            bold("docker-tags"),
            roman("(1)."),
        ]);
    }
    see_also(command, path, &mut roff);
    let text = String::from_utf8(out).expect("pages are text") + &roff.render();
    tidy(&text)
}

/// Takes out what repeats (each part of a page comes with a preamble of its own) and blank lines,
/// which are requests to older formatters.
fn tidy(text: &str) -> String {
    let mut seen = Vec::new();
    let mut out = String::new();
    let mut verbatim = false;
    for line in text.lines().map(str::trim_end) {
        if line.starts_with(".ie ") || line.starts_with(".el ") {
            if seen.contains(&line) {
                continue;
            }
            seen.push(line);
        }
        verbatim = line == ".nf" || (verbatim && line != ".fi");
        let repeated = line == ".br" && out.ends_with("\n.br\n");
        if verbatim || !(line.is_empty() || repeated) {
            out += line;
            out.push('\n');
        }
    }
    out
}

fn usage(command: &Command, path: &[String]) -> String {
    let words: String = path[1..].iter().map(|word| format!(" {word}")).collect();
    let rest = if command.has_subcommands() {
        " [OPTIONS] COMMAND".to_owned()
    } else {
        let operands = command.get_positionals().map(|arg| {
            let name = arg.get_value_names().map(|names| names.join(" ")).unwrap_or_default();
            let many = if arg.get_num_args().is_some_and(|n| n.max_values() > 1)
                || matches!(arg.get_action(), clap::ArgAction::Append)
            {
                "..."
            } else {
                ""
            };
            if arg.is_required_set() {
                format!(" {name}{many}")
            } else {
                format!(" [{name}{many}]")
            }
        });
        " [OPTIONS]".to_owned() + &operands.collect::<String>()
    };
    format!("docker tags{words}{rest}\ndocker-tags{words}{rest}")
}

/// The examples are those of the help text.
fn examples(command: &Command, roff: &mut Roff) {
    let help = command.get_after_long_help().or(command.get_after_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let lines: Vec<&str> =
        help.lines().skip_while(|line| !line.starts_with("Examples:")).skip(1).collect();
    if lines.is_empty() {
        return;
    }
    roff.control("SH", ["EXAMPLES"]);
    roff.control("nf", []);
    for line in lines {
        roff.text([roman(line.strip_prefix("  ").unwrap_or(line))]);
    }
    roff.control("fi", []);
}

fn exit_status(path: &[String], roff: &mut Roff) {
    let command = path.get(1).map(String::as_str);
    let own = EXIT_OF.iter().filter(|(name, ..)| command == Some(*name));
    let rows: Vec<(&str, &str)> =
        EXIT.into_iter().chain(own.map(|(_, code, text)| (*code, *text))).collect();
    table("EXIT STATUS", &rows, roff);
}

fn table(title: &str, rows: &[(&str, &str)], roff: &mut Roff) {
    roff.control("SH", [title]);
    for (term, text) in rows {
        roff.control("TP", []);
        roff.text([bold(*term)]);
        roff.text([roman(*text)]);
    }
}

/// The page above, those below, and the topics.
fn see_also(command: &Command, path: &[String], roff: &mut Roff) {
    let mut pages: Vec<(String, String)> = Vec::new();
    let mut add = |name: String, section: &str| pages.push((name, section.to_owned()));
    for end in 1..path.len() {
        add(path[..end].join("-"), "1");
    }
    let subs = command.get_subcommands().filter(|sub| !sub.is_hide_set());
    subs.for_each(|sub| add(format!("{}-{}", path.join("-"), sub.get_name()), "1"));
    for topic in TOPICS {
        let (name, section) = topic.rsplit_once('.').expect("a page has a section");
        add(name.to_owned(), section);
    }
    roff.control("SH", ["SEE ALSO"]);
    let last = pages.len() - 1;
    for (index, (name, section)) in pages.iter().enumerate() {
        let comma = if index < last { "," } else { "" };
        roff.text([bold(name.as_str()), roman(format!("({section}){comma}"))]);
    }
}
