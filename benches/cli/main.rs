//! What docker-tags costs, as whole processes: `cargo bench`.
//!
//! Prints the binary's size, the time of a start beside `/bin/true`, CPU time and peak memory of
//! large lists, and the wall time of typical calls against a registry that takes 50 ms for every
//! answer. Nothing here passes or fails; numbers are read by people.

// The bench of the tests is shared with test binaries.
#![allow(unreachable_pub)]

#[path = "../../tests/it/support/mod.rs"]
mod support;

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{Image, TestRegistry, TokenRules};

const PROGRAM: &str = env!("CARGO_BIN_EXE_docker-tags");

fn main() {
    say(&format!("{:<44} {:>10} {:>10} {:>10}", "", "median ms", "CPU ms", "peak MiB"));
    let size = std::fs::metadata(PROGRAM).map_or(0, |file| file.len());
    start();
    lists();
    files();
    latency();
    details();
    say(&format!("\nbinary: {:.2} MB", size as f64 / 1e6));
}

fn say(line: &str) {
    use std::io::Write;
    writeln!(std::io::stdout(), "{line}").expect("stdout takes text");
}

/// Starts: what every call, every `docker --help` and every TAB pays.
fn start() {
    measure("/bin/true", 200, || Command::new("/bin/true"));
    measure("docker-tags --version", 200, || client(&["--version"]));
    measure("docker-tags docker-cli-plugin-metadata", 200, || {
        client(&["docker-cli-plugin-metadata"])
    });
    measure("one TAB, nothing fetched", 200, || client(&["__complete", "tags", "ls", "--so"]));
}

/// Large lists, from a server on this machine.
fn lists() {
    for (name, count, runs) in [("small", 12, 50), ("big", 10_000, 20), ("huge", 100_000, 10)] {
        let tags = (0..count).map(|n| match n % 3 {
            0 => format!("{}.{}.{}-alpine", n / 2500, n / 50 % 50, n % 50),
            _ => format!("{}.{}.{}", n / 2500, n / 50 % 50, n % 50),
        });
        let registry = TestRegistry::new().tags("team/app", tags).start();
        let repository = registry.repo("team/app");
        measure(&format!("ls, {count} tags ({name})"), runs, || client(&["ls", &repository]));
        measure(&format!("ls --sort none, {count} tags"), runs, || {
            client(&["ls", "--sort", "none", &repository])
        });
        let current = format!("{repository}:0.0.9-alpine");
        measure(&format!("newest of a kind, {count} tags"), runs, || client(&["newest", &current]));
    }
}

/// A directory of 5,000 files of which 50 name images that are never asked for.
fn files() {
    let folder = std::env::temp_dir().join(format!("docker-tags-bench-{}", std::process::id()));
    let write = |name: String, text: &str| {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("folders can be made");
        std::fs::write(path, text).expect("files can be written");
    };
    for n in 0..2_475 {
        write(format!("d{}/{n}.rs", n % 50), "fn main() {}\n");
        write(format!("d{}/{n}.yaml", n % 50), "a: [1, 2]\nimage: none\n");
    }
    (0..50).for_each(|n| write(format!("d{n}/Dockerfile"), "FROM scratch\nCOPY a b\n"));
    let path = folder.display().to_string();
    measure("outdated, 5,000 files", 10, || client(&["outdated", &path]));
    let _ = std::fs::remove_dir_all(folder);
}

/// Round trips: 50 ms for every answer.
fn latency() {
    let delay = Duration::from_millis(50);
    let open = TestRegistry::new().tags("team/app", ["1.0", "1.1"]).delay(delay).start();
    let repository = open.repo("team/app");
    measure("ls, 50 ms a request", 10, || client(&["ls", &repository]));
    let rules = TokenRules::default();
    let token = TestRegistry::new().tags("team/app", ["1.0"]).require_token(rules).delay(delay);
    let token = token.start();
    let repository = token.repo("team/app");
    measure("ls with token, 50 ms a request", 10, || client(&["ls", &repository]));
}

/// Details of 200 tags: what many round trips cost, side by side with skopeo where it is there.
fn details() {
    const TAGS: u32 = 200;
    const JOBS: u32 = 8;
    let delay = Duration::from_millis(50);
    let names = || (0..TAGS).map(|n| format!("1.{n}"));
    let image = |name: &str| Image::index(name, &["linux/amd64"]);
    let registry = || {
        names().fold(TestRegistry::new(), |registry, name| {
            registry.image(&format!("team/app:{name}"), &image(&name))
        })
    };
    let slow = registry().delay(delay).start();
    let repository = slow.repo("team/app");
    let median = measure("ls --digests, 200 tags, 50 ms a request", 5, || {
        client(&["ls", "--digests", &repository])
    });
    let most = delay * (TAGS / JOBS) * 12 / 10 + Duration::from_millis(200);
    say(&format!("  at most {:.0} ms wanted: {}", millis(most), verdict(median <= most)));
    let fast = registry().start();
    let repository = fast.repo("team/app");
    let ours = measure("ls -l, 200 tags", 5, || client(&["ls", "-l", &repository]));
    if Command::new("skopeo").arg("--version").stdout(Stdio::null()).status().is_err() {
        return say("  skopeo is not installed: nothing to compare with");
    }
    // Pull names only, as the recipes do: one process a tag, eight at a time.
    let script = format!(
        "skopeo list-tags --tls-verify=false docker://{repository} | jq -r '.Tags[]' | \
         xargs -P8 -I{{}} skopeo inspect --tls-verify=false docker://{repository}:{{}}"
    );
    let theirs = measure("skopeo list-tags, inspect of each (xargs -P8)", 2, || {
        let mut command = Command::new("sh");
        command.args(["-c", &script]);
        command
    });
    say(&format!("  ratio: {:.1}", theirs.as_secs_f64() / ours.as_secs_f64()));
}

fn verdict(holds: bool) -> &'static str {
    if holds { "yes" } else { "NO" }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The client with nothing of this machine's configuration.
fn client(args: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(args).env_clear().env("HOME", "/nonexistent");
    command
}

/// Runs a command several times after a warm-up and prints a row; gives the median.
fn measure(name: &str, runs: u32, command: impl Fn() -> Command) -> Duration {
    run(command());
    let cpu = children_cpu();
    let mut times = Vec::new();
    let mut peak = 0;
    for _ in 0..runs {
        let started = Instant::now();
        peak = peak.max(run(command()));
        times.push(started.elapsed());
    }
    let cpu = (children_cpu() - cpu) / f64::from(runs);
    times.sort();
    let median = times[times.len() / 2];
    let (shown, peak) = (millis(median), peak as f64 / 1024.0);
    say(&format!("{name:<44} {shown:>10.2} {cpu:>10.1} {peak:>10.1}"));
    median
}

/// Runs a command to its end; gives its peak memory in KiB, as last seen while it ran.
fn run(mut command: Command) -> u64 {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the command starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    loop {
        let seen = std::fs::read_to_string(&status).ok().and_then(|text| {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
            line.split_whitespace().next()?.parse().ok()
        });
        peak = peak.max(seen.unwrap_or(0));
        if child.try_wait().expect("the child is ours").is_some() {
            return peak;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// CPU time of all children that have ended, in milliseconds (`/proc/self/stat`, proc(5)).
fn children_cpu() -> f64 {
    /// Clock ticks per second, on every Linux.
    const TICKS: f64 = 100.0;
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(13) + ticks(14)) * 1000.0 / TICKS
}
