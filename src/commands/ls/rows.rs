//! What `ls` prints: a tag, or a digest with its tags.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::listing::{Details, TaggedImage};
use super::needs::Needs;
use crate::oci::platform::Platform;
use crate::output::{Column, Look, Row, human};

/// The number of platforms that fit a table's cell.
const PLATFORMS: usize = 3;
/// What docker's tables say for what is not known.
const UNKNOWN: &str = "N/A";

const REPOSITORY: Column = Column { key: "Repository", header: "REPOSITORY" };
const DIGEST: Column = Column { key: "Digest", header: "DIGEST" };
const SIZE: Column = Column { key: "Size", header: "SIZE" };
const PLATFORM: Column = Column { key: "Platforms", header: "PLATFORMS" };
const CREATED: Column = Column { key: "Created", header: "CREATED" };
const PULLED: Column = Column { key: "Pulled", header: "PULLED" };
const STATUS: Column = Column { key: "Status", header: "STATUS" };

/// The details of a row. The outer `None`: not asked for, no member. The inner one: not known.
#[derive(Debug, Default)]
struct Members {
    digest: Option<Option<String>>,
    size: Option<Option<u64>>,
    platforms: Option<Option<Vec<String>>>,
    created: Option<Option<Timestamp>>,
    pulled: Option<Option<Timestamp>>,
    status: Option<Option<String>>,
}

impl Members {
    fn of(details: &Details, needs: &Needs) -> Self {
        let digest = || details.digest.as_ref().map(ToString::to_string);
        let platforms = || details.platforms.as_deref().map(short_names);
        Members {
            digest: needs.digest.then(digest),
            size: needs.size.then_some(details.size),
            platforms: needs.platforms.then(platforms),
            created: needs.created.then_some(details.created),
            pulled: needs.pulled.then_some(details.pulled),
            status: needs.status.then(|| details.status.clone()),
        }
    }

    /// Adds the members that were asked for to a row.
    fn write<S: SerializeStruct>(&self, row: &mut S) -> Result<(), S::Error> {
        if let Some(digest) = &self.digest {
            row.serialize_field("Digest", digest)?;
        }
        if let Some(size) = &self.size {
            row.serialize_field("Size", size)?;
        }
        if let Some(platforms) = &self.platforms {
            row.serialize_field("Platforms", platforms)?;
        }
        if let Some(created) = &self.created {
            row.serialize_field("Created", created)?;
        }
        if let Some(pulled) = &self.pulled {
            row.serialize_field("Pulled", pulled)?;
        }
        if let Some(status) = &self.status {
            row.serialize_field("Status", status)?;
        }
        Ok(())
    }

    /// The cells in the order of the columns from digest to status.
    fn cells(&self, look: &Look) -> [String; 6] {
        let known = |text: Option<String>| text.unwrap_or_else(|| UNKNOWN.to_owned());
        let digest = self.digest.iter().flatten().next();
        let platforms = self.platforms.iter().flatten().next();
        [
            known(digest.map(|digest| look.digest(digest))),
            known(self.size.flatten().map(human::size)),
            known(platforms.map(|names| platform_cell(names, look.no_trunc))),
            look.age(self.created.flatten()),
            look.age(self.pulled.flatten()),
            known(self.status.clone().flatten()),
        ]
    }
}

/// Each platform once: Windows images come in several versions of one.
fn short_names(platforms: &[Platform]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in platforms.iter().map(Platform::short) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn platform_cell(names: &[String], whole: bool) -> String {
    match names.len() {
        0 => UNKNOWN.to_owned(),
        // One name more is as short as the note that there is one more.
        count if whole || count <= PLATFORMS + 1 => names.join(", "),
        count => format!("{} +{}", names[..PLATFORMS].join(", "), count - PLATFORMS),
    }
}

/// A tag.
#[derive(Debug)]
pub(super) struct TagRow {
    /// Registry and repository.
    repository: String,
    tag: String,
    details: Members,
    /// The text before the tag in a line or cell.
    prefix: String,
}

impl Serialize for TagRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("TagRow", Self::COLUMNS.len())?;
        row.serialize_field("Repository", &self.repository)?;
        row.serialize_field("Tag", &self.tag)?;
        self.details.write(&mut row)?;
        row.end()
    }
}

impl TagRow {
    /// A row without a tag yet.
    pub(super) fn new(repository: String, prefix: String) -> Self {
        TagRow { repository, tag: String::new(), details: Members::default(), prefix }
    }

    /// Makes it the row of a tag without details.
    pub(super) fn set_tag(&mut self, tag: &str) {
        self.tag.clear();
        self.tag.push_str(tag);
    }

    /// Makes it the row of a tag with those details that are needed.
    pub(super) fn set(&mut self, image: &TaggedImage, needs: &Needs) {
        self.set_tag(&image.tag);
        self.details = Members::of(&image.details, needs);
    }
}

impl Row for TagRow {
    const COLUMNS: &'static [Column] = &[
        REPOSITORY,
        Column { key: "Tag", header: "TAG" },
        DIGEST,
        SIZE,
        PLATFORM,
        CREATED,
        PULLED,
        STATUS,
    ];

    fn cells(&self, look: &Look) -> Vec<String> {
        let mut cells = vec![self.repository.clone(), self.plain().into_owned()];
        cells.extend(self.details.cells(look));
        cells
    }

    fn plain(&self) -> Cow<'_, str> {
        if self.prefix.is_empty() {
            Cow::Borrowed(&self.tag)
        } else {
            Cow::Owned(format!("{}{}", self.prefix, self.tag))
        }
    }
}

/// A digest with its tags.
#[derive(Debug)]
pub(super) struct GroupRow {
    /// Registry and repository; without it where there is only one.
    repository: Option<String>,
    tags: Vec<String>,
    details: Members,
}

impl Serialize for GroupRow {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut row = serializer.serialize_struct("GroupRow", Self::COLUMNS.len())?;
        if let Some(repository) = &self.repository {
            row.serialize_field("Repository", repository)?;
        }
        self.details.write(&mut row)?;
        row.serialize_field("Tags", &self.tags)?;
        row.end()
    }
}

impl GroupRow {
    /// The row of a group; all its tags share the details of the first.
    pub(super) fn new(repository: Option<String>, group: &[&TaggedImage], needs: &Needs) -> Self {
        GroupRow {
            repository,
            tags: group.iter().map(|image| image.tag.to_string()).collect(),
            details: group
                .first()
                .map(|first| Members::of(&first.details, needs))
                .unwrap_or_default(),
        }
    }
}

impl Row for GroupRow {
    const COLUMNS: &'static [Column] = &[
        REPOSITORY,
        DIGEST,
        SIZE,
        PLATFORM,
        CREATED,
        PULLED,
        STATUS,
        Column { key: "Tags", header: "TAGS" },
    ];

    fn cells(&self, look: &Look) -> Vec<String> {
        let mut cells = vec![self.repository.clone().unwrap_or_default()];
        cells.extend(self.details.cells(look));
        cells.push(self.tags.join(", "));
        cells
    }

    fn plain(&self) -> Cow<'_, str> {
        let digest = self.details.digest.iter().flatten().next();
        let digest = digest.map_or(UNKNOWN, String::as_str);
        match &self.repository {
            Some(repository) => Cow::Owned(format!("{repository}@{digest}")),
            None => Cow::Borrowed(digest),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const ALL: Needs = Needs {
        digest: true,
        size: true,
        platforms: true,
        created: true,
        pulled: true,
        status: true,
        spare: false,
        document: false,
    };

    fn tagged(platforms: &[&str]) -> TaggedImage {
        TaggedImage {
            tag: "1.2".into(),
            details: Arc::new(Details {
                digest: Some(format!("sha256:{}", "a".repeat(64)).parse().unwrap()),
                size: Some(5_600_000),
                platforms: Some(platforms.iter().map(|text| text.parse().unwrap()).collect()),
                created: Some(Timestamp::UNIX_EPOCH),
                pulled: Some(Timestamp::UNIX_EPOCH),
                status: Some("active".to_owned()),
                child: None,
                document: None,
            }),
        }
    }

    #[test]
    fn rows_fit_their_columns() {
        let look = Look { now: Timestamp::UNIX_EPOCH, no_trunc: false, width: None };
        let tagged = tagged(&["linux/amd64", "linux/arm64", "linux/amd64"]);
        let mut row = TagRow::new("docker.io/library/a".to_owned(), "a:".to_owned());
        row.set(&tagged, &ALL);
        crate::output::assert_fits(&row, &look);
        let expected = [
            "docker.io/library/a",
            "a:1.2",
            "sha256:aaaaaaaaaaaa",
            "5.6MB",
            "linux/amd64, linux/arm64",
            "Less than a second ago",
            "Less than a second ago",
            "active",
        ];
        assert_eq!(row.cells(&look), expected);
        let group = GroupRow::new(Some("r".to_owned()), &[&tagged, &tagged], &ALL);
        crate::output::assert_fits(&group, &look);
        assert_eq!(group.cells(&look)[7], "1.2, 1.2");
        assert!(group.plain().starts_with("r@sha256:aaaa"));
    }

    #[test]
    fn what_is_not_known_is_said_so() {
        let look = Look { now: Timestamp::UNIX_EPOCH, no_trunc: false, width: None };
        let bare = TaggedImage { tag: "1".into(), details: Arc::default() };
        let mut row = TagRow::new("r".to_owned(), String::new());
        row.set(&bare, &ALL);
        assert_eq!(row.cells(&look)[2..], [UNKNOWN; 6]);
        let json = crate::output::json::to_string(&row).unwrap();
        let nulls = "\"Digest\":null,\"Size\":null,\"Platforms\":null,\"Created\":null,\"Pulled\":null,\"Status\":null";
        assert_eq!(json, format!("{{\"Repository\":\"r\",\"Tag\":\"1\",{nulls}}}"));
        row.set(&bare, &Needs::default());
        let json = crate::output::json::to_string(&row).unwrap();
        assert_eq!(json, "{\"Repository\":\"r\",\"Tag\":\"1\"}");
    }

    #[test]
    fn many_platforms_are_counted() {
        let names = |count| (0..count).map(|n| format!("p{n}")).collect::<Vec<_>>();
        assert_eq!(platform_cell(&names(4), false), "p0, p1, p2, p3");
        assert_eq!(platform_cell(&names(5), false), "p0, p1, p2 +2");
        assert_eq!(platform_cell(&names(5), true), "p0, p1, p2, p3, p4");
    }
}
