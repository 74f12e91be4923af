//! Reading a platform as users type it: `linux/arm64`, `arm64`, `linux`, `local`,
//! `windows(10.0.17763)/amd64`.

use std::fmt;
use std::str::FromStr;

use super::{Platform, local_os, normalize_architecture, normalize_os};

/// A text that is not a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError(String);

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid platform {:?}, expected os/arch[/variant], such as linux/arm64", self.0)
    }
}

impl std::error::Error for ParseError {}

/// Operating systems that may be given alone.
const SYSTEMS: [&str; 17] = [
    "aix",
    "android",
    "darwin",
    "dragonfly",
    "freebsd",
    "hurd",
    "illumos",
    "ios",
    "js",
    "linux",
    "nacl",
    "netbsd",
    "openbsd",
    "plan9",
    "solaris",
    "windows",
    "zos",
];

/// Architectures that may be given alone.
const ARCHITECTURES: [&str; 24] = [
    "386",
    "amd64",
    "amd64p32",
    "arm",
    "armbe",
    "arm64",
    "arm64be",
    "ppc64",
    "ppc64le",
    "loong64",
    "mips",
    "mipsle",
    "mips64",
    "mips64le",
    "mips64p32",
    "mips64p32le",
    "ppc",
    "riscv",
    "riscv64",
    "s390",
    "s390x",
    "sparc",
    "sparc64",
    "wasm",
];

/// A system alone gets this machine's architecture, an architecture alone the system of this
/// machine's containers; `local` is [`Platform::local`].
impl FromStr for Platform {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text == "local" {
            return Ok(Platform::local());
        }
        parse(text).ok_or_else(|| ParseError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Platform> {
    let parts: Vec<&str> = text.split('/').collect();
    if !parts[1..].iter().all(|part| is_word(part, "_.-")) {
        return None;
    }
    // A lone architecture may have a dot or not, but never options.
    let mut platform = system(parts[0])?;
    match parts[..] {
        [_] if SYSTEMS.contains(&platform.os.as_str()) => {
            let local = Platform::local();
            platform.architecture = local.architecture;
        }
        [architecture] => {
            let (architecture, variant) = normalize_architecture(architecture, "");
            platform = Platform { os: local_os().to_owned(), ..Platform::default() };
            set_architecture(&mut platform, architecture, variant);
            if !ARCHITECTURES.contains(&platform.architecture.as_str()) {
                return None;
            }
        }
        [_, architecture] => {
            let (architecture, variant) = normalize_architecture(architecture, "");
            set_architecture(&mut platform, architecture, variant);
        }
        [_, architecture, variant] => {
            (platform.architecture, platform.variant) =
                normalize_architecture(architecture, variant);
            if platform.architecture == "arm64" && platform.variant.is_empty() {
                "v8".clone_into(&mut platform.variant);
            }
        }
        _ => return None,
    }
    Some(platform)
}

/// Without a variant in the text, `arm` stays without one; it means v7 when it is compared.
fn set_architecture(platform: &mut Platform, architecture: String, variant: String) {
    platform.variant =
        if architecture == "arm" && variant == "v7" { String::new() } else { variant };
    platform.architecture = architecture;
}

/// `os` or `os(version+feature+feature)`.
fn system(text: &str) -> Option<Platform> {
    let (os, options) = match text.split_once('(') {
        Some((os, rest)) => (os, rest.strip_suffix(')')?),
        None => (text, ""),
    };
    if !is_word(os, "_-") {
        return None;
    }
    let mut options = options.split('+');
    let version = option(options.next().unwrap_or_default())?;
    let mut features = Vec::new();
    for text in options {
        features.push(option(text).filter(|feature| !feature.is_empty())?);
    }
    Some(Platform {
        os: normalize_os(os),
        os_version: version,
        os_features: features,
        ..Platform::default()
    })
}

/// A version or feature, percent-decoded.
fn option(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some(String::new());
    }
    if !is_word(text, "_.%-") {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut pieces = text.split('%');
    bytes.extend_from_slice(pieces.next().unwrap_or_default().as_bytes());
    for piece in pieces {
        let (hex, rest) = piece.split_at_checked(2)?;
        if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        bytes.push(u8::from_str_radix(hex, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

/// The reverse of [`option`]: hides the characters that have a meaning in a platform's text.
pub(super) fn encode_option(text: &str) -> String {
    text.replace('%', "%25")
        .replace('+', "%2B")
        .replace('(', "%28")
        .replace(')', "%29")
        .replace('/', "%2F")
}

fn is_word(text: &str, others: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}
