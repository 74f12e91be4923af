//! Manifests and indexes: what a tag or a digest points to.
//!
//! Everything that is fetched is verified: by digest against the digest that was asked for, by
//! tag against what the registry claims. A `HEAD` costs no pull on Docker Hub and tells digest,
//! type and size; where a registry answers it badly, `GET` is used instead.

use std::fmt;
use std::sync::atomic::Ordering;

use super::{RegistryRepository, unexpected};
use crate::error::Error;
use crate::http::{Answer, Failure, Method};
use crate::oci::manifest::{
    ACCEPT_MANIFESTS, Algorithm, Document, MAX_MANIFEST_BYTES, ManifestError, MediaType, Mismatch,
    content_digest, verify,
};
use crate::oci::reference::{Digest, Reference, Tag};

/// What is asked for inside a repository.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// Whatever a tag points to now.
    Tag(Tag),
    /// The document with this digest.
    Digest(Digest),
}

impl Target {
    /// What a reference points to: its digest wins over its tag, as for docker, and without
    /// either it is `latest`.
    pub(crate) fn of(reference: &Reference) -> Self {
        match (reference.digest(), reference.tag()) {
            (Some(digest), _) => Target::Digest(digest.clone()),
            (None, Some(tag)) => Target::Tag(tag.clone()),
            (None, None) => Target::Tag(Tag::latest()),
        }
    }
}

/// As it is in a URL.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Tag(tag) => f.write_str(tag.as_str()),
            Target::Digest(digest) => f.write_str(digest.as_str()),
        }
    }
}

/// What a registry says about a manifest without sending it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Head {
    /// The digest, as the registry claims it: nothing can be checked without the bytes.
    pub digest: Digest,
    /// The document's type.
    pub media_type: MediaType,
    /// The document's bytes; `None` when the registry does not say.
    pub size: Option<u64>,
    /// What the registry says about its limits.
    pub rate_limit: RateLimit,
}

/// Docker Hub's headers about pulls, as they came; printable ASCII.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct RateLimit {
    /// `ratelimit-limit`, such as `100;w=21600`.
    pub limit: Option<String>,
    /// `ratelimit-remaining`, such as `76;w=21600`.
    pub remaining: Option<String>,
    /// `docker-ratelimit-source`: an address or a user's id.
    pub source: Option<String>,
}

impl RateLimit {
    pub(super) fn of(answer: &Answer) -> Self {
        let text = |name| answer.header_text(name).map(str::to_owned);
        RateLimit {
            limit: text("ratelimit-limit"),
            remaining: text("ratelimit-remaining"),
            source: text("docker-ratelimit-source"),
        }
    }
}

/// A manifest or index that was fetched and verified.
#[derive(Debug, Clone)]
pub(crate) struct Fetched {
    /// The exact bytes.
    pub bytes: Vec<u8>,
    /// What they say.
    pub document: Document,
    /// Their digest: the one that was asked for, else in the registry's own algorithm.
    pub digest: Digest,
}

impl RegistryRepository {
    /// What a tag or digest points to, without fetching it.
    ///
    /// # Errors
    /// [`Error::NotFoundIn`]; otherwise as for any request, and those of
    /// [`RegistryRepository::manifest`] where `HEAD` does not work.
    pub(crate) fn head(&self, target: &Target) -> Result<Head, Error> {
        let is_useless = &self.registry.is_head_useless;
        if !is_useless.load(Ordering::Relaxed) {
            let head =
                self.send_manifest(Method::Head, target, |answer| match answer.status() {
                    // Refused, or below answered without digest or type.
                    400 | 405 | 501 => Ok(None),
                    200..=299 => Ok(read_head(answer)),
                    404 => Err(self.no_manifest(target).into()),
                    _ => Err(unexpected(answer)),
                })?;
            match head {
                Some(head) => return Ok(head),
                None => is_useless.store(true, Ordering::Relaxed),
            }
        }
        let (fetched, rate_limit) = self.get_manifest(target)?;
        let size = u64::try_from(fetched.bytes.len()).ok();
        let media_type = fetched.document.media_type;
        Ok(Head { digest: fetched.digest, media_type, size, rate_limit })
    }

    /// Fetches and verifies what a tag or digest points to. On Docker Hub this counts as a pull.
    ///
    /// # Errors
    /// [`Error::NotFoundIn`]; [`Error::WrongContent`] for other bytes than the digest promises;
    /// documents that are too large, malformed or ambiguous.
    pub(crate) fn manifest(&self, target: &Target) -> Result<Fetched, Error> {
        self.get_manifest(target).map(|(fetched, _)| fetched)
    }

    fn get_manifest(&self, target: &Target) -> Result<(Fetched, RateLimit), Error> {
        self.send_manifest(Method::Get, target, |answer| {
            match answer.status() {
                200..=299 => {}
                404 => return Err(self.no_manifest(target).into()),
                _ => return Err(unexpected(answer)),
            }
            let rate_limit = RateLimit::of(answer);
            let limit = u64::try_from(MAX_MANIFEST_BYTES).unwrap_or(u64::MAX);
            let bytes = answer.bytes(limit, "the manifest")?;
            let content_type = answer.content_type();
            let claimed = match target {
                Target::Digest(digest) => Some(digest.clone()),
                Target::Tag(_) => claimed_digest(answer),
            };
            let object = || self.object(target);
            let (document, digest) =
                read_document(&content_type, &bytes, claimed).map_err(|fault| match fault {
                    Fault::Content(mismatch) => wrong_content(object(), mismatch),
                    Fault::Document(error) => Error::Answer {
                        host: answer.host(),
                        what: format!("{}: {error}", object()),
                        hint: "report this to the registry's operator; -v shows every request",
                    },
                })?;
            Ok((Fetched { bytes, document, digest }, rate_limit))
        })
    }

    fn send_manifest<T>(
        &self,
        method: Method,
        target: &Target,
        read: impl FnMut(&mut Answer) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        self.send(method, &format!("manifests/{target}"), Some(ACCEPT_MANIFESTS), read)
    }

    /// A tag or digest with its repository, for messages.
    fn object(&self, target: &Target) -> String {
        let separator = if matches!(target, Target::Tag(_)) { ':' } else { '@' };
        format!("{self}{separator}{target}")
    }

    fn no_manifest(&self, target: &Target) -> Error {
        let object = match target {
            Target::Tag(tag) => format!("tag \"{tag}\""),
            Target::Digest(digest) => format!("digest {digest}"),
        };
        let name = self.to_string();
        let familiar = name.strip_prefix("docker.io/").unwrap_or(&name);
        let familiar = match familiar.strip_prefix("library/") {
            Some(official) if familiar != name => official,
            _ => familiar,
        };
        let hint = format!("to list the available tags: docker tags ls {familiar}");
        Error::NotFoundIn { object, name, hint }
    }
}

pub(super) fn wrong_content(object: String, mismatch: Mismatch) -> Error {
    Error::WrongContent {
        object,
        expected: mismatch.expected.to_string(),
        computed: mismatch.computed.to_string(),
    }
}

/// The digest that an answer's header claims, if it is one that can be checked.
fn claimed_digest(answer: &Answer) -> Option<Digest> {
    answer.header_text("docker-content-digest")?.trim().parse().ok()
}

fn read_head(answer: &Answer) -> Option<Head> {
    let media_type = MediaType::normalized(&answer.content_type());
    if media_type.is_generic() {
        return None;
    }
    let size = answer.header_text("content-length").and_then(|text| text.trim().parse().ok());
    let (digest, rate_limit) = (claimed_digest(answer)?, RateLimit::of(answer));
    Some(Head { digest, media_type, size, rate_limit })
}

/// What is wrong with a document that came.
enum Fault {
    Content(Mismatch),
    Document(ManifestError),
}

/// Reads and verifies a document. Bytes that are not those promised are told first: what else is
/// wrong with them does not matter.
fn read_document(
    content_type: &str,
    bytes: &[u8],
    claimed: Option<Digest>,
) -> Result<(Document, Digest), Fault> {
    let document = match Document::parse(Some(content_type), bytes) {
        Ok(document) => document,
        Err(error) => {
            let mismatch = claimed.and_then(|digest| verify(bytes, &digest).err());
            return Err(mismatch.map_or(Fault::Document(error), Fault::Content));
        }
    };
    match claimed {
        Some(digest) => {
            document.verify(bytes, &digest).map_err(Fault::Content)?;
            Ok((document, digest))
        }
        None => {
            let digested = document.digested(bytes).map_err(Fault::Document)?;
            let digest = content_digest(&digested, Algorithm::Sha256);
            Ok((document, digest))
        }
    }
}
