//! `ls -l --raw` on Docker Hub, and lists that are empty for a reason.

use serde_json::{Value, json};

use super::numbered;
use crate::support::hub::tag;
use crate::support::{Output, Response, TestEnv, TestHub, TestRegistry};

fn env(hub: &TestHub, registry: &TestRegistry) -> TestEnv {
    let env = TestEnv::new();
    env.config_toml(&format!(
        "[profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"{}\"\nhub-api = \"{}\"\n",
        registry.server().origin(),
        hub.origin()
    ));
    env
}

/// One document a line, with everything that the API says, in the order of the list.
#[test]
fn raw_details_are_docker_hub_s_own_documents() {
    let documents: Vec<Value> = numbered(130)
        .iter()
        .map(|name| {
            let mut document = tag(name);
            document["unknown_to_us"] = json!({"x": [1, 2.5, null, "\u{1b}[31m"]});
            document
        })
        .collect();
    let registry = TestRegistry::new().tags("library/app", numbered(131)).start();
    let hub = TestHub::new().repository("library/app", documents.clone()).start();
    let env = env(&hub, &registry);
    let output = env.run(["ls", "-l", "--raw", "--sort", "name", "app"]);
    assert_eq!(output.code(0).silent().json_lines(), documents);
    assert_eq!(hub.server().requests().len(), 2, "{}", hub.server().log());
    registry.server().assert_untouched();
    let filtered = env.run(["ls", "-l", "--raw", "--filter", "t000*", "--reverse", "app"]);
    let names: Vec<Value> =
        filtered.code(0).json_lines().iter().map(|document| document["name"].clone()).collect();
    assert_eq!((names.len(), &names[0]), (10, &json!("t0009")));
    // A few are asked for one by one; one that the API does not have is told.
    hub.server().clear();
    let few = env.run(["ls", "-l", "--raw", "--reverse", "--limit", "2", "app"]);
    assert_eq!(few.code(0).stderr_has("t0130 left out").json_lines(), documents[129..]);
    assert_eq!(hub.server().requests().len(), 2, "{}", hub.server().log());
}

#[test]
fn raw_details_are_whole_or_an_error() {
    let registry = TestRegistry::new().tags("library/app", ["1", "2"]).start();
    let hub = TestHub::new().hook(|_| Some(Response::new(500))).start();
    let output = env(&hub, &registry).run(["ls", "-l", "--raw", "--retries", "0", "app"]);
    assert!(output.code != 0 && output.stdout.is_empty(), "{output}");
    // Elsewhere there are no such documents.
    let output = TestEnv::new().run(["ls", "-l", "--raw", &registry.repo("library/app")]);
    output.code(2).stdout("").stderr_has("which has no details");
    let output = env(&hub, &registry).run(["ls", "--digests", "--raw", "app"]);
    output.code(2).stdout("").stderr_has("which has no details");
}

#[test]
fn an_empty_list_says_why() {
    let registry = TestRegistry::new()
        .tags("a", numbered(3))
        .tags("one", ["x"])
        .raw_tags("empty", Value::Null)
        .start();
    let run = |name: &str, flags: &[&str]| -> Output {
        let name = registry.repo(name);
        TestEnv::new().run(["ls", &name].into_iter().chain(flags.iter().copied()))
    };
    for flags in [&[][..], &["--sort", "none"], &["-l"], &["--raw"], &["--group-by", "digest"]] {
        let output = run("empty", flags);
        output.code(0).stderr_has(&format!("{} has no tags", registry.repo("empty")));
        assert_eq!(output.stderr.lines().count(), 1, "{output}");
    }
    let name = registry.repo("a");
    for flags in [&[][..], &["--sort", "none"], &["--digests"]] {
        let filters = [&["--filter", "9.*", "--semver", "^1"], flags].concat();
        let text = format!("no tag of {name} matches --filter '9.*' --semver '^1' (3 tags)");
        run("a", &filters).code(0).stdout_lacks("t000").stderr_has(&text);
    }
    run("one", &["--stable", "--exclude", "x"])
        .code(0)
        .stderr_has("--exclude 'x' --stable (1 tag)");
    run("a", &["--limit", "0"]).code(0).stdout("").silent();
    run("a", &["--sort", "none", "--last", "t0002"]).code(0).stdout("").silent();
}
