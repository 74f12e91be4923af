//! Splits a template into text and the words of its actions.
//!
//! The language is that of Go's `text/template`. One thing is docker's: in the text between
//! actions the two characters `\t` become a tab and `\n` a line feed, because a shell's quotes
//! keep them as two. (Docker does so inside actions too and thereby breaks `{{"\n"}}`; we do not.)

use serde_json::Value;

use super::Failure;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// The text between actions, ready to print.
    Text(String),
    /// `{{`
    Open,
    /// `}}`
    Close,
    /// A function's name or a keyword.
    Word(String),
    /// `.Name`
    Field(String),
    /// `$` or `$name`, with its dollar sign.
    Variable(String),
    /// A number or a string.
    Constant(Value),
    Symbol(&'static str),
}

const SYMBOLS: [&str; 7] = [":=", "=", "|", ",", "(", ")", "."];

#[derive(Debug)]
pub(super) struct Word {
    pub token: Token,
    /// Its offset in the template, in bytes.
    pub at: usize,
    /// Whether white space comes before it: `.A .B` are two operands, `.A.B` is one.
    pub spaced: bool,
}

const BLANK: [char; 4] = [' ', '\t', '\r', '\n'];

pub(super) fn words(source: &str) -> Result<Vec<Word>, Failure> {
    let mut lexer = Lexer { source, at: 0, words: Vec::new() };
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
    Ok(lexer.words)
}

struct Lexer<'s> {
    source: &'s str,
    at: usize,
    words: Vec<Word>,
}

impl<'s> Lexer<'s> {
    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn push(&mut self, token: Token, at: usize, spaced: bool) {
        self.words.push(Word { token, at, spaced });
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
            self.push(Token::Text(text.to_owned()), self.at, false);
        }
    }

    /// Reads one action, from its opening braces (of `opening` bytes) on. Returns whether the text
    /// after it is to be trimmed.
    fn action(&mut self, opening: usize) -> Result<bool, Failure> {
        let start = self.at;
        self.at += opening;
        if self.rest().trim_start_matches(BLANK).starts_with("/*") {
            return self.comment(start);
        }
        self.push(Token::Open, start, false);
        loop {
            let before = self.at;
            self.at = self.source.len() - self.rest().trim_start_matches(BLANK).len();
            let (at, spaced) = (self.at, self.at > before);
            let trim = spaced && self.rest().starts_with("-}}");
            if trim || self.rest().starts_with("}}") {
                self.at += if trim { 3 } else { 2 };
                self.push(Token::Close, at, spaced);
                return Ok(trim);
            }
            if self.rest().is_empty() {
                return Err(Failure::new(start, "this action has no closing }}"));
            }
            let token = self.token()?;
            self.push(token, at, spaced);
        }
    }

    fn comment(&mut self, start: usize) -> Result<bool, Failure> {
        let Some(end) = self.rest().find("*/") else {
            return Err(Failure::new(start, "this comment has no closing */"));
        };
        let after = &self.rest()[end + 2..];
        let trimmed = after.trim_start_matches(BLANK);
        let trim = trimmed.len() < after.len() && trimmed.starts_with("-}}");
        let rest = if trim { trimmed.strip_prefix("-}}") } else { after.strip_prefix("}}") };
        let rest = rest.ok_or(Failure::new(start, "this comment ends before its closing }}"))?;
        self.at = self.source.len() - rest.len();
        Ok(trim)
    }

    fn token(&mut self) -> Result<Token, Failure> {
        let rest = self.rest();
        let mut chars = rest.chars();
        let (first, second) = (chars.next().unwrap_or('\0'), chars.next().unwrap_or('\0'));
        match first {
            '"' => self.quoted(),
            '`' => self.raw(),
            '0'..='9' => self.number(),
            '.' | '+' | '-' if second.is_ascii_digit() => self.number(),
            '.' if in_name(second) => Ok(Token::Field(self.name(1)[1..].to_owned())),
            '$' => Ok(Token::Variable(self.name(1).to_owned())),
            c if in_name(c) => Ok(Token::Word(self.name(0).to_owned())),
            '\'' => Err(Failure::new(self.at, "strings need double quotes or backquotes")),
            c => {
                let symbol = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol));
                let unexpected = || Failure::new(self.at, format!("unexpected character {c:?}"));
                let symbol = symbol.ok_or_else(unexpected)?;
                self.at += symbol.len();
                Ok(Token::Symbol(symbol))
            }
        }
    }

    /// A name after a sign of `skip` bytes, with the sign.
    fn name(&mut self, sign: usize) -> &'s str {
        let rest = self.rest();
        let end = rest[sign..].find(|c| !in_name(c)).map_or(rest.len(), |end| sign + end);
        self.at += end;
        &rest[..end]
    }

    fn number(&mut self) -> Result<Token, Failure> {
        let rest = self.rest();
        let mut end = 1;
        while let Some(c) = rest[end..].chars().next() {
            let before = &rest[..end];
            let exponent = before.ends_with(['e', 'E']) && !before.contains(['x', 'X']);
            if !(c == '.' || in_name(c) || (matches!(c, '+' | '-') && exponent)) {
                break;
            }
            end += c.len_utf8();
        }
        let bad = || Failure::new(self.at, format!("bad number {}", &rest[..end]));
        let value = number(&rest[..end]).ok_or_else(bad)?;
        self.at += end;
        Ok(Token::Constant(value))
    }

    fn raw(&mut self) -> Result<Token, Failure> {
        let inside = &self.rest()[1..];
        let open = || Failure::new(self.at, "this raw string has no closing `");
        let end = inside.find('`').ok_or_else(open)?;
        self.at += end + 2;
        Ok(Token::Constant(inside[..end].replace('\r', "").into()))
    }

    fn quoted(&mut self) -> Result<Token, Failure> {
        let start = self.at;
        let bad = || Failure::new(start, "bad escape in this string");
        let mut bytes = Vec::new();
        let mut chars = self.rest()[1..].chars();
        loop {
            match chars.next() {
                Some('"') => break,
                Some('\\') => escape(&mut chars, &mut bytes).ok_or_else(bad)?,
                None | Some('\n') => {
                    return Err(Failure::new(start, "this string has no closing \""));
                }
                Some(c) => bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        self.at = self.source.len() - chars.as_str().len();
        String::from_utf8(bytes).map(|text| Token::Constant(text.into())).map_err(|_| bad())
    }
}

/// Reads what follows a backslash and appends the bytes it stands for.
fn escape(chars: &mut std::str::Chars<'_>, bytes: &mut Vec<u8>) -> Option<()> {
    let c = chars.next()?;
    let mut hex = |count: usize| {
        let digits = chars.as_str().get(..count)?;
        *chars = chars.as_str()[count..].chars();
        let is_hex = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        is_hex.then(|| u32::from_str_radix(digits, 16).ok())?
    };
    match c {
        'a' => bytes.push(7),
        'b' => bytes.push(8),
        'f' => bytes.push(12),
        'n' => bytes.push(b'\n'),
        'r' => bytes.push(b'\r'),
        't' => bytes.push(b'\t'),
        'v' => bytes.push(11),
        '\\' | '"' => bytes.push(c as u8),
        'x' => bytes.push(u8::try_from(hex(2)?).ok()?),
        'u' | 'U' => {
            let c = char::from_u32(hex(if c == 'u' { 4 } else { 8 })?)?;
            bytes.extend(c.encode_utf8(&mut [0; 4]).as_bytes());
        }
        _ => return None,
    }
    Some(())
}

fn in_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

/// A number as Go writes it, but for octal ones: a float when it has a point or an exponent.
fn number(text: &str) -> Option<Value> {
    let text = text.replace('_', "").to_ascii_lowercase();
    let text = text.strip_prefix('+').unwrap_or(&text);
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    for (prefix, radix) in [("0x", 16), ("0b", 2)] {
        if let Some(digits) = digits.strip_prefix(prefix) {
            return i64::from_str_radix(&format!("{sign}{digits}"), radix).ok().map(Value::from);
        }
    }
    if digits.contains(['.', 'e']) {
        return text.parse::<f64>().ok().filter(|float| float.is_finite()).map(Value::from);
    }
    let is_octal = digits.len() > 1 && digits.starts_with('0');
    let int =
        || text.parse::<i64>().map(Value::from).or_else(|_| text.parse::<u64>().map(Value::from));
    if is_octal { None } else { int().ok() }
}
