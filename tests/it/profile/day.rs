//! A day with three registries: Docker Hub, one like GHCR with a token from the environment, and a
//! lab's with a certificate of its own. The README's section on profiles is this day.

use super::FILE;
use crate::support::tls::Identity;
use crate::support::token::Denied;
use crate::support::{Request, TestEnv, TestRegistry, TokenRules};

const HUB_PASSWORD: &str = "canary-hub-1";
const GHCR_TOKEN: &str = "canary-ghcr-2";

struct Day {
    hub: TestRegistry,
    ghcr: TestRegistry,
    lab: TestRegistry,
    certificate: Identity,
    env: TestEnv,
}

fn day() -> Day {
    let hub = TestRegistry::new()
        .tags("library/alpine", ["3.22", "3.9"])
        .tags("me/blog", ["2", "10"])
        .user("me", HUB_PASSWORD)
        .private("me/blog", &["me"])
        .require_token(TokenRules::default())
        .start();
    let ghcr = TestRegistry::new()
        .tags("acme/api", ["1.9.0", "1.10.0", "latest"])
        .tags("other/tool", ["7"])
        .user("octocat", GHCR_TOKEN)
        .private("acme/api", &["octocat"])
        .require_token(TokenRules { denied: Denied::Forbidden, ..TokenRules::default() })
        .start();
    let certificate = Identity::self_signed_ca(&["127.0.0.1"]);
    let lab = TestRegistry::new()
        .tags("tools/build", ["2026.1", "2025.12"])
        .tls(certificate.server_config())
        .start();
    let env = TestEnv::new().var("GHCR_TOKEN", GHCR_TOKEN);
    env.login("https://index.docker.io/v1/", "me", HUB_PASSWORD);
    env.canary(GHCR_TOKEN);
    Day { hub, ghcr, lab, certificate, env }
}

impl Day {
    /// The requests to all listeners.
    fn requests(&self) -> Vec<Request> {
        let services = [self.hub.token_service(), self.ghcr.token_service()];
        [&self.hub, &self.ghcr, &self.lab]
            .into_iter()
            .flat_map(TestRegistry::requests)
            .chain(services.into_iter().flat_map(|service| service.requests()))
            .collect()
    }
}

#[test]
fn three_registries_in_a_day() {
    let day = day();
    let env = &day.env;
    let endpoint = |registry: &TestRegistry| registry.server().origin();

    // Morning: one profile for each.
    env.run(
        ["profile", "create", "hub", "--registry", "docker.io", "--namespace", "me"]
            .into_iter()
            .map(str::to_owned)
            .chain([format!("--endpoint={}", endpoint(&day.hub))]),
    )
    .code(0)
    .stdout("");
    env.run(
        [
            "profile",
            "create",
            "work",
            "--registry",
            "ghcr.io",
            "--namespace",
            "acme",
            "--username",
            "octocat",
            "--password-env",
            "GHCR_TOKEN",
        ]
        .into_iter()
        .map(str::to_owned)
        .chain([format!("--endpoint={}", endpoint(&day.ghcr))]),
    )
    .code(0)
    .stdout("");
    env.run(
        ["profile", "create", "lab", "--registry", "registry.lab:5000"]
            .into_iter()
            .map(str::to_owned)
            .chain([format!("--endpoint={}", endpoint(&day.lab))]),
    )
    .code(0)
    .stdout("");
    env.run(["profile", "ls", "--format", "{{.Name}} {{.Login}} {{.TLS}}"]).code(0).lines(&[
        &format!("default {} verify", in_docker(env)),
        &format!("hub {} plain-http", in_docker(env)),
        "work octocat (password-env GHCR_TOKEN) plain-http",
        "lab none verify",
    ]);

    // Each in its turn, by short names.
    env.run(["profile", "use", "hub"]).code(0);
    env.run(["ls", "blog"]).code(0).lines(&["10", "2"]).silent();
    env.run(["library/alpine"]).code(0).lines(&["3.22", "3.9"]).silent();
    env.run(["profile", "use", "work"]).code(0);
    env.run(["ls", "api"]).code(0).lines(&["1.10.0", "1.9.0", "latest"]).silent();
    env.run(["ls", "other/tool"]).code(0).lines(&["7"]).silent();

    // The lab's certificate is its own: the error says what to do, and one line does it.
    env.run(["profile", "use", "lab"]).code(0);
    let output = env.run(["ls", "tools/build"]);
    output.code(5).stdout("").stderr_has("certificate").stderr_has("--ca-file");
    env.write("work/lab.crt", day.certificate.cert_pem());
    env.run(["profile", "update", "lab", "--ca-file", "lab.crt"]).code(0);
    env.run(["ls", "tools/build"]).code(0).lines(&["2026.1", "2025.12"]).silent();

    // Whole names go to their registry with its settings and its login, whichever is active.
    env.run(["ls", "ghcr.io/acme/api", "docker.io/me/blog", "registry.lab:5000/tools/build"])
        .code(0)
        .silent()
        .lines(&[
            "ghcr.io/acme/api:1.10.0",
            "ghcr.io/acme/api:1.9.0",
            "ghcr.io/acme/api:latest",
            "me/blog:10",
            "me/blog:2",
            "registry.lab:5000/tools/build:2026.1",
            "registry.lab:5000/tools/build:2025.12",
        ]);
    env.run(["-p", "work", "api", "-v"]).code(0).lines(&["1.10.0", "1.9.0", "latest"]);
    env.command(["ls", "blog"]).var("DOCKER_TAGS_PROFILE", "hub").run().code(0).lines(&["10", "2"]);

    // Evening: back to the one before, and what went where.
    env.run(["profile", "use", "-"]).code(0).stderr_has("\"work\"");
    env.run(["profile", "show"]).stdout("work\n");
    for request in day.requests() {
        let home = match request.basic() {
            None => continue,
            Some((user, _)) if user == "me" => day.hub.token_service().server(),
            Some(_) => day.ghcr.token_service().server(),
        };
        assert_eq!(request.local.to_string(), home.host(), "{}", request.target());
    }
    assert!(day.lab.requests().iter().all(|request| request.header("authorization").is_none()));
}

fn in_docker(env: &TestEnv) -> String {
    format!("{} (auths)", env.docker_config().join("config.json").display())
}

#[test]
fn check_explains_each_of_them() {
    let day = day();
    let env = &day.env;
    env.write("work/lab.crt", day.certificate.cert_pem());
    let text = format!(
        "profile = \"work\"\n\n\
         [profiles.hub]\nregistry = \"docker.io\"\nendpoint = \"{}\"\n\n\
         [profiles.work]\nregistry = \"ghcr.io\"\nnamespace = \"acme\"\nusername = \"octocat\"\n\
         password-env = \"GHCR_TOKEN\"\nendpoint = \"{}\"\n\n\
         [profiles.lab]\nregistry = \"registry.lab:5000\"\nendpoint = \"{}\"\n\
         ca-file = \"{}/lab.crt\"\n\n\
         [profiles.oss]\nregistry = \"ghcr.io\"\nrepositories = [\"oss/*\"]\n",
        day.hub.server().origin(),
        day.ghcr.server().origin(),
        day.lab.server().origin(),
        env.work().display(),
    );
    env.config_toml(&text);
    let file = env.root().join(FILE);
    let at = |line: u32| format!("{}:{line}", file.display());
    let cases: [(&str, Vec<String>); 5] = [
        (
            "api",
            vec![
                "Reference:   ghcr.io/acme/api\n".into(),
                "Profile:     work\n".into(),
                "- registry and namespace come from the active profile \"work\"; profile \
                 \"work\" is for ghcr.io"
                    .into(),
                format!("- not \"oss\": it only applies to oss/* ({})", at(21)),
                "Login:       octocat (basic), from profile work (password-env GHCR_TOKEN)\n"
                    .into(),
                "- the environment, DOCKER_AUTH_CONFIG, docker's config.json, podman's auth.json: not \
                 checked: credentials already found"
                    .into(),
            ],
        ),
        (
            "alpine:3.22",
            // Without a slash it is acme's: the namespace counts for the active registry.
            vec!["Reference:   ghcr.io/acme/alpine:3.22\n".into()],
        ),
        (
            "docker.io/me/blog",
            vec![
                "Profile:     hub\n".into(),
                "- the name includes its registry; profile \"hub\" is for docker.io".into(),
                format!("- the active profile is \"work\", for ghcr.io ({})", at(1)),
                format!("Login:       me (basic), from {}\n", in_docker(env)),
                "- profile hub: no password configured\n".into(),
                "- DOCKER_USERNAME and DOCKER_PASSWORD: not set\n".into(),
            ],
        ),
        (
            "ghcr.io/oss/x",
            vec![
                "Profile:     oss\n".into(),
                format!("profile \"oss\" matches by its repositories ({})", at(21)),
                "- not \"work\": it only applies where no other profile matches".into(),
                "Login:       none (anonymous)\n".into(),
                format!("- {}: no credentials for ghcr.io\n", in_docker(env)),
                "containers/auth.json: no such file\n".into(),
            ],
        ),
        (
            "registry.lab:5000/tools/build",
            vec![
                "Profile:     lab\n".into(),
                "TLS:         verify\n".into(),
                "Login:       none (anonymous)\n".into(),
            ],
        ),
    ];
    for (name, parts) in cases {
        let output = env.run(["check", "--offline", name]);
        output.code(0).silent();
        for part in parts {
            output.stdout_has(&part);
        }
    }
    assert_eq!(day.requests().len(), 0, "--offline sends nothing");
    let output = env.run(["check", "api"]);
    output.code(0).silent().stdout_has("Token:       granted for repository:acme/api:pull");
    output.stdout_has("Result:      the repository can be read\n");
    let output = env.command(["check", "--offline", "docker.io/me/blog"]);
    let output = output.var("DOCKER_USER", "x").var("DOCKER_PASSWORD", "y-canary").run();
    output.code(0).stdout_has(
        "- DOCKER_USER and DOCKER_PASSWORD: not used: they only apply to the active profile's registry",
    );
    let output = env.run(["--anonymous", "check", "--offline", "api"]);
    output.code(0).stdout_has("- --anonymous: credentials are not looked up\n");
    let run = env.command(["check", "--offline", "api"]).without("GHCR_TOKEN").run();
    run.code(0).stdout_has("- profile work: password-env GHCR_TOKEN: the variable is not set\n");
    run.stderr_has("warning: profile work: password-env GHCR_TOKEN: the variable is not set");
}
