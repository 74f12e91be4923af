//! All integration tests, one binary.

// `ls` joins with the command itself.
mod generated;
mod ls;
mod real;
mod repos;
mod support;
mod support_selftest;
mod tidy;
