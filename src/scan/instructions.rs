//! A Dockerfile as instructions, each one logical line whose bytes know their places.
//!
//! As [buildkit's parser](https://github.com/moby/buildkit/tree/master/frontend/dockerfile/parser)
//! reads it: directives, continuation lines with comments between them, heredocs anywhere in the
//! words of `RUN`, `COPY` and `ADD`. `parse-dockerfile` has places, too, but sees a heredoc only as
//! the first word: the body of `RUN cat <<EOF > x` would be read as instructions.

use super::collect::Unread;
use super::text::Text;

/// How many instructions a file may have.
const MAX_INSTRUCTIONS: usize = 50_000;
/// Over how many lines one instruction may go.
const MAX_LINES: usize = 50_000;
/// How many words of an instruction are looked at: flags and names come first.
const MAX_WORDS: usize = 100;

/// A Dockerfile's lines, put together.
pub(super) struct Instructions {
    /// The image of `# syntax=`.
    pub syntax: Option<Text>,
    pub escape: char,
    pub lines: Vec<Instruction>,
}

/// One instruction.
pub(super) struct Instruction {
    /// In upper case.
    pub name: String,
    /// Where it begins, in the text.
    pub at: usize,
    /// The text after the name.
    pub rest: Text,
}

/// The index of each line in the text, and the line without its end.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.strip_suffix('\n').unwrap_or(line).trim_end_matches('\r'))
    })
}

impl Instructions {
    /// # Errors
    /// A heredoc without an end.
    pub(super) fn parse(text: &Text) -> Result<Self, Unread> {
        let mut parsed = Instructions { syntax: None, escape: '\\', lines: Vec::new() };
        parsed.directives(text);
        let mut all = lines(&text.value).peekable();
        while let Some((start, line)) = all.next() {
            let skipped = line.len() - line.trim_start().len();
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let too_long =
                |what: &str| Err(Unread { at: Some(text.site(start)), what: what.to_owned() });
            if parsed.lines.len() >= MAX_INSTRUCTIONS {
                return too_long("more than 50,000 instructions");
            }
            let mut whole = Text::empty(text.site(start + skipped));
            let (mut at, mut line) = (start + skipped, line);
            loop {
                let continued = continuation(line, parsed.escape);
                whole.push(&text.slice(at..at + continued.unwrap_or(line.len())));
                if continued.is_none() {
                    break;
                }
                if whole.pieces() > MAX_LINES {
                    return too_long("an instruction of more than 50,000 lines");
                }
                // Comments and empty lines in between are left out.
                let mut next = all.next();
                while next
                    .is_some_and(|(_, l)| l.trim().is_empty() || l.trim_start().starts_with('#'))
                {
                    next = all.next();
                }
                let Some(more) = next else { break };
                (at, line) = more;
            }
            let instruction = Instruction::new(&whole, start + skipped);
            for heredoc in instruction.heredocs(parsed.escape) {
                let is_end = |(_, line): &(usize, &str)| heredoc.ends(line);
                if !all.by_ref().any(|line| is_end(&line)) {
                    let what = format!("heredoc \"{}\" has no end", heredoc.name);
                    return Err(Unread { at: Some(text.site(start + skipped)), what });
                }
            }
            parsed.lines.push(instruction);
        }
        Ok(parsed)
    }

    /// The comments on top that are directives.
    fn directives(&mut self, text: &Text) {
        for (start, line) in lines(&text.value) {
            let Some(comment) = line.trim_start().strip_prefix('#') else { break };
            if start == 0 && comment.starts_with('!') {
                continue;
            }
            let Some((key, value)) = comment.split_once('=') else { break };
            let value = value.trim();
            let begin = start + line.trim_end().len() - value.len();
            match key.trim().to_ascii_lowercase().as_str() {
                "syntax" if self.syntax.is_none() => {
                    let word = value.split_whitespace().next().unwrap_or_default();
                    self.syntax = Some(text.slice(begin..begin + word.len()));
                }
                "escape" if value == "`" => self.escape = '`',
                "syntax" | "escape" | "check" => {}
                _ => break,
            }
        }
    }
}

/// Where a line ends that goes on in the next one.
fn continuation(line: &str, escape: char) -> Option<usize> {
    let content = line.trim_end_matches([' ', '\t']);
    let before = content.strip_suffix(escape)?;
    (!before.ends_with(escape)).then_some(before.len())
}

/// A heredoc that an instruction opens.
struct Heredoc {
    name: String,
    strips_tabs: bool,
}

impl Heredoc {
    fn ends(&self, line: &str) -> bool {
        let line = if self.strips_tabs { line.trim_start_matches('\t') } else { line };
        line == self.name
    }
}

impl Instruction {
    fn new(whole: &Text, at: usize) -> Self {
        let value = &whole.value;
        let length = value.find(char::is_whitespace).unwrap_or(value.len());
        let name = value[..length].to_ascii_uppercase();
        Instruction { name, at, rest: whole.slice(length..whole.len()).trim() }
    }

    /// The instruction that an `ONBUILD` is for.
    pub(super) fn inner(&self) -> Instruction {
        Instruction::new(&self.rest, self.at)
    }

    /// The words of the rest, by blanks.
    pub(super) fn words(&self) -> Vec<Text> {
        let mut words = Vec::new();
        let mut from = None;
        let value = &self.rest.value;
        for (at, c) in value.char_indices().chain([(value.len(), ' ')]) {
            match (c.is_whitespace(), from) {
                (true, Some(start)) => {
                    words.push(self.rest.slice(start..at));
                    from = None;
                    if words.len() >= MAX_WORDS {
                        break;
                    }
                }
                (false, None) => from = Some(at),
                _ => {}
            }
        }
        words
    }

    fn heredocs(&self, escape: char) -> Vec<Heredoc> {
        match self.name.as_str() {
            "RUN" | "COPY" | "ADD" => {}
            "ONBUILD" => return self.inner().heredocs(escape),
            _ => return Vec::new(),
        }
        shell_words(&self.rest.value, escape)
            .iter()
            .filter_map(|word| heredoc(word, escape))
            .collect()
    }
}

/// A word as `[0-9]*<<-?NAME`.
fn heredoc(word: &str, escape: char) -> Option<Heredoc> {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix("<<")?;
    let strips_tabs = rest.starts_with('-');
    let name = rest.strip_prefix('-').unwrap_or(rest);
    if name.contains('<') {
        return None;
    }
    let name = name.replace(['"', '\'', escape], "");
    (!name.is_empty()).then_some(Heredoc { name, strips_tabs })
}

/// Words as a shell cuts them, quotes kept.
fn shell_words(text: &str, escape: char) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match quote {
            None if c.is_whitespace() => {
                words.push(String::new());
                continue;
            }
            None if c == '"' || c == '\'' => quote = Some(c),
            Some(open) if open == c => quote = None,
            _ => {}
        }
        if let Some(word) = words.last_mut() {
            word.push(c);
            if c == escape && quote != Some('\'') {
                word.extend(characters.next());
            }
        }
    }
    words
}
