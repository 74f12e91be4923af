//! The table made by docker's own library, row by row, and what we do beyond it.

use super::*;

fn kind(error: &ParseError) -> &'static str {
    match error {
        ParseError::InvalidFormat => "invalid-format",
        ParseError::Uppercase(_) => "uppercase",
        ParseError::Identifier(_) => "identifier",
        ParseError::TooLong => "too-long",
        ParseError::DigestLength => "digest-length",
        ParseError::DigestFormat => "digest-format",
        ParseError::DigestUnsupported => "digest-unsupported",
        ParseError::InvalidRegistry(_) => "invalid-registry",
    }
}

fn unescape(text: &str) -> String {
    text.replace("\\n", "\n").replace("\\t", "\t").replace("\\\\", "\\")
}

#[test]
fn docker_vectors() {
    let table = include_str!("../../../tests/vectors/references.tsv");
    let mut rows = 0;
    for line in table.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [id, category, input, domain, path, tag, digest, error, familiar] = columns[..] else {
            panic!("not nine columns: {line:?}");
        };
        let input = unescape(input);
        let parsed = Reference::from_str(&input);
        rows += 1;
        if category == "underscore-domain" {
            // The library's result has an empty domain; we contact no host without a name.
            let error = parsed.expect_err(id);
            assert_eq!(kind(&error), "invalid-registry", "{id}");
            continue;
        }
        if !error.is_empty() {
            let found = parsed.expect_err(&format!("{id}: {input:?} must be refused"));
            assert_eq!(kind(&found), error, "{id}: {input:?}");
            continue;
        }
        let parsed = parsed.unwrap_or_else(|e| panic!("{id}: {input:?}: {e}"));
        assert_eq!(parsed.registry().as_str(), domain, "{id}");
        assert_eq!(parsed.repository().as_str(), path, "{id}");
        assert_eq!(parsed.tag().map_or("", Tag::as_str), tag, "{id}");
        assert_eq!(parsed.digest().map_or("", Digest::as_str), digest, "{id}");
        assert_eq!(parsed.familiar(), familiar, "{id}");
        let canonical = parsed.to_string();
        assert_eq!(Reference::from_str(&canonical).as_ref(), Ok(&parsed), "{id}: {canonical}");
    }
    assert_eq!(rows, 90);
}

#[test]
fn transport_prefix_is_stripped() {
    let plain: Reference = "quay.io/coreos/dnsmasq:v1".parse().unwrap();
    assert_eq!("docker://quay.io/coreos/dnsmasq:v1".parse(), Ok(plain));
    assert_eq!("docker://".parse::<Reference>(), Err(ParseError::InvalidFormat));
}

#[test]
fn registry_parts() {
    let cases = [
        ("docker.io", "docker.io", None),
        ("localhost:5000", "localhost", Some("5000")),
        ("[::1]:5000", "[::1]", Some("5000")),
        ("[::1]", "[::1]", None),
    ];
    for (text, host, port) in cases {
        let registry: Registry = text.parse().unwrap();
        assert_eq!((registry.host(), registry.port()), (host, port), "{text}");
    }
    for bad in ["", "-a.io", "a..b", "a_b.io", "a:", "a:b", "[::1", "[]:1", "[::1]x", "ä.io"] {
        assert!(Registry::from_str(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn names_registry() {
    for text in ["quay.io/a", "localhost/a", "a:1/b", "Foo/bar", "docker://quay.io/a"] {
        assert!(Reference::names_registry(text), "{text}");
    }
    for text in ["alpine", "alpine:3.19", "acme/api", "example.com"] {
        assert!(!Reference::names_registry(text), "{text}");
    }
}
