//! Random bytes and damaged documents: nothing here may panic, whatever comes out.

use super::super::*;
use super::schema1::{SIGNED, UNSIGNED};

/// A small generator of numbers, the same in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit.max(1) as u64).expect("below a usize")
    }
}

const IMAGE: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2,"data":"e30="},
"layers":[{"mediaType":"x","digest":"sha256:aa","size":-1,"annotations":{"a":"b"}}],"subject":{"digest":"x:y"}}"#;
const INDEX: &str = r#"{"schemaVersion":2,"manifests":[{"digest":"sha256:aa","platform":{"os":"windows","architecture":"amd64","os.version":"10.0.17763.1","os.features":["win32k"]}},
{"digest":"b","platform":{"os":"linux","architecture":"arm64","variant":"v9.2"}},{"digest":"c"}]}"#;
const CONFIG: &str = r#"{"created":"2024-01-01T01:02:03.1234567+02:00","os":"linux","architecture":"arm64","config":{"Env":["a=b"],"Labels":{"k":"v"},"Cmd":["x"]},"history":[{"created":"","empty_layer":true}],"rootfs":{"diff_ids":["x"]}}"#;
const PIECES: [&str; 14] = [
    "null",
    "{}",
    "[]",
    "\"\"",
    "-1",
    "1e300",
    "9007199254740993",
    "\\ud800",
    "\u{e9}",
    "{\"manifests\":[]}",
    ",",
    "[[[[",
    "\"layers\":[],",
    "0",
];

fn damage(random: &mut Random, text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        let end = at + random.below((bytes.len() - at).min(12) + 1);
        match random.below(4) {
            0 if at < bytes.len() => bytes[at] = random.next().to_le_bytes()[0],
            1 => bytes.truncate(at),
            2 => {
                let piece = PIECES[random.below(PIECES.len())];
                bytes.splice(at..end, piece.bytes());
            }
            _ => {
                let copy = bytes[at..end].to_vec();
                bytes.splice(at..at, copy);
            }
        }
    }
    bytes
}

/// Calls everything that takes bytes of a server.
fn exercise(content_type: Option<&str>, bytes: &[u8]) -> bool {
    let _ = schema1_payload(bytes);
    let text = String::from_utf8_lossy(bytes);
    let _ = (text.parse::<crate::oci::platform::Platform>(), Created::new(&text).rfc3339());
    let _ = (MediaType::normalized(&text), AnyDigest::from(text.as_ref()));
    let config = ImageConfig::parse(bytes);
    if let Some(platform) = config.as_ref().and_then(ImageConfig::platform) {
        let _ = (platform.to_string(), platform.normalized());
    }
    let Ok(document) = Document::parse(content_type, bytes) else { return false };
    let _ = Kind::of(&document).name();
    if let Content::Index(index) = &document.content {
        for wanted in ["linux/arm64/v9.7", "windows(10.0.26100)/amd64", "linux/amd64/v4"] {
            index.select(&wanted.parse().expect("a platform"));
        }
    }
    let digest = document.digest(bytes, Algorithm::Sha256).expect("what was parsed has a digest");
    assert_eq!(document.verify(bytes, &digest), Ok(()));
    let json = Inspect::new("n", &digest, &document, config.as_ref(), Vec::new()).to_json();
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok(), "{json}");
    true
}

#[test]
fn damaged_documents_never_panic() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let types = [None, Some("application/json"), Some("application/vnd.oci.image.index.v1+json")];
    let mut understood = 0;
    for round in 0..4_000 {
        let source = [IMAGE, INDEX, CONFIG, SIGNED, UNSIGNED][round % 5];
        let bytes = damage(&mut random, source);
        understood += usize::from(exercise(types[random.below(types.len())], &bytes));
    }
    assert!(understood > 100, "the damage is so heavy that nothing is tested: {understood}");
}

#[test]
fn random_bytes_never_panic() {
    let mut random = Random(42);
    for _ in 0..2_000 {
        let bytes: Vec<u8> =
            (0..random.below(64)).map(|_| random.next().to_le_bytes()[0]).collect();
        exercise(None, &bytes);
        let alphabet = b"{}[]\":,0e-tn\\u /(%+)vdarm64.T";
        let bytes: Vec<u8> =
            (0..random.below(64)).map(|_| alphabet[random.below(alphabet.len())]).collect();
        exercise(None, &bytes);
    }
}
