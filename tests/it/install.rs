//! `install`: what it puts where, what it leaves alone, and what docker says about it.

use std::fs;
use std::path::PathBuf;

use crate::support::TestEnv;
use crate::support::env::binary;

/// A home with bash and fish, and a docker that lists these plugins (JSON).
fn home(plugins: &str) -> TestEnv {
    let env = TestEnv::new().var("SHELL", "/bin/fish");
    for shell in ["bash", "fish"] {
        env.program(shell, "#!/bin/sh\n");
    }
    env.program(
        "docker",
        &format!(
            "#!/bin/sh\n[ \"$DOCKER_HOST\" = tcp://127.0.0.1:1 ] && echo '{plugins}'\nexit 1\n"
        ),
    );
    env
}

fn plugin(env: &TestEnv) -> PathBuf {
    env.docker_config().join("cli-plugins/docker-tags")
}

fn good(env: &TestEnv) -> String {
    format!("[{{\"Name\":\"tags\",\"Path\":\"{}\"}}]", plugin(env).display())
}

const FILES: [&str; 4] = [
    ".docker/cli-plugins/docker-tags",
    ".local/share/bash-completion/completions/docker-tags",
    ".config/fish/completions/docker-tags.fish",
    ".local/share/man/man1/docker-tags-ls.1",
];

#[test]
fn there_and_back() {
    let probe = home("");
    let env = home(&good(&probe));
    env.program("docker", &format!("#!/bin/sh\necho '{}'\nexit 1\n", good(&env)));
    let dry = env.run(["install", "--dry-run"]);
    dry.code(0).stdout_has("would link ").stdout_has("would write ").silent();
    assert!(FILES.iter().all(|file| fs::symlink_metadata(env.home().join(file)).is_err()));

    let output = env.run(["install"]);
    output.code(0).stdout_has("linked ").stdout_has("docker finds the plugin.").silent();
    output.stdout_has("Undo with: ").stdout_has("docker completion fish");
    for file in FILES {
        output.stdout_has(file);
        assert!(env.home().join(file).exists(), "{file}\n{output}");
    }
    let target = fs::read_link(plugin(&env)).expect("a link");
    assert_eq!(target, fs::canonicalize(binary()).expect("the program is there"));
    let metadata = env.program_run(plugin(&env), ["docker-cli-plugin-metadata"]).run();
    metadata.code(0).stdout_has("\"SchemaVersion\":\"0.1.0\"");

    env.run(["install"]).code(0).stdout_has("unchanged ").stdout_lacks("wrote ");
    env.run(["install", "--uninstall", "--dry-run"]).code(0).stdout_has("would remove ");
    assert!(plugin(&env).exists());
    env.run(["install", "--uninstall"]).code(0).stdout_has("removed ");
    assert!(FILES.iter().all(|file| fs::symlink_metadata(env.home().join(file)).is_err()));
    env.run(["install", "--uninstall"]).code(0).stdout("");
}

#[test]
fn a_copy_in_place_of_a_link() {
    let env = home("");
    env.program("docker", &format!("#!/bin/sh\necho '{}'\nexit 1\n", good(&env)));
    env.run(["install", "--copy"]).code(0).stdout_has("copied ");
    assert!(fs::symlink_metadata(plugin(&env)).expect("it is there").is_file());
    env.run(["install", "--copy"]).code(0).stdout_has("unchanged ");
    // The copy replaces itself by nothing: a link to itself would be the end of it.
    let itself = env.program_run(plugin(&env), ["install"]).run();
    itself.code(0).stdout_has("unchanged ");
    env.run(["install"]).code(0).stdout_has("linked ");
    env.run(["install", "--uninstall"]).code(0).stdout_has("removed ");
}

#[test]
fn what_is_not_ours_stays() {
    let env = home("");
    let theirs =
        ["home/.docker/cli-plugins/docker-tags", "home/.local/share/man/man1/docker-tags-ls.1"];
    for file in theirs {
        env.write(file, "#!/bin/sh\necho somebody's own docker-tags\n");
    }
    for args in [&["install"][..], &["install", "--copy"], &["install", "--uninstall"]] {
        let output = env.command(args.iter().copied()).unchecked().run();
        output.code(1).stdout_has("left alone ").stdout_has("another program");
        for file in theirs {
            assert!(env.read(file).contains("somebody's own"), "{output}");
        }
    }
    // A directory, and a link to something else.
    let env = home("");
    fs::create_dir_all(plugin(&env)).expect("make a directory");
    env.command(["install", "--dry-run"]).unchecked().run().code(1).stdout_has("would leave alone");
    let env = home("");
    fs::create_dir_all(plugin(&env).parent().expect("a directory")).expect("make it");
    std::os::unix::fs::symlink("/bin/true", plugin(&env)).expect("link");
    env.command(["install"]).unchecked().run().code(1).stdout_has("left alone");
    assert_eq!(fs::read_link(plugin(&env)).expect("a link"), PathBuf::from("/bin/true"));
}

#[test]
fn another_plugin_of_the_name_is_replaced_by_force_alone() {
    let env = home("");
    env.program("docker", &format!("#!/bin/sh\necho '{}'\nexit 1\n", good(&env)));
    let theirs = "\x7fELF path\tgithub.com/koki-develop/docker-tags\n";
    env.write("home/.docker/cli-plugins/docker-tags", theirs);
    let output = env.command(["install"]).unchecked().run();
    output.code(1).stdout_has("(the plugin koki-develop/docker-tags; --force replaces it)");
    output
        .stderr_has("skipped a file that another program installed")
        .stderr_has("install --force");
    assert_eq!(env.read("home/.docker/cli-plugins/docker-tags"), theirs);
    env.run(["install", "--force"]).code(0).stdout_has("linked ").silent();
    assert!(fs::read_link(plugin(&env)).is_ok());
    // Homebrew links it.
    let env = home("");
    env.program("docker", &format!("#!/bin/sh\necho '{}'\nexit 1\n", good(&env)));
    env.write("brew/bin/docker-tags", theirs);
    let target = env.root().join("brew/bin/docker-tags");
    fs::create_dir_all(plugin(&env).parent().expect("a directory")).expect("make it");
    std::os::unix::fs::symlink(&target, plugin(&env)).expect("link");
    let output = env.command(["install"]).unchecked().run();
    output.code(1).stdout_has("(the plugin koki-develop/docker-tags; --force replaces it)");
    assert_eq!(fs::read_link(plugin(&env)).expect("a link"), target);
    env.run(["install", "--force"]).code(0).stdout_has("linked ").silent();
    assert_eq!(env.read("brew/bin/docker-tags"), theirs);
    // A directory stays, whatever is said.
    let env = home("");
    fs::create_dir_all(plugin(&env)).expect("make a directory");
    env.command(["install", "--force"]).unchecked().run().code(1).stdout_has("left alone");
}

/// What a shell and man still need is said, whatever `$SHELL` is.
#[test]
fn what_is_left_to_do_is_said() {
    let env = home("");
    env.program("docker", &format!("#!/bin/sh\necho '{}'\nexit 1\n", good(&env)));
    env.program("zsh", "#!/bin/sh\n");
    let zsh = env.home().join(".local/share/zsh/site-functions");
    let man = env.home().join(".local/share/man");
    let (fpath, export) =
        (format!("fpath=({} $fpath)", zsh.display()), format!("\"{}:\"", man.display()));
    env.run(["install"]).code(0).stdout_has(&fpath).stdout_has("compinit").stdout_has(&export);
    let path = format!(
        "{}:{}:/usr/bin:/bin",
        env.home().join(".local/bin").display(),
        env.root().join("bin").display()
    );
    let quiet = env.command(["install"]).var("FPATH", &zsh).var("PATH", path).run();
    quiet.code(0).stdout_lacks("fpath=").stdout_lacks("MANPATH");
}

#[test]
fn an_old_link_that_leads_nowhere_is_ours() {
    let env = home("");
    env.program("docker", &format!("#!/bin/sh\necho '{}'\nexit 1\n", good(&env)));
    fs::create_dir_all(plugin(&env).parent().expect("a directory")).expect("make it");
    std::os::unix::fs::symlink("/gone/docker-tags", plugin(&env)).expect("link");
    env.run(["install"]).code(0).stdout_has("linked ");
}

#[test]
fn docker_says_why_not() {
    let broken = "[{\"Name\":\"tags\",\"Path\":\"/x/docker-tags\",\"Err\":\"exec format error\"}]";
    let cases = [
        (broken, "exec format error"),
        ("[{\"Name\":\"buildx\",\"Path\":\"/x/docker-buildx\"}]", "is not among its plugins"),
        ("nonsense", "could not be asked"),
    ];
    for (plugins, why) in cases {
        home(plugins).run(["install"]).code(1).stderr_has(why).stderr_has("\nhint: ");
    }
    let shadowed = "[{\"Name\":\"tags\",\"Path\":\"/x/docker-tags\",\"Err\":null}]";
    home(shadowed).run(["install"]).code(0).stdout_has("another one comes first: /x/docker-tags");
}

#[test]
fn without_docker_and_with_a_broken_configuration() {
    let env = TestEnv::new();
    env.config_toml("nonsense");
    env.run(["completion", "bash"]).code(0).stdout_has("complete -F").silent();
    env.run(["install", "--hooks"]).code(0).stdout_has("\"hooks\": \"pull,run").silent();
    if !std::path::Path::new("/usr/bin/docker").exists()
        && !std::path::Path::new("/bin/docker").exists()
    {
        env.run(["install"]).code(0).stdout_has("docker is not on PATH");
    }
}
