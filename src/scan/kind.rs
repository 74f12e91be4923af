//! What a file is: by its name, else by its content.

use std::path::Path;

use super::yaml::{Id, Yaml};

/// The kinds of files that name images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dockerfile,
    Compose,
    Kubernetes,
    Kustomization,
    HelmValues,
    GithubWorkflow,
    GithubAction,
    Gitlab,
}

/// What a file's name says.
pub(super) fn by_name(path: &Path) -> Option<Kind> {
    let name = path.file_name()?.to_str()?;
    let lower = name.to_lowercase();
    if ["dockerfile", "containerfile"].iter().any(|word| is_dockerfile(&lower, word)) {
        return Some(Kind::Dockerfile);
    }
    let stem = lower.strip_suffix(".yaml").or_else(|| lower.strip_suffix(".yml"));
    let folder = path.parent();
    let grandparent = folder.and_then(Path::parent).and_then(Path::file_name);
    match stem {
        Some(".gitlab-ci") => Some(Kind::Gitlab),
        Some(stem) if stem.ends_with(".gitlab-ci") => Some(Kind::Gitlab),
        Some("action") => Some(Kind::GithubAction),
        Some(_)
            if folder.is_some_and(|f| f.ends_with("workflows"))
                && grandparent.is_some_and(|name| name == ".github") =>
        {
            Some(Kind::GithubWorkflow)
        }
        Some("kustomization") => Some(Kind::Kustomization),
        Some(stem) if stem.starts_with("compose") || stem.starts_with("docker-compose") => {
            Some(Kind::Compose)
        }
        Some(stem) if stem.starts_with("values") => Some(Kind::HelmValues),
        None if name == "Kustomization" => Some(Kind::Kustomization),
        _ => None,
    }
}

/// `Dockerfile`, `Dockerfile.dev`, `app.Dockerfile`; no list of ignored files and no document.
fn is_dockerfile(name: &str, word: &str) -> bool {
    let fits = name == word
        || name.strip_prefix(word).is_some_and(|rest| rest.starts_with('.'))
        || name.strip_suffix(word).is_some_and(|rest| rest.ends_with('.'));
    fits && !name.ends_with(".dockerignore") && !name.ends_with(".md")
}

/// Whether a file of this name may be read to see what it is.
pub(super) fn is_worth_reading(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    let Some(name) = name else { return false };
    let is_yaml = [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end));
    let is_docker = ["dockerfile", "containerfile"].iter().any(|word| name.starts_with(word));
    is_yaml || is_docker && !name.ends_with(".dockerignore") && !name.ends_with(".md")
}

/// `Dockerfile.part` and `dockerfile.vim` are named like one: without a `FROM` they are something
/// else. A file that is called `Dockerfile` and nothing more has no such excuse.
pub(super) fn is_no_dockerfile_after_all(path: &Path, content: &[u8]) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy().to_lowercase());
    let is_plain = matches!(name.as_deref(), Some("dockerfile" | "containerfile"));
    let mut lines = content.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii_start);
    let begins = |line: &[u8]| line.get(..4).is_some_and(|word| word.eq_ignore_ascii_case(b"from"));
    by_name(path) == Some(Kind::Dockerfile)
        && !is_plain
        && !lines.any(|line| begins(line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line)))
}

/// A cheap look at content that may name images, before it is read as YAML: words that
/// [`of_document`] looks for.
pub(super) fn may_name_images(content: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(content) else { return false };
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    has(&["image", "docker://", "container"])
        && has(&["apiVersion", "services", "jobs", "runs", "script"])
        || begins_like_a_dockerfile(text)
}

/// Whether the first line that is not a comment is one that Dockerfiles begin with.
pub(super) fn begins_like_a_dockerfile(text: &str) -> bool {
    let mut lines = text.trim_start_matches('\u{feff}').lines().map(str::trim_start);
    let first = lines.find(|line| !line.is_empty() && !line.starts_with('#'));
    let word = first.and_then(|line| line.split_whitespace().next()).unwrap_or_default();
    ["FROM", "ARG"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// What a document of a file known by its name is.
pub(super) fn refine(kind: Kind, yaml: &Yaml<'_>, root: Id) -> Kind {
    match (kind, of_document(yaml, root)) {
        // `compose*.yaml` and `values*.yaml` may be manifests all the same.
        (
            Kind::Compose | Kind::HelmValues,
            Some(found @ (Kind::Kubernetes | Kind::Kustomization)),
        ) => found,
        _ => kind,
    }
}

/// What a document's content says.
pub(super) fn of_document(yaml: &Yaml<'_>, root: Id) -> Option<Kind> {
    let has = |key| yaml.get(root, key);
    if let (Some(version), Some(kind)) = (has("apiVersion"), has("kind")) {
        let version = yaml.scalar(version)?;
        yaml.scalar(kind)?;
        let is_kustomize = version.starts_with("kustomize.config.k8s.io/");
        return Some(if is_kustomize { Kind::Kustomization } else { Kind::Kubernetes });
    }
    let children = |id: Id| yaml.entries(id).into_iter().map(|(_, child)| child);
    if let Some(services) = has("services")
        && children(services).any(|service| yaml.get(service, "image").is_some())
    {
        return Some(Kind::Compose);
    }
    if let (Some(jobs), Some(_)) = (has("jobs"), has("on"))
        && yaml.is_mapping(jobs)
    {
        return Some(Kind::GithubWorkflow);
    }
    if let Some(runs) = has("runs")
        && yaml.get(runs, "using").is_some()
    {
        return Some(Kind::GithubAction);
    }
    let mut jobs = children(root).filter(|&job| yaml.get(job, "script").is_some());
    let is_gitlab = jobs.any(|job| {
        has("image").is_some()
            || has("stages").is_some()
            || yaml.get(job, "image").is_some()
            || yaml.get(job, "stage").is_some()
    });
    is_gitlab.then_some(Kind::Gitlab)
}
