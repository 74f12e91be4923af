//! The token service of a test registry: a listener of its own that hands out bearer tokens
//! bound to a service and to scopes, and remembers them for the registry to check.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::ServerConfig;
use serde_json::{Value, json};

use super::http::{Request, Response};
use super::server::Server;

/// What a token for something its caller may not see looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// 200 and a token that grants nothing (Docker Hub, docker_auth).
    EmptyGrant,
    /// 403 at the token endpoint (GHCR, GitLab).
    Forbidden,
}

/// How the service behaves; [`TokenRules::default`] is Docker Hub's way.
#[derive(Clone)]
pub struct TokenRules {
    /// The `service` of the challenge and of the tokens.
    pub service: String,
    /// Where the service listens.
    pub address: String,
    /// The challenge's realm, `{T}` being the service's own origin.
    pub realm: String,
    /// Tokens that look like JWTs, with readable claims; else opaque.
    pub jwt: bool,
    /// How long a token is good, in seconds; also `expires_in`, unless that is hidden.
    pub lifetime: u64,
    /// Whether the answer has `expires_in` and `issued_at`.
    pub says_lifetime: bool,
    /// A token is refused after this many uses.
    pub uses: Option<usize>,
    /// Whether callers without credentials get tokens for public repositories.
    pub anonymous: bool,
    /// The answer for what a caller may not see.
    pub denied: Denied,
    /// The member or members that carry the token: `token`, `access_token`.
    pub members: Vec<String>,
    /// Whether POST is answered; else 404, as GCR does.
    pub post: bool,
    /// Identity (refresh) tokens and whose they are.
    pub identity_tokens: Vec<(String, String)>,
    /// Names that [`super::TestRegistry`] adds: users, and who may see private repositories.
    pub users: Vec<(String, String)>,
    pub private: HashMap<String, Vec<String>>,
}

impl Default for TokenRules {
    fn default() -> Self {
        TokenRules {
            service: "registry.test".into(),
            address: "127.0.0.1".into(),
            realm: "{T}/token".into(),
            jwt: true,
            lifetime: 300,
            says_lifetime: true,
            uses: None,
            anonymous: true,
            denied: Denied::EmptyGrant,
            members: vec!["token".into()],
            post: true,
            identity_tokens: Vec::new(),
            users: Vec::new(),
            private: HashMap::new(),
        }
    }
}

/// One thing a token allows: `repository:a/b:pull`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    pub class: String,
    pub name: String,
    pub actions: Vec<String>,
}

struct Grant {
    access: Vec<Access>,
    expires: Instant,
    uses: usize,
}

/// Why the registry refuses a token; the text is the challenge's `error`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Invalid,
    InsufficientScope,
}

#[derive(Default)]
struct Grants {
    tokens: HashMap<String, Grant>,
    made: usize,
}

/// The running service.
pub struct TokenService {
    server: Server,
    rules: Arc<TokenRules>,
    grants: Arc<Mutex<Grants>>,
}

impl TokenService {
    /// Starts the service, over TLS if the registry is.
    pub fn start(rules: TokenRules, tls: Option<Arc<ServerConfig>>) -> Self {
        let rules = Arc::new(rules);
        let grants: Arc<Mutex<Grants>> = Arc::default();
        let (theirs, store) = (Arc::clone(&rules), Arc::clone(&grants));
        let address = rules.address.clone();
        let server = Server::start(&address, tls, move |request| answer(&theirs, &store, request));
        TokenService { server, rules, grants }
    }

    /// The listener with its records.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The requests to the service.
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }

    /// The challenge's `service`.
    pub fn service(&self) -> &str {
        &self.rules.service
    }

    /// The challenge's `realm`.
    pub fn realm(&self) -> String {
        self.rules.realm.replace("{T}", &self.server.origin())
    }

    /// From now on no token made so far is good.
    pub fn revoke_all(&self) {
        lock(&self.grants).tokens.clear();
    }

    /// Every token made so far that is still known: canaries for the leak checks.
    pub fn tokens(&self) -> Vec<String> {
        lock(&self.grants).tokens.keys().cloned().collect()
    }

    /// The registry's check of a token: does it allow `action` on this thing?
    pub fn check(&self, token: &str, needed: &Access) -> Result<(), Refusal> {
        let mut grants = lock(&self.grants);
        let Some(grant) = grants.tokens.get_mut(token) else { return Err(Refusal::Invalid) };
        if Instant::now() >= grant.expires || self.rules.uses.is_some_and(|max| grant.uses >= max) {
            return Err(Refusal::Invalid);
        }
        grant.uses += 1;
        let covers = |held: &Access| {
            held.class == needed.class
                && held.name == needed.name
                && needed.actions.iter().all(|action| held.actions.contains(action))
        };
        if grant.access.iter().any(covers) { Ok(()) } else { Err(Refusal::InsufficientScope) }
    }
}

fn lock(grants: &Mutex<Grants>) -> MutexGuard<'_, Grants> {
    grants.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(rules: &TokenRules, grants: &Mutex<Grants>, request: &Request) -> Response {
    // The realm may name another host than the one that listens: a proxy leads here.
    let realm = rules.realm.replace("{T}", "");
    let path = realm
        .split_once("://")
        .map_or(&*realm, |(_, rest)| rest.find('/').map_or("", |slash| &rest[slash..]));
    let path = path.split('?').next().unwrap_or_default();
    if request.path != path {
        return Response::with_body(404, "text/plain", "404 page not found\n");
    }
    match request.method.as_str() {
        "GET" => get(rules, grants, request),
        "POST" if rules.post => post(rules, grants, request),
        _ => Response::with_body(404, "text/plain", "404 page not found\n"),
    }
}

fn get(rules: &TokenRules, grants: &Mutex<Grants>, request: &Request) -> Response {
    let user = match (request.header("authorization"), request.basic()) {
        (None, _) => None,
        (Some(_), Some((user, password))) if knows(rules, &user, &password) => Some(user),
        _ => return wrong_password(),
    };
    if user.is_none() && !rules.anonymous {
        return wrong_password();
    }
    if request.param("service").as_deref() != Some(rules.service.as_str()) {
        return Response::json(400, &json!({"details": "service is missing or unknown"}));
    }
    let scopes = request.params("scope").join(" ");
    grant(rules, grants, user.as_deref(), &scopes)
}

fn post(rules: &TokenRules, grants: &Mutex<Grants>, request: &Request) -> Response {
    let field = |name: &str| request.field(name).unwrap_or_default();
    let invalid = |text: &str| Response::json(400, &json!({ "error": text }));
    if field("service") != rules.service || field("client_id").is_empty() {
        return invalid("invalid_request");
    }
    let user = match field("grant_type").as_str() {
        "refresh_token" => {
            let token = field("refresh_token");
            let owner = rules.identity_tokens.iter().find(|(_, known)| *known == token);
            match owner {
                Some((user, _)) => user.clone(),
                None => return Response::json(401, &json!({"error": "invalid_grant"})),
            }
        }
        "password" if knows(rules, &field("username"), &field("password")) => field("username"),
        "password" => return wrong_password(),
        _ => return invalid("unsupported_grant_type"),
    };
    grant(rules, grants, Some(&user), &field("scope"))
}

fn knows(rules: &TokenRules, user: &str, password: &str) -> bool {
    rules.users.iter().any(|(u, p)| u == user && p == password)
        || rules.identity_tokens.iter().any(|(u, p)| u == user && p == password)
}

fn wrong_password() -> Response {
    Response::json(401, &json!({"details": "incorrect username or password"}))
        .header("WWW-Authenticate", "Basic realm=\"token service\"")
}

/// Makes a token for those of the scopes that the user may have.
fn grant(rules: &TokenRules, grants: &Mutex<Grants>, user: Option<&str>, scopes: &str) -> Response {
    let asked: Vec<Access> = scopes.split_whitespace().filter_map(parse_scope).collect();
    let allowed = |access: &Access| match access.class.as_str() {
        "registry" => true,
        _ => match rules.private.get(&access.name) {
            None => true,
            Some(users) => user.is_some_and(|user| users.iter().any(|one| one == user)),
        },
    };
    if rules.denied == Denied::Forbidden && !asked.iter().all(allowed) {
        let error = json!({"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]});
        return Response::json(403, &error);
    }
    let mut access: Vec<Access> = asked.into_iter().filter(|one| allowed(one)).collect();
    for one in &mut access {
        let readable = |action: &String| user.is_some() || action != "push";
        one.actions.retain(readable);
    }
    let mut grants = lock(grants);
    grants.made += 1;
    let token = text(rules, grants.made, user, &access);
    let expires = Instant::now() + Duration::from_secs(rules.lifetime);
    grants.tokens.insert(token.clone(), Grant { access, expires, uses: 0 });
    let mut body = json!({});
    for member in &rules.members {
        body[member] = Value::from(token.clone());
    }
    if rules.says_lifetime {
        body["expires_in"] = rules.lifetime.into();
        body["issued_at"] = "2026-01-02T03:04:05Z".into();
    }
    Response::json(200, &body)
}

/// `repository:host:5000/a:pull,push`: the class ends at the first colon, the actions begin
/// after the last.
fn parse_scope(scope: &str) -> Option<Access> {
    let (class, rest) = scope.split_once(':')?;
    let (name, actions) = rest.rsplit_once(':')?;
    let actions = actions.split(',').map(str::to_owned).collect();
    Some(Access { class: class.to_owned(), name: name.to_owned(), actions })
}

fn text(rules: &TokenRules, number: usize, user: Option<&str>, access: &[Access]) -> String {
    if !rules.jwt {
        return format!("canary-bearer-{number:04}");
    }
    let access: Vec<Value> = access
        .iter()
        .map(|one| json!({"type": one.class, "name": one.name, "actions": one.actions}))
        .collect();
    let claims = json!({
        "iss": "token.test", "sub": user.unwrap_or(""), "aud": rules.service,
        "exp": 1_893_456_000, "nbf": 1_767_225_600, "iat": 1_767_225_600,
        "jti": format!("canary-{number:04}"), "access": access,
    });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = json!({"alg": "ES256", "typ": "JWT"});
    format!("{}.{}.{}", part(&head), part(&claims), URL_SAFE_NO_PAD.encode("canary signature"))
}
