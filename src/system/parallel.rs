//! Work side by side, results in order.
//!
//! Commands ask registries about many things at a time and answer in the order in which they were
//! asked. The network is waited for on scoped threads; everything else, printing above all,
//! happens on the caller's own thread.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Does `work` for every item on at most `jobs` threads, and hands each result to `take`, in the
/// order of the items, as soon as it and all before it are there.
///
/// With one item or one job no thread is started. A panic in `work` stops the rest and goes on in
/// the caller.
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
    let (next, stopped) = (AtomicUsize::new(0), AtomicBool::new(false));
    thread::scope(|scope| {
        let (results, arrived) = mpsc::channel();
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                let (results, next, stopped, work) = (results.clone(), &next, &stopped, &work);
                scope.spawn(move || {
                    let guard = StopOnPanic(stopped);
                    while !stopped.load(Ordering::Relaxed) {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(index) else { break };
                        if results.send((index, work(item))).is_err() {
                            break;
                        }
                    }
                    drop(guard);
                })
            })
            .collect();
        drop(results);
        let outcome = hand_over(items, &arrived, &mut take);
        stopped.store(true, Ordering::Relaxed);
        for worker in workers {
            if let Err(panic) = worker.join() {
                std::panic::resume_unwind(panic);
            }
        }
        outcome
    })
}

/// Puts results back in order. Ends early when a worker is gone: its panic is for the caller.
fn hand_over<T, R, E>(
    items: &[T],
    arrived: &mpsc::Receiver<(usize, R)>,
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
        }
    }
    Ok(())
}

/// Tells the other workers when this one panics.
struct StopOnPanic<'a>(&'a AtomicBool);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
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

    #[test]
    fn a_panic_reaches_the_caller() {
        for jobs in [1, 4] {
            let items: Vec<usize> = (0..1000).collect();
            let run = || {
                let work = |item: &usize| assert!(*item != 5, "five");
                in_order(&items, jobs, work, |_, ()| Ok::<(), ()>(()))
            };
            let panic = std::panic::catch_unwind(run).unwrap_err();
            assert_eq!(panic.downcast_ref::<&str>(), Some(&"five"), "{jobs} jobs");
        }
    }
}
