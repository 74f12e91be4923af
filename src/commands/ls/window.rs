//! `--since` and `--older-than`: which tags are left by their dates.

use std::fmt;
use std::str::FromStr;

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::listing::TaggedImage;
use crate::config::duration;

/// A moment: an age, or a date.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    /// As it was typed.
    text: String,
    at: At,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum At {
    Ago(SignedDuration),
    Time(Timestamp),
}

impl FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // A number alone may be meant as a year.
        let has_unit = text.ends_with(|c: char| c.is_ascii_alphabetic());
        let ago = duration::age(text).ok().filter(|_| has_unit).map(At::Ago);
        let time = || text.parse().ok().or_else(|| utc(text)).map(At::Time);
        match ago.or_else(time) {
            Some(at) => Ok(Moment { text: text.to_owned(), at }),
            None => {
                Err("expected an age such as 7d or 12h, or a date such as 2026-01-31".to_owned())
            }
        }
    }
}

/// A date, perhaps with a time; without a time zone it is UTC.
fn utc(text: &str) -> Option<Timestamp> {
    TimeZone::UTC.to_timestamp(text.parse::<DateTime>().ok()?).ok()
}

impl Moment {
    fn before(&self, now: Timestamp) -> Timestamp {
        match self.at {
            At::Ago(ago) => now.checked_sub(ago).unwrap_or(Timestamp::MIN),
            At::Time(time) => time,
        }
    }
}

/// The time in which a tag must have been made.
pub(super) struct Window<'a> {
    pub(super) since: Option<&'a Moment>,
    pub(super) older_than: Option<&'a Moment>,
    pub(super) now: Timestamp,
    /// How many tags were outside.
    pub(super) outside: usize,
    /// How many had no date.
    pub(super) undated: usize,
}

impl Window<'_> {
    /// Leaves only those that fit.
    pub(super) fn filter(&mut self, images: &mut Vec<TaggedImage>) {
        if self.since.is_none() && self.older_than.is_none() {
            return;
        }
        images.retain(|image| {
            let Some(created) = image.details.created else {
                self.undated += 1;
                return false;
            };
            let fits = self.since.is_none_or(|since| created >= since.before(self.now))
                && self.older_than.is_none_or(|older| created < older.before(self.now));
            self.outside += usize::from(!fits);
            fits
        });
    }
}

/// `newer than 7d`
impl fmt::Display for Window<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(since) = self.since {
            write!(f, "newer than {}", since.text)?;
        }
        if let Some(older) = self.older_than {
            let and = if self.since.is_some() { " and " } else { "" };
            write!(f, "{and}older than {}", older.text)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let now: Timestamp = "2026-07-31T12:00:00Z".parse().unwrap();
        let rows = [
            ("7d", "2026-07-24T12:00:00Z"),
            ("4w", "2026-07-03T12:00:00Z"),
            ("90m", "2026-07-31T10:30:00Z"),
            ("2026-01-01", "2026-01-01T00:00:00Z"),
            ("2026-01-01T10:00", "2026-01-01T10:00:00Z"),
            ("2026-01-01T10:00:00+02:00", "2026-01-01T08:00:00Z"),
            ("2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"),
        ];
        for (text, expected) in rows {
            let moment: Moment = text.parse().unwrap();
            assert_eq!(moment.before(now), expected.parse().unwrap(), "{text}");
        }
        for wrong in ["", "7", "7y", "yesterday", "2026", "2026-13-01", "-1d", "99999999d", "1e9d"]
        {
            assert!(wrong.parse::<Moment>().is_err(), "{wrong}");
        }
    }
}
