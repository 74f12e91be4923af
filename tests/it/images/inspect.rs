//! `inspect`: skopeo's document, and the page on a terminal.

use serde_json::{Value, json};

use super::{AMD64, ARM64, of_all_kinds};
use crate::support::image::{Blob, OCI_CONFIG, OCI_LAYER, OCI_MANIFEST};
use crate::support::{Image, Output, TestEnv, TestRegistry};

fn page(arguments: &[&str]) -> Output {
    TestEnv::new().command(arguments.iter().copied()).tty()
}

#[test]
fn the_document_has_skopeo_s_members_in_skopeo_s_order() {
    let registry = of_all_kinds();
    let reference = registry.repo("demo/app:index");
    let output = TestEnv::new().run(["inspect", &reference, "--platform", ARM64]);
    let document = output.code(0).silent().json();
    let image = Image::oci("i", ARM64);
    let index = Image::index_with_attestations("i", &[AMD64, ARM64]);
    let layers: Vec<&str> = image.blobs[1..].iter().map(|blob| &*blob.digest).collect();
    let data: Vec<Value> = image.blobs[1..]
        .iter()
        .map(|blob| {
            json!({"MIMEType": OCI_LAYER, "Digest": blob.digest, "Size": blob.bytes.len(), "Annotations": null})
        })
        .collect();
    let expected = json!({
        "Name": registry.repo("demo/app"), "Digest": index.root.digest, "RepoTags": [],
        "Created": "2026-01-02T03:04:05.678Z", "DockerVersion": "27.0.1",
        "Labels": {"seed": "i", "org.opencontainers.image.version": "i"},
        "Architecture": "arm64", "Os": "linux", "Layers": layers, "LayersData": data,
        "Env": ["PATH=/usr/bin:/bin", "SEED=i"],
    });
    assert_eq!(document, expected, "{output}");
    let keys = [
        "Name",
        "Digest",
        "RepoTags",
        "Created",
        "DockerVersion",
        "Labels",
        "Architecture",
        "Os",
        "Layers",
        "LayersData",
        "Env",
    ];
    let at = |key: &str| output.stdout.find(&format!("\n    \"{key}\": ")).expect("a member");
    assert!(keys.windows(2).all(|pair| at(pair[0]) < at(pair[1])), "{output}");
    let line = TestEnv::new().run(["inspect", &reference, "--platform", ARM64, "--format", "json"]);
    assert_eq!(line.code(0).json_lines(), [expected]);
}

#[test]
fn tags_are_listed_on_demand() {
    let registry = TestRegistry::new().tags("demo/app", ["2", "1", "latest"]).start();
    let reference = registry.repo("demo/app:1");
    let output = TestEnv::new().run(["inspect", "--tags", &reference]);
    assert_eq!(output.code(0).json()["RepoTags"], json!(["2", "1", "latest"]));
    assert_eq!(registry.requests().len(), 3, "{}", registry.log());
}

#[test]
fn templates_and_raw() {
    let registry = of_all_kinds();
    let (one, two) = (registry.repo("demo/app:oci"), registry.repo("demo/app:docker"));
    let template = "{{.Name}} {{.Architecture}} {{len .Layers}} {{index .Labels \"seed\"}}";
    let output = TestEnv::new().run(["inspect", &two, &one, "--format", template]);
    let name = registry.repo("demo/app");
    output.code(0).lines(&[&format!("{name} arm64 2 d"), &format!("{name} amd64 2 o")]);
    registry.server().clear();
    let output = TestEnv::new().run(["inspect", &one, "--format", "{{.Nope}}"]);
    output.code(2).stdout("").stderr_has("Nope").stderr_has("DockerVersion");
    TestEnv::new().run(["inspect", &one, "--format", "table"]).code(2).stdout("");
    assert_eq!(registry.requests().len(), 0, "{}", registry.log());
    let raw = TestEnv::new().command(["inspect", "--raw", &one]).unchecked().run();
    assert_eq!(raw.bytes, Image::oci("o", AMD64).root.bytes);
}

#[test]
fn artifacts_plugins_and_old_images_are_described() {
    let registry = of_all_kinds();
    for (name, kind, more) in [
        ("demo/plugin:1", "Docker plugin", "mounts things"),
        ("demo/chart:1.2.3", "Helm chart", "1.2.3"),
        ("demo/app:file", "OCI artifact, application/vnd.example.thing", "text/plain"),
        ("demo/app:old", "legacy schema 1 image", "demo/old:1"),
    ] {
        let reference = registry.repo(name);
        let document = TestEnv::new().run(["inspect", &reference]).code(0).json();
        assert!(document["Layers"].is_array(), "{document}");
        let page = page(&["inspect", &reference]);
        page.code(0).stdout_has(kind).stdout_has(more).stdout_has(&reference);
    }
    let old = TestEnv::new().run(["inspect", &registry.repo("demo/app:old")]).json();
    assert_eq!(
        (&old["Tag"], &old["Digest"]),
        (&"1".into(), &(*Image::schema1().root.digest).into())
    );
}

/// An index that has nothing for this machine is described itself.
#[test]
fn an_index_for_other_machines() {
    let index = Image::index("x", &["linux/s390x", "linux/ppc64le"]);
    let registry = TestRegistry::new().image("demo/app:1", &index).start();
    let reference = registry.repo("demo/app:1");
    let output = TestEnv::new().run(["inspect", &reference]);
    output.code(0).stderr_has("warning: ");
    assert_eq!(output.json()["Digest"], *index.root.digest);
    let page = page(&["inspect", &reference]);
    page.code(0).stdout_has("OCI index").stdout_has("linux/s390x").stdout_has("linux/ppc64le");
    TestEnv::new().run(["inspect", &reference, "--platform", "local"]).code(3).stdout("");
}

fn nginx() -> Image {
    let config = json!({
        "created": "2020-01-02T03:04:05Z", "architecture": "amd64", "os": "linux",
        "config": {
            "Entrypoint": ["/entry.sh"], "Cmd": ["nginx", "-g", "daemon off;"], "User": "www",
            "ExposedPorts": {"80/tcp": {}, "443/tcp": {}}, "Volumes": {"/data": {}},
            "WorkingDir": "/srv", "StopSignal": "SIGQUIT", "Env": ["A=1"],
            "Labels": {"maintainer": "\u{1b}[31mred", "long": "word ".repeat(40)},
        },
        "history": [
            {"created": "2020-01-02T03:04:05Z", "created_by": "/bin/sh -c #(nop) ADD file:1 in / "},
            {"created": "2020-01-02T03:04:05Z", "created_by": "ENV A=1", "empty_layer": true},
            {"created": "2020-01-02T03:04:05Z", "created_by": format!("RUN /bin/sh -c echo {}", "x".repeat(99))},
        ],
    });
    let layer = |size: usize| Blob::new(OCI_LAYER, vec![b'x'; size]);
    let config = Blob::new(OCI_CONFIG, config.to_string());
    Image::manifest(OCI_MANIFEST, config, vec![layer(1500), layer(23_000)], &json!({}))
}

#[test]
fn the_page_tells_what_one_wants_to_know() {
    let registry = TestRegistry::new().image("demo/app:1", &nginx()).start();
    let reference = registry.repo("demo/app:1");
    let output = page(&["inspect", &reference]);
    let text =
        output.code(0).stdout.replace("\x1b[1m", "").replace("\x1b[0m", "").replace('\r', "");
    for line in [
        &*reference,
        &*nginx().root.digest,
        "  Kind         OCI image",
        "  Platform     linux/amd64",
        "  Entrypoint   /entry.sh",
        "  Command      nginx -g 'daemon off;'",
        "  User         www",
        "  Directory    /srv",
        "  Ports        443/tcp, 80/tcp",
        "  Volumes      /data",
        "  Stop signal  SIGQUIT",
        "  A=1",
        "     1.5kB   ADD file:1 in /",
        "     empty   ENV A=1",
        "  maintainer   \\u{1b}[31mred",
    ] {
        assert!(text.lines().any(|shown| shown == line), "no line {line:?}\n{text}");
    }
    assert!(
        text.contains("  Created      ") && text.contains(" years ago (2020-01-02 03:04 UTC)"),
        "{text}"
    );
    assert!(
        text.contains("compressed, 2 layers") && text.contains("      23kB   RUN echo xxx"),
        "{text}"
    );
    let widest = text.lines().map(|line| line.chars().count()).max();
    assert!(widest <= Some(80), "{widest:?}\n{text}");
    assert!(!text.lines().any(|line| line.ends_with(' ')), "{text}");
}

#[test]
fn the_page_keeps_to_the_terminal_s_width() {
    let registry = TestRegistry::new().image("demo/app:1", &nginx()).start();
    let reference = registry.repo("demo/app:1");
    for columns in [40, 60, 120] {
        let env = TestEnv::new().var("COLUMNS", columns.to_string()).var("NO_COLOR", "1");
        let output = env.command(["inspect", &reference]).tty();
        output.code(0).stdout_lacks("\x1b");
        for line in output.stdout.lines().filter(|line| !line.starts_with("sha256:")) {
            assert!(line.trim_end().chars().count() <= columns, "{columns}: {line:?}\n{output}");
        }
        assert_eq!(output.stdout.contains("years ago    "), columns >= 100, "{output}");
    }
}
