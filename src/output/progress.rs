//! How far a long command is: one line on the terminal of stderr, gone when it is done.
//!
//! Drawn by whichever thread finishes a step, at most ten times a second, and not in the first
//! half second, so that short commands never flicker. Other lines of stderr take its place
//! (see [`crate::system::report`]); it is drawn again with the next step.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::system::lock;
use crate::system::report::Reporter;
use crate::system::signals::{self, Undoing};

/// Nothing is drawn before.
const PATIENCE: Duration = Duration::from_millis(500);
/// The time between two drawings.
const INTERVAL: Duration = Duration::from_millis(100);

/// The progress of a run. Shared by all threads.
#[derive(Debug)]
pub(crate) struct Progress {
    reporter: Arc<Reporter>,
    shown: AtomicBool,
    started: Instant,
    expected: AtomicUsize,
    done: AtomicUsize,
    drawing: Mutex<Drawing>,
}

#[derive(Debug)]
struct Drawing {
    /// When it may be drawn next, counted from the start.
    next: Duration,
    /// Erases the line, once there is one.
    undo: Option<Undoing>,
}

impl Progress {
    /// A run without steps yet. `shown`: stderr is a terminal that can erase a line.
    pub(crate) fn new(reporter: Arc<Reporter>, shown: bool) -> Self {
        Progress {
            reporter,
            shown: AtomicBool::new(shown),
            started: Instant::now(),
            expected: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            drawing: Mutex::new(Drawing { next: PATIENCE, undo: None }),
        }
    }

    /// Adds steps that are still to be done.
    pub(crate) fn expect(&self, steps: usize) {
        self.expected.fetch_add(steps, Ordering::Relaxed);
    }

    /// One step is done.
    pub(crate) fn step(&self) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        if !self.shown.load(Ordering::Relaxed) {
            return;
        }
        let passed = self.started.elapsed();
        // A thread that finds another one drawing has nothing to add.
        let Ok(mut drawing) = self.drawing.try_lock() else { return };
        if passed >= drawing.next && self.shown.load(Ordering::Relaxed) {
            drawing.next = passed.saturating_add(INTERVAL);
            let reporter = self.reporter.clone();
            drawing.undo.get_or_insert_with(|| signals::before_exit(move || reporter.erase()));
            self.reporter.draw(&text(done, self.expected.load(Ordering::Relaxed), passed));
        }
    }

    /// Erases the line; from now on nothing is drawn.
    pub(crate) fn stop(&self) {
        // Whoever draws just now is waited for.
        let mut drawing = lock(&self.drawing);
        self.shown.store(false, Ordering::Relaxed);
        drawing.undo = None;
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.stop();
    }
}

/// How many answers tell how long the others will take.
const ENOUGH: usize = 3;

/// `1234/10000 requests, 12 s left`
fn text(done: usize, expected: usize, passed: Duration) -> String {
    let expected = expected.max(done);
    if done < ENOUGH {
        return format!("{done}/{expected} requests");
    }
    let rest = (expected - done) as f64 / done.max(1) as f64;
    let left = (passed.as_secs_f64() * rest).ceil() as u64;
    let time = match left {
        0..=99 => format!("{left} s"),
        _ => format!("{} min", left.div_ceil(60)),
    };
    format!("{done}/{expected} requests, {time} left")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts() {
        let cases = [
            ((1, 1, 1), "1/1 requests"),
            ((2, 200, 1), "2/200 requests"),
            ((3, 6, 1), "3/6 requests, 1 s left"),
            ((100, 200, 5), "100/200 requests, 5 s left"),
            ((3, 3000, 1), "3/3000 requests, 17 min left"),
            ((5, 3, 1), "5/5 requests, 0 s left"),
            ((0, 0, 0), "0/0 requests"),
        ];
        for ((done, expected, seconds), line) in cases {
            assert_eq!(text(done, expected, Duration::from_secs(seconds)), line);
        }
    }
}
