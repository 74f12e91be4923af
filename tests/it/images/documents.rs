//! `manifest`, `config` and their bytes.

use serde_json::{Value, json};

use super::{AMD64, ARM64, of_all_kinds};
use crate::support::image::{Blob, DOCKER_CONFIG, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST};
use crate::support::{Image, TestEnv, TestRegistry};

/// Runs, and returns the exact bytes.
#[track_caller]
fn bytes(arguments: &[&str]) -> Vec<u8> {
    let output = TestEnv::new().command(arguments.iter().copied()).unchecked().run();
    output.code(0).silent();
    output.bytes
}

#[test]
fn manifests_come_byte_for_byte() {
    let registry = of_all_kinds();
    for (name, image) in [
        ("demo/app:index", Image::index_with_attestations("i", &[AMD64, ARM64])),
        ("demo/app:list", Image::docker_list("l", &[AMD64, ARM64, "linux/arm/v6"])),
        ("demo/app:oci", Image::oci("o", AMD64)),
        ("demo/app:docker", Image::docker("d", ARM64)),
        ("demo/app:old", Image::schema1()),
        ("demo/app:file", Image::artifact("application/vnd.example.thing", "content")),
        ("demo/chart:1.2.3", Image::helm("chart", "1.2.3")),
        ("demo/plugin:1", Image::plugin("mounts things")),
    ] {
        let reference = registry.repo(name);
        for options in [&[][..], &["--raw"]] {
            let arguments = [&["manifest", &*reference], options].concat();
            assert_eq!(bytes(&arguments), image.root.bytes, "{name} {options:?}");
        }
        let repository = reference.rsplit_once(':').expect("a tag").0;
        let by_digest = format!("{repository}@{}", image.root.digest);
        assert_eq!(bytes(&["manifest", &by_digest]), image.root.bytes, "{name} by digest");
        let digest = String::from_utf8(bytes(&["digest", &reference])).expect("UTF-8");
        assert_eq!(digest.trim_end(), image.root.digest, "{name}");
    }
}

#[test]
fn configs_come_byte_for_byte() {
    let registry = of_all_kinds();
    for (name, image) in [
        ("demo/app:oci", Image::oci("o", AMD64)),
        ("demo/app:docker", Image::docker("d", ARM64)),
        ("demo/app:file", Image::artifact("application/vnd.example.thing", "content")),
        ("demo/chart:1.2.3", Image::helm("chart", "1.2.3")),
        ("demo/plugin:1", Image::plugin("mounts things")),
    ] {
        assert_eq!(bytes(&["config", &registry.repo(name)]), image.config().bytes, "{name}");
    }
    let plugin = bytes(&["config", &registry.repo("demo/plugin:1"), "--type", "plugin"]);
    assert_eq!(plugin, Image::plugin("mounts things").config().bytes);
    for (platform, image) in
        [(AMD64, Image::docker("l", AMD64)), (ARM64, Image::docker("l", ARM64))]
    {
        let list = registry.repo("demo/app:list");
        assert_eq!(bytes(&["config", &list, "--platform", platform]), image.config().bytes);
    }
    // This signed image has no history, and so nothing that could be its config.
    let output = TestEnv::new().run(["config", &registry.repo("demo/app:old")]);
    output.code(3).stdout("").stderr_has("config not found in").stderr_has("schema 1");
}

#[test]
fn inline_data_spares_the_request() {
    let mut config = Blob::new("application/vnd.example.config+json", "{\"a\":1}").descriptor();
    config["data"] = json!("eyJhIjoxfQ==");
    let document =
        json!({"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": []});
    let root = Blob::json(OCI_MANIFEST, &document);
    let image = Image { root, children: Vec::new(), blobs: Vec::new() };
    let registry = TestRegistry::new().image("demo/app:1", &image).start();
    assert_eq!(bytes(&["config", &registry.repo("demo/app:1")]), b"{\"a\":1}");
    registry.server().assert_exchanges(&["GET /v2/demo/app/manifests/1 200"]);
}

#[test]
fn a_platform_goes_down_into_an_index() {
    let registry = of_all_kinds();
    let list = registry.repo("demo/app:list");
    let child = bytes(&["manifest", &list, "--platform", ARM64]);
    assert_eq!(child, Image::docker("l", ARM64).root.bytes);
    let digest = bytes(&["digest", &list, "--platform", "linux/arm/v6"]);
    assert_eq!(
        String::from_utf8_lossy(&digest).trim(),
        Image::docker("l", "linux/arm/v6").root.digest
    );
    // Exact first; what stands in is said.
    let output = TestEnv::new().run(["digest", &list, "--platform", "linux/arm/v7"]);
    output.code(0).stdout(&format!("{}\n", Image::docker("l", "linux/arm/v6").root.digest));
    output.stderr_has("warning: ").stderr_has("linux/arm/v7").stderr_has("linux/arm/v6");
    for command in ["digest", "manifest", "config", "inspect"] {
        let output = TestEnv::new().run([command, &list, "--platform", "linux/s390x"]);
        output.code(3).stdout("").stderr_has("platform linux/s390x not found in");
        output.stderr_has("hint: it has linux/amd64, linux/arm64, linux/arm/v6");
        // A single image says it in its config.
        let single = registry.repo("demo/app:docker");
        let output = TestEnv::new().run([command, &single, "--platform", AMD64]);
        output.code(3).stdout("").stderr_has("platform linux/amd64 not found in");
        output.stderr_has("hint: it has linux/arm64");
        let output =
            TestEnv::new().command([command, &single, "--platform", ARM64]).unchecked().run();
        output.code(0).silent();
    }
    let output = TestEnv::new().run(["digest", &list, "--platform", "linux/amd64/v1/x"]);
    output.code(2).stdout("").stderr_has("platform");
}

#[test]
fn without_a_platform_this_machine_s_is_taken() {
    let local = match std::env::consts::ARCH {
        "x86_64" => AMD64,
        "aarch64" => ARM64,
        _ => return,
    };
    let registry = of_all_kinds();
    let index = registry.repo("demo/app:index");
    assert_eq!(bytes(&["config", &index]), Image::oci("i", local).config().bytes);
    let by_name = bytes(&["config", &index, "--platform", "local"]);
    assert_eq!(by_name, Image::oci("i", local).config().bytes);
    // The only image there is will do, and it is said.
    let other = Image::index_with_attestations("s", &["linux/s390x"]);
    let registry = TestRegistry::new().image("demo/app:1", &other).start();
    let output = TestEnv::new().command(["config", &registry.repo("demo/app:1")]).unchecked().run();
    output.code(0).stderr_has("linux/s390x");
    assert_eq!(output.bytes, Image::oci("s", "linux/s390x").config().bytes);
}

#[test]
fn entries_without_a_platform_are_looked_into() {
    let images = vec![(Image::oci("a", AMD64), json!({})), (Image::oci("a", ARM64), json!({}))];
    let registry = TestRegistry::new().image("demo/app:1", &Image::list(OCI_INDEX, images)).start();
    let reference = registry.repo("demo/app:1");
    assert_eq!(
        bytes(&["manifest", &reference, "--platform", ARM64]),
        Image::oci("a", ARM64).root.bytes
    );
}

#[test]
fn list_insists_on_a_list() {
    let registry = of_all_kinds();
    let index = Image::index_with_attestations("i", &[AMD64, ARM64]);
    for platform in [&[][..], &["--platform", "linux/s390x"]] {
        let arguments = [&["manifest", "--list", &*registry.repo("demo/app:index")], platform];
        assert_eq!(bytes(&arguments.concat()), index.root.bytes);
    }
    let single = registry.repo("demo/app:oci");
    let same = bytes(&["manifest", "--list", &single, "--platform", AMD64]);
    assert_eq!(same, Image::oci("o", AMD64).root.bytes);
    for platform in [&[][..], &["--platform", ARM64], &["--platform", "linux/386"]] {
        let arguments = [&["manifest", "--list", &*single], platform].concat();
        let output = TestEnv::new().run(arguments);
        output.code(3).stdout("").stderr_has("not multi-platform").stderr_has(AMD64);
    }
    let output = TestEnv::new().run(["manifest", "--list", &registry.repo("demo/chart:1.2.3")]);
    output.code(3).stdout("").stderr_has("not multi-platform");
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let registry = of_all_kinds();
    let env = TestEnv::new();
    let image = Image::oci("o", AMD64);
    let reference = registry.repo("demo/app:oci");
    env.run(["manifest", &reference, "-o", "manifest.json"]).code(0).stdout("").silent();
    assert_eq!(env.read("work/manifest.json").as_bytes(), image.root.bytes);
    env.run(["config", &reference, "--output", "manifest.json"]).code(0).stdout("").silent();
    assert_eq!(env.read("work/manifest.json").as_bytes(), image.config().bytes);
    env.run(["manifest", &registry.repo("demo/app:none"), "-o", "manifest.json"]).code(3);
    assert_eq!(env.read("work/manifest.json").as_bytes(), image.config().bytes);
    env.run(["manifest", &reference, "-o", "no/such/file"]).code(1).stderr_has("no/such/file");
    let left: Vec<_> = std::fs::read_dir(env.work()).expect("our own").flatten().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    let output = env.command(["manifest", &reference, "-o", "/dev/stdout"]).unchecked().run();
    assert_eq!(output.bytes, image.root.bytes);
}

#[test]
fn a_terminal_gets_an_indented_document() {
    let config = json!({"architecture": "amd64", "os": "linux", "author": "\u{202e}evil\u{9b}31m"});
    let config = Blob::new(OCI_CONFIG, config.to_string());
    let image = Image::manifest(OCI_MANIFEST, config.clone(), Vec::new(), &json!({}));
    let registry = TestRegistry::new().image("demo/app:1", &image).start();
    let reference = registry.repo("demo/app:1");
    let output = TestEnv::new().command(["config", &reference]).tty();
    output.code(0).stdout_has("{\r\n  \"").stdout_has("\"os\": \"linux\"");
    let shown: Value = serde_json::from_str(&output.stdout).expect("still the same document");
    assert_eq!(Some(shown), serde_json::from_slice(&config.bytes).ok());
    let raw = TestEnv::new().command(["config", "--raw", &reference]).unchecked().tty();
    assert_eq!(raw.bytes, config.bytes);
    // One line of JSON anywhere.
    let output = TestEnv::new().run(["config", "--format", "json", &reference]);
    assert_eq!(output.code(0).stdout.lines().count(), 1);
    assert_eq!(Some(output.json()), serde_json::from_slice(&config.bytes).ok());
}

#[test]
fn templates_use_the_document_s_own_names() {
    let registry = of_all_kinds();
    let run = |arguments: &[&str]| TestEnv::new().run(arguments.iter().copied());
    let oci = registry.repo("demo/app:oci");
    let template = "{{.schemaVersion}} {{.config.mediaType}} {{len .layers}}";
    run(&["manifest", &oci, "--format", template]).code(0).stdout(&format!("2 {OCI_CONFIG} 2\n"));
    let docker = registry.repo("demo/app:docker");
    run(&["manifest", &docker, "--format={{.config.mediaType}}"])
        .code(0)
        .stdout(&format!("{DOCKER_CONFIG}\n"));
    run(&["config", &oci, "--format", "{{join .config.Cmd \" \"}}"]).code(0).stdout("/bin/sh\n");
    for bad in ["table {{.os}}", "table", "{{.os", "yaml"] {
        run(&["config", &oci, "--format", bad]).code(2).stdout("");
    }
    // Nothing is asked when the template cannot be read.
    registry.server().clear();
    run(&["manifest", &oci, "--format", "{{"]).code(2);
    assert_eq!(registry.requests().len(), 0);
}

/// Of a schema 1 image the newest step is the config.
#[test]
fn an_old_image_s_config_is_its_newest_step() {
    let newest = json!({
        "architecture": "amd64", "os": "linux", "created": "2015-05-05T05:05:05Z",
        "docker_version": "1.6.0", "config": {"Cmd": ["sh"], "Env": ["A=1"]},
        "container_config": {"Cmd": ["/bin/sh", "-c", "#(nop) CMD [sh]"]}, "throwaway": true,
    });
    let oldest = json!({"container_config": {"Cmd": ["/bin/sh", "-c", "#(nop) ADD file:1 in /"]}});
    let layer =
        |fill: char| json!({"blobSum": format!("sha256:{}", String::from(fill).repeat(64))});
    let document = json!({
        "schemaVersion": 1, "name": "demo/old", "tag": "2", "architecture": "amd64",
        "fsLayers": [layer('a'), layer('b')],
        "history": [{"v1Compatibility": newest.to_string()}, {"v1Compatibility": oldest.to_string()}],
    });
    let root = Blob::json("application/vnd.docker.distribution.manifest.v1+json", &document);
    let image = Image { root, children: Vec::new(), blobs: Vec::new() };
    let registry = TestRegistry::new().image("demo/old:2", &image).start();
    let reference = registry.repo("demo/old:2");
    assert_eq!(bytes(&["config", &reference]), newest.to_string().as_bytes());
    assert_eq!(bytes(&["platforms", "-q", &reference]), b"linux/amd64\n");
    let document = TestEnv::new().run(["inspect", &reference]).code(0).json();
    assert_eq!(document["DockerVersion"], "1.6.0");
    let layers = ["b", "a"].map(|fill| format!("sha256:{}", fill.repeat(64)));
    assert_eq!(document["Layers"], json!(layers));
    let page = TestEnv::new().command(["inspect", &reference]).tty();
    page.code(0)
        .stdout_has("     layer   ADD file:1 in /\r\n")
        .stdout_has("     empty   CMD [sh]\r\n");
    page.stdout_has("Made by      Docker 1.6.0");
}
