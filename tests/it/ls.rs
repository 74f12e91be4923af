//! `ls` from end to end: the real binary against the registry of the bench. What counts is
//! what the user sees, and what the servers saw.

mod apis;
mod auth;
mod dates;
mod details;
mod documents;
mod flags;
mod honest;
mod hub;
mod paging;
mod sources;
mod stable;
mod whole;

use serde_json::Value;

use crate::support::{Response, TestEnv, TestRegistry};

/// `t0000`, `t0001` …
fn numbered(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("t{number:04}")).collect()
}

/// The lines that a list of tags should give.
fn lines(tags: &[String]) -> Vec<&str> {
    tags.iter().map(String::as_str).collect()
}

#[test]
fn an_open_registry_is_asked_once() {
    let registry = TestRegistry::new()
        .tags("library/alpine", ["3.9.1", "latest", "3.20.1", "3.20.0", "edge"])
        .start();
    let env = TestEnv::new();
    let output = env.run(["ls", &registry.repo("library/alpine")]);
    output.code(0).lines(&["3.20.1", "3.20.0", "3.9.1", "edge", "latest"]).silent();
    registry.server().assert_exchanges(&["GET /v2/library/alpine/tags/list 200"]);
    registry.server().assert_connections(1);
    assert_eq!(registry.server().tls_probes(), 1, "{}", registry.log());
    let request = &registry.requests()[0];
    assert_eq!(request.header("authorization"), None);
    assert_eq!(request.header("host"), Some(&*registry.host()));
    let coding = request.header("accept-encoding").unwrap_or("identity");
    assert_eq!(coding, "identity");
    assert!(request.header("user-agent").unwrap_or_default().starts_with("docker-tags/"));
}

#[test]
fn the_command_s_name_can_be_left_out() {
    let registry = TestRegistry::new().tags("a", ["1"]).tags("b", ["2"]).start();
    let env = TestEnv::new();
    env.run([registry.repo("a")]).code(0).stdout("1\n");
    env.run([format!("docker://{}", registry.repo("a"))]).code(0).stdout("1\n");
    let both = env.run([registry.repo("a"), registry.repo("b")]);
    let expected = format!("{}:1\n{}:2\n", registry.repo("a"), registry.repo("b"));
    both.code(0).stdout(&expected);
}

#[test]
fn a_repository_that_fails_does_not_stop_the_others() {
    let registry = TestRegistry::new().tags("a", ["1"]).tags("c", ["3"]).start();
    let env = TestEnv::new();
    let names = [registry.repo("a"), registry.repo("missing"), registry.repo("c")];
    let output = env.run(["ls".to_owned()].into_iter().chain(names));
    let expected = format!("{}:1\n{}:3\n", registry.repo("a"), registry.repo("c"));
    output.code(3).stdout(&expected).stderr_has(&registry.repo("missing"));
}

#[test]
fn a_repository_that_is_not_there() {
    let registry = TestRegistry::new().start();
    let env = TestEnv::new();
    let output = env.run(["ls", &registry.repo("none/such")]);
    output.code(3).stdout("").stderr_has("error: ").stderr_has("none/such");
    output.stderr_has("not found").stderr_has("\nhint: ").stderr_has(&registry.host());
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());
}

#[test]
fn a_repository_without_tags() {
    for tags in [Value::Null, serde_json::json!([])] {
        let registry = TestRegistry::new().raw_tags("empty", tags).start();
        TestEnv::new().run(["ls", &registry.repo("empty")]).code(0).stdout("");
        assert_eq!(registry.requests().len(), 1, "{}", registry.log());
    }
}

#[test]
fn a_web_page_is_no_registry() {
    let registry = TestRegistry::new()
        .hook(|_| Some(Response::with_body(200, "text/html", "<html>Please log in</html>")))
        .start();
    let output = TestEnv::new().run(["ls", &registry.repo("a")]);
    output.code(1).stdout("").stderr_has("text/html").stderr_has(&registry.host());
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());
}

#[test]
fn nobody_listens() {
    let gone = TestRegistry::new().start().host();
    let output = TestEnv::new().run(["ls", &format!("{gone}/a")]);
    output.code(5).stdout("").stderr_has(&gone).stderr_has("\nhint: ");
}

#[test]
fn a_server_in_trouble_is_asked_again() {
    let registry = TestRegistry::new().tags("a", ["1"]).fail_first(1, 503).start();
    TestEnv::new().run(["ls", &registry.repo("a")]).code(0).stdout("1\n");
    assert_eq!(registry.requests().len(), 2, "{}", registry.log());

    let registry = TestRegistry::new().tags("a", ["1"]).fail_first(100, 502).start();
    TestEnv::new().run(["ls", &registry.repo("a")]).code(5).stdout("").stderr_has("502");
    assert_eq!(registry.requests().len(), 4, "{}", registry.log());
}

#[test]
fn retry_after_is_obeyed_when_short_and_told_when_long() {
    let registry = TestRegistry::new().tags("a", ["1"]).too_many_first(1, "0").start();
    TestEnv::new().run(["ls", &registry.repo("a")]).code(0).stdout("1\n");
    assert_eq!(registry.requests().len(), 2, "{}", registry.log());

    let registry = TestRegistry::new().tags("a", ["1"]).too_many_first(9, "3600").start();
    let output = TestEnv::new().run(["ls", &registry.repo("a")]);
    output.code(5).stdout("").stderr_has("3600 s");
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let registry = TestRegistry::new().tags("a", numbered(50_000)).start();
    for sort in ["version", "none"] {
        let env = TestEnv::new();
        let output = env.command(["ls", "--sort", sort, &registry.repo("a")]).head(1).run();
        output.code(0).silent();
        assert_eq!(output.stdout.lines().count(), 1);
    }
}

#[test]
fn ctrl_c_in_the_middle_of_a_slow_list() {
    let registry = TestRegistry::new()
        .tags("a", numbered(1000))
        .page_size(10)
        .delay(std::time::Duration::from_secs(60))
        .start();
    let env = TestEnv::new();
    let asked = || !registry.requests().is_empty();
    let output = env.command(["ls", &registry.repo("a")]).interrupt_when(asked).run();
    output.code(130).stdout("").stderr_lacks("panicked");
}

#[test]
fn a_terminal_gets_the_same_names() {
    let registry = TestRegistry::new().tags("a", ["1.0", "1.1"]).start();
    let env = TestEnv::new();
    let output = env.command(["ls", &registry.repo("a")]).tty();
    output.code(0).stdout("1.1\r\n1.0\r\n");
}
