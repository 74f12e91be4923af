//! A registry as a seed makes it up.

use std::cell::{Cell, RefCell};

use super::{Random, exchange};
use crate::error::Error;
use crate::http::url::{Url, escape_query};
use crate::http::{Answer, Failure};
use crate::oci::reference::Tag;
use crate::registry::pages::Transport;

/// How the next page is named.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Next {
    Nothing,
    Last,
    LastAndSize,
    Page,
    Offset,
    Cursor,
    /// `last` is the number of a page.
    LastIsPage,
}

/// What a larger `n` than the server's own does.
#[derive(Debug, Clone, Copy)]
pub(super) enum Large {
    Fine,
    Clamped,
    Status(u16),
    Empty,
}

pub(super) const BY_LAST: [Next; 3] = [Next::Nothing, Next::Last, Next::LastAndSize];

#[derive(Debug)]
pub(super) struct Shape {
    pub(super) page: usize,
    pub(super) next: Next,
    /// Links on the last page, too, to one that is empty.
    pub(super) always: bool,
    pub(super) large: Large,
    pub(super) knows_n: bool,
    pub(super) knows_last: bool,
    /// One request in so many meets a fault.
    pub(super) faults: Option<usize>,
}

pub(super) struct Server {
    pub(super) random: Random,
    pub(super) shape: Shape,
    /// The entries as JSON; some are not tags.
    pub(super) list: Vec<String>,
    pub(super) url: Url,
    pub(super) warnings: Cell<usize>,
    pub(super) faults: Cell<usize>,
    pub(super) previous: RefCell<(Vec<u8>, Option<String>)>,
}

const NO_LISTS: [&str; 10] = [
    "{}",
    "{\"errors\":[{\"code\":\"UNKNOWN\"}]}",
    "{\"errors\":[{\"code\":\"UNKNOWN\"}],\"tags\":[]}",
    "{\"Tags\":[null]}",
    "{\"tags\":[null]}{}",
    "{\"tags\":[null]} and more",
    "{\"tags\":[null],\"tags\":[]}",
    "{\"tags\":[null,[\"t0002\"]]}",
    "<html></html>",
    "{\"tags\":\"t0001\"}",
];

impl Server {
    pub(super) fn new(seed: u64) -> Self {
        let random = Random::new(seed);
        let page = random.of(&[10, 10, 10, 20, 30, 7, 13]);
        let mut shape = Shape {
            page,
            next: random.of(&[
                Next::Nothing,
                Next::Nothing,
                Next::Last,
                Next::LastAndSize,
                Next::LastAndSize,
                Next::Page,
                Next::Offset,
                Next::Cursor,
                Next::LastIsPage,
            ]),
            always: random.one_in(4),
            large: random.of(&[
                Large::Fine,
                Large::Clamped,
                Large::Status(400),
                Large::Status(403),
                Large::Status(404),
                Large::Status(405),
                Large::Status(413),
                Large::Status(416),
                Large::Status(422),
                Large::Status(500),
                Large::Empty,
            ]),
            knows_n: !random.one_in(3),
            knows_last: !random.one_in(3),
            faults: [None, Some(2), Some(4), Some(8)][random.below(4)],
        };
        if shape.next == Next::Nothing {
            // What no client could notice.
            shape.page = page / 10 * 10 + 10 * usize::from(page < 10);
            if !shape.knows_n && !shape.knows_last {
                shape.page = 1_000;
            }
        }
        let count = random.below(if random.one_in(200) { 1_200 } else { 45 });
        let repeats = matches!(shape.next, Next::Page | Next::Offset | Next::Cursor);
        let entry = |n| match random.below(30) {
            0 => "null".to_owned(),
            1 => format!("\"../{n}\""),
            // Where a page is found by its last entry, that entry is there once.
            2 if n > 0 && repeats => format!("\"t{:04}\"", random.below(n)),
            _ => format!("\"t{n:04}\""),
        };
        let list = (0..count).map(entry).collect();
        let url = "http://r.example/v2/a/tags/list".parse().unwrap();
        let (warnings, faults, previous) = Default::default();
        Server { random, shape, list, url, warnings, faults, previous }
    }

    /// The true list: each tag once.
    pub(super) fn tags(&self) -> Vec<String> {
        let mut tags: Vec<String> = Vec::new();
        for entry in self.list.iter().map(|entry| entry.trim_matches('"')) {
            if entry != "null" && Tag::is_valid(entry) && !tags.iter().any(|tag| tag == entry) {
                tags.push(entry.to_owned());
            }
        }
        tags
    }

    /// The honest answer to a query: status, body, and the query of the next page.
    fn page(&self, query: &str) -> (u16, Vec<u8>, Option<String>) {
        let parameter = |name: &str| {
            let pair = query.split('&').filter_map(|pair| pair.split_once('='));
            pair.filter(|(known, _)| *known == name).map(|(_, value)| value.to_owned()).next()
        };
        let number = |name: &str| parameter(name).and_then(|text| text.parse::<usize>().ok());
        let Shape { page, next, always, large, knows_n, knows_last, .. } = self.shape;
        let mut size = page;
        if let Some(n) = number("n").filter(|_| knows_n) {
            size = match large {
                _ if n <= page => n,
                Large::Fine => n,
                Large::Clamped => page,
                Large::Status(status) => return (status, Vec::new(), None),
                Large::Empty => return (200, b"{\"tags\":null}".to_vec(), None),
            };
        }
        let after = |last: &str| {
            let entry = format!("\"{last}\"");
            self.list.iter().rposition(|known| *known == entry).map_or(0, |at| at + 1)
        };
        let start = match next {
            Next::Page => number("page").unwrap_or(0) * size,
            Next::LastIsPage => number("last").unwrap_or(0) * size,
            Next::Offset => number("offset").unwrap_or(0),
            Next::Cursor => number("cursor").unwrap_or(0),
            _ if !knows_last => 0,
            _ => parameter("last").map_or(0, |last| after(&last.replace("%2F", "/"))),
        };
        let start = start.min(self.list.len());
        let end = (start + size).min(self.list.len());
        let entries = &self.list[start..end];
        let more = end < self.list.len() || (always && !entries.is_empty());
        let last =
            entries.iter().rfind(|entry| *entry != "null").map(|last| last.trim_matches('"'));
        let link = match next {
            _ if !more => None,
            Next::Nothing => None,
            Next::Page => Some(format!("n={size}&page={}", number("page").unwrap_or(0) + 1)),
            Next::LastIsPage => Some(format!("last={}&n={size}", number("last").unwrap_or(0) + 1)),
            Next::Offset => Some(format!("offset={end}&n={size}")),
            Next::Cursor => Some(format!("cursor={end}&n={size}")),
            Next::Last => last.map(|last| format!("last={}", escape_query(last))),
            Next::LastAndSize => last.map(|last| format!("last={}&n={size}", escape_query(last))),
        };
        (200, format!("{{\"tags\":[{}]}}", entries.join(",")).into_bytes(), link)
    }

    fn answer(&self, status: u16, body: Vec<u8>, link: Option<&str>, is_cut: bool) -> Answer {
        let link = link.map(|query| format!("</v2/a/tags/list?{query}>; rel=\"next\""));
        let length = body.len().to_string();
        let mut headers = vec![("content-type", "application/json"), ("content-length", &*length)];
        headers.extend(link.as_deref().map(|link| ("link", link)));
        Answer::scripted(self.url.clone(), status, &headers, body, is_cut)
    }

    /// An attempt at an answer. `told`: an earlier one at the same request told some entry.
    fn attempt(&self, query: &str, told: &mut bool) -> Answer {
        let (status, body, link) = self.page(query);
        let is_faulty = self.shape.faults.is_some_and(|n| self.random.one_in(n));
        if !is_faulty {
            if status == 200 {
                *self.previous.borrow_mut() = (body.clone(), link.clone());
            }
            return self.answer(status, body, link.as_deref(), false);
        }
        self.faults.set(self.faults.get() + 1);
        let link = match self.random.below(4) {
            0 => None,
            1 => Some(format!("last=t{:04}&n=10", self.random.below(75))),
            _ => link,
        };
        match self.random.below(6) {
            0 | 1 if status == 200 => {
                let most = body.len();
                let cut = self.random.below(most);
                *told |= cut > 20;
                self.answer(200, body[..cut].to_vec(), link.as_deref(), true)
            }
            2 if *told => self.answer(200, b"{\"tags\":[]}".to_vec(), None, false),
            3 => {
                let body = self.random.of(&NO_LISTS).as_bytes().to_vec();
                self.answer(200, body, link.as_deref(), false)
            }
            4 if self.previous.borrow().0.len() > 20 && self.shape.next != Next::Nothing => {
                let (body, link) = self.previous.borrow().clone();
                self.answer(200, body, link.as_deref(), false)
            }
            _ => {
                let status =
                    self.random.of(&[204, 206, 400, 403, 404, 404, 410, 413, 429, 500, 503, 504]);
                self.answer(status, Vec::new(), None, false)
            }
        }
    }
}

impl Transport for Server {
    fn get(
        &self,
        query: &str,
        read: &mut dyn FnMut(&mut Answer) -> Result<(), Failure>,
    ) -> Result<Option<Error>, Error> {
        exchange(
            |told| {
                let answer = self.attempt(query, told);
                if std::env::var_os("DOCKER_TAGS_SEED").is_some() {
                    let link: Vec<_> =
                        answer.headers("link").map(String::from_utf8_lossy).collect();
                    let length = answer.header_text("content-length");
                    let text = format!("?{query} -> {} {length:?} {link:?}", answer.status());
                    crate::system::report::Reporter::default().line(&text);
                }
                answer
            },
            read,
        )
    }

    fn host(&self) -> String {
        "r.example".to_owned()
    }

    fn warn(&self, _: &str) {
        self.warnings.set(self.warnings.get() + 1);
    }
}
