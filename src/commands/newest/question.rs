//! What an argument of `newest` asks for: the newest version, a newer tag than one, or a range.

use super::Args;
use crate::commands::context::Context;
use crate::config::Resolved;
use crate::error::Error;
use crate::oci::reference::Tag;
use crate::tags::kind::Kind;
use crate::tags::select::{self, TagList};
use crate::tags::version::{Range, is_range};

/// An argument, understood.
pub(super) struct Question {
    /// The repository.
    pub(super) target: Resolved,
    /// What was typed behind the colon.
    text: String,
    tag: Option<Tag>,
    range: Option<Range>,
}

/// What is asked about a repository.
#[derive(Clone, Copy)]
pub(super) enum Asked<'q> {
    /// The newest versions, perhaps of a range.
    Versions(Option<&'q Range>),
    /// What is newer than a tag.
    NewerThan(&'q Tag),
}

impl Question {
    /// # Errors
    /// A name that is not a reference; a range that cannot be read; a tag without a version.
    pub(super) fn new(
        context: &Context,
        typed: &str,
        semver: Option<&Range>,
    ) -> Result<Self, Error> {
        let (name, behind) = split(typed);
        // What neither a tag nor a range can hold is wrong as docker says.
        let Some(text) = behind.filter(|text| is_range(text) || Tag::is_valid(text)) else {
            if behind.is_some() || (typed.contains('@') && context.resolve(typed).is_err()) {
                context.resolve(typed)?;
            }
            if typed.contains('@') {
                return Err(Error::usage(
                    format!("\"{typed}\" has a digest and no tag: there is no version to compare"),
                    "name the tag, with the digest or without: NAME:TAG",
                ));
            }
            let target = context.resolve(typed)?;
            return Ok(Question { target, text: String::new(), tag: None, range: None });
        };
        let target = context.resolve(name)?;
        let tag = text.parse().ok();
        let range = if is_range(text) {
            if semver.is_some() {
                return Err(Error::usage(
                    format!("\"{typed}\" has a range, and --semver is another one"),
                    "give the range once",
                ));
            }
            match select::parse_range(text) {
                Ok(range) => Some(range),
                // It may be a tag that the list has.
                Err(_) if tag.is_some() => None,
                Err(error) => {
                    return Err(Error::usage(
                        format!("\"{typed}\": {}", error.reason()),
                        "ranges look like '^1.27', '~1.27-alpine', '>=1.27 <2' or '*-alpine'",
                    ));
                }
            }
        } else {
            None
        };
        if range.is_none() && Kind::parse(text).is_none() {
            return Err(unversioned(&target, text));
        }
        Ok(Question { target, text: text.to_owned(), tag, range })
    }

    /// Whether there is no tag that something could be newer than.
    pub(super) fn is_without_tag(&self) -> bool {
        self.tag.is_none()
    }

    /// What is asked, now that the list is there: text that could be either is a tag when the list
    /// has it.
    pub(super) fn asked(&self, list: &TagList) -> Asked<'_> {
        let is_there = |tag: &Tag| list.iter().any(|listed| listed == tag.as_str());
        match (&self.tag, &self.range) {
            (Some(tag), None) => Asked::NewerThan(tag),
            (Some(tag), Some(_)) if Kind::parse(tag.as_str()).is_some() && is_there(tag) => {
                Asked::NewerThan(tag)
            }
            (_, range) => Asked::Versions(range.as_ref()),
        }
    }

    /// The range as it was typed.
    pub(super) fn range_text<'q>(&'q self, args: &'q Args) -> &'q str {
        if self.text.is_empty() { args.semver.as_deref().unwrap_or_default() } else { &self.text }
    }
}

/// The name, and the text after its colon. A digest behind a tag is ignored.
fn split(typed: &str) -> (&str, Option<&str>) {
    let from = typed.rfind('/').map_or(0, |slash| slash + 1);
    let name = typed.split_once("@sha").map_or(typed, |(name, _)| name);
    match name.get(from..).and_then(|last| last.find(':')) {
        Some(colon) => (&name[..from + colon], Some(&name[from + colon + 1..])),
        None => (name, None),
    }
}

fn unversioned(target: &Resolved, tag: &str) -> Error {
    let name = target.reference.familiar_name();
    // Words that only say which of the versions is meant are not a suffix.
    let floating = ["latest", "stable", "mainline", "edge", "current", "lts", "rolling", "main"];
    let words = tag.split('-').filter(|word| !floating.contains(word));
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let range = if words.is_empty() { "*".to_owned() } else { format!("*-{}", words.join("-")) };
    Error::usage(
        format!("\"{name}:{tag}\" has no version in its tag, so no other tag is newer"),
        format!(
            "to see its version: docker tags aliases --version {name}:{tag}; to get the newest version: docker tags newest '{name}:{range}'"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_end_at_the_colon_of_a_tag() {
        let rows = [
            ("nginx", "nginx", None),
            ("nginx:1.27", "nginx", Some("1.27")),
            ("nginx:>=1.27 <2", "nginx", Some(">=1.27 <2")),
            ("localhost:5000/app", "localhost:5000/app", None),
            ("localhost:5000/app:^1", "localhost:5000/app", Some("^1")),
            ("nginx:1.27@sha256:ab", "nginx", Some("1.27")),
            ("nginx@sha256:ab", "nginx", None),
            ("nginx:", "nginx", Some("")),
        ];
        for (typed, name, behind) in rows {
            assert_eq!(split(typed), (name, behind), "{typed}");
        }
    }
}
