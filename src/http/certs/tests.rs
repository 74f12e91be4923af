//! Directories of every shape, under bases of the test's own.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rcgen::{CertificateParams, KeyPair};

use super::*;

/// A directory that goes away with the value.
struct Temp(PathBuf);

impl Temp {
    fn new() -> Temp {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!(
            "docker-tags-certs-{}-{}",
            std::process::id(),
            NEXT.fetch_add(1, Ordering::Relaxed)
        );
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Temp(path)
    }

    fn write(&self, path: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    fn bases(&self, names: &[&str]) -> Directories {
        Directories(names.iter().map(|name| self.0.join(name)).collect())
    }
}

impl Drop for Temp {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Files by name and content; how many authorities and client certificates they are, or what an
/// error says.
type Case<'a> = (&'a [(&'a str, &'a str)], Result<(usize, usize), &'a str>);

/// A certificate and its key, PEM.
fn pair() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["registry.test".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

/// How many authorities and client certificates a host's directory brings; or the error.
fn found(directories: &Directories, host: &str) -> Result<Option<(usize, usize)>, String> {
    let mut settings = TlsSettings::default();
    match directories.add_to(&mut settings, host) {
        Ok(true) => Ok(Some((settings.extra_roots.len(), settings.clients.len()))),
        Ok(false) => Ok(None),
        Err(error) => Err(error.to_string()),
    }
}

#[test]
fn directories_are_named_as_the_registry_is_written() {
    let temp = Temp::new();
    let (cert, _) = pair();
    for host in ["reg.test", "reg.test:5000", "[::1]:5000"] {
        temp.write(&format!("etc/{host}/ca.crt"), &cert);
    }
    let directories = temp.bases(&["etc"]);
    for (host, expected) in [
        ("reg.test", Some((1, 0))),
        ("reg.test:5000", Some((1, 0))),
        ("[::1]:5000", Some((1, 0))),
        ("reg.test:443", None),
        ("[::1]", None),
        ("other.test", None),
    ] {
        assert_eq!(found(&directories, host), Ok(expected), "{host}");
    }
}

#[test]
fn the_first_directory_that_exists_is_taken_and_no_other() {
    let temp = Temp::new();
    let (cert, _) = pair();
    temp.write("system/reg.test/ca.crt", &cert);
    fs::create_dir_all(temp.0.join("own/reg.test")).unwrap();
    assert_eq!(found(&temp.bases(&["missing", "system"]), "reg.test"), Ok(Some((1, 0))));
    let both = temp.bases(&["own", "system"]);
    assert_eq!(found(&both, "reg.test"), Ok(Some((0, 0))));
    // A hint must name the place that counts.
    assert_eq!(both.place("reg.test"), Some(temp.0.join("own/reg.test").display().to_string()));
    let last = temp.0.join("system/other.test").display().to_string();
    assert_eq!(both.place("other.test"), Some(last));
    assert_eq!(Directories::default().place("other.test"), None);
}

#[test]
fn files_mean_what_they_mean_to_docker() {
    let ((cert, key), (other, other_key)) = (pair(), pair());
    let two = format!("{cert}{other}");
    let cases: [Case; 13] = [
        (&[], Ok((0, 0))),
        (&[("ca.crt", &cert)], Ok((1, 0))),
        (&[("ca.crt", &two)], Ok((2, 0))),
        (&[("a.crt", &cert), ("b.crt", &other)], Ok((2, 0))),
        (&[("ca.pem", &cert), ("README", "?"), ("ca.CRT", &cert)], Ok((0, 0))),
        (&[("ca.crt", "garbage"), ("b.crt", &cert)], Ok((1, 0))),
        (&[("client.cert", &cert), ("client.key", &key)], Ok((0, 1))),
        (
            &[("a.cert", &cert), ("a.key", &key), ("b.cert", &other), ("b.key", &other_key)],
            Ok((0, 2)),
        ),
        (&[("client.cert", &cert)], Err("client.cert: its key ")),
        (&[("client.key", &key)], Err("client.key: its client certificate ")),
        (&[("ca.crt", &cert), ("client.cert", &cert), ("client.pem", &key)], Err("client.key")),
        (
            &[("client.cert", &cert), ("client.key", &other_key)],
            Err("the key does not belong to this"),
        ),
        (&[("client.cert", "?"), ("client.key", &key)], Err("no certificate in this file")),
    ];
    for (files, expected) in cases {
        let temp = Temp::new();
        fs::create_dir_all(temp.0.join("etc/reg.test")).unwrap();
        for (name, content) in files {
            temp.write(&format!("etc/reg.test/{name}"), content);
        }
        let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
        match (found(&temp.bases(&["etc"]), "reg.test"), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, Some(expected), "{names:?}"),
            (Err(error), Err(part)) => assert!(error.contains(part), "{names:?}: {error}"),
            (found, expected) => panic!("{names:?}: {found:?}, not {expected:?}"),
        }
    }
}

#[test]
fn a_host_that_a_registry_names_gets_authorities_and_no_client_certificate() {
    let temp = Temp::new();
    let (cert, key) = pair();
    temp.write("etc/auth.test/ca.crt", &cert);
    temp.write("etc/auth.test/client.cert", &cert);
    temp.write("etc/auth.test/client.key", &key);
    let directories = temp.bases(&["etc"]);
    let settings = directories.authorities_of("auth.test").unwrap();
    assert_eq!((settings.extra_roots.len(), settings.clients.len()), (1, 0));
    let place = temp.0.join("etc/auth.test").display().to_string();
    assert_eq!(settings.directory, Some(place));
    let settings = directories.authorities_of("elsewhere.test").unwrap();
    assert_eq!((settings.extra_roots.len(), settings.insecure), (0, false));
}

#[test]
fn where_directories_are() {
    let env = Env::from_pairs([("HOME", "/home/ann"), ("XDG_CONFIG_HOME", "/cfg")]);
    let Directories(bases) = Directories::from_env(&env);
    let expected = [
        "/home/ann/.config/containers/certs.d",
        "/home/ann/.config/docker/certs.d",
        "/home/ann/.docker/certs.d",
        "/cfg/docker/certs.d",
        "/etc/containers/certs.d",
        "/etc/docker/certs.d",
    ];
    assert_eq!(bases, expected.map(PathBuf::from));
    let env = Env::from_pairs([("HOME", "/home/ann"), ("XDG_CONFIG_HOME", "relative")]);
    assert!(!Directories::from_env(&env).0.iter().any(|base| base.starts_with("relative")));
}

/// Keys as openssl writes them; where it is not installed the test says so by failing.
#[test]
#[ignore = "needs openssl"]
fn keys_in_every_form_that_openssl_writes() {
    let temp = Temp::new();
    let openssl = |args: &[&str]| {
        let output = Command::new("openssl").args(args).current_dir(&temp.0).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    openssl(&["genrsa", "-traditional", "-out", "rsa1.key", "2048"]);
    openssl(&["pkey", "-in", "rsa1.key", "-out", "rsa8.key"]);
    openssl(&["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "ec.key"]);
    openssl(&["pkey", "-in", "ec.key", "-out", "ec8.key"]);
    openssl(&["ecparam", "-name", "secp384r1", "-genkey", "-out", "ec-with-parameters.key"]);
    openssl(&["genpkey", "-algorithm", "ed25519", "-out", "ed.key"]);
    openssl(&["pkey", "-in", "ec.key", "-aes256", "-passout", "pass:x", "-out", "locked8.key"]);
    openssl(&[
        "rsa",
        "-in",
        "rsa1.key",
        "-aes256",
        "-passout",
        "pass:x",
        "-traditional",
        "-out",
        "locked1.key",
    ]);
    let cases = [
        ("rsa1", "rsa1", "BEGIN RSA PRIVATE KEY", None),
        ("rsa1", "rsa8", "BEGIN PRIVATE KEY", None),
        ("ec", "ec", "BEGIN EC PRIVATE KEY", None),
        ("ec", "ec8", "BEGIN PRIVATE KEY", None),
        ("ec-with-parameters", "ec-with-parameters", "BEGIN EC PARAMETERS", None),
        ("ed", "ed", "BEGIN PRIVATE KEY", None),
        ("ec", "locked8", "BEGIN ENCRYPTED PRIVATE KEY", Some("the private key is encrypted")),
        ("rsa1", "locked1", "ENCRYPTED", Some("the private key is encrypted")),
        (
            "ec",
            "rsa1",
            "BEGIN RSA PRIVATE KEY",
            Some("the key does not belong to this certificate"),
        ),
    ];
    for (of, key, label, refused) in cases {
        let (source, cert) = (format!("{of}.key"), format!("{of}.crt"));
        openssl(&["req", "-x509", "-key", &source, "-subj", "/CN=me", "-out", &cert]);
        let key = temp.0.join(format!("{key}.key"));
        assert!(fs::read_to_string(&key).unwrap().contains(label), "{}", key.display());
        let mut settings = TlsSettings::default();
        match (set_client(&mut settings, &temp.0.join(cert), &key), refused) {
            (Ok(()), None) => assert_eq!(settings.clients.len(), 1),
            (Err(error), Some(part)) => {
                assert!(error.to_string().contains(part), "{error}");
                assert!(error.hint().is_some());
            }
            (outcome, _) => panic!("{}: {outcome:?}", key.display()),
        }
    }
}
