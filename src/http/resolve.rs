//! Names to addresses, once per run and under the policy of `address`.
//!
//! This is the resolver that ureq asks at the last moment before connecting. It refuses addresses
//! that a server may not send us to, and what it has checked is what is contacted: a name server
//! is not asked a second time, not for another port either.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

use super::address::{self, Reach};
use super::connect::{ConnectFailure, fail};
use crate::system::lock;

/// What hosts were resolved to in this run. The ports mean nothing: they are those of whoever
/// asked first.
#[derive(Debug, Default)]
pub(super) struct AddressCache(Mutex<HashMap<String, ResolvedSocketAddrs>>);

impl AddressCache {
    /// Whether a host that was contacted before has only private or loopback addresses.
    pub(super) fn is_private(&self, host: &str) -> bool {
        let known = lock(&self.0);
        known.get(host).is_some_and(|addresses| {
            let is_private = |a: &SocketAddr| address::kind(a.ip()) == address::Kind::Private;
            // One private address beside a public one proves nothing: whoever owns the name
            // could add it to open the way into our network.
            !addresses.is_empty() && addresses.iter().all(is_private)
        })
    }
}

/// The resolver: a cache, and the address policy.
#[derive(Debug)]
pub(super) struct PolicyResolver {
    pub(super) reach: Reach,
    pub(super) cache: Arc<AddressCache>,
    /// Host and port of the proxy, to which the policy does not apply: the user named it.
    pub(super) proxy: Option<String>,
    /// The proxy that plain http requests go to in the place of their own host.
    pub(super) forward: Option<Uri>,
}

impl PolicyResolver {
    /// A host that the user named is not looked up again for a port that a server names: the
    /// second answer could be another.
    fn look_up(
        &self,
        uri: &Uri,
        key: &str,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let (host, port) = key.rsplit_once(':').ok_or(ureq::Error::HostNotFound)?;
        let port = port.parse().map_err(|_| ureq::Error::HostNotFound)?;
        let known = lock(&self.cache.0).get(host).cloned();
        let mut addresses = match (known, key.parse()) {
            (Some(known), _) => known,
            (None, Ok(literal)) => {
                let mut addresses = self.empty();
                addresses.push(literal);
                addresses
            }
            (None, Err(_)) => {
                let found = DefaultResolver::default().resolve(uri, config, timeout);
                let found = found.map_err(|error| match error {
                    ureq::Error::Io(_) => ureq::Error::HostNotFound,
                    other => other,
                })?;
                // Of two threads that asked at once, the first one's answer counts for both.
                lock(&self.cache.0).entry(host.to_owned()).or_insert(found).clone()
            }
        };
        addresses.iter_mut().for_each(|address| address.set_port(port));
        Ok(addresses)
    }
}

impl Resolver for PolicyResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let uri = self.forward.as_ref().unwrap_or(uri);
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return Err(ureq::Error::HostNotFound);
        };
        let key =
            DefaultResolver::host_and_port(scheme, authority).ok_or(ureq::Error::HostNotFound)?;
        let found = self.look_up(uri, &key, config, timeout)?;
        if self.forward.is_some() || self.proxy.as_ref() == Some(&key) {
            return Ok(found);
        }
        let mut allowed = self.empty();
        for found in found.iter().filter(|a| address::allowed(a.ip(), self.reach)) {
            allowed.push(*found);
        }
        match found.first() {
            Some(first) if allowed.is_empty() => Err(fail(ConnectFailure::Address(first.ip()))),
            _ => Ok(allowed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A resolver of foreign names, for which a hostile name server has answered already.
    fn resolver(reach: Reach, host: &str, answer: &[&str]) -> PolicyResolver {
        let cache = Arc::new(AddressCache::default());
        let resolver = PolicyResolver { reach, cache, proxy: None, forward: None };
        let mut addresses = resolver.empty();
        for ip in answer {
            addresses.push(SocketAddr::new(ip.parse().unwrap(), 80));
        }
        resolver.cache.0.lock().unwrap().insert(host.to_owned(), addresses);
        resolver
    }

    fn resolve(resolver: &PolicyResolver, uri: &str) -> Option<Vec<String>> {
        let config = ureq::Agent::config_builder().build();
        let uri: Uri = uri.parse().unwrap();
        match resolver.resolve(&uri, &config, NextTimeout::default()) {
            Ok(found) => Some(found.iter().map(|a| a.ip().to_string()).collect()),
            Err(ureq::Error::Other(other)) => {
                assert!(other.downcast::<ConnectFailure>().is_ok());
                None
            }
            Err(error) => panic!("{uri}: {error}"),
        }
    }

    #[test]
    fn names_that_lead_inside_are_refused() {
        use Reach::{Anywhere, ForeignPrivate, ForeignPublic};
        type Case<'a> = (Reach, &'a [&'a str], Option<&'a [&'a str]>);
        let cases: [Case; 9] = [
            (ForeignPublic, &["169.254.169.254"], None),
            (ForeignPrivate, &["169.254.169.254"], None),
            (ForeignPublic, &["127.0.0.1", "::1", "10.0.0.1"], None),
            (ForeignPublic, &["::ffff:127.0.0.1", "64:ff9b::a00:1"], None),
            (ForeignPublic, &["1.1.1.1", "10.0.0.1"], Some(&["1.1.1.1"])),
            (ForeignPublic, &["10.0.0.1", "1.1.1.1"], Some(&["1.1.1.1"])),
            (ForeignPrivate, &["10.0.0.1", "fe80::1"], Some(&["10.0.0.1"])),
            (ForeignPrivate, &["fd00:ec2::254"], None),
            (Anywhere, &["127.0.0.1"], Some(&["127.0.0.1"])),
        ];
        for (reach, answer, expected) in cases {
            let found = resolve(&resolver(reach, "evil.example", answer), "http://evil.example/t");
            let expected = expected.map(|ips| ips.iter().map(ToString::to_string).collect());
            assert_eq!(found, expected, "{reach:?} {answer:?}");
        }
    }

    /// A second answer of the name server is not asked for: what was checked is contacted.
    #[test]
    fn a_name_is_looked_up_once() {
        let resolver = resolver(Reach::ForeignPublic, "evil.example", &["1.1.1.1"]);
        for _ in 0..2 {
            let found = resolve(&resolver, "http://evil.example/t");
            assert_eq!(found, Some(vec!["1.1.1.1".to_owned()]));
        }
        // Nor for another port, in which a registry could hide a way into our network.
        let uri = "http://evil.example:6379/t".parse().unwrap();
        let config = ureq::Agent::config_builder().build();
        let found = resolver.resolve(&uri, &config, NextTimeout::default()).unwrap();
        assert_eq!(found.first(), Some(&"1.1.1.1:6379".parse().unwrap()));
        assert_eq!(resolve(&resolver, "http://localhost:1/"), None);
        assert_eq!(resolve(&resolver, "http://127.0.0.1:1/"), None);
    }

    #[test]
    fn a_private_address_beside_a_public_one_proves_nothing() {
        let cases: [(&[&str], bool); 5] = [
            (&["10.0.0.1"], true),
            (&["10.0.0.1", "::1"], true),
            (&["10.0.0.1", "1.1.1.1"], false),
            (&["1.1.1.1"], false),
            (&[], false),
        ];
        for (answer, expected) in cases {
            let resolver = resolver(Reach::Anywhere, "r.example", answer);
            assert_eq!(resolver.cache.is_private("r.example"), expected, "{answer:?}");
            assert!(!resolver.cache.is_private("other.example"));
        }
    }
}
