//! All integration tests, one binary.

mod real;
