//! Attestations: what comes out of an envelope, and what a statement says, is what a plain reader finds in it.

use docker_tags::internals::{Statement, unwrap_envelope};
use serde_json::Value;

pub fn run(data: &[u8]) {
    let value = serde_json::from_slice::<Value>(data).ok();
    if let (Ok(bytes), Some(value)) = (unwrap_envelope(data.to_vec()), &value) {
        assert!(value.is_object());
        let inner = value.get("dsseEnvelope").filter(|inner| !inner.is_null());
        match inner.unwrap_or(value).get("payload") {
            None | Some(Value::Null) => assert_eq!(bytes, data),
            Some(payload) => {
                let text = payload.as_str().expect("a payload is a text");
                assert_eq!(decode(text).as_ref(), Some(&bytes));
            }
        }
    }
    if let (Ok(statement), Some(value)) = (Statement::parse(data), &value) {
        assert_eq!(value["predicateType"], *statement.predicate_type);
        assert_eq!(
            serde_json::from_str::<Value>(statement.predicate).ok(),
            value.get("predicate").cloned()
        );
        let subjects = value["subject"].as_array().cloned().unwrap_or_default();
        for digest in &statement.subjects {
            let (name, hex) = digest.split_once(':').expect("name and digits");
            // The plain reader keeps the last of two members of one name, or of one escaped name.
            let count = |member: String| {
                data.windows(member.len()).filter(|part| *part == member.as_bytes()).count()
            };
            let plain = count(format!("\"{name}\"")) == 1
                && count("\"digest\"".to_owned()) <= subjects.len()
                && !data.contains(&b'\\');
            assert!(subjects.iter().any(|subject| {
                // A name with a colon is cut elsewhere.
                subject["digest"][name] == *hex || !plain || name.is_empty() || hex.contains(':')
            }));
        }
    }
}

/// Base64, standard or URL-safe, by the letter.
fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        (bits, count) = (bits << 6 | u32::from(six), count + 6);
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Some(bytes)
}
