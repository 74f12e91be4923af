//! Tests against the real things: Debian's docker-registry, the docker CLI, skopeo. What a server written by us
//! proves is only that we agree with ourselves.
//!
//! Each test starts what it needs on free loopback ports and ends it again, so all of them may run side by side.
//! They are marked `#[ignore = "needs …"]`: plain `cargo test` passes anywhere, `tests/run` runs them all.
//!
//! The bench: `run` (programs), `wire` (HTTP of our own), `registry`, `proxy` (counts what the client sends),
//! `token` (a token service that signs), `nginx` (TLS in front of a registry), `tls`, `seed` and `bulk` (content),
//! `skopeo`, `docker_cli`, `network` (public addresses and names that lead to this machine), `dns`.
//! Its own tests are in `bench`; the product's in the other modules.

#![cfg(unix)]
#![allow(clippy::print_stderr, reason = "a failing test shows what its servers said")]

mod answers;
mod bad_input;
mod bench;
mod bulk;
mod check;
mod details;
#[cfg(target_os = "linux")]
mod dns;
mod docker_cli;
mod images;
mod logins;
mod ls;
#[cfg(target_os = "linux")]
mod names;
#[cfg(target_os = "linux")]
mod network;
mod nginx;
mod plugin;
mod profile;
mod proxy;
mod registry;
mod repos;
mod run;
mod seed;
mod shells;
mod signals;
mod skopeo;
mod tls;
mod token;
mod trust;
mod wire;
