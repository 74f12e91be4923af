//! Docker Hub's own API: what its registry does not tell.
//!
//! The registry of Docker Hub has no catalog; repositories, namespaces and the details of tags
//! come from another server with another login ([its
//! documentation](https://docs.docker.com/reference/api/hub/latest/)). This module knows its
//! paths, its login (`login`), its pages (`pages`) and its objects (`types`), and expects of all
//! of them that members are missing or null. The registry's tokens and this API's never meet.

mod login;
mod pages;
mod types;

use std::cell::Cell;
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;

use crate::auth::LoginSource;
use crate::error::Error;
use crate::http::address::Reach;
use crate::http::tls::TlsSettings;
use crate::http::url::{Origin, Url};
use crate::http::{Answer, Client, Failure, Method, Peer, Request};
use crate::login::Login;
use crate::oci::reference::{DOCKER_HUB, Repository};
use crate::registry::Sink;
use login::Access;
use pages::List;
#[cfg(test)]
pub(in crate::registry) use pages::Numbered;
pub(crate) use types::{HubImage, HubRepository, HubTag, Namespace};

/// Where the API is.
pub(crate) const DEFAULT_URL: &str = "https://hub.docker.com";
/// The most that is read of an answer that is not a list.
const MAX_OBJECT: u64 = 1024 * 1024;
/// The most redirects that are followed, all of them on the API's own host.
const MAX_REDIRECTS: u32 = 3;

/// Docker Hub's API as this run talks to it. Shared by all threads.
pub(crate) struct Hub {
    client: Arc<Client>,
    origin: Origin,
    /// The prefix of `/v2/` in every path; empty or `/prefix`.
    prefix: String,
    peer: Peer,
    source: LoginSource,
    login: OnceLock<Option<Arc<Login>>>,
    /// How requests are made; unknown before the first one.
    access: Mutex<Option<Access>>,
}

impl Hub {
    /// The API at a base URL; no connection is opened and no login looked up yet.
    pub(crate) fn new(
        client: Arc<Client>,
        url: &Url,
        tls: Arc<TlsSettings>,
        source: LoginSource,
    ) -> Self {
        Hub {
            client,
            origin: url.origin().clone(),
            prefix: url.path().trim_end_matches('/').to_owned(),
            peer: Peer::new(tls, Reach::Anywhere),
            source,
            login: OnceLock::new(),
            access: Mutex::new(None),
        }
    }

    /// The API's host, for messages.
    pub(crate) fn host(&self) -> String {
        self.origin.authority()
    }

    /// Passes the repositories of a namespace to `sink`; with a login the private ones, too.
    /// Returns how many entries were left out because they name no repository. `keeps_text`: with
    /// the text of each object as the API sends it.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown namespace; [`Error::OffsetCap`] where a caller without
    /// login may not page further; whatever keeps the list from being whole; what `sink` returns.
    /// After an error the list must not be taken for whole.
    pub(crate) fn repositories(
        &self,
        namespace: &Namespace,
        keeps_text: bool,
        sink: &mut dyn Sink<HubRepository>,
    ) -> Result<usize, Error> {
        let any_private = Cell::new(false);
        let read = |text: &str, object: &Value| {
            let mut repository = HubRepository::read(namespace, object)?;
            any_private.set(any_private.get() || repository.is_private == Some(true));
            repository.text = keeps_text.then(|| text.into());
            Some((repository.path.to_string(), repository))
        };
        let list = List {
            path: format!("/v2/namespaces/{namespace}/repositories"),
            query: "page_size=100&ordering=name",
            needs_login: false,
            object: format!("Docker Hub namespace {namespace}"),
        };
        let odd = self.walk(&list, &read, sink)?;
        if !any_private.get() && self.has_organization_token() {
            self.client.reporter().warn(&format!(
                "{}: an organization's token without the scope to list repositories sees only public \
                 ones only",
                self.host()
            ));
        }
        Ok(odd)
    }

    /// Passes a repository's tags to `sink`, a hundred a request, in an order that does not change
    /// with every push. Returns how many entries were left out because they are not tags. `keeps_text`:
    /// see [`Hub::repositories`].
    ///
    /// # Errors
    /// [`Error::NotFound`] for a repository that is not there or not visible;
    /// [`Error::OffsetCap`] and [`Error::Forbidden`], after which the registry still lists the
    /// names; otherwise as for [`Hub::repositories`].
    pub(crate) fn tags(
        &self,
        repository: &Repository,
        keeps_text: bool,
        sink: &mut dyn Sink<HubTag>,
    ) -> Result<usize, Error> {
        let read = |text: &str, object: &Value| {
            let tag = HubTag::read(object)?;
            let text = keeps_text.then(|| text.into());
            Some((tag.name.as_str().to_owned(), HubTag { text, ..tag }))
        };
        let list = List {
            path: format!("{}/tags", self.repository_path(repository)?),
            query: "page_size=100&ordering=name",
            needs_login: false,
            object: format!("repository {DOCKER_HUB}/{repository}"),
        };
        self.walk(&list, &read, sink)
    }

    /// One tag.
    ///
    /// # Errors
    /// [`Error::NotFound`] when it is not there or not visible; otherwise as for [`Hub::tags`].
    pub(crate) fn tag(
        &self,
        repository: &Repository,
        tag: &crate::oci::reference::Tag,
    ) -> Result<HubTag, Error> {
        let path = format!("{}/tags/{tag}", self.repository_path(repository)?);
        let object = format!("tag \"{tag}\" in {DOCKER_HUB}/{repository}");
        let ask = Ask { path: &path, query: "", further: false, needs_login: false };
        let found = self.get_object(&ask)?.ok_or_else(|| not_found(&object))?;
        let tag = HubTag::read(&found).ok_or_else(|| self.unusable("the response is not a tag"))?;
        Ok(HubTag { text: Some(found.to_string().into()), ..tag })
    }

    /// The organizations of the login's user, in the server's order, and the roles that it tells.
    ///
    /// # Errors
    /// As for [`Hub::user`]; [`Error::Forbidden`] when this login may not list them.
    pub(crate) fn organizations(&self) -> Result<Vec<Membership>, Error> {
        self.user()?;
        let read = |_: &str, object: &Value| {
            let name: Namespace = object.get("orgname")?.as_str()?.parse().ok()?;
            Some((name.to_string(), (name, role(object))))
        };
        let list = List {
            path: "/v2/user/orgs/".to_owned(),
            query: "page_size=100",
            needs_login: true,
            object: "the list of organizations".to_owned(),
        };
        let mut names: Vec<Membership> = Vec::new();
        let outcome = self.walk(&list, &read, &mut names);
        match outcome {
            Ok(_) => Ok(names),
            // Neither of the two is documented, and some tokens may use only the other.
            Err(
                first @ (Error::NotFound { .. }
                | Error::Forbidden { .. }
                | Error::Server { status: 400..=499, .. }),
            ) => match self.namespaces() {
                Ok(names) => Ok(names.into_iter().map(|name| (name, None)).collect()),
                Err(_) => Err(first),
            },
            Err(error) => Err(error),
        }
    }

    /// The role of a user in an organization: `owner`, `editor`, `member`. `None`: the API does not tell.
    ///
    /// # Errors
    /// Failures of the network.
    pub(crate) fn role(
        &self,
        organization: &Namespace,
        user: &Namespace,
    ) -> Result<Option<String>, Error> {
        let (path, query) =
            (format!("/v2/orgs/{organization}/members"), format!("page_size=100&search={user}"));
        let ask = Ask { path: &path, query: &query, further: false, needs_login: true };
        let found = match self.get_object(&ask) {
            // Some tokens may not list members.
            Err(Error::Forbidden { .. } | Error::Server { status: 400..=499, .. }) => None,
            found => found?,
        };
        let members = found.as_ref().and_then(|found| found.get("results")?.as_array());
        let is_user = |member: &&Value| {
            let name = member.get("username").and_then(Value::as_str);
            name.is_some_and(|name| name.eq_ignore_ascii_case(user.as_str()))
        };
        Ok(members.into_iter().flatten().find(is_user).and_then(role))
    }

    /// The older list of the caller's namespaces, the user among them.
    fn namespaces(&self) -> Result<Vec<Namespace>, Error> {
        let object = "the list of namespaces";
        let path = "/v2/repositories/namespaces/";
        let ask = Ask { path, query: "", further: false, needs_login: true };
        let found = self.get_object(&ask)?.ok_or_else(|| not_found(object))?;
        let names = found.get("namespaces").and_then(Value::as_array);
        let names =
            names.ok_or_else(|| self.unusable("the response is not a list of namespaces"))?;
        Ok(names.iter().filter_map(|name| name.as_str()?.parse().ok()).collect())
    }

    /// The path of a repository; on Docker Hub every one has a namespace and a name.
    fn repository_path(&self, repository: &Repository) -> Result<String, Error> {
        match repository.as_str().split_once('/') {
            Some((namespace, name)) if !name.contains('/') => {
                Ok(format!("/v2/namespaces/{namespace}/repositories/{name}"))
            }
            _ => Err(not_found(&format!("repository {DOCKER_HUB}/{repository}"))),
        }
    }

    /// Fetches one object. `None`: it is not there.
    fn get_object(&self, ask: &Ask) -> Result<Option<Value>, Error> {
        let mut object = Value::Null;
        let found = self.get(ask, &mut |answer| {
            let body = answer.bytes(MAX_OBJECT, "the response")?;
            let unusable = |_| Failure::from(self.unusable("the response is not JSON"));
            object = serde_json::from_slice(&body).map_err(unusable)?;
            Ok(())
        })?;
        Ok(found.then_some(object))
    }

    /// Sends a request; `read` sees each attempt at an answer. `false`: it is not there.
    fn get(
        &self,
        ask: &Ask,
        read: &mut dyn FnMut(&mut Answer) -> Result<(), Failure>,
    ) -> Result<bool, Error> {
        loop {
            let access = self.access()?;
            let (status, detail) = match self.exchange(ask, &access, read)? {
                Reply::Found => return Ok(true),
                Reply::Refused(status, detail) => (status, detail),
            };
            return match (status, &access) {
                (401, Access::Token(_)) => Err(self.login_refused(detail)),
                (403, Access::Token(_)) if ask.needs_login => Err(self.forbidden(detail)),
                (403, Access::Token(_)) => {
                    self.go_on_without_login(detail)?;
                    continue;
                }
                (403, _) if ask.further => Err(Error::OffsetCap { host: self.host() }),
                // What only the refused login could see looks missing without it.
                (401 | 403 | 404, Access::Forbidden(why)) => Err(self.forbidden(why.clone())),
                (404, _) => Ok(false),
                (401 | 403, _) => Err(self.login_needed()),
                _ => Err(Error::Server { host: self.host(), status, detail }),
            };
        }
    }

    /// One exchange; redirects are followed on the API's own host only.
    fn exchange(
        &self,
        ask: &Ask,
        access: &Access,
        read: &mut dyn FnMut(&mut Answer) -> Result<(), Failure>,
    ) -> Result<Reply, Error> {
        let path = format!("{}{}", self.prefix, ask.path);
        let mut url = self.origin.url(&path, Some(ask.query));
        for _ in 0..=MAX_REDIRECTS {
            let mut request = Request::new(Method::Get, url.clone());
            request.accept = Some("application/json");
            if let Access::Token(header) = access {
                request.authorization = Some(header.clone());
            }
            let mut target = None;
            let reply = self.client.exchange(&self.peer, &request, |answer| {
                target = None;
                match answer.status() {
                    200 => read(answer).map(|()| Reply::Found),
                    status if answer.is_redirect() => {
                        let location = answer.header("location").unwrap_or_default();
                        target = Some(String::from_utf8_lossy(location).into_owned());
                        Ok(Reply::Refused(status, None))
                    }
                    status => Ok(Reply::Refused(status, answer.detail())),
                }
            })?;
            let Some(location) = target else { return Ok(reply) };
            url = self.redirected(&url, &location)?;
        }
        Err(self.redirect_refused("it redirects in a loop"))
    }

    fn redirected(&self, url: &Url, location: &str) -> Result<Url, Error> {
        let shown = self.client.quoted(location);
        let target = url
            .join(location)
            .map_err(|why| self.redirect_refused(&format!("it redirects to \"{shown}\": {why}")))?;
        if *target.origin() != self.origin {
            return Err(self.redirect_refused(&format!("it redirects to another host: {shown}")));
        }
        Ok(target)
    }

    fn redirect_refused(&self, what: &str) -> Error {
        let hint = "check hub-api in the profile".to_owned();
        Error::Refused { host: self.host(), what: what.to_owned(), hint }
    }

    fn unusable(&self, what: &str) -> Error {
        Error::Answer {
            host: self.host(),
            what: what.to_owned(),
            hint: "is this Docker Hub's API? A proxy or login page may be answering",
        }
    }
}

/// What is asked for.
struct Ask<'a> {
    path: &'a str,
    query: &'a str,
    /// It is a further page of a list, not the first.
    further: bool,
    /// It makes no sense without the login.
    needs_login: bool,
}

/// How the API answered.
enum Reply {
    Found,
    /// Another status than 200, and the server's words.
    Refused(u16, Option<String>),
}

/// A namespace, and the user's role in it as far as that is told.
pub(crate) type Membership = (Namespace, Option<String>);

fn role(object: &Value) -> Option<String> {
    let role = object.get("role")?.as_str().filter(|role| !role.is_empty())?;
    Some(role.to_ascii_lowercase())
}

/// The error for what is not there, or not for this caller's eyes.
fn not_found(object: &str) -> Error {
    Error::NotFound {
        object: object.to_owned(),
        hint: "check the spelling; private repositories need: docker login".to_owned(),
    }
}
