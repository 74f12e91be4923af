//! Layouts, whole and broken, in a directory and in an archive.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::Digest as _;

use super::*;
use crate::error;

/// A directory of its own, gone with the value.
struct Temp(PathBuf);

impl Temp {
    fn new() -> Temp {
        use std::sync::atomic::{AtomicUsize, Ordering};
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir()
            .join(format!("docker-tags-layout-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("a temporary directory");
        Temp(path)
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn sha256(bytes: &[u8]) -> String {
    sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

const MANIFEST: &str = r#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"CONFIG","size":2},"layers":[]}"#;

/// The files of a layout with the image `1.0`: path and content.
fn files(names: &[&str]) -> Vec<(String, Vec<u8>)> {
    let config = b"{}".to_vec();
    let manifest = MANIFEST.replace("CONFIG", &format!("sha256:{}", sha256(&config)));
    let digest = sha256(manifest.as_bytes());
    let entries: Vec<String> = names
        .iter()
        .map(|name| {
            format!(
                r#"{{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:{digest}","size":{},"annotations":{{"{REF_NAME}":"{name}"}}}}"#,
                manifest.len()
            )
        })
        .collect();
    let index = format!(r#"{{"schemaVersion":2,"manifests":[{}]}}"#, entries.join(","));
    vec![
        ("oci-layout".into(), br#"{"imageLayoutVersion":"1.0.0"}"#.to_vec()),
        ("index.json".into(), index.into_bytes()),
        (format!("blobs/sha256/{}", sha256(&config)), config),
        (format!("blobs/sha256/{digest}"), manifest.into_bytes()),
    ]
}

fn directory(files: &[(String, Vec<u8>)]) -> Temp {
    let temp = Temp::new();
    for (path, content) in files {
        let path = temp.0.join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
        fs::write(path, content).expect("a file");
    }
    temp
}

/// A ustar header and the content, padded.
fn tar_entry(name: &str, kind: u8, content: &[u8]) -> Vec<u8> {
    let mut header = [0_u8; 512];
    header[..name.len()].copy_from_slice(name.as_bytes());
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(format!("{:011o}\0", content.len()).as_bytes());
    header[156] = kind;
    header[257..265].copy_from_slice(b"ustar\x0000");
    header[148..156].copy_from_slice(b"        ");
    let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut entry = header.to_vec();
    entry.extend(content);
    entry.resize(entry.len().next_multiple_of(512), 0);
    entry
}

fn archive(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut tar: Vec<u8> =
        files.iter().flat_map(|(name, content)| tar_entry(name, b'0', content)).collect();
    tar.extend([0; 1024]);
    tar
}

fn open(kind: LayoutKind, path: &Path) -> Result<Layout, Error> {
    Layout::open(
        &LayoutName { kind, path: path.to_owned(), image: LayoutImage::Only },
        Arc::new(Reporter::silent()),
    )
}

fn open_archive(tar: &[u8]) -> Result<Layout, Error> {
    let temp = Temp::new();
    let path = temp.0.join("a.tar");
    fs::write(&path, tar).expect("a file");
    open(LayoutKind::Archive, &path)
}

#[track_caller]
fn fails(outcome: Result<Layout, Error>, word: &str) {
    let Err(error) = outcome else { panic!("this was opened: {word}") };
    assert!(error.to_string().contains(word), "{error}");
    assert_ne!(error.exit_code(), 0);
}

fn tags(layout: &Layout) -> Vec<String> {
    let mut list = crate::tags::select::TagList::new();
    layout.list(&mut list).expect("a list");
    list.iter().map(str::to_owned).collect()
}

#[track_caller]
fn is_read(layout: &Layout) {
    assert_eq!(tags(layout), ["1.0"]);
    let target = Target::Tag("1.0".parse().expect("a tag"));
    let fetched = layout.manifest(&target).expect("the manifest");
    assert_eq!(sha256(&fetched.bytes), fetched.digest.hex());
    assert_eq!(layout.only().expect("one image").digest.as_str(), fetched.digest.as_str());
    let Content::Image(manifest) = fetched.document.content else { panic!("no image") };
    assert_eq!(layout.blob(&manifest.config, 1024).expect("the config"), b"{}");
}

#[test]
fn directories_and_archives_are_read() {
    let directory = directory(&files(&["1.0"]));
    is_read(&open(LayoutKind::Directory, &directory.0).expect("a layout"));
    is_read(&open_archive(&archive(&files(&["1.0"]))).expect("a layout"));
    // As `tar -C DIR .` names them, with directories, and without the end.
    let mut dotted = tar_entry("./", b'5', b"");
    for (name, content) in files(&["1.0"]) {
        dotted.extend(tar_entry(&format!("./{name}"), b'0', &content));
    }
    is_read(&open_archive(&dotted).expect("a layout"));
}

#[test]
fn long_names_are_read() {
    let (mut gnu, mut pax) = (Vec::new(), Vec::new());
    for (name, content) in files(&["1.0"]) {
        gnu.extend(tar_entry("././@LongLink", b'L', format!("{name}\0").as_bytes()));
        gnu.extend(tar_entry("cut", b'0', &content));
        let record = format!(" path={name}\n");
        let length = record.len() + 2 + usize::from(record.len() + 2 > 99);
        pax.extend(tar_entry("pax", b'x', format!("{length}{record}").as_bytes()));
        pax.extend(tar_entry("cut", b'0', &content));
    }
    is_read(&open_archive(&gnu).expect("GNU names"));
    is_read(&open_archive(&pax).expect("pax names"));
}

#[test]
fn names_choose_an_image() {
    let temp = directory(&files(&["docker.io/library/app:1.0", "latest", "not a tag"]));
    let layout = open(LayoutKind::Directory, &temp.0).expect("a layout");
    assert_eq!(tags(&layout), ["1.0", "latest"]);
    assert!(layout.named("1.0").is_ok() && layout.named("docker.io/library/app:1.0").is_ok());
    assert_eq!(layout.named("2.0").map_err(|e| e.exit_code()).err(), Some(error::NOT_FOUND));
    assert_eq!(layout.only().map_err(|e| e.exit_code()).err(), Some(error::USAGE));
}

#[test]
fn what_is_broken_is_named() {
    let whole = || files(&["1.0"]);
    let change = |place: usize, content: &[u8]| {
        let mut files = whole();
        files[place].1 = content.to_vec();
        directory(&files)
    };
    let broken = |temp: Temp, word| fails(open(LayoutKind::Directory, &temp.0), word);
    broken(directory(&whole()[1..]), "oci-layout is missing");
    broken(change(0, b"{}"), "imageLayoutVersion");
    broken(change(0, br#"{"imageLayoutVersion":"2.0.0"}"#), "\"2.0.0\" is not supported");
    broken(directory(&[whole()[0].clone()]), "index.json is missing");
    broken(change(1, b"{\"manifests\":"), "index.json");
    broken(change(1, &vec![b' '; MAX_MANIFEST_BYTES + 1]), "larger than 8 MiB");
    let missing = open(LayoutKind::Directory, Path::new("/nonexistent/layout"));
    assert_eq!(missing.map_err(|error| error.exit_code()).err(), Some(error::NOT_FOUND));
    // Other bytes than the digest says.
    let temp = change(3, b"{}");
    let layout = open(LayoutKind::Directory, &temp.0).expect("the index is whole");
    let target = Target::Tag("1.0".parse().expect("a tag"));
    let wrong = layout.manifest(&target).map(|_| ()).expect_err("wrong bytes");
    assert!(matches!(wrong, Error::WrongContent { .. }), "{wrong}");
}

#[cfg(unix)]
#[test]
fn links_are_not_followed() {
    use std::os::unix::fs::symlink;
    let outside = directory(&files(&["1.0"]));
    for part in ["index.json", "blobs", "blobs/sha256"] {
        let temp = directory(&files(&["1.0"]));
        let path = temp.0.join(part);
        if path.is_dir() {
            fs::remove_dir_all(&path).expect("a directory");
        } else {
            fs::remove_file(&path).expect("a file");
        }
        symlink(outside.0.join(part), &path).expect("a link");
        let target = Target::Tag("1.0".parse().expect("a tag"));
        let outcome =
            open(LayoutKind::Directory, &temp.0).and_then(|layout| layout.manifest(&target));
        let error = outcome.map(|_| ()).expect_err(part);
        assert!(matches!(error, Error::Layout { .. }), "{part}: {error}");
    }
}

#[test]
fn hostile_archives_are_refused() {
    fails(open_archive(b""), "not a tar archive");
    fails(open_archive(&[0x1f; 600]), "not a tar archive");
    let mut gzip = vec![0x1f, 0x8b];
    gzip.resize(1024, 7);
    fails(open_archive(&gzip), "compressed");
    fails(open_archive(&tar_entry("blobs/../../x", b'0', b"")), "points outside of it");
    fails(open_archive(&tar_entry("/etc/passwd", b'0', b"")), "points outside of it");
    let mut twice = archive(&files(&["1.0"])[..2]);
    twice.truncate(twice.len() - 1024);
    twice.extend(tar_entry("index.json", b'0', b"{}"));
    fails(open_archive(&twice), "twice");
    // A link, a sparse file, and one that says it is huge.
    fails(open_archive(&tar_entry("oci-layout", b'2', b"")), "not a regular file");
    fails(open_archive(&tar_entry("oci-layout", b'S', b"")), "not a regular file");
    let mut huge = tar_entry("oci-layout", b'0', b"");
    huge[124..136].copy_from_slice(b"77777777777\0");
    huge[148..156].copy_from_slice(b"        ");
    let sum: u32 = huge[..512].iter().map(|&byte| u32::from(byte)).sum();
    huge[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    fails(open_archive(&huge), "cut short");
    let long = tar_entry("x", b'L', &vec![b'a'; 128 * 1024]);
    fails(open_archive(&long), "too long");
    let whole = archive(&files(&["1.0"]));
    for end in 0..whole.len() / 97 {
        // No prefix is taken for more than it is, and none panics.
        if let Ok(layout) = open_archive(&whole[..end * 97]) {
            let target = Target::Tag("1.0".parse().expect("a tag"));
            let _ = layout.manifest(&target);
        }
    }
}
