//! Attestations: in-toto statements, and the envelopes that they are signed in.
//!
//! Sources: [in-toto's statement](https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md),
//! the [DSSE envelope](https://github.com/secure-systems-lab/dsse/blob/master/envelope.md) that
//! cosign's `.att` holds, and [sigstore's bundle](https://github.com/sigstore/protobuf-specs), which
//! holds such an envelope. They may be large: nothing is copied that can be used in place. Nothing
//! is verified here but that the bytes are what they should be.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

/// The most subjects of a statement.
const MAX_SUBJECTS: usize = 1_000;
/// The longest text of a digest or type, and of an envelope with escapes in its payload.
const MAX_TEXT: usize = 1_024;
const MAX_ESCAPED: usize = 8 << 20;

/// An attestation that cannot be read; why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttestationError(String);

impl fmt::Display for AttestationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AttestationError {}

fn bad(why: impl Into<String>) -> AttestationError {
    AttestationError(why.into())
}

/// What an attestation says, and about what.
#[derive(Debug)]
pub struct Statement<'a> {
    pub predicate_type: Cow<'a, str>,
    /// The digests of its subjects, as `sha256:…`.
    pub subjects: Vec<String>,
    /// The predicate's own text.
    pub predicate: &'a str,
}

#[derive(Deserialize)]
struct RawStatement<'a> {
    #[serde(borrow, rename = "predicateType")]
    predicate_type: Cow<'a, str>,
    #[serde(default)]
    subject: Subjects,
    #[serde(borrow)]
    predicate: &'a RawValue,
}

impl<'a> Statement<'a> {
    /// Reads a statement.
    ///
    /// # Errors
    /// It is not a statement, or has more than 1,000 subjects.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, AttestationError> {
        check_object(bytes)?;
        let raw: RawStatement = serde_json::from_slice(bytes)
            .map_err(|why| bad(format!("not an in-toto statement: {why}")))?;
        if raw.predicate_type.len() > MAX_TEXT {
            return Err(bad("not an in-toto statement: its predicateType is too long"));
        }
        Ok(Statement {
            predicate_type: raw.predicate_type,
            subjects: raw.subject.0,
            predicate: raw.predicate.get(),
        })
    }
}

/// Whether a type of predicate is an SBOM's.
pub(crate) fn is_sbom(predicate_type: &str) -> bool {
    ["https://spdx.dev/", "https://cyclonedx.org/", "https://syft.dev/"]
        .iter()
        .any(|start| predicate_type.starts_with(start))
}

/// Whether a type of predicate is a provenance's.
pub(crate) fn is_provenance(predicate_type: &str) -> bool {
    ["https://slsa.dev/provenance/", "https://in-toto.io/Provenance/"]
        .iter()
        .any(|start| predicate_type.starts_with(start))
}

/// The members of an envelope, and of a bundle around one.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, rename = "dsseEnvelope")]
    inner: Option<&'a RawValue>,
}

/// The statement inside an envelope or bundle; what is neither stays as it is.
///
/// # Errors
/// It is not JSON, or the payload is not base64.
pub fn unwrap_envelope(mut bytes: Vec<u8>) -> Result<Vec<u8>, AttestationError> {
    let start = bytes.as_ptr() as usize;
    let payload = {
        let read = |text: &'_ [u8]| -> Result<_, AttestationError> {
            check_object(text)?;
            serde_json::from_slice::<Envelope<'_>>(text)
                .map(|envelope| {
                    (position(envelope.payload, start), position(envelope.inner, start))
                })
                .map_err(|why| bad(format!("not an attestation: {why}")))
        };
        match read(&bytes)? {
            (_, Some((from, to))) => read(&bytes[from..to])?.0,
            (payload, None) => payload,
        }
    };
    let Some((from, to)) = payload else { return Ok(bytes) };
    let quoted = &bytes[from..to];
    let is_text = quoted.len() >= 2 && quoted.starts_with(b"\"");
    if !is_text {
        return Err(bad("the envelope's payload is not a string"));
    }
    if quoted.contains(&b'\\') {
        if quoted.len() > MAX_ESCAPED {
            return Err(bad("the envelope's payload is not plain base64"));
        }
        let text: String = serde_json::from_slice(quoted)
            .map_err(|why| bad(format!("not an attestation: {why}")))?;
        bytes = text.into_bytes();
    } else {
        bytes.copy_within(from + 1..to - 1, 0);
        bytes.truncate(to - from - 2);
    }
    decode(&mut bytes)?;
    Ok(bytes)
}

/// Refuses lists, which serde takes for the members of a struct in their order.
fn check_object(text: &[u8]) -> Result<(), AttestationError> {
    match text.trim_ascii_start().first() {
        Some(b'{') => Ok(()),
        _ => Err(bad("not an attestation: it is not a JSON object")),
    }
}

/// Where a value is inside the text that begins at `start`.
fn position(value: Option<&RawValue>, start: usize) -> Option<(usize, usize)> {
    let text = value?.get();
    let from = text.as_ptr() as usize - start;
    (text != "null").then_some((from, from + text.len()))
}

const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);

/// Decodes base64 in place, standard or URL-safe, with padding or without.
fn decode(bytes: &mut Vec<u8>) -> Result<(), AttestationError> {
    const TEXT: usize = 4096;
    let is_url_safe = bytes.iter().any(|byte| matches!(byte, b'-' | b'_'));
    let alphabet = if is_url_safe { &alphabet::URL_SAFE } else { &alphabet::STANDARD };
    let engine = GeneralPurpose::new(alphabet, LENIENT);
    let not_base64 = || bad("the envelope's payload is not base64");
    let (mut decoded, mut written) = ([0; TEXT / 4 * 3], 0);
    for from in (0..bytes.len()).step_by(TEXT) {
        let to = bytes.len().min(from + TEXT);
        let count =
            engine.decode_slice(&bytes[from..to], &mut decoded).map_err(|_| not_base64())?;
        // Padding is at the end only.
        if to < bytes.len() && count < decoded.len() {
            return Err(not_base64());
        }
        bytes[written..written + count].copy_from_slice(&decoded[..count]);
        written += count;
    }
    bytes.truncate(written);
    Ok(())
}

/// The digests in a list of subjects, read one by one.
#[derive(Default)]
struct Subjects(Vec<String>);

impl<'de> Deserialize<'de> for Subjects {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Subjects;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a list of subjects")
            }

            fn visit_unit<E>(self) -> Result<Subjects, E> {
                Ok(Subjects::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Subjects, A::Error> {
                let (mut digests, mut count) = (Vec::new(), 0);
                while let Some(Subject { digest }) = list.next_element()? {
                    count += 1;
                    digests.extend(digest.0);
                    if count > MAX_SUBJECTS || digests.len() > MAX_SUBJECTS {
                        return Err(A::Error::custom("too many subjects"));
                    }
                }
                Ok(Subjects(digests))
            }
        }
        deserializer.deserialize_any(List)
    }
}

#[derive(Deserialize)]
struct Subject {
    #[serde(default)]
    digest: Digests,
}

/// `{"sha256": "…"}` as `sha256:…`.
#[derive(Default)]
struct Digests(Vec<String>);

impl<'de> Deserialize<'de> for Digests {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Map;
        impl<'de> Visitor<'de> for Map {
            type Value = Digests;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a map of digests")
            }

            fn visit_unit<E>(self) -> Result<Digests, E> {
                Ok(Digests::default())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Digests, A::Error> {
                let mut digests = Vec::new();
                while let Some(name) = map.next_key::<Cow<'de, str>>()? {
                    if name.len() > MAX_TEXT || digests.len() > MAX_SUBJECTS {
                        map.next_value::<IgnoredAny>()?;
                        continue;
                    }
                    let hex: Cow<'de, str> = map.next_value()?;
                    if hex.len() <= MAX_TEXT {
                        digests.push(format!("{name}:{hex}"));
                    }
                }
                Ok(Digests(digests))
            }
        }
        deserializer.deserialize_any(Map)
    }
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use serde_json::json;

    use super::*;

    fn statement(fill: usize) -> String {
        json!({
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "a", "digest": {"sha256": "ab", "sha512": "cd"}}, {"name": "b"}],
            "predicateType": "https://spdx.dev/Document",
            "predicate": {"SPDXID": "ö?>".repeat(fill)},
        })
        .to_string()
    }

    #[test]
    fn envelopes_and_bundles_are_opened() {
        for fill in [0, 1, 700, 1_023, 1_024, 5_000] {
            let plain = statement(fill);
            for payload in [STANDARD.encode(&plain), URL_SAFE_NO_PAD.encode(&plain)] {
                let envelope = json!({
                    "payloadType": "application/vnd.in-toto+json",
                    "payload": payload,
                    "signatures": [{"keyid": "", "sig": "AA=="}],
                });
                let bundle = json!({"mediaType": "x", "dsseEnvelope": envelope});
                let escaped = envelope.to_string().replace('/', "\\/");
                for text in [envelope.to_string(), bundle.to_string(), escaped, plain.clone()] {
                    let bytes = unwrap_envelope(text.into_bytes()).unwrap();
                    assert_eq!(String::from_utf8(bytes).unwrap(), plain);
                }
            }
            let read = Statement::parse(plain.as_bytes()).unwrap();
            assert_eq!(read.subjects, ["sha256:ab", "sha512:cd"]);
            assert!(is_sbom(&read.predicate_type) && !is_provenance(&read.predicate_type));
            assert!(plain.contains(read.predicate) && read.predicate.starts_with('{'));
        }
    }

    #[test]
    fn what_is_none() {
        for text in
            ["", "[]", "{\"payload\":7}", "{\"payload\":\"é\"}", "{\"payload\":\"QQ==QUJD\"}"]
        {
            assert!(unwrap_envelope(text.into()).is_err(), "{text}");
        }
        // Two readers would take different ones.
        assert!(unwrap_envelope(br#"{"payload":"QQ==","payload":"Qg=="}"#.to_vec()).is_err());
        let many = format!("[{}]", vec!["{}"; MAX_SUBJECTS + 1].join(","));
        for text in [
            "{}".to_owned(),
            r#"{"predicateType":"x"}"#.to_owned(),
            r#"{"predicateType":7,"predicate":{}}"#.to_owned(),
            r#"{"predicateType":"x","predicate":{},"predicate":{}}"#.to_owned(),
            format!(r#"{{"predicateType":"x","predicate":{{}},"subject":{many}}}"#),
        ] {
            assert!(Statement::parse(text.as_bytes()).is_err(), "{text}");
        }
    }
}
