//! `aliases`, `diff`, `referrers` and OCI layouts: on the real registry, through the real docker CLI, and beside skopeo.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use super::docker_cli::Docker;
use super::registry::{Registry, Storage};
use super::run::{Home, client_path, run};
use super::{bulk, proxy, seed, skopeo};

#[test]
#[ignore = "needs the real docker CLI and docker-registry"]
fn answers_come_through_docker() {
    let registry = Registry::open(&Storage::new());
    let index = seed::oci_index(&registry, "team/app", "2.0");
    for tag in ["latest", "2"] {
        seed::oci_index(&registry, "team/app", tag);
    }
    seed::Image::docker("amd64").put(&registry, "team/app", Some("1.0"));
    seed::oci_index(&registry, "team/mirror", "2.0");
    let sbom = seed::attach_sbom(&registry, &index, "{\"spdxVersion\":\"SPDX-2.3\"}");
    let docker = Docker::new();
    let name = format!("{}/team/app", registry.address());
    let mirror = format!("{}/team/mirror", registry.address());
    let same = docker.run(["tags", "aliases", &name]).expect_code(0);
    assert_eq!(same.lines(), ["2.0", "2", "latest"]);
    let version = docker.run(["tags", "aliases", "--version", &name]).expect_code(0);
    assert_eq!(version.lines(), ["2.0"]);
    let changed =
        docker.run(["tags", "diff", &name, &mirror, "--exclude", "sha256-.*"]).expect_code(10);
    assert_eq!(changed.lines(), ["- 2", "- 1.0", "- latest"]);
    docker.run(["tags", "diff", &name, &name]).expect_code(0);
    let saved = docker.run(["tags", "ls", "--digests", "--format", "json", &name]).expect_code(0);
    let file = docker.home.write("saved.json", &saved.stdout);
    let file = file.to_str().expect("a path");
    assert_eq!(docker.run(["tags", "diff", file, &name]).expect_code(0).stdout, "");
    let found = docker.run(["tags", "referrers", "--format", "{{.Digest}} {{.Type}}", &name]);
    let found = found.expect_code(0);
    assert!(found.lines().contains(&&*format!("{sbom} application/spdx+json")), "{found:?}");
}

/// What skopeo copies into a layout reads the same as from the registry, without any network, and nothing
/// outside of the layout is read.
#[test]
#[ignore = "needs the real docker-registry, skopeo and strace"]
fn a_layout_of_skopeo_reads_as_the_registry_does() {
    let registry = Registry::open(&Storage::new());
    seed::oci_index(&registry, "team/app", "2.0");
    let name = format!("{}/team/app:2.0", registry.address());
    let home = Home::new();
    let mut copy = home.command("skopeo");
    // Its own digests would be those of layers that it has compressed anew.
    let options = ["--all", "--preserve-digests", "--src-tls-verify=false"];
    copy.args(["--insecure-policy", "copy"]).args(options);
    copy.args([format!("docker://{name}"), "oci:layout:2.0".to_owned()]);
    run(&mut copy).expect_code(0);
    let local = "oci:layout:2.0";
    assert_eq!(home.client(["ls", "oci:layout"]).expect_code(0).stdout, "2.0\n");
    for words in [
        &["manifest"][..],
        &["digest"],
        &["platforms", "--format", "json"],
        &["manifest", "--platform", "linux/amd64"],
        &["config", "--platform", "linux/amd64"],
    ] {
        let [ours, theirs] = [local, &*name].map(|image| {
            let outcome = home.client(words.iter().copied().chain([image])).expect_code(0);
            outcome.stdout.replace(image, "IMAGE")
        });
        assert_eq!(ours, theirs, "{words:?}");
    }
    let inspected =
        home.client(["inspect", "--raw", "--platform", "linux/amd64", local]).expect_code(0);
    assert!(serde_json::from_str::<Value>(&inspected.stdout).is_ok());
    assert_eq!(
        home.client(["manifest", local]).expect_code(0).stdout,
        skopeo::inspect_raw(&name, &[])
    );

    for words in [&["ls", "-l", "oci:layout"][..], &["inspect", local], &["referrers", local]] {
        let mut traced = home.command("strace");
        traced.args(["-f", "-o", "trace", "-e", "trace=network,open,openat,openat2,readlink"]);
        run(traced.arg(client_path()).args(words)).expect_code(0);
        let trace = fs::read_to_string(home.path().join("trace")).expect("strace wrote it");
        assert!(!trace.contains("socket(") && !trace.contains("connect("), "{words:?}\n{trace}");
        let opened: BTreeSet<&str> = trace
            .lines()
            .filter(|line| !line.contains("ENOENT"))
            .filter_map(|line| line.split('"').nth(1))
            .collect();
        let is_expected = |path: &&str| {
            let system = ["/lib", "/usr/lib", "/etc/ld.so", "/proc/", "/sys/fs/cgroup", "/dev/"];
            system.iter().any(|start| path.starts_with(start))
                || path.contains("layout")
                || path.contains(".docker")
                || path.starts_with("blobs")
                || ["sha256", "index.json", "oci-layout"].contains(path)
                || path.chars().all(|c| c.is_ascii_hexdigit())
        };
        let other: Vec<&&str> = opened.iter().filter(|path| !is_expected(path)).collect();
        assert!(other.is_empty(), "{words:?}: {other:?}\n{trace}");
    }
}

/// The version that `latest` is among twelve tags: the list, and at most two rounds of `HEAD`s, eight at a time.
#[test]
#[ignore = "needs the real docker-registry"]
fn the_version_of_latest_takes_few_requests() {
    let registry = Registry::open(&Storage::new());
    bulk::put_many(&registry, "team/few", 12, 12);
    let server = proxy::start(registry.address());
    let name = format!("{}/team/few", server.address());
    let home = Home::new();
    let tags = home.client(["ls", &name]).expect_code(0).stdout;
    let oldest = tags.lines().last().expect("a tag");
    let before = server.log_lines().len();
    home.client(["aliases", &format!("{name}:{oldest}"), "--version"]).expect_code(0);
    let lines = server.log_lines();
    let asked: Vec<&String> = lines.iter().skip(before).collect();
    let heads = asked.iter().filter(|line| line.starts_with("HEAD ")).count();
    assert_eq!((heads, asked.len()), (12, 13), "{asked:#?}");
}
