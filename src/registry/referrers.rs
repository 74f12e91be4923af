//! Which manifests of a repository refer to another one: the referrers API.
//!
//! Source: the [OCI distribution specification](https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers).
//! The answer is an image index, in pages that are linked as those of tags are. Registries without
//! the API keep such an index under a tag that clients write, the [`fallback_tag`].

use std::cell::Cell;

use super::pages::{self, Fetched, Next, Page, Reader, Seen, Source, Transport, next_query};
use super::{RegistryRepository, unexpected};
use crate::auth::Call;
use crate::error::Error;
use crate::http::{Answer, Failure, Method};
use crate::oci::manifest::{Content, Descriptor, Document, MAX_MANIFEST_BYTES, MediaType};
use crate::oci::reference::{Digest, Tag};
use crate::oci::url::Origin;

const ACCEPT_INDEX: &str = "application/vnd.oci.image.index.v1+json";
/// The most referrers of one image.
pub(super) const MAX_REFERRERS: usize = 10_000;
/// The most bytes of all pages together: they are kept, with their annotations.
const MAX_BYTES: u64 = 16 << 20;

/// The tag that stands in for the API: algorithm and digits, cut at 32 and 64 characters.
pub(crate) fn fallback_tag(subject: &Digest) -> Option<Tag> {
    let (algorithm, hex) = (subject.algorithm(), subject.hex());
    let cut = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    format!("{}-{}", cut(algorithm, 32), cut(hex, 64)).parse().ok()
}

impl RegistryRepository {
    /// What refers to a manifest, in the server's order, each once. `None`: the registry does not
    /// have the API.
    ///
    /// # Errors
    /// Whatever keeps the list from being whole; more than 10,000 referrers.
    pub(crate) fn referrers(&self, subject: &Digest) -> Result<Option<Vec<Descriptor>>, Error> {
        let transport = Requests {
            repository: self,
            path: format!("/v2/{}/referrers/{subject}", self.path()),
            has_answered: Cell::new(false),
            is_unsupported: Cell::new(false),
        };
        let origin = &self.registry.session.endpoint().origin;
        let mut list = Referrers { origin, found: Vec::new(), bytes: 0 };
        match pages::walk(&transport, &mut list) {
            Ok(_) => Ok(Some(list.found)),
            Err(_) if transport.is_unsupported.get() => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The requests for the pages.
struct Requests<'a> {
    repository: &'a RegistryRepository,
    path: String,
    /// A page came: the registry has the API.
    has_answered: Cell<bool>,
    is_unsupported: Cell<bool>,
}

impl Transport for Requests<'_> {
    fn get(
        &self,
        query: &str,
        read: &mut dyn FnMut(&mut Answer) -> Result<(), Failure>,
    ) -> Result<Option<Error>, Error> {
        let (method, query) = (Method::Get, Some(query).filter(|query| !query.is_empty()));
        let accept = Some(ACCEPT_INDEX);
        let resource = &self.repository.resource;
        let call = Call { method, path: &self.path, query, accept, resource };
        self.repository.registry.session.send(&call, |answer| match answer.status() {
            200 if is_index(answer) => read(answer).map(|()| {
                self.has_answered.set(true);
                None
            }),
            // A page for people, of a server that knows no such path.
            200 if !self.has_answered.get() => Ok(Some(self.unsupported(answer))),
            404 => Ok(Some(self.unsupported(answer))),
            400 | 405 | 406 | 410 | 501 if !self.has_answered.get() => {
                Ok(Some(self.unsupported(answer)))
            }
            _ => Err(unexpected(answer)),
        })
    }

    fn host(&self) -> String {
        self.repository.registry.session.endpoint().registry.to_string()
    }

    fn warn(&self, text: &str) {
        self.repository.registry.session.warn(text);
    }
}

impl Requests<'_> {
    fn unsupported(&self, answer: &Answer) -> Error {
        self.is_unsupported.set(!self.has_answered.get());
        let (host, status) = (answer.host(), answer.status());
        Error::Server { host, status, detail: None }
    }
}

fn is_index(answer: &Answer) -> bool {
    let media_type = MediaType::normalized(&answer.content_type());
    media_type.is_index() || media_type.is_generic()
}

/// The list while it is read.
struct Referrers<'a> {
    origin: &'a Origin,
    found: Vec<Descriptor>,
    bytes: u64,
}

impl Source for Referrers<'_> {
    fn first_query(&self) -> String {
        String::new()
    }

    fn read(
        &mut self,
        answer: &mut Answer,
        page: &mut Page,
        seen: &mut Seen,
    ) -> Result<(), Failure> {
        const WHAT: &str = "the list of referrers";
        page.next = next_query(answer, self.origin)?;
        let limit = u64::try_from(MAX_MANIFEST_BYTES).unwrap_or(u64::MAX);
        let bytes = answer.bytes(limit, WHAT)?;
        self.bytes = self.bytes.saturating_add(answer.bytes_read());
        let too_large = |limit: String| Error::TooLarge { host: answer.host(), what: WHAT, limit };
        if self.bytes > MAX_BYTES {
            return Err(too_large(format!("{} MiB", MAX_BYTES >> 20)).into());
        }
        let broken = |why: &str| Error::Answer {
            host: answer.host(),
            what: format!("{WHAT} cannot be read: {why}"),
            hint: "report this to the registry's operator; -v shows every request",
        };
        let document = Document::parse(Some(&answer.content_type()), &bytes)
            .map_err(|why| broken(&why.to_string()))?;
        let Content::Index(index) = document.content else {
            return Err(broken("it is not an image index").into());
        };
        for entry in index.manifests {
            page.entries += 1;
            if page.add(seen, entry.digest.as_str()) {
                self.found.push(entry);
            }
        }
        if self.found.len() > MAX_REFERRERS {
            return Err(too_large(format!("{MAX_REFERRERS} entries")).into());
        }
        Ok(())
    }

    fn page(&mut self, reader: &mut Reader<'_>, query: &str) -> Result<Fetched, Error> {
        reader.fetch(self, query)
    }

    fn next(&mut self, _: &mut Reader<'_>, page: Page) -> Result<Next, Error> {
        Ok(page.next.map_or(Next::End, Next::Page))
    }

    fn count(&self) -> usize {
        self.found.len()
    }

    fn rewind(&mut self, count: usize) -> bool {
        self.found.truncate(count);
        if count == 0 {
            self.bytes = 0;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fallback_tags_are_cut_as_the_specification_says() {
        let tag = |algorithm: &str, digits: usize| {
            let digest = format!("{algorithm}:{}", "a".repeat(digits)).parse().unwrap();
            fallback_tag(&digest).unwrap().to_string()
        };
        assert_eq!(tag("sha256", 64), format!("sha256-{}", "a".repeat(64)));
        assert_eq!(tag("sha512", 128), format!("sha512-{}", "a".repeat(64)));
    }
}
