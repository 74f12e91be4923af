//! The limit of pulls that Docker Hub's registry reports.
//!
//! It is in the headers of every manifest's answer, and a HEAD does not count as a pull: so asking is free.
//! Source: [Docker's usage and limits](https://docs.docker.com/docker-hub/usage/pulls/).

use super::{RateLimit, Registry, not_found, unexpected};
use crate::auth::{Call, Resource};
use crate::error::Error;
use crate::http::Method;
use crate::system::terminal::server_text;

/// The repository that Docker keeps for this question.
const REPOSITORY: &str = "ratelimitpreview/test";

/// What the registry reports; every part may be missing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct PullLimit {
    /// How many pulls the window allows.
    pub limit: Option<u64>,
    /// How many are left.
    pub remaining: Option<u64>,
    /// The window's length in seconds.
    pub window: Option<u64>,
    /// Who is counted: an IP address, or an account's identifier. Safe to print.
    pub source: Option<String>,
}

impl Registry {
    /// Asks for the limit of pulls. Without one (a paid plan, another registry) all is `None`.
    ///
    /// # Errors
    /// As for any request.
    pub(crate) fn pull_limit(&self) -> Result<PullLimit, Error> {
        let repository = REPOSITORY.parse().map_err(|source| {
            let input = REPOSITORY.to_owned();
            Error::Reference { input, source }
        })?;
        let resource = Resource::Repository(repository, false);
        let path = format!("/v2/{REPOSITORY}/manifests/latest");
        let (method, query, accept) = (Method::Head, None, None);
        let call = Call { method, path: &path, query, accept, resource: &resource };
        let registry = &self.session.endpoint().registry;
        self.session.send(&call, |answer| match answer.status() {
            200..=299 => Ok(read(&RateLimit::of(answer))),
            404 => Err(not_found(
                &self.session,
                answer,
                &format!("repository {registry}/{REPOSITORY}"),
            )
            .into()),
            _ => Err(unexpected(answer)),
        })
    }
}

fn read(headers: &RateLimit) -> PullLimit {
    let (limit, window) = value_and_window(headers.limit.as_deref());
    let (remaining, other_window) = value_and_window(headers.remaining.as_deref());
    let source = headers.source.as_deref().map(server_text);
    let source = source.filter(|source| !source.is_empty());
    PullLimit { limit, remaining, window: window.or(other_window), source }
}

/// Reads `100;w=21600`.
fn value_and_window(header: Option<&str>) -> (Option<u64>, Option<u64>) {
    let mut parts = header.unwrap_or_default().split(';').map(str::trim);
    let value = parts.next().and_then(|value| value.parse().ok());
    (value, parts.find_map(|part| part.strip_prefix("w=")?.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use super::value_and_window;

    #[test]
    fn headers() {
        let cases = [
            (Some("100;w=21600"), (Some(100), Some(21600))),
            (Some("76 ; x=1; w=3600"), (Some(76), Some(3600))),
            (Some("0"), (Some(0), None)),
            (Some("-1;w=x"), (None, None)),
            (Some(""), (None, None)),
            (None, (None, None)),
        ];
        for (header, expected) in cases {
            assert_eq!(value_and_window(header), expected, "{header:?}");
        }
    }
}
