//! `--sbom` and `--provenance`: the document of one platform, wherever it is attached.

use serde_json::{Value, json};

use super::{
    AMD64, ARM64, BUNDLE, SLSA, SPDX, artifact, buildkit, built, entry, envelope, manifest,
    platform, statement, tag, with_api,
};
use crate::support::image::{Blob, Image, OCI_CONFIG, OCI_INDEX};
use crate::support::{TestEnv, TestRegistry};

#[test]
fn from_the_index() {
    let (image, amd, arm) = built();
    let registry = TestRegistry::new().image("demo/app:1", &image).start();
    let env = TestEnv::new();
    let name = registry.repo("demo/app:1");
    let run = |flags: &[&str]| {
        let arguments = ["referrers"].iter().chain(flags).copied().chain([&*name]);
        env.run(arguments).code(0).silent().stdout.clone()
    };
    assert_eq!(run(&["--sbom", "--platform", AMD64]), r#"{"SPDXID":"amd"}"#);
    // The index, the image's manifest, the attestation, its blob.
    assert_eq!(registry.requests().len(), 4, "{}", registry.log());
    assert_eq!(run(&["--sbom", "--platform", ARM64]), r#"{"SPDXID":"arm"}"#);
    assert_eq!(run(&["--provenance", "--platform", ARM64]), r#"{"buildDefinition":"arm"}"#);
    let whole = statement(&arm.root.digest, SPDX, &json!({"SPDXID": "arm"}));
    assert_eq!(run(&["--sbom", "--raw", "--platform", ARM64]), whole);
    assert_eq!(run(&["--sbom", "--format", "{{.SPDXID}}", "--platform", AMD64]), "amd\n");
    env.run(["referrers", "--sbom", "--provenance", &name]).code(2);
    env.run(["referrers", "--sbom", "--platform", "linux/s390x", &name]).code(3).stdout("");

    // Those for another platform are not printed, nor is a statement about something else.
    let (attestation, about) = buildkit(&amd.root.digest, &[(SPDX, json!({}))]);
    let (lying, _) = buildkit(&amd.root.digest, &[(SPDX, json!({"SPDXID": "other"}))]);
    let (_, about_arm) = buildkit(&arm.root.digest, &[]);
    let entries = vec![
        (amd, platform(AMD64)),
        (arm, platform(ARM64)),
        (attestation, about),
        (lying, about_arm),
    ];
    let image = Image::list(OCI_INDEX, entries);
    let registry = TestRegistry::new().image("demo/app:1", &image).start();
    let name = registry.repo("demo/app:1");
    let output = env.run(["referrers", "--sbom", "--platform", ARM64, &name]);
    output
        .code(3)
        .stdout("")
        .stderr_has("the statement is about sha256:")
        .stderr_has("SBOM not found");
}

#[test]
fn from_cosign() {
    let image = Image::oci("a", AMD64);
    let config = || Blob::json(OCI_CONFIG, &json!({}));
    let dsse = |of: &str, predicate_type: &str, predicate: &Value| {
        let text = envelope(&statement(of, predicate_type, predicate)).to_string();
        Blob::new("application/vnd.dsse.envelope.v1+json", text)
    };
    let digest = &image.root.digest;
    // The generator of SLSA's provenance writes no annotation.
    let attestation = manifest(
        config(),
        vec![
            (dsse(digest, SLSA, &json!({"builder": 1})), json!({})),
            (dsse(digest, SPDX, &json!({"SPDXID": "old"})), json!({"predicateType": SPDX})),
            (dsse(digest, SPDX, &json!({"SPDXID": "new"})), json!({"predicateType": SPDX})),
        ],
        &json!({}),
    );
    let registry = TestRegistry::new()
        .image("demo/app:1", &image)
        .image(&tag(&image.root, ".att"), &attestation)
        .start();
    let env = TestEnv::new();
    let name = registry.repo("demo/app:1");
    env.run(["referrers", "--provenance", &name]).code(0).silent().stdout(r#"{"builder":1}"#);
    let output = env.run(["referrers", "--sbom", &name]);
    output.code(0).stdout(r#"{"SPDXID":"new"}"#).stderr_has("2 documents of this kind");
    let whole = statement(digest, SLSA, &json!({"builder": 1}));
    env.run(["referrers", "--provenance", "--raw", &name]).code(0).stdout(&whole);

    // The old way: the SBOM itself.
    let bom = manifest(
        config(),
        vec![(Blob::new("text/spdx", "SPDXVersion: SPDX-2.3\n"), json!({}))],
        &json!({}),
    );
    let registry = TestRegistry::new()
        .image("demo/app:1", &image)
        .image(&tag(&image.root, ".sbom"), &bom)
        .start();
    let name = registry.repo("demo/app:1");
    env.run(["referrers", "--sbom", &name]).code(0).silent().stdout("SPDXVersion: SPDX-2.3\n");
    let output = env.run(["referrers", "--provenance", &name]);
    output
        .code(3)
        .stdout("")
        .stderr_has("provenance not found in")
        .stderr_has("docker tags referrers");
}

#[test]
fn from_the_api() {
    let image = Image::oci("a", AMD64);
    let digest = &image.root.digest;
    let text = statement(digest, SLSA, &json!({"runDetails": {}}));
    let bundle =
        json!({"mediaType": BUNDLE, "verificationMaterial": {}, "dsseEnvelope": envelope(&text)});
    let annotations = json!({
        "dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": SLSA,
    });
    let bundle = artifact(&image.root, BUNDLE, Blob::json(BUNDLE, &bundle), &annotations);
    let cyclonedx = "application/vnd.cyclonedx+json";
    let made = |text: &str, created: &str| {
        let annotations = json!({"org.opencontainers.image.created": created});
        artifact(&image.root, cyclonedx, Blob::new(cyclonedx, text), &annotations)
    };
    let newest = made(r#"{"bomFormat":"CycloneDX","version":2}"#, "2026-02-01T00:00:00Z");
    let older = made(r#"{"bomFormat":"CycloneDX","version":1}"#, "2025-02-01T00:00:00Z");
    let builder = [&newest, &bundle, &older]
        .into_iter()
        .fold(TestRegistry::new().image("demo/app:1", &image), |b, image| {
            b.image("demo/app", image)
        });
    let entries = [&newest, &bundle, &older].map(entry).to_vec();
    let registry = with_api(builder, &image.root, entries).start();
    let env = TestEnv::new();
    let name = registry.repo("demo/app:1");
    env.run(["referrers", "--provenance", &name]).code(0).silent().stdout(r#"{"runDetails":{}}"#);
    let output = env.run(["referrers", "--sbom", &name]);
    output
        .code(0)
        .stdout(r#"{"bomFormat":"CycloneDX","version":2}"#)
        .stderr_has("printing the newest");
}
