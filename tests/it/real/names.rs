//! Addresses that a server names, for a registry on the internet and by names of the DNS: whatever a hostile realm or
//! redirect resolves to, this machine and its network are not contacted.
//!
//! Threats T4 and T1 once more, where `hostile` cannot go: all of its registries are on loopback, which is private.

mod lookups;
mod private;
mod rebinding;

use crate::hostile::{BEARER, assert_anonymous, bearer, challenge, list, logged_in, three_ways};
use crate::support::{Request, Response, Server, TestRegistry};

use super::dns::Dns;
use super::network::{ELSEWHERE, METADATA, NEARBY, OTHERS, PRIVATE, PUBLIC, in_own_network};

/// Names of a hostile domain, and the addresses inside that they lead to.
const INSIDE: [(&str, &[&str]); 9] = [
    ("loopback.evil.example", &["127.0.0.1"]),
    ("six.evil.example", &["::1"]),
    ("private.evil.example", &[PRIVATE]),
    ("local.evil.example", &["fd00:1::5"]),
    ("both.evil.example", &["127.0.0.1", PRIVATE, "::1", "fd00:1::5"]),
    ("mapped.evil.example", &["::ffff:10.1.2.3", "::ffff:127.0.0.1"]),
    ("nat64.evil.example", &["64:ff9b::a01:203"]),
    ("metadata.evil.example", &[METADATA]),
    ("mapped-metadata.evil.example", &["::ffff:169.254.169.254"]),
];

/// Serves on port 80 of an address.
fn serve(ip: &str, handler: impl Fn(&Request) -> Response + Send + Sync + 'static) -> Server {
    let ip = if ip.contains(':') { format!("[{ip}]") } else { ip.to_owned() };
    Server::start_at(&format!("{ip}:80"), None, handler)
}

/// A token for anybody who asks for one, and the list for those who were sent here for it.
fn token(request: &Request) -> Response {
    match request.param("service") {
        Some(_) => Response::json(200, &serde_json::json!({"token": BEARER})),
        None => list(&["1.0"]),
    }
}

/// Traps on port 80 of every address that is not public.
fn traps() -> Vec<Server> {
    let inside = ["127.0.0.1", "::1", PRIVATE, NEARBY, METADATA].into_iter().chain(OTHERS);
    inside.map(|ip| serve(ip, token)).collect()
}

#[track_caller]
fn assert_untouched(traps: &[Server]) {
    for trap in traps {
        trap.assert_untouched();
    }
}

/// A registry at this address that wants a token of this service, and knows one repository.
fn registry(ip: &str, realm: &str) -> TestRegistry {
    let field = bearer(realm);
    let answer = move |request: &Request| match request.bearer() {
        Some(BEARER) => list(&["1.0"]),
        _ => challenge(&field),
    };
    TestRegistry::new().address(ip).hook(move |request| Some(answer(request))).start()
}

/// A registry at this address that sends everybody on to another.
fn redirecting(ip: &str, location: &str) -> TestRegistry {
    let location = location.to_owned();
    let answer = move || Response::new(307).header("Location", location.as_str());
    TestRegistry::new().address(ip).hook(move |_| Some(answer())).start()
}

/// The command of all the scenarios.
fn ls(repository: &str) -> [&str; 3] {
    ["ls", "--plain-http", repository]
}

/// Runs it for a public registry that names this URL as its token service, and for one that redirects there.
#[track_caller]
fn expect_refused(url: &str, host: &str) {
    for registry in [registry(PUBLIC, url), redirecting(PUBLIC, url)] {
        let env = logged_in(&registry.host());
        three_ways(&env, &ls(&registry.repo("demo/app")), |seen| {
            seen.fails(1).says(host).says("refused");
            assert_eq!(registry.requests().len(), 1, "{}", registry.log());
            registry.server().clear();
        });
    }
}

#[test]
#[ignore = "needs unshare and ip"]
fn literals_that_lead_inside_are_refused() {
    in_own_network(|| {
        let others = OTHERS.map(|ip| if ip.contains(':') { format!("[{ip}]") } else { ip.into() });
        let plain = ["127.0.0.1", "[::1]", PRIVATE, NEARBY, METADATA].map(str::to_owned);
        for ip in plain.into_iter().chain(others) {
            let trap = Server::trap(&ip);
            expect_refused(&format!("{}/token", trap.origin()), &trap.host());
            trap.assert_untouched();
        }
        for (spelled, ip) in [
            ("[::ffff:127.0.0.1]", "127.0.0.1"),
            ("[::ffff:a01:203]", PRIVATE),
            ("[::ffff:169.254.169.254]", METADATA),
        ] {
            let trap = Server::trap(ip);
            expect_refused(&format!("http://{spelled}:{}/token", trap.port()), spelled);
            trap.assert_untouched();
        }
    });
}

#[test]
#[ignore = "needs unshare and ip"]
fn names_that_lead_inside_are_refused() {
    in_own_network(|| {
        let dns = Dns::zone(&INSIDE);
        let traps = traps();
        for (name, _) in INSIDE {
            expect_refused(&format!("http://{name}/token"), name);
            // Three runs for the realm and three for the redirect, each of which looked it up.
            assert_eq!(dns.asked(name), 6, "{name}");
        }
        // Names of this machine itself need no name server.
        expect_refused("http://localhost/token", "localhost");
        assert_untouched(&traps);
    });
}

/// The public one of several addresses is fine; the others are not tried, not even when it fails.
#[test]
#[ignore = "needs unshare and ip"]
fn of_several_addresses_only_the_public_one_is_contacted() {
    in_own_network(|| {
        let mixed =
            [PRIVATE, "127.0.0.1", METADATA, ELSEWHERE, "::1", "fd00:1::5", "64:ff9b::a01:203"];
        let _dns = Dns::zone(&[("mixed.evil.example", &mixed)]);
        let traps = traps();
        let service = serve(ELSEWHERE, token);
        let registry = registry(PUBLIC, "http://mixed.evil.example/token");
        let env = logged_in(&registry.host());
        three_ways(&env, &ls(&registry.repo("demo/app")), |seen| {
            seen.lists(&["1.0"]).says("mixed.evil.example");
            assert_eq!(service.requests().len(), 1, "{}", service.log());
            assert_anonymous(&service);
            service.clear();
        });
        drop(service);
        three_ways(&env, &ls(&registry.repo("demo/app")), |seen| {
            seen.fails(5).says("mixed.evil.example").says("connection refused");
        });
        assert_untouched(&traps);
    });
}
