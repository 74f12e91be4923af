//! Sort keys: byte strings whose plain order is the order of tags.
//!
//! A tag is read once and turned into bytes, so that the many comparisons of a sort are comparisons
//! of bytes, mostly of the first sixteen, which lie as two machine words beside the tag's index. All
//! keys of a list share one buffer. Smaller keys are printed first; numbers are stored descending:
//!
//! ```text
//! version   00 component… FF revision… FF (00 | kind number… FF) variant
//! date      01 the same
//! name      02 text
//! ```
//!
//! Different tags may have the same key (`1.2`, `v1.2`); their texts decide.

use super::{Version, elements, parse};

const VERSION: u8 = 0;
const DATE: u8 = 1;
const NAME: u8 = 2;
/// The end of a list of numbers: after every further number, so that `3.20.1` precedes `3.20`.
const END: u8 = !0;
const RELEASE: u8 = 0;
/// A number in a variant or name. It sorts where ASCII has the digits.
const NUMBER: u8 = b'0';
/// The first value that does not fit into one byte of a key.
const TWO_BYTES: u64 = 0xE0;
/// Up to this many digits always fit into a `u64`.
const U64_DIGITS: usize = 19;

/// One tag of a sort.
struct Entry {
    /// The first sixteen bytes of the key, zeros behind a shorter one.
    head: (u64, u64),
    index: u32,
}

/// The indices of `len` tags in printed order.
pub(super) fn sorted<'t>(len: usize, tag: impl Fn(usize) -> &'t str) -> Vec<u32> {
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    let mut entries = Vec::with_capacity(len as usize);
    // What does not fit into the heads, and where each tag's part of it ends.
    let mut tails = Vec::new();
    let mut ends = Vec::with_capacity(len as usize);
    let mut key = Vec::new();
    for index in 0..len {
        key.clear();
        push(&mut key, tag(index as usize));
        let (head, tail) = key.split_at(key.len().min(HEAD));
        entries.push(Entry { head: words(head), index });
        tails.extend_from_slice(tail);
        ends.push(tails.len());
    }
    let tail = |index: u32| {
        let index = index as usize;
        let start = if index == 0 { 0 } else { ends[index - 1] };
        &tails[start..ends[index]]
    };
    entries.sort_unstable_by(|a, b| {
        (a.head.0.cmp(&b.head.0))
            .then_with(|| a.head.1.cmp(&b.head.1))
            .then_with(|| tail(a.index).cmp(tail(b.index)))
            .then_with(|| tag(a.index as usize).cmp(tag(b.index as usize)))
    });
    entries.into_iter().map(|entry| entry.index).collect()
}

/// How many bytes of a key lie beside the index.
const HEAD: usize = 16;

fn words(head: &[u8]) -> (u64, u64) {
    let mut bytes = [0; HEAD];
    bytes[..head.len()].copy_from_slice(head);
    let both = u128::from_be_bytes(bytes);
    ((both >> 64) as u64, both as u64)
}

/// Appends the key of a tag.
pub(super) fn push(key: &mut Vec<u8>, tag: &str) {
    match Version::parse(tag) {
        Some(version) => push_version(key, &version),
        None => {
            key.push(NAME);
            push_text(key, tag);
        }
    }
}

fn push_version(key: &mut Vec<u8>, version: &Version) {
    key.push(if version.is_date { DATE } else { VERSION });
    push_numbers(key, version.components);
    push_numbers(key, version.revision);
    match version.pre {
        None => key.push(RELEASE),
        Some(pre) => {
            key.push(1 + pre.kind as u8);
            push_numbers(key, pre.numbers);
        }
    }
    push_text(key, version.variant.0);
    push_text(key, version.variant.1);
}

fn push_numbers(key: &mut Vec<u8>, text: &str) {
    if !text.is_empty() {
        for number in elements(text) {
            push_number(key, number.as_bytes());
        }
    }
    key.push(END);
}

/// Appends a number so that greater ones come first, at any length.
fn push_number(key: &mut Vec<u8>, digits: &[u8]) {
    let zeros = digits.iter().take_while(|&&digit| digit == b'0').count();
    let digits = &digits[zeros..];
    if digits.len() > U64_DIGITS {
        key.push(!0xF9);
        key.extend((digits.len() as u64).to_be_bytes().map(|byte| !byte));
        key.extend(digits.iter().map(|digit| !digit));
        return;
    }
    let value = digits.iter().fold(0, |value, digit| value * 10 + u64::from(digit - b'0'));
    if value < TWO_BYTES {
        // 0 is left for END.
        key.push(!(value as u8 + 1));
        return;
    }
    let unused = value.leading_zeros() as usize / 8;
    key.push(!(0xF8 - unused as u8));
    key.extend(value.to_be_bytes()[unused..].iter().map(|byte| !byte));
}

/// Appends a text that sorts by name, with dotted numbers in it newest first. Hashes are words.
fn push_text(key: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let word = parse::word(bytes, at);
        if word.is_empty() {
            // No zeros, so that a head is not taken for a shorter one.
            key.push(bytes[at].max(1));
            at += 1;
        } else if parse::is_hash(word) {
            key.extend_from_slice(word);
            at += word.len();
        } else {
            at = push_word(key, bytes, at, at + word.len());
        }
    }
}

/// Appends a word of letters and digits; a number that begins in it may go on behind it. Returns
/// where the rest begins, always between words.
fn push_word(key: &mut Vec<u8>, bytes: &[u8], mut at: usize, end: usize) -> usize {
    while at < end {
        let letters = parse::letters(bytes, at);
        key.extend_from_slice(&bytes[at..at + letters]);
        at += letters;
        let mut digits = parse::digits(bytes, at);
        if digits == 0 {
            continue;
        }
        key.push(NUMBER);
        loop {
            push_number(key, &bytes[at..at + digits]);
            at += digits;
            digits = parse::digits(bytes, at + 1);
            if bytes.get(at) != Some(&b'.') || digits == 0 {
                break;
            }
            at += 1;
        }
        key.push(END);
    }
    at
}
