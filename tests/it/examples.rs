//! Every example that help, the manual and the README show, run as it stands there.
//!
//! `docker.io`, `quay.io` and the other registries of the examples lead to embedded ones, by
//! profiles. A line must succeed and print something. (The manual's examples are those of help.)

use std::fs;

use serde_json::json;

use crate::support::env::binary;
use crate::support::hub::{Secret, tag};
use crate::support::image::{Blob, OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST};
use crate::support::{Image, TestEnv, TestHub, TestRegistry, TokenRules};

const PASSWORD: &str = "S3cr3t-canary-examples";
const PLATFORMS: [&str; 3] = ["linux/amd64", "linux/arm64", "linux/arm/v7"];

/// Lines of the README that are about the repository or about docker's own parts.
const NOT_OURS: [&str; 2] = ["cargo ", "tests/run"];

/// Examples whose answers need images that are made where these commands are tested: signed ones,
/// ones with an SBOM, versions behind a floating tag.
const ELSEWHERE: [&str; 6] = [
    "docker tags aliases nginx --version",
    "docker tags aliases alpine:edge",
    "docker tags referrers ghcr.io/",
    "docker tags referrers alpine --sbom",
    "docker tags referrers alpine --provenance",
    "docker tags referrers oci:",
];

/// A registry with everything that the examples name.
fn world(builder: crate::support::registry::RegistryBuilder) -> TestRegistry {
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let numbers = "1.2.1 1.2.0 1.1 1.0.3 v1.2 v1.1 latest";
    let mut builder = builder
        .image("vieux/sshfs:latest", &Image::plugin("sshfs"))
        .image("ratelimitpreview/test:latest", &Image::docker_list("limit", &PLATFORMS[..1]))
        .tags("library/postgres", words("17.1 16.4-alpine 16.4 15 14beta1 latest"));
    for (name, tags) in [
        ("library/alpine", "3.22.1 3.22.0 3.22 3.21.3 3.20 3.9 3.99=edge 3.99 latest"),
        ("library/nginx", "1.29.0-alpine 1.27.5-alpine 1.27.5 1.27.0-alpine 1.27.0"),
        ("library/redis", "7.4 7.4=7 7.2 latest"),
        ("library/node", "22.1.0-alpine3.20 22.1.0-alpine3.20=lts 22.1.0 22-alpine 20.1 latest"),
        ("nginx", "1.29.0 1.27.5 latest"),
    ] {
        for tag in tags.split(' ') {
            // SAME=TAG: a tag of the same image.
            let (seed, tag) = tag.split_once('=').unwrap_or((tag, tag));
            let image = Image::index_with_attestations(&format!("{name}{seed}"), &PLATFORMS);
            builder = builder.image(&format!("{name}:{tag}"), &image);
        }
    }
    let about = json!({
        "architecture": "amd64", "os": "linux", "created": "2025-01-01T00:00:00Z",
        "config": {"Cmd": ["nginx", "-g"], "Entrypoint": ["/entry.sh"]},
        "rootfs": {"type": "layers", "diff_ids": []}, "history": [{"created_by": "ADD x /"}],
    });
    let config = Blob::json(OCI_CONFIG, &about);
    let layers = vec![Blob::new(OCI_LAYER, "a layer")];
    let nginx = Image::manifest(OCI_MANIFEST, config, layers, &json!({}));
    let arm = Image::oci("nginx", "linux/arm64");
    let platform = |name: &str| json!({"os": "linux", "architecture": name});
    let images = vec![(nginx, platform("amd64")), (arm, platform("arm64"))];
    for tag in ["latest", "1.29.0"] {
        let image = Image::list(OCI_INDEX, images.clone());
        builder = builder.image(&format!("library/nginx:{tag}"), &image);
    }
    for tag in ["1.29.3", "1.29", "latest"] {
        let image = Image::index_with_attestations(&format!("web{tag}"), &PLATFORMS);
        builder = builder.image(&format!("web/nginx:{tag}"), &image);
    }
    for name in [
        "coreos/dnsmasq",
        "acme/api",
        "acme/web",
        "org/app",
        "team/app",
        "busy/app",
        "acme/some-operator",
    ] {
        for tag in numbers.split(' ') {
            let image = Image::index(&format!("{name}{tag}"), &PLATFORMS);
            builder = builder.image(&format!("{name}:{tag}"), &image);
        }
    }
    for name in [
        "microsoft/nanoserver",
        "microsoft/dotnet",
        "library/mongo",
        "ansible/galaxy",
        "library/api",
        "tools/build",
        "me/blog",
    ] {
        builder = builder.tags(name, words(numbers));
    }
    builder.rate_limit(200, 187).start()
}

struct Stage {
    env: TestEnv,
    config: String,
    _hub: TestHub,
    _registries: [TestRegistry; 2],
}

fn stage() -> Stage {
    let docker_hub =
        world(TestRegistry::new().user("alice", PASSWORD).require_token(TokenRules::default()));
    let open = world(TestRegistry::new());
    let tags = || ["1.2.1", "1.1", "latest"].map(tag);
    let hub = TestHub::new()
        .account("alice", PASSWORD, Secret::Password)
        .organisation("acme", &["alice"])
        .repository("acme/api", tags())
        .members(
            "acme/api",
            json!({"description": "An API", "star_count": 0, "pull_count": 4321, "is_private": true}),
        )
        .repository("acme/web", tags())
        .members(
            "acme/web",
            json!({"description": "A web server", "star_count": 7, "pull_count": 123_456}),
        )
        .repository("acme/some-operator", tags())
        .repository("ansible/galaxy", tags())
        .repository("alice/notes", tags())
        .repository("library/alpine", tags())
        .repository("library/nginx", tags())
        .repository("library/redis", tags())
        .start();
    let env = TestEnv::new().var("SHELL", "/bin/bash");
    let mut config = format!(
        "profile = \"hub\"\nprevious-profile = \"work\"\n[profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"http://{}\"\nhub-api = \"{}\"\n",
        docker_hub.host(),
        hub.origin()
    );
    for (name, registry) in [
        ("quay", "quay.io"),
        ("work", "ghcr.io"),
        ("here", "localhost:5000"),
        ("loop", "127.0.0.1:5000"),
        ("lab", "registry.lab:5000"),
        ("example", "registry.example.com"),
        ("mirror", "mirror.example"),
    ] {
        config += &format!(
            "[profiles.{name}]\nregistry = \"{registry}\"\nendpoint = \"http://{}\"\n",
            open.host()
        );
    }
    config = config.replace("ghcr.io\"\n", "ghcr.io\"\nnamespace = \"acme\"\n");
    env.config_toml(&config);
    env.login("https://index.docker.io/v1/", "alice", PASSWORD);
    let plugin = env.docker_config().join("cli-plugins/docker-tags");
    env.program("docker-tags", &format!("#!/bin/sh\nexec '{}' \"$@\"\n", binary().display()));
    let plugins = json!([{"Name": "tags", "Path": plugin}]);
    env.program(
        "docker",
        &format!(
            "#!/bin/sh\ncase \"$*\" in *' info '*) echo '{plugins}'; exit 1;; esac\n\
             exec docker-tags \"$@\"\n"
        ),
    );
    env.program(
        "curl",
        "#!/bin/sh\ncase \"$*\" in *'Authorization: B'*) echo '{\"tags\":[]}';; *) exit 22;; esac\n",
    );
    env.write("work/compose.yaml", "services: {web: {image: 'nginx:1.27.0-alpine'}}\n");
    env.write("work/charts/values.yaml", "image: {repository: redis, tag: 7.2}\n");
    for directory in
        [".zfunc", ".config/fish/completions", ".local/share/bash-completion/completions"]
    {
        fs::create_dir_all(env.home().join(directory)).expect("the home can be written to");
    }
    Stage { env, config, _hub: hub, _registries: [docker_hub, open] }
}

/// Runs a line as a user types it. Gives what is wrong with it.
fn run(stage: &Stage, line: &str) -> Option<String> {
    // What one line changes is not for the next; and what is to be made must not be there.
    let is_new = line.contains("profile create");
    stage.env.config_toml(if is_new { "" } else { &stage.config });
    let output =
        stage.env.program_run("/bin/bash", ["-c", &format!("set -o pipefail\n{line}")]).run();
    let quiet = [" > ", "profile ", "diff "].iter().any(|word| line.contains(word));
    // Something is out of date, and it says so.
    let tells = ["outdated", "diff"].iter().any(|word| line.contains(word));
    let is_good_code = output.code == 0 || output.code == 10 && tells;
    let good = is_good_code && (quiet || !output.stdout.is_empty());
    (!good).then(|| format!("{line}\n{output}"))
}

#[track_caller]
fn all_run(stage: &Stage, lines: &[String]) {
    let faults: Vec<String> = lines.iter().filter_map(|line| run(stage, line)).collect();
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), lines.len(), faults.join("\n"));
}

/// The examples of a command and of those below it; what stands behind two blanks is a comment.
fn examples(command: &clap::Command, lines: &mut Vec<String>) {
    let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let help = help.replace("\\\n", " ");
    let texts = help.lines().skip_while(|line| !line.starts_with("Examples:")).skip(1);
    // What stands for a digest cannot be typed here.
    for line in texts.filter(|line| !line.trim().is_empty() && !line.contains('…')) {
        let line = line.trim();
        if ELSEWHERE.iter().any(|start| line.starts_with(start)) {
            continue;
        }
        lines.push(line.split("  ").next().unwrap_or(line).to_owned());
    }
    command.get_subcommands().for_each(|sub| examples(sub, lines));
}

#[test]
#[ignore = "needs bash and jq"]
fn examples_of_help_and_manual() {
    let stage = stage();
    let mut lines = Vec::new();
    examples(&docker_tags::internals::command(true), &mut lines);
    assert!(lines.len() > 20, "{lines:#?}");
    all_run(&stage, &lines);
}

/// The commands in the README's blocks of shell lines and of sessions.
fn readme() -> Vec<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let text = fs::read_to_string(path).expect("the README is text").replace("\\\n", " ");
    let mut lines = Vec::new();
    let mut block = None;
    for line in text.lines() {
        match (line.strip_prefix("```"), block) {
            (Some(kind), None) => block = Some(kind),
            (Some(_), Some(_)) => block = None,
            (None, Some("sh")) if !line.is_empty() => lines.push(line.to_owned()),
            (None, Some("console")) => {
                lines.extend(line.strip_prefix("$ ").map(str::to_owned));
            }
            _ => {}
        }
    }
    // What stands for a key cannot be typed here; completion has its own tests.
    lines.retain(|line| !line.contains("<TAB>") && !line.starts_with('#'));
    lines.retain(|line| !NOT_OURS.iter().any(|start| line.starts_with(start)));
    lines
}

/// The commands in the README's sessions, each with the output that is shown below it.
fn sessions() -> Vec<(String, String)> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");
    let text = fs::read_to_string(path).expect("the README is text");
    let blocks = text.split("```console\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut sessions: Vec<(String, String)> = Vec::new();
    for line in blocks.flat_map(str::lines) {
        match (line.strip_prefix("$ "), sessions.last_mut()) {
            (Some(command), _) => sessions.push((command.to_owned(), String::new())),
            (None, Some((_, shown))) => *shown += &format!("{line}\n"),
            (None, None) => panic!("a block of the README begins with output: {line}"),
        }
    }
    sessions
}

/// Lines of words, without what changes from day to day: how long ago something was.
fn ageless(text: &str) -> Vec<String> {
    let line = |line: &str| {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        if let Some(ago) = words.iter().position(|word| *word == "ago") {
            words.drain(ago.saturating_sub(2)..ago);
        }
        words.join(" ")
    };
    text.lines().map(line).collect()
}

#[test]
fn sessions_of_the_readme_show_what_is_printed() {
    let stage = stage();
    stage.env.config_toml(&stage.config);
    let sessions = sessions();
    assert!(sessions.len() > 5, "{sessions:#?}");
    let mut faults = Vec::new();
    for (line, shown) in sessions {
        let output = stage.env.program_run("/bin/sh", ["-c", &*line]).run();
        // Something is out of date, and it says so.
        let is_good = output.code == 0 || output.code == 10 && line.contains(" outdated");
        if !is_good || ageless(&output.stdout) != ageless(&shown) {
            faults.push(format!("$ {line}\n{}{}", output.stdout, output.stderr));
        }
    }
    assert!(faults.is_empty(), "the README should show:\n{}", faults.concat());
}

/// The commands in the examples of the pages that are written by hand.
fn topics() -> Vec<String> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/man");
    let mut lines = Vec::new();
    for entry in fs::read_dir(directory).expect("man/").flatten() {
        let text = fs::read_to_string(entry.path()).expect("a page is text");
        if !text.contains("written by hand") {
            continue;
        }
        let escapes = [("\\-", "-"), ("\\(aq", "'"), ("\\(ha", "^"), ("\\(ti", "~"), ("\\e", "\\")];
        for block in text.split(".EX\n").skip(1) {
            let block = block.split(".EE").next().unwrap_or_default();
            let block = escapes.iter().fold(block.to_owned(), |b, (from, to)| b.replace(from, to));
            let is_command =
                |line: &&str| line.starts_with("docker tags") || line.starts_with("curl");
            lines.extend(block.lines().filter(is_command).map(str::to_owned));
        }
    }
    lines
}

#[test]
#[ignore = "needs bash and jq"]
fn examples_of_the_topic_pages() {
    let stage = stage();
    let lines = topics();
    assert!(lines.len() > 30, "{lines:#?}");
    all_run(&stage, &lines);
}

#[test]
#[ignore = "needs bash and jq"]
fn examples_of_the_readme() {
    let stage = stage();
    let lines = readme();
    assert!(lines.len() > 10, "{lines:#?}");
    all_run(&stage, &lines);
}
