//! The options of `ls`, and what they ask for.

use clap::ValueEnum;
use jiff::Timestamp;

use super::window::{Moment, Window};
use crate::commands::options::{FilterOptions, PlatformOption, TypeOption};
use crate::commands::subject::Subject;
use crate::error::Error;
use crate::output::Format;
use crate::tags::select::{self, Selection, Sort};

const EXAMPLES: &str = "\
Examples:
  docker tags ls alpine                          or just: docker tags alpine
  docker tags ls nginx --semver '^1.27' -l       versions, with details
  docker tags ls nginx --group-by digest         tags of the same image together
  docker tags ls quay.io/coreos/dnsmasq          any registry
  docker tags ls alpine redis --limit 3          several repositories
  docker tags ls node --filter '22*-alpine*'
  docker tags ls alpine --format json
  docker tags ls alpine --raw | jq -r '.tags[]'";

/// List the tags of repositories, newest version first.
///
/// Versions come first, newest on top. Other tags follow by name. Prints one tag per line, or
/// REPOSITORY:TAG for several repositories. Only the details that you print or sort by are fetched.
/// If a list is cut short, you get an error, never a list that looks complete.
///
/// --since and --older-than use the date when the image was created. On Docker Hub and Quay this is when
/// the tag was last pushed. Dates without a time zone are UTC. Tags without a date are left out with a
/// warning.
#[derive(Debug, Default, clap::Args)]
#[command(
    after_help = EXAMPLES,
    mut_arg("platform", |arg| arg.help("Show tags with an image for this platform"))
)]
pub(crate) struct Args {
    /// Repositories, such as alpine, quay.io/org/app or localhost:5000/app
    #[arg(value_name = "REPO", required = true)]
    pub repositories: Vec<String>,

    #[command(flatten)]
    filters: FilterOptions,

    /// Show versions in a range: '^1.27', '~3.1', '>=2 <4'
    #[arg(long, value_name = "RANGE", help_heading = "Selection")]
    semver: Option<String>,

    /// Hide pre-releases and nightly builds
    #[arg(long, help_heading = "Selection", hide_short_help = true)]
    stable: bool,

    /// Hide the tags of signatures and attestations, such as sha256-….sig
    #[arg(long, help_heading = "Selection", hide_short_help = true)]
    omit_digest_tags: bool,

    /// Sort order [default: version]
    #[arg(long, value_enum, value_name = "ORDER", help_heading = "Selection")]
    sort: Option<Order>,

    /// Reverse the order
    #[arg(short, long, help_heading = "Selection", hide_short_help = true)]
    reverse: bool,

    /// Show at most N tags per repository
    #[arg(long, value_name = "N", help_heading = "Selection")]
    limit: Option<usize>,

    /// Continue after this tag of the list
    #[arg(long, value_name = "TAG", help_heading = "Selection", hide_short_help = true)]
    last: Option<String>,

    /// Show tags newer than an age such as 7d, or a date such as 2026-01-31 (UTC)
    #[arg(long, value_name = "AGE|DATE", help_heading = "Selection", hide_short_help = true)]
    since: Option<Moment>,

    /// Show tags older than an age such as 90d, or a date such as 2026-01-31 (UTC)
    #[arg(long, value_name = "AGE|DATE", help_heading = "Selection", hide_short_help = true)]
    older_than: Option<Moment>,

    #[command(flatten)]
    pub(super) of: PlatformOption,

    /// Show digest, size, platforms and date
    #[arg(short, long, help_heading = "Output")]
    pub(super) long: bool,

    /// Show digests
    #[arg(long, help_heading = "Output")]
    pub(super) digests: bool,

    /// Show tags of the same image on one line
    #[arg(long, value_enum, value_name = "WHAT", help_heading = "Output")]
    group_by: Option<GroupBy>,

    /// Print REGISTRY/REPOSITORY:TAG
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    pub(super) full_ref: bool,

    #[command(flatten)]
    pub(super) kind: TypeOption,
}

/// `--sort`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Order {
    /// Newest version first
    Version,
    /// By name
    Name,
    /// Newest image first (Docker Hub: last pushed first)
    Created,
    /// Last pulled first (Docker Hub only)
    Pulled,
    /// Largest image first
    Size,
    /// In the registry's order, printed as it arrives
    None,
}

/// `--group-by`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum GroupBy {
    /// The content digest
    Digest,
}

impl Args {
    /// What is selected by name. `raw`: the registry's own document, in its own order.
    ///
    /// # Errors
    /// Patterns, ranges and expressions that cannot be understood.
    pub(super) fn selection(&self, raw: bool) -> Result<Selection, Error> {
        Ok(Selection {
            range: self.semver.as_deref().map(select::parse_range).transpose()?,
            stable: self.stable,
            omit_digest_tags: self.omit_digest_tags,
            sort: match self.sort {
                Some(Order::Version | Order::Created | Order::Pulled | Order::Size) => {
                    Sort::Version
                }
                Some(Order::Name) => Sort::Name,
                Some(Order::None) => Sort::None,
                None if raw && !self.is_grouped() => Sort::None,
                None => Sort::Version,
            },
            reverse: self.reverse,
            limit: self.limit,
            last: self.last.clone(),
            ..self.filters.selection()?
        })
    }

    /// Whether an empty list is what was asked for.
    pub(super) fn wants_none(&self) -> bool {
        self.limit == Some(0) || self.last.is_some()
    }

    /// What leaves tags out by name, as it was typed.
    pub(super) fn filters_text(&self) -> String {
        let mut texts = self.filters.texts();
        texts.extend(self.semver.as_ref().map(|range| format!("--semver '{range}'")));
        texts.extend(self.stable.then(|| "--stable".to_owned()));
        texts.extend(self.omit_digest_tags.then(|| "--omit-digest-tags".to_owned()));
        texts.join(" ")
    }

    /// The text before each tag of a repository.
    pub(super) fn prefix(&self, target: &Subject, targets: usize) -> String {
        if self.full_ref {
            format!("{}:", target.name())
        } else if targets > 1 {
            format!("{}:", target.familiar_name())
        } else {
            String::new()
        }
    }

    /// How rows are printed unless `--format` says so.
    pub(super) fn default_format(&self) -> Format {
        if self.is_long() || self.is_grouped() { Format::Table } else { Format::Plain }
    }

    /// Whether a row has details.
    pub(super) fn is_long(&self) -> bool {
        self.long || self.digests
    }

    /// `--group-by digest`.
    pub(super) fn is_grouped(&self) -> bool {
        self.group_by == Some(GroupBy::Digest)
    }

    /// Whether dates decide.
    pub(super) fn has_window(&self) -> bool {
        self.since.is_some() || self.older_than.is_some()
    }

    /// `--since` and `--older-than`.
    pub(super) fn window(&self, now: Timestamp) -> Window<'_> {
        let (since, older_than) = (self.since.as_ref(), self.older_than.as_ref());
        Window { since, older_than, now, outside: 0, undated: 0 }
    }

    /// `--sort created`.
    pub(super) fn sorts_by_created(&self) -> bool {
        self.sort == Some(Order::Created)
    }

    /// `--sort pulled`.
    pub(super) fn sorts_by_pulled(&self) -> bool {
        self.sort == Some(Order::Pulled)
    }

    /// `--sort size`.
    pub(super) fn sorts_by_size(&self) -> bool {
        self.sort == Some(Order::Size)
    }

    /// Whether the order is known only when the details are.
    pub(super) fn sorts_by_details(&self) -> bool {
        self.sorts_by_created() || self.sorts_by_pulled() || self.sorts_by_size()
    }
}
