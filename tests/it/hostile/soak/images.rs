//! The commands of the soak about images, and those about a registry itself.

use serde_json::{Value, json};

use super::commands::{Expected, Maker, Rows, Shape};
use super::content::{AMD64, ARM64, NEWEST, size};
use super::lists::{human, words};
use crate::support::Image;

/// A tag, a platform of its image, and the image for that.
type Chosen = (&'static str, &'static str, Image);

impl Maker<'_> {
    /// An image by one of its names, its tag or its digest.
    fn named(&mut self, tag: &str) -> String {
        let digest = &self.world.tagged(tag).image.root.digest;
        let names = [format!("{}:{tag}", self.app()), format!("{}@{digest}", self.app())];
        self.random.pick(&names)
    }

    fn any_tag(&mut self) -> &'static str {
        self.random.pick(&NEWEST)
    }

    /// An image for one platform, alone or in an index.
    fn chosen(&mut self) -> Chosen {
        let chosen: [fn() -> Chosen; 6] = [
            || ("v3", AMD64, Image::oci("i", AMD64)),
            || ("latest", ARM64, Image::oci("i", ARM64)),
            || ("2", AMD64, Image::docker("l", AMD64)),
            || ("edge", ARM64, Image::docker("l", ARM64)),
            || ("1", AMD64, Image::oci("o", AMD64)),
            || ("pr-7", ARM64, Image::docker("d", ARM64)),
        ];
        self.random.pick(&chosen)()
    }

    pub(super) fn digest(&mut self) -> (Vec<String>, Expected) {
        let tag = self.any_tag();
        let (digest, app) = (&self.world.tagged(tag).image.root.digest, self.app());
        if self.random.one_in(3) {
            let rows = Rows::lines([format!("{app}:{tag}@{digest}")]);
            let name = format!("{app}:{tag}");
            return (words("digest", &["--full-ref"], &[name]), Expected::Rows(rows));
        }
        let name = self.named(tag);
        (words("digest", &[], &[name]), Expected::Rows(Rows::lines([digest])))
    }

    pub(super) fn digest_several(&mut self) -> (Vec<String>, Expected) {
        let (mut names, mut lines) = (Vec::new(), Vec::new());
        for _ in 0..2 + self.random.below(5) {
            let tag = self.any_tag();
            let name = format!("{}:{tag}", self.app());
            lines.push(format!("{name}@{}", self.world.tagged(tag).image.root.digest));
            names.push(name);
        }
        let rows = Rows { apart: true, ..Rows::lines(lines) };
        (words("digest", &[], &names), Expected::Rows(rows))
    }

    pub(super) fn digest_platform(&mut self) -> (Vec<String>, Expected) {
        let (tag, platform, image) = self.chosen();
        let name = self.named(tag);
        let rows = Rows::lines([image.root.digest]);
        (words("digest", &["--platform", platform], &[name]), Expected::Rows(rows))
    }

    pub(super) fn manifest(&mut self) -> (Vec<String>, Expected) {
        if self.random.one_in(2) {
            let (tag, platform, image) = self.chosen();
            let name = self.named(tag);
            let args = words("manifest", &["--platform", platform], &[name]);
            return (args, Expected::Bytes(image.root.bytes));
        }
        let tag = self.any_tag();
        let name = self.named(tag);
        let bytes = self.world.tagged(tag).image.root.bytes.clone();
        (words("manifest", &[], &[name]), Expected::Bytes(bytes))
    }

    pub(super) fn config(&mut self) -> (Vec<String>, Expected) {
        if self.random.one_in(4) {
            // A chart is for no platform.
            let chart = self.world.tagged("0.7").image.config().bytes.clone();
            let name = self.named("0.7");
            return (words("config", &[], &[name]), Expected::Bytes(chart));
        }
        let (tag, platform, image) = self.chosen();
        let name = self.named(tag);
        let args = words("config", &["--platform", platform], &[name]);
        (args, Expected::Bytes(image.config().bytes.clone()))
    }

    pub(super) fn platforms(&mut self) -> (Vec<String>, Expected) {
        let (tag, seed, make): (_, _, fn(&str, &str) -> Image) = self
            .random
            .pick(&[("latest", "i", Image::oci as _), ("edge", "l", Image::docker as _)]);
        let images = [AMD64, ARM64].map(|platform| (platform, make(seed, platform)));
        let (flags, rows): (&[&str], Rows) = match self.random.below(3) {
            0 => (&["-q"], Rows::lines([AMD64, ARM64])),
            1 => {
                let row = |(platform, image): &(&str, Image)| {
                    json!({
                        "PLATFORM": platform, "DIGEST": image.root.digest[..19],
                        "SIZE": human(&json!(size(image))),
                    })
                };
                let shape = Shape::Table(&["PLATFORM", "DIGEST", "SIZE"]);
                (&[], Rows::new(shape, images.iter().map(row).collect()))
            }
            _ => {
                let line = |(platform, image): &(&str, Image)| {
                    json!(format!("{platform} {} {}", image.root.digest, size(image)))
                };
                let template = "{{.Platform}} {{.Digest}} {{.Size}}";
                let rows = images.iter().map(line).collect();
                (&["--format", template], Rows::new(Shape::Lines, rows))
            }
        };
        let streams = rows.shape == Shape::Lines;
        let name = self.named(tag);
        (words("platforms", flags, &[name]), Expected::Rows(Rows { streams, ..rows }))
    }

    pub(super) fn inspect(&mut self) -> (Vec<String>, Expected) {
        let (tag, platform, image) = self.chosen();
        let root = &self.world.tagged(tag).image.root;
        let (config, layers) = (image.config(), &image.blobs[1..]);
        let config: Value = serde_json::from_slice(&config.bytes).expect("a config is JSON");
        let digests: Vec<&str> = layers.iter().map(|layer| &*layer.digest).collect();
        let data = layers.iter().map(|layer| {
            json!({"MIMEType": layer.media_type, "Digest": layer.digest,
                   "Size": layer.bytes.len(), "Annotations": null})
        });
        let document = json!({
            "Name": self.app(), "Digest": root.digest, "RepoTags": [],
            "Created": config["created"], "DockerVersion": config["docker_version"],
            "Labels": config["config"]["Labels"], "Architecture": config["architecture"],
            "Os": config["os"], "Layers": digests, "LayersData": data.collect::<Vec<_>>(),
            "Env": config["config"]["Env"],
        });
        let name = self.named(tag);
        let args = words("inspect", &["--platform", platform], &[name]);
        (args, Expected::Document(document))
    }

    pub(super) fn token(&mut self) -> (Vec<String>, Expected) {
        let (flags, before): (&[&str], _) = match self.random.one_in(2) {
            true => (&["-H"], "Authorization: Bearer "),
            false => (&[], ""),
        };
        (words("token", flags, &[self.app()]), Expected::Token(before))
    }

    pub(super) fn check(&mut self) -> (Vec<String>, Expected) {
        let as_json = self.random.one_in(2);
        let flags: &[&str] = if as_json { &["--format", "json"] } else { &[] };
        (words("check", flags, &[self.app()]), Expected::Report(as_json))
    }
}
