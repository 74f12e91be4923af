//! Writing on a real file system: what is lost when something fails (nothing), and who may read.

use std::io::Write;

use super::*;

/// A directory for one test, removed when dropped.
struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("dt-files-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir(&path).unwrap();
        Place(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("file")
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap().flatten();
        let mut names: Vec<_> =
            entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn write(path: &Path, readers: Readers, text: &str) -> io::Result<()> {
    replace(path, readers, |file| file.write_all(text.as_bytes()))
}

#[test]
fn files_are_replaced_whole() {
    let place = Place::new("whole");
    for text in ["first", "second, longer", "3"] {
        write(&place.file(), Readers::AsBefore, text).unwrap();
        assert_eq!(fs::read_to_string(place.file()).unwrap(), text);
    }
    assert_eq!(place.names(), ["file"]);
    assert!(write(&place.0.join("none/such"), Readers::AsBefore, "x").is_err());
}

#[test]
fn a_write_that_fails_half_way_leaves_the_old_file() {
    let place = Place::new("half");
    fs::write(place.file(), "old").unwrap();
    let error = replace(&place.file(), Readers::User, |file| {
        file.write_all(b"half")?;
        Err(ErrorKind::StorageFull.into())
    });
    assert_eq!(error.unwrap_err().kind(), ErrorKind::StorageFull);
    assert_eq!(fs::read_to_string(place.file()).unwrap(), "old");
    assert_eq!(place.names(), ["file"], "nothing is left behind");
}

#[test]
fn a_rename_that_fails_leaves_no_file_behind() {
    let place = Place::new("rename");
    fs::create_dir(place.file()).unwrap();
    write(&place.file(), Readers::User, "new").unwrap_err();
    assert!(place.file().is_dir());
    assert_eq!(place.names(), ["file"]);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn set_mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn modes() {
        let place = Place::new("modes");
        write(&place.file(), Readers::User, "x").unwrap();
        assert_eq!(mode(&place.file()), 0o600);
        set_mode(&place.file(), 0o640);
        write(&place.file(), Readers::AsBefore, "y").unwrap();
        assert_eq!(mode(&place.file()), 0o640);
        write(&place.file(), Readers::User, "z").unwrap();
        assert_eq!(mode(&place.file()), 0o600, "an open file becomes private");
        set_mode(&place.file(), 0o4755);
        write(&place.file(), Readers::AsBefore, "y").unwrap();
        assert_eq!(fs::metadata(place.file()).unwrap().mode() & 0o7777, 0o755);
    }

    #[test]
    fn only_what_is_asked_for_is_followed() {
        let place = Place::new("links");
        symlink("victim", place.file()).unwrap();
        assert_eq!(follow(&place.file()).unwrap(), place.0.join("victim"));
        write(&place.file(), Readers::AsBefore, "x").unwrap();
        assert_eq!(place.names(), ["file"], "the link itself is replaced");
        assert!(fs::symlink_metadata(place.file()).unwrap().is_file());
    }

    #[test]
    fn a_link_takes_the_place_of_a_file_or_a_link() {
        let place = Place::new("relink");
        fs::write(place.file(), "old").unwrap();
        for target in ["one", "two"] {
            replace_with_link(&place.file(), Path::new(target)).unwrap();
            assert_eq!(fs::read_link(place.file()).unwrap(), Path::new(target));
        }
        assert_eq!(place.names(), ["file"]);
    }
}
