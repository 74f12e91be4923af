//! `Link`, and the URLs that servers name: what is accepted is one thing to every parser.

use docker_tags::internals::next;
use docker_tags::internals::{Url, quoted};

pub fn run(data: &[u8]) {
    let base: Url = "https://r.example/v2/a/b/tags/list?n=100".parse().expect("it is one");
    if let Some(target) = next(data.split(|&byte| byte == b'\n')) {
        look(&base, &target);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        look(&base, text);
    }
}

fn look(base: &Url, target: &str) {
    for text in [format!("https://user:pa55word@{target}"), format!("/v2/?sig=pa55word&{target}")] {
        assert!(!quoted(&text).contains("pa55word") || target.contains("pa55"), "{text:?}");
    }
    let Ok(url) = base.join(target) else { return };
    let text = url.to_string();
    let again: Url = text.parse().unwrap_or_else(|why| panic!("{target:?}: {text:?}: {why}"));
    assert_eq!(again, url, "{target:?}");
    assert!(text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\'), "{text:?}");
    let after = text.split_once("://").expect("it has a scheme").1;
    let authority = after.split(['/', '?']).next().unwrap_or_default();
    assert!(!authority.contains('@'), "{text:?}");
    assert_ne!(url.origin().port(), 0);
    let redacted = url.redacted(&[]);
    assert!(redacted.starts_with(&url.origin().to_string()));
    let more = url.with_parameter("scope", target);
    assert!(more.to_string().parse::<Url>().is_ok());
}
