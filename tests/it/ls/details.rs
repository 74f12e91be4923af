//! Details of tags from manifests: right, and with no request more than they take.

use serde_json::{Value, json};

use crate::support::image::Image;
use crate::support::registry::error;
use crate::support::{Response, TestEnv, TestRegistry};

/// How many requests there were: of `HEAD` and `GET` for manifests, and for blobs.
pub(super) fn counts(registry: &TestRegistry) -> [usize; 3] {
    let requests = registry.requests();
    let of = |method: &str, part: &str| {
        requests.iter().filter(|r| r.method == method && r.path.contains(part)).count()
    };
    [of("HEAD", "/manifests/"), of("GET", "/manifests/"), of("GET", "/blobs/")]
}

const PLATFORMS: [&str; 3] = ["linux/amd64", "linux/arm64", "linux/arm/v7"];

/// The compressed size of an image for one platform.
pub(super) fn size(image: &Image) -> usize {
    image.blobs.iter().map(|blob| blob.bytes.len()).sum()
}

/// 2.0 and latest are one index, 1.1 and 1.0 are single images.
pub(super) fn registry() -> TestRegistry {
    let index = Image::index_with_attestations("two", &PLATFORMS);
    TestRegistry::new()
        .image("a:1.0", &Image::oci("one", "linux/amd64"))
        .image("a:1.1", &Image::docker("one one", "linux/arm64"))
        .image("a:2.0", &index)
        .image("a:latest", &index)
        .start()
}

pub(super) fn run(registry: &TestRegistry, flags: &[&str]) -> crate::support::Output {
    registry.server().clear();
    let arguments = ["ls"].into_iter().chain(flags.iter().copied());
    TestEnv::new().run(arguments.chain([&*registry.repo("a")]))
}

#[test]
fn long_rows() {
    let registry = registry();
    let rows = run(&registry, &["-l", "--format", "json"]).code(0).silent().json_lines();
    let index = Image::index_with_attestations("two", &PLATFORMS);
    let one = Image::oci("one", "linux/amd64");
    let row = |tag: &str, digest: &str, size: usize, platforms: Value| {
        json!({
            "Repository": registry.repo("a"), "Tag": tag, "Digest": digest, "Size": size,
            "Platforms": platforms, "Created": "2026-01-02T03:04:05.678Z",
        })
    };
    let of_two = size(&Image::oci("two", "linux/amd64"));
    let docker = Image::docker("one one", "linux/arm64");
    assert_eq!(
        rows,
        [
            row("2.0", &index.root.digest, of_two, json!(PLATFORMS)),
            row("1.1", &docker.root.digest, size(&docker), json!(["linux/arm64"])),
            row("1.0", &one.root.digest, size(&one), json!(["linux/amd64"])),
            row("latest", &index.root.digest, of_two, json!(PLATFORMS)),
        ]
    );
    // One HEAD a tag; each digest once, and of the index one image; three configs.
    assert_eq!(counts(&registry), [4, 4, 3], "{}", registry.log());

    let table = run(&registry, &["-l"]);
    let lines: Vec<&str> = table.code(0).stdout.lines().collect();
    let words: Vec<&str> = lines[0].split_whitespace().collect();
    assert_eq!(words, ["TAG", "DIGEST", "SIZE", "PLATFORMS", "CREATED"]);
    assert!(lines[1].starts_with("2.0 "), "{table}");
    assert!(lines[1].contains(&format!("{} ", &index.root.digest[..19])), "{table}");
    assert!(lines[1].contains("linux/amd64, linux/arm64, linux/arm/v7"), "{table}");
    let whole = run(&registry, &["-l", "--no-trunc", "--limit", "1"]);
    whole.code(0).stdout_has(&index.root.digest);
}

#[test]
fn only_what_is_needed_is_fetched() {
    let registry = registry();
    for (flags, expected) in [
        (&["--format", "{{.Tag}}"][..], [0, 0, 0]),
        (&["-l", "--format", "{{.Repository}}:{{.Tag}}"], [0, 0, 0]),
        (&["-l", "-q"], [0, 0, 0]),
        (&["--format", "json"], [0, 0, 0]),
        (&["--format", "{{.Tag}} {{.Digest}}"], [4, 0, 0]),
        (&["--digests"], [4, 0, 0]),
        (&["--digests", "--format", "json"], [4, 0, 0]),
        (&["--group-by", "digest"], [4, 0, 0]),
        (&["--digests", "--limit", "2"], [2, 0, 0]),
        (&["--digests", "--filter", "1.*"], [2, 0, 0]),
        (&["-l", "--filter", "latest"], [1, 2, 1]),
        (&["--format", "{{.Size}}"], [4, 4, 0]),
        // The index tells its platforms itself; only single images have to be looked into.
        (&["--format", "{{.Platforms}}"], [4, 3, 2]),
        (&["--sort", "size", "--limit", "1"], [4, 4, 0]),
        (&["--platform", "linux/arm64", "--filter", "2*"], [1, 1, 0]),
    ] {
        run(&registry, flags).code(0).silent();
        assert_eq!(counts(&registry), expected, "{flags:?}\n{}", registry.log());
    }
}

#[test]
fn digests() {
    let registry = registry();
    let index = Image::index_with_attestations("two", &PLATFORMS).root.digest;
    let output = run(&registry, &["--digests", "--no-trunc", "--filter", "2*"]);
    output.code(0).silent();
    assert_eq!(
        output.stdout.split_whitespace().collect::<Vec<_>>(),
        ["TAG", "DIGEST", "2.0", &index]
    );
    let output = run(&registry, &["--format", "{{.Digest}}", "--filter", "latest"]);
    output.code(0).stdout(&format!("{index}\n"));
    let output = run(&registry, &["--digests", "--full-ref", "--filter", "2*"]);
    output.code(0).stdout_has(&format!("{}:2.0", registry.repo("a")));
    let output = run(&registry, &["--digests", "-q", "--filter", "2*"]);
    output.code(0).stdout("2.0\n");
}

#[test]
fn groups() {
    let registry = registry();
    let digest = |image: Image| image.root.digest;
    let index = digest(Image::index_with_attestations("two", &PLATFORMS));
    let docker = digest(Image::docker("one one", "linux/arm64"));
    let one = digest(Image::oci("one", "linux/amd64"));
    let rows = run(&registry, &["--group-by", "digest", "--format", "json"]).code(0).json_lines();
    assert_eq!(
        rows,
        [
            json!({"Digest": index, "Tags": ["2.0", "latest"]}),
            json!({"Digest": docker, "Tags": ["1.1"]}),
            json!({"Digest": one, "Tags": ["1.0"]}),
        ]
    );
    let document = run(&registry, &["--group-by", "digest", "--raw"]).code(0).json();
    assert_eq!(document, json!({ &*index: ["2.0", "latest"], &*docker: ["1.1"], &*one: ["1.0"] }));
    let table = run(&registry, &["--group-by", "digest"]);
    let lines: Vec<Vec<&str>> =
        table.code(0).stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["DIGEST", "TAGS"]);
    assert_eq!(lines[1], [&index[..19], "2.0,", "latest"]);
    let quiet = run(&registry, &["--group-by", "digest", "-q", "--limit", "1"]);
    quiet.code(0).stdout(&format!("{index}\n"));
    let long = run(&registry, &["--group-by", "digest", "-l", "--format", "json", "--limit", "1"]);
    assert_eq!(long.code(0).json_lines()[0]["Platforms"], json!(PLATFORMS));
    let refused = run(&registry, &["-l", "--raw"]);
    refused.code(2).stdout("").stderr_has("--group-by digest --raw");
}

#[test]
fn sorted_by_date_and_size() {
    let image = |seed: &str, created: &str| {
        let config = json!({"os": "linux", "architecture": "amd64", "created": created});
        let base = Image::oci(seed, "linux/amd64");
        let mut blob = base.config().clone();
        blob.bytes = config.to_string().into_bytes();
        blob.digest = crate::support::image::sha256(&blob.bytes);
        let layers = base.blobs[1..].to_vec();
        Image::manifest(crate::support::image::OCI_MANIFEST, blob, layers, &Value::Null)
    };
    let registry = TestRegistry::new()
        .image("a:3", &image("a", "2020-01-01T00:00:00Z"))
        .image("a:1", &image("a longer seed", "2025-01-01T00:00:00Z"))
        .image("a:2", &image("the longest seed of all", "0001-01-01T00:00:00Z"))
        .image("a:0", &image("mid", "2021-01-01T00:00:00Z"))
        .start();
    for (flags, expected) in [
        (&["--sort", "created"][..], &["1", "0", "3", "2"][..]),
        (&["--sort", "created", "--limit", "2"], &["1", "0"]),
        (&["--sort", "created", "-r", "--limit", "2"], &["2", "3"]),
        (&["--sort", "created", "--last", "0"], &["3", "2"]),
        (&["--sort", "size"], &["2", "1", "0", "3"]),
        (&["--sort", "size", "--limit", "1"], &["2"]),
    ] {
        run(&registry, flags).code(0).lines(expected).silent();
    }
}

#[test]
fn tags_of_a_platform() {
    let registry = registry();
    for (platform, expected) in [
        ("linux/arm64", &["2.0", "1.1", "latest"][..]),
        ("linux/arm64/v8", &["2.0", "1.1", "latest"]),
        ("linux/x86_64", &["2.0", "1.0", "latest"]),
        ("linux/arm", &["2.0", "latest"]),
        ("windows/amd64", &[]),
    ] {
        let flags = ["--platform", platform];
        let output = run(&registry, &flags);
        output.code(0).lines(expected);
        match expected.is_empty() {
            true => output.stderr_has("has an image for windows/amd64 (4 tags)"),
            false => output.silent(),
        };
    }
    // The size is that of the image for the platform.
    let flags = ["--platform", "linux/arm/v7", "-l", "--format", "{{.Size}}", "--limit", "1"];
    let expected = size(&Image::oci("two", "linux/arm/v7"));
    run(&registry, &flags).code(0).stdout(&format!("{expected}\n"));
    run(&registry, &["--platform", "li/nu/x/y/z"]).code(2).stdout("");
}

#[test]
fn a_limit_ends_the_search_for_a_platform() {
    let image = Image::index("x", &["linux/amd64", "linux/arm64"]);
    let tags = (0..200).fold(TestRegistry::new(), |r, n| r.image(&format!("a:1.{n}"), &image));
    let registry = tags.start();
    let flags = ["--platform", "linux/arm64", "--limit", "3", "-j", "1"];
    run(&registry, &flags).code(0).lines(&["1.199", "1.198", "1.197"]).silent();
    assert_eq!(counts(&registry), [4, 1, 0], "{}", registry.log());
}

#[test]
fn each_digest_once_over_few_connections() {
    let mut builder = TestRegistry::new();
    for number in 0..120 {
        let image = Image::oci(&format!("{}", number % 7), "linux/amd64");
        builder = builder.image(&format!("a:1.{number}"), &image);
    }
    let registry = builder.start();
    for (jobs, connections) in [("1", 1), ("3", 3), ("8", 8)] {
        let before = registry.connections();
        let flags = ["-l", "--format", "json", "-j", jobs];
        let rows = run(&registry, &flags).code(0).silent().json_lines();
        assert_eq!(rows.len(), 120);
        for (place, row) in rows.iter().enumerate() {
            let number = 119 - place;
            assert_eq!(row["Tag"], format!("1.{number}"));
            let digest = Image::oci(&format!("{}", number % 7), "linux/amd64").root.digest;
            assert_eq!(row["Digest"], digest);
        }
        assert_eq!(counts(&registry), [120, 7, 7], "{}", registry.log());
        assert!(registry.connections() - before <= connections, "{}", registry.log());
    }
}

#[test]
fn a_tag_that_vanished_is_left_out_and_named() {
    let registry = TestRegistry::new()
        .tags("a", ["1", "2", "3"])
        .hook(|request| {
            let gone = request.path.ends_with("/manifests/2");
            gone.then(|| error(404, "MANIFEST_UNKNOWN", "manifest unknown"))
        })
        .start();
    let output = run(&registry, &["--digests", "--format", "{{.Tag}}{{with .Digest}}{{end}}"]);
    output.code(0).lines(&["3", "1"]).stderr_has("a: skipped 2: listed");
    assert_eq!(output.stderr.lines().count(), 1);
}

#[test]
fn one_too_many_slows_all_and_none_is_lost() {
    let registry = TestRegistry::new()
        .tags("a", (0..40).map(|n| format!("1.{n}")))
        .first(20, |request| {
            (request.method == "HEAD").then(|| Response::new(429).header("Retry-After", "0"))
        })
        .start();
    let output = run(&registry, &["--digests", "--format", "json"]);
    assert_eq!(output.code(0).silent().json_lines().len(), 40);

    let registry = TestRegistry::new()
        .tags("a", (0..400).map(|n| format!("1.{n}")))
        .hook(|request| {
            (request.method == "HEAD").then(|| Response::new(429).header("Retry-After", "3600"))
        })
        .start();
    let output = run(&registry, &["--digests", "-j", "4"]);
    output.code(5).stderr_has("3600 s");
    assert!(counts(&registry)[0] <= 4, "{}", registry.log());
}

#[test]
fn a_broken_image_does_not_keep_the_others_back() {
    let registry = TestRegistry::new()
        .tags("a", ["1", "2"])
        .hook(|request| {
            let config = Image::oci("2", "linux/amd64").config().digest.clone();
            request.path.ends_with(&config).then(|| error(404, "BLOB_UNKNOWN", "blob unknown"))
        })
        .start();
    let output = run(&registry, &["-l", "--format", "{{.Tag}} {{.Size}} {{.Created}}"]);
    let size = size(&Image::oci("1", "linux/amd64"));
    let expected = format!("2 N/A N/A\n1 {size} 2026-01-02T03:04:05.678Z\n");
    output.code(0).stdout(&expected).stderr_has("details are missing");
}

#[test]
fn many_pulls_are_announced_where_they_are_counted() {
    let tags = || (0..201).map(|n| format!("1.{n}"));
    let counting = TestRegistry::new().tags("a", tags()).rate_limit(100, 76).start();
    let output = run(&counting, &["--format", "{{.Size}}"]);
    output.code(0).stderr_has("201 requests").stderr_has("counts as pulls (76 are left)");
    run(&counting, &["--format", "{{.Size}}", "--limit", "200"]).code(0).silent();
    run(&counting, &["--digests"]).code(0).silent();
    let open = TestRegistry::new().tags("a", tags()).start();
    run(&open, &["--format", "{{.Size}}"]).code(0).silent();
}

#[test]
fn heads_that_say_nothing() {
    let image = Image::oci("1", "linux/amd64");
    let registry = TestRegistry::new().tags("a", ["1"]).head_status(405).start();
    let output = run(&registry, &["--format", "{{.Digest}}"]);
    output.code(0).stdout(&format!("{}\n", image.root.digest));
}

#[test]
fn what_is_no_image_has_what_it_has() {
    let registry = TestRegistry::new()
        .image("a:chart", &Image::helm("x", "1"))
        .image("a:artifact", &Image::artifact("application/x", "text"))
        .image("a:old", &Image::schema1())
        .start();
    let output = run(&registry, &["-l", "--format", "json"]);
    let rows = output.code(0).silent().json_lines();
    assert_eq!(rows.len(), 3);
    for row in &rows {
        assert!(row["Digest"].is_string(), "{row}");
        assert_eq!((&row["Platforms"], &row["Created"]), (&Value::Null, &Value::Null), "{row}");
    }
    run(&registry, &["-l"]).code(0).stdout_has("N/A");
    // Charts and artifacts have no image config worth a request.
    assert_eq!(counts(&registry)[2], 0, "{}", registry.log());
}

/// A failure is told on stderr alone; headers stand over rows, or over the answer that there are none.
#[test]
fn no_headers_over_a_failure() {
    let registry = TestRegistry::new()
        .tags("a", ["1"])
        .hook(|request| (!request.path.starts_with("/v2/a/")).then(|| Response::new(500)))
        .start();
    let (good, bad) = (registry.repo("a"), registry.repo("b"));
    let (one, other) = (format!("{bad}:1"), format!("{bad}:2"));
    let run = |arguments: &[&str]| {
        TestEnv::new().run(["--retries", "0"].iter().chain(arguments).copied())
    };
    for arguments in [
        &["ls", "-l", &*bad][..],
        &["ls", "--digests", &bad],
        &["ls", "--group-by", "digest", &bad],
        &["ls", "--format", "table {{.Tag}}", &bad],
        &["ls", "--digests", &bad, &bad],
        &["digest", "--format", "table", &one, &other],
    ] {
        run(arguments).code(5).stdout("").stderr_has("500");
    }
    let output = run(&["ls", "--digests", &bad, &good]);
    output.code(5).stdout_has("TAG").stdout_has("sha256:").stderr_has("500");
    let output = run(&["ls", "--digests", "--filter", "x", &good]);
    output.code(0).stdout_has("DIGEST").stderr_has("matches --filter 'x' (1 tag)");
}
