//! All integration tests, one binary.

mod images;
mod ls;
mod real;
mod support;
mod support_selftest;
