#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(any(feature = "database", feature = "storage", feature = "functions", feature = "realtime")),
    allow(
        unused,
        reason = "auth alone acts for nobody, and without a service nobody is told of the settings"
    )
)]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// A page has one thread. An `Rc` there would be a second type for each thing that is shared; without a service, nothing is.
#![cfg_attr(
    target_family = "wasm",
    allow(clippy::arc_with_non_send_sync, reason = "nothing leaves the thread")
)]

#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod builder;
mod client;
#[cfg(feature = "database")]
mod database;
mod error;
#[cfg(all(feature = "database", feature = "realtime"))]
pub mod live;
mod wiring;

pub use builder::ClientBuilder;
pub use client::Client;
pub use error::{ClientError, Error, ErrorKind, Result};

// The crates of the services, each under the name of what it speaks to.
#[cfg(feature = "functions")]
pub use functions_rs as functions;
#[cfg(feature = "auth")]
pub use gotrue_rs as auth;
#[cfg(feature = "database")]
pub use postgrest_rs as postgrest;
#[cfg(feature = "realtime")]
pub use realtime_rs as realtime;
#[cfg(feature = "storage")]
pub use storage_rs as storage;

// Their types stand in this crate's signatures.
pub use reqwest;
pub use secrecy;
