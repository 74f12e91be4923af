//! The images of a chart's values.

use std::collections::HashSet;

use super::collect::{Collector, split, unresolved};
use super::kubernetes::at_sign;
use super::text::{Fixed, Text};
use super::yaml::{Id, Yaml};
use crate::oci::reference::{Digest, Reference};

/// Adds the image of every key that ends in `image`, at any depth.
pub(super) fn values(collector: &mut Collector<'_>, yaml: &Yaml<'_>, root: Id) {
    let mut seen = HashSet::new();
    yaml.each_entry(root, |holder, key, value| {
        if !key.to_lowercase().ends_with("image") || !seen.insert(value) {
            return;
        }
        if yaml.is_mapping(value) {
            if let Some(repository) = member(collector, yaml, value, "repository") {
                image(collector, yaml, value, &repository);
            }
        } else if let Some(text) = yaml.text(value, collector.file) {
            // Keys of this name hold other things, too: a switch, a picture.
            let name = text.trim();
            let reference = name.value.parse::<Reference>().ok();
            let is_word = ["true", "false"].contains(&name.value.as_str());
            let is_bare =
                reference.as_ref().is_some_and(|r| r.tag().is_none() && r.digest().is_none());
            let has_parts = PARTS.iter().any(|part| yaml.get(holder, part).is_some());
            if is_bare && key.eq_ignore_ascii_case("image") && has_parts {
                image(collector, yaml, holder, &name);
            } else if reference.is_some() && !is_word || unresolved(&name.value).is_some() {
                collector.image(Ok(name), &text, None);
            }
        }
    });
}

/// What stands beside an `image` that is a name without a tag.
const PARTS: [&str; 3] = ["tag", "imageTag", "digest"];

/// The text of a key; nothing where it is empty.
pub(super) fn member(
    collector: &Collector<'_>,
    yaml: &Yaml<'_>,
    id: Id,
    key: &str,
) -> Option<Text> {
    let text = yaml.text(yaml.get(id, key)?, collector.file)?.trim();
    (!text.value.is_empty()).then_some(text)
}

/// Adds an image of which each part has its own key.
fn image(collector: &mut Collector<'_>, yaml: &Yaml<'_>, id: Id, repository: &Text) {
    let file = collector.file;
    let text = |key| member(collector, yaml, id, key);
    let (registry, mut digest) = (text("registry"), text("digest"));
    let mut tag = ["tag", "imageTag", "version"].into_iter().find_map(text);
    if tag.as_ref().is_some_and(|tag| tag.value.parse::<Digest>().is_ok()) {
        digest = digest.or(tag.take());
    }
    let all = [Some(repository), registry.as_ref(), tag.as_ref(), digest.as_ref()];
    if let Some(why) = all.into_iter().flatten().find_map(|text| unresolved(&text.value)) {
        return collector.skip(repository.value.clone(), repository.start(), why);
    }
    let mut parts = split(repository);
    if let Some(registry) = &registry {
        let mut name = Text::empty(repository.start());
        // The place of the name is the repository's.
        let site = repository.start()..repository.start();
        name.push_variable(registry, &site);
        name.push_variable(&Text::literal("/", file, 0), &site);
        name.push(&parts.name);
        parts.name = name;
    }
    let mut end = repository.end();
    if let Some(tag) = tag {
        end = tag.end();
        let (tag, pin) = at_sign(&tag);
        parts.end = if tag.is_escaped() { Err(Fixed::Escaped) } else { Ok(tag.end()) };
        parts.tag = Some(tag);
        parts.digest = pin;
    }
    if let Some(digest) = digest {
        end = digest.end();
        parts.digest = Some(digest);
    }
    if parts.tag.is_none() && parts.digest.is_none() {
        let Some(version) = collector.app_version() else {
            let why = "no tag, and no appVersion in a Chart.yaml beside it";
            return collector.skip(parts.name.value, repository.start(), why);
        };
        let site = repository.start()..repository.start();
        parts.tag = Some(Text::fixed(&version, site, Fixed::Chart));
        parts.end = Err(Fixed::Chart);
    }
    collector.parts(parts, end, None);
}
