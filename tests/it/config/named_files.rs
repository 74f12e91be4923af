//! Files that somebody names are regular files of a bounded size: anything else is an error at once,
//! in a command and at a TAB.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::support::tls::Identity;
use crate::support::{TestEnv, TestRegistry};

/// Far more than any of these runs needs, and far less than a FIFO without a writer takes.
const LIMIT: Duration = Duration::from_secs(20);

fn fifo(env: &TestEnv, name: &str) -> PathBuf {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    let path = env.root().join(name);
    std::fs::create_dir_all(path.parent().expect("below the root")).expect("ours");
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("FIFOs can be made");
    path
}

/// A FIFO, a device, a directory, and a file that is too large; each with what is said of it.
fn unreadable(env: &TestEnv) -> [(PathBuf, &'static str); 4] {
    let directory = env.root().join("directory");
    std::fs::create_dir_all(&directory).expect("ours");
    let large = env.write("large", vec![b'#'; (8 << 20) + 1]);
    [
        (fifo(env, "fifo"), "is not a regular file"),
        (PathBuf::from("/dev/zero"), "is not a regular file"),
        (directory, "is a directory"),
        (large, "is larger than 8 MiB"),
    ]
}

#[test]
fn certificates_and_passwords_are_regular_files() {
    let registry = TestRegistry::new().tags("a", ["1"]).require_basic("ann", "pw").start();
    let name = registry.repo("a");
    let env = TestEnv::new();
    for (path, message) in unreadable(&env) {
        let shown = path.display().to_string();
        for args in [
            vec!["ls", &name, "--ca-file", &shown],
            vec!["ls", &name, "--cert-file", &shown, "--key-file", &shown],
        ] {
            let output = env.command(args).deadline(LIMIT).run();
            output.code(2).stdout("").stderr_has(&shown).stderr_has(message);
        }
        let profile = format!(
            "[profiles.a]\nregistry = \"{}\"\nusername = \"ann\"\npassword-file = \"{shown}\"\n",
            registry.host()
        );
        env.config_toml(&profile);
        let output = env.command(["ls", &name]).deadline(LIMIT).run();
        output.code(4).stdout("").stderr_has(message);
        std::fs::remove_file(env.root().join("home/.config/docker-tags/config.toml"))
            .expect("ours");
    }
}

#[test]
fn directories_of_certificates_hold_regular_files() {
    let registry = TestRegistry::new().tags("a", ["1"]).start();
    let env = TestEnv::new();
    let crt = format!("home/.config/docker/certs.d/{}/ca.crt", registry.host());
    fifo(&env, &crt);
    let output = env.command(["ls", &registry.repo("a")]).deadline(LIMIT).run();
    output.code(2).stdout("").stderr_has("ca.crt").stderr_has("is not a regular file");
    let word = registry.repo("a:");
    let started = Instant::now();
    env.command(["__complete", "check", &word]).deadline(LIMIT).run().code(0).silent();
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}

#[test]
fn configurations_are_regular_files() {
    let registry = TestRegistry::new().tags("a", ["1"]).start();
    let name = registry.repo("a");
    let env = TestEnv::new();
    for (path, _) in unreadable(&env) {
        let run = env.command(["ls", &name]).var("DOCKER_TAGS_CONFIG", &path).deadline(LIMIT).run();
        run.code(2).stdout("").stderr_has(&format!("{}: cannot be read: is ", path.display()));
        let run = env.command(["__complete", "check", &registry.repo("a:")]);
        run.var("DOCKER_TAGS_CONFIG", &path).deadline(LIMIT).run().code(0).silent();
        assert!(env.root().join("fifo").exists());
    }
    assert_eq!(registry.requests().len(), 0, "{}", registry.log());
}

/// What docker and podman left is no reason not to list a public image: a warning, at once.
#[test]
fn logins_of_others_are_regular_files() {
    let registry = TestRegistry::new().tags("a", ["1"]).require_basic("ann", "pw").start();
    let name = registry.repo("a");
    for place in ["docker-config", "podman"] {
        let env = TestEnv::new();
        let path = fifo(&env, &format!("{place}/config.json"));
        let variable = if place == "podman" { "REGISTRY_AUTH_FILE" } else { "DOCKER_CONFIG" };
        let value: &Path = if place == "podman" { &path } else { path.parent().expect("below") };
        let output = env.command(["ls", &name]).var(variable, value).deadline(LIMIT).run();
        output.code(4).stdout("").stderr_has("is not a regular file");
    }
}

/// `--ca-file <(…)` and `--ca-file /dev/stdin` are pipes, and are read once, up to the same limit.
#[test]
fn authorities_may_come_through_a_pipe() {
    let identity = Identity::self_signed_ca(&["127.0.0.1"]);
    let registry = TestRegistry::new().tags("a", ["1"]).tls(identity.server_config()).start();
    let name = registry.repo("a");
    let env = TestEnv::new();
    for path in ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"] {
        // `check` looks at the certificates twice.
        for command in ["ls", "check"] {
            let run = env.command([command, &name, "--ca-file", path]);
            run.stdin(identity.cert_pem()).deadline(LIMIT).run().code(0).silent();
        }
        let run = env.command(["ls", &name, "--ca-file", path]).stdin(vec![b'#'; (8 << 20) + 1]);
        run.deadline(LIMIT).run().code(2).stdout("").stderr_has("is larger than 8 MiB");
    }
    let started = Instant::now();
    let word = registry.repo("a:");
    let run = env.command(["__complete", "check", "--ca-file", "/dev/stdin", &word]);
    run.stdin(identity.cert_pem()).deadline(LIMIT).run().code(0).silent();
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
}
