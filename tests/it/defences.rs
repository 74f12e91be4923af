//! The table of defences, `tests/defences.txt`, is not stale: every piece of code that it would take
//! out is there, once, and every test that has to notice exists. Whether they do is for the script
//! `tests/defences` to find out.

use std::fs;
use std::path::{Path, PathBuf};

use regex_lite::Regex;

/// A defence: what is taken out, and who notices.
#[derive(Default)]
struct Block {
    section: String,
    title: String,
    /// File and piece of text.
    pieces: Vec<(String, String)>,
    tests: Vec<String>,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn table() -> String {
    fs::read_to_string(root().join("tests/defences.txt")).expect("the table is there")
}

fn blocks(table: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let (mut section, mut file, mut is_open) = (String::new(), String::new(), false);
    for line in table.lines().filter(|line| !line.is_empty()) {
        let text = line.trim();
        if text.starts_with('#') {
            let heading = text.strip_prefix("# ").filter(|text| text.starts_with(['T', '§']));
            section = heading.map_or(section, str::to_owned);
            continue;
        }
        if text == line {
            let section = section.clone();
            blocks.push(Block { section, title: text.to_owned(), ..Block::default() });
            continue;
        }
        let block = blocks.last_mut().expect("a title comes first");
        if let Some(old) = text.strip_prefix("- ") {
            match block.pieces.last_mut().filter(|_| is_open) {
                Some((_, piece)) => *piece += &format!("\n{}", old.trim()),
                None => block.pieces.push((file.clone(), old.trim().to_owned())),
            }
        } else if text.starts_with("src/") {
            file = text.to_owned();
        } else if !text.starts_with("+ ") {
            block.tests.push(text.to_owned());
        }
        is_open = text.starts_with("- ");
    }
    blocks
}

/// A file's text, its lines without their indentation.
fn flat(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.lines().map(str::trim).collect::<Vec<_>>().join("\n"))
}

/// Whether there is a test of this whole name: `tests::` is in those of `src`.
fn is_test(name: &str) -> bool {
    let home = root().join(if name.contains("tests::") { "src" } else { "tests/it" });
    let parts: Vec<&str> = name.split("::").collect();
    let Some((function, modules)) = parts.split_last() else { return false };
    let test = Regex::new(&format!(r"#\[test\]\s(#\[.*\]\s)*fn {function}\(\)")).expect("a regex");
    // A module may be a part of its parent's file.
    let files = (1..=modules.len()).rev().map(|count| modules[..count].join("/"));
    files
        .flat_map(|path| [format!("{path}.rs"), format!("{path}/mod.rs")])
        .find_map(|path| flat(&home.join(path)))
        .is_some_and(|text| test.is_match(&text))
}

#[test]
fn every_defence_is_where_the_table_says() {
    let mut faults = Vec::new();
    for block in blocks(&table()) {
        let title = &block.title;
        if block.pieces.is_empty() || block.tests.is_empty() {
            faults.push(format!("{title}: nothing is taken out, or nobody would notice"));
        }
        for (file, piece) in &block.pieces {
            let count = flat(&root().join(file)).map(|text| text.matches(&**piece).count());
            if count != Some(1) {
                faults.push(format!("{title}: in {file} this is there {count:?} times:\n{piece}"));
            }
        }
        for test in block.tests.iter().filter(|test| !is_test(test)) {
            faults.push(format!("{title}: there is no test {test}"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

/// No threat of the list T1 to T24 and no scenario A01 to A10 is without a defence that is tried.
#[test]
fn every_threat_has_a_defence() {
    let blocks = blocks(&table());
    for number in 1..=24 {
        let heading = format!("T{number}: ");
        assert!(blocks.iter().any(|block| block.section.starts_with(&heading)), "{heading}");
    }
    for number in 1..=10 {
        let scenario = format!("(A{number:02})");
        assert!(blocks.iter().any(|block| block.title.contains(&scenario)), "{scenario}");
    }
}
