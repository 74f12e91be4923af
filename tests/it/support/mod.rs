//! The bench the integration tests stand on: a small HTTP server, a registry with its token
//! service, an environment that runs the real binary, and the Docker Hub API.
//!
//! All of it is std threads and blocking sockets, as the product itself. Nothing here uses the
//! product's own code: the bench must not share its mistakes. The playground example includes
//! this directory as well, so nothing may depend on being compiled as a test.

// The tests and the playground each use a part of this.
#![allow(dead_code, unused_imports)]

pub mod env;
pub mod hostile;
pub mod http;
pub mod hub;
pub mod image;
pub mod output;
pub mod product;
pub mod proxy;
pub mod registry;
pub mod run;
pub mod server;
pub mod tls;
pub mod token;
mod wire;

pub use env::TestEnv;
pub use http::{Request, Response};
pub use hub::TestHub;
pub use image::Image;
pub use output::Output;
pub use proxy::Proxy;
pub use registry::TestRegistry;
pub use server::Server;
pub use token::TokenRules;
