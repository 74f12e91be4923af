//! Version ranges: which tags `--semver '^1.27'` and `newest 'nginx:~1.27-alpine'` mean.
//!
//! ```text
//! range        alternative *( "||" alternative )
//! alternative  comparator *( ( " " | "," ) comparator ) | operand " - " operand
//! comparator   [ "^" | "~" | "~>" | "=" | "!=" | ">" | ">=" | "<" | "<=" ] operand
//! operand      a version as tags are read, or numbers that end in "x", "X" or "*"
//! ```
//!
//! The grammar is that of Cargo, npm and Masterminds/semver, widened to what tags hold: any number
//! of components, of any length, revisions (`>=8u402`) and variants. The rules:
//!
//! - An operand stands for every version that begins with it: `1.27`, `1.27.x` and `=1.27` are all
//!   of 1.27, `1.2.3` is 1.2.3 and its revisions (npm's reading of a bare version, not Cargo's);
//!   `>1.27` starts at 1.28 and `<=1.27` ends before it; `1.2 - 1.4` is `>=1.2 <=1.4`. A tag's
//!   missing components are zeros in comparisons: `>=1.2` has `2`, `~1.27.3` does not have `1.27`.
//! - `^` keeps everything up to the first component that is not zero (`^1.2` is `>=1.2 <2`,
//!   `^0.2.3` is `>=0.2.3 <0.3`), `~` keeps the first two components, or the only one.
//! - Pre-releases match only where a comparator of the same alternative names a pre-release of the
//!   same numbers, as in npm: `>=3.13.0-rc1` has `3.13.0rc2` and not `3.14.0a1`. `-0` is below
//!   every pre-release of its numbers, and with a wildcard admits all: `3.x-0`.
//! - A variant restricts its alternative to tags of that variant, as [`Version::is_variant`] says:
//!   `^1.27-alpine`. In `!=` it narrows what is excluded instead. Without one it takes every variant.
//! - Dates are in no alternative that does not name one, and in one that does there is nothing else.
//! - Tags that are not versions never match.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use super::{Pre, PreKind, Version, compare_numbers, compare_padded, elements, parse};

/// A version range.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    /// Any of these; in each, all comparators.
    alternatives: Vec<Vec<Comparator>>,
}

/// What a person may type behind a name's colon that is a range and no tag.
pub(crate) fn is_range(text: &str) -> bool {
    let in_tag = text.split(['-', '_', '+']).next().unwrap_or_default();
    let in_tag = in_tag.strip_prefix(['v', 'V']).unwrap_or(in_tag);
    text.contains(['^', '~', '<', '>', '=', ' ', '*', '|'])
        || in_tag.split('.').any(|component| component.eq_ignore_ascii_case("x"))
}

/// Why a text is not a range; its `Display` is one line that names the bad part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RangeError {
    /// The part that is wrong; empty if something is missing.
    part: String,
    reason: &'static str,
}

impl RangeError {
    fn new(part: &str, reason: &'static str) -> Self {
        RangeError { part: part.to_owned(), reason }
    }
}

impl fmt::Display for RangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.part.is_empty() {
            return f.write_str(self.reason);
        }
        write!(f, "{:?} {}", self.part, self.reason)
    }
}

impl std::error::Error for RangeError {}

impl Range {
    /// Whether a version is in the range. Where the range names no variant, any will do.
    pub(crate) fn matches(&self, version: &Version<'_>) -> bool {
        self.alternatives.iter().any(|all| matches(all, version))
    }

    /// Whether a version is within the bounds, whatever its variant. `pre`: pre-releases need not be
    /// named.
    pub(crate) fn contains(&self, version: &Version<'_>, pre: bool) -> bool {
        self.alternatives.iter().any(|all| {
            is_class(all, version)
                && all.iter().all(|comparator| comparator.bounds(version))
                && (pre || !version.is_prerelease() || all.iter().any(|c| c.admits(version)))
        })
    }

    /// The operands whose suffixes restrict the range, with zeros for wildcards.
    pub(crate) fn operands(&self) -> impl Iterator<Item = &str> {
        let restricting = |c: &&Comparator| c.operator != Operator::NotEqual;
        self.alternatives.iter().flatten().filter(restricting).map(|c| &*c.text)
    }

    /// Whether it asks for pre-releases: `~1.27-rc`.
    pub(crate) fn names_prerelease(&self) -> bool {
        self.alternatives.iter().flatten().any(|comparator| comparator.pre.is_some())
    }

    /// Whether it is about dates, which no other range has.
    pub(crate) fn has_date(&self) -> bool {
        self.alternatives.iter().flatten().any(|comparator| comparator.is_date)
    }
}

/// Whether a version is in one alternative. Dates are only in what names one.
fn matches(all: &[Comparator], version: &Version<'_>) -> bool {
    is_class(all, version)
        && all.iter().all(|comparator| comparator.matches(version))
        && (!version.is_prerelease() || all.iter().any(|comparator| comparator.admits(version)))
}

/// Whether an alternative is about dates, as the version is, or neither is.
fn is_class(all: &[Comparator], version: &Version<'_>) -> bool {
    all.iter().any(|comparator| comparator.is_date) == version.is_date
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Caret,
    Tilde,
    Equal,
    NotEqual,
    Greater,
    GreaterEqual,
    Less,
    LessEqual,
}

/// The operators as they are written; longer ones before those they begin with.
const OPERATORS: [(&str, Operator); 9] = [
    ("^", Operator::Caret),
    ("~>", Operator::Tilde),
    ("~", Operator::Tilde),
    ("!=", Operator::NotEqual),
    (">=", Operator::GreaterEqual),
    (">", Operator::Greater),
    ("<=", Operator::LessEqual),
    ("<", Operator::Less),
    ("=", Operator::Equal),
];

#[derive(Debug, Clone)]
struct Comparator {
    operator: Operator,
    /// The numbers in front of a wildcard, or all.
    components: Vec<String>,
    revision: Vec<String>,
    pre: Option<(PreKind, Vec<String>)>,
    variant: String,
    wildcard: bool,
    is_date: bool,
    /// As it was typed, with zeros for wildcards.
    text: String,
}

impl Comparator {
    fn matches(&self, version: &Version<'_>) -> bool {
        let variant = self.variant.is_empty() || version.is_variant(&self.variant);
        match self.operator {
            Operator::NotEqual => !variant || self.bounds(version),
            _ => variant && self.bounds(version),
        }
    }

    /// Whether the numbers fit.
    fn bounds(&self, version: &Version<'_>) -> bool {
        let order = self.compare(version);
        match self.operator {
            Operator::NotEqual => order != Ordering::Equal,
            Operator::Equal => order == Ordering::Equal,
            Operator::Greater => order == Ordering::Greater,
            Operator::GreaterEqual => order != Ordering::Less,
            Operator::Less => order == Ordering::Less,
            Operator::LessEqual => order != Ordering::Greater,
            Operator::Tilde => order != Ordering::Less && self.shares(version, 2),
            Operator::Caret => order != Ordering::Less && self.shares(version, self.caret()),
        }
    }

    /// Whether this comparator lets in a pre-release: it names one of the same numbers.
    fn admits(&self, version: &Version<'_>) -> bool {
        self.pre.is_some()
            && if self.wildcard {
                self.shares(version, usize::MAX)
            } else {
                self.padded(version, usize::MAX) == Ordering::Equal
                    && compare_lists(elements(version.revision), &self.revision, false)
                        == Ordering::Equal
            }
    }

    /// How many components `^` keeps: up to the first that is not zero, all if there is none.
    fn caret(&self) -> usize {
        let zeros = self.components.iter().take_while(|c| c.bytes().all(|b| b == b'0')).count();
        zeros + 1
    }

    /// Whether the first `count` components that the operand has are those of the version.
    fn shares(&self, version: &Version<'_>, count: usize) -> bool {
        self.padded(version, count.min(self.components.len())) == Ordering::Equal
    }

    fn padded(&self, version: &Version<'_>, count: usize) -> Ordering {
        compare_padded(version.components(), self.components.iter().map(String::as_str), count)
    }

    /// Where the version is relative to all versions that the operand covers.
    fn compare(&self, version: &Version<'_>) -> Ordering {
        // A pre-release of the operand's own numbers is below it, whatever the wildcards.
        let below = || {
            version.is_prerelease()
                && version.revision.is_empty()
                && self.padded(version, usize::MAX) == Ordering::Equal
        };
        let is_open = self.revision.is_empty() && self.pre.is_none();
        if is_open && below() {
            return Ordering::Less;
        }
        if self.wildcard || is_open {
            return self.padded(version, self.components.len());
        }
        let begins = self.pre.is_none();
        self.padded(version, usize::MAX)
            .then_with(|| compare_lists(elements(version.revision), &self.revision, begins))
            .then_with(|| compare_pre(version.pre, self.pre.as_ref()))
    }
}

/// Compares lists of numbers, a missing one below every present one. `begins`: a list that begins
/// with `wanted` counts as equal.
fn compare_lists<'a>(
    found: impl Iterator<Item = &'a str>,
    wanted: &[String],
    begins: bool,
) -> Ordering {
    let (mut found, mut wanted) = (found, wanted.iter());
    loop {
        let order = match (found.next(), wanted.next()) {
            (None, None) => return Ordering::Equal,
            (Some(_), None) if begins => return Ordering::Equal,
            (Some(_), None) => return Ordering::Greater,
            (None, Some(_)) => return Ordering::Less,
            (Some(found), Some(wanted)) => compare_numbers(found, wanted),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

fn compare_pre(found: Option<Pre<'_>>, wanted: Option<&(PreKind, Vec<String>)>) -> Ordering {
    match (found, wanted) {
        (None, None) => Ordering::Equal,
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        // The kinds are in printed order, the highest first.
        (Some(found), Some((kind, numbers))) => kind
            .cmp(&found.kind)
            .then_with(|| compare_lists(elements(found.numbers), numbers, true)),
    }
}

impl FromStr for Range {
    type Err = RangeError;

    fn from_str(text: &str) -> Result<Self, RangeError> {
        if text.trim().is_empty() {
            return Err(RangeError::new("", "the range is empty (* is every version)"));
        }
        let alternatives = text.split("||").map(alternative).collect::<Result<_, _>>()?;
        Ok(Range { alternatives })
    }
}

fn alternative(text: &str) -> Result<Vec<Comparator>, RangeError> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return Err(RangeError::new("||", "needs a range on both sides"));
    }
    if let Some((from, to)) = rest.split_once(" - ") {
        return Ok(vec![
            comparator(Operator::GreaterEqual, from.trim())?,
            comparator(Operator::LessEqual, to.trim())?,
        ]);
    }
    let mut comparators = Vec::new();
    loop {
        let (operator, written, operand) = split_operator(rest);
        let ends = |c: char| c.is_whitespace() || ",<>=!^~|".contains(c);
        let (operand, tail) = operand.split_at(operand.find(ends).unwrap_or(operand.len()));
        if operand.is_empty() {
            return Err(match written {
                "" => RangeError::new(rest, NO_VERSION),
                _ => RangeError::new(written, NEEDS_VERSION),
            });
        }
        comparators.push(comparator(operator, operand)?);
        let tail = tail.trim_start();
        rest = match tail.strip_prefix(',') {
            Some(more) if more.trim().is_empty() => {
                return Err(RangeError::new(",", NEEDS_VERSION));
            }
            Some(more) => more.trim_start(),
            None if tail.is_empty() => return Ok(comparators),
            None => tail,
        };
    }
}

const NO_VERSION: &str = "is not a version";
const NEEDS_VERSION: &str = "must be followed by a version";

/// The operator at the start, as it is written, and what follows.
fn split_operator(text: &str) -> (Operator, &str, &str) {
    let found = OPERATORS.iter().find(|(written, _)| text.starts_with(written));
    let (written, operator) = found.map_or(("", Operator::Equal), |&(w, operator)| (w, operator));
    (operator, written, text[written.len()..].trim_start())
}

fn comparator(operator: Operator, text: &str) -> Result<Comparator, RangeError> {
    let error = |reason| RangeError::new(text, reason);
    let (version, wildcard) = operand(text).map_err(error)?;
    let owned = |numbers: &str| elements(numbers).map(str::to_owned).collect::<Vec<_>>();
    let mut revision = owned(version.revision);
    let mut pre = version.pre.map(|pre| (pre.kind, owned(pre.numbers)));
    if version.revision == "-0" && pre.is_none() {
        revision.clear();
        pre = Some((PreKind::Lowest, Vec::new()));
    }
    let lowest = matches!(pre, None | Some((PreKind::Lowest, _)));
    if wildcard && !(revision.is_empty() && lowest) {
        return Err(error("has a wildcard and a revision or pre-release"));
    }
    let variant = version.variant().into_owned();
    if !is_suffix(&variant) {
        return Err(error(NO_VERSION));
    }
    let components = owned(version.components);
    let is_date = version.is_date;
    let text = match wildcard {
        true => format!("0{}", text.trim_start_matches(|c: char| !"-_".contains(c))),
        false => text.to_owned(),
    };
    Ok(Comparator { operator, components, revision, pre, variant, wildcard, is_date, text })
}

/// Reads an operand, and says whether it ends in wildcards.
fn operand(text: &str) -> Result<(Version<'_>, bool), &'static str> {
    let Some((numbers, suffix)) = wildcard(text) else {
        return Version::parse(text).map(|version| (version, false)).ok_or(NO_VERSION);
    };
    if numbers.split('.').any(str::is_empty) && !numbers.is_empty() {
        return Err(NO_VERSION);
    }
    if !(suffix.is_empty() || suffix.starts_with(['-', '_'])) {
        return Err("has something after its wildcard");
    }
    let rest = parse::suffix(suffix, false).ok_or(NO_VERSION)?;
    Ok((Version { components: numbers, ..rest }, true))
}

/// The numbers in front of the wildcards of an operand, and the suffix behind them.
fn wildcard(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (numbers, rest) = text.split_at(end);
    let numbers = match numbers {
        "" => "",
        _ => numbers.strip_suffix('.').filter(|numbers| !numbers.is_empty())?,
    };
    let mut rest = rest.strip_prefix(['x', 'X', '*'])?;
    while let Some(more) = rest.strip_prefix('.').and_then(|r| r.strip_prefix(['x', 'X', '*'])) {
        rest = more;
    }
    Some((numbers, rest))
}

/// Whether a variant can be one of a tag's, and is not a slip such as `1.2.y` or `1.2-`.
fn is_suffix(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric();
    let named = text.len() - text.trim_start_matches(|c| !word(c)).len();
    let starts = match text.as_bytes() {
        [] => return true,
        [b'-' | b'_', ..] => named == 1,
        [b'.', a, b, ..] => a.is_ascii_alphabetic() && b.is_ascii_alphabetic(),
        _ => false,
    };
    starts && text.ends_with(word) && text.chars().all(|c| word(c) || "-_.+".contains(c))
}

#[cfg(test)]
mod tests;
