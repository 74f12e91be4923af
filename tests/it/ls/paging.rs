//! Lists in pages, as the registries there are give them.

use super::{lines, numbered};
use crate::support::registry::{Link, Over};
use crate::support::{TestEnv, TestRegistry};

#[test]
fn pages_grow_after_the_first() {
    let registry = TestRegistry::new()
        .tags("a", numbered(2500))
        .page_size(100)
        .max_n(1000, Over::Invalid)
        .start();
    let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
    output.code(0).lines(&lines(&numbered(2500))).silent();
    let asked: Vec<(Option<String>, Option<String>)> =
        registry.requests().iter().map(|r| (r.param("n"), r.param("last"))).collect();
    let page = |last: &str| (Some("1000".to_owned()), Some(last.to_owned()));
    let expected = [(None, None), page("t0099"), page("t1099"), page("t2099")];
    assert_eq!(asked, expected, "{}", registry.log());
    registry.server().assert_connections(1);
}

#[test]
fn a_registry_that_refuses_large_pages_is_asked_its_own_way() {
    for over in [Over::Invalid, Over::Unsupported] {
        let registry =
            TestRegistry::new().tags("a", numbered(430)).page_size(100).max_n(500, over).start();
        let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
        output.code(0).lines(&lines(&numbered(430))).silent();
        let sizes: Vec<Option<String>> =
            registry.requests().iter().map(|request| request.param("n")).collect();
        let expected = [None, Some("1000"), Some("100"), Some("100"), Some("100"), Some("100")];
        assert_eq!(sizes, expected.map(|n| n.map(str::to_owned)), "{over:?}\n{}", registry.log());
    }
}

#[test]
fn every_style_of_link_leads_to_the_whole_list() {
    for link in [
        Link::Relative,
        Link::Absolute,
        Link::Unquoted,
        Link::WrongPath,
        Link::Always,
        Link::AfterPrevious,
        Link::Opaque,
        Link::Missing,
    ] {
        let registry = TestRegistry::new()
            .tags("a", numbered(250))
            .page_size(100)
            .max_n(100, Over::Clamp)
            .link(link)
            .start();
        let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
        output.code(0).lines(&lines(&numbered(250)));
        // Without links, the question whether there is more costs one.
        let most = if link == Link::Missing { 5 } else { 4 };
        assert!(registry.requests().len() <= most, "{link:?}\n{}", registry.log());
    }
}

#[test]
fn a_round_number_without_a_link_is_probed_once() {
    let registry = TestRegistry::new().tags("a", numbered(100)).start();
    let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
    output.code(0).lines(&lines(&numbered(100))).silent();
    assert_eq!(registry.requests().len(), 2, "{}", registry.log());

    let registry = TestRegistry::new().tags("a", numbered(100)).ignore_n().start();
    let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
    output.code(0).lines(&lines(&numbered(100))).silent();
    // It does not know `last`, nor `n`: so it does not page at all.
    let asked: Vec<String> = registry.requests().iter().map(|r| r.query.clone()).collect();
    assert_eq!(asked, ["", "n=1&last=t0099"], "{}", registry.log());
}

/// What a registry without links makes of the question for one more entry: a page of a hundred, by
/// `n` and `last` where it knows them.
#[test]
fn the_question_for_one_more_entry_is_understood_in_many_ways() {
    use crate::support::http::{Request, Response};
    let all = numbered(250);
    let page = |request: &Request, knows_n: bool, knows_last: bool| {
        let all = numbered(250);
        let n = request.param("n").filter(|_| knows_n).map_or(100, |n| n.parse().unwrap());
        let last = request.param("last").filter(|_| knows_last);
        let start = last.map_or(0, |last| all.iter().position(|tag| *tag == last).unwrap() + 1);
        let tags: Vec<_> = all[start..].iter().take(usize::min(n, 100)).collect();
        Response::json(200, &serde_json::json!({ "name": "a", "tags": tags }))
    };
    let start = |answer: Box<dyn Fn(&Request) -> Response + Send + Sync>| {
        TestRegistry::new().tags("a", ["1"]).hook(move |request| Some(answer(request))).start()
    };
    let ls =
        |registry: &TestRegistry| TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
    for status in [400, 404, 405, 422] {
        let registry = start(Box::new(move |request| match request.param("n") {
            Some(_) => crate::support::registry::error(status, "UNSUPPORTED", "no n"),
            None => page(request, false, true),
        }));
        ls(&registry).code(0).lines(&lines(&all)).silent();
    }
    let registry = start(Box::new(move |request| page(request, false, true)));
    ls(&registry).code(0).lines(&lines(&all)).silent();
    let registry = start(Box::new(move |request| page(request, true, false)));
    ls(&registry).code(0).lines(&lines(&all[..100])).stderr_has("may be incomplete");
    // The answer to the question has a link, the list itself has none.
    let registry = start(Box::new(move |request| {
        let answer = page(request, true, true);
        let number = |text: String| text.trim_start_matches('t').parse::<usize>().unwrap();
        let Some(last) = request.param("last").map(number) else { return answer };
        let n = request.param("n").map_or(100, number);
        let link = format!("</v2/a/tags/list?n={n}&last=t{:04}>; rel=next", last + n);
        if last + n < 249 { answer.header("Link", link) } else { answer }
    }));
    ls(&registry).code(0).lines(&lines(&all)).silent();
}

#[test]
fn a_list_that_breaks_off_does_not_look_complete() {
    let registry = TestRegistry::new()
        .tags("a", numbered(250))
        .page_size(100)
        .hook(|request| {
            let second = request.param("last").is_some();
            second.then(|| crate::support::registry::error(403, "DENIED", "no more for you"))
        })
        .start();
    let output = TestEnv::new().run(["ls", &registry.repo("a")]);
    assert_ne!(output.code, 0, "{output}");
    output.stdout("");
}

/// The tag that the link names was deleted meanwhile: the list is read once more, then it fails.
#[test]
fn a_page_that_vanishes_twice_is_an_error() {
    let registry = TestRegistry::new()
        .tags("a", numbered(250))
        .page_size(100)
        .hook(|request| {
            let second = request.param("last").is_some();
            second.then(|| crate::support::registry::error(404, "NAME_UNKNOWN", "gone"))
        })
        .start();
    let output = TestEnv::new().run(["ls", &registry.repo("a")]);
    output.code(1).stdout("").stderr_has("changed twice while it was read");
    // The link's page in both sizes, and all of that once more.
    assert_eq!(registry.requests().len(), 5, "{}", registry.log());
    registry.server().clear();
    let output = TestEnv::new().run(["ls", "--sort", "none", &registry.repo("a")]);
    output.code(1).lines(&lines(&numbered(100))).stderr_has("changed twice while it was read");
}

#[test]
fn raw_is_one_document_over_all_pages() {
    let registry = TestRegistry::new().tags("a", numbered(250)).page_size(100).start();
    let output = TestEnv::new().run(["ls", "--raw", &registry.repo("a")]);
    let expected = serde_json::json!({"name": "a", "tags": numbered(250)});
    assert_eq!(output.code(0).json(), expected);
}
