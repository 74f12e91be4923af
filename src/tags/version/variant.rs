//! Whether two suffixes name the same variant: `-alpine` and `-alpine3.20` do, `-alpine` and
//! `-alpine-slim` do not.

/// Words whose digits belong to them: `arm64`, `x86`, `s390x`.
const ARCHITECTURES: [&str; 9] = ["aarch", "amd", "arm", "i", "mips", "ppc", "riscv", "s", "x"];

/// Whether `found` is of the variant that `wanted` names.
pub(super) fn names(wanted: &str, found: &str) -> bool {
    if wanted == found {
        return true;
    }
    let (mut wanted, mut found) = (Parts(wanted), Parts(found));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(wanted), Some(found)) if wanted.admits(&found) => {}
            _ => return false,
        }
    }
}

/// A word and the number behind it; either may be empty.
struct Part<'a> {
    word: &'a str,
    number: &'a str,
}

impl Part<'_> {
    fn admits(&self, found: &Part<'_>) -> bool {
        let any = self.number.is_empty() && !ARCHITECTURES.contains(&self.word);
        self.word == found.word && (any || self.number == found.number)
    }
}

/// The parts of a suffix; separators only separate.
struct Parts<'a>(&'a str);

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let rest = self.0.trim_start_matches(is_separator);
        if rest.is_empty() {
            return None;
        }
        let ends = |c: char| c.is_ascii_digit() || is_separator(c);
        let (word, rest) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
        let number_at = rest.trim_start_matches(is_separator);
        let length =
            number_at.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number_at.len());
        let number = number_at[..length].trim_end_matches('.');
        self.0 = if number.is_empty() { rest } else { &number_at[number.len()..] };
        Some(Part { word, number })
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '-' | '_' | '.' | '+')
}
