//! Registries that mean harm.

use serde_json::json;

use crate::support::{Response, Server, TestEnv, TestRegistry};

const PASSWORD: &str = "S3cr3t-canary-7f3a";

fn list(tags: &[&str]) -> Response {
    Response::json(200, &json!({"name": "demo/app", "tags": tags}))
}

fn logged_in(host: &str) -> TestEnv {
    let env = TestEnv::new();
    env.login(host, "alice", PASSWORD);
    env
}

/// A01: a token service elsewhere does not get the login.
#[test]
fn a_foreign_realm_gets_no_login() {
    let foreign = Server::on("127.0.0.2", |_| Response::json(200, &json!({"token": "t"})));
    let challenge = format!(
        "Bearer realm=\"{}/token\",service=\"s\",scope=\"repository:demo/app:pull\"",
        foreign.origin()
    );
    let registry = TestRegistry::new()
        .hook(move |_| Some(Response::new(401).header("WWW-Authenticate", &*challenge)))
        .start();
    let env = logged_in(&registry.host());
    for arguments in [&["ls"][..], &["ls", "-v"]] {
        registry.server().clear();
        foreign.clear();
        let repository = registry.repo("demo/app");
        let output = env.run(arguments.iter().copied().chain([&*repository]));
        output.code(4).stdout("").stderr_has("127.0.0.2");
        let visits = foreign.requests();
        assert!(visits.len() <= 1, "{}", foreign.log());
        for visit in visits {
            assert_eq!(visit.method, "GET");
            assert_eq!((visit.header("authorization"), visit.header("cookie")), (None, None));
            for name in ["account", "username", "password"] {
                assert_eq!(visit.param(name), None, "{name}");
            }
        }
        assert!(registry.requests().len() <= 3, "{}", registry.log());
        assert!(registry.requests().iter().all(|request| request.basic().is_none()));
    }
}

/// A04: the next page may not be on another host.
#[test]
fn a_link_to_another_host_is_refused() {
    let trap = Server::trap("127.0.0.2");
    let link = format!("<{}/v2/demo/app/tags/list?last=b>; rel=\"next\"", trap.origin());
    let registry =
        TestRegistry::new().hook(move |_| Some(list(&["a", "b"]).header("Link", &*link))).start();
    for sort in ["version", "name"] {
        let output = TestEnv::new().run(["ls", "--sort", sort, &registry.repo("demo/app")]);
        output.code(1).stdout("").stderr_has("127.0.0.2");
    }
    trap.assert_untouched();
}

/// A04, the counter-check: of a link to the same host only the query counts.
#[test]
fn a_link_s_port_and_path_do_not_matter() {
    let trap = Server::trap("127.0.0.1");
    let link = format!("<{}/wrong/path?last=b&n=2>; rel=next", trap.origin());
    let registry = TestRegistry::new()
        .hook(move |request| match request.query.as_str() {
            "" => Some(list(&["a", "b"]).header("Link", &*link)),
            _ => Some(list(&["c"])),
        })
        .start();
    let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("demo/app")]);
    output.code(0).lines(&["a", "b", "c"]);
    let second = &registry.requests()[1];
    assert_eq!(second.path, "/v2/demo/app/tags/list");
    assert_eq!(second.param("last").as_deref(), Some("b"));
    assert_eq!(registry.requests().len(), 2, "{}", registry.log());
    trap.assert_untouched();
}

/// A05: pages that repeat end the list, and say so.
#[test]
fn repeating_pages_are_noticed() {
    let path = "/v2/demo/app/tags/list";
    type Answer = Box<dyn Fn(&str) -> (Vec<String>, String) + Send + Sync>;
    let scenarios: [(&str, Answer); 4] = [
        (
            "the same URL",
            Box::new(move |_| {
                (vec!["a".into(), "b".into()], format!("<{path}?last=b>; rel=\"next\""))
            }),
        ),
        (
            "to and fro",
            Box::new(move |last| {
                let next = if last == "a" { "b" } else { "a" };
                (vec![format!("x{last}")], format!("<{path}?last={next}>; rel=\"next\""))
            }),
        ),
        ("no query", Box::new(move |_| (vec!["a".into()], format!("<{path}>; rel=\"next\"")))),
        (
            "new cursors, old tags",
            Box::new(move |last| {
                let next = last.parse().unwrap_or(0) + 1;
                (vec!["a".into()], format!("<{path}?last={next}>; rel=\"next\""))
            }),
        ),
    ];
    for (name, answer) in scenarios {
        let registry = TestRegistry::new()
            .hook(move |request| {
                let (tags, link) = answer(&request.param("last").unwrap_or_default());
                let body = json!({"name": "demo/app", "tags": tags});
                Some(Response::json(200, &body).header("Link", link))
            })
            .start();
        let output = TestEnv::new().run(["ls", &registry.repo("demo/app")]);
        output.code(1).stdout("").stderr_has("repeat");
        assert!(registry.requests().len() <= 4, "{name}\n{}", registry.log());
    }
}

/// A09: tags that are no tags are left out, and counted.
#[test]
fn hostile_names_are_left_out() {
    let digest = format!("sha256:{}", "0".repeat(64));
    let tags = json!([
        "1.0",
        "ok-2",
        "\u{1b}[31mred",
        "\u{1b}]0;pwn\u{7}",
        "a\nb",
        "..%2f..%2f_catalog",
        "../../x",
        digest,
        null,
        42,
        "",
        "x".repeat(129),
        "\u{202e}gnp",
        "ünï",
        "1.0"
    ]);
    let registry = TestRegistry::new().raw_tags("demo/app", tags).start();
    let repository = registry.repo("demo/app");
    for flags in [&[][..], &["--sort", "none"], &["--sort", "name"], &["-v"]] {
        let arguments = ["ls"].into_iter().chain(flags.iter().copied()).chain([&*repository]);
        let output = TestEnv::new().run(arguments);
        output.code(0).lines(&["1.0", "ok-2"]);
        let warnings: Vec<&str> =
            output.stderr.lines().filter(|line| line.contains("12")).collect();
        assert_eq!(warnings.iter().filter(|w| w.starts_with("warning: ")).count(), 1, "{output}");
    }
    let output = TestEnv::new().run(["ls", "--format", "json", &repository]);
    let names: Vec<String> = output
        .code(0)
        .json_lines()
        .iter()
        .map(|row| row["Tag"].as_str().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(names, ["1.0", "ok-2"]);
    let output = TestEnv::new().command(["ls", &repository]).tty();
    if let Some(output) = output {
        output.code(0).stdout_has("1.0\r\n").stdout_has("ok-2\r\n").stdout_lacks("red");
    }
    for path in registry.paths() {
        assert_eq!(path, "/v2/demo/app/tags/list");
    }
}
