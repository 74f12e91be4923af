//! Ending early: signals, docker closing a plugin's socket, a panic.
//!
//! The program ends at once, wherever it is: nothing that it writes is half a file. Two things must
//! be put back first: a terminal that was told not to echo, and a line of progress on it. Whoever
//! changes such a thing says how with [`before_exit`]. A signal is then no longer answered in
//! its handler, where next to nothing is allowed, but by a thread that lives as long as needed.

use std::sync::Mutex;

use super::lock;

/// The exit code after SIGTERM, or after docker asked us to stop.
#[cfg(unix)]
pub(crate) const TERMINATED: i32 = 143;

type Undo = Box<dyn FnOnce() + Send>;

/// What must be undone, with the number of its [`Undoing`].
static UNDOS: Mutex<Vec<(u64, Undo)>> = Mutex::new(Vec::new());

/// While it lives, an early end of the program runs an undo; else its drop does.
#[derive(Debug)]
pub(crate) struct Undoing(u64);

/// Has `undo` run once: when the value is dropped, or before the program ends early.
pub(crate) fn before_exit(undo: impl FnOnce() + Send + 'static) -> Undoing {
    let mut undos = lock(&UNDOS);
    let number = undos.last().map_or(0, |(last, _)| last + 1);
    undos.push((number, Box::new(undo)));
    system::answer_in_a_thread();
    Undoing(number)
}

impl Drop for Undoing {
    fn drop(&mut self) {
        let mut undos = lock(&UNDOS);
        let found = undos.iter().position(|(number, _)| *number == self.0);
        let undo = found.map(|place| undos.remove(place).1);
        drop(undos);
        if let Some(undo) = undo {
            undo();
        }
    }
}

/// Ends the program with this code, everything undone first.
pub(crate) fn exit(code: i32) -> ! {
    for (_, undo) in std::mem::take(&mut *lock(&UNDOS)).into_iter().rev() {
        undo();
    }
    std::process::exit(code)
}

/// Makes SIGINT, SIGTERM, SIGHUP and SIGQUIT end the program with the shell's code for them. docker
/// would turn a plugin that dies of a signal into code 255, and a core would hold passwords. A signal
/// that is ignored from the start (`nohup`, a shell's background) stays ignored.
pub(crate) fn exit_on_signals() {
    system::install();
}

#[cfg(unix)]
mod system {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::sync::{Arc, LazyLock};
    use std::time::Duration;

    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    use signal_hook::flag;

    use super::{UNDOS, exit};
    use crate::system::lock;

    /// How often the thread looks for a signal.
    const INTERVAL: Duration = Duration::from_millis(20);

    /// Whether a signal ends the program in its handler.
    static AT_ONCE: LazyLock<Arc<AtomicBool>> = LazyLock::new(|| Arc::new(AtomicBool::new(true)));
    /// The signal that came while it did not.
    static CAUGHT: LazyLock<Arc<AtomicUsize>> = LazyLock::new(Arc::default);

    pub(super) fn install() {
        let ignored = ignored();
        for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] {
            if ignored >> (signal - 1) & 1 == 1 {
                continue;
            }
            let number = usize::try_from(signal).unwrap_or_default();
            // A signal that cannot be caught keeps its default, which ends the program as well.
            let _ = flag::register_conditional_shutdown(signal, 128 + signal, AT_ONCE.clone());
            let _ = flag::register_usize(signal, CAUGHT.clone(), number);
        }
    }

    /// The signals that whoever started us wants to be ignored, one bit each.
    #[cfg(target_os = "linux")]
    fn ignored() -> u64 {
        use std::io::Read;
        // Room for all of it, or it is read in small pieces.
        let mut status = String::with_capacity(4096);
        let file = std::fs::File::open("/proc/self/status");
        let _ = file.and_then(|mut file| file.read_to_string(&mut status));
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
    }

    /// Where nothing tells, SIGHUP is left alone: it is the one that `nohup` sets.
    #[cfg(not(target_os = "linux"))]
    fn ignored() -> u64 {
        1 << (SIGHUP - 1)
    }

    /// Starts the thread unless it runs. Called with the undos locked, so that it is not just ending.
    pub(super) fn answer_in_a_thread() {
        if AT_ONCE.swap(false, Ordering::SeqCst)
            && std::thread::Builder::new().spawn(answer).is_err()
        {
            AT_ONCE.store(true, Ordering::SeqCst);
        }
    }

    fn answer() {
        loop {
            std::thread::sleep(INTERVAL);
            let undos = lock(&UNDOS);
            let over = undos.is_empty();
            if over {
                AT_ONCE.store(true, Ordering::SeqCst);
            }
            drop(undos);
            // Looked at last: a signal that came before AT_ONCE was set is not lost.
            let signal = CAUGHT.load(Ordering::SeqCst);
            if signal != 0 {
                // The next one need not wait for us.
                AT_ONCE.store(true, Ordering::SeqCst);
                exit(128 + i32::try_from(signal).unwrap_or_default());
            }
            if over {
                return;
            }
        }
    }
}

/// Windows ends console programs by itself.
#[cfg(not(unix))]
mod system {
    pub(super) fn install() {}

    pub(super) fn answer_in_a_thread() {}
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::before_exit;

    #[test]
    fn an_undo_runs_once_and_at_its_own_drop() {
        let count = Arc::new([const { AtomicUsize::new(0) }; 2]);
        let guard = |place: usize| {
            let count = count.clone();
            before_exit(move || {
                count[place].fetch_add(1, Ordering::SeqCst);
            })
        };
        let counts = || [0, 1].map(|place| count[place].load(Ordering::SeqCst));
        let (first, second) = (guard(0), guard(1));
        assert_eq!(counts(), [0, 0]);
        drop(first);
        assert_eq!(counts(), [1, 0]);
        let third = guard(0);
        drop(second);
        assert_eq!(counts(), [1, 1]);
        drop(third);
        assert_eq!(counts(), [2, 1]);
    }
}
