//! Names kept for the next TAB.
//!
//! A shell asks anew with every key press, and a registry takes its time. So lists of tags and
//! repositories are kept for five minutes in the user's cache directory: names only, readable by
//! the user alone, one small file per list. Losing them costs a request; whatever is wrong with a
//! file (too old, too large, not ours, damaged) means that it is not there.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::oci::manifest::{Algorithm, content_digest};
use crate::system::env::Env;
use crate::system::files;

/// How long a list is good.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// The largest file that is written or read: some hundred thousand tags.
const MAX_BYTES: usize = 4 << 20;
/// How many files are looked at when old ones are removed, and how many are kept.
const MAX_FILES: usize = 256;
/// The first line of each file, before its time.
const MAGIC: &str = "docker-tags names 1";

/// The directory of lists.
#[derive(Debug, Clone)]
pub(super) struct Cache {
    directory: Option<PathBuf>,
    now: SystemTime,
}

impl Cache {
    /// The cache of this environment at a time. Touches nothing yet.
    pub(super) fn new(env: &Env, now: SystemTime) -> Cache {
        Cache { directory: directory(env).map(|base| base.join("docker-tags")), now }
    }

    /// The names that were kept under a key not long ago, each approved by `is_name`.
    pub(super) fn get(&self, key: &[&str], is_name: fn(&str) -> bool) -> Option<Vec<String>> {
        let path = self.directory.as_ref()?.join(file_name(key));
        if !fs::symlink_metadata(&path).ok()?.is_file() {
            return None;
        }
        let mut text = String::new();
        let file = File::open(path).ok()?;
        file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text).ok()?;
        if text.len() > MAX_BYTES || !text.ends_with('\n') {
            return None;
        }
        let (head, names) = text.split_once('\n')?;
        let time: u64 = head.strip_prefix(MAGIC)?.trim().parse().ok()?;
        let kept = UNIX_EPOCH.checked_add(Duration::from_secs(time))?;
        if self.now.duration_since(kept).ok()? > LIFETIME {
            return None;
        }
        names.lines().map(|name| is_name(name).then(|| name.to_owned())).collect()
    }

    /// Keeps names under a key. What cannot be kept is not.
    pub(super) fn put(&self, key: &[&str], names: &[String]) {
        let Some(directory) = &self.directory else { return };
        let Ok(time) = self.now.duration_since(UNIX_EPOCH) else { return };
        let mut text = format!("{MAGIC} {}\n", time.as_secs());
        for name in names {
            text.push_str(name);
            text.push('\n');
        }
        if text.len() > MAX_BYTES || files::create_directory(directory).is_err() {
            return;
        }
        self.remove_old(directory);
        // Nothing depends on it: a full disk only makes the next TAB slower.
        let path = directory.join(file_name(key));
        let _ = files::replace_quickly(&path, |file| file.write_all(text.as_bytes()));
    }

    /// Removes lists that are past their time, and all of them when there are too many.
    fn remove_old(&self, directory: &Path) {
        let Ok(entries) = fs::read_dir(directory) else { return };
        let files: Vec<_> = entries.flatten().take(2 * MAX_FILES).collect();
        let crowded = files.len() > MAX_FILES;
        for entry in files {
            let is_ours = entry.path().extension().is_some_and(|e| e == "names" || e == "tmp");
            let modified = entry.metadata().and_then(|meta| meta.modified());
            let is_old = modified
                .is_ok_and(|time| self.now.duration_since(time).is_ok_and(|age| age > LIFETIME));
            if is_ours && (is_old || crowded) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// The name says nothing: what is looked at with completion is private.
fn file_name(key: &[&str]) -> String {
    let digest = content_digest(key.join("\0").as_bytes(), Algorithm::Sha256);
    format!("{}.names", &digest.hex()[..32])
}

#[cfg(target_os = "linux")]
fn directory(env: &Env) -> Option<PathBuf> {
    env.path("XDG_CACHE_HOME")
        .filter(|path| path.is_absolute())
        .or_else(|| env.home().map(|home| home.join(".cache")))
}

#[cfg(not(target_os = "linux"))]
fn directory(_env: &Env) -> Option<PathBuf> {
    dirs::cache_dir()
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    struct Place(PathBuf);

    impl Place {
        fn new(name: &str) -> Place {
            let path = std::env::temp_dir().join(format!("dt-cache-{}-{name}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            Place(path)
        }

        fn cache(&self, later: u64) -> Cache {
            let env = Env::from_pairs([("XDG_CACHE_HOME", self.0.as_os_str())]);
            let now = UNIX_EPOCH + Duration::from_secs(2_000_000_000 + later);
            Cache::new(&env, now)
        }

        fn file(&self, key: &[&str]) -> PathBuf {
            self.0.join("docker-tags").join(file_name(key))
        }
    }

    impl Drop for Place {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    fn any(_: &str) -> bool {
        true
    }

    const KEY: [&str; 2] = ["tags", "r.io/a"];

    #[test]
    fn kept_for_five_minutes() {
        let place = Place::new("time");
        let names = ["2".to_owned(), "1".to_owned()];
        place.cache(0).put(&KEY, &names);
        assert_eq!(place.cache(300).get(&KEY, any), Some(names.to_vec()));
        assert_eq!(place.cache(301).get(&KEY, any), None);
        assert_eq!(place.cache(0).get(&["tags", "r.io/b"], any), None);
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&place.file(&KEY)), 0o600);
        assert_eq!(mode(place.file(&KEY).parent().unwrap()), 0o700);
    }

    #[test]
    fn nothing_is_a_list_too() {
        let place = Place::new("empty");
        place.cache(0).put(&KEY, &[]);
        assert_eq!(place.cache(0).get(&KEY, any), Some(Vec::new()));
    }

    #[test]
    fn what_is_wrong_is_not_there() {
        let place = Place::new("wrong");
        let cache = place.cache(0);
        let file = place.file(&KEY);
        let head = format!("{MAGIC} 2000000000\n");
        for text in [
            String::new(),
            "1\n2\n".to_owned(),
            head.trim_end().to_owned(),
            format!("{head}1\n2"),
            format!("{head}bad name\n"),
            format!("{MAGIC} 2000000001\n1\n"),
            format!("{MAGIC} 99999999999999999999\n1\n"),
            format!("{head}{}", "1234567\n".repeat(MAX_BYTES / 8)),
        ] {
            cache.put(&KEY, &[]);
            fs::write(&file, &text).unwrap();
            let found = cache.get(&KEY, crate::oci::reference::Tag::is_valid);
            assert_eq!(found, None, "{:?}", &text[..text.len().min(60)]);
        }
        fs::write(&file, [0xff, b'\n']).unwrap();
        assert_eq!(cache.get(&KEY, any), None);
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        assert_eq!(cache.get(&KEY, any), None);
    }

    #[test]
    fn too_much_is_not_kept_and_old_lists_go() {
        let place = Place::new("size");
        let cache = place.cache(0);
        cache.put(&KEY, &vec!["x".repeat(100); MAX_BYTES / 100]);
        assert_eq!(cache.get(&KEY, any), None);
        // By this clock the files of today are years old.
        cache.put(&["old"], &[]);
        cache.put(&KEY, &[]);
        assert!(place.file(&KEY).exists() && !place.file(&["old"]).exists());
    }
}
