//! `WWW-Authenticate`: fields are lines of the input; nothing in them can make the parser fail.

use docker_tags::internals::{Challenge, choose, parse_challenges as parse};

pub fn run(data: &[u8]) {
    let challenges = parse(data.split(|&byte| byte == b'\n'));
    assert!(challenges.len() <= 64);
    for challenge in &challenges {
        assert!(!challenge.scheme().is_empty());
        assert_eq!(challenge.scheme(), challenge.scheme().to_ascii_lowercase());
        for (name, _) in challenge.parameters() {
            assert!(!name.bytes().any(|b| b.is_ascii_uppercase()), "{name}");
        }
        for scope in challenge.scopes() {
            assert!(!scope.is_empty() && !scope.contains(' '));
        }
    }
    for have_login in [false, true] {
        if let Some(index) = choose(&challenges, have_login) {
            let chosen = &challenges[index];
            assert!(chosen.is_bearer() || (have_login && chosen.is_basic()));
        }
    }
    // A field of its own in front changes nothing but the index.
    let fields = std::iter::once(&b"X-Unknown a=b"[..]).chain(data.split(|&byte| byte == b'\n'));
    let more = parse(fields);
    assert!(more.len() > challenges.len() || challenges.len() == 64);
    assert!(more[1..].iter().zip(&challenges).all(|(a, b)| a == b));
    // Written as the RFC has it, in one field or in one each, they are what they were.
    let written: Vec<String> = challenges.iter().map(write).collect();
    let (one, many) = (written.join(", "), written.iter().map(|field| field.as_bytes()));
    if one.len() <= 16 * 1024 {
        assert_eq!(parse([one.as_bytes()]), challenges, "{one:?}");
        assert_eq!(parse(many), challenges, "{written:?}");
    }
}

/// A challenge as RFC 9110 writes it, but that some have a token68 and parameters.
fn write(challenge: &Challenge) -> String {
    let quote = |value: &str| value.replace('\\', "\\\\").replace('"', "\\\"");
    let parameters = challenge.parameters().iter();
    let parameters = parameters.map(|(name, value)| format!("{name}=\"{}\"", quote(value)));
    let token = challenge.token68().map(str::to_owned);
    let rest: Vec<String> = token.into_iter().chain(parameters).collect();
    format!("{} {}", challenge.scheme(), rest.join(", ")).trim_end().to_owned()
}
