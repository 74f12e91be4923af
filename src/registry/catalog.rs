//! Which repositories a registry has: its catalog, or the children of a repository.
//!
//! Many registries keep their catalog to themselves. Google's, in exchange, list what is below
//! a repository together with its tags ([`child`](https://cloud.google.com/container-registry)),
//! so that a part of such a registry can be walked.

use std::fmt;
use std::io::BufReader;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::pages::{List, MAX_PAGE, document_failure};
use super::{Registry, Sink, not_found, unexpected};
use crate::auth::{Call, Resource};
use crate::error::Error;
use crate::http::Method;
use crate::oci::reference::Repository;

/// The most children of one repository that are looked at.
const MAX_CHILDREN: usize = 20_001;
/// The longest name of a child that can be a path.
const MAX_NAME: usize = 255;

/// A place in the tree of repositories.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Node {
    /// Whether it is a repository itself: it has tags or manifests.
    pub has_content: bool,
    /// What is directly below it; `None` where the registry does not say.
    pub children: Option<Vec<Repository>>,
}

/// The members of `tags/list` that matter here.
#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    tags: Filled,
    #[serde(default)]
    manifest: Filled,
    child: Option<Names>,
}

impl Registry {
    /// Passes the path of every repository that the registry's catalog lists to `sink`, in the
    /// server's order, over all pages. `first` is how many are wanted at all.
    ///
    /// Entries that are not a repository's path are skipped and counted; the count is the result.
    ///
    /// # Errors
    /// [`Error::CatalogRefused`] and [`Error::LoginNeeded`] where the registry gives no list;
    /// otherwise as for a repository's tags.
    pub(crate) fn catalog(
        &self,
        first: Option<usize>,
        sink: &mut dyn Sink,
    ) -> Result<usize, Error> {
        let list = List {
            member: "repositories",
            object: format!("the catalog of {}", self.session.endpoint().registry),
            is_entry: |text| text.parse::<Repository>().is_ok(),
            first,
            origin: &self.session.endpoint().origin,
        };
        self.walk("/v2/_catalog", &Resource::Catalog, &list, sink).map_err(|error| match error {
            // Not there, not allowed, not understood: in the end, no list.
            Error::NotFound { .. } | Error::Server { status: 400..=499 | 501, .. } => {
                self.session.catalog_refused(None)
            }
            error => error,
        })
    }

    /// What is below a path, where the registry says so in its list of tags.
    ///
    /// # Errors
    /// [`Error::NotFound`] for an unknown path; otherwise as for any request.
    pub(crate) fn children(&self, path: &Repository) -> Result<Node, Error> {
        let resource = Resource::Repository(path.clone(), false);
        let (url, accept) = (format!("/v2/{path}/tags/list"), Some("application/json"));
        let (method, query) = (Method::Get, None);
        let call = Call { method, path: &url, query, accept, resource: &resource };
        let object = format!(
            "repository {}",
            self.session.endpoint().registry.to_string() + "/" + path.as_str()
        );
        self.session.send(&call, |answer| {
            match answer.status() {
                200 => {}
                404 => return Err(not_found(&self.session, answer, &object).into()),
                _ => return Err(unexpected(answer)),
            }
            let document = Document::deserialize(&mut serde_json::Deserializer::from_reader(
                BufReader::new(answer.reader(MAX_PAGE)),
            ));
            match document {
                Ok(document) => Ok(Node::of(path, document)),
                Err(error) => Err(document_failure(answer, error, "the list")),
            }
        })
    }
}

impl Node {
    /// Children that are not a path are left out.
    fn of(path: &Repository, document: Document) -> Self {
        let below = |child: String| format!("{path}/{child}").parse().ok();
        Node {
            has_content: document.tags.0 || document.manifest.0,
            children: document.child.map(|names| names.0.into_iter().filter_map(below).collect()),
        }
    }
}

/// Whether a list or a map has anything in it.
#[derive(Default)]
struct Filled(bool);

impl<'de> Deserialize<'de> for Filled {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = Filled;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a list or a map")
            }

            fn visit_unit<E>(self) -> Result<Filled, E> {
                Ok(Filled(false))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Filled, A::Error> {
                let mut any = false;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    any = true;
                }
                Ok(Filled(any))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Filled, A::Error> {
                let mut any = false;
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
                    any = true;
                }
                Ok(Filled(any))
            }
        }
        deserializer.deserialize_any(Look)
    }
}

/// A list of names, as far as they can be names and are not too many.
struct Names(Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Look;
        impl<'de> Visitor<'de> for Look {
            type Value = Names;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(text) = list.next_element::<Box<RawValue>>()? {
                    let text = Some(text.get()).filter(|text| text.len() <= MAX_NAME);
                    if names.len() < MAX_CHILDREN {
                        names.extend(text.and_then(|text| serde_json::from_str(text).ok()));
                    }
                }
                Ok(Names(names))
            }
        }
        deserializer.deserialize_seq(Look)
    }
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
            let document = serde_json::from_str(body).unwrap();
            assert_eq!(Node::of(&path, document), Node { has_content, children });
        }
        for body in ["", "[]", "<html>", r#"{"child":"x"}"#, r#"{"manifest":7}"#] {
            assert!(serde_json::from_str::<Document>(body).is_err(), "{body}");
        }
    }
}
