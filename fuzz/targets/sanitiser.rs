//! The last step before a terminal: nothing that commands it comes through.

use docker_tags::internals::{SERVER_TEXT_LIMIT, sanitize, sanitize_lines, server_text};

use super::danger::is_danger;

pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let safe = sanitize(&text);
    assert!(!safe.contains(is_danger), "{safe:?}");
    assert_eq!(sanitize(&safe), safe);
    assert_eq!(text.contains(is_danger), text != safe);
    let lines = sanitize_lines(&text);
    assert!(!lines.contains(|c| c != '\n' && is_danger(c)), "{lines:?}");
    assert_eq!(lines.matches('\n').count(), text.matches('\n').count());
    let quoted = server_text(&text);
    assert!(!quoted.contains(is_danger) && quoted.len() <= SERVER_TEXT_LIMIT, "{quoted:?}");
}
