//! The configuration as files on a disk: what is read by name, what a killed writer leaves, which
//! values the environment may have.

mod environment;
mod killed;
mod named_files;
