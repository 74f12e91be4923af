//! The images of a Dockerfile: `# syntax=`, `FROM`, `COPY --from=`, `RUN --mount=…,from=`.

use std::collections::HashMap;

use super::collect::{Collector, Unread, unresolved};
use super::instructions::{Instruction, Instructions};
use super::text::Text;
use super::vars::{Dialect, Variable, expand};

/// How many arguments a file may have, and one instruction.
const MAX_ARGUMENTS: usize = 1_000;

/// What buildkit knows as an instruction.
const KNOWN: [&str; 18] = [
    "ADD",
    "ARG",
    "CMD",
    "COPY",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "FROM",
    "HEALTHCHECK",
    "LABEL",
    "MAINTAINER",
    "ONBUILD",
    "RUN",
    "SHELL",
    "STOPSIGNAL",
    "USER",
    "VOLUME",
    "WORKDIR",
];

/// The `ARG`s that a line can see; `None`: without a default.
type Arguments = HashMap<String, Option<Text>>;

struct State<'a> {
    escape: char,
    /// Those before the first `FROM`.
    global: Arguments,
    /// Those of the stage.
    local: Arguments,
    /// The names of the stages so far, in lower case; one without a name is empty.
    stages: Vec<String>,
    /// Contexts that a build file names: what copies from them copies from no image.
    contexts: &'a [String],
}

/// Adds the images of a Dockerfile.
///
/// # Errors
/// It cannot be read as one.
pub(super) fn collect(
    collector: &mut Collector<'_>,
    text: &Text,
    contexts: &[String],
) -> Result<(), Unread> {
    let parsed = Instructions::parse(text)?;
    if let Some(syntax) = &parsed.syntax {
        collector.image(Ok(syntax.clone()), syntax, None);
    }
    let (global, local) = (Arguments::new(), Arguments::new());
    let mut state = State { escape: parsed.escape, global, local, stages: Vec::new(), contexts };
    for line in &parsed.lines {
        let unread = |what: String| Unread { at: Some(text.site(line.at)), what };
        match line.name.as_str() {
            "ARG" if state.global.len() + state.local.len() > MAX_ARGUMENTS => {
                return Err(unread("more than 1,000 arguments".to_owned()));
            }
            "ARG" => state.argument(line),
            "FROM" => state.from(collector, line).map_err(unread)?,
            "ONBUILD" => state.copied(collector, &line.inner()),
            name if KNOWN.contains(&name) => state.copied(collector, line),
            name if name.starts_with(['{', '<']) => {}
            name => return Err(unread(format!("unknown instruction \"{name}\""))),
        }
    }
    if state.stages.is_empty() {
        return Err(Unread { at: Some(text.start()), what: "no FROM instruction".to_owned() });
    }
    Ok(())
}

/// The flags in front of an instruction's arguments, and the other words.
fn flags(line: &Instruction) -> (Vec<Text>, Vec<Text>) {
    let words = line.words();
    let count = words.iter().take_while(|word| word.value.starts_with("--")).count();
    (words[..count].to_vec(), words[count..].to_vec())
}

/// The value of a flag.
fn flag(flags: &[Text], name: &str) -> Option<Text> {
    flags.iter().find_map(|flag| {
        let (key, _) = flag.value.split_once('=')?;
        (key == name).then(|| flag.slice(key.len() + 1..flag.len()))
    })
}

impl State<'_> {
    fn expand(&self, text: &Text, arguments: &Arguments) -> Result<Text, String> {
        let mut lookup = |name: &str| match arguments.get(name) {
            _ if is_of_the_build(name) => Variable::Unknowable,
            Some(Some(value)) => Variable::Set(value.clone()),
            _ => Variable::Unset,
        };
        expand(text, Dialect::Dockerfile(self.escape), &mut lookup)
    }

    /// `ARG NAME[=DEFAULT]…`. In a stage a name without a default is that of the top.
    fn argument(&mut self, line: &Instruction) {
        for word in assignments(line, self.escape) {
            let (name, value) = match word.value.split_once('=') {
                Some((name, _)) => {
                    let value = word.slice(name.len() + 1..word.len());
                    let known = if self.stages.is_empty() { &self.global } else { &self.local };
                    (name.to_owned(), self.expand(&value, known).ok())
                }
                None => {
                    let top = self.global.get(&word.value).cloned().flatten();
                    (word.value.clone(), if self.stages.is_empty() { None } else { top })
                }
            };
            let known = if self.stages.is_empty() { &mut self.global } else { &mut self.local };
            known.insert(name, value);
        }
    }

    /// `FROM [--platform=P] IMAGE [AS NAME]`.
    fn from(&mut self, collector: &mut Collector<'_>, line: &Instruction) -> Result<(), String> {
        self.local.clear();
        if unresolved(&line.rest.value).is_some() {
            self.stages.push(String::new());
            collector.image(Ok(line.rest.clone()), &line.rest, None);
            return Ok(());
        }
        let (flags, mut words) = flags(line);
        let comment = words.iter().position(|word| word.value.starts_with('#'));
        words.truncate(comment.unwrap_or(words.len()));
        let name = match &words[..] {
            [_] => String::new(),
            [_, keyword, name] if keyword.value.eq_ignore_ascii_case("as") => {
                name.value.to_lowercase()
            }
            [] => return Err("FROM has no image".to_owned()),
            _ => return Err("expected FROM IMAGE [AS NAME]".to_owned()),
        };
        let image = &words[0];
        let text = self.expand(image, &self.global);
        let platform = flag(&flags, "--platform")
            .and_then(|platform| self.expand(&platform, &self.global).ok())
            .map(|platform| platform.value);
        let is_stage = text.as_ref().is_ok_and(|text| {
            text.value == "scratch" || self.stages.contains(&text.value.to_lowercase())
        });
        if !is_stage {
            collector.image(text, image, platform);
        }
        self.stages.push(name);
        Ok(())
    }

    /// What an instruction takes from another image.
    fn copied(&self, collector: &mut Collector<'_>, line: &Instruction) {
        if !matches!(line.name.as_str(), "COPY" | "ADD" | "RUN") {
            return;
        }
        let (flags, _) = flags(line);
        let sources: Vec<Text> = match line.name.as_str() {
            "RUN" => flags.iter().filter_map(mount_source).collect(),
            _ => flag(&flags, "--from").into_iter().collect(),
        };
        for source in sources {
            let text = self.expand(&source, &self.local);
            let is_stage = text.as_ref().is_ok_and(|text| {
                let name = text.value.to_lowercase();
                name.is_empty()
                    || name == "scratch"
                    || name.bytes().all(|b| b.is_ascii_digit())
                    || self.stages.contains(&name)
                    || self.contexts.contains(&text.value)
            });
            if !is_stage {
                collector.image(text, &source, None);
            }
        }
    }
}

/// The arguments that a build sets itself.
fn is_of_the_build(name: &str) -> bool {
    let rest = name.strip_prefix("BUILD").or_else(|| name.strip_prefix("TARGET"));
    rest.is_some_and(|rest| {
        ["PLATFORM", "OS", "OSVERSION", "ARCH", "VARIANT", "STAGE"].contains(&rest)
    })
}

/// The `from` of a `--mount=KEY=VALUE,…`.
fn mount_source(flag: &Text) -> Option<Text> {
    let fields = flag.value.strip_prefix("--mount=")?;
    let mut at = flag.len() - fields.len();
    fields.split(',').find_map(|field| {
        let start = at;
        at += field.len() + 1;
        let (key, value) = field.split_once('=')?;
        let end = start + field.len();
        key.trim().eq_ignore_ascii_case("from").then(|| flag.slice(end - value.len()..end))
    })
}

/// The words of an `ARG`, whose values may have blanks in quotes.
fn assignments(line: &Instruction, escape: char) -> Vec<Text> {
    let (mut words, mut from, mut quote, mut escaped) = (Vec::new(), None, None, false);
    let value = &line.rest.value;
    for (at, c) in value.char_indices().chain([(value.len(), ' ')]) {
        let is_end = c.is_whitespace() && (quote.is_none() || at == value.len()) && !escaped;
        match (is_end, from) {
            (true, Some(start)) => {
                words.push(line.rest.slice(start..at));
                from = None;
            }
            (false, None) => from = Some(at),
            _ => {}
        }
        match quote {
            _ if words.len() >= MAX_ARGUMENTS => break,
            _ if escaped => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
        escaped = c == escape && !escaped && quote != Some('\'');
    }
    words
}
