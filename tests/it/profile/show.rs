//! What is shown of profiles: `ls`, `show`, `inspect`, `path`.

use serde_json::json;

use super::{FILE, three};
use crate::support::TestEnv;

#[test]
fn the_list_is_docker_s_table() {
    let env = three();
    env.login("https://index.docker.io/v1/", "ann", "canary-hub");
    let config_json = env.docker_config().join("config.json");
    let output = env.run(["profile", "ls"]);
    let in_docker = format!("{} (auths)", config_json.display());
    let rows = [
        ["NAME", "REGISTRY", "NAMESPACE", "LOGIN", "TLS"],
        ["default", "docker.io", "", &in_docker, "verify"],
        ["hub", "docker.io", "", &in_docker, "verify"],
        ["work *", "ghcr.io", "acme", "octocat (password-env GHCR_TOKEN)", "verify"],
        ["lab", "registry.lab:5000", "", "none", "insecure"],
    ];
    let widths: Vec<usize> = (0..4)
        .map(|column| {
            let widest = rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
            (widest + 3).max(10)
        })
        .collect();
    let mut expected = String::new();
    for row in rows {
        for (cell, width) in row.iter().zip(&widths) {
            expected.push_str(&format!("{cell:<width$}"));
        }
        expected.push_str(row[4]);
        expected.push('\n');
    }
    output.code(0).stdout(&expected).silent();
}

#[test]
fn the_list_for_scripts() {
    let env = three();
    env.run(["profile", "ls", "-q"]).code(0).lines(&["default", "hub", "work", "lab"]).silent();
    let rows = env.run(["profile", "list", "--format", "json"]).code(0).json_lines();
    assert_eq!(
        rows[2],
        json!({
            "Name": "work",
            "Current": true,
            "Registry": "ghcr.io",
            "Namespace": "acme",
            "Login": "octocat (password-env GHCR_TOKEN)",
            "TLS": "verify",
        })
    );
    let names: Vec<_> = rows.iter().map(|row| (&row["Name"], &row["Current"])).collect();
    assert_eq!(
        json!(names),
        json!([["default", false], ["hub", false], ["work", true], ["lab", false]])
    );
    let output = env.run(["profile", "ls", "--format", "{{.Name}}{{if .Current}}!{{end}}"]);
    output.code(0).lines(&["default", "hub", "work!", "lab"]);
    env.run(["profile", "ls", "--format", "{{.Nmae}}"]).code(2).stdout("").stderr_has("Nmae");
}

#[test]
fn no_helper_is_asked_for_a_list() {
    let env = three();
    env.docker_config_json(&json!({"credsStore": "vault"}));
    env.helper("vault", "exit 1");
    let output = env.run(["profile", "ls", "--format", "{{.Name}} {{.Login}}"]);
    output.code(0).silent().lines(&[
        "default docker-credential-vault",
        "hub docker-credential-vault",
        "work octocat (password-env GHCR_TOKEN)",
        "lab docker-credential-vault",
    ]);
    assert!(!env.root().join("helper.log").exists(), "the helper was run");
}

#[test]
fn the_active_one_is_shown_however_it_was_chosen() {
    let env = three();
    env.run(["profile", "show"]).code(0).stdout("work\n").silent();
    env.command(["profile", "show"])
        .var("DOCKER_TAGS_PROFILE", "lab")
        .run()
        .code(0)
        .stdout("lab\n");
    let both = env.command(["-p", "hub", "profile", "show"]).var("DOCKER_TAGS_PROFILE", "lab");
    both.run().code(0).stdout("hub\n");
    TestEnv::new().run(["profile", "show"]).code(0).stdout("default\n").silent();
    let wrong = env.command(["profile", "show"]).var("DOCKER_TAGS_PROFILE", "wrok").run();
    wrong.code(2).stdout("").stderr_has("no profile named \"wrok\"");
    wrong.stderr_has("hint: did you mean \"work\"?");
    // The list is there all the same: it shows what the names are.
    let list = env.command(["profile", "ls", "-q"]).var("DOCKER_TAGS_PROFILE", "wrok").run();
    list.code(0).lines(&["default", "hub", "work", "lab"]).stderr_has("no profile named \"wrok\"");
}

#[test]
fn inspect_says_where_every_setting_came_from() {
    let env = three();
    let path = env.root().join(FILE);
    let rows = env.run(["profile", "inspect", "--format", "json"]).code(0).json_lines();
    let line = |number: u32| format!("{}:{number}", path.display());
    let row = |key: &str| rows.iter().find(|row| row["Key"] == key).unwrap_or(&json!(null)).clone();
    for (key, value, source) in [
        ("registry", "ghcr.io", line(8)),
        ("namespace", "acme", line(9)),
        ("username", "octocat", line(10)),
        ("password-env", "GHCR_TOKEN", line(11)),
        ("insecure", "false", "default".into()),
        ("ca-file", "", "default".into()),
        ("jobs", "8", "default".into()),
        ("retries", "3", "default".into()),
    ] {
        assert_eq!(row(key), json!({"Key": key, "Value": value, "Source": source}));
    }
    env.run(["profile", "inspect", "lab"]).code(0).stdout_has("registry.lab:5000").silent();
    env.run(["-p", "hub", "profile", "inspect"]).code(0).stdout_has("docker.io").silent();
    env.run(["profile", "inspect", "default"]).code(0).stdout_has("docker.io").silent();
    env.run(["profile", "inspect", "hbu"]).code(2).stdout("").stderr_has("did you mean \"hub\"?");
}

#[test]
fn inspect_shows_no_secret() {
    let env = TestEnv::new();
    env.canary("canary-plain");
    env.canary("canary-argument");
    let file = "[profiles.a]\nregistry = \"a.io\"\nusername = \"u\"\npassword = \"canary-plain\"\n\
                [profiles.b]\nregistry = \"b.io\"\nusername = \"u\"\n\
                password-command = [\"get\", \"--key\", \"canary-argument\"]\n";
    env.config_toml(file);
    env.run(["profile", "inspect", "a"]).code(0).stdout_has("***");
    env.run(["profile", "inspect", "b", "--format", "json"]).code(0).stdout_has("get …");
    env.run(["profile", "ls"])
        .code(0)
        .stdout_has("u (password)")
        .stdout_has("(password-command get …)");
}

#[test]
fn the_path_is_told_whatever_is_in_the_file() {
    let env = TestEnv::new();
    let path = env.root().join(FILE);
    let line = format!("{}\n", path.display());
    env.run(["profile", "path"]).code(0).stdout(&line).silent();
    env.config_toml("profile = 1 = 2");
    env.run(["profile", "path"]).code(0).stdout(&line).silent();
    env.run(["profile", "ls"]).code(2).stdout("").stderr_has(&format!("{}:1:", path.display()));
    let other = env.root().join("other.toml");
    let run = env.command(["profile", "path"]).var("DOCKER_TAGS_CONFIG", &other);
    run.run().code(0).stdout(&format!("{}\n", other.display()));
}

#[test]
fn profile_alone_shows_its_commands() {
    let output = TestEnv::new().run(["profile"]);
    output.code(0).stdout_has("create").stdout_has("inspect").silent();
    let output = TestEnv::new().run(["profile", "lst"]);
    output.code(2).stdout("").stderr_has("did you mean \"docker-tags profile ls\"?");
}
