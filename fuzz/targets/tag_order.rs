//! The order of tags is a total order: the lines of the input are compared with each other.

use std::cmp::Ordering;

use docker_tags::internals::{compare, sort_newest_first};

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut tags: Vec<&str> = text.split('\n').take(8).collect();
    for a in &tags {
        for b in &tags {
            let order = compare(a, b);
            assert_eq!(order, compare(b, a).reverse(), "{a:?} {b:?}");
            assert_eq!(order == Ordering::Equal, a == b, "{a:?} {b:?}");
            for c in &tags {
                if order != Ordering::Greater && compare(b, c) != Ordering::Greater {
                    assert_ne!(compare(a, c), Ordering::Greater, "{a:?} {b:?} {c:?}");
                }
            }
        }
    }
    let mut other = tags.clone();
    other.reverse();
    sort_newest_first(&mut tags);
    sort_newest_first(&mut other);
    assert_eq!(tags, other);
}
