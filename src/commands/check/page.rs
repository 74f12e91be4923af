//! The page that `check` prints for people: the report, and why it is so.

use std::io::{self, Write};

use serde_json::Value;

use super::{Credential, Report, Subject, TokenReport};
use crate::commands::context::Context;
use crate::config::{BUILT_IN, Pattern, Profile};
use crate::error::Error;
use crate::output::human;
use crate::system::terminal::sanitize;

/// From how many seconds on a clock is worth a word.
const MAX_SKEW: i64 = 60;

/// All that is printed.
pub(super) struct Page<'a> {
    pub(super) report: &'a Report,
    /// Which profile serves the name, and why.
    pub(super) why: &'a str,
    /// Which other profiles there are, and why they do not serve it.
    pub(super) profile: Vec<String>,
    /// What the places said that were asked for a login.
    pub(super) login: &'a [String],
    /// Which certificates are used.
    pub(super) tls: Vec<String>,
    /// Whether the repository was read.
    pub(super) readable: bool,
}

impl Page<'_> {
    /// Prints the page.
    pub(super) fn print(&self, out: &mut dyn Write) -> io::Result<()> {
        let report = self.report;
        line(out, "Input", &report.input)?;
        line(out, "Reference", &report.reference)?;
        line(out, "Registry", &report.registry)?;
        line(out, "Repository", &report.repository)?;
        line(out, "Tag", &report.tag)?;
        line(out, "Digest", &report.digest)?;
        let profile = if report.profile.is_empty() { "none" } else { &report.profile };
        line(out, "Profile", profile)?;
        step(out, self.why)?;
        self.profile.iter().try_for_each(|text| step(out, text))?;
        line(out, "Endpoint", &report.endpoint)?;
        line(out, "TLS", report.tls)?;
        self.tls.iter().try_for_each(|text| step(out, text))?;
        line(out, "Login", &login_line(report))?;
        self.login.iter().try_for_each(|text| step(out, text))?;
        if let Some(ping) = &report.ping {
            let text = format!("GET /v2/ responds {} in {} ms", ping.status, ping.milliseconds);
            line(out, "Ping", &text)?;
            let skew = ping.clock_skew.unwrap_or(0);
            if skew.abs() > MAX_SKEW {
                let side = if skew > 0 { "ahead of" } else { "behind" };
                let how_much = human::duration(skew.abs());
                step(out, &format!("the registry's clock is {how_much} {side} this machine's"))?;
            }
        }
        line(out, "Challenge", &challenge_line(report.challenge.as_ref()))?;
        if let Some(token) = &report.token {
            line(out, "Token", &token_line(token))?;
        }
        if self.readable {
            line(out, "Result", "the repository can be read")?;
        }
        Ok(())
    }
}

/// A name and its value; what has no value is left out.
fn line(out: &mut dyn Write, name: &str, value: &str) -> io::Result<()> {
    match value {
        "" => Ok(()),
        value => writeln!(out, "{:<12} {}", format!("{name}:"), sanitize(value)),
    }
}

/// A reason, below the line that it is for.
fn step(out: &mut dyn Write, text: &str) -> io::Result<()> {
    writeln!(out, "{:<12} - {}", "", sanitize(text))
}

/// Which profile is active, and why other profiles of the same registry do not serve the name.
pub(super) fn profile_trail(context: &Context, subject: &Subject) -> Result<Vec<String>, Error> {
    let active = context.active()?;
    let mut trail = Vec::new();
    let served = subject.profile.name();
    if active.profile.name() != served {
        let name = active.profile.name().unwrap_or_default();
        let source = match active.source(&context.config) {
            source if name == BUILT_IN && source == "default" => {
                "no other profile is chosen".to_owned()
            }
            source => source,
        };
        let registry = active.profile.registry();
        trail.push(format!("the active profile is {name:?}, for {registry} ({source})"));
    }
    let others = context.config.profiles().filter(|profile| {
        profile.name() != served
            && profile.registry().as_str().eq_ignore_ascii_case(subject.registry.as_str())
    });
    trail.extend(others.map(|profile| not_served(profile, subject)));
    Ok(trail)
}

/// Why a profile of the right registry does not serve the name.
fn not_served(profile: &Profile, subject: &Subject) -> String {
    let name = profile.name().unwrap_or_default();
    let patterns = &profile.settings.repositories;
    let listed: Vec<&str> = patterns.iter().map(Pattern::as_str).collect();
    let origin = profile.origin("repositories");
    let listed = listed.join(", ");
    let matches = subject
        .reference
        .as_ref()
        .is_some_and(|reference| patterns.iter().any(|p| p.matches(reference.repository())));
    let why = match (patterns.is_empty(), matches) {
        (true, _) => "it only applies where no other profile matches".to_owned(),
        (false, true) => format!("its repositories are a less exact match: {listed} ({origin})"),
        (false, false) => format!("it only applies to {listed} ({origin})"),
    };
    format!("not {name:?}: {why}")
}

fn login_line(report: &Report) -> String {
    let Credential { kind, username, source } = &report.credential;
    match (*kind, username.as_str()) {
        ("none", _) => "none (anonymous)".to_owned(),
        (kind, "") => format!("{kind}, from {source}"),
        (kind, user) => format!("{user} ({kind}), from {source}"),
    }
}

fn challenge_line(challenge: Option<&Value>) -> String {
    let Some(challenge) = challenge else { return String::new() };
    let Some(scheme) = challenge["Scheme"].as_str() else {
        return "none: the registry is open".to_owned();
    };
    let mut text = scheme.to_owned();
    for (name, key) in [("realm", "Realm"), ("service", "Service")] {
        if let Some(value) = challenge[key].as_str() {
            text.push_str(&format!(", {name} {value}"));
        }
    }
    text
}

fn token_line(token: &TokenReport) -> String {
    let TokenReport { granted, access, lifetime, milliseconds } = token;
    let what = match (granted, access) {
        (false, _) => "none",
        (true, None) => "granted",
        (true, Some(access)) if access.is_empty() => "granted, but it allows nothing",
        (true, Some(access)) => &format!("granted for {}", access.join(" ")),
    };
    let life = lifetime.map(|life| format!(", valid for {}", human::duration(life)));
    format!("{what}{}, in {milliseconds} ms", life.unwrap_or_default())
}
