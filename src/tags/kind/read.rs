//! How the kind of a tag is read: where its version begins, and what each word behind it is.

use std::cmp::Ordering;

use super::{Class, Counter, Kind, Revision};
use crate::tags::version::{PreKind, compare_numbers, parse};

/// Words of builds that count when a number follows; only as the last word of a tag.
const COUNTERS: [&str; 7] = ["r", "b", "p", "ls", "rev", "build", "kb"];

/// Counters that may come before suffix words.
const FIXES: [&str; 2] = ["security", "hotfix"];

/// Words of a suffix that have counters of their own: `17-ea-5-jdk`.
const CHANNELS: [&str; 5] = ["ea", "nightly", "snapshot", "canary", "next"];

/// Words that count builds when a number follows as a word of its own.
const SPELLED_OUT: [&str; 8] = ["rev", "build", "ls", "kb", "master", "main", "ci", "hotfix"];

/// Words whose digits name an architecture, not the version of a base; and such words as they are.
const ARCHITECTURES: [&str; 8] = ["aarch", "amd", "arm", "armv", "loong", "mips", "ppc", "riscv"];
const MACHINES: [&str; 7] = ["x86", "x64", "i386", "i586", "i686", "s390x", "386"];

/// Reads a tag; `None` if it has no version.
pub(super) fn kind(tag: &str) -> Option<Kind<'_>> {
    begin(tag).map(|(kind, end)| kind.finish(end))
}

/// Reads a tag up to the end of its components, which is the second value: enough to reject most
/// tags of a long list.
pub(super) fn begin(tag: &str) -> Option<(Kind<'_>, usize)> {
    let head = head(tag.as_bytes())?;
    let prefix = &tag[..head.at];
    if words(prefix).any(is_commit) {
        return None;
    }
    let kind = Kind {
        tag,
        prefix,
        has_v: head.start > head.at,
        class: if head.is_date { Class::Date } else { Class::Number },
        components: &tag[head.start..head.end],
        count: head.count,
        revision: Revision::default(),
        pre: None,
        words: Vec::new(),
        counter: Counter::default(),
        fix: Counter::default(),
        has_hash: false,
    };
    Some((kind, head.end))
}

/// Where a version is.
struct Head {
    /// Where the prefix ends.
    at: usize,
    /// Where the digits begin: behind a `v`.
    start: usize,
    end: usize,
    count: usize,
    is_date: bool,
}

/// Finds the version: at the start, else behind the first separator where one can be read that
/// cannot be the number of something else.
fn head(bytes: &[u8]) -> Option<Head> {
    let separators = (0..bytes.len()).filter(|&at| matches!(bytes[at], b'-' | b'_' | b'.'));
    head_at(bytes, 0, 1)
        .or_else(|| separators.map(|at| at + 1).find_map(|at| head_at(bytes, at, 2)))
}

fn head_at(bytes: &[u8], at: usize, least: usize) -> Option<Head> {
    let word = parse::word(bytes, at);
    let v = usize::from(matches!(word, [b'v' | b'V', b'0'..=b'9', ..]));
    if word.get(v).is_some_and(u8::is_ascii_digit) {
        let start = at + v;
        if let Some(end) = parse::date_end(bytes, start) {
            let end = parse::time_end(bytes, end).unwrap_or(end);
            let count = elements_count(bytes, start, end);
            return Some(Head { at, start, end, count, is_date: true });
        }
        let (end, count) = numbers(bytes, start);
        let is_version = count >= least && !parse::is_hash(parse::word(bytes, start));
        let is_name = count == 1 && parse::begins_a_name(&bytes[end..]);
        return (is_version && !is_name).then_some(Head { at, start, end, count, is_date: false });
    }
    // Letters directly in front of three numbers: b1.2.3, node18.20.1.
    let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    if digits == 0 || digits == word.len() || parse::is_hash(word) {
        return None;
    }
    let start = at + word.len() - digits;
    let (end, count) = numbers(bytes, start);
    (count >= 3).then_some(Head { at: start, start, end, count, is_date: false })
}

/// Where `digits *( "." digits )` ends, and how many numbers there are.
fn numbers(bytes: &[u8], start: usize) -> (usize, usize) {
    let end = parse::numbers_end(bytes, start).unwrap_or(start);
    (end, 1 + bytes[start..end].iter().filter(|&&byte| byte == b'.').count())
}

/// How many numbers a date with its time has.
fn elements_count(bytes: &[u8], start: usize, end: usize) -> usize {
    let is_digit = |at: usize| bytes[at].is_ascii_digit();
    (start..end).filter(|&at| is_digit(at) && (at == start || !is_digit(at - 1))).count()
}

impl<'a> Kind<'a> {
    /// Reads the rest of what [`begin`] began.
    pub(super) fn finish(mut self, end: usize) -> Self {
        let end = self.read_attached(end);
        self.read_words(end);
        self.take_counters();
        self
    }

    /// Reads what is attached to the components: a pre-release, a letter, the rebuild of a date.
    /// Returns where the words begin.
    fn read_attached(&mut self, at: usize) -> usize {
        let (tag, bytes) = (self.tag, self.tag.as_bytes());
        if self.class == Class::Date && bytes.get(at) == Some(&b'.') {
            let start = at + 1;
            if let Some(end) = parse::numbers_end(bytes, start) {
                self.revision = Revision { family: b'.', start, numbers: &tag[start..end] };
                return end;
            }
        }
        let letters = parse::letters(bytes, at);
        let number = parse::digits(bytes, at + letters);
        let end = at + letters + number;
        if letters == 0 {
            return at;
        }
        let kind = match letters {
            1 if number > 0 => parse::letter_kind(bytes[at]),
            _ => parse::pre_kind(&bytes[at..at + letters]).map(|(kind, _)| kind),
        };
        if let Some(kind) = kind.filter(|kind| is_pre(*kind)) {
            let end = self.numbers_end(end);
            self.pre = Some((kind, &tag[at + letters..end]));
            return end;
        }
        if letters > 1 {
            return at;
        }
        // 1.1.1w, 9.6p1, 8u412, and with its build 8u412b08 or 8u412-b08.
        let mut numbers = end;
        let build = end + usize::from(bytes.get(end) == Some(&b'-'));
        if number > 0 && matches!(bytes.get(build), Some(b'b' | b'B')) {
            let digits = parse::digits(bytes, build + 1);
            if digits > 0 && is_word_end(bytes.get(build + 1 + digits)) {
                numbers = build + 1 + digits;
            }
        }
        // A letter alone is the number itself.
        let (family, start) = match number {
            0 => (b'a', at),
            _ => (bytes[at].to_ascii_lowercase(), at + letters),
        };
        self.revision = Revision { family, start, numbers: &tag[start..numbers] };
        numbers
    }

    /// Where further numbers end that belong to a word: `.7.24407.12`, `-5`.
    fn numbers_end(&self, mut at: usize) -> usize {
        let bytes = self.tag.as_bytes();
        while parse::is_separator(bytes.get(at)) {
            let end = at + 1 + parse::digits(bytes, at + 1);
            if end == at + 1 || bytes.get(end).is_some_and(u8::is_ascii_alphanumeric) {
                break;
            }
            at = end;
        }
        at
    }

    /// Reads the words from `at` on.
    fn read_words(&mut self, mut at: usize) {
        let tag = self.tag;
        // Numbers and single letters directly behind the version belong to it.
        let mut leads = true;
        while at < tag.len() {
            if is_word_end(tag.as_bytes().get(at)) || (leads && tag.as_bytes()[at] == b'.') {
                at += 1;
                continue;
            }
            let length = tag[at..].bytes().position(|byte| is_word_end(Some(&byte)));
            let end = length.map_or(tag.len(), |length| at + length);
            let word = &tag[at..end];
            if is_commit(word) {
                self.has_hash = true;
            } else if leads && self.pre.is_none() && is_numbers(word) && !is_stamp(word) {
                self.extend_revision(at, end);
            } else if let Some((kind, numbers)) = pre(word, leads).filter(|_| self.pre.is_none()) {
                let start = end - numbers.len();
                leads = false;
                at = self.numbers_end(end);
                self.pre = Some((kind, &tag[start..at]));
                continue;
            } else {
                leads = false;
                self.words.push(word);
            }
            at = end;
        }
    }

    fn extend_revision(&mut self, start: usize, end: usize) {
        let Revision { family, start, .. } = match self.revision.family {
            0 => Revision { family: self.tag.as_bytes()[start - 1], start, numbers: "" },
            _ => self.revision,
        };
        self.revision = Revision { family, start, numbers: &self.tag[start..end] };
    }

    /// Takes the counters out of the words.
    fn take_counters(&mut self) {
        let words = &mut self.words;
        let is_fix = |word: &&str| is_any(&FIXES, split(word).0);
        if let Some(at) = words.iter().position(is_fix) {
            self.fix = take_counter(words, at);
        }
        let Some(&last) = words.last() else { return };
        let end = words.len() - 1;
        let (name, number) = split(last);
        if is_stamp(last) {
            self.counter = Counter { word: "", numbers: last };
            words.pop();
        } else if !name.is_empty() && !number.is_empty() && is_any(&COUNTERS, name) {
            self.counter = take_counter(words, end);
        } else if end > 0 && name.is_empty() && is_any(&SPELLED_OUT, words[end - 1]) {
            self.counter = take_counter(words, end - 1);
        } else if let Some(at) = words.iter().position(|word| is_any(&CHANNELS, split(word).0)) {
            // The word stays, only its number counts.
            self.counter = take_counter(words, at);
            if !self.counter.is_none() {
                words.insert(at, self.counter.word);
            }
        }
    }
}

/// Takes out the word at `at` with its number, which is attached or the next word. Nothing if it
/// has none.
fn take_counter<'a>(words: &mut Vec<&'a str>, at: usize) -> Counter<'a> {
    let (word, attached) = split(words[at]);
    if !attached.is_empty() {
        words.remove(at);
        return Counter { word, numbers: attached };
    }
    match words.get(at + 1) {
        Some(&numbers) if word.len() == words[at].len() && is_numbers(numbers) => {
            words.drain(at..at + 2);
            Counter { word, numbers }
        }
        _ => Counter::default(),
    }
}

/// The letters that a word begins with, and the numbers behind them; empty where more follows.
fn split(word: &str) -> (&str, &str) {
    let (name, rest) = word.split_at(parse::letters(word.as_bytes(), 0));
    if rest.is_empty() || is_numbers(rest.strip_prefix('.').unwrap_or(rest)) {
        (name, rest)
    } else {
        (word, "")
    }
}

/// What pre-release a word marks, and its numbers. `leads`: it is the first word.
fn pre(word: &str, leads: bool) -> Option<(PreKind, &str)> {
    let (name, numbers) = split(word);
    let kind = match name.len() {
        0 => return None,
        // -M2 and -a1; -a100 is a graphics card, and -b5 counts builds.
        1 if leads && matches!(numbers.len(), 1..=2) && !name.eq_ignore_ascii_case("b") => {
            parse::letter_kind(name.as_bytes()[0])?
        }
        1 => return None,
        _ => {
            let (kind, is_clear) = parse::pre_kind(name.as_bytes())?;
            let is_clear = is_clear || is_any(&["pre", "dev"], name);
            (leads || is_clear).then_some(kind)?
        }
    };
    is_pre(kind).then_some((kind, numbers))
}

/// Whether a marker of pre-releases makes one here: the others are channels, with releases of
/// their own.
fn is_pre(kind: PreKind) -> bool {
    use PreKind::{Alpha, Beta, Dev, Milestone, Preview, Rc};
    matches!(kind, Rc | Preview | Milestone | Beta | Alpha | Dev)
}

/// Whether a word is a commit's hash, on its own or as `git describe` writes it.
fn is_commit(word: &str) -> bool {
    let bytes = word.as_bytes();
    let is_described = matches!(bytes, [b'g', rest @ ..]
        if rest.len() >= 4 && rest.iter().all(u8::is_ascii_hexdigit));
    is_described || (bytes.len() <= 40 && parse::is_hash(bytes))
}

/// Whether a word is a number, or several with dots between them.
fn is_numbers(word: &str) -> bool {
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    word.split('.').all(is_number)
}

/// Whether a word is a time: 10 to 14 digits, or a date and a time.
fn is_stamp(word: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match word.split_once(['T', 't']) {
        None => (10..=14).contains(&word.len()) && digits(word),
        Some((date, time)) => {
            let time = time.strip_suffix(['Z', 'z']).unwrap_or(time);
            date.len() == 8 && digits(date) && digits(time)
        }
    }
}

fn is_word_end(byte: Option<&u8>) -> bool {
    matches!(byte, None | Some(b'-' | b'_' | b'+'))
}

fn is_any(known: &[&str], word: &str) -> bool {
    known.iter().any(|known| known.eq_ignore_ascii_case(word))
}

/// The words without the numbers of their bases, as bytes: `-alpine` for `alpine3.20` and `alpine`,
/// `-debian` for `debian-12`.
pub(super) fn base<'w>(words: &'w [&str]) -> impl Iterator<Item = u8> + 'w {
    let letters = |word: &'w &str| {
        let whole = is_architecture(word);
        let kept = word.bytes().filter(move |b| whole || !(b.is_ascii_digit() || *b == b'.'));
        kept.map(|byte| byte.to_ascii_lowercase())
    };
    let named = words.iter().filter(|word| word.bytes().any(|byte| byte.is_ascii_alphabetic()));
    named.flat_map(move |word| std::iter::once(b'-').chain(letters(word)))
}

/// Compares the numbers of two bases; one without a number is below those with one.
pub(super) fn compare_bases(a: &[&str], b: &[&str]) -> Ordering {
    let (mut a, mut b) = (base_numbers(a), base_numbers(b));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (a, b) if a.is_none() || b.is_none() => a.cmp(&b),
            (a, b) => compare_numbers(a.unwrap_or_default(), b.unwrap_or_default()),
        };
        if order.is_ne() {
            return order;
        }
    }
}

fn base_numbers<'w>(words: &'w [&'w str]) -> impl Iterator<Item = &'w str> {
    let bases = words.iter().filter(|word| !is_architecture(word));
    bases.flat_map(|word| word.split(|c: char| !c.is_ascii_digit())).filter(|n| !n.is_empty())
}

fn is_architecture(word: &str) -> bool {
    let (name, rest) = word.split_at(parse::letters(word.as_bytes(), 0));
    (!rest.is_empty() && is_any(&ARCHITECTURES, name)) || is_any(&MACHINES, word)
}

/// The words of a text between separators.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(['-', '_', '.', '+'])
}
