//! Details from manifests: a `HEAD` for each tag, then each distinct digest once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::api;
use super::listing::{Details, Listing, Lookup, TaggedImage};
use super::needs::Needs;
use crate::error::Error;
use crate::oci::manifest::{Content, Descriptor, Entry, ImageConfig, Index, Manifest};
use crate::oci::platform::{Platform, Selection};
use crate::oci::reference::{Digest, Tag};
use crate::registry::{RateLimit, RepositoryHandle, Target};
use crate::system::parallel;

/// More pulls than this are announced.
const MANY_PULLS: usize = 200;

/// Asks one registry about the tags of one repository.
pub(super) struct Fetcher<'a> {
    lookup: Lookup<'a>,
    repository: RepositoryHandle,
    /// What each digest stands for, as far as it was read.
    read: HashMap<Digest, Arc<Details>>,
    /// The digests of indexes, which take one request more.
    indexes: HashSet<Digest>,
    /// What the registry says about pulls, if it counts them.
    limit: Option<RateLimit>,
    /// The tags that were listed and then not there.
    vanished: Vec<String>,
    is_api_asked: bool,
}

impl<'a> Fetcher<'a> {
    /// Nothing is asked yet.
    pub(super) fn new(lookup: &Lookup<'a>) -> Result<Self, Error> {
        Ok(Fetcher {
            lookup: *lookup,
            repository: lookup.repository()?,
            read: HashMap::new(),
            indexes: HashSet::new(),
            limit: None,
            vanished: Vec::new(),
            is_api_asked: false,
        })
    }

    /// The tags with the details that are needed, as far as they can be had.
    pub(super) fn details(
        &mut self,
        tags: &[&str],
        listing: &mut Listing,
    ) -> Result<Vec<TaggedImage>, Error> {
        if let RepositoryHandle::Registry(repository) = &self.repository
            && !std::mem::replace(&mut self.is_api_asked, true)
        {
            self.is_api_asked = api::ask(&self.lookup, repository, tags, listing)?;
        }
        self.note_spared(tags, listing);
        let unknown = Arc::default();
        let mut found: Vec<TaggedImage> = tags
            .iter()
            .map(|tag| TaggedImage {
                tag: (*tag).into(),
                details: listing.known.get(tag).unwrap_or(&unknown).clone(),
            })
            .collect();
        let always = self.lookup.needs.digest;
        self.add_digests(&mut found, |tag| always || listing.needs_of(tag).in_manifest())?;
        let mut wanted = Vec::new();
        let mut seen = HashSet::new();
        for image in &found {
            let needs = listing.needs_of(&image.tag);
            if let Some(digest) = &image.details.digest
                && needs.in_manifest()
                && !self.read.contains_key(digest)
                && seen.insert(digest)
            {
                wanted.push((digest.clone(), needs));
            }
        }
        self.read_manifests(&wanted)?;
        for image in &mut found {
            let digest = image.details.digest.as_ref();
            if let Some(read) = digest.and_then(|digest| self.read.get(digest)) {
                image.details = join(&image.details, read);
            }
        }
        Ok(found)
    }

    /// The digest of the wanted platform's image behind a digest: itself, if it is not an index.
    ///
    /// # Errors
    /// As for [`RepositoryHandle::manifest`].
    pub(super) fn child(
        &self,
        digest: &Digest,
        wanted: &Platform,
    ) -> Result<Option<Digest>, Error> {
        let target = Target::Digest(digest.clone());
        let Content::Index(index) = self.repository.manifest(&target)?.document.content else {
            return Ok(Some(digest.clone()));
        };
        Ok(match index.select(wanted) {
            Selection::Found { index: at, exact: true } => {
                index.manifests.get(at).and_then(|entry| entry.digest.supported().cloned())
            }
            _ => None,
        })
    }

    /// Whether a digest is known to be an index.
    pub(super) fn is_index(&self, digest: &Digest) -> bool {
        self.indexes.contains(digest)
    }

    /// Says which tags were listed and are not there.
    pub(super) fn note_vanished(&self) {
        let Some(first) = self.vanished.first() else { return };
        let name = self.lookup.target.name();
        let others = match self.vanished.len() {
            1 => String::new(),
            count => format!(" and {} others", count - 1),
        };
        self.lookup
            .context
            .reporter
            .warn(&format!("{name}: skipped {first}{others}: listed, but not found"));
    }

    /// Says what a list leaves out that is not worth a request for each tag.
    fn note_spared(&self, tags: &[&str], listing: &Listing) {
        let told = || tags.iter().filter_map(|tag| listing.known.get(tag));
        let what = if !listing.needs.spare {
            return;
        } else if told().any(|details| details.platforms.is_none()) {
            "platforms"
        } else if told().any(|details| details.size.is_none()) {
            "sizes of multi-platform images"
        } else {
            return;
        };
        self.lookup.context.reporter.warn(&format!(
            "the list of {} has no {what}; to read the manifests, use --platform or a template with \
             the field",
            self.lookup.target.host()
        ));
    }

    /// Asks for the digests that are not known yet; tags that are gone are taken out.
    fn add_digests(
        &mut self,
        found: &mut Vec<TaggedImage>,
        is_needed: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let mut asked = Vec::new();
        for (place, image) in found.iter().enumerate() {
            if image.details.digest.is_none() && is_needed(&image.tag) {
                // Names that came from a list were checked when they came.
                asked.extend(image.tag.parse::<Tag>().ok().map(|tag| (place, tag)));
            }
        }
        let Lookup { progress, jobs, .. } = &self.lookup;
        progress.expect(asked.len());
        let mut gone = HashSet::new();
        let repository = &self.repository;
        let work = |(_, tag): &(usize, Tag)| {
            let head = repository.head(&Target::Tag(tag.clone()));
            progress.step();
            head
        };
        parallel::in_order(&asked, *jobs, work, |(place, _), head| {
            match head {
                Ok(head) => {
                    if head.media_type.is_index() {
                        self.indexes.insert(head.digest.clone());
                    }
                    if head.rate_limit.limit.is_some() {
                        self.limit = Some(head.rate_limit);
                    }
                    Arc::make_mut(&mut found[*place].details).digest = Some(head.digest);
                }
                Err(Error::NotFoundIn { .. }) => {
                    gone.insert(*place);
                    self.vanished.push(found[*place].tag.to_string());
                }
                Err(error) => return Err(error),
            }
            Ok(())
        })?;
        let mut place = 0;
        found.retain(|_| {
            place += 1;
            !gone.contains(&(place - 1))
        });
        Ok(())
    }

    /// Reads each of these digests once.
    fn read_manifests(&mut self, wanted: &[(Digest, Needs)]) -> Result<(), Error> {
        self.announce(wanted);
        let Lookup { target, progress, jobs, context, .. } = &self.lookup;
        progress.expect(wanted.len());
        let reader = Reader { lookup: &self.lookup, repository: &self.repository };
        let work = |(digest, needs): &(Digest, Needs)| {
            let details = reader.details(digest, *needs);
            progress.step();
            details
        };
        parallel::in_order(wanted, *jobs, work, |(digest, _), details| {
            let details = match details {
                Ok(details) => details,
                // One broken or lost image must not hold back the others.
                Err(error @ (Error::NotFoundIn { .. } | Error::Answer { .. })) => {
                    let name = target.name();
                    context.reporter.warn(&format!("{name}: details are missing: {error}"));
                    Details::default()
                }
                Err(error) => return Err(error),
            };
            self.read.insert(digest.clone(), Arc::new(details));
            Ok(())
        })
    }

    /// Says what it will cost, where pulls are counted.
    fn announce(&self, wanted: &[(Digest, Needs)]) {
        let pulls = wanted
            .iter()
            .map(|(digest, needs)| {
                1 + usize::from(needs.in_image() && self.indexes.contains(digest))
            })
            .sum::<usize>();
        let Some(registry) = self.lookup.target.registry() else { return };
        if pulls <= MANY_PULLS || (self.limit.is_none() && !registry.is_docker_hub()) {
            return;
        }
        let remaining = self.limit.as_ref().and_then(|limit| limit.remaining.as_deref());
        let left = match remaining.and_then(|text| text.split(';').next()) {
            Some(left) => format!(" ({left} are left)"),
            None => String::new(),
        };
        self.lookup.context.reporter.warn(&format!(
            "this takes {pulls} requests that {registry} counts as pulls{left}; to send fewer, use --filter, --limit or --digests"
        ));
    }
}

/// What a list says, completed by what a manifest says.
fn join(listed: &Details, read: &Details) -> Arc<Details> {
    Arc::new(Details {
        digest: listed.digest.clone(),
        size: listed.size.or(read.size),
        platforms: listed.platforms.clone().or_else(|| read.platforms.clone()),
        created: listed.created.or(read.created),
        pulled: listed.pulled,
        status: listed.status.clone(),
        child: None,
        document: None,
    })
}

/// Reads single manifests; used by all workers.
struct Reader<'a> {
    lookup: &'a Lookup<'a>,
    repository: &'a RepositoryHandle,
}

impl Reader<'_> {
    fn details(&self, digest: &Digest, needs: Needs) -> Result<Details, Error> {
        Ok(match self.content(digest)? {
            Content::Index(index) => {
                let image = self.image(&index).and_then(|entry| entry.digest.supported());
                let mut details = match image.filter(|_| needs.in_image()) {
                    Some(digest) => match self.content(digest)? {
                        Content::Image(image) => self.of_image(&image, needs.created)?,
                        // An index in an index: there is no one image to speak of.
                        _ => Details::default(),
                    },
                    None => Details::default(),
                };
                details.platforms = Some(platforms(&index));
                details
            }
            Content::Image(image) => self.of_image(&image, needs.created || needs.platforms)?,
            Content::Artifact(artifact) => {
                let sizes = artifact.blobs.iter().map(|blob| blob.size);
                Details { size: sizes.sum(), ..Details::default() }
            }
            Content::Schema1(manifest) => of_config(manifest.config()),
            Content::Unknown => Details::default(),
        })
    }

    fn content(&self, digest: &Digest) -> Result<Content, Error> {
        Ok(self.repository.manifest(&Target::Digest(digest.clone()))?.document.content)
    }

    /// The image of an index that size and date are told of.
    fn image<'i>(&self, index: &'i Index) -> Option<&'i Descriptor> {
        let local = Platform::local();
        let wanted = self.lookup.platform.unwrap_or(&local);
        match index.select(wanted) {
            Selection::Found { index: place, .. } => index.manifests.get(place),
            _ => index.manifests.iter().find(|entry| entry.entry() == Entry::Image),
        }
    }

    fn of_image(&self, image: &Manifest, config: bool) -> Result<Details, Error> {
        let mut details = Details::default();
        if config && image.config.media_type.is_image_config() {
            details = of_config(ImageConfig::parse(&self.repository.blob(&image.config)?));
        }
        details.size = image.size();
        Ok(details)
    }
}

/// The platforms of the images of an index, in its order.
fn platforms(index: &Index) -> Vec<Platform> {
    let images = index.manifests.iter().filter(|entry| entry.entry() == Entry::Image);
    images.filter_map(|entry| entry.platform.clone()).collect()
}

fn of_config(config: Option<ImageConfig>) -> Details {
    let Some(config) = config else { return Details::default() };
    let platform = config.platform().filter(|platform| !platform.is_unknown());
    Details {
        platforms: platform.map(|platform| vec![platform]),
        created: config.created.and_then(|created| created.credible()),
        ..Details::default()
    }
}
