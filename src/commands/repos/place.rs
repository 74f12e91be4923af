//! Where `repos` looks: what its one argument means.

use crate::commands::context::Context;
use crate::config::Profile;
use crate::error::Error;
use crate::oci::reference::{Registry, Repository};
use crate::registry::hub::Namespace;

/// A place that may have repositories.
#[derive(Debug)]
pub(super) enum Place {
    /// A namespace of Docker Hub; `None`: that of the login.
    Hub(Option<Namespace>, Profile),
    /// A registry, or the part of it at and below a path.
    Registry(Registry, Option<Repository>, Profile),
}

impl Place {
    /// Understands the argument.
    ///
    /// A first part with a dot or a colon, and `localhost`, is a registry; other words belong to
    /// the active profile's registry.
    ///
    /// # Errors
    /// A text that names no such place.
    pub(super) fn understand(context: &Context, text: Option<&str>) -> Result<Self, Error> {
        let (registry, path) = split(text.unwrap_or_default());
        let registry = match registry {
            Some(name) => name.parse().map_err(|source| reference_error(text, source))?,
            None => context.active()?.profile.registry().clone(),
        };
        if registry.is_docker_hub() {
            return Place::on_hub(context, registry, path, text);
        }
        if path.is_empty() {
            let profile = context.resolve_registry(&registry)?.profile;
            return Ok(Place::Registry(registry, None, profile));
        }
        let prefix = path.parse().map_err(|source| reference_error(text, source))?;
        let profile = profile_of(context, &registry, path)?;
        Ok(Place::Registry(registry, Some(prefix), profile))
    }

    fn on_hub(
        context: &Context,
        registry: Registry,
        path: &str,
        text: Option<&str>,
    ) -> Result<Self, Error> {
        if path.is_empty() {
            let profile = context.resolve_registry(&registry)?.profile;
            let own = profile.settings.namespace.as_ref();
            let own = own.and_then(|namespace| namespace.as_str().parse().ok());
            return Ok(Place::Hub(own, profile));
        }
        if path.contains('/') {
            return Err(Error::usage(
                format!("\"{path}\" is a repository of Docker Hub; repos takes a namespace"),
                format!("docker tags ls {path}"),
            ));
        }
        let namespace = path.parse().map_err(|source| reference_error(text, source))?;
        let profile = profile_of(context, &registry, path)?;
        Ok(Place::Hub(Some(namespace), profile))
    }

    /// The path of a repository as the list prints it, with the registry in front or not; on Docker Hub
    /// the bare name, too.
    pub(super) fn path_of(&self, name: &str) -> String {
        let registry = format!("{}/", self.registry());
        let path = name.strip_prefix(&registry).unwrap_or(name);
        match self {
            Place::Hub(Some(namespace), _) if !path.contains('/') => format!("{namespace}/{path}"),
            _ => path.to_owned(),
        }
    }

    /// The registry.
    pub(super) fn registry(&self) -> Registry {
        match self {
            Place::Hub(..) => Registry::docker_hub(),
            Place::Registry(registry, ..) => registry.clone(),
        }
    }

    /// The profile that serves it.
    pub(super) fn profile(&self) -> &Profile {
        match self {
            Place::Hub(_, profile) | Place::Registry(_, _, profile) => profile,
        }
    }
}

/// Splits a text into the registry that it names, if any, and a path.
fn split(text: &str) -> (Option<&str>, &str) {
    let schemes = ["https://", "http://", "docker://"];
    let text = schemes.iter().find_map(|scheme| text.strip_prefix(scheme)).unwrap_or(text);
    let text = text.strip_suffix('/').unwrap_or(text);
    let (first, rest) = text.split_once('/').unwrap_or((text, ""));
    let is_registry = first.contains(['.', ':']) || first == "localhost";
    if is_registry { (Some(first), rest) } else { (None, text) }
}

/// The profile that serves what is below a path: of several accounts on one registry, the one
/// whose `repositories` cover it.
fn profile_of(context: &Context, registry: &Registry, path: &str) -> Result<Profile, Error> {
    let inside = context.resolve(&format!("{registry}/{path}/any"))?;
    Ok(inside.profile)
}

fn reference_error(text: Option<&str>, source: crate::oci::reference::ParseError) -> Error {
    Error::Reference { input: text.unwrap_or_default().to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn texts() {
        let cases = [
            ("", (None, "")),
            ("ansible", (None, "ansible")),
            ("acme/team", (None, "acme/team")),
            ("quay.io", (Some("quay.io"), "")),
            ("quay.io/", (Some("quay.io"), "")),
            ("https://quay.io/coreos/", (Some("quay.io"), "coreos")),
            ("localhost", (Some("localhost"), "")),
            ("localhost:5000/a/b", (Some("localhost:5000"), "a/b")),
            ("registry:5000", (Some("registry:5000"), "")),
            ("[::1]:5000/a", (Some("[::1]:5000"), "a")),
            ("docker.io/acme", (Some("docker.io"), "acme")),
        ];
        for (text, expected) in cases {
            assert_eq!(split(text), expected, "{text}");
        }
    }
}
