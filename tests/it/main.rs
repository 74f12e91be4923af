//! All integration tests, one binary.

// `ls` joins with the command itself.
mod login;
mod ls;
mod profile;
mod real;
mod repos;
mod support;
mod support_selftest;
mod tidy;
