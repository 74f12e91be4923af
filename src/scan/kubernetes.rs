//! The images of Kubernetes' manifests, and what a kustomization makes of them.

use std::collections::HashSet;

use super::collect::{Collector, split, unresolved};
use super::compose::templated;
use super::helm::member;
use super::text::Text;
use super::yaml::{Id, Yaml};

/// The keys of lists of containers.
const CONTAINERS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// Adds the images of a document, at any depth.
pub(super) fn collect(collector: &mut Collector<'_>, yaml: &Yaml<'_>, root: Id) {
    let mut seen = HashSet::new();
    yaml.each_entry(root, |_, key, value| {
        for &item in yaml.items(value) {
            let image = yaml.get(item, "image");
            let image = match key {
                key if CONTAINERS.contains(&key) => image,
                "volumes" => image.and_then(|image| yaml.get(image, "reference")),
                _ => None,
            };
            if let Some(image) = image.filter(|&image| seen.insert(image)) {
                plain(collector, yaml, image, None);
            }
        }
    });
}

/// Adds an image whose text is a name and nothing else.
pub(super) fn plain(
    collector: &mut Collector<'_>,
    yaml: &Yaml<'_>,
    id: Id,
    platform: Option<String>,
) {
    match yaml.text(id, collector.file) {
        Some(text) if text.value.trim().is_empty() => {}
        Some(text) if text.value.contains('$') && unresolved(&text.value).is_none() => {
            let raw = text.trim();
            collector.skip(raw.value.clone(), raw.start(), "a variable from outside the file");
        }
        Some(text) => collector.image(Ok(text.clone()), &text, platform),
        None => templated(collector, yaml, id),
    }
}

/// Adds what the `images` of a kustomization say.
pub(super) fn kustomization(collector: &mut Collector<'_>, yaml: &Yaml<'_>, root: Id) {
    let Some(images) = yaml.get(root, "images") else { return };
    for &item in yaml.items(images) {
        let text = |key| member(collector, yaml, item, key);
        let Some(name) = text("newName").or_else(|| text("name")) else { continue };
        let (tag, digest) = (text("newTag"), text("digest"));
        let mut parts = split(&name);
        if parts.tag.is_none() && tag.is_none() && digest.is_none() && parts.digest.is_none() {
            collector.skip(name.value.clone(), name.start(), "its tag is in another file");
            continue;
        }
        let last = digest.as_ref().or(tag.as_ref()).unwrap_or(&name);
        let end = last.end();
        if let Some(tag) = &tag {
            let (tag, pin) = at_sign(tag);
            parts.end = Ok(tag.end());
            parts.tag = Some(tag);
            parts.digest = pin;
        }
        parts.digest = digest.or(parts.digest);
        collector.parts(parts, end, None);
    }
}

/// A tag that may have a digest behind it.
pub(super) fn at_sign(tag: &Text) -> (Text, Option<Text>) {
    match tag.value.find('@') {
        Some(at) => (tag.slice(0..at), Some(tag.slice(at + 1..tag.len()))),
        None => (tag.clone(), None),
    }
}
