//! A token service as registries have beside them: it checks passwords, knows who may pull what, and signs real
//! tokens, whose signature the real registry verifies.

use std::net::SocketAddr;
use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rcgen::{CertificateParams, DnType, KeyPair, PublicKeyData as _};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::registry::{Access, Registry, Storage};
use super::wire::{Request, Response, Server, Tls};

/// The audience that tokens name.
pub const SERVICE: &str = "registry of the tests";

/// The issuer that tokens name.
pub const ISSUER: &str = "issuer of the tests";

/// How a token says which key signed it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyHeader {
    /// The certificate itself, in `x5c`.
    X5c,
    /// The key's fingerprint in libtrust's form, in `kid`.
    Kid,
}

/// A key that signs tokens, with its certificate.
pub struct Signer {
    key: EcdsaKeyPair,
    certificate_pem: String,
    header: Value,
}

impl Signer {
    /// A new key.
    pub fn new(header: KeyHeader) -> Signer {
        let pair = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("make a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names are valid names");
        params.distinguished_name.push(DnType::CommonName, "token service of the tests");
        let certificate = params.self_signed(&pair).expect("sign with the own key");
        let mut head = json!({"typ": "JWT", "alg": "ES256"});
        match header {
            KeyHeader::X5c => head["x5c"] = json!([STANDARD.encode(certificate.der())]),
            KeyHeader::Kid => head["kid"] = json!(key_id(&pair.subject_public_key_info())),
        }
        let random = SystemRandom::new();
        let key = EcdsaKeyPair::from_pkcs8(
            &ECDSA_P256_SHA256_FIXED_SIGNING,
            &pair.serialize_der(),
            &random,
        )
        .expect("the key is of this kind");
        Signer { key, certificate_pem: certificate.pem(), header: head }
    }

    /// The certificate that a registry must trust.
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The signed token with these claims.
    pub fn sign(&self, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(&self.header), part(claims));
        let signature = self.key.sign(&SystemRandom::new(), message.as_bytes()).expect("sign");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

/// libtrust's name for a public key: 240 bits of its SHA-256 in base 32, in groups of four.
fn key_id(public_key_der: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let hash = Sha256::digest(public_key_der);
    let (mut id, mut bits, mut count) = (String::new(), 0_u32, 0);
    for byte in &hash[..30] {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            if id.len() % 5 == 4 {
                id.push(':');
            }
            id.push(char::from(ALPHABET[(bits >> count & 31) as usize]));
        }
        bits &= (1 << count) - 1;
    }
    id
}

/// Who exists and who may pull what.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    users: Vec<(String, String)>,
    public: Vec<String>,
    private: Vec<(String, String)>,
    identity: Vec<(String, String)>,
    catalog: Vec<String>,
}

impl Rules {
    /// Nobody may do anything.
    pub fn new() -> Rules {
        Rules::default()
    }

    /// Adds a user.
    pub fn user(mut self, name: &str, password: &str) -> Rules {
        self.users.push((name.into(), password.into()));
        self
    }

    /// Adds a repository that everybody may pull.
    pub fn public(mut self, repository: &str) -> Rules {
        self.public.push(repository.into());
        self
    }

    /// Adds a repository that this user may pull.
    pub fn private(mut self, repository: &str, user: &str) -> Rules {
        self.private.push((repository.into(), user.into()));
        self
    }

    /// Adds an identity token of this user.
    pub fn identity_token(mut self, token: &str, user: &str) -> Rules {
        self.identity.push((token.into(), user.into()));
        self
    }

    /// Lets this user list the repositories of the registry.
    pub fn catalog(mut self, user: &str) -> Rules {
        self.catalog.push(user.into());
        self
    }

    /// What of a scope this user (empty: nobody in particular) gets.
    fn grant(&self, scope: &str, user: &str) -> Option<Value> {
        let (kind, rest) = scope.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        let is_user = |(repository, owner): &(String, String)| repository == name && owner == user;
        let (allowed, action) = match kind {
            "repository" => (
                self.public.iter().any(|public| public == name) || self.private.iter().any(is_user),
                "pull",
            ),
            "registry" => {
                (name == "catalog" && self.catalog.iter().any(|admin| admin == user), "*")
            }
            _ => (false, ""),
        };
        let granted = allowed && actions.split(',').any(|asked| asked == action);
        granted.then(|| json!({"type": kind, "name": name, "actions": [action]}))
    }
}

/// Why nobody gets a token.
struct Refused;

/// A running token service. Dropping it ends it.
pub struct TokenService {
    server: Server,
    certificate_pem: String,
}

impl TokenService {
    /// Starts it.
    pub fn start(rules: Rules, signer: Signer) -> TokenService {
        let certificate_pem = signer.certificate_pem().to_owned();
        let server = Server::start(Tls::Close, move |request| answer(request, &rules, &signer));
        TokenService { server, certificate_pem }
    }

    /// The server with its log and its counters.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// The URL of the tokens.
    pub fn realm(&self) -> String {
        format!("http://{}/token", self.server.address())
    }

    /// Starts a registry over this storage that trusts these tokens.
    #[track_caller]
    pub fn registry(&self, storage: &Storage) -> Registry {
        self.registry_trusting(storage, &self.certificate_pem)
    }

    /// Starts a registry that sends its clients to `/auth/token` of its own host, where something must lead here.
    #[track_caller]
    pub fn registry_beside(&self, storage: &Storage) -> Registry {
        let certificate = &self.certificate_pem;
        Registry::start(
            storage,
            &Access::TokenBeside { service: SERVICE, issuer: ISSUER, certificate },
            None,
        )
    }

    /// Starts a registry that sends its clients here and trusts the key of this certificate.
    #[track_caller]
    pub fn registry_trusting(&self, storage: &Storage, certificate: &str) -> Registry {
        let realm = self.realm();
        let access = Access::Token { realm: &realm, service: SERVICE, issuer: ISSUER, certificate };
        Registry::start(storage, &access, None)
    }
}

/// Asks a token service for a token as a client does, with Basic if there is a login.
pub fn fetch(service: SocketAddr, scope: &str, login: Option<(&str, &str)>) -> Response {
    let encode = |text: &str| text.replace(' ', "%20").replace(':', "%3A").replace('/', "%2F");
    let target = format!("/token?service={}&scope={}", encode(SERVICE), encode(scope));
    let mut request = Request::new("GET", &target);
    if let Some((user, password)) = login {
        let pair = STANDARD.encode(format!("{user}:{password}"));
        request = request.with_header("Authorization", &format!("Basic {pair}"));
    }
    request.send(service).expect("the token service answers")
}

fn answer(request: &Request, rules: &Rules, signer: &Signer) -> Response {
    if request.path() != "/token" {
        return Response::new(404, "text/plain", "nothing here but /token");
    }
    let query = request.target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    let (fields, user) = match request.method.as_str() {
        "GET" => (form(query), basic_user(request, rules)),
        "POST" => {
            let fields = form(&String::from_utf8_lossy(&request.body));
            let user = identity_user(&fields, rules);
            (fields, user)
        }
        _ => return Response::new(405, "text/plain", "GET or POST"),
    };
    let Ok(user) = user else {
        let body = json!({"errors": [{"code": "UNAUTHORIZED", "message": "incorrect username or password"}]});
        return Response::json(401, &body)
            .with_header("WWW-Authenticate", "Basic realm=\"token service\"");
    };
    let scopes =
        fields.iter().filter(|(name, _)| name == "scope").flat_map(|(_, scopes)| scopes.split(' '));
    let access: Vec<Value> = scopes.filter_map(|scope| rules.grant(scope, &user)).collect();
    let service =
        fields.iter().find(|(name, _)| name == "service").map_or("", |(_, service)| service);
    let token = signer.sign(&claims(&user, service, &access));
    let key = if request.method == "POST" { "access_token" } else { "token" };
    Response::json(200, &json!({key: token, "expires_in": 300}))
}

fn claims(user: &str, service: &str, access: &[Value]) -> Value {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    json!({
        "iss": ISSUER, "sub": user, "aud": service, "jti": now.to_string(),
        "iat": now, "nbf": now - 60, "exp": now + 300, "access": access,
    })
}

/// The user that a Basic header proves; empty without a header.
fn basic_user(request: &Request, rules: &Rules) -> Result<String, Refused> {
    let Some(value) = request.header("Authorization") else { return Ok(String::new()) };
    let pair =
        value.strip_prefix("Basic ").and_then(|pair| STANDARD.decode(pair).ok()).ok_or(Refused)?;
    let pair = String::from_utf8(pair).map_err(|_| Refused)?;
    let (name, password) = pair.split_once(':').ok_or(Refused)?;
    let known = |(user, secret): &&(String, String)| user == name && secret == password;
    rules.users.iter().find(known).map(|(user, _)| user.clone()).ok_or(Refused)
}

/// The user whose identity token a form carries.
fn identity_user(fields: &[(String, String)], rules: &Rules) -> Result<String, Refused> {
    let field =
        |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    if field("grant_type") != Some("refresh_token")
        || field("client_id").is_none()
        || field("service").is_none()
    {
        return Err(Refused);
    }
    let token = field("refresh_token").ok_or(Refused)?;
    rules
        .identity
        .iter()
        .find(|(known, _)| known == token)
        .map(|(_, user)| user.clone())
        .ok_or(Refused)
}

/// The fields of a query or a form.
fn form(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (percent_decode(name), percent_decode(value))).collect()
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || {
                    rest.next().and_then(|byte| char::from(byte).to_digit(16)).unwrap_or(0) as u8
                };
                digit() << 4 | digit()
            }
            other => other,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
