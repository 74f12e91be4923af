//! Says on a terminal which host is being waited for, once that takes long.
//!
//! One thread watches the requests that are under way; it lives while there are any. The line is
//! erased by whoever ends the request that it names, before anything else is printed.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::system::lock;
use crate::system::report::Reporter;
use crate::system::signals::{self, Undoing};

/// Nothing is said before.
const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(super) struct Waiting {
    reporter: Arc<Reporter>,
    requests: Mutex<Requests>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Requests {
    /// Since when each host is waited for, the oldest request first.
    under_way: BTreeMap<u64, (Instant, String)>,
    begun: u64,
    is_watched: bool,
    /// The request whose host is shown, and what erases the line when a signal ends the program.
    shown: Option<(u64, Undoing)>,
}

/// A request under way, until it is dropped.
pub(super) struct UnderWay<'w> {
    waiting: &'w Waiting,
    number: u64,
}

impl Waiting {
    pub(super) fn new(reporter: Arc<Reporter>) -> Arc<Self> {
        Arc::new(Waiting { reporter, requests: Mutex::default(), changed: Condvar::new() })
    }

    pub(super) fn begin(self: &Arc<Self>, host: &str) -> UnderWay<'_> {
        let mut requests = lock(&self.requests);
        requests.begun += 1;
        let number = requests.begun;
        requests.under_way.insert(number, (Instant::now(), host.to_owned()));
        if !requests.is_watched {
            let watched = Arc::clone(self);
            requests.is_watched = thread::Builder::new().spawn(move || watched.watch()).is_ok();
        }
        UnderWay { waiting: self, number }
    }

    fn watch(&self) {
        let mut requests = lock(&self.requests);
        while let Some((&number, (since, host))) = requests.under_way.first_key_value() {
            let left = PATIENCE.saturating_sub(since.elapsed());
            if left.is_zero() && requests.shown.is_none() {
                let text = format!("waiting for {host} …");
                let reporter = self.reporter.clone();
                if self.reporter.draw_alone(&text) {
                    let undo = signals::before_exit(move || reporter.erase());
                    requests.shown = Some((number, undo));
                }
            }
            let patience = if left.is_zero() { PATIENCE } else { left };
            let waited = self.changed.wait_timeout(requests, patience);
            requests = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        requests.is_watched = false;
    }
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut requests = lock(&self.waiting.requests);
        requests.under_way.remove(&self.number);
        if requests.shown.as_ref().is_some_and(|(number, _)| *number == self.number) {
            requests.shown = None;
            self.waiting.reporter.erase();
        }
        // Only who waits for the last one has to know: the others come to their time by themselves.
        if requests.under_way.is_empty() {
            self.waiting.changed.notify_all();
        }
    }
}
