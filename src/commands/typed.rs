//! A name as it was typed or pasted, before it is read as a reference.

use std::borrow::Cow;

use crate::error::Error;
use crate::oci::layout::LayoutName;
use crate::oci::reference::{is_lone_registry, pasted};

/// The name that is meant: an address from a browser becomes the name that it stands for.
///
/// # Errors
/// A layout; the name of a registry alone, which docker would take for a repository on Docker Hub.
pub(super) fn repository_name(text: &str) -> Result<Cow<'_, str>, Error> {
    if LayoutName::parse(text).is_some() {
        return Err(Error::usage(
            format!("\"{text}\" is an OCI layout on this machine; this command asks a registry"),
            format!("for a repository of this name: docker.io/library/{text}"),
        ));
    }
    let name = pasted(text).map_or(Cow::Borrowed(text), Cow::Owned);
    if is_lone_registry(&name) {
        return Err(Error::usage(
            format!("\"{name}\" is a registry, not a repository"),
            format!(
                "to list its repositories: docker tags repos {name}; to test the connection: \
                 docker tags check {name}"
            ),
        ));
    }
    Ok(name)
}
