//! Images on the command line: what the image commands have in common.
//!
//! A name becomes an [`Image`]: a reference together with the registry that serves it. From there
//! one goes down to the image for a platform, and to its config.

use std::sync::Arc;

use clap::ValueEnum;

use super::context::Context;
use crate::config::Resolved;
use crate::error::Error;
use crate::manifest::{Content, Descriptor, Document, Entry, ImageConfig, Index, MAX_INDEX_DEPTH};
use crate::parallel;
use crate::platform::{self, Platform, Selection};
use crate::reference::{Digest, Reference};
use crate::registry::{Fetched, Registry, Target};

/// How many entries that state no platform are looked into for one.
const MAX_LOOKED_INTO: usize = 16;
/// How many platforms a hint names.
const MAX_NAMED: usize = 12;

/// Options of all image commands.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Choice {
    /// Choose the image for this platform; local is this machine's
    #[arg(long, value_name = "OS/ARCH[/VARIANT]", help_heading = "Selection")]
    pub platform: Option<Platform>,

    /// What the repository holds
    #[arg(
        long,
        value_enum,
        value_name = "TYPE",
        default_value = "image",
        help_heading = "Selection"
    )]
    pub r#type: Type,
}

/// `--type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Type {
    /// Images and other artifacts
    #[default]
    Image,
    /// Docker engine plugins
    Plugin,
}

/// An image that was named on the command line, and the registry that has it.
pub struct Image {
    /// What was typed, understood.
    pub reference: Reference,
    /// What is asked for.
    pub target: Target,
    /// The registry.
    pub registry: Arc<Registry>,
    /// How many requests may be under way at a time.
    pub jobs: usize,
    plugin: bool,
}

/// A reference followed down to the manifest of one image.
pub struct Chosen {
    /// What the reference itself points to.
    pub root: Fetched,
    /// The image's own manifest, when the reference points to an index.
    pub child: Option<Fetched>,
    /// The config blob, when it was read on the way.
    config: Option<Vec<u8>>,
}

impl Chosen {
    /// The image's own manifest.
    pub fn manifest(&self) -> &Fetched {
        self.child.as_ref().unwrap_or(&self.root)
    }
}

/// Asks about several images side by side; `take` gets the answers in the order of the names.
///
/// All are tried; each failure is reported in its turn.
///
/// # Errors
/// A name that is none, before any request; the only failure itself when there is one name;
/// otherwise the worst exit code.
pub fn each<R: Send>(
    context: &Context,
    names: &[String],
    choice: &Choice,
    work: impl Fn(&Image) -> Result<R, Error> + Sync,
    mut take: impl FnMut(&Image, R) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut targets: Vec<Resolved> = Vec::new();
    for name in names {
        targets.push(context.resolve(name)?);
    }
    let jobs = targets.iter().map(|target| context.jobs(&target.profile)).max().unwrap_or(1);
    let ask = |target: &Resolved| {
        let image = Image::open(context, target, choice.r#type)?;
        work(&image).map(|answer| (image, answer))
    };
    let mut outcomes = super::Outcomes::new(context, names.len());
    parallel::in_order(&targets, jobs, ask, |_, answer| {
        outcomes.note(answer.and_then(|(image, answer)| take(&image, answer)))
    })?;
    outcomes.end()
}

/// The one image of a command that takes one.
///
/// # Errors
/// A name that is none; a registry that cannot be asked, see [`Context::registry`].
pub fn one(context: &Context, name: &str, choice: &Choice) -> Result<Image, Error> {
    Image::open(context, &context.resolve(name)?, choice.r#type)
}

impl Image {
    fn open(context: &Context, target: &Resolved, kind: Type) -> Result<Self, Error> {
        let reference = target.reference.clone();
        Ok(Image {
            target: Target::of(&reference),
            registry: context.registry(reference.registry(), &target.profile)?,
            jobs: context.jobs(&target.profile),
            plugin: kind == Type::Plugin,
            reference,
        })
    }

    /// Registry and repository with the tag or digest that is asked for.
    pub fn full_name(&self) -> String {
        format!("{}{}", self.reference.name(), self.suffix())
    }

    /// The same as docker shortens it, and as it may be typed.
    pub fn short_name(&self) -> String {
        format!("{}{}", self.reference.familiar_name(), self.suffix())
    }

    fn suffix(&self) -> String {
        match &self.target {
            Target::Tag(tag) => format!(":{tag}"),
            Target::Digest(digest) => format!("@{digest}"),
        }
    }

    /// What the registry says about the image without sending its manifest.
    ///
    /// # Errors
    /// As for [`Registry::head`].
    pub fn head(&self) -> Result<crate::registry::Head, Error> {
        self.registry.head(self.reference.repository(), &self.target, self.plugin)
    }

    /// What the reference itself points to.
    ///
    /// # Errors
    /// As for [`Registry::manifest`].
    pub fn root(&self) -> Result<Fetched, Error> {
        self.registry.manifest(self.reference.repository(), &self.target, self.plugin)
    }

    /// What an entry of an index points to.
    ///
    /// # Errors
    /// A digest that cannot be checked; as for [`Registry::manifest`].
    pub fn entry(&self, entry: &Descriptor) -> Result<Fetched, Error> {
        let target = Target::Digest(self.supported(entry)?.clone());
        self.registry.manifest(self.reference.repository(), &target, self.plugin)
    }

    fn supported<'a>(&self, entry: &'a Descriptor) -> Result<&'a Digest, Error> {
        entry.digest.supported().ok_or_else(|| Error::Answer {
            host: self.reference.registry().to_string(),
            what: format!(
                "{}: \"{}\" is no digest to check with",
                self.full_name(),
                crate::terminal::server_text(entry.digest.as_str())
            ),
            hint: "the index is broken: push it again",
        })
    }

    /// The bytes of the image's config; those of the newest step for a schema 1 image. `None`:
    /// the document has no config.
    ///
    /// # Errors
    /// As for [`Registry::blob`].
    pub fn config_of(&self, document: &Document) -> Result<Option<Vec<u8>>, Error> {
        match &document.content {
            Content::Image(manifest) => {
                let repository = self.reference.repository();
                self.registry.blob(repository, &manifest.config, self.plugin).map(Some)
            }
            Content::Schema1(manifest) => {
                Ok(manifest.history.first().map(|text| text.clone().into_bytes()))
            }
            Content::Index(_) | Content::Artifact(_) | Content::Unknown => Ok(None),
        }
    }

    /// The config of what was chosen, see [`Image::config_of`].
    ///
    /// # Errors
    /// As for [`Image::config_of`].
    pub fn config(&self, chosen: &Chosen) -> Result<Option<Vec<u8>>, Error> {
        match &chosen.config {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => self.config_of(&chosen.manifest().document),
        }
    }

    /// Follows the reference down to one image. Without a wanted platform that is the only image
    /// there is, or the one for this machine.
    ///
    /// # Errors
    /// No image for the platform; indexes within indexes, too deep; failures of requests.
    pub fn descend(&self, context: &Context, wanted: Option<&Platform>) -> Result<Chosen, Error> {
        self.go_down(context, wanted, false)
    }

    /// The same for describing: an index without an image for this machine is chosen itself, when
    /// no platform is wanted.
    ///
    /// # Errors
    /// As for [`Image::descend`].
    pub fn descend_if_possible(
        &self,
        context: &Context,
        wanted: Option<&Platform>,
    ) -> Result<Chosen, Error> {
        self.go_down(context, wanted, wanted.is_none())
    }

    fn go_down(
        &self,
        context: &Context,
        wanted: Option<&Platform>,
        or_index: bool,
    ) -> Result<Chosen, Error> {
        let root = self.root()?;
        let mut child: Option<Fetched> = None;
        for _ in 0..MAX_INDEX_DEPTH {
            let current = child.as_ref().unwrap_or(&root);
            let Content::Index(index) = &current.document.content else {
                let config = match (wanted, &child) {
                    (Some(wanted), None) => self.check_platform(context, &root.document, wanted)?,
                    _ => None,
                };
                return Ok(Chosen { root, child, config });
            };
            child = match self.choose(context, index, wanted)? {
                Some(entry) => Some(self.entry(entry)?),
                None if or_index => {
                    let local = Platform::local();
                    let name = self.short_name();
                    context.reporter.warn(&format!("{name} has no image for {local}"));
                    return Ok(Chosen { root, child, config: None });
                }
                None => return Err(self.not_in(index, wanted)),
            };
        }
        Err(self.too_deep())
    }

    /// The digest and type of the image for a platform, without fetching its manifest where the
    /// index tells.
    ///
    /// # Errors
    /// As for [`Image::descend`].
    pub fn digest_for(
        &self,
        context: &Context,
        wanted: &Platform,
    ) -> Result<(Digest, String), Error> {
        let mut current = self.root()?;
        for depth in 0..MAX_INDEX_DEPTH {
            let Content::Index(index) = &current.document.content else {
                if depth == 0 {
                    self.check_platform(context, &current.document, wanted)?;
                }
                return Ok((current.digest, current.document.media_type.to_string()));
            };
            let entry = self.choose(context, index, Some(wanted))?;
            let entry = entry.ok_or_else(|| self.not_in(index, Some(wanted)))?;
            if !entry.media_type.is_index() {
                return Ok((self.supported(entry)?.clone(), entry.media_type.to_string()));
            }
            current = self.entry(entry)?;
        }
        Err(self.too_deep())
    }

    fn too_deep(&self) -> Error {
        Error::Answer {
            host: self.reference.registry().to_string(),
            what: format!(
                "{}: indexes point to indexes more than {MAX_INDEX_DEPTH} deep",
                self.full_name()
            ),
            hint: "push a plain index",
        }
    }

    /// Chooses the entry of an index for a platform, and says so where another stands in.
    fn choose<'a>(
        &self,
        context: &Context,
        index: &'a Index,
        wanted: Option<&Platform>,
    ) -> Result<Option<&'a Descriptor>, Error> {
        let local = Platform::local();
        let asked = wanted.unwrap_or(&local);
        let found = match index.select(asked) {
            Selection::Found { index: position, exact } => Some((position, exact)),
            Selection::Ambiguous(positions) => self.look_into(index, &positions, asked)?,
            Selection::None => None,
        };
        let (entry, exact) = match (found, &images(index)[..]) {
            (Some((position, exact)), _) => (&index.manifests[position], exact),
            // Nobody asked for a platform, and there is one image only.
            (None, &[only]) if wanted.is_none() => (only, false),
            (None, _) => return Ok(None),
        };
        if !exact {
            self.say_fallback(context, asked, entry.platform.as_ref());
        }
        Ok(Some(entry))
    }

    fn not_in(&self, index: &Index, wanted: Option<&Platform>) -> Error {
        self.no_platform(wanted.unwrap_or(&Platform::local()), &index_platforms(index))
    }

    /// Finds the entry for a platform by the configs, where the index itself does not tell.
    fn look_into(
        &self,
        index: &Index,
        positions: &[usize],
        wanted: &Platform,
    ) -> Result<Option<(usize, bool)>, Error> {
        let positions = &positions[..positions.len().min(MAX_LOOKED_INTO)];
        let mut found = Vec::new();
        for &position in positions {
            let child = self.entry(&index.manifests[position])?;
            found.push(self.platform_of(&child.document)?.0);
        }
        let candidates: Vec<Option<&Platform>> = found.iter().map(Option::as_ref).collect();
        Ok(match platform::select(&candidates, wanted) {
            Selection::Found { index, exact } => Some((positions[index], exact)),
            Selection::Ambiguous(_) | Selection::None => None,
        })
    }

    /// The platform of a single image, as its config has it, and the config.
    ///
    /// # Errors
    /// As for [`Image::config_of`].
    pub fn platform_of(
        &self,
        document: &Document,
    ) -> Result<(Option<Platform>, Option<Vec<u8>>), Error> {
        let bytes = self.config_of(document)?;
        let platform = image_config(document, bytes.as_deref()).and_then(|c| c.platform());
        Ok((platform, bytes))
    }

    /// Checks that a single image is for the wanted platform; returns its config, which tells.
    fn check_platform(
        &self,
        context: &Context,
        document: &Document,
        wanted: &Platform,
    ) -> Result<Option<Vec<u8>>, Error> {
        let (platform, config) = self.platform_of(document)?;
        match platform::select(&[platform.as_ref()], wanted) {
            Selection::Found { exact: true, .. } => Ok(config),
            Selection::Found { exact: false, .. } => {
                self.say_fallback(context, wanted, platform.as_ref());
                Ok(config)
            }
            Selection::Ambiguous(_) | Selection::None => {
                let there: Vec<String> = platform.iter().map(Platform::to_string).collect();
                Err(self.no_platform(wanted, &there))
            }
        }
    }

    fn say_fallback(&self, context: &Context, wanted: &Platform, taken: Option<&Platform>) {
        let name = self.short_name();
        context.reporter.warn(&match taken {
            Some(taken) => format!("{name} has no image for {wanted}; showing that for {taken}"),
            None => format!("{name} does not say for which platform it is"),
        });
    }

    fn no_platform(&self, wanted: &Platform, there: &[String]) -> Error {
        let more = if there.len() > MAX_NAMED { ", …" } else { "" };
        let named = &there[..there.len().min(MAX_NAMED)];
        let hint = match named {
            [] => format!("what it has: docker tags platforms --all {}", self.short_name()),
            named => format!("it has {}{more}", named.join(", ")),
        };
        Error::NotFoundIn { object: format!("platform {wanted}"), name: self.full_name(), hint }
    }
}

/// The entries of an index that are images, or may be.
fn images(index: &Index) -> Vec<&Descriptor> {
    index.manifests.iter().filter(|entry| entry.entry() == Entry::Image).collect()
}

/// The platforms that an index states, each once.
fn index_platforms(index: &Index) -> Vec<String> {
    let mut platforms: Vec<String> = Vec::new();
    for platform in images(index).iter().filter_map(|entry| entry.platform.as_ref()) {
        let text = crate::terminal::server_text(&platform.to_string());
        if !platforms.contains(&text) {
            platforms.push(text);
        }
    }
    platforms
}

/// What an image's config says; `None` for what is no image's config.
pub fn image_config(document: &Document, bytes: Option<&[u8]>) -> Option<ImageConfig> {
    match &document.content {
        Content::Schema1(manifest) => {
            let mut config = manifest.config()?;
            if config.os.is_empty() {
                // Nothing else had images then.
                "linux".clone_into(&mut config.os);
            }
            Some(config)
        }
        _ => ImageConfig::parse(bytes?),
    }
}
