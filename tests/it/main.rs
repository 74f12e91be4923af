//! All integration tests, one binary.

// A test binary has no outside.
#![allow(unreachable_pub)]

mod aliases;
mod check;
mod complete;
mod config;
mod corpus;
mod diff;
mod errors;
mod examples;
mod generated;
mod hostile;
mod images;
mod install;
mod login;
mod ls;
mod newest;
mod outdated;
mod profile;
mod proxies;
mod real;
mod referrers;
mod repos;
mod support;
mod support_selftest;
mod tidy;
mod tls;
mod words;
