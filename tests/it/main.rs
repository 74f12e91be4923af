//! All integration tests, one binary.

// `ls` joins with the command itself.
mod complete;
mod examples;
mod generated;
mod images;
mod install;
mod login;
mod ls;
mod profile;
mod proxies;
mod real;
mod repos;
mod support;
mod support_selftest;
mod tidy;
mod tls;
