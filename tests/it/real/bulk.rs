//! Much content, fast: the link files that the registry itself would write for each tag.

use std::fs;
use std::path::Path;

use super::registry::{Registry, Storage};
use super::seed::Image;

/// Points tags at digests that the repository already has.
pub fn link_tags<T: AsRef<str>, D: AsRef<str>>(
    storage: &Storage,
    repository: &str,
    tags: impl IntoIterator<Item = (T, D)>,
) {
    let root = storage.repository(repository).join("_manifests/tags");
    for (tag, digest) in tags {
        let (tag, digest) = (root.join(tag.as_ref()), digest.as_ref());
        let hex = digest.strip_prefix("sha256:").expect("a sha256 digest");
        write_link(&tag.join("current"), digest);
        write_link(&tag.join("index/sha256").join(hex), digest);
    }
}

fn write_link(directory: &Path, digest: &str) {
    fs::create_dir_all(directory).expect("make a tag's directory");
    fs::write(directory.join("link"), digest).expect("write a link");
}

/// A repository with one image and these tags, all of which point to it.
#[track_caller]
pub fn put_tags<T: AsRef<str>>(
    registry: &Registry,
    repository: &str,
    tags: impl IntoIterator<Item = T>,
) {
    let image = Image::oci("amd64").layers(1).put(registry, repository, None);
    link_tags(registry.storage(), repository, tags.into_iter().map(|tag| (tag, &image.digest)));
}

/// A repository with `tags` tags `1.0.0`, `1.0.1` … spread evenly over `digests` different images; returns each
/// tag with its digest.
#[track_caller]
pub fn put_many(
    registry: &Registry,
    repository: &str,
    tags: usize,
    digests: usize,
) -> Vec<(String, String)> {
    let image =
        |number: usize| Image::oci("amd64").layers(1).annotation("number", &number.to_string());
    let digests: Vec<String> =
        (0..digests).map(|number| image(number).put(registry, repository, None).digest).collect();
    let name =
        |number: usize| format!("{}.{}.{}", 1 + number / 1000, number / 100 % 10, number % 100);
    let pairs: Vec<_> =
        (0..tags).map(|number| (name(number), digests[number % digests.len()].clone())).collect();
    link_tags(registry.storage(), repository, pairs.iter().map(|(tag, digest)| (tag, digest)));
    pairs
}

/// Repositories that the catalog lists, without content.
pub fn put_repositories<N: AsRef<str>>(storage: &Storage, names: impl IntoIterator<Item = N>) {
    for name in names {
        fs::create_dir_all(storage.repository(name.as_ref()).join("_layers"))
            .expect("make a repository");
    }
}
