//! What is to be checked: images of the command line, of standard input and of files.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Args, Exit};
use crate::commands::context::Context;
use crate::config::Resolved;
use crate::error::{Error, USAGE};
use crate::oci::platform::Platform;
use crate::oci::reference::{Digest, Reference, Tag};
use crate::scan::{self, Position, Scan, Skipped};
use crate::tags::select::Glob;

/// The most that is read from standard input.
const MAX_STDIN: u64 = 8 * 1024 * 1024;

/// Everything that is to be checked, in the order of the output.
pub(super) struct Inputs {
    pub items: Vec<Item>,
    pub scan: Scan,
    /// What was looked through, where only files were asked for.
    looked_through: Option<String>,
}

/// One image at one place.
pub(super) struct Item {
    /// As it is written, variables resolved; `None`: a folder of templates.
    pub image: Option<String>,
    /// What it refers to, or why nothing is asked.
    pub target: Result<Resolved, Unchecked>,
    /// The tag that a comment says a digest stands for.
    pub comment: Option<Tag>,
    pub platform: Option<Platform>,
    pub path: Option<String>,
    pub position: Option<Position>,
    /// Its index among the uses of the scan.
    pub index: Option<usize>,
}

/// Why nothing is asked about an image.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Unchecked {
    Skipped(String),
    Failed(String),
}

/// What makes two items the same question.
pub(super) type Subject =
    (Result<(String, Option<String>), Unchecked>, Option<Tag>, Option<String>);

impl Item {
    /// Whether its repository's list is needed.
    pub(super) fn needs_list(&self) -> bool {
        let Ok(target) = &self.target else { return false };
        target.reference.tag().is_some()
            || target.reference.digest().is_none()
            || self.comment.is_some()
    }

    pub(super) fn subject(&self) -> Subject {
        let target = self
            .target
            .as_ref()
            .map(|target| (target.reference.to_string(), target.profile.name().map(str::to_owned)));
        let platform = self.platform.as_ref().map(ToString::to_string);
        (target.map_err(Clone::clone), self.comment.clone(), platform)
    }

    pub(super) fn digest(&self) -> Option<&Digest> {
        self.target.as_ref().ok()?.reference.digest()
    }
}

impl Inputs {
    /// Reads files and names. What is wrong with one of them is reported, and the rest goes on.
    ///
    /// # Errors
    /// An argument that is neither a path nor an image.
    pub(super) fn read(args: &Args, context: &Context, exit: &mut Exit) -> Result<Self, Error> {
        let ignored = args.ignore.iter().map(|text| {
            Glob::parse(text).map_err(|error| {
                let message = format!("invalid --ignore pattern {text:?}: {}", error.reason());
                Error::usage(message, "patterns look like 'nginx', 'quay.io/*' or '*/internal/*'")
            })
        });
        let ignored: Vec<Glob> = ignored.collect::<Result<_, _>>()?;
        let platform = args.of.platform.as_ref();
        let (mut paths, mut items) = (Vec::new(), Vec::new());
        let here = [PathBuf::from(".")];
        let given =
            if args.inputs.is_empty() && args.file.is_empty() { &here[..] } else { &args.inputs };
        for input in given {
            if input == Path::new("-") {
                read_stdin(&mut items, platform, context, exit)?;
            } else if input.exists() || is_path(input) {
                paths.push(input.clone());
            } else {
                let text = input.to_string_lossy();
                let target = context.resolve(&text)?;
                items.push(Item::of(text.into_owned(), target, platform));
            }
        }
        let only_files =
            items.is_empty() && !args.inputs.iter().any(|input| input == Path::new("-"));
        paths.extend(args.file.iter().cloned());
        let looked_through = only_files.then(|| {
            paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
        });
        let scan = scan::scan(&paths, &context.env);
        for fault in &scan.faults {
            let hint = "the other files were read";
            report(fault.to_string(), if paths.len() > 1 { hint } else { "" }, context, exit);
        }
        for (index, item) in scan.uses.iter().enumerate() {
            items.push(Item::found(index, item, &scan, platform, context, exit)?);
        }
        let count = items.len();
        items.retain(|item| !item.is_ignored(&ignored));
        if items.is_empty() && count > 0 {
            context.reporter.line(&format!("--ignore excludes all {count} images"));
        }
        let looked_through = looked_through.filter(|_| count == 0);
        Ok(Inputs { items, scan, looked_through })
    }

    /// An empty answer has a reason.
    pub(super) fn explain_nothing(&self, context: &Context) {
        if let Some(paths) = &self.looked_through
            && self.items.is_empty()
            && self.scan.faults.is_empty()
        {
            context.reporter.line(&format!("no images found in {paths}"));
        }
    }
}

/// Whether a text that is not a file can only mean one.
fn is_path(input: &Path) -> bool {
    let Some(text) = input.to_str() else { return true };
    let is_file = [".yaml", ".yml", ".json"].iter().any(|end| text.ends_with(end));
    is_file || input.is_absolute() || text.starts_with("./") || text.starts_with("../")
}

fn report(message: String, hint: &str, context: &Context, exit: &mut Exit) {
    let error = Error::Config { message, hint: hint.to_owned() };
    exit.note(USAGE);
    context.reporter.error(&error, error.hint().as_deref());
}

/// One name a line; empty lines and comments are left out.
fn read_stdin(
    items: &mut Vec<Item>,
    platform: Option<&Platform>,
    context: &Context,
    exit: &mut Exit,
) -> Result<(), Error> {
    let mut text = String::new();
    let source = std::io::stdin().lock().take(MAX_STDIN).read_to_string(&mut text);
    source.map_err(|source| Error::Io { what: "standard input".to_owned(), source })?;
    for (index, line) in text.lines().enumerate() {
        let name = line.trim();
        if name.is_empty() || name.starts_with('#') {
            continue;
        }
        let column = line.len() - line.trim_start().len() + 1;
        let position = Some(Position { line: index + 1, column });
        let item = match context.resolve(name) {
            Ok(target) => Item::of(name.to_owned(), target, platform),
            Err(error) => {
                report(format!("-:{}:{column}: {error}", index + 1), "", context, exit);
                Item::unchecked(name.to_owned(), Unchecked::Failed(error.to_string()))
            }
        };
        items.push(Item { path: Some("-".to_owned()), position, ..item });
    }
    Ok(())
}

impl Item {
    fn of(image: String, target: Resolved, platform: Option<&Platform>) -> Item {
        let (image, target, platform) = (Some(image), Ok(target), platform.cloned());
        Item { image, target, comment: None, platform, path: None, position: None, index: None }
    }

    fn unchecked(image: String, why: Unchecked) -> Item {
        let image = Some(image).filter(|image| !image.is_empty());
        let (target, path) = (Err(why), None);
        Item { image, target, comment: None, platform: None, path, position: None, index: None }
    }

    /// What a file names. There a name without a registry is Docker Hub's, whatever the profile.
    fn found(
        index: usize,
        item: &scan::Use,
        scan: &Scan,
        platform: Option<&Platform>,
        context: &Context,
        exit: &mut Exit,
    ) -> Result<Item, Error> {
        let path = scan.files.path(item.file).display().to_string();
        let image = item.image.clone();
        let found = match &item.parts {
            Ok(parts) => {
                let reference: Reference = image
                    .parse()
                    .map_err(|source| Error::Reference { input: image.clone(), source })?;
                let target = context.resolve(&reference.to_string())?;
                let own = item.platform.as_deref().and_then(|text| text.parse().ok());
                let comment = parts.comment.as_ref().and_then(|text| text.value.parse().ok());
                let platform = platform.or(own.as_ref());
                Item { comment, ..Item::of(image, target, platform) }
            }
            Err(Skipped::Because(why)) => Item::unchecked(image, Unchecked::Skipped(why.clone())),
            Err(Skipped::Invalid(why)) => {
                let (path, what) = (path.clone(), format!("\"{image}\": {why}"));
                let fault = scan::Fault { path, position: item.position, what };
                report(fault.to_string(), "", context, exit);
                Item::unchecked(image, Unchecked::Failed(why.clone()))
            }
        };
        Ok(Item { path: Some(path), position: item.position, index: Some(index), ..found })
    }

    fn is_ignored(&self, patterns: &[Glob]) -> bool {
        let mut names: Vec<String> = self.image.iter().cloned().collect();
        if let Ok(target) = &self.target {
            let reference = &target.reference;
            names.extend([reference.familiar_name(), reference.name(), reference.familiar()]);
        }
        patterns.iter().any(|pattern| names.iter().any(|name| pattern.matches(name)))
    }
}
