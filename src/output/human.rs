//! Numbers, times and digests as docker shows them to people.
//!
//! The wording and the thresholds are those of `github.com/docker/go-units`, so that a column
//! here reads like the same column of `docker image ls`. JSON and plain templates never use these.

use jiff::Timestamp;

const UNITS: [&str; 9] = ["B", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"];

/// A number of bytes in decimal units with three significant digits: `5.6MB`, `999B`.
///
/// This is `units.HumanSizeWithPrecision(size, 3)`, but for sizes that round up to a thousand:
/// those take the next unit (`1MB`) where Go's `%g` falls into `1e+03kB`.
pub(crate) fn size(bytes: u64) -> String {
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 999.5 && unit + 1 < UNITS.len() {
        size /= 1000.0;
        unit += 1;
    }
    let decimals = match size {
        ..9.995 => 2,
        ..99.95 => 1,
        _ => 0,
    };
    let digits = format!("{size:.decimals$}");
    let trimmed = digits.trim_end_matches('0').trim_end_matches('.');
    let digits = if digits.contains('.') { trimmed } else { &digits };
    format!("{digits}{}", UNITS[unit])
}

/// How long ago a moment was: `2 weeks ago`, `About an hour ago`. What is still to come was
/// `Less than a second ago`, as docker has it.
pub(crate) fn age(now: Timestamp, then: Timestamp) -> String {
    let passed = (now.as_nanosecond() - then.as_nanosecond()) / 1_000_000_000;
    let seconds = i64::try_from(passed).expect("all of jiff's time spans fewer than 2^63 seconds");
    format!("{} ago", duration(seconds))
}

/// A span of seconds in words: `units.HumanDuration`.
pub(crate) fn duration(seconds: i64) -> String {
    let minutes = seconds / 60;
    let hours = (seconds.saturating_add(1800)) / 3600;
    match (seconds, minutes, hours) {
        (..1, ..) => "Less than a second".to_owned(),
        (1, ..) => "1 second".to_owned(),
        (..60, ..) => format!("{seconds} seconds"),
        (_, 1, _) => "About a minute".to_owned(),
        (_, ..60, _) => format!("{minutes} minutes"),
        (_, _, 1) => "About an hour".to_owned(),
        (_, _, ..48) => format!("{hours} hours"),
        (_, _, ..336) => format!("{} days", hours / 24),
        (_, _, ..1440) => format!("{} weeks", hours / 24 / 7),
        (_, _, ..17520) => format!("{} months", hours / 24 / 30),
        _ => format!("{} years", seconds / 3600 / 24 / 365),
    }
}

/// A digest for a column: the algorithm and the first twelve digits, or all of it.
pub(crate) fn digest(digest: &str, no_trunc: bool) -> &str {
    let end = digest.find(':').map_or(12, |colon| colon + 13);
    if no_trunc { digest } else { digest.get(..end).unwrap_or(digest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0B"),
            (1, "1B"),
            (999, "999B"),
            (1000, "1kB"),
            (1024, "1.02kB"),
            (1_005_000, "1MB"),
            (1_006_000, "1.01MB"),
            (5_600_000, "5.6MB"),
            (9_994_000, "9.99MB"),
            (9_996_000, "10MB"),
            (10_000_000, "10MB"),
            (73_500_000, "73.5MB"),
            (99_960_000, "100MB"),
            (100_000_000, "100MB"),
            (187_654_321, "188MB"),
            (999_400, "999kB"),
            (999_950, "1MB"),
            (1_234_567_890, "1.23GB"),
            (u64::MAX, "18.4EB"),
        ] {
            assert_eq!(size(bytes), text, "{bytes}");
        }
    }

    #[test]
    fn durations() {
        const MINUTE: i64 = 60;
        const HOUR: i64 = 60 * MINUTE;
        const DAY: i64 = 24 * HOUR;
        for (seconds, text) in [
            (-5, "Less than a second"),
            (0, "Less than a second"),
            (1, "1 second"),
            (59, "59 seconds"),
            (60, "About a minute"),
            (119, "About a minute"),
            (120, "2 minutes"),
            (45 * MINUTE, "45 minutes"),
            (59 * MINUTE + 59, "59 minutes"),
            (HOUR, "About an hour"),
            (HOUR + 29 * MINUTE + 59, "About an hour"),
            (HOUR + 30 * MINUTE, "2 hours"),
            (47 * HOUR, "47 hours"),
            (47 * HOUR + 30 * MINUTE, "2 days"),
            (DAY * 13, "13 days"),
            (DAY * 14, "2 weeks"),
            (DAY * 59, "8 weeks"),
            (DAY * 60, "2 months"),
            (DAY * 729, "24 months"),
            (DAY * 730, "2 years"),
            (DAY * 365 * 50, "50 years"),
            (i64::MAX, "292471208677 years"),
        ] {
            assert_eq!(duration(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn ages() {
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        let now = at("2025-06-15T12:00:00Z");
        assert_eq!(age(now, at("2025-06-01T12:00:00Z")), "2 weeks ago");
        assert_eq!(age(now, at("2025-06-15T11:59:58.5Z")), "1 second ago");
        assert_eq!(age(now, at("2026-01-01T00:00:00Z")), "Less than a second ago");
        assert!(age(Timestamp::MAX, Timestamp::MIN).ends_with(" years ago"));
        assert_eq!(age(Timestamp::MIN, Timestamp::MAX), "Less than a second ago");
    }

    #[test]
    fn digests() {
        let full = format!("sha256:{}", "0123456789abcdef".repeat(4));
        assert_eq!(digest(&full, false), "sha256:0123456789ab");
        assert_eq!(digest(&full, true), full);
        for odd in ["", "sha256:", "sha256:12", "é", "0123456789ab"] {
            assert_eq!(digest(odd, false), odd);
        }
        assert_eq!(digest("0123456789abcdef", false), "0123456789ab");
        assert_eq!(digest("x:éééééééééé", false), "x:éééééé");
    }
}
