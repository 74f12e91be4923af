//! A home of its own for every test: a temporary directory, a cleared environment, and the
//! real binary run in it.
//!
//! Every run is checked for what must always hold: no secret that the test put in comes out
//! in output or files, nothing a server sent can command a terminal, failures say why.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::output::Output;
use super::run::Run;

/// The environment of one test; its directory goes when it is dropped.
pub struct TestEnv {
    root: PathBuf,
    /// What the test itself wrote: secrets may be there.
    written: Mutex<HashMap<PathBuf, Vec<u8>>>,
    canaries: Mutex<Vec<String>>,
    vars: Vec<(String, OsString)>,
}

impl TestEnv {
    /// An empty home and no login.
    pub fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("docker-tags-it-{}-{number}", std::process::id());
        let root = std::env::temp_dir().join(name);
        // Left over from a killed run with the same process id.
        let _ = fs::remove_dir_all(&root);
        for directory in ["home/.docker", "bin", "tmp", "work"] {
            fs::create_dir_all(root.join(directory)).expect("the temporary directory is writable");
        }
        let mut env = TestEnv {
            root,
            written: Mutex::default(),
            canaries: Mutex::default(),
            vars: Vec::new(),
        };
        let mut path = env.root.join("bin").into_os_string();
        path.push(":/usr/bin:/bin");
        env.vars = vec![
            ("PATH".into(), path),
            ("HOME".into(), env.home().into()),
            ("DOCKER_CONFIG".into(), env.docker_config().into()),
            ("TMPDIR".into(), env.root.join("tmp").into()),
            ("LC_ALL".into(), "C.UTF-8".into()),
        ];
        env
    }

    /// The directory that holds everything.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `$HOME`.
    pub fn home(&self) -> PathBuf {
        self.root.join("home")
    }

    /// `$DOCKER_CONFIG`.
    pub fn docker_config(&self) -> PathBuf {
        self.root.join("home/.docker")
    }

    /// Where the program runs.
    pub fn work(&self) -> PathBuf {
        self.root.join("work")
    }

    /// Adds a variable for all runs.
    pub fn var(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.vars.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn vars(&self) -> &[(String, OsString)] {
        &self.vars
    }

    /// Writes a file below the root, directories included, and returns its path.
    pub fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.root.join(path);
        let directory = path.parent().expect("a path below the root has a parent");
        fs::create_dir_all(directory).expect("the test's directory is writable");
        fs::write(&path, content.as_ref()).expect("the test's directory is writable");
        // As docker writes its own: a file that others can read is worth a warning.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
        self.note(&path, content.as_ref());
        path
    }

    fn note(&self, path: &Path, content: &[u8]) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.insert(path.to_owned(), content.to_owned());
    }

    /// Reads a file below the root.
    #[track_caller]
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Writes config.json.
    pub fn docker_config_json(&self, document: &Value) {
        self.write("home/.docker/config.json", document.to_string());
    }

    /// Adds a login to config.json, as `docker login` does. The password becomes a canary.
    pub fn login(&self, host: &str, user: &str, password: &str) {
        let path = self.docker_config().join("config.json");
        let old = fs::read(path).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let mut document: Value = old.unwrap_or_else(|| json!({}));
        let pair = STANDARD.encode(format!("{user}:{password}"));
        document["auths"][host] = json!({"auth": pair});
        self.docker_config_json(&document);
        self.canary(password);
        self.canary(&pair);
    }

    /// This text must not come out anywhere, from now on.
    pub fn canary(&self, secret: &str) {
        let mut canaries = self.canaries.lock().unwrap_or_else(PoisonError::into_inner);
        canaries.push(secret.to_owned());
    }

    /// Writes the program's own configuration to its default place.
    pub fn config_toml(&self, text: &str) -> PathBuf {
        self.write("home/.config/docker-tags/config.toml", text)
    }

    /// Installs `docker-credential-NAME`, a shell script with this body. Its arguments and
    /// environment are appended to `helper.log` below the root.
    pub fn helper(&self, name: &str, body: &str) -> PathBuf {
        let log = self.root.join("helper.log");
        let script = format!(
            "#!/bin/sh\n{{ echo \"{name} $*\"; env | grep -v -e ^DOCKER_PASSWORD= -e \
             ^DOCKER_AUTH_CONFIG=; }} >>'{}'\n{body}\n",
            log.display()
        );
        self.program(&format!("docker-credential-{name}"), &script)
    }

    /// Installs an executable in the `PATH`.
    pub fn program(&self, name: &str, script: &str) -> PathBuf {
        let path = self.root.join("bin").join(name);
        // By a child: a descriptor of ours, inherited by a fork in another thread while the
        // file is open for writing, would make it "text file busy".
        let mut child = Command::new("/bin/sh")
            .args(["-c", "cat >\"$1\" && chmod 755 \"$1\"", "sh"])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .expect("there is a shell");
        let mut input = child.stdin.take().expect("stdin is piped");
        input.write_all(script.as_bytes()).expect("the shell reads");
        drop(input);
        assert!(child.wait().expect("the shell ends").success());
        self.note(&path, script.as_bytes());
        path
    }

    /// Runs the binary with these arguments.
    #[track_caller]
    pub fn run<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Output {
        self.command(args).run()
    }

    /// A run with more to say: input, variables, a pseudo-terminal.
    pub fn command<A: Into<OsString>>(&self, args: impl IntoIterator<Item = A>) -> Run<'_> {
        Run::new(self, binary(), args.into_iter().map(Into::into).collect())
    }

    /// A run of any program in this environment; not checked by itself.
    pub fn program_run<A: Into<OsString>>(
        &self,
        program: impl Into<PathBuf>,
        args: impl IntoIterator<Item = A>,
    ) -> Run<'_> {
        Run::new(self, program.into(), args.into_iter().map(Into::into).collect()).unchecked()
    }

    /// Checks what must hold after every run, with further canaries beside those known:
    /// G1 no secret in output or files; G2 no control characters; G3 an orderly exit code;
    /// G6 a failure that says why, on stderr. (G4, limits, is the run's own; G5, traps, is
    /// for the servers: [`super::Server::assert_untouched`].)
    #[track_caller]
    pub fn check(&self, output: &Output, canaries: &[&str]) {
        let known = self.canaries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let all: Vec<&str> =
            known.iter().map(String::as_str).chain(canaries.iter().copied()).collect();
        output.check_orderly();
        output.check_text();
        for canary in all {
            output.check_without(canary);
            for (path, content) in self.foreign_files() {
                let text = String::from_utf8_lossy(&content);
                assert!(!text.contains(canary), "{canary} is in {}\n{output}", path.display());
            }
        }
    }

    /// The files below the root that are not as the test wrote them.
    fn foreign_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut found, mut directories) = (Vec::new(), vec![self.root.clone()]);
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let path = entry.path();
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    directories.push(path);
                } else if let Ok(content) = fs::read(&path)
                    && written.get(&path) != Some(&content)
                {
                    found.push((path, content));
                }
            }
        }
        found
    }
}

impl Drop for TestEnv {
    fn drop(&mut self) {
        // What cannot be removed is the system's to clean.
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// The binary under test: cargo names it to tests; beside an example it is one floor up.
pub fn binary() -> PathBuf {
    if let Some(path) = option_env!("CARGO_BIN_EXE_docker-tags") {
        return path.into();
    }
    let own = std::env::current_exe().expect("a running program has a path");
    let floor = own.parent().and_then(Path::parent).expect("target/debug/examples/NAME");
    floor.join(format!("docker-tags{}", std::env::consts::EXE_SUFFIX))
}
