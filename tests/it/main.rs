//! All integration tests, one binary.

mod corpus;
mod hostile;
mod images;
// `ls` joins with the command itself.
mod ls;
mod real;
// mod repos;
mod support;
mod support_selftest;
mod tidy;
