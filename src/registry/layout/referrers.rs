//! What refers to a manifest of a layout: the manifests whose `subject` it is. Tools list them in
//! `index.json`, with a name or without one.

use std::collections::HashSet;

use super::{Layout, broken};
use crate::error::Error;
use crate::oci::manifest::{Content, Descriptor, MAX_INDEX_DEPTH, MediaType};
use crate::oci::reference::Digest;
use crate::registry::Target;
use crate::registry::referrers::MAX_REFERRERS;

/// The most bytes of manifests that are read.
const MAX_BYTES: usize = 256 << 20;

impl Layout {
    /// What refers to a manifest, in the order of `index.json`, each once.
    ///
    /// # Errors
    /// A manifest that is broken; a layout that is too large to be searched.
    pub(crate) fn referrers(&self, subject: &Digest) -> Result<Vec<Descriptor>, Error> {
        let mut search =
            Search { layout: self, subject, read: HashSet::new(), bytes: 0, found: vec![] };
        search.look(&self.entries, MAX_INDEX_DEPTH)?;
        Ok(search.found)
    }
}

struct Search<'a> {
    layout: &'a Layout,
    subject: &'a Digest,
    read: HashSet<Digest>,
    bytes: usize,
    found: Vec<Descriptor>,
}

impl Search<'_> {
    fn look(&mut self, entries: &[Descriptor], depth: usize) -> Result<(), Error> {
        for entry in entries {
            let Some(digest) = entry.digest.supported() else { continue };
            let is_manifest = entry.media_type.is_index()
                || entry.media_type.is_image_manifest()
                || entry.media_type == MediaType::OciArtifactManifest;
            if !is_manifest || !self.read.insert(digest.clone()) {
                continue;
            }
            let fetched = match self.layout.manifest(&Target::Digest(digest.clone())) {
                Ok(fetched) => fetched,
                // A layout may hold some of the platforms only.
                Err(Error::NotFoundIn { .. }) => continue,
                Err(error) => return Err(error),
            };
            self.bytes += fetched.bytes.len();
            if self.read.len() > MAX_REFERRERS || self.bytes > MAX_BYTES {
                return Err(broken(&self.layout.path, "too many manifests to search"));
            }
            let document = fetched.document;
            let subject = document.subject().and_then(|subject| subject.digest.supported());
            if subject == Some(self.subject) {
                self.found.push(Descriptor {
                    media_type: document.media_type.clone(),
                    digest: entry.digest.clone(),
                    size: u64::try_from(fetched.bytes.len()).ok(),
                    platform: None,
                    annotations: document.annotations().cloned().unwrap_or_default(),
                    artifact_type: document.artifact_type(),
                    data: None,
                });
            }
            if let Content::Index(index) = document.content
                && depth > 1
            {
                self.look(&index.manifests, depth - 1)?;
            }
        }
        Ok(())
    }
}
