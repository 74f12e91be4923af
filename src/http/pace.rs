//! How fast a host is asked.
//!
//! All threads of a run share this. A host that said "too many requests" is left alone until the
//! time it named, or for a moment where it named none, so that one such answer stops all; and from
//! then on few requests are under way to it at a time, since it was too many that it complained of.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::retry::MAX_WAIT;
use crate::system::lock;

/// How many requests may be under way to a host that has complained.
const FEW: usize = 3;
/// How long a host is left alone that names no time.
const MOMENT: Duration = Duration::from_millis(500);

/// The hosts of a run, by host and port.
#[derive(Debug, Default)]
pub(super) struct Pace {
    hosts: Mutex<HashMap<String, Host>>,
    freed: Condvar,
}

#[derive(Debug, Default)]
struct Host {
    /// Requests under way.
    active: usize,
    /// When it may be asked again; there only after a complaint.
    until: Option<Instant>,
}

/// The right to have a request under way to a host, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'p> {
    pace: &'p Pace,
    host: String,
}

impl Pace {
    /// Waits until the host may be asked.
    ///
    /// # Errors
    /// The time that the host wants to be left alone, where it is longer than [`MAX_WAIT`].
    pub(super) fn turn(&self, host: &str) -> Result<Turn<'_>, Duration> {
        let mut hosts = lock(&self.hosts);
        loop {
            let state = hosts.entry(host.to_owned()).or_default();
            let wait = state.until.map(|until| until.saturating_duration_since(Instant::now()));
            match wait {
                Some(wait) if wait > MAX_WAIT => return Err(wait),
                Some(wait) if !wait.is_zero() => {
                    let waited = self.freed.wait_timeout(hosts, wait);
                    hosts = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
                Some(_) if state.active >= FEW => {
                    hosts = self.freed.wait(hosts).unwrap_or_else(PoisonError::into_inner);
                }
                _ => {
                    state.active += 1;
                    return Ok(Turn { pace: self, host: host.to_owned() });
                }
            }
        }
    }

    /// Notes that a host has had too many requests, and how long it wants to be left alone.
    pub(super) fn complaint(&self, host: &str, wait: Option<Duration>) {
        let now = Instant::now();
        let until = now.checked_add(wait.unwrap_or(MOMENT)).unwrap_or(now);
        let mut hosts = lock(&self.hosts);
        let state = hosts.entry(host.to_owned()).or_default();
        state.until = state.until.max(Some(until));
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(host) = lock(&self.pace.hosts).get_mut(&self.host) {
            host.active -= 1;
        }
        self.pace.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    /// The most requests of eight threads that were under way at a time.
    fn most_at_a_time(pace: &Pace, host: &str) -> usize {
        let (active, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let turn = pace.turn(host).unwrap();
                        most.fetch_max(active.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        thread::sleep(Duration::from_millis(1));
                        active.fetch_sub(1, Ordering::SeqCst);
                        drop(turn);
                    }
                });
            }
        });
        assert_eq!(lock(&pace.hosts)[host].active, 0);
        most.into_inner()
    }

    #[test]
    fn a_complaint_leaves_few_at_a_time() {
        let pace = Pace::default();
        pace.complaint("busy", Some(Duration::ZERO));
        assert_eq!(most_at_a_time(&pace, "busy"), FEW);
        assert!(most_at_a_time(&pace, "idle") > FEW);
    }

    #[test]
    fn a_complaint_stops_all_for_a_while() {
        let pace = Pace::default();
        let under_way = pace.turn("h").unwrap();
        let (begun, wait) = (Instant::now(), Duration::from_millis(60));
        pace.complaint("h", Some(wait));
        // A shorter time that is named later takes nothing away from the longer one.
        pace.complaint("h", Some(Duration::ZERO));
        drop(under_way);
        drop(pace.turn("h").unwrap());
        assert!(begun.elapsed() >= wait);
        pace.complaint("other", None);
        let begun = Instant::now();
        drop(pace.turn("other").unwrap());
        assert!(begun.elapsed() >= MOMENT / 2);
    }

    #[test]
    fn too_long_a_wait_is_a_failure_at_once() {
        let pace = Pace::default();
        pace.complaint("h", Some(Duration::from_secs(3600)));
        assert!(pace.turn("h").unwrap_err() > MAX_WAIT);
        // So is one that no clock can hold, as long as it can be told from none.
        pace.complaint("g", Some(Duration::from_secs(999_999_999_999_999_999)));
        assert!(pace.turn("g").is_err());
    }
}
