//! The grammar of references, rule by rule, over ASCII text.

/// docker's rule for the text before the first slash.
pub(super) fn looks_like_domain(first: &str) -> bool {
    first == "localhost"
        || first.contains(['.', ':'])
        || first.bytes().any(|b| b.is_ascii_uppercase())
}

/// `docker://` is skopeo's way to write a reference to a registry; users paste it.
pub(super) fn strip_transport(text: &str) -> &str {
    text.strip_prefix("docker://").unwrap_or(text)
}

pub(super) fn is_identifier(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

pub(super) fn is_domain(text: &str) -> bool {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((address, port)) => {
                let ok = !address.is_empty()
                    && address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':');
                return ok && (port.is_empty() || port.strip_prefix(':').is_some_and(is_port));
            }
            None => return false,
        },
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    host.split('.').all(is_label) && port.is_none_or(is_port)
}

fn is_port(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

pub(super) fn is_path(text: &str) -> bool {
    text.split('/').all(is_path_component)
}

/// `alnum *( sep alnum )`, sep being one dot, one or two underscores, or any number of dashes.
fn is_path_component(component: &str) -> bool {
    let is_alnum = |b: &u8| b.is_ascii_digit() || b.is_ascii_lowercase();
    let mut rest = component.as_bytes();
    loop {
        let word = rest.iter().take_while(|b| is_alnum(b)).count();
        if word == 0 {
            return false;
        }
        rest = &rest[word..];
        if rest.is_empty() {
            return true;
        }
        let separator = rest.iter().take_while(|b| !is_alnum(b)).count();
        match &rest[..separator] {
            b"." | b"_" | b"__" => {}
            dashes if dashes.iter().all(|&b| b == b'-') => {}
            _ => return false,
        }
        rest = &rest[separator..];
    }
}

/// `word *( [-_+.] word )`, word being a letter and then letters or digits.
pub(super) fn is_digest_algorithm(text: &str) -> bool {
    text.split(['-', '_', '+', '.']).all(|word| {
        word.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && word.bytes().all(|b| b.is_ascii_alphanumeric())
    })
}
