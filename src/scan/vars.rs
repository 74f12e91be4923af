//! Variables in image names, as docker's two dialects read them.
//!
//! Dockerfiles: `$X`, `${X:-d}`, quotes, an escape character. Compose files and `.env`: the same
//! without quotes, and `$$` is a dollar. What comes out knows the places of its bytes.

use std::ops::Range;

use super::text::Text;

/// How deep defaults may be nested in defaults.
const MAX_DEPTH: usize = 20;
/// How long a value may grow, and of how many pieces it may be: images' names are shorter.
const MAX_VALUE: (usize, usize) = (1024, 64);
/// The same for a Dockerfile inside of a compose file.
const MAX_INLINE: (usize, usize) = (256 * 1024, 2_000);

/// What a variable stands for.
pub(super) enum Variable {
    Set(Text),
    Unset,
    /// Only a build or a run can know it.
    Unknowable,
}

/// How variables are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// With this escape character.
    Dockerfile(char),
    Compose,
    /// Compose's, for a text that has variables of its own: what is not set stays as it is.
    ComposeInline,
    /// Of `.env`: what is not set is empty.
    DotEnv,
}

type Lookup<'a> = dyn FnMut(&str) -> Variable + 'a;

/// Puts values in the place of variables.
///
/// # Errors
/// Why the value cannot be known.
pub(super) fn expand(
    text: &Text,
    dialect: Dialect,
    lookup: &mut Lookup<'_>,
) -> Result<Text, String> {
    expand_nested(text, dialect, lookup, 0)
}

fn expand_nested(
    text: &Text,
    dialect: Dialect,
    lookup: &mut Lookup<'_>,
    depth: usize,
) -> Result<Text, String> {
    if depth > MAX_DEPTH {
        return Err("variables are nested too deeply".to_owned());
    }
    let mut result = Text::empty(text.start());
    let mut quote = None;
    // What is taken as it is, up to the next character that means something.
    let mut from = 0;
    let value = &text.value;
    let mut rest = value.char_indices().peekable();
    while let Some((at, c)) = rest.next() {
        let next = rest.peek().map(|(_, c)| *c);
        let special = match (c, dialect) {
            ('$', _) if quote != Some('\'') => variable(value, at),
            ('\'' | '"', Dialect::Dockerfile(_)) if quote.is_none() || quote == Some(c) => {
                quote = if quote.is_none() { Some(c) } else { None };
                Some(Special::Nothing(at + 1))
            }
            (c, Dialect::Dockerfile(escape)) if c == escape && quote != Some('\'') => {
                next.map(|_| Special::Nothing(at + 1))
            }
            _ => None,
        };
        let Some(special) = special else { continue };
        result.push(&text.slice(from..at));
        from = match special {
            Special::Nothing(end) => {
                if c != '\'' && c != '"' {
                    // The escaped character is taken as it is.
                    rest.next();
                }
                end
            }
            Special::Dollar(end) => {
                let is_two = matches!(dialect, Dialect::Dockerfile(_));
                result.push(&text.slice(at..if is_two { end } else { at + 1 }));
                end
            }
            Special::Variable(found) => {
                let site = text.site(at)..text.site(found.end);
                let range = at..found.end;
                match evaluate(text, &found, dialect, lookup, depth)? {
                    Some(value) => result.push_variable(&value, &site),
                    None => result.push(&text.slice(range)),
                }
                found.end
            }
            Special::Bad => return Err(format!("invalid variable in \"{value}\"")),
        };
        while rest.peek().is_some_and(|(at, _)| *at < from) {
            rest.next();
        }
        if is_too_large(&result, dialect) {
            return Err("it is too long with its variables replaced".to_owned());
        }
    }
    result.push(&text.slice(from..text.len()));
    Ok(result)
}

fn is_too_large(text: &Text, dialect: Dialect) -> bool {
    let is_inline = dialect == Dialect::ComposeInline;
    let (length, pieces) = if is_inline { MAX_INLINE } else { MAX_VALUE };
    text.len() > length || text.pieces() > pieces
}

enum Special {
    /// A quote or an escape character; what follows begins here.
    Nothing(usize),
    /// `$$`.
    Dollar(usize),
    Variable(Found),
    Bad,
}

/// A variable in a text.
struct Found {
    name: Range<usize>,
    /// `:-`, `-`, `:+`, `+`, `:?`, `?` or what else follows the name.
    operator: Range<usize>,
    argument: Range<usize>,
    end: usize,
}

/// The variable whose `$` is at `at`.
fn variable(value: &str, at: usize) -> Option<Special> {
    let rest = &value[at + 1..];
    let name_length = |text: &str| {
        let is_name = |(index, c): (usize, char)| {
            c == '_' || c.is_ascii_alphabetic() || index > 0 && c.is_ascii_digit()
        };
        text.char_indices().take_while(|pair| is_name(*pair)).count()
    };
    if rest.starts_with('$') {
        return Some(Special::Dollar(at + 2));
    }
    let Some(inside) = rest.strip_prefix('{') else {
        let length = name_length(rest);
        let end = at + 1 + length;
        let found = Found { name: at + 1..end, operator: end..end, argument: end..end, end };
        return (length > 0).then_some(Special::Variable(found));
    };
    let start = at + 2;
    let length = name_length(inside);
    let name = start..start + length;
    let Some(close) = closing(inside) else { return Some(Special::Bad) };
    if length == 0 {
        // `${{ … }}` and the like: somebody else's.
        return if inside.starts_with('{') { None } else { Some(Special::Bad) };
    }
    let tail = &inside[length..close];
    let operator = match tail.as_bytes() {
        [b':', b'-' | b'+' | b'?', ..] => 2,
        [] => 0,
        _ => tail.chars().next().map_or(0, char::len_utf8),
    };
    let operator = name.end..name.end + operator;
    let argument = operator.end..start + close;
    Some(Special::Variable(Found { name, operator, argument, end: start + close + 1 }))
}

/// The index of the brace that closes a variable, behind its opening one.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at > 0 && bytes[at - 1] == b'$' => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// What a variable becomes; `None`: it stays as it is.
fn evaluate(
    text: &Text,
    found: &Found,
    dialect: Dialect,
    lookup: &mut Lookup<'_>,
    depth: usize,
) -> Result<Option<Text>, String> {
    let name = &text.value[found.name.clone()];
    let operator = &text.value[found.operator.clone()];
    let set = match lookup(name) {
        Variable::Set(value) => Some(value),
        Variable::Unset => None,
        Variable::Unknowable => {
            return Err(format!("variable \"{name}\" is only known to a build"));
        }
    };
    let argument = |lookup: &mut Lookup<'_>| {
        let argument = text.slice(found.argument.clone());
        expand_nested(&argument, dialect, lookup, depth + 1).map(Some)
    };
    let filled = set.as_ref().is_some_and(|value| !value.value.is_empty());
    match operator {
        ":-" if !filled => argument(lookup),
        "-" if set.is_none() => argument(lookup),
        ":+" if filled => argument(lookup),
        "+" if set.is_some() => argument(lookup),
        ":+" | "+" => Ok(Some(Text::empty(text.site(found.name.start)))),
        ":?" if !filled => Err(format!("variable \"{name}\" is required and has no value")),
        "?" if set.is_none() => Err(format!("variable \"{name}\" is required and has no value")),
        ":-" | "-" | ":?" | "?" | "" => match (set, dialect) {
            (Some(value), _) => Ok(Some(value)),
            (None, Dialect::ComposeInline) => Ok(None),
            (None, Dialect::DotEnv) => Ok(Some(Text::empty(0))),
            (None, _) => Err(format!("variable \"{name}\" has no value")),
        },
        _ => Err(format!("variable \"{name}\" is used with \"{operator}\"")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compose(text: &str) -> Result<String, String> {
        with(text, Dialect::Compose)
    }

    fn with(text: &str, dialect: Dialect) -> Result<String, String> {
        let mut lookup = |name: &str| match name {
            "V" => Variable::Set(Text::literal("1.2", 0, 900)),
            "E" => Variable::Set(Text::empty(0)),
            "TARGETARCH" => Variable::Unknowable,
            _ => Variable::Unset,
        };
        expand(&Text::literal(text, 0, 0), dialect, &mut lookup).map(|text| text.value)
    }

    #[test]
    fn as_compose_reads_them() {
        for (text, expected) in [
            ("a:$V", "a:1.2"),
            ("a:${V}-x", "a:1.2-x"),
            ("a:${U:-3}", "a:3"),
            ("a:${E:-3}", "a:3"),
            ("a:${E-3}", "a:"),
            ("a:${U-3}", "a:3"),
            ("a:${U:-${W:-4}}.1", "a:4.1"),
            ("a${V:+:5}", "a:5"),
            ("a${U:+:5}", "a"),
            ("a${E:+:5}${E+6}", "a6"),
            ("a:$$V", "a:$V"),
            ("a:${V:?no}", "a:1.2"),
            ("'a:$V'", "'a:1.2'"),
            ("a:${{ x }}", "a:${{ x }}"),
            ("a:$", "a:$"),
            ("a:$1", "a:$1"),
        ] {
            assert_eq!(compose(text), Ok(expected.to_owned()), "{text}");
        }
        for text in ["a:${U}", "a:$U", "a:${U:?no}", "a:${E:?no}", "a:${U?}", "a:${V", "a:${}"] {
            assert!(compose(text).is_err(), "{text}: {:?}", compose(text));
        }
        assert_eq!(with("$U$V$$X", Dialect::ComposeInline), Ok("$U1.2$X".to_owned()));
        assert_eq!(with("$U$V", Dialect::DotEnv), Ok("1.2".to_owned()));
    }

    #[test]
    fn as_dockerfiles_have_them() {
        let docker = |text| with(text, Dialect::Dockerfile('\\'));
        assert_eq!(docker("\"a:$V\""), Ok("a:1.2".to_owned()));
        assert_eq!(docker("'a:$V'"), Ok("a:$V".to_owned()));
        assert_eq!(docker("a:\\$V\\\\"), Ok("a:$V\\".to_owned()));
        assert_eq!(docker("a:${E}"), Ok("a:".to_owned()));
        assert!(docker("a:${V#1}").unwrap_err().contains('#'));
        assert!(docker("a:$TARGETARCH").unwrap_err().contains("TARGETARCH"));
        assert!(docker("${U:-$TARGETARCH}").is_err());
    }

    #[test]
    fn values_keep_their_places() {
        let mut lookup = |_: &str| Variable::Set(Text::literal("1.2", 3, 900));
        let text = Text::literal("a:${V}-x", 0, 50);
        let text = expand(&text, Dialect::Compose, &mut lookup).unwrap();
        let tag = text.slice(2..text.len());
        assert_eq!((tag.start(), tag.end()), (52, 58));
        let edit = tag.edit("1.3-x").unwrap().unwrap();
        assert_eq!((edit.file, edit.at, edit.len, &*edit.new), (3, 900, 3, "1.3"));
        let text = Text::literal("a:${V:-1.2}", 0, 50);
        let text = expand(&text, Dialect::Compose, &mut |_| Variable::Unset).unwrap();
        let tag = text.slice(2..5);
        assert_eq!(tag.start(), 52);
        let edit = tag.edit("1.3").unwrap().unwrap();
        assert_eq!((edit.file, edit.at, edit.len, &*edit.new), (0, 57, 3, "1.3"));
    }
}
