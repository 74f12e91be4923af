//! The names of a repository's tags: collected for sorting, or passed on as they arrive.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};

use super::Args;
use crate::commands::context::Context;
use crate::config::Resolved;
use crate::error::Error;
use crate::registry::{Flow, ListOptions, Listed, Sink};
use crate::tags::select::{self, Selection, TagList};

/// Passes tags on while they arrive.
pub(super) fn stream(
    args: &Args,
    context: &Context,
    target: &Resolved,
    selection: &Selection,
    print: &mut dyn FnMut(&str) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut sink = Streaming { stream: selection.stream(), recent: Recent::default(), print };
    if sink.stream.is_done() {
        return Ok(());
    }
    list(args, context, target, selection, &mut sink)
}

/// Collects the tags that may be printed, in the registry's order.
pub(super) fn collect(
    args: &Args,
    context: &Context,
    target: &Resolved,
    selection: &Selection,
) -> Result<TagList, Error> {
    collect_with(args, context, target, selection, None)
}

/// The same, and beside it what the list itself tells of manifests, where it does: by tag.
pub(super) fn collect_with(
    args: &Args,
    context: &Context,
    target: &Resolved,
    selection: &Selection,
    listed: Option<&mut HashMap<String, Listed>>,
) -> Result<TagList, Error> {
    let (tags, left_out) = (TagList::new(), TagList::new());
    let mut sink = Collecting { selection, tags, left_out, listed };
    list(args, context, target, selection, &mut sink)?;
    Ok(sink.tags)
}

fn list(
    args: &Args,
    context: &Context,
    target: &Resolved,
    selection: &Selection,
    sink: &mut dyn Sink,
) -> Result<(), Error> {
    let reference = &target.reference;
    let registry = context.registry(reference.registry(), &target.profile)?;
    let options = ListOptions { plugin: args.kind.is_plugin(), first: first(selection) };
    let odd = registry.tags(reference.repository(), options, sink)?;
    if odd > 0 {
        context.reporter.warn(&format!(
            "{}: {odd} entries of the registry's list are no tags and were left out",
            reference.name()
        ));
    }
    Ok(())
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
        && !selection.omit_digest_tags;
    selection.limit.filter(|_| is_plain)
}

/// Keeps what may be printed.
struct Collecting<'a> {
    selection: &'a Selection,
    tags: TagList,
    /// The other tags: kept so that pages which only repeat them are noticed.
    left_out: TagList,
    listed: Option<&'a mut HashMap<String, Listed>>,
}

impl Sink for Collecting<'_> {
    fn entry(&mut self, tag: &str) -> Result<Flow, Error> {
        let list = if self.selection.collects(tag) { &mut self.tags } else { &mut self.left_out };
        Ok(if list.push(tag) { Flow::New } else { Flow::Known })
    }

    fn wants_manifests(&self) -> bool {
        self.listed.is_some()
    }

    fn manifest(&mut self, mut manifest: Listed) {
        let Some(listed) = &mut self.listed else { return };
        for tag in std::mem::take(&mut manifest.tags) {
            if self.selection.keeps(&tag) {
                listed.insert(tag, manifest.clone());
            }
        }
    }
}

/// Prints what passes, in constant memory.
struct Streaming<'a> {
    stream: select::Stream<'a>,
    recent: Recent,
    print: &'a mut dyn FnMut(&str) -> Result<(), Error>,
}

impl Sink for Streaming<'_> {
    fn entry(&mut self, tag: &str) -> Result<Flow, Error> {
        if !self.recent.is_new(tag) {
            return Ok(Flow::Known);
        }
        if self.stream.admits(tag) {
            (self.print)(tag)?;
        }
        Ok(if self.stream.is_done() { Flow::Stop } else { Flow::New })
    }
}

/// The hashes of the last tags, so that a repeated page is noticed in constant memory.
#[derive(Default)]
struct Recent {
    hashes: HashSet<u64>,
    order: VecDeque<u64>,
    hasher: RandomState,
}

impl Recent {
    /// How many tags are remembered: more than any registry's page holds by default.
    const SIZE: usize = 16 * 1024;

    fn is_new(&mut self, tag: &str) -> bool {
        let hash = self.hasher.hash_one(tag);
        if !self.hashes.insert(hash) {
            return false;
        }
        if self.order.len() == Self::SIZE
            && let Some(oldest) = self.order.pop_front()
        {
            self.hashes.remove(&oldest);
        }
        self.order.push_back(hash);
        true
    }
}
