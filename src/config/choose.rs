//! Which profile is active, and which one serves a name that the user typed.
//!
//! The active profile is the registry of names without one. Settings and logins, though,
//! always come from a profile of the registry that is really asked, and of no other.

use super::load::no_such_profile;
use super::{BUILT_IN, Config, ConfigError, Profile};
use crate::oci::reference::{ParseError, Reference, Registry, Repository};
use crate::system::env::Env;

/// The variable that chooses a profile.
const VARIABLE: &str = "DOCKER_TAGS_PROFILE";

/// What made a profile the active one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChosenBy {
    /// `--profile`.
    Flag,
    /// `$DOCKER_TAGS_PROFILE`.
    Variable,
    /// `profile =` in the file, at this line.
    File(usize),
    /// Nothing: it is the built-in one.
    Default,
}

/// The active profile and what made it so.
#[derive(Debug, Clone, Copy)]
pub struct Active<'a> {
    /// The profile.
    pub profile: &'a Profile,
    /// Why this one.
    pub chosen_by: ChosenBy,
}

impl Active<'_> {
    /// Whether the user chose it for this very run: it then serves all of its registry.
    fn is_explicit(&self) -> bool {
        matches!(self.chosen_by, ChosenBy::Flag | ChosenBy::Variable)
    }

    /// What chose it, for people: `--profile`, `$DOCKER_TAGS_PROFILE`, `PATH:LINE`, `default`.
    pub fn source(&self, config: &Config) -> String {
        match self.chosen_by {
            ChosenBy::Flag => "--profile".to_owned(),
            ChosenBy::Variable => format!("${VARIABLE}"),
            ChosenBy::File(line) => format!("{}:{line}", config.path().display()),
            ChosenBy::Default => "default".to_owned(),
        }
    }
}

/// The profile whose settings and login are used, and why it is this one.
#[derive(Debug, Clone)]
pub struct Served {
    /// The profile; nameless when no profile is for the registry.
    pub profile: Profile,
    /// One line for people.
    pub why: String,
}

/// A typed name, understood.
#[derive(Debug, Clone)]
pub struct Resolved {
    /// What it refers to.
    pub reference: Reference,
    /// The profile that serves it; nameless when no profile is for its registry.
    pub profile: Profile,
    /// How the name was understood and why this profile serves it, one line for people.
    pub why: String,
}

impl Config {
    /// The active profile: the flag's, else `$DOCKER_TAGS_PROFILE`'s, else the file's, else the
    /// built-in one.
    pub fn active(&self, flag: Option<&str>, env: &Env) -> Result<Active<'_>, ConfigError> {
        let (name, chosen_by) = match (flag, env.os(VARIABLE), &self.active) {
            (Some(name), _, _) => (name, ChosenBy::Flag),
            (None, Some(name), _) => {
                let name = name.to_str().ok_or_else(|| {
                    ConfigError::usage(format!("${VARIABLE} is not UTF-8 text"))
                        .with_hint(format!("set it to the name of a profile, or unset {VARIABLE}"))
                })?;
                (name, ChosenBy::Variable)
            }
            (None, None, Some((name, line))) => (name.as_str(), ChosenBy::File(*line)),
            (None, None, None) => (BUILT_IN, ChosenBy::Default),
        };
        self.profile(name).map(|profile| Active { profile, chosen_by })
    }

    /// The profile of this name, the built-in one included.
    pub fn profile(&self, name: &str) -> Result<&Profile, ConfigError> {
        let mut all = self.profiles.iter().chain([&self.built_in]);
        all.find(|profile| profile.name() == Some(name)).ok_or_else(|| {
            let names = self.profiles.iter().filter_map(Profile::name).chain([BUILT_IN]);
            no_such_profile(name, names).into()
        })
    }

    /// What a typed name refers to, and the profile that serves it.
    ///
    /// A name without a registry belongs to the active profile's; one without any slash gets
    /// that profile's `namespace` too. For the rest the grammar is docker's.
    pub fn resolve(&self, active: &Active<'_>, text: &str) -> Result<Resolved, ParseError> {
        let (reference, how) = understand(active, text)?;
        let served = self.serve(active, reference.registry(), Some(reference.repository()));
        Ok(Resolved { reference, profile: served.profile, why: format!("{how}; {}", served.why) })
    }

    /// The profile that serves a registry as a whole: its catalog, its login.
    pub fn resolve_registry(&self, active: &Active<'_>, registry: &Registry) -> Served {
        self.serve(active, registry, None)
    }

    fn serve(
        &self,
        active: &Active<'_>,
        registry: &Registry,
        repository: Option<&Repository>,
    ) -> Served {
        if active.is_explicit() && active.profile.is_for(registry) {
            let why = format!("{} chose {}", active.source(self), title(active.profile));
            return Served { profile: active.profile.clone(), why };
        }
        // The last of equals wins: reverse file order, the active profile at the end.
        let is_active = |p: &Profile| p.name() == active.profile.name();
        let best = self
            .profiles
            .iter()
            .rev()
            .filter(|profile| profile.is_for(registry))
            .filter_map(|profile| Some((rank(profile, repository)?, is_active(profile), profile)))
            .max_by_key(|(rank, is_active, _)| (*rank, *is_active));
        let Some((rank, _, profile)) = best else {
            if active.profile.is_for(registry) && active.profile.name() == Some(BUILT_IN) {
                let why = format!("no profile for {registry}: using the built-in one");
                return Served { profile: active.profile.clone(), why };
            }
            let why = match repository {
                Some(path) => format!("no profile for {registry}/{path}: using defaults"),
                None => format!("no profile for {registry}: using defaults"),
            };
            return Served { profile: Profile::nameless(registry.clone()), why };
        };
        let why = match repository {
            Some(_) if rank > 0 => format!(
                "{} matches by its repositories ({})",
                title(profile),
                profile.origin("repositories")
            ),
            _ => {
                format!("{} is for {registry} ({})", title(profile), profile.origin("registry"))
            }
        };
        Served { profile: profile.clone(), why }
    }
}

/// How well a profile of the right registry fits: none when it serves other repositories only.
///
/// A pattern counts by its weight plus one, so that even `*` ranks above a profile without
/// patterns. A registry as a whole is best served by a profile that serves all of it.
fn rank(profile: &Profile, repository: Option<&Repository>) -> Option<usize> {
    let patterns = &profile.settings.repositories;
    let Some(repository) = repository else {
        return Some(usize::from(patterns.is_empty()));
    };
    if patterns.is_empty() {
        return Some(0);
    }
    patterns.iter().filter(|p| p.matches(repository)).map(|p| p.weight() + 1).max()
}

fn title(profile: &Profile) -> String {
    format!("profile {:?}", profile.name().unwrap_or_default())
}

/// The reference that a typed name stands for, and a few words on how it was found.
fn understand(active: &Active<'_>, text: &str) -> Result<(Reference, String), ParseError> {
    if Reference::names_registry(text) {
        return Ok((text.parse()?, "the name includes its registry".to_owned()));
    }
    let name = text.strip_prefix("docker://").unwrap_or(text);
    // As everywhere with docker: 64 hexadecimal digits are an image's ID and never a name.
    if let Err(error @ ParseError::Identifier(_)) = name.parse::<Reference>() {
        return Err(error);
    }
    let settings = &active.profile.settings;
    let registry = active.profile.registry();
    let from = title(active.profile);
    match &settings.namespace {
        Some(namespace) if !name.contains('/') => {
            let reference = format!("{registry}/{namespace}/{name}").parse()?;
            Ok((reference, format!("registry and namespace come from the active {from}")))
        }
        _ => {
            let reference = format!("{registry}/{name}").parse()?;
            Ok((reference, format!("the registry comes from the active {from}")))
        }
    }
}

#[cfg(test)]
mod tests;
