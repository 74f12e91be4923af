//! The promise: a list with exit code 0 and nothing on stderr is whole.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{lines, numbered};
use crate::support::hostile::cut;
use crate::support::hub::tag;
use crate::support::registry::error;
use crate::support::{Request, Response, TestEnv, TestHub, TestRegistry};

const PATH: &str = "/v2/a/tags/list";

fn list(tags: &[String]) -> Response {
    Response::json(200, &json!({"name": "a", "tags": tags}))
}

fn linked(tags: &[String], query: &str) -> Response {
    list(tags).header("Link", format!("<{PATH}?{query}>; rel=\"next\""))
}

fn with(hook: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static) -> TestRegistry {
    TestRegistry::new().hook(hook).start()
}

/// A page breaks off; what the next attempt says is all that counts.
#[test]
fn an_attempt_that_broke_off_is_forgotten() {
    let all = numbered(200);
    let again: [(&str, Response, bool); 7] = [
        ("gone for good", error(410, "GONE", "gone"), false),
        ("one tag", list(&all[..1]), false),
        ("null", Response::json(200, &json!({"tags": null})), false),
        ("no content", Response::new(204), false),
        ("another list", Response::json(200, &json!({"repositories": all})), false),
        ("a string", Response::json(200, &json!("tags")), false),
        ("the whole list", list(&all), true),
    ];
    for (name, second, is_whole) in again {
        let (asked, tags) = (AtomicUsize::new(0), all.clone());
        let second = second.bytes(false);
        let registry = with(move |_| {
            Some(match asked.fetch_add(1, Ordering::SeqCst) {
                // The link would skip the middle.
                0 => cut(&linked(&tags, "last=t0180"), 900),
                _ => crate::support::hostile::bytes(second.clone()),
            })
        });
        let output = TestEnv::new().run(["ls", &registry.repo("a")]);
        if is_whole {
            let mut right = lines(&all);
            right.reverse();
            output.code(0).silent();
            assert_eq!(output.stdout.lines().count(), 200, "{name}");
        } else {
            assert!(output.code != 0 && output.stdout.is_empty(), "{name}\n{output}");
            assert!(output.stderr.starts_with("error: "), "{name}\n{output}");
        }
    }
}

/// Streamed tags are printed once, whatever is read again.
#[test]
fn a_stream_that_is_read_again_repeats_nothing() {
    let (asked, all) = (AtomicUsize::new(0), numbered(90));
    let tags = all.clone();
    let registry = with(move |request| {
        let page = usize::from(request.param("last").is_some());
        Some(match asked.fetch_add(1, Ordering::SeqCst) {
            0 => cut(&linked(&tags[..45], "last=t0044&n=45"), 300),
            2 => error(404, "NAME_UNKNOWN", "gone"),
            3 => error(404, "NAME_UNKNOWN", "gone"),
            _ if page == 0 => linked(&tags[..45], "last=t0044&n=45"),
            _ => list(&tags[45..]),
        })
    });
    let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
    output.code(0).lines(&lines(&all)).silent();
}

/// Documents that are no list are an error on any page.
#[test]
fn what_is_no_list_is_never_an_empty_page() {
    let bodies = [
        "{\"tags\":[\"x\"]}]",
        "{\"tagz\":[\"x\"]}",
        "{\"TAGS\":[\"x\"]}",
        "{\"tags\":[\"x\"],\"errors\":[{\"code\":\"DENIED\"}]}",
        "{\"tags\":[\"x\",{\"name\":\"y\"}]}",
        "{\"tags\":[\"x\",[]]}",
        "{\"tags\":null,\"tags\":[\"x\"]}",
        "{\"tags\":{\"x\":{}}}",
        "{\"name\":\"a\"}",
        "{\"tags\":[\"x\"]}\n{\"tags\":[]}",
        "{\"tags\":[\"x\"]} trailing",
        "",
    ];
    for (body, page) in bodies.iter().flat_map(|body| [0, 1, 2].map(|page| (*body, page))) {
        let all = numbered(60);
        let registry = with(move |request| {
            let at = request.param("at").and_then(|at| at.parse().ok()).unwrap_or(0);
            Some(match at {
                _ if at == page => Response::with_body(200, "application/json", body),
                2 => list(&all[40..]),
                _ => linked(&all[at * 20..][..20], &format!("at={}", at + 1)),
            })
        });
        let output = TestEnv::new().run(["ls", "--retries", "0", &registry.repo("a")]);
        output.code(1).stdout("").stderr_has("not a registry's response");
    }
}

/// Beside anything but the last tag, a page size of ours would skip entries.
#[test]
fn the_page_size_is_raised_beside_the_last_tag_alone() {
    type Link = fn(usize, usize) -> String;
    let links: [(&str, Link); 5] = [
        ("skip", |skip, n| format!("skip={skip}&n={n}")),
        ("page", |skip, n| format!("n={n}&page={}", skip / n)),
        ("marker", |skip, n| format!("marker=m{skip}&n={n}&last=t{:04}", skip - 1)),
        ("last", |skip, n| format!("last={}&n={n}", skip / n)),
        ("start", |skip, n| format!("n={n}&start={skip}&order=asc")),
    ];
    for (name, link) in links {
        let all = numbered(250);
        let tags = all.clone();
        let registry = with(move |request| {
            let n: usize = request.param("n").and_then(|n| n.parse().ok()).unwrap_or(50);
            let value = request.param(name).unwrap_or_default();
            let value: usize = value.trim_start_matches('m').parse().unwrap_or(0);
            let start = if ["page", "last"].contains(&name) { value * n } else { value };
            let end = (start + n).min(tags.len());
            let page = &tags[start.min(end)..end];
            Some(if end < tags.len() { linked(page, &link(end, n)) } else { list(page) })
        });
        let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
        output.code(0).lines(&lines(&all)).silent();
        assert_eq!(registry.requests().len(), 5, "{name}\n{}", registry.log());
    }
}

/// A larger page that is refused, in whatever way, is asked for as the server offered it.
#[test]
fn a_refused_larger_page_costs_nothing() {
    for status in [402, 406, 409, 414, 423, 451, 501, 505] {
        let registry = TestRegistry::new()
            .tags("a", numbered(150))
            .page_size(50)
            .hook(move |request| {
                (request.param("n").as_deref() == Some("1000")).then(|| Response::new(status))
            })
            .start();
        let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
        output.code(0).lines(&lines(&numbered(150))).silent();
        assert_eq!(registry.requests().len(), 4, "{status}\n{}", registry.log());
    }
}

/// A list without a link whose length is a page's.
#[test]
fn pages_without_a_link_are_found() {
    use crate::support::registry::Link;
    for (page, all) in [(40, 90), (120, 241), (770, 771), (1_000, 1_001)] {
        let registry = TestRegistry::new()
            .tags("a", numbered(all))
            .page_size(page)
            .link(Link::Missing)
            .start();
        let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
        output.code(0).lines(&lines(&numbered(all))).silent();
    }
    // The question is ours: no answer to it is the user's error.
    for status in [402, 405, 409, 410, 451] {
        let registry = TestRegistry::new()
            .tags("a", numbered(60))
            .hook(move |request| request.param("last").map(|_| Response::new(status)))
            .start();
        let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
        output.code(0).lines(&lines(&numbered(60))).stderr_has("may be incomplete");
    }
    // It pages, and cannot be asked for more.
    let registry = with(|request| {
        let n = request.param("n").and_then(|n| n.parse().ok()).unwrap_or(70);
        Some(list(&numbered(200)[..n.min(200)]))
    });
    let output = TestEnv::new().run(["ls", &registry.repo("a")]);
    output.code(0).stderr_has("may be incomplete");
    // A count that is no page's is not asked about.
    let registry = TestRegistry::new().tags("a", numbered(77)).start();
    TestEnv::new().run(["ls", &registry.repo("a")]).code(0).silent();
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());
}

/// go-containerregistry begins anew behind the last entry, distribution 3 as a cache knows `last` beside `n` alone.
#[test]
fn a_list_that_begins_anew_at_its_end_is_whole() {
    for needs_n in [false, true] {
        for (all, page, is_whole) in [(60, 60, true), (1_000, 1_000, true), (90, 40, false)] {
            let registry = with(move |request| {
                let (tags, n) = (numbered(all), request.param("n"));
                let last = request.param("last").filter(|_| !needs_n || n.is_some());
                let is_behind = |tag: &String| last.as_ref().is_some_and(|last| tag > last);
                let start = match tags.iter().position(is_behind) {
                    None if needs_n && last.is_some() => all,
                    start => start.unwrap_or(0),
                };
                let size = n.map_or(page, |n| n.parse().expect("a number"));
                Some(list(&tags[start..(start + size).min(all)]))
            });
            let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
            let output = output.code(0);
            if is_whole {
                output.lines(&lines(&numbered(all))).silent();
            } else {
                output.stderr_has("may be incomplete");
            }
        }
    }
}

fn hub_env(origin: &str, registry: &TestRegistry) -> TestEnv {
    let env = TestEnv::new();
    env.config_toml(&format!(
        "[profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"{}\"\nhub-api = \"{origin}\"\n",
        registry.server().origin(),
    ));
    env
}

/// Docker Hub's pages shift while others push; `count` shows it, and the registry has the names.
#[test]
fn a_hub_list_that_shifts_is_not_believed() {
    let all = numbered(150);
    type Shift = fn(usize, &mut Vec<Value>) -> Option<usize>;
    let shifts: [(&str, Shift, bool); 5] = [
        (
            "one is pushed to the front, once",
            |asked, tags| {
                if asked == 1 {
                    tags.rotate_right(1);
                }
                None
            },
            true,
        ),
        (
            "one is pushed to the front, always",
            |_, tags| {
                tags.rotate_right(1);
                None
            },
            false,
        ),
        (
            "one is deleted, always",
            |_, tags| {
                tags.remove(0);
                None
            },
            false,
        ),
        ("the count is another one", |_, _| Some(151), false),
        ("the count grows", |asked, _| Some(150 + asked), false),
    ];
    for (name, shift, is_healed) in shifts {
        let tags = std::sync::Mutex::new(all.iter().map(|name| tag(name)).collect::<Vec<_>>());
        let asked = AtomicUsize::new(0);
        let hub = TestHub::new()
            .hook(move |request| {
                let mut tags = tags.lock().unwrap();
                let count = shift(asked.fetch_add(1, Ordering::SeqCst), &mut tags);
                let page: usize = request.param("page").and_then(|n| n.parse().ok()).unwrap_or(1);
                let end = (page * 100).min(tags.len());
                let next = (end < tags.len()).then(|| format!("?page={}&page_size=100", page + 1));
                Some(Response::json(
                    200,
                    &json!({
                        "count": count.unwrap_or(tags.len()), "next": next,
                        "results": tags[(page - 1) * 100..end],
                    }),
                ))
            })
            .start();
        let registry = TestRegistry::new().tags("library/app", all.clone()).start();
        let env = hub_env(&hub.origin(), &registry);
        let output = env.run(["ls", "-l", "--format", "{{.Tag}}{{with .Size}}{{end}}", "app"]);
        output.code(0);
        assert_eq!(output.stdout.lines().count(), 150, "{name}\n{output}");
        assert_eq!(output.stderr.is_empty(), is_healed, "{name}\n{output}");
        assert_eq!(registry.requests().is_empty(), is_healed, "{name}\n{}", registry.log());
    }
}

/// No API, no sizes; but the registry has names and digests.
#[test]
fn without_the_hub_s_api_the_registry_answers() {
    let gone = TestHub::new().start().origin();
    let answers: [(&str, Option<Response>); 5] = [
        ("nobody is there", None),
        ("in trouble", Some(Response::new(500))),
        ("a login page", Some(Response::with_body(200, "text/html", "<html>"))),
        ("a teapot", Some(Response::new(418))),
        ("another list", Some(Response::json(200, &json!({"results": 7})))),
    ];
    for (name, answer) in answers {
        let hub = answer.map(|answer| {
            let bytes = answer.bytes(false);
            let hook = move |_: &Request| Some(crate::support::hostile::bytes(bytes.clone()));
            TestHub::new().hook(hook).start()
        });
        let origin = hub.as_ref().map_or(gone.clone(), TestHub::origin);
        let registry = TestRegistry::new().tags("library/app", ["1", "2"]).start();
        let env = hub_env(&origin, &registry);
        let flags = ["ls", "-l", "--retries", "0", "--format", "json"];
        for more in [&["app"][..], &["--limit", "2", "app"]] {
            let output = env.run(flags.iter().chain(more).copied());
            let rows =
                output.code(0).stderr_has("SIZE, PLATFORMS, CREATED may be missing").json_lines();
            assert!(rows.len() == 2 && rows.iter().all(|row| row["Digest"].is_string()), "{name}");
            assert_eq!(output.stderr.lines().count(), 1, "{name}\n{output}");
        }
    }
}

/// In an order that only the list has, nothing comes after what is not in the list.
#[test]
fn last_must_be_there_where_the_order_needs_it() {
    let registry = TestRegistry::new().tags("a", ["1", "3", "2"]).start();
    let name = registry.repo("a");
    let env = TestEnv::new();
    let run = |flags: &[&str]| {
        env.run(["ls", "--last", "9.9-absent"].iter().chain(flags).chain(&[&*name]).copied())
    };
    for flags in [
        &["--sort", "none"][..],
        &["--sort", "none", "--reverse"],
        &["--sort", "none", "--filter", "1"],
        &["--sort", "none", "--digests"],
        &["--sort", "created"],
        &["--raw"],
    ] {
        run(flags).code(3).stdout("").stderr_has("9.9-absent");
    }
    for flags in [&["--sort", "name"][..], &["--sort", "version"], &[]] {
        assert_eq!(run(flags).code, 0, "{flags:?}");
    }
    let output = env.run(["ls", "--sort", "none", "--last", "3", &name]);
    output.code(0).lines(&["2"]).silent();
    let output = env.run(["ls", "--sort", "none", "--last", "2", &name]);
    output.code(0).stdout("").silent();
}

/// `>&-`: what nobody gets is not printed, and that is a failure. A pipe that closes is not.
#[cfg(target_os = "linux")]
#[test]
fn a_closed_output_is_an_error() {
    let registry = TestRegistry::new().tags("demo/app", ["1.0", "2.0"]).start();
    let env = TestEnv::new();
    let binary = crate::support::env::binary().display().to_string();
    let repository = registry.repo("demo/app");
    let shell = |script: String| env.program_run("/bin/sh", ["-c".to_owned(), script]).run();
    for words in [
        format!("ls {repository}"),
        format!("ls --sort none {repository}"),
        format!("ls --format json {repository}"),
        format!("ls --raw {repository}"),
        "--version".to_owned(),
        "ls --help".to_owned(),
        "docker-cli-plugin-metadata".to_owned(),
    ] {
        let closed = shell(format!("{binary} {words} >&-"));
        closed.code(1).stderr_has("standard output").stderr_has("closed");
        shell(format!("{binary} {words} >/dev/null")).code(0);
        // Opened for reading, too, as Python's DEVNULL is.
        shell(format!("{binary} {words} 1<>/dev/null")).code(0);
    }
    shell(format!("{binary} ls {repository} | head -n 1; exit ${{PIPESTATUS:-0}}")).code(0);
}
