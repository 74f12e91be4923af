//! When a request is sent again, and how long to wait before.
//!
//! Only what may work the second time is repeated, a bounded number of times, and a server's
//! `Retry-After` is obeyed unless it asks for more patience than a command line has. Pure, but
//! for the random half of the waiting time.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

/// The longest that a server's `Retry-After` is waited for.
pub(super) const MAX_WAIT: Duration = Duration::from_secs(30);
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(8);

/// Whether a failed attempt may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// It would fail again.
    Never,
    /// At once, without counting: a kept connection had died before the request was read.
    AtOnce,
    /// One more time.
    Once,
    /// As often as the limit allows.
    Usual,
    /// As often as the limit allows, and not before this time has passed.
    After(Duration),
}

/// What may be tried again after a status; `None` when the status is an answer.
pub(super) fn for_status(status: u16, wait: Option<Duration>) -> Option<Retry> {
    let usual = match wait {
        Some(wait) if wait > MAX_WAIT => Retry::Never,
        Some(wait) => Retry::After(wait),
        None => Retry::Usual,
    };
    match status {
        408 | 429 | 502 | 503 | 504 | 522 | 524 => Some(usual),
        500 => Some(Retry::Once),
        _ => None,
    }
}

/// How long to wait before attempt number `made + 1`; `None`: do not try again.
///
/// `made` counts the attempts made so far, `retries` those allowed beyond the first.
pub(super) fn wait_before(retry: Retry, made: u32, retries: u32) -> Option<Duration> {
    let allowed = match retry {
        Retry::Never => 0,
        Retry::AtOnce => return Some(Duration::ZERO),
        Retry::Once => retries.min(1),
        Retry::Usual | Retry::After(_) => retries,
    };
    if made > allowed {
        return None;
    }
    let backoff =
        FIRST_WAIT.saturating_mul(2u32.saturating_pow(made.saturating_sub(1))).min(LONGEST_BACKOFF);
    // Half of it fixed, half random: workers that failed together do not come back together.
    let random = RandomState::new().hash_one(made) % 1000;
    let half = backoff / 2;
    let wait = half + half.mul_f64(random as f64 / 1000.0);
    Some(match retry {
        Retry::After(asked) => wait.max(asked),
        _ => wait,
    })
}

/// Reads `Retry-After`: seconds, or an HTTP date (RFC 9110 § 10.2.3) counted from the answer's
/// own `Date` where it has one. Anything else is ignored.
pub(super) fn retry_after(value: &[u8], date: Option<&[u8]>, now: SystemTime) -> Option<Duration> {
    let text = std::str::from_utf8(value).ok()?.trim();
    if !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit()) {
        return text.parse().ok().map(Duration::from_secs);
    }
    let from = date
        .and_then(|date| std::str::from_utf8(date).ok())
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or(now);
    let until = httpdate::parse_http_date(text).ok()?;
    Some(until.duration_since(from).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let cases: [(&str, Option<&str>, Option<u64>); 10] = [
            ("5", None, Some(5)),
            (" 0 ", None, Some(0)),
            ("999999999999999999", None, Some(999_999_999_999_999_999)),
            ("9999999999999999999", None, None),
            ("-1", None, None),
            ("1.5", None, None),
            ("soon", None, None),
            ("Tue, 14 Nov 2023 22:13:30 GMT", None, Some(10)),
            ("Tue, 14 Nov 2023 22:13:30 GMT", Some("Tue, 14 Nov 2023 22:13:00 GMT"), Some(30)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", None, Some(0)),
        ];
        for (value, date, seconds) in cases {
            let found = retry_after(value.as_bytes(), date.map(str::as_bytes), now);
            assert_eq!(found, seconds.map(Duration::from_secs), "{value}");
        }
        assert_eq!(retry_after(b"\xff", None, now), None);
    }

    #[test]
    fn waits_grow_and_end() {
        for made in 1..=3 {
            let wait = wait_before(Retry::Usual, made, 3).unwrap();
            let full = FIRST_WAIT * 2u32.pow(made - 1);
            assert!(wait >= full / 2 && wait <= full, "{made}: {wait:?}");
        }
        assert_eq!(wait_before(Retry::Usual, 4, 3), None);
        assert_eq!(wait_before(Retry::Usual, 1, 0), None);
        assert_eq!(wait_before(Retry::Never, 1, 3), None);
        assert!(wait_before(Retry::Once, 1, 3).is_some());
        assert_eq!(wait_before(Retry::Once, 2, 3), None);
        assert_eq!(wait_before(Retry::AtOnce, 9, 0), Some(Duration::ZERO));
        let asked = Duration::from_secs(20);
        assert!(wait_before(Retry::After(asked), 1, 3).unwrap() >= asked);
        assert!(wait_before(Retry::Usual, 40, 50).unwrap() <= LONGEST_BACKOFF);
    }

    #[test]
    fn statuses() {
        assert_eq!(for_status(500, None), Some(Retry::Once));
        assert_eq!(for_status(503, None), Some(Retry::Usual));
        let second = Duration::from_secs(1);
        assert_eq!(for_status(429, Some(second)), Some(Retry::After(second)));
        assert_eq!(for_status(429, Some(second * 31)), Some(Retry::Never));
        for answer in [200, 401, 403, 404, 501] {
            assert_eq!(for_status(answer, None), None, "{answer}");
        }
    }
}
