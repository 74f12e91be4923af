//! Signatures, SBOMs and provenance, in the shapes that cosign, notation, BuildKit and oras write, from registries
//! with the referrers API and without.

mod hostile;
mod layouts;
mod print;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::image::{Blob, Image, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST};
use crate::support::registry::RegistryBuilder;
use crate::support::{Response, TestEnv, TestRegistry};

const AMD64: &str = "linux/amd64";
const ARM64: &str = "linux/arm64";
const NOTATION: &str = "application/vnd.cncf.notary.signature";
const SPDX: &str = "https://spdx.dev/Document";
const SLSA: &str = "https://slsa.dev/provenance/v1";
const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";

/// A manifest whose layers have annotations, with extra members.
fn manifest(config: Blob, layers: Vec<(Blob, Value)>, extra: &Value) -> Image {
    let descriptor = |(blob, annotations): &(Blob, Value)| {
        let mut descriptor = blob.descriptor();
        descriptor["annotations"] = annotations.clone();
        descriptor
    };
    let mut document = json!({
        "schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config.descriptor(),
        "layers": layers.iter().map(descriptor).collect::<Vec<_>>(),
    });
    for (key, value) in extra.as_object().into_iter().flatten() {
        document[key] = value.clone();
    }
    let mut blobs: Vec<Blob> = layers.into_iter().map(|(blob, _)| blob).collect();
    blobs.insert(0, config);
    Image { root: Blob::json(OCI_MANIFEST, &document), children: Vec::new(), blobs }
}

fn empty() -> Blob {
    Blob::new("application/vnd.oci.empty.v1+json", "{}")
}

/// What `oras attach`, `notation sign` and `cosign attest` (3.0) write: an artifact with a subject.
fn artifact(of: &Blob, artifact_type: &str, layer: Blob, annotations: &Value) -> Image {
    let extra = json!({
        "artifactType": artifact_type, "subject": of.descriptor(), "annotations": annotations,
    });
    manifest(empty(), vec![(layer, json!({}))], &extra)
}

fn notation(of: &Blob) -> Image {
    let annotations = json!({
        "org.opencontainers.image.created": "2026-01-02T03:04:05Z",
        "io.cncf.notary.x509chain.thumbprint#S256": "[\"ab\"]",
    });
    artifact(of, NOTATION, Blob::new("application/jose+json", "{\"payload\":\"\"}"), &annotations)
}

/// The descriptor by which an index lists an artifact.
fn entry(image: &Image) -> Value {
    let document: Value = serde_json::from_slice(&image.root.bytes).expect("a manifest");
    let mut entry = image.root.descriptor();
    for member in ["artifactType", "annotations"] {
        if !document[member].is_null() {
            entry[member] = document[member].clone();
        }
    }
    entry
}

fn list(entries: &[Value]) -> Blob {
    let document = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": entries});
    Blob::json(OCI_INDEX, &document)
}

/// An index under the tag that stands in for the API.
fn fallback(entries: &[Value]) -> Image {
    Image { root: list(entries), children: Vec::new(), blobs: Vec::new() }
}

fn tag(of: &Blob, end: &str) -> String {
    format!("demo/app:{}{end}", of.digest.replace(':', "-"))
}

/// A statement in the form of in-toto.
fn statement(of: &str, predicate_type: &str, predicate: &Value) -> String {
    let hex = of.trim_start_matches("sha256:");
    json!({
        "_type": "https://in-toto.io/Statement/v0.1",
        "subject": [{"name": "demo/app", "digest": {"sha256": hex}}],
        "predicateType": predicate_type,
        "predicate": predicate,
    })
    .to_string()
}

fn envelope(statement: &str) -> Value {
    json!({
        "payloadType": "application/vnd.in-toto+json",
        "payload": STANDARD.encode(statement),
        "signatures": [{"keyid": "", "sig": "MEUC"}],
    })
}

/// The attestation that BuildKit writes into the index, for one image.
fn buildkit(of: &str, predicates: &[(&str, Value)]) -> (Image, Value) {
    let layer = |(predicate_type, predicate): &(&str, Value)| {
        let text = statement(of, predicate_type, predicate);
        let annotations = json!({"in-toto.io/predicate-type": predicate_type});
        (Blob::new("application/vnd.in-toto+json", text), annotations)
    };
    let config = Blob::json(OCI_CONFIG, &json!({"architecture": "unknown", "os": "unknown"}));
    let image = manifest(config, predicates.iter().map(layer).collect(), &json!({}));
    let entry = json!({
        "platform": {"architecture": "unknown", "os": "unknown"},
        "annotations": {
            "vnd.docker.reference.type": "attestation-manifest",
            "vnd.docker.reference.digest": of,
        },
    });
    (image, entry)
}

fn platform(text: &str) -> Value {
    let (os, architecture) = text.split_once('/').expect("a platform");
    json!({"platform": {"os": os, "architecture": architecture}})
}

/// An index for two platforms with SBOM and provenance for each.
fn built() -> (Image, Image, Image) {
    let (amd, arm) = (Image::oci("a", AMD64), Image::oci("a", ARM64));
    let predicates =
        |name: &str| [(SPDX, json!({"SPDXID": name})), (SLSA, json!({"buildDefinition": name}))];
    let entries = vec![
        (amd.clone(), platform(AMD64)),
        (arm.clone(), platform(ARM64)),
        buildkit(&amd.root.digest, &predicates("amd")),
        buildkit(&arm.root.digest, &predicates("arm")),
    ];
    (Image::list(OCI_INDEX, entries), amd, arm)
}

/// Answers the referrers API: these entries for this manifest, none for any other.
fn with_api(builder: RegistryBuilder, of: &Blob, entries: Vec<Value>) -> RegistryBuilder {
    let (path, page) = (format!("/v2/demo/app/referrers/{}", of.digest), list(&entries));
    builder.hook(move |request| {
        let is_api = request.path.contains("/referrers/");
        let page = if request.path == path { page.clone() } else { list(&[]) };
        is_api.then(|| Response::with_body(200, OCI_INDEX, page.bytes))
    })
}

/// What was asked, sorted: lists are asked side by side.
fn asked(registry: &TestRegistry) -> Vec<String> {
    let mut exchanges = registry.server().exchanges();
    exchanges.sort();
    exchanges
}

const LINE: &str = "--format={{.Type}} {{.Digest}} {{.For}} {{.Source}}";

#[test]
fn nothing_costs_six_requests() {
    let image = Image::oci("a", AMD64);
    let registry = TestRegistry::new().image("demo/app:1", &image).start();
    let output = TestEnv::new().run(["referrers", &registry.repo("demo/app:1")]);
    let name = registry.repo("demo/app:1");
    let columns: Vec<&str> = output.code(0).stdout.split_whitespace().collect();
    assert_eq!(columns, ["TYPE", "DIGEST", "SIZE", "CREATED", "FOR"]);
    assert_eq!(
        output.stderr,
        format!("no signatures, SBOMs or other artifacts found for {name}\n")
    );
    let hex = image.root.digest.replace(':', "-");
    let mut expected = vec![
        "GET /v2/demo/app/manifests/1 200".to_owned(),
        format!("GET /v2/demo/app/referrers/{} 404", image.root.digest),
        format!("GET /v2/demo/app/manifests/{hex} 404"),
    ];
    expected.extend(
        ["att", "sbom", "sig"].map(|end| format!("GET /v2/demo/app/manifests/{hex}.{end} 404")),
    );
    expected.sort();
    assert_eq!(asked(&registry), expected);
}

#[test]
fn the_api_is_asked_once_and_believed() {
    let image = Image::oci("a", AMD64);
    let signature = notation(&image.root);
    let builder = TestRegistry::new().image("demo/app:1", &image).image("demo/app", &signature);
    let registry = with_api(builder, &image.root, vec![entry(&signature)]).start();
    let env = TestEnv::new();
    let name = registry.repo("demo/app:1");
    let output = env.run(["referrers", LINE, &name]);
    output.code(0).silent();
    output.stdout(&format!("{NOTATION} {} {} api\n", signature.root.digest, image.root.digest));
    assert_eq!(registry.requests().len(), 5, "{}", registry.log());
    let row = env.run(["referrers", "--format", "json", &name]).code(0).json();
    assert_eq!(row["Created"], "2026-01-02T03:04:05Z");
    assert_eq!(row["Size"], signature.root.bytes.len());
    assert_eq!(row["Annotations"]["io.cncf.notary.x509chain.thumbprint#S256"], "[\"ab\"]");
    assert_eq!((&row["Predicates"], &row["ContentSize"]), (&Value::Null, &Value::Null));
    env.run(["referrers", "-q", &name]).stdout(&format!("{}\n", signature.root.digest));
    // -l reads the manifest.
    registry.server().clear();
    let row = env.run(["referrers", "-l", "--format", "json", &name]).code(0).json();
    assert_eq!((&row["Predicates"], &row["ContentSize"]), (&json!([]), &json!(16)));
    assert_eq!(registry.requests().len(), 6, "{}", registry.log());
    env.run(["referrers", "--type", "*notary*", "-q", &name]).code(0).silent();
    let none = env.run(["referrers", "--type", "*spdx*", "-q", &name]);
    none.code(0)
        .stdout("")
        .stderr_has("no artifact attached to")
        .stderr_has("--type '*spdx*' (1 artifact)");
    env.run(["referrers", "--type", "[", &name]).code(2).stderr_has("invalid --type pattern");
    env.run(["referrers", "--raw", &name]).code(2).stderr_has("--raw needs --sbom");
}

#[test]
fn every_way_to_have_no_api_leads_to_the_tag() {
    let image = Image::oci("a", AMD64);
    let signature = notation(&image.root);
    // A page for people is none, either.
    for status in [400, 404, 405, 406, 410, 501, 200] {
        let registry = TestRegistry::new()
            .image("demo/app:1", &image)
            .image("demo/app", &signature)
            .image(&tag(&image.root, ""), &fallback(&[entry(&signature)]))
            .hook(move |request| {
                let page = || Response::with_body(status, "text/html", "<html>no such page</html>");
                request.path.contains("/referrers/").then(page)
            })
            .start();
        let output = TestEnv::new().run(["referrers", "-q", &registry.repo("demo/app:1")]);
        output.code(0).stdout(&format!("{}\n", signature.root.digest)).silent();
        assert_eq!(registry.requests().len(), 7, "{status}: {}", registry.log());
    }
    // What is broken is no answer.
    let registry = TestRegistry::new()
        .image("demo/app:1", &image)
        .hook(|request| request.path.contains("/referrers/").then(|| Response::new(500)))
        .start();
    let name = registry.repo("demo/app:1");
    TestEnv::new().run(["referrers", "--retries", "0", &name]).code(5).stdout("").stderr_has("500");
}

#[test]
fn the_tag_is_checked_entry_by_entry() {
    let (image, other) = (Image::oci("a", AMD64), Image::oci("b", AMD64));
    let (ours, theirs) = (notation(&image.root), notation(&other.root));
    let gone = notation(&Image::oci("c", AMD64).root);
    // The type that the list gives is not the artifact's.
    let mut lie = entry(&ours);
    lie["artifactType"] = json!("application/vnd.oci.empty.v1+json");
    let registry = TestRegistry::new()
        .image("demo/app:1", &image)
        .image("demo/app", &ours)
        .image("demo/app", &theirs)
        .image("demo/app", &other)
        .image(
            &tag(&image.root, ""),
            &fallback(&[entry(&theirs), lie, entry(&gone), other.root.descriptor()]),
        )
        .start();
    let output = TestEnv::new().run(["referrers", LINE, &registry.repo("demo/app:1")]);
    let source = image.root.digest.replace(':', "-");
    output.code(0);
    output.stdout(&format!("{NOTATION} {} {} {source}\n", ours.root.digest, image.root.digest));
    output
        .stderr_has(&format!("left out {}: it is about {}", theirs.root.digest, other.root.digest));
    output.stderr_has(&format!("{} is listed as a referrer but does not exist", gone.root.digest));
    output.stderr_has(&format!("left out {}: it is about no image", other.root.digest));
    // A tag that is no list at all.
    let registry = TestRegistry::new()
        .image("demo/app:1", &image)
        .image(&tag(&image.root, ""), &other)
        .start();
    let output = TestEnv::new().run(["referrers", &registry.repo("demo/app:1")]);
    output.code(0).stderr_has("it is not a list of referrers").stderr_has("no signatures");
}

#[test]
fn cosigns_tags() {
    let image = Image::oci("a", AMD64);
    let config = || Blob::json(OCI_CONFIG, &json!({"architecture": "", "os": ""}));
    let layer =
        |media_type: &str, annotations: Value| vec![(Blob::new(media_type, "{}"), annotations)];
    let simple = "application/vnd.dev.cosign.simplesigning.v1+json";
    let signature = manifest(
        config(),
        layer(simple, json!({"dev.cosignproject.cosign/signature": "MEUC"})),
        &json!({}),
    );
    let dsse = "application/vnd.dsse.envelope.v1+json";
    let attestation = manifest(config(), layer(dsse, json!({"predicateType": SLSA})), &json!({}));
    let sbom = manifest(config(), layer("text/spdx+json", json!({})), &json!({}));
    let registry = TestRegistry::new()
        .image("demo/app:1", &image)
        .image(&tag(&image.root, ".sig"), &signature)
        .image(&tag(&image.root, ".att"), &attestation)
        .image(&tag(&image.root, ".sbom"), &sbom)
        .start();
    let env = TestEnv::new();
    let name = registry.repo("demo/app:1");
    let output = env.run(["referrers", "--format", "{{.Type}} {{.Digest}} {{.Predicates}}", &name]);
    output.code(0).silent().lines(&[
        &format!("{simple} {} []", signature.root.digest),
        &format!("{dsse} {} [{SLSA}]", attestation.root.digest),
        &format!("text/spdx+json {} []", sbom.root.digest),
    ]);
    assert_eq!(registry.requests().len(), 6, "{}", registry.log());
    env.run(["referrers", "-q", "--type", "*slsa*", &name])
        .stdout(&format!("{}\n", attestation.root.digest));
    // A tag that points to something about another image.
    let foreign = notation(&Image::oci("b", AMD64).root);
    let registry = TestRegistry::new()
        .image("demo/app:1", &image)
        .image(&tag(&image.root, ".sig"), &foreign)
        .start();
    let output = env.run(["referrers", "-q", &registry.repo("demo/app:1")]);
    output.code(0).stdout("").stderr_has(".sig\": it is about").stderr_has("no signatures");
}

#[test]
fn attestations_inside_the_index() {
    let (image, amd, arm) = built();
    let registry = TestRegistry::new().image("demo/app:1", &image).start();
    let env = TestEnv::new();
    let name = registry.repo("demo/app:1");
    let index: Value = serde_json::from_slice(&image.root.bytes).expect("an index");
    let digest =
        |position: usize| index["manifests"][position]["digest"].as_str().unwrap_or_default();
    let format = "--format={{.Type}} {{.Digest}} {{.Platform}} {{.For}} {{.Source}}";
    let line = |position: usize, platform: &str, of: &Image| {
        let (digest, of) = (digest(position), &of.root.digest);
        format!("application/vnd.in-toto+json {digest} {platform} {of} index")
    };
    let output = env.run(["referrers", format, &name]);
    output.code(0).silent().lines(&[&line(2, AMD64, &amd), &line(3, ARM64, &arm)]);
    // Names alone need no manifest but the index.
    registry.server().clear();
    env.run(["referrers", "-q", &name]).code(0).lines(&[digest(2), digest(3)]);
    assert_eq!(registry.requests().len(), 6, "{}", registry.log());
    env.run(["referrers", format, "--platform", ARM64, &name]).lines(&[&line(3, ARM64, &arm)]);
    let table = env.run(["referrers", "-l", "--platform", ARM64, &name]);
    table
        .code(0)
        .stdout_has("CONTENT SIZE")
        .stdout_has(&format!("{SPDX}, {SLSA}"))
        .stdout_has(ARM64);

    // One that is about an image that is not in the index.
    let (attestation, about) = buildkit(&arm.root.digest, &[(SPDX, json!({}))]);
    let foreign = attestation.root.digest.clone();
    let image = Image::list(OCI_INDEX, vec![(amd, platform(AMD64)), (attestation, about)]);
    let registry = TestRegistry::new().image("demo/app:1", &image).start();
    let output = env.run(["referrers", "-q", &registry.repo("demo/app:1")]);
    output
        .code(0)
        .stdout("")
        .stderr_has(&format!("left out attestation {foreign}: it is for {}", arm.root.digest));
}
