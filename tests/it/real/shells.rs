//! Completion as a user has it: real shells on a pseudo-terminal, driven by keystrokes, through the
//! real docker CLI with its own completion script and stand-alone with ours.
//!
//! tmux holds the terminal: it takes keys and shows the screen as a person would see it.

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::json;

use super::docker_cli::Docker;
use super::run::{TempDir, client_path, run};
use crate::support::{Response, Server, TestRegistry};

/// The ways to call the program.
const PROGRAMS: [&str; 2] = ["docker tags", "docker-tags"];

/// Bounds a hang; no measure of anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// A shell at its prompt.
struct Terminal {
    docker: Docker,
    place: TempDir,
}

impl Terminal {
    fn start(shell: &str, config: &str) -> Terminal {
        let docker = Docker::new();
        let home = docker.home.docker_config().parent().expect("a home").to_owned();
        let write = |path: &str, text: &str| {
            let path = home.join(path);
            std::fs::create_dir_all(path.parent().expect("a directory")).expect("make it");
            std::fs::write(path, text).expect("write a file of the home");
        };
        write(".config/docker-tags/config.toml", config);
        std::fs::create_dir_all(home.join("bin")).expect("make a directory");
        std::os::unix::fs::symlink(client_path(), home.join("bin/docker-tags")).expect("link");
        let scripts = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("completions");
        let scripts = scripts.display();
        write(
            ".bashrc",
            &format!(
                "PS1='$ '\n. /usr/share/bash-completion/bash_completion\n\
                 . <(docker completion bash)\n. {scripts}/docker-tags.bash\n"
            ),
        );
        write(
            ".zshrc",
            &format!(
                "PS1='$ '\nunsetopt prompt_cr prompt_sp\nfpath=({scripts} $fpath)\n\
                 autoload -Uz compinit\ncompinit -u -D\n. <(docker completion zsh)\n"
            ),
        );
        write(
            ".config/fish/config.fish",
            &format!(
                "set fish_greeting\nset -g fish_autosuggestion_enabled 0\n\
                 function fish_prompt; echo -n '$ '; end\n\
                 docker completion fish | source\nsource {scripts}/docker-tags.fish\n"
            ),
        );
        Terminal::open(docker, shell, "unix:///nonexistent")
    }

    /// A shell with what its home holds already, and programs in the home's `bin`.
    fn open(docker: Docker, shell: &str, engine: &str) -> Terminal {
        let home = docker.home.docker_config().parent().expect("a home").to_owned();
        let terminal = Terminal { docker, place: TempDir::new() };
        let mut start = terminal.tmux();
        let path = format!("{}/bin:{}", home.display(), std::env::var("PATH").unwrap_or_default());
        start.env("PATH", path).env("TERM", "screen").env("DOCKER_HOST", engine);
        run(start.args(["-f", "/dev/null", "new-session", "-d", "-x", "160", "-y", "50", shell]))
            .expect_code(0);
        terminal.expect("a prompt", "$");
        terminal
    }

    fn tmux(&self) -> Command {
        let mut command = self.docker.home.command("tmux");
        command.arg("-u").arg("-S").arg(self.place.path().join("tmux"));
        command
    }

    fn keys(&self, keys: &[&str]) {
        run(self.tmux().arg("send-keys").args(keys)).expect_code(0);
    }

    fn text(&self, text: &str) {
        self.keys(&["-l", "--", text]);
    }

    fn screen(&self) -> String {
        run(self.tmux().args(["capture-pane", "-p"])).expect_code(0).stdout
    }

    /// The command line on the screen.
    fn line(&self) -> String {
        let screen = self.screen();
        let line = screen.lines().rev().find(|line| line.starts_with('$')).unwrap_or_default();
        line.trim_end().to_owned()
    }

    /// Waits for the command line to be this.
    #[track_caller]
    fn expect(&self, what: &str, expected: &str) {
        let patience = Instant::now();
        while self.line() != expected {
            assert!(
                patience.elapsed() < PATIENCE,
                "{what}: expected {expected:?} in\n{}",
                self.screen().trim_end()
            );
            std::thread::sleep(Duration::from_millis(15));
        }
    }

    /// Types, presses TAB, and waits for what becomes of it; then takes the line away again. The
    /// mark behind it shows that the shell is back and nothing else came.
    #[track_caller]
    fn completes(&self, typed: &str, expected: &str) {
        self.text(typed);
        self.keys(&["Tab"]);
        self.text("%");
        self.expect(typed, &format!("$ {expected}%"));
        self.clear();
    }

    #[track_caller]
    fn clear(&self) {
        self.keys(&["C-e", "C-u"]);
        self.expect("an empty line", "$");
        self.keys(&["C-l"]);
    }

    /// Types, presses TAB twice, and waits until these are shown in this order.
    #[track_caller]
    fn lists(&self, typed: &str, expected: &[&str]) {
        self.text(typed);
        self.keys(&["Tab", "Tab"]);
        let patience = Instant::now();
        loop {
            let screen = self.screen();
            // The shells fill columns: the next one is below, or at the top of the next column.
            let place = |word: &&str| {
                screen.lines().enumerate().skip(1).find_map(|(row, line)| {
                    let mut ends = line.match_indices(word).map(|(at, _)| (at, at + word.len()));
                    let whole = |&(_, end): &(usize, usize)| {
                        line[end..].chars().next().is_none_or(char::is_whitespace)
                    };
                    ends.find(whole).map(|(at, _)| (at, row))
                })
            };
            let places: Vec<_> = expected.iter().map(place).collect();
            if places.iter().all(Option::is_some) && places.is_sorted() {
                break;
            }
            let screen = screen.trim_end();
            assert!(patience.elapsed() < PATIENCE, "{typed}: expected {expected:?} in\n{screen}");
            std::thread::sleep(Duration::from_millis(15));
        }
        // The second TAB may still be at work: a shell that takes a key is done with it.
        self.text("%");
        let patience = Instant::now();
        while !self.line().contains('%') {
            assert!(patience.elapsed() < PATIENCE, "{}", self.screen().trim_end());
            std::thread::sleep(Duration::from_millis(15));
        }
        self.keys(&["C-c"]);
        self.expect("an empty line", "$");
        self.keys(&["C-l"]);
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.tmux().arg("kill-server").output();
    }
}

fn everything_completes(shell: &str) {
    let registry = TestRegistry::new()
        .tags("team/app", ["1.9", "1.10", "1.10-alpine", "2.0-rc1", "latest"])
        .tags("team/api-server", ["7"])
        .start();
    let lab = TestRegistry::new().tags("team/app", ["2.5"]).start();
    let silent = TestRegistry::new().tags("a", ["1"]).delay(Duration::from_secs(300)).start();
    let host = registry.host();
    let gone = TestRegistry::new().start().host();
    let config = format!(
        "[profiles.work]\nregistry = \"docker.io\"\nendpoint = \"http://{host}\"\n\
         [profiles.lab]\nregistry = \"{}\"\n",
        lab.host()
    );
    let terminal = Terminal::start(shell, &config);
    for program in PROGRAMS {
        let t = |typed: &str, expected: &str| {
            terminal.completes(&format!("{program} {typed}"), &format!("{program} {expected}"));
        };
        t("chec", "check ");
        t("ls --rev", "ls --reverse ");
        t("ls --sort=ver", "ls --sort=version ");
        t("ls --sort ver", "ls --sort version ");
        t("ls -p wo", "ls -p work ");
        t("ls -pwo", "ls -pwork ");
        t("ls ngin", "ls nginx ");
        t("ngin", "nginx ");
        t(&format!("ls {host}/team/ap"), &format!("ls {host}/team/ap"));
        t(&format!("ls {host}/team/api"), &format!("ls {host}/team/api-server "));
        t(&format!("check {host}/team/app:1.9"), &format!("check {host}/team/app:1.9 "));
        t(&format!("check {host}/team/app:lat"), &format!("check {host}/team/app:latest "));
        t(&format!("check {gone}/team/app:1"), &format!("check {gone}/team/app:1"));
        t(&format!("check {}/a:", silent.host()), &format!("check {}/a:", silent.host()));
        terminal.lists(
            &format!("{program} check {host}/team/app:"),
            &["2.0-rc1", "1.10", "1.10-alpine", "1.9", "latest"],
        );
        t("ls --profile ", "ls --profile ");
        // A name without a registry is the active profile's.
        t("check team/app:2", "check team/app:2.0-rc1 ");
        let set = if shell == "fish" {
            "set -gx DOCKER_TAGS_PROFILE lab"
        } else {
            "export DOCKER_TAGS_PROFILE=lab"
        };
        terminal.text(set);
        terminal.keys(&["Enter"]);
        terminal.expect("a prompt", "$");
        t("check team/app:2", "check team/app:2.5 ");
        terminal.text(if shell == "fish" {
            "set -e DOCKER_TAGS_PROFILE"
        } else {
            "unset DOCKER_TAGS_PROFILE"
        });
        terminal.keys(&["Enter"]);
        terminal.expect("a prompt", "$");
    }
}

#[test]
#[ignore = "needs tmux, bash, bash-completion and the real docker CLI"]
fn bash_completes() {
    everything_completes("bash");
}

#[test]
#[ignore = "needs tmux, zsh and the real docker CLI"]
fn zsh_completes() {
    everything_completes("zsh");
}

#[test]
#[ignore = "needs tmux, fish and the real docker CLI"]
fn fish_completes() {
    everything_completes("fish");
}

/// What the README promises a new user: from the program alone to the first completed tag. (`cargo
/// install` has put the program into the `PATH`.)
#[test]
#[ignore = "needs tmux, bash, bash-completion and the real docker CLI"]
fn the_first_five_minutes() {
    let registry = TestRegistry::new().tags("team/app", ["1.9", "1.10"]).start();
    let docker = Docker { home: super::run::Home::new() };
    let home = docker.home.docker_config().parent().expect("a home").to_owned();
    std::fs::create_dir_all(home.join("bin")).expect("make a directory");
    std::os::unix::fs::symlink(client_path(), home.join("bin/docker-tags")).expect("link");
    docker.run(["tags", "ls", &registry.repo("team/app")]).expect_code(1);
    let installed = run(docker.home.command(home.join("bin/docker-tags")).arg("install"));
    let installed = installed.expect_code(0);
    assert!(installed.stdout.contains("docker finds the plugin."), "{installed}");
    let tags = docker.run(["tags", "ls", &registry.repo("team/app")]).expect_code(0);
    assert_eq!(tags.stdout, "1.10\n1.9\n");
    let man = run(docker
        .home
        .command("man")
        .args(["docker-tags-ls"])
        .env("MANPATH", home.join(".local/share/man")));
    assert!(man.stdout.contains("DOCKER-TAGS-LS(1)"), "{man}");

    // docker's own script is the one thing that is docker's to install.
    let script = docker.run(["completion", "bash"]).expect_code(0).stdout;
    let scripts = home.join(".local/share/bash-completion/completions");
    std::fs::write(scripts.join("docker"), script).expect("the directory was made by install");
    let bashrc = "PS1='$ '\n. /usr/share/bash-completion/bash_completion\n";
    std::fs::write(home.join(".bashrc"), bashrc).expect("write a file of the home");
    let terminal = Terminal::open(docker, "bash", "unix:///nonexistent");
    for program in PROGRAMS {
        let typed = format!("{program} check {}:1.1", registry.repo("team/app"));
        terminal.completes(&typed, &format!("{typed}0 "));
    }
}

/// An engine that knows no image, and docker's hint after the pull.
#[test]
#[ignore = "needs tmux and the real docker CLI"]
fn a_failed_pull_gets_a_hint() {
    let engine = Server::new(|request| match request.path.as_str() {
        path if path.ends_with("/images/create") => Response::json(
            404,
            &json!({"message": "manifest for alpine:3.99 not found: manifest unknown"}),
        ),
        _ => Response::with_body(200, "text/plain", "OK").header("Api-Version", "1.45"),
    });
    let docker = Docker::new();
    docker.home.write_config(
        r#"{"features":{"hooks":"true"},"plugins":{"tags":{"hooks":"pull,run,create"}}}"#,
    );
    let home = docker.home.docker_config().parent().expect("a home").to_owned();
    std::fs::write(home.join(".bashrc"), "PS1='$ '\n").expect("write a file of the home");
    let terminal = Terminal::open(docker, "bash", &format!("tcp://{}", engine.host()));
    terminal.text("docker pull alpine:3.99");
    terminal.keys(&["Enter"]);
    let patience = Instant::now();
    while !terminal.screen().contains("docker tags ls alpine:3.99") {
        let screen = terminal.screen();
        assert!(patience.elapsed() < PATIENCE, "{}", screen.trim_end());
        std::thread::sleep(Duration::from_millis(15));
    }
}
