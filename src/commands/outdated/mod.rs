//! `outdated`: which images that files or the command line name have something newer.
//!
//! Files are read first (`scan`), then every repository's list is asked for once, then the pins are
//! looked at, each of them once, however many files have it.

mod check;
mod inputs;
mod pins;
mod row;
mod writing;

use std::collections::HashMap;
use std::io::Write;
use std::path::PathBuf;

use self::check::{Checker, Finding};
use self::inputs::{Inputs, Item};
use self::row::OutdatedRow;
use super::context::Context;
use super::options::{PlatformOption, UpdateOptions};
use super::{Said, is_final};
use crate::config::Resolved;
use crate::error::{self, Error};
use crate::output::{Format, Writer};
use crate::system::parallel;
use crate::tags::select::TagList;

const EXAMPLES: &str = "\
Examples:
  docker tags outdated                        all files in this directory
  docker tags outdated compose.yaml charts redis:7.2
  docker tags outdated --level minor --ignore 'quay.io/*'
  docker tags outdated -q compose.yaml        what to use instead
  docker tags outdated --dry-run              what --write would change
  docker tags outdated --write --pin          change tags, and pin digests";

/// What does not fit the short help.
const RECIPES: &str = "\
Examples:
  docker tags outdated                        all files in this directory
  docker tags outdated compose.yaml charts redis:7.2
  docker tags outdated --level minor --ignore 'quay.io/*'
  docker tags outdated -q compose.yaml        what to use instead
  docker tags outdated --dry-run              what --write would change
  docker tags outdated --write --pin          change tags, and pin digests

A step of a GitHub workflow that fails when something is outdated:
  - run: docker-tags outdated --level minor

A job of GitLab that does the same:
  outdated:
    script:
      - docker-tags outdated --level minor

A pre-commit hook, in .pre-commit-config.yaml:
  - id: docker-tags-outdated

A line for cron, which mails what is outdated and nothing else:
  0 7 * * 1 cd /srv/app && docker-tags outdated -q || true

Changing tags is not all of an upgrade: read the release notes first.";

/// Find images with newer tags, moved pins and missing tags.
///
/// Reads Dockerfiles, compose files, Kubernetes manifests, kustomizations, Helm values, GitHub
/// workflows and GitLab pipelines. Without an argument, reads this directory and below. An argument
/// that exists is a file or directory, anything else is an image. Hidden directories other than
/// .github, node_modules, target, vendor and links to directories are not entered.
///
/// WANTED is the newest tag of the same kind and major version, LATEST the newest of the kind.
/// Pins (NAME:TAG@DIGEST) are compared with what the tag points to now.
///
/// Exit code 10 means that something is newer, moved or gone. Exit codes 5, 4 and 3 mean that an
/// image could not be checked, 2 that a file could not be read; they come before 10.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = RECIPES)]
pub(crate) struct Args {
    /// Images, files and directories; - reads names from standard input
    #[arg(value_name = "IMAGE|FILE|DIRECTORY", value_hint = clap::ValueHint::AnyPath)]
    inputs: Vec<PathBuf>,

    /// Read this file, whatever its name (repeatable)
    #[arg(short, long, value_name = "FILE", help_heading = "Selection")]
    file: Vec<PathBuf>,

    #[command(flatten)]
    update: UpdateOptions,

    #[command(flatten)]
    of: PlatformOption,

    /// Skip images that match a glob pattern (repeatable)
    #[arg(long, value_name = "GLOB", help_heading = "Selection")]
    ignore: Vec<String>,

    /// Find the tags of pins that have none
    #[arg(long, help_heading = "Selection", hide_short_help = true)]
    resolve: bool,

    /// Show current images, too
    #[arg(long, help_heading = "Output")]
    all: bool,

    /// Exit with 0 instead of 10
    #[arg(long, help_heading = "Output", hide_short_help = true)]
    exit_zero: bool,

    /// Change the files: WANTED in place of CURRENT
    ///
    /// With --level major LATEST takes the place of CURRENT. Only the bytes of tags and digests
    /// change. The changes are printed as a diff.
    #[arg(long, help_heading = "Changing files")]
    write: bool,

    /// With --write: add digests, and update moved pins
    #[arg(long, help_heading = "Changing files")]
    pin: bool,

    /// Print what --write would change
    #[arg(long, help_heading = "Changing files")]
    dry_run: bool,
}

/// A repository, as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct RepositoryKey {
    name: String,
    profile: Option<String>,
}

impl RepositoryKey {
    fn of(target: &Resolved) -> Self {
        let profile = target.profile.name().map(str::to_owned);
        RepositoryKey { name: target.reference.name(), profile }
    }
}

/// Why a repository could not be asked: for every image that it has.
#[derive(Debug, Clone)]
struct Failure {
    message: String,
}

/// A list of tags, or why there is none.
type Lists = HashMap<RepositoryKey, Result<TagList, Failure>>;

/// Runs the command.
///
/// # Errors
/// A command line that cannot be understood, before any request; otherwise the exit code.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    if args.pin && !args.write && !args.dry_run {
        let hint = "add --write to change the files, or --dry-run to see the changes";
        return Err(Error::usage("--pin changes files, and needs --write", hint));
    }
    let format = context.format(Format::Table)?;
    let mut text: Vec<u8> = Vec::new();
    let writer = Writer::new(&mut text, &format, context.look())?;
    let mut writer = writer.with_columns(&row::TABLE);
    let mut exit = Exit::default();
    let inputs = Inputs::read(args, context, &mut exit)?;
    let lists = lists(&inputs, context, &mut exit)?;
    let findings = findings(args, &inputs, &lists, context, &mut exit)?;
    let mut shown = Vec::new();
    for (item, finding) in inputs.items.iter().zip(&findings) {
        exit.found |= finding.is_outdated();
        if args.all || !finding.is_current() {
            let row = OutdatedRow::new(&inputs, item, finding);
            if format_is_plain(&format) && row.line().is_none() {
                continue;
            }
            shown.push(finding);
            writer.write_row(&row)?;
        }
    }
    if !shown.is_empty() || !matches!(format, Format::Table) {
        writer.finish()?;
    }
    let color = context.style.stdout_color && matches!(format, Format::Table);
    row::print(&text, &shown, color, out).map_err(Error::stdout)?;
    inputs.explain_nothing(context);
    if args.write || args.dry_run {
        let is_table = matches!(format, Format::Table);
        if is_table && !shown.is_empty() {
            writeln!(out).map_err(Error::stdout)?;
        }
        writing::write(args, &inputs, &findings, context, is_table.then_some(out), &mut exit)?;
    }
    exit.end(args.exit_zero)
}

fn format_is_plain(format: &Format) -> bool {
    matches!(format, Format::Plain)
}

/// What the exit code is made of.
#[derive(Debug, Default)]
struct Exit {
    codes: Vec<u8>,
    found: bool,
    said: Said,
}

impl Exit {
    fn note(&mut self, code: u8) {
        self.codes.push(code);
    }

    /// The first that applies: so a gate neither passes nor fails for a wrong reason.
    fn end(self, zero: bool) -> Result<(), Error> {
        let order = [error::NETWORK, error::AUTH, error::NOT_FOUND, error::FAILED, error::USAGE];
        if let Some(code) = order.into_iter().find(|code| self.codes.contains(code)) {
            return Err(Error::Exit(code));
        }
        if self.found && !zero { Err(Error::Exit(error::DIFFERENT)) } else { Ok(()) }
    }
}

/// Asks each repository for its list, once, several at a time.
fn lists(inputs: &Inputs, context: &Context, exit: &mut Exit) -> Result<Lists, Error> {
    let mut wanted: Vec<&Resolved> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for item in &inputs.items {
        if let Some(target) = item.target.as_ref().ok().filter(|_| item.needs_list())
            && seen.insert(RepositoryKey::of(target))
        {
            wanted.push(target);
        }
    }
    let jobs = jobs(wanted.iter().copied(), context);
    let work = |target: &&Resolved| {
        let registry = context.registry(target.reference.registry(), &target.profile)?;
        let mut tags = TagList::new();
        registry.repository(target.reference.repository(), false).tags(None, &mut tags)?;
        Ok(tags)
    };
    let mut lists = Lists::new();
    parallel::in_order(&wanted, jobs, work, |target, listed: Result<_, Error>| {
        let listed = match listed {
            Ok(tags) => Ok(tags),
            Err(error) => Err(failed(error, context, exit)?),
        };
        lists.insert(RepositoryKey::of(target), listed);
        Ok::<(), Error>(())
    })?;
    Ok(lists)
}

/// Reports a failure, and keeps it for the rows.
///
/// # Errors
/// One after which there is no point in going on.
fn failed(error: Error, context: &Context, exit: &mut Exit) -> Result<Failure, Error> {
    if is_final(&error) {
        return Err(error);
    }
    exit.note(error.exit_code());
    exit.said.report(context, "", &error);
    Ok(Failure { message: error.to_string() })
}

fn jobs<'a>(targets: impl Iterator<Item = &'a Resolved>, context: &Context) -> usize {
    targets.map(|target| context.jobs(&target.profile)).max().unwrap_or(1)
}

/// Finds out about every item: equal ones once.
fn findings(
    args: &Args,
    inputs: &Inputs,
    lists: &Lists,
    context: &Context,
    exit: &mut Exit,
) -> Result<Vec<Finding>, Error> {
    let mut subjects: Vec<&Item> = Vec::new();
    let mut places = HashMap::new();
    let mut place_of = Vec::new();
    for item in &inputs.items {
        let place = *places.entry(item.subject()).or_insert_with(|| {
            subjects.push(item);
            subjects.len() - 1
        });
        place_of.push(place);
    }
    let jobs = jobs(subjects.iter().filter_map(|item| item.target.as_ref().ok()), context);
    let checker = Checker { args, context, lists };
    let mut findings: Vec<Finding> = Vec::new();
    // Where nothing but names decides there is nothing to wait for, and no need of threads.
    let (asking, quick): (Vec<usize>, Vec<usize>) =
        (0..subjects.len()).partition(|&index| checker.asks(subjects[index]));
    let mut found: Vec<Option<Finding>> = vec![None; subjects.len()];
    for index in quick {
        found[index] = Some(checker.check(subjects[index])?);
    }
    parallel::in_order(
        &asking,
        jobs,
        |&index| checker.check(subjects[index]),
        |&index, outcome| {
            let finding = match outcome {
                Ok(finding) => finding,
                Err(error) => Finding::failed(&failed(error, context, exit)?),
            };
            found[index] = Some(finding);
            Ok::<(), Error>(())
        },
    )?;
    for place in place_of {
        findings.push(found[place].clone().unwrap_or_default());
    }
    Ok(findings)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_news_decide() {
        for (codes, found, zero, expected) in [
            (&[3, 5, 2][..], true, true, 5),
            (&[3, 4], false, false, 4),
            (&[2, 3], true, false, 3),
            (&[1, 2], true, false, 1),
            (&[2], true, false, 2),
            (&[], true, false, 10),
            (&[], true, true, 0),
            (&[], false, false, 0),
        ] {
            let exit = Exit { codes: codes.to_vec(), found, ..Exit::default() };
            let code = exit.end(zero).err().map_or(0, |error| error.exit_code());
            assert_eq!(code, expected, "{codes:?}");
        }
    }
}
