//! One run of a program in a test's environment, with a deadline.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::env::TestEnv;
use super::output::Output;

/// No scenario may take longer.
const DEADLINE: Duration = Duration::from_secs(150);

/// A run being described.
pub struct Run<'a> {
    env: &'a TestEnv,
    program: PathBuf,
    args: Vec<OsString>,
    vars: Vec<(String, Option<OsString>)>,
    stdin: Option<Vec<u8>>,
    head: Option<usize>,
    checked: bool,
    measured: bool,
    interrupt: Option<Box<dyn Fn() -> bool + 'a>>,
    deadline: Duration,
}

impl<'a> Run<'a> {
    pub(super) fn new(env: &'a TestEnv, program: PathBuf, args: Vec<OsString>) -> Self {
        let (vars, stdin, head, interrupt) = (Vec::new(), None, None, None);
        let deadline = DEADLINE;
        let (checked, measured) = (true, false);
        Run { env, program, args, vars, stdin, head, checked, measured, interrupt, deadline }
    }

    /// Fails the test when the run takes longer: a guard against hanging, many times what a
    /// busy machine needs.
    pub fn deadline(mut self, limit: Duration) -> Self {
        self.deadline = limit;
        self
    }

    /// What the program reads from its standard input; else it is empty.
    pub fn stdin(mut self, text: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(text.into());
        self
    }

    /// Sets a variable.
    pub fn var(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.vars.push((name.to_owned(), Some(value.into())));
        self
    }

    /// Removes a variable.
    pub fn without(mut self, name: &str) -> Self {
        self.vars.push((name.to_owned(), None));
        self
    }

    /// Closes the pipe after so many lines of output, as `| head -n` does.
    pub fn head(mut self, lines: usize) -> Self {
        self.head = Some(lines);
        self
    }

    /// Leaves out the checks that every run has: for output that is the server's own bytes,
    /// or whose purpose is a secret.
    pub fn unchecked(mut self) -> Self {
        self.checked = false;
        self
    }

    /// Measures the memory, for `Output::peak` and `Output::peak_below`. GNU time does: the kernel keeps
    /// the figure, so that a program that ends at once is measured as well. A sample may miss it.
    pub fn measured(mut self) -> Self {
        self.measured = true;
        self
    }

    /// Sends SIGINT, as Ctrl-C does, once `ready` says so. The exit code of such a run is no
    /// failure's, so it is not checked.
    pub fn interrupt_when(mut self, ready: impl Fn() -> bool + 'a) -> Self {
        self.interrupt = Some(Box::new(ready));
        self.unchecked()
    }

    /// Runs it with pipes.
    #[track_caller]
    pub fn run(self) -> Output {
        let (words, peak) = self.words();
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]);
        self.finish(command, false, peak)
    }

    /// Runs it on a pseudo-terminal of 80 columns; stdout and stderr come mixed, as a user
    /// sees them.
    #[track_caller]
    pub fn tty(self) -> Output {
        let script = Path::new("/usr/bin/script");
        assert!(script.exists(), "no {} makes a terminal (Debian: bsdutils)", script.display());
        let (words, peak) = self.words();
        let words: Vec<String> = words
            .iter()
            .map(|word| format!("'{}'", word.to_string_lossy().replace('\'', "'\\''")))
            .collect();
        let line = format!("stty cols 80 rows 24; exec {}", words.join(" "));
        let mut command = Command::new(script);
        command.args(["-q", "-e", "-c", &line, "/dev/null"]);
        let this = self.var("TERM", "xterm-256color").var("SHELL", "/bin/sh");
        this.finish(command, true, peak)
    }

    /// The program and its arguments, and the file for its memory if that is measured.
    #[track_caller]
    fn words(&self) -> (Vec<OsString>, Option<PathBuf>) {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let mut words = Vec::new();
        let peak = self.measured.then(|| {
            let number = COUNT.fetch_add(1, Ordering::SeqCst);
            self.env.root().join(format!("peak-{number}"))
        });
        if let Some(file) = &peak {
            let time = Path::new("/usr/bin/time");
            assert!(time.exists(), "no {} measures memory (Debian: time)", time.display());
            words.extend(["/usr/bin/time", "-q", "-f", "%M", "-o"].map(OsString::from));
            words.push(file.into());
        }
        words.push(self.program.clone().into_os_string());
        words.extend_from_slice(&self.args);
        (words, peak)
    }

    #[track_caller]
    fn finish(self, mut command: Command, tty: bool, peak: Option<PathBuf>) -> Output {
        command.env_clear().current_dir(self.env.work());
        command.envs(self.env.vars().iter().map(|(name, value)| (name, value)));
        for (name, value) in &self.vars {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        // Signals are for the program, not only for what measures it.
        command.process_group(0);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let shown = shown(&self.program, &self.args);
        let mut child =
            command.spawn().unwrap_or_else(|error| panic!("{shown} does not start: {error}"));
        let mut input = child.stdin.take().expect("stdin is piped");
        let text = self.stdin.clone().unwrap_or_default();
        let stdout = collect(child.stdout.take().expect("stdout is piped"), self.head);
        let stderr = collect(child.stderr.take().expect("stderr is piped"), None);
        let feeder = thread::spawn(move || {
            // A program that does not read its input is no fault.
            let _ = input.write_all(&text);
            tty.then_some(input)
        });
        let code = wait(&mut child, &shown, self.interrupt.as_deref(), self.deadline);
        let _ = feeder.join();
        let text = |bytes: JoinHandle<Vec<u8>>| bytes.join().expect("reading a pipe");
        let (stdout, stderr) = (text(stdout), text(stderr));
        let peak = peak.map(|file| read_peak(&file));
        let output = Output::new(shown, code, stdout, stderr, tty, peak);
        if self.checked {
            self.env.check(&output, &[]);
        }
        output
    }
}

/// Reads a pipe to its end, or closes it after some lines.
fn collect(pipe: impl Read + Send + 'static, head: Option<usize>) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let mut reader = BufReader::with_capacity(if head.is_some() { 64 } else { 65536 }, pipe);
        match head {
            None => drop(reader.read_to_end(&mut bytes)),
            Some(lines) => {
                for _ in 0..lines {
                    let _ = reader.read_until(b'\n', &mut bytes);
                }
            }
        }
        bytes
    })
}

/// Waits for the end, or brings it about; the exit code (of a signal, 128 and its number).
#[track_caller]
fn wait(
    child: &mut Child,
    shown: &str,
    mut interrupt: Option<&dyn Fn() -> bool>,
    deadline: Duration,
) -> i32 {
    let start = Instant::now();
    let group = format!("-{}", child.id());
    let signal = |name: &str| {
        let sent = Command::new("/bin/kill").args([name, "--", &group]).status();
        assert!(sent.is_ok_and(|status| status.success()), "no signal could be sent");
    };
    loop {
        if let Some(status) = child.try_wait().expect("the child is ours") {
            return code(status);
        }
        if start.elapsed() > deadline {
            signal("-KILL");
            let _ = child.wait();
            panic!("{shown} was still running after {deadline:?}");
        }
        if interrupt.is_some_and(|ready| ready()) {
            interrupt = None;
            signal("-INT");
        }
        // Who takes longer than a moment is waited for without haste.
        let pause = if start.elapsed() < Duration::from_secs(5) { 2 } else { 20 };
        thread::sleep(Duration::from_millis(pause));
    }
}

#[cfg(unix)]
fn code(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[cfg(not(unix))]
fn code(status: std::process::ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}

/// What GNU time wrote, in KiB.
#[track_caller]
fn read_peak(file: &Path) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("no measure: {error}"));
    fs::remove_file(file).expect("the file is ours");
    text.trim().parse().unwrap_or_else(|_| panic!("no measure: {text:?}"))
}

fn shown(program: &Path, args: &[OsString]) -> String {
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    let mut shown = name.into_owned();
    for arg in args {
        shown.push_str(&format!(" {}", arg.to_string_lossy()));
    }
    shown
}
