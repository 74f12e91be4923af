//! The answer that names alone give: which tags fit, newest first, and what there is otherwise.

use super::Args;
use super::question::{Asked, Question};
use crate::error::Error;
use crate::oci::reference::Tag;
use crate::tags::kind::{self, Kind, Options, Wish};
use crate::tags::select::{Selection, TagList};
use crate::tags::version::Range;

/// The tags that fit.
pub(super) struct Fitting<'l> {
    /// The newest first. After those that are newer than the current tag comes that tag itself.
    pub(super) tags: Vec<&'l str>,
    /// The tag that was asked about.
    pub(super) current: Option<&'l str>,
    /// The newest with another base.
    pub(super) other_base: Option<&'l str>,
}

/// What a repository's list has for a question.
pub(super) struct Chooser<'a> {
    pub(super) args: &'a Args,
    /// `--include`, `--exclude`, `--filter`.
    pub(super) selection: &'a Selection,
    /// `--semver`
    pub(super) semver: Option<&'a Range>,
    /// Whether more than the newest is needed: a list of 100,000 is then sorted.
    pub(super) all: bool,
}

impl Chooser<'_> {
    /// # Errors
    /// [`Error::NothingFits`], which says what there is instead.
    pub(super) fn choose<'l>(
        &self,
        question: &'l Question,
        list: &'l TagList,
    ) -> Result<Fitting<'l>, Error> {
        match question.asked(list) {
            Asked::Versions(range) => self.versions(question, list, range.or(self.semver)),
            Asked::NewerThan(tag) => self.newer(question, list, tag),
        }
    }

    fn versions<'l>(
        &self,
        question: &Question,
        list: &'l TagList,
        range: Option<&Range>,
    ) -> Result<Fitting<'l>, Error> {
        let wish = Wish::new(range, self.args.update.pre, self.args.update.any_base());
        let kept = || list.iter().filter(|tag| self.selection.keeps(tag));
        let tags = kind::matching(kept(), &wish);
        if !tags.is_empty() {
            return Ok(Fitting { tags, current: None, other_base: None });
        }
        let name = question.target.reference.name();
        let count = list.len();
        let message = match range {
            Some(_) => {
                let text = question.range_text(self.args);
                format!("no tag of {name} is in the range \"{text}\" ({count} tags)")
            }
            None => format!("no tag of {name} is a plain version ({count} tags)"),
        };
        let outside =
            range.and_then(|_| kind::matching(kept(), &wish.without_range()).first().copied());
        let variant = kind::matching(kept(), &wish.of_any_variant()).first().copied();
        let any = kind::matching(kept(), &wish.without_range().of_any_variant()).first().copied();
        Err(nothing(message, outside, variant.or(any)))
    }

    fn newer<'l>(
        &self,
        question: &Question,
        list: &'l TagList,
        tag: &'l Tag,
    ) -> Result<Fitting<'l>, Error> {
        let tag = tag.as_str();
        // Tags without a version were refused before the list was asked for.
        let Some(current) = Kind::parse(tag) else {
            return Err(nothing(format!("\"{tag}\" has no version"), None, None));
        };
        let update = &self.args.update;
        let options = Options {
            level: update.level(),
            pre: update.pre,
            any_base: update.any_base(),
            range: self.semver,
        };
        let kept = || list.iter().filter(|tag| self.selection.keeps(tag));
        let newest = kind::newest(&current, kept(), &options);
        let other_base = newest.other_base.map(|other| other.tag);
        let mut tags = match self.all {
            true => kind::candidates(&current, kept(), &options),
            false => newest.latest.iter().map(|latest| latest.tag).collect(),
        };
        let is_there = list.iter().any(|listed| listed == tag);
        if is_there && self.semver.is_none_or(|range| current.is_in(range, true)) {
            tags.push(tag);
        }
        if !tags.is_empty() {
            return Ok(Fitting { tags, current: Some(tag), other_base });
        }
        let name = question.target.reference.name();
        let message = match &self.args.semver {
            Some(range) if is_there => {
                format!("no tag of {name} like \"{tag}\" is in the range \"{range}\"")
            }
            _ => format!("tag \"{tag}\" not found in {name}, and no tag of its kind is newer"),
        };
        let wish = Wish::new(None, false, false).of_any_variant();
        let variant = other_base.or_else(|| kind::matching(list.iter(), &wish).first().copied());
        Err(nothing(message, kind::newest_of(&current, list.iter()), variant))
    }
}

fn nothing(message: String, outside: Option<&str>, variant: Option<&str>) -> Error {
    let variant = variant.filter(|variant| Some(*variant) != outside);
    let outside = outside.map(|tag| format!("newest outside of it: {tag}"));
    let variant = variant.map(|tag| format!("newest of other variants: {tag}"));
    let known: Vec<String> = outside.into_iter().chain(variant).collect();
    let hint = match known.is_empty() {
        true => "to list the available tags: docker tags ls REPO".to_owned(),
        false => known.join("; "),
    };
    Error::NothingFits { message, hint }
}
