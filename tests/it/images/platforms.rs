//! `platforms`: the index as a table.

use serde_json::Value;

use super::{AMD64, ARM64, of_all_kinds};
use crate::support::image::Blob;
use crate::support::{Image, TestEnv, TestRegistry};

/// Config and layers, compressed.
fn size(image: &Image) -> u64 {
    image.blobs.iter().map(|blob| blob.bytes.len() as u64).sum()
}

#[test]
fn an_index_is_a_table() {
    let registry = of_all_kinds();
    let reference = registry.repo("demo/app:index");
    let output = TestEnv::new().run(["platforms", &reference]);
    output.code(0).silent();
    let lines: Vec<Vec<&str>> =
        output.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["PLATFORM", "DIGEST", "SIZE"]);
    assert_eq!(lines.len(), 3, "attestations are hidden\n{output}");
    for (line, platform) in lines[1..].iter().zip([AMD64, ARM64]) {
        let image = Image::oci("i", platform);
        let size = format!("{}B", size(&image));
        assert_eq!(*line, [platform, &image.root.digest[..19], &size], "{output}");
    }
    // One request for the index, one for each image.
    assert_eq!(registry.requests().len(), 3, "{}", registry.log());
    let output = TestEnv::new().run(["platforms", "--all", "-l", "--no-trunc", &reference]);
    let amd64 = Image::oci("i", AMD64).root.digest;
    output.code(0).stdout_has("CREATED").stdout_has(" ago").stdout_has(&amd64);
    output.stdout_has("attestation").stdout_has("unknown/unknown");
    assert_eq!(output.stdout.lines().count(), 5, "{output}");
}

#[test]
fn rows_are_json_and_templates() {
    let registry = of_all_kinds();
    let reference = registry.repo("demo/app:index");
    let rows = TestEnv::new()
        .run(["platforms", "--all", "-l", "--format", "json", &reference])
        .json_lines();
    let arm = Image::oci("i", ARM64);
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[1]["Platform"], ARM64);
    assert_eq!((&rows[1]["Os"], &rows[1]["Architecture"]), (&"linux".into(), &"arm64".into()));
    assert_eq!(rows[1]["Digest"], *arm.root.digest);
    assert_eq!(rows[1]["Size"], size(&arm));
    assert_eq!(rows[1]["Created"], "2026-01-02T03:04:05.678Z");
    assert_eq!((&rows[1]["Type"], &rows[1]["Of"]), (&"image".into(), &Value::Null));
    assert_eq!(
        (&rows[3]["Type"], &rows[3]["Of"]),
        (&"attestation".into(), &(*arm.root.digest).into())
    );
    // What the index itself tells takes no further request.
    for options in [&["-q"][..], &["--format", "{{.Platform}}"]] {
        registry.server().clear();
        let output = TestEnv::new().run([&["platforms", &*reference], options].concat());
        output.code(0).lines(&[AMD64, ARM64]);
        assert_eq!(registry.requests().len(), 1, "{}", registry.log());
    }
    TestEnv::new().run(["platforms", &reference, "--format", "{{.Nope}}"]).code(2).stdout("");
}

#[test]
fn a_single_image_is_one_row() {
    let registry = of_all_kinds();
    for (name, platform, image) in [
        ("demo/app:oci", AMD64, Image::oci("o", AMD64)),
        ("demo/app:docker", ARM64, Image::docker("d", ARM64)),
        ("demo/app:old", "unknown", Image::schema1()),
        ("demo/chart:1.2.3", "unknown", Image::helm("chart", "1.2.3")),
    ] {
        let output = TestEnv::new().run(["platforms", &registry.repo(name), "--format", "json"]);
        let rows = output.code(0).json_lines();
        assert_eq!(rows.len(), 1, "{output}");
        assert_eq!(
            (&rows[0]["Platform"], &rows[0]["Digest"]),
            (&platform.into(), &(*image.root.digest).into())
        );
    }
}

#[test]
fn a_mirror_with_some_of_the_images() {
    let whole = Image::index("a", &[AMD64, ARM64]);
    let missing = Image::oci("a", ARM64).root.digest;
    let children: Vec<Blob> =
        whole.children.iter().filter(|child| child.digest != missing).cloned().collect();
    let registry = TestRegistry::new().image("demo/app:1", &Image { children, ..whole }).start();
    let output = TestEnv::new().run(["platforms", &registry.repo("demo/app:1")]);
    output.code(0).stdout_has(AMD64).stdout_has(ARM64).stdout_has("N/A");
    output.stderr_has("warning: ").stderr_has(&missing);
}
