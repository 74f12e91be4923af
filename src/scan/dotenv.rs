//! `.env` beside a compose file, as compose reads it.

use std::collections::HashMap;

use super::collect::variable;
use super::text::{FileId, Fixed, Text};
use super::vars::{Dialect, Variable, expand};
use crate::system::env::Env;

/// How many variables a file may have.
const MAX_VARIABLES: usize = 1_000;

/// The variables of a file; each knows its bytes.
#[derive(Debug)]
pub(super) struct DotEnv(HashMap<String, Text>);

impl DotEnv {
    /// Reads what can be read: compose itself complains about invalid lines.
    pub(super) fn parse(content: &str, file: FileId, env: &Env) -> Self {
        let mut known = HashMap::new();
        let mut at = if content.starts_with('\u{feff}') { 3 } else { 0 };
        while at < content.len() && known.len() < MAX_VARIABLES {
            let rest = &content[at..];
            let line = rest.split('\n').next().unwrap_or_default();
            let mut next = at + line.len() + 1;
            let statement = line.trim_start();
            let exported = statement.strip_prefix("export ").map(str::trim_start);
            let statement = exported.unwrap_or(statement);
            let begin = at + line.len() - statement.len();
            if let Some(separator) = statement.find(['=', ':'])
                && !statement.starts_with('#')
            {
                let name = statement[..separator].trim().to_owned();
                let value_at = begin + separator + 1;
                let (value, end) = value(content, value_at, file, &known, env);
                known.insert(name, value);
                next = next.max(end);
            }
            at = next;
        }
        DotEnv(known)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Text> {
        self.0.get(name)
    }
}

/// The value that begins at `at`, and where reading goes on.
fn value(
    content: &str,
    at: usize,
    file: FileId,
    known: &HashMap<String, Text>,
    env: &Env,
) -> (Text, usize) {
    let line = content[at..].split('\n').next().unwrap_or_default();
    let trimmed = line.trim_start_matches([' ', '\t']);
    let start = at + line.len() - trimmed.len();
    let resolve = |text: &Text| {
        let mut lookup = |name: &str| match (variable(env, name), known.get(name)) {
            (Some(value), _) => Variable::Set(Text::fixed(&value, 0..0, Fixed::Environment)),
            (None, Some(value)) => Variable::Set(value.clone()),
            (None, None) => Variable::Unset,
        };
        expand(text, Dialect::DotEnv, &mut lookup).unwrap_or_else(|_| text.clone())
    };
    if let Some(quote) = trimmed.chars().next().filter(|c| *c == '"' || *c == '\'')
        && let Some(length) = closing(&content[start + 1..], quote)
    {
        let inside = &content[start + 1..start + 1 + length];
        let end = start + 1 + length;
        let next = content[end..].find('\n').map_or(content.len(), |line| end + line + 1);
        let text = Text::literal(inside, file, start + 1);
        let text = match quote {
            '"' if inside.contains('\\') => {
                let plain = inside.replace("\\n", "\n").replace("\\\"", "\"").replace("\\\\", "\\");
                Text::fixed(&plain, 0..0, Fixed::Escaped)
            }
            '"' => resolve(&text),
            _ => text,
        };
        return (text, next);
    }
    let comment = trimmed
        .char_indices()
        .find(|(at, c)| *c == '#' && (*at == 0 || trimmed[..*at].ends_with([' ', '\t'])));
    let plain = trimmed[..comment.map_or(trimmed.len(), |(at, _)| at)].trim_end();
    (resolve(&Text::literal(plain, file, start)), at + line.len() + 1)
}

/// The index of the quote that ends a value.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let found = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        found.then_some(at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_compose_reads_it() {
        let content = "\u{feff}# c\nA=1.2 # comment\nexport B = '3 $A'\nC=\"${A}-x\"\r\nD=a#b\n\
                       E=\n  F: yaml\nG=\"two\nlines\" # c\nH=${FROM_ENV}${NONE}\nI=\"q\\\"\"\nnothing\n\
                       A2=last";
        let env = Env::from_pairs([("FROM_ENV", "e")]);
        let parsed = DotEnv::parse(content, 7, &env);
        for (name, expected) in [
            ("A", "1.2"),
            ("B", "3 $A"),
            ("C", "1.2-x"),
            ("D", "a#b"),
            ("E", ""),
            ("F", "yaml"),
            ("G", "two\nlines"),
            ("H", "e"),
            ("I", "q\""),
            ("A2", "last"),
        ] {
            assert_eq!(parsed.get(name).map(|t| t.value.as_str()), Some(expected), "{name}");
        }
        assert!(parsed.get("nothing").is_none());
        let edit = parsed.get("A").unwrap().edit("1.3").unwrap().unwrap();
        assert_eq!((edit.file, &content[edit.at..edit.at + edit.len]), (7, "1.2"));
        let edit = parsed.get("C").unwrap().edit("1.3-x").unwrap().unwrap();
        assert_eq!(&content[edit.at - 2..edit.at + edit.len], "A=1.2");
    }
}
