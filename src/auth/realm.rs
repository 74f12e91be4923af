//! Who may be told a login.
//!
//! A registry's challenge names its token service, and a hostile registry can name anybody. So a
//! login goes to the registry's own host, to a host of the same registrable domain, to one of two
//! well-known pairs, or to a host that the user's profile allows. Everyone else is asked
//! anonymously, which is enough for public images (lscr.io names ghcr.io). Pure.

use crate::http::url::{Origin, Scheme, Url, UrlError};

/// Registries whose token service lives under another name, and that name.
const PAIRS: [(&str, &str); 2] =
    [("registry-1.docker.io", "auth.docker.io"), ("registry.gitlab.com", "gitlab.com")];

/// Suffixes under which strangers own the next label. Too long is the safe side: a missing
/// entry trusts a neighbour, a superfluous one only asks anonymously.
const SHARED_SUFFIXES: &str = "\
    co.uk org.uk ac.uk gov.uk ltd.uk me.uk net.uk plc.uk \
    com.au net.au org.au edu.au gov.au co.nz net.nz org.nz \
    co.jp ne.jp or.jp ac.jp go.jp co.kr or.kr ac.kr go.kr \
    com.cn net.cn org.cn edu.cn gov.cn com.tw org.tw com.hk org.hk com.sg com.my com.ph com.vn \
    co.th co.id or.id ac.id \
    co.in net.in org.in ac.in gov.in com.pk com.bd com.np com.lk \
    co.za org.za ac.za co.ke com.ng com.gh com.eg co.il org.il ac.il com.tr org.tr com.sa \
    com.br net.br org.br com.ar com.mx com.co com.pe com.ve com.ec com.uy com.ua com.pl com.pt \
    com.gr \
    github.io gitlab.io github.dev \
    amazonaws.com cloudfront.net azurecr.io azurecr.cn azurewebsites.net cloudapp.net \
    windows.net azurecontainerapps.io pkg.dev run.app appspot.com web.app firebaseapp.com \
    aliyuncs.com myqcloud.com tencentcloudcr.com digitaloceanspaces.com ondigitalocean.app \
    appdomain.cloud scw.cloud \
    herokuapp.com vercel.app netlify.app pages.dev workers.dev fly.dev onrender.com railway.app \
    jfrog.io hf.space \
    ngrok.io ngrok.app trycloudflare.com duckdns.org dyndns.org ddns.net nip.io sslip.io";

/// Whether a token service may be asked with the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trust {
    /// With the login.
    Login,
    /// Without.
    Anonymous,
}

/// Why a realm is not contacted at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RealmError {
    /// It is no acceptable URL.
    Url(UrlError),
    /// It is not https although the registry is.
    Downgrade,
}

/// Resolves the realm of a challenge against the URL that was challenged.
///
/// # Errors
/// Realms that are no http(s) URL, carry user information, or leave https.
pub(crate) fn resolve(realm: &str, challenged: &Url) -> Result<Url, RealmError> {
    let url = challenged.join(realm).map_err(RealmError::Url)?;
    let leaves_tls = challenged.origin().scheme() == Scheme::Https;
    if leaves_tls && url.origin().scheme() == Scheme::Http {
        return Err(RealmError::Downgrade);
    }
    Ok(url)
}

/// Whether the login for `registry` may be sent to `realm`; `allowed` are the profile's hosts.
pub(crate) fn trust(registry: &Origin, realm: &Origin, allowed: &[String]) -> Trust {
    let (ours, theirs) = (registry.host(), realm.host());
    let is_pair = PAIRS.contains(&(ours, theirs));
    let is_allowed = allowed.iter().any(|host| host.eq_ignore_ascii_case(theirs));
    let is_named = |origin: &Origin| origin.ip().is_none() && origin.host().contains('.');
    let is_neighbour = is_named(registry)
        && is_named(realm)
        && registrable_domain(ours).is_some_and(|ours| Some(ours) == registrable_domain(theirs));
    if ours == theirs || is_pair || is_allowed || is_neighbour {
        Trust::Login
    } else {
        Trust::Anonymous
    }
}

/// The part of a host name that one owner registers: the last two labels, or one more than a
/// shared suffix has. `None` for a bare suffix.
fn registrable_domain(host: &str) -> Option<&str> {
    let host = host.trim_end_matches('.');
    let shared = SHARED_SUFFIXES.split_ascii_whitespace().find(|suffix| {
        host.strip_suffix(suffix).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    });
    let labels = shared.map_or(2, |suffix| suffix.split('.').count() + 1);
    if host.split('.').count() < labels {
        return None;
    }
    let start = host.rmatch_indices('.').nth(labels - 1).map_or(0, |(dot, _)| dot + 1);
    Some(&host[start..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origin(text: &str) -> Origin {
        text.parse::<Url>().unwrap().origin().clone()
    }

    #[test]
    fn who_is_told() {
        let cases = [
            ("https://registry-1.docker.io", "https://auth.docker.io", Trust::Login),
            ("https://registry.gitlab.com", "https://gitlab.com", Trust::Login),
            ("https://ghcr.io", "https://ghcr.io", Trust::Login),
            ("https://registry.corp.example", "https://auth.corp.example:8443", Trust::Login),
            ("https://reg.shop.co.uk", "https://auth.shop.co.uk", Trust::Login),
            ("https://a.shop.co.uk", "https://b.other.co.uk", Trust::Anonymous),
            ("https://a.azurecr.io", "https://b.azurecr.io", Trust::Anonymous),
            ("https://a.ngrok.io", "https://b.ngrok.io", Trust::Anonymous),
            ("https://r.corp.com.pl", "https://auth.corp.com.pl", Trust::Login),
            ("https://r.corp.com.pl", "https://auth.other.com.pl", Trust::Anonymous),
            ("https://co.uk", "https://co.uk.evil.com", Trust::Anonymous),
            ("https://lscr.io", "https://ghcr.io", Trust::Anonymous),
            ("https://docker.io.evil.com", "https://auth.docker.io", Trust::Anonymous),
            ("https://evildocker.io", "https://docker.io", Trust::Anonymous),
            ("http://127.0.0.1:5000", "http://127.0.0.1:5001", Trust::Login),
            ("http://127.0.0.1:5000", "http://127.0.0.2:5001", Trust::Anonymous),
            ("http://10.0.0.1", "http://10.1.0.1", Trust::Anonymous),
            ("https://registry:5000", "https://auth:5001", Trust::Anonymous),
            ("https://registry:5000", "https://registry:5001", Trust::Login),
        ];
        for (registry, realm, trusted) in cases {
            assert_eq!(
                trust(&origin(registry), &origin(realm), &[]),
                trusted,
                "{registry} {realm}"
            );
        }
        let allowed = ["GHCR.io".to_owned()];
        let lscr = origin("https://lscr.io");
        assert_eq!(trust(&lscr, &origin("https://ghcr.io"), &allowed), Trust::Login);
        assert_eq!(trust(&lscr, &origin("https://evil.io"), &allowed), Trust::Anonymous);
    }

    #[test]
    fn realms() {
        let challenged: Url = "https://r.example/v2/a/tags/list".parse().unwrap();
        let plain: Url = "http://r.example:5000/v2/".parse().unwrap();
        let text = |url: Result<Url, RealmError>| url.map(|url| url.to_string());
        assert_eq!(
            text(resolve("https://a.example/token?tenant=a", &challenged)),
            Ok("https://a.example/token?tenant=a".to_owned())
        );
        assert_eq!(
            text(resolve("/v2/token", &challenged)),
            Ok("https://r.example/v2/token".to_owned())
        );
        assert_eq!(text(resolve("//h/t#frag", &challenged)), Ok("https://h/t".to_owned()));
        assert_eq!(resolve("http://r.example/token", &challenged), Err(RealmError::Downgrade));
        assert!(resolve("http://r.example/token", &plain).is_ok());
        assert!(resolve("https://r.example/token", &plain).is_ok());
        for bad in ["https://u:p@h/", "ftp://h/", "https://", "https://h:0/", "https://h\n/"] {
            assert!(matches!(resolve(bad, &challenged), Err(RealmError::Url(_))), "{bad}");
        }
    }
}
