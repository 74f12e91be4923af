//! Everything a user can get wrong, and what may be wrong at the other end: one line that says what, a hint, and
//! the exit code.

use super::bulk;
use super::registry::{Access, Registry, Storage};
use super::run::Home;
use super::token::{KeyHeader, Rules, Signer, TokenService};
use super::wire::{Response, Server, Tls};
use super::{proxy, run};

/// What must not be seen anywhere.
const CANARY: &str = "S3cr3t-canary-7f3a";

struct Case<'a> {
    what: &'a str,
    args: Vec<&'a str>,
    code: i32,
    /// Texts that the message must contain: the object, the host.
    names: Vec<&'a str>,
}

fn case<'a>(what: &'a str, args: &[&'a str], code: i32, names: &[&'a str]) -> Case<'a> {
    Case { what, args: args.to_vec(), code, names: names.to_vec() }
}

#[track_caller]
fn check(home: &Home, case: &Case<'_>) {
    eprintln!("case: {}", case.what); // shown when it fails
    let mut outcome = home.client(&case.args).expect_error(case.code);
    for name in &case.names {
        outcome = outcome.expect_stderr(name);
    }
    assert!(!outcome.stderr.contains(CANARY), "a secret in {outcome}");
}

#[test]
#[ignore = "needs the real docker-registry"]
fn wrong_usage_is_found_before_any_request() {
    let registry = Registry::open(&Storage::new());
    bulk::put_tags(&registry, "team/app", ["1.0"]);
    let proxy = proxy::start(registry.address());
    let repository = &*format!("{}/team/app", proxy.address());
    let cases = [
        case("bad reference", &["ls", "Bad/Name@"], 2, &["Bad/Name@"]),
        case("upper case", &["ls", "docker.io/library/Alpine"], 2, &["Alpine"]),
        case("empty domain", &["ls", "foo_bar.com/baz"], 2, &["foo_bar.com"]),
        case("bad glob", &["ls", "--filter", "[", repository], 2, &["["]),
        case("bad regex to include", &["ls", "--include", "(", repository], 2, &["("]),
        case("bad regex to exclude", &["ls", "--exclude", "a**(", repository], 2, &["a**("]),
        case("bad range", &["ls", "--semver", ">>1", repository], 2, &[">>1"]),
        case("bad template", &["ls", "--format", "{{.Tag", repository], 2, &["{{.Tag"]),
        case("bad order", &["ls", "--sort", "colour", repository], 2, &["colour"]),
        case("bad number", &["ls", "--limit", "many", repository], 2, &["many"]),
        case("unknown flag", &["ls", "--no-such-flag", repository], 2, &["--no-such-flag"]),
        case("no repository", &["ls"], 2, &[]),
        case(
            "password without user",
            &["ls", "--password-stdin", repository],
            2,
            &["--password-stdin"],
        ),
    ];
    for case in &cases {
        check(&Home::new(), case);
    }
    assert_eq!(
        (proxy.log_lines(), proxy.tls_probes()),
        (vec![], 0),
        "requests in spite of wrong usage"
    );
}

#[test]
#[ignore = "needs the real docker-registry and htpasswd"]
fn what_the_other_end_refuses() {
    let storage = Storage::new();
    bulk::put_tags(&Registry::open(&storage), "team/app", ["1.0"]);
    let open = Registry::open(&storage);
    let htpasswd = Registry::start(&storage, &Access::Htpasswd(&[("ann", "right")]), None);
    let service =
        TokenService::start(Rules::new().user("ann", "right"), Signer::new(KeyHeader::X5c));
    let tokens = service.registry(&storage);
    let html =
        Server::start(Tls::Close, |_| Response::new(200, "text/html", "<html>log in here</html>"));

    let missing = format!("{}/no/such", open.address());
    let basic = format!("{}/team/app", htpasswd.address());
    let bearer = format!("{}/team/app", tokens.address());
    let html_host = html.address().to_string();
    let page = format!("{html_host}/team/app");
    let anonymous = [
        case("missing repository", &["ls", &missing], 3, &[&missing]),
        case("private repository, Basic", &["ls", &basic], 4, &[&basic, "docker login"]),
        case("private repository, token", &["ls", &bearer], 4, &[&bearer, "docker login"]),
        case("HTML instead of JSON", &["ls", &page], 1, &[&html_host, "text/html"]),
        case("nobody listens", &["ls", "127.0.0.1:1/team/app"], 5, &["127.0.0.1:1"]),
        case("no such host", &["ls", "no-such-host.invalid/app"], 5, &["no-such-host.invalid"]),
    ];
    for case in &anonymous {
        check(&Home::new(), case);
    }
    for (host, repository) in [(htpasswd.address(), &basic), (tokens.address(), &bearer)] {
        let home = Home::with_login(&host.to_string(), "ann", CANARY);
        check(
            &home,
            &case("wrong password", &["ls", repository], 4, &[&host.to_string(), "docker login"]),
        );
        check(
            &home,
            &case("wrong password, verbose", &["ls", "-v", repository], 4, &[&host.to_string()]),
        );
    }
}

#[test]
#[ignore = "needs the real docker-registry"]
fn several_repositories_are_all_tried() {
    let registry = Registry::open(&Storage::new());
    bulk::put_tags(&registry, "team/app", ["1.0"]);
    let (good, missing) =
        (format!("{}/team/app", registry.address()), format!("{}/no/such", registry.address()));
    let outcome =
        Home::new().client(["ls", &missing, &good]).expect_code(3).expect_stderr(&missing);
    assert_eq!(outcome.stdout, format!("{good}:1.0\n"), "{outcome}");
}

#[test]
#[ignore = "needs the real docker-registry"]
fn a_wrong_password_on_stdin_is_shown_nowhere() {
    let registry = Registry::start(&Storage::new(), &Access::Htpasswd(&[("ann", "right")]), None);
    let repository = format!("{}/team/app", registry.address());
    let home = Home::new();
    let mut command = home.command(run::client_path());
    command.args(["ls", "-v", "-u", "ann", "--password-stdin", &repository]);
    let outcome = run::run_with_input(&mut command, CANARY).expect_error(4);
    assert!(!outcome.stderr.contains(CANARY), "{outcome}");
}
