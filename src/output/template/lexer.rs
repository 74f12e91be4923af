//! Splits a template into text and the words of its actions.
//!
//! The language is that of Go's `text/template`. One thing is docker's: in the text between
//! actions the two characters `\t` become a tab and `\n` a line feed, because a shell's quotes
//! keep them as two. (Docker does so inside actions too and thereby breaks `{{"\n"}}`; we do not.)

use super::Failure;
use super::value::Value;

/// One word of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// What stands between actions, ready to print.
    Text(String),
    /// `{{`
    Open,
    /// `}}`
    Close,
    /// A function's name or a keyword.
    Word(String),
    /// `.Name`
    Field(String),
    /// `.`
    Dot,
    /// `$` or `$name`, with its dollar sign.
    Variable(String),
    /// A number, a character or a string.
    Constant(Value),
    /// `|`
    Pipe,
    /// `=`
    Assign,
    /// `:=`
    Declare,
    /// `,`
    Comma,
    /// `(`
    LeftParen,
    /// `)`
    RightParen,
}

/// A word and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    /// What it is.
    pub kind: Kind,
    /// Its offset in the template, in bytes.
    pub at: usize,
    /// Whether white space comes before it: `.A .B` are two operands, `.A.B` is one.
    pub spaced: bool,
}

const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

/// All words of a template, in order.
pub(super) fn tokens(source: &str) -> Result<Vec<Token>, Failure> {
    let mut lexer = Lexer { source, at: 0, tokens: Vec::new() };
    let mut trim_next = false;
    while lexer.at < source.len() {
        let start = lexer.at;
        let end = lexer.rest().find("{{").map_or(source.len(), |found| start + found);
        let after = source.get(end + 2..).unwrap_or("");
        let trim = after.starts_with('-') && after[1..].starts_with(BLANK);
        lexer.text(&source[start..end], trim_next, trim);
        lexer.at = end;
        if end < source.len() {
            trim_next = lexer.action(if trim { 3 } else { 2 })?;
        }
    }
    Ok(lexer.tokens)
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    tokens: Vec<Token>,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn text(&mut self, text: &str, trim_start: bool, trim_end: bool) {
        let text = text.replace("\\t", "\t").replace("\\n", "\n");
        let mut text = text.as_str();
        if trim_start {
            text = text.trim_start_matches(BLANK);
        }
        if trim_end {
            text = text.trim_end_matches(BLANK);
        }
        if !text.is_empty() {
            let kind = Kind::Text(text.to_owned());
            self.tokens.push(Token { kind, at: self.at, spaced: false });
        }
    }

    /// Reads one action, from its opening braces (of `opening` bytes) on. Returns whether the text
    /// after it is to be trimmed.
    fn action(&mut self, opening: usize) -> Result<bool, Failure> {
        let start = self.at;
        self.at += opening;
        let inside = self.rest().trim_start_matches(BLANK);
        if inside.starts_with("/*") {
            return self.comment(start);
        }
        self.tokens.push(Token { kind: Kind::Open, at: start, spaced: false });
        loop {
            let before = self.at;
            self.at = self.source.len() - self.rest().trim_start_matches(BLANK).len();
            let spaced = self.at > before;
            let trim = spaced && self.rest().starts_with("-}}");
            let at = self.at;
            if trim || self.rest().starts_with("}}") {
                self.at += if trim { 3 } else { 2 };
                self.tokens.push(Token { kind: Kind::Close, at, spaced });
                return Ok(trim);
            }
            if self.rest().is_empty() {
                return Err(Failure::new(start, "this action has no closing }}"));
            }
            let kind = self.word()?;
            self.tokens.push(Token { kind, at, spaced });
        }
    }

    fn comment(&mut self, start: usize) -> Result<bool, Failure> {
        let Some(end) = self.rest().find("*/") else {
            return Err(Failure::new(start, "this comment has no closing */"));
        };
        let after = &self.rest()[end + 2..];
        let trimmed = after.trim_start_matches(BLANK);
        let trim = trimmed.len() < after.len() && trimmed.starts_with("-}}");
        let rest = match trim {
            true => trimmed.strip_prefix("-}}"),
            false => after.strip_prefix("}}"),
        };
        let rest = rest.ok_or(Failure::new(start, "this comment ends before its closing }}"))?;
        self.at = self.source.len() - rest.len();
        Ok(trim)
    }

    fn word(&mut self) -> Result<Kind, Failure> {
        let rest = self.rest();
        let first = rest.chars().next().unwrap_or('\0');
        let second = rest[first.len_utf8()..].chars().next().unwrap_or('\0');
        let digit = |c: char| c.is_ascii_digit();
        let simple = match first {
            '|' => Some(Kind::Pipe),
            '=' => Some(Kind::Assign),
            ',' => Some(Kind::Comma),
            '(' => Some(Kind::LeftParen),
            ')' => Some(Kind::RightParen),
            '.' if !digit(second) && !in_name(second) => Some(Kind::Dot),
            _ => None,
        };
        if let Some(kind) = simple {
            self.at += 1;
            return Ok(kind);
        }
        match first {
            ':' if second == '=' => {
                self.at += 2;
                Ok(Kind::Declare)
            }
            '"' => self.quoted('"'),
            '\'' => self.quoted('\''),
            '`' => self.raw(),
            '.' | '+' | '-' if digit(second) || (first != '.' && second == '.') => self.number(),
            c if digit(c) => self.number(),
            '.' => {
                self.at += 1;
                Ok(Kind::Field(self.name()))
            }
            '$' => {
                self.at += 1;
                Ok(Kind::Variable(format!("${}", self.name())))
            }
            c if in_name(c) => Ok(Kind::Word(self.name())),
            c => Err(Failure::new(self.at, format!("unexpected character {c:?}"))),
        }
    }

    fn name(&mut self) -> String {
        let name: String = self.rest().chars().take_while(|&c| in_name(c)).collect();
        self.at += name.len();
        name
    }

    fn number(&mut self) -> Result<Kind, Failure> {
        let rest = self.rest();
        let mut end = 0;
        for c in rest.chars() {
            let sign = matches!(c, '+' | '-');
            let exponent = !rest[..end].contains(['x', 'X']) && rest[..end].ends_with(['e', 'E']);
            if !(c == '.' || in_name(c) || (sign && (end == 0 || exponent))) {
                break;
            }
            end += c.len_utf8();
        }
        let value = number(&rest[..end])
            .ok_or_else(|| Failure::new(self.at, format!("bad number {}", &rest[..end])))?;
        self.at += end;
        Ok(Kind::Constant(value))
    }

    fn raw(&mut self) -> Result<Kind, Failure> {
        let inside = &self.rest()[1..];
        let Some(end) = inside.find('`') else {
            return Err(Failure::new(self.at, "this raw string has no closing `"));
        };
        let value = Value::text(inside[..end].replace('\r', ""));
        self.at += end + 2;
        Ok(Kind::Constant(value))
    }

    fn quoted(&mut self, quote: char) -> Result<Kind, Failure> {
        let start = self.at;
        let open = || Failure::new(start, format!("this string has no closing {quote}"));
        let bad = || Failure::new(start, "bad escape in this string");
        let mut bytes = Vec::new();
        self.at += 1;
        loop {
            let c = self.rest().chars().next().filter(|&c| c != '\n').ok_or_else(open)?;
            self.at += c.len_utf8();
            match c {
                c if c == quote => break,
                '\\' => self.escape(&mut bytes).ok_or_else(bad)?,
                c => bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        let text = String::from_utf8(bytes).map_err(|_| bad())?;
        if quote == '"' {
            return Ok(Kind::Constant(Value::text(text)));
        }
        let mut chars = text.chars();
        match (chars.next(), chars.next()) {
            (Some(c), None) => Ok(Kind::Constant(Value::Int(i128::from(u32::from(c))))),
            _ => Err(Failure::new(start, "strings take double quotes or backquotes")),
        }
    }

    /// Reads what follows a backslash and appends the bytes it stands for.
    fn escape(&mut self, bytes: &mut Vec<u8>) -> Option<()> {
        let c = self.rest().chars().next()?;
        self.at += c.len_utf8();
        let at = self.at;
        match c {
            'a' => bytes.push(7),
            'b' => bytes.push(8),
            'f' => bytes.push(12),
            'n' => bytes.push(b'\n'),
            'r' => bytes.push(b'\r'),
            't' => bytes.push(b'\t'),
            'v' => bytes.push(11),
            '\\' | '\'' | '"' => bytes.push(c as u8),
            'x' => bytes.push(u8::try_from(self.digits(at, 2, 16)?).ok()?),
            '0'..='7' => bytes.push(u8::try_from(self.digits(at - 1, 3, 8)?).ok()?),
            'u' | 'U' => {
                let count = if c == 'u' { 4 } else { 8 };
                let c = char::from_u32(self.digits(at, count, 16)?)?;
                bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
            _ => return None,
        }
        Some(())
    }

    fn digits(&mut self, from: usize, count: usize, radix: u32) -> Option<u32> {
        let digits = self.source.get(from..from + count)?;
        self.at = from + count;
        digits.chars().all(|c| c.is_digit(radix)).then_some(())?;
        u32::from_str_radix(digits, radix).ok()
    }
}

fn in_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// A number as Go writes it: decimal, `0x`, `0o`, `0b`, with underscores; a float when it has a
/// point or an exponent. Whole numbers must fit 64 bits.
fn number(text: &str) -> Option<Value> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.replace('_', "").to_ascii_lowercase();
    let radix = |prefix: &str, radix| {
        let digits = lower.strip_prefix(prefix)?;
        (!digits.starts_with(['+', '-'])).then(|| i128::from_str_radix(digits, radix).ok())?
    };
    let octal = || radix("0", 8).filter(|_| !lower.contains('.'));
    let int = radix("0x", 16)
        .or_else(|| radix("0o", 8))
        .or_else(|| radix("0b", 2))
        .or_else(octal)
        .or_else(|| lower.parse().ok().filter(|_| !lower.starts_with('0') || lower == "0"));
    if let Some(int) = int {
        let int = if negative { -int } else { int };
        let fits = i64::try_from(int).is_ok() || u64::try_from(int).is_ok();
        return fits.then_some(Value::Int(int));
    }
    let float = lower.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'+' | b'-'))
        && lower.contains(['.', 'e']);
    let value: f64 = lower.parse().ok().filter(|_| float)?;
    value.is_finite().then_some(Value::Float(if negative { -value } else { value }))
}
