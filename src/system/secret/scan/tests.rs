//! Every encoding that servers were seen to use, alone and on top of others; what is not a secret; bounds.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

use super::*;

const SECRET: &str = "p\u{e4}ss \"w/\\<&+%40=";

fn hide(text: &str) -> String {
    hide_of(&[SECRET], text)
}

fn hide_of(secrets: &[&str], text: &str) -> String {
    let mut needles = Needles::default();
    secrets.iter().for_each(|secret| needles.add(secret));
    needles.hide(text).unwrap_or_else(|| text.to_owned())
}

fn percent(text: &str, form: bool, lower: bool, is_kept: impl Fn(usize, u8) -> bool) -> String {
    let mut encoded = String::new();
    for (index, byte) in text.bytes().enumerate() {
        match byte {
            b' ' if form => encoded.push('+'),
            _ if byte.is_ascii() && is_kept(index, byte) => encoded.push(char::from(byte)),
            _ if lower => encoded.push_str(&format!("%{byte:02x}")),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn html(text: &str) -> String {
    let names = [("&", "&amp;"), ("<", "&lt;"), ("\"", "&#34;"), ("+", "&#x2B;"), ("=", "&#61;")];
    names.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// JSON as Go writes it: with angle brackets and ampersands escaped, and all else that may be.
fn json(text: &str) -> String {
    let escape = |c: char| match c {
        '"' | '\\' | '/' => format!("\\{c}"),
        '<' | '&' | '\u{80}'.. => {
            let mut units = [0; 2];
            c.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")).collect()
        }
        _ => c.to_string(),
    };
    text.chars().map(escape).collect()
}

#[test]
fn one_layer() {
    let unreserved = |_, byte: u8| byte.is_ascii_alphanumeric();
    let spellings = [
        SECRET.to_owned(),
        percent(SECRET, false, false, unreserved),
        percent(SECRET, true, true, unreserved),
        percent(SECRET, false, false, |_, _| false),
        percent(SECRET, true, false, |index, byte| index % 2 == 0 && byte != b'%'),
        html(SECRET),
        json(SECRET),
        format!("{SECRET:?}").trim_matches('"').to_owned(),
        SECRET.escape_unicode().to_string(),
        SECRET.bytes().map(|byte| format!("\\x{byte:02x}")).collect(),
        SECRET.bytes().map(|byte| format!("\\{byte:03o}")).collect(),
    ];
    for spelling in &spellings {
        assert_eq!(hide(&format!("<{spelling}> and {spelling}")), "<***> and ***", "{spelling}");
    }
}

#[test]
fn several_layers() {
    let unreserved = |_, byte: u8| byte.is_ascii_alphanumeric();
    let percent = |text: &str| percent(text, false, false, unreserved);
    for spelling in [
        json(&percent(SECRET)),
        percent(&json(SECRET)),
        html(&json(SECRET)),
        json(&json(SECRET)),
        json(&json(&json(SECRET))),
        percent(&percent(SECRET)),
        html(&percent(&json(SECRET))),
    ] {
        assert_eq!(hide(&format!("said {spelling}!")), "said ***!", "{spelling}");
    }
}

#[test]
fn base64_at_every_alignment() {
    let engines = [&BASE64_STANDARD, &BASE64_STANDARD_NO_PAD, &BASE64_URL_SAFE_NO_PAD];
    for engine in engines {
        for before in ["", "a", "ab", "alice:", "user-name:"] {
            for after in ["", "!", "??", "\n", ", and more of it"] {
                for secret in [SECRET, "hunter", "~~~~~~~~", "???????\u{ff}"] {
                    let encoded = engine.encode(format!("{before}{secret}{after}"));
                    for text in [
                        encoded.clone(),
                        json(&encoded),
                        percent(&encoded, false, true, |_, b| b != b'=' && b != b'/'),
                    ] {
                        let hidden = hide_of(&[secret], &format!("it was {text}."));
                        assert!(hidden.contains("***"), "{text}: {hidden}");
                        // What is left tells nothing of the secret's bytes.
                        let left: Vec<_> = hidden.split("***").collect();
                        assert!(
                            left[0].len() <= "it was ".len() + before.len() * 4 / 3,
                            "{hidden}"
                        );
                        assert!(left[1].len() <= 8 + after.len() * 4, "{hidden}");
                    }
                }
            }
        }
    }
    let long = "x".repeat(500) + "the end";
    let encoded = BASE64_STANDARD.encode(format!("u:{long}"));
    assert_eq!(hide_of(&[&long], &encoded).len(), "***".len() + 2);
}

#[test]
fn long_tokens_are_hidden_to_their_end() {
    let head = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6IjEyMzQ1Njc4OTAiLCJ4IjoieSJ9";
    let token = format!("{head}.{}/==", "abc-_~+".repeat(50));
    assert_eq!(hide_of(&[&token], &format!("token {token}, or")), "token ***, or");
    let encoded = percent(&token, false, false, |_, byte| byte.is_ascii_alphanumeric());
    assert_eq!(hide_of(&[&token], &format!("?t={encoded}&n=1")), "?t=***&n=1");
    // Cut short by whoever quotes it.
    assert_eq!(hide_of(&[&token], &format!("token {}…", &token[..100])), "token ***…");
    let key = format!("{{\"type\": \"service_account\", \"key\": \"{}\\n\"}}", "k y".repeat(99));
    assert_eq!(hide_of(&[&key], &format!("bad key {}.", json(&key))), "bad key ***.");
}

#[test]
fn what_is_no_secret_stays() {
    for text in [
        "",
        "no secret at all",
        "100 % of \\ & + things &; &#; &#x; &#99999999; \\u12 \\ud800 \\u{} \\u{110000} %4 %zz \\",
        "p\u{e4}ss \"w/\\<&+%40",
        "https://h.example/v2/a/b?n=1&last=x%2Fy",
    ] {
        assert_eq!(hide(text), text);
    }
    assert_eq!(
        hide_of(&["hunter2", "hunter2-and-more"], "<hunter2> hunter2-and-more"),
        "<***> ***"
    );
    assert_eq!(hide_of(&["aXbXcX", "XbXcXd"], "-aXbXcXd-"), "-***-");
}

/// A service may choose its tokens so that its texts nearly match them everywhere.
#[test]
fn the_work_is_bounded() {
    let token = format!("{}!", "a".repeat(60_000));
    let text = "a".repeat(64 * 1024);
    let started = std::time::Instant::now();
    assert_eq!(hide_of(&[&token], &text), "***");
    let escapes = "%25".repeat(20_000) + "x";
    hide_of(&[&format!("{}!", "%25".repeat(100))], &escapes);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}
