//! OCI layouts on this machine: the same answers as from a registry, no connection, nothing from outside.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use super::{AMD64, ARM64};
use crate::support::{Image, TestEnv, TestRegistry};

/// Writes the layout of these images, each with its name.
fn write_layout(env: &TestEnv, directory: &str, images: &[(&str, &Image)]) -> PathBuf {
    let mut entries = Vec::new();
    for (name, image) in images {
        let all = image.blobs.iter().chain(&image.children).chain([&image.root]);
        for blob in all {
            env.write(
                &format!("work/{directory}/blobs/{}", blob.digest.replace(':', "/")),
                &blob.bytes,
            );
        }
        let mut entry = image.root.descriptor();
        entry["annotations"] = json!({"org.opencontainers.image.ref.name": name});
        entries.push(entry);
    }
    env.write(&format!("work/{directory}/oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#);
    let index = json!({"schemaVersion": 2, "manifests": entries});
    env.write(&format!("work/{directory}/index.json"), index.to_string());
    env.work().join(directory)
}

/// Packs it, as skopeo's archives are.
fn pack(directory: &Path, archive: &str) {
    let status = Command::new("tar")
        .args(["-C", &directory.display().to_string(), "-cf"])
        .arg(directory.with_file_name(archive))
        .args(["blobs", "index.json", "oci-layout"])
        .status();
    assert!(status.expect("tar runs").success());
}

fn blob(directory: &Path, digest: &str) -> PathBuf {
    directory.join("blobs").join(digest.replace(':', "/"))
}

#[test]
fn the_answers_are_those_of_a_registry() {
    let index = Image::index_with_attestations("i", &[AMD64, ARM64]);
    let docker = Image::docker("d", AMD64);
    let registry =
        TestRegistry::new().image("demo/app:index", &index).image("demo/app:1.0", &docker).start();
    let env = TestEnv::new();
    let directory = write_layout(&env, "layout", &[("index", &index), ("1.0", &docker)]);
    pack(&directory, "layout.tar");
    let remote = registry.repo("demo/app");
    for local in ["oci:layout", "oci-archive:layout.tar"] {
        for options in [vec!["ls"], vec!["ls", "--digests"], vec!["ls", "-l", "--no-trunc"]] {
            let there = env.run(options.iter().copied().chain([&*remote]));
            let here = env.run(options.iter().copied().chain([local]));
            here.code(0).stdout(&there.stdout);
            assert_eq!(here.stderr, "", "{here}");
        }
        for tag in ["index", "1.0"] {
            for words in [
                "digest",
                "manifest",
                "manifest --platform linux/amd64",
                "platforms --all",
                "config --platform linux/amd64",
            ] {
                let run = |name: String| {
                    env.command(words.split(' ').map(str::to_owned).chain([name])).unchecked().run()
                };
                let there = run(format!("{remote}:{tag}"));
                there.code(0);
                let here = run(format!("{local}:{tag}"));
                here.code(0).stdout(&there.stdout);
                assert_eq!(here.stderr, "", "{here}");
            }
        }
    }
}

#[test]
fn an_image_is_chosen_by_name_digest_or_alone() {
    let (one, two) = (Image::oci("one", AMD64), Image::oci("two", AMD64));
    let env = TestEnv::new();
    write_layout(&env, "both", &[("docker.io/library/app:1", &one), ("two", &two)]);
    write_layout(&env, "one", &[("x", &one)]);
    env.run(["ls", "oci:both"]).code(0).stdout("1\ntwo\n");
    for name in [
        "oci:both:1".to_owned(),
        "oci:both:docker.io/library/app:1".to_owned(),
        "oci:one".to_owned(),
        format!("oci:both@{}", one.root.digest),
    ] {
        env.run(["digest", &name]).code(0).stdout(&format!("{}\n", one.root.digest));
    }
    env.run(["digest", "oci:both"]).code(2).stderr_has("oci:both holds 2 images: choose one");
    env.run(["digest", "oci:both:3"]).code(3).stderr_has("tag \"3\" not found in oci:both");
    env.run(["digest", "oci:nowhere:1"]).code(3).stderr_has("\"oci:nowhere\"");
    env.run(["token", "oci:both"]).code(2).stderr_has("is an OCI layout");
}

/// Nothing is resolved, nothing connected: not even a proxy or a profile changes that.
#[test]
fn no_connection_is_made() {
    let env = TestEnv::new();
    let registry = TestRegistry::new().start();
    write_layout(&env, "layout", &[("1.0", &Image::index("i", &[AMD64, ARM64]))]);
    let proxy = format!("http://{}", registry.host());
    for words in [
        "ls -l",
        "digest",
        "inspect --platform linux/amd64",
        "platforms",
        "config --platform linux/amd64",
    ] {
        let words = words.split(' ').chain(["oci:layout"]);
        env.command(words)
            .var("HTTP_PROXY", &proxy)
            .var("HTTPS_PROXY", &proxy)
            .unchecked()
            .run()
            .code(0);
    }
    assert_eq!(registry.requests().len(), 0, "{}", registry.log());
}

#[test]
fn what_is_broken_is_an_error_with_the_files_name() {
    let image = Image::oci("o", AMD64);
    let broken = |name: &str, harm: &dyn Fn(&Path)| {
        let env = TestEnv::new();
        let directory = write_layout(&env, "layout", &[("1", &image)]);
        harm(&directory);
        let output = env.command(["inspect", "oci:layout:1"]).measured().run();
        output.peak_below(64 * 1024).code(1).stdout("").stderr_has("oci:layout").stderr_has(name);
    };
    let write = |path: PathBuf, bytes: &[u8]| fs::write(path, bytes).expect("ours");
    let root = &image.root.digest;
    let config = &image.blobs[0].digest;
    broken("index.json is missing", &|d| fs::remove_file(d.join("index.json")).expect("ours"));
    broken("oci-layout is missing", &|d| fs::remove_file(d.join("oci-layout")).expect("ours"));
    broken("index.json", &|d| write(d.join("index.json"), b"[["));
    broken("larger than 8 MiB", &|d| write(d.join("index.json"), &vec![b' '; 9 << 20]));
    broken(root, &|d| write(blob(d, root), b"{}"));
    broken(config, &|d| write(blob(d, config), b"{}"));
    broken("a symbolic link", &|d| {
        fs::rename(d.join("index.json"), d.join("moved")).expect("ours");
        std::os::unix::fs::symlink("moved", d.join("index.json")).expect("ours");
    });
    broken("a symbolic link", &|d| {
        fs::rename(d.join("blobs"), d.with_file_name("blobs")).expect("ours");
        std::os::unix::fs::symlink("../blobs", d.join("blobs")).expect("ours");
    });
    broken("not a regular file", &|d| {
        fs::remove_file(d.join("index.json")).expect("ours");
        assert!(Command::new("mkfifo").arg(d.join("index.json")).status().expect("runs").success());
    });
    // A file that is huge without taking room.
    broken("larger than 8 MiB", &|d| {
        let file = fs::File::options().write(true).open(blob(d, root)).expect("ours");
        file.set_len(1 << 40).expect("a sparse file");
    });
}

#[test]
fn a_broken_archive_is_an_error_with_the_files_name() {
    let env = TestEnv::new();
    let directory = write_layout(&env, "layout", &[("1", &Image::oci("o", AMD64))]);
    pack(&directory, "whole.tar");
    let whole = fs::read(env.work().join("whole.tar")).expect("ours");
    env.run(["ls", "oci-archive:whole.tar"]).code(0).stdout("1\n");
    let broken = |bytes: &[u8], word: &str| {
        env.write("work/broken.tar", bytes);
        let output = env.command(["ls", "oci-archive:broken.tar"]).measured().run();
        output
            .peak_below(64 * 1024)
            .code(1)
            .stdout("")
            .stderr_has("oci-archive:broken.tar")
            .stderr_has(word);
    };
    broken(&whole[..700], "cut short");
    broken(b"hello", "not a tar archive");
    env.program_run("/usr/bin/env", ["gzip", "-k", "whole.tar"]).run().code(0);
    broken(&fs::read(env.work().join("whole.tar.gz")).expect("ours"), "compressed");
    env.run(["ls", "oci-archive:layout"]).code(1).stderr_has("a directory");
    env.run(["ls", "oci:whole.tar"]).code(1).stderr_has("not a directory");
}
