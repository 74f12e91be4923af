//! Names that only a registry knows, within a second or not at all.
//!
//! A shell hangs while it waits for us. So the question is put by a thread of its own, and when
//! it has no answer in time the program ends without it. No request is repeated, nothing is
//! printed, and no program is run for a login.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::cache::Cache;
use crate::commands::context::Context;
use crate::config::Profile;
use crate::error::Error;
use crate::oci::reference::{Reference, Registry as RegistryName, Repository, Tag};
use crate::registry::Sink;
use crate::registry::hub::{HubRepository, Namespace};
use crate::tags::select::TagList;

/// The most time that all of a completion may take.
pub(super) const DEADLINE: Duration = Duration::from_secs(1);
/// What the program itself needs beside the network.
const MARGIN: Duration = Duration::from_millis(50);
/// The most repositories of a catalog that are looked at.
const MAX_REPOSITORIES: usize = 10_000;

/// The way to the registries.
pub(super) struct Remote {
    pub(super) context: Arc<Context>,
    pub(super) cache: Cache,
    pub(super) started: Instant,
}

impl Remote {
    /// The tags of a repository, newest version first. The error is one line for people.
    pub(super) fn tags(
        &self,
        reference: &Reference,
        profile: &Profile,
        plugin: bool,
    ) -> Result<Vec<String>, String> {
        let registry = &reference.registry().clone();
        let kind = if plugin { "plugin-tags" } else { "tags" };
        let key = self.key(kind, registry, reference.repository().as_str(), profile);
        let (reference, served) = (reference.clone(), profile.clone());
        self.names(registry, &key, Tag::is_valid, move |context| {
            let mut sink = Names { list: TagList::new(), most: usize::MAX };
            let registry = context.registry(reference.registry(), &served)?;
            registry.repository(reference.repository(), plugin).tags(None, &mut sink)?;
            sink.list.sort_by_version();
            Ok(sink.list)
        })
    }

    /// The repositories that a registry's catalog names, in its order.
    pub(super) fn repositories(
        &self,
        registry: &RegistryName,
        profile: &Profile,
    ) -> Result<Vec<String>, String> {
        let key = self.key("repositories", registry, "", profile);
        let (name, served) = (registry.clone(), profile.clone());
        let is_name = |name: &str| name.parse::<Repository>().is_ok();
        self.names(registry, &key, is_name, move |context| {
            let mut sink = Names { list: TagList::new(), most: MAX_REPOSITORIES };
            context.registry(&name, &served)?.catalog(Some(MAX_REPOSITORIES), &mut sink)?;
            Ok(sink.list)
        })
    }

    /// The repositories of a namespace of Docker Hub, by name.
    pub(super) fn hub_repositories(
        &self,
        namespace: &Namespace,
        profile: &Profile,
    ) -> Result<Vec<String>, String> {
        let registry = RegistryName::docker_hub();
        let mut key = self.key("hub-repositories", &registry, namespace.as_str(), profile);
        key.extend(profile.settings.hub_api.as_ref().map(ToString::to_string));
        let (namespace, served) = (namespace.clone(), profile.clone());
        let is_name = |name: &str| name.parse::<Repository>().is_ok();
        self.names(&registry, &key, is_name, move |context| {
            let mut sink = Names { list: TagList::new(), most: MAX_REPOSITORIES };
            context.hub(&served)?.repositories(&namespace, false, &mut sink)?;
            Ok(sink.list)
        })
    }

    /// What makes two lists different: what is listed, where, and who asks.
    fn key(
        &self,
        kind: &str,
        registry: &RegistryName,
        repository: &str,
        profile: &Profile,
    ) -> Vec<String> {
        let endpoint = profile.settings.endpoint.as_ref().map(ToString::to_string);
        let login = self.context.find_login(registry, None, profile).ok().and_then(|found| {
            let user = found.credential?.username().unwrap_or("token").to_owned();
            Some(format!("{user} {}", found.source))
        });
        vec![
            kind.to_owned(),
            registry.to_string(),
            repository.to_owned(),
            profile.name().unwrap_or_default().to_owned(),
            endpoint.unwrap_or_default(),
            login.unwrap_or_default(),
        ]
    }

    /// Names from the cache, else from a question that is put in a thread of its own.
    fn names(
        &self,
        registry: &RegistryName,
        key: &[String],
        is_name: fn(&str) -> bool,
        ask: impl FnOnce(&Context) -> Result<TagList, Error> + Send + 'static,
    ) -> Result<Vec<String>, String> {
        let key: Vec<&str> = key.iter().map(String::as_str).collect();
        if let Some(names) = self.cache.get(&key, is_name) {
            return Ok(names);
        }
        let (sender, receiver) = mpsc::channel();
        let context = self.context.clone();
        std::thread::spawn(move || {
            // Nobody listens any more when the time is up.
            let _ = sender.send(ask(&context));
        });
        let left = (DEADLINE - MARGIN).saturating_sub(self.started.elapsed());
        match receiver.recv_timeout(left) {
            Ok(Ok(list)) => {
                let names: Vec<String> = list.iter().map(str::to_owned).collect();
                self.cache.put(&key, &names);
                Ok(names)
            }
            Ok(Err(error)) => Err(error.to_string()),
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("{registry}: no response within {} s", DEADLINE.as_secs()))
            }
            Err(RecvTimeoutError::Disconnected) => Err(format!("{registry}: no response")),
        }
    }
}

/// Collects a list, up to a number of entries.
struct Names {
    list: TagList,
    most: usize,
}

impl Sink for Names {
    fn entry(&mut self, name: &str) -> Result<ControlFlow<()>, Error> {
        if self.list.len() >= self.most {
            return Ok(ControlFlow::Break(()));
        }
        self.list.entry(name)
    }

    fn count(&self) -> usize {
        self.list.len()
    }

    fn rewind(&mut self, count: usize) -> bool {
        self.list.rewind(count)
    }
}

impl Sink<HubRepository> for Names {
    fn entry(&mut self, repository: &HubRepository) -> Result<ControlFlow<()>, Error> {
        Sink::<str>::entry(self, repository.path.as_str())
    }

    fn count(&self) -> usize {
        self.list.len()
    }

    fn rewind(&mut self, count: usize) -> bool {
        self.list.rewind(count)
    }
}
