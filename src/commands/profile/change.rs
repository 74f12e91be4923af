//! `use`, `create`, `update`, `rm`: what changes the file.

use super::settings::Settings;
use crate::commands::context::Context;
use crate::config::edit::{self, Change, Value};
use crate::config::{Active, BUILT_IN, ChosenBy, Config, KEYS};
use crate::error::Error;
use crate::oci::reference::Registry;

const CREATE_EXAMPLES: &str = "\
Examples:
  docker tags profile create hub --registry docker.io --namespace acme
  docker tags profile create work --registry ghcr.io --username octocat --password-env GHCR_TOKEN
  docker tags profile create lab --registry registry.lab:5000 --ca-file lab.crt
  docker tags profile create ci --registry ghcr.io --username bot --password-command pass show ghcr
  docker tags profile create --from-docker";

const UPDATE_EXAMPLES: &str = "\
Examples:
  docker tags profile update work --namespace acme --jobs 4
  docker tags profile update lab --unset insecure --ca-file lab.crt";

/// Switch to a profile; - is the previous one.
#[derive(Debug, clap::Args)]
pub(super) struct Use {
    /// The profile; `default` is the built-in one of Docker Hub
    #[arg(value_name = "NAME")]
    name: String,
}

/// Create a profile.
///
/// There is an option for every setting. To switch to the new profile, run
/// `docker tags profile use NAME`.
#[derive(Debug, clap::Args)]
#[command(after_help = CREATE_EXAMPLES)]
pub(super) struct Create {
    /// The profile's name
    #[arg(value_name = "NAME", required_unless_present = "from_docker")]
    name: Option<String>,

    /// Create one for each registry of docker login
    #[arg(long, conflicts_with = "name")]
    from_docker: bool,

    #[command(flatten)]
    settings: Settings,
}

/// Change settings of a profile.
///
/// An option replaces the setting. Lists are replaced as a whole.
#[derive(Debug, clap::Args)]
#[command(after_help = UPDATE_EXAMPLES)]
pub(super) struct Update {
    /// The profile's name
    #[arg(value_name = "NAME")]
    name: String,

    /// Remove a setting, such as insecure (repeatable)
    #[arg(
        long,
        value_name = "KEY",
        value_delimiter = ',',
        hide_possible_values = true,
        value_parser = clap::builder::PossibleValuesParser::new(KEYS)
    )]
    unset: Vec<String>,

    #[command(flatten)]
    settings: Settings,
}

/// Remove profiles.
#[derive(Debug, clap::Args)]
pub(super) struct Remove {
    /// The profiles' names
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    /// Remove the active profile as well
    #[arg(short, long)]
    force: bool,
}

/// Runs `use`.
pub(super) fn choose(args: &Use, context: &Context) -> Result<(), Error> {
    let name = edit::use_profile(&context.env, &args.name).map_err(Error::from)?;
    let config = Config::load(&context.env).map_err(Error::from)?;
    let settings = &config.profile(&name).map_err(Error::from)?.settings;
    let place = match &settings.namespace {
        Some(namespace) => format!("{}/{namespace}", settings.registry),
        None => settings.registry.to_string(),
    };
    context
        .reporter
        .line(&format!("profile {name:?} is active: names without a registry mean {place}/…"));
    warn_of_override(context, &name);
    Ok(())
}

/// What the file says does not count while the variable is set.
fn warn_of_override(context: &Context, chosen: &str) {
    if let Some(variable) = context.env.text("DOCKER_TAGS_PROFILE").filter(|name| *name != chosen) {
        context.reporter.warn(&format!(
            "$DOCKER_TAGS_PROFILE is set to {variable:?} and overrides this: unset DOCKER_TAGS_PROFILE"
        ));
    }
}

/// Runs `create`.
pub(super) fn create(args: &Create, context: &Context) -> Result<(), Error> {
    let Some(name) = args.name.as_ref().filter(|_| !args.from_docker) else {
        if !args.settings.changes()?.is_empty() {
            return Err(Error::usage(
                "--from-docker takes no settings",
                "change the new profiles with: docker tags profile update NAME",
            ));
        }
        return from_docker(context);
    };
    args.settings.check_whole(name)?;
    let changes = args.settings.changes()?;
    edit::create(&context.env, name, &changes).map_err(Error::from)?;
    let config = Config::load(&context.env).map_err(Error::from)?;
    let profile = config.profile(name).map_err(Error::from)?;
    context.reporter.line(&format!(
        "profile {name:?} is made, for {}; `docker tags profile use {name}` makes it the active one",
        profile.registry()
    ));
    mention_files(&args.settings, &config, context);
    Ok(())
}

/// Runs `update`.
pub(super) fn update(args: &Update, context: &Context) -> Result<(), Error> {
    let mut changes = args.settings.changes()?;
    changes.extend(args.unset.iter().map(Change::unset));
    if changes.is_empty() {
        return Err(Error::usage(
            "nothing to change",
            "docker tags profile update --help lists the settings",
        ));
    }
    let before = settings_of(context, &args.name)?;
    edit::update(&context.env, &args.name, &changes).map_err(Error::from)?;
    let after = settings_of(context, &args.name)?;
    let said = if before == after && !args.settings.stores_password() {
        format!("profile {:?} is as it was", args.name)
    } else {
        format!("profile {:?} is changed", args.name)
    };
    context.reporter.line(&said);
    let config = Config::load(&context.env).map_err(Error::from)?;
    mention_files(&args.settings, &config, context);
    Ok(())
}

/// The settings as text, for comparing.
fn settings_of(context: &Context, name: &str) -> Result<Vec<(&'static str, String)>, Error> {
    let config = Config::load(&context.env).map_err(Error::from)?;
    let profile = config.profile(name).map_err(Error::from)?;
    let shown = |row: crate::config::Row| (row.key, row.value);
    Ok(profile.rows().into_iter().map(shown).collect())
}

fn mention_files(settings: &Settings, config: &Config, context: &Context) {
    if settings.stores_password() {
        let path = config.path().display();
        context.reporter.line(&format!("the password is in {path}, which only you can read"));
    }
    for path in settings.missing_files() {
        context.reporter.warn(&format!("there is no file {}", path.display()));
    }
}

/// Runs `rm`.
pub(super) fn remove(args: &Remove, context: &Context) -> Result<(), Error> {
    crate::commands::each(context, &args.names, |name| {
        let active = context.config.active(None, &context.env).ok();
        edit::remove(&context.env, name, args.force).map_err(Error::from)?;
        context.reporter.line(&format!("profile {name:?} is removed"));
        match active {
            Some(Active { profile, chosen_by }) if profile.name() == Some(name) => {
                if chosen_by == ChosenBy::Variable {
                    context.reporter.warn(&format!(
                        "$DOCKER_TAGS_PROFILE still names {name:?}: unset DOCKER_TAGS_PROFILE"
                    ));
                } else {
                    let said = format!("the active profile is {BUILT_IN:?} again: docker.io");
                    context.reporter.line(&said);
                }
            }
            _ => {}
        }
        Ok(())
    })
}

/// Runs `create --from-docker`.
fn from_docker(context: &Context) -> Result<(), Error> {
    let registries = context.docker_registries();
    if registries.is_empty() {
        return Err(Error::usage(
            "docker is logged in to no registry",
            "log in first: docker login ghcr.io",
        ));
    }
    for name in registries {
        let Ok(registry) = name.parse::<Registry>() else {
            context.reporter.warn(&format!("{name:?} in docker's config.json is no registry"));
            continue;
        };
        let config = Config::load(&context.env).map_err(Error::from)?;
        let is_for = |p: &&crate::config::Profile| {
            p.registry().as_str().eq_ignore_ascii_case(registry.as_str())
        };
        if let Some(profile) = config.profiles().find(is_for) {
            let name = profile.name().unwrap_or_default();
            context.reporter.line(&format!("profile {name:?} is for {registry} already"));
            continue;
        }
        let name = free_name(&config, &registry);
        let changes = [Change::set("registry", Value::Text(registry.to_string()))];
        match edit::create(&context.env, &name, &changes) {
            Ok(()) => {
                context.reporter.line(&format!("profile {name:?} is made, for {registry}"));
            }
            Err(error) if error.is_usage() => {
                context.reporter.warn(&format!("no profile for {registry}: {error}"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// A profile's name for a registry: `hub`, `ghcr.io`, `localhost-5000`.
fn free_name(config: &Config, registry: &Registry) -> String {
    let base = if registry.is_docker_hub() {
        "hub".to_owned()
    } else {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '-';
        let host: String =
            registry.as_str().chars().map(|c| if legal(c) { c } else { '-' }).collect();
        host.trim_matches(['-', '.']).chars().take(60).collect()
    };
    let is_free = |name: &str| config.profile(name).is_err();
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    let mut names = std::iter::once(base.clone()).chain(numbered);
    names.find(|name| is_free(name)).unwrap_or(base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::env::Env;

    #[test]
    fn names_of_profiles_made_from_logins() {
        let directory =
            std::env::temp_dir().join(format!("docker-tags-names-{}", std::process::id()));
        let file = directory.join("config.toml");
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(&file, "[profiles.hub]\nregistry = \"quay.io\"\n").unwrap();
        let config = Config::load(&Env::from_pairs([("DOCKER_TAGS_CONFIG", &file)]));
        std::fs::remove_dir_all(&directory).unwrap();
        let config = config.unwrap();
        for (registry, name) in [
            ("docker.io", "hub-2"),
            ("ghcr.io", "ghcr.io"),
            ("localhost:5000", "localhost-5000"),
            ("[::1]:5000", "1--5000"),
        ] {
            assert_eq!(free_name(&config, &registry.parse().unwrap()), name);
        }
    }
}
