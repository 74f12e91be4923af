//! Where a repository is: in a registry, or in an OCI layout on this machine. Commands that read do
//! not tell the two apart.

use std::sync::Arc;

use super::layout::Layout;
use super::{Fetched, Head, RegistryRepository, Sink, Target};
use crate::error::Error;
use crate::oci::manifest::{Descriptor, MAX_CONFIG_BYTES};
use crate::oci::reference::Digest;

/// A repository that can be read.
#[derive(Clone)]
pub(crate) enum RepositoryHandle {
    Registry(RegistryRepository),
    Layout(Arc<Layout>),
}

impl RepositoryHandle {
    /// Passes every tag to `sink`, see [`RegistryRepository::tags`] and [`Layout::list`].
    ///
    /// # Errors
    /// Whatever keeps the list from being whole; what `sink` returns.
    pub(crate) fn tags(&self, first: Option<usize>, sink: &mut dyn Sink) -> Result<(), Error> {
        match self {
            RepositoryHandle::Registry(repository) => repository.tags(first, sink),
            RepositoryHandle::Layout(layout) => layout.list(sink),
        }
    }

    /// What a tag or digest points to, without fetching it where that can be spared.
    ///
    /// # Errors
    /// [`Error::NotFoundIn`]; whatever keeps it from being read.
    pub(crate) fn head(&self, target: &Target) -> Result<Head, Error> {
        match self {
            RepositoryHandle::Registry(repository) => repository.head(target),
            RepositoryHandle::Layout(layout) => layout.head(target),
        }
    }

    /// Reads and verifies what a tag or digest points to.
    ///
    /// # Errors
    /// [`Error::NotFoundIn`]; [`Error::WrongContent`]; documents that are too large or malformed.
    pub(crate) fn manifest(&self, target: &Target) -> Result<Fetched, Error> {
        match self {
            RepositoryHandle::Registry(repository) => repository.manifest(target),
            RepositoryHandle::Layout(layout) => layout.manifest(target),
        }
    }

    /// What refers to a manifest. `None`: the registry does not have the referrers API.
    ///
    /// # Errors
    /// Whatever keeps the list from being whole.
    pub(crate) fn referrers(&self, subject: &Digest) -> Result<Option<Vec<Descriptor>>, Error> {
        match self {
            RepositoryHandle::Registry(repository) => repository.referrers(subject),
            RepositoryHandle::Layout(layout) => layout.referrers(subject).map(Some),
        }
    }

    /// Reads and verifies the blob that a descriptor points to.
    ///
    /// # Errors
    /// As for [`RepositoryHandle::manifest`]; another size than the descriptor says.
    pub(crate) fn blob(&self, descriptor: &Descriptor) -> Result<Vec<u8>, Error> {
        self.blob_up_to(descriptor, MAX_CONFIG_BYTES)
    }

    /// The same for a blob of at most `limit` bytes.
    ///
    /// # Errors
    /// As for [`RepositoryHandle::blob`].
    pub(crate) fn blob_up_to(
        &self,
        descriptor: &Descriptor,
        limit: usize,
    ) -> Result<Vec<u8>, Error> {
        match self {
            RepositoryHandle::Registry(repository) => repository.blob(descriptor, limit),
            RepositoryHandle::Layout(layout) => layout.blob(descriptor, limit),
        }
    }
}
