#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod builder;
mod client;
mod code;
mod error;
mod timestamp;
mod weak_password;

pub use builder::ClientBuilder;
pub use client::Client;
pub use code::Code;
pub use error::{Error, ErrorKind, Result};
pub use timestamp::{Timestamp, TimestampError};
pub use weak_password::{WeakPassword, WeakPasswordReason};

// Their types stand in this crate's signatures.
pub use reqwest;
pub use secrecy;
