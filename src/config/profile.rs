//! A profile: settings under a name, and where each of them came from.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::{BUILT_IN, Settings};
use crate::oci::reference::Registry;

/// Where a setting came from. `Display` is `PATH:LINE` or `default`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    File(PathBuf, usize),
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path, line) => write!(f, "{}:{line}", path.display()),
            Origin::Default => f.write_str("default"),
        }
    }
}

/// A registry's settings under the name that the user gave them.
#[derive(Debug, Clone)]
pub struct Profile {
    name: Option<String>,
    registry: Registry,
    pub(crate) settings: Settings,
    origins: BTreeMap<String, Origin>,
}

impl Profile {
    pub(super) fn new(
        name: &str,
        registry: Registry,
        settings: Settings,
        origins: BTreeMap<String, Origin>,
    ) -> Self {
        Profile { name: Some(name.to_owned()), registry, settings, origins }
    }

    /// The built-in profile of Docker Hub.
    pub(super) fn built_in() -> Self {
        Profile { name: Some(BUILT_IN.to_owned()), ..Profile::nameless(Registry::docker_hub()) }
    }

    /// What stands in for a profile when none is for this registry.
    pub(super) fn nameless(registry: Registry) -> Self {
        let settings = Settings::of_registry(registry.clone());
        Profile { name: None, registry, settings, origins: BTreeMap::new() }
    }

    /// The profile's name; none when no profile is for this registry and defaults serve it.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    pub(crate) fn is_for(&self, registry: &Registry) -> bool {
        self.registry.as_str().eq_ignore_ascii_case(registry.as_str())
    }

    /// Where the setting of this key came from.
    pub(crate) fn origin(&self, key: &str) -> Origin {
        self.origins.get(key).cloned().unwrap_or(Origin::Default)
    }
}
