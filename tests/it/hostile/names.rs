//! T13, T20, T24: names that try to be paths, headers or other hosts; logins of look-alikes.

use serde_json::json;

use super::{PASSWORD, USER, logged_in, three_ways};
use crate::support::{TestEnv, TestRegistry, TokenRules};

/// Names are checked before anything is sent.
#[test]
fn names_are_checked_before_any_request() {
    let registry = TestRegistry::new().tags("demo/app", ["1.0"]).start();
    let host = registry.host();
    let env = logged_in(&host);
    let names = [
        format!("{host}/../../x"),
        format!("{host}/demo/../app"),
        format!("{host}/demo%2fapp"),
        format!("{host}/demo/app?x=1"),
        format!("{host}/demo/app#x"),
        format!("{host}/demo app"),
        format!("{host}/demo\r\nX-Injected: 1"),
        format!("{host}/demo\u{1b}[31m"),
        format!("{host}/demo\u{202e}"),
        format!("{host}//app"),
        format!("{host}/"),
        format!("{USER}:{PASSWORD}x@{host}/demo/app"),
        format!("{host}/demo/app@sha256:short"),
        format!("{host}/{}", "a/".repeat(200)),
        "\u{1b}]0;pwn\u{7}".to_owned(),
        "a".repeat(100_000),
        String::new(),
    ];
    for name in names {
        let output = env.run(["ls", &name]);
        output.code(2).stdout("");
    }
    three_ways(&env, &["ls", &format!("{host}/demo\u{1b}[31m\u{202e}")], |seen| {
        seen.fails(2);
    });
    assert_eq!(registry.requests().len(), 0, "{}", registry.log());
}

/// Hosts that resolvers would read as some address are no registry.
#[test]
fn numbers_are_no_registry() {
    for host in ["2130706433", "0x7f000001", "127.1", "0177.0.0.1", "127.0.0.1.", "1.2.3.4.5"] {
        let output = TestEnv::new().run(["ls", &format!("{host}:1/demo/app")]);
        assert_ne!(output.code, 0, "{output}");
        output.stdout("");
        assert!(!output.stderr.contains("cannot connect"), "{output}");
    }
}

/// T24: a login is for the registry it was made for, to the letter.
#[test]
fn a_look_alike_gets_no_login() {
    let registry =
        TestRegistry::new().tags("demo/app", ["1.0"]).require_basic(USER, PASSWORD).start();
    let (host, port) = (registry.host(), registry.server().port());
    let others = [
        "127.0.0.1".to_owned(),
        format!("127.0.0.1:{}", port ^ 1),
        format!("127.0.0.1:{port}0"),
        format!("0127.0.0.1:{port}"),
        format!("127.0.0.1:0{port}"),
        format!("localhost:{port}"),
        format!("{host}.example.com"),
        format!("example.com/{host}"),
        format!("evil@{host}"),
        format!(" {host}"),
        format!("*.0.0.1:{port}"),
        "https://index.docker.io/v1/".to_owned(),
        "docker.io".to_owned(),
        String::new(),
    ];
    let env = TestEnv::new();
    for other in &others {
        env.login(other, USER, PASSWORD);
    }
    let document = env.read("home/.docker/config.json");
    env.write("home/.config/containers/auth.json", &document);
    let env = env.var("DOCKER_AUTH_CONFIG", document);
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(4).says("docker login");
        assert!(registry.requests().iter().all(|r| r.header("authorization").is_none()));
    });
    // The counter-check: with the right key it works.
    env.login(&host, USER, PASSWORD);
    env.run(["ls", &registry.repo("demo/app")]).code(0).stdout("1.0\n");
}

/// User names and passwords that would break out of their header.
#[test]
fn logins_that_are_no_login_are_not_sent() {
    let registry =
        TestRegistry::new().tags("demo/app", ["1.0"]).require_basic(USER, PASSWORD).start();
    let env = TestEnv::new();
    env.canary(PASSWORD);
    let name = registry.repo("demo/app");
    for user in ["a:b", "a\r\nX-Injected: 1", "a\u{1b}[31m"] {
        let run = env.command(["ls", "-u", user, "--password-stdin", &name]);
        let output = run.stdin(PASSWORD).run();
        assert_ne!(output.code, 0, "{output}");
        output.stdout("");
    }
    for password in [&b"\xff\xfe"[..], b"", b"\n", &[b'x'; 70_000]] {
        let run = env.command(["ls", "-u", USER, "--password-stdin", &name]);
        let output = run.stdin(password).run();
        assert_ne!(output.code, 0, "{output}");
        output.stdout("");
    }
    let headers = ["x-injected", "authorization"];
    let is_clean = |name: &&str| registry.requests().iter().all(|r| r.header(name).is_none());
    assert!(headers.iter().all(is_clean), "{}", registry.log());
}

/// A user name that HTTP cannot carry makes a login none, wherever it stands: the password would
/// begin at the colon.
#[test]
fn user_names_that_cannot_be_sent_are_told() {
    let registry = TestRegistry::new().tags("demo/app", ["1.0"]).user(USER, PASSWORD);
    let registry = registry.require_token(TokenRules::default()).start();
    let name = registry.repo("demo/app");
    for user in ["a:b", ":", "a\tb"] {
        let profile =
            format!("profile = \"lab\"\n[profiles.lab]\nregistry = \"{}\"\n", registry.host());
        let env = TestEnv::new().var("DOCKER_USERNAME", user).var("DOCKER_PASSWORD", PASSWORD);
        env.canary(PASSWORD);
        env.config_toml(&profile);
        three_ways(&env, &["ls", &name], |seen| {
            seen.lists(&["1.0"]).says("DOCKER_PASSWORD are not used: the user name contains");
        });
        // What stands in our own configuration is wrong there.
        let login = format!("username = \"{}\"\npassword = \"x\"\n", user.escape_debug());
        env.config_toml(&format!("{profile}{login}"));
        env.run(["ls", &name])
            .code(2)
            .stdout("")
            .stderr_has("config.toml:4:12: ")
            .stderr_has("username");
    }
    let service = registry.token_service().server();
    assert!(service.requests().iter().all(|r| r.header("authorization").is_none()));
}

/// A login of the command line goes to one registry, not to the next one.
#[test]
fn a_login_of_the_command_line_is_for_one_registry() {
    let one = TestRegistry::new().tags("demo/app", ["1.0"]).require_basic(USER, PASSWORD).start();
    let two = TestRegistry::new().tags("demo/app", ["2.0"]).require_basic(USER, PASSWORD).start();
    let env = TestEnv::new();
    env.canary(PASSWORD);
    let names = [one.repo("demo/app"), two.repo("demo/app")];
    let run = env.command(["ls", "-u", USER, "--password-stdin", &names[0], &names[1]]);
    let output = run.stdin(PASSWORD).run();
    assert_ne!(output.code, 0, "{output}");
    assert!(two.requests().iter().all(|r| r.header("authorization").is_none()), "{}", two.log());
}

/// `DOCKER_USERNAME` and `DOCKER_PASSWORD` are for the active registry only.
#[test]
fn a_login_of_the_environment_is_for_the_active_registry() {
    let registry =
        TestRegistry::new().tags("demo/app", ["1.0"]).require_basic(USER, PASSWORD).start();
    let env = TestEnv::new().var("DOCKER_USERNAME", USER).var("DOCKER_PASSWORD", PASSWORD);
    env.canary(PASSWORD);
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(4);
        assert!(registry.requests().iter().all(|r| r.header("authorization").is_none()));
    });
    env.config_toml(&format!(
        "profile = \"lab\"\n[profiles.lab]\nregistry = \"{}\"\n",
        registry.host()
    ));
    env.run(["ls", &registry.repo("demo/app")]).code(0).stdout("1.0\n");
}

/// `DOCKER_AUTH_CONFIG` that is broken, deep or hostile is a warning.
#[test]
fn a_hostile_docker_auth_config() {
    let registry = TestRegistry::new().tags("demo/app", ["1.0"]).require_basic(USER, "x").start();
    let host = registry.host();
    for value in [
        String::new(),
        "{".to_owned(),
        "[".repeat(100_000),
        json!({"auths": {&host: {"auth": "\u{1b}[31m"}}}).to_string(),
        json!({"auths": {"\u{1b}[31m": {"auth": 7}}}).to_string(),
    ] {
        let env = TestEnv::new().var("DOCKER_AUTH_CONFIG", value);
        let output = env.run(["ls", &registry.repo("demo/app")]);
        output.code(4).stdout("");
    }
}
