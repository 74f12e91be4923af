//! Which entries of a list came already, by their hashes.
//!
//! Eight bytes an entry, whatever the names are. The hash is keyed at random, so no server can
//! choose names that collide.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher, RandomState};

/// The entries so far, and which of them the page that is being read has brought.
#[derive(Default)]
pub(in crate::registry) struct Seen {
    hasher: RandomState,
    list: Hashes,
    page: Vec<u64>,
    /// What the sink received and could not drop when the list was rewound.
    kept: Hashes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    New,
    /// New to the list, but the sink has it from an earlier attempt.
    Kept,
    Known,
}

impl Seen {
    pub(super) fn add(&mut self, entry: &str) -> Added {
        let hash = self.hasher.hash_one(entry);
        if !self.list.insert(hash) {
            return Added::Known;
        }
        self.page.push(hash);
        if !self.kept.is_empty() && self.kept.contains(&hash) { Added::Kept } else { Added::New }
    }

    /// How many entries the list has.
    pub(in crate::registry) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn begin_page(&mut self) {
        self.page.clear();
    }

    /// Forgets what the page brought, because it is read again. `is_dropped`: the sink forgot it,
    /// too.
    pub(super) fn rewind_page(&mut self, is_dropped: bool) {
        for hash in self.page.drain(..) {
            self.list.remove(&hash);
            if !is_dropped {
                self.kept.insert(hash);
            }
        }
    }

    /// Forgets the whole list.
    pub(super) fn rewind(&mut self, is_dropped: bool) {
        self.page.clear();
        if is_dropped {
            self.list.clear();
        } else {
            self.kept.extend(self.list.drain());
        }
    }
}

type Hashes = HashSet<u64, BuildHasherDefault<AsIs>>;

/// A hash is hashed already.
#[derive(Default)]
struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_rewound_is_new_again() {
        let mut seen = Seen::default();
        assert_eq!(
            [seen.add("a"), seen.add("b"), seen.add("a")],
            [Added::New, Added::New, Added::Known]
        );
        seen.begin_page();
        assert_eq!(seen.add("c"), Added::New);
        seen.rewind_page(true);
        assert_eq!((seen.add("c"), seen.add("b"), seen.len()), (Added::New, Added::Known, 3));
        seen.rewind_page(false);
        assert_eq!((seen.add("c"), seen.add("c")), (Added::Kept, Added::Known));
        seen.rewind(false);
        assert_eq!((seen.len(), seen.add("a"), seen.add("d")), (0, Added::Kept, Added::New));
        seen.rewind(true);
        assert_eq!((seen.add("d"), seen.add("a")), (Added::New, Added::Kept));
    }
}
