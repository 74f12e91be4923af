//! Logins end to end: where they come from, where they go, and where they never come out.

mod canary;
mod hints;
mod places;
mod prompt;
mod refused;
