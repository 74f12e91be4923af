//! Schema 1: the signed payload and its digest.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::super::*;

/// A signed manifest with the digest that a registry gives it.
pub(super) const SIGNED: &str = r#"{
   "schemaVersion": 1,
   "name": "demo/old",
   "tag": "1",
   "architecture": "amd64",
   "fsLayers": [],
   "history": [],
   "signatures": [
      {
         "header": {"alg": "ES256"},
         "signature": "AA",
         "protected": "eyJmb3JtYXRMZW5ndGgiOjEyNiwiZm9ybWF0VGFpbCI6IkNuMCIsInRpbWUiOiIyMDE1LTAxLTAxVDAwOjAwOjAwWiJ9"
      }
   ]
}"#;
const DIGEST: &str = "sha256:b0e094d31a2235948a532bdda3d20f3007a212dc447bad11e69e6586013be90f";
const WRONG: &str = "sha256:9a620dabfd5d7e6b5d1def907c865ea639dbf76595b8a7444645fc583efc22db";

pub(super) const UNSIGNED: &str = r##"{"schemaVersion":1,"name":"demo/old","tag":"1","architecture":"arm",
"fsLayers":[{"blobSum":"sha256:aa"},{"blobSum":"sha256:bb"}],
"history":[{"v1Compatibility":"{\"id\":\"2\",\"os\":\"linux\",\"created\":\"2015-02-03T04:05:06.7Z\",\"docker_version\":\"1.6\",\"config\":{\"Env\":[\"A=b\"],\"Labels\":{\"k\":\"v\"}},\"container_config\":{\"Cmd\":[\"/bin/sh\",\"-c\",\"#(nop) CMD x\"]},\"throwaway\":true}"},
{"v1Compatibility":"{\"id\":\"1\",\"created\":\"2015-02-03T04:05:05Z\",\"comment\":\"c\",\"author\":\"a\",\"container_config\":{\"Cmd\":\"ADD\"}}"}]}"##;

fn protected(header: &str) -> String {
    URL_SAFE_NO_PAD.encode(header)
}

fn with_signatures(headers: &[&str]) -> String {
    let signatures: Vec<String> = headers
        .iter()
        .map(|header| format!(r#"{{"protected":"{}"}}"#, protected(header)))
        .collect();
    format!(r#"{{"schemaVersion":1,"name":"n","signatures":[{}]}}"#, signatures.join(","))
}

#[test]
fn digests_the_payload_of_a_signed_manifest() {
    let bytes = SIGNED.as_bytes();
    assert_eq!(bytes.len(), 351);
    let payload = schema1_payload(bytes).expect("a payload");
    assert_eq!(payload.len(), 128);
    assert!(payload.ends_with(b"[]\n}"));
    let document = Document::parse(None, bytes).expect("a document");
    assert_eq!(document.media_type, MediaType::Schema1Signed);
    assert_eq!(document.digest(bytes, Algorithm::Sha256).expect("a digest").as_str(), DIGEST);
    assert_eq!(document.verify(bytes, &DIGEST.parse().expect("a digest")), Ok(()));
    assert_eq!(content_digest(bytes, Algorithm::Sha256).as_str(), WRONG);
    let wrong = document.verify(bytes, &WRONG.parse().expect("a digest")).expect_err("wrong");
    assert_eq!((wrong.expected.as_str(), wrong.computed.as_str()), (WRONG, DIGEST));
}

#[test]
fn refuses_signatures_that_do_not_tell() {
    let good = r#"{"formatLength":35,"formatTail":"fQ"}"#;
    let error = |headers: &[&str]| {
        let text = with_signatures(headers);
        let payload = schema1_payload(text.as_bytes()).expect_err("no payload");
        assert!(Document::parse(None, text.as_bytes()).is_err() || headers.is_empty());
        payload.to_string()
    };
    let text = with_signatures(&[good, good]);
    let payload = schema1_payload(text.as_bytes()).expect("a payload");
    assert_eq!(String::from_utf8_lossy(&payload[35..]), "}");
    for (headers, reason) in [
        (&[][..], "no signature"),
        (&[good, r#"{"formatLength":34,"formatTail":"fQ"}"#], "the signatures differ"),
        (&[good, r#"{"formatLength":35,"formatTail":"Cn0"}"#], "the signatures differ"),
        (&[r#"{"formatLength":5000,"formatTail":"fQ"}"#], "formatLength exceeds"),
        (&[r#"{"formatLength":9007199254740992,"formatTail":"fQ"}"#], "formatLength exceeds"),
        (&[r#"{"formatLength":-1,"formatTail":"fQ"}"#], "no formatLength"),
        (&[r#"{"formatTail":"fQ"}"#], "no formatLength"),
        (&[r#"{"formatLength":35}"#], "no formatTail"),
        (&[r#"{"formatLength":35,"formatTail":"%"}"#], "no formatTail"),
        (&["]"], "the protected header is not JSON"),
    ] {
        assert!(error(headers).contains(reason), "{reason}: {}", error(headers));
    }
    let bare = br#"{"schemaVersion":1,"signatures":[{"signature":"AA"}]}"#;
    assert_eq!(schema1_payload(bare), Err(ManifestError::Signature("no protected header")));
}

#[test]
fn believes_only_what_is_signed() {
    // The signed part ends before "architecture": what follows is the server's own addition.
    let text = SIGNED.replace("\"fsLayers\": []", "\"fsLayers\": [{\"blobSum\":\"sha256:aa\"}]");
    assert!(Document::parse(None, text.as_bytes()).is_err(), "the cut goes through the list");
    let text = SIGNED.replace("\"signatures\"", "\"Name2\": 1, \"signatures\"");
    let text = text.replace("   \"history\": [],\n", "   \"history\": [],\n\"author\": \"x\",");
    let document = Document::parse(None, text.as_bytes()).expect("a document");
    assert_eq!(
        document.digest(text.as_bytes(), Algorithm::Sha256).expect("a digest").as_str(),
        DIGEST
    );
    let Content::Schema1(manifest) = document.content else { panic!("schema 1") };
    assert_eq!((manifest.name.as_str(), manifest.signed), ("demo/old", true));
    // A list that only the unsigned rest has is not there.
    let header = r#"{"formatLength":33,"formatTail":"fQ"}"#;
    let text = format!(
        r#"{{"schemaVersion":1,"name":"demo"    ,"fsLayers":[{{"blobSum":"sha256:aa"}}],"signatures":[{{"protected":"{}"}}]}}"#,
        protected(header)
    );
    let document = Document::parse(None, text.as_bytes()).expect("a document");
    let Content::Schema1(manifest) = document.content else { panic!("schema 1") };
    assert_eq!(manifest.fs_layers, []);
    assert_eq!(manifest.name, "demo");
}

#[test]
fn reads_the_config_from_the_history() {
    let document = Document::parse(None, UNSIGNED.as_bytes()).expect("a document");
    assert_eq!(document.media_type, MediaType::Schema1);
    assert_eq!(Kind::of(&document), Kind::LegacyImage);
    let bytes = UNSIGNED.as_bytes();
    let whole = content_digest(bytes, Algorithm::Sha256);
    assert_eq!(document.digest(bytes, Algorithm::Sha256), Ok(whole));
    let Content::Schema1(manifest) = document.content else { panic!("schema 1") };
    let config = manifest.config().expect("a config");
    assert_eq!((config.os.as_str(), config.architecture.as_str()), ("linux", "arm"));
    assert_eq!(config.docker_version, "1.6");
    assert_eq!(config.config.env, Some(vec!["A=b".to_owned()]));
    let steps: Vec<_> = config
        .history
        .iter()
        .map(|step| (step.created_by.as_str(), step.comment.as_str(), step.empty_layer))
        .collect();
    assert_eq!(steps, [("ADD", "c", false), ("/bin/sh -c #(nop) CMD x", "", true)]);
    let empty = Schema1 { history: Vec::new(), ..manifest.clone() };
    assert_eq!(empty.config(), None);
    let broken = Schema1 { history: vec!["[".to_owned()], ..manifest };
    assert_eq!(broken.config(), None);
}
