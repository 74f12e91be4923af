//! Name servers that say nothing, or nothing sensible: the program ends in time, in order, and says what failed.
//!
//! The C library waits five seconds for a name server, twice, and cannot be interrupted; the program asks in a thread
//! of its own, which it leaves behind when its time is up.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use crate::hostile::{logged_in, three_ways};
use crate::real::dns::{Dns, Question, Reply, addresses};
use crate::real::network::{METADATA, NEARBY, PRIVATE, PUBLIC, in_own_network};
use crate::support::TestRegistry;

use super::{assert_untouched, registry, traps};

const NAME: &str = "registry.corp.example";
const TARGET: &str = "registry.corp.example:5000/demo/app";
/// Less than the C library takes to give up.
const IN_TIME: Duration = Duration::from_secs(8);

fn ls(repository: &str) -> Vec<&str> {
    vec!["ls", "--plain-http", "--timeout", "1", "--retries", "0", repository]
}

#[test]
#[ignore = "needs unshare and ip"]
fn a_silent_name_server_is_given_up() {
    in_own_network(|| {
        let dns = Dns::start(|_| Reply::Silence);
        let registry = registry(PUBLIC, "http://auth.evil.example/token");
        for (target, host) in
            [(TARGET.to_owned(), NAME), (registry.repo("demo/app"), "auth.evil.example")]
        {
            let env = logged_in(target.split('/').next().unwrap_or_default());
            let output = env.command(ls(&target)).deadline(IN_TIME).run();
            output.code(5).stdout("").stderr_has(host);
            three_ways(&env, &ls(&target), |seen| {
                seen.fails(5).says(host).says("timed out after 1 s while resolving the host name");
            });
            assert_eq!(dns.asked(host), 4, "{host}");
        }
    });
}

/// A name without an address is looked up once more, for name servers are flaky, and no more than once.
#[test]
#[ignore = "needs unshare and ip"]
fn a_name_that_does_not_exist() {
    in_own_network(|| {
        let dns = Dns::zone(&[]);
        let registry = registry(PUBLIC, "http://auth.evil.example/token");
        for (target, host) in
            [(TARGET.to_owned(), NAME), (registry.repo("demo/app"), "auth.evil.example")]
        {
            let env = logged_in(target.split('/').next().unwrap_or_default());
            for (retries, looks) in [("0", 1), ("3", 2)] {
                let args = ["ls", "--plain-http", "--retries", retries, &target];
                three_ways(&env, &args, |seen| {
                    seen.fails(5).says(host).says("cannot resolve this host name");
                    assert_eq!(dns.asked(host), looks, "{}", seen.output);
                    dns.forget();
                });
            }
        }
    });
}

type Bytes = fn(&Question) -> Vec<u8>;

/// The answer to a question with one thing wrong.
fn garbage() -> Vec<(&'static str, Bytes)> {
    vec![
        ("nothing", |_| Vec::new()),
        ("the number alone", |question| good(question)[..2].to_vec()),
        ("noise", |_| (0..600_u32).map(|n| (n * 7919 / 8) as u8).collect()),
        ("noise behind the number", |question| {
            let number = good(question)[..2].to_vec();
            [number, vec![0xff; 600]].concat()
        }),
        ("the wrong number", |question| changed(question, 0, |byte| byte ^ 0xff)),
        ("a question", |question| changed(question, 2, |byte| byte & 0x7f)),
        ("a server's failure", |question| changed(question, 3, |byte| byte | 2)),
        ("a refusal", |question| changed(question, 3, |byte| byte | 5)),
        ("many answers announced", |question| changed(question, 6, |_| 0xff)),
        ("many questions announced", |question| changed(question, 4, |_| 0xff)),
        ("cut in the middle", |question| {
            let answer = good(question);
            answer[..answer.len() - 2].to_vec()
        }),
        ("a name that points at itself", |question| {
            let (mut answer, at) = (good(question), record(question));
            answer[at..at + 2].copy_from_slice(&[0xc0, at as u8]);
            answer
        }),
        ("an address that is too long", |question| {
            changed(question, record(question) + 11, |_| 200)
        }),
        ("an address of three bytes", |question| {
            let mut answer = changed(question, record(question) + 11, |_| 3);
            answer.pop();
            answer
        }),
        ("an alias of itself", |question| {
            let (mut answer, at) = (good(question), record(question));
            answer.truncate(at + 10);
            answer[at + 3] = 5;
            answer.extend_from_slice(&[0, 2, 0xc0, 12]);
            answer
        }),
        ("64 KB of zeros", |question| {
            let mut answer = good(question);
            answer.resize(65_000, 0);
            answer
        }),
    ]
}

fn good(question: &Question) -> Vec<u8> {
    question.answer(&addresses(&["203.0.113.77", "2001:db8::77"]))
}

/// Where the first record of the good answer begins: behind header and question.
fn record(question: &Question) -> usize {
    question.answer(&[]).len()
}

fn changed(question: &Question, at: usize, change: fn(u8) -> u8) -> Vec<u8> {
    let mut answer = good(question);
    answer[at] = change(answer[at]);
    answer
}

#[test]
#[ignore = "needs unshare and ip"]
fn garbage_is_no_answer() {
    in_own_network(|| {
        let env = logged_in("registry.corp.example:5000");
        for (what, answer) in garbage() {
            let _dns = Dns::start(move |question| Reply::Raw(answer(question)));
            let output = env.command(ls(TARGET)).deadline(IN_TIME).run();
            assert_eq!((output.code, &*output.stdout), (5, ""), "{what}\n{output}");
            output.stderr_has(NAME);
        }
    });
}

/// Thousands of addresses that nothing leads to, and these. (The C library sorts such addresses to the end.)
fn thousands(here: &[&str]) -> Vec<IpAddr> {
    let first = u32::from(Ipv4Addr::new(198, 51, 0, 0));
    let nowhere = (first..first + 4000).map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits)));
    nowhere.chain(addresses(here)).collect()
}

/// Thousands of addresses are more than a datagram should hold: over TCP, or in one that is too long all the same.
#[test]
#[ignore = "needs unshare and ip"]
fn thousands_of_addresses_are_as_good_as_one() {
    in_own_network(|| {
        let whole: fn(&Question) -> Reply = |_| Reply::Addresses(thousands(&[PUBLIC]));
        let too_long: fn(&Question) -> Reply =
            |question| Reply::Raw(question.answer(&thousands(&[PUBLIC])));
        for handler in [whole, too_long] {
            let _dns = Dns::start(handler);
            let registry = TestRegistry::new().address(PUBLIC).tags("demo/app", ["1.0"]).start();
            let host = format!("{NAME}:{}", registry.server().port());
            let env = logged_in(&host);
            three_ways(&env, &ls(&format!("{host}/demo/app")), |seen| {
                seen.lists(&["1.0"]);
            });
        }
    });
}

/// Nor do thousands of addresses hide one inside.
#[test]
#[ignore = "needs unshare and ip"]
fn thousands_of_addresses_hide_nothing() {
    in_own_network(|| {
        let inside = ["127.0.0.1", PRIVATE, NEARBY, METADATA, "::1", "fd00:1::5"];
        let _dns = Dns::start(move |_| Reply::Addresses(thousands(&inside)));
        let traps = traps();
        let registry = registry(PUBLIC, "http://auth.evil.example/token");
        let env = logged_in(&registry.host());
        three_ways(&env, &ls(&registry.repo("demo/app")), |seen| {
            // Whether a public one is among those that the program looks at is the C library's affair.
            assert!([1, 5].contains(&seen.output.code), "{}", seen.output);
            seen.fails(seen.output.code).says("auth.evil.example");
        });
        assert_untouched(&traps);
    });
}

/// "Too long, ask over TCP", and there is nobody, or somebody who hangs up.
#[test]
#[ignore = "needs unshare and ip"]
fn the_rest_of_an_answer_that_does_not_come() {
    in_own_network(|| {
        let silence: fn(&Question) -> Reply = |question| match question.tcp {
            true => Reply::Silence,
            false => Reply::Raw(question.cut()),
        };
        let nothing: fn(&Question) -> Reply = |question| match question.tcp {
            true => Reply::Raw(Vec::new()),
            false => Reply::Raw(question.cut()),
        };
        let half: fn(&Question) -> Reply = |question| match question.tcp {
            true => Reply::Raw(good(question)[..20].to_vec()),
            false => Reply::Raw(question.cut()),
        };
        let env = logged_in("registry.corp.example:5000");
        for handler in [silence, nothing, half] {
            let _dns = Dns::start(handler);
            let output = env.command(ls(TARGET)).deadline(IN_TIME).run();
            output.code(5).stdout("").stderr_has(NAME);
        }
    });
}
