//! `use`, `create`, `update`, `rm`: what changes the file.

use super::settings::Given;
use crate::commands::context::Context;
use crate::config::edit;
use crate::config::{Active, BUILT_IN, ChosenBy, Config, KEYS, Settings};
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
    /// Profile name; `default` is the built-in profile for Docker Hub
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
    /// Profile name
    #[arg(value_name = "NAME", required_unless_present = "from_docker")]
    name: Option<String>,

    /// Create one for each registry of docker login
    #[arg(long, conflicts_with = "name")]
    from_docker: bool,

    #[command(flatten)]
    given: Given,
}

/// Change settings of a profile.
///
/// An option replaces the setting. Lists are replaced as a whole.
#[derive(Debug, clap::Args)]
#[command(after_help = UPDATE_EXAMPLES)]
pub(super) struct Update {
    /// Profile name
    #[arg(value_name = "NAME")]
    name: String,

    /// Remove a setting, such as insecure (repeatable)
    #[arg(
        long,
        value_name = "KEY",
        value_delimiter = ',',
        hide_possible_values = true,
        value_parser = clap::builder::PossibleValuesParser::new(KEYS.iter().copied())
    )]
    unset: Vec<String>,

    #[command(flatten)]
    given: Given,
}

/// Remove profiles.
#[derive(Debug, clap::Args)]
pub(super) struct Remove {
    /// Profile names
    #[arg(value_name = "NAME", required = true)]
    names: Vec<String>,

    /// Remove the active profile as well
    #[arg(short, long)]
    force: bool,
}

pub(super) fn choose(args: &Use, context: &Context) -> Result<(), Error> {
    let name = edit::use_profile(&context.env, &args.name)?;
    let config = Config::load(&context.env)?;
    let profile = config.profile(&name)?;
    let place = match &profile.settings.namespace {
        Some(namespace) => format!("{}/{namespace}", profile.registry()),
        None => profile.registry().to_string(),
    };
    context.reporter.line(&format!(
        "Profile {name:?} is now active. Names without a registry now mean {place}/…"
    ));
    // What the file says does not count while the variable is set.
    if let Some(variable) = context.env.text("DOCKER_TAGS_PROFILE").filter(|v| *v != name) {
        context.reporter.warn(&format!(
            "$DOCKER_TAGS_PROFILE is set to {variable:?} and overrides this: unset DOCKER_TAGS_PROFILE"
        ));
    }
    Ok(())
}

pub(super) fn create(args: &Create, context: &Context) -> Result<(), Error> {
    let Some(name) = args.name.as_ref().filter(|_| !args.from_docker) else {
        if !args.given.is_empty() {
            return Err(Error::usage(
                "--from-docker cannot be used with settings",
                "to change a profile afterwards: docker tags profile update NAME",
            ));
        }
        return from_docker(context);
    };
    args.given.check_whole(name)?;
    edit::create(&context.env, name, &args.given.read()?)?;
    let config = Config::load(&context.env)?;
    context.reporter.line(&format!(
        "Created profile {name:?} for {}. To activate it, run `docker tags profile use {name}`.",
        config.profile(name)?.registry()
    ));
    mention_files(&args.given, &config, context);
    Ok(())
}

pub(super) fn update(args: &Update, context: &Context) -> Result<(), Error> {
    if args.given.is_empty() && args.unset.is_empty() {
        return Err(Error::usage(
            "nothing to change",
            "to list the settings: docker tags profile update --help",
        ));
    }
    let settings_of = |config: &Config| Ok(config.profile(&args.name)?.settings.clone());
    let before = Config::load(&context.env).map_err(Error::from).and_then(|c| settings_of(&c))?;
    edit::update(&context.env, &args.name, &args.given.read()?, &args.unset)?;
    let config = Config::load(&context.env)?;
    let changed = if settings_of(&config)? == before { "No change to" } else { "Updated" };
    context.reporter.line(&format!("{changed} profile {:?}.", args.name));
    mention_files(&args.given, &config, context);
    Ok(())
}

fn mention_files(given: &Given, config: &Config, context: &Context) {
    if given.password_stdin {
        let path = config.path().display();
        context.reporter.line(&format!("The password is in {path}, which only you can read."));
    }
    for path in given.missing_files() {
        context.reporter.warn(&format!("no such file: {}", path.display()));
    }
}

pub(super) fn remove(args: &Remove, context: &Context) -> Result<(), Error> {
    crate::commands::each(context, &args.names, |name| {
        let active = context.config.active(None, &context.env).ok();
        edit::remove(&context.env, name, args.force)?;
        context.reporter.line(&format!("Removed profile {name:?}."));
        match active.filter(|active| active.profile.name() == Some(name)) {
            Some(Active { chosen_by: ChosenBy::Variable, .. }) => context.reporter.warn(&format!(
                "$DOCKER_TAGS_PROFILE still names {name:?}: unset DOCKER_TAGS_PROFILE"
            )),
            Some(_) => {
                let said = format!("The active profile is {BUILT_IN:?} again (docker.io).");
                context.reporter.line(&said);
            }
            None => {}
        }
        Ok(())
    })
}

/// Runs `create --from-docker`.
fn from_docker(context: &Context) -> Result<(), Error> {
    let registries = context.docker_registries();
    if registries.is_empty() {
        return Err(Error::usage(
            "docker is not logged in to any registry",
            "log in first: docker login ghcr.io",
        ));
    }
    for name in registries {
        let Ok(registry) = name.parse::<Registry>() else {
            context.reporter.warn(&format!("{name:?} in docker's config.json is not a registry"));
            continue;
        };
        let config = Config::load(&context.env)?;
        if let Some(profile) = config.profiles().find(|profile| profile.is_for(&registry)) {
            let name = profile.name().unwrap_or_default();
            context.reporter.line(&format!("Profile {name:?} already exists for {registry}."));
            continue;
        }
        let name = free_name(&config, &registry);
        match edit::create(&context.env, &name, &Settings::of_registry(registry.clone())) {
            Ok(()) => context.reporter.line(&format!("Created profile {name:?} for {registry}.")),
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
