//! The bench tests itself, with a client of its own: what the other tests conclude from the
//! bench's records is worth no more than those records.

mod client;
mod env;
mod hub;
mod registry;
mod server;
