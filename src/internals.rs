//! The one opening in the private crate: what the fuzz targets, the benches and the test of generated files call.
//!
//! No part of any promise: it changes with the code.

pub use crate::auth::challenge::{Challenge, choose, parse as parse_challenges};
pub use crate::auth::token::{claims, read_token};
pub use crate::cli::command;
pub use crate::commands::diff::parse_saved;
pub use crate::commands::install::pages::PAGES as MAN_PAGES;
pub use crate::commands::shells::Shell;
pub use crate::config::Config;
pub use crate::http::address::Reach;
pub use crate::http::link::next;
pub use crate::http::proxy::Proxies;
pub use crate::http::url::{Url, quoted};
pub use crate::http::{Client, Method, Peer, Request, Settings};
pub use crate::login::docker_config_login;
pub use crate::oci::attestation::{Statement, unwrap_envelope};
pub use crate::oci::manifest::{Algorithm, Content, Document, ImageConfig, schema1_payload};
pub use crate::oci::platform::Platform;
pub use crate::oci::reference::{Digest, Reference, Registry, Tag};
pub use crate::output::document;
pub use crate::output::json;
pub use crate::output::template::Template;
pub use crate::registry::{parse_harbor, parse_quay, parse_tags};
pub use crate::scan::{Named as ScannedImage, read_text as scan_text};
pub use crate::system::env::Env;
pub use crate::system::report::Reporter;
pub use crate::system::terminal::{SERVER_TEXT_LIMIT, sanitize, sanitize_lines, server_text};
pub use crate::tags::version::{compare, sort_newest_first};
