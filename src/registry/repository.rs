//! A repository of a registry: everything that is asked about one goes through its handle.

use std::fmt;
use std::sync::Arc;

use super::pages::{self, Links, List, Transport};
use super::{Registry, Sink, not_found, unexpected};
use crate::auth::{Call, Resource};
use crate::error::Error;
use crate::http::{Answer, Failure, Method};
use crate::oci::reference::{Repository, Tag};
use crate::system::secret::Secret;

/// A repository, and the registry that has it.
#[derive(Clone)]
pub(crate) struct RegistryRepository {
    pub(super) registry: Arc<Registry>,
    path: Repository,
    pub(super) resource: Resource,
}

/// What a registry says to a request for a repository.
#[derive(Debug)]
pub(crate) struct Admission {
    /// The bearer token that it takes, and its lifetime in seconds where that is stated; `None`: it
    /// asks for none.
    pub token: Option<(Secret, Option<u64>)>,
    /// Why there is nothing to be asked for: it says that there is no such repository.
    pub missing: Option<Error>,
}

/// Registry and path, as messages name it.
impl fmt::Display for RegistryRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry.session.endpoint().registry, self.path)
    }
}

impl RegistryRepository {
    pub(super) fn new(registry: Arc<Registry>, path: Repository, is_plugin: bool) -> Self {
        let resource = Resource::Repository(path.clone(), is_plugin);
        RegistryRepository { registry, path, resource }
    }

    /// Its path inside the registry.
    pub(crate) fn path(&self) -> &Repository {
        &self.path
    }

    /// Passes every tag to `sink`, each once, in the server's order, over all pages. `first` is
    /// how many are wanted at all. Entries that are not tags are left out with a warning.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown repository; whatever keeps the list from being whole;
    /// what `sink` returns. After an error the list must not be taken for whole.
    pub(crate) fn tags(&self, first: Option<usize>, sink: &mut dyn Sink) -> Result<(), Error> {
        let odd = self.registry.walk(
            &format!("/v2/{}/tags/list", self.path),
            &self.resource,
            &List {
                member: "tags",
                object: format!("repository {self}"),
                is_entry: Tag::is_valid,
                first,
                origin: &self.registry.session.endpoint().origin,
            },
            sink,
        )?;
        if odd > 0 {
            self.registry.session.warn(&format!(
                "{self}: skipped {odd} entries of the registry's list that are not tags"
            ));
        }
        Ok(())
    }

    /// What the registry takes and says when it is asked for the repository. One that does not
    /// exist still has a token.
    ///
    /// # Errors
    /// As for any request.
    pub(crate) fn admission(&self) -> Result<Admission, Error> {
        let path = format!("/v2/{}/tags/list", self.path);
        let (method, query) = (Method::Get, Some("n=1"));
        let call = Call { method, path: &path, query, accept: None, resource: &self.resource };
        let session = &self.registry.session;
        let missing = session.send(&call, |answer| match answer.status() {
            200..=299 => Ok(None),
            404 => Ok(Some(not_found(session, answer, &format!("repository {self}")))),
            _ => Err(unexpected(answer)),
        })?;
        Ok(Admission { token: session.token_for(&self.resource), missing })
    }

    /// Sends a request below the repository's path.
    pub(super) fn send<T>(
        &self,
        method: Method,
        path: &str,
        accept: Option<&'static str>,
        read: impl FnMut(&mut Answer) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let path = format!("/v2/{}/{path}", self.path);
        let call = Call { method, path: &path, query: None, accept, resource: &self.resource };
        self.registry.session.send(&call, read)
    }
}

impl Registry {
    /// Walks a list. Returns how many entries were left out because they are none.
    pub(super) fn walk(
        &self,
        path: &str,
        resource: &Resource,
        list: &List<'_>,
        sink: &mut dyn Sink,
    ) -> Result<usize, Error> {
        let transport = Requests { registry: self, path, resource, object: &list.object };
        pages::walk(&transport, &mut Links::new(list, sink))
    }
}

/// The requests for the pages of one list.
struct Requests<'a> {
    registry: &'a Registry,
    path: &'a str,
    resource: &'a Resource,
    object: &'a str,
}

impl Transport for Requests<'_> {
    fn get(
        &self,
        query: &str,
        read: &mut dyn FnMut(&mut Answer) -> Result<(), Failure>,
    ) -> Result<Option<Error>, Error> {
        let session = &self.registry.session;
        let (method, query, accept) = (Method::Get, Some(query), Some("application/json"));
        let call = Call { method, path: self.path, query, accept, resource: self.resource };
        session.send(&call, |answer| match answer.status() {
            200 => read(answer).map(|()| None),
            404 => Ok(Some(not_found(session, answer, self.object))),
            _ => Err(unexpected(answer)),
        })
    }

    fn host(&self) -> String {
        self.registry.session.endpoint().registry.to_string()
    }

    fn warn(&self, text: &str) {
        self.registry.session.warn(text);
    }
}
