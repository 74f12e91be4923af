//! Describing a registry, one habit at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rustls::ServerConfig;
use serde_json::Value;

use super::paging::{Link, Over};
use super::{DigestHeader, RegistryBuilder, Repository, TestRegistry, content, error};
use crate::support::http::{Request, Response};
use crate::support::image::Image;
use crate::support::server::Server;
use crate::support::token::{TokenRules, TokenService};

impl RegistryBuilder {
    /// Adds tags, in the server's order. Each is a small image for linux/amd64 of its own.
    pub fn tags<T: Into<String>>(
        mut self,
        repository: &str,
        tags: impl IntoIterator<Item = T>,
    ) -> Self {
        self.repository(repository).tags.extend(tags.into_iter().map(Into::into));
        self
    }

    /// Adds an image under `repository:tag`, or under its digest alone.
    pub fn image(mut self, name: &str, image: &Image) -> Self {
        let (repository, tag) = match name.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(tag)),
            None => (name, None),
        };
        let repository = self.repository(repository);
        if let Some(tag) = tag {
            if !repository.tags.iter().any(|known| known == tag) {
                repository.tags.push(tag.to_owned());
            }
            repository.images.insert(tag.to_owned(), image.root.clone());
        }
        for manifest in image.children.iter().chain([&image.root]) {
            repository.manifests.insert(manifest.digest.clone(), manifest.clone());
        }
        for blob in &image.blobs {
            repository.blobs.insert(blob.digest.clone(), blob.clone());
        }
        self
    }

    /// Answers tags/list with this `tags` member: null, or things that are no tags.
    pub fn raw_tags(mut self, repository: &str, tags: Value) -> Self {
        self.repository(repository).raw_tags = Some(tags);
        self
    }

    /// Adds members to the answer of tags/list: `child` and `manifest`, as GCR has them.
    pub fn list_members(mut self, repository: &str, members: Value) -> Self {
        self.repository(repository).extra = members;
        self
    }

    fn repository(&mut self, name: &str) -> &mut Repository {
        self.rules.repositories.entry(name.to_owned()).or_default()
    }

    /// Pages tags of the registry's own accord.
    pub fn page_size(mut self, size: usize) -> Self {
        self.rules.paging.page_size = Some(size);
        self
    }

    /// The largest `n`, and what happens above.
    pub fn max_n(mut self, max: usize, over: Over) -> Self {
        self.rules.paging.max_n = Some(max);
        self.rules.paging.over = over;
        self
    }

    /// How the next page is named, for tags and for the catalog.
    pub fn link(mut self, link: Link) -> Self {
        self.rules.paging.link = link;
        self.rules.catalog.paging.link = link;
        self
    }

    /// Ignores `n` and `last` and sends the whole list, as distribution 2.8 does.
    pub fn ignore_n(mut self) -> Self {
        self.rules.paging.ignore_n = true;
        self
    }

    /// The catalog's own page size and largest `n` (else 100 and 1000, more is a 400).
    pub fn catalog_paging(mut self, page_size: Option<usize>, max_n: Option<usize>) -> Self {
        self.rules.catalog.paging.page_size = page_size;
        self.rules.catalog.paging.max_n = max_n;
        self
    }

    /// The catalog takes Basic alone, whatever the rest of the registry takes (Harbor).
    pub fn catalog_basic_only(mut self) -> Self {
        self.rules.catalog.basic_only = true;
        self
    }

    /// There is no catalog: 404 (GHCR), or a refusal of every token where tokens are used.
    pub fn no_catalog(mut self) -> Self {
        self.rules.catalog.enabled = false;
        self
    }

    /// Adds a user; with [`RegistryBuilder::require_token`] this is who may log in.
    pub fn user(mut self, user: &str, password: &str) -> Self {
        self.rules.users.push((user.to_owned(), password.to_owned()));
        self
    }

    /// Every request needs Basic.
    pub fn require_basic(mut self, user: &str, password: &str) -> Self {
        self.rules.basic = true;
        self.user(user, password)
    }

    /// Every request needs a bearer token from the registry's own token service.
    pub fn require_token(mut self, rules: TokenRules) -> Self {
        self.token = Some(rules);
        self
    }

    /// Offers and takes Basic beside Bearer, in a second field (Gitea, Harbor).
    pub fn basic_beside_bearer(mut self) -> Self {
        self.rules.basic_beside_bearer = true;
        self
    }

    /// Sends exactly these WWW-Authenticate fields instead of its own: `{R}` is the token
    /// service's origin, or the registry's if it has none, `{NAME}` the repository.
    pub fn challenges<T: Into<Vec<u8>>>(mut self, fields: impl IntoIterator<Item = T>) -> Self {
        self.rules.challenges = Some(fields.into_iter().map(Into::into).collect());
        self
    }

    /// Only these users see the repository.
    pub fn private(mut self, repository: &str, users: &[&str]) -> Self {
        let users = users.iter().map(ToString::to_string).collect();
        self.rules.private.insert(repository.to_owned(), users);
        self
    }

    /// Waits before each answer of the registry, the token service and the blob host.
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Listens on another loopback address.
    pub fn address(mut self, ip: &str) -> Self {
        self.address = ip.to_owned();
        self
    }

    /// Serves over TLS, the token service too.
    pub fn tls(mut self, config: Arc<ServerConfig>) -> Self {
        self.tls = Some(config);
        self
    }

    /// Redirects blobs with 307 to a host at this address, which refuses an Authorization
    /// header as S3 does.
    pub fn redirect_blobs(mut self, ip: &str) -> Self {
        self.redirect_blobs = Some(ip.to_owned());
        self
    }

    /// Adds a header field to every answer.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.rules.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Docker Hub's pull limit, as its headers say it.
    pub fn rate_limit(self, limit: u32, remaining: u32) -> Self {
        self.header("ratelimit-limit", &format!("{limit};w=21600"))
            .header("ratelimit-remaining", &format!("{remaining};w=21600"))
            .header("docker-ratelimit-source", "192.0.2.1")
    }

    /// Answers the first `count` requests with this status and no body.
    pub fn fail_first(self, count: usize, status: u16) -> Self {
        self.first(count, move |_| Some(Response::new(status)))
    }

    /// Answers the first `count` requests with 429 and this Retry-After.
    pub fn too_many_first(self, count: usize, retry_after: &str) -> Self {
        let value = retry_after.to_owned();
        self.first(count, move |_| {
            Some(error(429, "TOOMANYREQUESTS", "too many requests").header("Retry-After", &*value))
        })
    }

    /// A hook for the first `count` requests.
    pub fn first(
        mut self,
        count: usize,
        hook: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static,
    ) -> Self {
        self.rules.first.push((count, Box::new(hook)));
        self
    }

    /// A hook before everything else, authentication included; `None` goes on as usual.
    pub fn hook(
        mut self,
        hook: impl Fn(&Request) -> Option<Response> + Send + Sync + 'static,
    ) -> Self {
        self.rules.hooks.push(Box::new(hook));
        self
    }

    /// Answers HEAD on manifests with this status.
    pub fn head_status(mut self, status: u16) -> Self {
        self.rules.head_status = Some(status);
        self
    }

    /// Which manifest answers carry their digest in a header.
    pub fn digest_header(mut self, which: DigestHeader) -> Self {
        self.rules.digest_header = which;
        self
    }

    /// Starts the registry and whatever belongs to it.
    pub fn start(self) -> TestRegistry {
        let mut rules = self.rules;
        let token = self.token.map(|mut token| {
            token.users.extend(rules.users.clone());
            token.private.extend(rules.private.clone());
            Arc::new(TokenService::start(token, self.tls.clone()))
        });
        rules.token.clone_from(&token);
        let blob_host = self.redirect_blobs.map(|ip| content::blob_host(&ip, &rules, &self.tls));
        rules.blob_host = blob_host.as_ref().map(Server::origin);
        let seen = AtomicUsize::new(0);
        let server = Server::start(&self.address, self.tls, move |request| {
            let number = seen.fetch_add(1, Ordering::SeqCst);
            let mut response = rules.answer(request, number);
            for (name, value) in &rules.headers {
                response = response.header(name, &**value);
            }
            response
        });
        for one in [Some(&server), token.as_ref().map(|t| t.server()), blob_host.as_ref()] {
            one.into_iter().for_each(|server| server.set_delay(self.delay));
        }
        TestRegistry { server, token, blob_host }
    }
}
