//! All integration tests, one binary.

// `ls` joins with the command itself.
mod login;
mod ls;
mod profile;
mod real;
mod support;
mod support_selftest;
