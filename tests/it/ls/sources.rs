//! Details where they come another way, of many repositories, and with progress.

use serde_json::{Value, json};

use super::details::{counts, run};
use crate::support::image::Image;
use crate::support::{TestEnv, TestRegistry};

#[test]
fn google_tells_all_but_platforms_in_the_list() {
    let image = |seed: &str| Image::oci(seed, "linux/amd64");
    let (one, two) = (image("one"), image("two"));
    let about = |size: &str, created: &str, tags: &[&str]| {
        json!({
            "imageSizeBytes": size, "timeCreatedMs": created, "timeUploadedMs": "1700000001000",
            "mediaType": "application/vnd.oci.image.manifest.v1+json", "layerId": "", "tag": tags,
        })
    };
    let registry = TestRegistry::new()
        .image("a:1", &one)
        .image("a:2", &two)
        .image("a:latest", &two)
        .list_members(
            "a",
            json!({"child": [], "manifest": {
                &*one.root.digest: about("1234", "1600000000000", &["1"]),
                &*two.root.digest: about("0", "-62135596800000", &["2", "latest"]),
                "sha256:odd": 7,
            }}),
        )
        .start();
    let output = run(&registry, &["-l", "--format", "json"]);
    let rows = output.code(0).stderr_has("has no platforms").json_lines();
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());
    let row = |tag: &str, image: &Image, size: Value, created: &str| {
        json!({
            "Repository": registry.repo("a"), "Tag": tag, "Digest": image.root.digest,
            "Size": size, "Platforms": null, "Created": created,
        })
    };
    let uploaded = "2023-11-14T22:13:21Z";
    assert_eq!(rows[0], row("2", &two, Value::Null, uploaded));
    assert_eq!(rows[1], row("1", &one, json!(1234), "2020-09-13T12:26:40Z"));
    assert_eq!(rows[2], row("latest", &two, Value::Null, uploaded));
    run(&registry, &["--group-by", "digest"]).code(0).silent();
    assert_eq!(registry.requests().len(), 1, "{}", registry.log());
    run(&registry, &["--platform", "linux/amd64"]).code(0).silent().lines(&["2", "1", "latest"]);
    assert_eq!(counts(&registry), [0, 2, 2], "{}", registry.log());
}

#[test]
fn many_repositories_side_by_side_in_their_order() {
    let registry =
        (0..9).fold(TestRegistry::new(), |r, n| r.tags(&format!("r{n}"), ["1", "2"])).start();
    let mut names: Vec<String> = (0..9).map(|n| registry.repo(&format!("r{n}"))).collect();
    names.insert(4, registry.repo("missing"));
    let tags = |prefix: &str| -> String {
        let existing = names.iter().filter(|name| !name.ends_with("missing"));
        existing.map(|name| format!("{name}:2{prefix}\n{name}:1{prefix}\n")).collect()
    };
    for jobs in ["1", "4", "8"] {
        let before = registry.connections();
        let arguments = ["ls", "-j", jobs].into_iter().map(str::to_owned);
        let output = TestEnv::new().run(arguments.chain(names.clone()));
        output.code(3).stdout(&tags("")).stderr_has("missing");
        assert!(registry.connections() - before <= jobs.parse().unwrap(), "{}", registry.log());
    }
    let before = registry.connections();
    let pair = ["ls", "--digests", "-j", "1", &names[0], &names[1]];
    let output = TestEnv::new().run(pair);
    output.code(0).stdout_has(&format!("{}:2", names[0]));
    assert_eq!(registry.connections() - before, 1, "{}", registry.log());
    let grouped = ["ls", "--group-by", "digest", "--format", "json", &names[0], &names[1]];
    let rows = TestEnv::new().run(grouped).code(0).json_lines();
    assert_eq!((rows.len(), &rows[3]["Repository"]), (4, &json!(names[1])));
}

#[test]
fn progress_is_for_terminals_and_gone_at_the_end() {
    let slow = std::time::Duration::from_millis(60);
    let tags = (0..40).map(|n| format!("1.{n}"));
    let registry = TestRegistry::new().tags("a", tags).delay(slow).start();
    let env = TestEnv::new();
    let repository = registry.repo("a");
    let arguments = ["ls", "--format", "{{.Digest}}", "-j", "1", &repository];
    env.run(arguments).code(0).silent();
    let output = env.command(arguments).unchecked().tty();
    let drawn = output.stdout.rfind("/40 requests").unwrap_or_else(|| panic!("{output}"));
    assert_eq!(output.code, 0);
    let rest = &output.stdout[drawn..];
    assert!(rest.contains("\r\u{1b}[K") && !rest.ends_with("left"), "{output}");
    assert_eq!(output.stdout.matches("sha256:").count(), 40);
}
