//! Docker Hub's own API, as far as the product uses it: logins, namespaces, repositories,
//! tags, in the shapes and with the limits that the service has.
//!
//! It listens on its own: this API and the registry's both live under `/v2/`.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use super::http::{Request, Response};
use super::server::Server;

mod shapes;

pub use shapes::{Seed, tag};

/// Kinds of secret that log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    Password,
    /// A personal access token.
    Pat,
    /// An organisation's access token: the identifier is the organisation.
    Oat,
}

/// The API being described.
#[derive(Default)]
pub struct HubBuilder {
    accounts: Vec<(String, String, Secret)>,
    organisations: Vec<(String, Vec<String>)>,
    repositories: BTreeMap<(String, String), Repository>,
    refuse_pats: bool,
    oat_lists_private: bool,
    anonymous_offset: Option<usize>,
    tag_offset: Option<usize>,
    limited: Mutex<Option<(usize, String)>>,
    ignore_page_size: bool,
    delay: Duration,
    hooks: Vec<Hook>,
}

type Hook = Box<dyn Fn(&Request) -> Option<Response> + Send + Sync>;

#[derive(Default)]
struct Repository {
    private: bool,
    members: Value,
    tags: Vec<Value>,
}

/// The API running.
pub struct TestHub {
    server: Server,
}

/// Who asks.
struct Caller {
    name: String,
    kind: Secret,
}

impl TestHub {
    /// An empty hub with today's limits for anonymous callers.
    #[expect(clippy::new_ret_no_self, reason = "reads as what it describes")]
    pub fn new() -> HubBuilder {
        HubBuilder {
            oat_lists_private: true,
            anonymous_offset: Some(100),
            tag_offset: Some(1000),
            ..HubBuilder::default()
        }
    }

    /// The listener with its records.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// What goes into a profile's `hub-api`.
    pub fn origin(&self) -> String {
        self.server.origin()
    }
}

impl HubBuilder {
    /// Adds someone who can log in.
    pub fn account(mut self, identifier: &str, secret: &str, kind: Secret) -> Self {
        self.accounts.push((identifier.to_owned(), secret.to_owned(), kind));
        self
    }

    /// Adds an organisation and its members.
    pub fn organisation(mut self, name: &str, members: &[&str]) -> Self {
        let members = members.iter().map(ToString::to_string).collect();
        self.organisations.push((name.to_owned(), members));
        self
    }

    /// Adds a public repository with tags, in the server's order; see [`tag`].
    pub fn repository(self, name: &str, tags: impl IntoIterator<Item = Value>) -> Self {
        self.add(name, false, tags.into_iter().collect())
    }

    /// Adds a private repository.
    pub fn private(self, name: &str, tags: impl IntoIterator<Item = Value>) -> Self {
        self.add(name, true, tags.into_iter().collect())
    }

    /// Changes members of a repository's object; null takes one out.
    pub fn members(mut self, name: &str, members: Value) -> Self {
        self.entry(name).members = members;
        self
    }

    fn add(mut self, name: &str, private: bool, tags: Vec<Value>) -> Self {
        let repository = self.entry(name);
        repository.private = private;
        repository.tags.extend(tags);
        self
    }

    fn entry(&mut self, name: &str) -> &mut Repository {
        let (namespace, name) = name.split_once('/').expect("namespace/name");
        self.repositories.entry((namespace.to_owned(), name.to_owned())).or_default()
    }

    /// Answers callers with a personal access token with 403.
    pub fn refuse_pats(mut self) -> Self {
        self.refuse_pats = true;
        self
    }

    /// An organisation's token sees public repositories only, and is not told.
    pub fn oat_without_list_scope(mut self) -> Self {
        self.oat_lists_private = false;
        self
    }

    /// How far anonymous callers may page: entries of tags, and of repositories.
    pub fn anonymous_offsets(mut self, tags: Option<usize>, repositories: Option<usize>) -> Self {
        self.tag_offset = tags;
        self.anonymous_offset = repositories;
        self
    }

    /// Answers the first `count` requests with 429; `reset` is what X-Retry-After says, a
    /// time in seconds since 1970.
    pub fn too_many_first(mut self, count: usize, reset: &str) -> Self {
        self.limited = Mutex::new(Some((count, reset.to_owned())));
        self
    }

    /// Pages of 10, whatever `page_size` asks for, as the service once did.
    pub fn ignore_page_size(mut self) -> Self {
        self.ignore_page_size = true;
        self
    }

    /// A hook before everything else; `None` goes on as usual.
    pub fn hook(
        mut self,
        hook: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static,
    ) -> Self {
        self.hooks.push(Box::new(hook));
        self
    }

    /// Waits before each answer.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Starts it.
    pub fn start(self) -> TestHub {
        let delay = self.delay;
        let server = Server::new(move |request| self.answer(request));
        server.set_delay(delay);
        TestHub { server }
    }

    fn answer(&self, request: &Request) -> Response {
        let now_limited = {
            let mut limited = self.limited.lock().unwrap_or_else(|poison| poison.into_inner());
            match limited.as_mut() {
                Some((count, reset)) if *count > 0 => {
                    *count -= 1;
                    Some(reset.clone())
                }
                _ => None,
            }
        };
        if let Some(reset) = now_limited {
            let body = json!({"detail": "Rate limit exceeded", "error": false});
            return Response::json(429, &body)
                .header("X-RateLimit-Limit", "180")
                .header("X-RateLimit-Remaining", "0")
                .header("X-RateLimit-Reset", &*reset)
                .header("X-Retry-After", &*reset);
        }
        self.route(request)
            .header("X-RateLimit-Limit", "180")
            .header("X-RateLimit-Remaining", "179")
            .header("X-RateLimit-Reset", "1893456000")
    }

    fn route(&self, request: &Request) -> Response {
        if let Some(response) = self.hooks.iter().find_map(|hook| hook(request)) {
            return response;
        }
        let path = request.path.trim_end_matches('/');
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (request.method.as_str(), segments.as_slice()) {
            ("POST", ["v2", "auth", "token"]) => return self.log_in(request, "access_token"),
            ("POST", ["v2", "users", "login"]) => return self.log_in(request, "token"),
            ("GET" | "HEAD", _) => {}
            _ => return message(405, "method not allowed"),
        }
        let caller = match self.caller(request) {
            Ok(caller) => caller,
            Err(refusal) => return refusal,
        };
        let caller = caller.as_ref();
        match segments.as_slice() {
            ["v2", "user", "orgs"] => self.orgs(request, caller),
            ["v2", "repositories", "namespaces"] => match caller {
                Some(caller) => {
                    Response::json(200, &json!({"namespaces": self.namespaces(caller)}))
                }
                None => message(401, "unauthorized"),
            },
            ["v2", "namespaces", namespace, "repositories"] => {
                self.repositories(request, caller, namespace)
            }
            ["v2", "namespaces", namespace, "repositories", name, rest @ ..] => {
                let key = ((*namespace).to_owned(), (*name).to_owned());
                let found = self.repositories.get(&key);
                let Some(one) = found.filter(|one| self.sees(caller, namespace, one)) else {
                    return message(404, "object not found");
                };
                match rest {
                    [] => Response::json(200, &shapes::repository(namespace, name, one)),
                    ["tags"] => {
                        let offset = self.tag_offset.filter(|_| caller.is_none());
                        self.page(request, shapes::named(request, &one.tags), offset)
                    }
                    ["tags", tag] => match one.tags.iter().find(|known| known["name"] == **tag) {
                        Some(tag) => Response::json(200, tag),
                        None => message(404, "tag not found"),
                    },
                    _ => message(404, "not found"),
                }
            }
            _ => message(404, "not found"),
        }
    }

    fn log_in(&self, request: &Request, member: &str) -> Response {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let (user, secret) = match member {
            "token" => (&body["username"], &body["password"]),
            _ => (&body["identifier"], &body["secret"]),
        };
        let known = self.accounts.iter().position(|(u, s, _)| user == u && secret == s);
        let Some(index) = known else {
            return Response::json(401, &json!({"detail": "Incorrect authentication credentials"}));
        };
        if member == "token" && self.accounts[index].2 == Secret::Oat {
            return message(401, "Cannot log into an organization account");
        }
        Response::json(200, &json!({ member: format!("canary-hub-jwt.{index}.signature") }))
    }

    /// Who the Authorization header says this is; a bad one is a 401.
    fn caller(&self, request: &Request) -> Result<Option<Caller>, Response> {
        let Some(value) = request.header("authorization") else { return Ok(None) };
        let token = value.strip_prefix("Bearer ").or_else(|| value.strip_prefix("JWT "));
        let index = token.and_then(|token| {
            let middle = token.strip_prefix("canary-hub-jwt.")?.strip_suffix(".signature")?;
            middle.parse::<usize>().ok()
        });
        let Some((name, _, kind)) = index.and_then(|index| self.accounts.get(index)) else {
            return Err(message(401, "unauthorized"));
        };
        if *kind == Secret::Pat && self.refuse_pats {
            let text = "access to the resource is forbidden with personal access token";
            return Err(message(403, text));
        }
        Ok(Some(Caller { name: name.clone(), kind: *kind }))
    }

    fn namespaces(&self, caller: &Caller) -> Vec<String> {
        let mut names = vec![caller.name.clone()];
        for (organisation, members) in &self.organisations {
            if members.contains(&caller.name) {
                names.push(organisation.clone());
            }
        }
        names
    }

    fn orgs(&self, request: &Request, caller: Option<&Caller>) -> Response {
        let Some(caller) = caller else { return message(401, "unauthorized") };
        let names = self.namespaces(caller);
        let orgs = names.iter().filter(|name| **name != caller.name).map(
            |name| json!({"id": "0", "orgname": name, "full_name": "", "type": "Organization"}),
        );
        self.page(request, orgs.collect(), None)
    }

    fn sees(&self, caller: Option<&Caller>, namespace: &str, repository: &Repository) -> bool {
        let member = caller.is_some_and(|caller| {
            let allowed = caller.kind != Secret::Oat || self.oat_lists_private;
            allowed && self.namespaces(caller).iter().any(|name| name == namespace)
        });
        !repository.private || member
    }

    fn repositories(
        &self,
        request: &Request,
        caller: Option<&Caller>,
        namespace: &str,
    ) -> Response {
        let known = self.accounts.iter().any(|(user, ..)| user == namespace)
            || self.organisations.iter().any(|(name, _)| name == namespace)
            || self.repositories.keys().any(|(owner, _)| owner == namespace);
        if !known {
            return message(404, "object not found");
        }
        let seen = self.repositories.iter().filter(|((owner, _), repository)| {
            owner == namespace && self.sees(caller, namespace, repository)
        });
        let objects: Vec<Value> = seen
            .map(|((owner, name), repository)| shapes::repository(owner, name, repository))
            .collect();
        let offset = self.anonymous_offset.filter(|_| caller.is_none());
        self.page(request, shapes::named(request, &objects), offset)
    }

    /// One page: 10 entries unless asked for more, 100 at most; 404 behind the end.
    fn page(&self, request: &Request, all: Vec<Value>, offset: Option<usize>) -> Response {
        let number = |name: &str| request.param(name).and_then(|text| text.parse::<usize>().ok());
        let asked = number("page_size").filter(|_| !self.ignore_page_size);
        let size = asked.unwrap_or(10).clamp(1, 100);
        let page = number("page").unwrap_or(1).max(1);
        let start = (page - 1).saturating_mul(size);
        if offset.is_some_and(|max| start > max) {
            let text =
                "pagination offset too large for anonymous requests; sign in to page further";
            return Response::json(403, &json!({"message": text, "errinfo": {}}));
        }
        if page > 1 && start >= all.len() {
            return message(404, "object not found");
        }
        let end = start.saturating_add(size).min(all.len());
        let url = |page: usize| {
            let mut url =
                format!("{}{}?page={page}&page_size={size}", request.origin(), request.path);
            for name in ["name", "ordering"] {
                if let Some(value) = request.param(name) {
                    url.push_str(&format!("&{name}={}", super::http::encode(&value)));
                }
            }
            url
        };
        let body = json!({
            "count": all.len(),
            "next": (end < all.len()).then(|| url(page + 1)),
            "previous": (page > 1).then(|| url(page - 1)),
            "results": all[start..end],
        });
        Response::json(200, &body)
    }
}

fn message(status: u16, text: &str) -> Response {
    Response::json(status, &json!({ "message": text }))
}
