//! `referrers --sbom` and `--provenance`: the document itself, for one platform.

use std::io::Write;

use super::super::context::Context;
use super::super::document::{Destination, Printer};
use super::super::image::{self, Image};
use super::super::options::TypeOption;
use super::CREATED;
use super::find::{Finder, Referrer, predicate};
use crate::error::Error;
use crate::oci::attestation::{Statement, is_provenance, is_sbom, unwrap_envelope};
use crate::oci::manifest::{Created, Descriptor};
use crate::oci::platform::Platform;
use crate::oci::reference::Digest;
use crate::output::Format;

/// The largest document that is read, and the largest that is laid out or given to a template.
const MAX_DOCUMENT: usize = 32 << 20;
const MAX_LAID_OUT: usize = 8 << 20;

/// What is printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    Sbom,
    Provenance,
}

impl Wanted {
    fn name(self) -> &'static str {
        match self {
            Wanted::Sbom => "SBOM",
            Wanted::Provenance => "provenance",
        }
    }

    fn is_predicate(self, predicate_type: &str) -> bool {
        match self {
            Wanted::Sbom => is_sbom(predicate_type),
            Wanted::Provenance => is_provenance(predicate_type),
        }
    }
}

/// A blob that is, or may hold, what is wanted.
struct Candidate {
    blob: Descriptor,
    /// An SBOM itself, without a statement around it.
    is_bare: bool,
    /// Nothing says what its predicate is.
    is_unknown: bool,
    created: Option<Created>,
}

/// The images that the document may be about.
struct About<'a> {
    image: &'a Image,
    subjects: Vec<Digest>,
    wanted: Wanted,
}

/// Prints the document.
///
/// # Errors
/// There is none; it is larger than 32 MiB, malformed, or about another image.
pub(super) fn run(
    context: &Context,
    name: &str,
    platform: Option<&Platform>,
    wanted: Wanted,
    out: &mut dyn Write,
) -> Result<(), Error> {
    let destination = Destination::default();
    let printer = Printer::new(context, &destination)?;
    let image = image::one(context, name, &TypeOption::default())?;
    let chosen = image.descend(context, platform)?;
    let finder = Finder { context, image: &image };
    let child = chosen.child.as_ref().map(|child| child.digest.clone());
    let mut subjects: Vec<Digest> = child.clone().into_iter().collect();
    subjects.push(chosen.root.digest.clone());
    let about = About { image: &image, subjects, wanted };
    // The platform's own attestation first, then what is about its manifest, then about the index.
    let mut places = vec![finder.in_index(&chosen.root, child.as_ref())];
    let mut document = about.search(&finder, places.remove(0))?;
    for subject in &about.subjects {
        if document.is_none() {
            document = about.search(&finder, finder.of(subject)?)?;
        }
    }
    let Some((bytes, is_bare)) = document else {
        return Err(Error::NotFoundIn {
            object: wanted.name().to_owned(),
            name: image.full_name(),
            hint: format!(
                "to list the attached artifacts: docker tags referrers {}",
                image.short_name()
            ),
        });
    };
    let text = if is_bare || context.globals.raw {
        &bytes[..]
    } else {
        about.statement(&bytes)?.predicate.as_bytes()
    };
    let is_exact = matches!(context.format(Format::Plain)?, Format::Plain)
        && (context.globals.raw || !context.style.stdout_terminal);
    if text.len() > MAX_LAID_OUT && !is_exact {
        return Err(Error::usage(
            format!("the {} is larger than {} MiB", wanted.name(), MAX_LAID_OUT >> 20),
            "write it to a file without --format, or pass --raw",
        ));
    }
    printer.print(text, &image.short_name(), out)
}

impl About<'_> {
    /// The newest of the documents among some referrers, and whether it is bare.
    fn search(
        &self,
        finder: &Finder<'_>,
        found: Vec<Referrer>,
    ) -> Result<Option<(Vec<u8>, bool)>, Error> {
        let mut candidates = Vec::new();
        finder.read(
            found,
            |_| true,
            |referrer| {
                self.add(&mut candidates, &referrer);
                Ok(())
            },
        )?;
        // Stable: of equally old ones the last that was added counts.
        let time = |candidate: &Candidate| candidate.created.as_ref().and_then(|c| c.time);
        candidates.sort_by_key(|candidate| (!candidate.is_unknown, time(candidate)));
        let known = candidates.iter().filter(|candidate| !candidate.is_unknown).count();
        for candidate in candidates.iter().rev() {
            let Some(bytes) = self.load(finder, candidate)? else { continue };
            if known > 1 {
                finder.context.reporter.warn(&format!(
                    "{} has {known} documents of this kind; printing the newest, {}",
                    self.image.short_name(),
                    candidate.blob.digest
                ));
            }
            return Ok(Some((bytes, candidate.is_bare)));
        }
        Ok(None)
    }

    fn add(&self, candidates: &mut Vec<Candidate>, referrer: &Referrer) {
        let Some(fetched) = &referrer.manifest else { return };
        let annotations = referrer.annotations();
        let artifact_type = referrer.artifact_type();
        let blobs = fetched.document.blobs();
        for blob in blobs {
            let of_blob = predicate(&blob.annotations);
            let stated = of_blob.or_else(|| predicate(&annotations).filter(|_| blobs.len() == 1));
            let media_type = blob.media_type.as_str();
            let is_bare = stated.is_none()
                && self.wanted == Wanted::Sbom
                && (is_sbom_type(media_type) || (blobs.len() == 1 && is_sbom_type(&artifact_type)));
            let is_unknown = stated.is_none() && !is_bare;
            let is_candidate = match &stated {
                Some(stated) => self.wanted.is_predicate(stated),
                None => is_bare || is_attestation_type(media_type),
            };
            if is_candidate {
                let created = annotations.get(CREATED).map(|text| Created::new(text));
                candidates.push(Candidate { blob: blob.clone(), is_bare, is_unknown, created });
            }
        }
    }

    /// Reads a candidate; `None`: it is something else.
    fn load(&self, finder: &Finder<'_>, candidate: &Candidate) -> Result<Option<Vec<u8>>, Error> {
        let limit = u64::try_from(MAX_DOCUMENT).unwrap_or(u64::MAX);
        if candidate.blob.size.is_some_and(|size| size > limit) {
            return Err(self.too_large());
        }
        let bytes = match self.image.repository.blob_up_to(&candidate.blob, MAX_DOCUMENT) {
            Err(Error::TooLarge { .. }) => return Err(self.too_large()),
            bytes => bytes?,
        };
        if candidate.is_bare {
            return Ok(Some(bytes));
        }
        let bytes = match unwrap_envelope(bytes) {
            Err(_) if candidate.is_unknown => return Ok(None),
            bytes => bytes.map_err(|why| self.broken(&why.to_string()))?,
        };
        let statement = match Statement::parse(&bytes) {
            Err(_) if candidate.is_unknown => return Ok(None),
            statement => statement.map_err(|why| self.broken(&why.to_string()))?,
        };
        if !self.wanted.is_predicate(&statement.predicate_type) {
            return Ok(None);
        }
        let is_ours = |text: &String| self.subjects.iter().any(|ours| ours.as_str() == *text);
        if !statement.subjects.iter().any(is_ours) {
            let about = statement.subjects.first().map_or("no image", String::as_str);
            finder.context.reporter.warn(&format!(
                "{}: left out {}: the statement is about {}",
                self.image.short_name(),
                candidate.blob.digest,
                crate::system::terminal::server_text(about)
            ));
            return Ok(None);
        }
        Ok(Some(bytes))
    }

    fn statement<'b>(&self, bytes: &'b [u8]) -> Result<Statement<'b>, Error> {
        Statement::parse(bytes).map_err(|why| self.broken(&why.to_string()))
    }

    fn broken(&self, why: &str) -> Error {
        Error::Answer {
            host: self.image.subject.host(),
            what: format!(
                "the {} of {} cannot be read: {}",
                self.wanted.name(),
                self.image.full_name(),
                crate::system::terminal::server_text(why)
            ),
            hint: "ask the image's publisher to attach it again",
        }
    }

    fn too_large(&self) -> Error {
        Error::Answer {
            host: self.image.subject.host(),
            what: format!(
                "the {} of {} is larger than {} MiB, the most that is read",
                self.wanted.name(),
                self.image.full_name(),
                MAX_DOCUMENT >> 20
            ),
            hint: "download the blob with another tool, such as oras blob fetch",
        }
    }
}

/// Whether a media type is that of an SBOM: `application/spdx+json`, `text/spdx`,
/// `application/vnd.cyclonedx+json`, `application/vnd.syft+json` …
fn is_sbom_type(media_type: &str) -> bool {
    let media_type = media_type.to_ascii_lowercase();
    ["spdx", "cyclonedx", "syft"].iter().any(|name| media_type.contains(name))
}

/// Whether a media type is that of an in-toto statement, an envelope or a bundle.
fn is_attestation_type(media_type: &str) -> bool {
    ["in-toto", "dsse", "sigstore.bundle"].iter().any(|name| media_type.contains(name))
}
