//! Whether the end of a command of the soak is right, or honest.
//!
//! Right: the exit code is 0, and everything is there and as it is known to be. Honest: the
//! failure is told on stderr, and what was printed before is right. Two things in between are
//! meant so: what a registry lists and then does not have (404) is left out with a warning,
//! and details that cannot be had are unknown, with a warning, too.

use serde_json::{Map, Value, json};

use super::answers::OTHER_BEARER;
use super::commands::{Command, Expected, Rows, Shape};
use super::content::{APP, Ask};
use super::faults::Fault;
use crate::hostile::{BEARER, USER};
use crate::support::{Output, Request};

/// A request that met a fault, and the status that it was answered with.
pub(super) struct Met {
    pub(super) fault: Fault,
    pub(super) ask: Ask,
    pub(super) status: u16,
}

/// A command at its end.
pub(super) struct Ended<'a> {
    pub(super) command: &'a Command,
    pub(super) host: &'a str,
    pub(super) output: &'a Output,
    pub(super) met: Vec<Met>,
    pub(super) requests: Vec<Request>,
}

/// How a list may differ from the right one.
#[derive(Clone, Copy)]
struct Slack {
    /// Something was not there.
    lost: bool,
    /// Something is not known.
    thin: bool,
}

impl Ended<'_> {
    /// Fails with a reason unless the end is right or honest.
    pub(super) fn check(&self) -> Result<(), String> {
        let Output { code, stderr, .. } = self.output;
        if *code != 0 && stderr.trim().is_empty() {
            return Err("a failure without a word".to_owned());
        }
        let harmed = self.met.iter().any(|met| !met.fault.is_harmless());
        // On a machine that is very busy a time limit may pass without any fault.
        // What holds a list or an object where names belong is refused as a whole.
        let odd = self.met(Fault::HostileNames) && stderr.contains("is among its entries");
        if *code != 0 && !harmed && !odd && !stderr.contains("timed out") {
            return Err("it failed although nothing was wrong".to_owned());
        }
        match &self.command.expected {
            Expected::Rows(rows) => self.rows(rows, harmed),
            Expected::Bytes(bytes) => self.whole(self.output.bytes == *bytes),
            Expected::Document(document) => {
                let found: Option<Value> = serde_json::from_str(&self.output.stdout).ok();
                self.whole(found.as_ref() == Some(document))
            }
            Expected::Token(before) => self.token(before),
            Expected::Report(as_json) => self.report(*as_json),
        }
    }

    /// All of it, or a failure and nothing.
    fn whole(&self, is_right: bool) -> Result<(), String> {
        match (self.output.code, self.output.stdout.is_empty()) {
            (0, _) if is_right => Ok(()),
            (0, _) => Err("a success with something else than what is there".to_owned()),
            (_, true) => Ok(()),
            (_, false) => Err("a failure that left something on stdout".to_owned()),
        }
    }

    fn met(&self, fault: Fault) -> bool {
        self.met.iter().any(|met| met.fault == fault)
    }

    fn rows(&self, rows: &Rows, harmed: bool) -> Result<(), String> {
        let said = |text: &str| self.output.stderr.contains(text);
        // The trap answers with 404, too.
        let is_missing = |met: &Met| met.status == 404 || met.fault == Fault::ToTrap;
        let missing = self.met.iter().any(is_missing);
        let slack = Slack {
            lost: missing && (said("may be incomplete") || said("listed, but not found")),
            thin: harmed && (said("details are missing") || (missing && said("not found"))),
        };
        let found = parse(&self.output.stdout, rows.shape)?;
        let part = |found: &Value, right: &Value| is_part(found, right, slack);
        if self.output.code == 0 && !slack.lost {
            let is_right = found.len() == rows.rows.len()
                && found.iter().zip(&rows.rows).all(|(found, right)| part(found, right));
            if !is_right {
                return Err(format!("a success with a wrong list, and not {:?}", rows.rows));
            }
            return self.left_out(rows);
        }
        let is_honest = if self.output.code == 0 && rows.grouped {
            found.iter().all(|found| rows.whole.iter().any(|right| part(found, right)))
        } else if self.output.code == 0 || rows.apart {
            let mut whole = rows.whole.iter();
            found.iter().all(|found| whole.any(|right| part(found, right)))
        } else if rows.streams {
            found.len() <= rows.rows.len()
                && found.iter().zip(&rows.rows).all(|(found, right)| part(found, right))
        } else {
            self.output.stdout.is_empty()
        };
        if is_honest { Ok(()) } else { Err(format!("not a part of {:?}", rows.whole)) }
    }

    /// What is no tag or no repository was left out, and that was said. Nobody has to say it
    /// who got enough before, or who asked again: the first answer may have come too late.
    fn left_out(&self, rows: &Rows) -> Result<(), String> {
        let mut targets: Vec<String> =
            self.requests.iter().filter(|r| r.bearer().is_some()).map(Request::target).collect();
        let all = targets.len();
        targets.sort_unstable();
        targets.dedup();
        let is_enough = rows.rows.len() < rows.whole.len() || targets.len() < all;
        if !self.met(Fault::HostileNames) || is_enough {
            return Ok(());
        }
        let words =
            ["entries of the registry's list that are not", "entries of the list that are not"];
        if words.iter().any(|words| self.output.stderr.contains(words)) {
            return Ok(());
        }
        Err("what was left out was not told".to_owned())
    }

    fn token(&self, before: &str) -> Result<(), String> {
        let line = |token: &str| format!("{before}{token}\n");
        let stdout = self.output.stdout.as_str();
        // A token that the registry takes only by mistake is a token all the same.
        let other = self.met(Fault::TokenOfOther) && stdout == line(OTHER_BEARER);
        if self.output.stderr.contains(BEARER) {
            return Err("the token is on stderr, too".to_owned());
        }
        self.whole(other || stdout == line(BEARER))
    }

    fn report(&self, as_json: bool) -> Result<(), String> {
        let stdout = self.output.stdout.as_str();
        if stdout.is_empty() && self.output.code != 0 {
            return Ok(());
        }
        let report = if as_json { of_json(stdout)? } else { of_page(stdout) };
        let mut right = vec![
            ("Registry", json!(self.host)),
            ("Repository", json!(APP)),
            ("Reference", json!(format!("{}/{APP}", self.host))),
            ("User", json!(USER)),
        ];
        let met = |is_it: fn(&Ask) -> bool| self.met.iter().any(|met| is_it(&met.ask));
        if self.output.code == 0 && !met(|ask| *ask == Ask::Base) {
            right.push(("Status", json!("401")));
            right.push(("Challenge", json!(format!("bearer http://{}/token s", self.host))));
        }
        if self.output.code == 0 && !met(|ask| *ask != Ask::Base) {
            right.push(("Granted", json!(true)));
        }
        let asked = self.requests.iter().any(|request| request.path == "/token");
        if report.get("Granted") == Some(&json!(true)) && !asked {
            return Err("a token that nobody gave".to_owned());
        }
        match right.iter().find(|(key, value)| report.get(*key) != Some(value)) {
            Some((key, value)) => Err(format!("{key} is not {value} in {report:?}")),
            None => Ok(()),
        }
    }
}

/// The members that are compared, of the report as JSON.
fn of_json(stdout: &str) -> Result<Map<String, Value>, String> {
    let report: Value = serde_json::from_str(stdout).map_err(|error| error.to_string())?;
    let mut found = Map::new();
    for key in ["Registry", "Repository", "Reference"] {
        found.insert(key.to_owned(), report[key].clone());
    }
    found.insert("User".to_owned(), report["Credential"]["Username"].clone());
    found.insert("Status".to_owned(), json!(report["Ping"]["Status"].to_string()));
    let challenge = ["Scheme", "Realm", "Service"].map(|key| report["Challenge"][key].as_str());
    found.insert("Challenge".to_owned(), json!(challenge.map(Option::unwrap_or_default).join(" ")));
    found.insert("Granted".to_owned(), report["Token"]["Granted"].clone());
    Ok(found)
}

/// The same of the page for people.
fn of_page(stdout: &str) -> Map<String, Value> {
    let mut found = Map::new();
    for (key, value) in stdout.lines().filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        let first = value.split(' ').next().unwrap_or_default();
        let (key, value) = match key {
            "Login" => ("User", json!(first)),
            "Ping" => ("Status", json!(value.split(' ').nth(3))),
            "Challenge" => {
                ("Challenge", json!(value.replace(", realm", "").replace(", service", "")))
            }
            "Token" => ("Granted", json!(first.trim_end_matches(',') == "granted")),
            key => (key, json!(value)),
        };
        found.insert(key.to_owned(), value);
    }
    found
}

/// The rows of an output. Every line of it is whole.
fn parse(stdout: &str, shape: Shape) -> Result<Vec<Value>, String> {
    if !stdout.is_empty() && !stdout.ends_with('\n') {
        return Err("the last line is not whole".to_owned());
    }
    let mut lines = stdout.lines();
    match shape {
        Shape::Lines => Ok(lines.map(|line| json!(line)).collect()),
        Shape::Json => {
            let parse = |line| serde_json::from_str(line).map_err(|error| format!("{error}"));
            lines.map(parse).collect()
        }
        Shape::Table(headings) => {
            let names = lines.next().map(cells).unwrap_or_default();
            Ok(lines.map(|line| row(&names, &cells(line), headings)).collect())
        }
    }
}

/// The cells of a table's line: two blanks or more stand between them.
fn cells(line: &str) -> Vec<&str> {
    line.split("  ").map(str::trim).filter(|cell| !cell.is_empty()).collect()
}

fn row(names: &[&str], cells: &[&str], headings: &[&str]) -> Value {
    let mut row = Map::new();
    for (name, cell) in names.iter().zip(cells).filter(|(name, _)| headings.contains(name)) {
        let value = match *name {
            "TAGS" | "PLATFORMS" => json!(cell.split(", ").collect::<Vec<_>>()),
            _ => json!(cell),
        };
        row.insert((*name).to_owned(), value);
    }
    Value::Object(row)
}

/// Whether it is the right one, or as much of it as there is.
fn is_part(found: &Value, right: &Value, slack: Slack) -> bool {
    let unknown = found.is_null() || *found == json!("N/A") || *found == json!(["N/A"]);
    if found == right || (slack.thin && unknown) {
        return true;
    }
    match (found, right) {
        (Value::Array(found), Value::Array(right)) if slack.lost => {
            let mut right = right.iter();
            found.iter().all(|one| right.any(|other| one == other))
        }
        (Value::Object(found), Value::Object(right)) => {
            (slack.lost || found.len() == right.len())
                && found.iter().all(|(key, value)| {
                    right.get(key).is_some_and(|right| is_part(value, right, slack))
                })
        }
        (Value::String(found), Value::String(right)) if slack.thin => {
            let words = found.split(' ').zip(right.split(' '));
            found.split(' ').count() == right.split(' ').count()
                && words.into_iter().all(|(one, other)| one == other || one == "N/A")
        }
        _ => false,
    }
}
