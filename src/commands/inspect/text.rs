//! Small things that a page is laid out with: words, lines, commands.

use crate::system::terminal::sanitize;

/// Foreign text on one line: white space folded, unsafe characters escaped.
pub(super) fn one_line(text: &str) -> String {
    let folded: Vec<&str> = text.split_whitespace().collect();
    sanitize(&folded.join(" ")).into_owned()
}

/// The text in lines of at most `width` characters, broken at blanks where there are any.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(8);
    let mut lines = Vec::new();
    let mut rest: Vec<char> = text.chars().collect();
    while rest.len() > width {
        let blank = rest[..=width].iter().rposition(|c| *c == ' ').filter(|at| *at > 0);
        let tail = match blank {
            Some(at) => {
                let tail = rest.split_off(at + 1);
                rest.truncate(at);
                tail
            }
            None => rest.split_off(width),
        };
        lines.push(rest.into_iter().collect());
        rest = tail;
    }
    lines.push(rest.into_iter().collect());
    lines
}

/// The words of a command as one would type them into a shell.
pub(super) fn command(words: &[String]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| quote(word)).collect();
    one_line(&quoted.join(" "))
}

fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "_-+=.,:/@%^".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_at_blanks() {
        assert_eq!(wrap("short", 10), ["short"]);
        assert_eq!(wrap("", 10), [""]);
        assert_eq!(wrap("one two three four", 9), ["one two", "three", "four"]);
        assert_eq!(wrap("0123456789abcdef", 10), ["0123456789", "abcdef"]);
        assert_eq!(wrap("ü ö ä ß ü ö", 8), ["ü ö ä ß", "ü ö"]);
        assert_eq!(wrap("exactly 8", 8), ["exactly", "8"]);
    }

    #[test]
    fn commands_can_be_read() {
        let words = |words: &[&str]| -> Vec<String> {
            words.iter().map(|word| (*word).to_owned()).collect()
        };
        assert_eq!(command(&words(&["nginx", "-g", "daemon off;"])), "nginx -g 'daemon off;'");
        assert_eq!(command(&words(&["sh", "-c", "", "it's"])), r"sh -c '' 'it'\''s'");
        assert_eq!(command(&words(&["a\n\x1bb"])), "'a \\u{1b}b'");
    }
}
