//! Documents as they are printed: harmless, and still the same document to whoever parses it.

use docker_tags::internals::{document, json};
use serde_json::Value;

use super::danger::is_danger;

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(value) = serde_json::from_str::<Value>(text) else { return };
    for printed in [document::indent(text), document::compact(text)] {
        assert_eq!(read(&printed), value, "{text:?} gave {printed:?}");
    }
    assert!(!document::compact(text).contains('\n'));
    let row = json::to_string(&value).expect("a value can be written");
    // A float's shortest text is not always read as the same float.
    assert!(read(&row) == value || has_float(&value), "{text:?} gave {row:?}");
}

fn has_float(value: &Value) -> bool {
    match value {
        Value::Number(number) => number.is_f64(),
        Value::Array(values) => values.iter().any(has_float),
        Value::Object(members) => members.values().any(has_float),
        _ => false,
    }
}

fn read(printed: &str) -> Value {
    let danger = printed.chars().find(|&c| c != '\n' && is_danger(c));
    assert!(danger.is_none(), "{danger:?} in {printed:?}");
    serde_json::from_str(printed).unwrap_or_else(|why| panic!("{printed:?}: {why}"))
}
