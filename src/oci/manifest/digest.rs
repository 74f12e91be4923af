//! Content digests: the names by which a registry's bytes can be checked.

use std::fmt;
use std::str::FromStr;

use sha2::Digest as _;

use crate::oci::reference::Digest;

/// A digest algorithm that this program can compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-256, which registries use.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// The name as digests write it, such as `sha256`.
    pub fn as_str(self) -> &'static str {
        match self {
            Algorithm::Sha256 => "sha256",
            Algorithm::Sha384 => "sha384",
            Algorithm::Sha512 => "sha512",
        }
    }

    /// The algorithm of a digest.
    pub fn of(digest: &Digest) -> Self {
        digest.algorithm().parse().expect("a Digest has one of the three algorithms")
    }
}

impl FromStr for Algorithm {
    type Err = crate::oci::reference::ParseError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "sha256" => Ok(Algorithm::Sha256),
            "sha384" => Ok(Algorithm::Sha384),
            "sha512" => Ok(Algorithm::Sha512),
            _ => Err(crate::oci::reference::ParseError::DigestUnsupported),
        }
    }
}

/// Bytes that do not hash to the digest they should have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The digest that was asked for.
    pub expected: Digest,
    /// The digest of the bytes that came.
    pub computed: Digest,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "wrong content: expected {}, computed {}", self.expected, self.computed)
    }
}

impl std::error::Error for Mismatch {}

/// The digest of bytes.
pub(crate) fn content_digest(bytes: &[u8], algorithm: Algorithm) -> Digest {
    let hash = match algorithm {
        Algorithm::Sha256 => hex(&sha2::Sha256::digest(bytes)),
        Algorithm::Sha384 => hex(&sha2::Sha384::digest(bytes)),
        Algorithm::Sha512 => hex(&sha2::Sha512::digest(bytes)),
    };
    let text = format!("{}:{hash}", algorithm.as_str());
    text.parse().expect("a hash in lower-case hexadecimal is a digest")
}

/// Checks that bytes have a digest, whichever algorithm it uses.
///
/// A signed schema 1 manifest is checked by [`Document::verify`](super::Document::verify) instead.
pub(crate) fn verify(bytes: &[u8], expected: &Digest) -> Result<(), Mismatch> {
    let computed = content_digest(bytes, Algorithm::of(expected));
    if computed == *expected {
        Ok(())
    } else {
        Err(Mismatch { expected: expected.clone(), computed })
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
