//! The page that `inspect` shows on a terminal.
//!
//! One glance tells what the image is, the next what it runs, the rest how it was made. Nothing
//! comes out that was not made harmless; lines keep to the width of the terminal.

use std::collections::BTreeMap;

use super::super::context::Context;
use super::super::image::Image;
use super::Sheet;
use super::steps::{Step, instruction, steps};
use super::text::{command, one_line, wrap};
use crate::oci::manifest::{
    Content, Created, Descriptor, Document, Entry, ImageConfig, Index, Kind,
};
use crate::output::{Look, cut_end as cut, human};

/// The widest that lines of text get: longer ones are hard to read.
const MAX_WIDTH: usize = 160;
/// From this width on a step says when it was made.
const WIDE: usize = 100;
/// The column in which facts begin.
const FACT: usize = 15;
/// How many members of an artifact's config are shown.
const MAX_MEMBERS: usize = 20;

/// What the page's looks depend on.
pub(super) struct Layout {
    look: Look,
    width: usize,
    bold: bool,
}

impl Layout {
    /// For the run's terminal.
    pub(super) fn of(context: &Context) -> Self {
        Layout {
            look: context.look(),
            width: context.style.width.clamp(40, MAX_WIDTH),
            bold: context.style.stdout_color,
        }
    }
}

/// The page of an image, a plugin or an artifact.
pub(super) fn page(image: &Image, sheet: &Sheet, layout: &Layout) -> String {
    let mut page = Page { text: String::new(), layout };
    let document = &sheet.chosen.manifest().document;
    let kind = Kind::of(document);
    page.title(&image.full_name(), sheet.chosen.root.digest.as_str());
    page.facts(sheet, &kind);
    if let Content::Index(index) = &sheet.chosen.root.document.content {
        page.platforms(index, sheet.chosen.child.as_ref().map(|child| child.digest.as_str()));
    }
    let is_image = matches!(kind, Kind::Image | Kind::LegacyImage);
    match sheet.config.as_ref().filter(|_| is_image) {
        Some(config) => {
            page.list("Environment", config.config.env.as_deref().unwrap_or_default());
            page.map("Labels", config.config.labels.as_ref());
        }
        None => page.map("Config", members(sheet.config_bytes.as_deref()).as_ref()),
    }
    page.map("Annotations", annotations(document));
    let history = sheet.config.as_ref().map(|config| &config.history[..]).unwrap_or_default();
    match steps(history, document).filter(|_| is_image) {
        Some(steps) => page.history(&steps),
        None => page.layers(document),
    }
    if !sheet.tags.is_empty() {
        page.section(&format!("Tags ({})", sheet.tags.len()));
        page.paragraph(2, &one_line(&sheet.tags.join(" ")));
    }
    page.text
}

struct Page<'a> {
    text: String,
    layout: &'a Layout,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end_matches(' '));
        self.text.push('\n');
    }

    fn heading(&mut self, text: &str) {
        let line = if self.layout.bold { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() };
        self.line(&line);
    }

    fn section(&mut self, title: &str) {
        self.text.push('\n');
        self.heading(title);
    }

    fn title(&mut self, name: &str, digest: &str) {
        self.heading(&one_line(name));
        if !name.ends_with(digest) {
            self.line(digest);
        }
        self.text.push('\n');
    }

    /// Text behind an indentation, on as many lines as it takes.
    fn paragraph(&mut self, indent: usize, text: &str) {
        for line in wrap(text, self.layout.width.saturating_sub(indent)) {
            self.line(&format!("{}{line}", " ".repeat(indent)));
        }
    }

    /// A labeled fact; an empty one is left out.
    fn fact(&mut self, label: &str, value: &str) {
        if !value.is_empty() {
            self.entry(label, value, FACT);
        }
    }

    /// A label, and its value from `column` on.
    fn entry(&mut self, label: &str, value: &str, column: usize) {
        let mut lead = format!("  {label}");
        let width = lead.chars().count();
        if width + 1 >= column {
            if width > column {
                self.line(&lead);
                lead = " ".repeat(column);
            } else {
                lead.push_str(&" ".repeat(column - width));
            }
        } else {
            lead.push_str(&" ".repeat(column - width));
        }
        for line in wrap(value, self.layout.width.saturating_sub(column)) {
            self.line(&format!("{lead}{line}"));
            lead = " ".repeat(column);
        }
    }

    fn facts(&mut self, sheet: &Sheet, kind: &Kind) {
        let manifest = sheet.chosen.manifest();
        self.fact("Kind", &kind_text(kind, &manifest.document));
        let config = sheet.config.as_ref();
        let platform = config.and_then(ImageConfig::platform);
        let platform = platform.map(|p| one_line(&p.to_string())).unwrap_or_default();
        self.fact("Platform", &platform);
        if let Some(child) = &sheet.chosen.child {
            self.fact("Manifest", &self.layout.look.digest(child.digest.as_str()));
        }
        let created = config.and_then(|config| config.created.as_ref());
        let created = created.map(|created| self.moment(created)).unwrap_or_default();
        self.fact("Created", &created);
        self.fact("Size", &size_text(&manifest.document));
        if let Content::Schema1(old) = &manifest.document.content {
            self.fact("Made for", &one_line(&format!("{}:{}", old.name, old.tag)));
        }
        if let Some(config) = config {
            self.image_facts(config);
        }
    }

    fn image_facts(&mut self, config: &ImageConfig) {
        let run = &config.config;
        if !config.docker_version.is_empty() {
            self.fact("Made by", &format!("Docker {}", one_line(&config.docker_version)));
        }
        self.fact("Author", &one_line(&config.author));
        self.fact("Entrypoint", &command(run.entrypoint.as_deref().unwrap_or_default()));
        self.fact("Command", &command(run.cmd.as_deref().unwrap_or_default()));
        self.fact("User", &one_line(&run.user));
        self.fact("Directory", &one_line(&run.working_dir));
        self.fact("Ports", &one_line(&run.exposed_ports.join(", ")));
        self.fact("Volumes", &one_line(&run.volumes.join(", ")));
        self.fact("Stop signal", &one_line(&run.stop_signal));
    }

    /// When something was made: how long ago, and the date.
    fn moment(&self, created: &Created) -> String {
        match created.credible() {
            Some(time) => {
                let date = time.strftime("%Y-%m-%d %H:%M UTC");
                format!("{} ({date})", human::age(self.layout.look.now, time))
            }
            None => "unknown".to_owned(),
        }
    }

    fn platforms(&mut self, index: &Index, shown: Option<&str>) {
        let entries: Vec<&Descriptor> =
            index.manifests.iter().filter(|entry| entry.entry() == Entry::Image).collect();
        self.section("Platforms");
        let name = |entry: &Descriptor| {
            let text = entry.platform.as_ref().map(ToString::to_string);
            one_line(text.as_deref().unwrap_or("unknown"))
        };
        let widest = entries.iter().map(|entry| name(entry).chars().count()).max().unwrap_or(0);
        for entry in &entries {
            let mark = if shown == Some(entry.digest.as_str()) { '*' } else { ' ' };
            let digest = self.layout.look.digest(&one_line(entry.digest.as_str()));
            let name = name(entry);
            let blanks = " ".repeat(widest.saturating_sub(name.chars().count()));
            self.line(&format!("{mark} {name}{blanks}   {digest}"));
        }
        let is_attestation =
            |entry: &&Descriptor| matches!(entry.entry(), Entry::Attestation { .. });
        let attestations = index.manifests.iter().filter(is_attestation).count();
        self.others(attestations, "attestation", "attestations");
        if attestations > 0 {
            self.line("  to list them: docker tags referrers IMAGE");
        }
        let unknown = index.manifests.len() - entries.len() - attestations;
        self.others(unknown, "unknown entry", "unknown entries");
    }

    fn others(&mut self, count: usize, one: &str, many: &str) {
        match count {
            0 => {}
            1 => self.line(&format!("  and 1 {one}")),
            _ => self.line(&format!("  and {count} {many}")),
        }
    }

    fn list(&mut self, title: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.section(title);
        for text in lines {
            let wrapped = wrap(&one_line(text), self.layout.width.saturating_sub(4));
            for (number, line) in wrapped.iter().enumerate() {
                self.line(&format!("{}{line}", if number == 0 { "  " } else { "    " }));
            }
        }
    }

    fn map(&mut self, title: &str, entries: Option<&BTreeMap<String, String>>) {
        let Some(entries) = entries.filter(|entries| !entries.is_empty()) else { return };
        self.section(title);
        let keys = entries.keys().map(|key| one_line(key).chars().count() + 4);
        let column = keys.max().unwrap_or(0).max(FACT).min(self.layout.width / 2);
        for (key, value) in entries {
            self.entry(&one_line(key), &one_line(value), column);
        }
    }

    fn history(&mut self, steps: &[Step]) {
        let is_wide = self.layout.width >= WIDE;
        self.section("History, oldest first");
        for step in steps {
            let size = match step.layer {
                None => "empty".to_owned(),
                Some(None) => "layer".to_owned(),
                Some(Some(bytes)) => human::size(bytes),
            };
            let mut lead = format!("  {size:>8}   ");
            if is_wide {
                let created = step.history.created.as_ref().and_then(Created::credible);
                lead.push_str(&format!("{:<18}", self.layout.look.age(created)));
            }
            let left = self.layout.width.saturating_sub(lead.chars().count());
            let text = one_line(&instruction(step.history));
            if !self.layout.look.no_trunc {
                self.line(&format!("{lead}{}", cut(&text, left)));
                continue;
            }
            let blank = " ".repeat(lead.chars().count());
            for (number, line) in wrap(&text, left).iter().enumerate() {
                self.line(&format!("{}{line}", if number == 0 { &lead } else { &blank }));
            }
        }
    }

    /// The layers of what has no history: what they are, as far as the manifest tells.
    fn layers(&mut self, document: &Document) {
        let (title, layers) = match &document.content {
            Content::Image(manifest) => ("Layers", &manifest.layers),
            Content::Artifact(artifact) => ("Blobs", &artifact.blobs),
            _ => return,
        };
        if layers.is_empty() {
            return;
        }
        self.section(title);
        for layer in layers {
            let size = layer.size.map_or_else(|| "N/A".to_owned(), human::size);
            let digest = self.layout.look.digest(&one_line(layer.digest.as_str()));
            let title = layer.annotations.get("org.opencontainers.image.title");
            let text = match title {
                Some(title) => format!("{} ({})", one_line(title), layer.media_type),
                None => layer.media_type.to_string(),
            };
            let lead = format!("  {size:>8}   {digest}   ");
            let left = self.layout.width.saturating_sub(lead.chars().count());
            let text = one_line(&text);
            let text = if self.layout.look.no_trunc { text } else { cut(&text, left.max(20)) };
            self.line(&format!("{lead}{text}"));
        }
    }
}

/// What the document is, with the standard that it keeps to.
fn kind_text(kind: &Kind, document: &Document) -> String {
    let media_type = document.media_type.as_str();
    let standard = if media_type.starts_with("application/vnd.oci.") { "OCI" } else { "Docker" };
    match kind {
        Kind::Image => format!("{standard} image"),
        Kind::Index if standard == "OCI" => "OCI index".to_owned(),
        Kind::Index => "Docker manifest list".to_owned(),
        Kind::Artifact(artifact_type) if !artifact_type.is_empty() => {
            format!("{}, {}", kind.name(), one_line(artifact_type))
        }
        Kind::Unknown(media_type) => format!("{}, {}", kind.name(), one_line(media_type)),
        _ => kind.name().to_owned(),
    }
}

fn size_text(document: &Document) -> String {
    let (size, count) = match &document.content {
        Content::Image(manifest) => (manifest.size(), manifest.layers.len()),
        Content::Artifact(artifact) => {
            let mut blobs = artifact.blobs.iter();
            let size = blobs.try_fold(0_u64, |sum, blob| Some(sum.saturating_add(blob.size?)));
            (size, artifact.blobs.len())
        }
        Content::Schema1(manifest) => (None, manifest.fs_layers.len()),
        Content::Index(_) | Content::Unknown => return String::new(),
    };
    let layers = if count == 1 { "1 layer".to_owned() } else { format!("{count} layers") };
    match size {
        Some(size) => format!("{} compressed, {layers}", human::size(size)),
        None => layers,
    }
}

fn annotations(document: &Document) -> Option<&BTreeMap<String, String>> {
    match &document.content {
        Content::Image(manifest) => Some(&manifest.annotations),
        Content::Artifact(artifact) => Some(&artifact.annotations),
        Content::Index(index) => Some(&index.annotations),
        Content::Schema1(_) | Content::Unknown => None,
    }
}

/// The plain members of a config that is not an image's: name and version of a chart, say.
fn members(config: Option<&[u8]>) -> Option<BTreeMap<String, String>> {
    let value: serde_json::Value = serde_json::from_slice(config?).ok()?;
    let plain = |(key, value): (&String, &serde_json::Value)| {
        let text = match value {
            serde_json::Value::String(text) if text.is_empty() => return None,
            serde_json::Value::String(text) => text.clone(),
            serde_json::Value::Number(number) => number.to_string(),
            serde_json::Value::Bool(truth) => truth.to_string(),
            _ => return None,
        };
        Some((key.clone(), text))
    };
    Some(value.as_object()?.iter().filter_map(plain).take(MAX_MEMBERS).collect())
}
