//! Where a login may go.
//!
//! A registry's challenge names its token service, and a hostile registry can name anybody. So a
//! login goes to the registry's own host, to a known pair's token service, to a host of the same
//! registrable domain, or to a host that the user's profile allows. Every other token service is
//! asked anonymously, which is enough for public images (lscr.io names ghcr.io). Pure.

use crate::http::url::{Origin, Scheme, Url, UrlError};

/// Registries whose token service has a name of its own, and that name.
const PAIRS: [(&str, &str); 3] = [
    ("registry-1.docker.io", "auth.docker.io"),
    ("docker.io", "auth.docker.io"),
    ("registry.gitlab.com", "gitlab.com"),
];

/// Domains under which strangers own the next label, beyond those that the public suffix list
/// knows. Too long is the safe side: a missing entry trusts a stranger, a superfluous one asks
/// anonymously.
const SHARED: &str = "\
    aliyuncs.com amazonaws.com amazonaws.com.cn appdomain.cloud azurecontainerapps.io \
    azurecr.cn azurecr.de azurecr.io azurecr.us chinacloudapi.cn chinacloudapp.cn \
    cloudapp.azure.com cluster.local container-registry.ovh.net cs.amazonlightsail.com \
    devtunnels.ms fcapp.run github.dev gitpod.io jfrog.io koyeb.app lhr.life \
    linodeusercontent.com loca.lt localhost.run mooo.com myhuaweicloud.com myqcloud.com \
    nip.io ocir.io on.aws openshiftapps.com oraclecloud.com pinggy.link pkg.dev railway.app \
    railway.internal runpod.net scw.cloud serveo.net sslip.io tencentcloudcr.com traefik.me \
    usgovcloudapi.net vultrusercontent.com windows.net xip.io your-server.de zrok.io";

/// Why a realm is not contacted at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RealmError {
    Url(UrlError),
    /// It is not https although the registry is.
    Downgrade,
}

/// Resolves the realm of a challenge against the URL that was challenged.
///
/// # Errors
/// Realms that are not http(s) URLs, carry user information, or leave https.
pub(crate) fn resolve(realm: &str, challenged: &Url) -> Result<Url, RealmError> {
    let url = challenged.join(realm).map_err(RealmError::Url)?;
    let leaves_tls = challenged.origin().scheme() == Scheme::Https;
    if leaves_tls && url.origin().scheme() == Scheme::Http {
        return Err(RealmError::Downgrade);
    }
    Ok(url)
}

/// Whether the login for `registry` may be sent to `realm`. `allowed` is the profile's
/// `token-hosts`: `HOST`, or `http://HOST` where even an unencrypted connection will do.
pub(crate) fn may_have_login(registry: &Origin, realm: &Origin, allowed: &[String]) -> bool {
    let (ours, theirs) = (bare(registry), bare(realm));
    // The user decided how the registry's own host is talked to; that holds for all its ports.
    if ours == theirs {
        return true;
    }
    let is_listed = |prefix: &str| {
        let hosts = allowed.iter().filter_map(|entry| entry.strip_prefix(prefix));
        hosts.map(|host| host.trim_end_matches('.')).any(|host| host.eq_ignore_ascii_case(theirs))
    };
    // Permission to talk to the registry in clear is not for other hosts.
    if realm.scheme() == Scheme::Http {
        return is_listed("http://");
    }
    let are_names = [registry, realm].iter().all(|origin| origin.ip().is_none());
    is_listed("")
        || is_listed("http://")
        || (are_names && (is_known_pair(ours, theirs) || are_neighbors(ours, theirs)))
}

/// What `token-hosts` must hold for this realm to have the login.
pub(crate) fn entry_for(realm: &Origin) -> String {
    let scheme = if realm.scheme() == Scheme::Http { "http://" } else { "" };
    format!("{scheme}{}", bare(realm))
}

fn is_known_pair(registry: &str, realm: &str) -> bool {
    PAIRS.contains(&(registry, realm))
        || (is_below(registry, "aliyuncs.com") && is_alibaba_token_service(realm))
        || (is_scaleway_registry(registry) && realm == "api.scaleway.com")
}

/// `dockerauth[-ee][-vpc].REGION.aliyuncs.com`, and two names without a region. Customers own
/// names there, too, but not these: a bucket's name comes before `oss-REGION`.
fn is_alibaba_token_service(host: &str) -> bool {
    let Some(name) = host.strip_suffix(".aliyuncs.com") else { return false };
    match name.split_once('.') {
        None => matches!(name, "dockerauth" | "dockerauth-cn-zhangjiakou"),
        Some((service, region)) => {
            let services = ["dockerauth", "dockerauth-ee", "dockerauth-vpc", "dockerauth-ee-vpc"];
            services.contains(&service) && is_region(region)
        }
    }
}

/// `rg.REGION.scw.cloud`.
fn is_scaleway_registry(host: &str) -> bool {
    let region = host.strip_prefix("rg.").and_then(|rest| rest.strip_suffix(".scw.cloud"));
    region.is_some_and(is_region)
}

/// A cloud's region: two letters of a country or continent, a dash, one more word or two:
/// `cn-hangzhou`, `ap-southeast-1`, `fr-par`.
fn is_region(label: &str) -> bool {
    let Some((area, place)) = label.split_once('-') else { return false };
    area.len() == 2
        && area.bytes().all(|b| b.is_ascii_lowercase())
        && place.starts_with(|c: char| c.is_ascii_lowercase())
        && place.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// Whether one owner registered the domain of both, by the public suffix list with its private
/// section. A suffix that the list does not know is one label: `corp.lan` is a domain.
fn are_neighbors(one: &str, other: &str) -> bool {
    let is_shared = |host| SHARED.split(' ').any(|domain| host == domain || is_below(host, domain));
    let domain = psl::domain_str(one);
    domain.is_some() && domain == psl::domain_str(other) && !is_shared(one) && !is_shared(other)
}

fn is_below(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'))
}

/// The host, lower case, without the dot that a full name may end in.
fn bare(origin: &Origin) -> &str {
    origin.host().trim_end_matches('.')
}

#[cfg(test)]
mod tests;
