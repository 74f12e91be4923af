//! Many commands of all kinds against a registry that fails at random in every way the other
//! tests know: no panic, no hang, no leak, little memory, and every success is right.
//!
//! The seed is fixed, and what becomes of a request depends on nothing but its command's
//! number and what it asks for. 300 commands run with every `cargo test`,
//! 2,000 in `.ci/run`; `DOCKER_TAGS_SOAK=400` runs as many as it says, `DOCKER_TAGS_SOAK_ONLY=17` that one alone.

mod answers;
mod check;
mod commands;
mod content;
mod faults;
mod images;
mod lists;
mod random;
mod wire;

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use super::{PASSWORD, USER};
use crate::support::{Request, Response, Server, TestEnv};
use answers::Scene;
use check::{Ended, Met};
use commands::{Expected, Kind, Maker};
use content::{Ask, World};
use faults::Fault;
use random::Random;

/// How many commands run if nothing else is said.
const COUNT: u64 = 300;
/// So many are a mix, in which everything must have happened.
const MIX: u64 = 1_500;
/// Memory of any run, in KiB.
const SMALL: u64 = 64 * 1024;
/// How rare faults are in a command's registry, one in so many requests: commands with many
/// requests need peace to succeed at all, those with few need trouble.
const RATES: [usize; 6] = [1, 2, 3, 6, 12, 30];

/// What all commands share.
struct Stage {
    world: Arc<World>,
    /// Another host, which has what blobs and manifests are redirected to.
    storage: Server,
    /// A host that nobody may be at with a login.
    trap: Server,
}

/// What happened in all.
#[derive(Default)]
struct Tally {
    /// Successes and failures.
    kinds: BTreeMap<Kind, (u32, u32)>,
    faults: BTreeMap<Fault, u32>,
    /// The most memory, in KiB.
    peak: u64,
    /// The numbers of the commands whose end was wrong.
    wrong: Vec<u64>,
}

fn from_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn nothing_goes_wrong_but_honestly() {
    let only = from_environment("DOCKER_TAGS_SOAK_ONLY");
    let count = from_environment("DOCKER_TAGS_SOAK").unwrap_or(COUNT);
    let numbers = only.map_or(0..count, |only| only..only + 1);
    let world = Arc::new(World::new());
    let theirs = world.clone();
    let trap = Server::on("127.0.0.3", |_| Response::new(404));
    let origin = trap.origin();
    let storage =
        Server::on("127.0.0.2", move |request| answers::storage(&theirs, request, &origin));
    let stage = Stage { world, storage, trap };
    let (next, tally) = (AtomicU64::new(numbers.start), Mutex::new(Tally::default()));
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= numbers.end {
                        return;
                    }
                    let ended = catch_unwind(AssertUnwindSafe(|| stage.one(number, &tally)));
                    if ended.is_err() {
                        // One is enough: the others come to their end, and no new ones begin.
                        next.store(numbers.end, Ordering::SeqCst);
                        lock(&tally).wrong.push(number);
                    }
                }
            });
        }
    });
    let tally = tally.into_inner().expect("nothing panics while it is held");
    tally.tell(started);
    let Tally { wrong, .. } = &tally;
    assert!(wrong.is_empty(), "{wrong:?}: DOCKER_TAGS_SOAK_ONLY=NUMBER repeats one of them alone");
    stage.check_others();
    if numbers.end - numbers.start >= MIX {
        tally.check_mix();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().expect("nothing panics while it is held")
}

impl Stage {
    /// Runs one command against a server of its own, and checks its end.
    fn one(&self, number: u64, tally: &Mutex<Tally>) {
        let met = Arc::new(Mutex::new(Vec::new()));
        let server = self.server(number, met.clone());
        let host = server.host();
        let random = Random::of_command(number);
        let command = Maker { world: &self.world, host: &host, random }.command();
        let env = TestEnv::new();
        env.login(&host, USER, PASSWORD);
        if !matches!(command.expected, Expected::Token(_)) {
            // There it is what was asked for.
            env.canary(super::BEARER);
        }
        let output = env.command(command.args.clone()).deadline(command.deadline).measured().run();
        let (met, requests) = (std::mem::take(&mut *lock(&met)), server.requests());
        let ended = Ended { command: &command, host: &host, output: &output, met, requests };
        let peak = output.peak();
        let outcome = match peak < SMALL {
            true => ended.check().and_then(|()| check_requests(&ended.requests)),
            false => Err(format!("{peak} KiB of memory")),
        };
        let Ended { met, .. } = &ended;
        if let Err(why) = outcome {
            let met = met.iter().map(|met| format!("{:?}: {:?}\n", met.ask, met.fault));
            panic!("command {number}: {why}\n{output}\n{}", met.collect::<String>());
        }
        let mut tally = lock(tally);
        let (good, bad) = tally.kinds.entry(command.kind).or_default();
        *if output.code == 0 { good } else { bad } += 1;
        tally.peak = tally.peak.max(peak);
        for met in met {
            *tally.faults.entry(met.fault).or_default() += 1;
        }
    }

    /// The registry and token service of one command.
    fn server(&self, number: u64, met: Arc<Mutex<Vec<Met>>>) -> Server {
        let rate = Random::of_request(number, "rate", 0).pick(&RATES);
        let before = Mutex::new(HashMap::<String, u64>::new());
        let storage = format!("{}/{number}", self.storage.origin());
        let (world, trap) = (self.world.clone(), self.trap.origin());
        Server::new(move |request| {
            let asked = identity(request);
            let ask = Ask::of(request);
            let times = {
                let mut before = lock(&before);
                let times = before.entry(asked.clone()).or_default();
                *times += 1;
                *times - 1
            };
            let mut random = Random::of_request(number, &asked, times);
            let right = world.right(request, &ask);
            let Some(fault) = Fault::choose(&mut random, rate, request, &ask, &right) else {
                return right;
            };
            let scene = Scene { world: &world, request, ask: &ask, storage: &storage, trap: &trap };
            let answer = scene.answer(fault, right, &mut random);
            lock(&met).push(Met { fault, ask, status: answer.status });
            answer
        })
    }

    /// Nobody told the other hosts who he is, or asked them for more than they were named for.
    fn check_others(&self) {
        for server in [&self.storage, &self.trap] {
            super::assert_anonymous(server);
        }
        for request in self.trap.requests() {
            // A redirect leads there, or a registry that names it as its token service.
            let known = ["/x", "/token"].contains(&&*request.path);
            assert!(known, "{}", self.trap.log());
        }
    }
}

/// What a request asks for, the same in every run: no port is in it.
fn identity(request: &Request) -> String {
    let login = request.header("authorization").and_then(|login| login.split(' ').next());
    format!("{} {} {}", request.method, request.target(), login.unwrap_or_default())
}

/// The login goes to the token service alone, and nothing that a server said is in a request.
fn check_requests(requests: &[Request]) -> Result<(), String> {
    for request in requests {
        let (to_service, target) = (request.path == "/token", request.target());
        let misled =
            if to_service { request.bearer().is_some() } else { request.basic().is_some() };
        if misled {
            return Err(format!("a login went to {target}"));
        }
        let foreign = Ask::of(request) == Ask::Nothing || request.path.contains("..");
        if foreign || ["x", "cookie"].iter().any(|name| request.header(name).is_some()) {
            return Err(format!("a request for {target}"));
        }
    }
    Ok(())
}

impl Tally {
    /// The figures, for whoever wants to see them.
    #[expect(clippy::print_stderr, reason = "the test harness shows it with --nocapture")]
    fn tell(&self, started: Instant) {
        let good: u32 = self.kinds.values().map(|(good, _)| good).sum();
        let bad: u32 = self.kinds.values().map(|(_, bad)| bad).sum();
        eprintln!(
            "{good} right, {bad} honest failures in {:?}, at most {} KiB\n{:?}\n{:?}",
            started.elapsed(),
            self.peak,
            self.kinds,
            self.faults
        );
    }

    /// Everything happened: each command did well and badly, each fault was met.
    fn check_mix(&self) {
        for kind in Kind::ALL {
            let (good, bad) = self.kinds.get(&kind).copied().unwrap_or_default();
            assert!(good >= 5 && bad >= 5, "{kind:?}: {good} successes and {bad} failures");
        }
        for fault in Fault::ALL {
            assert!(self.faults.contains_key(&fault), "{fault:?} was never met");
        }
    }
}
