//! What can take a value's place: profiles, registries, repositories, tags …
//!
//! What a value is follows from its definition: the values that clap knows to be possible, its
//! hint, and the word that help shows for it. So a new command completes without a line here, as
//! long as it calls its arguments what the others call theirs.

use clap::{Arg, ValueHint};

use super::line::Line;
use super::remote::Remote;
use super::{Answer, Candidate};
use crate::cli::official;
use crate::config::{Profile, Served};
use crate::oci::reference::{DOCKER_HUB, Reference, Registry};

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Profile,
    Registry,
    Repository,
    /// A repository, perhaps with a tag.
    Image,
    Namespace,
    Format,
    Platform,
    File,
    Directory,
    /// Something that nobody but the user can know.
    Free,
}

const FORMATS: [(&str, &str); 2] = [("json", "One JSON object per row"), ("table", "A table")];

const PLATFORMS: [&str; 11] = [
    "local",
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/arm/v6",
    "linux/386",
    "linux/ppc64le",
    "linux/s390x",
    "linux/riscv64",
    "windows/amd64",
    "linux/mips64le",
];

/// What an option or argument takes. Unknown words stand for [`Kind::Free`]; a test holds the
/// commands to words that are known.
pub(super) fn kinds(line: &Line, arg: &Arg) -> Vec<Kind> {
    let names = arg.get_value_names().unwrap_or_default();
    let words = names.iter().flat_map(|name| words(name));
    let mut kinds: Vec<Kind> = words
        .filter_map(|word| kind_of_word(word, line, arg))
        .filter(|kind| *kind != Kind::Free)
        .collect();
    match arg.get_value_hint() {
        ValueHint::DirPath => kinds.push(Kind::Directory),
        ValueHint::AnyPath | ValueHint::FilePath | ValueHint::ExecutablePath => {
            kinds.push(Kind::File);
        }
        _ => {}
    }
    kinds
}

/// The words of a value's name: `REGISTRY or IMAGE` may be either.
pub(super) fn words(name: &str) -> impl Iterator<Item = &str> {
    name.split([' ', '|', '/', ':']).filter(|word| *word != "or")
}

/// `None`: the word is not known.
pub(super) fn kind_of_word(word: &str, line: &Line, arg: &Arg) -> Option<Kind> {
    Some(match word.trim_end_matches('…').trim_matches(['[', ']']) {
        "REPO" | "REPOSITORY" => Kind::Repository,
        "IMAGE" => Kind::Image,
        "REGISTRY" | "HOST" => Kind::Registry,
        "NAMESPACE" => Kind::Namespace,
        "PROFILE" => Kind::Profile,
        // A profile that is to be made has a new name.
        "NAME" if arg.get_id() == "profile" => Kind::Profile,
        "NAME" if line.path.contains(&"profile") && line.path.last() != Some(&"create") => {
            Kind::Profile
        }
        "FORMAT" => Kind::Format,
        "PLATFORM" | "OS" | "ARCH" | "VARIANT" => Kind::Platform,
        "FILE" | "PATH" => Kind::File,
        "DIR" | "DIRECTORY" => Kind::Directory,
        "N" | "DURATION" | "WHEN" | "USER" | "GLOB" | "REGEX" | "RANGE" | "TAG" | "NAME"
        | "URL" | "KEY" | "VALUE" | "DIGEST" | "SHELL" | "ORDER" | "TYPE" | "TEMPLATE"
        | "COMMAND" | "VARIABLE" | "PATTERN" | "PROGRAM" | "PORT" | "LEVEL" | "BASE" | "AGE"
        | "DATE" | "KEY=VALUE" | "USERNAME" | "WHAT" => Kind::Free,
        _ => return None,
    })
}

/// Puts the candidates for a value into the answer.
pub(super) fn offer(
    line: &Line,
    kinds: &[Kind],
    value: &str,
    open: &mut dyn FnMut() -> Result<Remote, String>,
    answer: &mut Answer,
) {
    let simple = |candidates: &mut dyn Iterator<Item = Candidate>, answer: &mut Answer| {
        answer.extend(candidates.filter(|candidate| candidate.text.starts_with(value)));
    };
    if kinds.contains(&Kind::File) {
        answer.files = true;
    }
    if kinds.contains(&Kind::Directory) {
        answer.directories = true;
    }
    if kinds.contains(&Kind::Format) {
        simple(&mut FORMATS.iter().map(|(text, what)| Candidate::new(text, what)), answer);
    }
    if kinds.contains(&Kind::Platform) {
        let list = value.rsplit_once(',').map_or(0, |(before, _)| before.len() + 1);
        let (before, last) = value.split_at(list);
        let fitting = PLATFORMS.iter().filter(|platform| platform.starts_with(last));
        answer.extend(fitting.map(|platform| Candidate::new(&format!("{before}{platform}"), "")));
    }
    let names = [Kind::Profile, Kind::Registry, Kind::Repository, Kind::Image, Kind::Namespace];
    if !kinds.iter().any(|kind| names.contains(kind)) {
        return;
    }
    // What lies here comes first: the shell knows it best.
    if answer.files && is_here(value) {
        return;
    }
    match open() {
        Ok(remote) => Names { line, kinds, value, remote, answer }.offer(),
        Err(why) => answer.help.push(why),
    }
}

/// Whether this is the beginning of a path.
fn is_here(typed: &str) -> bool {
    let (folder, name) = typed.rsplit_once('/').unwrap_or((".", typed));
    typed.starts_with(['.', '/', '~'])
        || std::fs::read_dir(folder).is_ok_and(|mut entries| {
            entries.any(|e| e.is_ok_and(|e| e.file_name().to_string_lossy().starts_with(name)))
        })
}

/// Candidates that depend on the configuration.
struct Names<'a> {
    line: &'a Line<'a>,
    kinds: &'a [Kind],
    value: &'a str,
    remote: Remote,
    answer: &'a mut Answer,
}

impl Names<'_> {
    fn has(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    fn offer(&mut self) {
        let is_image = self.has(Kind::Image);
        if let Some((name, tag)) = split_tag(self.value).filter(|_| is_image) {
            let before = self.answer.len();
            self.registries("/");
            if self.answer.len() == before && !name.contains('@') {
                self.tags(name, tag);
            }
            return;
        }
        if self.has(Kind::Profile) {
            self.profiles();
        }
        if self.has(Kind::Namespace) {
            self.namespaces();
        }
        if self.has(Kind::Registry) {
            self.registries("");
        } else if is_image || self.has(Kind::Repository) {
            self.registries("/");
        }
        if is_image || self.has(Kind::Repository) {
            let before = self.answer.len();
            self.repositories();
            // A tag may follow.
            self.answer.no_space |= is_image && self.answer.len() > before;
        }
    }

    fn push(&mut self, text: &str, description: &str) {
        if text.starts_with(self.value) {
            self.answer.push(Candidate::new(text, description));
        }
    }

    fn profiles(&mut self) {
        let context = self.remote.context.clone();
        let built_in = context.config.built_in();
        for profile in context.config.profiles().chain([built_in]) {
            self.push(profile.name().unwrap_or_default(), profile.registry().as_str());
        }
    }

    /// Namespaces of Docker Hub that the configuration knows.
    fn namespaces(&mut self) {
        let context = self.remote.context.clone();
        for profile in context.config.profiles().filter(|p| p.registry().is_docker_hub()) {
            let settings = &profile.settings;
            let names =
                [settings.namespace.as_ref().map(|n| n.as_str()), settings.username.as_deref()];
            for name in names.into_iter().flatten() {
                self.push(name, profile.name().unwrap_or_default());
            }
        }
    }

    /// The registries that profiles and docker's config.json name.
    fn registries(&mut self, ending: &str) {
        let context = self.remote.context.clone();
        if ending.is_empty() {
            self.push(DOCKER_HUB, "Docker Hub");
        }
        for profile in context.config.profiles() {
            let registry = profile.registry();
            let why = format!("profile {}", profile.name().unwrap_or_default());
            if !registry.is_docker_hub() || ending.is_empty() {
                self.push(&format!("{registry}{ending}"), &why);
            }
        }
        for registry in context.docker_registries() {
            if registry != DOCKER_HUB || ending.is_empty() {
                self.push(&format!("{registry}{ending}"), "docker login");
            }
        }
    }

    fn repositories(&mut self) {
        let context = self.remote.context.clone();
        let Ok(active) = context.active() else { return };
        if let Some((host, _)) = self.value.split_once('/').filter(|_| names_registry(self.value)) {
            let Ok(registry) = host.parse::<Registry>() else { return };
            let served = context.config.resolve_registry(&active, &registry);
            return self.catalog(&registry, &served.profile, &format!("{host}/"));
        }
        let registry = active.profile.registry().clone();
        let Served { profile, .. } = context.config.resolve_registry(&active, &registry);
        self.catalog(&registry, &profile, "");
    }

    /// The repositories of a registry, behind what was typed of its name.
    fn catalog(&mut self, registry: &Registry, profile: &Profile, typed: &str) {
        if registry.is_docker_hub() {
            return self.hub_names(profile, typed);
        }
        match self.remote.repositories(registry, profile) {
            Ok(names) => self.catalog_names(&names, profile, typed),
            Err(why) => self.answer.help.push(why),
        }
    }

    /// Docker Hub has no catalog: official images, or what is in a namespace.
    fn hub_names(&mut self, profile: &Profile, typed: &str) {
        let rest = self.value.strip_prefix(typed).unwrap_or_default();
        let namespace = rest.split_once('/').and_then(|(name, _)| name.parse().ok());
        let Some(namespace) = namespace else {
            for name in official::popular() {
                self.push(&format!("{typed}{name}"), "");
            }
            return;
        };
        match self.remote.hub_repositories(&namespace, profile) {
            Ok(names) => names.iter().for_each(|name| self.push(&format!("{typed}{name}"), "")),
            Err(why) => self.answer.help.push(why),
        }
    }

    fn catalog_names(&mut self, names: &[String], profile: &Profile, typed: &str) {
        let namespace = profile.settings.namespace.as_ref().filter(|_| typed.is_empty());
        for name in names {
            let short = namespace
                .and_then(|namespace| name.strip_prefix(namespace.as_str())?.strip_prefix('/'))
                .filter(|short| !short.contains('/'));
            if let Some(short) = short {
                self.push(short, "");
            }
            // Without a slash the namespace would be put in front.
            if namespace.is_none() || name.contains('/') {
                self.push(&format!("{typed}{name}"), "");
            }
        }
    }

    fn tags(&mut self, name: &str, typed: &str) {
        let resolved = self.remote.context.resolve(name);
        let Ok(resolved) = resolved else { return };
        let plugin = self.line.value("type") == Some("plugin");
        match self.remote.tags(&resolved.reference, &resolved.profile, plugin) {
            Ok(tags) => {
                self.answer.keep_order = true;
                for tag in tags.iter().filter(|tag| tag.starts_with(typed)) {
                    self.answer.push(Candidate::new(&format!("{name}:{tag}"), ""));
                }
            }
            Err(why) => self.answer.help.push(why),
        }
    }
}

fn names_registry(text: &str) -> bool {
    Reference::names_registry(text)
}

/// `name:tag` taken apart; a colon before the last slash belongs to a port.
fn split_tag(value: &str) -> Option<(&str, &str)> {
    let (name, tag) = value.rsplit_once(':')?;
    (!name.is_empty() && !tag.contains('/')).then_some((name, tag))
}
