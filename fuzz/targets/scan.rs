//! Files that name images: any text under any name is images with places that are right, or an
//! error of one line.

use docker_tags::internals::{Env, scan_text};

const NAMES: [&str; 8] = [
    "Dockerfile",
    "compose.yaml",
    "values.yaml",
    "kustomization.yaml",
    ".gitlab-ci.yml",
    ".github/workflows/ci.yml",
    "action.yml",
    "any.yaml",
];

pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let env = Env::from_pairs([("V", "1.2")]);
    for name in NAMES {
        match scan_text(name, text, &env) {
            Ok(images) => images.iter().for_each(|image| check(text, image)),
            Err(what) => assert!(!what.is_empty() && !what.contains('\n'), "{what:?}"),
        }
    }
}

/// The line and column exist, and what would be overwritten is a part of the tag.
fn check(text: &str, image: &docker_tags::internals::ScannedImage) {
    let line = text.split('\n').nth(image.line.wrapping_sub(1)).expect("the line is there");
    assert!(image.column >= 1 && image.column <= line.chars().count() + 2, "{image:?}");
    if let Some((tag, range)) = &image.tag {
        let written = text.get(range.clone()).expect("the tag lies in the text");
        assert!(tag.contains(written), "{tag:?} is not made of {written:?}");
    }
}
