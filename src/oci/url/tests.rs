//! What is accepted, refused, joined and shown.

use super::*;

#[test]
fn accepted() {
    let cases = [
        ("https://a.example", "https://a.example/", "a.example"),
        ("HTTPS://A.Example:443/t?x=1#frag", "https://a.example/t?x=1", "a.example"),
        ("http://127.0.0.1:5000/v2/", "http://127.0.0.1:5000/v2/", "127.0.0.1:5000"),
        ("http://[::1]:5000/v2/", "http://[::1]:5000/v2/", "[::1]:5000"),
        ("https://h?q=%2F", "https://h/?q=%2F", "h"),
    ];
    for (text, whole, authority) in cases {
        let url: Url = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(url.to_string(), whole);
        assert_eq!(url.origin().authority(), authority);
    }
}

#[test]
fn refused() {
    let cases = [
        ("ftp://h/", UrlError::Scheme),
        ("javascript:alert(1)", UrlError::Scheme),
        ("/relative", UrlError::Scheme),
        ("https:h/", UrlError::Host),
        ("https://u:p@h/", UrlError::UserInfo),
        ("https://r.example@evil.example/?last=x", UrlError::UserInfo),
        ("https:///x", UrlError::Host),
        ("https://h:0/", UrlError::Port),
        ("https://h:/", UrlError::Port),
        ("https://h:65536/", UrlError::Port),
        ("https://h/a b", UrlError::Characters),
        ("https://h/\n", UrlError::Characters),
        ("https://h\\@evil/", UrlError::Characters),
        ("https://ünï/", UrlError::Characters),
        ("https://a..b/", UrlError::Host),
        ("https://2852039166/t", UrlError::Host),
        ("https://0xa9fea9fe/t", UrlError::Host),
        ("https://0251.0376.0251.0376/t", UrlError::Host),
        ("https://127.1/t", UrlError::Host),
        ("https://[fe80::1%25eth0]/", UrlError::Host),
        ("https://a%2eb/", UrlError::Host),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<Url>(), Err(error), "{text}");
    }
}

#[test]
fn joined() {
    let base: Url = "https://r.example/v2/a/b/tags/list?n=1000".parse().unwrap();
    let cases = [
        ("/v2/x?last=y", "https://r.example/v2/x?last=y"),
        ("?last=x", "https://r.example/v2/a/b/tags/list?last=x"),
        ("other?x=1", "https://r.example/v2/a/b/tags/other?x=1"),
        ("//h/t", "https://h/t"),
        ("http://h:8080/t?a=b:c", "http://h:8080/t?a=b:c"),
        ("", "https://r.example/v2/a/b/tags/list?n=1000"),
        ("/p?u=http://x/", "https://r.example/p?u=http://x/"),
    ];
    for (reference, whole) in cases {
        assert_eq!(base.join(reference).unwrap().to_string(), whole, "{reference}");
    }
    assert_eq!(base.join("javascript:alert(1)"), Err(UrlError::Scheme));
    assert_eq!(base.join("/a b"), Err(UrlError::Characters));
}

#[test]
fn logs_hide_unknown_parameters() {
    let url: Url = "https://h/b?n=5&X-Amz-Signature=abc&last=v1&flag&n&a/b=c&".parse().unwrap();
    assert_eq!(
        url.redacted(OWN_PARAMETERS),
        "https://h/b?n=5&X-Amz-Signature=REDACTED&last=v1&REDACTED&n&REDACTED&"
    );
    let foreign = "?n=REDACTED&X-Amz-Signature=REDACTED&last=REDACTED&REDACTED&REDACTED&REDACTED&";
    assert_eq!(url.redacted(&[]), format!("https://h/b{foreign}"));
    assert_eq!(quoted(&url.to_string()), format!("https://h/b{foreign}"));
}

#[test]
fn parameters_are_escaped() {
    let url: Url = "https://h/token?tenant=a".parse().unwrap();
    let url = url.with_parameter("scope", "repository:a/b:pull").with_parameter("x", "ü +");
    assert_eq!(
        url.to_string(),
        "https://h/token?tenant=a&scope=repository%3Aa%2Fb%3Apull&x=%C3%BC%20%2B"
    );
}

#[test]
fn quotes_hide_what_may_be_secret() {
    let cases = [
        ("https://h/t?a=b", "https://h/t?a=REDACTED"),
        ("/v2/a/b?last=x&n=5&sig=abc#x", "/v2/a/b?last=x&n=5&sig=REDACTED"),
        ("https://alice:pw@h/t", "https://***@h/t"),
        ("https://a@b:pw@h:5000/t@x", "https://***@h:5000/t@x"),
        ("//alice@h/", "//***@h/"),
        ("http:/\\alice:pw@h", "http:/\\***@h"),
        ("http:alice:pw@h", "http:***@h"),
        ("ftp://u:p@h", "ftp://***@h"),
        ("\\\\u:p@h\\x", "\\\\***@h\\x"),
        ("?last=x", "?last=x"),
        ("https://h/\u{1b}[31m\n next", "https://h/\\u{1b}[31m next"),
        ("", ""),
    ];
    for (text, shown) in cases {
        assert_eq!(quoted(text), shown, "{text}");
    }
}

#[test]
fn loopback() {
    for host in ["localhost", "LocalHost", "app.localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
        assert!(Origin::new(Scheme::Http, host, None).unwrap().is_loopback(), "{host}");
    }
    for host in ["localhost.evil.example", "128.0.0.1", "[::2]", "lab"] {
        assert!(!Origin::new(Scheme::Http, host, None).unwrap().is_loopback(), "{host}");
    }
}
