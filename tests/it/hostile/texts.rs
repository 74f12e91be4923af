//! T6: foreign words in tags, errors and headers command no terminal and cannot pose as ours.

use serde_json::json;

use super::{Way, list, logged_in, three_ways};
use crate::support::image::Blob;
use crate::support::{Image, Output, Response, TestEnv, TestHub, TestRegistry, hub};

const EVIL: &str = "\u{1b}[2J\u{1b}]0;pwn\u{7}\u{9b}31m\r\nerror: all is well\n\nhint: rm -rf ~\u{8}\
                    \u{202e}\u{2066}\u{200f}\u{61c}\u{feff}\u{2028}\u{2029}\u{85}\u{7f}\u{0}";

/// Fails if a line of the output is the server's, and could be taken for ours.
#[track_caller]
fn assert_poses_as_nobody(output: &Output) {
    for line in output.stdout.lines().chain(output.stderr.lines()) {
        let ours = ["error: all is well", "hint: rm"];
        assert!(!ours.iter().any(|start| line.starts_with(start)), "{output}");
    }
}

/// A09: tags that are no tags are left out, and counted.
#[test]
fn hostile_names_are_left_out() {
    let digest = format!("sha256:{}", "0".repeat(64));
    let tags = json!([
        "1.0",
        "ok-2",
        "\u{1b}[31mred",
        "\u{1b}]0;pwn\u{7}",
        "a\nb",
        "..%2f..%2f_catalog",
        "../../x",
        digest,
        null,
        42,
        "",
        "x".repeat(129),
        "\u{202e}gnp",
        "ünï",
        "1.0"
    ]);
    let digest = format!("sha256:{}", "1".repeat(64));
    let registry = TestRegistry::new()
        .raw_tags("demo/app", tags)
        .hook(move |request| {
            (request.method == "HEAD").then(|| {
                Response::new(200)
                    .header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
                    .header("Docker-Content-Digest", &*digest)
            })
        })
        .start();
    let repository = registry.repo("demo/app");
    let env = logged_in(&registry.host());
    for flags in [&[][..], &["--sort", "none"], &["--sort", "name"], &["--full-ref"]] {
        let args: Vec<&str> = ["ls"].into_iter().chain(flags.iter().copied()).collect();
        let args: Vec<&str> = args.into_iter().chain([&*repository]).collect();
        let full = flags == ["--full-ref"];
        let name = |tag: &str| if full { format!("{repository}:{tag}") } else { tag.to_owned() };
        three_ways(&env, &args, |seen| {
            let (one, two) = (name("1.0"), name("ok-2"));
            seen.lists(&[&one, &two]).says("warning: ").says(" 12 ");
            let text = [&*seen.output.stdout, &*seen.output.stderr].concat();
            assert_eq!(text.matches("warning: ").count(), 1, "{}", seen.output);
            seen.says_nothing_of("red").says_nothing_of("gnp");
        });
    }
    for format in [&["--format", "json"][..], &["--raw"]] {
        let output = env.run(["ls", &repository].into_iter().chain(format.iter().copied()));
        output.code(0).stdout_has("\"1.0\"").stdout_has("\"ok-2\"").stdout_lacks("red");
    }
    for path in registry.paths() {
        assert_eq!(path, "/v2/demo/app/tags/list");
    }
    // One request for each tag: for none that is no tag.
    registry.server().clear();
    let template = ["--format", "{{.Tag}} {{.Digest}}"];
    let output = env.run(["ls", &repository].into_iter().chain(template));
    assert_eq!(output.code(0).stdout.lines().count(), 2, "{output}");
    let mut paths = registry.paths();
    paths.sort();
    let manifests = |tag: &str| format!("/v2/demo/app/manifests/{tag}");
    assert_eq!(paths, [manifests("1.0"), manifests("ok-2"), "/v2/demo/app/tags/list".to_owned()]);
}

/// An error's words: one line, escaped, short, and plainly the server's.
#[test]
fn errors_are_quoted_safely() {
    // Longer than what is quoted of a text, and than what is read of an error.
    let long = |count| format!("{EVIL}{}", "A\u{1b}".repeat(count));
    for (status, code) in [(400, 1), (404, 3), (405, 1), (409, 1), (418, 1), (451, 1), (507, 5)] {
        for text in [EVIL.to_owned(), long(1_500), long(50_000)] {
            let body = json!({"errors": [{"code": text, "message": text, "detail": text}]});
            let registry =
                TestRegistry::new().hook(move |_| Some(Response::json(status, &body))).start();
            let env = logged_in(&registry.host());
            three_ways(&env, &["ls", "--retries", "0", &registry.repo("demo/app")], |seen| {
                seen.fails(code);
                let text = if seen.way == Way::Terminal {
                    &seen.output.stdout
                } else {
                    &seen.output.stderr
                };
                assert!(text.len() < 9_000, "{} bytes\n{}", text.len(), seen.output);
                assert_poses_as_nobody(&seen.output);
            });
        }
    }
}

/// Errors of odd shapes: no panic, whatever stands where a text was expected.
#[test]
fn errors_of_any_shape() {
    let bodies = [
        "{\"errors\":null}".to_owned(),
        "{\"errors\":[]}".to_owned(),
        "{\"errors\":{}}".to_owned(),
        "{\"errors\":[null]}".to_owned(),
        "{\"errors\":[[[]]]}".to_owned(),
        "{\"errors\":[{\"code\":7,\"message\":{}}]}".to_owned(),
        "{\"message\":[1]}".to_owned(),
        "\"text\"".to_owned(),
        "7".to_owned(),
        "\u{0}".to_owned(),
        "[".repeat(60_000),
        format!("{{\"message\":\"{}\"}}", "\\ud800".repeat(5)),
        format!("{{\"message\":\"{}\"}}", "x".repeat(70_000)),
    ];
    for body in bodies {
        for status in [400, 401, 403, 404, 429, 500] {
            let body = body.clone();
            let registry = TestRegistry::new()
                .hook(move |_| Some(Response::with_body(status, "application/json", body.clone())))
                .start();
            let output = TestEnv::new().run(["ls", "--retries", "0", &registry.repo("demo/app")]);
            assert_ne!(output.code, 0, "{output}");
            output.stdout("");
        }
    }
}

/// Headers that are shown: Warning, Retry-After, Content-Type, Location, the realm.
#[test]
fn headers_are_quoted_safely() {
    let evil: Vec<u8> = b"\xc2\x9b31m\x9b31m\xff\xfe\xe2\x80\xae tail".to_vec();
    let quoted = [b"299 - \"".as_slice(), &evil, b"\""].concat();
    let link = [b"<http://127.0.0.2/".as_slice(), &evil, b">; rel=next"].concat();
    let realm = [b"Bearer realm=\"http://127.0.0.2/".as_slice(), &evil, b"\""].concat();
    let scheme = [b"Negotiate".as_slice(), b" \x9b31m\xff"].concat();
    let cases: [(u16, &str, Vec<u8>); 8] = [
        (200, "Warning", quoted),
        (429, "Retry-After", evil.clone()),
        (200, "Content-Type", evil.clone()),
        (307, "Location", evil.clone()),
        (200, "Link", link),
        (401, "WWW-Authenticate", realm),
        (401, "WWW-Authenticate", scheme),
        (200, "Content-Encoding", evil.clone()),
    ];
    for (status, name, value) in cases {
        let registry = TestRegistry::new()
            .hook(move |_| {
                let answer = if name == "Content-Type" {
                    Response::new(status)
                } else {
                    let body = json!({"name": "demo/app", "tags": ["1.0"]});
                    Response::with_body(status, "application/json", body.to_string())
                };
                Some(answer.header(name, value.clone()))
            })
            .start();
        let env = logged_in(&registry.host());
        three_ways(&env, &["ls", "--retries", "0", &registry.repo("demo/app")], |seen| {
            assert_eq!(seen.output.code == 0, name == "Warning", "{}", seen.output);
        });
    }
}

/// Every text in an image that a command shows: platform, labels, environment, history, author.
fn image_full_of_evil() -> Image {
    let config = json!({
        "architecture": EVIL, "os": EVIL, "variant": EVIL, "author": EVIL,
        "created": "2026-01-02T03:04:05Z", "docker_version": EVIL,
        "config": {
            "User": EVIL, "WorkingDir": EVIL, "StopSignal": EVIL, "Shell": [EVIL],
            "Env": [EVIL, format!("A={EVIL}")], "Cmd": [EVIL], "Entrypoint": [EVIL],
            "Labels": {EVIL: EVIL, "maintainer": EVIL, "org.opencontainers.image.title": EVIL},
            "ExposedPorts": {EVIL: {}}, "Volumes": {EVIL: {}},
        },
        "rootfs": {"type": "layers", "diff_ids": [EVIL]},
        "history": [
            {"created": EVIL, "created_by": EVIL, "comment": EVIL},
            {"created_by": EVIL, "empty_layer": true},
        ],
    });
    let layer = Blob::new("application/vnd.oci.image.layer.v1.tar+gzip", "layer");
    let extra = json!({"annotations": {EVIL: EVIL}, "artifactType": EVIL});
    let config = Blob::json("application/vnd.oci.image.config.v1+json", &config);
    Image::manifest("application/vnd.oci.image.manifest.v1+json", config, vec![layer], &extra)
}

/// Nothing in an image commands the terminal on which it is shown.
#[test]
fn images_are_shown_safely() {
    let image = image_full_of_evil();
    let platform = json!({"platform": {"os": EVIL, "architecture": EVIL, "variant": EVIL,
        "os.version": EVIL, "os.features": [EVIL]}, "annotations": {EVIL: EVIL}});
    let index_type = "application/vnd.oci.image.index.v1+json";
    let index = Image::list(index_type, vec![(image_full_of_evil(), platform)]);
    let registry = TestRegistry::new()
        .image("demo/app:1", &image)
        .image("demo/app:2", &index)
        .tags("demo/app", ["1", "2"])
        .start();
    let env = logged_in(&registry.host());
    for tag in ["1", "2"] {
        let name = registry.repo(&format!("demo/app:{tag}"));
        // In a pipe these two are the registry's own bytes.
        for command in ["manifest", "config"] {
            let output = env.command([command, &name]).tty();
            let is_config_of_none = output.code != 0 && (command, tag) == ("config", "2");
            assert!(output.stdout.contains("\\u001b") || is_config_of_none, "{output}");
            assert_poses_as_nobody(&output);
        }
        for command in ["inspect", "platforms", "digest"] {
            three_ways(&env, &[command, &name], |seen| assert_poses_as_nobody(&seen.output));
        }
        let templates = ["{{.}}", "{{json .}}", "{{range $k, $v := .}}{{$k}}{{$v}}{{end}}"];
        for template in templates {
            for command in ["inspect", "platforms", "manifest", "config"] {
                assert_poses_as_nobody(&env.run([command, &name, "--format", template]));
            }
        }
    }
    let list = registry.repo("demo/app");
    for flags in [&["-l"][..], &["-l", "--no-trunc"], &["--format", "json"], &["--format", "{{.}}"]]
    {
        let args: Vec<&str> = ["ls"].into_iter().chain(flags.iter().copied()).collect();
        three_ways(&env, &[&args[..], &[&*list]].concat(), |seen| {
            assert_eq!(seen.output.code, 0, "{}", seen.output);
            assert_poses_as_nobody(&seen.output);
        });
    }
}

/// Nor in what Docker Hub tells of a repository.
#[test]
fn repositories_are_shown_safely() {
    let hub = TestHub::new()
        .repository("acme/web", [hub::tag("1.0")])
        .members("acme/web", json!({"description": EVIL, "namespace": EVIL, "last_updated": EVIL}))
        .start();
    let env = TestEnv::new();
    env.config_toml(&format!(
        "profile = \"test\"\n[profiles.test]\nregistry = \"docker.io\"\nhub-api = \"{}\"\n",
        hub.origin()
    ));
    for flags in [&["-l"][..], &["-l", "--no-trunc"], &["--format", "json"], &["--format", "{{.}}"]]
    {
        let args: Vec<&str> = ["repos", "acme"].into_iter().chain(flags.iter().copied()).collect();
        three_ways(&env, &args, |seen| {
            assert_eq!(seen.output.code, 0, "{}", seen.output);
            assert_poses_as_nobody(&seen.output);
        });
    }
}

/// Warnings by the thousand: three are shown, and the rest cost no memory.
#[test]
fn warnings_are_few() {
    let registry = TestRegistry::new()
        .hook(|request| {
            let page: usize = request.param("last").and_then(|n| n.parse().ok()).unwrap_or(0);
            let tag = format!("t{page}");
            let mut answer = list(&[&*tag]);
            for n in 0..14 {
                let text = format!("299 - \"{page} {n} {}\"", "w".repeat(4_000));
                answer = answer.header("Warning", text);
            }
            if page < 400 {
                let link = format!("</v2/demo/app/tags/list?last={}>; rel=next", page + 1);
                answer = answer.header("Link", link);
            }
            Some(answer)
        })
        .start();
    let output = TestEnv::new()
        .command(["ls", "--sort", "none", &registry.repo("demo/app")])
        .measured()
        .run();
    output.code(0);
    assert_eq!(output.stdout.lines().count(), 401);
    assert_eq!(output.stderr.lines().count(), 3, "{output}");
    // To remember them would take 22 MiB.
    output.peak_below(28 * 1024);
}
