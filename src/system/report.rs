//! What goes to stderr: warnings, notes, the log of requests.
//!
//! stdout is data; everything else passes through the one [`Reporter`] of a run, which makes
//! foreign text safe, prints a warning once, and writes whole lines only, from any thread.

use std::collections::HashSet;
use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::system::lock;
use crate::system::secret::Sent;
use crate::system::terminal::{paint, sanitize, server_text};

/// The most warnings that servers may cause by `Warning` headers in a run.
const MAX_SERVER_WARNINGS: usize = 3;

/// The run's channel to stderr.
#[derive(Debug, Default)]
pub struct Reporter {
    verbose: bool,
    color: bool,
    silent: bool,
    seen: Mutex<Seen>,
    /// Whether the terminal's last line is one of [`Reporter::draw`].
    drawn: Mutex<bool>,
    /// Whether data has come out on the same terminal: a line drawn there would be among it.
    has_data: AtomicBool,
    /// What must never be printed, whoever said it.
    sent: Sent,
}

/// Goes to the line's start and erases it.
const ERASE: &str = "\r\x1b[K";

#[derive(Debug, Default)]
struct Seen {
    lines: HashSet<String>,
    from_servers: usize,
}

impl Reporter {
    /// A reporter; `verbose` logs requests.
    pub fn new(verbose: bool) -> Self {
        Reporter { verbose, ..Reporter::default() }
    }

    /// Whether labels such as `error:` are colored.
    pub(crate) fn colored(self, color: bool) -> Self {
        Reporter { color, ..self }
    }

    /// A reporter that prints nothing: completion must not disturb the prompt.
    pub fn silent() -> Self {
        Reporter { silent: true, ..Reporter::default() }
    }

    /// The secrets that were sent: they are hidden in every line.
    pub fn sent(&self) -> &Sent {
        &self.sent
    }

    /// Whether requests are logged.
    pub fn is_verbose(&self) -> bool {
        self.verbose && !self.silent
    }

    /// Something the user should know; the same text is printed once.
    pub fn warn(&self, text: &str) {
        if self.first_time(text) {
            self.labeled("warning: ", "1;33", text);
        }
    }

    /// A line of the log of requests, printed with `-v` only.
    pub fn log(&self, text: &str) {
        if self.verbose {
            self.line(text);
        }
    }

    /// A server's `Warning: 299` header (distribution-spec): at most three in a run.
    pub fn server_warning(&self, host: &str, text: &str) {
        let text = format!("{host} says: {}", server_text(text));
        let mut seen = lock(&self.seen);
        // No more are remembered than are shown: there may be millions.
        if seen.from_servers < MAX_SERVER_WARNINGS && seen.lines.insert(text.clone()) {
            seen.from_servers += 1;
            drop(seen);
            self.labeled("warning: ", "1;33", &text);
        }
    }

    /// A line as it is, such as an error. stderr that cannot be written to does not fail the run.
    pub fn line(&self, text: &str) {
        self.write(&format!("{}\n", self.safe(text)), false);
    }

    fn labeled(&self, label: &str, sgr: &str, text: &str) {
        let label = paint(label, sgr, self.color);
        self.write(&format!("{label}{}\n", self.safe(text)), false);
    }

    fn safe(&self, text: &str) -> String {
        sanitize(&self.sent.hide(text)).into_owned()
    }

    /// Draws a line that does not stay: the next one takes its place. For terminals only.
    pub fn draw(&self, text: &str) {
        self.write(&sanitize(text), true);
    }

    /// The same where no line is drawn and no data was printed. Whether it was drawn.
    pub(crate) fn draw_alone(&self, text: &str) -> bool {
        let is_free = !self.silent && !self.has_data.load(Ordering::Relaxed) && !*lock(&self.drawn);
        if is_free {
            self.draw(text);
        }
        is_free
    }

    /// Makes room for data on the terminal.
    pub(crate) fn data(&self) {
        if !self.has_data.swap(true, Ordering::Relaxed) {
            self.erase();
        }
    }

    /// Erases the line of [`Reporter::draw`], if there is one.
    pub fn erase(&self) {
        self.write("", false);
    }

    /// Puts a text in the place of what was drawn.
    fn write(&self, text: &str, drawn: bool) {
        if self.silent {
            return;
        }
        let mut last = lock(&self.drawn);
        let text = format!("{}{text}", if *last { ERASE } else { "" });
        let _ = std::io::stderr().lock().write_all(text.as_bytes());
        *last = drawn;
    }

    /// An error: its line, and its hint after an empty line.
    pub(crate) fn error(&self, error: &dyn std::fmt::Display, hint: Option<&str>) {
        self.labeled("error: ", "1;31", &error.to_string());
        if let Some(hint) = hint {
            self.line("");
            self.labeled("hint: ", "1;36", hint);
        }
    }

    fn first_time(&self, text: &str) -> bool {
        let mut seen = lock(&self.seen);
        seen.lines.insert(text.to_owned())
    }
}
