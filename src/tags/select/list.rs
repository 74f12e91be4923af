//! A list of tags for repositories that have a hundred thousand of them.
//!
//! All texts lie behind one another in one string and a tag is eight bytes beside it, so a list
//! costs little more than its text. While a list is collected, a table of hashes finds repeats;
//! the hash is keyed at random, so no server can choose tags that collide.

use std::hash::{BuildHasher, RandomState};

use crate::tags::version;

/// Tags in order, each once.
#[derive(Debug, Clone, Default)]
pub(crate) struct TagList {
    text: String,
    tags: Vec<Span>,
    seen: Seen,
}

/// Where a tag is in the text.
#[derive(Debug, Clone, Copy)]
struct Span {
    start: u32,
    length: u32,
}

impl TagList {
    /// A list without tags.
    pub(crate) fn new() -> Self {
        TagList::default()
    }

    /// Appends a tag unless the list holds it already; says whether it was appended.
    ///
    /// A tag that would make the texts longer than 4 GiB is not appended.
    pub(crate) fn push(&mut self, tag: &str) -> bool {
        let (Ok(start), Ok(length), Ok(index)) = (
            u32::try_from(self.text.len()),
            u32::try_from(tag.len()),
            u32::try_from(self.tags.len()),
        ) else {
            return false;
        };
        if index == FREE {
            return false;
        }
        if self.seen.is_stale {
            self.see_all();
        }
        let (text, tags) = (&self.text, &self.tags);
        if !self.seen.insert(tag, index, |index| slice(text, tags[index as usize])) {
            return false;
        }
        self.text.push_str(tag);
        self.tags.push(Span { start, length });
        true
    }

    /// Appends a tag that is known not to be in the list.
    ///
    /// A tag that would make the texts longer than 4 GiB is not appended.
    pub(crate) fn append(&mut self, tag: &str) {
        let (start, length) = (u32::try_from(self.text.len()), u32::try_from(tag.len()));
        if let (Ok(start), Ok(length)) = (start, length) {
            self.seen.is_stale = true;
            self.text.push_str(tag);
            self.tags.push(Span { start, length });
        }
    }

    /// The number of tags.
    pub(crate) fn len(&self) -> usize {
        self.tags.len()
    }

    /// Whether there are no tags.
    pub(crate) fn is_empty(&self) -> bool {
        self.tags.is_empty()
    }

    /// The tags in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.tags.iter().map(|&span| slice(&self.text, span))
    }

    /// Sorts by version, the newest first, in the order of [`version::compare`].
    pub(crate) fn sort_by_version(&mut self) {
        self.seen = Seen::stale();
        let order = version::newest_first(self.tags.len(), |i| slice(&self.text, self.tags[i]));
        self.tags = order.into_iter().map(|index| self.tags[index as usize]).collect();
    }

    /// Sorts by name, byte by byte, ascending.
    pub(crate) fn sort_by_name(&mut self) {
        self.seen = Seen::stale();
        let text = &self.text;
        self.tags.sort_unstable_by(|&a, &b| slice(text, a).cmp(slice(text, b)));
    }

    /// Turns the order round.
    pub(crate) fn reverse(&mut self) {
        self.seen = Seen::stale();
        self.tags.reverse();
    }

    /// Keeps the first tags only.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.seen = Seen::stale();
        self.tags.truncate(length);
    }

    /// Drops the first tags.
    pub(crate) fn skip(&mut self, count: usize) {
        self.seen = Seen::stale();
        self.tags.drain(..count.min(self.tags.len()));
    }

    /// Keeps the tags that the function wants. To push after this costs a pass over the list:
    /// while collecting, choose before pushing.
    pub(crate) fn retain(&mut self, mut wanted: impl FnMut(&str) -> bool) {
        self.seen = Seen::stale();
        let text = &self.text;
        self.tags.retain(|&span| wanted(slice(text, span)));
    }

    /// Fills the table of hashes from the tags.
    fn see_all(&mut self) {
        self.seen = Seen::default();
        let (text, tags) = (&self.text, &self.tags);
        for (index, &span) in (0..).zip(tags) {
            self.seen.insert(slice(text, span), index, |index| slice(text, tags[index as usize]));
        }
    }
}

impl<S: AsRef<str>> FromIterator<S> for TagList {
    fn from_iter<I: IntoIterator<Item = S>>(tags: I) -> Self {
        let mut list = TagList::new();
        for tag in tags {
            list.push(tag.as_ref());
        }
        list
    }
}

impl PartialEq for TagList {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Eq for TagList {}

fn slice(text: &str, span: Span) -> &str {
    // Spans are made in `push` alone, of texts that are never cut.
    &text[span.start as usize..][..span.length as usize]
}

/// Which tags the list holds: an open hash table of their indices.
#[derive(Debug, Clone, Default)]
struct Seen {
    hasher: RandomState,
    /// As many as a power of two, at most seven eighths of them taken.
    slots: Vec<Slot>,
    taken: usize,
    /// Whether the indices have changed and the table must be filled again.
    is_stale: bool,
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    hash: u32,
    /// The tag's index; [`FREE`] if the slot is not taken.
    index: u32,
}

/// No tag has this index: [`TagList::push`] refuses it.
const FREE: u32 = u32::MAX;

impl Seen {
    /// An empty table that does not know its list; the memory is given back.
    fn stale() -> Self {
        Seen { is_stale: true, ..Seen::default() }
    }

    /// Adds a tag that will get an index; `false` if it is there. `tag_at` gives the tag at an index.
    fn insert<'t>(&mut self, tag: &str, index: u32, tag_at: impl Fn(u32) -> &'t str) -> bool {
        if self.taken + 1 > self.slots.len() / 8 * 7 {
            self.grow();
        }
        let hash = self.hasher.hash_one(tag) as u32;
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].index != FREE {
            let slot = self.slots[at];
            if slot.hash == hash && tag_at(slot.index) == tag {
                return false;
            }
            at = (at + 1) & mask;
        }
        self.slots[at] = Slot { hash, index };
        self.taken += 1;
        true
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(16);
        let old = std::mem::replace(&mut self.slots, vec![Slot { hash: 0, index: FREE }; size]);
        for slot in old.into_iter().filter(|slot| slot.index != FREE) {
            let mut at = slot.hash as usize & (size - 1);
            while self.slots[at].index != FREE {
                at = (at + 1) & (size - 1);
            }
            self.slots[at] = slot;
        }
    }
}
