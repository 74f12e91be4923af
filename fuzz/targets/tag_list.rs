//! A page of tags: only tags come out, and all that a plain JSON reader sees; what is no list is refused.

use docker_tags::internals::Tag;
use docker_tags::internals::parse_tags;
use serde_json::Value;

pub fn run(data: &[u8]) {
    let found = parse_tags(data);
    if let Some((tags, _)) = &found {
        assert!(tags.iter().all(|tag| Tag::is_valid(tag)));
    }
    // The plain reader keeps the last of two members of one name: such documents are left out.
    let once = data.windows(6).filter(|part| part == b"\"tags\"").count() == 1;
    let escapes = data.contains(&b'\\');
    let Ok(document) = serde_json::from_slice::<Value>(data) else { return };
    let Some(Value::Array(entries)) = document.get("tags") else { return };
    if !once || escapes {
        return;
    }
    // A list that holds lists or objects is none.
    if entries.iter().any(|entry| entry.is_array() || entry.is_object()) {
        assert!(found.is_none());
        return;
    }
    let (tags, odd) = found.expect("a document with a list is a list");
    let strings = entries.iter().filter_map(Value::as_str).filter(|text| Tag::is_valid(text));
    assert!(tags.iter().map(String::as_str).eq(strings));
    assert_eq!(tags.len() + odd, entries.len());
}
