//! T1, T2, T4: token services that are somebody else's, unencrypted, or no place to go.

use super::{BEARER, PASSWORD, USER, assert_anonymous, bearer, insists_on, list, logged_in};
use super::{three_ways, token_service};
use crate::support::tls::Authority;
use crate::support::{Proxy, Response, Server, TestEnv, TestRegistry};

/// A01: a token service elsewhere does not get the login.
#[test]
fn a_foreign_realm_gets_no_login() {
    let foreign = token_service("127.0.0.2");
    let registry = insists_on(&bearer(&format!("{}/token", foreign.origin())));
    let env = logged_in(&registry.host());
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(4).says("127.0.0.2").says("not sent");
        assert!(foreign.requests().len() <= 1, "{}", foreign.log());
        assert!(foreign.requests().iter().all(|visit| visit.method == "GET"));
        assert_anonymous(&foreign);
        assert!(registry.requests().len() <= 3, "{}", registry.log());
        assert!(registry.requests().iter().all(|request| request.basic().is_none()));
        registry.server().clear();
        foreign.clear();
    });
}

/// The same with an identity token, which is traded by POST.
#[test]
fn a_foreign_realm_gets_no_identity_token() {
    let foreign = token_service("127.0.0.2");
    let registry = insists_on(&bearer(&format!("{}/token", foreign.origin())));
    let env = TestEnv::new();
    let auths = serde_json::json!({registry.host(): {"identitytoken": PASSWORD, "auth": ""}});
    env.docker_config_json(&serde_json::json!({ "auths": auths }));
    env.canary(PASSWORD);
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(4).says("127.0.0.2");
        assert!(foreign.requests().iter().all(|visit| visit.method == "GET"), "{}", foreign.log());
        assert_anonymous(&foreign);
        foreign.clear();
    });
}

/// A registry's own token is for the registry alone, whatever realm it names.
#[test]
fn a_registry_token_goes_to_no_token_service() {
    let service = Server::new(|_| Response::json(200, &serde_json::json!({"token": "another"})));
    let registry = insists_on(&bearer(&format!("{}/token", service.origin())));
    let env = TestEnv::new();
    let auths = serde_json::json!({registry.host(): {"registrytoken": BEARER}});
    env.docker_config_json(&serde_json::json!({ "auths": auths }));
    env.canary(BEARER);
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(4);
        assert!(registry.requests().len() <= 3, "{}", registry.log());
        // Once the token is refused, the service may be asked as anybody could.
        assert_anonymous(&service);
        assert!(service.requests().iter().all(|request| request.method == "GET"));
        registry.server().clear();
        service.clear();
    });
}

/// Images that need no login are still listed when the realm is somebody else's (lscr.io).
#[test]
fn a_foreign_realm_serves_public_images() {
    let foreign = token_service("127.0.0.2");
    let field = bearer(&format!("{}/token", foreign.origin()));
    let registry = TestRegistry::new()
        .hook(move |request| {
            Some(match request.bearer() {
                Some(BEARER) => list(&["1.0"]),
                _ => super::challenge(&field),
            })
        })
        .start();
    let env = logged_in(&registry.host());
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.lists(&["1.0"]).says("warning: ").says("127.0.0.2");
        assert_anonymous(&foreign);
        foreign.clear();
    });
}

/// A pair that the user allows in the profile; and no other. Without encryption only where the
/// profile says so.
#[test]
fn a_foreign_realm_gets_the_login_where_the_user_allows_it() {
    let foreign = token_service("127.0.0.2");
    let cases = [
        ("http://127.0.0.2", true),
        ("127.0.0.2", false),
        ("http://127.0.0.3", false),
        ("http://27.0.0.2", false),
        ("x.y", false),
    ];
    for (allowed, is_told) in cases {
        let registry = insists_on(&bearer(&format!("{}/token", foreign.origin())));
        let env = logged_in(&registry.host());
        env.config_toml(&format!(
            "[profiles.lab]\nregistry = \"{}\"\ntoken-hosts = [\"{allowed}\"]\n",
            registry.host()
        ));
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.fails(4);
            let told = foreign.requests().iter().filter(|visit| visit.basic().is_some()).count();
            assert_eq!(told, usize::from(is_told), "{allowed}\n{}", foreign.log());
            if !is_told {
                assert_anonymous(&foreign);
            }
            foreign.clear();
        });
    }
}

/// A02: no token over http for a registry that speaks https, login or not.
#[test]
fn a_realm_may_not_leave_tls() {
    let trap = Server::trap("127.0.0.1");
    let authority = Authority::new("hostile tests");
    let identity = authority.issue(&["127.0.0.1"]);
    let field = bearer(&format!("{}/token", trap.origin()));
    let registry = TestRegistry::new()
        .tls(identity.server_config())
        .hook(move |_| Some(super::challenge(&field)))
        .start();
    for env in [logged_in(&registry.host()), TestEnv::new()] {
        let ca = env.write("ca.pem", authority.pem()).display().to_string();
        let name = registry.repo("demo/app");
        three_ways(&env, &["ls", "--ca-file", &ca, &name], |seen| {
            seen.fails(1).says(&trap.host()).says("not https");
        });
        // The same when no CA is named and loopback's leniency finds the TLS.
        three_ways(&env, &["ls", &name], |seen| {
            seen.fails(1).says(&trap.host()).says("not https");
        });
    }
    trap.assert_untouched();
    assert!(registry.requests().iter().all(|request| request.header("authorization").is_none()));
}

/// A03: realms at metadata addresses, in all the spellings that resolvers understand.
#[test]
fn a_realm_at_a_forbidden_address_is_not_contacted() {
    let trap = Server::start("0.0.0.0", None, |_| Response::new(200));
    let proxy = Server::trap("127.0.0.1");
    let everywhere = format!("http://0.0.0.0:{}/t", trap.port());
    let realms = [
        ("http://169.254.169.254/latest/token", "169.254.169.254"),
        ("http://[::ffff:169.254.169.254]/t", "[::ffff:169.254.169.254]"),
        ("http://2852039166/t", "2852039166"),
        ("http://0xa9fea9fe/t", "0xa9fea9fe"),
        ("http://0251.0376.0251.0376/t", "0251.0376.0251.0376"),
        ("http://[64:ff9b::a9fe:a9fe]/t", "[64:ff9b::a9fe:a9fe]"),
        ("http://[64:ff9b:1::a9fe:a9fe]/t", "[64:ff9b:1::a9fe:a9fe]"),
        ("http://[2002:a9fe:a9fe::]/t", "[2002:a9fe:a9fe::]"),
        ("http://[fe80::1]/t", "[fe80::1]"),
        ("http://[fd00:ec2::254]/t", "[fd00:ec2::254]"),
        ("http://100.100.100.200/t", "100.100.100.200"),
        ("http://224.0.0.1/t", "224.0.0.1"),
        ("http://255.255.255.255/t", "255.255.255.255"),
        ("http://metadata.google.internal/t", "metadata.google.internal"),
        ("http://METADATA.google.internal./t", "metadata.google.internal"),
        (&everywhere, "0.0.0.0"),
    ];
    for (realm, host) in realms {
        let registry = insists_on(&bearer(realm));
        let env = logged_in(&registry.host())
            .var("HTTP_PROXY", proxy.origin())
            .var("HTTPS_PROXY", proxy.origin());
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.fails(1).says(host);
        });
    }
    proxy.assert_untouched();
    trap.assert_untouched();
}

/// Realms that are no URL that we would ever ask.
#[test]
fn a_realm_must_be_a_plain_url() {
    let trap = Server::trap("127.0.0.1");
    let host = trap.host();
    let realms = [
        format!("http://{USER}:{PASSWORD}x@{host}/token"),
        format!("http://{USER}@{host}/token"),
        format!("http:\\\\\\\\{host}/token"),
        format!("ftp://{host}/token"),
        format!("gopher://{host}/token"),
        format!("ws://{host}/token"),
        format!("http://{host}:99999/token"),
        format!("http://127.0.0.1:0/{host}"),
        format!("http:///{host}/token"),
        format!("http://{host} /token"),
        format!("http://{host}\u{e9}/token"),
        format!("http://{host}/a\\\"b"),
        "file:///etc/passwd".to_owned(),
        "javascript:alert(1)".to_owned(),
        "data:application/json,{}".to_owned(),
        "unix:/var/run/docker.sock".to_owned(),
    ];
    for realm in realms {
        let registry = insists_on(&bearer(&realm));
        let env = TestEnv::new();
        env.login(&registry.host(), USER, "an-other-canary-55");
        // Somebody's, though not ours.
        env.canary(PASSWORD);
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.fails(1).says("token service").says_nothing_of(PASSWORD);
        });
        assert!(registry.requests().iter().all(|r| r.header("authorization").is_none()));
    }
    trap.assert_untouched();
}

/// A token service that sends us on is not followed: neither with the login nor without.
#[test]
fn a_token_service_may_not_redirect() {
    for status in [301, 302, 303, 307, 308] {
        let trap = Server::trap("127.0.0.2");
        let target = format!("{}/token", trap.origin());
        let service =
            Server::new(move |_| Response::new(status).header("Location", target.as_str()));
        let registry = insists_on(&bearer(&format!("{}/token", service.origin())));
        let env = logged_in(&registry.host());
        let output = env.run(["ls", "--retries", "0", &registry.repo("demo/app")]);
        output.code(1).stdout("").stderr_has("redirects");
        trap.assert_untouched();
        assert_eq!(service.requests().len(), 1, "{}", service.log());
    }
}

/// A `401` of the token service is about the login, not another challenge to follow.
#[test]
fn a_token_service_s_challenge_is_not_followed() {
    let trap = Server::trap("127.0.0.2");
    let field = bearer(&format!("{}/token", trap.origin()));
    let service = Server::new(move |_| super::challenge(&field));
    let registry = insists_on(&bearer(&format!("{}/token", service.origin())));
    let env = logged_in(&registry.host());
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(4).says(USER);
        let logins = service.requests().iter().filter(|r| r.basic().is_some()).count();
        assert_eq!((logins, service.requests().len()), (1, 2), "{}", service.log());
        trap.assert_untouched();
        service.clear();
    });
}

/// Challenges that ask for ever more: the machine gives up after three sends.
#[test]
fn endless_scopes_end() {
    let service = token_service("127.0.0.1");
    let realm = format!("{}/token", service.origin());
    let count = std::sync::atomic::AtomicUsize::new(0);
    let registry = TestRegistry::new()
        .hook(move |_| {
            let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            Some(super::challenge(&format!(
                "Bearer realm=\"{realm}\",service=\"s\",scope=\"repository:demo/app:pull,x{n} \
                 repository:other/x{n}:pull\",error=\"insufficient_scope\""
            )))
        })
        .start();
    let env = logged_in(&registry.host());
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(4);
        assert_eq!(registry.requests().len(), 3, "{}", registry.log());
        assert_eq!(service.requests().len(), 2, "{}", service.log());
        registry.server().clear();
        service.clear();
    });
}

/// Thousands of challenges and scopes in one answer cost one token request at most.
#[test]
fn huge_challenges_are_bounded() {
    let service = token_service("127.0.0.1");
    let realm = format!("{}/token", service.origin());
    let scopes: Vec<String> = (0..900).map(|n| format!("repository:r{n}:pull")).collect();
    let fields = [
        format!("Bearer realm=\"{realm}\",service=\"s\",scope=\"{}\"", scopes.join(" ")),
        "a=,".repeat(12_000),
        format!("Bearer realm=\"{}", "\\\"".repeat(15_000)),
        format!("Bearer {}", "realm=\"\",".repeat(3_000)),
        format!("Bearer realm=\"{realm}{}\"", "?x=y".repeat(3_900)),
        "Bearer ".repeat(6_000),
    ];
    for field in fields {
        let registry = insists_on(&field);
        let env = logged_in(&registry.host());
        let output = env.command(["ls", &registry.repo("demo/app")]).deadline(super::HANGS).run();
        assert_ne!(output.code, 0, "{output}");
        assert!(service.requests().len() <= 2, "{}", service.log());
        assert!(registry.requests().len() <= 3, "{}", registry.log());
        service.clear();
    }
}

/// `127.0.0.1` and `127.1.0.1` end alike, and are two machines.
#[test]
fn an_address_has_no_neighbours() {
    let foreign = token_service("127.1.0.1");
    let registry = insists_on(&bearer(&format!("{}/token", foreign.origin())));
    let env = logged_in(&registry.host());
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(4).says("127.1.0.1").says("not sent");
        assert_eq!(foreign.requests().len(), 1, "{}", foreign.log());
        assert_anonymous(&foreign);
        foreign.clear();
    });
}

/// A login that the token service refuses is not tried with Basic, which the registry offers, too.
#[test]
fn a_refused_login_is_not_shown_to_the_registry() {
    for status in [401, 403] {
        let service = Server::new(move |_| Response::json(status, &serde_json::json!({})));
        let field = bearer(&format!("{}/token", service.origin()));
        let registry = insists_on(&format!("{field}, Basic realm=\"x\""));
        let env = logged_in(&registry.host());
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.fails(4).says(USER);
            let logins = service.requests().iter().filter(|r| r.basic().is_some()).count();
            assert_eq!((logins, service.requests().len()), (1, 2), "{}", service.log());
            assert!(registry.requests().iter().all(|r| r.header("authorization").is_none()));
            service.clear();
        });
    }
}

/// A registry of the internet leads nobody to this machine or its network: not with its token
/// service, and not with a redirect. (It is of the internet as far as anybody can tell: only a
/// proxy knows where it is.)
#[test]
fn a_registry_of_the_internet_does_not_send_us_home() {
    let trap = Server::trap("127.0.0.1");
    for inside in [trap.host(), "10.0.0.1:1".to_owned(), "[fd00::1]:1".to_owned()] {
        let realm = bearer(&format!("http://{inside}/token"));
        let location = format!("http://{inside}/v2/");
        let answers = [
            super::challenge(&realm).bytes(false),
            Response::new(307).header("Location", location).bytes(false),
        ];
        for answer in answers {
            let registry = TestRegistry::new()
                .hook(move |_| Some(crate::support::hostile::bytes(answer.clone())))
                .start();
            let address = registry.host().parse().expect("host and port");
            let proxy = Proxy::new().route("registry.test:5000", address);
            let env = logged_in("registry.test:5000").var("HTTP_PROXY", proxy.url());
            three_ways(&env, &["ls", "--plain-http", "registry.test:5000/demo/app"], |seen| {
                seen.fails(1).says(&inside).says("its address is not public");
            });
            let asked = "GET http://registry.test:5000/v2/demo/app/tags/list";
            assert_eq!(proxy.log(), [asked; 3]);
        }
    }
    trap.assert_untouched();
}
