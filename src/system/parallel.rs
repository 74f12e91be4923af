//! Work side by side, results in order.
//!
//! Commands ask registries about many things at a time and answer in the order in which they were
//! asked. The network is waited for on scoped threads; everything else, printing above all,
//! happens on the caller's own thread.

use crate::system::lock;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, mpsc};
use std::thread;

/// For each thread, how many items may be begun beyond the one whose result is waited for: results
/// that come early must not fill the memory.
const AHEAD: usize = 2;

/// Does `work` for every item on at most `jobs` threads, and hands each result to `take`, in the
/// order of the items, as soon as it and all before it are there.
///
/// Only a few results wait for an earlier one; further work is begun when they are taken. With one
/// item or one job no thread is started.
///
/// # Errors
/// The first error of `take`: nothing new is begun then, and what is under way is waited for.
pub(crate) fn in_order<T: Sync, R: Send, E>(
    items: &[T],
    jobs: usize,
    work: impl Fn(&T) -> R + Sync,
    mut take: impl FnMut(&T, R) -> Result<(), E>,
) -> Result<(), E> {
    let threads = jobs.min(items.len());
    if threads <= 1 {
        return items.iter().try_for_each(|item| take(item, work(item)));
    }
    let (next, turns) = (AtomicUsize::new(0), Turns::default());
    thread::scope(|scope| {
        let (results, arrived) = mpsc::channel();
        for _ in 0..threads {
            let (results, next, turns, work) = (results.clone(), &next, &turns, &work);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(item) = items.get(index).filter(|_| turns.wait(index, threads)) else {
                        break;
                    };
                    if results.send((index, work(item))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(results);
        let outcome = hand_over(items, &arrived, &turns, &mut take);
        turns.stop();
        outcome
    })
}

/// Puts results back in order.
fn hand_over<T, R, E>(
    items: &[T],
    arrived: &mpsc::Receiver<(usize, R)>,
    turns: &Turns,
    take: &mut impl FnMut(&T, R) -> Result<(), E>,
) -> Result<(), E> {
    let mut early = BTreeMap::new();
    for (position, item) in items.iter().enumerate() {
        while !early.contains_key(&position) {
            let Ok((index, result)) = arrived.recv() else { return Ok(()) };
            early.insert(index, result);
        }
        if let Some(result) = early.remove(&position) {
            take(item, result)?;
            turns.next();
        }
    }
    Ok(())
}

/// How far the caller has come, so that nobody runs too far ahead.
#[derive(Default)]
struct Turns {
    taken: Mutex<usize>,
    changed: Condvar,
    stopped: AtomicBool,
}

impl Turns {
    /// Waits until an item may be begun; `false`: none may any more.
    fn wait(&self, index: usize, threads: usize) -> bool {
        let is_early = |taken: &mut usize| {
            index >= *taken + threads * AHEAD && !self.stopped.load(Ordering::Relaxed)
        };
        drop(self.changed.wait_while(lock(&self.taken), is_early));
        !self.stopped.load(Ordering::Relaxed)
    }

    fn next(&self) {
        *lock(&self.taken) += 1;
        self.changed.notify_all();
    }

    fn stop(&self) {
        // Under the lock, or a worker between its look and its sleep would miss it.
        let taken = lock(&self.taken);
        self.stopped.store(true, Ordering::Relaxed);
        drop(taken);
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::{Barrier, Mutex};

    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_items() {
        for (count, jobs) in [(0, 8), (1, 8), (5, 0), (5, 1), (5, 2), (100, 8), (3, 64)] {
            let items: Vec<usize> = (0..count).collect();
            let mut seen = Vec::new();
            let outcome = in_order(
                &items,
                jobs,
                |item| item * 2,
                |item, double| {
                    seen.push((*item, double));
                    Ok::<(), ()>(())
                },
            );
            assert_eq!(outcome, Ok(()));
            let expected: Vec<_> = items.iter().map(|item| (*item, item * 2)).collect();
            assert_eq!(seen, expected, "{count} items, {jobs} jobs");
        }
    }

    #[test]
    fn as_many_threads_as_jobs() {
        // Four meet at the barrier, or this never ends; the fifth and on show that no more come.
        let (barrier, threads) = (Barrier::new(4), Mutex::new(HashSet::new()));
        let work = |item: &usize| {
            threads.lock().unwrap().insert(thread::current().id());
            if *item < 4 {
                barrier.wait();
            }
        };
        let items: Vec<usize> = (0..40).collect();
        in_order(&items, 4, work, |_, ()| Ok::<(), ()>(())).unwrap();
        let threads = threads.into_inner().unwrap();
        assert_eq!(threads.len(), 4);
        assert!(!threads.contains(&thread::current().id()));
    }

    #[test]
    fn nobody_runs_far_ahead() {
        let (begun, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let items: Vec<usize> = (0..200).collect();
        let work = |item: &usize| {
            begun.fetch_add(1, Ordering::SeqCst);
            if *item == 0 {
                // Until the others have done all that they may.
                while begun.load(Ordering::SeqCst) < 4 * AHEAD {
                    thread::yield_now();
                }
                thread::sleep(std::time::Duration::from_millis(50));
                most.store(begun.load(Ordering::SeqCst), Ordering::SeqCst);
            }
        };
        in_order(&items, 4, work, |_, ()| Ok::<(), ()>(())).unwrap();
        assert_eq!((begun.into_inner(), most.into_inner()), (200, 4 * AHEAD));
    }

    #[test]
    fn an_error_ends_the_work() {
        for jobs in [1, 4] {
            let begun = AtomicUsize::new(0);
            let items: Vec<usize> = (0..100_000).collect();
            let work = |item: &usize| {
                begun.fetch_add(1, Ordering::SeqCst);
                // Slow enough that the caller gets its turn long before the items run out.
                if *item > 8 {
                    thread::sleep(std::time::Duration::from_millis(1));
                }
                *item
            };
            let take = |_: &usize, item| if item == 3 { Err("three") } else { Ok(()) };
            assert_eq!(in_order(&items, jobs, work, take), Err("three"));
            assert!(begun.load(Ordering::SeqCst) < 100_000);
        }
    }
}
