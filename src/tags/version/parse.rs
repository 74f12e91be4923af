//! How a tag is read: the grammar of versions as people really write them.
//!
//! Everything works on bytes and borrows from the text. Every cut is made next to an ASCII letter,
//! digit or separator, so it never splits a character.

use super::{Pre, PreKind, Version};

/// Words that raise a version when a number follows: `1.0.post1`, `2.3-build.7`.
const REVISION_WORDS: [&str; 7] = ["post", "rev", "build", "patch", "hotfix", "sp", "update"];

/// The longest pre-release word.
const LONGEST_WORD: usize = 12;

/// Reads a tag; `None` if it is not a version.
pub(super) fn version(tag: &str) -> Option<Version<'_>> {
    let bytes = tag.as_bytes();
    let start = usize::from(matches!(bytes.first(), Some(b'v' | b'V')));
    let mut end = numbers_end(bytes, start)?;
    if is_hash(word(bytes, start)) {
        return None;
    }
    let single = digits(bytes, start) == end - start;
    let dated = date_end(bytes, start);
    if let Some(date) = dated {
        // Behind a date of eight digits, the number of a rebuild counts as a component.
        end = end.max(date);
    }
    let components = &tag[start..end];
    suffix(&tag[end..], single && dated.is_none()).map(|version| Version {
        components,
        is_date: dated.is_some(),
        ..version
    })
}

/// Reads what follows the components; they are left empty. `glued_word_is_name`: a word glued to
/// the digits makes a name of the whole (`32bit`, `3scale`), unless it marks a pre-release.
pub(super) fn suffix(text: &str, glued_word_is_name: bool) -> Option<Version<'_>> {
    let bytes = text.as_bytes();
    if bytes.is_empty() {
        return Some(Version::default());
    }
    if glued_word_is_name && begins_a_name(bytes) {
        return None;
    }
    let revision = revision_end(bytes);
    let (before, revised) = (&text[revision..], &text[..revision]);
    let (pre, variant) = match find_pre(bytes, revision) {
        Some((kind, marker, numbers, end)) => {
            let pre = Pre { kind, numbers: &text[numbers..end] };
            (Some(pre), (&text[revision..marker], &text[end..]))
        }
        None => (None, (before, "")),
    };
    Some(Version { revision: revised, pre, variant, ..Version::default() })
}

/// Whether a lone number and this text behind it are a name: `32bit`, `3scale`, not `18rc1`.
pub(in crate::tags) fn begins_a_name(bytes: &[u8]) -> bool {
    let glued = letters(bytes, 0);
    glued > 1 && pre_kind(&bytes[..glued]).is_none()
}

/// Where `digits *( "." digits )` ends.
pub(in crate::tags) fn numbers_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut end = start + digits(bytes, start);
    if end == start {
        return None;
    }
    while bytes.get(end) == Some(&b'.') {
        match digits(bytes, end + 1) {
            0 => break,
            more => end += 1 + more,
        }
    }
    Some(end)
}

/// Where a date ends: a number that begins with `YYYYMMDD`, or `YYYY-MM[-DD]` with dashes or
/// underscores.
pub(in crate::tags) fn date_end(bytes: &[u8], start: usize) -> Option<usize> {
    let length = digits(bytes, start);
    if length >= 8 {
        return is_compact_date(&bytes[start..]).then_some(start + length);
    }
    let field = |at: usize, most: u8| {
        let token = word(bytes, at);
        let number = two_digits(token)?;
        let ends = token.len() == 2 || matches!(token[2], b'T' | b't');
        ((1..=most).contains(&number) && ends).then_some(at + 2)
    };
    let separator = |at: usize| matches!(bytes.get(at), Some(b'-' | b'_'));
    let year = start + 4;
    if length != 4 || !matches!(&bytes[start..start + 2], b"19" | b"20" | b"21") {
        return None;
    }
    let month = if separator(year) { field(year + 1, 12)? } else { return None };
    let day = if separator(month) { field(month + 1, 31) } else { None };
    Some(day.unwrap_or(month))
}

/// Where a time ends that directly follows a date: `T16-07-38Z`, `T103000`.
pub(in crate::tags) fn time_end(bytes: &[u8], start: usize) -> Option<usize> {
    let mut end = start + 1 + digits(bytes, start + 1);
    if !matches!(bytes.get(start), Some(b'T' | b't')) || end == start + 1 {
        return None;
    }
    while is_separator(bytes.get(end)) && digits(bytes, end + 1) > 0 {
        end += 1 + digits(bytes, end + 1);
    }
    Some(end + usize::from(matches!(bytes.get(end), Some(b'Z' | b'z'))))
}

fn two_digits(bytes: &[u8]) -> Option<u8> {
    match bytes {
        [a @ b'0'..=b'9', b @ b'0'..=b'9', ..] => Some((a - b'0') * 10 + (b - b'0')),
        _ => None,
    }
}

/// Where the revision at the start of a suffix ends; 0 if there is none.
fn revision_end(bytes: &[u8]) -> usize {
    let mut end = 0;
    if letters(bytes, 0) == 1 {
        let number = digits(bytes, 1);
        if number > 0 && letter_kind(bytes[0]).is_some() {
            return 0;
        }
        end = 1 + number;
    }
    loop {
        match revision_token(bytes, end) {
            0 => return end,
            length => end += length,
        }
    }
}

/// The length of one more part of a revision, separator included; 0 if none follows.
fn revision_token(bytes: &[u8], at: usize) -> usize {
    if !is_separator(bytes.get(at)) {
        return 0;
    }
    let token = word(bytes, at + 1);
    let name = letters(token, 0);
    let number = digits(token, name);
    if name + number == token.len() && number > 0 {
        let raises = match token[0].to_ascii_lowercase() {
            _ if name == 0 => true,
            b'u' | b'p' | b'r' if name == 1 => true,
            // A build of an update, as in `8u292-b10`.
            b'b' if name == 1 => at > 0,
            _ => is_revision_word(&token[..name]),
        };
        return if raises { 1 + token.len() } else { 0 };
    }
    // `-build.7`, `-build-7`
    let after = at + 1 + token.len();
    if number == 0 && is_revision_word(token) && is_separator(bytes.get(after)) {
        let number = all_digits(bytes, after + 1);
        return if number > 0 { after + 1 + number - at } else { 0 };
    }
    0
}

fn is_revision_word(word: &[u8]) -> bool {
    REVISION_WORDS.iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// Finds the pre-release marker in a suffix: its kind, where it begins (with its separator), where
/// its numbers begin, and where they end.
fn find_pre(bytes: &[u8], start: usize) -> Option<(PreKind, usize, usize, usize)> {
    let mut at = start;
    while at < bytes.len() {
        let first = at + usize::from(is_separator(bytes.get(at)));
        // Only the first word may be glued to the text before it.
        let found = match at == start || first > at {
            true => marker(bytes, first, at == start, first == at),
            false => None,
        };
        if let Some(kind) = found {
            let numbers = first + letters(bytes, first);
            return Some((kind, at, numbers, pre_numbers_end(bytes, numbers)));
        }
        at = first.max(at + 1);
        while at < bytes.len() && !is_separator(bytes.get(at)) {
            at += 1;
        }
    }
    None
}

/// The kind of pre-release that the word at `at` marks. Later in a suffix only those words count
/// that cannot mean anything else there.
fn marker(bytes: &[u8], at: usize, leads: bool, glued: bool) -> Option<PreKind> {
    let length = letters(bytes, at);
    if length != 1 {
        let (kind, unmistakable) = pre_kind(&bytes[at..at + length])?;
        return (leads || unmistakable).then_some(kind);
    }
    let number = digits(bytes, at + 1);
    let fits = match glued {
        // `3.9b1`, but not `8u412b08`, a build.
        true => at == 0,
        // `-M2`; `-a100` and `-b200` are graphics cards.
        false => leads && number <= 2 && word(bytes, at).len() == 1 + number,
    };
    if fits && number > 0 { letter_kind(bytes[at]) } else { None }
}

/// Where the numbers behind a pre-release marker end: `2`, `.7.24407.12`, `-5`.
fn pre_numbers_end(bytes: &[u8], start: usize) -> usize {
    let mut end = start + digits(bytes, start);
    while is_separator(bytes.get(end)) {
        match all_digits(bytes, end + 1) {
            0 => break,
            number => end += 1 + number,
        }
    }
    end
}

pub(in crate::tags) fn letter_kind(letter: u8) -> Option<PreKind> {
    match letter {
        b'a' | b'A' => Some(PreKind::Alpha),
        b'b' | b'B' => Some(PreKind::Beta),
        b'm' | b'M' => Some(PreKind::Milestone),
        _ => None,
    }
}

/// The pre-release that a whole word marks, and whether it can mean nothing else.
pub(in crate::tags) fn pre_kind(word: &[u8]) -> Option<(PreKind, bool)> {
    let mut lower = [0; LONGEST_WORD];
    let lower = lower.get_mut(..word.len())?;
    lower.copy_from_slice(word);
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"rc" => (PreKind::Rc, true),
        b"cr" => (PreKind::Rc, false),
        b"preview" | b"prerelease" => (PreKind::Preview, true),
        b"pre" | b"ctp" => (PreKind::Preview, false),
        b"milestone" => (PreKind::Milestone, true),
        b"ea" => (PreKind::EarlyAccess, false),
        b"beta" => (PreKind::Beta, true),
        b"alpha" => (PreKind::Alpha, true),
        b"next" => (PreKind::Next, false),
        b"canary" => (PreKind::Canary, true),
        b"insiders" | b"experimental" => (PreKind::Canary, false),
        b"snapshot" => (PreKind::Snapshot, true),
        b"nightly" => (PreKind::Nightly, true),
        b"daily" => (PreKind::Nightly, false),
        b"dev" | b"devel" => (PreKind::Dev, false),
        _ => return None,
    })
}

/// Whether a word looks like a hash: seven or more hexadecimal digits, both letters and digits,
/// that neither begin with a date such as `20240115` nor are a letter and a number (`b20240115`).
pub(in crate::tags) fn is_hash(word: &[u8]) -> bool {
    if word.len() < 7 {
        return false;
    }
    let (all, any) = word.iter().fold((HEX, 0), |(all, any), &byte| {
        let class = CLASSES[usize::from(byte)];
        (all & class, any | class)
    });
    if all != HEX || any != HEX | DIGIT | LETTER {
        return false;
    }
    let leading = digits(word, 0);
    let numbered = leading == 0 && 1 + digits(word, 1) == word.len();
    let dated = leading == 8 && is_compact_date(word);
    !numbered && !dated
}

/// Whether a word begins with `YYYYMMDD`.
fn is_compact_date(word: &[u8]) -> bool {
    let within =
        |at: usize, most: u8| two_digits(&word[at..]).is_some_and(|n| (1..=most).contains(&n));
    matches!(&word[..2], b"19" | b"20") && within(4, 12) && within(6, 31)
}

/// The letters and digits from `at` on.
pub(in crate::tags) fn word(bytes: &[u8], at: usize) -> &[u8] {
    let length = run(bytes, at, DIGIT | LETTER);
    bytes.get(at..at + length).unwrap_or_default()
}

/// The number of digits from `at` on.
pub(in crate::tags) fn digits(bytes: &[u8], at: usize) -> usize {
    run(bytes, at, DIGIT)
}

/// The number of letters from `at` on.
pub(in crate::tags) fn letters(bytes: &[u8], at: usize) -> usize {
    run(bytes, at, LETTER)
}

/// The number of bytes of some classes from `at` on.
fn run(bytes: &[u8], at: usize, classes: u8) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    rest.iter().take_while(|&&byte| CLASSES[usize::from(byte)] & classes != 0).count()
}

const DIGIT: u8 = 1;
const LETTER: u8 = 2;
const HEX: u8 = 4;

/// What each byte is. Hashes are random, and branches on their bytes are slow: a table has none.
static CLASSES: [u8; 256] = {
    let mut classes = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        let ascii = byte as u8;
        classes[byte] = ascii.is_ascii_digit() as u8 * DIGIT
            + ascii.is_ascii_alphabetic() as u8 * LETTER
            + ascii.is_ascii_hexdigit() as u8 * HEX;
        byte += 1;
    }
    classes
};

/// The length of the word at `at` if it is all digits; else 0.
fn all_digits(bytes: &[u8], at: usize) -> usize {
    let number = digits(bytes, at);
    if bytes.get(at + number).is_some_and(u8::is_ascii_alphabetic) { 0 } else { number }
}

pub(in crate::tags) fn is_separator(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b'-' | b'_' | b'.' | b'+'))
}
