//! Where a registry's requests go.
//!
//! Three things that must never be mixed: the name that the user typed, to which the login
//! belongs; the origin that requests are sent to, which differs for Docker Hub and for mirrors;
//! and the token service, which the registry names itself (see `realm`).

use std::sync::Arc;

use crate::error::Error;
use crate::http::address::Reach;
use crate::http::certs::Directories;
use crate::http::tls::TlsSettings;
use crate::http::url::{Origin, Scheme, Url};
use crate::oci::reference::Registry;

/// Docker Hub's API host; the name in references is `docker.io`.
const DOCKER_HUB_HOST: &str = "registry-1.docker.io";

/// A registry's API: origin, TLS, and what its profile allows.
#[derive(Debug, Clone)]
pub(crate) struct Endpoint {
    /// The registry's name in references.
    pub registry: Registry,
    /// Scheme, host and port of its API.
    pub origin: Origin,
    /// The prefix of `/v2/` in every path; empty or `/prefix`.
    pub prefix: String,
    /// Try https first and plain http where that is not spoken: loopback registries, as docker
    /// does it.
    pub probe: bool,
    /// Which addresses its name may have.
    pub reach: Reach,
    /// TLS of this registry, and of nobody else.
    pub tls: Arc<TlsSettings>,
    /// Further hosts whose token service may be told the login.
    pub token_hosts: Vec<String>,
    /// Where the authorities of hosts that the registry names are looked up.
    pub directories: Directories,
}

/// How a registry's connections are secured, as the user set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Security {
    /// https, certificates checked; for a loopback registry https unchecked, then http.
    Default,
    /// https, any certificate; for a loopback registry http where that is not spoken.
    Insecure,
    /// http.
    PlainHttp,
    /// https, certificates checked, also for a loopback registry: a CA was named for it.
    Verified,
}

impl Endpoint {
    /// The endpoint of a registry; `url` is where its requests really go, if not to its name.
    ///
    /// # Errors
    /// A registry name that is not a usable host (port 0, a number that looks like an address).
    pub(crate) fn new(
        registry: &Registry,
        url: Option<&Url>,
        security: Security,
        tls: Arc<TlsSettings>,
        token_hosts: Vec<String>,
    ) -> Result<Self, Error> {
        let plain = security == Security::PlainHttp;
        let scheme = if plain { Scheme::Http } else { Scheme::Https };
        let origin = match url {
            Some(url) => url.origin().clone(),
            None if registry.is_docker_hub() => {
                Origin::new(scheme, DOCKER_HUB_HOST, None).map_err(|_| unusable(registry))?
            }
            None => Origin::new(scheme, registry.host(), registry.port())
                .map_err(|_| unusable(registry))?,
        };
        let lenient = matches!(security, Security::Default | Security::Insecure);
        let probe = url.is_none() && lenient && origin.is_loopback();
        let tls = if probe { Arc::new(tls.unverified()) } else { tls };
        let prefix = url.map_or("", |url| url.path().trim_end_matches('/')).to_owned();
        // What a loopback registry may do unasked is not for whatever its name leads to.
        let reach = match security {
            Security::Default if origin.is_loopback() => Reach::Loopback,
            _ => Reach::Anywhere,
        };
        let (registry, directories) = (registry.clone(), Directories::default());
        Ok(Endpoint { registry, origin, prefix, probe, reach, tls, token_hosts, directories })
    }
}

fn unusable(registry: &Registry) -> Error {
    Error::usage(
        format!("\"{registry}\" is not a usable registry name"),
        "use a host name or IP address with an optional port, such as registry.example:5000",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let cases = [
            ("docker.io", Security::Default, "https://registry-1.docker.io", false),
            ("quay.io", Security::Default, "https://quay.io", false),
            ("quay.io", Security::Insecure, "https://quay.io", false),
            ("reg:5000", Security::PlainHttp, "http://reg:5000", false),
            ("127.0.0.1:5000", Security::Default, "https://127.0.0.1:5000", true),
            ("localhost", Security::Default, "https://localhost", true),
            ("app.localhost:1", Security::Default, "https://app.localhost:1", true),
            ("[::1]:5000", Security::Default, "https://[::1]:5000", true),
            ("[::1]:5000", Security::Insecure, "https://[::1]:5000", true),
            ("localhost", Security::Verified, "https://localhost", false),
        ];
        for (name, security, origin, probe) in cases {
            let registry: Registry = name.parse().unwrap();
            let endpoint =
                Endpoint::new(&registry, None, security, Arc::default(), Vec::new()).unwrap();
            let is_unasked = probe && security == Security::Default;
            assert_eq!(endpoint.reach == Reach::Loopback, is_unasked, "{name}");
            assert_eq!((endpoint.origin.to_string().as_str(), endpoint.probe), (origin, probe));
        }
        for name in ["reg:0", "reg:99999", "0x7f000001", "127.1"] {
            let registry: Registry = name.parse().unwrap();
            let endpoint =
                Endpoint::new(&registry, None, Security::Default, Arc::default(), Vec::new());
            assert!(endpoint.is_err(), "{name}");
        }
    }
}
