//! placeholder
pub mod challenge;
