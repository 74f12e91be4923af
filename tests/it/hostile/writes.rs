//! T16: files that are written where others may have laid traps, and writers that meet.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use super::three_ways;
use crate::support::hostile::cut;
use crate::support::{Image, Response, TestEnv, TestRegistry};

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("ours");
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o7777
}

/// The names in a directory, sorted.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("ours").flatten();
    let mut names: Vec<_> =
        entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn registry() -> (TestRegistry, Vec<u8>) {
    let image = Image::oci("a", "linux/amd64");
    let bytes = image.root.bytes.clone();
    (TestRegistry::new().image("demo/app:1", &image).start(), bytes)
}

/// A link in a directory where anybody could have put it is not followed: what it leads to, and
/// the link, stay as they are.
#[test]
fn a_document_is_not_written_through_a_stranger_s_link() {
    let (registry, _) = registry();
    let env = TestEnv::new();
    let victim = env.write("home/.profile", "precious");
    let open = env.root().join("open");
    fs::create_dir(&open).expect("ours");
    set_mode(&open, 0o1777);
    for (link, target) in [("link", victim.as_path()), ("dangling", &env.root().join("home/new"))] {
        let path = open.join(link);
        symlink(target, &path).expect("ours");
        let shown = path.display().to_string();
        three_ways(&env, &["manifest", &registry.repo("demo/app:1"), "-o", &shown], |seen| {
            seen.fails(1).says(&shown).says("other users can write");
        });
        assert_eq!(fs::read_link(&path).expect("it is still one"), target);
    }
    assert_eq!(env.read("home/.profile"), "precious");
    assert_eq!(names(&open), ["dangling", "link"]);
    assert!(!env.root().join("home/new").exists());
}

/// One's own links and modes stay what they are.
#[test]
fn a_document_keeps_links_and_modes() {
    let (registry, bytes) = registry();
    let env = TestEnv::new();
    let target = env.write("work/target.json", "old");
    set_mode(&target, 0o640);
    symlink("target.json", env.work().join("link.json")).expect("ours");
    env.run(["manifest", &registry.repo("demo/app:1"), "-o", "link.json"]).code(0).silent();
    assert_eq!(fs::read(&target).expect("it is there"), bytes);
    assert_eq!(mode(&target), 0o640);
    assert_eq!(fs::read_link(env.work().join("link.json")).expect("one"), Path::new("target.json"));
    assert_eq!(names(&env.work()), ["link.json", "target.json"]);
    // What is no file is written to as it is; a full device is an error.
    let output = env.run(["manifest", &registry.repo("demo/app:1"), "-o", "/dev/stdout"]);
    assert_eq!(output.code(0).bytes, bytes);
    let output = env.run(["manifest", &registry.repo("demo/app:1"), "-o", "/dev/full"]);
    output.code(1).stdout("").stderr_has("/dev/full");
    let output = env.run(["manifest", &registry.repo("demo/app:1"), "-o", "."]);
    output.code(1).stdout("");
}

/// A document that is cut short or wrong leaves the old file, and nothing beside it.
#[test]
fn a_document_is_written_whole_or_not_at_all() {
    let image = Image::oci("a", "linux/amd64");
    let (whole, media_type) = (image.root.bytes.clone(), image.root.media_type.clone());
    let answer = Response::with_body(200, &media_type, whole.clone());
    let wrong = Response::with_body(200, &media_type, [&whole[..], b" "].concat());
    let half = cut(&answer, whole.len() / 2);
    let answers = std::sync::Mutex::new(vec![wrong, half]);
    let registry =
        TestRegistry::new().hook(move |_| answers.lock().expect("no panic").pop()).start();
    let env = TestEnv::new();
    let file = env.write("work/manifest.json", "old");
    let name = format!("{}@{}", registry.repo("demo/app"), image.root.digest);
    for code in [5, 1] {
        let output = env.run(["manifest", "--retries", "0", &name, "-o", "manifest.json"]);
        output.code(code).stdout("");
        assert_eq!(fs::read_to_string(&file).expect("it is there"), "old");
        assert_eq!(names(&env.work()), ["manifest.json"]);
    }
}

/// The configuration is the user's alone after a change, and no stranger's link leads it elsewhere.
#[test]
fn a_changed_configuration_is_private() {
    let env = TestEnv::new();
    let path = env.config_toml("# mine\n[profiles.a]\nregistry = \"a.example\"\n");
    set_mode(&path, 0o666);
    let create = ["profile", "create", "b", "--registry", "b.example"];
    env.run(create).code(0);
    assert_eq!(mode(&path), 0o600);
    let text = env.read("home/.config/docker-tags/config.toml");
    assert!(text.starts_with("# mine\n") && text.contains("b.example"), "{text}");
    assert_eq!(names(path.parent().expect("has one")), ["config.toml"]);

    let open = env.root().join("open");
    fs::create_dir(&open).expect("ours");
    set_mode(&open, 0o1777);
    let victim = env.write("home/victim.toml", "# precious\n");
    symlink(&victim, open.join("config.toml")).expect("ours");
    let output = env.command(create).var("DOCKER_TAGS_CONFIG", open.join("config.toml")).run();
    assert_ne!(output.code, 0, "{output}");
    output.stdout("").stderr_has("other users can write");
    assert_eq!(env.read("home/victim.toml"), "# precious\n");
    assert_eq!(names(&open), ["config.toml"]);
    // Nor is what lies in the place of the lock.
    fs::remove_file(open.join("config.toml")).expect("ours");
    symlink(env.root().join("home/locked"), open.join(".config.toml.lock")).expect("ours");
    let output = env.command(create).var("DOCKER_TAGS_CONFIG", open.join("config.toml")).run();
    assert_ne!(output.code, 0, "{output}");
    output.stdout("").stderr_has("is not a lock file");
    assert!(!env.root().join("home/locked").exists());
}

/// Many writers at a time: nobody undoes what another has done.
#[test]
fn writers_do_not_lose_each_other_s_work() {
    let env = TestEnv::new();
    std::thread::scope(|scope| {
        for number in 0..12 {
            let env = &env;
            scope.spawn(move || {
                let (name, registry) = (format!("p{number}"), format!("r{number}.example"));
                env.run(["profile", "create", &name, "--registry", &registry]).code(0);
            });
        }
    });
    let output = env.run(["profile", "ls", "-q"]);
    for number in 0..12 {
        output.stdout_has(&format!("p{number}\n"));
    }
    assert_eq!(names(&env.root().join("home/.config/docker-tags")), ["config.toml"]);
}

/// What `install` writes goes to nobody else's file either: it replaces, and follows nothing.
#[test]
fn install_follows_no_link() {
    let env = TestEnv::new();
    let victim = env.write("home/victim", "precious");
    let plugins = env.docker_config().join("cli-plugins");
    fs::create_dir_all(&plugins).expect("ours");
    symlink(&victim, plugins.join("docker-tags")).expect("ours");
    let output = env.run(["install", "--copy"]);
    output.stdout_has("another program");
    assert_eq!(env.read("home/victim"), "precious");
    fs::remove_file(plugins.join("docker-tags")).expect("ours");
    // A link of our own name to something else is kept, and replaced when forced; what it leads to stays.
    let other = env.write("home/other/docker-tags", "precious, too");
    symlink(&other, plugins.join("docker-tags")).expect("ours");
    env.run(["install", "--copy"]).stdout_has("another program");
    assert_eq!(fs::read_link(plugins.join("docker-tags")).expect("a link"), other);
    env.run(["install", "--copy", "--force"]);
    assert_eq!(env.read("home/other/docker-tags"), "precious, too");
    let installed = plugins.join("docker-tags");
    assert!(fs::symlink_metadata(&installed).expect("it is there").is_file());
    assert_eq!(mode(&installed) & 0o111, 0o111, "it can be run");
    assert_eq!(names(&plugins), ["docker-tags"]);
}
