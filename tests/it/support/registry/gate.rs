//! Who may do what: the routes, and the check in front of each.

use serde_json::json;

use super::{Rules, error};
use crate::support::http::{Request, Response};
use crate::support::token::{Access, Refusal};

/// What a path asks for.
enum Route {
    Base,
    Catalog,
    Tags(String),
    Manifest(String, String),
    Blob(String, String),
}

impl Route {
    fn parse(path: &str) -> Option<Route> {
        let rest = path.strip_prefix("/v2/")?;
        let segments: Vec<&str> = rest.split('/').collect();
        match segments.as_slice() {
            [""] => Some(Route::Base),
            ["_catalog"] => Some(Route::Catalog),
            [name @ .., "tags", "list"] => Some(Route::Tags(name.join("/"))),
            [name @ .., "manifests", reference] => {
                Some(Route::Manifest(name.join("/"), (*reference).to_owned()))
            }
            [name @ .., "blobs", digest] => Some(Route::Blob(name.join("/"), (*digest).to_owned())),
            _ => None,
        }
    }

    fn repository(&self) -> Option<&str> {
        match self {
            Route::Base | Route::Catalog => None,
            Route::Tags(name) | Route::Manifest(name, _) | Route::Blob(name, _) => Some(name),
        }
    }

    /// The access a token must grant; none is needed for `/v2/` itself.
    fn access(&self) -> Option<Access> {
        let access = |class: &str, name: &str, action: &str| Access {
            class: class.to_owned(),
            name: name.to_owned(),
            actions: vec![action.to_owned()],
        };
        match self {
            Route::Base => None,
            Route::Catalog => Some(access("registry", "catalog", "*")),
            _ => Some(access("repository", self.repository().unwrap_or_default(), "pull")),
        }
    }
}

impl Rules {
    /// The answer to a request, `number` requests having come before it.
    pub(super) fn answer(&self, request: &Request, number: usize) -> Response {
        let mut before = 0;
        for (count, hook) in &self.first {
            before += count;
            if number < before {
                if let Some(response) = hook(request) {
                    return response;
                }
                break;
            }
        }
        if let Some(response) = self.hooks.iter().find_map(|hook| hook(request)) {
            return response;
        }
        let Some(route) = Route::parse(&request.path) else {
            return Response::with_body(404, "text/plain; charset=utf-8", "404 page not found\n");
        };
        if !matches!(request.method.as_str(), "GET" | "HEAD") {
            return error(405, "UNSUPPORTED", "The operation is unsupported.");
        }
        let answer = match self.check(request, &route) {
            Err(refusal) => refusal,
            Ok(()) => match &route {
                Route::Base => Response::json(200, &json!({})),
                Route::Catalog => self.catalog(request),
                Route::Tags(name) => self.tags_list(request, name),
                Route::Manifest(name, reference) => self.manifest(request, name, reference),
                Route::Blob(name, digest) => self.blob(name, digest),
            },
        };
        if answer.headers.iter().any(|(name, _)| name == "Docker-Distribution-Api-Version") {
            return answer;
        }
        answer.header("Docker-Distribution-Api-Version", "registry/2.0")
    }

    fn check(&self, request: &Request, route: &Route) -> Result<(), Response> {
        let basic_only = self.basic || (self.catalog.basic_only && matches!(route, Route::Catalog));
        if basic_only {
            return match request.basic() {
                Some((user, password)) if self.knows(&user, &password) => {
                    self.visible(Some(&user), route)
                }
                _ => Err(self.unauthorized(request, route, None, true)),
            };
        }
        let Some(service) = &self.token else {
            if self.challenges.is_some() && request.header("authorization").is_none() {
                return Err(self.unauthorized(request, route, None, false));
            }
            return self.visible(None, route);
        };
        if let (true, Some((user, password))) = (self.basic_beside_bearer, request.basic())
            && self.knows(&user, &password)
        {
            return self.visible(Some(&user), route);
        }
        let Some(token) = request.bearer() else {
            return Err(self.unauthorized(request, route, None, false));
        };
        let refused = |refusal| Err(self.unauthorized(request, route, Some(refusal), false));
        if !self.catalog.enabled && matches!(route, Route::Catalog) {
            return refused(Refusal::InsufficientScope);
        }
        let needed = route.access();
        let empty = Access { class: String::new(), name: String::new(), actions: Vec::new() };
        match (service.check(token, needed.as_ref().unwrap_or(&empty)), needed) {
            (Ok(()), _) | (Err(Refusal::InsufficientScope), None) => Ok(()),
            (Err(refusal), _) => refused(refusal),
        }
    }

    fn knows(&self, user: &str, password: &str) -> bool {
        self.users.iter().any(|(u, p)| u == user && p == password)
    }

    /// Without tokens a private repository simply is not there for others.
    fn visible(&self, user: Option<&str>, route: &Route) -> Result<(), Response> {
        let users = route.repository().and_then(|name| self.private.get(name));
        let seen = users.is_none_or(|users| user.is_some_and(|u| users.iter().any(|one| one == u)));
        if seen { Ok(()) } else { Err(error(403, "DENIED", "access to the resource is denied")) }
    }

    /// The 401 with its challenges.
    fn unauthorized(
        &self,
        request: &Request,
        route: &Route,
        refusal: Option<Refusal>,
        basic_only: bool,
    ) -> Response {
        let mut answer = error(401, "UNAUTHORIZED", "authentication required");
        if let Some(fields) = &self.challenges {
            for field in fields {
                answer = answer.header("WWW-Authenticate", self.fill(field, request, route));
            }
            return answer;
        }
        let basic = "Basic realm=\"Registry Realm\"";
        let Some(service) = self.token.as_ref().filter(|_| !basic_only) else {
            return answer.header("WWW-Authenticate", basic);
        };
        let mut bearer =
            format!("Bearer realm=\"{}\",service=\"{}\"", service.realm(), service.service());
        if let Some(Access { class, name, actions }) = route.access() {
            bearer.push_str(&format!(",scope=\"{class}:{name}:{}\"", actions.join(",")));
        }
        match refusal {
            None => {}
            Some(Refusal::Invalid) => bearer.push_str(",error=\"invalid_token\""),
            Some(Refusal::InsufficientScope) => bearer.push_str(",error=\"insufficient_scope\""),
        }
        answer = answer.header("WWW-Authenticate", bearer);
        if self.basic_beside_bearer { answer.header("WWW-Authenticate", basic) } else { answer }
    }

    /// Fills `{R}` and `{NAME}` into a challenge that may be any bytes.
    fn fill(&self, field: &[u8], request: &Request, route: &Route) -> Vec<u8> {
        let realm = match &self.token {
            Some(service) => service.server().origin(),
            None => request.origin(),
        };
        let name = route.repository().unwrap_or_default();
        let mut out = Vec::new();
        let mut rest = field;
        while let Some(&first) = rest.first() {
            if let Some(tail) = rest.strip_prefix(b"{R}") {
                out.extend_from_slice(realm.as_bytes());
                rest = tail;
            } else if let Some(tail) = rest.strip_prefix(b"{NAME}") {
                out.extend_from_slice(name.as_bytes());
                rest = tail;
            } else {
                out.push(first);
                rest = &rest[1..];
            }
        }
        out
    }
}
