//! Images on the command line: what the image commands have in common.
//!
//! A name becomes an [`Image`]: a reference together with the registry that serves it. From there
//! one goes down to the image for a platform, and to its config.

mod choose;
mod near;

use std::sync::Arc;

use super::context::Context;
use super::options::TypeOption;
use super::subject::Subject;
use crate::error::Error;
use crate::oci::manifest::{Content, Descriptor, Document, ImageConfig};
use crate::oci::reference::Digest;
use crate::registry::{Fetched, RepositoryHandle, Target};
use crate::system::parallel;
use crate::system::report::Reporter;

/// An image that was named on the command line, and the registry that has it.
pub(crate) struct Image {
    /// What was typed, understood.
    pub subject: Subject,
    /// What is asked for.
    pub target: Target,
    /// The repository that has it.
    pub repository: RepositoryHandle,
    /// How many requests may be under way at a time.
    pub jobs: usize,
    reporter: Arc<Reporter>,
    /// With how many tags of the list a missing tag is compared; 0: it is not looked for.
    compared: usize,
}

/// A reference followed down to the manifest of one image.
pub(crate) struct Chosen {
    /// What the reference itself points to.
    pub root: Fetched,
    /// The image's own manifest, when the reference points to an index.
    pub child: Option<Fetched>,
    /// The config blob, when it was read on the way.
    config: Option<Vec<u8>>,
}

impl Chosen {
    /// The image's own manifest.
    pub(crate) fn manifest(&self) -> &Fetched {
        self.child.as_ref().unwrap_or(&self.root)
    }
}

/// Asks about several images side by side; `take` gets the answers in the order of the names.
///
/// All are tried; each failure is reported in its turn.
///
/// # Errors
/// An invalid name, before any request; the only failure itself when there is one name;
/// otherwise the worst exit code.
pub(crate) fn each<R: Send>(
    context: &Context,
    names: &[String],
    kind: &TypeOption,
    work: impl Fn(&Image) -> Result<R, Error> + Sync,
    mut take: impl FnMut(&Image, R) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut targets: Vec<Subject> = Vec::new();
    for name in names {
        targets.push(Subject::resolve(context, name)?);
    }
    let jobs = targets.iter().map(|target| context.jobs(&target.profile)).max().unwrap_or(1);
    let ask = |target: &Subject| {
        let mut image = Image::open(context, target, kind)?;
        if names.len() > 1 {
            image.compared = near::AMONG_SEVERAL;
        }
        work(&image).map(|answer| (image, answer))
    };
    let mut outcomes = super::Outcomes::new(context, names.len());
    parallel::in_order(&targets, jobs, ask, |target, answer| {
        let outcome = answer.and_then(|(image, answer)| take(&image, answer));
        outcomes.note_for(&target.familiar(), outcome)
    })?;
    outcomes.end()
}

/// The one image of a command that takes one.
///
/// # Errors
/// An invalid name; a registry that cannot be asked, see [`Context::registry`].
pub(crate) fn one(context: &Context, name: &str, kind: &TypeOption) -> Result<Image, Error> {
    Image::open(context, &Subject::resolve(context, name)?, kind)
}

impl Image {
    fn open(context: &Context, subject: &Subject, kind: &TypeOption) -> Result<Self, Error> {
        let repository = subject.repository(context, kind.is_plugin())?;
        Ok(Image {
            target: subject.target(&repository)?,
            repository,
            jobs: context.jobs(&subject.profile),
            reporter: context.reporter.clone(),
            compared: near::ALONE,
            subject: subject.clone(),
        })
    }

    /// Something else in the same repository.
    pub(crate) fn at(&self, target: Target) -> Self {
        Image {
            subject: self.subject.clone(),
            repository: self.repository.clone(),
            reporter: self.reporter.clone(),
            compared: 0,
            target,
            ..*self
        }
    }

    /// Registry and repository, or the layout, with the tag or digest that is asked for.
    pub(crate) fn full_name(&self) -> String {
        format!("{}{}", self.subject.name(), self.suffix())
    }

    /// The same as docker shortens it, and as it may be typed.
    pub(crate) fn short_name(&self) -> String {
        format!("{}{}", self.subject.familiar_name(), self.suffix())
    }

    fn suffix(&self) -> String {
        match &self.target {
            Target::Tag(tag) => format!(":{tag}"),
            Target::Digest(digest) => format!("@{digest}"),
        }
    }

    /// What the registry says about the image without sending its manifest.
    ///
    /// # Errors
    /// As for [`RepositoryHandle::head`].
    pub(crate) fn head(&self) -> Result<crate::registry::Head, Error> {
        self.repository.head(&self.target).map_err(|error| self.explained(error))
    }

    /// What the reference itself points to.
    ///
    /// # Errors
    /// As for [`RepositoryHandle::manifest`].
    pub(crate) fn root(&self) -> Result<Fetched, Error> {
        self.repository.manifest(&self.target).map_err(|error| self.explained(error))
    }

    /// What an entry of an index points to.
    ///
    /// # Errors
    /// A digest that cannot be checked; as for [`RepositoryHandle::manifest`].
    pub(crate) fn entry(&self, entry: &Descriptor) -> Result<Fetched, Error> {
        let target = Target::Digest(self.supported(entry)?.clone());
        self.repository.manifest(&target)
    }

    fn supported<'a>(&self, entry: &'a Descriptor) -> Result<&'a Digest, Error> {
        entry.digest.supported().ok_or_else(|| Error::Answer {
            host: self.subject.host(),
            what: format!(
                "{}: unsupported digest algorithm in \"{}\"",
                self.full_name(),
                crate::system::terminal::server_text(entry.digest.as_str())
            ),
            hint: "the index is broken: push it again",
        })
    }

    /// The bytes of the image's config; those of the newest step for a schema 1 image. `None`:
    /// the document has no config.
    ///
    /// # Errors
    /// As for [`RepositoryHandle::blob`].
    pub(crate) fn config_of(&self, document: &Document) -> Result<Option<Vec<u8>>, Error> {
        match &document.content {
            Content::Image(manifest) => {
                let bytes = self.repository.blob(&manifest.config)?;
                let is_json = manifest.config.media_type.as_str().ends_with("json");
                if is_json && ImageConfig::parse(&bytes).is_none() {
                    self.reporter.warn(&format!(
                        "{}: the config is not a JSON object, so its details are unknown",
                        self.full_name()
                    ));
                }
                Ok(Some(bytes))
            }
            Content::Schema1(manifest) => {
                Ok(manifest.history.first().map(|text| text.clone().into_bytes()))
            }
            Content::Index(_) | Content::Artifact(_) | Content::Unknown => Ok(None),
        }
    }

    /// The config of what was chosen, see [`Image::config_of`].
    ///
    /// # Errors
    /// As for [`Image::config_of`].
    pub(crate) fn config(&self, chosen: &Chosen) -> Result<Option<Vec<u8>>, Error> {
        match &chosen.config {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => self.config_of(&chosen.manifest().document),
        }
    }
}

/// What an image's config says; `None` for what is not an image's config.
pub(crate) fn image_config(document: &Document, bytes: Option<&[u8]>) -> Option<ImageConfig> {
    match &document.content {
        Content::Schema1(manifest) => {
            let mut config = manifest.config()?;
            if config.os.is_empty() {
                // Nothing else had images then.
                "linux".clone_into(&mut config.os);
            }
            Some(config)
        }
        _ => ImageConfig::parse(bytes?),
    }
}
