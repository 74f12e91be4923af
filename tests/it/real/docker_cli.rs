//! The real docker CLI with our binary among its plugins.

use std::ffi::OsStr;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use super::run::{Home, Outcome, client_path, run};

/// A home whose docker finds the plugin.
#[derive(Debug)]
pub struct Docker {
    /// The home itself.
    pub home: Home,
}

impl Docker {
    /// A docker without any login.
    pub fn new() -> Docker {
        Docker::with_home(Home::new())
    }

    /// The docker of this home.
    pub fn with_home(home: Home) -> Docker {
        install_plugin(&home.docker_config());
        Docker { home }
    }

    /// A `docker` command that is still to be run.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = self.home.command("docker");
        // There is no engine here; one that is elsewhere on the machine is none of the tests' business.
        command.env("DOCKER_HOST", "unix:///nonexistent/docker.sock").args(args);
        command
    }

    /// Runs `docker` with these arguments.
    #[track_caller]
    pub fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Outcome {
        run(&mut self.command(args))
    }

    /// Whether this docker opens a socket for its plugins (since 25.0).
    #[track_caller]
    pub fn has_plugin_socket(&self) -> bool {
        let version = self.run(["version", "--format", "{{.Client.Version}}"]).stdout;
        let major = version.split('.').next().and_then(|major| major.trim().parse::<u32>().ok());
        major.unwrap_or_else(|| panic!("no version in {version:?}")) >= 25
    }
}

/// Puts the plugin where a docker with this configuration directory looks first.
pub fn install_plugin(docker_config: &Path) {
    let plugins = docker_config.join("cli-plugins");
    std::fs::create_dir_all(&plugins).expect("make the directory of plugins");
    symlink(client_path(), plugins.join("docker-tags")).expect("link the plugin");
}
