//! Which tags of a repository are shown, and in what order: filters, sorting, limits.
//!
//! A [`Selection`] is made once from the options of `ls`. While pages arrive, [`Selection::keeps`]
//! says which tags are worth keeping in a [`TagList`], and [`Selection::apply`] puts the list into
//! the printed order. In the server's own order nothing needs to be kept: [`Selection::stream`].
//! The module is pure.

mod list;

pub(crate) use list::TagList;

use std::cmp::Ordering;
use std::fmt;

use crate::tags::kind::Kind;
use crate::tags::version::{self, Range, Version};

/// The order in which tags are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Sort {
    /// Versions first, newest on top: [`version::compare`].
    #[default]
    Version,
    /// By bytes, ascending.
    Name,
    /// As the server sends them.
    None,
}

/// An option that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SelectError {
    option: &'static str,
    text: String,
    reason: String,
}

impl SelectError {
    fn new(option: &'static str, text: &str, reason: impl fmt::Display) -> Self {
        // regex-lite and glob explain themselves in one line; hold them to it.
        let reason = reason.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        SelectError { option, text: text.to_owned(), reason }
    }

    /// The option, such as `--filter`.
    pub(crate) fn option(&self) -> &'static str {
        self.option
    }

    /// Why it is wrong.
    pub(crate) fn reason(&self) -> &str {
        &self.reason
    }
}

/// `invalid --semver range ">=1.2 <": "<" must be followed by a version`
impl fmt::Display for SelectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SelectError { option, text, reason } = self;
        let kind = match *option {
            "--filter" | "--type" => "pattern",
            "--semver" => "range",
            _ => "regular expression",
        };
        write!(f, "invalid {option} {kind} {text:?}: {reason}")
    }
}

impl std::error::Error for SelectError {}

/// A glob pattern over whole tags: `*`, `?`, `[a-z]`, `[!a-z]`.
#[derive(Debug, Clone)]
pub(crate) struct Glob(glob::Pattern);

impl Glob {
    /// Reads the value of `--filter`.
    pub(crate) fn parse(text: &str) -> Result<Self, SelectError> {
        Glob::of("--filter", text)
    }

    /// Reads the value of `--type`, where it is one.
    pub(crate) fn parse_type(text: &str) -> Result<Self, SelectError> {
        Glob::of("--type", text)
    }

    fn of(option: &'static str, text: &str) -> Result<Self, SelectError> {
        glob::Pattern::new(text)
            .map(Glob)
            .map_err(|e| SelectError::new(option, text, format_args!("{} at {}", e.msg, e.pos)))
    }

    /// Whether the whole tag matches.
    pub(crate) fn matches(&self, tag: &str) -> bool {
        self.0.matches(tag)
    }
}

/// A regular expression over whole tags.
#[derive(Debug, Clone)]
pub(crate) struct Regex(regex_lite::Regex);

impl Regex {
    /// Reads the value of `--include`.
    pub(crate) fn include(text: &str) -> Result<Self, SelectError> {
        Regex::parse("--include", text)
    }

    /// Reads the value of `--exclude`.
    pub(crate) fn exclude(text: &str) -> Result<Self, SelectError> {
        Regex::parse("--exclude", text)
    }

    fn parse(option: &'static str, text: &str) -> Result<Self, SelectError> {
        let error = |e: regex_lite::Error| SelectError::new(option, text, e);
        // On its own first: `a)(b` must not become right by what is put around it.
        regex_lite::Regex::new(text).map_err(error)?;
        // The line break ends a comment in an expression that begins with (?x).
        regex_lite::Regex::new(&format!(r"\A(?:{text})\z"))
            .or_else(|_| regex_lite::Regex::new(&format!("\\A(?:{text}\n)\\z")))
            .map(Regex)
            .map_err(error)
    }

    /// Whether the whole tag matches.
    pub(crate) fn matches(&self, tag: &str) -> bool {
        self.0.is_match(tag)
    }
}

/// Reads the value of `--semver`.
pub(crate) fn parse_range(text: &str) -> Result<Range, SelectError> {
    text.parse().map_err(|e| SelectError::new("--semver", text, e))
}

/// What `ls` shows of a repository. The default is every tag, newest version first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    /// A tag must match one of these, if there are any.
    pub filters: Vec<Glob>,
    /// A tag must match one of these, if there are any.
    pub include: Vec<Regex>,
    /// A tag must match none of these.
    pub exclude: Vec<Regex>,
    /// A tag must be a version of this range.
    pub range: Option<Range>,
    /// Leave out pre-releases and builds of channels such as `nightly`.
    pub stable: bool,
    /// Leave out tags that stand for a digest: [`is_digest_tag`].
    pub omit_digest_tags: bool,
    /// The order.
    pub sort: Sort,
    /// Whether the order is reversed.
    pub reverse: bool,
    /// At most this number of tags, from the top.
    pub limit: Option<usize>,
    /// Only what comes after this tag in the printed order. It need not be in the list, and the
    /// filters do not concern it; but in the server's order nothing comes after a tag that is not
    /// there.
    pub last: Option<String>,
}

impl Selection {
    /// Whether a tag passes the filters. Order, limit and `last` are not looked at.
    pub(crate) fn keeps(&self, tag: &str) -> bool {
        (self.filters.is_empty() || self.filters.iter().any(|glob| glob.matches(tag)))
            && !(self.omit_digest_tags && is_digest_tag(tag))
            && !(self.stable && is_unstable(tag))
            && self.range.as_ref().is_none_or(|range| in_range(range, tag))
            && (self.include.is_empty() || self.include.iter().any(|regex| regex.matches(tag)))
            && !self.exclude.iter().any(|regex| regex.matches(tag))
    }

    /// Whether tags can be printed while they arrive: [`Selection::stream`].
    pub(crate) fn can_stream(&self) -> bool {
        self.sort == Sort::None && !self.reverse
    }

    /// Whether a tag must be kept until the list is complete: it passes the filters, or it is the
    /// one that `last` looks for in the server's order.
    pub(crate) fn collects(&self, tag: &str) -> bool {
        self.keeps(tag) || (self.sort == Sort::None && self.last.as_deref() == Some(tag))
    }

    /// The tags to print, in order.
    pub(crate) fn apply(&self, mut tags: TagList) -> TagList {
        if self.sort == Sort::None {
            self.skip_to_last(&mut tags);
            tags.retain(|tag| self.keeps(tag));
        } else {
            tags.retain(|tag| self.keeps(tag) && self.is_after_last(tag));
            match self.sort {
                Sort::Version => tags.sort_by_version(),
                Sort::Name => tags.sort_by_name(),
                Sort::None => {}
            }
            if self.reverse {
                tags.reverse();
            }
        }
        if let Some(limit) = self.limit {
            tags.truncate(limit);
        }
        tags
    }

    /// Whether a tag is printed after `last`, by the order of version or name.
    fn is_after_last(&self, tag: &str) -> bool {
        let Some(last) = &self.last else { return true };
        let order = match self.sort {
            Sort::Name => tag.cmp(last),
            Sort::Version | Sort::None => version::compare(tag, last),
        };
        order == if self.reverse { Ordering::Less } else { Ordering::Greater }
    }

    /// In the server's order: turns it round if asked, and drops all up to `last`.
    fn skip_to_last(&self, tags: &mut TagList) {
        if self.reverse {
            tags.reverse();
        }
        if let Some(last) = &self.last {
            let found = tags.iter().position(|tag| tag == last);
            tags.skip(found.map_or(tags.len(), |index| index + 1));
        }
    }

    /// Selects tags one by one, in the order in which they are offered, in constant memory.
    pub(crate) fn stream(&self) -> Stream<'_> {
        Stream {
            selection: self,
            awaits: self.last.as_deref(),
            left: self.limit.unwrap_or(usize::MAX),
        }
    }
}

/// A selection in progress over tags that are printed as they arrive.
#[derive(Debug)]
pub(crate) struct Stream<'s> {
    selection: &'s Selection,
    /// The tag that must go by before the first is admitted.
    awaits: Option<&'s str>,
    left: usize,
}

impl Stream<'_> {
    /// Whether to print this tag.
    pub(crate) fn admits(&mut self, tag: &str) -> bool {
        if let Some(last) = self.awaits {
            if last == tag {
                self.awaits = None;
            }
            return false;
        }
        if self.is_done() || !self.selection.keeps(tag) {
            return false;
        }
        self.left -= 1;
        true
    }

    /// Whether the tag of `last` has not gone by yet, so that nothing was admitted.
    pub(crate) fn awaits_last(&self) -> bool {
        self.awaits.is_some()
    }

    /// Whether the limit is reached: no further tag will be admitted.
    pub(crate) fn is_done(&self) -> bool {
        self.left == 0
    }
}

/// Whether a tag's version is a pre-release, be it behind a prefix.
fn is_unstable(tag: &str) -> bool {
    Version::parse(tag).is_some_and(|version| version.is_prerelease())
        || Kind::parse(tag).is_some_and(|kind| kind.is_prerelease())
}

fn in_range(range: &Range, tag: &str) -> bool {
    Version::parse(tag).is_some_and(|version| range.matches(&version))
}

/// Whether a tag stands for a digest, as signatures and attestations are attached to images:
/// `sha256-` and 64 hexadecimal digits, alone (the referrers tag of the OCI distribution
/// specification) or with an ending such as `.sig`, `.att` or `.sbom` (cosign).
pub(crate) fn is_digest_tag(tag: &str) -> bool {
    let Some(rest) = tag.strip_prefix("sha256-").or(tag.strip_prefix("sha512-")) else {
        return false;
    };
    let digits = rest.bytes().take_while(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')).count();
    digits == 64 && matches!(rest.as_bytes().get(64), None | Some(b'.'))
}

#[cfg(test)]
mod tests;
