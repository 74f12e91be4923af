//! Wrong bytes, endless bytes, documents that can be read in two ways.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use sha2::Digest as _;

use super::AMD64;
use crate::support::hostile::endless;
use crate::support::image::{Blob, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, sha256};
use crate::support::{Image, Response, TestEnv, TestRegistry};

const COMMANDS: [&str; 4] = ["manifest", "platforms", "config", "inspect"];
const MIB: u64 = 1024 * 1024;

/// A08: a manifest without end, chunked and with an absurd length.
#[test]
fn an_endless_manifest() {
    for declared in [None, Some(9_223_372_036_854_775_807)] {
        let sent = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&sent);
        let registry = TestRegistry::new()
            .hook(move |_| {
                let answer = Response::new(200).header("Content-Type", OCI_MANIFEST);
                let noise: Vec<u8> =
                    (0..65_536_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
                Some(endless(answer, noise, declared, Arc::clone(&counter)))
            })
            .start();
        let output =
            TestEnv::new().command(["inspect", &registry.repo("demo/app:1")]).measured().run();
        output.code(1).stdout("").stderr_has("8 MiB").stderr_has("manifest");
        assert_eq!(registry.requests().len(), 1, "{}", registry.log());
        assert!(sent.load(Ordering::SeqCst) <= 16 * MIB, "{} bytes", sent.load(Ordering::SeqCst));
        output.peak_below(100 * 1024);
    }
}

/// The two digests in full, nothing of the wrong bytes, and no request for a blob.
#[track_caller]
fn expect_refused(registry: &TestRegistry, reference: &str, expected: &str, computed: &str) {
    for command in COMMANDS {
        let output = TestEnv::new().run([command, reference]);
        output.code(1).stdout("").stderr_has(expected).stderr_has(computed);
    }
    let blobs = registry.paths().iter().filter(|path| path.contains("/blobs/")).count();
    assert_eq!(blobs, 0, "{}", registry.log());
}

/// A10 (a), (b), (d): the manifest is not the one that the digest stands for.
#[test]
fn a_manifest_of_other_bytes() {
    let wrong = Image::oci("wrong", AMD64).root;
    let honest = format!("sha256:{}", "a".repeat(64));
    let other = format!("sha256:{}", "b".repeat(64));
    let sha512 = format!("sha512:{}", "c".repeat(128));
    for (suffix, header, expected) in [
        (format!("@{honest}"), &honest, &honest),
        (format!("@{honest}"), &wrong.digest, &honest),
        (":1".to_owned(), &other, &other),
        (":1".to_owned(), &sha512, &sha512),
        (format!("@{sha512}"), &sha512, &sha512),
    ] {
        for body in [wrong.bytes.clone(), b"not even JSON".to_vec()] {
            let (bytes, header) = (body.clone(), header.clone());
            let registry = TestRegistry::new()
                .hook(move |_| {
                    let answer = Response::with_body(200, OCI_MANIFEST, bytes.clone());
                    Some(answer.header("Docker-Content-Digest", &*header))
                })
                .start();
            let reference = format!("{}{suffix}", registry.repo("demo/app"));
            let computed = if expected.starts_with("sha512") { "sha512:" } else { &sha256(&body) };
            expect_refused(&registry, &reference, expected, computed);
        }
    }
}

/// A sha512 that is right.
#[test]
fn a_manifest_by_sha512() {
    let body = r#"{"schemaVersion":2,"manifests":[]}"#;
    let hash = sha2::Sha512::digest(body);
    let hex: Vec<String> = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let digest = format!("sha512:{}", hex.concat());
    let registry =
        TestRegistry::new().hook(move |_| Some(Response::with_body(200, OCI_INDEX, body))).start();
    let reference = format!("{}@{digest}", registry.repo("demo/app"));
    let output = TestEnv::new().run(["manifest", &reference]);
    output.code(0).stdout(body);
}

/// A10 (c): the manifest is right, the config is not; and an entry of an index is not.
#[test]
fn a_config_and_a_child_of_other_bytes() {
    let image = Image::oci("a", AMD64);
    let config = image.config().clone();
    for wrong in [b"{}".to_vec(), [config.bytes.clone(), b"\n".to_vec()].concat()] {
        let (body, at) = (wrong.clone(), format!("/blobs/{}", config.digest));
        let registry = TestRegistry::new()
            .image("demo/app:1", &image)
            .hook(move |request| {
                let is_config = request.path.ends_with(&at);
                is_config
                    .then(|| Response::with_body(200, "application/octet-stream", body.clone()))
            })
            .start();
        for command in ["config", "inspect", "platforms"] {
            let output = TestEnv::new().run([command, &registry.repo("demo/app:1")]);
            output.code(1).stdout("").stderr_has(&config.digest).stderr_has(&sha256(&wrong));
        }
    }
    let index = Image::index("a", &[AMD64]);
    let (wrong, at) =
        (Image::oci("wrong", AMD64).root, format!("/manifests/{}", image.root.digest));
    let body = wrong.clone();
    let registry = TestRegistry::new()
        .image("demo/app:1", &index)
        .hook(move |request| {
            request
                .path
                .ends_with(&at)
                .then(|| Response::with_body(200, OCI_MANIFEST, body.bytes.clone()))
        })
        .start();
    for arguments in [&["config"][..], &["manifest"]] {
        let reference = registry.repo("demo/app:1");
        let more = ["--platform", AMD64, &reference];
        let output = TestEnv::new().run([arguments, &more].concat());
        output.code(1).stdout("").stderr_has(&image.root.digest).stderr_has(&wrong.digest);
    }
}

#[test]
fn a_config_larger_than_its_descriptor_says() {
    let mut config =
        Blob::json("application/vnd.oci.image.config.v1+json", &json!({"os": "linux"}));
    let mut descriptor = config.descriptor();
    descriptor["size"] = json!(3);
    let document =
        json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": descriptor, "layers": []});
    config.media_type = "application/octet-stream".into();
    let root = Blob::json(OCI_MANIFEST, &document);
    let image = Image { root, children: Vec::new(), blobs: vec![config] };
    let registry = TestRegistry::new().image("demo/app:1", &image).start();
    let output = TestEnv::new().run(["config", &registry.repo("demo/app:1")]);
    output.code(1).stdout("").stderr_has("its manifest says 3");
}

#[test]
fn ambiguous_and_broken_documents() {
    let config =
        json!({"mediaType": "x/y", "size": 1, "digest": format!("sha256:{}", "0".repeat(64))});
    let cases = [
        (OCI_INDEX, json!({"schemaVersion": 2, "manifests": [], "config": config, "layers": []})),
        (
            OCI_MANIFEST,
            json!({"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": config, "layers": []}),
        ),
        (OCI_MANIFEST, json!({"schemaVersion": 2, "config": config, "layers": [], "fsLayers": []})),
        (OCI_MANIFEST, json!({"schemaVersion": 2, "layers": []})),
        (OCI_MANIFEST, json!([])),
    ];
    for (media_type, document) in cases {
        let body = document.to_string();
        let registry = TestRegistry::new()
            .hook(move |_| Some(Response::with_body(200, media_type, body.clone())))
            .start();
        for command in COMMANDS {
            let output = TestEnv::new().run([command, &registry.repo("demo/app:1")]);
            output.code(1).stdout("").stderr_has("manifest is ").stderr_has("demo/app:1");
        }
    }
}

/// An index that leads into itself cannot be made; one that leads deep can.
#[test]
fn indexes_within_indexes_end() {
    let mut image = Image::index("a", &[AMD64]);
    for _ in 0..4 {
        let member = json!({"platform": {"os": "linux", "architecture": "amd64"}});
        image = Image::list(OCI_INDEX, vec![(image, member)]);
    }
    let registry = TestRegistry::new().image("demo/app:1", &image).start();
    for command in ["digest", "manifest", "config", "inspect"] {
        registry.server().clear();
        let output =
            TestEnv::new().run([command, &registry.repo("demo/app:1"), "--platform", AMD64]);
        output.code(1).stdout("").stderr_has("deep");
        assert!(registry.requests().len() <= 4, "{}", registry.log());
    }
}

/// A digest in a document is a text like any other until it is checked.
#[test]
fn a_digest_that_is_a_path() {
    for digest in
        ["sha256:../../../v2/_catalog", "md5:0123456789abcdef0123456789abcdef", "\u{1b}[31m"]
    {
        let config = json!({"mediaType": "x/y", "size": 1, "digest": digest});
        let document =
            json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []});
        let root = Blob::json(OCI_MANIFEST, &document);
        let image = Image { root, children: Vec::new(), blobs: Vec::new() };
        let registry = TestRegistry::new().image("demo/app:1", &image).start();
        let output = TestEnv::new().run(["config", &registry.repo("demo/app:1")]);
        output.code(1).stdout("").stderr_has("unsupported digest algorithm");
        assert_eq!(registry.requests().len(), 1, "{}", registry.log());
    }
}
