//! `--write`, `--pin` and `--dry-run`: the findings become changes of the files.

use std::io::Write;

use super::check::{self, Finding};
use super::inputs::{Inputs, Item};
use super::{Args, Exit};
use crate::commands::context::Context;
use crate::error::Error;
use crate::scan::write::{Plan, Refusal, Wish, apply, plan};
use crate::system::terminal::sanitize_lines;

/// Changes the files, or says what would change. The changed lines go to `out`, else to stderr.
///
/// # Errors
/// Writing to `out`.
pub(super) fn write(
    args: &Args,
    inputs: &Inputs,
    findings: &[Finding],
    context: &Context,
    mut out: Option<&mut dyn Write>,
    exit: &mut Exit,
) -> Result<(), Error> {
    let uses = &inputs.scan.uses;
    let mut wishes = vec![Wish::default(); uses.len()];
    for (item, finding) in inputs.items.iter().zip(findings) {
        if let Some(index) = item.index {
            wishes[index] = wish(args, item, finding);
        }
    }
    let Plan { edits, refused } = plan(uses, &wishes);
    for (index, why) in refused {
        let item = &uses[index];
        let path = inputs.scan.files.path(item.file).display();
        let line = item.position.map_or(String::new(), |p| format!(":{}:{}", p.line, p.column));
        context.reporter.warn(&format!("{path}{line}: {} not written: {why}", item.image));
    }
    for (file, edits) in edits {
        let path = inputs.scan.files.path(file);
        let name = path.display().to_string();
        let outcome = apply(&inputs.scan.files, &edits).and_then(|changed| {
            if args.write && !args.dry_run {
                changed.write(path)?;
            }
            Ok(changed.diff(&name))
        });
        match outcome {
            Ok(diff) => {
                let diff = sanitize_lines(&diff);
                match &mut out {
                    Some(out) => out.write_all(diff.as_bytes()).map_err(Error::stdout)?,
                    None => diff.lines().for_each(|line| context.reporter.line(line)),
                }
            }
            Err(Refusal::ChangedMeanwhile) => {
                context.reporter.warn(&format!("{name}: not written: the file changed meanwhile"));
            }
            Err(Refusal::Io(source)) => {
                let error = Error::Io { what: name, source };
                exit.note(error.exit_code());
                context.reporter.error(&error, error.hint().as_deref());
            }
        }
    }
    Ok(())
}

/// What a reference is to say.
fn wish(args: &Args, item: &Item, finding: &Finding) -> Wish {
    let mut tag = check::written_tag(args, finding).map(str::to_owned);
    let is_pin = item.digest().is_some();
    // A new tag brings its digest with it; without one only --pin touches a digest.
    let digest = finding.written.as_ref().filter(|_| args.pin || tag.is_some());
    let digest = digest.filter(|digest| item.digest() != Some(*digest)).map(ToString::to_string);
    if is_pin && tag.is_some() && finding.written.is_none() {
        tag = None;
    }
    if let (Some(new), Some(comment)) = (&tag, &item.comment) {
        // The comment is spelled as it was.
        let bare = new.strip_prefix('v').unwrap_or(new);
        tag = Some(if comment.as_str().starts_with('v') {
            format!("v{bare}")
        } else {
            bare.to_owned()
        });
    }
    if !is_pin && digest.is_some() && tag.is_none() {
        let has_tag = item.target.as_ref().is_ok_and(|target| target.reference.tag().is_some());
        // What is pinned keeps the tag that was implied, so that it can be compared.
        tag = if has_tag { None } else { finding.tag.clone() };
    }
    Wish { tag, digest }
}
