//! Durations as people write them: `5s`, `500ms`, `2m`, `1h`, bare seconds; ages also in days and weeks.
//! Pure: one parser for options, for the configuration, and for whatever filters by age.

use std::time::Duration;

use jiff::SignedDuration;

use super::values::InvalidValue;

const MINUTE: f64 = 60.0;
const HOUR: f64 = 3_600.0;
const DAY: f64 = 86_400.0;
const UNITS: [(&str, f64); 7] = [
    ("", 1.0),
    ("ms", 0.001),
    ("s", 1.0),
    ("m", MINUTE),
    ("h", HOUR),
    ("d", DAY),
    ("w", 7.0 * DAY),
];
/// The longest age: a century and more is a slip.
const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 36_525);

/// The time limit of one phase of a request: from a tenth of a second to an hour.
pub(crate) fn timeout(text: &str) -> Result<Duration, InvalidValue> {
    parse(text).and_then(limited).ok_or_else(|| {
        InvalidValue::new("expected a time from 0.1s to 1h, such as 5s, 500ms or 2m")
    })
}

/// A span of time back from now, such as `12h`, `7d` or `4w`.
pub(crate) fn age(text: &str) -> Result<SignedDuration, InvalidValue> {
    let age = parse(text).and_then(|age| SignedDuration::try_from(age).ok());
    age.filter(|age| *age <= LONGEST)
        .ok_or_else(|| InvalidValue::new("expected an age such as 30m, 12h, 7d or 4w"))
}

fn limited(time: Duration) -> Option<Duration> {
    (Duration::from_millis(100)..=Duration::from_secs(3600)).contains(&time).then_some(time)
}

fn parse(text: &str) -> Option<Duration> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let (_, seconds) = UNITS.iter().find(|(name, _)| *name == unit)?;
    Duration::try_from_secs_f64(number.parse::<f64>().ok()? * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (text, milliseconds) in [
            ("5", Some(5_000)),
            ("5s", Some(5_000)),
            ("2.5", Some(2_500)),
            ("500ms", Some(500)),
            ("1.5m", Some(90_000)),
            ("2m", Some(120_000)),
            ("1h", Some(3_600_000)),
            ("0.1", Some(100)),
            ("99ms", None),
            ("0", None),
            ("2h", None),
            ("1d", None),
            ("-1", None),
            ("+1", None),
            ("1e2", None),
            ("5 s", None),
            ("5S", None),
            ("s", None),
            ("", None),
            ("1.2.3", None),
            ("inf", None),
            ("nan", None),
            (&"9".repeat(400), None),
        ] {
            let found = timeout(text).ok().map(|time| time.as_millis());
            assert_eq!(found, milliseconds, "{text}");
        }
    }

    #[test]
    fn ages() {
        for (text, seconds) in [
            ("90s", Some(90)),
            ("30m", Some(1_800)),
            ("12h", Some(43_200)),
            ("7d", Some(604_800)),
            ("4w", Some(2_419_200)),
            ("0d", Some(0)),
            ("7", Some(7)),
            ("7ms", Some(0)),
            ("5217w", Some(3_155_241_600)),
            ("5218w", None),
            ("1y", None),
            ("d", None),
            ("-7d", None),
            (&format!("{}w", "9".repeat(30)), None),
        ] {
            assert_eq!(age(text).ok().map(|age| age.as_secs()), seconds, "{text}");
        }
    }
}
