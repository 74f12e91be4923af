//! Pages of Quay's and Harbor's APIs: every tag that is read stands in the document with just this digest and size.

use docker_tags::internals::{parse_harbor, parse_quay};
use serde_json::Value;

/// 2026-01-01T00:00:00Z
const NOW: i64 = 1_767_225_600;

pub fn run(data: &[u8]) {
    let value = serde_json::from_slice::<Value>(data).unwrap_or_default();
    // A member that is there twice is read differently by a plain reader.
    let is_plain = !has_twins(data);
    if let Some(page) = parse_quay(data, NOW) {
        let entries = value["tags"].as_array().map_or(0, Vec::len);
        assert!(page.tags.len() <= page.entries && (!is_plain || page.entries == entries));
        for tag in &page.tags {
            let entry = |entry: &&Value| {
                entry["name"] == *tag.tag.as_str()
                    && entry["manifest_digest"] == *tag.digest.as_str()
            };
            let found = value["tags"].as_array().into_iter().flatten().find(entry);
            assert!(!is_plain || found.is_some(), "{tag:?}");
            assert!(tag.size != Some(0) && tag.platforms.is_none());
        }
    }
    if let Some(page) = parse_harbor(data) {
        let artifacts = value.as_array().cloned().unwrap_or_default();
        assert!(!is_plain || page.entries == artifacts.len());
        for tag in &page.tags {
            let found = artifacts.iter().any(|artifact| {
                let tags = artifact["tags"].as_array().cloned().unwrap_or_default();
                artifact["digest"] == *tag.digest.as_str()
                    && tags.iter().any(|one| one["name"] == *tag.tag.as_str())
                    && (tag.size.is_none() || artifact["size"].as_u64() == tag.size)
            });
            assert!(!is_plain || found, "{tag:?}");
            assert!(tag.platforms.as_ref().is_none_or(|platforms| !platforms.is_empty()));
            assert!(tag.images.is_empty() || tag.size.is_none());
        }
    }
}

/// Whether any member may be in one object twice: more quoted names than a plain reader keeps.
fn has_twins(data: &[u8]) -> bool {
    fn members(value: &Value) -> usize {
        match value {
            Value::Object(map) => map.len() + map.values().map(members).sum::<usize>(),
            Value::Array(list) => list.iter().map(members).sum(),
            _ => 0,
        }
    }
    let value = serde_json::from_slice::<Value>(data).unwrap_or_default();
    data.iter().filter(|byte| **byte == b':').count() != members(&value) + colons(&value)
}

/// The colons inside of texts.
fn colons(value: &Value) -> usize {
    let count = |text: &str| text.matches(':').count();
    match value {
        Value::String(text) => count(text),
        Value::Object(map) => map.iter().map(|(name, value)| count(name) + colons(value)).sum(),
        Value::Array(list) => list.iter().map(colons).sum(),
        _ => 0,
    }
}
