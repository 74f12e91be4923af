//! The names of a repository's tags: collected for sorting, or passed on as they arrive.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::Args;
use super::listing::{Details, Known};
use crate::commands::context::Context;
use crate::commands::subject::Subject;
use crate::error::Error;
use crate::registry::{Listed, Sink};
use crate::tags::select::{self, Selection, Sort, TagList};

/// Passes tags on while they arrive.
pub(super) fn stream(
    args: &Args,
    context: &Context,
    target: &Subject,
    selection: &Selection,
    print: &mut dyn FnMut(&str) -> Result<(), Error>,
) -> Result<(), Error> {
    let (mut known, mut printed) = (Known::default(), 0);
    let mut print = |tag: &str| {
        printed += 1;
        print(tag)
    };
    let mut sink =
        Streaming { stream: selection.stream(), print: &mut print, listed: &mut known.listed };
    if sink.stream.is_done() {
        return Ok(());
    }
    list(args, context, target, selection, &mut sink)?;
    let awaits_last = sink.stream.awaits_last();
    note_none(args, context, target, &known, printed == 0);
    match &selection.last {
        Some(last) if awaits_last => Err(absent(target, last)),
        _ => Ok(()),
    }
}

/// Collects the tags that may be printed, in the registry's order.
pub(super) fn collect(
    args: &Args,
    context: &Context,
    target: &Subject,
    selection: &Selection,
    known: &mut Known,
) -> Result<TagList, Error> {
    let mut sink = Collecting { selection, tags: TagList::new(), known };
    list(args, context, target, selection, &mut sink)?;
    Ok(sink.tags)
}

/// Chooses the tags to print. In the registry's order nothing comes after a tag that is not there.
///
/// # Errors
/// The tag of `--last` is needed and is not in the list.
pub(super) fn choose(
    target: &Subject,
    selection: &Selection,
    tags: TagList,
) -> Result<TagList, Error> {
    match &selection.last {
        Some(last) if selection.sort == Sort::None && !tags.iter().any(|tag| tag == last) => {
            Err(absent(target, last))
        }
        _ => Ok(selection.apply(tags)),
    }
}

/// Says why a list is empty.
pub(super) fn note_none(
    args: &Args,
    context: &Context,
    target: &Subject,
    known: &Known,
    is_empty: bool,
) {
    if !is_empty || args.wants_none() {
        return;
    }
    let (name, filters) = (target.name(), args.filters_text());
    context.reporter.warn(&match known.listed {
        0 => format!("{name} has no tags"),
        _ if filters.is_empty() => return,
        1 => format!("no tag of {name} matches {filters} (1 tag)"),
        count => format!("no tag of {name} matches {filters} ({count} tags)"),
    });
}

/// The error for a `--last` that is not in the list whose order it needs.
pub(super) fn absent(target: &Subject, last: &str) -> Error {
    Error::NotFoundIn {
        object: format!("tag \"{last}\" of --last"),
        name: target.name(),
        hint: "with --sort version or name, --last may name any tag".to_owned(),
    }
}

fn list(
    args: &Args,
    context: &Context,
    target: &Subject,
    selection: &Selection,
    sink: &mut dyn Sink,
) -> Result<(), Error> {
    target.repository(context, args.kind.is_plugin())?.tags(first(selection), sink)
}

/// How many tags the registry can be asked for: a part only where its order is ours and nothing
/// is left out.
fn first(selection: &Selection) -> Option<usize> {
    let is_plain = selection.can_stream()
        && selection.last.is_none()
        && selection.filters.is_empty()
        && selection.include.is_empty()
        && selection.exclude.is_empty()
        && selection.range.is_none()
        && !selection.stable
        && !selection.omit_digest_tags;
    selection.limit.filter(|_| is_plain)
}

/// Keeps what may be printed.
struct Collecting<'a> {
    selection: &'a Selection,
    tags: TagList,
    known: &'a mut Known,
}

impl Sink for Collecting<'_> {
    fn entry(&mut self, tag: &str) -> Result<ControlFlow<()>, Error> {
        self.known.listed += 1;
        if self.selection.collects(tag) {
            self.tags.append(tag);
        }
        Ok(ControlFlow::Continue(()))
    }

    fn count(&self) -> usize {
        self.tags.len()
    }

    fn rewind(&mut self, count: usize) -> bool {
        self.tags.truncate(count);
        true
    }

    fn wants_manifests(&self) -> bool {
        self.known.reads_list
    }

    fn manifest(&mut self, listed: Listed) {
        let Listed { digest, size, created, tags } = listed;
        let details = Details { digest: Some(digest), size, created, ..Details::default() };
        let details = Arc::new(details);
        for tag in tags.iter().filter(|tag| self.selection.keeps(tag)) {
            self.known.add(tag, &details);
        }
    }
}

/// Prints what passes.
struct Streaming<'a> {
    stream: select::Stream<'a>,
    print: &'a mut dyn FnMut(&str) -> Result<(), Error>,
    listed: &'a mut usize,
}

impl Sink for Streaming<'_> {
    fn entry(&mut self, tag: &str) -> Result<ControlFlow<()>, Error> {
        *self.listed += 1;
        if self.stream.admits(tag) {
            (self.print)(tag)?;
        }
        let is_done = self.stream.is_done();
        Ok(if is_done { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn is_streamed(&self) -> bool {
        true
    }

    /// What is printed stays so.
    fn rewind(&mut self, _: usize) -> bool {
        false
    }
}
