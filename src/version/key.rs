//! Sort keys: byte strings whose plain order is the order of tags.
//!
//! A tag is read once and turned into bytes, so that the many comparisons of a sort are comparisons
//! of bytes, mostly of the first eight, which lie in one machine word beside the tag's index. All
//! keys of a list share one buffer. Smaller keys are printed first; numbers are stored descending:
//!
//! ```text
//! version   00 component… FF revision… FF (00 | kind number… FF) variant
//! name      01 text
//! ```
//!
//! Different tags may have the same key (`1.2`, `v1.2`); their texts decide.

use std::cmp::Ordering;

use super::{Version, elements, parse};

const VERSION: u8 = 0;
const NAME: u8 = 1;
/// The end of a list of numbers: after every further number, so that `3.20.1` precedes `3.20`.
const END: u8 = !0;
const RELEASE: u8 = 0;
/// A number in a variant or name. It stands where ASCII has the digits.
const NUMBER: u8 = b'0';
/// The first value that does not fit into one byte of a key.
const TWO_BYTES: u64 = 0xE0;
/// Up to this many digits always fit into a `u64`.
const U64_DIGITS: usize = 19;

/// One tag of a sort.
struct Entry {
    /// The first eight bytes of the key, zeros behind a shorter one.
    head: u64,
    index: u32,
}

/// The indices of `len` tags in printed order.
pub(super) fn sorted<'t>(len: usize, tag: impl Fn(usize) -> &'t str) -> Vec<u32> {
    let len = u32::try_from(len).unwrap_or(u32::MAX);
    let mut keys = Vec::new();
    let mut bounds = Vec::with_capacity(len as usize + 1);
    let mut entries = Vec::with_capacity(len as usize);
    bounds.push(0);
    for index in 0..len {
        let start = keys.len();
        push(&mut keys, tag(index as usize));
        bounds.push(keys.len());
        entries.push(Entry { head: head(&keys[start..]), index });
    }
    let key = |index: u32| &keys[bounds[index as usize]..bounds[index as usize + 1]];
    entries.sort_unstable_by(|a, b| {
        a.head.cmp(&b.head).then_with(|| match key(a.index).cmp(key(b.index)) {
            Ordering::Equal => tag(a.index as usize).cmp(tag(b.index as usize)),
            different => different,
        })
    });
    entries.into_iter().map(|entry| entry.index).collect()
}

fn head(key: &[u8]) -> u64 {
    let mut head = [0; 8];
    let length = key.len().min(8);
    head[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(head)
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
    key.push(VERSION);
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
    while let Some(&byte) = bytes.get(at) {
        let starts = at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
        if starts && byte.is_ascii_hexdigit() {
            let word = parse::word(bytes, at);
            if parse::is_hash(word) {
                key.extend_from_slice(word);
                at += word.len();
                continue;
            }
        }
        if !byte.is_ascii_digit() {
            key.push(byte);
            at += 1;
            continue;
        }
        key.push(NUMBER);
        loop {
            let length = parse::digits(bytes, at);
            push_number(key, &bytes[at..at + length]);
            at += length;
            if bytes.get(at) != Some(&b'.') || parse::digits(bytes, at + 1) == 0 {
                break;
            }
            at += 1;
        }
        key.push(END);
    }
}
