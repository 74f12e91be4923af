//! Saved lists: a list that is read holds every line of the file, and nothing else; one that is cut is refused.

use docker_tags::internals::parse_saved;
use serde_json::Value;

pub fn run(data: &[u8]) {
    let Ok(names) = parse_saved(data, false) else {
        assert!(parse_saved(data, true).is_err(), "with digests it is stricter");
        return;
    };
    let lines = data.split(|byte| *byte == b'\n');
    let lines: Vec<&[u8]> = lines.map(<[u8]>::trim_ascii).filter(|line| !line.is_empty()).collect();
    assert_eq!(names.len(), lines.len());
    let mut repositories = Vec::new();
    for ((tag, digest), line) in names.iter().zip(&lines) {
        // A member that is passed over may hold what a `Value` cannot, such as 1e999.
        let Ok(value) = serde_json::from_slice::<Value>(line) else { continue };
        if value.is_object() && !line.contains(&b'\\') {
            assert_eq!(value["Tag"], **tag);
            assert!(digest.as_ref().is_none_or(|digest| value["Digest"] == **digest));
            repositories.push(value.get("Repository").cloned().unwrap_or_default());
        }
    }
    repositories.dedup();
    assert!(repositories.len() <= 1, "one repository");
    let mut tags: Vec<&String> = names.iter().map(|(tag, _)| tag).collect();
    tags.sort();
    tags.dedup();
    assert_eq!(tags.len(), names.len(), "each tag once");
    assert!(data.is_empty() || data.ends_with(b"\n"), "whole lines");
    if let Ok(with_digests) = parse_saved(data, true) {
        assert!(with_digests.iter().all(|(_, digest)| digest.is_some()) && with_digests == names);
    }
}
