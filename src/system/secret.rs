//! A secret string that cannot be printed by accident.
//!
//! Passwords, tokens and everything made from them live in a [`Secret`] from the moment
//! they are read: `Debug` shows `***`, there is no `Display` and no `Serialize`. The one way
//! to the text is [`Secret::expose`], a word that is easy to search for.

mod scan;

use crate::system::lock;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Mutex;

/// A password or token. See the module's text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret text.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// The text itself: for building a header or a form body, never for output.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The secrets that a run has sent, to be kept out of what it prints: servers repeat a login when
/// they refuse it, in their own words, in a URL or in another answer, and messages end up in logs.
#[derive(Default)]
pub struct Sent(Mutex<Known>);

#[derive(Default)]
struct Known {
    /// Hashes of the secrets: most requests carry one that was noted before.
    noted: HashSet<u64>,
    hasher: RandomState,
    needles: scan::Needles,
}

impl Sent {
    /// Shorter texts are parts of ordinary words, and are not looked for.
    const SHORTEST: usize = 6;

    /// Notes a secret that is about to be sent. Whether it was not known before.
    pub fn note(&self, secret: &str) -> bool {
        if secret.len() < Self::SHORTEST {
            return false;
        }
        let mut known = lock(&self.0);
        let hash = known.hasher.hash_one(secret);
        let is_new = known.noted.insert(hash);
        if is_new {
            known.needles.add(secret);
        }
        is_new
    }

    /// Notes a login. The password may be too short to be told from a word; the pair is not.
    pub fn note_login(&self, username: &str, password: &str) {
        if !password.is_empty() && self.note(&format!("{username}:{password}")) {
            self.note(password);
        }
    }

    /// The text with `***` in the place of every noted secret, encoded or not.
    pub fn hide<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let known = lock(&self.0);
        if known.noted.is_empty() {
            return text.into();
        }
        known.needles.hide(text).map_or(text.into(), Cow::Owned)
    }
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::{Secret, Sent};

    #[test]
    fn debug_hides_the_text() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "***");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[test]
    fn what_was_sent_is_hidden() {
        let sent = Sent::default();
        assert_eq!(sent.hide("nothing is known"), "nothing is known");
        for secret in ["hunter2", "hunter2-and-more", "pw", ""] {
            sent.note(secret);
        }
        let cases = [
            ("no secret", "no secret"),
            ("hunter2", "***"),
            ("<hunter2> hunter2-and-more", "<***> ***"),
            ("short ones stay: pw", "short ones stay: pw"),
        ];
        for (text, hidden) in cases {
            assert_eq!(sent.hide(text), hidden);
        }
        assert_eq!(format!("{sent:?}"), "***");
    }
}
