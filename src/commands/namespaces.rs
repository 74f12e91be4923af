//! `namespaces`: where the login may have repositories on Docker Hub.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use super::context::Context;
use crate::error::Error;
use crate::oci::reference::Registry;
use crate::output::{Column, Format, Look, Row, Writer};
use crate::registry::hub::{Hub, Membership, Namespace};
use crate::system::parallel;

const EXAMPLES: &str = "\
Examples:
  docker tags namespaces
  docker tags namespaces -l                      with your role in each organization
  docker tags namespaces | xargs -n 1 docker tags repos";

/// List your Docker Hub namespaces.
///
/// These are your user name and your organizations. Uses the credentials of `docker login`, or
/// those of the profile. Showing roles takes one more request per organization.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Show kinds and roles
    #[arg(short, long, help_heading = "Output")]
    long: bool,
}

/// A namespace.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct NamespaceRow {
    namespace: String,
    /// `user` or `organization`.
    kind: &'static str,
    /// `owner`, `editor`, `member`. The outer `None`: not asked for; the inner one: not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Option<String>>,
}

impl Row for NamespaceRow {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Namespace", header: "NAMESPACE" },
        Column { key: "Kind", header: "KIND" },
        Column { key: "Role", header: "ROLE" },
    ];

    fn cells(&self, _look: &Look) -> Vec<String> {
        let role = self.role.clone().flatten().unwrap_or_else(|| "N/A".to_owned());
        vec![self.namespace.clone(), self.kind.to_owned(), role]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.namespace)
    }
}

/// Runs the command.
///
/// # Errors
/// No login, or one that Docker Hub refuses.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let format = context.format(if args.long { Format::Table } else { Format::Plain })?;
    let with_roles = match &format {
        Format::Plain => false,
        Format::Table | Format::Json => args.long,
        Format::Template(template) | Format::TableTemplate(template) => template.names("Role"),
    };
    let columns =
        if with_roles { &["Namespace", "Kind", "Role"][..] } else { &["Namespace", "Kind"] };
    let writer = Writer::new(out, &format, context.look())?;
    let mut writer = writer.with_columns(columns);
    let profile = context.resolve_registry(&Registry::docker_hub())?.profile;
    let hub = context.hub(&profile)?;
    let (own, is_organization) = hub.user()?;
    let mut found = if is_organization { Vec::new() } else { organizations(context, &hub, &own)? };
    if with_roles {
        let roles = |(name, told): &Membership| match told {
            Some(role) => Ok(Some(role.clone())),
            None => hub.role(name, &own),
        };
        let mut known = Vec::new();
        parallel::in_order(&found, context.jobs(&profile), roles, |_, role| {
            role.map(|role| known.push(role))
        })?;
        found.iter_mut().zip(known).for_each(|((_, told), role)| *told = role);
    }
    let mut write = |name: &Namespace, kind, role: Option<String>| {
        writer.write_row(&NamespaceRow {
            namespace: name.to_string(),
            kind,
            role: with_roles.then_some(role),
        })
    };
    match is_organization {
        true => write(&own, "organization", None)?,
        false => write(&own, "user", Some("owner".to_owned()))?,
    }
    for (name, role) in found {
        write(&name, "organization", role)?;
    }
    writer.finish().map_err(Error::from).map(drop)
}

/// The user's organizations by name. Some logins may not list them: then a warning says so.
fn organizations(context: &Context, hub: &Hub, own: &Namespace) -> Result<Vec<Membership>, Error> {
    let mut found = match hub.organizations() {
        Ok(found) => found,
        Err(
            error @ (Error::Forbidden { .. }
            | Error::NotFound { .. }
            | Error::Server { status: 400..=499, .. }),
        ) => {
            let text = format!("the list may be incomplete: cannot list organizations: {error}");
            context.reporter.warn(&text);
            Vec::new()
        }
        Err(error) => return Err(error),
    };
    found.retain(|(name, _)| name != own);
    found.sort();
    found.dedup_by(|one, other| one.0 == other.0);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_their_columns() {
        let look = Look { now: jiff::Timestamp::UNIX_EPOCH, no_trunc: false, width: None };
        let role = Some(Some("owner".to_owned()));
        let row = NamespaceRow { namespace: "acme".to_owned(), kind: "organization", role };
        crate::output::assert_fits(&row, &look);
    }
}
