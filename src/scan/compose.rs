//! The images of a compose file.

use std::collections::HashSet;

use super::Skipped;
use super::collect::Collector;
use super::dockerfile;
use super::text::Text;
use super::vars::{Dialect, Variable, expand};
use super::yaml::{Id, Yaml};

/// What a context or a source begins with when it is an image.
const IMAGE_SCHEME: &str = "docker-image://";

struct Compose<'a, 'b> {
    yaml: &'a Yaml<'b>,
    /// What was reported: a value that services share is reported once, where it is.
    seen: HashSet<Id>,
}

/// Adds the images of a compose file's document.
pub(super) fn collect(collector: &mut Collector<'_>, yaml: &Yaml<'_>, root: Id) {
    // Files of compose's first version have their services on top.
    let services = yaml.get(root, "services");
    let is_service = |name: &str| services.is_some() || !name.starts_with("x-");
    let services = yaml.entries(services.unwrap_or(root)).into_iter();
    let services: Vec<Id> =
        services.filter(|(name, _)| is_service(name)).map(|(_, service)| service).collect();
    let mut compose = Compose { yaml, seen: HashSet::new() };
    let value = |id: Option<Id>| id.filter(|&id| !yaml.is_null(id));
    let builds = |service: Id| value(yaml.get(service, "build"));
    let built: HashSet<String> = services
        .iter()
        .filter(|&&service| builds(service).is_some())
        .filter_map(|&service| {
            let image = yaml.text(yaml.get(service, "image")?, collector.file)?;
            compose.resolve(collector, &image).ok()
        })
        .map(|text| text.value)
        .collect();
    for service in services {
        if let Some(image) = yaml.get(service, "image") {
            let platform = yaml.get(service, "platform");
            compose.image(collector, image, platform, &built);
        }
        if let Some(build) = builds(service) {
            compose.build(collector, build);
        }
        let volumes = yaml.get(service, "volumes").map_or(&[][..], |volumes| yaml.items(volumes));
        for &volume in volumes {
            let is_image = yaml.get(volume, "type").and_then(|kind| yaml.scalar(kind));
            if let (Some("image"), Some(source)) = (is_image, yaml.get(volume, "source")) {
                compose.image(collector, source, None, &built);
            }
        }
    }
}

impl Compose<'_, '_> {
    fn resolve(&self, collector: &mut Collector<'_>, text: &Text) -> Result<Text, String> {
        expand(text, Dialect::Compose, &mut |name| collector.compose_variable(name))
    }

    fn image(
        &mut self,
        collector: &mut Collector<'_>,
        id: Id,
        platform: Option<Id>,
        built: &HashSet<String>,
    ) {
        if !self.seen.insert(id) {
            return;
        }
        let Some(raw) = self.yaml.text(id, collector.file) else {
            return templated(collector, self.yaml, id);
        };
        let text = self.resolve(collector, &raw);
        if let Ok(text) = &text
            && built.contains(&text.value)
        {
            let at = raw.trim().start();
            return collector.skip(text.value.clone(), at, "built by this file");
        }
        let platform = platform
            .and_then(|platform| self.yaml.text(platform, collector.file))
            .and_then(|platform| self.resolve(collector, &platform).ok())
            .map(|platform| platform.value)
            .filter(|platform| !platform.is_empty());
        collector.image(text, &raw, platform);
    }

    /// Contexts that are images, and a Dockerfile that is in the file itself.
    fn build(&mut self, collector: &mut Collector<'_>, build: Id) {
        let mut names = Vec::new();
        if let Some(contexts) = self.yaml.get(build, "additional_contexts") {
            for (name, _) in self.yaml.entries(contexts) {
                names.push(name.to_owned());
            }
            let named = self.yaml.entries(contexts).into_iter().map(|(_, id)| (id, 0));
            let listed = self.yaml.items(contexts).iter().map(|&id| {
                let text = self.yaml.scalar(id).unwrap_or_default();
                (id, text.find('=').map_or(0, |at| at + 1))
            });
            let contexts: Vec<(Id, usize)> = named.chain(listed).collect();
            for (id, skip) in contexts {
                if skip > 0
                    && let Some(text) = self.yaml.scalar(id)
                {
                    names.push(text[..skip - 1].to_owned());
                }
                self.context(collector, id, skip);
            }
        }
        let Some(inline) = self.yaml.get(build, "dockerfile_inline") else { return };
        if !self.seen.insert(inline) {
            return;
        }
        let Some(raw) = self.yaml.text(inline, collector.file) else { return };
        let dialect = Dialect::ComposeInline;
        let text = expand(&raw, dialect, &mut |name| match collector.compose_variable(name) {
            // What has no value may be an argument of the Dockerfile's own.
            Variable::Unknowable => Variable::Unset,
            known => known,
        });
        let Ok(text) = text else { return };
        if let Err(unread) = dockerfile::collect(collector, &text, &names) {
            let at = unread.at.unwrap_or(raw.start());
            let line = raw.value.lines().next().unwrap_or_default().to_owned();
            let why = Skipped::Invalid(format!("dockerfile_inline: {}", unread.what));
            collector.without_parts(line, at, why);
        }
    }

    fn context(&mut self, collector: &mut Collector<'_>, id: Id, skip: usize) {
        let Some(raw) = self.yaml.text(id, collector.file) else { return };
        let raw = raw.slice(skip..raw.len());
        if !raw.value.starts_with(IMAGE_SCHEME) || !self.seen.insert(id) {
            return;
        }
        let raw = raw.slice(IMAGE_SCHEME.len()..raw.len());
        let text = self.resolve(collector, &raw);
        collector.image(text, &raw, None);
    }
}

/// Adds a value that is a template where a name should be: `{{ … }}` reads as a mapping.
pub(super) fn templated(collector: &mut Collector<'_>, yaml: &Yaml<'_>, id: Id) {
    let at = yaml.start(id);
    let rest = collector.lines.rest(at);
    if rest.starts_with("{{") {
        let raw = rest.trim_end().to_owned();
        collector.skip(raw, at, "a template");
    }
}
