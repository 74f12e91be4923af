//! Documents: kinds told apart, ambiguous ones refused.

use super::super::*;
use crate::oci::platform::Selection;

const HEX: &str = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_MANIFEST: &str = "application/vnd.docker.distribution.manifest.v2+json";

fn parse(content_type: Option<&str>, text: &str) -> Result<Document, ManifestError> {
    Document::parse(content_type, text.as_bytes())
}

/// A document whose `@` stands for a digest.
fn image(text: &str) -> Manifest {
    let text = text.replace('@', &format!("sha256:{HEX}"));
    match parse(Some(OCI_MANIFEST), &text).expect("a document").content {
        Content::Image(manifest) => *manifest,
        other => panic!("{other:?}"),
    }
}

#[test]
fn digests() {
    let empty = b"{}";
    let sha512 = "sha512:27c74670adb75075fad058d5ceaf7b20c4e7786c83bae8a32f626f9782af34c9\
                  a33c2046ef60fd2a7878d378e29fec851806bbd9a67878f3a9f1cda4830763fd";
    assert_eq!(content_digest(empty, Algorithm::Sha256).as_str(), format!("sha256:{HEX}"));
    assert_eq!(content_digest(empty, Algorithm::Sha512).as_str(), sha512);
    // NIST's vector for "abc".
    assert_eq!(
        content_digest(b"abc", Algorithm::Sha384).as_str(),
        "sha384:cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
         8086072ba1e7cc2358baeca134c825a7"
    );
    for name in ["sha256", "sha384", "sha512"] {
        let algorithm: Algorithm = name.parse().expect("an algorithm");
        assert_eq!(algorithm.as_str(), name);
        let digest = content_digest(empty, algorithm);
        assert_eq!(Algorithm::of(&digest), algorithm);
        assert_eq!(verify(empty, &digest), Ok(()));
        let wrong = verify(b"{ }", &digest).expect_err("other bytes");
        assert_eq!(wrong.expected, digest);
        let text = wrong.to_string();
        assert!(text.contains(digest.as_str()) && text.contains(wrong.computed.as_str()));
    }
    assert!("md5".parse::<Algorithm>().is_err());
}

#[test]
fn accepts_all_manifests_in_order() {
    let types: Vec<MediaType> = ACCEPT_MANIFESTS.split(", ").map(MediaType::from).collect();
    assert_eq!(
        types,
        [
            MediaType::OciIndex,
            MediaType::DockerList,
            MediaType::OciManifest,
            MediaType::DockerManifest,
            MediaType::Schema1Signed,
            MediaType::Schema1,
            MediaType::OciArtifactManifest,
        ]
    );
}

#[test]
fn media_types_are_open() {
    let odd = MediaType::from("Application/X; a=b");
    assert_eq!(odd, MediaType::Other("Application/X; a=b".to_owned()));
    assert_eq!(odd.to_string(), "Application/X; a=b");
    assert_eq!(
        MediaType::normalized(" Application/vnd.OCI.image.index.v1+JSON ; charset=utf-8"),
        MediaType::OciIndex
    );
}

#[test]
fn finds_the_type() {
    let config = format!(r#""config":{{"digest":"sha256:{HEX}"}}"#);
    let both = format!(r#"{{{config},"layers":[]}}"#);
    let index = r#"{"manifests":[]}"#;
    let stated = |media_type: &str, rest: &str| format!(r#"{{"mediaType":"{media_type}",{rest}}}"#);
    let list = stated(DOCKER_LIST, r#""manifests":[]"#);
    let generics =
        ["text/plain; charset=utf-8", "application/json", "application/octet-stream", ""];
    for header in generics.iter().copied().map(Some).chain([None]) {
        for (text, expected) in [
            (both.as_str(), MediaType::OciManifest),
            (index, MediaType::OciIndex),
            (list.as_str(), MediaType::DockerList),
            (r#"{"schemaVersion":1}"#, MediaType::Schema1),
            (r#"{"mediaType":"","manifests":null,"schemaVersion":1}"#, MediaType::Schema1),
            (r#"{"schemaVersion":2}"#, MediaType::Other("unknown".to_owned())),
            (r#"{"mediaType":"text/x"}"#, MediaType::Other("text/x".to_owned())),
        ] {
            let document = parse(header, text).expect(text);
            assert_eq!(document.media_type, expected, "{header:?} {text}");
        }
    }
    for (header, text, expected) in [
        (DOCKER_MANIFEST, both.as_str(), MediaType::DockerManifest),
        ("Application/Vnd.OCI.Image.Manifest.v1+json; x=y", &both, MediaType::OciManifest),
        (DOCKER_LIST, index, MediaType::DockerList),
        (DOCKER_LIST, &list, MediaType::DockerList),
        (OCI_INDEX, "{}", MediaType::OciIndex),
        ("application/vnd.new+json", "{}", MediaType::Other("application/vnd.new+json".to_owned())),
    ] {
        assert_eq!(parse(Some(header), text).expect(text).media_type, expected, "{header} {text}");
    }
}

#[test]
fn refuses_what_can_be_read_in_two_ways() {
    let config = format!(r#""config":{{"digest":"sha256:{HEX}"}}"#);
    let manifest = format!(r#"{config},"layers":[]"#);
    for (header, text) in [
        (Some(OCI_INDEX), format!(r#"{{"mediaType":"{OCI_MANIFEST}",{manifest}}}"#)),
        (Some(OCI_MANIFEST), format!(r#"{{"mediaType":"{DOCKER_MANIFEST}",{manifest}}}"#)),
        (Some("text/html"), format!(r#"{{"mediaType":"{OCI_MANIFEST}",{manifest}}}"#)),
        (Some(OCI_INDEX), format!("{{{manifest}}}")),
        (Some(OCI_MANIFEST), r#"{"manifests":[]}"#.to_owned()),
        (None, format!(r#"{{"manifests":[],{config}}}"#)),
        (None, r#"{"manifests":[],"layers":[]}"#.to_owned()),
        (None, r#"{"manifests":[],"Layers":[]}"#.to_owned()),
        (None, r#"{"manifests":[],"fsLayers":[]}"#.to_owned()),
        (None, r#"{"manifests":[],"history":[]}"#.to_owned()),
        (Some("x/y"), r#"{"manifests":[],"history":[]}"#.to_owned()),
        (None, r#"{"schemaVersion":1,"fsLayers":[],"layers":[]}"#.to_owned()),
        (None, r#"{"manifests":[],"manifests":[]}"#.to_owned()),
        (None, r#"{"manifests":[],"MANIFESTS":[]}"#.to_owned()),
        (None, r#"{"manifests":[],"manifests":null}"#.to_owned()),
        (None, r#"{"schemaVersion":1,"schemaVersion":2}"#.to_owned()),
        (None, format!(r#"{{"mediaType":"{OCI_INDEX}","mediaType":"{OCI_INDEX}"}}"#)),
        (None, format!(r#"{{{config},"layers":[{{"digest":"a:b","digest":"a:c"}}]}}"#)),
        (None, r#"{"manifests":[{"digest":"a:b","platform":{"os":"a","os":"b"}}]}"#.to_owned()),
    ] {
        let error = parse(header, &text).expect_err(&text);
        assert!(error.to_string().contains("ambiguous"), "{text}: {error}");
    }
}

#[test]
fn refuses_what_is_no_manifest() {
    let deep = format!(r#"{{"manifests":{}{}}}"#, "[".repeat(100_000), "]".repeat(100_000));
    let values = format!("[{}]", vec!["0"; 600_000].join(","));
    for text in ["", "{", "hello", "{}x", "\u{feff}{}", &deep, &values] {
        let error = parse(None, text).expect_err("no JSON");
        assert!(matches!(error, ManifestError::NotJson(_)), "{error}");
    }
    assert!(matches!(Document::parse(None, b"{\"a\":\"\xff\"}"), Err(ManifestError::NotJson(_))));
    for text in ["[]", "null", "1", "\"x\""] {
        assert_eq!(parse(None, text), Err(ManifestError::NotObject));
    }
    let spaces = " ".repeat(MAX_MANIFEST_BYTES - 1);
    assert!(parse(None, &format!("{{}}{}", &spaces[1..])).is_ok());
    assert_eq!(parse(None, &format!("{{}}{spaces}")), Err(ManifestError::TooLarge));
    for (text, member) in [
        (r#"{"mediaType":1}"#, "mediaType"),
        (r#"{"manifests":{}}"#, "manifests"),
        (r#"{"manifests":[1]}"#, "manifests"),
        (r#"{"manifests":[{}]}"#, "manifests"),
        (r#"{"config":1,"layers":[]}"#, "config"),
        (r#"{"schemaVersion":1,"fsLayers":[{}]}"#, "fsLayers"),
        (r#"{"schemaVersion":1,"history":[{}]}"#, "history"),
    ] {
        assert_eq!(parse(None, text), Err(ManifestError::Malformed(member)), "{text}");
    }
    assert_eq!(parse(Some(OCI_MANIFEST), "{}"), Err(ManifestError::Malformed("config")));
}

#[test]
fn limits_the_entries() {
    let list = |count| vec![r#"{"digest":"a:b"}"#; count].join(",");
    let index = |count| parse(None, &format!(r#"{{"manifests":[{}]}}"#, list(count)));
    let Content::Index(full) = index(MAX_ENTRIES).expect("a full index").content else {
        panic!("an index")
    };
    assert_eq!(full.manifests.len(), MAX_ENTRIES);
    assert_eq!(index(MAX_ENTRIES + 1), Err(ManifestError::TooManyEntries("manifests")));
}

#[test]
fn reads_descriptors() {
    let manifest = image(
        r#"{"config":{"mediaType":"a/b","digest":"@","size":2,"data":"e30="},
        "layers":[{"mediaType":"application/x","digest":"@","size":7,"annotations":{"b":"2","a":"1","n":5},
        "artifactType":"t","urls":["http://evil"]},{"digest":"../../etc/passwd"},{"digest":"blake3:00"}],
        "annotations":{"k":"v"},"artifactType":"application/art","subject":{"digest":"@","size":3}}"#,
    );
    assert_eq!(manifest.config.media_type, MediaType::Other("a/b".to_owned()));
    assert_eq!(manifest.config.data.as_deref(), Some(&b"{}"[..]));
    assert_eq!(manifest.config.digest.supported().expect("supported").hex(), HEX);
    let layer = &manifest.layers[0];
    assert_eq!(
        layer.annotations.iter().map(|(k, v)| format!("{k}{v}")).collect::<String>(),
        "a1b2"
    );
    assert_eq!((layer.size, layer.artifact_type.as_deref()), (Some(7), Some("t")));
    for (layer, text) in manifest.layers[1..].iter().zip(["../../etc/passwd", "blake3:00"]) {
        assert_eq!(layer.digest, AnyDigest::Unsupported(text.to_owned()));
        assert_eq!(layer.digest.supported(), None);
    }
    assert_eq!(manifest.artifact_type.as_deref(), Some("application/art"));
    assert_eq!(manifest.annotations["k"], "v");
    assert_eq!(manifest.subject.as_ref().and_then(|subject| subject.size), Some(3));
    assert_eq!(manifest.size(), None, "two layers have no size");
}

#[test]
fn inline_data_must_be_what_it_says() {
    for (member, kept) in [
        (r#""data":"e30=""#, true),
        (r#""size":2,"data":"e30=""#, true),
        (r#""size":3,"data":"e30=""#, false),
        (r#""data":"e30""#, false),
        (r#""data":"W10=""#, false),
        (r#""data":"%%%""#, false),
        (r#""data":5"#, false),
    ] {
        let manifest = image(&format!(r#"{{"config":{{"digest":"@",{member}}}}}"#));
        assert_eq!(manifest.config.data.is_some(), kept, "{member}");
    }
}

#[test]
fn odd_sizes_are_unknown() {
    for (size, expected) in [
        ("1e400", None),
        ("-1E+9999", None),
        (&*"9".repeat(400), None),
        ("0", Some(0)),
        ("9007199254740992", Some(1 << 53)),
        ("9007199254740993", None),
        ("18446744073709551615", None),
        ("99999999999999999999999", None),
        ("-1", None),
        ("1.0", None),
        ("1e3", None),
        ("\"5\"", None),
        ("null", None),
        ("[]", None),
        ("true", None),
    ] {
        let manifest =
            image(&format!(r#"{{"config":{{"digest":"@","size":{size}}},"layers":[]}}"#));
        assert_eq!(manifest.config.size, expected, "{size}");
        assert_eq!(manifest.size(), expected, "{size}");
    }
    let layer = r#"{"digest":"@","size":9007199254740992}"#;
    let manifest = image(&format!(
        r#"{{"config":{{"digest":"@","size":1}},"layers":[{}]}}"#,
        vec![layer; 3000].join(",")
    ));
    assert_eq!(manifest.size(), Some(u64::MAX), "the sum stops at the top");
}

fn buildkit_index() -> Index {
    let image = format!("sha256:{}", "a".repeat(64));
    let attestation = |of: &str| {
        format!(
            r#"{{"digest":"sha256:{HEX}","platform":{{"os":"unknown","architecture":"unknown"}},
            "annotations":{{"vnd.docker.reference.type":"attestation-manifest",
            "vnd.docker.reference.digest":"{of}"}}}}"#
        )
    };
    let text = format!(
        r#"{{"manifests":[{},{{"digest":"{image}","platform":{{"os":"linux","architecture":"arm","variant":"v6"}}}},
        {},{{"digest":"x","platform":{{"os":"unknown","architecture":"unknown"}}}},
        {{"digest":"w","platform":{{"os":"windows","architecture":"amd64","os.version":"10.0.1","os.features":["f"]}}}},
        {{"digest":"n","platform":{{}}}}]}}"#,
        attestation(&image),
        attestation("nonsense"),
    );
    match parse(Some(OCI_INDEX), &text).expect("an index").content {
        Content::Index(index) => index,
        other => panic!("{other:?}"),
    }
}

#[test]
fn tells_entries_apart() {
    let index = buildkit_index();
    let entries: Vec<Entry> = index.manifests.iter().map(Descriptor::entry).collect();
    let of = format!("sha256:{}", "a".repeat(64)).parse().ok();
    assert_eq!(
        entries,
        [
            Entry::Attestation { of },
            Entry::Image,
            Entry::Attestation { of: None },
            Entry::Unknown,
            Entry::Image,
            Entry::Image,
        ]
    );
    let windows = index.manifests[4].platform.as_ref().expect("a platform");
    assert_eq!(windows.to_string(), "windows(10.0.1+f)/amd64");
    assert_eq!(index.manifests[5].platform, None);
}

#[test]
fn selects_entries_by_their_place_in_the_index() {
    let mut index = buildkit_index();
    let select = |index: &Index, wanted: &str| index.select(&wanted.parse().expect("a platform"));
    assert_eq!(select(&index, "linux/arm/v6"), Selection::Found { index: 1, exact: true });
    assert_eq!(select(&index, "linux/arm64"), Selection::Found { index: 1, exact: false });
    assert_eq!(select(&index, "linux/s390x"), Selection::Found { index: 5, exact: false });
    index.manifests.push(index.manifests[5].clone());
    assert_eq!(select(&index, "linux/s390x"), Selection::Ambiguous(vec![5, 6]));
    index.manifests.drain(4..);
    assert_eq!(select(&index, "linux/s390x"), Selection::None);
    index.manifests.remove(1);
    assert_eq!(select(&index, "linux/s390x"), Selection::Found { index: 2, exact: false });
    index.manifests.truncate(2);
    assert_eq!(select(&index, "linux/s390x"), Selection::None, "attestations are never chosen");
}

#[test]
fn names_kinds() {
    let oci = MediaType::OciConfig;
    for (config, layers, artifact_type, expected) in [
        (oci.as_str(), &["l"][..], "", Kind::Image),
        (MediaType::DockerConfig.as_str(), &[], "", Kind::Image),
        (oci.as_str(), &["l"], "application/a", Kind::Image),
        (MediaType::DockerPluginConfig.as_str(), &["l"], "", Kind::Plugin),
        (MediaType::HelmConfig.as_str(), &["l"], "", Kind::HelmChart),
        (oci.as_str(), &["application/vnd.in-toto+json"; 2], "", Kind::Attestation),
        (oci.as_str(), &["application/vnd.in-toto+json", "l"], "", Kind::Image),
        (oci.as_str(), &["application/vnd.dev.cosign.simplesigning.v1+json"], "", Kind::Signature),
        (MediaType::OciEmpty.as_str(), &["l"], "a/b", Kind::Artifact("a/b".to_owned())),
        ("x/y", &[], "", Kind::Artifact("x/y".to_owned())),
    ] {
        let layers: Vec<String> = layers
            .iter()
            .map(|layer| format!(r#"{{"mediaType":"{layer}","digest":"a:b"}}"#))
            .collect();
        let text = format!(
            r#"{{"config":{{"mediaType":"{config}","digest":"a:b"}},"layers":[{}],"artifactType":"{artifact_type}"}}"#,
            layers.join(",")
        );
        let document = parse(None, &text).expect(&text);
        assert_eq!(Kind::of(&document), expected, "{text}");
    }
    let kind = |header, text| Kind::of(&parse(header, text).expect(text));
    assert_eq!(kind(None, r#"{"manifests":[]}"#), Kind::Index);
    assert_eq!(kind(None, r#"{"schemaVersion":1}"#), Kind::LegacyImage);
    assert_eq!(kind(Some("a/b"), "{}"), Kind::Unknown("a/b".to_owned()));
    let artifact = r#"{"mediaType":"application/vnd.oci.artifact.manifest.v1+json","artifactType":"t","blobs":[{"digest":"a:b"}]}"#;
    assert_eq!(kind(None, artifact), Kind::Artifact("t".to_owned()));
    assert_eq!(Kind::Artifact(String::new()).name(), "OCI artifact");
    assert_eq!(Kind::LegacyImage.name(), "legacy schema 1 image");
}
