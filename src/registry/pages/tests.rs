//! No list lies: servers made up at random, and one true list behind each.
//!
//! A server pages, links, cuts, repeats and refuses as its seed says. Whatever it does, the walker
//! gives the whole list, or an error, or a warning. What no client could notice is left out: a page
//! that looks whole, without a link, with a count that is not a page's. A seed that fails is printed;
//! `DOCKER_TAGS_SEED=N cargo test no_list_lies` runs it alone.

use std::cell::Cell;
use std::ops::ControlFlow;

use super::{Links, List, Sink, walk};
use crate::error::Error;
use crate::http::{Answer, Failure};
use crate::oci::reference::Tag;
use server::{BY_LAST, Large, Next, Server, Shape};

mod numbered;
mod server;

const RUNS: u64 = 20_000;

/// Runs a scenario with many seeds, or with the one of the environment. The scenario says whether
/// the list came whole and without a word.
fn with_seeds(scenario: impl Fn(u64) -> Result<bool, String>) -> u64 {
    let given = std::env::var("DOCKER_TAGS_SEED").ok().map(|text| text.parse::<u64>().unwrap());
    let seeds = given.map_or(0..RUNS, |seed| seed..seed + 1);
    let mut whole = 0;
    for seed in seeds {
        match scenario(seed) {
            Ok(is_whole) => whole += u64::from(is_whole),
            Err(why) => panic!("DOCKER_TAGS_SEED={seed}: {why}"),
        }
    }
    if given.is_some() { RUNS } else { whole }
}

/// Numbers from a seed (splitmix64).
struct Random(Cell<u64>);

impl Random {
    fn new(seed: u64) -> Self {
        Random(Cell::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    fn below(&self, end: usize) -> usize {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut z = self.0.get();
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % end as u64).unwrap()
    }

    fn one_in(&self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<T: Copy>(&self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

/// Sends a request up to four times, as the client does, and sorts the statuses as sessions do.
fn exchange(
    attempt: impl Fn(&mut bool) -> Answer,
    read: &mut dyn FnMut(&mut Answer) -> Result<(), Failure>,
) -> Result<Option<Error>, Error> {
    let mut told = false;
    let host = || "r.example".to_owned();
    for left in (0..4).rev() {
        let mut answer = attempt(&mut told);
        return match answer.status() {
            200 => match read(&mut answer) {
                Ok(()) => Ok(None),
                Err(failure) if failure.is_retried() && left > 0 => continue,
                Err(failure) => Err(failure.error),
            },
            404 => Ok(Some(Error::NotFound { object: "it".into(), hint: "none".into() })),
            403 => Err(Error::Server { host: host(), status: 403, detail: None }),
            429 => Err(Error::RateLimited { host: host(), wait: None, pulls: false }),
            status @ (500 | 503 | 504) if left == 0 => {
                Err(Error::Server { host: host(), status, detail: None })
            }
            500 | 503 | 504 => continue,
            status => Err(Error::Server { host: host(), status, detail: None }),
        };
    }
    unreachable!("the last attempt returns")
}

/// Prints, so that nothing can be taken back.
struct Printed {
    tags: Vec<String>,
    most: usize,
}

impl Sink for Printed {
    fn entry(&mut self, tag: &str) -> Result<ControlFlow<()>, Error> {
        self.tags.push(tag.to_owned());
        let is_enough = self.tags.len() >= self.most;
        Ok(if is_enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    }

    fn rewind(&mut self, _: usize) -> bool {
        false
    }
}

fn scenario(seed: u64) -> Result<bool, String> {
    let server = Server::new(seed);
    let mut right = server.tags();
    let limit = 1 + server.random.below(60);
    let (limit, streams) = match server.random.below(6) {
        0 => (Some(limit), true),
        1 | 2 => (None, true),
        _ => (None, false),
    };
    let list = List {
        member: "tags",
        object: "repository r.example/a".to_owned(),
        is_entry: Tag::is_valid,
        first: limit,
        origin: server.url.origin(),
    };
    let (mut kept, mut printed) =
        (Vec::new(), Printed { tags: Vec::new(), most: limit.unwrap_or(usize::MAX) });
    let sink: &mut dyn Sink = if streams { &mut printed } else { &mut kept };
    let outcome = walk(&server, &mut Links::new(&list, sink));
    let mut found = if streams { printed.tags } else { kept };
    right.truncate(limit.unwrap_or(usize::MAX));
    let shape = &server.shape;
    // What was streamed before an error are tags, each once.
    let unique: std::collections::HashSet<&String> = found.iter().collect();
    if unique.len() != found.len() {
        return Err(format!("a tag came twice: {found:?} {shape:?}"));
    }
    match outcome {
        Ok(_) if server.warnings.get() == 0 => {
            let order = found.clone();
            if limit.is_none() {
                found.sort();
                right.sort();
            }
            if found == right {
                return Ok(true);
            }
            Err(format!("{right:?} is {order:?}, without a word: {shape:?}"))
        }
        Ok(_) | Err(_) if server.faults.get() > 0 || !is_sound(shape) => Ok(false),
        // Its own question was not answered, so it cannot know; nor of a page of repeats.
        Ok(_) if limit.is_some() || right.len() < server.list.len() => Ok(false),
        Ok(_) if !shape.knows_last || !BY_LAST.contains(&shape.next) => Ok(false),
        Ok(_) => Err(format!("doubted although nothing is wrong: {shape:?}")),
        // On the first request these are about the repository, not about `n`.
        Err(_) if limit.is_some() && matches!(shape.large, Large::Status(403 | 404 | 500)) => {
            Ok(false)
        }
        Err(error) => Err(format!("{error}, although nothing is wrong: {shape:?}")),
    }
}

/// Whether a server's pages can be read to their end.
fn is_sound(shape: &Shape) -> bool {
    match shape.next {
        Next::Nothing => shape.knows_last || !shape.knows_n,
        Next::Last | Next::LastAndSize => shape.knows_last,
        _ => true,
    }
}

#[test]
fn no_list_lies() {
    let whole = with_seeds(scenario);
    assert!(whole > RUNS / 3, "only {whole} lists came whole");
}
