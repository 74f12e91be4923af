//! Numbers and configs that are not what they should be: unknown, and said so, never a broken image.

use serde_json::json;

use super::AMD64;
use crate::support::image::{
    Blob, DOCKER_CONFIG, DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST,
};
use crate::support::{Image, TestEnv, TestRegistry};

/// A manifest as text, its digest computed.
fn raw(text: String, blobs: Vec<Blob>) -> Image {
    Image { root: Blob::new(OCI_MANIFEST, text), children: Vec::new(), blobs }
}

#[test]
fn a_size_that_is_no_number_of_bytes_is_unknown() {
    let image = Image::oci("a", AMD64);
    let (config, layer) = (image.config().clone(), image.blobs[1].clone());
    let nines = "9".repeat(500);
    for size in ["1e400", "-1e400", "-7", "1.5", "9007199254740993", &nines, "\"12\"", "null"] {
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{},"layers":[
               {{"mediaType":"{}","digest":"{}","size":{size}}}],"annotations":{{"size":"1e400"}}}}"#,
            config.descriptor(),
            layer.media_type,
            layer.digest,
        );
        let image = raw(text, vec![config.clone(), layer.clone()]);
        let registry = TestRegistry::new().image("demo/app:1", &image).start();
        let reference = registry.repo("demo/app:1");
        let env = TestEnv::new();
        let document = env.run(["inspect", &reference]).code(0).silent().json();
        assert_eq!(document["LayersData"][0]["Size"], -1, "{size}");
        let row = &env.run(["platforms", &reference, "--format", "json"]).code(0).json_lines()[0];
        assert!(row["Size"].is_null() && row["Platform"] == AMD64, "{size}: {row}");
        env.run(["platforms", &reference]).code(0).stdout_has(" N/A");
        let annotation = ["manifest", &reference, "--format", "{{index .annotations \"size\"}}"];
        env.run(annotation).code(0).stdout("1e400\n");
        let listed = env.run(["ls", "-l", &registry.repo("demo/app")]);
        listed.code(0).silent().stdout_has(" N/A ");
    }
}

#[test]
fn a_config_that_is_no_object_is_told_of() {
    const TOLD: &str = "the config is not a JSON object";
    let env = TestEnv::new();
    for (manifest, media_type) in [(OCI_MANIFEST, OCI_CONFIG), (DOCKER_MANIFEST, DOCKER_CONFIG)] {
        for config in ["[[[[", "{\"a\":", "null", "", "[]", "\"os\"", "7", "{} {}", "\u{feff}{}"] {
            let layer = Image::oci("a", AMD64).blobs[1].clone();
            let blob = Blob::new(media_type, config);
            let image = Image::manifest(manifest, blob, vec![layer], &json!({}));
            let registry = TestRegistry::new().image("demo/app:1", &image).start();
            let reference = registry.repo("demo/app:1");
            let bytes = env.command(["config", &reference]).unchecked().run();
            bytes.code(0).stderr_has(TOLD).stderr_has(&reference);
            assert_eq!(bytes.bytes, config.as_bytes());
            let inspected = env.run(["inspect", &reference]);
            assert_eq!(inspected.code(0).stderr_has(TOLD).json()["Os"], "", "{config}");
            let platforms = env.run(["platforms", &reference]);
            platforms.code(0).stdout_has("unknown").stderr_has(TOLD);
            assert_eq!(platforms.stderr.matches(TOLD).count(), 1, "{platforms}");
        }
    }
}

#[test]
fn an_artifact_may_keep_what_it_likes() {
    for media_type in ["application/vnd.example.config", "application/octet-stream"] {
        let blob = Blob::new(media_type, "[[[[");
        let image = Image::manifest(OCI_MANIFEST, blob, Vec::new(), &json!({}));
        let registry = TestRegistry::new().image("demo/app:1", &image).start();
        for command in ["inspect", "platforms", "config"] {
            TestEnv::new().run([command, &registry.repo("demo/app:1")]).code(0).silent();
        }
    }
}

/// Whatever a document of 8 MiB holds, no command takes more than 64 MiB for it.
#[test]
fn large_documents_stay_small_in_memory() {
    let digest = "0".repeat(64);
    let entry = format!(r#"{{"digest":"sha256:{digest}","size":1}}"#);
    let index = |entries: String| {
        format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{entries}]}}"#)
    };
    let other = |members: String| format!(r#"{{"mediaType":"a/b",{members}}}"#);
    let room = 8 * 1024 * 1024 - 200;
    let json: &[&str] = &["manifest", "--format", "{{json .}}"];
    for (media_type, document, arguments) in [
        (OCI_INDEX, index(vec![&*entry; room / (entry.len() + 1)].join(",")), &["platforms"][..]),
        ("a/b", other(format!(r#""a":[{}]"#, vec![r#"{"":0}"#; room / 7].join(","))), &["inspect"]),
        ("a/b", other(format!(r#""a":"{}""#, "x".repeat(room))), json),
        ("a/b", other(format!(r#""a":"{}""#, "\\n".repeat(room / 2))), json),
    ] {
        let image =
            Image { root: Blob::new(media_type, document), children: vec![], blobs: vec![] };
        let registry = TestRegistry::new().image("demo/app:1", &image).start();
        let reference = registry.repo("demo/app:1");
        let run = TestEnv::new()
            .command([arguments, &[&*reference]].concat())
            .unchecked()
            .measured()
            .run();
        run.peak_below(64 * 1024);
    }
}
