//! Two images, compared fact by fact.

use std::io::Write;

use serde::Serialize;
use serde_json::{Value, json};

use super::both;
use crate::commands::context::Context;
use crate::commands::image::{self, Chosen};
use crate::commands::options::TypeOption;
use crate::error::Error;
use crate::oci::manifest::{Content, Descriptor, Entry, ImageConfig};
use crate::oci::platform::Platform;
use crate::output::{Column, Format, Look, Row, Writer, human};

/// A fact that differs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct FactRow {
    field: String,
    /// `null`: the image has no such fact.
    a: Value,
    b: Value,
}

impl Row for FactRow {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Field", header: "FIELD" },
        Column { key: "A", header: "A" },
        Column { key: "B", header: "B" },
    ];

    fn cells(&self, look: &Look) -> Vec<String> {
        let text = |text: &str| match text.starts_with("sha256:") {
            true => look.digest(text),
            false => text.to_owned(),
        };
        let cell = |value: &Value| match value {
            Value::Null => "none".to_owned(),
            Value::String(value) => text(value),
            Value::Number(value) if self.field == "Size" => {
                value.as_u64().map(human::size).unwrap_or_default()
            }
            Value::Array(values) => {
                let words = values.iter().filter_map(Value::as_str).map(text);
                words.collect::<Vec<_>>().join(" ")
            }
            other => other.to_string(),
        };
        vec![self.field.clone(), cell(&self.a), cell(&self.b)]
    }

    fn plain(&self) -> std::borrow::Cow<'_, str> {
        self.field.as_str().into()
    }
}

/// What is compared, by name.
type Facts = Vec<(String, Value)>;

/// Prints what differs, and says whether anything does.
pub(super) fn run(
    names: [&String; 2],
    platform: Option<&Platform>,
    context: &Context,
    out: &mut dyn Write,
) -> Result<bool, Error> {
    let format = context.format(Format::Table)?;
    let mut writer = Writer::new(out, &format, context.look())?;
    let [a, b] = both(&names, |name| facts(name, platform, context))?;
    let mut fields: Vec<&String> = a.iter().chain(&b).map(|(field, _)| field).collect();
    let place = |field: &str| KINDS.iter().position(|kind| field.split('.').next() == Some(*kind));
    fields.sort_by_key(|field| (place(field), *field));
    fields.dedup();
    let of = |facts: &Facts, field: &str| {
        let fact = facts.iter().find(|(name, _)| name == field);
        fact.map_or(Value::Null, |(_, value)| value.clone())
    };
    let mut is_different = false;
    let outcome = fields.into_iter().try_for_each(|field| {
        let (a, b) = (of(&a, field), of(&b, field));
        if a == b {
            return Ok(());
        }
        is_different = true;
        let (a, b) = if field == "Layers" { layers(a, b) } else { (a, b) };
        writer.write_row(&FactRow { field: field.clone(), a, b }).map_err(Error::from)
    });
    if is_different {
        writer.end(outcome)?;
    } else {
        outcome?;
    }
    Ok(is_different)
}

/// The layers that the other image does not have; all of them where only the order differs.
fn layers(a: Value, b: Value) -> (Value, Value) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (a, b) = (list(&a), list(&b));
    let only = |these: &[Value], others: &[Value]| -> Vec<Value> {
        these.iter().filter(|layer| !others.contains(layer)).cloned().collect()
    };
    let (only_a, only_b) = (only(&a, &b), only(&b, &a));
    if only_a.is_empty() && only_b.is_empty() {
        return (a.into(), b.into());
    }
    (only_a.into(), only_b.into())
}

/// The groups of facts in order; what follows a dot is a name of the image's own.
const KINDS: [&str; 9] =
    ["Digest", "Size", "Platforms", "Created", "Labels", "Env", "Entrypoint", "Cmd", "Layers"];

fn facts(name: &str, platform: Option<&Platform>, context: &Context) -> Result<Facts, Error> {
    let image = image::one(context, name, &TypeOption::default())?;
    let chosen = image.descend_if_possible(context, platform)?;
    let document = &chosen.manifest().document;
    let config = image::image_config(document, image.config(&chosen)?.as_deref());
    let config = config.unwrap_or_default();
    let (size, layers) = match &document.content {
        Content::Image(manifest) => (manifest.size(), digests(&manifest.layers)),
        Content::Artifact(artifact) => {
            (artifact.blobs.iter().map(|blob| blob.size).sum(), digests(&artifact.blobs))
        }
        _ => (None, Value::Null),
    };
    let mut facts = vec![
        ("Digest".to_owned(), digest(&chosen, platform)),
        ("Size".to_owned(), json!(size)),
        ("Platforms".to_owned(), platforms(&chosen, &config)),
        ("Created".to_owned(), json!(config.created.as_ref().and_then(|at| at.rfc3339()))),
        ("Entrypoint".to_owned(), json!(config.config.entrypoint)),
        ("Cmd".to_owned(), json!(config.config.cmd)),
        ("Layers".to_owned(), layers),
    ];
    for (label, value) in config.config.labels.iter().flatten() {
        facts.push((format!("Labels.{label}"), json!(value)));
    }
    for variable in config.config.env.iter().flatten() {
        let (name, value) = variable.split_once('=').unwrap_or((variable, ""));
        facts.push((format!("Env.{name}"), json!(value)));
    }
    Ok(facts)
}

/// The digest of what was named; with a platform, that of its image.
fn digest(chosen: &Chosen, platform: Option<&Platform>) -> Value {
    let of = if platform.is_some() { chosen.manifest() } else { &chosen.root };
    json!(of.digest.as_str())
}

fn digests(blobs: &[Descriptor]) -> Value {
    blobs.iter().map(|blob| json!(blob.digest.as_str())).collect::<Vec<_>>().into()
}

fn platforms(chosen: &Chosen, config: &ImageConfig) -> Value {
    let names: Vec<String> = match &chosen.root.document.content {
        Content::Index(index) => {
            let images = index.manifests.iter().filter(|entry| entry.entry() == Entry::Image);
            images.filter_map(|entry| entry.platform.as_ref()).map(Platform::to_string).collect()
        }
        _ => config.platform().iter().map(Platform::to_string).collect(),
    };
    json!(names)
}
