//! The lists among the commands of the soak: `ls` in all its forms, and `repos`.

use serde_json::{Value, json};

use super::commands::{Expected, Maker, Rows, Shape};
use super::content::{APP, NEWEST, REPOSITORIES, listed};

impl Maker<'_> {
    pub(super) fn app(&self) -> String {
        format!("{}/{APP}", self.host)
    }

    pub(super) fn ls(&mut self) -> (Vec<String>, Expected) {
        let mut by_name = NEWEST.to_vec();
        by_name.sort_unstable();
        let oldest = NEWEST.into_iter().rev().collect();
        let server = listed(APP).expect("it is a repository");
        let old: Vec<&str> = NEWEST.into_iter().filter(|tag| tag.starts_with("0.")).collect();
        let plain = |tags: Vec<&str>| Rows::lines(tags);
        let app = self.app();
        let row = |tag| json!({"Repository": app, "Tag": tag});
        let (flags, rows): (&[&str], Rows) = match self.random.below(9) {
            0 => (&["--sort", "none"], Rows { streams: true, ..plain(server) }),
            1 => (
                &["--sort", "none", "--limit", "5"],
                Rows { streams: true, ..plain(server).limited(5) },
            ),
            2 => (&["--sort", "name"], plain(by_name)),
            3 => (&["--reverse"], plain(oldest)),
            4 => (&["--limit", "3"], plain(NEWEST.to_vec()).limited(3)),
            5 => (&["--format", "{{.Tag}}"], plain(NEWEST.to_vec())),
            6 => {
                let rows = NEWEST.into_iter().map(row).collect();
                (&["--format", "json"], Rows::new(Shape::Json, rows))
            }
            7 => (&["--filter", "0.*"], plain(old)),
            _ => (&[], plain(NEWEST.to_vec())),
        };
        (words("ls", flags, &[app]), Expected::Rows(rows))
    }

    pub(super) fn ls_several(&mut self) -> (Vec<String>, Expected) {
        let (mut names, mut lines) = (Vec::new(), Vec::new());
        let (one, other) = (self.random.below(3), 3 + self.random.below(3));
        for (place, (repository, _, newest)) in REPOSITORIES.into_iter().enumerate() {
            // Two at least: a single one has no name in front of its tags.
            if [one, other].contains(&place) || self.random.one_in(3) {
                let name = format!("{}/{repository}", self.host);
                lines.extend(newest.iter().map(|tag| format!("{name}:{tag}")));
                names.push(name);
            }
        }
        (words("ls", &[], &names), Expected::Rows(Rows { apart: true, ..Rows::lines(lines) }))
    }

    pub(super) fn ls_raw(&mut self) -> (Vec<String>, Expected) {
        let row = json!({"name": APP, "tags": listed(APP)});
        let rows = Rows::new(Shape::Json, vec![row]);
        (words("ls", &["--raw"], &[self.app()]), Expected::Rows(rows))
    }

    pub(super) fn ls_long(&mut self) -> (Vec<String>, Expected) {
        let as_json = self.random.one_in(2);
        let row = |tag: &str| {
            let held = self.world.tagged(tag);
            let digest = &held.image.root.digest;
            if as_json {
                return json!({
                    "Repository": self.app(), "Tag": tag, "Digest": digest, "Size": held.size,
                    "Platforms": held.platforms, "Created": held.created,
                });
            }
            let platforms = held.platforms.as_array();
            json!({
                "TAG": tag, "DIGEST": digest[..19], "SIZE": human(&held.size),
                "PLATFORMS": platforms.map_or(json!(["N/A"]), |names| json!(names)),
            })
        };
        let rows: Vec<Value> = NEWEST.into_iter().map(row).collect();
        let shape = match as_json {
            true => Shape::Json,
            false => Shape::Table(&["TAG", "DIGEST", "SIZE", "PLATFORMS"]),
        };
        let mut flags = if as_json { vec!["-l", "--format", "json"] } else { vec!["-l"] };
        let rows = Rows::new(shape, rows);
        let rows = if self.random.one_in(2) {
            flags.extend(["--limit", "4"]);
            rows.limited(4)
        } else {
            rows
        };
        (words("ls", &flags, &[self.app()]), Expected::Rows(rows))
    }

    pub(super) fn ls_digests(&mut self) -> (Vec<String>, Expected) {
        let digest = |tag: &str| self.world.tagged(tag).image.root.digest.clone();
        let pairs = NEWEST.into_iter().map(|tag| (tag, digest(tag)));
        let (flags, rows): (&[&str], Rows) = match self.random.below(3) {
            0 => {
                let rows = pairs.map(|(tag, d)| json!({"TAG": tag, "DIGEST": d})).collect();
                let shape = Shape::Table(&["TAG", "DIGEST"]);
                (&["--digests", "--no-trunc"], Rows::new(shape, rows))
            }
            1 => {
                let repository = self.app();
                let row = |(tag, d)| json!({"Repository": repository, "Tag": tag, "Digest": d});
                let rows = Rows::new(Shape::Json, pairs.map(row).collect());
                (&["--digests", "--format", "json", "--limit", "5"], rows.limited(5))
            }
            _ => {
                let lines = pairs.map(|(tag, digest)| format!("{tag} {digest}"));
                (&["--format", "{{.Tag}} {{.Digest}}"], Rows::lines(lines))
            }
        };
        (words("ls", flags, &[self.app()]), Expected::Rows(rows))
    }

    pub(super) fn ls_groups(&mut self) -> (Vec<String>, Expected) {
        let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
        for tag in NEWEST {
            let digest = self.world.tagged(tag).image.root.digest.clone();
            match groups.iter_mut().find(|(known, _)| *known == digest) {
                Some((_, tags)) => tags.push(tag),
                None => groups.push((digest, vec![tag])),
            }
        }
        let groups = groups.into_iter();
        let (flags, rows): (&[&str], Rows) = match self.random.below(3) {
            0 => {
                let row = |(d, tags): (String, _)| json!({"DIGEST": d[..19], "TAGS": tags});
                (&[], Rows::new(Shape::Table(&["DIGEST", "TAGS"]), groups.map(row).collect()))
            }
            1 => {
                let rows = groups.map(|(digest, tags)| json!({"Digest": digest, "Tags": tags}));
                (&["--format", "json"], Rows::new(Shape::Json, rows.collect()))
            }
            _ => {
                let document = groups.map(|(digest, tags)| (digest, json!(tags))).collect();
                (&["--raw"], Rows::new(Shape::Json, vec![Value::Object(document)]))
            }
        };
        let flags = [&["--group-by", "digest"], flags].concat();
        let rows = Rows { grouped: true, ..rows };
        (words("ls", &flags, &[self.app()]), Expected::Rows(rows))
    }

    pub(super) fn repos(&mut self) -> (Vec<String>, Expected) {
        let names = REPOSITORIES.iter().map(|(name, ..)| *name);
        let below: Vec<&str> = names.clone().filter(|name| name.starts_with("ops/")).collect();
        let host = self.host.to_owned();
        let (flags, place, rows): (&[&str], String, Rows) = match self.random.below(5) {
            0 => (&["--limit", "2"], host, Rows::lines(names).limited(2)),
            1 => {
                let row = json!({"repositories": names.collect::<Vec<_>>()});
                (&["--raw"], host, Rows::new(Shape::Json, vec![row]))
            }
            2 => (&["--full-ref"], host, Rows::lines(names.map(|n| format!("{}/{n}", self.host)))),
            3 => (&[], format!("{host}/ops"), Rows::lines(below)),
            _ => (&[], host, Rows::lines(names)),
        };
        (words("repos", flags, &[place]), Expected::Rows(rows))
    }

    pub(super) fn repos_tags(&mut self) -> (Vec<String>, Expected) {
        let lines = REPOSITORIES
            .iter()
            .flat_map(|(name, _, newest)| newest.iter().map(move |tag| format!("{name}:{tag}")));
        let rows = Rows { apart: true, ..Rows::lines(lines) };
        (words("repos", &["--tags"], &[self.host.to_owned()]), Expected::Rows(rows))
    }
}

/// The words of a command line.
pub(super) fn words(command: &str, flags: &[&str], names: &[String]) -> Vec<String> {
    let flags = flags.iter().map(ToString::to_string);
    [command.to_owned()].into_iter().chain(flags).chain(names.iter().cloned()).collect()
}

/// A size as a table has it; all images here are small.
pub(super) fn human(size: &Value) -> String {
    match size.as_u64() {
        Some(size) if size < 1000 => format!("{size}B"),
        Some(size) => panic!("{size} bytes are more than this knows to write"),
        None => "N/A".to_owned(),
    }
}
