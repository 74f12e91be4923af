//! What a command reads: a repository of a registry, or an OCI layout on this machine.

use std::sync::Arc;

use super::context::Context;
use crate::config::{Profile, Resolved};
use crate::error::Error;
use crate::oci::layout::{LayoutImage, LayoutName};
use crate::oci::reference::{Digest, Reference, Registry, Tag};
use crate::registry::layout::Layout;
use crate::registry::{RepositoryHandle, Target};
use crate::system::terminal::server_text;

/// A name of the command line, understood.
#[derive(Clone)]
pub(crate) struct Subject {
    name: Name,
    /// The profile that serves it; of a layout, the active one.
    pub(crate) profile: Profile,
}

#[derive(Clone)]
enum Name {
    Reference(Reference),
    /// The layout, and the tag if its image was named by one.
    Layout(LayoutName, Option<Tag>),
}

impl From<Resolved> for Subject {
    fn from(resolved: Resolved) -> Self {
        Subject { name: Name::Reference(resolved.reference), profile: resolved.profile }
    }
}

impl Subject {
    /// Understands a name. Reads nothing yet.
    ///
    /// # Errors
    /// It is neither a reference nor a layout.
    pub(crate) fn resolve(context: &Context, text: &str) -> Result<Self, Error> {
        let Some(layout) = LayoutName::parse(text) else {
            return context.resolve(text).map(Subject::from);
        };
        if layout.path.as_os_str().is_empty() {
            return Err(Error::usage(
                format!("\"{text}\" has no path"),
                "oci:DIR[:TAG] takes a directory, oci-archive:FILE[:TAG] a tar archive",
            ));
        }
        let tag = match &layout.image {
            LayoutImage::Named(name) => name.parse().ok(),
            LayoutImage::Only | LayoutImage::Digest(_) => None,
        };
        let profile = context.active()?.profile.clone();
        Ok(Subject { name: Name::Layout(layout, tag), profile })
    }

    /// The repository, ready to be read. `is_plugin`: it holds Docker plugins.
    ///
    /// # Errors
    /// As for [`Context::registry`] and [`Layout::open`].
    pub(crate) fn repository(
        &self,
        context: &Context,
        is_plugin: bool,
    ) -> Result<RepositoryHandle, Error> {
        Ok(match &self.name {
            Name::Reference(reference) => {
                let registry = context.registry(reference.registry(), &self.profile)?;
                let repository = registry.repository(reference.repository(), is_plugin);
                RepositoryHandle::Registry(repository)
            }
            Name::Layout(name, _) => {
                let layout = Layout::open(name, context.reporter.clone())?;
                RepositoryHandle::Layout(Arc::new(layout))
            }
        })
    }

    /// What is asked for in the repository.
    ///
    /// # Errors
    /// The layout has no such image.
    pub(crate) fn target(&self, repository: &RepositoryHandle) -> Result<Target, Error> {
        match (&self.name, repository) {
            (Name::Layout(name, _), RepositoryHandle::Layout(layout)) => layout.target(&name.image),
            (Name::Reference(reference), _) => Ok(Target::of(reference)),
            (Name::Layout(..), RepositoryHandle::Registry(_)) => Ok(Target::Tag(Tag::latest())),
        }
    }

    /// Registry and repository, or the layout.
    pub(crate) fn name(&self) -> String {
        match &self.name {
            Name::Reference(reference) => reference.name(),
            Name::Layout(name, _) => server_text(&name.to_string()),
        }
    }

    /// The same as docker shortens it.
    pub(crate) fn familiar_name(&self) -> String {
        match &self.name {
            Name::Reference(reference) => reference.familiar_name(),
            Name::Layout(..) => self.name(),
        }
    }

    /// The whole name, with tag and digest, as docker shows it to people.
    pub(crate) fn familiar(&self) -> String {
        match (&self.name, self.digest(), self.tag()) {
            (Name::Reference(reference), ..) => reference.familiar(),
            (_, Some(digest), _) => format!("{}@{digest}", self.name()),
            (_, None, Some(tag)) => format!("{}:{tag}", self.name()),
            (_, None, None) => self.name(),
        }
    }

    /// The path inside the registry, as the registry's documents name it; of a layout its name.
    pub(crate) fn path(&self) -> String {
        match &self.name {
            Name::Reference(reference) => reference.repository().to_string(),
            Name::Layout(..) => self.name(),
        }
    }

    /// The registry; `None` for a layout.
    pub(crate) fn registry(&self) -> Option<&Registry> {
        self.reference().map(Reference::registry)
    }

    /// The reference; `None` for a layout.
    pub(crate) fn reference(&self) -> Option<&Reference> {
        match &self.name {
            Name::Reference(reference) => Some(reference),
            Name::Layout(..) => None,
        }
    }

    /// Who answers, for messages: the registry, or the layout.
    pub(crate) fn host(&self) -> String {
        self.registry().map_or_else(|| self.name(), ToString::to_string)
    }

    /// The tag that was typed.
    pub(crate) fn tag(&self) -> Option<&Tag> {
        match &self.name {
            Name::Reference(reference) => reference.tag(),
            Name::Layout(_, tag) => tag.as_ref(),
        }
    }

    /// The digest that was typed.
    pub(crate) fn digest(&self) -> Option<&Digest> {
        match &self.name {
            Name::Reference(reference) => reference.digest(),
            Name::Layout(LayoutName { image: LayoutImage::Digest(digest), .. }, _) => Some(digest),
            Name::Layout(..) => None,
        }
    }
}
