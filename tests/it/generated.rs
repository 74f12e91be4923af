//! What is made from the command line's definition and lies in the repository: the manual. When a
//! page is stale, all pages are written anew and the test fails once; on CI it only fails.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use docker_tags::internals::{MAN_PAGES, Shell, command};

mod manual;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_manual_is_fresh() {
    let directory = root().join("man");
    let changelog = fs::read_to_string(root().join("CHANGELOG.md")).expect("CHANGELOG.md");
    let release = released(&changelog);
    let mut pages = manual::pages(&command(true), &release);
    for file in manual::TOPICS {
        let text = fs::read_to_string(directory.join(file)).expect("a topic page");
        pages.push(manual::Page { file: file.to_owned(), text: manual::topic(&text, &release) });
    }
    let mut stale = Vec::new();
    for page in &pages {
        let path = directory.join(&page.file);
        if fs::read_to_string(&path).ok().as_deref() != Some(&page.text) {
            stale.push((path, Some(&page.text)));
        }
    }
    let expected: BTreeSet<&str> = pages.iter().map(|page| page.file.as_str()).collect();
    for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
        if !expected.contains(&*entry.file_name().to_string_lossy()) {
            stale.push((entry.path(), None));
        }
    }
    if std::env::var_os("CI").is_none() {
        for (path, text) in &stale {
            rewrite(path, *text);
        }
    }
    let names: Vec<_> = stale.iter().map(|(path, _)| path.display().to_string()).collect();
    assert!(names.is_empty(), "stale, now written anew (not on CI): {names:#?}");
}

/// The version of Cargo.toml, and the date that CHANGELOG.md gives it. Its newest release must be
/// that version: `## [0.2.0] - 2026-11-21`.
fn released(changelog: &str) -> manual::Release<'_> {
    let version = env!("CARGO_PKG_VERSION");
    let mut headings = changelog.lines().filter_map(|line| line.strip_prefix("## "));
    assert_eq!(headings.next(), Some("[Unreleased]"), "the first section of CHANGELOG.md");
    let newest = headings.next().unwrap_or_default();
    let date = newest.strip_prefix(&format!("[{version}] - ")).unwrap_or_default();
    let shape = date.bytes().map(|byte| if byte.is_ascii_digit() { '0' } else { byte.into() });
    let is_date = shape.collect::<String>() == "0000-00-00";
    assert!(is_date, "CHANGELOG.md: want \"## [{version}] - YYYY-MM-DD\", found {newest:?}");
    manual::Release { version, date }
}

/// Sections have the names of Keep a Changelog, and every release is linked at the end.
#[test]
fn the_changelog_keeps_its_form() {
    let text = fs::read_to_string(root().join("CHANGELOG.md")).expect("CHANGELOG.md");
    let known = ["Upgrading", "Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for line in text.lines() {
        if let Some(version) = line.strip_prefix("## ") {
            seen.clear();
            let name = version.split(" - ").next().unwrap_or_default();
            if !text.lines().any(|line| line.starts_with(&format!("{name}: "))) {
                faults.push(format!("no link for {name} at the end"));
            }
        } else if let Some(section) = line.strip_prefix("### ")
            && !(known.contains(&section) && seen.insert(section))
        {
            faults.push(format!("unknown or repeated section: {section}"));
        }
    }
    assert!(faults.is_empty(), "CHANGELOG.md: {faults:#?}");
}

/// `install` ships every page of `man/`, and knows each as its own.
#[test]
fn every_page_is_shipped() {
    let list = "src/commands/install/pages.rs";
    let mut faults = Vec::new();
    for entry in fs::read_dir(root().join("man")).expect("man/").flatten() {
        let file = entry.file_name().to_string_lossy().into_owned();
        let text = fs::read_to_string(entry.path()).expect("a page is text");
        if !text.starts_with(manual::MARK) {
            faults.push(format!("man/{file} must begin with {:?}", manual::MARK));
        }
        match MAN_PAGES.iter().find(|(name, _)| *name == file) {
            None => faults.push(format!("add man/{file} to {list}")),
            Some((_, shipped)) if *shipped != text => {
                faults.push(format!("build again: man/{file} has changed"));
            }
            Some(_) => {}
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

fn rewrite(path: &Path, text: Option<&String>) {
    match text {
        Some(text) => {
            fs::create_dir_all(path.parent().expect("a page has a directory")).expect("man/");
            fs::write(path, text).expect("the repository can be written to");
        }
        None => fs::remove_file(path).expect("the repository can be written to"),
    }
}

/// The program prints the files of `completions/`, and each knows how to ask.
#[test]
fn completions_are_what_the_program_prints() {
    let scripts = [
        (Shell::Bash, "docker-tags.bash"),
        (Shell::Zsh, "_docker-tags"),
        (Shell::Fish, "docker-tags.fish"),
        (Shell::PowerShell, "docker-tags.ps1"),
        (Shell::Elvish, "docker-tags.elv"),
    ];
    for (shell, file) in scripts {
        let text = fs::read_to_string(root().join("completions").join(file)).expect(file);
        assert!(text == shell.script(), "{file}");
        assert!(text.contains("__complete"), "{file}");
    }
    assert_eq!(fs::read_dir(root().join("completions")).expect("completions/").count(), 5);
}

/// A prompt and 23 lines: a help text that does not fit scrolls its beginning away.
#[test]
fn short_help_fits_one_screen() {
    let mut faults = Vec::new();
    let mut lines = vec![Vec::new()];
    command_lines(&command(true), &mut Vec::new(), &mut lines);
    assert!(lines.len() > 20, "{lines:?}");
    for line in lines {
        let text = short_help(&line, "80");
        let wide = text.lines().any(|line| line.chars().count() > 80);
        let count = text.lines().count();
        if wide || count > 23 {
            faults.push(format!("{line:?}: {count} lines, too wide: {wide}\n{text}"));
        }
        // On a narrow terminal only what must not be broken is wider: options and examples.
        let narrow = short_help(&line, "40");
        let prose = narrow.lines().filter(|line| line.starts_with("        "));
        faults.extend(prose.filter(|line| line.chars().count() > 40).map(str::to_owned));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

fn short_help(words: &[String], columns: &str) -> String {
    let mut program = Command::new(env!("CARGO_BIN_EXE_docker-tags"));
    let output = program.args(words).arg("-h").env_clear().env("COLUMNS", columns).output();
    let output = output.expect("the program runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{words:?}: {output:?}");
    String::from_utf8(output.stdout).expect("help is text")
}

/// The words that call each command.
fn command_lines(command: &clap::Command, path: &mut Vec<String>, lines: &mut Vec<Vec<String>>) {
    for sub in command.get_subcommands().filter(|sub| sub.get_name() != "help") {
        path.push(sub.get_name().to_owned());
        lines.push(path.clone());
        command_lines(sub, path, lines);
        path.pop();
    }
}

/// `ls -h` has what people look for.
#[test]
fn short_help_of_ls_has_the_options_that_people_use() {
    let text = short_help(&["ls".to_owned()], "80");
    let options = ["-l,", "--limit", "--semver", "--sort", "--platform", "--group-by", "--filter"];
    let missing: Vec<_> = options.iter().filter(|option| !text.contains(**option)).collect();
    assert!(missing.is_empty(), "{missing:?}\n{text}");
    assert!(!text.contains("--retries") && text.contains("docker-tags ls --help"), "{text}");
}

/// The README names every command and fits its size; no document names a file that is gone.
#[test]
fn documents_are_fresh() {
    let read = |name: &str| fs::read_to_string(root().join(name)).expect("a document is text");
    let readme = read("README.md");
    assert!(readme.lines().count() <= 200, "the README has {} lines", readme.lines().count());
    let table = readme.split("## Commands").nth(1).expect("the README has a table of commands");
    let table = table.split("\n## ").next().unwrap_or_default();
    let root_command = command(true);
    let names = root_command.get_subcommands().map(clap::Command::get_name);
    let missing: Vec<_> =
        names.filter(|name| *name != "help" && !table.contains(&format!("`{name}"))).collect();
    assert!(missing.is_empty(), "README.md: add to the table of commands: {missing:?}");

    let mut gone = Vec::new();
    for name in ["README.md", "CONTRIBUTING.md", "SECURITY.md"] {
        let text = read(name);
        let code = text.split('`').skip(1).step_by(2).map(str::to_owned);
        let links = text.split("](").skip(1).filter_map(|part| part.split(')').next());
        let paths = code.chain(links.map(str::to_owned)).filter(|path| {
            let is_path = ["src/", "tests/", "man/", "examples/", "fuzz/", ".ci/"]
                .iter()
                .any(|start| path.starts_with(start));
            is_path && !path.contains(' ')
        });
        gone.extend(
            paths.filter(|path| !root().join(path).exists()).map(|path| format!("{name}: {path}")),
        );
    }
    assert!(gone.is_empty(), "these files do not exist: {gone:#?}");
}

/// Every command shows how it is used.
#[test]
fn every_command_has_examples() {
    let lacking: Vec<String> = command(true)
        .get_subcommands()
        .filter(|sub| !sub.has_subcommands())
        .filter(|sub| {
            let help = sub.get_after_help().map(ToString::to_string).unwrap_or_default();
            !help.contains("Examples:\n")
        })
        .map(|sub| sub.get_name().to_owned())
        .collect();
    assert!(lacking.is_empty(), "no examples in the help of {lacking:?}");
}

#[test]
#[ignore = "needs mandoc"]
fn the_manual_is_clean() {
    let pages: Vec<PathBuf> = fs::read_dir(root().join("man"))
        .expect("man/")
        .map(|entry| entry.expect("man/ can be read").path())
        .collect();
    let lint = Command::new("mandoc").args(["-Tlint", "-W", "warning"]).args(&pages).output();
    let lint = lint.expect("mandoc runs");
    let found = String::from_utf8_lossy(&lint.stdout);
    assert!(lint.status.success() && found.is_empty(), "{found}");
}

/// As a reader gets it from man, whose formatter is another one.
#[test]
#[ignore = "needs man"]
fn man_shows_the_pages() {
    let page = root().join("man/docker-tags-ls.1");
    let man = Command::new("man")
        .env("MANWIDTH", "80")
        .env("LC_ALL", "C.UTF-8")
        .args(["--warnings", "-l"])
        .arg(page)
        .output()
        .expect("man runs");
    let text = String::from_utf8_lossy(&man.stdout);
    let heads = ["NAME", "SYNOPSIS", "DESCRIPTION", "EXAMPLES", "EXIT STATUS"];
    for head in heads.into_iter().chain(["SELECTION", "SEE ALSO"]) {
        assert!(text.lines().any(|line| line == head), "{head}\n{text}");
    }
    assert!(text.contains("docker tags ls alpine"), "{text}");
    assert_eq!(String::from_utf8_lossy(&man.stderr), "");
}
