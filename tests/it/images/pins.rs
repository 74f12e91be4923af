//! `digest` of a name with tag and digest: a pin whose tag has moved is visible.

use super::{AMD64, ARM64};
use crate::support::{Image, TestEnv, TestRegistry};

#[test]
fn a_pin_that_holds_costs_one_more_request() {
    let image = Image::index("a", &[AMD64, ARM64]);
    let registry = TestRegistry::new().image("demo/app:1.28.0", &image).start();
    let digest = &image.root.digest;
    let pinned = registry.repo(&format!("demo/app:1.28.0@{digest}"));
    for flags in [&[][..], &["--verify"]] {
        registry.server().clear();
        let output = TestEnv::new().run([&["digest", &*pinned], flags].concat());
        output.code(0).stdout(&format!("{digest}\n")).silent();
        registry.server().assert_exchanges(&[
            &format!("HEAD /v2/demo/app/manifests/{digest} 200"),
            "HEAD /v2/demo/app/manifests/1.28.0 200",
        ]);
    }
    let row = TestEnv::new().run(["digest", &pinned, "--format", "{{.Tag}} {{.Digest}}"]);
    row.code(0).stdout(&format!("1.28.0 {digest}\n"));
}

#[test]
fn a_pin_that_drifted_is_told() {
    let (old, new) = (Image::index("old", &[AMD64]), Image::index("new", &[AMD64]));
    let registry =
        TestRegistry::new().image("demo/app:old", &old).image("demo/app:1.28.0", &new).start();
    let tag = registry.repo("demo/app:1.28.0");
    let pinned = format!("{tag}@{}", old.root.digest);
    let output = TestEnv::new().run(["digest", &pinned]);
    output.code(0).stdout(&format!("{}\n", old.root.digest));
    output.stderr_has("warning: ").stderr_has(&tag).stderr_has(&new.root.digest);
    let output = TestEnv::new().run(["digest", "--verify", &pinned]);
    output.code(1).stdout("").stderr_has("has moved").stderr_has(&old.root.digest);
    output.stderr_has(&new.root.digest).stderr_has("hint: ").stderr_has("--full-ref");
    // One of several: the others are verified all the same.
    let holds = format!("{tag}@{}", new.root.digest);
    let output = TestEnv::new().run(["digest", "--verify", &pinned, &holds]);
    output.code(1).stdout(&format!("{holds}\n")).stderr_has("has moved");
}

#[test]
fn a_pin_to_an_image_of_the_tags_index_holds() {
    let index = Image::index("a", &[AMD64, ARM64]);
    let registry = TestRegistry::new().image("demo/app:1", &index).start();
    let pinned = registry.repo(&format!("demo/app:1@{}", Image::oci("a", ARM64).root.digest));
    TestEnv::new().run(["digest", "--verify", &pinned]).code(0).silent();
    let other = TestRegistry::new()
        .image("demo/app:1", &index)
        .image("demo/app:2", &Image::oci("b", ARM64))
        .start();
    let pinned = other.repo(&format!("demo/app:1@{}", Image::oci("b", ARM64).root.digest));
    TestEnv::new().run(["digest", "--verify", &pinned]).code(1).stderr_has("has moved");
}

#[test]
fn a_pin_whose_tag_is_gone() {
    let image = Image::oci("a", AMD64);
    let registry = TestRegistry::new().image("demo/app:1", &image).start();
    let pinned = registry.repo(&format!("demo/app:9.9@{}", image.root.digest));
    let output = TestEnv::new().run(["digest", &pinned]);
    output.code(0).stdout(&format!("{}\n", image.root.digest)).stderr_has("\"9.9\" not found");
    TestEnv::new().run(["digest", "--verify", &pinned]).code(3).stdout("");
}

#[test]
fn verifying_needs_a_pin() {
    let registry = TestRegistry::new().image("demo/app:1", &Image::oci("a", AMD64)).start();
    let digest = Image::oci("a", AMD64).root.digest;
    for name in ["demo/app:1".to_owned(), "demo/app".to_owned(), format!("demo/app@{digest}")] {
        let output = TestEnv::new().run(["digest", "--verify", &registry.repo(&name)]);
        output.code(2).stdout("").stderr_has("--verify needs a tag and a digest");
    }
    assert_eq!(registry.requests().len(), 0, "{}", registry.log());
}

#[test]
fn full_references_keep_tag_and_digest() {
    let image = Image::oci("a", AMD64);
    let registry = TestRegistry::new().image("demo/app:1", &image).start();
    let (tagged, digest) = (registry.repo("demo/app:1"), &image.root.digest);
    let by_digest = registry.repo(&format!("demo/app@{digest}"));
    let pinned = format!("{tagged}@{digest}");
    for (names, lines) in [
        (vec![&tagged], vec![&pinned]),
        (vec![&pinned], vec![&pinned]),
        (vec![&by_digest], vec![&by_digest]),
        (vec![&tagged, &by_digest], vec![&pinned, &by_digest]),
    ] {
        let arguments =
            ["digest", "--full-ref"].into_iter().chain(names.iter().map(|name| &***name));
        let lines: Vec<&str> = lines.iter().map(|line| &***line).collect();
        TestEnv::new().run(arguments).code(0).lines(&lines);
    }
}
