//! The time at which an image says it was made, with wrong times told apart.

use jiff::Timestamp;
use jiff::civil::DateTime;

/// Midnight after the last date that tools write for reproducible builds, 1980-01-01.
const FIRST_CREDIBLE: i64 = 315_619_200;

/// A creation time from a config.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The text as it is in the config.
    pub text: String,
    /// The moment; `None` when the text is not an RFC 3339 time, or is one beyond the year 9999.
    pub time: Option<Timestamp>,
}

impl Created {
    /// Keeps a text and reads the time in it.
    pub fn new(text: &str) -> Self {
        let mut created = Created { text: text.to_owned(), time: None };
        created.time = created.rfc3339().and_then(|text| text.parse().ok());
        created
    }

    /// The moment to show to people: `None` for zero times and for the dates before 1980-01-02 that
    /// reproducible builds write.
    pub fn credible(&self) -> Option<Timestamp> {
        self.time.filter(|time| time.as_second() >= FIRST_CREDIBLE)
    }

    /// The text as Go's JSON writer puts it: at most nine digits after the point, no zeros at
    /// their end, a zero offset as `Z`. `None` when it is not a time.
    pub fn rfc3339(&self) -> Option<String> {
        let (seconds, fraction, offset) = split(&self.text)?;
        seconds.parse::<DateTime>().ok()?;
        let fraction = fraction.get(..9).unwrap_or(fraction).trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        let offset = if matches!(offset, "+00:00" | "-00:00") { "Z" } else { offset };
        Some(format!("{seconds}{point}{fraction}{offset}"))
    }
}

/// Splits `2024-01-02T03:04:05.6+01:00` into seconds, fraction and offset. `None` when the text has
/// not this shape. Of the ranges only those are looked at in which Go differs from others: no leap
/// second, and offsets of up to a day.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let seconds = text.get(..19).filter(|text| has_shape(text, "dddd-dd-ddTdd:dd:dd"))?;
    let rest = &text[19..];
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, offset) = match rest.strip_prefix('.') {
        Some(rest) if digits(rest) > 0 => rest.split_at(digits(rest)),
        Some(_) => return None,
        None => ("", rest),
    };
    let offset_fits = offset == "Z"
        || ((has_shape(offset, "+dd:dd") || has_shape(offset, "-dd:dd"))
            && &offset[1..3] <= "24"
            && &offset[4..] <= "59");
    (offset_fits && !seconds.ends_with("60")).then_some((seconds, fraction, offset))
}

/// Whether a text is like a pattern in which `d` stands for a digit.
fn has_shape(text: &str, pattern: &str) -> bool {
    text.len() == pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, expected)| match expected {
            b'd' => byte.is_ascii_digit(),
            _ => byte == expected,
        })
}
