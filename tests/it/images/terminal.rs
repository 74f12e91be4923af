//! What a terminal gets and a pipe does not: tables that fit, colours, the page.

use super::AMD64;
use crate::support::{Image, TestEnv, TestRegistry};

/// A repository with a signature's tag and an image of many platforms.
fn wide() -> TestRegistry {
    let platforms = [AMD64, "linux/arm64", "linux/arm/v7", "linux/s390x", "linux/ppc64le"];
    let signature = format!("sha256-{}.sig", "0123456789abcdef".repeat(4));
    TestRegistry::new()
        .image("demo/app:1.27.3-alpine3.20-perl", &Image::index("i", &platforms))
        .image(&format!("demo/app:{signature}"), &Image::oci("s", AMD64))
        .start()
}

fn widest(text: &str) -> usize {
    text.lines().map(|line| line.trim_end_matches('\r').chars().count()).max().unwrap_or(0)
}

#[test]
fn tables_fit_the_terminal() {
    let registry = wide();
    let repository = registry.repo("demo/app");
    let env = TestEnv::new();
    let piped = env.run(["ls", "-l", &repository]);
    let full = widest(&piped.code(0).stdout);
    assert!(full > 120 && !piped.stdout.contains('…'), "{piped}");
    for width in ["40", "80", "120"] {
        let run = env.command(["ls", "-l", &repository]).var("COLUMNS", width);
        let output = run.tty();
        let columns: usize = width.parse().expect("a number");
        let table: Vec<&str> =
            output.stdout.lines().filter(|line| !line.contains("tags")).collect();
        assert!(widest(&table.join("\n")) <= columns, "{width}: {output}");
        output
            .code(0)
            .stdout_has("TAG")
            .stdout_has("…")
            .stdout_lacks(&"0123456789abcdef".repeat(4));
    }
    // The terminal's own width, which the bench sets to 80.
    let own = env.command(["ls", "-l", &repository]).tty();
    assert!(widest(&own.stdout) <= 80 && widest(&own.stdout) > 60, "{own}");
    let whole = env.command(["ls", "-l", "--no-trunc", &repository]).var("COLUMNS", "60").tty();
    whole.code(0).stdout_lacks("…").stdout_has(&"0123456789abcdef".repeat(4));
}

#[test]
fn labels_are_coloured_for_people_alone() {
    const RED: &str = "\u{1b}[1;31merror: \u{1b}[0m";
    let env = TestEnv::new();
    let run = |vars: &[(&str, &str)]| {
        let run = env.command(["digest", "Not/A/Name"]);
        vars.iter().fold(run, |run, (name, value)| run.var(name, value))
    };
    let tty = |vars: &[(&str, &str)]| run(vars).tty().stdout;
    assert!(tty(&[]).contains(RED), "{:?}", tty(&[]));
    for vars in [("NO_COLOR", "1"), ("CLICOLOR", "0")] {
        assert!(!tty(&[vars]).contains('\u{1b}'), "{vars:?}");
    }
    run(&[]).run().code(2).stderr_has("error: ");
    assert!(!run(&[]).run().stderr.contains('\u{1b}'));
    let forced = run(&[("CLICOLOR_FORCE", "1")]).unchecked().run();
    assert!(forced.stderr.contains(RED), "{forced}");
    let both = run(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).run();
    assert!(!both.stderr.contains('\u{1b}'), "{both}");
}

#[test]
fn the_page_goes_into_a_pipe_on_demand() {
    let registry = TestRegistry::new().image("demo/app:1", &Image::oci("a", AMD64)).start();
    let reference = registry.repo("demo/app:1");
    let env = TestEnv::new();
    let page = env.run(["inspect", &reference, "--page"]);
    page.code(0).silent().stdout_has("  Platform     linux/amd64\n").stdout_has("History");
    let same = env.run(["inspect", &reference, "--format", "page"]);
    assert_eq!(same.code(0).stdout, page.stdout);
    let narrow = env.command(["inspect", &reference, "--page"]).var("COLUMNS", "44").run();
    let facts: Vec<&str> = narrow.stdout.lines().filter(|line| line.starts_with("  ")).collect();
    assert!(widest(&facts.join("\n")) <= 44 && facts.len() > 5, "{narrow}");
    for (format, hint) in [("table", "--format page"), ("table {{.Name}}", "--format page")] {
        let refused = env.run(["inspect", &reference, "--format", format]);
        refused.code(2).stdout("").stderr_has(hint);
    }
    let refused = env.run(["manifest", &reference, "--format", "page"]);
    refused.code(2).stdout("").stderr_has("unknown format");
}
