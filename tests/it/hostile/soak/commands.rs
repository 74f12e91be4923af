//! The commands of the soak, and what the success of each would print.

use std::time::Duration;

use serde_json::Value;

use super::content::World;
use super::random::Random;
use crate::hostile::HANGS;

/// The time limit of each step of a request.
const TIMEOUT: Duration = Duration::from_millis(300);
/// What a busy machine may take on top, for all that is no waiting.
const BUSY: Duration = Duration::from_secs(8);

/// The commands that are mixed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Ls,
    LsSeveral,
    LsRaw,
    LsLong,
    LsDigests,
    LsGroups,
    Digest,
    DigestSeveral,
    DigestPlatform,
    Manifest,
    Platforms,
    Config,
    Inspect,
    Repos,
    ReposTags,
    Token,
    Check,
}

use Kind::*;

impl Kind {
    pub(super) const ALL: [Kind; 17] = [
        Ls,
        LsSeveral,
        LsRaw,
        LsLong,
        LsDigests,
        LsGroups,
        Digest,
        DigestSeveral,
        DigestPlatform,
        Manifest,
        Platforms,
        Config,
        Inspect,
        Repos,
        ReposTags,
        Token,
        Check,
    ];

    /// The most requests that one waits for after the other.
    fn requests(self) -> u32 {
        match self {
            Ls | LsRaw | Repos => 8,
            LsLong | LsDigests | LsGroups | ReposTags => 30,
            _ => 12,
        }
    }
}

/// A command, and what is known of its end.
pub(super) struct Command {
    pub(super) kind: Kind,
    pub(super) args: Vec<String>,
    pub(super) expected: Expected,
    /// It must have ended by then.
    pub(super) deadline: Duration,
}

/// What a success prints.
pub(super) enum Expected {
    Rows(Rows),
    Bytes(Vec<u8>),
    Document(Value),
    /// The bearer token, as it is or as a header.
    Token(&'static str),
    /// What `check` says; the flag: as JSON.
    Report(bool),
}

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Lines,
    Json,
    /// A table under these headings; what it has beside is left out of the comparison.
    Table(&'static [&'static str]),
}

/// Rows, and how they may come to be fewer.
pub(super) struct Rows {
    pub(super) shape: Shape,
    pub(super) rows: Vec<Value>,
    /// All rows in their order, before `--limit`.
    pub(super) whole: Vec<Value>,
    /// Printed as they arrive: a failure leaves the first of them.
    pub(super) streams: bool,
    /// Each for itself: a failure leaves the others.
    pub(super) apart: bool,
    /// Their order hangs on what each holds.
    pub(super) grouped: bool,
}

impl Rows {
    /// Rows that are printed all or not at all.
    pub(super) fn new(shape: Shape, rows: Vec<Value>) -> Self {
        let whole = rows.clone();
        Rows { shape, rows, whole, streams: false, apart: false, grouped: false }
    }

    /// The same, as bare lines.
    pub(super) fn lines<T: Into<String>>(lines: impl IntoIterator<Item = T>) -> Self {
        Rows::new(Shape::Lines, lines.into_iter().map(|line| Value::String(line.into())).collect())
    }

    /// Only the first of them.
    pub(super) fn limited(mut self, limit: usize) -> Self {
        self.rows.truncate(limit);
        self
    }
}

/// Makes the commands for one registry.
pub(super) struct Maker<'a> {
    pub(super) world: &'a World,
    pub(super) host: &'a str,
    pub(super) random: Random,
}

impl Maker<'_> {
    /// Any command, with any of its options.
    pub(super) fn command(mut self) -> Command {
        let kind = self.random.pick(&Kind::ALL);
        let (words, expected) = match kind {
            Ls => self.ls(),
            LsSeveral => self.ls_several(),
            LsRaw => self.ls_raw(),
            LsLong => self.ls_long(),
            LsDigests => self.ls_digests(),
            LsGroups => self.ls_groups(),
            Digest => self.digest(),
            DigestSeveral => self.digest_several(),
            DigestPlatform => self.digest_platform(),
            Manifest => self.manifest(),
            Platforms => self.platforms(),
            Config => self.config(),
            Inspect => self.inspect(),
            Repos => self.repos(),
            ReposTags => self.repos_tags(),
            Token => self.token(),
            Check => self.check(),
        };
        let retries = self.random.pick(&[0, 0, 0, 1]);
        let timeout = TIMEOUT.as_secs_f64().to_string();
        let mut args = [words, vec!["--timeout".into(), timeout]].concat();
        args.extend(["--retries".into(), retries.to_string()]);
        if self.random.one_in(6) {
            args.push("-v".into());
        }
        if self.random.one_in(3) {
            args.extend(["-j".into(), self.random.pick(&["1", "2", "8"]).into()]);
        }
        // An answer's header and its body are waited for, and half a second before a repetition.
        let request = TIMEOUT * 2 * (retries + 1) + Duration::from_millis(500) * retries;
        let deadline = (BUSY + request * kind.requests()).min(HANGS);
        Command { kind, args, expected, deadline }
    }
}
