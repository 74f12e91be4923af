//! From a reference down to the image for a platform.
//!
//! The platform that is asked for comes first, then one that can stand in, and that is said. Where
//! an index does not state its platforms, the configs of its images tell.

use super::super::context::Context;
use super::{Chosen, Image, image_config};
use crate::error::Error;
use crate::oci::manifest::{Content, Descriptor, Document, Entry, Index, MAX_INDEX_DEPTH};
use crate::oci::platform::{self, Platform, Selection};
use crate::oci::reference::Digest;
use crate::registry::Fetched;

/// How many entries that state no platform are looked into for one.
const MAX_LOOKED_INTO: usize = 16;
/// How many platforms a hint names.
const MAX_NAMED: usize = 12;

impl Image {
    /// Follows the reference down to one image. Without a wanted platform that is the only image
    /// there is, or the one for this machine.
    ///
    /// # Errors
    /// No image for the platform; indexes within indexes, too deep; failures of requests.
    pub(crate) fn descend(
        &self,
        context: &Context,
        wanted: Option<&Platform>,
    ) -> Result<Chosen, Error> {
        self.go_down(context, wanted, false)
    }

    /// The same for describing: an index without an image for this machine is chosen itself, when
    /// no platform is wanted.
    ///
    /// # Errors
    /// As for [`Image::descend`].
    pub(crate) fn descend_if_possible(
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
    pub(crate) fn digest_for(
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
            host: self.subject.host(),
            what: format!(
                "{}: indexes point to indexes more than {MAX_INDEX_DEPTH} deep",
                self.full_name()
            ),
            hint: "push a plain index",
        }
    }

    /// Chooses the entry of an index for a platform, and says so where another takes its place.
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
    pub(crate) fn platform_of(
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
            None => format!("{name} does not say which platform it is for"),
        });
    }

    fn no_platform(&self, wanted: &Platform, there: &[String]) -> Error {
        let more = if there.len() > MAX_NAMED { ", …" } else { "" };
        let named = &there[..there.len().min(MAX_NAMED)];
        let hint = match named {
            [] => {
                format!("to list its platforms: docker tags platforms --all {}", self.short_name())
            }
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
        let text = crate::system::terminal::server_text(&platform.to_string());
        if !platforms.contains(&text) {
            platforms.push(text);
        }
    }
    platforms
}
