//! Blobs: configs, and whatever else a manifest points to.

use super::manifests::wrong_content;
use super::{RegistryRepository, unexpected};
use crate::error::Error;
use crate::http::Method;
use crate::oci::manifest::{Descriptor, verify};

impl RegistryRepository {
    /// The bytes that a descriptor points to, verified: those inside the descriptor itself, else
    /// those of the registry.
    ///
    /// # Errors
    /// [`Error::WrongContent`] for other bytes than the digest promises; a digest that cannot be
    /// checked; more than `limit` bytes; otherwise as for any request.
    pub(crate) fn blob(&self, descriptor: &Descriptor, limit: usize) -> Result<Vec<u8>, Error> {
        // Inline bytes are kept in a descriptor only when they are the right ones.
        if let Some(bytes) = &descriptor.data {
            return Ok(bytes.clone());
        }
        let Some(digest) = descriptor.digest.supported() else {
            let text = crate::system::terminal::server_text(descriptor.digest.as_str());
            return Err(
                self.bad_blob(format!("{self}: unsupported digest algorithm in \"{text}\""))
            );
        };
        let limit = u64::try_from(limit).unwrap_or(u64::MAX);
        let bytes =
            self.send(Method::Get, &format!("blobs/{digest}"), None, |answer| {
                match answer.status() {
                    200..=299 => answer.bytes(limit, "the blob"),
                    404 => Err(Error::NotFoundIn {
                        object: format!("blob {digest}"),
                        name: self.to_string(),
                        hint: "the registry lost it: push the image again".to_owned(),
                    }
                    .into()),
                    _ => Err(unexpected(answer)),
                }
            })?;
        verify(&bytes, digest)
            .map_err(|mismatch| wrong_content(format!("a blob of {self}"), mismatch))?;
        match descriptor.size {
            Some(size) if u64::try_from(bytes.len()) != Ok(size) => Err(self.bad_blob(format!(
                "{self}: blob {digest} has {} bytes, but its manifest says {size}",
                bytes.len()
            ))),
            _ => Ok(bytes),
        }
    }

    fn bad_blob(&self, what: String) -> Error {
        let host = self.registry.session.endpoint().registry.to_string();
        Error::Answer { host, what, hint: "the image is broken: push it again" }
    }
}
