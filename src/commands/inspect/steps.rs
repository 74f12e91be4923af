//! How an image was made: its history, each step with the layer that it left.

use crate::oci::manifest::{Content, Document, History};

/// A step of an image's making.
pub(super) struct Step<'a> {
    pub history: &'a History,
    /// Compressed bytes of the layer. `None`: the step made none. `Some(None)`: not known.
    pub layer: Option<Option<u64>>,
}

/// The steps with their layers; `None` when history and layers do not fit together.
pub(super) fn steps<'a>(history: &'a [History], document: &Document) -> Option<Vec<Step<'a>>> {
    let Content::Image(manifest) = &document.content else {
        // Schema 1 has a layer for every step, and no sizes.
        let is_schema1 = matches!(document.content, Content::Schema1(_));
        let layer = |history: &'a History| (!history.empty_layer).then_some(None);
        let steps = history.iter().map(|history| Step { history, layer: layer(history) });
        return (is_schema1 && !history.is_empty()).then(|| steps.collect());
    };
    let mut sizes = manifest.layers.iter().map(|layer| layer.size);
    let mut steps = Vec::with_capacity(history.len());
    for step in history {
        let layer = if step.empty_layer { None } else { Some(sizes.next()?) };
        steps.push(Step { history: step, layer });
    }
    (sizes.next().is_none() && !steps.is_empty()).then_some(steps)
}

/// What a step did, in the words of a Dockerfile: without the marks that docker and BuildKit put
/// round them.
pub(super) fn instruction(step: &History) -> String {
    let text = step.created_by.trim();
    if text.is_empty() {
        return step.comment.trim().to_owned();
    }
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim_end();
    if let Some(rest) = text.strip_prefix("/bin/sh -c #(nop)") {
        return rest.trim_start().to_owned();
    }
    let script = text.strip_prefix("RUN ").unwrap_or(text);
    // Build arguments come before the shell: |1 VERSION=3 /bin/sh -c make
    let script = match script.split_once(" /bin/sh -c ") {
        Some((_, script)) if text.trim_start_matches("RUN ").starts_with('|') => Some(script),
        _ => script.strip_prefix("/bin/sh -c "),
    };
    match script {
        Some(script) => format!("RUN {}", script.trim_start()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instructions_read_like_a_dockerfile() {
        for (created_by, expected) in [
            ("/bin/sh -c #(nop)  CMD [\"sh\"]", "CMD [\"sh\"]"),
            ("/bin/sh -c #(nop) ADD file:1 in / ", "ADD file:1 in /"),
            ("/bin/sh -c apt-get update", "RUN apt-get update"),
            ("RUN /bin/sh -c apk add curl # buildkit", "RUN apk add curl"),
            ("RUN |1 A=1 /bin/sh -c make # buildkit", "RUN make"),
            ("|1 A=1 /bin/sh -c make all", "RUN make all"),
            ("COPY . /app # buildkit", "COPY . /app"),
            ("ENV PATH=/usr/bin", "ENV PATH=/usr/bin"),
            ("", "a remark"),
        ] {
            let step = History {
                created_by: created_by.to_owned(),
                comment: "a remark".to_owned(),
                ..History::default()
            };
            assert_eq!(instruction(&step), expected, "{created_by}");
        }
    }
}
