//! `ratelimit`: how many pulls Docker Hub has left for us.

use std::borrow::Cow;
use std::io::Write;

use serde::Serialize;

use super::context::Context;
use crate::error::Error;
use crate::oci::reference::Registry;
use crate::output::{Column, Format, Look, Row, Writer, human};
use crate::registry::PullLimit;

const EXAMPLES: &str = "\
Examples:
  docker tags ratelimit
  docker tags ratelimit -q                     the number of pulls left
  docker tags ratelimit --anonymous            the limit of your address
  docker tags ratelimit --format json";

/// Docker Hub says nothing of a limit.
const NO_LIMIT: &str = "no limit reported";

/// Show how many Docker Hub pulls are left.
///
/// The query itself does not count as a pull. The limit is per account, or per address when
/// anonymous. Paid plans report no limit.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {}

/// The limit; all is `null` where none is reported.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct LimitRow {
    remaining: Option<u64>,
    limit: Option<u64>,
    /// In seconds.
    window: Option<u64>,
    /// An IP address, or an account's identifier.
    source: Option<String>,
}

impl Row for LimitRow {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Remaining", header: "REMAINING" },
        Column { key: "Limit", header: "LIMIT" },
        Column { key: "Window", header: "WINDOW" },
        Column { key: "Source", header: "SOURCE" },
    ];

    fn cells(&self, _look: &Look) -> Vec<String> {
        let window =
            self.window.map(|seconds| human::duration(i64::try_from(seconds).unwrap_or(i64::MAX)));
        vec![
            self.plain().into_owned(),
            self.limit.map(|n| n.to_string()).unwrap_or_default(),
            window.unwrap_or_default(),
            self.source.clone().unwrap_or_default(),
        ]
    }

    fn plain(&self) -> Cow<'_, str> {
        match self.remaining {
            Some(remaining) => remaining.to_string().into(),
            None => NO_LIMIT.into(),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// As for any request.
pub(crate) fn run(_args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let format = context.format(Format::Table)?;
    let mut writer = Writer::new(out, &format, context.look())?;
    let name = Registry::docker_hub();
    let profile = context.resolve_registry(&name)?.profile;
    let PullLimit { limit, remaining, window, source } =
        context.registry(&name, &profile)?.pull_limit()?;
    writer.write_row(&LimitRow { remaining, limit, window, source })?;
    writer.finish().map_err(Error::from).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_fit_their_columns() {
        let look = Look { now: jiff::Timestamp::UNIX_EPOCH, no_trunc: false, width: None };
        let source = Some("192.0.2.1".to_owned());
        let row = LimitRow { remaining: Some(76), limit: Some(100), window: Some(21600), source };
        crate::output::assert_fits(&row, &look);
        assert_eq!(row.cells(&look), ["76", "100", "6 hours", "192.0.2.1"]);
        let none = LimitRow { remaining: None, limit: None, window: None, source: None };
        assert_eq!(none.cells(&look), [NO_LIMIT, "", "", ""]);
    }
}
