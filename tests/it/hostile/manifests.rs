//! T12, A08, A10: manifests and configs that are endless, of other bytes, or crooked; and many
//! requests side by side against one host that wants peace.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::{HANGS, logged_in, three_ways};
use crate::support::hostile::endless;
use crate::support::image::{Blob, OCI_INDEX, OCI_MANIFEST, sha256};
use crate::support::{Image, Response, TestEnv, TestRegistry};

const MIB: u64 = 1024 * 1024;
const COMMANDS: [&str; 5] = ["manifest", "platforms", "config", "inspect", "digest"];

/// A08: a manifest without end, in chunks and under a length that no machine has.
#[test]
fn endless_manifests() {
    for declared in [None, Some(i64::MAX as u64)] {
        let sent = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&sent);
        let registry = TestRegistry::new()
            .hook(move |request| {
                if request.method == "HEAD" {
                    return Some(Response::new(405));
                }
                let answer = Response::new(200).header("Content-Type", OCI_MANIFEST);
                let noise: Vec<u8> = (0..65_536_u32).map(|n| (n % 251) as u8).collect();
                Some(endless(answer, noise, declared, Arc::clone(&counter)))
            })
            .start();
        let env = logged_in(&registry.host());
        for command in COMMANDS {
            three_ways(&env, &[command, &registry.repo("demo/app:1")], |seen| {
                seen.fails(1).says("8 MiB");
                seen.output.peak_below(100 * 1024);
                let gets = registry.requests().iter().filter(|r| r.method == "GET").count();
                assert_eq!(gets, 1, "{}", registry.log());
                let taken = sent.swap(0, Ordering::SeqCst);
                // Up to its limit, and what the system's buffers take on top.
                assert!(taken <= 24 * MIB, "{taken} bytes");
                registry.server().clear();
            });
        }
    }
}

/// A10: bytes that are not what the digest stands for; both digests are told in full.
#[test]
fn manifests_of_other_bytes() {
    let wrong = Image::oci("wrong", "linux/amd64").root;
    let honest = format!("sha256:{}", "a".repeat(64));
    let sha512 = format!("sha512:{}", "c".repeat(128));
    for (suffix, header) in [
        (format!("@{honest}"), honest.clone()),
        (format!("@{honest}"), wrong.digest.clone()),
        (":1".to_owned(), honest.clone()),
        (format!("@{sha512}"), sha512.clone()),
    ] {
        let (bytes, expected) =
            (wrong.bytes.clone(), if suffix.contains("512") { &sha512 } else { &honest });
        let registry = TestRegistry::new()
            .hook(move |_| {
                let answer = Response::with_body(200, OCI_MANIFEST, bytes.clone());
                Some(answer.header("Docker-Content-Digest", &*header))
            })
            .start();
        let env = logged_in(&registry.host());
        let reference = format!("{}{suffix}", registry.repo("demo/app"));
        for command in ["manifest", "config", "inspect", "platforms"] {
            three_ways(&env, &[command, &reference], |seen| {
                seen.fails(1).says(expected);
                let blobs = registry.paths().iter().filter(|path| path.contains("/blobs/")).count();
                assert_eq!(blobs, 0, "{}", registry.log());
            });
        }
    }
}

/// A10 (c): the manifest is right, its config is not.
#[test]
fn a_config_of_other_bytes() {
    let image = Image::oci("a", "linux/amd64");
    let digest = image.config().digest.clone();
    let at = format!("/blobs/{digest}");
    let registry = TestRegistry::new()
        .image("demo/app:1", &image)
        .hook(move |request| {
            let is_config = request.path.ends_with(&at);
            is_config.then(|| Response::with_body(200, "application/json", "{}"))
        })
        .start();
    let env = logged_in(&registry.host());
    for command in ["config", "inspect"] {
        three_ways(&env, &[command, &registry.repo("demo/app:1")], |seen| {
            seen.fails(1).says(&digest).says(&sha256(b"{}"));
        });
    }
}

/// Documents that no honest registry has: no crash, no request that they make us send.
#[test]
fn crooked_manifests() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let child = |digest: &str, size: Value| {
        json!({"mediaType": OCI_MANIFEST, "digest": digest, "size": size,
               "platform": {"os": "linux\u{1b}[31m", "architecture": "amd64\u{202e}"}})
    };
    let index = |manifests: Value| json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests});
    let image = |config: Value| json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []});
    let documents = [
        json!({}),
        json!([]),
        json!(null),
        json!({"schemaVersion": 99}),
        json!({"schemaVersion": 2, "manifests": [], "layers": [], "config": {}}),
        index(json!(null)),
        index(json!({})),
        index(json!([null, 7, "x", []])),
        index(json!([child("../../../etc/passwd", json!(7))])),
        index(json!([child("sha256:..%2f..%2f", json!(7))])),
        index(json!([child("sha256:short", json!(7))])),
        index(json!([child("md5:d41d8cd98f00b204e9800998ecf8427e", json!(7))])),
        index(json!([child(&digest, json!(-1))])),
        index(json!([child(&digest, json!(1e300))])),
        index(json!([child(&digest, json!(u64::MAX))])),
        index(json!([child(&digest, json!("7"))])),
        index(Value::Array(vec![child(&digest, json!(7)); 20_000])),
        image(json!(null)),
        image(json!({"digest": "../x", "size": 1, "mediaType": "x"})),
        image(
            json!({"digest": digest, "size": u64::MAX, "mediaType": "application/vnd.oci.image.config.v1+json"}),
        ),
        image(json!({"digest": digest, "size": -5, "mediaType": "\u{1b}]0;pwn\u{7}"})),
    ];
    for document in documents {
        let blob = Blob::json(OCI_MANIFEST, &document);
        for media_type in [OCI_INDEX, "\u{9b}31m"] {
            let bytes = blob.bytes.clone();
            let registry = TestRegistry::new()
                .hook(move |request| {
                    let is_root = request.path.ends_with("/manifests/1");
                    is_root.then(|| Response::with_body(200, media_type, bytes.clone()))
                })
                .start();
            let env = TestEnv::new();
            for command in ["platforms", "inspect"] {
                let reference = registry.repo("demo/app:1");
                let output = env.command([command, &reference]).deadline(HANGS).measured().run();
                output.peak_below(128 * 1024);
            }
            for path in registry.paths() {
                let bad = ["..", "%2f", "passwd", "short", "md5"];
                assert!(!bad.iter().any(|part| path.contains(part)), "{path}");
            }
        }
    }
}

/// One clock for a host: a 429 for one worker stops all, for as long as the host asks.
#[test]
fn one_clock_for_all_workers() {
    let tags: Vec<String> = (0..60).map(|n| format!("t{n}")).collect();
    let early = Arc::new(AtomicUsize::new(0));
    let refused = Arc::new(std::sync::OnceLock::new());
    let (count, first, seen) = (early.clone(), refused.clone(), AtomicUsize::new(0));
    let registry = TestRegistry::new()
        .tags("demo/app", tags.clone())
        .hook(move |_| {
            // Not the first ones: while nothing is known of a registry, one request goes alone.
            if seen.fetch_add(1, Ordering::SeqCst) < 20 {
                return None;
            }
            if first.set(std::time::Instant::now()).is_ok() {
                return Some(Response::new(429).header("Retry-After", "2"));
            }
            let since = first.get().expect("it is set").elapsed();
            if since < std::time::Duration::from_millis(1_900) {
                count.fetch_add(1, Ordering::SeqCst);
                // Answered late: no worker gets to a second request before the 429 has arrived.
                std::thread::sleep(std::time::Duration::from_millis(300));
            }
            None
        })
        .start();
    let env = TestEnv::new();
    let names: Vec<String> =
        tags.iter().map(|tag| registry.repo(&format!("demo/app:{tag}"))).collect();
    let args = ["digest", "-j", "8"].into_iter().chain(names.iter().map(String::as_str));
    let output = env.command(args).deadline(HANGS).run();
    output.code(0);
    assert_eq!(output.stdout.lines().count(), 60, "{output}");
    // Only what was under way already came while the host wanted peace.
    let early = early.load(Ordering::SeqCst);
    assert!(early <= 8, "{early} requests in the meantime");
    assert_eq!(registry.requests().len(), 61, "{}", registry.log());
}

/// A config without end, whatever its descriptor says of its size.
#[test]
fn endless_configs() {
    let image = Image::oci("a", "linux/amd64");
    let at = format!("/blobs/{}", image.config().digest);
    let sent = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&sent);
    let registry = TestRegistry::new()
        .image("demo/app:1", &image)
        .hook(move |request| {
            let blob = Response::new(200).header("Content-Type", "application/octet-stream");
            let is_config = request.path.ends_with(&at);
            is_config.then(|| endless(blob, vec![b' '; 65_536], None, Arc::clone(&counter)))
        })
        .start();
    let env = logged_in(&registry.host());
    for command in ["config", "inspect"] {
        three_ways(&env, &[command, &registry.repo("demo/app:1")], |seen| {
            seen.fails(1).says("8 MiB");
            seen.output.peak_below(64 * 1024);
            let taken = sent.swap(0, Ordering::SeqCst);
            assert!(taken <= 24 * MIB, "{taken} bytes");
            assert_eq!(registry.requests().len(), 2, "{}", registry.log());
            registry.server().clear();
        });
    }
}

/// An index with more entries than any image has platforms, and one of more values than memory is for.
#[test]
fn a_giant_index_is_refused() {
    let entry = json!({"mediaType": OCI_MANIFEST, "size": 7, "digest": sha256(b"x")}).to_string();
    let entries = format!("\"manifests\":[{}{entry}]", format!("{entry},").repeat(10_000));
    let values = format!("\"manifests\":[],\"x\":[{}0]", "0,".repeat(3_000_000));
    for (members, words) in [(entries, "more than 10000 manifests"), (values, "too many values")] {
        let bytes = format!("{{\"schemaVersion\":2,{members}}}").into_bytes();
        let registry = TestRegistry::new()
            .hook(move |_| Some(Response::with_body(200, OCI_INDEX, bytes.clone())))
            .start();
        let env = logged_in(&registry.host());
        for command in ["platforms", "inspect"] {
            three_ways(&env, &[command, &registry.repo("demo/app:1")], |seen| {
                seen.fails(1).says(words);
                seen.output.peak_below(100 * 1024);
            });
        }
    }
}
