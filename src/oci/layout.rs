//! The names of OCI layouts, as skopeo writes them: `oci:DIR[:TAG]`, `oci-archive:FILE[:TAG]`.

use std::fmt;
use std::path::PathBuf;

use crate::oci::reference::Digest;

/// What a layout is kept in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LayoutKind {
    Directory,
    Archive,
}

/// Which image of a layout is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum LayoutImage {
    /// None was named: the only one.
    Only,
    /// The one of this name.
    Named(String),
    Digest(Digest),
}

/// A layout on this machine, and perhaps an image of it. Its text is that of the layout alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LayoutName {
    pub(crate) kind: LayoutKind,
    pub(crate) path: PathBuf,
    pub(crate) image: LayoutImage,
}

impl fmt::Display for LayoutName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prefix = match self.kind {
            LayoutKind::Directory => "oci",
            LayoutKind::Archive => "oci-archive",
        };
        write!(f, "{prefix}:{}", self.path.display())
    }
}

impl LayoutName {
    /// Reads a name. `None`: it has neither of the two prefixes and is a reference. As for skopeo,
    /// the path ends at the first colon, or at the `@` before a digest.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (kind, rest) = if let Some(rest) = text.strip_prefix("oci:") {
            (LayoutKind::Directory, rest)
        } else {
            (LayoutKind::Archive, text.strip_prefix("oci-archive:")?)
        };
        if let Some((path, digest)) = rest.rsplit_once('@')
            && let Ok(digest) = digest.parse()
        {
            // A tag before a digest says nothing that the digest does not.
            let path = split_path(path).0;
            return Some(LayoutName {
                kind,
                path: path.into(),
                image: LayoutImage::Digest(digest),
            });
        }
        let image = match split_path(rest) {
            (_, None | Some("")) => LayoutImage::Only,
            (_, Some(name)) => LayoutImage::Named(name.to_owned()),
        };
        Some(LayoutName { kind, path: split_path(rest).0.into(), image })
    }
}

/// Cuts at the first colon; on Windows not at that of a drive.
fn split_path(text: &str) -> (&str, Option<&str>) {
    let bytes = text.as_bytes();
    let drive = cfg!(windows)
        && matches!(bytes, [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    let from = if drive { 2 } else { 0 };
    match text[from..].find(':') {
        Some(colon) => (&text[..from + colon], Some(&text[from + colon + 1..])),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_skopeo_reads_them() {
        let hex = "0".repeat(64);
        let digest: Digest = format!("sha256:{hex}").parse().expect("a digest");
        let named = |name: &str| LayoutImage::Named(name.to_owned());
        let cases = [
            ("oci:dir", LayoutKind::Directory, "dir", LayoutImage::Only),
            ("oci:dir:", LayoutKind::Directory, "dir", LayoutImage::Only),
            ("oci:./a/b:1.0", LayoutKind::Directory, "./a/b", named("1.0")),
            ("oci:dir:app:1.0", LayoutKind::Directory, "dir", named("app:1.0")),
            ("oci-archive:/x/y.tar:v1", LayoutKind::Archive, "/x/y.tar", named("v1")),
        ];
        for (text, kind, path, image) in cases {
            let expected = LayoutName { kind, path: path.into(), image };
            assert_eq!(LayoutName::parse(text), Some(expected), "{text}");
        }
        for text in [format!("oci:dir@{digest}"), format!("oci:dir:1.0@{digest}")] {
            let name = LayoutName::parse(&text).expect("a layout");
            assert_eq!(
                (name.path, name.image),
                ("dir".into(), LayoutImage::Digest(digest.clone())),
                "{text}"
            );
        }
        for text in ["alpine", "docker://alpine", "oci", "localhost:5000/oci:1", "ocis:x"] {
            assert_eq!(LayoutName::parse(text), None, "{text}");
        }
    }
}
