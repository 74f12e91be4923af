//! The distribution API of one registry: from requests to values.
//!
//! Source: the [OCI distribution specification](https://github.com/opencontainers/distribution-spec),
//! and what registries make of it. This module knows paths, pages and statuses; it does not know
//! how a request is authenticated (`auth`) or sent (`http`).

mod blobs;
mod catalog;
pub(crate) mod hub;
pub(crate) mod layout;
mod limit;
mod manifests;
mod pages;

use std::sync::atomic::AtomicBool;

pub(crate) use crate::auth::Ping;
use crate::auth::{Call, Resource, Session};
use crate::error::Error;
use crate::http::{Answer, Failure, Method};
use crate::oci::reference::{Repository, Tag};
use crate::system::secret::Secret;
pub(crate) use catalog::Node;
pub(crate) use limit::PullLimit;
pub(crate) use manifests::{Fetched, Head, RateLimit, Target};
pub use pages::parse_tags;
pub(crate) use pages::{Flow, Listed, Sink};

/// A registry as this run talks to it.
pub(crate) struct Registry {
    session: Session,
    /// A `HEAD` for a manifest was refused or said nothing: `GET` is asked at once from then on.
    is_head_useless: AtomicBool,
}

/// What a registry says to a request for a repository.
#[derive(Debug)]
pub(crate) struct Admission {
    /// The bearer token that it takes; `None`: it asks for none.
    pub token: Option<Secret>,
    /// Why there is nothing to be asked for: it says that there is no such repository.
    pub missing: Option<Error>,
}

/// How a list is asked for.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ListOptions {
    /// The repository holds a Docker plugin.
    pub plugin: bool,
    /// The most entries that are wanted at all, in the server's order.
    pub first: Option<usize>,
}

impl Registry {
    /// A registry behind a session.
    pub(crate) fn new(session: Session) -> Self {
        Registry { session, is_head_useless: AtomicBool::new(false) }
    }

    /// The session: for commands that show how a registry is talked to.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Host and path of a repository, for messages.
    fn name(&self, repository: &Repository) -> String {
        format!("{}/{repository}", self.session.endpoint().registry)
    }

    /// Passes every tag of a repository to `sink`, in the server's order, over all pages.
    ///
    /// Entries that are no tags are skipped and counted; the count is the result.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown repository; pages that repeat, never end, or lead to
    /// another host; what `sink` returns. After an error the list must not be taken for whole.
    pub(crate) fn tags(
        &self,
        repository: &Repository,
        options: ListOptions,
        sink: &mut dyn Sink,
    ) -> Result<usize, Error> {
        let list = pages::List {
            path: format!("/v2/{repository}/tags/list"),
            member: "tags",
            object: format!("repository {}", self.name(repository)),
            resource: Resource::Repository(repository.clone(), options.plugin),
            is_entry: Tag::is_valid,
            first: options.first,
        };
        pages::walk(&self.session, &list, sink)
    }

    /// What the registry takes and says when it is asked for a repository. One that does not exist
    /// still has a token.
    ///
    /// # Errors
    /// As for any request.
    pub(crate) fn admission(&self, repository: &Repository) -> Result<Admission, Error> {
        let resource = Resource::Repository(repository.clone(), false);
        let path = format!("/v2/{repository}/tags/list");
        let query = Some("n=1");
        let call =
            Call { method: Method::Get, path: &path, query, accept: None, resource: &resource };
        let object = format!("repository {}", self.name(repository));
        let missing = self.session.send(&call, |answer| match answer.status() {
            200..=299 => Ok(None),
            404 => Ok(Some(not_found(&self.session, answer, &object))),
            _ => Err(unexpected(answer)),
        })?;
        Ok(Admission { token: self.session.token_for(&resource), missing })
    }

    /// The token that the registry gives for `GET /v2/` with the login, if it gives any.
    ///
    /// # Errors
    /// As for any request.
    pub(crate) fn base_token(&self) -> Result<Option<Secret>, Error> {
        let call = self.base_call();
        self.session.send(&call, |answer| match answer.status() {
            200..=299 => Ok(()),
            _ => Err(unexpected(answer)),
        })?;
        Ok(self.session.token_for(&Resource::Base))
    }

    /// `GET /v2/` without any login: what the registry asks of strangers.
    ///
    /// # Errors
    /// Failures of the network, and a status that is neither 2xx nor 401.
    pub(crate) fn ping(&self) -> Result<Ping, Error> {
        self.session.ping(&self.base_call())
    }

    fn base_call(&self) -> Call<'static> {
        let (method, resource) = (Method::Get, &Resource::Base);
        Call { method, path: "/v2/", query: None, accept: None, resource }
    }
}

/// The error for a status that no request of ours expects.
fn unexpected(answer: &mut Answer) -> Failure {
    let (host, status, detail) = (answer.host(), answer.status(), answer.detail());
    Error::Server { host, status, detail }.into()
}

/// The error for a `404`, which registries explain with `NAME_UNKNOWN` or not at all.
fn not_found(session: &Session, answer: &mut Answer, object: &str) -> Error {
    let hint = match (answer.detail(), session.endpoint().login_argument()) {
        (None, _) => format!("check the spelling; is {} a container registry?", answer.host()),
        (Some(_), login) => {
            let login = format!("docker login {login}");
            format!("check the spelling; if it is private: {}", login.trim_end())
        }
    };
    Error::NotFound { object: object.to_owned(), hint }
}
