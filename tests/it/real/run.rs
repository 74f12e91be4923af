//! Programs under test: a clean environment, a time limit, everything they printed.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How long a program may take before the test gives up and ends it. Generous: it only bounds a hang.
const LIMIT: Duration = Duration::from_secs(120);

/// The binary that cargo built for these tests.
pub fn client_path() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_docker-tags"))
}

/// A directory of its own that goes away with the value.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    /// Makes an empty directory with a name that nobody else uses.
    pub fn new() -> TempDir {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path =
            std::env::temp_dir().join(format!("docker-tags-real-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("make a temporary directory");
        TempDir(path)
    }

    /// The directory.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file in it and returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("a file has a directory"))
            .expect("make the file's directory");
        fs::write(&path, content).expect("write a file");
        // As docker writes its own: a file that others can read is worth a warning.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A home directory with an empty docker configuration: nothing of the user who runs the tests leaks in.
#[derive(Debug)]
pub struct Home {
    dir: TempDir,
}

impl Home {
    /// A home without any login.
    pub fn new() -> Home {
        let home = Home { dir: TempDir::new() };
        home.write_config("{}");
        home
    }

    /// A home whose config.json holds one login.
    pub fn with_login(registry: &str, user: &str, password: &str) -> Home {
        let home = Home::new();
        let auth = STANDARD.encode(format!("{user}:{password}"));
        home.write_config(serde_json::json!({"auths": {registry: {"auth": auth}}}).to_string());
        home
    }

    /// Replaces config.json.
    pub fn write_config(&self, content: impl AsRef<[u8]>) {
        self.dir.write(".docker/config.json", content);
    }

    /// The home itself.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes a file of the home and returns its path.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        self.dir.write(name, content)
    }

    /// The directory that holds config.json.
    pub fn docker_config(&self) -> PathBuf {
        self.dir.path().join(".docker")
    }

    /// A command with this home and nothing else of the environment but `PATH`.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .env_clear()
            .env("PATH", format!("{path}:/usr/sbin:/sbin"))
            .env("HOME", self.dir.path())
            .env("XDG_CONFIG_HOME", self.dir.path().join(".config"))
            .env("XDG_RUNTIME_DIR", self.dir.path().join("runtime"))
            .env("DOCKER_CONFIG", self.docker_config())
            .env("LC_ALL", "C.UTF-8")
            .current_dir(self.dir.path());
        command
    }

    /// Runs the client stand-alone with these arguments.
    pub fn client<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Outcome {
        run(self.command(client_path()).args(args))
    }
}

/// What a program did.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
    command: String,
}

impl Outcome {
    /// The lines of standard output.
    pub fn lines(&self) -> Vec<&str> {
        self.stdout.lines().collect()
    }

    /// Lines of standard error that begin with this word, whatever its case.
    pub fn stderr_lines_with(&self, start: &str) -> Vec<&str> {
        let starts = |line: &&str| {
            line.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
        };
        self.stderr.lines().filter(starts).collect()
    }

    /// Checks the exit code; a failure shows everything that was printed.
    #[track_caller]
    pub fn expect_code(self, code: i32) -> Outcome {
        assert_eq!(self.code, Some(code), "exit code of {self}");
        self
    }

    /// Checks that it failed as the product does: this code, nothing on stdout, one `error:` line, and after an
    /// empty line one `hint:` line.
    #[track_caller]
    pub fn expect_error(self, code: i32) -> Outcome {
        let outcome = self.expect_code(code);
        assert_eq!(outcome.stdout, "", "stdout of {outcome}");
        assert_eq!(outcome.stderr_lines_with("error: ").len(), 1, "error lines of {outcome}");
        assert_eq!(outcome.stderr_lines_with("hint: ").len(), 1, "hint lines of {outcome}");
        assert!(
            outcome.stderr.contains("\n\nhint: "),
            "an empty line before the hint of {outcome}"
        );
        assert!(!outcome.stderr.contains("panicked"), "a panic in {outcome}");
        outcome
    }

    /// Checks that standard error contains this text.
    #[track_caller]
    pub fn expect_stderr(self, text: &str) -> Outcome {
        assert!(self.stderr.contains(text), "no {text:?} on stderr of {self}");
        self
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Outcome { code, stdout, stderr, command } = self;
        write!(f, "{command}\ncode: {code:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}\n---")
    }
}

/// Runs a program to its end, without input.
#[track_caller]
pub fn run(command: &mut Command) -> Outcome {
    start(command, Stdio::null()).wait()
}

/// Runs a program to its end with this as its standard input.
#[track_caller]
pub fn run_with_input(command: &mut Command, input: &str) -> Outcome {
    let mut running = start(command, Stdio::piped());
    let mut stdin = running.child.stdin.take().expect("stdin was asked for");
    // A program that does not read its input may have closed it: that is its affair.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    running.wait()
}

/// A program that is running. Dropping it ends it.
#[derive(Debug)]
pub struct Running {
    /// The process.
    pub child: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
    command: String,
}

/// Starts a program whose output is collected.
#[track_caller]
pub fn start(command: &mut Command, stdin: Stdio) -> Running {
    let shown = format!("{command:?}");
    let mut child = command
        .stdin(stdin)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("cannot start {shown}: {error}"));
    let stdout = collect(child.stdout.take().expect("stdout was asked for"));
    let stderr = collect(child.stderr.take().expect("stderr was asked for"));
    Running { child, stdout: Some(stdout), stderr: Some(stderr), command: shown }
}

impl Running {
    /// Whether it has come to its end.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("ask for the exit status").is_some()
    }

    /// Waits for the end and returns everything printed.
    #[track_caller]
    pub fn wait(mut self) -> Outcome {
        let status = self.wait_status();
        let text = |reader: &mut Option<JoinHandle<String>>| {
            reader.take().map(|thread| thread.join().expect("read the output")).unwrap_or_default()
        };
        let (stdout, stderr) = (text(&mut self.stdout), text(&mut self.stderr));
        Outcome { code: status.code(), stdout, stderr, command: self.command.clone() }
    }

    #[track_caller]
    fn wait_status(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("ask for the exit status") {
                return status;
            }
            assert!(start.elapsed() < LIMIT, "still running after {LIMIT:?}: {}", self.command);
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = from.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits until a condition holds. Fails the test when it does not come to pass.
#[track_caller]
pub fn wait_until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < LIMIT, "waited {LIMIT:?} in vain: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
