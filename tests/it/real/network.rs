//! A network of its own for a test: public, private and metadata addresses that all lead to this one machine, and a
//! name server of the test's.
//!
//! The test's body runs in a second process of the same test program, inside namespaces that `unshare` makes. Nothing
//! in there reaches the real network, and no port is taken, so that servers stand where real ones do: on port 80.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::Command;

use super::run::{Outcome, TempDir, run, wait_until};

/// A public registry.
pub const PUBLIC: &str = "203.0.113.5";
/// Another public host.
pub const ELSEWHERE: &str = "203.0.113.9";
/// A private registry.
pub const PRIVATE: &str = "10.1.2.3";
/// Another private host.
pub const NEARBY: &str = "192.168.7.8";
/// The metadata service of most clouds.
pub const METADATA: &str = "169.254.169.254";
/// More kinds of addresses inside: of a carrier, of IPv6, and two that gateways take for [`PRIVATE`].
pub const OTHERS: [&str; 4] = ["100.64.1.2", "fd00:1::5", "64:ff9b::a01:203", "2002:a01:203::1"];

/// Says to the second process that it is the one.
const INSIDE: &str = "DOCKER_TAGS_TESTS_INSIDE";

/// How to get a network in which we are root: as anybody, or as a real root who may not make user namespaces.
const WAYS: [&str; 2] = ["-rnm", "-nm"];

/// Sets up the namespaces and becomes the program that is named behind the directory with the files of `/etc`. A
/// cache of names would answer for the network outside.
const SET_UP: &str = r#"set -eu
PATH=$PATH:/usr/sbin:/sbin
files=$1
addresses=$2
shift 2
ip link set lo up
for address in $addresses; do ip address add "$address" dev lo; done
for file in hosts nsswitch.conf resolv.conf; do
    if [ -e "/etc/$file" ]; then mount --bind "$files/$file" "/etc/$file"; fi
done
if [ -d /run/nscd ]; then mount -t tmpfs none /run/nscd; fi
exec "$@"
"#;

/// Runs the body of a test in a network of its own. To be called with the closure that is all of the test, which is
/// how the second process knows what to run.
#[track_caller]
pub fn in_own_network<F: FnOnce()>(body: F) {
    if std::env::var_os(INSIDE).is_some() {
        assert!(
            TcpListener::bind((PUBLIC, 0)).is_ok(),
            "{INSIDE} is set, but there is no {PUBLIC} here: only the test itself may set it"
        );
        wait_until("all addresses work", || all().all(works));
        return body();
    }
    let closure = std::any::type_name::<F>();
    let test = closure.trim_end_matches("::{{closure}}");
    let test = test.split_once("::").map_or(test, |(_, path)| path);
    let outcome = run_inside(test);
    assert_eq!(outcome.code, Some(0), "{test}, in its own network: {outcome}");
    assert!(
        outcome.stdout.contains("test result: ok. 1 passed; 0 failed; 0 ignored;"),
        "not one test ran in its own network: {outcome}"
    );
}

fn run_inside(test: &str) -> Outcome {
    let files = TempDir::new();
    files.write("hosts", "127.0.0.1 localhost\n::1 localhost\n");
    files.write("nsswitch.conf", "hosts: files dns\n");
    files.write("resolv.conf", "nameserver 127.0.0.1\n");
    let script = files.write("set-up.sh", SET_UP);
    let own = std::env::current_exe().expect("a running program has a path");
    let mut command = Command::new("unshare");
    command
        .args([way(), "sh"])
        .arg(script)
        .arg(files.path())
        .arg(with_masks())
        .arg(own)
        .args([test, "--exact", "--include-ignored"])
        .env(INSIDE, "1");
    run(&mut command)
}

fn all() -> impl Iterator<Item = &'static str> {
    [PUBLIC, ELSEWHERE, PRIVATE, NEARBY, METADATA].into_iter().chain(OTHERS)
}

fn with_masks() -> String {
    let with_mask = |ip: &str| format!("{ip}/{}", if ip.contains(':') { 128 } else { 32 });
    all().map(with_mask).collect::<Vec<_>>().join(" ")
}

/// The kernel takes a moment for an IPv6 address.
fn works(ip: &str) -> bool {
    TcpListener::bind((ip, 0))
        .and_then(|listener| TcpStream::connect(listener.local_addr()?))
        .is_ok()
}

/// The way that works here. None is a failure: a test that was left out would look like one that passed.
#[track_caller]
fn way() -> &'static str {
    let attempt = |way: &&str| {
        let script = "PATH=$PATH:/usr/sbin:/sbin; ip link set lo up";
        run(Command::new("unshare").args([way, "sh", "-c", script]))
    };
    let mut failures = String::new();
    for way in WAYS {
        let outcome = attempt(&way);
        if outcome.code == Some(0) {
            return way;
        }
        failures.push_str(&format!("{outcome}\n"));
    }
    let limit = fs::read_to_string("/proc/sys/user/max_user_namespaces").unwrap_or_default();
    panic!(
        "this machine lets nobody make a network namespace, which this test needs: run it as root, or allow user \
         namespaces (user.max_user_namespaces is {:?}; Ubuntu: kernel.apparmor_restrict_unprivileged_userns=0; \
         containers: --privileged)\n{failures}",
        limit.trim(),
    );
}
