//! The OCI documents and names as values: reference, digest, media type, manifest, index, config,
//! platform; and URLs.
//!
//! Pure: text in, values out. It knows no registry, no file, no clock.

pub(crate) mod attestation;
pub(crate) mod layout;
pub(crate) mod manifest;
pub(crate) mod platform;
pub(crate) mod reference;
pub(crate) mod url;
