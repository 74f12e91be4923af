//! A tag that is not there: which tags look like it, or is the repository missing?
//!
//! The list costs another request after a failure. Whatever goes wrong with it changes nothing: the
//! first error stays.

use std::ops::ControlFlow;

use super::Image;
use crate::error::Error;
use crate::oci::reference::Tag;
use crate::registry::{Sink, Target};

/// How many tags are compared for a command about one image.
pub(super) const ALONE: usize = 10_000;
/// How many are compared for each of several images: one page.
pub(super) const AMONG_SEVERAL: usize = 1_000;
/// How many are named.
const MAX_NEAR: usize = 3;
/// From which likeness on a tag may have been meant; 1.0 is the same.
const ALIKE: f64 = 0.85;

impl Image {
    /// The error for an image that was not found, with what the list of tags says about it.
    pub(super) fn explained(&self, error: Error) -> Error {
        let (Error::NotFoundIn { .. }, Target::Tag(tag), 1..) =
            (&error, &self.target, self.compared)
        else {
            return error;
        };
        let mut near = Near { tag, found: Vec::new(), left: self.compared };
        match self.repository.tags(Some(self.compared), &mut near) {
            Ok(()) => {}
            Err(
                missing @ (Error::NotFound { .. }
                | Error::NotFoundOrPrivate { .. }
                | Error::NoAccess { .. }),
            ) => return missing,
            Err(_) => return error,
        }
        match (near.names(), error) {
            (Some(names), Error::NotFoundIn { object, name, hint }) => {
                let hint =
                    format!("did you mean {names}? {}", hint.replacen("to list", "To list", 1));
                Error::NotFoundIn { object, name, hint }
            }
            (_, error) => error,
        }
    }
}

/// The tags that look like one that is not there.
struct Near<'a> {
    tag: &'a Tag,
    found: Vec<(f64, String)>,
    left: usize,
}

impl Sink for Near<'_> {
    fn entry(&mut self, entry: &str) -> Result<ControlFlow<()>, Error> {
        self.left = self.left.saturating_sub(1);
        let likeness = likeness(self.tag.as_str(), entry);
        if likeness >= ALIKE && self.found.iter().all(|(_, known)| known != entry) {
            self.found.push((likeness, entry.to_owned()));
            self.found.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.cmp(y)));
            self.found.truncate(MAX_NEAR);
        }
        Ok(if self.left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn rewind(&mut self, _count: usize) -> bool {
        false
    }
}

impl Near<'_> {
    fn names(&self) -> Option<String> {
        let names: Vec<&str> = self.found.iter().map(|(_, name)| name.as_str()).collect();
        let (last, others) = names.split_last()?;
        Some(match others {
            [] => (*last).to_owned(),
            others => format!("{} or {last}", others.join(", ")),
        })
    }
}

/// How much two tags are alike. A leading `v` and parts that one of them leaves out count little.
fn likeness(tag: &str, other: &str) -> f64 {
    let bare = |tag: &str| tag.strip_prefix('v').unwrap_or(tag).to_ascii_lowercase();
    let (tag, other) = (bare(tag), bare(other));
    let continues = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
    };
    if continues(&other, &tag) || continues(&tag, &other) {
        return 1.0;
    }
    strsim::jaro_winkler(&tag, &other)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_may_have_been_meant() {
        for (tag, other, alike) in [
            ("1.28", "1.28.0", true),
            ("v1.28.0", "1.28.0", true),
            ("1.28.O", "1.28.0", true),
            ("lastest", "latest", true),
            ("3.21-alpin", "3.21-alpine", true),
            ("9.9", "1.28.0", false),
            ("edge", "latest", false),
        ] {
            assert_eq!(likeness(tag, other) >= ALIKE, alike, "{tag} {other}");
        }
    }
}
