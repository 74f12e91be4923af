//! Answers as a shell gets them, without a network: what it is asked is in `tests/it`.

use super::*;

fn env() -> Env {
    Env::from_pairs([("HOME", "/nonexistent"), ("DOCKER_TAGS_CONFIG", "/nonexistent/config.toml")])
}

fn ask(line: &str) -> Vec<String> {
    let words: Vec<OsString> =
        line.split(' ').map(|w| OsString::from(if w == "''" { "" } else { w })).collect();
    answer(&words, false, &env(), None).lines().map(str::to_owned).collect()
}

#[test]
fn candidates_and_directives() {
    let cases: [(&str, &[&str]); 17] = [
        ("chec", &["check", ":36"]),
        ("ls --se", &["--semver", ":4"]),
        ("ls --sort v", &["version", ":4"]),
        // The shells put the flag back.
        ("ls --sort=v", &["version", ":4"]),
        ("--sort=v", &["version", ":4"]),
        ("alpine --sort=na", &["name", ":4"]),
        ("ls --format=j", &["json", ":4"]),
        ("ls -p d", &["default", ":4"]),
        ("ls -pd", &["-pdefault", ":4"]),
        ("ls -p=d", &["default", ":4"]),
        ("ls --limit ''", &[":4"]),
        ("ls --ca-file ''", &[":0"]),
        ("ls ngi", &["nginx", ":4"]),
        // A tag may follow.
        ("check ngi", &["nginx", ":6"]),
        ("docker.io/ngi", &["docker.io/nginx", ":4"]),
        ("completion p", &["powershell", ":4"]),
        ("check alpine@sha256:", &[":4"]),
    ];
    for (line, expected) in cases {
        assert_eq!(ask(line), expected, "{line}");
    }
    assert!(ask("''").contains(&"ls".to_owned()));
    assert!(!ask("ls --raw --r").contains(&"--raw".to_owned()), "it was given already");
    assert!(ask("ls --filter a --fil").contains(&"--filter".to_owned()), "it may be repeated");
}

#[test]
fn descriptions_and_messages_can_be_turned_off() {
    let text = |pairs: &[(&str, &str)]| {
        let pairs = pairs.iter().copied().chain([("HOME", "/nonexistent")]);
        answer(&["chec".into()], true, &Env::from_pairs(pairs), None)
    };
    assert!(text(&[]).starts_with("check\tExplain how"));
    for (name, value, described) in [
        ("DOCKER_COMPLETION_DESCRIPTIONS", "false", false),
        ("COBRA_COMPLETION_DESCRIPTIONS", "0", false),
        ("DOCKER_TAGS_COMPLETION_DESCRIPTIONS", "F", false),
        ("DOCKER_COMPLETION_DESCRIPTIONS", "true", true),
        ("DOCKER_COMPLETION_DESCRIPTIONS", "nonsense", true),
        ("DOCKER_CLI_DISABLE_COMPLETION_DESCRIPTION", "1", false),
    ] {
        assert_eq!(text(&[(name, value)]).contains('\t'), described, "{name}={value}");
    }
    let no_home = |extra: &[(&str, &str)]| {
        let pairs =
            [("DOCKER_TAGS_CONFIG", "/dev/null/x")].into_iter().chain(extra.iter().copied());
        answer(&["ls".into(), "-p".into(), "".into()], true, &Env::from_pairs(pairs), None)
    };
    assert!(no_home(&[]).starts_with("_activeHelp_ "), "{}", no_home(&[]));
    for name in ["DOCKER_ACTIVE_HELP", "COBRA_ACTIVE_HELP", "DOCKER_TAGS_ACTIVE_HELP"] {
        assert_eq!(no_home(&[(name, "0")]), ":4\n", "{name}");
    }
}

#[test]
fn too_many_candidates_keep_their_common_beginning() {
    let mut answer = Answer::default();
    let texts = (0..1500).map(|n| format!("r:1.2.{n}")).chain((0..5).map(|n| format!("r:1.1.{n}")));
    answer.extend(texts.map(|text| Candidate::new(&text, "")));
    answer.limit();
    assert_eq!(answer.candidates.len(), MAX_CANDIDATES + 1);
    assert_eq!(answer.candidates.last().map(|c| c.text.as_str()), Some("r:1.1.0"));
}

#[test]
fn foreign_text_stays_on_its_line() {
    let mut answer = Answer::default();
    answer.push(Candidate { text: "a\tb\n".into(), description: "c\n:1\u{1b}[31m".into() });
    answer.help.push("x\n:99".into());
    let text = answer.render(true, true);
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(text.ends_with("\n:4\n") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_directory_is_asked_for_by_its_bit() {
    let answer = Answer { directories: true, ..Answer::default() };
    assert_eq!(answer.directive(), DIRECTORIES);
}

/// Every word that help shows for a value is known: a new one must say here what completes.
#[test]
fn every_value_is_known() {
    let root = crate::cli::command(true);
    let mut unknown = Vec::new();
    visit(&root, &root, &mut Vec::new(), &mut unknown);
    assert!(unknown.is_empty(), "complete::values::kind_of_word does not know {unknown:?}");
}

fn visit<'a>(
    root: &'a clap::Command,
    command: &'a clap::Command,
    path: &mut Vec<&'a str>,
    unknown: &mut Vec<String>,
) {
    for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
        let target = Target::Flag(String::new());
        let line = Line { path: path.clone(), command: root, given: Vec::new(), target };
        for name in arg.get_value_names().unwrap_or_default() {
            let words = values::words(name);
            unknown.extend(
                words.filter(|w| values::kind_of_word(w, &line, arg).is_none()).map(str::to_owned),
            );
        }
    }
    for sub in command.get_subcommands() {
        path.push(sub.get_name());
        visit(root, sub, path, unknown);
        path.pop();
    }
}
