//! Which repositories a registry has: its catalog, or the children of a repository.
//!
//! Many registries keep their catalog to themselves. Google's, in exchange, list what lies below
//! a repository together with its tags ([`child`](https://cloud.google.com/container-registry)),
//! so that a part of such a registry can be walked.

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Registry, Sink, not_found, pages, unexpected};
use crate::auth::{Call, Resource};
use crate::error::Error;
use crate::http::{Failure, Method};
use crate::oci::reference::Repository;

/// The most that is read of a list with children.
const MAX_LIST: u64 = 32 * 1024 * 1024;

/// A place in the tree of repositories.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// Whether it is a repository itself: it has tags or manifests.
    pub has_content: bool,
    /// What lies directly below it; `None` where the registry does not say.
    pub children: Option<Vec<Repository>>,
}

/// The members of `tags/list` that matter here; those that are no lists count as missing.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    tags: serde_json::Value,
    #[serde(default)]
    manifest: Option<std::collections::HashMap<String, IgnoredAny>>,
    child: Option<Vec<serde_json::Value>>,
}

impl Registry {
    /// Passes the path of every repository that the registry's catalog lists to `sink`, in the
    /// server's order, over all pages. `first` is how many are wanted at all.
    ///
    /// Entries that are no repository's path are skipped and counted; the count is the result.
    ///
    /// # Errors
    /// [`Error::CatalogRefused`] and [`Error::LoginNeeded`] where the registry gives no list;
    /// otherwise as for [`Registry::tags`].
    pub(crate) fn catalog(
        &self,
        first: Option<usize>,
        sink: &mut dyn Sink,
    ) -> Result<usize, Error> {
        let list = pages::List {
            path: "/v2/_catalog".to_owned(),
            member: "repositories",
            object: format!("the catalog of {}", self.session.endpoint().registry),
            resource: Resource::Catalog,
            is_entry: |text| text.parse::<Repository>().is_ok(),
            first,
        };
        pages::walk(&self.session, &list, sink).map_err(|error| match error {
            // Not there, not allowed, not understood: in the end, no list.
            Error::NotFound { .. } | Error::Server { status: 400..=499 | 501, .. } => {
                self.session.catalog_refused()
            }
            error => error,
        })
    }

    /// What lies below a path, where the registry says so in its list of tags.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown path; otherwise as for any request.
    pub(crate) fn children(&self, path: &Repository) -> Result<Node, Error> {
        let resource = Resource::Repository(path.clone(), false);
        let (url, accept) = (format!("/v2/{path}/tags/list"), Some("application/json"));
        let (method, query) = (Method::Get, None);
        let call = Call { method, path: &url, query, accept, resource: &resource };
        let object = format!("repository {}", self.name(path));
        self.session.send(&call, |answer| {
            match answer.status() {
                200 => {}
                404 => return Err(not_found(&self.session, answer, &object).into()),
                _ => return Err(unexpected(answer)),
            }
            let body = answer.bytes(MAX_LIST, "the list")?;
            read_node(path, &body).ok_or_else(|| {
                Failure::from(Error::Answer {
                    host: answer.host(),
                    what: "this is not a registry's list".to_owned(),
                    hint: "is this a container registry? A proxy may stand in between",
                })
            })
        })
    }
}

/// Reads the answer of `tags/list`. Children that are no path are left out.
fn read_node(path: &Repository, body: &[u8]) -> Option<Node> {
    let document: Document = serde_json::from_slice(body).ok()?;
    let below = |child: &serde_json::Value| format!("{path}/{}", child.as_str()?).parse().ok();
    Some(Node {
        has_content: document.tags.as_array().is_some_and(|tags| !tags.is_empty())
            || document.manifest.is_some_and(|manifests| !manifests.is_empty()),
        children: document.child.map(|names| names.iter().filter_map(below).collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes() {
        let path: Repository = "project/images".parse().unwrap();
        let repository = |text: &str| text.parse::<Repository>().unwrap();
        let cases = [
            (
                r#"{"child":["a","b/c","../x",7,null,""],"tags":[],"manifest":{}}"#,
                false,
                Some(vec![repository("project/images/a"), repository("project/images/b/c")]),
            ),
            (r#"{"child":[],"tags":["1"]}"#, true, Some(vec![])),
            (r#"{"tags":null,"manifest":{"sha256:x":{"tag":[]}},"child":null}"#, true, None),
            (r#"{"name":"x","tags":["1"]}"#, true, None),
            ("{}", false, None),
        ];
        for (body, has_content, children) in cases {
            assert_eq!(read_node(&path, body.as_bytes()), Some(Node { has_content, children }));
        }
        for body in ["", "[]", "<html>", r#"{"child":"x"}"#, r#"{"manifest":7}"#] {
            assert_eq!(read_node(&path, body.as_bytes()), None, "{body}");
        }
    }
}
