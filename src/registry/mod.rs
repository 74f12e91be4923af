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
mod referrers;
mod repository;
mod source;
mod tag_api;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub(crate) use crate::auth::Ping;
use crate::auth::{Call, Resource, Session};
use crate::error::{Error, login_command};
use crate::http::{Answer, Failure, Method};
use crate::oci::reference::Repository;
use crate::system::secret::Secret;
pub(crate) use catalog::Node;
pub(crate) use limit::PullLimit;
pub(crate) use manifests::{Fetched, Head, RateLimit, Target};
pub use pages::parse_tags;
pub(crate) use pages::{Listed, Sink};
pub(crate) use referrers::fallback_tag;
pub(crate) use repository::{Admission, RegistryRepository};
pub(crate) use source::RepositoryHandle;
pub(crate) use tag_api::PAGE_SIZE as TAG_API_PAGE;
pub(crate) use tag_api::{TagInfo, TagPage};
pub use tag_api::{parse_harbor, parse_quay};

/// A registry as this run talks to it.
pub(crate) struct Registry {
    session: Session,
    /// A `HEAD` for a manifest was refused or said nothing: `GET` is asked at once from then on.
    is_head_useless: AtomicBool,
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

    /// A repository of the registry. `is_plugin`: it holds Docker plugins.
    pub(crate) fn repository(
        self: &Arc<Self>,
        path: &Repository,
        is_plugin: bool,
    ) -> RegistryRepository {
        RegistryRepository::new(self.clone(), path.clone(), is_plugin)
    }

    /// The token that the registry gives for `GET /v2/` with the login, if it gives any.
    ///
    /// # Errors
    /// As for any request.
    pub(crate) fn base_token(&self) -> Result<Option<(Secret, Option<u64>)>, Error> {
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
    let hint = match answer.detail() {
        None => format!("check the spelling; is {} a container registry?", answer.host()),
        Some(_) => {
            let login = login_command(session.endpoint().registry.as_str());
            format!("check the spelling; if it is private: {login}")
        }
    };
    Error::NotFound { object: object.to_owned(), hint }
}
