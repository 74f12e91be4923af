//! Every rule has its case in `tests/fixtures/outdated`, and whatever is found can be written back.

use std::fs;
use std::path::{Path, PathBuf};

use super::write::{Plan, Refusal, Wish, apply, plan};
use super::*;

/// A directory of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let name = format!("docker-tags-scan-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn scan(&self) -> Scan {
        let env = Env::from_pairs([("FROM_ENV", "9.9")]);
        scan(std::slice::from_ref(&self.0), &env)
    }

    /// What is found, a line each, as the fixtures write it.
    fn lines(&self) -> Vec<String> {
        let scan = self.scan();
        let relative = |path: &Path| path.strip_prefix(&self.0).unwrap().display().to_string();
        let mut lines: Vec<String> = Vec::new();
        for item in &scan.uses {
            let mut line = relative(scan.files.path(item.file));
            if let Some(Position { line: number, column }) = item.position {
                line += &format!(":{number}:{column}: {}", item.image);
            } else {
                line += ":";
            }
            line += &item.platform.as_ref().map_or(String::new(), |p| format!(" [{p}]"));
            match &item.parts {
                Ok(parts) => {
                    let comment = parts.comment.as_ref().map(|c| format!(" [# {}]", c.value));
                    line += &comment.unwrap_or_default();
                }
                Err(Skipped::Because(why)) => line += &format!(" skipped: {why}"),
                Err(Skipped::Invalid(_)) => line += " invalid",
            }
            lines.push(line);
        }
        let faults = scan.faults.iter().map(|fault| {
            let path = relative(Path::new(&fault.path));
            format!("error {}", Fault { path, ..fault.clone() })
        });
        lines.extend(faults);
        lines
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The cases of a file: a title, files, and what is expected.
fn cases(text: &str) -> Vec<(String, Vec<(String, String)>)> {
    let mut cases: Vec<(String, Vec<(String, String)>)> = Vec::new();
    for line in text.split_inclusive('\n') {
        let file = line.strip_prefix("-- ").and_then(|line| line.trim_end().strip_suffix(" --"));
        if let Some(title) = line.strip_prefix("=== ") {
            cases.push((title.trim_end().to_owned(), Vec::new()));
        } else if let Some(name) = file {
            cases.last_mut().unwrap().1.push((name.to_owned(), String::new()));
        } else {
            cases.last_mut().unwrap().1.last_mut().unwrap().1.push_str(line);
        }
    }
    cases
}

/// All cases, each in a folder of its own, with the lines that it expects.
fn fixtures(name: &str) -> Vec<(String, Folder, Vec<String>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/outdated");
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        for (title, files) in cases(&fs::read_to_string(entry.unwrap().path()).unwrap()) {
            let folder = Folder::new(&format!("{name}-{}", all.len()));
            let mut expected = Vec::new();
            for (name, content) in &files {
                match name.as_str() {
                    "expect" => expected.extend(content.lines().map(str::to_owned)),
                    name => drop(folder.file(name, content)),
                }
            }
            all.push((title, folder, expected));
        }
    }
    assert!(all.len() >= 33, "{}", all.len());
    all
}

#[test]
fn every_rule_has_its_case() {
    let mut faults = Vec::new();
    for (title, folder, expected) in fixtures("rule") {
        let found = folder.lines();
        let same = found.len() == expected.len()
            && found.iter().zip(&expected).all(|(found, expected)| {
                found == expected || expected.starts_with("error") && found.starts_with(expected)
            });
        if !same {
            let (expected, found) = (expected.join("\n"), found.join("\n"));
            faults.push(format!("{title}:\n{expected}\n  found:\n{found}"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n\n"));
}

const NEW_DIGEST: &str = "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

/// What the image of a use is to be, after a wish.
fn wished(item: &Use, wish: &Wish) -> Option<(String, Option<String>)> {
    let parts = item.parts.as_ref().ok()?;
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.value.clone());
    let (tag, comment, digest) = (text(&parts.tag), text(&parts.comment), text(&parts.digest));
    let mut image = parts.name.value.clone();
    let written = wish.tag.clone().or(tag.clone());
    if tag.is_some() || comment.is_none() {
        image += &written.map_or(String::new(), |tag| format!(":{tag}"));
    }
    image += &wish.digest.clone().or(digest).map_or(String::new(), |digest| format!("@{digest}"));
    let comment = comment.map(|old| wish.tag.clone().unwrap_or(old));
    Some((image, comment))
}

/// Whatever is wished for: the files differ in the planned bytes alone, and say what was wished.
#[test]
fn what_is_written_is_what_was_wished_and_nothing_else() {
    let tag = Some("99.88-new".to_owned());
    let digest = Some(NEW_DIGEST.to_owned());
    let wishes = [
        Wish { tag: tag.clone(), digest: None },
        Wish { tag: None, digest: digest.clone() },
        Wish { tag, digest },
    ];
    let mut written = 0;
    for (title, folder, _) in fixtures("write") {
        for wish in &wishes {
            for only in [None, Some(1)] {
                let scan = folder.scan();
                let own = |index| only.is_none_or(|only| only == index);
                let all: Vec<Wish> = (0..scan.uses.len())
                    .map(|index| if own(index) { wish.clone() } else { Wish::default() })
                    .collect();
                let plan = plan(&scan.uses, &all);
                let mut originals = Vec::new();
                for (file, edits) in &plan.edits {
                    let path = scan.files.path(*file).to_owned();
                    let old = fs::read(&path).unwrap();
                    apply(&scan.files, edits).unwrap().write(&path).unwrap();
                    check_bytes(&old, &fs::read(&path).unwrap(), edits);
                    originals.push((path, old));
                }
                let again = folder.scan();
                assert_eq!(scan.uses.len(), again.uses.len(), "{title}");
                for (index, (before, after)) in scan.uses.iter().zip(&again.uses).enumerate() {
                    let is_refused = plan.refused.iter().any(|(refused, _)| *refused == index);
                    let wish = if is_refused { &Wish::default() } else { &all[index] };
                    let expected = wished(before, wish);
                    let found = wished(after, &Wish::default());
                    assert_eq!(found, expected, "{title}: {before:?}");
                    written += usize::from(!is_refused && expected.is_some());
                }
                for (path, old) in originals {
                    fs::write(path, old).unwrap();
                }
            }
        }
    }
    assert!(written > 300, "{written}");
}

/// The new bytes are the old ones but for the edits.
fn check_bytes(old: &[u8], new: &[u8], edits: &[Edit]) {
    let (mut from, mut at) = (0, 0);
    for edit in edits {
        let kept = edit.at - from;
        assert_eq!(old[from..edit.at], new[at..at + kept]);
        at += kept;
        assert_eq!(&new[at..at + edit.new.len()], edit.new.as_bytes());
        at += edit.new.len();
        from = edit.at + edit.len;
    }
    assert_eq!(old[from..], new[at..]);
}

fn wish_for_all(scan: &Scan, tag: &str) -> Plan {
    let wish = Wish { tag: Some(tag.to_owned()), digest: None };
    plan(&scan.uses, &vec![wish; scan.uses.len()])
}

#[test]
fn line_ends_marks_modes_and_links_stay() {
    let folder = Folder::new("stay");
    let path =
        folder.file("real/compose.txt", "\u{feff}services:\r\n  a:\r\n    image: 'a:1' # é\r\n");
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt, symlink};
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("real/compose.txt", folder.0.join("compose.yaml")).unwrap();
    }
    #[cfg(not(unix))]
    fs::rename(&path, folder.0.join("compose.yaml")).unwrap();
    let scan = folder.scan();
    let plan = wish_for_all(&scan, "1.2.3");
    let link = folder.0.join("compose.yaml");
    let changed = apply(&scan.files, &plan.edits[&0]).unwrap();
    changed.write(&link).unwrap();
    let expected = "\u{feff}services:\r\n  a:\r\n    image: 'a:1.2.3' # é\r\n";
    assert_eq!(fs::read_to_string(&link).unwrap(), expected);
    let diff = "--- x\n+++ x\n@@ -3 +3 @@\n-    image: 'a:1' # é\n+    image: 'a:1.2.3' # é\n";
    assert_eq!(changed.diff("x"), diff);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }
}

#[test]
fn a_file_that_changed_meanwhile_is_left_alone() {
    let folder = Folder::new("changed");
    let path = folder.file("Dockerfile", "FROM a:1\n");
    let scan = folder.scan();
    let plan = wish_for_all(&scan, "2");
    let changed = apply(&scan.files, &plan.edits[&0]).unwrap();
    fs::write(&path, "FROM a:1 AS x\n").unwrap();
    assert!(matches!(apply(&scan.files, &plan.edits[&0]), Err(Refusal::ChangedMeanwhile)));
    assert!(matches!(changed.write(&path), Err(Refusal::ChangedMeanwhile)));
    assert_eq!(fs::read_to_string(&path).unwrap(), "FROM a:1 AS x\n");
    assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
}

#[test]
fn a_shared_variable_gets_one_value_or_none() {
    let folder = Folder::new("shared");
    folder.file("Dockerfile", "ARG V=1\nFROM a:$V\nFROM b:$V\nFROM c:1\n");
    let scan = folder.scan();
    let plan = wish_for_all(&scan, "2");
    assert_eq!((plan.edits[&0].len(), plan.refused.len()), (2, 0));
    let wish = |tag: &str| Wish { tag: Some(tag.to_owned()), digest: None };
    let two = super::write::plan(&scan.uses, &[wish("2"), wish("3"), wish("2")]);
    assert_eq!((two.edits[&0].len(), two.refused.len()), (1, 2));
    // One that stays needs the old value.
    let one = super::write::plan(&scan.uses, &[wish("2"), Wish::default(), Wish::default()]);
    assert_eq!((one.edits.len(), one.refused[0].0), (0, 0));
}

#[test]
fn hostile_files_cost_little() {
    let folder = Folder::new("hostile");
    folder.file(
        "long/compose.yaml",
        format!("services: {{a: {{image: \"{}\"}}}}\n", "x".repeat(5_000_000)),
    );
    folder.file("binary/compose.yaml", b"services:\n  a: \0\x01\xff");
    folder.file("utf/compose.yaml", b"services:\n  a: \xff");
    folder.file("deep/compose.yaml", "- ".repeat(10_000));
    folder.file("large/compose.yaml", vec![b'#'; 9 * 1024 * 1024]);
    folder.file("guessed.yaml", vec![b'#'; 9 * 1024 * 1024]);
    folder.file("ok/Dockerfile", "FROM a:1\n");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("..", folder.0.join("ok/cycle")).unwrap();
        std::os::unix::fs::symlink("loop.yaml", folder.0.join("ok/loop.yaml")).unwrap();
        std::os::unix::fs::symlink("Dockerfile", folder.0.join("ok/Dockerfile.link")).unwrap();
    }
    let lines = folder.lines();
    assert_eq!(lines[0], "ok/Dockerfile:1:8: a:1");
    let faults: Vec<&str> = lines[1..].iter().map(String::as_str).collect();
    assert_eq!(faults.len(), 5, "{faults:#?}");
    for (fault, expected) in faults.iter().zip([
        "error binary/compose.yaml:2:",
        "error deep/compose.yaml:1:201: nested",
        "error large/compose.yaml: is larger than 8 MiB",
        "error long/compose.yaml:1:1: a line",
        "error utf/compose.yaml:2:6: not text",
    ]) {
        assert!(fault.starts_with(expected), "{fault}, {expected}");
    }
}

/// Files that are as long as we read, and hold as much as can be: refused, not believed.
#[test]
fn there_are_limits_on_everything() {
    let repeat = |line: &str| line.repeat(8 * 1024 * 1024 / line.len() - 10);
    for (name, content, what) in [
        ("Dockerfile", repeat("FROM a:1\n"), "50,000 instructions"),
        ("Dockerfile", "RUN ".to_owned() + &repeat("a \\\n"), "50,000 lines"),
        ("Dockerfile", "FROM a:1\n".repeat(6_000), "5000 images"),
        ("Dockerfile", (0..2_000).map(|n| format!("ARG A{n}=1\n")).collect(), "1,000 arguments"),
        ("compose.yaml", "services:\n".to_owned() + &repeat(" - x\n"), "values"),
    ] {
        let folder = Folder::new(&format!("limits-{}", what.len()));
        folder.file(name, content);
        let lines = folder.lines();
        assert!(lines.len() == 1 && lines[0].contains(what), "{what}: {:?}", lines.first());
    }
    // An argument that grows without end has no value.
    let folder = Folder::new("growing");
    let grown: String = (1..40).map(|n| format!("ARG A{n}=$A{0}$A{0}\n", n - 1)).collect();
    folder.file("Dockerfile", format!("ARG A0=x\n{grown}FROM a:$A39\n"));
    let expected = "Dockerfile:41:6: a:$A39 skipped: variable \"A39\" has no value";
    assert_eq!(folder.lines(), [expected]);
}
