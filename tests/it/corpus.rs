//! The fuzz targets on stable Rust: each body runs over its committed corpus and over what
//! `tests/vectors` gives it, with every `cargo test`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

#[path = "../../fuzz/targets/answer.rs"]
mod answer;
#[path = "../../fuzz/targets/attestation.rs"]
mod attestation;
#[path = "../../fuzz/targets/challenge.rs"]
mod challenge;
#[path = "../../fuzz/targets/danger.rs"]
mod danger;
#[path = "../../fuzz/targets/docker_config.rs"]
mod docker_config;
#[path = "../../fuzz/targets/document.rs"]
mod document;
#[path = "../../fuzz/targets/link.rs"]
mod link;
#[path = "../../fuzz/targets/manifest.rs"]
mod manifest;
#[path = "../../fuzz/targets/profile_toml.rs"]
mod profile_toml;
#[path = "../../fuzz/targets/reference.rs"]
mod reference;
#[path = "../../fuzz/targets/sanitiser.rs"]
mod sanitiser;
#[path = "../../fuzz/targets/saved_list.rs"]
mod saved_list;
#[path = "../../fuzz/targets/scan.rs"]
mod scan;
#[path = "../../fuzz/targets/tag_api.rs"]
mod tag_api;
#[path = "../../fuzz/targets/tag_list.rs"]
mod tag_list;
#[path = "../../fuzz/targets/tag_order.rs"]
mod tag_order;
#[path = "../../fuzz/targets/template.rs"]
mod template;
#[path = "../../fuzz/targets/token_answer.rs"]
mod token_answer;

type Body = fn(&[u8]);

const TARGETS: [(&str, Body); 17] = [
    ("answer", answer::run),
    ("attestation", attestation::run),
    ("challenge", challenge::run),
    ("docker_config", docker_config::run),
    ("document", document::run),
    ("link", link::run),
    ("manifest", manifest::run),
    ("profile_toml", profile_toml::run),
    ("reference", reference::run),
    ("sanitiser", sanitiser::run),
    ("saved_list", saved_list::run),
    ("scan", scan::run),
    ("tag_api", tag_api::run),
    ("tag_list", tag_list::run),
    ("tag_order", tag_order::run),
    ("template", template::run),
    ("token_answer", token_answer::run),
];

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The committed inputs of a target, in the order of their names.
fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = root().join("fuzz/corpus").join(name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.into_iter().map(|path| (path.clone(), fs::read(path).expect("it is there"))).collect()
}

#[test]
fn every_target_takes_its_corpus() {
    for (name, body) in TARGETS {
        let inputs = corpus(name);
        assert!(inputs.len() >= 5, "{name} has too few seeds");
        for (path, input) in inputs {
            run(&path, body, &input);
            // Cut and bent, an input is another input.
            for end in 0..input.len().min(200) {
                run(&path, body, &input[..end]);
            }
            for at in 0..input.len().min(200) {
                let mut bent = input.clone();
                bent[at] ^= 0x80 >> (at % 8);
                run(&path, body, &bent);
            }
        }
    }
}

/// Every target takes every other's corpus: to a parser it is rubbish.
#[test]
fn every_target_takes_any_corpus() {
    for (name, _) in TARGETS {
        for (path, input) in corpus(name) {
            for (_, body) in TARGETS {
                run(&path, body, &input);
            }
        }
    }
}

#[test]
fn every_target_takes_the_vectors() {
    let read = |name: &str| fs::read_to_string(root().join("tests/vectors").join(name));
    let mut inputs: Vec<String> = Vec::new();
    for line in read("references.tsv").expect("it is there").lines() {
        inputs.extend(line.split('\t').nth(2).map(str::to_owned));
    }
    for line in read("challenges.tsv").expect("it is there").lines().skip(1) {
        let fields = line.split('\t').nth(2).unwrap_or_default();
        let fields: Vec<String> = serde_json::from_str(fields).expect("a list of fields");
        inputs.push(fields.join("\n"));
    }
    for line in read("docker-config.jsonl").expect("it is there").lines() {
        let row: Value = serde_json::from_str(line).expect("a row is JSON");
        inputs.extend(row["config"].as_str().map(str::to_owned));
    }
    assert!(inputs.len() > 150, "{} inputs", inputs.len());
    for input in inputs {
        for (_, body) in TARGETS {
            run(Path::new(&input), body, input.as_bytes());
        }
    }
}

/// Runs a body; a panic in it names the input.
fn run(path: &Path, body: Body, input: &[u8]) {
    let outcome = std::panic::catch_unwind(|| body(input));
    assert!(outcome.is_ok(), "{}: {:?}", path.display(), String::from_utf8_lossy(input));
}
