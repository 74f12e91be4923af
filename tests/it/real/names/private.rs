//! Registries of a private network, which may name addresses of that network and of no other kind; and who gets the
//! login when hosts have names.

use crate::hostile::{PASSWORD, USER, assert_anonymous, logged_in, three_ways};
use crate::real::dns::Dns;
use crate::real::network::{ELSEWHERE, METADATA, NEARBY, PRIVATE, PUBLIC, in_own_network};
use crate::support::{Request, TestRegistry};

use super::{assert_untouched, ls, redirecting, registry, serve, token, traps};

const REGISTRY: &str = "registry.corp.example";

/// A private registry may name its neighbours, who are asked without the login.
#[test]
#[ignore = "needs unshare and ip"]
fn a_private_registry_may_name_private_addresses() {
    in_own_network(|| {
        let _dns = Dns::zone(&[("near.example", &[METADATA, NEARBY])]);
        let metadata = serve(METADATA, token);
        for (ip, host) in [
            (NEARBY, NEARBY),
            ("127.0.0.1", "127.0.0.1"),
            ("fd00:1::5", "[fd00:1::5]"),
            (NEARBY, "near.example"),
            (ELSEWHERE, ELSEWHERE),
        ] {
            let service = serve(ip, token);
            let url = format!("http://{host}/token");
            for registry in [registry(PRIVATE, &url), redirecting(PRIVATE, &url)] {
                let env = logged_in(&registry.host());
                three_ways(&env, &ls(&registry.repo("demo/app")), |seen| {
                    seen.lists(&["1.0"]);
                    assert_eq!(service.requests().len(), 1, "{}", service.log());
                    assert_anonymous(&service);
                    service.clear();
                });
            }
        }
        metadata.assert_untouched();
    });
}

#[test]
#[ignore = "needs unshare and ip"]
fn a_private_registry_may_not_name_metadata_services() {
    in_own_network(|| {
        let mapped = "::ffff:169.254.169.254";
        let _dns = Dns::zone(&[("a.corp.example", &[METADATA]), ("b.corp.example", &[mapped])]);
        let trap = serve(METADATA, token);
        for host in [METADATA, "[::ffff:a9fe:a9fe]", "a.corp.example", "b.corp.example"] {
            let url = format!("http://{host}/token");
            for registry in [registry(PRIVATE, &url), redirecting(PRIVATE, &url)] {
                let env = logged_in(&registry.host());
                three_ways(&env, &ls(&registry.repo("demo/app")), |seen| {
                    seen.fails(1).says(host).says("refused");
                });
            }
        }
        trap.assert_untouched();
    });
}

/// The host of a registry at this address, by the name that the user types.
fn named(port: u16) -> String {
    format!("{REGISTRY}:{port}")
}

/// The user named the registry: its name may lead inside, and its own domain's token service gets the login there.
#[test]
#[ignore = "needs unshare and ip"]
fn a_named_registry_inside_has_its_token_service_inside() {
    in_own_network(|| {
        let names: [(&str, &[&str]); 2] =
            [(REGISTRY, &[PRIVATE, "fd00:1::5"]), ("auth.corp.example", &[NEARBY])];
        let _dns = Dns::zone(&names);
        let service = serve(NEARBY, token);
        let registry = registry(PRIVATE, "http://auth.corp.example/token");
        let host = named(registry.server().port());
        let env = logged_in(&host);
        // Over http only because the user says so.
        env.config_toml(&format!(
            "[profiles.corp]\nregistry = \"{host}\"\ntoken-hosts = [\"http://auth.corp.example\"]\n"
        ));
        three_ways(&env, &ls(&format!("{host}/demo/app")), |seen| {
            seen.lists(&["1.0"]).says_nothing_of("warning");
            let basic: Vec<_> = service.requests().iter().map(Request::basic).collect();
            let login = (USER.to_owned(), PASSWORD.to_owned());
            assert_eq!(basic, [Some(login)], "{}", service.log());
            service.clear();
        });
    });
}

/// A public address beside the private one: then whoever owns the name may be anybody, and nothing inside is named.
#[test]
#[ignore = "needs unshare and ip"]
fn a_registry_that_is_inside_and_outside_may_not_name_what_is_inside() {
    in_own_network(|| {
        let names: [(&str, &[&str]); 2] =
            [(REGISTRY, &[PRIVATE, PUBLIC]), ("auth.corp.example", &[NEARBY])];
        let _dns = Dns::zone(&names);
        let traps = traps();
        for ip in [PRIVATE, PUBLIC] {
            let registry = registry(ip, "http://auth.corp.example/token");
            let host = named(registry.server().port());
            let env = logged_in(&host);
            three_ways(&env, &ls(&format!("{host}/demo/app")), |seen| {
                seen.fails(1).says("auth.corp.example").says("refused");
            });
        }
        assert_untouched(&traps);
    });
}

/// Nor another port of its own host, where that is inside.
#[test]
#[ignore = "needs unshare and ip"]
fn another_port_of_a_registry_that_is_inside_and_outside() {
    in_own_network(|| {
        let _dns = Dns::zone(&[(REGISTRY, &["127.0.0.1", PUBLIC])]);
        let (trap, service) = (serve("127.0.0.1", token), serve(PUBLIC, token));
        let registry = registry(PUBLIC, &format!("http://{REGISTRY}/token"));
        let host = named(registry.server().port());
        let env = logged_in(&host);
        three_ways(&env, &ls(&format!("{host}/demo/app")), |seen| {
            seen.lists(&["1.0"]);
            assert_eq!(service.requests().len(), 1, "{}", service.log());
            service.clear();
        });
        trap.assert_untouched();
    });
}

/// A name that stands for this machine, and leads elsewhere: what a loopback registry may do unasked is not for it.
#[test]
#[ignore = "needs unshare and ip"]
fn a_name_that_stands_for_this_machine_must_lead_here() {
    in_own_network(|| {
        const NAME: &str = "app.localhost";
        for (ip, is_here) in [(PRIVATE, false), (PUBLIC, false), ("127.0.0.1", true)] {
            let _dns = Dns::zone(&[(NAME, &[ip])]);
            let registry = TestRegistry::new().tags("demo/app", ["1.0"]).address(ip).start();
            let host = format!("{NAME}:{}", registry.server().port());
            let env = logged_in(&host);
            let name = format!("{host}/demo/app");
            three_ways(&env, &["ls", "--retries", "0", &name], |seen| {
                if is_here {
                    seen.lists(&["1.0"]);
                } else {
                    seen.fails(1).says("means this machine").says(ip).says("--plain-http");
                    registry.server().assert_untouched();
                }
            });
            // Whoever says so may.
            env.run(["ls", "--plain-http", &name]).code(0).stdout("1.0\n");
            env.run(["ls", "-k", &name]).code(0).stdout("1.0\n");
        }
    });
}

/// Hosts that look like the registry's neighbours, and one address of its own under no name, do not get the login.
#[test]
#[ignore = "needs unshare and ip"]
fn look_alikes_get_no_login() {
    in_own_network(|| {
        let cases = [
            (REGISTRY, "auth.other.example"),
            (REGISTRY, "registry.corp.example.evil.test"),
            (REGISTRY, "auth.notcorp.example"),
            (REGISTRY, "corp.example.test"),
            (REGISTRY, "example"),
            (REGISTRY, PUBLIC),
            ("mine.azurecr.io", "yours.azurecr.io"),
            ("reg.shop.co.uk", "auth.other.co.uk"),
        ];
        let here = |&(registry, realm): &(&'static str, &'static str)| [registry, realm];
        let names: Vec<(&str, &[&str])> =
            cases.iter().flat_map(here).map(|name| (name, &[PUBLIC][..])).collect();
        let _dns = Dns::zone(&names);
        let service = serve(PUBLIC, token);
        for (ours, theirs) in cases {
            let registry = registry(PUBLIC, &format!("http://{theirs}/token"));
            let host = format!("{ours}:{}", registry.server().port());
            let env = logged_in(&host);
            three_ways(&env, &ls(&format!("{host}/demo/app")), |seen| {
                seen.lists(&["1.0"]).says("warning: ").says(theirs);
                assert_eq!(service.requests().len(), 1, "{}", service.log());
                assert_anonymous(&service);
                service.clear();
            });
            assert!(registry.requests().iter().all(|r| r.basic().is_none()), "{}", registry.log());
        }
    });
}
