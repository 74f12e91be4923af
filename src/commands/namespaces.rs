//! `namespaces`: where the login may have repositories on Docker Hub.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use super::context::Context;
use crate::error::Error;
use crate::oci::reference::Registry;
use crate::output::{Column, Format, Look, Row, Writer};
use crate::registry::hub::Namespace;

const EXAMPLES: &str = "\
Examples:
  docker tags namespaces
  docker tags namespaces --format table
  docker tags namespaces | xargs -n 1 docker tags repos";

/// List your Docker Hub namespaces.
///
/// These are your user name and your organizations. Uses the credentials of `docker login`, or
/// those of the profile.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// A namespace.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NamespaceRow {
    namespace: String,
    /// `user` or `organization`.
    kind: &'static str,
}

impl Row for NamespaceRow {
    const COLUMNS: &'static [Column] =
        &[Column { key: "Namespace", header: "NAMESPACE" }, Column { key: "Kind", header: "KIND" }];

    fn cells(&self, _look: &Look) -> Vec<String> {
        vec![self.namespace.clone(), self.kind.to_owned()]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.namespace)
    }
}

/// Runs the command.
///
/// # Errors
/// No login, or one that Docker Hub refuses.
pub(crate) fn run(_args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let format = context.format(Format::Plain)?;
    let mut writer = Writer::new(out, &format, context.look())?;
    let profile = context.resolve_registry(&Registry::docker_hub())?.profile;
    let hub = context.hub(&profile)?;
    let (own, is_organisation) = hub.user()?;
    let mut organisations = Vec::new();
    if !is_organisation {
        organisations = match hub.organisations() {
            Ok(names) => names,
            Err(
                error @ (Error::Forbidden { .. }
                | Error::NotFound { .. }
                | Error::Server { status: 400..=499, .. }),
            ) => {
                let text =
                    format!("the list may be incomplete: cannot list organizations: {error}");
                context.reporter.warn(&text);
                Vec::new()
            }
            Err(error) => return Err(error),
        };
    }
    organisations.retain(|name| *name != own);
    organisations.sort();
    organisations.dedup();
    let row = |name: &Namespace, kind| NamespaceRow { namespace: name.to_string(), kind };
    let first = if is_organisation { "organization" } else { "user" };
    writer.write_row(&row(&own, first))?;
    for name in &organisations {
        writer.write_row(&row(name, "organization"))?;
    }
    writer.finish().map_err(Error::from).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_their_columns() {
        let look = Look { now: jiff::Timestamp::UNIX_EPOCH, no_trunc: false, width: None };
        let row = NamespaceRow { namespace: "acme".to_owned(), kind: "organization" };
        crate::output::assert_fits(&row, &look);
    }
}
