//! Details from manifests: a `HEAD` for each tag, then each distinct digest once.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::details::{About, Job, Tagged, Told};
use super::needs::Needs;
use crate::error::Error;
use crate::oci::manifest::{Content, Descriptor, Entry, ImageConfig, Index, Manifest};
use crate::oci::platform::{Platform, Selection};
use crate::oci::reference::{Digest, Tag};
use crate::registry::{RateLimit, Registry, Target};
use crate::system::parallel;

/// More pulls than this are announced.
const MANY_PULLS: usize = 200;

/// Asks one registry about the tags of one repository.
pub(super) struct Fetcher<'a> {
    job: &'a Job<'a>,
    registry: Arc<Registry>,
    /// What each digest stands for, as far as it was read.
    read: HashMap<Digest, Arc<About>>,
    /// The digests of indexes, which take one request more.
    indexes: HashSet<Digest>,
    /// What the registry says about pulls, if it counts them.
    limit: Option<RateLimit>,
    /// The tags that were listed and then not there.
    vanished: Vec<String>,
}

impl<'a> Fetcher<'a> {
    /// Nothing is asked yet.
    pub(super) fn new(job: &'a Job<'a>) -> Result<Self, Error> {
        let name = job.target.reference.registry();
        let registry = job.context.registry(name, &job.target.profile)?;
        Ok(Fetcher {
            job,
            registry,
            read: HashMap::new(),
            indexes: HashSet::new(),
            limit: None,
            vanished: Vec::new(),
        })
    }

    /// The tags with the details that are needed, as far as they can be had.
    pub(super) fn details(&mut self, tags: &[&str], told: &Told) -> Result<Vec<Tagged>, Error> {
        let rest = |tag: &str| if told.known.contains_key(tag) { told.rest } else { told.unknown };
        let mut found: Vec<Tagged> = tags
            .iter()
            .map(|tag| match told.known.get(*tag) {
                Some(known) => known.clone(),
                None => {
                    let (tag, about) = ((*tag).to_owned(), Arc::default());
                    Tagged { tag, digest: None, about }
                }
            })
            .collect();
        let always = self.job.needs.digest;
        self.add_digests(&mut found, |tag| always || rest(tag).in_manifest())?;
        let mut wanted = Vec::new();
        let mut seen = HashSet::new();
        for tagged in &found {
            let needs = rest(&tagged.tag);
            if let Some(digest) = &tagged.digest
                && needs.in_manifest()
                && !self.read.contains_key(digest)
                && seen.insert(digest)
            {
                wanted.push((digest.clone(), needs));
            }
        }
        self.read_manifests(&wanted)?;
        for tagged in &mut found {
            let read = tagged.digest.as_ref().and_then(|digest| self.read.get(digest));
            if let Some(read) = read {
                tagged.about = join(&tagged.about, read);
            }
        }
        Ok(found)
    }

    /// Says which tags were listed and are not there.
    pub(super) fn note_vanished(&self) {
        let Some(first) = self.vanished.first() else { return };
        let name = self.job.target.reference.name();
        let others = match self.vanished.len() {
            1 => String::new(),
            count => format!(" and {} others", count - 1),
        };
        self.job.context.reporter.warn(&format!(
            "{name}: {first}{others} left out: listed, but not there when asked for"
        ));
    }

    /// Asks for the digests that are not known yet; tags that are gone are taken out.
    fn add_digests(
        &mut self,
        found: &mut Vec<Tagged>,
        is_needed: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        let mut asked = Vec::new();
        for (place, tagged) in found.iter().enumerate() {
            if tagged.digest.is_none() && is_needed(&tagged.tag) {
                // Names that came from a list were checked when they came.
                asked.extend(tagged.tag.parse::<Tag>().ok().map(|tag| (place, tag)));
            }
        }
        let Job { target, progress, jobs, .. } = self.job;
        let (repository, plugin) = (target.reference.repository(), self.job.args.kind.is_plugin());
        progress.expect(asked.len());
        let mut gone = HashSet::new();
        let registry = &self.registry;
        let work = |(_, tag): &(usize, Tag)| {
            let head = registry.head(repository, &Target::Tag(tag.clone()), plugin);
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
                    found[*place].digest = Some(head.digest);
                }
                Err(Error::NotFoundIn { .. }) => {
                    gone.insert(*place);
                    self.vanished.push(found[*place].tag.clone());
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
        let Job { target, progress, jobs, context, .. } = self.job;
        progress.expect(wanted.len());
        let reader = Reader { job: self.job, registry: &self.registry };
        let work = |(digest, needs): &(Digest, Needs)| {
            let about = reader.about(digest, *needs);
            progress.step();
            about
        };
        parallel::in_order(wanted, *jobs, work, |(digest, _), about| {
            let about = match about {
                Ok(about) => about,
                // One broken or lost image is no reason to keep the others back.
                Err(error @ (Error::NotFoundIn { .. } | Error::Answer { .. })) => {
                    let name = target.reference.name();
                    context.reporter.warn(&format!("{name}: details are missing: {error}"));
                    About::default()
                }
                Err(error) => return Err(error),
            };
            self.read.insert(digest.clone(), Arc::new(about));
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
        let registry = self.job.target.reference.registry();
        if pulls <= MANY_PULLS || (self.limit.is_none() && !registry.is_docker_hub()) {
            return;
        }
        let remaining = self.limit.as_ref().and_then(|limit| limit.remaining.as_deref());
        let left = match remaining.and_then(|text| text.split(';').next()) {
            Some(left) => format!(" ({left} are left)"),
            None => String::new(),
        };
        self.job.context.reporter.warn(&format!(
            "this takes {pulls} requests that {registry} counts as pulls{left}; --filter, --limit \
             and --digests take fewer"
        ));
    }
}

/// What a list told, completed by what a manifest says.
fn join(told: &Arc<About>, read: &Arc<About>) -> Arc<About> {
    if **told == About::default() {
        return read.clone();
    }
    Arc::new(About {
        size: told.size.or(read.size),
        platforms: told.platforms.clone().or_else(|| read.platforms.clone()),
        created: told.created.or(read.created),
    })
}

/// Reads single manifests; used by all workers.
struct Reader<'a> {
    job: &'a Job<'a>,
    registry: &'a Registry,
}

impl Reader<'_> {
    fn about(&self, digest: &Digest, needs: Needs) -> Result<About, Error> {
        Ok(match self.content(digest)? {
            Content::Index(index) => {
                let image = self.image(&index).and_then(|entry| entry.digest.supported());
                let mut about = match image.filter(|_| needs.in_image()) {
                    Some(digest) => match self.content(digest)? {
                        Content::Image(image) => self.of_image(&image, needs.created)?,
                        // An index in an index: there is no one image to speak of.
                        _ => About::default(),
                    },
                    None => About::default(),
                };
                about.platforms = Some(platforms(&index));
                about
            }
            Content::Image(image) => self.of_image(&image, needs.created || needs.platforms)?,
            Content::Artifact(artifact) => {
                let sizes = artifact.blobs.iter().map(|blob| blob.size);
                About { size: sizes.sum(), ..About::default() }
            }
            Content::Schema1(manifest) => of_config(manifest.config()),
            Content::Unknown => About::default(),
        })
    }

    fn content(&self, digest: &Digest) -> Result<Content, Error> {
        let (repository, plugin) = self.repository();
        let target = Target::Digest(digest.clone());
        Ok(self.registry.manifest(repository, &target, plugin)?.document.content)
    }

    fn repository(&self) -> (&crate::oci::reference::Repository, bool) {
        (self.job.target.reference.repository(), self.job.args.kind.is_plugin())
    }

    /// The image of an index that size and date are told of.
    fn image<'i>(&self, index: &'i Index) -> Option<&'i Descriptor> {
        let local = Platform::local();
        let wanted = self.job.platform.unwrap_or(&local);
        match index.select(wanted) {
            Selection::Found { index: place, .. } => index.manifests.get(place),
            _ => index.manifests.iter().find(|entry| entry.entry() == Entry::Image),
        }
    }

    fn of_image(&self, image: &Manifest, config: bool) -> Result<About, Error> {
        let mut about = About::default();
        if config && image.config.media_type.is_image_config() {
            let (repository, plugin) = self.repository();
            let bytes = self.registry.blob(repository, &image.config, plugin)?;
            about = of_config(ImageConfig::parse(&bytes));
        }
        about.size = image.size();
        Ok(about)
    }
}

/// The platforms of the images of an index, in its order.
fn platforms(index: &Index) -> Vec<Platform> {
    let images = index.manifests.iter().filter(|entry| entry.entry() == Entry::Image);
    images.filter_map(|entry| entry.platform.clone()).collect()
}

fn of_config(config: Option<ImageConfig>) -> About {
    let Some(config) = config else { return About::default() };
    let platform = config.platform().filter(|platform| !platform.is_unknown());
    About {
        size: None,
        platforms: platform.map(|platform| vec![platform]),
        created: config.created.and_then(|created| created.credible()),
    }
}
