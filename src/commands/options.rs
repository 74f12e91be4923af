//! Options that several commands share, each with one definition.

use clap::ValueEnum;
use jiff::SignedDuration;

use crate::config::duration::age;
use crate::error::Error;
use crate::oci::platform::Platform;
use crate::tags::kind::Level;
use crate::tags::select::{Glob, Regex, SelectError, Selection};

/// `--platform`
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct PlatformOption {
    /// Platform os/arch[/variant], or local for this one
    #[arg(long, value_name = "PLATFORM", help_heading = "Selection")]
    pub platform: Option<Platform>,
}

/// `--type`
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct TypeOption {
    /// What the repository holds
    #[arg(
        long,
        value_enum,
        value_name = "TYPE",
        default_value = "image",
        help_heading = "Selection",
        hide_short_help = true
    )]
    r#type: Type,
}

impl TypeOption {
    /// `--type plugin`
    pub(crate) fn is_plugin(&self) -> bool {
        self.r#type == Type::Plugin
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Type {
    /// Images and other artifacts
    #[default]
    Image,
    /// Docker engine plugins
    Plugin,
}

/// Options of commands that read one image.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Choice {
    #[command(flatten)]
    of: PlatformOption,
    #[command(flatten)]
    pub kind: TypeOption,
}

impl Choice {
    /// `--platform`
    pub(crate) fn platform(&self) -> Option<&Platform> {
        self.of.platform.as_ref()
    }
}

/// Which tags are chosen by name
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct FilterOptions {
    /// Show tags that match a glob pattern (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    filter: Vec<String>,

    /// Show tags that match a regular expression as a whole (repeatable)
    #[arg(long, value_name = "REGEX", help_heading = "Selection", hide_short_help = true)]
    include: Vec<String>,

    /// Hide tags that match a regular expression as a whole (repeatable)
    #[arg(long, value_name = "REGEX", help_heading = "Selection", hide_short_help = true)]
    exclude: Vec<String>,
}

impl FilterOptions {
    /// Whether any tag may be left out.
    pub(crate) fn is_given(&self) -> bool {
        !(self.filter.is_empty() && self.include.is_empty() && self.exclude.is_empty())
    }

    /// `--filter '1.*'`
    pub(crate) fn texts(&self) -> Vec<String> {
        let options =
            [("filter", &self.filter), ("include", &self.include), ("exclude", &self.exclude)];
        let texts = options
            .iter()
            .flat_map(|(name, texts)| texts.iter().map(move |text| format!("--{name} '{text}'")));
        texts.collect()
    }

    /// # Errors
    /// Patterns and expressions that cannot be read.
    pub(crate) fn selection(&self) -> Result<Selection, SelectError> {
        let parse = |texts: &[String], parse: fn(&str) -> Result<Regex, SelectError>| {
            texts.iter().map(|text| parse(text)).collect::<Result<Vec<_>, _>>()
        };
        Ok(Selection {
            filters: self.filter.iter().map(|f| Glob::parse(f)).collect::<Result<_, _>>()?,
            include: parse(&self.include, Regex::include)?,
            exclude: parse(&self.exclude, Regex::exclude)?,
            ..Selection::default()
        })
    }
}

/// A filter that cannot be read
impl From<SelectError> for Error {
    fn from(error: SelectError) -> Self {
        let hint = match error.option() {
            "--type" => "patterns look like '*spdx*' or 'application/vnd.cncf.notary.*'",
            "--filter" => "patterns look like '1.*', '*-alpine' or '3.[0-9]'",
            "--semver" => "ranges look like '^1.27', '~3.1', '>=2 <4' or '1.x || 2.x'",
            _ => "expressions look like '1\\.[0-9]+(-alpine)?' and must match the whole tag",
        };
        Error::usage(error.to_string(), hint)
    }
}

/// How far a newer tag may be from the current one
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct UpdateOptions {
    /// Largest version change
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Selection")]
    level: Option<LevelLimit>,

    /// Include pre-releases
    #[arg(long, help_heading = "Selection")]
    pub pre: bool,

    /// Versions of the base image to allow: the same, or any newer one
    #[arg(
        long,
        value_enum,
        value_name = "BASE",
        default_value = "same",
        help_heading = "Selection",
        hide_short_help = true
    )]
    base: Base,

    /// Skip images younger than an age, such as 7d or 4w
    #[arg(long, value_name = "AGE", value_parser = age, help_heading = "Selection")]
    pub min_age: Option<SignedDuration>,
}

/// `--level`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum LevelLimit {
    Patch,
    Minor,
    Major,
}

/// `--base`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Base {
    #[default]
    Same,
    Any,
}

impl UpdateOptions {
    /// `--level`
    pub(crate) fn level(&self) -> Option<Level> {
        self.level.map(|level| match level {
            LevelLimit::Patch => Level::Patch,
            LevelLimit::Minor => Level::Minor,
            LevelLimit::Major => Level::Major,
        })
    }

    /// `--base any`
    pub(crate) fn any_base(&self) -> bool {
        self.base == Base::Any
    }
}
