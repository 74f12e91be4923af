//! Which pairs of registry and token service share an owner.

use super::*;

fn origin(text: &str) -> Origin {
    let text = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    text.parse::<Url>().unwrap().origin().clone()
}

fn may(registry: &str, realm: &str, allowed: &[&str]) -> bool {
    let allowed: Vec<String> = allowed.iter().map(|&host| host.to_owned()).collect();
    may_have_login(&origin(registry), &origin(realm), &allowed)
}

#[test]
fn one_owner() {
    for (registry, realm) in [
        ("registry-1.docker.io", "auth.docker.io"),
        ("docker.io", "auth.docker.io"),
        ("registry.gitlab.com", "gitlab.com"),
        ("registry.corp.example", "auth.corp.example"),
        ("registry.corp.example", "auth.corp.example:8443"),
        ("registry.corp.example", "AUTH.corp.example."),
        ("registry.example.com", "gitlab.example.com"),
        ("registry.digitalocean.com", "api.digitalocean.com"),
        ("registry.eu.corp.lan", "auth.corp.lan"),
        ("reg.shop.co.uk", "auth.shop.co.uk"),
        ("r.corp.com.pl", "auth.corp.com.pl"),
        ("r.corp.github.io", "auth.corp.github.io"),
        ("registry.tail1234.ts.net", "auth.tail1234.ts.net"),
        ("registry.cn-hangzhou.aliyuncs.com", "dockerauth.cn-hangzhou.aliyuncs.com"),
        ("registry-vpc.cn-hangzhou.aliyuncs.com", "dockerauth-vpc.cn-hangzhou.aliyuncs.com"),
        ("registry.cn-hangzhou.aliyuncs.com", "dockerauth.aliyuncs.com"),
        ("registry.cn-zhangjiakou.aliyuncs.com", "dockerauth-cn-zhangjiakou.aliyuncs.com"),
        ("registry.ap-southeast-1.aliyuncs.com", "dockerauth-ee.ap-southeast-1.aliyuncs.com"),
        ("registry.us-west-1.aliyuncs.com", "dockerauth-ee-vpc.us-west-1.aliyuncs.com"),
        ("rg.fr-par.scw.cloud", "api.scaleway.com"),
        ("rg.nl-ams.scw.cloud", "api.scaleway.com"),
        ("ghcr.io", "ghcr.io"),
        ("a.azurecr.io", "a.azurecr.io:5000"),
        ("registry:5000", "registry:5001"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5001"),
        ("http://registry:5000", "http://registry:5001"),
        ("http://registry.corp.example:5000", "https://auth.corp.example"),
        ("[::1]:5000", "[::1]:5001"),
    ] {
        assert!(may(registry, realm, &[]), "{registry} {realm}");
    }
}

/// Neighbors under a suffix that anybody can get a name under.
#[test]
fn strangers_under_a_shared_suffix() {
    for suffix in [
        "a.run.app",
        "azurecontainerapps.io",
        "westeurope.azurecontainerapps.io",
        "blob.core.windows.net",
        "core.windows.net",
        "windows.net",
        "azurewebsites.net",
        "cloudapp.azure.com",
        "westeurope.cloudapp.azure.com",
        "azurecr.io",
        "azurecr.cn",
        "ngrok-free.app",
        "ngrok.app",
        "ngrok.io",
        "ts.net",
        "eu.org",
        "nip.io",
        "10.0.0.1.nip.io",
        "sslip.io",
        "amazonaws.com",
        "dkr.ecr.eu-west-1.amazonaws.com",
        "elb.amazonaws.com",
        "s3.amazonaws.com",
        "cloudfront.net",
        "on.aws",
        "lambda-url.eu-west-1.on.aws",
        "awsapprunner.com",
        "herokuapp.com",
        "github.io",
        "gitlab.io",
        "pages.dev",
        "workers.dev",
        "fly.dev",
        "vercel.app",
        "netlify.app",
        "onrender.com",
        "railway.app",
        "up.railway.app",
        "web.app",
        "appspot.com",
        "pkg.dev",
        "jfrog.io",
        "ocir.io",
        "appdomain.cloud",
        "scw.cloud",
        "fr-par.scw.cloud",
        "functions.fnc.fr-par.scw.cloud",
        "container-registry.ovh.net",
        "aliyuncs.com",
        "cn-hangzhou.aliyuncs.com",
        "oss-cn-hangzhou.aliyuncs.com",
        "cn-hangzhou.fc.aliyuncs.com",
        "myqcloud.com",
        "tencentcloudcr.com",
        "ondigitalocean.app",
        "digitaloceanspaces.com",
        "trycloudflare.com",
        "duckdns.org",
        "ddns.net",
        "dyndns.org",
        "no-ip.org",
        "svc.cluster.local",
        "cluster.local",
        "azurecr.us",
        "azurecr.de",
        "core.chinacloudapi.cn",
        "usgovcloudapi.net",
        "amazonaws.com.cn",
        "app.github.dev",
        "devtunnels.ms",
        "euw.devtunnels.ms",
        "loca.lt",
        "lhr.life",
        "serveo.net",
        "a.pinggy.link",
        "oraclecloud.com",
        "obs.cn-north-4.myhuaweicloud.com",
        "r2.dev",
        "deno.dev",
        "replit.dev",
        "synology.me",
        "hopto.org",
        "mooo.com",
        "hf.space",
        "co.uk",
        "com.pl",
        "com.au",
        "co.jp",
        "lan",
    ] {
        let (registry, realm) = (format!("registry.{suffix}"), format!("stranger.{suffix}"));
        assert!(!may(&registry, &realm, &[]), "{registry} {realm}");
    }
}

#[test]
fn strangers_that_look_alike() {
    for (registry, realm) in [
        ("lscr.io", "ghcr.io"),
        ("co.uk", "co.uk.evil.com"),
        ("docker.io.evil.com", "auth.docker.io"),
        ("evildocker.io", "docker.io"),
        ("evil.com", "gitlab.com"),
        ("auth.docker.io", "evil-docker.io"),
        ("registry.lan", "auth.lan"),
        ("registry:5000", "auth:5001"),
        ("127.0.0.1:5000", "127.0.0.2:5001"),
        ("10.0.0.1", "10.1.0.1"),
        ("[fd00::1]", "[fd00::2]"),
        ("10.0.0.1.corp.example", "10.0.0.1"),
        // Alibaba's customers own names beside its token services.
        ("registry.cn-hangzhou.aliyuncs.com", "dockerauth.oss-cn-hangzhou.aliyuncs.com"),
        ("registry.cn-hangzhou.aliyuncs.com", "dockerauth-evil.cn-hangzhou.aliyuncs.com"),
        ("registry.cn-hangzhou.aliyuncs.com", "evil.dockerauth.cn-hangzhou.aliyuncs.com"),
        ("registry.cn-hangzhou.aliyuncs.com", "dockerauth.cn-hangzhou.evil.aliyuncs.com"),
        ("registry.cn-hangzhou.aliyuncs.com", "dockerauth.evil.aliyuncs.com"),
        ("registry.cn-hangzhou.aliyuncs.com", "dockerauth.cn-hangzhou.aliyuncs.com.evil.com"),
        ("registry.cn-hangzhou.evil.com", "dockerauth.cn-hangzhou.aliyuncs.com"),
        ("evilaliyuncs.com", "dockerauth.aliyuncs.com"),
        // So do Scaleway's.
        ("rg.fr-par.scw.cloud", "evil.scaleway.com"),
        ("evil.rg.fr-par.scw.cloud", "api.scaleway.com"),
        ("evil.fr-par.scw.cloud", "api.scaleway.com"),
        ("rg.evil.scw.cloud", "api.scaleway.com"),
    ] {
        assert!(!may(registry, realm, &[]), "{registry} {realm}");
    }
}

/// Permission for plain http is for the registry's own host.
#[test]
fn a_realm_elsewhere_is_encrypted() {
    let registry = "http://registry.corp.example:5000";
    for (realm, allowed, expected) in [
        ("http://registry.corp.example:8080", &[][..], true),
        ("http://auth.corp.example", &[], false),
        ("https://auth.corp.example", &[], true),
        ("http://auth.corp.example", &["auth.corp.example"], false),
        ("http://auth.corp.example", &["http://auth.corp.example"], true),
        ("http://auth.corp.example:8080", &["http://AUTH.corp.example"], true),
        ("https://auth.corp.example", &["http://auth.corp.example"], true),
        ("http://sso.example", &["http://auth.corp.example"], false),
        ("http://127.0.0.2", &["127.0.0.2"], false),
        ("http://127.0.0.2", &["http://127.0.0.2"], true),
    ] {
        assert_eq!(may(registry, realm, allowed), expected, "{realm} {allowed:?}");
    }
}

#[test]
fn hosts_that_the_profile_allows() {
    for (realm, expected) in [
        ("ghcr.io", true),
        ("ghcr.io.", true),
        ("ghcr.io:8443", true),
        ("evil.io", false),
        ("a.ghcr.io", false),
        ("hcr.io", false),
    ] {
        assert_eq!(may("lscr.io", realm, &["GHCR.io"]), expected, "{realm}");
    }
}

#[test]
fn realms() {
    let challenged: Url = "https://r.example/v2/a/tags/list".parse().unwrap();
    let plain: Url = "http://r.example:5000/v2/".parse().unwrap();
    for (realm, expected) in [
        ("https://a.example/token?tenant=a", "https://a.example/token?tenant=a"),
        ("/v2/token", "https://r.example/v2/token"),
        ("//h/t#frag", "https://h/t"),
    ] {
        assert_eq!(resolve(realm, &challenged).unwrap().to_string(), expected);
    }
    assert_eq!(resolve("http://r.example/token", &challenged), Err(RealmError::Downgrade));
    assert!(resolve("http://r.example/token", &plain).is_ok());
    assert!(resolve("https://r.example/token", &plain).is_ok());
    for bad in ["https://u:p@h/", "ftp://h/", "https://", "https://h:0/", "https://h\n/"] {
        assert!(matches!(resolve(bad, &challenged), Err(RealmError::Url(_))), "{bad}");
    }
}

/// What the hint says to put into `token-hosts` is what lets the login through.
#[test]
fn the_suggested_entry_is_enough() {
    for (realm, entry) in [
        ("https://Token.example.:8443", "token.example"),
        ("http://token.example", "http://token.example"),
    ] {
        assert_eq!(entry_for(&origin(realm)), entry);
        assert!(!may("registry.test", realm, &[]));
        assert!(may("registry.test", realm, &[entry]));
    }
}
