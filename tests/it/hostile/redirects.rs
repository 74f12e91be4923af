//! T5: redirects of every kind. The login stays with the origin it belongs to.

use super::{BEARER, PASSWORD, USER, assert_anonymous, list, logged_in, three_ways};
use crate::support::tls::Authority;
use crate::support::{Request, Response, Server, TestEnv, TestRegistry};

/// A secret of somebody else's in a URL.
const THEIRS: &str = "not-for-logs-3b7e";
const PATH: &str = "/v2/demo/app/tags/list";

fn to(status: u16, location: &str) -> Response {
    Response::new(status).header("Location", location)
}

/// A registry that wants Basic and, when it has it, redirects to `location`.
fn redirecting(status: u16, location: &str) -> TestRegistry {
    let location = location.to_owned();
    TestRegistry::new()
        .require_basic(USER, PASSWORD)
        .hook(move |request: &Request| {
            let authorized = request.header("authorization").is_some();
            (authorized && request.path == PATH).then(|| to(status, &location))
        })
        .start()
}

#[test]
fn another_host_or_port_gets_no_login() {
    for ip in ["127.0.0.2", "127.0.0.1"] {
        for status in [301, 302, 303, 307, 308] {
            let target = Server::on(ip, |_| list(&["1.0"]));
            let registry = redirecting(status, &format!("{}/elsewhere", target.origin()));
            let env = logged_in(&registry.host());
            let output = env.run(["ls", &registry.repo("demo/app")]);
            output.code(0).stdout("1.0\n").silent();
            assert_eq!(target.paths(), ["/elsewhere"], "{}", target.log());
            assert_anonymous(&target);
        }
        let target = Server::on(ip, |_| list(&["1.0"]));
        let registry = redirecting(307, &format!("{}/elsewhere", target.origin()));
        let env = logged_in(&registry.host());
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.lists(&["1.0"]);
            assert_anonymous(&target);
        });
    }
}

/// Once dropped, the login does not come back, not even on the way home.
#[test]
fn there_and_back_again_without_the_login() {
    for ip in ["127.0.0.2", "127.0.0.1"] {
        let home = std::sync::Arc::new(std::sync::OnceLock::<String>::new());
        let back = home.clone();
        let foreign = Server::on(ip, move |_| {
            let home = back.get().expect("the registry is up before it is asked");
            to(307, &format!("{home}/v2/demo/app/back"))
        });
        let registry = redirecting(307, &format!("{}/elsewhere", foreign.origin()));
        home.set(registry.server().origin()).expect("set once");
        let env = logged_in(&registry.host());
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            assert_ne!(seen.output.code, 0, "{}", seen.output);
            let returned: Vec<Request> =
                registry.requests().into_iter().filter(|r| r.path.ends_with("back")).collect();
            assert_eq!(returned.len(), 1, "{}", registry.log());
            assert_eq!(returned[0].header("authorization"), None, "{}", registry.log());
            assert_anonymous(&foreign);
            registry.server().clear();
        });
    }
}

/// Within one origin the login is the same: registries move their paths about.
#[test]
fn the_same_origin_keeps_the_login() {
    let registry = TestRegistry::new()
        .tags("demo/app", ["1.0"])
        .require_basic(USER, PASSWORD)
        .hook(|request| {
            let moved = request.path == "/v2/old/app/tags/list";
            moved.then(|| to(301, "/v2/demo/app/tags/list"))
        })
        .start();
    let env = logged_in(&registry.host());
    three_ways(&env, &["ls", &registry.repo("old/app")], |seen| {
        seen.lists(&["1.0"]);
    });
}

/// A target that asks for a login asks in vain.
#[test]
fn a_target_s_own_challenge_is_nobody_s_to_answer() {
    for field in ["Basic realm=\"x\"".to_owned(), super::bearer("/token")] {
        let target = Server::on("127.0.0.2", move |_| super::challenge(&field));
        let registry = redirecting(307, &format!("{}/elsewhere", target.origin()));
        let env = logged_in(&registry.host());
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.fails(1).says("127.0.0.2");
            assert_eq!(target.paths(), ["/elsewhere"], "{}", target.log());
            assert_anonymous(&target);
            target.clear();
        });
    }
}

#[test]
fn https_does_not_become_http() {
    let trap = Server::trap("127.0.0.1");
    let authority = Authority::new("hostile tests");
    let location = format!("{}/elsewhere", trap.origin());
    let registry = TestRegistry::new()
        .tls(authority.issue(&["127.0.0.1"]).server_config())
        .hook(move |_| Some(to(307, &location)))
        .start();
    let env = logged_in(&registry.host());
    let ca = env.write("ca.pem", authority.pem()).display().to_string();
    three_ways(&env, &["ls", "--ca-file", &ca, &registry.repo("demo/app")], |seen| {
        seen.fails(1).says(&trap.host()).says("not https");
    });
    trap.assert_untouched();
}

/// Neither on the second hop: from http to https there is no way back.
#[test]
fn https_does_not_become_http_on_a_later_hop() {
    let trap = Server::trap("127.0.0.1");
    let authority = Authority::new("hostile tests");
    let location = format!("{}/elsewhere", trap.origin());
    let middle = Server::start(
        "127.0.0.1",
        Some(authority.issue(&["127.0.0.1"]).server_config()),
        move |_| to(307, &location),
    );
    let start = format!("{}/middle", middle.origin());
    let registry = TestRegistry::new().hook(move |_| Some(to(307, &start))).start();
    let env = logged_in(&registry.host());
    // The middle's certificate must be trusted by the system for this: a root of our own.
    let roots = env.write("roots.pem", authority.pem()).display().to_string();
    let env = env.var("SSL_CERT_FILE", roots);
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(1).says(&trap.host()).says("not https");
    });
    assert_eq!(middle.requests().len(), 3, "{}", middle.log());
    trap.assert_untouched();
}

#[test]
fn loops_and_chains_end() {
    let registry = TestRegistry::new().hook(|request| Some(to(302, &request.path))).start();
    let env = logged_in(&registry.host());
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.fails(1).says("in a loop");
        assert!(registry.requests().len() <= 6, "{}", registry.log());
        registry.server().clear();
    });
    let count = std::sync::atomic::AtomicUsize::new(0);
    let registry = TestRegistry::new()
        .hook(move |_| {
            let n = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            Some(to(307, &format!("/v2/hop/{n}")))
        })
        .start();
    TestEnv::new().run(["ls", &registry.repo("demo/app")]).code(1).stdout("");
    assert!(registry.requests().len() <= 6, "{}", registry.log());
}

#[test]
fn targets_that_are_no_target() {
    let trap = Server::trap("127.0.0.2");
    let host = trap.host();
    let locations = [
        format!("http://{USER}:{THEIRS}@{host}/"),
        format!("http://{host}@169.254.169.254/"),
        format!("ftp://{host}/?X-Amz-Signature={THEIRS}"),
        format!("//{USER}@{host}/"),
        format!("http:{host}/"),
        format!("http:/\\{host}/"),
        format!("\\\\{host}\\x"),
        "file:///etc/passwd".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://[::ffff:a9fe:a9fe]/".to_owned(),
        "http://2852039166/".to_owned(),
        "http://0.0.0.0/".to_owned(),
        "http://[fe80::1%25lo]/".to_owned(),
        "http://metadata.google.internal/computeMetadata/v1/".to_owned(),
    ];
    for location in locations {
        let registry = redirecting(307, &location);
        let env = logged_in(&registry.host());
        three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
            seen.fails(1).says_nothing_of(THEIRS);
            assert!(registry.requests().len() <= 2, "{}", registry.log());
            registry.server().clear();
        });
    }
    trap.assert_untouched();
}

/// Behind a proxy nobody here looks the name up, so the address or the name itself has to tell.
#[test]
fn what_a_proxy_would_be_sent_to_is_checked_before() {
    let proxy = Server::trap("127.0.0.1");
    let hosts = [
        "[fd20:ce::254]",
        "[fd20:ce:0:0:0:0:0:fe]",
        "[fd00:ec2::23]",
        "[fd00:ec2::254]",
        "[64:ff9b:1:a9fe:a9:fe00::]",
        "[64:ff9b:1:77:a9:fea9:fe00:0]",
        "168.63.129.16:32526",
        "[::ffff:168.63.129.16]",
        "[2002:a83f:8110::]",
        "192.0.0.192",
        "[64:ff9b::c000:c0]",
        "metadata",
        "metadata.",
        "MetaData.OracleCloud.com",
        "metadata.goog",
        "instance-data.ec2.internal",
        "169.254.169.254.nip.io",
        "x.169.254.169.254.sslip.io:8080",
        "www-169-254-169-254.nip.io.",
        "app-a9fea9fe.nip.io",
        "A9FEA9FE.nip.io",
        "168-63-129-16.sslip.io",
        "fd20-ce--254.sslip.io",
        "8.8.8.8.0.0.0.0.nip.io",
    ];
    for host in hosts {
        let registry = redirecting(307, &format!("http://{host}/latest/meta-data/"));
        let env = logged_in(&registry.host()).var("HTTP_PROXY", proxy.origin());
        let output = env.run(["ls", "--retries", "0", &registry.repo("demo/app")]);
        output.code(1).stdout("").stderr_has("refused");
        assert!(registry.requests().len() <= 2, "{host}\n{}", registry.log());
    }
    proxy.assert_untouched();
}

/// A redirect to nowhere is a failure, and no loop.
#[test]
fn redirects_without_a_target() {
    for status in [300, 301, 302, 303, 304, 305, 307, 308] {
        let registry = TestRegistry::new().hook(move |_| Some(Response::new(status))).start();
        let env = logged_in(&registry.host());
        let output = env.run(["ls", &registry.repo("demo/app")]);
        output.code(1).stdout("");
        assert!(registry.requests().len() <= 6, "{status}\n{}", registry.log());
    }
}

/// Signed addresses of storage are secrets of a kind: the log hides them.
#[test]
fn the_log_hides_what_redirects_are_signed_with() {
    let target = Server::on("127.0.0.2", |_| list(&["1.0"]));
    // The log shows what we put into `page` ourselves, and not what a server does.
    const PAGE: &str = "canary-page-7";
    let location = format!("{}/x?X-Amz-Signature={BEARER}&page={PAGE}", target.origin());
    let registry = redirecting(307, &location);
    let env = logged_in(&registry.host());
    env.canary(PAGE);
    three_ways(&env, &["ls", &registry.repo("demo/app")], |seen| {
        seen.lists(&["1.0"]);
    });
    assert_eq!(target.requests()[0].param("X-Amz-Signature").as_deref(), Some(BEARER));
}
