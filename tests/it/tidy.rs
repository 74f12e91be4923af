//! The rules of the house that the compiler does not know: which layer may use which, what only
//! one module may touch, and how large a file may grow.

use std::fs;
use std::path::{Path, PathBuf};

/// Every room and its layer. A room uses rooms of lower layers only.
const LAYERS: [(&str, u8); 15] = [
    ("lib", 11),
    ("internals", 10),
    ("cli", 9),
    ("commands", 8),
    ("scan", 7),
    ("registry", 7),
    ("output", 7),
    ("auth", 6),
    ("http", 5),
    ("login", 5),
    ("config", 4),
    ("error", 3),
    ("tags", 2),
    ("oci", 1),
    ("system", 0),
];
/// Words that only one module may use, and that module.
const RESERVED: [(&str, &str); 6] = [
    ("ureq::", "http"),
    ("process::Command", "system"),
    ("process::exit", "system"),
    ("fs::rename", "system"),
    ("stderr().lock()", "system"),
    ("stdout().lock()", "lib"),
];

/// The longest file of source code, in lines.
const MAX_LINES: usize = 400;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).expect("the directory is there") {
        let path = entry.expect("the directory can be read").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The files of `src`, each with its module and its text without its unit tests.
fn sources() -> Vec<(PathBuf, String, String)> {
    let src = root().join("src");
    let mut sources = Vec::new();
    for path in rust_files(&src) {
        let inside = path.strip_prefix(&src).expect("the file is below src");
        let is_test = inside.iter().any(|part| {
            ["tests", "tests.rs", "testing.rs", "faults.rs"].iter().any(|name| part == *name)
        });
        let first = inside.iter().next().expect("a path has a part").to_string_lossy();
        let module = first.trim_end_matches(".rs").to_owned();
        if is_test || module == "main" {
            continue;
        }
        let text = fs::read_to_string(&path).expect("the file is text");
        let tests =
            regex_lite::Regex::new(r"(?m)^\s*#\[cfg\((all\()?.*test.*\n\s*(pub )?mod \w+ \{")
                .unwrap();
        let code = tests.split(&text).next().unwrap_or_default().to_owned();
        sources.push((path, module, code));
    }
    sources
}

fn layer(module: &str) -> Option<u8> {
    LAYERS.iter().find(|(name, _)| *name == module).map(|(_, layer)| *layer)
}

/// The modules that a line names as `crate::MODULE`.
fn used(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

#[test]
fn layers_only_look_down() {
    let mut faults = Vec::new();
    for (path, module, code) in sources() {
        let Some(own) = layer(&module) else {
            faults.push(format!("{}: add the module {module} to LAYERS", path.display()));
            continue;
        };
        for line in code.lines().filter(|line| !line.trim_start().starts_with("//")) {
            for other in used(line).filter(|other| *other != module) {
                if layer(other).is_some_and(|layer| layer >= own) {
                    faults.push(format!("{}: {module} must not use {other}", path.display()));
                }
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn what_only_one_module_may_touch() {
    let mut faults = Vec::new();
    for (path, module, code) in sources() {
        for (word, owner) in RESERVED {
            let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
            if module != owner && lines.into_iter().any(|line| line.contains(word)) {
                faults.push(format!("{}: only {owner} may use {word}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn nothing_in_src_panics_on_purpose() {
    let mut faults = Vec::new();
    for (path, _, code) in sources() {
        for (number, line) in code.lines().enumerate() {
            let forbidden = [".unwrap()", "panic!(", "todo!(", "unimplemented!("];
            if forbidden.iter().any(|word| line.contains(word))
                && !line.trim_start().starts_with("//")
            {
                faults.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn files_are_small_and_say_why_they_exist() {
    let mut faults = Vec::new();
    for directory in ["src", "tests", "examples", "benches"] {
        for path in rust_files(&root().join(directory)) {
            let text = fs::read_to_string(&path).expect("the file is text");
            if text.lines().count() > MAX_LINES {
                faults.push(format!("{}: {} lines", path.display(), text.lines().count()));
            }
            if !text.starts_with("//!") {
                faults.push(format!("{}: does not open by saying why", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
