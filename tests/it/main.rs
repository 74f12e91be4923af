//! All integration tests, one binary.

mod images;
mod ls;
mod proxies;
mod real;
mod repos;
mod support;
mod support_selftest;
mod tidy;
mod tls;
