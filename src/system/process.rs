//! Running another program: no shell, a time limit, an output limit, an environment we name.
//!
//! This is the only place of the crate that starts processes: credential helpers and password
//! commands for `credentials`, docker itself for `install`. A program is given by its
//! absolute path and its arguments; what it must know in secret it gets on its standard input.
//! It stays in our process group, so that Ctrl-C reaches it and a program that asks on the
//! terminal is not stopped for being in the background; therefore only the program itself is
//! killed when its time is up, and what it started in turn is no longer waited for.

use std::fmt;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::system::env::Env;

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
}

impl fmt::Display for RunError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RunError::Io(error) => write!(f, "cannot be run: {error}"),
            RunError::TimedOut(limit) => write!(f, "gave no answer within {limit:?}"),
            RunError::TooMuchOutput => write!(f, "printed more than {MAX_STDOUT} bytes"),
        }
    }
}

/// Finds a program by name in the `PATH` of `env`. Relative and empty entries are passed over:
/// they would run what lies in the current directory.
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
    let mut child = Command::new(program)
        .args(args)
        .env_clear()
        .envs(env.iter())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(RunError::Io)?;
    let result = talk(&mut child, stdin, limit);
    if result.is_err() {
        // It may have ended by itself meanwhile: then there is nothing to kill.
        let _ = child.kill();
        let _ = child.wait();
    }
    result
}

fn talk(child: &mut Child, stdin: &str, limit: Duration) -> Result<Output, RunError> {
    let (sender, events) = channel();
    if let Some(mut pipe) = child.stdin.take() {
        let text = stdin.to_owned();
        // A program that does not read its input is no error: its answer says what it means.
        start(move || drop(pipe.write_all(text.as_bytes())))?;
    }
    let stdout = collect(child.stdout.take(), MAX_STDOUT, Some(Event::TooMuch), sender.clone())?;
    let stderr = collect(child.stderr.take(), MAX_STDERR, None, sender)?;
    let status = wait(child, &events, limit)?;
    let taken = |bytes: &Mutex<Vec<u8>>| {
        std::mem::take(&mut *bytes.lock().unwrap_or_else(PoisonError::into_inner))
    };
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
    events: &Receiver<Event>,
    limit: Duration,
) -> Result<ExitStatus, RunError> {
    let start = Instant::now();
    let mut open_pipes = 2;
    let mut ended: Option<(ExitStatus, Instant)> = None;
    let mut pause = Duration::from_millis(1);
    loop {
        if ended.is_none() {
            let status = child.try_wait().map_err(RunError::Io)?;
            ended = status.map(|status| (status, Instant::now()));
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
            let mut kept = shared.lock().unwrap_or_else(PoisonError::into_inner);
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
