//! Writing changes back: some bytes of a file change, everything else stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::Path;

use super::{Edit, FileId, Files, Fixed, Parts, Use};
use crate::system::files::{self, Readers, read};

/// What a reference is to say; `None`: as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    pub tag: Option<String>,
    pub digest: Option<String>,
}

/// What is to be done.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// Of each file, in order and without overlaps.
    pub edits: BTreeMap<FileId, Vec<Edit>>,
    /// The references that cannot say what they should, by their index, and why.
    pub refused: Vec<(usize, &'static str)>,
}

/// Finds the bytes to change. Each reference has its wish, in the same order; where two of them
/// need different bytes in one place, neither is changed there.
pub(crate) fn plan(uses: &[Use], wishes: &[Wish]) -> Plan {
    let mut plan = Plan::default();
    let mut wanted: Vec<(usize, Vec<Edit>)> = Vec::new();
    let mut claims: BTreeSet<Edit> = BTreeSet::new();
    for (index, (item, wish)) in uses.iter().zip(wishes).enumerate() {
        let Ok(parts) = &item.parts else { continue };
        let edits = match changes(item.file, parts, wish) {
            Ok(edits) => edits,
            Err(why) => {
                plan.refused.push((index, why.reason()));
                Vec::new()
            }
        };
        let parts = [Some(&parts.name), parts.tag.as_ref(), parts.digest.as_ref()];
        for claim in parts.into_iter().flatten().flat_map(super::Text::claims) {
            if !edits.iter().any(|edit| overlap(edit, &claim)) {
                claims.insert(claim);
            }
        }
        wanted.push((index, edits));
    }
    let all: Vec<Edit> = wanted.iter().flat_map(|(_, edits)| edits.iter().cloned()).collect();
    let mut accepted: BTreeSet<Edit> = BTreeSet::new();
    for (index, edits) in wanted {
        let is_free = |edit: &Edit| {
            !claims.iter().chain(&all).any(|other| other != edit && overlap(edit, other))
        };
        if edits.iter().all(is_free) {
            accepted.extend(edits);
        } else {
            plan.refused.push((index, "the variable would need two different values"));
        }
    }
    for edit in accepted {
        plan.edits.entry(edit.file).or_default().push(edit);
    }
    plan.refused.sort_unstable();
    plan
}

fn overlap(a: &Edit, b: &Edit) -> bool {
    let inserts = a.len == 0 && b.len == 0 && a.at == b.at;
    a.file == b.file && (inserts || a.at < b.at + b.len && b.at < a.at + a.len)
}

/// The bytes of one reference that change.
fn changes(file: FileId, parts: &Parts, wish: &Wish) -> Result<Vec<Edit>, Fixed> {
    let mut edits = Vec::new();
    let mut behind = String::new();
    if let Some(new) = &wish.tag {
        match parts.tag.as_ref().filter(|tag| !tag.value.is_empty()).or(parts.comment.as_ref()) {
            Some(tag) => edits.extend(tag.edit(new)?),
            None if parts.digest.is_some() => return Err(Fixed::Untagged),
            None => behind = format!(":{new}"),
        }
    }
    if let Some(new) = &wish.digest {
        match &parts.digest {
            Some(digest) => edits.extend(digest.edit(new)?),
            None => behind += &format!("@{new}"),
        }
    }
    if !behind.is_empty() {
        edits.push(Edit { file, at: parts.end?, len: 0, new: behind });
    }
    Ok(edits)
}

/// A file with what it is to hold.
#[derive(Debug)]
pub(crate) struct Changed {
    old: Vec<u8>,
    new: Vec<u8>,
}

/// Why a file is left alone.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// It is not what was read.
    ChangedMeanwhile,
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Refusal::Io(error)
    }
}

/// What a file becomes by edits of its own, which are sorted and do not overlap.
///
/// # Errors
/// It cannot be read, or is not what it was.
pub(crate) fn apply(files: &Files, edits: &[Edit]) -> Result<Changed, Refusal> {
    let Some(first) = edits.first() else {
        return Ok(Changed { old: Vec::new(), new: Vec::new() });
    };
    let old = read(files.path(first.file))?;
    if !files.is_unchanged(first.file, &old) {
        return Err(Refusal::ChangedMeanwhile);
    }
    let (mut new, mut from) = (Vec::with_capacity(old.len() + 128), 0);
    for edit in edits {
        let Some(kept) = old.get(from..edit.at) else { return Err(Refusal::ChangedMeanwhile) };
        new.extend_from_slice(kept);
        new.extend_from_slice(edit.new.as_bytes());
        from = edit.at + edit.len;
    }
    new.extend_from_slice(old.get(from..).unwrap_or_default());
    Ok(Changed { old, new })
}

impl Changed {
    /// Puts the new content in the place of the old one: all of it, or nothing. A link stays one.
    ///
    /// # Errors
    /// The file cannot be written, or is not what it was.
    pub(crate) fn write(&self, path: &Path) -> Result<(), Refusal> {
        let target = files::follow(path)?;
        if std::fs::metadata(&target)?.permissions().readonly() {
            return Err(io::Error::from(io::ErrorKind::PermissionDenied).into());
        }
        let mut is_changed = false;
        let outcome = files::replace(&target, Readers::AsBefore, |file| {
            file.write_all(&self.new)?;
            // As late as can be: what somebody has written since is not lost.
            is_changed = read(&target)? != self.old;
            if is_changed { Err(io::Error::other("changed")) } else { Ok(()) }
        });
        if is_changed { Err(Refusal::ChangedMeanwhile) } else { Ok(outcome?) }
    }

    /// The lines that differ, as `diff -U0` prints them. No line comes or goes.
    pub(crate) fn diff(&self, name: &str) -> String {
        let (old, new) = (String::from_utf8_lossy(&self.old), String::from_utf8_lossy(&self.new));
        let mut text = format!("--- {name}\n+++ {name}\n");
        let mut lines = old.split('\n').zip(new.split('\n')).enumerate().peekable();
        while let Some((number, (before, after))) = lines.next() {
            if before == after {
                continue;
            }
            let (mut removed, mut added, mut count) = (vec![before], vec![after], 1);
            while let Some((_, (before, after))) = lines.next_if(|(_, (b, a))| b != a) {
                removed.push(before);
                added.push(after);
                count += 1;
            }
            let start = number + 1;
            let range = if count == 1 { start.to_string() } else { format!("{start},{count}") };
            let _ = writeln!(text, "@@ -{range} +{range} @@");
            for (sign, lines) in [('-', removed), ('+', added)] {
                for line in lines {
                    let _ = writeln!(text, "{sign}{}", line.trim_end_matches('\r'));
                }
            }
        }
        text
    }
}
