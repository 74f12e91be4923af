//! How many requests it takes, and how long.

use std::time::{Duration, Instant};

use crate::support::{Image, TestEnv, TestRegistry};

const DELAY: Duration = Duration::from_millis(50);

/// 200 images in 40 files over 20 repositories, 40 of them pins: 60 requests, eight at a time.
#[test]
fn requests_go_side_by_side() {
    let image = Image::index("x", &["linux/amd64"]);
    let registry = (0..20).fold(TestRegistry::new(), |registry, number| {
        registry
            .image(&format!("app{number}:1.0"), &image)
            .image(&format!("app{number}:latest"), &image)
    });
    let registry = registry.delay(DELAY).start();
    let env = TestEnv::new();
    for file in 0..40 {
        let mut text = String::new();
        for number in 0..5 {
            let app = registry.repo(&format!("app{}", (file * 5 + number) % 20));
            let tag = if file < 20 { "1.0" } else { "latest" };
            let pin = if number == 0 { format!("@{}", image.root.digest) } else { String::new() };
            text += &format!("FROM {app}:{tag}{pin}\n");
        }
        env.write(&format!("work/f{file}/Dockerfile"), text);
    }
    let begun = Instant::now();
    let output = env.run(["outdated", "--jobs", "8", "--all", "-q"]);
    let took = begun.elapsed();
    output.code(0);
    let requests = registry.requests().len();
    // Files 0, 4, 8 … and 20, 24, 28 … pin the same four repositories: each pin is asked once.
    assert_eq!(requests, 20 + 8, "{}", registry.log());
    let rounds = 20_u32.div_ceil(8) + 1;
    // The floor is 4 rounds and the start; the rest is what a busy machine needs.
    assert!(took < DELAY * rounds * 8, "{took:?}");
}

/// A folder of many files of which few matter.
#[test]
fn files_that_do_not_matter_cost_little() {
    let env = TestEnv::new();
    for number in 0..2_000 {
        env.write(&format!("work/d{}/f{number}.rs", number % 50), "nothing\n");
        env.write(&format!("work/d{}/f{number}.yaml", number % 50), "a: [1, 2]\n");
    }
    for number in 0..50 {
        env.write(&format!("work/d{number}/Dockerfile"), "FROM scratch\n");
    }
    let begun = Instant::now();
    let output = env.command(["outdated"]).measured().run();
    output.code(0);
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    output.peak_below(32 * 1024);
}
