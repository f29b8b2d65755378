#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(dead_code, unused_imports, reason = "the connection that uses these parts follows")]

mod backoff;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod builder;
mod changes;
mod channel;
mod client;
mod code;
mod delivery;
mod error;
mod fields;
mod mailbox;
mod payload;
mod presence;
mod protocol;
mod socket;
mod timestamp;

pub use backoff::Backoff;
pub use builder::ClientBuilder;
pub use changes::{Action, Change, ChangedColumn, Changes, Column, Filter, Is, OldRecord, col, not};
pub use client::Client;
pub use code::Code;
pub use delivery::{Delivery, Gap, Overflow};
pub use error::{Error, ErrorKind, Result};
pub use payload::Payload;
pub use presence::{Presence, PresenceEvent, PresenceState};
pub use protocol::{Frame, ProtocolVersion};
pub use timestamp::{Timestamp, TimestampError};

// Their types stand in this crate's signatures.
pub use bytes;
pub use reqwest;
pub use secrecy;
