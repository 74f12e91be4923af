//! `profile inspect`: every setting of a profile, and where it came from.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use crate::commands::context::Context;
use crate::error::Error;
use crate::output::{Column, Format, Look, Row, Writer};

/// Show the settings of a profile and where they come from.
///
/// Settings that are not configured have their defaults. Never shows a password, nor the arguments
/// of a password command.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Profile name [default: the active profile]
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// One setting.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Setting {
    key: &'static str,
    value: String,
    source: String,
}

impl Row for Setting {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Key", header: "KEY" },
        Column { key: "Value", header: "VALUE" },
        Column { key: "Source", header: "SOURCE" },
    ];

    fn cells(&self, _look: &Look) -> Vec<String> {
        let value = if self.value.is_empty() { "-" } else { &self.value };
        vec![self.key.to_owned(), value.to_owned(), self.source.clone()]
    }

    fn plain(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.key)
    }
}

/// Runs the command.
pub(super) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let format = context.format(Format::Table)?;
    let profile = match &args.name {
        Some(name) => context.config.profile(name).map_err(Error::from)?,
        None => context.active()?.profile,
    };
    let mut writer = Writer::new(out, &format, context.look())?;
    for (key, value) in profile.settings.shown() {
        let row = Setting { key, value, source: profile.origin(key).to_string() };
        writer.write_row(&row)?;
    }
    writer.finish()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit() {
        let row = Setting { key: "namespace", value: String::new(), source: "default".into() };
        let look = Look { now: jiff::Timestamp::UNIX_EPOCH, no_trunc: false, width: None };
        crate::output::assert_fits(&row, &look);
        assert_eq!(row.cells(&look), ["namespace", "-", "default"]);
    }
}
