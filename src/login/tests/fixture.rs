//! A home directory, a `PATH` and helper programs of our own, gone after the test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::config::Config;
use crate::login::{Credential, Found, Logins, Query};
use crate::oci::reference::Repository;
use crate::system::env::Env;

/// One test's directory. Nothing outside of it is found by [`Logins`] made here.
pub struct Fixture {
    root: PathBuf,
    extra: Vec<(String, String)>,
}

/// A call of a fake helper: its name, its arguments, what it read.
pub type Call = (String, String, String);

impl Fixture {
    pub fn new() -> Fixture {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("docker-tags-logins-{}-{number}", std::process::id());
        let root = std::env::temp_dir().join(name);
        for dir in ["bin", "docker", "run/containers", "config/containers", "home"] {
            fs::create_dir_all(root.join(dir)).unwrap();
        }
        Fixture { root, extra: Vec::new() }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Writes a file that only its owner can read.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        self.chmod(name, 0o600);
        path
    }

    pub fn config(&self, text: &str) -> PathBuf {
        self.write("docker/config.json", text)
    }

    pub fn chmod(&self, name: &str, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
    }

    /// Puts a shell script on the `PATH`.
    ///
    /// Another process writes it: had we held the file open while a different test starts its own
    /// program, that child would hold it, too, and running the script would fail as "text busy".
    pub fn program(&self, name: &str, script: &str) {
        let text = self.write(&format!("{name}.sh"), &format!("#!/bin/sh\n{script}\n"));
        let copied = Command::new("/bin/cp").arg(&text).arg(self.path("bin").join(name)).status();
        assert!(copied.unwrap().success());
        self.chmod(&format!("bin/{name}"), 0o700);
    }

    /// A helper that notes its call and then does as the script says; `$key` is what it read.
    pub fn helper(&self, suffix: &str, script: &str) {
        let log = self.path("calls");
        let name = format!("docker-credential-{suffix}");
        let note = format!(
            "PATH=/usr/bin:/bin\nkey=$(cat; echo .)\nkey=${{key%.}}\n\
             printf '%s\\t%s\\t%s\\n' {suffix} \"$*\" \"$key\" >> {}\n{script}",
            log.display()
        );
        self.program(&name, &note);
    }

    /// A helper that gives this login to everybody.
    pub fn helper_with(&self, suffix: &str, username: &str, secret: &str) {
        let json = format!(r#"{{"Username":"{username}","Secret":"{secret}"}}"#);
        self.helper(suffix, &format!("printf '%s' '{json}'"));
    }

    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.extra.push((name.to_owned(), value.into()));
    }

    pub fn env(&self) -> Env {
        let text = |name: &str| self.path(name).display().to_string();
        let own = [
            ("HOME", text("home")),
            ("PATH", text("bin")),
            ("DOCKER_CONFIG", text("docker")),
            ("XDG_RUNTIME_DIR", text("run")),
            ("XDG_CONFIG_HOME", text("config")),
        ];
        let own = own.map(|(name, value)| (name.to_owned(), value));
        Env::from_pairs(own.into_iter().chain(self.extra.clone()))
    }

    pub fn logins(&self) -> Logins {
        Logins::new(&self.env(), None)
    }

    pub fn find(&self, registry: &str) -> Found {
        find(&self.logins(), registry, None)
    }

    pub fn calls(&self) -> Vec<Call> {
        let log = fs::read_to_string(self.path("calls")).unwrap_or_default();
        let call = |line: &str| {
            let mut columns = line.split('\t').map(str::to_owned);
            (columns.next().unwrap(), columns.next().unwrap(), columns.next().unwrap())
        };
        log.lines().map(call).collect()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.root).unwrap();
    }
}

/// The login of a registry for which there is no profile.
pub fn find(logins: &Logins, registry: &str, repository: Option<&Repository>) -> Found {
    let env = Env::from_pairs([("HOME", "/nowhere")]);
    let config = Config::empty(&env).unwrap();
    let profile = config.active(None, &env).unwrap().profile;
    let (registry, is_active) = (&registry.parse().unwrap(), false);
    logins.find(Query { registry, repository, profile, is_active })
}

/// A login as text: `user:password`, `user identity TOKEN`, `registry TOKEN` or `-`.
pub fn shown(found: &Found) -> String {
    match &found.credential {
        None => "-".to_owned(),
        Some(Credential::Basic { username, password }) => {
            format!("{username}:{}", password.expose())
        }
        Some(Credential::IdentityToken { username, token }) => {
            format!("{} identity {}", username.as_deref().unwrap_or("-"), token.expose())
        }
        Some(Credential::RegistryToken(token)) => format!("registry {}", token.expose()),
    }
}

/// Whether one of the warnings holds all of these words.
pub fn warns(found: &Found, words: &[&str]) -> bool {
    found.warnings.iter().any(|warning| words.iter().all(|word| warning.contains(word)))
}

/// Whether a path is absolute and inside of another: for messages that must name a file.
pub fn names(text: &str, path: &Path) -> bool {
    text.contains(&path.display().to_string())
}
