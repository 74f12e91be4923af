//! Finds secrets in a text, whatever encodings the text went through on its way here.
//!
//! A server that repeats a password quotes it as its own language does: with JSON's or Go's
//! escapes, HTML's, percent signs, in base64, some of it twice. So both sides are compared decoded:
//! at each place of the text a character may stand for itself or for what its escape means, and
//! where nothing is found the text with all its escapes decoded is searched once more.

use std::ops::Range;

use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;

/// What the kinds of escapes begin with.
const ESCAPES: [u8; 3] = *b"%\\&";
/// How many layers of escapes are looked through.
const MAX_LAYERS: usize = 4;
/// How many comparisons are made in a text before all of it is hidden: a bound against texts that
/// nearly match everywhere. Ordinary ones need a few thousand.
const MAX_STEPS: usize = 8_000_000;
/// How much of a long secret is searched for where the rest can be told by its characters.
const HEAD: usize = 64;
/// The same for what is compared in base64.
const BASE64_HEAD: usize = 48;

/// The texts to search for, by their first byte.
pub(super) struct Needles([Vec<Needle>; 256]);

struct Needle {
    bytes: Vec<u8>,
    form: Form,
}

#[derive(Clone, Copy)]
enum Form {
    /// The secret as it is.
    Whole,
    /// The beginning of a token; the rest is made of a token's characters.
    Head,
    /// The inner characters of the secret in base64, where `before` and `after` tell whether a
    /// character on either side holds bits of it, too, and `open` whether it goes on.
    Base64 { before: bool, after: bool, open: bool },
}

impl Default for Needles {
    fn default() -> Self {
        Needles([const { Vec::new() }; 256])
    }
}

impl Needles {
    pub(super) fn add(&mut self, secret: &str) {
        let is_long_token = secret.len() > HEAD && secret.bytes().all(is_token68);
        if is_long_token {
            self.insert(&secret.as_bytes()[..HEAD], Form::Head);
        } else {
            self.insert(secret.as_bytes(), Form::Whole);
        }
        // A base64 text may hold it from the first, second or third byte of a group on.
        let head = &secret.as_bytes()[..secret.len().min(BASE64_HEAD)];
        for shift in 0..3 {
            let encoded = BASE64_STANDARD_NO_PAD.encode([&[0; 2][..shift], head].concat());
            let skipped = [0, 2, 3][shift];
            let whole = (shift + head.len()) * 8 / 6;
            let form = Form::Base64 {
                before: shift > 0,
                after: !(shift + head.len()).is_multiple_of(3),
                open: head.len() < secret.len(),
            };
            self.insert(&encoded.as_bytes()[skipped..whole], form);
        }
    }

    /// Many tokens of a service begin alike.
    fn insert(&mut self, bytes: &[u8], form: Form) {
        let Some(&first) = bytes.first() else { return };
        let list = &mut self.0[usize::from(first)];
        if !list.iter().any(|needle| needle.bytes == bytes) {
            list.push(Needle { bytes: bytes.to_vec(), form });
        }
    }

    /// The text with `***` in the place of every secret; `None` where there is none in it.
    pub(super) fn hide(&self, text: &str) -> Option<String> {
        let (mut found, mut steps) = (Vec::new(), 0);
        self.search_layers(&Layer::of(text), MAX_LAYERS, &mut found, &mut steps);
        if steps > MAX_STEPS {
            return Some("***".to_owned());
        }
        (!found.is_empty()).then(|| replaced(text, found))
    }

    /// Searches a layer and those below it. A secret may hold what looks like an escape, so one kind
    /// of escape is taken off at a time.
    fn search_layers(
        &self,
        layer: &Layer,
        depth: usize,
        found: &mut Vec<Range<usize>>,
        steps: &mut usize,
    ) {
        self.search(layer, found, steps);
        for start in ESCAPES {
            if depth > 1
                && *steps <= MAX_STEPS
                && let Some(next) = layer.decoded(start)
            {
                self.search_layers(&next, depth - 1, found, steps);
            }
        }
    }

    fn search(&self, layer: &Layer, found: &mut Vec<Range<usize>>, steps: &mut usize) {
        for start in 0..layer.bytes.len() {
            for first in layer.meanings(start).into_iter().flatten() {
                let alike = alphabet(first);
                let list = &self.0[usize::from(first)];
                let other = if alike == first { &[][..] } else { &self.0[usize::from(alike)][..] };
                for needle in list.iter().chain(other) {
                    if let Some(end) = layer.matches(start, needle, steps) {
                        found.push(layer.source(needle.form, start, end));
                    }
                    if *steps > MAX_STEPS {
                        return;
                    }
                }
            }
        }
    }
}

/// A text with some layers of escapes decoded, and where in the original each byte comes from.
struct Layer {
    bytes: Vec<u8>,
    origin: Vec<Range<usize>>,
}

impl Layer {
    fn of(text: &str) -> Self {
        let origin = (0..text.len()).map(|index| index..index + 1).collect();
        Layer { bytes: text.as_bytes().to_vec(), origin }
    }

    /// The same with every escape of a kind decoded; `None` where there is none.
    fn decoded(&self, kind: u8) -> Option<Layer> {
        if !self.bytes.contains(&kind) {
            return None;
        }
        let mut next = Layer { bytes: Vec::new(), origin: Vec::new() };
        let mut index = 0;
        while index < self.bytes.len() {
            let byte = self.bytes[index];
            // Few escape other signs than these, and a secret's own backslash may be there.
            let is_odd = |next: &u8| next.is_ascii_punctuation() && !b"\"\\/'`".contains(next);
            let is_odd = byte == b'\\' && self.bytes.get(index + 1).is_some_and(is_odd);
            let found = escape(&self.bytes[index..]).filter(|_| byte == kind && !is_odd);
            let (bytes, used) = found.unwrap_or((Decoded::byte(byte), 1));
            let origin = self.origin[index].start..self.origin[index + used - 1].end;
            for &byte in bytes.as_slice() {
                next.bytes.push(byte);
                next.origin.push(origin.clone());
            }
            index += used;
        }
        (next.bytes.len() < self.bytes.len()).then_some(next)
    }

    /// What the character at a place may stand for: itself, a form's blank, an escape's meaning.
    fn meanings(&self, at: usize) -> [Option<u8>; 2] {
        let byte = self.bytes[at];
        let other = match byte {
            b'+' => Some(b' '),
            _ => escape(&self.bytes[at..]).and_then(|(meant, _)| meant.as_slice().first().copied()),
        };
        [Some(byte), other.filter(|other| *other != byte)]
    }

    /// The end of the needle in this layer, if it begins at `start`.
    fn matches(&self, start: usize, needle: &Needle, steps: &mut usize) -> Option<usize> {
        let in_base64 = matches!(needle.form, Form::Base64 { .. });
        let same = |a: u8, b: u8| a == b || (in_base64 && alphabet(a) == b);
        let mut places = vec![(start, 0)];
        while let Some((at, done)) = places.pop() {
            let Some(&wanted) = needle.bytes.get(done) else { return Some(at) };
            let Some(&byte) = self.bytes.get(at) else { continue };
            *steps += 1;
            if *steps > MAX_STEPS {
                return None;
            }
            if let Some((decoded, used)) = escape(&self.bytes[at..]) {
                let decoded = decoded.as_slice();
                let rest = &needle.bytes[done..];
                if rest.len() >= decoded.len()
                    && decoded.iter().zip(rest).all(|(a, b)| same(*a, *b))
                {
                    places.push((at + used, done + decoded.len()));
                }
            }
            if same(byte, wanted) || (byte == b'+' && wanted == b' ') {
                places.push((at + 1, done + 1));
            }
        }
        None
    }

    /// The place in the original of what was found from `start` to `end`, and of what belongs to it.
    fn source(&self, form: Form, mut start: usize, mut end: usize) -> Range<usize> {
        match form {
            Form::Whole => {}
            Form::Head => end = self.run(end, usize::MAX, is_token68),
            Form::Base64 { before, after, open } => {
                if before && start > 0 && is_base64(self.bytes[start - 1]) {
                    start -= 1;
                }
                let most = if open { usize::MAX } else { usize::from(after) };
                end = self.run(end, most, is_base64);
                end = self.run(end, 2, |byte| byte == b'=');
            }
        }
        self.origin[start].start..self.origin[end - 1].end
    }

    /// The end of at most `most` characters of a kind, escaped or not.
    fn run(&self, mut end: usize, most: usize, is: impl Fn(u8) -> bool) -> usize {
        for _ in 0..most {
            let rest = &self.bytes[end..];
            end += match (rest.first(), escape(rest)) {
                (Some(&byte), _) if is(byte) => 1,
                (_, Some((decoded, used))) if decoded.as_slice().iter().all(|&byte| is(byte)) => {
                    used
                }
                _ => break,
            };
        }
        end
    }
}

fn replaced(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_by_key(|range| range.start);
    let mut hidden = String::with_capacity(text.len());
    let mut shown = 0;
    for range in found {
        let end = (range.end..=text.len()).find(|&end| text.is_char_boundary(end));
        let end = end.unwrap_or(text.len());
        if range.start >= shown {
            let start = (0..=range.start).rev().find(|&start| text.is_char_boundary(start));
            hidden.push_str(&text[shown..start.unwrap_or_default().max(shown)]);
            hidden.push_str("***");
        }
        shown = shown.max(end);
    }
    hidden.push_str(&text[shown..]);
    hidden
}

/// The bytes of one character.
#[derive(Clone, Copy)]
struct Decoded {
    bytes: [u8; 4],
    length: usize,
}

impl Decoded {
    fn byte(byte: u8) -> Self {
        Decoded { bytes: [byte, 0, 0, 0], length: 1 }
    }

    fn character(code: u32) -> Option<Self> {
        let mut bytes = [0; 4];
        let length = char::from_u32(code)?.encode_utf8(&mut bytes).len();
        Some(Decoded { bytes, length })
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

/// The character that the escape at the beginning of a text stands for, and the escape's length.
fn escape(text: &[u8]) -> Option<(Decoded, usize)> {
    match text {
        [b'%', high, low, ..] => {
            let byte = hex(&[*high, *low])? as u8;
            Some((Decoded::byte(byte), 3))
        }
        [b'\\', rest @ ..] => backslash(rest).map(|(decoded, used)| (decoded, used + 1)),
        [b'&', rest @ ..] => entity(rest).map(|(decoded, used)| (decoded, used + 1)),
        _ => None,
    }
}

/// What follows a backslash in JSON, Go, Rust and their like.
fn backslash(text: &[u8]) -> Option<(Decoded, usize)> {
    let plain = |byte| Some((Decoded::byte(byte), 1));
    match text {
        [b'u', b'{', rest @ ..] => {
            let end = rest.iter().take(7).position(|&byte| byte == b'}')?;
            Some((Decoded::character(hex(&rest[..end])?)?, end + 3))
        }
        [b'u', rest @ ..] => {
            let code = hex(rest.get(..4)?)?;
            let low = match rest.get(4..10) {
                Some([b'\\', b'u', digits @ ..]) if (0xd800..0xdc00).contains(&code) => hex(digits),
                _ => None,
            };
            match low.filter(|low| (0xdc00..0xe000).contains(low)) {
                Some(low) => {
                    let code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                    Some((Decoded::character(code)?, 11))
                }
                None => Some((Decoded::character(code)?, 5)),
            }
        }
        [b'U', rest @ ..] => Some((Decoded::character(hex(rest.get(..8)?)?)?, 9)),
        [b'x', high, low, ..] => Some((Decoded::byte(hex(&[*high, *low])? as u8), 3)),
        [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => {
            Some((Decoded::byte((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0')), 3))
        }
        [b'n', ..] => plain(b'\n'),
        [b't', ..] => plain(b'\t'),
        [b'r', ..] => plain(b'\r'),
        [b'b', ..] => plain(8),
        [b'f', ..] => plain(12),
        [b'v', ..] => plain(11),
        [b'a', ..] => plain(7),
        [byte, ..] if byte.is_ascii_punctuation() => plain(*byte),
        _ => None,
    }
}

/// What follows an ampersand in HTML and XML.
fn entity(text: &[u8]) -> Option<(Decoded, usize)> {
    let end = text.iter().take(10).position(|&byte| byte == b';')?;
    let code = match &text[..end] {
        b"amp" => u32::from(b'&'),
        b"lt" => u32::from(b'<'),
        b"gt" => u32::from(b'>'),
        b"quot" => u32::from(b'"'),
        b"apos" => u32::from(b'\''),
        [b'#', b'x' | b'X', digits @ ..] => hex(digits)?,
        [b'#', digits @ ..] => std::str::from_utf8(digits).ok()?.parse().ok()?,
        _ => return None,
    };
    Some((Decoded::character(code)?, end + 1))
}

fn hex(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// A character of base64 in the standard alphabet (RFC 4648 §§ 4, 5).
fn alphabet(byte: u8) -> u8 {
    match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => other,
    }
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte)
}

/// A character of a bearer token (RFC 6750 § 2.1).
fn is_token68(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte)
}

#[cfg(test)]
mod tests;
