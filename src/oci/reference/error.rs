//! What can be wrong with a reference, in docker's words.

use std::fmt;

use super::MAX_PATH;

/// Why a text is not a reference. `Display` gives docker's own wording where docker has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParseError {
    /// The text does not match the grammar.
    InvalidFormat,
    /// The repository path holds upper-case letters; the path as it was read.
    Uppercase(String),
    /// 64 hexadecimal characters and nothing else: docker reserves these for image IDs.
    Identifier(String),
    /// The repository path is longer than 255 bytes.
    TooLong,
    /// A known digest algorithm with the wrong number of digits.
    DigestLength,
    /// Upper-case letters in a digest.
    DigestFormat,
    /// A digest algorithm that is not one of sha256, sha384 and sha512.
    DigestUnsupported,
    /// The text before the first slash looks like a registry and cannot be one.
    InvalidRegistry(String),
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseError::InvalidFormat => write!(f, "invalid reference format"),
            ParseError::Uppercase(path) => {
                write!(f, "invalid reference format: repository name ({path}) must be lowercase")
            }
            ParseError::Identifier(hex) => write!(
                f,
                "invalid repository name ({hex}), cannot specify 64-byte hexadecimal strings"
            ),
            ParseError::TooLong => {
                write!(f, "repository name must not be more than {MAX_PATH} characters")
            }
            ParseError::DigestLength => write!(f, "invalid checksum digest length"),
            ParseError::DigestFormat => write!(f, "invalid checksum digest format"),
            ParseError::DigestUnsupported => write!(f, "unsupported digest algorithm"),
            ParseError::InvalidRegistry(name) => write!(f, "invalid registry name ({name})"),
        }
    }
}

impl std::error::Error for ParseError {}
