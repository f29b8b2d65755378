#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod builder;
mod client;
mod error;

pub use builder::ClientBuilder;
pub use client::Client;
pub use error::{ConfigError, Error, ErrorKind, Result};

// The crates of the services, each under the name of what it speaks to.
pub use postgrest_rs as postgrest;

// Their types stand in this crate's signatures.
pub use postgrest_rs::reqwest;
pub use postgrest_rs::secrecy;
