//! The errors that end a request: what is said when everything that could be tried was tried.
//!
//! Registries do not tell "exists, but not for you" from "does not exist", and neither do we.

use super::realm::{self, RealmError};
use super::wire::Unauthorized;
use super::{Resource, Session};
use crate::error::Error;
use crate::login::Login;
use crate::oci::url::Origin;
use crate::system::terminal::server_text;

impl Session {
    /// No permission, as far as anybody can tell; `detail` is the registry's own reason.
    pub(super) fn forbidden(&self, resource: &Resource, detail: Option<String>) -> Error {
        let (name, host) = (self.name_of(resource), self.host());
        let lookup = self.lookup(resource);
        let login = lookup.login.as_ref().filter(|login| !login.is_refused());
        match (resource, login) {
            (Resource::Catalog, _) => self.catalog_refused(detail),
            (Resource::Base, _) => Error::Server { host, status: 403, detail },
            // Amazon's logins last twelve hours, and an expired one is a 403.
            (_, Some(_)) if host.ends_with(".amazonaws.com") => {
                self.login_refused(resource, detail)
            }
            (_, Some(login)) => {
                Error::NoAccess { name, user: login.user().to_owned(), host, detail }
            }
            (_, None) => {
                let remedy = lookup.remedy(&self.endpoint.registry);
                Error::NotFoundOrPrivate { name, remedy, detail }
            }
        }
    }

    pub(super) fn login_refused(&self, resource: &Resource, detail: Option<String>) -> Error {
        Login::refused(self.login(resource).as_deref(), self.host(), detail)
    }

    pub(super) fn login_withheld(&self, resource: &Resource, realm: &Origin) -> Error {
        Error::LoginWithheld {
            name: self.name_of(resource),
            host: self.host(),
            realm: realm.authority(),
            entry: realm::entry_for(realm),
        }
    }

    pub(super) fn login_needed(&self, resource: &Resource, refusal: &Unauthorized) -> Error {
        let lookup = self.lookup(resource);
        if *resource == Resource::Catalog && lookup.login.is_some() {
            return self.catalog_refused(None);
        }
        let mut schemes: Vec<String> =
            refusal.challenges.iter().map(|c| server_text(c.scheme())).collect();
        schemes.dedup();
        let offered = match (schemes.is_empty(), &lookup.login) {
            (true, _) => "no supported method".to_owned(),
            (false, Some(_)) => {
                format!("{}, which these credentials cannot be used for", schemes.join(", "))
            }
            (false, None) => schemes.join(", "),
        };
        Error::LoginNeeded {
            name: self.name_of(resource),
            offered,
            remedy: lookup.remedy(&self.endpoint.registry),
        }
    }

    /// A challenge from the target of a redirect is never answered.
    pub(super) fn foreign_challenge(&self, refusal: &Unauthorized) -> Error {
        let host = refusal.url.origin().authority();
        self.refuse(&format!("it redirects to {host}, which requires a login of its own"), "")
    }

    pub(super) fn refuse(&self, what: &str, hint: &str) -> Error {
        Error::Refused { host: self.host(), what: what.to_owned(), hint: hint.to_owned() }
    }

    pub(super) fn realm_refused(&self, realm: &str, why: RealmError) -> Error {
        let realm = self.client.quoted(realm);
        match why {
            RealmError::Downgrade => self.refuse(
                &format!("it names the token service {realm}, which is not https"),
                "its operator must set the registry's external URL to https",
            ),
            RealmError::Url(why) => self.refuse(
                &format!(
                    "it names the token service \"{realm}\", which is not a usable URL: {why}"
                ),
                "the registry is misconfigured or hostile",
            ),
        }
    }

    /// The error for a registry that keeps its list of repositories to itself.
    pub(crate) fn catalog_refused(&self, detail: Option<String>) -> Error {
        let host = self.host();
        let hint = match host.as_str() {
            crate::oci::reference::DOCKER_HUB => {
                "Docker Hub lists by namespace: docker tags repos NAMESPACE".to_owned()
            }
            "ghcr.io" => "GitHub lists packages only on its website: https://github.com/orgs/OWNER/packages; for one repository: docker tags ls ghcr.io/OWNER/NAME"
                .to_owned(),
            "registry.gitlab.com" => "GitLab lists a project's repositories on its pages only; \
                                      ask for one: docker tags ls registry.gitlab.com/GROUP/PROJECT"
                .to_owned(),
            _ => format!(
                "many registries allow this to administrators only; ask for one repository \
                 instead: docker tags ls {host}/NAME"
            ),
        };
        Error::CatalogRefused { host, hint, detail }
    }

    /// Registry and repository, as messages name them.
    pub(super) fn name_of(&self, resource: &Resource) -> String {
        match resource {
            Resource::Base | Resource::Catalog => self.endpoint.registry.to_string(),
            Resource::Repository(name, _) => format!("{}/{name}", self.endpoint.registry),
        }
    }
}
