//! `profile ls`: the profiles as docker lists its contexts.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use crate::commands::context::Context;
use crate::config::Profile;
use crate::error::Error;
use crate::output::{Column, Format, Look, Row, Writer};

/// A profile as the list shows it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct ProfileRow {
    name: String,
    current: bool,
    registry: String,
    namespace: String,
    /// Where a login would be looked for first; `none` when there is none.
    login: String,
    /// `verify`, `insecure` or `plain-http`.
    #[serde(rename = "TLS")]
    tls: &'static str,
}

impl Row for ProfileRow {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Name", header: "NAME" },
        Column { key: "Current", header: "CURRENT" },
        Column { key: "Registry", header: "REGISTRY" },
        Column { key: "Namespace", header: "NAMESPACE" },
        Column { key: "Login", header: "LOGIN" },
        Column { key: "TLS", header: "TLS" },
    ];

    fn cells(&self, _look: &Look) -> Vec<String> {
        let star = if self.current { " *" } else { "" };
        vec![
            format!("{}{star}", self.name),
            self.current.to_string(),
            self.registry.clone(),
            self.namespace.clone(),
            self.login.clone(),
            self.tls.to_owned(),
        ]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.name)
    }
}

/// Runs the command.
pub(super) fn run(context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let format = context.format(Format::Table)?;
    // A variable that names no profile must not hide those that there are.
    let active = match context.active() {
        Ok(active) => active.profile.name().map(str::to_owned),
        Err(error) => {
            context.reporter.warn(&format!("no profile is active: {error}"));
            None
        }
    };
    let config = &context.config;
    let writer = Writer::new(out, &format, context.look())?;
    let mut writer = writer.with_columns(&["Name", "Registry", "Namespace", "Login", "TLS"]);
    for profile in std::iter::once(config.built_in()).chain(config.profiles()) {
        let row = row(context, profile, active.as_deref());
        writer.write_row(&row)?;
    }
    writer.finish()?;
    Ok(())
}

fn row(context: &Context, profile: &Profile, active: Option<&str>) -> ProfileRow {
    let settings = &profile.settings;
    let current = profile.name().is_some() && profile.name() == active;
    let namespace = settings.namespace.as_ref();
    ProfileRow {
        name: profile.name().unwrap_or_default().to_owned(),
        current,
        registry: profile.registry().to_string(),
        namespace: namespace.map(ToString::to_string).unwrap_or_default(),
        login: context.login_place(profile),
        tls: context.tls_word(profile),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit() {
        let row = ProfileRow {
            name: "work".into(),
            current: true,
            registry: "ghcr.io".into(),
            namespace: "acme".into(),
            login: "none".into(),
            tls: "verify",
        };
        let look = Look { now: jiff::Timestamp::UNIX_EPOCH, no_trunc: false, width: None };
        crate::output::assert_fits(&row, &look);
        assert_eq!(row.cells(&look)[0], "work *");
    }
}
