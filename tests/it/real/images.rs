//! Images of every kind in the real registry: our bytes against those of skopeo and curl, our summary against
//! skopeo's, member by member.

use serde_json::Value;

use super::registry::{Registry, Storage};
use super::run::{Home, client_path, run};
use super::seed::{self, Image, Seeded};
use super::skopeo;

/// An image of every kind, and the platform that is asked for where there are several.
struct Case {
    tag: &'static str,
    seeded: Seeded,
    architecture: &'static str,
    /// The image itself: of an index, the one for the architecture.
    image: Seeded,
}

fn cases(registry: &Registry) -> Vec<Case> {
    let index = seed::oci_index(registry, "team/app", "index");
    let list = seed::docker_list(registry, "team/app", "list");
    let single = |tag, architecture, image: Image| {
        let seeded = image.put(registry, "team/app", Some(tag));
        Case { tag, architecture, image: seeded.clone(), seeded }
    };
    let mut cases = vec![
        single("oci", "amd64", Image::oci("amd64")),
        single("docker", "arm64", Image::docker("arm64/v8")),
        single("layers", "amd64", Image::oci("amd64").layers(100)),
        single("artifact", "amd64", Image::artifact()),
        single("plugin", "amd64", Image::plugin()),
    ];
    // Where the images for these are among the children.
    for (seeded, tag, positions) in [(index, "index", [0, 1]), (list, "list", [0, 2])] {
        for (architecture, position) in ["amd64", "arm64"].into_iter().zip(positions) {
            let image = seeded.children[position].clone();
            cases.push(Case { tag, architecture, image, seeded: seeded.clone() });
        }
    }
    cases
}

fn is_index(case: &Case) -> bool {
    !case.seeded.children.is_empty()
}

/// What a program prints.
#[track_caller]
fn printed(program: &str, arguments: &[&str]) -> String {
    run(Home::new().command(program).args(arguments)).expect_code(0).stdout
}

#[track_caller]
fn ours(arguments: &[&str]) -> String {
    let outcome = Home::new().client(arguments).expect_code(0);
    assert_eq!(outcome.stderr, "", "{outcome}");
    outcome.stdout
}

fn curl(registry: &Registry, path: &str, accept: &str) -> String {
    let url = format!("http://{}/v2/team/app/{path}", registry.address());
    printed("curl", &["-sSf", "-H", &format!("Accept: {accept}"), &url])
}

#[test]
#[ignore = "needs the real docker-registry, skopeo and curl"]
fn the_same_bytes_as_skopeo_and_curl() {
    let registry = Registry::open(&Storage::new());
    for case in cases(&registry) {
        let name = format!("{}/team/app:{}", registry.address(), case.tag);
        let what = format!("{} for {}", case.tag, case.architecture);
        assert_eq!(ours(&["digest", &name]), format!("{}\n", case.seeded.digest), "{what}");
        let manifest = ours(&["manifest", "--raw", &name]);
        assert_eq!(manifest.as_bytes(), case.seeded.manifest, "{what}");
        assert_eq!(manifest, skopeo::inspect_raw(&name, &[]), "{what}");
        let path = format!("manifests/{}", case.tag);
        assert_eq!(manifest, curl(&registry, &path, case.seeded.media_type), "{what}");

        let platform = format!("linux/{}", case.architecture);
        let choice: &[&str] = if is_index(&case) { &["--platform", &platform] } else { &[] };
        let config = ours(&[&["config", &*name], choice].concat());
        assert_eq!(config.as_bytes(), case.image.config, "{what}");
        let path = format!("blobs/{}", seed::digest_of(&case.image.config));
        assert_eq!(config, curl(&registry, &path, "*/*"), "{what}");
        let by_skopeo = ["--override-os", "linux", "--override-arch", case.architecture]
            .into_iter()
            .chain(["inspect", "--config", "--raw", "--tls-verify=false"])
            .map(str::to_owned)
            .chain([format!("docker://{name}")]);
        let by_skopeo = run(Home::new().command("skopeo").args(by_skopeo)).expect_code(0).stdout;
        assert_eq!(config, by_skopeo, "{what}");
        let child = ours(&[&["manifest", &*name], choice].concat());
        assert_eq!(child.as_bytes(), case.image.manifest, "{what}");
        let digest = ours(&[&["digest", &*name], choice].concat());
        assert_eq!(digest.trim_end(), case.image.digest, "{what}");
    }
}

#[test]
#[ignore = "needs the real docker-registry and skopeo"]
fn the_same_summary_as_skopeo() {
    let registry = Registry::open(&Storage::new());
    for case in cases(&registry) {
        let name = format!("{}/team/app:{}", registry.address(), case.tag);
        let platform = format!("linux/{}", case.architecture);
        let choice: &[&str] = if is_index(&case) { &["--platform", &platform] } else { &[] };
        let text = ours(&[&["inspect", "--tags", &*name], choice].concat());
        let mut document: Value = serde_json::from_str(&text).expect("JSON");
        let members = document.as_object_mut().expect("an object");
        // What skopeo 1.9 does not print yet.
        let data = members.remove("LayersData").expect("the layers' data");
        members.remove("Variant");
        let layers: Vec<Value> =
            data.as_array().expect("a list").iter().map(|l| l["Digest"].clone()).collect();
        assert_eq!(Value::from(layers), Value::from(case.image.layers.clone()), "{}", case.tag);
        if case.tag == "artifact" {
            // skopeo refuses what is no image.
            continue;
        }
        let theirs = skopeo::inspect(&name, case.architecture);
        assert_eq!(document, theirs, "{} for {}", case.tag, case.architecture);
    }
}

#[test]
#[ignore = "needs the real docker-registry"]
fn platforms_of_the_real_thing() {
    let registry = Registry::open(&Storage::new());
    let index = seed::oci_index(&registry, "team/app", "index");
    let name = format!("{}/team/app:index", registry.address());
    let rows = ours(&[
        "platforms",
        "--all",
        "--no-trunc",
        "--format",
        "{{.Platform}} {{.Digest}} {{.Type}}",
        &name,
    ]);
    let expected: Vec<String> =
        ["linux/amd64", "linux/arm64/v8", "unknown/unknown", "unknown/unknown"]
            .iter()
            .zip(&index.children)
            .map(|(platform, child)| {
                let kind = if platform.starts_with('l') { "image" } else { "attestation" };
                format!("{platform} {} {kind}", child.digest)
            })
            .collect();
    assert_eq!(rows.lines().collect::<Vec<_>>(), expected);
}

#[test]
#[ignore = "needs the real docker-registry and sha256sum"]
fn the_hash_of_the_output_is_the_digest() {
    let registry = Registry::open(&Storage::new());
    for case in cases(&registry) {
        let name = format!("{}/team/app:{}", registry.address(), case.tag);
        let script = r#"set -o pipefail; "$1" manifest "$2" | sha256sum"#;
        let home = Home::new();
        let mut command = home.command("bash");
        command.args(["-c", script, "recipe"]).arg(client_path()).arg(&name);
        let sum = run(&mut command).expect_code(0).stdout;
        assert_eq!(format!("sha256:{}", &sum[..64]), case.seeded.digest, "{}", case.tag);
    }
}

/// Debian's registry has no referrers API: what oras attaches there stands in the index of a tag.
#[test]
#[ignore = "needs the real docker-registry"]
fn referrers_behind_the_tag() {
    let registry = Registry::open(&Storage::new());
    let image = Image::oci("amd64").put(&registry, "team/app", Some("1"));
    let sbom = seed::attach_sbom(&registry, &image, "{\"SPDXID\":\"real\"}");
    let name = format!("{}/team/app:1", registry.address());
    assert_eq!(ours(&["referrers", "-q", &name]), format!("{sbom}\n"));
    let format = "{{.Type}} {{.For}}";
    let expected = format!("application/spdx+json {}\n", image.digest);
    assert_eq!(ours(&["referrers", "--format", format, &name]), expected);
    assert_eq!(ours(&["referrers", "--sbom", &name]), "{\"SPDXID\":\"real\"}");
}
