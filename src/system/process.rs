//! Running another program: no shell, a time limit, an output limit, an environment we name.
//!
//! This is the only place of the crate that starts processes: credential helpers and password
//! commands for `login`, docker itself for `install`. A program is given by its absolute path and
//! its arguments; what it must know in secret it gets on its standard input.
//!
//! It gets a process group of its own, which is killed when the program ends, when its time is up
//! and when we are ended: nothing that it started stays behind, but for daemons that begin a session
//! of their own (gpg-agent). A group in the background may not read the terminal, though, and a
//! program that tries (to ask for a PIN) is stopped. It is then started once more in our own group,
//! as a shell would do it, and only the program itself can be killed.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::system::env::Env;
use crate::system::lock;
use crate::system::signals::Undoing;

/// The most a program may print on its standard output, in bytes.
pub(crate) const MAX_STDOUT: usize = 1024 * 1024;
/// What is kept of its standard error, in bytes; the rest is read and dropped.
const MAX_STDERR: usize = 16 * 1024;
/// How long an ended program's pipes may stay open: something it started may still hold them.
const GRACE: Duration = Duration::from_millis(500);

/// How a program ended and what it printed.
pub(crate) struct Output {
    /// The exit status; its `Display` is `exit status: 1` or names the signal.
    pub status: ExitStatus,
    /// Standard output. May hold a secret.
    pub stdout: Vec<u8>,
    /// The beginning of standard error.
    pub stderr: Vec<u8>,
}

/// Why there is no [`Output`].
#[derive(Debug)]
pub(crate) enum RunError {
    /// The program could not be started, or its pipes failed.
    Io(io::Error),
    /// It was killed after this time.
    TimedOut(Duration),
    /// It was killed for printing more than [`MAX_STDOUT`].
    TooMuchOutput,
    /// It was killed for it needs the terminal, which a group in the background may not use.
    NeedsTerminal,
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Io(error) => write!(f, "cannot be run: {error}"),
            RunError::TimedOut(limit) => write!(f, "did not answer within {limit:?}"),
            RunError::NeedsTerminal => write!(f, "needs the terminal"),
            RunError::TooMuchOutput => write!(f, "printed more than {MAX_STDOUT} bytes"),
        }
    }
}

/// Finds a program by name in the `PATH` of `env`. Relative and empty entries are passed over:
/// they would run what is in the current directory.
pub(crate) fn find_program(name: &str, env: &Env) -> Option<PathBuf> {
    if name.is_empty() || name.contains(['/', '\\', '\0']) {
        return None;
    }
    let extensions: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ".bat", ""] } else { &[""] };
    std::env::split_paths(env.os("PATH")?)
        .filter(|dir| dir.is_absolute())
        .flat_map(|dir| extensions.iter().map(move |ext| dir.join(format!("{name}{ext}"))))
        .find(|path| is_executable(path))
}

#[cfg(unix)]
fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(path: &Path) -> bool {
    path.is_file()
}

/// Runs a program to its end.
///
/// `stdin` is what it can read, nothing more follows. Its environment is exactly `env`.
pub(crate) fn run(
    program: &Path,
    args: &[&str],
    stdin: &str,
    env: &Env,
    limit: Duration,
) -> Result<Output, RunError> {
    let start = |is_alone: bool| {
        let mut command = Command::new(program);
        command.args(args).env_clear().envs(env.iter());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        if is_alone {
            group::separate(&mut command);
        }
        let mut child = command.spawn().map_err(RunError::Io)?;
        let mut group = is_alone.then(|| group::end_early(&child));
        let result = talk(&mut child, &mut group, stdin, limit);
        if result.is_err() {
            drop(group.take());
            // It may have ended by itself meanwhile: then there is nothing to kill.
            let _ = child.kill();
            let _ = child.wait();
        }
        result
    };
    match start(true) {
        Err(RunError::NeedsTerminal) => start(false),
        result => result,
    }
}

fn talk(
    child: &mut Child,
    group: &mut Option<Undoing>,
    stdin: &str,
    limit: Duration,
) -> Result<Output, RunError> {
    let (sender, events) = channel();
    if let Some(mut pipe) = child.stdin.take() {
        let text = stdin.to_owned();
        // A program that does not read its input is not an error: its answer says what it means.
        start(move || drop(pipe.write_all(text.as_bytes())))?;
    }
    let stdout = collect(child.stdout.take(), MAX_STDOUT, Some(Event::TooMuch), sender.clone())?;
    let stderr = collect(child.stderr.take(), MAX_STDERR, None, sender)?;
    let status = wait(child, group, &events, limit)?;
    let taken = |bytes: &Mutex<Vec<u8>>| std::mem::take(&mut *lock(bytes));
    Ok(Output { status, stdout: taken(&stdout), stderr: taken(&stderr) })
}

/// What the readers of the pipes report.
enum Event {
    /// A pipe ended.
    End,
    /// More came than is allowed.
    TooMuch,
}

/// Waits until the program has ended and its pipes, too (or [`GRACE`] later).
fn wait(
    child: &mut Child,
    group: &mut Option<Undoing>,
    events: &Receiver<Event>,
    limit: Duration,
) -> Result<ExitStatus, RunError> {
    let start = Instant::now();
    let mut open_pipes = 2;
    let mut ended: Option<(ExitStatus, Instant)> = None;
    let mut pause = Duration::from_millis(1);
    loop {
        if ended.is_none() {
            match group::state(child).map_err(RunError::Io)? {
                group::State::Running => {}
                group::State::AtTerminal if group.is_some() => return Err(RunError::NeedsTerminal),
                group::State::AtTerminal => {}
                group::State::Ended => {
                    // Before it is waited for: until then the group's number is its own.
                    drop(group.take());
                    let status = child.wait().map_err(RunError::Io)?;
                    ended = Some((status, Instant::now()));
                }
            }
        }
        match ended {
            Some((status, since)) if open_pipes == 0 || since.elapsed() >= GRACE => {
                return Ok(status);
            }
            None if start.elapsed() >= limit => return Err(RunError::TimedOut(limit)),
            _ => {}
        }
        match events.recv_timeout(pause) {
            Ok(Event::End) => open_pipes -= 1,
            Ok(Event::TooMuch) => return Err(RunError::TooMuchOutput),
            Err(RecvTimeoutError::Timeout) => pause = (pause * 2).min(Duration::from_millis(20)),
            // Both pipes have ended, the program has not.
            Err(RecvTimeoutError::Disconnected) => {
                open_pipes = 0;
                thread::sleep(pause);
            }
        }
    }
}

/// Reads a pipe in a thread of its own; keeps up to `max` bytes and reports what is more.
fn collect(
    pipe: Option<impl Read + Send + 'static>,
    max: usize,
    too_much: Option<Event>,
    events: Sender<Event>,
) -> Result<Arc<Mutex<Vec<u8>>>, RunError> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let Some(mut pipe) = pipe else { return Ok(kept) };
    let shared = Arc::clone(&kept);
    start(move || {
        let mut too_much = too_much;
        let mut chunk = [0; 8192];
        loop {
            let count = match pipe.read(&mut chunk) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            let mut kept = lock(&shared);
            let room = max.saturating_sub(kept.len());
            kept.extend_from_slice(&chunk[..count.min(room)]);
            drop(kept);
            if count > room
                && let Some(event) = too_much.take()
            {
                let _ = events.send(event);
                return;
            }
        }
        // The receiver is gone when the program was given up.
        let _ = events.send(Event::End);
    })?;
    Ok(kept)
}

fn start(work: impl FnOnce() + Send + 'static) -> Result<(), RunError> {
    thread::Builder::new().spawn(work).map(drop).map_err(RunError::Io)
}

/// Process groups.
#[cfg(unix)]
mod group {
    use std::io;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

    use crate::system::signals::{Undoing, before_exit};

    pub(super) enum State {
        Running,
        /// It was stopped for using the terminal from the background.
        AtTerminal,
        Ended,
    }

    /// Gives a program that will be started a group of its own.
    pub(super) fn separate(command: &mut Command) {
        command.process_group(0);
    }

    /// Kills the program's group when the value is dropped, or when we are ended before.
    pub(super) fn end_early(child: &Child) -> Undoing {
        let leader = Pid::from_child(child);
        // There may be nobody left to kill.
        before_exit(move || {
            let _ = kill_process_group(leader, Signal::KILL);
        })
    }

    /// What has become of a program, which stays to be waited for.
    pub(super) fn state(child: &Child) -> io::Result<State> {
        let options = WaitIdOptions::EXITED
            | WaitIdOptions::STOPPED
            | WaitIdOptions::NOHANG
            | WaitIdOptions::NOWAIT;
        let terminal = [Signal::TTIN, Signal::TTOU].map(Signal::as_raw);
        Ok(match waitid(WaitId::Pid(Pid::from_child(child)), options)? {
            None => State::Running,
            Some(status) if status.stopped() => match status.stopping_signal() {
                Some(signal) if terminal.contains(&signal) => State::AtTerminal,
                _ => State::Running,
            },
            Some(_) => State::Ended,
        })
    }
}

/// Other systems have no process groups: only the program itself can be killed.
#[cfg(not(unix))]
mod group {
    use std::io;
    use std::process::{Child, Command};

    use crate::system::signals::{Undoing, before_exit};

    pub(super) enum State {
        Running,
        #[allow(dead_code)]
        AtTerminal,
        Ended,
    }

    pub(super) fn separate(_: &mut Command) {}

    pub(super) fn end_early(_: &Child) -> Undoing {
        before_exit(|| ())
    }

    pub(super) fn state(child: &mut Child) -> io::Result<State> {
        Ok(if child.try_wait()?.is_some() { State::Ended } else { State::Running })
    }
}
