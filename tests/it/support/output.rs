//! What a run left behind, and assertions on it that tell the whole story when they fail.

use std::fmt;

use serde_json::Value;

/// The end of a run. The assertions return it for the next one.
pub struct Output {
    pub command: String,
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
    /// stdout as it came.
    pub bytes: Vec<u8>,
    /// On a pseudo-terminal all output is in `stdout`.
    pub tty: bool,
    /// The largest resident size in KiB, of a run that was measured.
    peak_kib: Option<u64>,
    utf8: bool,
}

impl Output {
    pub(super) fn new(
        command: String,
        code: i32,
        stdout: Vec<u8>,
        stderr: Vec<u8>,
        tty: bool,
        peak_kib: Option<u64>,
    ) -> Self {
        let utf8 = std::str::from_utf8(&stdout).is_ok() && std::str::from_utf8(&stderr).is_ok();
        Output {
            command,
            code,
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            bytes: stdout,
            tty,
            peak_kib,
            utf8,
        }
    }

    /// The exit code is this.
    #[track_caller]
    pub fn code(&self, expected: i32) -> &Self {
        assert!(self.code == expected, "expected exit code {expected}\n{self}");
        self
    }

    /// stdout is exactly this.
    #[track_caller]
    pub fn stdout(&self, expected: &str) -> &Self {
        assert!(self.stdout == expected, "expected stdout:\n{expected}\n{self}");
        self
    }

    /// stdout has exactly these lines.
    #[track_caller]
    pub fn lines(&self, expected: &[&str]) -> &Self {
        let lines: Vec<&str> = self.stdout.lines().collect();
        assert!(lines == expected, "expected lines {expected:#?}\n{self}");
        self
    }

    /// stdout has this somewhere.
    #[track_caller]
    pub fn stdout_has(&self, part: &str) -> &Self {
        assert!(self.stdout.contains(part), "expected {part:?} in stdout\n{self}");
        self
    }

    /// stdout does not have this.
    #[track_caller]
    pub fn stdout_lacks(&self, part: &str) -> &Self {
        assert!(!self.stdout.contains(part), "expected no {part:?} in stdout\n{self}");
        self
    }

    /// stderr has this somewhere.
    #[track_caller]
    pub fn stderr_has(&self, part: &str) -> &Self {
        assert!(self.stderr.contains(part), "expected {part:?} in stderr\n{self}");
        self
    }

    /// stderr does not have this.
    #[track_caller]
    pub fn stderr_lacks(&self, part: &str) -> &Self {
        assert!(!self.stderr.contains(part), "expected no {part:?} in stderr\n{self}");
        self
    }

    /// stderr is empty.
    #[track_caller]
    pub fn silent(&self) -> &Self {
        assert!(self.stderr.is_empty(), "expected nothing on stderr\n{self}");
        self
    }

    /// The largest resident size, in KiB. Only of a run that was `measured()`.
    #[track_caller]
    pub fn peak(&self) -> u64 {
        self.peak_kib.unwrap_or_else(|| panic!("the run was not measured()\n{self}"))
    }

    /// It took less memory than this, in KiB.
    #[track_caller]
    pub fn peak_below(&self, most: u64) -> &Self {
        let peak = self.peak();
        assert!(peak < most, "{peak} KiB of memory, expected less than {most}\n{self}");
        self
    }

    /// stdout is one JSON document: this one.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is no JSON: {error}\n{self}"))
    }

    /// stdout is one JSON document per line: these.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}\n{self}"))
        };
        self.stdout.lines().map(parse).collect()
    }

    /// G3 and G6: the code is an orderly one, and a failure explains itself on stderr. The
    /// codes 1 and 10 may be silent answers (a difference found).
    #[track_caller]
    pub(super) fn check_orderly(&self) {
        let (out, err) = (&self.stdout, &self.stderr);
        assert!((0..=125).contains(&self.code), "exit code {} is disorderly\n{self}", self.code);
        let panicked =
            self.code == 101 || out.contains("panicked at") || err.contains("panicked at");
        assert!(!panicked, "the program panicked\n{self}");
        let explained = [0, 10].contains(&self.code) || self.tty || !err.trim().is_empty();
        assert!(explained, "a failure without a word on stderr\n{self}");
    }

    /// G2: text without anything that commands a terminal. On a terminal the program's own
    /// colours and carriage returns are let through.
    #[track_caller]
    pub(super) fn check_text(&self) {
        assert!(self.utf8, "output is not UTF-8\n{self}");
        for text in [&self.stdout, &self.stderr] {
            let text = if self.tty { without_style(text) } else { text.clone() };
            if let Some(found) = text.chars().find(|c| is_command(*c)) {
                panic!("U+{:04X} in the output\n{self}", found as u32);
            }
        }
    }

    /// G1, as far as the output goes.
    #[track_caller]
    pub(super) fn check_without(&self, canary: &str) {
        let leaked = self.stdout.contains(canary) || self.stderr.contains(canary);
        assert!(!leaked, "the secret {canary} is in the output\n{self}");
    }
}

/// C0 but line feed and tab, DEL, C1, the characters that turn the writing direction, and those that
/// break a line or cannot be seen.
fn is_command(c: char) -> bool {
    let bidi = matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}')
        || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let odd = matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}');
    bidi || odd || (c.is_control() && c != '\n' && c != '\t')
}

/// Takes out carriage returns and the sequences for colours and for clearing a line.
fn without_style(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['\r', '\u{1b}']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.strip_prefix("\u{1b}[").and_then(|tail| {
            let length = tail.find(|c: char| !c.is_ascii_digit() && c != ';')?;
            tail[length..].starts_with(['m', 'K']).then_some(length + 3)
        });
        match end {
            Some(end) => rest = &rest[end..],
            None if rest.starts_with('\r') => rest = &rest[1..],
            None => {
                out.push('\u{1b}');
                rest = &rest[1..];
            }
        }
    }
    out + rest
}

impl fmt::Display for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quoted = |text: &str| {
            let shown: Vec<String> =
                text.lines().take(60).map(|line| format!("  | {}", line.escape_debug())).collect();
            shown.join("\n")
        };
        writeln!(f, "$ {}", self.command)?;
        writeln!(f, "exit code {}", self.code)?;
        writeln!(f, "stdout:\n{}", quoted(&self.stdout))?;
        writeln!(f, "stderr:\n{}", quoted(&self.stderr))
    }
}
