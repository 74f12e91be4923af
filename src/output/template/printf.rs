//! `printf`, with the verbs, flags and complaints of Go's `fmt`.

use std::borrow::Cow;

use super::value::{Value, exponent, float};
use crate::system::terminal::is_unsafe;

/// The widest field, as in Go.
const MAX_WIDTH: usize = 1_000_000;

/// The longest result of one call, in bytes.
const MAX_LENGTH: usize = 16 << 20;

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
pub(super) fn sprintf(arguments: &[Value], header: bool) -> Result<String, String> {
    let format = arguments[0].to_text();
    let values = &arguments[1..];
    let mut next = 0;
    let mut out = String::new();
    let mut chars = format.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let spec = spec(&mut chars, values, &mut next);
        match chars.next() {
            None => out.push_str("%!(NOVERB)"),
            Some('%') => out.push('%'),
            Some(verb) => {
                let Some(value) = values.get(next) else {
                    out.push_str(&format!("%!{verb}(MISSING)"));
                    continue;
                };
                next += 1;
                let is_header = header && value.raw().is_some() && verb != 'q';
                verb_to(&mut out, if is_header { 's' } else { verb }, &spec, value);
            }
        }
        if out.len() > MAX_LENGTH {
            return Err("the result is too long".to_owned());
        }
    }
    extra(&mut out, &values[next.min(values.len())..]);
    Ok(out)
}

fn extra(out: &mut String, values: &[Value]) {
    if values.is_empty() {
        return;
    }
    let part = |value: &Value| match value {
        Value::Nil => "<nil>".to_owned(),
        value => format!("{}={}", value.type_name(), value.to_text()),
    };
    let parts: Vec<String> = values.iter().map(part).collect();
    out.push_str(&format!("%!(EXTRA {})", parts.join(", ")));
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn spec(chars: &mut Chars<'_>, values: &[Value], next: &mut usize) -> Spec {
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
    if let Some(width) = number(chars, values, next) {
        spec.minus |= width < 0;
        spec.width = usize::try_from(width.unsigned_abs()).map_or(0, |width| width);
    }
    if chars.next_if_eq(&'.').is_some() {
        let precision = number(chars, values, next).unwrap_or(0);
        spec.precision = usize::try_from(precision).ok().map(|precision| precision.min(MAX_WIDTH));
    }
    if spec.width > MAX_WIDTH {
        spec.width = 0;
    }
    spec.zero &= !spec.minus;
    spec
}

/// A width or precision: digits, or `*` for the next argument.
fn number(chars: &mut Chars<'_>, values: &[Value], next: &mut usize) -> Option<i128> {
    if chars.next_if_eq(&'*').is_some() {
        *next += 1;
        return match values.get(*next - 1) {
            Some(Value::Int(value)) => Some(*value),
            _ => None,
        };
    }
    let mut value: Option<i128> = None;
    while let Some(digit) = chars.peek().and_then(|c| c.to_digit(10)) {
        chars.next();
        value = Some(value.unwrap_or(0).saturating_mul(10).saturating_add(i128::from(digit)));
    }
    value
}

fn verb_to(out: &mut String, verb: char, spec: &Spec, value: &Value) {
    let text: Option<Cow<'_, str>> = match (verb, value) {
        ('T', value) => Some(value.type_name().into()),
        (_, Value::List(_) | Value::Map(_) | Value::Struct(_)) => {
            value.print_parts(out, |part, out| verb_to(out, verb, spec, part));
            return;
        }
        ('v', Value::Nil) => Some("<nil>".into()),
        (_, Value::Nil) => Some(format!("%!{verb}(<nil>)").into()),
        ('v' | 't', Value::Bool(value)) => Some(value.to_string().into()),
        (_, Value::Int(value)) => integer(verb, spec, *value).map(Cow::Owned),
        (_, Value::Float(value)) => floating(verb, spec, *value).map(Cow::Owned),
        (_, Value::Foreign(_) | Value::Text(_)) => string(verb, spec, value.to_text()),
        (_, Value::Bool(_)) => None,
    };
    match text {
        Some(text) => pad(out, spec, &text, matches!(value, Value::Int(_) | Value::Float(_))),
        None => {
            let text = format!("%!{verb}({}={})", value.type_name(), value.to_text());
            out.push_str(&text);
        }
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
        fill(out, ' ');
        out.push_str(text);
    }
}

fn sign(spec: &Spec, negative: bool) -> &'static str {
    match () {
        () if negative => "-",
        () if spec.plus => "+",
        () if spec.space => " ",
        () => "",
    }
}

fn integer(verb: char, spec: &Spec, value: i128) -> Option<String> {
    let size = value.unsigned_abs();
    let prefix = |prefix: &'static str| if spec.sharp { prefix } else { "" };
    let digits = match verb {
        'v' | 'd' => size.to_string(),
        'x' => format!("{}{size:x}", prefix("0x")),
        'X' => format!("{}{size:X}", prefix("0X")),
        'o' => format!("{}{size:o}", prefix("0")),
        'O' => format!("0o{size:o}"),
        'b' => format!("{}{size:b}", prefix("0b")),
        'c' | 'q' => {
            let c = u32::try_from(value).ok().and_then(char::from_u32).unwrap_or('\u{fffd}');
            let text = Value::foreign(c.to_string());
            let text = text.to_text();
            return Some(if verb == 'c' { text.into_owned() } else { format!("'{text}'") });
        }
        'U' => return Some(format!("U+{value:04X}")),
        _ => return None,
    };
    let zeros = spec.precision.unwrap_or(0).saturating_sub(digits.len());
    Some(format!("{}{}{digits}", sign(spec, value < 0), "0".repeat(zeros)))
}

fn floating(verb: char, spec: &Spec, value: f64) -> Option<String> {
    let size = value.abs();
    // More digits than this a float does not have; what follows would be zeros.
    let precision = spec.precision.map(|precision| precision.min(1100));
    let digits = match (verb, precision) {
        _ if !value.is_finite() => float(size).trim_start_matches('+').to_owned(),
        ('f' | 'F', precision) => format!("{size:.*}", precision.unwrap_or(6)),
        ('e', precision) => exponent(&format!("{size:.*e}", precision.unwrap_or(6))),
        ('E', precision) => exponent(&format!("{size:.*e}", precision.unwrap_or(6))).to_uppercase(),
        ('v' | 'g' | 'G', None) => float(size),
        ('v' | 'g' | 'G', Some(precision)) => significant(size, precision.max(1)),
        _ => return None,
    };
    Some(format!("{}{digits}", sign(spec, value.is_sign_negative())))
}

/// `%.*g`: so many significant digits, without the zeros at the end.
fn significant(size: f64, precision: usize) -> String {
    let scientific = format!("{size:.*e}", precision - 1);
    let power: i64 = scientific.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let trim = |digits: &str| match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => digits.to_owned(),
    };
    let precision = i64::try_from(precision).unwrap_or(i64::MAX);
    if power < -4 || power >= precision {
        let digits = scientific.split_once('e').map_or("", |(digits, _)| digits);
        return exponent(&format!("{}e{power}", trim(digits)));
    }
    let decimals = usize::try_from(precision - 1 - power).unwrap_or(0);
    trim(&format!("{size:.decimals$}"))
}

fn string<'v>(verb: char, spec: &Spec, text: Cow<'v, str>) -> Option<Cow<'v, str>> {
    let text = match spec.precision {
        Some(precision) if text.chars().count() > precision => {
            Cow::Owned(text.chars().take(precision).collect())
        }
        _ => text,
    };
    let hex = |text: &str, upper: bool| -> String {
        let digit = |byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") };
        text.bytes().map(digit).collect()
    };
    match verb {
        'v' if spec.sharp => Some(quote(&text).into()),
        'v' | 's' => Some(text),
        'q' => Some(quote(&text).into()),
        'x' => Some(hex(&text, false).into()),
        'X' => Some(hex(&text, true).into()),
        _ => None,
    }
}

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
