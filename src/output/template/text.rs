//! Values as text: what Go's `fmt` makes of them, and whose text it is.
//!
//! Text of a row came from a server; text of the template is the user's own and may hold line
//! feeds and colors. So that functions need not care, the unsafe characters of a row are moved to
//! the last plane of Unicode, where nothing else lives ([`guard`]), and what is printed in the end
//! shows them escaped ([`escape`]). JSON, `printf "%q"` and comparing see the real text ([`raw`]).

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

use crate::output::json;
use crate::system::terminal::is_unsafe;

/// Where the last plane begins.
const GUARD: u32 = 0x10_0000;
/// The widest field of `printf`, as in Go.
const MAX_WIDTH: usize = 1_000_000;
/// The longest result of one `printf`, in bytes.
const MAX_LENGTH: usize = 16 << 20;

/// Moves the unsafe characters of a row out of the way.
pub(super) fn guard(row: &mut Value) {
    map_chars(row, |c| match u32::from(c) {
        GUARD.. => '\u{fffd}',
        code if is_unsafe(c) => char::from_u32(GUARD + code).unwrap_or('\u{fffd}'),
        _ => c,
    });
}

fn unguard(c: char) -> char {
    u32::from(c).checked_sub(GUARD).and_then(char::from_u32).unwrap_or(c)
}

fn map_chars(value: &mut Value, map: fn(char) -> char) {
    let changes = |text: &str| {
        let is_plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        !is_plain && text.chars().any(|c| map(c) != c)
    };
    match value {
        Value::String(text) if changes(text) => *text = text.chars().map(map).collect(),
        Value::Array(items) => items.iter_mut().for_each(|item| map_chars(item, map)),
        Value::Object(members) => {
            if members.keys().any(|key| changes(key)) {
                let changed = std::mem::take(members).into_iter();
                *members =
                    changed.map(|(key, value)| (key.chars().map(map).collect(), value)).collect();
            }
            members.values_mut().for_each(|member| map_chars(member, map));
        }
        _ => {}
    }
}

/// The text as it came from the server: never to be printed.
pub(super) fn raw(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| unguard(c) != c) {
        return Cow::Owned(text.chars().map(unguard).collect());
    }
    Cow::Borrowed(text)
}

/// What a template printed, a row's unsafe characters as `\u{…}`.
pub(super) fn escape(text: String) -> String {
    if text.chars().all(|c| unguard(c) == c) {
        return text;
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match unguard(c) {
            plain if plain == c => out.push(c),
            unsafe_char => write!(out, "{}", unsafe_char.escape_unicode()).unwrap_or_default(),
        }
    }
    out
}

pub(super) fn to_json(mut value: Value) -> Result<String, String> {
    map_chars(&mut value, unguard);
    json::to_string(&value).map_err(|error| error.to_string())
}

/// Whether Go calls this true: neither zero nor empty nor nothing.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(members) => !members.is_empty(),
    }
}

/// What Go calls its type.
pub(super) fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float64",
        Value::Number(_) => "int",
        Value::String(_) => "string",
        Value::Array(items) if items.iter().all(Value::is_string) => "[]string",
        Value::Array(_) => "[]interface {}",
        Value::Object(members) if members.values().all(Value::is_string) => "map[string]string",
        Value::Object(_) => "map[string]interface {}",
    }
}

/// The value as an action prints it: Go's `%v`, and `N/A` for what is not known.
pub(super) fn text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed("N/A"),
        Value::String(text) => Cow::Borrowed(text),
        other => {
            let mut out = String::new();
            format(&mut out, 'v', &Spec::default(), other, false);
            Cow::Owned(out)
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Spec {
    minus: bool,
    plus: bool,
    sharp: bool,
    space: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

/// Formats `arguments[1..]` as `arguments[0]` says. What does not fit is said in the text, as Go
/// does (`%!d(string=x)`). With `header` every text fits every verb: it is a column's header.
pub(super) fn printf(arguments: &[Value], header: bool) -> Result<String, String> {
    let layout = text(&arguments[0]);
    let mut values = arguments[1..].iter();
    let mut out = String::new();
    let mut chars = layout.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let spec = spec(&mut chars);
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => match values.next() {
                None => write!(out, "%!{verb}(MISSING)").unwrap_or_default(),
                Some(Value::String(text)) if header => pad(&mut out, &spec, text, false),
                Some(value) => format(&mut out, verb, &spec, value, false),
            },
        }
        if out.len() > MAX_LENGTH {
            return Err("the result is too long".to_owned());
        }
    }
    let extra = |value: &Value| match value {
        Value::Null => "<nil>".to_owned(),
        value => format!("{}={}", type_name(value), text(value)),
    };
    let extra: Vec<String> = values.map(extra).collect();
    if !extra.is_empty() {
        write!(out, "%!(EXTRA {})", extra.join(", ")).unwrap_or_default();
    }
    Ok(out)
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn number(chars: &mut Chars<'_>) -> usize {
    let mut value: usize = 0;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        value = value.saturating_mul(10).saturating_add(digit as usize);
    }
    value
}

fn spec(chars: &mut Chars<'_>) -> Spec {
    let mut spec = Spec::default();
    while let Some(flag) = chars.next_if(|c| matches!(c, '-' | '+' | '#' | ' ' | '0')) {
        match flag {
            '-' => spec.minus = true,
            '+' => spec.plus = true,
            '#' => spec.sharp = true,
            ' ' => spec.space = true,
            _ => spec.zero = true,
        }
    }
    let width = number(chars);
    spec.width = if width <= MAX_WIDTH { width } else { 0 };
    if chars.next_if_eq(&'.').is_some() {
        spec.precision = Some(number(chars).min(MAX_WIDTH));
    }
    spec.zero &= !spec.minus;
    spec
}

/// Appends a value; `inside` a list or a map, where what is not known is `<nil>`.
fn format(out: &mut String, verb: char, spec: &Spec, value: &Value, inside: bool) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index > 0 { " " } else { "" });
                format(out, verb, spec, item, true);
            }
            out.push(']');
            return;
        }
        Value::Object(members) => {
            out.push_str("map[");
            for (index, (key, member)) in members.iter().enumerate() {
                out.push_str(if index > 0 { " " } else { "" });
                format(out, verb, spec, &key.as_str().into(), true);
                out.push(':');
                format(out, verb, spec, member, true);
            }
            out.push(']');
            return;
        }
        _ => {}
    }
    // `%+v` asks for the names of fields, not for a sign.
    let spec = &Spec { plus: spec.plus && verb != 'v', ..*spec };
    let formatted = match value {
        Value::Null => Some(if inside { "<nil>" } else { "N/A" }.into()),
        Value::Bool(value) => matches!(verb, 'v' | 't').then(|| value.to_string().into()),
        Value::Number(number) if number.is_f64() => {
            float(verb, spec, number.as_f64().unwrap_or(0.0)).map(Cow::Owned)
        }
        Value::Number(number) => integer(verb, spec, number).map(Cow::Owned),
        Value::String(text) => string(verb, spec, text),
        Value::Array(_) | Value::Object(_) => None,
    };
    match formatted {
        Some(text) => pad(out, spec, &text, value.is_number()),
        None => write!(out, "%!{verb}({}={})", type_name(value), text(value)).unwrap_or_default(),
    }
}

fn pad(out: &mut String, spec: &Spec, text: &str, is_number: bool) {
    let blanks = spec.width.saturating_sub(text.chars().count());
    let fill = |out: &mut String, c| out.extend(std::iter::repeat_n(c, blanks));
    if spec.minus {
        out.push_str(text);
        fill(out, ' ');
    } else if spec.zero && is_number {
        let digits = text.trim_start_matches(['-', '+', ' ']);
        out.push_str(&text[..text.len() - digits.len()]);
        fill(out, '0');
        out.push_str(digits);
    } else {
        fill(out, if spec.zero { '0' } else { ' ' });
        out.push_str(text);
    }
}

fn signed(spec: &Spec, negative: bool, digits: &str) -> String {
    let sign = match spec {
        _ if negative => "-",
        Spec { plus: true, .. } => "+",
        Spec { space: true, .. } => " ",
        _ => "",
    };
    format!("{sign}{digits}")
}

fn integer(verb: char, spec: &Spec, number: &serde_json::Number) -> Option<String> {
    let negative = number.as_i64().is_some_and(|number| number < 0);
    let size = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs))?;
    let prefix = |prefix: &'static str| if spec.sharp { prefix } else { "" };
    let digits = match verb {
        'v' | 'd' => size.to_string(),
        'x' => format!("{}{size:x}", prefix("0x")),
        'X' => format!("{}{size:X}", prefix("0X")),
        _ => return None,
    };
    let zeros = "0".repeat(spec.precision.unwrap_or(0).saturating_sub(digits.len()));
    Some(signed(spec, negative, &(zeros + &digits)))
}

fn float(verb: char, spec: &Spec, value: f64) -> Option<String> {
    let size = value.abs();
    // More digits than this a float does not have; what follows would be zeros.
    let precision = spec.precision.map(|precision| precision.min(1100));
    let digits = match (verb, precision) {
        ('f' | 'F', precision) => format!("{size:.*}", precision.unwrap_or(6)),
        ('e', precision) => exponent(&format!("{size:.*e}", precision.unwrap_or(6))),
        ('v' | 'g', None) => shortest(size),
        ('v' | 'g', Some(precision)) => significant(size, precision.max(1)),
        _ => return None,
    };
    Some(signed(spec, value.is_sign_negative(), &digits))
}

/// `%g`: as few digits as give the number back, with an exponent below 1e-4 and from 1e6 on.
fn shortest(size: f64) -> String {
    if size == 0.0 || (1e-4..1e6).contains(&size) {
        return size.to_string();
    }
    exponent(&format!("{size:e}"))
}

/// `%.*g`: significant digits, without the zeros at the end.
fn significant(size: f64, precision: usize) -> String {
    let scientific = format!("{size:.*e}", precision - 1);
    let (digits, power) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let power: i64 = power.parse().unwrap_or(0);
    let trim = |digits: &str| {
        let trimmed = digits.trim_end_matches('0').trim_end_matches('.');
        if digits.contains('.') { trimmed.to_owned() } else { digits.to_owned() }
    };
    let precision = i64::try_from(precision).unwrap_or(i64::MAX);
    if power < -4 || power >= precision {
        return exponent(&format!("{}e{power}", trim(digits)));
    }
    let decimals = usize::try_from(precision - 1 - power).unwrap_or(0);
    trim(&format!("{size:.decimals$}"))
}

/// Rust's `1e-7` as Go writes it: `1e-07`.
fn exponent(text: &str) -> String {
    let Some((digits, exponent)) = text.split_once('e') else { return text.to_owned() };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(exponent) => ('-', exponent),
        None => ('+', exponent),
    };
    format!("{digits}e{sign}{exponent:0>2}")
}

fn string<'v>(verb: char, spec: &Spec, text: &'v str) -> Option<Cow<'v, str>> {
    let end = spec.precision.and_then(|precision| text.char_indices().nth(precision));
    let text = end.map_or(text, |(end, _)| &text[..end]);
    let hex = |digit: fn(u8) -> String| raw(text).bytes().map(digit).collect::<String>();
    match verb {
        'q' => Some(quote(&raw(text)).into()),
        'v' if spec.sharp => Some(quote(&raw(text)).into()),
        'v' | 's' => Some(text.into()),
        'x' => Some(hex(|byte| format!("{byte:02x}")).into()),
        'X' => Some(hex(|byte| format!("{byte:02X}")).into()),
        _ => None,
    }
}

/// A string as Go writes it in source code.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\x07' => quoted.push_str("\\a"),
            '\x08' => quoted.push_str("\\b"),
            '\x0b' => quoted.push_str("\\v"),
            '\x0c' => quoted.push_str("\\f"),
            c if c < '\u{80}' && is_unsafe(c) => quoted.push_str(&format!("\\x{:02x}", c as u32)),
            c if is_unsafe(c) => quoted.push_str(&format!("\\u{:04x}", c as u32)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
