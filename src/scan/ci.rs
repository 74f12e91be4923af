//! The images of GitHub's workflows and actions, and of GitLab's pipelines.

use std::collections::HashSet;

use super::collect::Collector;
use super::kubernetes::plain;
use super::yaml::{Id, Yaml};

const DOCKER_SCHEME: &str = "docker://";

/// Adds the images of a workflow: containers, services and steps of its jobs.
pub(super) fn github_workflow(collector: &mut Collector<'_>, yaml: &Yaml<'_>, root: Id) {
    let mut seen = HashSet::new();
    let Some(jobs) = yaml.get(root, "jobs") else { return };
    for (_, job) in yaml.entries(jobs) {
        let services = yaml.get(job, "services").map_or(Vec::new(), |all| yaml.entries(all));
        let services = services.into_iter().map(|(_, service)| service);
        for container in yaml.get(job, "container").into_iter().chain(services) {
            let image = yaml.get(container, "image").unwrap_or(container);
            if seen.insert(image) {
                plain(collector, yaml, image, None);
            }
        }
        steps(collector, yaml, job, &mut seen);
    }
}

/// Adds the images of an action: the one that it runs in, and those of its steps.
pub(super) fn github_action(collector: &mut Collector<'_>, yaml: &Yaml<'_>, root: Id) {
    let Some(runs) = yaml.get(root, "runs") else { return };
    if let Some(image) = yaml.get(runs, "image") {
        by_scheme(collector, yaml, image);
    }
    steps(collector, yaml, runs, &mut HashSet::new());
}

fn steps(collector: &mut Collector<'_>, yaml: &Yaml<'_>, job: Id, seen: &mut HashSet<Id>) {
    let steps = yaml.get(job, "steps").map_or(&[][..], |steps| yaml.items(steps));
    for &step in steps {
        if let Some(uses) = yaml.get(step, "uses").filter(|&uses| seen.insert(uses)) {
            by_scheme(collector, yaml, uses);
        }
    }
}

/// Adds `docker://IMAGE`; everything else is not an image.
fn by_scheme(collector: &mut Collector<'_>, yaml: &Yaml<'_>, id: Id) {
    let Some(raw) = yaml.text(id, collector.file).map(|text| text.trim()) else { return };
    if raw.value.starts_with(DOCKER_SCHEME) {
        let raw = raw.slice(DOCKER_SCHEME.len()..raw.len());
        collector.image(Ok(raw.clone()), &raw, None);
    }
}

/// Adds the images of a pipeline: its own, those of `default` and of its jobs.
pub(super) fn gitlab(collector: &mut Collector<'_>, yaml: &Yaml<'_>, root: Id) {
    let mut seen = HashSet::new();
    let jobs = yaml.entries(root).into_iter().filter(|(key, _)| *key != "variables");
    for holder in [root].into_iter().chain(jobs.map(|(_, job)| job)) {
        let services = yaml.get(holder, "services").map_or(&[][..], |all| yaml.items(all));
        let image = yaml.get(holder, "image").into_iter();
        for image in image.chain(services.iter().copied()) {
            let name = yaml.get(image, "name").unwrap_or(image);
            if !seen.insert(name) {
                continue;
            }
            let docker = yaml.get(image, "docker");
            let platform = docker.and_then(|docker| yaml.get(docker, "platform"));
            let platform = platform.and_then(|platform| yaml.scalar(platform)).map(str::to_owned);
            plain(collector, yaml, name, platform);
        }
    }
}
