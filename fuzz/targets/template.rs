//! Go templates: parsing and running end, and values of the row come out harmless.

use docker_tags::internals::Template;
use serde_json::json;

use super::danger::is_danger;

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(template) = Template::parse(text) else { return };
    let row = json!({
        "Tag": "1.0\u{1b}[31m", "Size": 12_345_678, "Names": ["a", "b\u{202e}", "c"],
        "Labels": {"x": "y", "z": null}, "Ok": true, "Rate": 0.5, "None": null,
    });
    if let Ok(line) = template.render(&row) {
        // What stands in the template itself is the user's own.
        let own = |c: char| c == '\n' || c == '\t' || text.contains('\\') || text.contains(c);
        let foreign = line.chars().find(|c| is_danger(*c) && !own(*c));
        let written = text.contains("printf") || text.contains('`') || text.contains('\'');
        assert!(foreign.is_none() || written, "{text:?} gave {line:?}");
    }
    let _ = template.render_header([("Tag", "TAG")].into_iter());
    let _ = template.check_fields(["Tag"].into_iter());
}
