//! Debian's `docker-registry` on a free loopback port, as many as a test wants: open, with htpasswd, with tokens,
//! each with or without TLS. Several may share one storage: content goes in through an open one.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::run::{Home, TempDir, run};
use super::tls::ServerCertificate;
use super::wire::{Request, Response};

/// The directory in which registries keep their content. It goes away with its last user.
#[derive(Debug, Clone)]
pub struct Storage(Arc<TempDir>);

impl Storage {
    /// An empty one.
    pub fn new() -> Storage {
        Storage(Arc::new(TempDir::new()))
    }

    /// Where the registry keeps what belongs to a repository.
    pub fn repository(&self, name: &str) -> PathBuf {
        self.0.path().join("docker/registry/v2/repositories").join(name)
    }
}

/// Who may come in.
#[derive(Debug)]
pub enum Access<'a> {
    /// Everybody.
    Open,
    /// Users with passwords.
    Htpasswd(&'a [(&'a str, &'a str)]),
    /// Whoever brings a token that was signed with the key of this certificate.
    Token {
        /// The URL of the token service.
        realm: &'a str,
        /// The audience that tokens must name.
        service: &'a str,
        /// The issuer that tokens must name.
        issuer: &'a str,
        /// The certificate (PEM) with whose key tokens must be signed.
        certificate: &'a str,
    },
    /// The same with the token service at `/auth/token` of whatever host the client named, over https.
    TokenBeside {
        /// The audience that tokens must name.
        service: &'a str,
        /// The issuer that tokens must name.
        issuer: &'a str,
        /// The certificate (PEM) with whose key tokens must be signed.
        certificate: &'a str,
    },
}

/// A running registry. Dropping it ends it.
pub struct Registry {
    address: SocketAddr,
    child: Child,
    /// The registry lives as long as this is open: it ends even when the tests are killed.
    lifeline: Option<ChildStdin>,
    log: Arc<Log>,
    storage: Storage,
    _files: TempDir,
}

/// Starts the registry in the background and ends it when standard input does.
const KEEPER: &str =
    r#"docker-registry serve "$1" & exec >/dev/null 2>&1; read -r _; kill "$!"; wait "$!""#;

impl Registry {
    /// Starts an open registry.
    pub fn open(storage: &Storage) -> Registry {
        Registry::start(storage, &Access::Open, None)
    }

    /// Starts a registry over a storage and waits until it answers.
    #[track_caller]
    pub fn start(
        storage: &Storage,
        access: &Access<'_>,
        tls: Option<&ServerCertificate>,
    ) -> Registry {
        let files = TempDir::new();
        let config = files.write("config.yml", config(storage, access, tls, &files).to_string());
        let mut child = Home::new()
            .command("bash")
            .args(["-c", KEEPER, "keeper"])
            .arg(config)
            .current_dir(files.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("start bash");
        let lifeline = child.stdin.take();
        let log = Arc::new(Log::default());
        let stderr = BufReader::new(child.stderr.take().expect("stderr was asked for"));
        let filling = Arc::clone(&log);
        thread::spawn(move || filling.fill(stderr));
        let address = log.wait_for_address();
        Registry { address, child, lifeline, log, storage: storage.clone(), _files: files }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its content.
    pub fn storage(&self) -> &Storage {
        &self.storage
    }

    /// Sends it a request without TLS.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Response {
        request
            .send(self.address)
            .unwrap_or_else(|error| panic!("{} {}: {error}", request.method, request.target))
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.child.wait();
        if thread::panicking() {
            let log = self.log.text();
            let from = log.lines().count().saturating_sub(20);
            let tail: Vec<&str> = log.lines().skip(from).collect();
            eprintln!("--- last lines of the registry at {}\n{}", self.address, tail.join("\n"));
        }
    }
}

/// The configuration; JSON is YAML.
fn config(
    storage: &Storage,
    access: &Access<'_>,
    tls: Option<&ServerCertificate>,
    files: &TempDir,
) -> Value {
    let mut config = json!({
        "version": 0.1,
        "log": {"level": "info", "formatter": "text"},
        "storage": {
            "filesystem": {"rootdirectory": storage.0.path()},
            "delete": {"enabled": true},
            "maintenance": {"uploadpurging": {"enabled": false}},
        },
        // The registry chooses a free port itself and says which: nobody else can take it in between.
        "http": {"addr": "127.0.0.1:0", "secret": "for the tests"},
    });
    match access {
        Access::Open => {}
        Access::Htpasswd(users) => {
            let path = files.write("htpasswd", htpasswd(users));
            config["auth"] = json!({"htpasswd": {"realm": "the test registry", "path": path}});
        }
        Access::Token { realm, service, issuer, certificate } => {
            let bundle = files.write("token.pem", certificate);
            config["auth"] = json!({"token": {
                "realm": realm, "service": service, "issuer": issuer, "rootcertbundle": bundle,
            }});
        }
        Access::TokenBeside { service, issuer, certificate } => {
            let bundle = files.write("token.pem", certificate);
            config["auth"] = json!({"token": {
                "autoredirect": true, "realm": "https://nowhere.test/", "service": service,
                "issuer": issuer, "rootcertbundle": bundle,
            }});
        }
    }
    if let Some(tls) = tls {
        config["http"]["tls"] = json!({
            "certificate": files.write("server.pem", tls.chain_pem()),
            "key": files.write("server.key", tls.key_pem()),
        });
        if let Some(ca) = tls.client_ca_pem() {
            config["http"]["tls"]["clientcas"] = json!([files.write("clients.pem", ca)]);
        }
    }
    config
}

/// A password file as `htpasswd` writes it: bcrypt, at its lowest cost.
fn htpasswd(users: &[(&str, &str)]) -> String {
    let home = Home::new();
    let line = |(user, password): &(&str, &str)| {
        let outcome =
            run(home.command("htpasswd").args(["-nbB", "-C", "4", user, password])).expect_code(0);
        outcome.stdout.trim().to_owned() + "\n"
    };
    users.iter().map(line).collect()
}

/// What the registry said, and where it listens as soon as it has said that.
#[derive(Default)]
struct Log {
    state: Mutex<LogState>,
    changed: Condvar,
}

#[derive(Default)]
struct LogState {
    text: String,
    address: Option<SocketAddr>,
    ended: bool,
}

impl Log {
    fn fill(&self, from: impl BufRead) {
        for line in from.lines().map_while(Result::ok) {
            let mut state = self.state.lock().expect("nobody panics with the log");
            if state.address.is_none() {
                state.address = listening_on(&line);
            }
            state.text += &line;
            state.text.push('\n');
            self.changed.notify_all();
        }
        self.state.lock().expect("nobody panics with the log").ended = true;
        self.changed.notify_all();
    }

    #[track_caller]
    fn wait_for_address(&self) -> SocketAddr {
        let waiting = |state: &mut LogState| state.address.is_none() && !state.ended;
        let state = self.state.lock().expect("nobody panics with the log");
        let (state, _) = self
            .changed
            .wait_timeout_while(state, Duration::from_secs(60), waiting)
            .expect("nobody panics with the log");
        let address = state.address;
        let text = state.text.clone();
        drop(state);
        address.unwrap_or_else(|| panic!("docker-registry did not start:\n{text}"))
    }

    fn text(&self) -> String {
        self.state.lock().map(|state| state.text.clone()).unwrap_or_default()
    }
}

/// The address in a line like `… msg="listening on 127.0.0.1:36681, tls" …`.
fn listening_on(line: &str) -> Option<SocketAddr> {
    let rest = line.split_once("listening on ")?.1;
    rest.split(['"', ',']).next()?.parse().ok()
}
