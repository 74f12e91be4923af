//! Names, normal forms, and the choice among candidates.

use super::*;

fn platform(text: &str) -> Platform {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

/// A candidate as an index has it: not normalized by parsing. `-` states no platform.
fn candidate(text: &str) -> Option<Platform> {
    if text == "-" {
        return None;
    }
    let (os, rest) = text.split_once('/').expect("os/arch");
    let (os, options) = os.split_once('(').unwrap_or((os, ")"));
    let mut options = options.trim_end_matches(')').split('+');
    let (architecture, variant) = rest.split_once('/').unwrap_or((rest, ""));
    Some(Platform {
        os: os.to_owned(),
        architecture: architecture.to_owned(),
        variant: variant.to_owned(),
        os_version: options.next().unwrap_or_default().to_owned(),
        os_features: options.map(str::to_owned).collect(),
    })
}

fn selected(wanted: &str, candidates: &[&str]) -> Selection {
    let candidates: Vec<Option<Platform>> = candidates.iter().map(|text| candidate(text)).collect();
    let candidates: Vec<Option<&Platform>> = candidates.iter().map(Option::as_ref).collect();
    select(&candidates, &platform(wanted))
}

#[test]
fn parses_and_displays() {
    let local = Platform::local();
    let (os, arch) = (local.os.as_str(), local.architecture.as_str());
    let table = [
        ("linux/amd64", "linux/amd64"),
        ("linux/x86_64", "linux/amd64"),
        ("Linux/AMD64", "linux/amd64"),
        ("linux/amd64/v1", "linux/amd64"),
        ("linux/amd64/v2", "linux/amd64/v2"),
        ("linux/arm", "linux/arm"),
        ("linux/arm/v7", "linux/arm/v7"),
        ("linux/arm/7", "linux/arm/v7"),
        ("linux/arm/6", "linux/arm/v6"),
        ("linux/armhf", "linux/arm"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/arm64", "linux/arm64"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64/v8"),
        ("linux/arm64/8", "linux/arm64/v8"),
        ("linux/arm64/v9.0", "linux/arm64/v9"),
        ("linux/i386", "linux/386"),
        ("macos/arm64", "darwin/arm64"),
        ("plan10/z80", "plan10/z80"),
        ("windows(10.0.17763)/amd64", "windows(10.0.17763)/amd64"),
        ("windows(10.0.17763+win32k)/amd64", "windows(10.0.17763+win32k)/amd64"),
        ("linux(+b+a%2Fc)/amd64", "linux(+a%2Fc+b)/amd64"),
        ("linux()/amd64", "linux/amd64"),
    ];
    for (text, expected) in table {
        assert_eq!(platform(text).to_string(), expected, "{text}");
        assert_eq!(platform(expected).to_string(), expected, "{text} again");
    }
    assert_eq!(platform("linux").to_string(), format!("linux/{arch}"));
    assert_eq!(platform("windows").short(), format!("windows/{arch}"));
    assert_eq!(platform("arm64").to_string(), format!("{os}/arm64"));
    assert_eq!(platform("armhf").to_string(), format!("{os}/arm"));
    assert_eq!(platform("x86-64").to_string(), format!("{os}/amd64"));
    assert_eq!(platform("local"), local);
    assert_ne!(local.os, "");
    assert_eq!(platform("windows(1.2.3+f)/amd64").short(), "windows/amd64");
    assert_eq!(Platform::default().to_string(), "unknown");
}

#[test]
fn refuses_what_is_no_platform() {
    for text in [
        "",
        "/",
        "linux/",
        "/amd64",
        "z80",
        "linux/*",
        "*",
        "linux/amd64/v2/x",
        "linux/a b",
        "li.nux/amd64",
        "linux(/amd64",
        "linux)/amd64",
        "linux(a)b/amd64",
        "linux(1++a)/amd64",
        "linux(+)/amd64",
        "linux(%4)/amd64",
        "linux(%ff)/amd64",
        "linux(%+1)/amd64",
        "linux//v7",
        "ünix/amd64",
        "linux/arm(64)",
        "x86_64(1)",
        "linux(%é1)/amd64",
    ] {
        let error = text.parse::<Platform>().expect_err(text).to_string();
        assert!(error.starts_with(&format!("invalid platform {text:?}")), "{error}");
    }
}

#[test]
fn normalizes() {
    let table = [
        ("Linux/X86_64/V1", "linux/amd64"),
        ("linux/x86-64/v3", "linux/amd64/v3"),
        ("linux/i386/v1", "linux/386"),
        ("linux/AARCH64/v8.0", "linux/arm64"),
        ("linux/arm64/9", "linux/arm64/v9"),
        ("linux/arm64/9.0", "linux/arm64/v9"),
        ("linux/arm64/v8.2", "linux/arm64/v8.2"),
        ("linux/armhf/v9", "linux/arm/v7"),
        ("linux/armel", "linux/arm/v6"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/5", "linux/arm/v5"),
        ("linux/arm/8", "linux/arm/v8"),
        ("linux/arm/9", "linux/arm/9"),
        ("macOS/arm64", "darwin/arm64"),
        ("linux(+b+a+b)/s390x", "linux(+a+b)/s390x"),
    ];
    for (text, expected) in table {
        let normal = candidate(text).expect("a platform").normalized();
        assert_eq!(normal.to_string(), expected, "{text}");
        assert_eq!(normal.normalized(), normal, "{text}");
    }
    assert_eq!(candidate("/amd64").expect("a platform").normalized().os, Platform::local().os);
}

/// The whole chain of what stands in, best first: each candidate is chosen while those before it
/// are missing, and only the first is exact.
#[test]
fn falls_back_in_containerds_order() {
    let chains: &[(&str, &[&str])] = &[
        ("linux/amd64", &["linux/amd64/v1", "linux/386"]),
        ("linux/amd64/v3", &["linux/amd64/v3", "linux/amd64/v2", "linux/amd64", "linux/386"]),
        ("linux/386", &["linux/386"]),
        ("linux/arm", &["linux/arm/v7", "linux/arm/v6", "linux/arm/v5"]),
        ("linux/arm/v6", &["linux/arm/v6", "linux/arm/v5"]),
        ("linux/arm/v5", &["linux/arm/v5"]),
        ("linux/arm/v8", &["linux/arm/v8", "linux/arm", "linux/arm/v6", "linux/arm/v5"]),
        (
            "linux/arm64",
            &["linux/arm64/v8", "linux/arm/v8", "linux/arm/v7", "linux/arm/v6", "linux/arm/v5"],
        ),
        (
            "linux/arm64/v8.2",
            &["linux/arm64/v8.2", "linux/arm64/v8.1", "linux/arm64", "linux/arm/v8", "linux/arm"],
        ),
        (
            "linux/arm64/v9",
            &[
                "linux/arm64/v9.0",
                "linux/arm64/v8.5",
                "linux/arm64/v8.4",
                "linux/arm64/v8.3",
                "linux/arm64/v8.2",
                "linux/arm64/v8.1",
                "linux/arm64/v8",
                "linux/arm/v8",
                "linux/arm/v7",
                "linux/arm/v6",
                "linux/arm/v5",
            ],
        ),
        (
            "linux/arm64/v9.6",
            &["linux/arm64/v9.6", "linux/arm64/v9.5", "linux/arm64/v9", "linux/arm64/v8.9"],
        ),
        ("linux/riscv64", &["linux/riscv64"]),
    ];
    for (wanted, chain) in chains {
        for (position, best) in chain.iter().enumerate() {
            // Worst first, and others around them.
            let mut candidates = vec!["linux/s390x", "windows/amd64", "-"];
            candidates.extend(chain[position..].iter().rev());
            let index = candidates.len() - 1;
            let expected = Selection::Found { index, exact: position == 0 };
            assert_eq!(selected(wanted, &candidates), expected, "{best} for {wanted}");
        }
    }
}

#[test]
fn leaves_what_cannot_run() {
    for (wanted, other) in [
        ("linux/amd64", "linux/amd64/v2"),
        ("linux/386", "linux/amd64"),
        ("linux/arm/v6", "linux/arm/v7"),
        ("linux/arm/v5", "linux/arm64"),
        ("linux/arm64/v8.1", "linux/arm64/v8.2"),
        ("linux/arm64/v8", "linux/arm64/v9"),
        ("linux/arm64/v9", "linux/arm64/v8.6"),
        ("linux/arm64/v8.10", "linux/arm/v7"),
        ("linux/arm64/v9.8", "linux/arm64"),
        ("linux/arm64/weird", "linux/arm64"),
        ("linux/ppc64le", "linux/ppc64"),
        ("linux/amd64", "darwin/amd64"),
        ("linux/amd64", "linux(+gpu)/amd64"),
        ("linux(+a)/amd64", "linux(+a+b)/amd64"),
        ("linux/amd64/v999999999", "linux/amd64/v2"),
    ] {
        assert_eq!(selected(wanted, &[other, "linux/s390x"]), Selection::None, "{other}");
    }
    assert_eq!(selected("linux/amd64", &[]), Selection::None);
    // Strictly the same is still the same.
    let exact = Selection::Found { index: 0, exact: true };
    assert_eq!(selected("linux/arm64/weird", &["linux/arm64/weird"]), exact);
    assert_eq!(selected("linux/amd64/v999999999", &["linux/amd64/v999999999"]), exact);
}

#[test]
fn breaks_ties() {
    let found = |index| Selection::Found { index, exact: true };
    assert_eq!(selected("linux/amd64", &["linux/arm64", "linux/amd64", "linux/amd64"]), found(1));
    let features = ["linux/amd64", "linux(+a)/amd64", "linux(+b+a)/amd64", "linux(+a+b)/amd64"];
    assert_eq!(selected("linux(+a+b+c)/amd64", &features), found(2));
    assert_eq!(selected("linux(+a)/amd64", &features), found(1));
    assert_eq!(selected("linux/amd64", &features), found(0));
    // The system's version counts for Windows only.
    assert_eq!(selected("linux(1.2.3)/amd64", &["linux(4.5.6)/amd64"]), found(0));
}

#[test]
fn takes_unstated_and_unknown_last() {
    let found = |index| Selection::Found { index, exact: false };
    assert_eq!(selected("linux/amd64", &["-", "linux/arm64"]), found(0));
    assert_eq!(selected("linux/amd64", &["-", "linux/386"]), found(1));
    assert_eq!(
        selected("linux/amd64", &["-", "linux/arm64", "-"]),
        Selection::Ambiguous(vec![0, 2])
    );
    assert_eq!(selected("linux/amd64", &["unknown/unknown"]), found(0));
    assert_eq!(selected("linux/amd64", &["unknown/unknown", "linux/arm64"]), Selection::None);
    assert_eq!(selected("linux/amd64", &["unknown/unknown", "-"]), found(1));
}

#[test]
fn compares_windows_versions() {
    let table = [
        ("windows/amd64", "windows(10.0.17763.1)/amd64", true),
        ("windows(10.0.17763)/amd64", "windows/amd64", true),
        ("windows(10.0.17763)/amd64", "windows(10.0.17763.5122)/amd64", true),
        ("windows(10.0.17763)/amd64", "windows(10.0.17763.5122+win32k)/amd64", true),
        ("windows(10.0.17763)/amd64", "windows(10.0.17763.5122+other)/amd64", false),
        ("windows(10.0.17763)/amd64", "windows(10.0.17134)/amd64", false),
        ("windows(10.0.19041)/amd64", "windows(10.0.17763)/amd64", false),
        ("windows(10.0.20348)/amd64", "windows(10.0.20348.9)/amd64", true),
        ("windows(10.0.20348)/amd64", "windows(10.0.17763)/amd64", false),
        ("windows(10.0.22621)/amd64", "windows(10.0.20348)/amd64", true),
        ("windows(10.0.22621)/amd64", "windows(10.0.25398)/amd64", false),
        ("windows(10.0.26100)/amd64", "windows(10.0.20348)/amd64", true),
        ("windows(10.0.26200)/amd64", "windows(10.0.20348)/amd64", false),
        ("windows(10.0.26200)/amd64", "windows(10.0.26100)/amd64", true),
        ("windows(10.0.22621)/amd64", "windows(10.1.22000)/amd64", false),
        ("windows(11.0.22621)/amd64", "windows(10.0.22000)/amd64", false),
        ("windows(10.0.22621)/amd64", "windows(garbage)/amd64", false),
        ("windows(garbage)/amd64", "windows(10.0.17763)/amd64", true),
        ("windows(10.0.99999)/amd64", "windows(10.0.17763)/amd64", true),
        ("windows(10.0.17763)/arm64", "windows(10.0.17763)/amd64", false),
    ];
    for (wanted, other, fits) in table {
        let expected =
            if fits { Selection::Found { index: 0, exact: true } } else { Selection::None };
        assert_eq!(selected(wanted, &[other]), expected, "{other} for {wanted}");
    }
}
