//! Where artifacts about an image are: inside its index, behind the referrers API or the tag that
//! stands in for it, and behind cosign's tags.
//!
//! What a list or tag says is not believed where it can be checked: a manifest that names another
//! image as its subject is left out with a warning.

use std::collections::{BTreeMap, HashSet};

use super::super::context::Context;
use super::super::image::Image;
use crate::error::Error;
use crate::oci::manifest::{
    AnyDigest, Content, Descriptor, Document, Entry, MediaType, says_something,
};
use crate::oci::reference::{Digest, Tag};
use crate::registry::{Fetched, RepositoryHandle, Target, fallback_tag};
use crate::system::parallel;
use crate::system::terminal::server_text;

/// The ends of cosign's tags for signatures, attestations and SBOMs
/// ([specification](https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md)).
const COSIGN: [&str; 3] = ["sig", "att", "sbom"];
/// The annotations that name the type of an attestation's predicate: BuildKit's and cosign's at a
/// layer, sigstore's at a manifest.
const PREDICATES: [&str; 3] =
    ["in-toto.io/predicate-type", "predicateType", "dev.sigstore.bundle.predicateType"];

/// Something about an image.
#[derive(Clone)]
pub(super) struct Referrer {
    /// What points to it.
    pub entry: Descriptor,
    /// The manifest that it is about; `None` when nothing says so.
    pub subject: Option<Digest>,
    /// The platform of that manifest, where the index says so.
    pub platform: String,
    /// `api`, `index`, or a tag.
    pub source: String,
    /// Its own manifest, when it was read.
    pub manifest: Option<Fetched>,
    /// The list is one that clients write: only the manifest itself says what it is about.
    is_claim: bool,
}

impl Referrer {
    /// Whether the list does not tell the type, or tells the type of something else.
    pub(super) fn has_no_type(&self) -> bool {
        self.manifest.is_none() && !self.entry.artifact_type.as_deref().is_some_and(says_something)
    }

    pub(super) fn artifact_type(&self) -> String {
        let own = self.manifest.as_ref().and_then(|fetched| fetched.document.artifact_type());
        own.or_else(|| self.entry.artifact_type.clone()).unwrap_or_default()
    }

    /// The annotations of list and manifest; the manifest's win.
    pub(super) fn annotations(&self) -> BTreeMap<String, String> {
        let mut annotations = self.entry.annotations.clone();
        let own = self.manifest.as_ref().and_then(|fetched| fetched.document.annotations());
        annotations.extend(own.cloned().into_iter().flatten());
        annotations
    }

    /// The types of predicates, each once; `None` where only the manifest would tell.
    pub(super) fn predicates(&self) -> Option<Vec<String>> {
        let mut found: Vec<String> = predicate(&self.annotations()).into_iter().collect();
        let Some(fetched) = &self.manifest else { return Some(found).filter(|f| !f.is_empty()) };
        for blob in fetched.document.blobs() {
            found.extend(predicate(&blob.annotations).filter(|text| !found.contains(text)));
        }
        Some(found)
    }
}

/// The type of the predicate that annotations name.
pub(super) fn predicate(annotations: &BTreeMap<String, String>) -> Option<String> {
    PREDICATES.iter().find_map(|name| annotations.get(*name)).cloned()
}

/// Finds artifacts about an image.
pub(super) struct Finder<'a> {
    pub context: &'a Context,
    pub image: &'a Image,
}

/// One place to look.
enum Place {
    Api,
    Tag(Tag),
}

impl Finder<'_> {
    fn warn(&self, text: &str) {
        self.context.reporter.warn(text);
    }

    /// The attestations inside an index: all, or those for one of its images.
    pub(super) fn in_index(&self, root: &Fetched, child: Option<&Digest>) -> Vec<Referrer> {
        let Content::Index(index) = &root.document.content else { return Vec::new() };
        let mut found = Vec::new();
        for entry in &index.manifests {
            let Entry::Attestation { of } = entry.entry() else { continue };
            let is_image = |image: &&Descriptor| {
                image.entry() == Entry::Image && image.digest.supported() == of.as_ref()
            };
            let image = of.as_ref().and_then(|_| index.manifests.iter().find(is_image));
            let Some(image) = image else {
                let of = of.map_or_else(
                    || "no image".to_owned(),
                    |of| format!("{of}, which is not in the index"),
                );
                self.warn(&format!(
                    "{}: left out attestation {}: it is for {of}",
                    self.image.short_name(),
                    server_text(entry.digest.as_str())
                ));
                continue;
            };
            if child.is_some() && of.as_ref() != child {
                continue;
            }
            found.push(Referrer {
                entry: entry.clone(),
                subject: of,
                platform: image.platform.as_ref().map(ToString::to_string).unwrap_or_default(),
                source: "index".to_owned(),
                manifest: None,
                is_claim: false,
            });
        }
        found
    }

    /// What refers to a manifest from outside: the API or its tag, and cosign's tags.
    ///
    /// # Errors
    /// Whatever keeps the list from being whole.
    pub(super) fn of(&self, subject: &Digest) -> Result<Vec<Referrer>, Error> {
        let tag = |end: &&str| {
            format!("{}-{}.{end}", subject.algorithm(), subject.hex()).parse().ok().map(Place::Tag)
        };
        let places: Vec<Place> =
            std::iter::once(Place::Api).chain(COSIGN.iter().filter_map(tag)).collect();
        let mut found = Vec::new();
        parallel::in_order(
            &places,
            self.image.jobs,
            |place| match place {
                Place::Api => self.listed(subject),
                Place::Tag(tag) => self.tagged(tag, subject),
            },
            |_, answer| {
                self.add(&mut found, answer?);
                Ok::<(), Error>(())
            },
        )?;
        Ok(found)
    }

    /// Adds what is not in the list already.
    pub(super) fn add(&self, found: &mut Vec<Referrer>, more: Vec<Referrer>) {
        let mut known: HashSet<String> =
            found.iter().map(|referrer| referrer.entry.digest.to_string()).collect();
        for referrer in more {
            if known.insert(referrer.entry.digest.to_string()) {
                found.push(referrer);
            }
        }
    }

    /// The list of the API, else of the tag that stands in for it.
    fn listed(&self, subject: &Digest) -> Result<Vec<Referrer>, Error> {
        let repository = &self.image.repository;
        let (entries, source, is_claim) = match repository.referrers(subject)? {
            Some(entries) if matches!(repository, RepositoryHandle::Registry(_)) => {
                (entries, "api".to_owned(), false)
            }
            Some(entries) if !entries.is_empty() => (entries, "layout".to_owned(), false),
            _ => {
                let Some(tag) = fallback_tag(subject) else { return Ok(Vec::new()) };
                let Some(fetched) = self.fetch(&tag)? else { return Ok(Vec::new()) };
                let Content::Index(index) = fetched.document.content else {
                    self.warn(&format!("ignored tag \"{tag}\": it is not a list of referrers"));
                    return Ok(Vec::new());
                };
                (index.manifests, tag.to_string(), true)
            }
        };
        let referrer = |entry| Referrer {
            entry,
            subject: Some(subject.clone()),
            platform: String::new(),
            source: source.clone(),
            manifest: None,
            is_claim,
        };
        Ok(entries.into_iter().map(referrer).collect())
    }

    /// What one of cosign's tags points to.
    fn tagged(&self, tag: &Tag, subject: &Digest) -> Result<Vec<Referrer>, Error> {
        let Some(fetched) = self.fetch(tag)? else { return Ok(Vec::new()) };
        let other = fetched.document.subject().map(|other| &other.digest);
        if let Some(other) = other.filter(|other| other.supported() != Some(subject)) {
            self.left_out(&format!("tag \"{tag}\""), Some(other));
            return Ok(Vec::new());
        }
        let entry = Descriptor {
            media_type: fetched.document.media_type.clone(),
            digest: AnyDigest::Supported(fetched.digest.clone()),
            size: u64::try_from(fetched.bytes.len()).ok(),
            platform: None,
            annotations: BTreeMap::new(),
            artifact_type: None,
            data: None,
        };
        Ok(vec![Referrer {
            entry,
            subject: Some(subject.clone()),
            platform: String::new(),
            source: tag.to_string(),
            manifest: Some(fetched),
            is_claim: false,
        }])
    }

    fn fetch(&self, tag: &Tag) -> Result<Option<Fetched>, Error> {
        match self.image.repository.manifest(&Target::Tag(tag.clone())) {
            Ok(fetched) => Ok(Some(fetched)),
            Err(Error::NotFoundIn { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Reads the manifests that are wanted, or that must be checked, side by side, and hands all
    /// referrers to `take` in their order. Those that turn out to be about something else are left
    /// out.
    ///
    /// # Errors
    /// Failures of requests; what `take` returns.
    pub(super) fn read(
        &self,
        found: Vec<Referrer>,
        is_wanted: impl Fn(&Referrer) -> bool + Sync,
        mut take: impl FnMut(Referrer) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let work = |referrer: &Referrer| {
            let is_read = referrer.manifest.is_none()
                && is_readable(&referrer.entry)
                && (referrer.is_claim || is_wanted(referrer));
            is_read.then(|| self.image.entry(&referrer.entry)).transpose()
        };
        // Manifests are not kept: there may be thousands.
        parallel::in_order(&found, self.image.jobs, work, |referrer, answer| {
            let fetched = match answer {
                Ok(fetched) => fetched,
                Err(Error::NotFoundIn { .. }) => {
                    self.warn(&format!(
                        "{}: {} is listed as a referrer but does not exist",
                        self.image.short_name(),
                        referrer.entry.digest
                    ));
                    return Ok(());
                }
                Err(error) => return Err(error),
            };
            if fetched.as_ref().is_some_and(|fetched| !self.is_ours(referrer, &fetched.document)) {
                return Ok(());
            }
            let mut referrer = referrer.clone();
            referrer.manifest = fetched.or(referrer.manifest);
            take(referrer)
        })
    }

    /// Whether a manifest that was read is about the image. In an index the index says it.
    fn is_ours(&self, referrer: &Referrer, document: &Document) -> bool {
        let subject = document.subject().map(|subject| &subject.digest);
        let is_ours = match subject {
            Some(digest) => digest.supported() == referrer.subject.as_ref(),
            None => referrer.source == "index",
        };
        if !is_ours {
            self.left_out(&referrer.entry.digest.to_string(), subject);
        }
        is_ours
    }

    fn left_out(&self, what: &str, subject: Option<&AnyDigest>) {
        let about = subject.map_or_else(|| "no image".to_owned(), ToString::to_string);
        self.warn(&format!(
            "{}: left out {}: it is about {}",
            self.image.short_name(),
            server_text(what),
            server_text(&about)
        ));
    }
}

/// Whether an entry is a manifest that can be fetched and checked.
fn is_readable(entry: &Descriptor) -> bool {
    let media_type = &entry.media_type;
    let is_manifest = media_type.is_index()
        || media_type.is_image_manifest()
        || *media_type == MediaType::OciArtifactManifest;
    is_manifest && entry.digest.supported().is_some()
}
