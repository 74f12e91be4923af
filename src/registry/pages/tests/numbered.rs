//! The same for lists whose pages are numbered, while others push, add and delete.

use std::cell::{Cell, RefCell};

use serde_json::json;

use super::{RUNS, Random, exchange, with_seeds};
use crate::error::Error;
use crate::http::url::Url;
use crate::http::{Answer, Failure};
use crate::registry::hub::Numbered;
use crate::registry::pages::{Transport, walk};

/// What others do between two pages: one kind of thing in a run, since one who deletes a name and
/// another who adds one at the same time cannot be told from nobody.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Change {
    Nothing,
    Push,
    Delete,
    Add,
}

/// What `count` says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Count {
    Right,
    Wrong,
    Missing,
}

#[derive(Debug)]
struct Hub {
    page: usize,
    change: Change,
    count: Count,
    /// Keeps the order of names, whatever is pushed.
    sorts: bool,
    /// There is no link to the next page.
    no_next: bool,
    faults: Option<usize>,
}

struct Server {
    random: Random,
    hub: Hub,
    names: RefCell<Vec<String>>,
    /// All that was ever true.
    versions: RefCell<Vec<Vec<String>>>,
    changes: Cell<usize>,
    harm: Cell<bool>,
    url: Url,
}

impl Server {
    fn new(seed: u64) -> Self {
        let random = Random::new(seed);
        let page = random.of(&[3, 3, 10, 10, 10, 10, 25, 25, 100]);
        let hub = Hub {
            page,
            change: random.of(&[Change::Nothing, Change::Push, Change::Delete, Change::Add]),
            count: random.of(&[
                Count::Right,
                Count::Right,
                Count::Right,
                Count::Wrong,
                Count::Missing,
            ]),
            sorts: random.one_in(2),
            no_next: random.one_in(5),
            faults: [None, Some(3), Some(8)][random.below(3)],
        };
        let mut hub = hub;
        if hub.count == Count::Missing {
            // What no client could notice.
            if matches!(hub.change, Change::Delete | Change::Add) {
                hub.change = Change::Nothing;
            }
            hub.no_next &= page == 100;
        }
        let count = random.below(match page {
            100 => 230,
            25 => 60,
            _ => 30,
        });
        let names: Vec<String> = (0..count).map(|n| format!("n{n:03}")).collect();
        let versions = RefCell::new(vec![names.clone()]);
        let url = "http://hub.example/v2/list".parse().unwrap();
        let (changes, harm) = Default::default();
        Server { random, hub, names: RefCell::new(names), versions, changes, harm, url }
    }

    fn change(&self) {
        if self.hub.change == Change::Nothing || self.changes.get() > 2 || !self.random.one_in(3) {
            return;
        }
        self.changes.set(self.changes.get() + 1);
        let mut names = self.names.borrow_mut();
        match self.hub.change {
            Change::Add => names.insert(0, format!("a{}", self.changes.get())),
            _ if names.is_empty() => return,
            change => {
                let at = self.random.below(names.len());
                let name = names.remove(at);
                if change == Change::Push {
                    names.insert(if self.hub.sorts { at } else { 0 }, name);
                }
            }
        }
        self.versions.borrow_mut().push(names.clone());
    }

    fn attempt(&self, query: &str) -> Answer {
        let names = self.names.borrow();
        let number = query.split('&').find_map(|pair| pair.strip_prefix("page=")?.parse().ok());
        let number: usize = number.unwrap_or(1);
        let (start, end) = ((number - 1) * self.hub.page, number * self.hub.page);
        let answer = |status, body: Vec<u8>, is_cut| {
            let length = body.len().to_string();
            Answer::scripted(self.url.clone(), status, &[("content-length", &length)], body, is_cut)
        };
        if number > 1 && start >= names.len() {
            self.harm.set(true);
            return answer(404, Vec::new(), false);
        }
        let more = end < names.len();
        self.harm.set(self.harm.get() || (more && self.hub.no_next));
        let next = format!("http://hub.example/v2/list?page={}&page_size=100", number + 1);
        let results: Vec<_> = names[start.min(names.len())..end.min(names.len())]
            .iter()
            .map(|name| json!({"name": name}))
            .collect();
        let mut page = json!({
            "next": (more && !self.hub.no_next).then_some(next), "previous": null, "results": results,
        });
        match self.hub.count {
            Count::Right => page["count"] = json!(names.len()),
            Count::Wrong => page["count"] = json!(names.len() + 1),
            Count::Missing => {}
        }
        let body = page.to_string().into_bytes();
        if !self.hub.faults.is_some_and(|n| self.random.one_in(n)) {
            return answer(200, body, false);
        }
        self.harm.set(true);
        match self.random.below(4) {
            0 => answer(200, b"{\"count\":0}".to_vec(), false),
            1 => answer(self.random.of(&[400, 403, 404, 429, 500, 503]), Vec::new(), false),
            _ => answer(200, body[..self.random.below(body.len())].to_vec(), true),
        }
    }
}

impl Transport for Server {
    fn get(
        &self,
        query: &str,
        read: &mut dyn FnMut(&mut Answer) -> Result<(), Failure>,
    ) -> Result<Option<Error>, Error> {
        let outcome = exchange(|_| self.attempt(query), read);
        self.change();
        outcome
    }

    fn host(&self) -> String {
        "hub.example".to_owned()
    }

    fn warn(&self, _: &str) {}
}

fn scenario(seed: u64) -> Result<bool, String> {
    let server = Server::new(seed);
    let mut found: Vec<String> = Vec::new();
    let read = |_: &str, object: &serde_json::Value| {
        let name = object.get("name")?.as_str()?.to_owned();
        Some((name.clone(), name))
    };
    let outcome = walk(&server, &mut Numbered::new("page_size=100", &read, &mut found));
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    let hub = &server.hub;
    match outcome {
        Ok(_) => {
            let is_true = |version: &Vec<String>| sorted(version) == sorted(&found);
            match server.versions.borrow().iter().any(is_true) {
                true => Ok(true),
                false => Err(format!("{found:?} was never true: {hub:?}")),
            }
        }
        Err(_) if server.harm.get() || server.changes.get() > 0 => Ok(false),
        Err(_) if hub.count == Count::Wrong => Ok(false),
        Err(_)
            if hub.count == Count::Missing && server.names.borrow().len().is_multiple_of(100) =>
        {
            Ok(false)
        }
        Err(error) => Err(format!("{error}, although nothing is wrong: {hub:?}")),
    }
}

#[test]
fn no_numbered_list_lies() {
    let whole = with_seeds(scenario);
    assert!(whole > RUNS / 5, "only {whole} lists came whole");
}
