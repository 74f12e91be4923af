//! Referrers in OCI layouts: the entries of `index.json` whose subject is the image.

use serde_json::{Value, json};

use super::{AMD64, ARM64, NOTATION, artifact, built, entry, notation};
use crate::support::TestEnv;
use crate::support::image::{Blob, Image};

/// Writes a layout of these images; those without a name have none in the index either.
fn write(env: &TestEnv, images: &[(&str, &Image)]) {
    let mut entries = Vec::new();
    for (name, image) in images {
        for blob in image.blobs.iter().chain(&image.children).chain([&image.root]) {
            let path = format!("work/layout/blobs/{}", blob.digest.replace(':', "/"));
            env.write(&path, &blob.bytes);
        }
        let mut entry: Value = entry(image);
        if !name.is_empty() {
            entry["annotations"] = json!({"org.opencontainers.image.ref.name": name});
        }
        entries.push(entry);
    }
    env.write("work/layout/oci-layout", r#"{"imageLayoutVersion":"1.0.0"}"#);
    let index = json!({"schemaVersion": 2, "manifests": entries});
    env.write("work/layout/index.json", index.to_string());
}

#[test]
fn what_has_the_image_as_its_subject() {
    let (image, _, arm) = built();
    let (signature, other) = (notation(&image.root), notation(&Image::oci("b", AMD64).root));
    let spdx = "application/spdx+json";
    let sbom = artifact(&arm.root, spdx, Blob::new(spdx, "{\"SPDXID\":\"layout\"}"), &json!({}));
    let env = TestEnv::new();
    write(&env, &[("1", &image), ("", &signature), ("", &other), ("", &sbom)]);
    let format = "--format={{.Type}} {{.Source}} {{.Platform}}";
    let output = env.run(["referrers", format, "oci:layout:1"]);
    let in_toto = "application/vnd.in-toto+json index";
    output.code(0).silent().lines(&[
        &format!("{in_toto} {AMD64}"),
        &format!("{in_toto} {ARM64}"),
        &format!("{NOTATION} layout "),
    ]);
    let output = env.run(["referrers", format, "--platform", ARM64, "oci:layout:1"]);
    output.code(0).silent().lines(&[&format!("{in_toto} {ARM64}"), &format!("{spdx} layout ")]);
    let output = env.run(["referrers", "--sbom", "--platform", ARM64, "oci:layout:1"]);
    output.code(0).silent().stdout(r#"{"SPDXID":"arm"}"#);
    // A blob that is not what its digest says.
    let path = format!("work/layout/blobs/{}", signature.root.digest.replace(':', "/"));
    env.write(&path, "{}");
    env.run(["referrers", "oci:layout:1"]).code(1).stdout("").stderr_has("sha256:44136fa355b3678a");
}
