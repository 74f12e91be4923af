//! References: what is accepted comes out of its own text again.

use docker_tags::internals::{Digest, Reference, Registry, Tag};

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(reference) = text.parse::<Reference>() {
        let whole = reference.to_string();
        let again: Reference = whole.parse().expect("a reference's own text is a reference");
        assert_eq!(again, reference, "{text:?} became {whole:?}");
        // Familiar names are docker's, and are not read back: `docker.io/a.b/c` is shown as `a.b/c`.
        assert!(whole.contains(&reference.familiar_name()), "{whole:?}");
        assert!(whole.bytes().all(|b| b.is_ascii_graphic()), "{whole:?}");
    }
    if let Ok(registry) = text.parse::<Registry>() {
        assert!(!registry.host().is_empty());
        assert!(!registry.as_str().contains(['/', '?', '#', '\\']), "{registry}");
    }
    assert_eq!(Tag::is_valid(text), text.parse::<Tag>().is_ok());
    let _ = text.parse::<Digest>();
}
