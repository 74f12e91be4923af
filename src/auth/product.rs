//! Which product a registry is, where its answers give it away, and requests to that product's own API.
//!
//! No request is sent to find out. Quay's token service is `/v2/auth` on its own host, Harbor's is called
//! `harbor-registry`; public projects of Harbor have no challenge, but its session cookie and request id
//! come with every answer. A registry of which this is not known is never asked for another API.
//!
//! These APIs take no registry tokens. They get what a `Basic` challenge of the same registry would get,
//! at the registry's own origin: the login, once the registry has asked for one and accepted it.

use super::access::Authorization;
use super::challenge::Challenge;
use super::{Resource, Session};
use crate::error::Error;
use crate::http::{Answer, Failure, Method, Request};
use crate::login::Credential;
use crate::oci::url::{Origin, Url};
use crate::system::lock;
use crate::system::secret::Secret;

/// A registry with an API of its own beside the distribution API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Product {
    Quay,
    Harbor,
}

/// The one public Quay: it answers for public repositories without any challenge.
const QUAY: &str = "quay.io";
/// The user name that goes with an OAuth token of Quay, which its API takes as a bearer token.
const QUAY_OAUTH_USER: &str = "$oauthtoken";

impl Product {
    /// What an answer of a registry gives away.
    pub(super) fn of(answer: &Answer, challenges: &[Challenge]) -> Option<Self> {
        let challenged = challenges.iter().filter(|challenge| challenge.is_bearer());
        challenged
            .filter_map(|challenge| Product::of_challenge(challenge, answer.url()))
            .next()
            .or_else(|| {
                let is_session = |cookie: &[u8]| cookie.starts_with(b"sid=");
                let has_id = answer.header("x-request-id").is_some();
                (has_id && answer.headers("set-cookie").any(is_session)).then_some(Product::Harbor)
            })
    }

    fn of_challenge(challenge: &Challenge, asked: &Url) -> Option<Self> {
        let realm: Url = challenge.parameter("realm")?.parse().ok()?;
        if realm.path() == "/v2/auth" && realm.origin().host() == asked.origin().host() {
            return Some(Product::Quay);
        }
        let is_harbor = challenge.parameter("service") == Some("harbor-registry");
        (is_harbor && realm.path().ends_with("/service/token")).then_some(Product::Harbor)
    }
}

impl Session {
    /// What the registry is, as far as its answers have shown.
    pub(crate) fn product(&self) -> Option<Product> {
        // Behind a prefix is a mirror: what stands beside it is not the product's API.
        if !self.endpoint.prefix.is_empty() {
            return None;
        }
        let is_quay =
            self.endpoint.registry.as_str() == QUAY && self.endpoint.origin.host() == QUAY;
        let seen = || self.product.get().filter(|(_, origin)| *origin == self.home());
        is_quay.then_some(Product::Quay).or_else(|| seen().map(|(product, _)| *product))
    }

    pub(super) fn note_product(&self, answer: &Answer, challenges: &[Challenge]) {
        if let Some(product) = Product::of(answer, challenges) {
            let _ = self.product.set((product, answer.url().origin().clone()));
        }
    }

    /// Asks the product's own API about a resource, at the registry's origin; no redirect is followed.
    ///
    /// # Errors
    /// Failures of the network, and what `read` returns.
    pub(crate) fn ask_product<T>(
        &self,
        product: Product,
        resource: &Resource,
        (path, query): (&str, &str),
        read: impl FnMut(&mut Answer) -> Result<T, Failure>,
    ) -> Result<T, Error> {
        let url = self.home().url(path, Some(query));
        let mut request = Request::new(Method::Get, url);
        request.accept = Some("application/json");
        request.authorization = self.product_login(product, resource);
        self.client.exchange(&self.peer, &request, read)
    }

    fn product_login(&self, product: Product, resource: &Resource) -> Option<Secret> {
        // Without a challenge no login was looked up, and none is needed.
        lock(&self.access(resource)).authorization.as_ref()?;
        let login = self.login(resource).filter(|login| login.is_accepted())?;
        match (product, &login.credential) {
            (Product::Harbor, _) => Some(Authorization::basic(&login)?.header().clone()),
            (Product::Quay, Credential::Basic { username, password })
                if username == QUAY_OAUTH_USER =>
            {
                Some(Secret::new(format!("Bearer {}", password.expose())))
            }
            (Product::Quay, _) => None,
        }
    }
}

/// Where [`Session::note_product`] found it.
pub(super) type Seen = (Product, Origin);
