//! Name servers that change their mind between the check and the connection, or between two runs.

use crate::hostile::{BEARER, USER, bearer, challenge, list, logged_in, three_ways};
use crate::real::dns::{Dns, Reply, addresses};
use crate::real::network::{ELSEWHERE, PUBLIC, in_own_network};
use crate::support::{Request, Response, TestRegistry};

use super::{assert_untouched, ls, redirecting, registry, serve, token, traps};

const NAME: &str = "rebind.evil.example";
const SECOND: &str = "canary-bearer-2e6b";

/// Leads to this address the first time, and inside afterwards.
fn rebinding(first: &'static str) -> Dns {
    Dns::start(move |question| match (question.name.as_str(), question.before) {
        (NAME, 0) => Reply::Addresses(addresses(&[first])),
        (NAME, _) => Reply::Addresses(addresses(&["127.0.0.1", "::1"])),
        _ => Reply::NoSuchName,
    })
}

/// A token service that closes the connection after each answer. The second token is for more.
fn closing(request: &Request) -> Response {
    let more = request.params("scope").iter().any(|scope| scope.contains("more"));
    let token = if more { SECOND } else { BEARER };
    Response::json(200, &serde_json::json!({ "token": token })).closing()
}

/// Finds the first token to be for too little, so that one run connects to the token service twice.
fn wants_two_tokens() -> TestRegistry {
    let field = bearer(&format!("http://{NAME}/token"));
    let more = format!("{field},error=\"insufficient_scope\"").replace("pull\"", "pull,more\"");
    let answer = move |request: &Request| match request.bearer() {
        None => challenge(&field),
        Some(SECOND) => list(&["1.0"]),
        Some(_) => challenge(&more),
    };
    TestRegistry::new().address(PUBLIC).hook(move |request| Some(answer(request))).start()
}

#[test]
#[ignore = "needs unshare and ip"]
fn a_second_answer_is_not_asked_for() {
    in_own_network(|| {
        let dns = rebinding(ELSEWHERE);
        let traps = traps();
        let service = serve(ELSEWHERE, closing);
        let registry = wants_two_tokens();
        let env = logged_in(&registry.host());
        env.canary(SECOND);
        let mut connections = 0;
        three_ways(&env, &ls(&registry.repo("demo/app")), |seen| {
            seen.lists(&["1.0"]);
            connections += 2;
            assert_eq!(service.connections(), connections, "{}", service.log());
            assert_eq!(dns.asked(NAME), 1);
            dns.forget();
        });
        assert_untouched(&traps);
    });
}

/// Nor is it asked for when the first address fails, at once or in the middle.
#[test]
#[ignore = "needs unshare and ip"]
fn a_failure_is_no_reason_to_look_again() {
    in_own_network(|| {
        let dns = rebinding(ELSEWHERE);
        let traps = traps();
        let registry = registry(PUBLIC, &format!("http://{NAME}/token"));
        let env = logged_in(&registry.host());
        let refuses = None;
        let hangs_up = Some(serve(ELSEWHERE, |_| crate::support::hostile::hang_up()));
        for service in [refuses, hangs_up] {
            three_ways(&env, &ls(&registry.repo("demo/app")), |seen| {
                seen.fails(5).says(NAME);
                assert_eq!(dns.asked(NAME), 1);
                dns.forget();
            });
            let tried = service.map_or(0, |service| service.connections());
            assert!(tried == 0 || tried >= 6, "{tried} connections in three runs with retries");
        }
        assert_untouched(&traps);
    });
}

/// What was public in one run is looked up again in the next, and refused there.
#[test]
#[ignore = "needs unshare and ip"]
fn the_next_run_is_as_careful() {
    in_own_network(|| {
        let dns = rebinding(ELSEWHERE);
        let traps = traps();
        let service = serve(ELSEWHERE, token);
        let registry = registry(PUBLIC, &format!("http://{NAME}/token"));
        let env = logged_in(&registry.host());
        let name = registry.repo("demo/app");
        env.run(ls(&name)).code(0).stdout("1.0\n");
        three_ways(&env, &ls(&name), |seen| {
            seen.fails(1).says(NAME).says("refused");
        });
        assert_eq!((service.requests().len(), dns.asked(NAME)), (1, 4), "{}", service.log());
        assert_untouched(&traps);
    });
}

/// A registry whose own name leads inside as soon as it is known: the user named the host, not this port of it.
#[test]
#[ignore = "needs unshare and ip"]
fn another_port_of_the_registry_is_no_way_in() {
    in_own_network(|| {
        let dns = rebinding(PUBLIC);
        let traps = traps();
        let service = serve(PUBLIC, token);
        let url = format!("http://{NAME}/token");
        for (registry, login) in
            [(registry(PUBLIC, &url), Some(USER)), (redirecting(PUBLIC, &url), None)]
        {
            let host = format!("{NAME}:{}", registry.server().port());
            let env = logged_in(&host);
            three_ways(&env, &ls(&format!("{host}/demo/app")), |seen| {
                assert_untouched(&traps);
                seen.lists(&["1.0"]);
                assert_eq!(dns.asked(NAME), 1);
                // The token service is on the registry's own host, and may know who asks.
                let basic = service.requests().first().and_then(Request::basic);
                assert_eq!(basic.map(|(user, _)| user).as_deref(), login, "{}", service.log());
                service.clear();
                dns.forget();
            });
        }
    });
}
