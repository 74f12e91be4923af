//! Registries and attestations that mean no good: an orderly error in bounded time and memory.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::{AMD64, NOTATION, SPDX, artifact, buildkit, entry, list, platform, with_api};
use crate::support::image::{Blob, Image, OCI_INDEX, sha256};
use crate::support::{Response, TestEnv, TestRegistry};

#[test]
fn lists_without_end() {
    let image = Image::oci("a", AMD64);
    let pages = AtomicUsize::new(0);
    let endless = move |is_new: bool, link: &'static str| {
        let page = pages.fetch_add(1, Ordering::SeqCst);
        let entries: Vec<_> = (0..500)
            .map(|number| {
                let seed = if is_new { format!("{page} {number}") } else { number.to_string() };
                json!({
                    "mediaType": "application/vnd.oci.image.manifest.v1+json", "size": 7,
                    "digest": sha256(seed.as_bytes()), "artifactType": NOTATION,
                })
            })
            .collect();
        let link = link.replace("{}", &page.to_string());
        Response::with_body(200, OCI_INDEX, list(&entries).bytes).header("Link", link)
    };
    let endless = std::sync::Arc::new(endless);
    let rows: [(bool, &'static str, &str); 4] = [
        (true, "<?page={}>; rel=\"next\"", "10000 entries"),
        (false, "<?page={}>; rel=\"next\"", "pages of the list repeat"),
        (true, "<?page=1>; rel=\"next\"", "pages of the list repeat"),
        (true, "<http://127.0.0.9/v2/x?page={}>; rel=\"next\"", "another host"),
    ];
    for (is_new, link, expected) in rows {
        let endless = endless.clone();
        let registry = TestRegistry::new()
            .image("demo/app:1", &image)
            .hook(move |request| {
                request.path.contains("/referrers/").then(|| endless(is_new, link))
            })
            .start();
        let output = TestEnv::new().run(["referrers", &registry.repo("demo/app:1")]);
        output.code(1).stdout("").stderr_has(expected);
        assert!(registry.requests().len() < 50, "{}", registry.log());
    }
}

#[test]
fn lists_that_are_none() {
    let image = Image::oci("a", AMD64);
    for (media_type, body, expected) in [
        (OCI_INDEX, "{", "cannot be read"),
        (OCI_INDEX, "[]", "not a JSON object"),
        (OCI_INDEX, r#"{"manifests":7}"#, "malformed"),
        (OCI_INDEX, r#"{"manifests":[{}]}"#, "malformed"),
        ("application/json", r#"{"tags":[]}"#, "not an image index"),
    ] {
        let registry = TestRegistry::new()
            .image("demo/app:1", &image)
            .hook(move |request| {
                let answer = || Response::with_body(200, media_type, body);
                request.path.contains("/referrers/").then(answer)
            })
            .start();
        let output = TestEnv::new().run(["referrers", &registry.repo("demo/app:1")]);
        output.code(1).stdout("").stderr_has(expected);
    }
    // A page that goes on and on.
    let registry = TestRegistry::new()
        .image("demo/app:1", &image)
        .hook(|request| {
            let answer = || Response::with_body(200, OCI_INDEX, vec![b' '; 9 << 20]);
            request.path.contains("/referrers/").then(answer)
        })
        .start();
    let env = TestEnv::new();
    let output = env.command(["referrers", &registry.repo("demo/app:1")]).measured().run();
    output.code(1).stdout("").stderr_has("8 MiB");
    output.peak_below(64 * 1024);
}

/// Terminal sequences and odd digests in what a registry lists.
#[test]
fn texts_are_made_harmless() {
    let image = Image::oci("a", AMD64);
    let odd = json!({
        "mediaType": "text/\u{1b}[31m", "digest": "blake3:\u{1b}]0;x\u{7}", "size": -1,
        "artifactType": "sig\u{1b}[2J\u{202e}", "annotations": {"a\u{1b}": "b\u{9b}"},
    });
    let builder = TestRegistry::new().image("demo/app:1", &image);
    let registry = with_api(builder, &image.root, vec![odd]).start();
    let env = TestEnv::new();
    let name = registry.repo("demo/app:1");
    for flags in [&[][..], &["-l"], &["-q"], &["--format", "json"]] {
        let arguments = ["referrers"].iter().chain(flags).copied().chain([&*name]);
        env.run(arguments).code(0).silent();
    }
    env.run(["referrers", "--sbom", &name]).code(3).stdout("");
}

#[test]
fn large_documents() {
    let image = Image::oci("a", AMD64);
    let fill = "x".repeat(1 << 20);
    let large = format!("{{\"SPDXID\":\"{}\"}}", fill.repeat(30));
    let spdx = "application/spdx+json";
    let sbom = artifact(&image.root, spdx, Blob::new(spdx, large.clone()), &json!({}));
    let builder = TestRegistry::new().image("demo/app:1", &image).image("demo/app", &sbom);
    let registry = with_api(builder, &image.root, vec![entry(&sbom)]).start();
    let env = TestEnv::new();
    let name = registry.repo("demo/app:1");
    // 30 MiB are printed as they are, and laid out for nobody.
    let output = env.command(["referrers", "--sbom", &name]).measured().run();
    output.code(0).silent();
    assert!(output.stdout == large, "{} bytes", output.stdout.len());
    output.peak_below(64 * 1024);
    let output = env.command(["referrers", "--sbom", "--format", "json", &name]).measured().run();
    output.code(2).stdout("").stderr_has("larger than 8 MiB");
    output.peak_below(64 * 1024);

    // 100 MB: known from the manifest, or found out on the way.
    for stated in [Some(100_000_000), None] {
        let layer = Blob::new(spdx, "100 MB");
        let digest = layer.digest.clone();
        let mut sbom = artifact(&image.root, spdx, layer, &json!({}));
        let text = String::from_utf8(sbom.root.bytes).expect("a manifest");
        let size = stated.map_or("null".to_owned(), |size: u32| size.to_string());
        sbom.root = Blob::new(
            &sbom.root.media_type,
            text.replace("\"size\": 6\n", &format!("\"size\": {size}\n")),
        );
        let builder = TestRegistry::new()
            .image("demo/app:1", &image)
            .image("demo/app", &sbom)
            .hook(move |request| {
                let answer = || {
                    Response::with_body(200, "application/octet-stream", vec![b'x'; 100_000_000])
                };
                request.path.ends_with(&digest).then(answer)
            });
        let registry = with_api(builder, &image.root, vec![entry(&sbom)]).start();
        let output =
            env.command(["referrers", "--sbom", &registry.repo("demo/app:1")]).measured().run();
        output.code(1).stdout("").stderr_has("is larger than 32 MiB");
        let blobs = registry.paths().iter().filter(|path| path.contains("/blobs/")).count();
        assert_eq!(blobs, usize::from(stated.is_none()), "{}", registry.log());
        output.peak_below(64 * 1024);
    }
}

#[test]
fn statements_that_are_none() {
    let amd = Image::oci("a", AMD64);
    for body in
        ["", "{}", "[]", "null", "{\"payload\":\"!\"}", "{\"payload\":\"e30=\"}", "\u{1b}[31m"]
    {
        let (attestation, about) = buildkit(&amd.root.digest, &[(SPDX, json!({}))]);
        let old = attestation.blobs[1].digest.clone();
        let layer = Blob::new("application/vnd.in-toto+json", body);
        let text = String::from_utf8(attestation.root.bytes.clone()).expect("a manifest");
        let size = format!("\"size\": {}", attestation.blobs[1].bytes.len());
        let text =
            text.replace(&old, &layer.digest).replace(&size, &format!("\"size\": {}", body.len()));
        let attestation = Image {
            root: Blob::new(&attestation.root.media_type, text),
            blobs: vec![attestation.blobs[0].clone(), layer],
            children: Vec::new(),
        };
        let entries = vec![(amd.clone(), platform(AMD64)), (attestation, about)];
        let image = Image::list(OCI_INDEX, entries);
        let registry = TestRegistry::new().image("demo/app:1", &image).start();
        let name = registry.repo("demo/app:1");
        let output = TestEnv::new().run(["referrers", "--sbom", "--platform", AMD64, &name]);
        output.code(1).stdout("").stderr_has("the SBOM of").stderr_has("cannot be read");
    }
}
