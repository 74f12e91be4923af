//! The image commands from end to end: `digest`, `manifest`, `platforms`, `config`, `inspect`.

mod documents;
mod hostile;
mod inspect;
mod layouts;
mod odd;
mod pins;
mod platforms;
mod recipes;
mod requests;
mod terminal;

use crate::support::{Image, TestRegistry};

const AMD64: &str = "linux/amd64";
const ARM64: &str = "linux/arm64";

/// A registry with an image of every kind.
fn of_all_kinds() -> TestRegistry {
    TestRegistry::new()
        .image("demo/app:index", &Image::index_with_attestations("i", &[AMD64, ARM64]))
        .image("demo/app:list", &Image::docker_list("l", &[AMD64, ARM64, "linux/arm/v6"]))
        .image("demo/app:oci", &Image::oci("o", AMD64))
        .image("demo/app:docker", &Image::docker("d", ARM64))
        .image("demo/app:old", &Image::schema1())
        .image("demo/app:file", &Image::artifact("application/vnd.example.thing", "content"))
        .image("demo/chart:1.2.3", &Image::helm("chart", "1.2.3"))
        .image("demo/plugin:1", &Image::plugin("mounts things"))
        .start()
}
