//! `check`: why a registry does what it does.
//!
//! The first half explains without the network: how the name is understood, which profile and
//! login apply and where each came from. The second half asks: does it answer, what does it want,
//! is a token granted, and for what.

mod page;
mod tls;

use std::io::Write;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use serde::Serialize;
use serde_json::Value;

use super::context::{Context, tls_word};
use crate::auth::endpoint::Endpoint;
use crate::auth::token::claims;
use crate::config::Profile;
use crate::error::Error;
use crate::http::url::quoted;
use crate::login::Found;
use crate::oci::reference::{Reference, Registry as RegistryName};
use crate::output::{Column, Format, Look, Row, Writer};
use crate::registry::{Admission, Ping, Registry};
use crate::system::terminal::sanitize;

const EXAMPLES: &str = "\
Examples:
  docker tags check                      the active profile's registry
  docker tags check ghcr.io              a registry
  docker tags check alpine               a repository: can it be read?
  docker tags check --offline alpine     without any request";

/// Explain how a name resolves and which credentials are used.
///
/// Shows registry, profile, TLS settings and credentials, and where each of them comes from. Then
/// asks the registry, and shows its challenge and what the token allows. Never shows a secret.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// A registry (ghcr.io, localhost:5000) or an image
    #[arg(value_name = "REGISTRY or IMAGE")]
    name: Option<String>,

    /// Send no request
    #[arg(long, help_heading = "Connection")]
    offline: bool,
}

/// What is known without the network. The keys are a contract.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Report {
    input: String,
    registry: String,
    repository: String,
    tag: String,
    digest: String,
    reference: String,
    profile: String,
    endpoint: String,
    #[serde(rename = "TLS")]
    tls: &'static str,
    credential: Credential,
    #[serde(skip_serializing_if = "Option::is_none")]
    ping: Option<PingReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<TokenReport>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Credential {
    kind: &'static str,
    username: String,
    source: String,
}

/// How `GET /v2/` was answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct PingReport {
    status: u16,
    milliseconds: u64,
    /// By how many seconds the registry's clock is ahead of ours; `null` when it does not say.
    clock_skew: Option<i64>,
}

/// Whether a token was granted, and for what.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct TokenReport {
    granted: bool,
    /// The actions that the token itself names; `null` when it does not say.
    access: Option<Vec<String>>,
    /// How long it is valid, in seconds; `null` when it does not say.
    lifetime: Option<i64>,
    milliseconds: u64,
}

impl Row for Report {
    const COLUMNS: &'static [Column] = &[
        Column { key: "Input", header: "INPUT" },
        Column { key: "Registry", header: "REGISTRY" },
        Column { key: "Repository", header: "REPOSITORY" },
        Column { key: "Tag", header: "TAG" },
        Column { key: "Digest", header: "DIGEST" },
        Column { key: "Reference", header: "REFERENCE" },
        Column { key: "Profile", header: "PROFILE" },
        Column { key: "Endpoint", header: "ENDPOINT" },
        Column { key: "TLS", header: "TLS" },
        Column { key: "Credential", header: "CREDENTIAL" },
        Column { key: "Ping", header: "PING" },
        Column { key: "Challenge", header: "CHALLENGE" },
        Column { key: "Token", header: "TOKEN" },
    ];

    fn cells(&self, _look: &Look) -> Vec<String> {
        let ping = self.ping.as_ref().map(|ping| ping.status.to_string());
        let challenge = self.challenge.as_ref().and_then(|c| c["Scheme"].as_str());
        let token = self.token.as_ref().map(|token| token.granted.to_string());
        vec![
            self.input.clone(),
            self.registry.clone(),
            self.repository.clone(),
            self.tag.clone(),
            self.digest.clone(),
            self.reference.clone(),
            self.profile.clone(),
            self.endpoint.clone(),
            self.tls.to_owned(),
            self.credential.kind.to_owned(),
            ping.unwrap_or_default(),
            challenge.unwrap_or_default().to_owned(),
            token.unwrap_or_default(),
        ]
    }

    fn plain(&self) -> std::borrow::Cow<'_, str> {
        (&self.reference).into()
    }
}

/// What a name turned out to be.
struct Subject {
    registry: RegistryName,
    reference: Option<Reference>,
    profile: Profile,
    why: String,
}

/// Runs the command.
///
/// # Errors
/// An invalid name; the failure of the registry, after everything else was printed.
pub(crate) fn run(args: &Args, context: &Context, out: &mut dyn Write) -> Result<(), Error> {
    let format = match (&context.globals.format, context.globals.quiet) {
        (None, false) => None,
        _ => Some(context.format(Format::Plain)?),
    };
    let subject = subject(context, args.name.as_deref())?;
    let endpoint = context.endpoint(&subject.registry, &subject.profile)?;
    let found = {
        let repository = subject.reference.as_ref().map(Reference::repository);
        context.find_login(&subject.registry, repository, &subject.profile)?
    };
    found.warnings.iter().for_each(|warning| context.reporter.warn(warning));
    let mut report = report(args, &subject, &endpoint, &found);
    let mut outcome = Ok(());
    if !args.offline {
        let registry = context.registry(&subject.registry, &subject.profile)?;
        outcome = ask(&registry, &subject, &mut report);
    }
    match format {
        Some(format) => {
            let mut writer = Writer::new(out, &format, context.look())?;
            writer.write_row(&report)?;
            writer.finish()?;
        }
        None => {
            let page = page::Page {
                report: &report,
                profile: page::profile_trail(context, &subject)?,
                login: &found.trail,
                tls: tls::trail(&endpoint),
                why: &subject.why,
                readable: outcome.is_ok() && !args.offline && subject.reference.is_some(),
            };
            page.print(out).map_err(Error::stdout)?;
        }
    }
    outcome
}

/// Whether the name is a registry or an image: a registry has no path, and a dot, a port behind
/// `localhost` or an address, or a slash at its end.
fn subject(context: &Context, name: Option<&str>) -> Result<Subject, Error> {
    let active = context.active()?;
    let registry = match name {
        None => Some(active.profile.registry().clone()),
        Some(name) => as_registry(name)?,
    };
    if let Some(registry) = registry {
        let served = context.resolve_registry(&registry)?;
        let (profile, why) = (served.profile, served.why);
        return Ok(Subject { registry, reference: None, profile, why });
    }
    let resolved = context.resolve(name.unwrap_or_default())?;
    Ok(Subject {
        registry: resolved.reference.registry().clone(),
        reference: Some(resolved.reference),
        profile: resolved.profile,
        why: resolved.why,
    })
}

fn as_registry(name: &str) -> Result<Option<RegistryName>, Error> {
    let name = ["https://", "http://", "docker://"]
        .iter()
        .find_map(|scheme| name.strip_prefix(scheme))
        .unwrap_or(name);
    let bare = name.strip_suffix('/').unwrap_or(name);
    if bare.contains('/') || bare.contains('@') {
        return Ok(None);
    }
    let host = bare.split(':').next().unwrap_or_default();
    let is_host = host.contains('.') || host == "localhost" || bare.starts_with('[');
    if !is_host && bare.len() == name.len() {
        return Ok(None);
    }
    let parsed = bare.parse();
    parsed.map(Some).map_err(|source| Error::Reference { input: name.to_owned(), source })
}

fn report(args: &Args, subject: &Subject, endpoint: &Endpoint, found: &Found) -> Report {
    let text = |part: Option<String>| part.unwrap_or_default();
    let reference = subject.reference.as_ref();
    Report {
        input: args.name.clone().unwrap_or_default(),
        registry: subject.registry.to_string(),
        repository: text(reference.map(|r| r.repository().to_string())),
        tag: text(reference.and_then(|r| r.tag()).map(ToString::to_string)),
        digest: text(reference.and_then(|r| r.digest()).map(ToString::to_string)),
        reference: reference.map_or_else(|| subject.registry.to_string(), ToString::to_string),
        profile: subject.profile.name().unwrap_or_default().to_owned(),
        endpoint: format!("{}{}", endpoint.origin, endpoint.prefix),
        tls: tls_word(endpoint),
        credential: Credential {
            kind: found.credential.as_ref().map_or("none", |credential| credential.kind()),
            username: text(found.credential.as_ref().and_then(|c| c.username()).map(str::to_owned)),
            source: match found.credential {
                Some(_) => found.source.to_string(),
                None => String::new(),
            },
        },
        ping: None,
        challenge: None,
        token: None,
    }
}

/// Asks the registry, filling in what it says as far as it gets.
fn ask(registry: &Arc<Registry>, subject: &Subject, report: &mut Report) -> Result<(), Error> {
    let started = Instant::now();
    let Ping { status, challenge, date } = registry.ping()?;
    let clock_skew = date.map(|date| clock_skew(date, SystemTime::now()));
    report.ping = Some(PingReport { status, milliseconds: milliseconds(started), clock_skew });
    report.endpoint = registry.session().address();
    if registry.session().is_plain_http() {
        report.tls = "plain-http";
    }
    report.challenge = Some(challenge.map_or(Value::Null, |challenge| {
        let part = |name: &str| challenge.parameter(name).map(|text| sanitize(text).into_owned());
        serde_json::json!({
            "Scheme": sanitize(challenge.scheme()),
            "Realm": challenge.parameter("realm").map(quoted),
            "Service": part("service"),
        })
    }));
    let started = Instant::now();
    let outcome = match subject.reference.as_ref() {
        Some(reference) => registry.repository(reference.repository(), false).admission(),
        None => registry.base_token().map(|token| Admission { token, missing: None }),
    };
    let milliseconds = milliseconds(started);
    let granted = outcome.as_ref().ok().and_then(|admission| admission.token.as_ref());
    let claims = granted.and_then(|(token, _)| claims(token.expose()));
    let access = claims.as_ref().map(granted_actions);
    let time = |name: &str| claims.as_ref()?.get(name)?.as_i64();
    let lifetime = time("exp").zip(time("iat").or_else(|| time("nbf")));
    let lifetime = lifetime.map(|(end, start)| end.saturating_sub(start)).filter(|life| *life > 0);
    let stated = granted.and_then(|(_, stated)| i64::try_from((*stated)?).ok());
    let lifetime = lifetime.or(stated);
    let granted = granted.is_some();
    report.token = Some(TokenReport { granted, access, lifetime, milliseconds });
    match outcome?.missing {
        Some(missing) => Err(missing),
        None => Ok(()),
    }
}

/// By how many seconds another clock is ahead.
fn clock_skew(theirs: SystemTime, ours: SystemTime) -> i64 {
    let seconds = |time: std::time::Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    match theirs.duration_since(ours) {
        Ok(ahead) => seconds(ahead),
        Err(behind) => -seconds(behind.duration()),
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// What a token's `access` claim allows: `repository:library/alpine:pull`.
fn granted_actions(claims: &Value) -> Vec<String> {
    let entries = claims.get("access").and_then(Value::as_array);
    let mut granted = Vec::new();
    for entry in entries.into_iter().flatten().take(100) {
        let part = |name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
        let actions = entry.get("actions").and_then(Value::as_array);
        let actions: Vec<&str> = actions.into_iter().flatten().filter_map(Value::as_str).collect();
        let text = format!("{}:{}:{}", part("type"), part("name"), actions.join(","));
        granted.push(sanitize(&text).into_owned());
    }
    granted
}

#[cfg(test)]
mod tests {
    use super::as_registry;

    #[test]
    fn registries_and_images() {
        let cases = [
            ("ghcr.io", Some("ghcr.io")),
            ("https://ghcr.io/", Some("ghcr.io")),
            ("localhost:5000", Some("localhost:5000")),
            ("localhost", Some("localhost")),
            ("127.0.0.1:5000", Some("127.0.0.1:5000")),
            ("[::1]:5000", Some("[::1]:5000")),
            ("myhost:5000/", Some("myhost:5000")),
            ("index.docker.io", Some("docker.io")),
            ("alpine", None),
            ("alpine:3.19", None),
            ("ghcr.io/acme/api", None),
            ("acme/api", None),
        ];
        for (text, registry) in cases {
            let found = as_registry(text).unwrap();
            assert_eq!(found.as_ref().map(|r| r.as_str()), registry, "{text}");
        }
        assert!(as_registry("foo_bar.com/").is_err());
    }
}
