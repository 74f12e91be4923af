//! Profiles: the commands that manage them, what a broken file does, and a day with three
//! registries.

mod change;
mod day;
mod faults;
mod show;

use crate::support::TestEnv;

const FILE: &str = "home/.config/docker-tags/config.toml";

/// Three profiles; `work` is the active one.
const THREE: &str = "\
# my registries
profile = \"work\"

[profiles.hub]
registry = \"docker.io\"

[profiles.work]
registry     = \"ghcr.io\"
namespace    = \"acme\"   # ours
username     = \"octocat\"
password-env = \"GHCR_TOKEN\"

[profiles.lab]
registry = \"registry.lab:5000\"
insecure = true
";

pub(crate) fn three() -> TestEnv {
    let env = TestEnv::new();
    env.config_toml(THREE);
    env
}
