//! Every place that a login can come from × the real registry with passwords and with tokens: the exact outcome of
//! each, and that `check` names the same place.

mod rows;

use std::path::PathBuf;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::bulk;
use super::registry::{Access, Registry, Storage};
use super::run::{Home, Outcome, client_path, run, run_with_input};
use super::token::{self, KeyHeader, Rules, Signer, TokenService};

const USER: &str = "ann";
const PASSWORD: &str = "S3cr3t-canary-7f3a";
const WRONG: &str = "wr0ng-canary-22d1";
const IDENTITY: &str = "identity-canary-5e90";

/// Two registries over one storage: one wants a password, the other a token.
struct Bench {
    htpasswd: Registry,
    token: Registry,
    service: TokenService,
}

/// What a registry does with a login.
#[derive(Debug, Clone, Copy)]
enum Outcomes {
    /// The tags.
    Ok,
    /// This exit code, and this on stderr.
    Fails(i32, &'static str),
    /// The same after a warning and one anonymous try.
    Retries(i32, &'static str),
}
use Outcomes::{Fails, Ok, Retries};

/// A place that a login can come from.
struct Row {
    name: &'static str,
    /// Puts the login there; what else is to be on the command line and in the environment.
    put: fn(&Setup) -> Extra,
    /// What `check` says: the kind of the login, and a part of where it came from.
    check: (&'static str, &'static str),
    htpasswd: Outcomes,
    token: Outcomes,
    /// A part of a warning; empty when there is none.
    warning: &'static str,
}

/// One registry and a home for one row.
struct Setup<'a> {
    home: Home,
    host: String,
    bench: &'a Bench,
}

/// What a run has beside its home.
#[derive(Default)]
struct Extra {
    flags: Vec<&'static str>,
    vars: Vec<(&'static str, String)>,
    stdin: &'static str,
}

impl Extra {
    fn flags(flags: &[&'static str], stdin: &'static str) -> Extra {
        Extra { flags: flags.to_vec(), stdin, ..Extra::default() }
    }

    fn vars(vars: &[(&'static str, &str)]) -> Extra {
        let vars = vars.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Extra { vars, ..Extra::default() }
    }
}

fn auth(password: &str) -> Value {
    json!({"auth": STANDARD.encode(format!("{USER}:{password}"))})
}

impl Setup<'_> {
    fn config(&self, document: &Value) -> Extra {
        self.home.write_config(document.to_string());
        Extra::default()
    }

    fn auths(&self, entry: &Value) -> Extra {
        self.config(&json!({"auths": {self.host.clone(): entry}}))
    }

    /// A credential helper that answers with this script.
    fn helper(&self, name: &str, body: &str) {
        let path = self.home.write(&format!("bin/docker-credential-{name}"), "");
        // By a child: a descriptor of ours that another thread's fork inherits makes it "text file busy".
        let script = format!("#!/bin/sh\nread -r _\n{body}\n");
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", "printf %s \"$1\" >\"$2\" && chmod 755 \"$2\"", "sh", &script]).arg(path);
        assert!(shell.status().expect("there is a shell").success());
    }

    fn cred_helper(&self, body: &str) -> Extra {
        self.helper("lab", body);
        self.config(&json!({"credHelpers": {self.host.clone(): "lab"}}))
    }

    fn profile(&self, settings: &str) -> Extra {
        let text = format!(
            "profile = \"lab\"\n[profiles.lab]\nregistry = \"{}\"\n{settings}\n",
            self.host
        );
        self.home.write(".config/docker-tags/config.toml", text);
        Extra::default()
    }

    fn run(&self, command: &str, extra: &Extra, more: &[&str]) -> Outcome {
        let mut program = self.home.command(client_path());
        let path = std::env::var("PATH").unwrap_or_default();
        let bin: PathBuf = self.home.path().join("bin");
        program.env("PATH", format!("{}:{path}", bin.display()));
        program.arg(command).args(more).args(&extra.flags);
        program.arg(format!("{}/team/secret", self.host));
        program.envs(extra.vars.iter().map(|(name, value)| (*name, value)));
        match extra.stdin {
            "" => run(&mut program),
            text => run_with_input(&mut program, text),
        }
    }
}

fn answer(username: &str, secret: &str) -> String {
    format!("echo '{}'", json!({"ServerURL": "x", "Username": username, "Secret": secret}))
}

impl Bench {
    fn new() -> Bench {
        let storage = Storage::new();
        bulk::put_tags(&Registry::open(&storage), "team/secret", ["1.0"]);
        let rules = Rules::new().user(USER, PASSWORD).private("team/secret", USER);
        let rules = rules.identity_token(IDENTITY, USER);
        let service = TokenService::start(rules, Signer::new(KeyHeader::X5c));
        let token = service.registry(&storage);
        let htpasswd = Registry::start(&storage, &Access::Htpasswd(&[(USER, PASSWORD)]), None);
        Bench { htpasswd, token, service }
    }

    /// A bearer token as a CI system hands it out.
    fn bearer(&self) -> String {
        let scope = "repository:team/secret:pull";
        let answer = token::fetch(self.service.server().address(), scope, Some((USER, PASSWORD)));
        let document: Value = serde_json::from_slice(&answer.body()).expect("JSON");
        document["token"].as_str().expect("a token").to_owned()
    }
}

fn no_secrets(outcome: &Outcome, case: &str) {
    let shown = outcome.stdout.clone() + &outcome.stderr;
    let pairs = [PASSWORD, WRONG].map(|password| STANDARD.encode(format!("{USER}:{password}")));
    for secret in [PASSWORD, WRONG, IDENTITY, &pairs[0], &pairs[1], "eyJ"] {
        assert!(!shown.contains(secret), "{case}: {secret} in {outcome}");
    }
}

#[test]
#[ignore = "needs the real docker-registry"]
fn every_place_of_a_login() {
    let bench = Bench::new();
    for row in rows::ROWS {
        for (kind, registry, expected) in
            [("htpasswd", &bench.htpasswd, row.htpasswd), ("token", &bench.token, row.token)]
        {
            let case = format!("{}, {kind}", row.name);
            let host = registry.address().to_string();
            let setup = Setup { home: Home::new(), host, bench: &bench };
            let extra = (row.put)(&setup);
            let outcome = setup.run("ls", &extra, &["-v"]);
            no_secrets(&outcome, &case);
            match expected {
                Ok => {
                    assert_eq!(
                        (outcome.code, &*outcome.stdout),
                        (Some(0), "1.0\n"),
                        "{case}: {outcome}"
                    );
                }
                Fails(code, text) | Retries(code, text) => {
                    assert_eq!(
                        (outcome.code, &*outcome.stdout),
                        (Some(code), ""),
                        "{case}: {outcome}"
                    );
                    assert!(outcome.stderr.contains(text), "{case}: no {text:?} in {outcome}");
                    // A login of the command line is not one that docker could renew.
                    let hint = match extra.stdin {
                        "" if outcome.stderr.contains("docker-credential-missing") => {
                            "install docker-credential-missing, or remove it from".to_owned()
                        }
                        "" => format!("docker login {}", setup.host),
                        _ => "check the user name and password".to_owned(),
                    };
                    assert!(outcome.stderr.contains(&hint), "{case}: {outcome}");
                }
            }
            let part = match expected {
                Retries(..) => "continuing without them, with anonymous limits",
                Ok | Fails(..) => row.warning,
            };
            let warnings = outcome.stderr_lines_with("warning: ");
            assert_eq!(warnings.len(), usize::from(!part.is_empty()), "{case}: {outcome}");
            assert!(outcome.stderr.contains(part), "{case}: {outcome}");

            let outcome = setup.run("check", &extra, &["--offline", "--format", "json"]);
            no_secrets(&outcome, &case);
            let document: Value = serde_json::from_str(&outcome.stdout)
                .unwrap_or_else(|error| panic!("{case}: {error} in {outcome}"));
            let (kind, source) = row.check;
            let credential = &document["Credential"];
            let found = credential["Source"].as_str().unwrap_or_default();
            assert_eq!(credential["Kind"], kind, "{case}: {outcome}");
            assert!(
                found.contains(source) && found.is_empty() == source.is_empty(),
                "{case}: {outcome}"
            );
        }
    }
}

#[test]
#[ignore = "needs the real docker-registry"]
fn a_user_without_a_password_and_without_a_terminal() {
    let bench = Bench::new();
    let host = bench.htpasswd.address().to_string();
    let setup = Setup { home: Home::with_login(&host, USER, PASSWORD), host, bench: &bench };
    let outcome = setup.run("ls", &Extra::flags(&["-u", USER], ""), &[]).expect_error(2);
    outcome.expect_stderr("--password-stdin");
}
