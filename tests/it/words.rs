//! Every text that a person reads: help, errors, hints and warnings, man pages, the documents beside
//! the code. They are plain American English: no phrase that we once translated, no long sentences.

use std::fs;
use std::path::{Path, PathBuf};

use docker_tags::internals::command;

/// Phrases of a translator, and what to say instead.
const PHRASES: [(&str, &str); 46] = [
    (" is none", "say what it is"),
    (" is no ", "is not a (there is no … is fine)"),
    ("that is no ", "is not a"),
    (" are no ", "are not (there are no … is fine)"),
    ("at most so ", "at most N"),
    ("so many", "N, or up to N"),
    ("so often", "up to N times"),
    ("so long", "a time limit"),
    ("nobody tells", "unknown"),
    ("nobody knows", "unknown"),
    ("stands before", "before"),
    ("stands in front", "before"),
    ("what stands", "before"),
    ("lies in", "is in"),
    ("lie in", "are in"),
    ("turn round", "reverse"),
    ("the order round", "reverse"),
    ("into its place", "install"),
    ("into their places", "install"),
    (" is made", "created"),
    ("speak plain http", "use HTTP instead of HTTPS"),
    ("trust the authorities", "additional certificate authorities"),
    ("show this certificate", "client certificate"),
    ("says nothing of", "not configured"),
    ("is not asked", "not checked"),
    ("not asked,", "not checked"),
    ("says already", "conflicts with"),
    ("that there are", "available"),
    ("not found, or private", "not found, or access denied"),
    ("the proxy failed", "cannot connect to the proxy"),
    ("breaks off", "is cut short"),
    ("broke off", "was closed"),
    ("led astray", "is sent elsewhere"),
    ("name none", "without"),
    ("asking is", "does not count as"),
    ("may pass", "temporary"),
    ("who answers", "check"),
    ("take away", "remove"),
    ("takes away", "removes"),
    ("of ours", "our"),
    ("going on without", "continuing without"),
    ("stand in between", "be answering"),
    ("is of no use", "cannot be used"),
    ("which is no ", "which is not a"),
    ("organisation", "organization"),
    ("colour", "color"),
];

/// The longest sentence, in words.
const MAX_WORDS: usize = 30;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A text and where it stands.
struct Text {
    place: String,
    words: String,
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The help of a command and of those below it.
fn help(command: &clap::Command, path: &str, texts: &mut Vec<Text>) {
    let mut add = |place: String, text: Option<String>| {
        texts.extend(text.map(|words| Text { place: format!("help of {path}{place}"), words }));
    };
    let long = command.get_long_about().or(command.get_about());
    add(String::new(), long.map(ToString::to_string));
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
        let text = arg.get_long_help().or(arg.get_help()).map(ToString::to_string);
        add(format!(" {}", arg.get_id()), text);
        for value in arg.get_possible_values() {
            let text = value.get_help().map(ToString::to_string);
            add(format!(" {} {}", arg.get_id(), value.get_name()), text);
        }
    }
    for sub in command.get_subcommands() {
        help(sub, &format!("{path} {}", sub.get_name()), texts);
    }
}

/// A document in Markdown, without its code, tables' rules and links' targets.
fn markdown(name: &str) -> Text {
    let mut words = String::new();
    let mut is_code = false;
    for line in read(&root().join(name)).lines() {
        if line.starts_with("```") {
            is_code = !is_code;
        } else if !is_code && !line.starts_with("![") {
            // A cell, an item and a heading are texts of their own.
            let is_own = line.starts_with(['#', '|', '-']) || line.trim().is_empty();
            words += if is_own { "\n\n" } else { "\n" };
            words += &line.replace(" | ", "\n\n");
        }
    }
    Text { place: name.to_owned(), words: without_code(&words) }
}

/// A page of the manual, without requests, code and escapes.
fn page(path: &Path) -> Text {
    let mut words = String::new();
    let mut is_code = false;
    for line in read(path).lines() {
        match line.split(' ').next().unwrap_or_default() {
            ".EX" | ".nf" => is_code = true,
            ".EE" | ".fi" => is_code = false,
            request if request.starts_with(['.', '\'']) => words += "\n\n",
            _ if is_code => {}
            _ => words += &format!("{line}\n"),
        }
        // A term is a text of its own.
        if line.starts_with("\\fB") {
            words += "\n";
        }
    }
    let words =
        words.replace("\\-", "-").replace("\\(aq", "'").replace("\\fB", "").replace("\\fR", "");
    Text { place: path.display().to_string(), words }
}

/// Takes out what stands in backquotes: it is typed, not read.
fn without_code(text: &str) -> String {
    text.split('`')
        .enumerate()
        .map(|(index, part)| if index % 2 == 0 { part } else { "x" })
        .collect()
}

/// The string literals of a source file that are sentences, without its unit tests.
fn literals(path: &Path) -> Vec<Text> {
    let source = read(path);
    let code = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let mut texts = Vec::new();
    let mut rest = code;
    let mut line = 1;
    while let Some(at) = rest.find(['"', '/', '\'']) {
        line += rest[..at].matches('\n').count();
        let (mark, tail) = (&rest[at..=at], &rest[at + 1..]);
        if mark == "/" && tail.starts_with('/') {
            rest = &tail[tail.find('\n').unwrap_or(tail.len())..];
        } else if mark == "'" && (tail.starts_with("\"'") || tail.starts_with("\\\"'")) {
            rest = &tail[tail.find("'").map_or(0, |end| end + 1)..];
        } else if mark == "\"" {
            let bytes = tail.as_bytes();
            let mut end = 0;
            while end < bytes.len() && bytes[end] != b'"' {
                end += if bytes[end] == b'\\' { 2 } else { 1 };
            }
            let end = end.min(tail.len());
            let words = tail[..end].replace("\\\n", " ").replace("\\\"", "\"").replace("\\n", "\n");
            line += tail[..end].matches('\n').count();
            let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
            // Lists of names are not sentences, and examples are not prose.
            let words = words.split("Examples:").next().unwrap_or_default().to_owned();
            if words.len() < 300 || [" the ", " is "].iter().any(|word| words.contains(word)) {
                texts.push(Text { place: format!("{}:{line}", path.display()), words });
            }
            rest = &tail[(end + 1).min(tail.len())..];
        } else {
            rest = tail;
        }
    }
    texts
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("the directory is there").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            sources(&path, found);
        } else if name.ends_with(".rs")
            && !["tests.rs", "testing.rs", "faults.rs"].contains(&&*name)
        {
            found.push(path);
        }
    }
}

fn texts() -> Vec<Text> {
    let mut texts = Vec::new();
    help(&command(true), "docker tags", &mut texts);
    texts.extend(["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"].map(markdown));
    let pages = fs::read_dir(root().join("man")).expect("man/").flatten();
    texts.extend(pages.map(|entry| page(&entry.path())));
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    texts.extend(files.iter().flat_map(|file| literals(file)));
    texts
}

#[test]
fn no_phrase_of_a_translator() {
    let texts = texts();
    assert!(texts.len() > 500, "only {} texts were read", texts.len());
    let mut faults = Vec::new();
    for Text { place, words } in &texts {
        let plain = words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
        let plain = plain.replace("there is no ", "").replace("there are no ", "");
        for (phrase, instead) in PHRASES.iter().filter(|(phrase, _)| plain.contains(phrase)) {
            let at = plain.find(phrase).unwrap_or_default();
            let from = plain[..at].char_indices().rev().nth(40).map_or(0, |(at, _)| at);
            let near: String = plain[from..].chars().take(100).collect();
            faults.push(format!("{place}: \"{phrase}\" (say: {instead}): {near}"));
        }
    }
    assert!(faults.is_empty(), "{} phrases:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn no_sentence_is_long() {
    let mut faults = Vec::new();
    for Text { place, words } in texts() {
        for paragraph in words.split("\n\n") {
            let text = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
            for sentence in text.split(". ").flat_map(|part| part.split([';', ':', '?'])) {
                let count = sentence.split_whitespace().filter(|word| word.len() > 1).count();
                if count > MAX_WORDS {
                    faults.push(format!("{place}: {count} words: {sentence}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{} long sentences:\n{}", faults.len(), faults.join("\n"));
}

/// The test reads what it claims to read.
#[test]
fn literals_of_all_shapes_are_read() {
    let directory = std::env::temp_dir().join(format!("docker-tags-words-{}", std::process::id()));
    fs::create_dir_all(&directory).expect("a temporary directory");
    let file = directory.join("a.rs");
    let source = "// \"a comment here\"\nlet c = '\"'; f(\"one \\\n   two\");\ng(\"say \\\"a b\\\"\");\n\
                  #[cfg(test)]\nmod tests {\n const T: &str = \"not this one\"; }\n";
    fs::write(&file, source).expect("a file");
    let words: Vec<String> = literals(&file).into_iter().map(|text| text.words).collect();
    let _ = fs::remove_dir_all(&directory);
    assert_eq!(words, ["one two", "say \"a b\""]);
}
