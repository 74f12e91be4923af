//! Which details of tags an output needs, so that nothing else is asked for.

use super::Args;
use super::listing::Details;
use crate::output::{Format, Template};

/// The details that are needed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Needs {
    /// The digest: a `HEAD` for each tag.
    pub(super) digest: bool,
    /// The compressed size: the manifest.
    pub(super) size: bool,
    /// The platforms: the index, or the config of a single image.
    pub(super) platforms: bool,
    /// When it was made: the manifest and the config.
    pub(super) created: bool,
    /// When it was last pulled, and whether it is in use: Docker Hub's API alone.
    pub(super) pulled: bool,
    pub(super) status: bool,
    /// Docker Hub's own document, whole.
    pub(super) document: bool,
    /// They are columns of many: what a list leaves out is not worth further requests.
    pub(super) spare: bool,
}

impl Needs {
    /// What a command line needs.
    pub(super) fn of(args: &Args, format: &Format, raw: bool) -> Self {
        let rows = Needs::of_flags(args);
        let mut needs = match format {
            _ if raw => Needs { document: args.long, ..Needs::default() },
            Format::Plain => Needs::default(),
            Format::Table | Format::Json => rows,
            Format::Template(template) | Format::TableTemplate(template) => {
                let named = Needs::of_template(template);
                if template.uses_whole_row() { named.and(rows) } else { named }
            }
        };
        needs.digest |= args.is_grouped();
        needs.created |= args.sorts_by_created() || args.has_window();
        needs.size |= args.sorts_by_size();
        needs.pulled |= args.sorts_by_pulled();
        if args.of.platform.is_some() {
            (needs.platforms, needs.spare) = (true, false);
        }
        needs
    }

    /// What a whole row shows.
    pub(super) fn of_flags(args: &Args) -> Self {
        let long = args.long;
        let digest = long || args.digests || args.is_grouped();
        Needs {
            digest,
            size: long,
            platforms: long,
            created: long,
            spare: long,
            ..Needs::default()
        }
    }

    fn of_template(template: &Template) -> Self {
        let names = |field| template.names(field);
        Needs {
            digest: names("Digest"),
            size: names("Size"),
            platforms: names("Platforms"),
            created: names("Created"),
            pulled: names("Pulled"),
            status: names("Status"),
            document: false,
            spare: false,
        }
    }

    fn and(self, other: Needs) -> Self {
        Needs {
            digest: self.digest || other.digest,
            size: self.size || other.size,
            platforms: self.platforms || other.platforms,
            created: self.created || other.created,
            pulled: self.pulled || other.pulled,
            status: self.status || other.status,
            document: self.document || other.document,
            // Needed for sure by either of the two.
            spare: (!self.platforms || self.spare)
                && (!other.platforms || other.spare)
                && (self.platforms || other.platforms),
        }
    }

    /// What a list that tells these details has left out.
    pub(super) fn lacking(self, told: &Details) -> Self {
        Needs {
            size: self.size && told.size.is_none() && !self.spare,
            platforms: self.platforms && told.platforms.is_none() && !self.spare,
            created: self.created && told.created.is_none() && !self.spare,
            ..Needs::default()
        }
    }

    /// Whether names alone are enough.
    pub(super) fn is_empty(&self) -> bool {
        !(self.digest || self.in_manifest() || self.pulled || self.status || self.document)
    }

    /// Whether manifests must be read.
    pub(super) fn in_manifest(&self) -> bool {
        self.size || self.platforms || self.created
    }

    /// Whether one image of an index must be looked at.
    pub(super) fn in_image(&self) -> bool {
        self.size || self.created
    }

    /// The headers of the columns that Docker Hub's API tells, for messages: `SIZE, CREATED`.
    pub(super) fn columns(&self) -> String {
        let columns = [
            (self.size, "SIZE"),
            (self.platforms, "PLATFORMS"),
            (self.created, "CREATED"),
            (self.pulled, "PULLED"),
            (self.status, "STATUS"),
        ];
        let named: Vec<&str> =
            columns.iter().filter(|(needed, _)| *needed).map(|(_, name)| *name).collect();
        named.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: Args,
    }

    /// `dspc`: digest, size, platforms, created; `P` for platforms that may be spared.
    fn needs(line: &str, format: &str) -> String {
        let words = ["ls", "alpine"].into_iter().chain(line.split_whitespace());
        let args = Line::parse_from(words).args;
        let format = match format {
            "" => Format::Plain,
            text => Format::parse(text).unwrap(),
        };
        let needs = Needs::of(&args, &format, false);
        let platforms = if needs.spare { 'P' } else { 'p' };
        let letters = [
            (needs.digest, 'd'),
            (needs.size, 's'),
            (needs.platforms, platforms),
            (needs.created, 'c'),
        ];
        letters.iter().filter(|(needed, _)| *needed).map(|(_, letter)| letter).collect()
    }

    #[test]
    fn outputs() {
        let cases = [
            ("", "", ""),
            ("", "json", ""),
            ("", "{{.Tag}}", ""),
            ("", "{{.Digest}}", "d"),
            ("", "table {{.Tag}}\t{{.Size}}", "s"),
            ("", "{{range .Platforms}}{{.}} {{end}}", "p"),
            ("", "{{json .}}", ""),
            ("", "{{$row := .}}{{$row.Tag}}", ""),
            ("-l", "", ""),
            ("-l", "table", "dsPc"),
            ("-l", "json", "dsPc"),
            ("-l", "{{.Tag}}", ""),
            ("-l", "{{json .}}", "dsPc"),
            ("-l", "{{json .}}{{.Platforms}}", "dspc"),
            ("--digests", "table", "d"),
            ("--digests", "{{json .}}{{.Created}}", "dc"),
            ("--digests", "", ""),
            ("--group-by digest", "", "d"),
            ("--group-by digest", "{{.Tags}}", "d"),
            ("--sort created", "", "c"),
            ("--sort size", "{{.Digest}}", "ds"),
            ("--platform linux/arm64", "", "p"),
            ("--platform linux/arm64 -l", "json", "dspc"),
        ];
        for (line, format, expected) in cases {
            assert_eq!(needs(line, format), expected, "{line} --format {format}");
        }
    }

    #[test]
    fn raw_lists_need_nothing() {
        let args = Line::parse_from(["ls", "alpine"]).args;
        assert!(Needs::of(&args, &Format::Table, true).is_empty());
    }
}
