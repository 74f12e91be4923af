//! Which requests are made: no more than the answer needs.

use super::{AMD64, ARM64};
use crate::support::registry::DigestHeader;
use crate::support::{Image, TestEnv, TestRegistry, TokenRules};

fn guarded(image: &Image) -> TestRegistry {
    TestRegistry::new().image("demo/app:1", image).require_token(TokenRules::default()).start()
}

#[test]
fn a_digest_takes_three_requests() {
    let image = Image::index("a", &[AMD64, ARM64]);
    let registry = guarded(&image);
    let output = TestEnv::new().run(["digest", &registry.repo("demo/app:1")]);
    output.code(0).stdout(&format!("{}\n", image.root.digest)).silent();
    registry.server().assert_exchanges(&[
        "HEAD /v2/demo/app/manifests/1 401",
        "HEAD /v2/demo/app/manifests/1 200",
    ]);
    assert_eq!(registry.token_service().requests().len(), 1);
    registry.server().assert_connections(1);
    let accept = registry.requests()[0].header_all("accept").join("|");
    let types: Vec<&str> = accept.split(", ").collect();
    assert_eq!(types.len(), 7, "{accept}");
    for part in
        ["image.index.v1", "manifest.list.v2", "image.manifest.v1", "manifest.v2", "v1+prettyjws"]
    {
        assert!(accept.contains(part), "{part} in {accept}");
    }
    assert!(!accept.contains("*/*"));
}

#[test]
fn a_config_inside_an_index_takes_five_requests() {
    let image = Image::index_with_attestations("a", &[AMD64, ARM64]);
    let registry = guarded(&image);
    let env = TestEnv::new();
    let reference = registry.repo("demo/app:1");
    let output = env.command(["config", &reference, "--platform", ARM64]).unchecked().run();
    let arm = Image::oci("a", ARM64);
    output.code(0).silent();
    assert_eq!(output.bytes, arm.config().bytes);
    registry.server().assert_exchanges(&[
        "GET /v2/demo/app/manifests/1 401",
        "GET /v2/demo/app/manifests/1 200",
        &format!("GET /v2/demo/app/manifests/{} 200", arm.root.digest),
        &format!("GET /v2/demo/app/blobs/{} 200", arm.config().digest),
    ]);
    assert_eq!(registry.token_service().requests().len(), 1, "the fifth");
}

#[test]
fn a_redirected_blob_is_fetched_without_the_token() {
    let image = Image::oci("a", AMD64);
    let registry = TestRegistry::new()
        .image("demo/app:1", &image)
        .require_token(TokenRules::default())
        .redirect_blobs("127.0.0.2")
        .start();
    let env = TestEnv::new();
    for verbose in [&[][..], &["-v"]] {
        let reference = registry.repo("demo/app:1");
        let output = env.command([&["config", &*reference], verbose].concat()).unchecked().run();
        assert_eq!(output.code(0).bytes, image.config().bytes);
        let canaries = registry.token_service().tokens();
        let canaries = canaries.iter().map(String::as_str).chain(["canary-signature"]);
        env.check(&output, &canaries.collect::<Vec<_>>());
    }
    let elsewhere = registry.blob_host().requests();
    assert_eq!(elsewhere.len(), 2, "{}", registry.log());
    assert!(elsewhere.iter().all(|request| request.header("authorization").is_none()));
}

#[test]
fn a_digest_for_a_platform_needs_the_index_alone() {
    let image = Image::index("a", &[AMD64, ARM64]);
    let registry = TestRegistry::new().image("demo/app:1", &image).start();
    let output = TestEnv::new().run(["digest", &registry.repo("demo/app:1"), "--platform", ARM64]);
    output.code(0).stdout(&format!("{}\n", Image::oci("a", ARM64).root.digest)).silent();
    registry.server().assert_exchanges(&["GET /v2/demo/app/manifests/1 200"]);
}

#[test]
fn fifty_images_share_eight_connections() {
    let tags: Vec<String> = (0..50).map(|number| format!("t{number:02}")).collect();
    let registry = TestRegistry::new()
        .tags("demo/app", tags.clone())
        .require_token(TokenRules::default())
        .delay(std::time::Duration::from_millis(5))
        .start();
    let repository = registry.repo("demo/app");
    let names: Vec<String> = tags.iter().map(|tag| format!("{repository}:{tag}")).collect();
    let arguments = ["digest", "-j", "8"].map(str::to_owned).into_iter().chain(names.clone());
    let output = TestEnv::new().run(arguments);
    let digest = |tag: &String| Image::oci(tag, AMD64).root.digest;
    let expected: Vec<String> =
        tags.iter().zip(&names).map(|(tag, name)| format!("{name}@{}", digest(tag))).collect();
    output.code(0).lines(&expected.iter().map(String::as_str).collect::<Vec<_>>()).silent();
    let exchanges = registry.server().exchanges();
    let refused = exchanges.iter().filter(|line| line.ends_with(" 401")).count();
    assert_eq!((exchanges.len(), refused), (51, 1), "{}", registry.log());
    assert_eq!(registry.token_service().requests().len(), 1, "{}", registry.log());
    assert!((2..=8).contains(&registry.connections()), "{}", registry.log());
}

#[test]
fn head_that_is_refused_or_says_nothing() {
    let image = Image::index("a", &[AMD64]);
    let expected = format!("{}\n", image.root.digest);
    let builder = || TestRegistry::new().image("demo/app:1", &image).image("demo/app:2", &image);
    let refusing = [400, 405, 501].map(|status| builder().head_status(status).start());
    let silent = [DigestHeader::Never, DigestHeader::OnGetOnly]
        .map(|which| builder().digest_header(which).start());
    for registry in refusing.into_iter().chain(silent) {
        let env = TestEnv::new();
        env.run(["digest", &registry.repo("demo/app:1")]).code(0).stdout(&expected).silent();
        let methods: Vec<String> =
            registry.requests().iter().map(|request| request.method.clone()).collect();
        assert_eq!(methods, ["HEAD", "GET"], "{}", registry.log());
        // Once is enough to know.
        registry.server().clear();
        let (one, two) = (registry.repo("demo/app:1"), registry.repo("demo/app:2"));
        env.run(["digest", "-j", "1", &one, &two]).code(0);
        assert_eq!(registry.requests().len(), 3, "{}", registry.log());
    }
    // Amazon tells it on HEAD alone.
    let registry = builder().digest_header(DigestHeader::OnHeadOnly).start();
    TestEnv::new().run(["digest", &registry.repo("demo/app:1")]).code(0).stdout(&expected);
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());
}

#[test]
fn several_images_answer_in_their_order_and_none_stops_the_others() {
    let registry = TestRegistry::new().tags("demo/app", ["1", "2"]).start();
    let names = ["2", "9.9", "1"].map(|tag| registry.repo(&format!("demo/app:{tag}")));
    let arguments = |command: &str| [command.to_owned()].into_iter().chain(names.clone());
    let output = TestEnv::new().run(arguments("digest").chain(["--full-ref".to_owned()]));
    let line = |tag: &str| {
        format!("{}:{tag}@{}", registry.repo("demo/app"), Image::oci(tag, AMD64).root.digest)
    };
    output.code(3).lines(&[&line("2"), &line("1")]);
    output.stderr_has(&format!("tag \"9.9\" not found in {}", registry.repo("demo/app")));
    let output =
        TestEnv::new().run(arguments("inspect").chain(["--format={{.Digest}}".to_owned()]));
    let digest = |tag: &str| Image::oci(tag, AMD64).root.digest;
    output.code(3).lines(&[&digest("2"), &digest("1")]);
    // A name that is none: nothing is asked at all.
    registry.server().clear();
    let output = TestEnv::new().run(arguments("digest").chain(["Not/A/Name".to_owned()]));
    output.code(2).stdout("");
    assert_eq!(registry.requests().len(), 0, "{}", registry.log());
}

#[test]
fn what_is_not_there() {
    let registry = TestRegistry::new().image("demo/app:1", &Image::oci("a", AMD64)).start();
    let gone = format!("sha256:{}", "0".repeat(64));
    for command in ["digest", "manifest", "platforms", "config", "inspect"] {
        for (suffix, object) in [
            (":9.9".to_owned(), "tag \"9.9\"".to_owned()),
            (format!("@{gone}"), format!("digest {gone}")),
        ] {
            let name = registry.repo("demo/app");
            let output = TestEnv::new().run([command, &format!("{name}{suffix}")]);
            output.code(3).stdout("").stderr_has(&format!("error: {object} not found in {name}\n"));
            output.stderr_has("\nhint: ").stderr_has(&format!("docker tags ls {name}"));
        }
    }
}

#[test]
fn a_digest_wins_over_a_tag() {
    let image = Image::oci("a", AMD64);
    let registry = TestRegistry::new().image("demo/app:1", &image).tags("demo/app", ["2"]).start();
    let reference = format!("{}@{}", registry.repo("demo/app:2"), image.root.digest);
    let output = TestEnv::new().run(["digest", &reference]);
    output.code(0).stdout(&format!("{}\n", image.root.digest));
    let expected = format!("HEAD /v2/demo/app/manifests/{} 200", image.root.digest);
    registry.server().assert_exchanges(&[&expected, "HEAD /v2/demo/app/manifests/2 200"]);
}

#[test]
fn a_plugin_asks_for_a_plugin_s_scope_when_the_registry_does() {
    let image = Image::plugin("mounts things");
    let registry = TestRegistry::new()
        .image("demo/plugin:1", &image)
        .require_token(TokenRules::default())
        .challenges(["Bearer realm=\"{R}/token\",service=\"registry.test\""])
        .start();
    let reference = registry.repo("demo/plugin:1");
    // The test's token service grants image scopes only; what counts is what was asked for.
    TestEnv::new().run(["digest", &reference, "--type", "plugin"]);
    let asked = registry.token_service().requests()[0].params("scope");
    assert_eq!(asked, ["repository(plugin):demo/plugin:pull"], "{}", registry.log());
}
