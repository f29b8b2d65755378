#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod address;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod builder;
mod client;
mod code;
mod error;
mod event_limit;
mod events;
mod form;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod invoke;
mod method;
mod region;
mod response;
mod stream;

pub use builder::ClientBuilder;
pub use client::Client;
pub use code::Code;
pub use error::{Error, ErrorKind, Result};
pub use events::{Event, EventStream};
pub use form::Form;
pub use invoke::Invoke;
pub use method::Method;
pub use region::Region;
pub use response::Response;
pub use stream::ByteStream;

// Their types stand in this crate's signatures.
pub use reqwest;
pub use secrecy;
