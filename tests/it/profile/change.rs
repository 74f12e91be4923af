//! What changes profiles: `use`, `create`, `update`, `rm`.

use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::{FILE, THREE, three};
use crate::support::TestEnv;

#[test]
fn use_switches_and_switches_back() {
    let env = three();
    let output = env.run(["profile", "use", "lab"]);
    output.code(0).stdout("").stderr_has("Names without a registry now mean registry.lab:5000/…");
    env.run(["profile", "show"]).stdout("lab\n");
    env.run(["profile", "use", "-"]).code(0).stdout("").stderr_has("mean ghcr.io/acme/…");
    env.run(["profile", "use", "-"]).code(0).stderr_has("\"lab\"");
    env.run(["profile", "use", "default"]).code(0).stderr_has("mean docker.io/…");
    env.run(["profile", "show"]).stdout("default\n");
    let file = env.read(FILE);
    assert!(file.contains("namespace    = \"acme\"   # ours"), "{file}");
    env.run(["profile", "use", "wrok"]).code(2).stdout("").stderr_has("did you mean \"work\"?");
    assert_eq!(env.read(FILE), file);
    TestEnv::new().run(["profile", "use", "-"]).code(2).stderr_has("no previous profile");
}

#[test]
fn use_warns_when_the_variable_overrides_it() {
    let env = three();
    let run =
        |name: &str| env.command(["profile", "use", name]).var("DOCKER_TAGS_PROFILE", "hub").run();
    let part = "warning: $DOCKER_TAGS_PROFILE is set to \"hub\" and overrides this";
    run("lab").code(0).stderr_has(part);
    run("hub").code(0).stderr_lacks("warning");
    env.run(["profile", "use", "work"]).code(0).stderr_lacks("warning");
    // A variable that names a profile which is gone must not keep anybody from another.
    let run = env.command(["profile", "use", "lab"]).var("DOCKER_TAGS_PROFILE", "gone").run();
    run.code(0).stderr_has("is set to \"gone\"");
}

#[test]
fn create_takes_every_setting() {
    let env = TestEnv::new();
    for file in ["work/ca.pem", "work/me.pem", "work/me.key"] {
        env.write(file, "PEM");
    }
    let output = env.run([
        "profile",
        "create",
        "all",
        "--registry=registry.lab:5000",
        "--namespace=acme/team",
        "--repositories=acme/*,tools/*",
        "--repositories=x",
        "-u=octocat",
        "--ca-file=ca.pem",
        "--client-cert=me.pem",
        "--client-key=me.key",
        "--endpoint=https://mirror.example/v",
        "--hub-api=https://hub.example",
        "--token-hosts=auth.example",
        "-j=4",
        "--timeout=2.5",
        "--retries=0",
        "--password-command",
        "pass",
        "show",
        "--first-line",
        "-x",
    ]);
    output.code(0).stdout("").stderr_has(
        "Created profile \"all\" for registry.lab:5000. \
         To activate it, run `docker tags profile use all`.\n",
    );
    output.stderr_lacks("warning");
    let work = env.work();
    let work = work.display();
    let expected = format!(
        "[profiles.all]\n\
         registry = \"registry.lab:5000\"\n\
         namespace = \"acme/team\"\n\
         repositories = [\"acme/*\", \"tools/*\", \"x\"]\n\
         username = \"octocat\"\n\
         password-command = [\"pass\", \"show\", \"--first-line\", \"-x\"]\n\
         ca-file = \"{work}/ca.pem\"\n\
         client-cert = \"{work}/me.pem\"\n\
         client-key = \"{work}/me.key\"\n\
         endpoint = \"https://mirror.example/v\"\n\
         hub-api = \"https://hub.example\"\n\
         token-hosts = [\"auth.example\"]\n\
         jobs = 4\n\
         timeout = 2.5\n\
         retries = 0\n"
    );
    assert_eq!(env.read(FILE), expected);
    let mode = std::fs::metadata(env.root().join(FILE)).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for (flag, line) in [
        ("--insecure", "insecure = true"),
        ("--plain-http", "plain-http = true"),
        ("--timeout=3", "timeout = 3"),
    ] {
        let env = TestEnv::new();
        env.run(["profile", "create", "x", "--registry", "a.io", flag]).code(0).stdout("");
        assert_eq!(env.read(FILE), format!("[profiles.x]\nregistry = \"a.io\"\n{line}\n"));
    }
}

#[test]
fn create_asks_for_nothing() {
    // On a terminal, with a user and no password: nothing is asked, the login is looked up later.
    let env = TestEnv::new();
    let run = env.command(["profile", "create", "x", "--registry", "a.io", "-u", "ann"]);
    let output = run.tty();
    output.code(0).stdout_has("Created profile \"x\" for a.io.").stdout_lacks("Password");
    assert_eq!(env.read(FILE), "[profiles.x]\nregistry = \"a.io\"\nusername = \"ann\"\n");
}

#[test]
fn a_password_comes_from_standard_input_alone() {
    let env = TestEnv::new();
    let create = ["profile", "create", "x", "--registry", "a.io", "-u", "ann", "--password-stdin"];
    // The file is where it belongs, so the canary is looked for in the output only.
    let output = env.command(create).stdin("S3cr3t\n").unchecked().run();
    output.code(0).stdout("").stderr_has("The password is in ").stderr_lacks("S3cr3t");
    assert!(env.read(FILE).ends_with("password = \"S3cr3t\"\n"));
    let output = env.command(["profile", "update", "x", "--password-env", "TOKEN"]).run();
    output.code(0).stdout("").stderr_has("Updated profile \"x\".\n");
    assert!(env.read(FILE).ends_with("password-env = \"TOKEN\"\n"), "{}", env.read(FILE));

    let env = TestEnv::new();
    env.canary("S3cr3t");
    env.command(create).stdin("").run().code(2).stderr_has("password on standard input is empty");
    let typed = ["profile", "create", "x", "--registry", "a.io", "--password=S3cr3t"];
    env.run(typed).code(2).stdout("").stderr_has("unknown option \"--password\"");
    let typed = ["profile", "create", "x", "--registry", "https://ann:S3cr3t@a.io"];
    env.run(typed).code(2).stdout("").stderr_has("registry");
    assert!(!env.root().join(FILE).exists());
}

#[test]
fn what_cannot_be_a_profile_is_refused() {
    let cases: [(&[&str], &str, &str); 13] = [
        (&["work", "--registry", "a.io"], "profile \"work\" already exists", "profile update work"),
        (&["default", "--registry", "a.io"], "built-in", "another name"),
        (&["a b", "--registry", "a.io"], "not a profile name", "letters"),
        (&["x"], "--registry is required", "--registry ghcr.io"),
        (&["x", "--registry", "https://a.io"], "expected a registry name", "no https://"),
        (&["x", "--registry", "lab"], "not as a registry", "lab:443"),
        (&["x", "--registry", "ghcr.io"], "profile \"work\" is for ghcr.io too", "repositories"),
        (&["x", "--registry", "a.io", "--password-env", "X"], "needs a username", "--username"),
        (
            &["x", "--registry", "a.io", "--insecure", "--ca-file", "x"],
            "conflicts with ca-file",
            "",
        ),
        (&["x", "--registry", "a.io", "--client-cert", "x"], "needs client-key too", ""),
        (&["x", "--registry", "a.io", "--endpoint", "http://b.io"], "needs plain-http", "https://"),
        (&["x", "--registry", "a.io", "--jobs", "65"], "invalid value \"65\"", ""),
        (
            &["x", "--registry", "a.io", "-uu", "--password-env=A", "--password-file=B"],
            "cannot be used with",
            "",
        ),
    ];
    let env = three();
    for (args, message, hint) in cases {
        let output = env.run(["profile", "create"].iter().chain(args));
        output.code(2).stdout("").stderr_has(message).stderr_has("\nhint: ").stderr_has(hint);
        assert_eq!(env.read(FILE), THREE, "{output}");
    }
}

#[test]
fn files_that_are_not_there_are_mentioned() {
    let env = TestEnv::new();
    let output = env.run(["profile", "create", "x", "--registry", "a.io", "--ca-file", "ca.pem"]);
    output.code(0).stderr_has("warning: no such file: ");
}

#[test]
fn update_sets_and_unsets_and_keeps_the_rest() {
    let env = three();
    env.write("work/lab.crt", "PEM");
    let output =
        env.run(["profile", "update", "lab", "--unset", "insecure", "--ca-file", "lab.crt"]);
    output.code(0).stdout("").stderr_has("Updated profile \"lab\".\n").stderr_lacks("warning");
    env.run(["profile", "update", "work", "--namespace", "team"]).code(0).stdout("");
    let expected = THREE
        .replace("insecure = true", &format!("ca-file = \"{}/lab.crt\"", env.work().display()))
        .replace("\"acme\"   # ours", "\"team\"   # ours");
    assert_eq!(env.read(FILE), expected);
    let output = env.run(["profile", "update", "work", "--namespace", "team"]);
    output.code(0).stderr_has("No change to profile \"work\".\n");
    for (args, message) in [
        (&["work"][..], "nothing to change"),
        (&["work", "--unset", "namespce"], "did you mean namespace?"),
        (&["work", "--unset", "registry"], "the profile has no registry"),
        (&["work", "--unset", "username"], "a password needs a username"),
        (&["lab", "--insecure"], "conflicts with ca-file"),
        (&["wrok", "--jobs", "3"], "did you mean \"work\"?"),
        (&["default", "--jobs", "3"], "built in"),
    ] {
        let output = env.run(["profile", "update"].iter().chain(args));
        output.code(2).stdout("").stderr_has(message);
        assert_eq!(env.read(FILE), expected, "{output}");
    }
}

#[test]
fn rm_removes_and_minds_the_active_one() {
    let env = three();
    env.run(["profile", "rm", "work"]).code(2).stdout("").stderr_has("is the active one");
    assert_eq!(env.read(FILE), THREE);
    let output = env.run(["profile", "rm", "hub", "nope", "lab"]);
    output.code(2).stdout("").stderr_has("Removed profile \"hub\".\n").stderr_has("named \"nope\"");
    env.run(["profile", "ls", "-q"]).lines(&["default", "work"]);
    let output = env.run(["profile", "rm", "--force", "work"]);
    output.code(0).stderr_has("The active profile is \"default\" again (docker.io).\n");
    env.run(["profile", "show"]).stdout("default\n");
    let env = three();
    let output = env.command(["profile", "rm", "lab"]).var("DOCKER_TAGS_PROFILE", "lab").run();
    output.code(0).stderr_has("$DOCKER_TAGS_PROFILE still names \"lab\"");
}

#[test]
fn profiles_come_from_docker_s_logins() {
    let env = TestEnv::new();
    env.config_toml("[profiles.work]\nregistry = \"ghcr.io\"\n");
    env.docker_config_json(&json!({
        "auths": {
            "https://index.docker.io/v1/": {"auth": "dTpjYW5hcnk="},
            "ghcr.io": {"auth": "dTpjYW5hcnk="},
            "127.0.0.1:5000": {},
            "lab": {"auth": "dTpjYW5hcnk="},
        },
        "credHelpers": {"1.dkr.ecr.eu-west-1.amazonaws.com": "ecr-login"},
    }));
    let helper = env.helper("ecr-login", "exit 1");
    let output = env.run(["profile", "create", "--from-docker"]);
    output.code(0).stdout("").stderr_has("Profile \"work\" already exists for ghcr.io.\n");
    output.stderr_has("warning: no profile for lab");
    env.run(["profile", "ls", "--format", "{{.Name}} {{.Registry}}"]).lines(&[
        "default docker.io",
        "work ghcr.io",
        "127.0.0.1-5000 127.0.0.1:5000",
        "hub docker.io",
        "1.dkr.ecr.eu-west-1.amazonaws.com 1.dkr.ecr.eu-west-1.amazonaws.com",
    ]);
    assert!(!env.root().join("helper.log").exists(), "{} was run", helper.display());
    assert!(!env.read(FILE).contains("dTpj"), "no login is copied");
    let before = env.read(FILE);
    env.run(["profile", "create", "--from-docker"]).code(0);
    assert_eq!(env.read(FILE), before, "a second time there is nothing to do");
    let output = TestEnv::new().run(["profile", "create", "--from-docker"]);
    output
        .code(2)
        .stdout("")
        .stderr_has("not logged in to any registry")
        .stderr_has("docker login");
    let output = env.run(["profile", "create", "--from-docker", "--insecure"]);
    output.code(2).stderr_has("cannot be used with settings");
}

#[test]
fn a_directory_that_cannot_be_written_leaves_the_file_whole() {
    let env = three();
    let directory = env.root().join("home/.config/docker-tags");
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o500)).expect("ours");
    let output = env.run(["profile", "use", "lab"]);
    std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o700)).expect("ours");
    if output.code == 0 {
        // root may write everywhere; then there is nothing to be refused.
        assert!(env.read(FILE).contains("profile = \"lab\""), "{output}");
    } else {
        output.code(2).stdout("").stderr_has("cannot be written");
        assert_eq!(env.read(FILE), THREE);
    }
}
