//! How a finding is printed.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;

use super::check::{Finding, State};
use super::inputs::{Inputs, Item};
use crate::output::{Column, Look, Row};
use crate::system::terminal::paint;
use crate::tags::kind::Level;

/// The columns of the table.
pub(super) const TABLE: [&str; 6] = ["Image", "Tag", "Wanted", "Latest", "State", "File"];

/// One image at one place.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OutdatedRow {
    image: Option<String>,
    repository: Option<String>,
    tag: Option<String>,
    digest: Option<String>,
    wanted: Option<String>,
    latest: Option<String>,
    level: Option<&'static str>,
    moved: Option<bool>,
    new_digest: Option<String>,
    other_base: Option<String>,
    state: &'static str,
    reason: Option<String>,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    /// The name as docker shortens it.
    #[serde(skip)]
    name: String,
    /// What `-q` prints.
    #[serde(skip)]
    line_text: Option<String>,
}

impl OutdatedRow {
    pub(super) fn new(_inputs: &Inputs, item: &Item, finding: &Finding) -> Self {
        let target = item.target.as_ref().ok();
        let name = target.map(|target| target.reference.familiar_name());
        let image = item.image.clone();
        let is_moved = finding.moved == Some(true) && !finding.is_newer();
        let digest = finding.new_digest.as_ref().filter(|_| is_moved);
        let line_text = match (&name, &finding.wanted, digest) {
            (Some(name), _, Some(digest)) => {
                let tag = finding.tag.as_ref().map_or(String::new(), |tag| format!(":{tag}"));
                Some(format!("{name}{tag}@{digest}"))
            }
            (Some(name), Some(wanted), None) => Some(format!("{name}:{wanted}")),
            _ => None,
        };
        OutdatedRow {
            repository: target.map(|target| target.reference.name()),
            tag: finding.tag.clone().or_else(|| {
                target.and_then(|target| target.reference.tag()).map(ToString::to_string)
            }),
            digest: item.digest().map(ToString::to_string),
            wanted: finding.wanted.clone(),
            latest: finding.latest.clone(),
            level: finding.level.map(Level::name),
            moved: finding.moved,
            new_digest: finding.new_digest.as_ref().map(ToString::to_string),
            other_base: finding.other_base.clone(),
            state: finding.state().name(),
            reason: finding.reason.clone(),
            file: item.path.clone(),
            line: item.position.map(|position| position.line),
            column: item.position.map(|position| position.column),
            name: name.or_else(|| image.clone()).unwrap_or_else(|| "-".to_owned()),
            image,
            line_text,
        }
    }

    /// What `-q` prints; nothing where there is nothing that is wanted.
    pub(super) fn line(&self) -> Option<&str> {
        self.line_text.as_deref()
    }

    /// The state with what belongs to it.
    fn state_cell(&self) -> String {
        let mut words = vec![self.state.to_owned()];
        let is_newer = self.latest.is_some() && self.level.is_some();
        if is_newer && self.state != "newer" {
            words.push("newer".to_owned());
        }
        if let Some(level) = self.level.filter(|_| is_newer) {
            words.last_mut().into_iter().for_each(|word| word.push_str(&format!(" ({level})")));
        }
        if self.moved == Some(true) && self.state == "gone" {
            words.push("moved".to_owned());
        }
        if let Some(base) = &self.other_base {
            words.push(format!("other base {base}"));
        }
        let text = words.join(", ");
        match &self.reason {
            Some(reason) => format!("{text}: {reason}"),
            None => text,
        }
    }
}

impl Row for OutdatedRow {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Image", header: "IMAGE" },
        Column { key: "Repository", header: "REPOSITORY" },
        Column { key: "Tag", header: "CURRENT" },
        Column { key: "Digest", header: "DIGEST" },
        Column { key: "Wanted", header: "WANTED" },
        Column { key: "Latest", header: "LATEST" },
        Column { key: "Level", header: "LEVEL" },
        Column { key: "Moved", header: "MOVED" },
        Column { key: "NewDigest", header: "NEW DIGEST" },
        Column { key: "OtherBase", header: "OTHER BASE" },
        Column { key: "State", header: "STATE" },
        Column { key: "Reason", header: "REASON" },
        Column { key: "File", header: "WHERE" },
        Column { key: "Line", header: "LINE" },
        Column { key: "Column", header: "COLUMN" },
    ];

    fn cells(&self, look: &Look) -> Vec<String> {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let digest = |text: &Option<String>| text.as_deref().map_or("-".into(), |d| look.digest(d));
        let number = |number: Option<usize>| number.map_or("-".to_owned(), |n| n.to_string());
        let place = match (&self.file, self.line) {
            (Some(file), Some(line)) => format!("{file}:{line}"),
            (Some(file), None) => file.clone(),
            (None, _) => "-".to_owned(),
        };
        let current = match &self.tag {
            Some(tag) => tag.clone(),
            None => digest(&self.digest),
        };
        vec![
            self.name.clone(),
            text(&self.repository),
            current,
            digest(&self.digest),
            text(&self.wanted),
            text(&self.latest),
            self.level.unwrap_or("-").to_owned(),
            self.moved.map_or("-".to_owned(), |moved| moved.to_string()),
            digest(&self.new_digest),
            text(&self.other_base),
            self.state_cell(),
            text(&self.reason),
            place,
            number(self.line),
            number(self.column),
        ]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.line().unwrap_or_default())
    }
}

/// Prints what the writer made; on a terminal the names of a table in the color of their level.
pub(super) fn print(
    text: &[u8],
    shown: &[&Finding],
    color: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    if !color {
        return out.write_all(text);
    }
    let text = String::from_utf8_lossy(text);
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let finding = index.checked_sub(1).and_then(|index| shown.get(index));
        match finding.and_then(|finding| sgr(finding)) {
            Some(sgr) => {
                let end = line.find(' ').unwrap_or(line.len());
                write!(out, "{}{}", paint(&line[..end], sgr, true), &line[end..])?;
            }
            None => out.write_all(line.as_bytes())?,
        }
    }
    Ok(())
}

/// The color of a finding: how far behind it is.
fn sgr(finding: &Finding) -> Option<&'static str> {
    match (finding.state(), finding.level) {
        (State::Failed | State::Gone | State::Moved, _) | (_, Some(Level::Major)) => Some("31"),
        (_, Some(Level::Minor)) => Some("33"),
        (_, Some(_)) => Some("32"),
        (State::Skipped, _) => Some("2"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_their_columns() {
        let look = Look { now: jiff::Timestamp::UNIX_EPOCH, no_trunc: false, width: None };
        crate::output::assert_fits(&OutdatedRow::default(), &look);
    }
}
