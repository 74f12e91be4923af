//! What a tag's name says: its version, which is newer, which ones are shown and in what order.
//!
//! Pure: it knows names and dates, no registry and no clock.

pub(crate) mod kind;
pub(crate) mod select;
pub(crate) mod version;
