//! The order of tags, rule by rule and repository by repository: each list is in printed order.

use super::*;

pub(in crate::tags) mod properties;

use properties::Random;

/// Shuffles and sorts back, with the fast sort and with `compare`.
#[track_caller]
fn in_order(list: &str) {
    let expected: Vec<&str> = list.split_whitespace().collect();
    let mut random = Random(expected.len() as u64);
    for _ in 0..20 {
        let mut tags = expected.clone();
        random.shuffle(&mut tags);
        let mut compared = tags.clone();
        sort_newest_first(&mut tags);
        assert_eq!(tags, expected);
        compared.sort_by(|a, b| compare(a, b));
        assert_eq!(compared, expected);
    }
}

#[test]
fn rules() {
    // Numbers are numbers, a missing component is less than a present one.
    in_order("10.0 9.10 9.9.11 9.9.2 9.9 9 0.20.1 0.9.2 0.0.0 0");
    in_order("3.20.1 3.20.0 3.20 3.19.9 3 2.99");
    // A leading v does not matter; between equals the plain one is first.
    in_order("v1.10 1.9 v1.9 V1.8 1.7 v1.7-alpine 1.7-bookworm");
    // Leading zeros do not matter.
    in_order("1.010 01.9 1.09 1.9");
    // The plain tag, then variants by name, numbers in them newest first.
    in_order(
        "2.1.4 2.1.4-alpine 2.1.4-alpine-slim 2.1.4-alpine3.20.1 2.1.4-alpine3.20
         2.1.4-alpine3.19 2.1.4-alpine3.9 2.1.4-bookworm 2.1.4-bullseye 2.1.4-slim
         2.1.4-slim-bookworm 2.1.3",
    );
    // Pre-releases, below all variants of their version and above the version before.
    in_order(
        "2.1.5 2.1.5-alpine 2.1.5-slim
         2.1.5-rc.10 2.1.5-rc.2 2.1.5-rc.2-alpine 2.1.5-rc1 2.1.5-rc 2.1.5-rc-alpine
         2.1.5-preview.3 2.1.5-pre 2.1.5-M2 2.1.5-M1 2.1.5-milestone 2.1.5-ea
         2.1.5-beta.2 2.1.5-beta.1 2.1.5-beta.1-apache 2.1.5-beta
         2.1.5-alpha2 2.1.5-alpha 2.1.5-next.4 2.1.5-canary.12 2.1.5-canary.9
         2.1.5-SNAPSHOT 2.1.5-nightly 2.1.5-dev2 2.1.5-dev 2.1.4 2.1.4-alpine",
    );
    // A marker at the end is one, too.
    in_order("12.1 12.1-noble 12.1-ubi10 12.1-rc 12.1-noble-rc 12.1-ubi10-rc 12.0 12.0-ubi10");
    // Revisions raise a version.
    in_order("1.2.3-10 1.2.3-4 1.2.3-4-alpine 1.2.3-3 1.2.3 1.2.3-alpine 1.2.3-rc1 1.2.2-9");
    in_order("1.2.3-r10 1.2.3-r9 1.2.3 1.2.3-debian-12 1.2.3-debian-12-r10 1.2.3-debian-12-r9");
    in_order("2.0.post2 2.0.post1 2.0 2.0.dev3 1.9-build.12 1.9-build.9 1.9_8 1.9_7");
    in_order("3.10 3.3a 3.3 3.2p1 3.2 1.1.1w 1.1.1v 1.1.1a 1.1.1 1.0.2k");
    // Hashes are words of a suffix, graphics cards no pre-releases.
    in_order("1.2.3-4-gabcdef1 1.2.3 1.2.3-1b2c3d4 1.2.3-9f2a9c1 1.2.3-a100 1.2.3-b200 1.2.2");
}

#[test]
fn long_numbers() {
    in_order(
        "1000000000000000000000000000000000000001.0
         1000000000000000000000000000000000000000.1
         999999999999999999999999999999999999999
         18446744073709551616 18446744073709551615 10000000000000000000
         9999999999999999999 65536 65535 257 256 255 225 224 223 222 1 0",
    );
    in_order(
        "1.0-rc.1000000000000000000000000000000000000001
         1.0-rc.1000000000000000000000000000000000000000
         a1000000000000000000000000000000000000001 a1000000000000000000000000000000000000000 a2",
    );
    let (long, longer) = (format!("1{}", "0".repeat(300)), format!("1{}", "0".repeat(301)));
    in_order(&format!("{longer} {long} 9"));
}

#[test]
fn names() {
    in_order(
        "1.0 bookworm bookworm-20240211 bookworm-20240211-slim bookworm-20240110 bookworm-slim",
    );
    in_order("0.1 edge latest main php8.3 php8.2 php7.4 pr-3001 pr-2999 pr-300 stable");
    in_order("1.0 release-1.10.0 release-1.9.0 release-1.9.0-alpine release-1.9");
    // Words glued to a lone number make a name; a pre-release does not.
    in_order("17 17ea 16rc1 3.2-32bit 64bit 32bit 32bit-stretch 3scale 2fa-server latest");
    in_order("1 v v-1.2 version1.2 version1.1");
}

#[test]
fn hashes() {
    in_order(
        "1234567 1.0 20240115 0a1b2c3d4e5f60718293a4b5c6d7e8f901234567 4f2a9c1 4f2a9c1-alpine
         9e8d7c6 deadbee1 latest sha-0abc123 sha-abc1234 sha-fedcba9 v4f2a9c1",
    );
    // One letter and a number, as in the tags of nightly builds, is not a hash.
    in_order("b20240116 b20240115 b4321 b999");
    for hash in ["4f2a9c1", "12345e7", "9F2A9C1", &"0a".repeat(32), &"1f".repeat(20)] {
        assert!(Version::parse(hash).is_none(), "{hash}");
    }
    for version in ["1234567", "3.9b1", "8u412", "1a2b3c", "20240115a", "20240115b1"] {
        assert!(Version::parse(version).is_some(), "{version}");
    }
}

#[test]
fn dates() {
    // Dates of all spellings come behind the versions.
    in_order(
        "2024.02.01 2024.01.15 20240116 20240115 20231231 2024-01-16 2024-01-15 2023-12-31 latest",
    );
    in_order("2023 2024-01-15-2 2024-01-15 2024-01-15-alpine 2024-01-14 2024-01 2023-12");
    in_order("2024-01-15T10-30-00Z 2024-01-15T09-59-59Z 2024-01-14T23-00-00Z");
    in_order("20240115T103000Z 20240115T093000Z 20240115");
    in_order("20240115.2 20240115.1 20240115-103000 20240115-093000 20240115 20240115-4f2a9c1");
    in_order("2024b 2024a 2024 2023d 20240116 20240115b 20240115a 20240115");
    in_order("24.10 24.04.1 24.04 22.04");
}

#[test]
fn alpine() {
    in_order(
        "3.20.3 3.20.2 3.20.1 3.20.0 3.20 3.19.4 3.19 3.18.9 3.18
         3.9.6 3.9 3.1 3 2.7 2.6 20240923 20240807 edge latest",
    );
}

#[test]
fn nginx() {
    in_order(
        "1.27.3 1.27.3-alpine 1.27.3-alpine-otel 1.27.3-alpine-perl 1.27.3-alpine-slim
         1.27.3-alpine3.20 1.27.3-alpine3.20-otel 1.27.3-alpine3.20-perl 1.27.3-alpine3.20-slim
         1.27.3-bookworm 1.27.3-bookworm-otel 1.27.3-bookworm-perl 1.27.3-otel 1.27.3-perl
         1.27.2 1.27.2-alpine 1.27 1.27-alpine 1.27-alpine3.20 1.26.2 1.26 1 1-alpine
         1-alpine-slim 1-alpine3.20
         alpine alpine-perl alpine-slim alpine3.20 alpine3.19 bookworm latest mainline
         mainline-alpine perl stable stable-alpine stable-alpine3.20 stable-alpine3.19",
    );
}

#[test]
fn openjdk() {
    in_order(
        "24-ea-5-jdk 24-ea-5-jdk-oraclelinux9 24-ea-5-jdk-slim 24-ea-4-jdk 24-ea-jdk
         22-jdk 22-ea-20-jdk 17.0.2 17.0.2-jdk 17.0.1-jdk 17 17-jdk 17-jdk-alpine 17-ea-5-jdk
         11.0.16-jdk 8u412-jdk 8u402-jdk 8u402-jre 8u342 8u292-b10 8u292-b09 8u292 8u92 8 8-jdk
         8-jre 7u231 7",
    );
    in_order("21.0.2_13-jdk 21.0.1_12-jdk 21-jdk 11.0.22_7-jre 11.0.21_9-jdk 1.8.0_292 1.8.0_282");
}

#[test]
fn node() {
    in_order(
        "23.1.0 23.1.0-alpine 23.1.0-alpine3.20 23.1.0-alpine3.19 23.1.0-bookworm
         23.1.0-bookworm-slim 23.1.0-bullseye 23.1.0-slim 23.1 23.1-alpine 23.0.0 23 23-alpine
         22.11.0 22 20.18.0 20 9.11.2 9 4.9.1 4 0.12.18 0.10.48
         alpine alpine3.20 alpine3.19 current current-alpine hydrogen iron iron-alpine jod latest
         lts lts-alpine lts-alpine3.20 slim",
    );
}

#[test]
fn postgres() {
    in_order(
        "17.0 17.0-alpine 17.0-alpine3.20 17.0-alpine3.19 17.0-bookworm 17 17-alpine 17-bookworm
         17rc1 17rc1-alpine 17rc1-alpine3.20 17rc1-bookworm 17beta3 17beta3-alpine 17beta2
         17beta1 16.4 16.4-alpine 16 16-alpine 15.8 9.6.24 9.6.9 9.6 9.5.25 9
         alpine alpine3.20 bookworm bullseye latest",
    );
}

#[test]
fn python() {
    in_order(
        "3.14.0a1 3.14.0a1-slim 3.14-rc 3.14-rc-slim 3.13.0 3.13.0-alpine 3.13.0-slim
         3.13.0-slim-bookworm 3.13.0rc3 3.13.0rc2 3.13.0rc2-alpine 3.13.0rc2-slim 3.13.0rc1
         3.13.0b4 3.13.0b1 3.13.0a6 3.13 3.13-slim 3.13-rc 3.12.7 3.12 3.9.20 3.9.0
         3.9.0b1 3.9 3.9b2 3.9b1 3 3-slim 2.7.18 2.7 2 latest rc slim",
    );
}

#[test]
fn dotnet_sdk() {
    in_order(
        "9.0.100 9.0.100-alpine3.20 9.0.100-bookworm-slim 9.0.100-rc.2.24474.11
         9.0.100-rc.2.24474.11-alpine 9.0.100-rc.1.24452.12 9.0.100-rc.1
         9.0.100-preview.7.24407.12 9.0.100-preview.7.24407.12-alpine 9.0.100-preview.6.24328.19
         9.0.100-preview.6 9.0 9.0-alpine 9.0-preview 9.0-preview-alpine 8.0.403
         8.0.403-alpine3.20-amd64 8.0.403-jammy 8.0.401 8.0 8.0-alpine 8.0-jammy 6.0 latest",
    );
}

#[test]
fn ubuntu_and_debian() {
    in_order(
        "24.10 24.04 22.04 20.04 18.04 14.04.5 14.04 jammy jammy-20241004 jammy-20240911.1
         jammy-20240911 latest noble noble-20241015 noble-20241011 noble-20240904.1 oracular
         rolling",
    );
    in_order(
        "12.7 12.7-slim 12.6 12 12-slim 11.11 10 bookworm bookworm-20241016
         bookworm-20241016-slim bookworm-20240926 bookworm-20240926-slim bookworm-backports
         bookworm-slim bullseye latest sid sid-20241016 sid-slim stable stable-slim testing",
    );
}

#[test]
fn minio() {
    in_order(
        "RELEASE.2024-01-16T16-07-38Z RELEASE.2024-01-16T16-07-38Z-cpuv1
         RELEASE.2024-01-16T16-07-38Z.fips RELEASE.2024-01-13T07-53-03Z
         RELEASE.2023-12-23T07-19-11Z edge latest",
    );
}

#[test]
fn others() {
    // Spring, Nextcloud, Next.js, k3s, Windows, git describe, Go's pseudo-versions.
    in_order("1.1.0-SNAPSHOT 1.0.0 1.0.0-RC1 1.0.0-M2 1.0.0-M1 1.0.0-SNAPSHOT 0.9.0.RELEASE");
    in_order("12.0.0 12.0.0-apache 12.0.0-fpm 12.0.0-beta.1 12.0.0-beta.1-apache 11.0.1-apache");
    in_order("5.0.0-canary.11 5.0.0-canary.2 4.9.0");
    in_order("v1.31.0-k3s1 v1.30.6-k3s2 v1.30.6-k3s1 v1.30.6-rc1-k3s1");
    in_order("2004 1909 1809 1809-amd64 20H2 10.0.20348.2700 10.0.17763.6414 ltsc2022 ltsc2019");
    in_order("v0.0.0-20240202101010-abcdef123456 v0.0.0-20240101101010-abcdef123456");
    in_order("2022-CU15-ubuntu-22.04 2022-CU14-ubuntu-22.04 2022-latest 2019-CU28-ubuntu-20.04");
    in_order("1.0-é 1.0-é-rc 0.9 é é10 é9");
}

#[test]
fn accessors() {
    // tag, components, precision, pre-release, variant
    type Row = (&'static str, &'static str, usize, Option<PreKind>, &'static str);
    let rows: [Row; 19] = [
        ("1.27.3", "1 27 3", 3, None, ""),
        ("v3.020-alpine3.19", "3 020", 2, None, "-alpine3.19"),
        ("1.8.0_292-jdk", "1 8 0", 3, None, "-jdk"),
        ("8u412-jdk", "8", 1, None, "-jdk"),
        ("8u292-b10-jre", "8", 1, None, "-jre"),
        ("8u412b08", "8", 1, None, "b08"),
        ("17-ea-5-jdk", "17", 1, Some(PreKind::EarlyAccess), "-jdk"),
        ("3.9b1-slim", "3 9", 2, Some(PreKind::Beta), "-slim"),
        ("3.14.0a1", "3 14 0", 3, Some(PreKind::Alpha), ""),
        ("12.1-ubi10-rc", "12 1", 2, Some(PreKind::Rc), "-ubi10"),
        ("12.1-ubi10-rc2-x", "12 1", 2, Some(PreKind::Rc), "-ubi10-x"),
        ("9.0.100-preview.7.24407.12-alpine", "9 0 100", 3, Some(PreKind::Preview), "-alpine"),
        ("1.0.0-SNAPSHOT", "1 0 0", 3, Some(PreKind::Snapshot), ""),
        ("1.2.3-4", "1 2 3", 3, None, ""),
        ("2024-01-15-slim", "2024 01 15", 3, None, "-slim"),
        ("2024-01-4f2a9c1", "2024 01", 2, None, "-4f2a9c1"),
        ("1.0-predator", "1 0", 2, None, "-predator"),
        ("1.0-jdk-dev", "1 0", 2, None, "-jdk-dev"),
        ("1.x", "1", 1, None, ".x"),
    ];
    for (tag, components, precision, pre, variant) in rows {
        let version = Version::parse(tag).expect(tag);
        assert_eq!(version.components().collect::<Vec<_>>().join(" "), components, "{tag}");
        assert_eq!(version.components().count(), precision, "{tag}");
        assert_eq!(version.pre.map(|pre| pre.kind), pre, "{tag}");
        assert_eq!(version.is_prerelease(), pre.is_some(), "{tag}");
        assert_eq!(version.variant(), variant, "{tag}");
    }
    for name in ["", "v", "latest", "v-1", "pr-3001", "sha-abc1234", "noble-20241011", "32bit"] {
        assert!(Version::parse(name).is_none(), "{name}");
    }
}

#[test]
fn variants() {
    let rows = [
        ("-alpine", "-alpine", true),
        ("-alpine", "-alpine3.20", true),
        ("-alpine", "-alpine-3.20", true),
        ("-alpine3.20", "-alpine3.20", true),
        ("-alpine3.20", "-alpine3.19", false),
        ("-alpine3.20", "-alpine", false),
        ("-alpine", "-alpine-slim", false),
        ("-alpine", "-bookworm", false),
        ("-alpine", "", false),
        ("", "-alpine", false),
        ("", "", true),
        ("-bookworm-slim", "-bookworm-20240211-slim", true),
        ("-debian", "-debian-12-r4", false),
        ("-debian-r", "-debian-12-r4", true),
        ("-jdk", "-jdk17", true),
        ("-arm", "-arm64", false),
        ("-arm64", "-arm64", true),
        ("-bit", "-32bit", false),
    ];
    for (wanted, found, expected) in rows {
        let tag = format!("1.0{found}");
        let version = Version::parse(&tag).expect("a version");
        assert_eq!(version.is_variant(wanted), expected, "{wanted} {found}");
    }
}
