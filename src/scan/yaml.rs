//! YAML (and JSON, which is YAML) as a tree whose values know their bytes.
//!
//! `saphyr-parser` gives events with places in characters; here they become nodes with places in
//! bytes. An alias is the node that it stands for, so nothing is ever copied: what ten services
//! share is one node, and a bomb of anchors costs what its text costs. Everything has a limit.

mod indented;

use std::ops::Range;

use indented::Indented;
use saphyr_parser::{Event, Parser, ScalarStyle, Span};

use super::text::{FileId, Fixed, Text};

/// How deep values may be nested.
const MAX_DEPTH: usize = 100;
/// How many values a file may have.
const MAX_NODES: usize = 300_000;
/// How many values a file may have once every alias is written out.
const MAX_EXPANDED: u32 = 500_000;
/// How many anchors a file may have.
const MAX_ANCHORS: usize = 10_000;

/// A node, by its number.
pub(super) type Id = usize;

struct Node {
    kind: Kind,
    /// The bytes of a scalar's content without quotes; of a collection its first byte. A file has
    /// far fewer than 4 GiB, and there may be many nodes.
    start: u32,
    end: u32,
    is_plain: bool,
    /// How many nodes it is when every alias is written out.
    weight: u32,
}

impl Node {
    fn new(kind: Kind, bytes: Range<usize>, is_plain: bool) -> Self {
        let [start, end] = [bytes.start, bytes.end].map(|at| u32::try_from(at).unwrap_or(u32::MAX));
        Node { kind, start, end, is_plain, weight: 1 }
    }

    fn bytes(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

enum Kind {
    /// `None`: the value is the bytes of the file.
    Scalar(Option<Box<str>>),
    Sequence(Vec<Id>),
    Mapping(Vec<(Id, Id)>),
}

/// Why a text is not YAML that we read, and at which byte.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub at: usize,
    pub what: String,
}

/// The documents of a file.
pub(super) struct Yaml<'a> {
    text: &'a str,
    nodes: Vec<Node>,
    pub roots: Vec<Id>,
}

impl<'a> Yaml<'a> {
    /// Reads all documents.
    ///
    /// # Errors
    /// The text is not YAML, or more than we read.
    pub(super) fn parse(text: &'a str) -> Result<Self, Fault> {
        let mut input = Indented::new(text);
        let mut first = None;
        loop {
            let (fault, complaint) = match Self::read(text, &input) {
                Ok(yaml) => return Ok(yaml),
                Err(unread) => unread,
            };
            let at = fault.at;
            let fault = first.get_or_insert(fault);
            if !complaint.is_some_and(|complaint| input.repair(at, &complaint)) {
                let at = fault.at;
                return Err(Fault { at, what: std::mem::take(&mut fault.what) });
            }
        }
    }

    /// A fault comes with the parser's complaint, if it is one.
    fn read(text: &'a str, input: &Indented<'a>) -> Result<Self, (Fault, Option<String>)> {
        let yaml = Yaml { text, nodes: Vec::new(), roots: Vec::new() };
        let mut builder = Builder { yaml, input, open: Vec::new(), anchors: Vec::new() };
        let mut parser = Parser::new_from_str(&input.text);
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| {
                let at = input.byte(error.marker().index());
                let what = format!("invalid YAML: {}", error.info());
                (Fault { at, what }, Some(error.info().to_owned()))
            })?;
            builder.event(event, span).map_err(|fault| (fault, None))?;
        }
        Ok(builder.yaml)
    }

    /// The text of a scalar.
    pub(super) fn scalar(&self, id: Id) -> Option<&str> {
        let node = &self.nodes[id];
        match &node.kind {
            Kind::Scalar(Some(value)) => Some(value),
            Kind::Scalar(None) => self.text.get(node.bytes()),
            _ => None,
        }
    }

    /// Whether it is `null`, `~` or nothing.
    pub(super) fn is_null(&self, id: Id) -> bool {
        let node = &self.nodes[id];
        node.is_plain && matches!(self.scalar(id), Some("" | "~" | "null" | "Null" | "NULL"))
    }

    /// A scalar that is not a `null`, with the places of its bytes.
    pub(super) fn text(&self, id: Id, file: FileId) -> Option<Text> {
        let value = self.scalar(id).filter(|_| !self.is_null(id))?;
        let node = &self.nodes[id];
        Some(match &node.kind {
            Kind::Scalar(None) => Text::literal(value, file, node.bytes().start),
            _ => self
                .lines(value, node, file)
                .unwrap_or_else(|| Text::fixed(value, node.bytes(), Fixed::Escaped)),
        })
    }

    /// The lines of a literal block, each with its place.
    fn lines(&self, value: &str, node: &Node, file: FileId) -> Option<Text> {
        let mut rest = self.text.get(node.bytes())?;
        let mut at = node.bytes().start;
        let mut text = Text::empty(at);
        for line in value.split_inclusive('\n') {
            let content = line.trim_end_matches('\n');
            let (raw, next) = rest.split_once('\n').unwrap_or((rest, ""));
            let start = raw.trim_end_matches('\r').strip_suffix(content)?.len();
            text.push_literal(content, file, at + start);
            if line.len() > content.len() {
                text.push_literal("\n", file, at + raw.len());
            }
            at += raw.len() + 1;
            rest = next;
        }
        Some(text)
    }

    /// The byte where a node begins.
    pub(super) fn start(&self, id: Id) -> usize {
        self.nodes[id].bytes().start
    }

    /// The items of a sequence; none of anything else.
    pub(super) fn items(&self, id: Id) -> &[Id] {
        match &self.nodes[id].kind {
            Kind::Sequence(items) => items,
            _ => &[],
        }
    }

    pub(super) fn is_mapping(&self, id: Id) -> bool {
        matches!(self.nodes[id].kind, Kind::Mapping(_))
    }

    /// The keys and values of a mapping, merged ones included, each key once; none of anything
    /// else. The mapping's own keys come first.
    pub(super) fn entries(&self, id: Id) -> Vec<(&str, Id)> {
        let mut entries = Vec::new();
        let mut seen = std::collections::HashSet::new();
        self.collect(id, &mut entries, &mut seen, 0);
        entries
    }

    fn collect<'b>(
        &'b self,
        id: Id,
        entries: &mut Vec<(&'b str, Id)>,
        seen: &mut std::collections::HashSet<&'b str>,
        depth: usize,
    ) {
        let Kind::Mapping(pairs) = &self.nodes[id].kind else { return };
        let merge = |key: Id| self.nodes[key].is_plain && self.scalar(key) == Some("<<");
        for &(key, value) in pairs {
            if let Some(key) = self.scalar(key).filter(|_| !merge(key))
                && seen.insert(key)
            {
                entries.push((key, value));
            }
        }
        if depth > MAX_DEPTH {
            return;
        }
        for &(_, value) in pairs.iter().filter(|(key, _)| merge(*key)) {
            let sources = match self.items(value) {
                [] => &[value][..],
                items => items,
            };
            sources.iter().for_each(|&source| self.collect(source, entries, seen, depth + 1));
        }
    }

    /// Visits the keys and values of every mapping at any depth, each mapping once.
    pub(super) fn each_entry(&self, root: Id, mut visit: impl FnMut(Id, &str, Id)) {
        let (mut seen, mut waiting) = (std::collections::HashSet::new(), vec![root]);
        while let Some(id) = waiting.pop() {
            if seen.insert(id) {
                waiting.extend(self.items(id));
                for (key, value) in self.entries(id) {
                    waiting.push(value);
                    visit(id, key, value);
                }
            }
        }
    }

    /// The value of a key, merged ones included.
    pub(super) fn get(&self, id: Id, key: &str) -> Option<Id> {
        let Kind::Mapping(pairs) = &self.nodes[id].kind else { return None };
        let own = pairs.iter().find(|(name, _)| self.scalar(*name) == Some(key));
        own.map(|(_, value)| *value).or_else(|| {
            let merges = pairs.iter().any(|(name, _)| self.scalar(*name) == Some("<<"));
            let all = if merges { self.entries(id) } else { Vec::new() };
            all.into_iter().find(|(name, _)| *name == key).map(|(_, value)| value)
        })
    }
}

/// A collection whose end has not come yet.
struct Open {
    id: Id,
    anchor: usize,
    key: Option<Id>,
}

struct Builder<'a, 'i> {
    yaml: Yaml<'a>,
    input: &'i Indented<'a>,
    open: Vec<Open>,
    /// The nodes of the anchors, by the parser's number less one; `None` while one is open.
    anchors: Vec<Option<Id>>,
}

impl Builder<'_, '_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        let at = self.input.byte(span.start.index());
        match event {
            Event::Scalar(value, style, anchor, _) => {
                let end = self.input.byte(span.end.index());
                let node = scalar(self.yaml.text, &value, style, at..end);
                let id = self.add(node)?;
                self.name(anchor, Some(id), at)?;
                self.put(id, at)
            }
            Event::SequenceStart(anchor, _) => self.begin(Kind::Sequence(Vec::new()), anchor, at),
            Event::MappingStart(anchor, _) => self.begin(Kind::Mapping(Vec::new()), anchor, at),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(open) = self.open.pop() else { return Ok(()) };
                self.name(open.anchor, Some(open.id), at)?;
                self.put(open.id, at)
            }
            Event::Alias(anchor) => {
                let id = match self.anchors.get(anchor.wrapping_sub(1)) {
                    Some(Some(id)) => *id,
                    // It is inside of itself.
                    _ => self.add(scalar(self.yaml.text, "", ScalarStyle::Plain, at..at))?,
                };
                self.put(id, at)
            }
            _ => Ok(()),
        }
    }

    fn add(&mut self, node: Node) -> Result<Id, Fault> {
        if self.yaml.nodes.len() >= MAX_NODES {
            let what = format!("more than {MAX_NODES} values");
            return Err(Fault { at: node.bytes().start, what });
        }
        self.yaml.nodes.push(node);
        Ok(self.yaml.nodes.len() - 1)
    }

    fn begin(&mut self, kind: Kind, anchor: usize, at: usize) -> Result<(), Fault> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Fault { at, what: format!("nested more than {MAX_DEPTH} levels deep") });
        }
        let id = self.add(Node::new(kind, at..at, false))?;
        self.name(anchor, None, at)?;
        self.open.push(Open { id, anchor, key: None });
        Ok(())
    }

    fn name(&mut self, anchor: usize, id: Option<Id>, at: usize) -> Result<(), Fault> {
        if anchor > MAX_ANCHORS {
            return Err(Fault { at, what: format!("more than {MAX_ANCHORS} anchors") });
        }
        if anchor > 0 {
            let count = self.anchors.len().max(anchor);
            self.anchors.resize(count, None);
            self.anchors[anchor - 1] = id;
        }
        Ok(())
    }

    /// Puts a finished node where it belongs.
    fn put(&mut self, id: Id, at: usize) -> Result<(), Fault> {
        let weight = self.yaml.nodes[id].weight;
        let Some(open) = self.open.last_mut() else {
            self.yaml.roots.push(id);
            return Ok(());
        };
        let parent = &mut self.yaml.nodes[open.id];
        parent.weight = parent.weight.saturating_add(weight);
        if parent.weight > MAX_EXPANDED {
            let what = "its aliases expand to too many values".to_owned();
            return Err(Fault { at, what });
        }
        match (&mut parent.kind, open.key.take()) {
            (Kind::Sequence(items), _) => items.push(id),
            (Kind::Mapping(pairs), Some(key)) => pairs.push((key, id)),
            (Kind::Mapping(_), None) => open.key = Some(id),
            (Kind::Scalar(_), _) => {}
        }
        Ok(())
    }
}

/// A scalar's node: its bytes are narrowed to the value where the file has it as it is. The
/// parser's span may begin with an anchor or tag and end behind a comment.
fn scalar(text: &str, value: &str, style: ScalarStyle, bytes: Range<usize>) -> Node {
    let raw = text.get(bytes.clone()).unwrap_or_default();
    let found = match style {
        ScalarStyle::Plain => raw.rfind(value),
        ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
            let quote = if style == ScalarStyle::SingleQuoted { '\'' } else { '"' };
            let inside = raw.find(quote).map_or(0, |at| at + 1);
            raw[inside..].starts_with(value).then_some(inside)
        }
        ScalarStyle::Literal | ScalarStyle::Folded => raw.find(value),
    };
    let escaped = found.is_none();
    let bytes = match found {
        Some(skip) => bytes.start + skip..bytes.start + skip + value.len(),
        None => bytes,
    };
    let kind = Kind::Scalar(escaped.then(|| value.into()));
    Node::new(kind, bytes, style == ScalarStyle::Plain)
}

#[cfg(test)]
mod tests;
