//! Tests of the document layer, by what they test.

mod config;
mod document;
mod inspect;
mod mutation;
mod schema1;
