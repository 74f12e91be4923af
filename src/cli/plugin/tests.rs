//! Command lines as docker and people write them.

use super::*;

fn words(text: &str) -> Vec<OsString> {
    text.split_whitespace().map(|w| OsString::from(if w == "''" { "" } else { w })).collect()
}

#[test]
fn called_by_docker() {
    let cases = [
        ("tags ls alpine --format json", None, "ls alpine --format json"),
        ("tags", None, ""),
        (
            "--config D -c default -l debug -D --tlsverify=false --tlscacert /x tags ls a b",
            Some("D"),
            "ls a b",
        ),
        ("-c tags tags ls", None, "ls"),
        ("-Dcdefault tags ls", None, "ls"),
        ("-Dc default tags ls", None, "ls"),
        ("-- tags x", None, "x"),
        ("tags --config other -c ctx ls -H foo", None, "--config other -c ctx ls -H foo"),
        ("--config=A --config B tags ls", Some("B"), "ls"),
        ("--config '' tags ls", None, "ls"),
        ("tags ls --help", None, "ls --help"),
        ("--help tags ls", None, "ls --help"),
        ("-h tags", None, "--help"),
        ("help tags ls", None, "ls --help"),
        ("--config D help tags", Some("D"), "--help"),
        ("-H tcp://h tags -v", None, "-v"),
    ];
    for (line, config_dir, args) in cases {
        let found = parse(words(line));
        assert_eq!(found.request, Request::Run(words(args)), "{line}");
        assert_eq!(found.config_dir, config_dir.map(PathBuf::from), "{line}");
        assert!(found.by_docker, "{line}");
    }
    for line in ["--version tags", "-v tags ls"] {
        assert_eq!(parse(words(line)).request, Request::Version, "{line}");
    }
    assert_eq!(parse(words(METADATA)).request, Request::Metadata);
}

#[test]
fn called_alone() {
    let cases = [
        ("ls alpine", None, "ls alpine"),
        ("alpine", None, "alpine"),
        ("--config D ls -l alpine", Some("D"), "ls -l alpine"),
        ("--config=D alpine", Some("D"), "alpine"),
        ("-l alpine", None, "-l alpine"),
        ("-v alpine", None, "-v alpine"),
        ("-p work alpine", None, "-p work alpine"),
        ("--help", None, "--help"),
        ("help ls", None, "help ls"),
        ("", None, ""),
        ("--config", None, "--config"),
    ];
    for (line, config_dir, args) in cases {
        let found = parse(words(line));
        assert_eq!(found.request, Request::Run(words(args)), "{line}");
        assert_eq!(found.config_dir, config_dir.map(PathBuf::from), "{line}");
        assert!(!found.by_docker, "{line}");
    }
}

#[test]
fn version_alone_needs_no_command_line() {
    for line in ["--version", "-V"] {
        assert_eq!(parse(words(line)).request, Request::Version, "{line}");
    }
}

#[test]
fn completion() {
    for (line, args, by_docker, config_dir) in [
        ("__complete tags ls al", "ls al", true, None),
        ("__complete tags ''", "''", true, None),
        ("__completeNoDesc ls al", "ls al", false, None),
        ("__complete tags", "tags", false, None),
        ("__complete --config D ls al", "ls al", false, Some("D")),
        ("__complete --config=D ''", "''", false, Some("D")),
        ("__complete --config D", "--config D", false, None),
        ("__complete", "", false, None),
    ] {
        let found = parse(words(line));
        let descriptions = !line.starts_with("__completeNoDesc");
        let expected = Request::Complete { words: words(args), descriptions };
        assert_eq!(found.request, expected, "{line}");
        assert_eq!(found.by_docker, by_docker, "{line}");
        assert_eq!(found.config_dir, config_dir.map(PathBuf::from), "{line}");
    }
}

#[test]
fn hooks() {
    let found = parse(words("tags docker-cli-plugin-hooks {\"RootCmd\":\"pull\"}"));
    assert_eq!(found.request, Request::Hook("{\"RootCmd\":\"pull\"}".into()));
}

#[test]
fn metadata_is_what_docker_wants() {
    let document: serde_json::Value = serde_json::from_str(&metadata()).unwrap();
    assert_eq!(document["SchemaVersion"], "0.1.0");
    assert!(!document["Vendor"].as_str().unwrap().is_empty());
    assert!(!document["ShortDescription"].as_str().unwrap().contains('\n'));
}
