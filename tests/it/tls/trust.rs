//! The ways to trust a registry, and the errors that name them.

use super::{HOST, Net, showing};
use crate::support::tls::{Authority, Identity};
use crate::support::{TestEnv, TestRegistry};

#[test]
fn directories_of_docker_and_podman() {
    let authority = Authority::new("corp");
    let registry = showing(&authority.issue(&["registry.corp.test"]));
    let bases = [
        "home/.config/containers/certs.d",
        "home/.config/docker/certs.d",
        "home/.docker/certs.d",
        "xdg/docker/certs.d",
    ];
    // As written: with its port or without, and never one for the other.
    for (host, directory, code) in [
        (HOST, HOST, 0),
        ("registry.corp.test", "registry.corp.test", 0),
        (HOST, "registry.corp.test", 5),
        ("registry.corp.test", "registry.corp.test:443", 5),
        ("registry.corp.test:443", "registry.corp.test:443", 0),
    ] {
        for base in bases {
            let net = Net::new();
            net.place(&registry, HOST);
            net.place(&registry, "registry.corp.test:443");
            net.file(&format!("{base}/{directory}/ca.crt"), authority.pem());
            net.file(&format!("{base}/{directory}/other.pem"), "ignored");
            let image = format!("{host}/a");
            let config = net.env.root().join("xdg");
            let run = net.env.command(["ls", &image]).var("XDG_CONFIG_HOME", config);
            let output = run.run();
            output.code(code);
            if code != 0 {
                output.stderr_has(&format!("certs.d/{host}/ca.crt"));
            }
        }
    }
}

#[test]
fn the_hint_names_the_directory_that_counts() {
    let net = Net::new();
    let authority = Authority::new("corp");
    let registry = showing(&authority.issue(&["registry.corp.test"]));
    net.place(&registry, HOST);
    let place = format!("home/.config/containers/certs.d/{HOST}");
    net.file(&format!("{place}/other.pem"), "ignored");
    let path = net.env.root().join(&place).join("ca.crt");
    let output = net.env.run(["ls", &format!("{HOST}/a")]);
    output
        .code(5)
        .stderr_has(&format!("hint: trust its CA: install -D -m 644 ca.crt {}", path.display()));
    std::fs::write(&path, authority.pem()).expect("the directory is there");
    net.env.run(["ls", &format!("{HOST}/a")]).code(0).stdout("1\n");
}

#[test]
fn a_directory_that_is_half_made_is_an_error_before_any_request() {
    let net = Net::new();
    let authority = Authority::new("corp");
    let client = authority.issue_client("me");
    let place = |name: &str| format!("home/.config/containers/certs.d/{HOST}/{name}");
    net.file(&place("client.cert"), client.cert_pem());
    let image = format!("{HOST}/a");
    let output = net.env.run(["ls", &image]);
    output.code(2).stderr_has("client.cert: its key ").stderr_has("client.key is missing");
    output.stderr_has("hint: CA certificates need the extension .crt");
    assert_eq!(net.proxy.log(), [] as [String; 0]);
}

/// What each flaw is called, and what the hint offers.
#[test]
fn errors_say_what_helps() {
    let authority = Authority::new("corp");
    let names = &["registry.corp.test"][..];
    let install = format!(
        "hint: trust its CA: sudo install -D -m 644 ca.crt /etc/docker/certs.d/{HOST}/ca.crt, or \
         --ca-file ca.crt (in a profile: ca-file = \"ca.crt\"); to skip verification, pass -k (in a \
         profile: insecure = true)\n"
    );
    let skip = "; to skip verification, pass -k (in a profile: insecure = true)\n";
    let renew = format!(
        "hint: check this machine's clock, or ask the operator to renew the certificate{skip}"
    );
    let rename = format!("hint: use a name that the certificate is issued for{skip}");
    let other = authority.issue(&["other.corp.test", "10.0.0.1"]);
    let expired_own = Identity::self_signed_ca_expired(names);
    let own = Identity::self_signed_ca(names);
    let own_other = Identity::self_signed_ca(&["other.corp.test"]);
    let ca = authority.pem().to_owned();
    let cases: [(&Identity, Option<&str>, &str, &str); 8] = [
        (&authority.issue(names), None, "signed by an unknown authority", &install),
        (&own, None, "self-signed and not trusted", &install),
        (&own, Some(&ca), "self-signed and not trusted", &install),
        (&authority.issue_expired(names), Some(&ca), "expired", &renew),
        (&expired_own, Some(expired_own.cert_pem()), "expired", &renew),
        (&expired_own, None, "expired", &renew),
        (&other, Some(&ca), "issued for other.corp.test, 10.0.0.1, not for this host", &rename),
        (&own_other, Some(own_other.cert_pem()), "issued for other.corp.test, not", &rename),
    ];
    for (identity, trusted, reason, hint) in cases {
        let net = Net::new();
        let registry = showing(identity);
        net.place(&registry, HOST);
        let mut arguments = vec!["ls".to_owned()];
        if let Some(pem) = trusted {
            arguments.extend(["--ca-file".to_owned(), net.file("ca.crt", pem)]);
        }
        arguments.push(format!("{HOST}/a"));
        let output = net.env.run(arguments.clone());
        let error = format!("error: {HOST}: certificate not accepted: {reason}");
        output.code(5).stdout("").stderr_has(&error).stderr_has(hint);
        assert_eq!(registry.requests().len(), 0, "{}", registry.log());
        assert_eq!(net.proxy.log().len(), 1, "a certificate does not get better by asking again");
        // And -k takes it, whatever it is.
        net.env.run(["ls", "-k", &format!("{HOST}/a")]).code(0).stdout("1\n");
    }
}

#[test]
fn a_profile_says_it_once_and_the_command_line_replaces_it() {
    let net = Net::new();
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let registry = showing(&ours.issue(&["registry.corp.test"]));
    net.place(&registry, HOST);
    let (ours, theirs) = (net.file("ours.crt", ours.pem()), net.file("theirs.crt", theirs.pem()));
    let image = format!("{HOST}/a");
    let ca_file = |path: &str| format!("ca-file = \"{path}\"");
    let cases = [
        (String::new(), &[][..], 5),
        ("insecure = true".to_owned(), &[], 0),
        (ca_file(&ours), &[], 0),
        (ca_file(&theirs), &[], 5),
        (ca_file(&theirs), &["-k"], 0),
        (ca_file(&theirs), &["--ca-file", &*ours], 0),
        ("insecure = true".to_owned(), &["--ca-file", &*theirs], 5),
        ("insecure = true".to_owned(), &["--ca-file", &*ours], 0),
        ("plain-http = true".to_owned(), &["--ca-file", &*ours], 0),
    ];
    for (setting, flags, code) in cases {
        let text = format!("[profiles.lab]\nregistry = \"{HOST}\"\n{setting}\n");
        net.env.config_toml(&text);
        let output = net.env.run(["ls"].into_iter().chain(flags.iter().copied()).chain([&*image]));
        assert_eq!(output.code, code, "{setting} {flags:?}\n{output}");
    }
    // It is for its own registry alone.
    net.place(&registry, "registry.corp.test:5001");
    net.env.config_toml(&format!("[profiles.lab]\nregistry = \"{HOST}\"\ninsecure = true\n"));
    net.env.run(["ls", "registry.corp.test:5001/a"]).code(5).stderr_has("unknown authority");
}

#[test]
fn a_mirror_has_the_directory_of_its_own_name() {
    let net = Net::new();
    let authority = Authority::new("corp");
    let registry = TestRegistry::new().tags("library/a", ["1"]);
    let registry = registry.tls(authority.issue(&["mirror.test"]).server_config()).start();
    net.place(&registry, "mirror.test:443");
    let endpoint = "endpoint = \"https://mirror.test\"";
    net.env.config_toml(&format!("[profiles.hub]\nregistry = \"docker.io\"\n{endpoint}\n"));
    let output = net.env.run(["ls", "a"]);
    output.code(5).stderr_has("mirror.test: certificate not accepted");
    output.stderr_has("certs.d/mirror.test/ca.crt");
    net.file("home/.config/docker/certs.d/mirror.test/ca.crt", authority.pem());
    net.env.run(["ls", "a"]).code(0).stdout("1\n");
}

#[test]
fn flags_that_clash_and_files_that_are_no_good() {
    let net = Net::new();
    let client = Authority::new("corp").issue_client("me");
    let other = Authority::new("corp").issue_client("me");
    let cert = net.file("client.crt", client.cert_pem());
    let key = net.file("client.key", client.key_pem());
    let other = net.file("other.key", other.key_pem());
    let empty = net.file("empty", "");
    let locked = net.file(
        "locked.key",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    let image = format!("{HOST}/a");
    let cases: [(&[&str], i32, &str); 11] = [
        (&["-k", "--ca-file", &cert], 2, "--ca-file"),
        (&["--plain-http", "--ca-file", &cert], 2, "--ca-file"),
        (&["--plain-http", "-k"], 2, "--plain-http"),
        (&["--plain-http", "--cert-file", &cert, "--key-file", &key], 2, "--cert-file"),
        (&["--cert-file", &cert], 2, "--cert-file and --key-file go together"),
        (&["--key-file", &key], 2, "--cert-file and --key-file go together"),
        (&["--ca-file", "/none/such"], 2, "/none/such"),
        (&["--ca-file", &empty], 2, "no certificate in this file"),
        (&["--cert-file", &cert, "--key-file", &cert], 2, "no private key in this file"),
        (
            &["--cert-file", &cert, "--key-file", &other],
            2,
            "the key does not belong to this certificate",
        ),
        (&["--cert-file", &cert, "--key-file", &locked], 2, "the private key is encrypted"),
    ];
    for (flags, code, part) in cases {
        let output = net.env.run(["ls"].into_iter().chain(flags.iter().copied()).chain([&*image]));
        assert_eq!(output.code, code, "{flags:?}\n{output}");
        output.stdout("").stderr_has(part);
    }
    assert_eq!(net.proxy.log(), [] as [String; 0], "nothing was asked");
}

#[test]
fn the_system_s_roots_can_be_named_by_variables() {
    let net = Net::new();
    let authority = Authority::new("corp");
    let registry = showing(&authority.issue(&["registry.corp.test"]));
    net.place(&registry, HOST);
    let file = net.file("roots/corp.pem", authority.pem());
    let directory = net.env.root().join("roots").display().to_string();
    let image = format!("{HOST}/a");
    for (name, value, code) in [
        ("SSL_CERT_FILE", &*file, 0),
        ("SSL_CERT_DIR", &*directory, 0),
        ("SSL_CERT_FILE", "/none/such.pem", 5),
    ] {
        let output = net.env.command(["ls", &image]).var(name, value).run();
        output.code(code);
        if code != 0 {
            output
                .stderr_has("cannot load the system's CA certificates")
                .stderr_has("/none/such.pem");
        }
    }
    // Beside a named authority the system's roots may be missing.
    let run = net.env.command(["ls", "--ca-file", &file, &image]);
    run.var("SSL_CERT_FILE", "/none/such.pem").run().code(0).stdout("1\n");
}

/// Loading the system's roots is the slowest part of the start. The file of the roots is a pipe
/// that nobody writes to: whoever opens it waits for ever.
#[cfg(unix)]
#[test]
fn the_roots_are_not_read_where_nothing_is_verified() {
    let env = TestEnv::new();
    let pipe = env.root().join("roots.pem");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("there is a mkfifo").success());
    let plain = TestRegistry::new().tags("a", ["1"]).start();
    let secure = showing(&Identity::self_signed_ca(&["localhost"]));
    for (registry, flags) in
        [(&plain, &[][..]), (&plain, &["--plain-http"]), (&secure, &[]), (&secure, &["-k"])]
    {
        let image = registry.repo("a");
        let run = env.command(["ls"].into_iter().chain(flags.iter().copied()).chain([&*image]));
        run.var("SSL_CERT_FILE", &pipe).run().code(0).stdout("1\n");
    }
    let run = env.command(["check", "--offline", "quay.io"]).var("SSL_CERT_FILE", &pipe);
    run.run().code(0);
    let _ = std::fs::remove_file(&pipe);
}
