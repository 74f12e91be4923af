//! A registry in the process: `TestRegistry::new().tags("library/alpine", ["3.20", "latest"])
//! .require_token(TokenRules::default()).start()`.
//!
//! Its answers look like distribution's; options give it the habits of other registries.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use rustls::ServerConfig;
use serde_json::{Value, json};

use super::http::{Request, Response};
use super::image::Blob;
use super::server::Server;
use super::token::{TokenRules, TokenService};

mod builder;
mod content;
mod gate;
mod paging;

pub use content::{blob_response, manifest_response};
pub use paging::{Link, Over};

use paging::Paging;

type Hook = Box<dyn Fn(&Request) -> Option<Response> + Send + Sync>;

/// A registry being described; [`RegistryBuilder::start`] makes it run.
pub struct RegistryBuilder {
    address: String,
    tls: Option<Arc<ServerConfig>>,
    delay: Duration,
    token: Option<TokenRules>,
    redirect_blobs: Option<String>,
    rules: Rules,
}

/// All that the handler needs to know.
#[derive(Default)]
struct Rules {
    repositories: BTreeMap<String, Repository>,
    paging: Paging,
    catalog: Catalog,
    users: Vec<(String, String)>,
    private: HashMap<String, Vec<String>>,
    basic: bool,
    basic_beside_bearer: bool,
    challenges: Option<Vec<Vec<u8>>>,
    token: Option<Arc<TokenService>>,
    headers: Vec<(String, String)>,
    first: Vec<(usize, Hook)>,
    hooks: Vec<Hook>,
    head_status: Option<u16>,
    digest_header: DigestHeader,
    blob_host: Option<String>,
}

#[derive(Default)]
struct Repository {
    tags: Vec<String>,
    /// The `tags` member as it is, whatever it is.
    raw_tags: Option<Value>,
    /// Further members of the list's answer.
    extra: Value,
    images: HashMap<String, Blob>,
    manifests: HashMap<String, Blob>,
    blobs: HashMap<String, Blob>,
}

struct Catalog {
    enabled: bool,
    basic_only: bool,
    paging: Paging,
}

impl Default for Catalog {
    fn default() -> Self {
        let paging = Paging { page_size: Some(100), max_n: Some(1000), ..Paging::default() };
        Catalog { enabled: true, basic_only: false, paging }
    }
}

/// Which manifest answers carry `Docker-Content-Digest`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DigestHeader {
    #[default]
    Always,
    /// As ECR does.
    OnHeadOnly,
    OnGetOnly,
    Never,
}

/// A running registry with its helpers.
pub struct TestRegistry {
    server: Server,
    token: Option<Arc<TokenService>>,
    blob_host: Option<Server>,
}

impl TestRegistry {
    /// An open, empty registry that pages only when asked to, as distribution 3 does.
    #[expect(clippy::new_ret_no_self, reason = "reads as what it describes")]
    pub fn new() -> RegistryBuilder {
        RegistryBuilder {
            address: "127.0.0.1".into(),
            tls: None,
            delay: Duration::ZERO,
            token: None,
            redirect_blobs: None,
            rules: Rules::default(),
        }
    }

    /// Host and port.
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// `127.0.0.1:PORT/name`.
    pub fn repo(&self, name: &str) -> String {
        format!("{}/{name}", self.server.host())
    }

    /// The listener with its records.
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// See [`Server::requests`].
    pub fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }

    /// See [`Server::paths`].
    pub fn paths(&self) -> Vec<String> {
        self.server.paths()
    }

    /// See [`Server::connections`].
    pub fn connections(&self) -> usize {
        self.server.connections()
    }

    /// The token service; the registry must have been told to require tokens.
    pub fn token_service(&self) -> &TokenService {
        self.token.as_deref().expect("the registry requires tokens")
    }

    /// Where blobs are redirected to; the registry must have been told to redirect.
    pub fn blob_host(&self) -> &Server {
        self.blob_host.as_ref().expect("the registry redirects blobs")
    }

    /// The logs of all the listeners.
    pub fn log(&self) -> String {
        let mut log = format!("registry {}", self.server.log());
        if let Some(token) = &self.token {
            log.push_str(&format!("token service {}", token.server().log()));
        }
        if let Some(host) = &self.blob_host {
            log.push_str(&format!("blob host {}", host.log()));
        }
        log
    }
}

/// An error as distribution writes it.
pub fn error(status: u16, code: &str, message: &str) -> Response {
    let body = json!({"errors": [{"code": code, "message": message, "detail": null}]});
    Response::json(status, &body).header("Docker-Distribution-Api-Version", "registry/2.0")
}
