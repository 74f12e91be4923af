//! Lists in pages: tags and the catalog, with the habits of the registries there are.

use serde_json::{Value, json};

use super::{Rules, error};
use crate::support::http::{Request, Response, encode};

/// How a registry pages.
#[derive(Clone, Debug, Default)]
pub(super) struct Paging {
    /// Without `n`: so many; none means everything.
    pub page_size: Option<usize>,
    pub max_n: Option<usize>,
    pub over: Over,
    pub link: Link,
    pub ignore_n: bool,
}

/// What an `n` above the largest does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Over {
    /// 400 PAGINATION_NUMBER_INVALID (distribution).
    #[default]
    Invalid,
    /// 405 UNSUPPORTED (ECR).
    Unsupported,
    /// The largest is used (Quay, distribution 3.1.1).
    Clamp,
}

/// How the next page is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Link {
    /// `</v2/a/tags/list?last=x&n=2>; rel="next"`.
    #[default]
    Relative,
    /// With scheme and host.
    Absolute,
    /// `rel=next`.
    Unquoted,
    /// A path that leads nowhere (Nexus behind a proxy).
    WrongPath,
    /// Not at all (old Gitea).
    Missing,
    /// On every page that is not empty, the last one included (new Gitea).
    Always,
    /// Behind a link to the previous page, in the same field.
    AfterPrevious,
    /// An opaque cursor instead of `last` (old Quay).
    Opaque,
}

impl Rules {
    pub(super) fn tags_list(&self, request: &Request, name: &str) -> Response {
        let Some(repository) = self.repositories.get(name) else {
            return error(404, "NAME_UNKNOWN", "repository name not known to registry");
        };
        let mut document = json!({ "name": name });
        for (key, value) in repository.extra.as_object().into_iter().flatten() {
            document[key] = value.clone();
        }
        if let Some(raw) = &repository.raw_tags {
            document["tags"] = raw.clone();
            return Response::json(200, &document);
        }
        self.paging.answer(request, "tags", &repository.tags, document)
    }

    pub(super) fn catalog(&self, request: &Request) -> Response {
        if !self.catalog.enabled {
            return Response::with_body(404, "text/plain", "404 page not found\n");
        }
        let names: Vec<String> = self.repositories.keys().cloned().collect();
        self.catalog.paging.answer(request, "repositories", &names, json!({}))
    }
}

impl Paging {
    fn answer(
        &self,
        request: &Request,
        member: &str,
        all: &[String],
        mut document: Value,
    ) -> Response {
        let size = match self.size(request) {
            Ok(size) => size.unwrap_or(all.len()),
            Err(response) => return response,
        };
        let start = self.start(request, all);
        let end = start.saturating_add(size).min(all.len());
        let page = &all[start..end];
        document[member] = json!(page);
        let response = Response::json(200, &document);
        let more = end < all.len() || (self.link == Link::Always && !page.is_empty());
        match self.field(request, page.last().filter(|_| more), size, end) {
            Some(field) => response.header("Link", field),
            None => response,
        }
    }

    /// How many entries the page has; none means all of them.
    fn size(&self, request: &Request) -> Result<Option<usize>, Response> {
        let Some(text) = request.param("n").filter(|_| !self.ignore_n) else {
            return Ok(self.page_size.filter(|_| !self.ignore_n));
        };
        let invalid = || error(400, "PAGINATION_NUMBER_INVALID", "invalid number of results");
        let n: usize = text.parse().map_err(|_| invalid())?;
        match self.max_n {
            Some(max) if n > max => match self.over {
                Over::Invalid => Err(invalid()),
                Over::Unsupported => {
                    Err(error(405, "UNSUPPORTED", "Invalid parameter at 'maxResults'"))
                }
                Over::Clamp => Ok(Some(max)),
            },
            _ => Ok(Some(n)),
        }
    }

    /// Where the page starts: after `last`, or at its opaque successor.
    fn start(&self, request: &Request, all: &[String]) -> usize {
        if let Some(cursor) = request.param("next_page") {
            return cursor
                .trim_start_matches("cursor-")
                .parse()
                .map_or(0, |at: usize| at.min(all.len()));
        }
        let Some(last) = request.param("last").filter(|_| !self.ignore_n) else { return 0 };
        match all.iter().position(|one| *one == last) {
            Some(at) => at + 1,
            None => all.iter().position(|one| *one > last).unwrap_or(all.len()),
        }
    }

    fn field(
        &self,
        request: &Request,
        last: Option<&String>,
        size: usize,
        end: usize,
    ) -> Option<String> {
        let last = last?;
        let path = &request.path;
        let query = format!("last={}&n={size}", encode(last));
        Some(match self.link {
            Link::Missing => return None,
            Link::Relative | Link::Always => format!("<{path}?{query}>; rel=\"next\""),
            Link::Absolute => format!("<{}{path}?{query}>; rel=\"next\"", request.origin()),
            Link::Unquoted => format!("<{path}?{query}>; rel=next"),
            Link::WrongPath => {
                format!("<{}/repository/proxy{path}?{query}>; rel=\"next\"", request.origin())
            }
            Link::AfterPrevious => {
                format!(
                    "<{path}?last=0&n={size}>; rel=\"prev\", <{path}?{query}>; title=\"a,b;c\"; REL=\"Next\""
                )
            }
            Link::Opaque => format!("<{path}?n={size}&next_page=cursor-{end}>; rel=\"next\""),
        })
    }
}
