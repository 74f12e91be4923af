//! Names that are pasted from a browser's address bar.

/// The name that an address stands for: that of a page on Docker Hub or Quay, of a registry's API,
/// or a name with a scheme in front. `None`: it is not an address, or holds no name.
pub(crate) fn pasted(text: &str) -> Option<String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
    let rest = rest.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    // What may be a password is for the grammar to refuse.
    if host.contains('@') {
        return None;
    }
    let parts: Vec<&str> = path.split('/').collect();
    let name = match (host, &parts[..]) {
        ("hub.docker.com", ["_", name, ..]) => format!("docker.io/library/{name}"),
        ("hub.docker.com", ["r", namespace, name, ..]) => format!("docker.io/{namespace}/{name}"),
        ("hub.docker.com", ["repository", "docker", namespace, name, ..]) => {
            format!("docker.io/{namespace}/{name}")
        }
        ("hub.docker.com", ["layers", namespace, name, tag, ..]) => {
            format!("docker.io/{namespace}/{name}:{tag}")
        }
        ("hub.docker.com", _) => return None,
        ("quay.io", ["repository", namespace, name, ..]) => format!("quay.io/{namespace}/{name}"),
        (_, ["v2", name @ .., "tags", "list"]) => format!("{host}/{}", name.join("/")),
        (_, ["v2", name @ .., "manifests", target]) => {
            let separator = if target.contains(':') { '@' } else { ':' };
            format!("{host}/{}{separator}{target}", name.join("/"))
        }
        _ => rest.to_owned(),
    };
    Some(name)
}

/// Registries that everybody knows.
const KNOWN: [&str; 12] = [
    "docker.io",
    "index.docker.io",
    "registry-1.docker.io",
    "gcr.io",
    "ghcr.io",
    "lscr.io",
    "mcr.microsoft.com",
    "public.ecr.aws",
    "quay.io",
    "registry.gitlab.com",
    "registry.k8s.io",
    "registry.access.redhat.com",
];

/// Whether a name without a slash is a registry's rather than a repository's: `localhost:5000`,
/// `registry.example:5000`, `ghcr.io`.
pub(crate) fn is_lone_registry(text: &str) -> bool {
    if text.contains('/') {
        return false;
    }
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let has_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let is_host = host == "localhost" || host.contains('.') || host.starts_with('[');
    (has_port && is_host) || KNOWN.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, name) in [
            ("https://hub.docker.com/_/nginx", Some("docker.io/library/nginx")),
            ("https://hub.docker.com/r/library/nginx", Some("docker.io/library/nginx")),
            ("https://hub.docker.com/r/acme/api/tags?page=2", Some("docker.io/acme/api")),
            (
                "https://hub.docker.com/repository/docker/acme/api/general",
                Some("docker.io/acme/api"),
            ),
            (
                "https://hub.docker.com/layers/library/nginx/1.27/images/x",
                Some("docker.io/library/nginx:1.27"),
            ),
            ("https://hub.docker.com/u/acme", None),
            ("https://quay.io/repository/org/app?tab=tags", Some("quay.io/org/app")),
            ("https://ghcr.io/org/app/", Some("ghcr.io/org/app")),
            ("http://localhost:5000/v2/team/app/tags/list", Some("localhost:5000/team/app")),
            ("https://r.io/v2/a/b/manifests/1.2", Some("r.io/a/b:1.2")),
            ("https://ann:secret@r.io/a", None),
            ("r.io/a", None),
        ] {
            assert_eq!(pasted(text).as_deref(), name, "{text}");
        }
    }

    #[test]
    fn registries_alone() {
        for text in ["localhost:5000", "127.0.0.1:5000", "[::1]:5000", "r.io:443", "ghcr.io"] {
            assert!(is_lone_registry(text), "{text}");
        }
        for text in ["alpine:3", "localhost", "my.app", "my.app:v1", "localhost:latest", "r.io/a:1"]
        {
            assert!(!is_lone_registry(text), "{text}");
        }
    }
}
