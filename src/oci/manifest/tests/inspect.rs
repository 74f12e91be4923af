//! The expected texts are what skopeo 1.9.3 printed for these documents in a real registry, with the
//! member `LayersData` added as its later versions have it.

use super::super::*;

const OCI: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";

const FULL_CONFIG: &str = r#"{"architecture":"amd64","os":"linux","created":"2024-03-05T06:07:08.123456789Z",
"docker_version":"20.10.1","author":"x","config":{"Env":["PATH=/bin","A=<b>&"],"Cmd":["sh"],
"Labels":{"z":"1","a":"<&>\u2028\u00e9\u0007"}}}"#;

const FULL: &str = r#"{
    "Name": "127.0.0.1:5000/t",
    "Digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
    "RepoTags": [],
    "Created": "2024-03-05T06:07:08.123456789Z",
    "DockerVersion": "20.10.1",
    "Labels": {
        "a": "\u003c\u0026\u003e\u2028é\u0007",
        "z": "1"
    },
    "Architecture": "amd64",
    "Os": "linux",
    "Layers": [
        "sha256:2804bad6fe94a55f18b2b37e300919a5fd517b95aa81e95db574c0ba069a3740",
        "sha256:8a1cee436cbac1489a1883c9d886fcfc46f302c55ed4106ae31729e4f4eb9041"
    ],
    "LayersData": [
        {
            "MIMEType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "Digest": "sha256:2804bad6fe94a55f18b2b37e300919a5fd517b95aa81e95db574c0ba069a3740",
            "Size": 2,
            "Annotations": {
                "a": "1",
                "b": "2"
            }
        },
        {
            "MIMEType": "application/vnd.oci.image.layer.v1.tar+gzip",
            "Digest": "sha256:8a1cee436cbac1489a1883c9d886fcfc46f302c55ed4106ae31729e4f4eb9041",
            "Size": 2,
            "Annotations": null
        }
    ],
    "Env": [
        "PATH=/bin",
        "A=\u003cb\u003e\u0026"
    ]
}
"#;

fn manifest(media_type: &str, config_type: &str, layers: &str) -> Document {
    let text = format!(
        r#"{{"schemaVersion":2,"mediaType":"{media_type}","config":{{"mediaType":"{config_type}","digest":"sha256:aa"}},"layers":[{layers}]}}"#
    );
    Document::parse(None, text.as_bytes()).expect("a document")
}

fn inspect(document: &Document, config: Option<&str>) -> Inspect {
    let digest = content_digest(b"{}", Algorithm::Sha256);
    let config = config.and_then(|text| ImageConfig::parse(text.as_bytes()));
    Inspect::new("127.0.0.1:5000/t", &digest, document, config.as_ref(), Vec::new())
}

#[test]
fn prints_what_skopeo_prints() {
    let layers = r#"{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":2,"annotations":{"b":"2","a":"1"},
        "digest":"sha256:2804bad6fe94a55f18b2b37e300919a5fd517b95aa81e95db574c0ba069a3740"},
        {"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":2,
        "digest":"sha256:8a1cee436cbac1489a1883c9d886fcfc46f302c55ed4106ae31729e4f4eb9041"}"#;
    let document = manifest(OCI, MediaType::OciConfig.as_str(), layers);
    assert_eq!(inspect(&document, Some(FULL_CONFIG)).to_json(), FULL);
}

/// The lines between RepoTags and Env, for configs that lack things.
#[test]
fn keeps_null_and_empty_apart() {
    let head = "{\n    \"Name\": \"127.0.0.1:5000/t\",\n    \"Digest\": \"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a\",\n    \"RepoTags\": [],\n";
    let bare = |created: &str, labels: &str, architecture: &str, os: &str, env: &str| {
        format!(
            "{head}    \"Created\": {created},\n    \"DockerVersion\": \"\",\n    \"Labels\": {labels},\n    \
             \"Architecture\": {architecture},\n    \"Os\": \"{os}\",\n    \"Layers\": [],\n    \"LayersData\": [],\n    \"Env\": {env}\n}}\n"
        )
    };
    let zero = "\"0001-01-01T00:00:00Z\"";
    let time = "\"2024-01-01T00:00:00Z\"";
    for (media_type, config, expected) in [
        (OCI, "{}", bare("null", "null", "\"\"", "", "null")),
        (DOCKER, "{}", bare(zero, "null", "\"\"", "", "null")),
        (
            OCI,
            r#"{"created":null,"config":null,"architecture":"arm64","os":"linux"}"#,
            bare("null", "null", "\"arm64\"", "linux", "null"),
        ),
        (
            OCI,
            r#"{"created":"2024-01-01T00:00:00Z","config":{"Env":[],"Labels":{}},"architecture":"arm","os":"linux"}"#,
            bare(time, "{}", "\"arm\"", "linux", "[]"),
        ),
        // skopeo knows the variant and leaves it out; this program does not.
        (
            OCI,
            r#"{"architecture":"arm","variant":"v7","os":"linux"}"#,
            bare("null", "null", "\"arm\",\n    \"Variant\": \"v7\"", "linux", "null"),
        ),
    ] {
        let document = manifest(media_type, MediaType::OciConfig.as_str(), "");
        assert_eq!(inspect(&document, Some(config)).to_json(), expected, "{config}");
    }
}

#[test]
fn describes_what_is_no_image() {
    let layer = r#"{"mediaType":"l","digest":"sha256:bb","annotations":{"a":"b"}}"#;
    // A plugin's config has none of an image's members; skopeo prints this, too.
    let plugin = manifest(DOCKER, MediaType::DockerPluginConfig.as_str(), layer);
    let summary = inspect(&plugin, Some(r#"{"description":"p","env":[],"linux":{}}"#));
    assert_eq!(summary.created.as_deref(), Some("0001-01-01T00:00:00Z"));
    assert_eq!((summary.os.as_str(), summary.env, summary.layers.len()), ("", None, 1));
    assert_eq!(summary.layers_data[0].size, -1);
    assert_eq!(summary.layers_data[0].annotations, None, "Docker's descriptors have none");
    // An artifact, a config that is not JSON, an index: skopeo fails or looks elsewhere.
    let artifact = manifest(OCI, "application/x", layer);
    let summary = inspect(&artifact, Some("hello"));
    assert_eq!((summary.created, summary.layers), (None, vec!["sha256:bb".to_owned()]));
    let index = Document::parse(None, br#"{"manifests":[]}"#).expect("an index");
    assert_eq!(inspect(&index, None).layers, Vec::<String>::new());
    let old = br#"{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","blobs":[{"digest":"a:b","size":3}]}"#;
    let old = Document::parse(None, old).expect("an artifact");
    assert_eq!(inspect(&old, None).layers_data[0].size, 3);
}

#[test]
fn summarizes_schema_1() {
    let document = Document::parse(None, super::schema1::UNSIGNED.as_bytes()).expect("a document");
    let digest = content_digest(b"{}", Algorithm::Sha256);
    let tags = vec!["b".to_owned(), "a".to_owned()];
    let summary = Inspect::new("quay.io/demo/old", &digest, &document, None, tags);
    assert_eq!(summary.tag, "1");
    assert_eq!(summary.layers, ["sha256:bb", "sha256:aa"], "lowest first");
    assert_eq!(summary.layers_data[0].size, -1);
    assert_eq!(summary.created.as_deref(), Some("2015-02-03T04:05:06.7Z"));
    assert_eq!((summary.architecture.as_str(), summary.os.as_str()), ("arm", "linux"));
    let json = summary.to_json();
    assert!(json.starts_with(
        "{\n    \"Name\": \"quay.io/demo/old\",\n    \"Tag\": \"1\",\n    \"Digest\""
    ));
    assert!(json.contains("\"RepoTags\": [\n        \"b\",\n        \"a\"\n    ]"), "{json}");
}
