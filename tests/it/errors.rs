//! What people get to read when something is wrong: the whole text, and the exit code.

use serde_json::json;

use crate::support::output::Output;
use crate::support::tls::Authority;
use crate::support::{Image, Response, TestEnv, TestRegistry};

/// A command line, its exit code, and all that it says. `HOST` is a registry with `app:1.28.0` and
/// `app:1.27.5`; nothing listens on 127.0.0.1:1.
const ERRORS: [(&str, i32, &str); 38] = [
    (
        "digst alpine",
        2,
        "error: unknown command \"digst\"\n\n\
         hint: did you mean \"docker-tags digest\"? To list the tags of a repository named digst: docker-tags ls digst\n",
    ),
    (
        "inspct alpine",
        2,
        "error: unknown command \"inspct\"\n\n\
         hint: did you mean \"docker-tags inspect\"? To list the tags of a repository named inspct: docker-tags ls inspct\n",
    ),
    (
        "lss alpine",
        2,
        "error: unknown command \"lss\"\n\n\
         hint: did you mean \"docker-tags ls\"? To list the tags of a repository named lss: docker-tags ls lss\n",
    ),
    (
        "profiles",
        2,
        "error: unknown command \"profiles\"\n\n\
         hint: did you mean \"docker-tags profile\"? To list the tags of a repository named profiles: docker-tags ls profiles\n",
    ),
    (
        "login ghcr.io",
        2,
        "error: unknown command \"login\"\n\n\
         hint: to log in: docker login HOST; to list the tags of a repository named login: docker-tags ls login\n",
    ),
    (
        "version",
        2,
        "error: unknown command \"version\"\n\n\
         hint: to print the version: docker-tags --version; to list the tags of a repository named version: docker-tags ls version\n",
    ),
    (
        "pull alpine",
        2,
        "error: unknown command \"pull\"\n\n\
         hint: to pull an image: docker pull IMAGE; to list the tags of a repository named pull: docker-tags ls pull\n",
    ),
    (
        "search nginx",
        2,
        "error: unknown command \"search\"\n\n\
         hint: did you mean \"docker-tags repos\"? To list the tags of a repository named search: docker-tags ls search\n",
    ),
    (
        "rm alpine",
        2,
        "error: unknown command \"rm\"\n\n\
         hint: this program only reads registries; to remove a profile: docker-tags profile rm NAME; to list the tags of a repository named rm: docker-tags ls rm\n",
    ),
    (
        "use work",
        2,
        "error: unknown command \"use\"\n\n\
         hint: did you mean \"docker-tags profile use\"? To list the tags of a repository named use: docker-tags ls use\n",
    ),
    (
        "profile swich work",
        2,
        "error: unknown command \"profile swich\"\n\n\
         hint: did you mean \"docker-tags profile use\"?\n",
    ),
    (
        "profile switch work",
        2,
        "error: unknown command \"profile switch\"\n\n\
         hint: did you mean \"docker-tags profile use\"?\n",
    ),
    (
        "localhost:5000",
        2,
        "error: \"localhost:5000\" is a registry, not a repository\n\n\
         hint: to list its repositories: docker tags repos localhost:5000; to test the connection: docker tags check localhost:5000\n",
    ),
    (
        "ghcr.io",
        2,
        "error: \"ghcr.io\" is a registry, not a repository\n\n\
         hint: to list its repositories: docker tags repos ghcr.io; to test the connection: docker tags check ghcr.io\n",
    ),
    (
        "ls",
        2,
        "error: REPO is required\n\n\
         hint: for example: docker-tags ls alpine\n",
    ),
    (
        "ls alpine --sort date",
        2,
        "error: invalid value \"date\" for --sort\n\n\
         hint: possible values: version, name, created, pulled, size, none\n",
    ),
    (
        "repos acme --since 7d",
        2,
        "error: unknown option \"--since\"\n\n\
         hint: to see the options: docker-tags repos --help\n",
    ),
    (
        "ls alpine --json",
        2,
        "error: unknown option \"--json\"\n\n\
         hint: did you mean --format json?\n",
    ),
    (
        "ls alpine -o json",
        2,
        "error: unknown option \"-o\"\n\n\
         hint: did you mean --format json?\n",
    ),
    (
        "ls alpine -t plugin",
        2,
        "error: unknown option \"-t\"\n\n\
         hint: did you mean --type?\n",
    ),
    (
        "ls alpine --color pink",
        2,
        "error: invalid value \"pink\" for --color\n\n\
         hint: possible values: auto, always, never\n",
    ),
    (
        "ls alpine --limit ten",
        2,
        "error: invalid value \"ten\" for --limit: expected a whole number\n\n\
         hint: to see the options: docker-tags ls --help\n",
    ),
    (
        "ls alpine -k --plain-http",
        2,
        "error: --insecure cannot be used with --plain-http\n\n\
         hint: to see the options: docker-tags ls --help\n",
    ),
    (
        "profile use hub --raw -k",
        2,
        "error: --raw, --insecure have no effect on `docker-tags profile use`\n\n\
         hint: to see the options: docker-tags profile use --help\n",
    ),
    (
        "token alpine --format json",
        2,
        "error: --format has no effect on `docker-tags token`\n\n\
         hint: to see the options: docker-tags token --help\n",
    ),
    (
        "manifest HOST/app:1.28.0 --format table",
        2,
        "error: this command prints a document and has no table format\n\n\
         hint: --format takes json or a Go template with the document's own names, such as '{{.mediaType}}'\n",
    ),
    (
        "manifest HOST/app:1.28.0 -o json",
        2,
        "error: -o names a file, and \"json\" looks like a format\n\n\
         hint: did you mean --format json? To write a file of that name: -o ./json\n",
    ),
    (
        "inspect HOST/app:1.28.0 --format table",
        2,
        "error: inspect prints a document and has no table format\n\n\
         hint: use --format page for people, --format json, or a Go template such as '{{.Created}}'\n",
    ),
    (
        "ls HOST/app --format yaml",
        2,
        "error: unknown format \"yaml\"\n\n\
         hint: --format takes json, table, a Go template such as '{{.Tag}}', or 'table {{.Tag}}'\n",
    ),
    (
        "ls HOST/app --since yesterday",
        2,
        "error: invalid value \"yesterday\" for --since: expected an age such as 7d or 12h, or a date such as 2026-01-31\n\n\
         hint: to see the options: docker-tags ls --help\n",
    ),
    (
        "ls HOST/app --timeout soon",
        2,
        "error: invalid value for --timeout: expected a time from 0.1s to 1h, such as 5s, 500ms or 2m\n\n\
         hint: to see the options: docker-tags ls --help\n",
    ),
    (
        "ls HOST/app --ca-file nope.crt",
        2,
        "error: nope.crt: no such file\n\n\
         hint: check the path and the file's permissions\n",
    ),
    (
        "loign ghcr.io",
        2,
        "error: unknown command \"loign\"\n\n\
         hint: to log in: docker login HOST; to list the tags of a repository named loign: docker-tags ls loign\n",
    ),
    (
        "ls HOST/app --filter 9.*",
        0,
        "warning: no tag of HOST/app matches --filter '9.*' (2 tags)\n",
    ),
    (
        "manifest HOST/app:1.28.O",
        3,
        "error: tag \"1.28.O\" not found in HOST/app\n\n\
         hint: did you mean 1.28.0? To list the available tags: docker tags ls HOST/app\n",
    ),
    (
        "digest HOST/nope:1",
        3,
        "error: repository HOST/nope not found\n\n\
         hint: check the spelling; if it is private: docker login HOST\n",
    ),
    (
        "digest HOST/app:9 HOST/nope:1",
        3,
        "error: tag \"9\" not found in HOST/app\n\n\
         hint: to list the available tags: docker tags ls HOST/app\nerror: repository HOST/nope not found\n\n\
         hint: check the spelling; if it is private: docker login HOST\n",
    ),
    (
        "digest 127.0.0.1:1/a 127.0.0.1:1/b",
        5,
        "error: 127.0.0.1:1: cannot connect: connection refused\n\n\
         hint: check that the registry is running and that the port is correct\n",
    ),
];

#[test]
fn errors_say_what_is_wrong_and_what_to_type() {
    let registry = TestRegistry::new().tags("app", ["1.28.0", "1.27.5"]).start();
    let mut faults = Vec::new();
    for (line, code, expected) in ERRORS {
        let line = line.replace("HOST", &registry.host());
        let output = TestEnv::new().run(line.split(' '));
        // The command lines that are wrong come first: nothing is asked for them.
        let asked = registry.requests().len();
        assert!(code != 2 || asked == 0, "{asked} requests\n{output}");
        let stderr = output.stderr.replace(&registry.host(), "HOST");
        if output.code != code || stderr != expected || !output.stdout.is_empty() {
            faults.push(format!("{line}\n{} (not {code})\n{stderr}", output.code));
        }
    }
    assert!(faults.is_empty(), "{} texts:\n{}", faults.len(), faults.join("\n"));
}

/// The texts that need a registry or credentials of their own.
#[test]
fn errors_of_registries_and_credentials_say_what_to_type() {
    let env = TestEnv::new();
    let mut found = Vec::new();
    let mut note = |output: &Output, registry: &TestRegistry, env: &TestEnv| {
        let root = env.root().display().to_string();
        let text = output.stderr.replace(&registry.host(), "HOST").replace(&root, "ROOT");
        found.push(format!("{} {}", output.code, text));
    };
    // The registry's own reason.
    let denied = json!({"errors": [{"code": "DENIED", "message": "your plan has no pulls left"}]});
    let registry = TestRegistry::new().hook(move |_| Some(Response::json(403, &denied))).start();
    note(&env.run(["ls", &registry.repo("app")]), &registry, &env);
    // HTTP where TLS is spoken, and the other way round.
    let authority = Authority::new("errors");
    let config = authority.issue(&["127.0.0.1"]).server_config();
    let registry = TestRegistry::new().tags("app", ["1"]).tls(config).start();
    let http = ["ls", "--plain-http", "--retries", "0", &registry.repo("app")];
    note(&env.run(http), &registry, &env);
    let ca = env.write("ca.crt", authority.pem()).display().to_string();
    let registry = TestRegistry::new().tags("app", ["1"]).start();
    let tls = ["ls", "--ca-file", &ca, "--retries", "0", &registry.repo("app")];
    note(&env.run(tls), &registry, &env);
    // A pin that has moved.
    let (old, new) = (Image::oci("old", "linux/amd64"), Image::oci("new", "linux/amd64"));
    let registry = TestRegistry::new().image("app:old", &old).image("app:1", &new).start();
    let pinned = format!("{}@{}", registry.repo("app:1"), old.root.digest);
    let mut output = env.run(["digest", "--verify", &pinned]);
    output.stderr = output.stderr.replace(&old.root.digest, "OLD");
    output.stderr = output.stderr.replace(&new.root.digest, "NEW");
    note(&output, &registry, &env);
    // A credential helper that is not there, and credentials for another registry.
    let registry = TestRegistry::new().tags("app", ["1"]).require_basic("ann", "p").start();
    env.docker_config_json(&json!({"credsStore": "absent"}));
    note(&env.run(["ls", &registry.repo("app")]), &registry, &env);
    let env = TestEnv::new();
    let name = registry.repo("app");
    let run = env.command(["ls", &name]).var("DOCKER_USERNAME", "ann");
    note(&run.var("DOCKER_PASSWORD", "canary-errors").run(), &registry, &env);
    assert_eq!(found, TEXTS, "{found:#?}");
}

/// What is expected above, with the exit code.
const TEXTS: [&str; 6] = [
    "4 error: HOST/app: not found, or access denied: DENIED your plan has no pulls left\n\n\
     hint: check the name; if the repository is private: docker login HOST\n",
    "5 error: HOST: this port expects TLS, and the request was plain HTTP\n\n\
     hint: remove --plain-http (in a profile: plain-http)\n",
    "5 error: HOST: TLS handshake failed: the server closed the connection\n\n\
     hint: use --plain-http (in a profile: plain-http = true)\n",
    "1 error: HOST/app:1 has moved: it is pinned to OLD and now points to NEW\n\n\
     hint: to pin the current image: docker tags digest --full-ref HOST/app:1\n",
    "4 warning: docker-credential-absent is not on PATH; continuing without these credentials\n\
     error: HOST/app: login required (the registry offers basic)\n\n\
     hint: install docker-credential-absent, or remove it from credsStore in \
     ROOT/home/.docker/config.json\n",
    "4 error: HOST/app: login required (the registry offers basic)\n\n\
     hint: DOCKER_USERNAME and DOCKER_PASSWORD are only used for the active profile's registry; \
     for HOST: docker login HOST\n",
];
