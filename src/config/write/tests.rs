//! Writing on a real file system: writers take turns, and nobody is led astray.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::testing::Place;
use super::*;

#[test]
fn replaces_and_cleans_up() {
    let place = Place::with("old");
    let lock = Lock::take(&place.file()).unwrap();
    lock.replace(b"new").unwrap();
    drop(lock);
    assert_eq!(place.text(), "new");
    if cfg!(unix) {
        assert_eq!(place.names(), ["config.toml"]);
    }
}

#[test]
fn writers_take_turns() {
    let place = Place::with("0");
    let path = place.file();
    let inside = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..25 {
                    let lock = Lock::take(&path).unwrap();
                    assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0, "alone");
                    let number: usize = fs::read_to_string(&path).unwrap().parse().unwrap();
                    lock.replace((number + 1).to_string().as_bytes()).unwrap();
                    inside.fetch_sub(1, Ordering::SeqCst);
                }
            });
        }
    });
    assert_eq!(place.text(), "100");
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn new_files_and_directories_are_the_users_alone() {
        let place = Place::new();
        let path = place.directory.join("a/b/config.toml");
        let lock = Lock::take(&path).unwrap();
        assert_eq!(mode(&lock.path), 0o600);
        lock.replace(b"x").unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(&place.directory.join("a")), 0o700);
        assert_eq!(mode(&place.directory.join("a/b")), 0o700);
    }

    #[test]
    fn a_link_stays_a_link() {
        let place = Place::new();
        let real = place.directory.join("dotfiles");
        fs::create_dir(&real).unwrap();
        symlink("dotfiles/middle", place.file()).unwrap();
        symlink("tags.toml", real.join("middle")).unwrap();
        // At first there is nothing at its end, then there is.
        for text in ["one", "two"] {
            let lock = Lock::take(&place.file()).unwrap();
            assert_eq!(lock.target(), real.join("tags.toml"));
            lock.replace(text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(real.join("tags.toml")).unwrap(), text);
        }
        assert_eq!(fs::read_link(place.file()).unwrap(), Path::new("dotfiles/middle"));
        let kept: Vec<_> = fs::read_dir(&real).unwrap().collect();
        assert_eq!(kept.len(), 2, "{kept:?}");
    }

    #[test]
    fn links_that_lead_nowhere_or_may_be_anybodys() {
        let place = Place::new();
        symlink("config.toml", place.file()).unwrap();
        let message = Lock::take(&place.file()).unwrap_err().to_string();
        assert_eq!(message, "too many symbolic links");

        fs::remove_file(place.file()).unwrap();
        symlink("target", place.file()).unwrap();
        fs::set_permissions(&place.directory, fs::Permissions::from_mode(0o1777)).unwrap();
        let error = Lock::take(&place.file()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        assert_eq!(place.names(), ["config.toml"]);
    }

    #[test]
    fn a_link_in_place_of_the_lock_is_not_followed() {
        let place = Place::with("old");
        symlink("victim", place.directory.join(".config.toml.lock")).unwrap();
        let error = Lock::take(&place.file()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert!(!place.directory.join("victim").exists());
    }

    #[test]
    fn a_directory_that_takes_no_files_leaves_the_old_file() {
        let place = Place::with("old");
        fs::set_permissions(&place.directory, fs::Permissions::from_mode(0o555)).unwrap();
        // Root may write anywhere: then it is a name that leaves no room for the others.
        let is_root = File::create(place.directory.join("probe")).is_ok();
        let long = place.directory.join("x".repeat(250));
        let path = if is_root { long } else { place.file() };
        if is_root {
            fs::write(&path, "old").unwrap();
        }
        Lock::take(&path).unwrap_err();
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        fs::set_permissions(&place.directory, fs::Permissions::from_mode(0o755)).unwrap();
    }
}
