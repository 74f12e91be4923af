//! All integration tests, one binary.

mod corpus;
mod hostile;
mod images;
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
