//! nginx in front of real registries: TLS as operators set it up, the client certificates too.

use std::fmt::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::run::{Home, TempDir};
use super::tls::ServerCertificate;

/// How long it may take to start.
const LIMIT: Duration = Duration::from_secs(30);

/// Starts nginx in the background and ends it when standard input does.
const KEEPER: &str =
    r#"nginx -p "$1" -c "$1/nginx.conf" & exec >/dev/null 2>&1; read -r _; kill "$!"; wait "$!""#;

/// Where requests for a host name go: paths that begin so, to this server, under that path.
#[derive(Debug, Clone)]
pub struct Site {
    name: String,
    locations: Vec<(String, SocketAddr, String)>,
}

impl Site {
    /// Everything under this name goes to one server.
    pub fn new(name: &str, to: SocketAddr) -> Site {
        Site { name: name.into(), locations: vec![("/".into(), to, "/".into())] }
    }

    /// But this path goes elsewhere.
    pub fn location(mut self, path: &str, to: SocketAddr, as_path: &str) -> Site {
        self.locations.push((path.into(), to, as_path.into()));
        self
    }
}

/// A running nginx. Dropping it ends it.
pub struct Nginx {
    addresses: Vec<SocketAddr>,
    child: Child,
    lifeline: Option<ChildStdin>,
    _files: TempDir,
}

impl Nginx {
    /// Serves the sites over TLS, on one port for each certificate.
    #[track_caller]
    pub fn start(certificates: &[&ServerCertificate], sites: &[Site]) -> Nginx {
        // A port that was free a moment ago may be somebody else's now: then another try.
        for _ in 0..5 {
            if let Some(nginx) = Nginx::attempt(certificates, sites) {
                return nginx;
            }
        }
        panic!("nginx did not start, five times");
    }

    fn attempt(certificates: &[&ServerCertificate], sites: &[Site]) -> Option<Nginx> {
        let free: Vec<TcpListener> = certificates
            .iter()
            .map(|_| TcpListener::bind("127.0.0.1:0").expect("bind a loopback port"))
            .collect();
        let addresses: Vec<SocketAddr> =
            free.iter().map(|l| l.local_addr().expect("the listener has an address")).collect();
        let files = TempDir::new();
        files.write("nginx.conf", config(certificates, &addresses, sites, &files));
        drop(free);
        let mut child = Home::new()
            .command("bash")
            .args(["-c", KEEPER, "keeper"])
            .arg(files.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start bash");
        let lifeline = child.stdin.take();
        let nginx = Nginx { addresses, child, lifeline, _files: files };
        nginx.wait().then_some(nginx)
    }

    fn wait(&self) -> bool {
        let start = Instant::now();
        let open = |address| TcpStream::connect(address).is_ok();
        while start.elapsed() < LIMIT {
            if self.addresses.iter().all(open) {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }

    /// Where the certificate of this number is shown.
    pub fn address(&self, certificate: usize) -> SocketAddr {
        self.addresses[certificate]
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        drop(self.lifeline.take());
        let _ = self.child.wait();
    }
}

fn config(
    certificates: &[&ServerCertificate],
    addresses: &[SocketAddr],
    sites: &[Site],
    files: &TempDir,
) -> String {
    let mut servers = String::new();
    for (number, (certificate, address)) in certificates.iter().zip(addresses).enumerate() {
        let chain = files.write(&format!("{number}.pem"), certificate.chain_pem());
        let key = files.write(&format!("{number}.key"), certificate.key_pem());
        let clients = certificate.client_ca_pem().map(|pem| {
            let path = files.write(&format!("{number}-clients.pem"), pem);
            format!("ssl_verify_client on; ssl_client_certificate {};", path.display())
        });
        for site in sites {
            let locations: String = site
                .locations
                .iter()
                .map(|(path, to, as_path)| {
                    let target = if path == "/" { String::new() } else { as_path.clone() };
                    format!("location {path} {{ proxy_pass http://{to}{target}; }} ")
                })
                .collect();
            // Writing to a String cannot fail.
            let _ = writeln!(
                servers,
                "server {{ listen {address} ssl; server_name {}; ssl_certificate {}; \
                 ssl_certificate_key {}; {} {locations} }}",
                site.name,
                chain.display(),
                key.display(),
                clients.clone().unwrap_or_default(),
            );
        }
    }
    let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .iter()
        .map(|kind| format!("{kind}_temp_path {}/{kind};\n", files.path().display()))
        .collect();
    format!(
        "daemon off; master_process off; pid {0}/nginx.pid; error_log {0}/error.log;\n\
         events {{ worker_connections 256; }}\n\
         http {{ access_log off; client_max_body_size 0;\n{temporary}\
         proxy_set_header Host $http_host; proxy_set_header X-Forwarded-Proto https;\n{servers}}}\n",
        files.path().display(),
    )
}
