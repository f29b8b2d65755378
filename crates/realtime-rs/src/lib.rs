#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// A page has one thread. An `Rc` there would be a second type for each thing that is shared.
#![cfg_attr(
    target_family = "wasm",
    expect(clippy::arc_with_non_send_sync, reason = "nothing leaves the thread")
)]

mod backoff;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod broadcast;
mod builder;
mod call;
mod changes;
mod channel;
mod client;
mod code;
mod deadline;
mod delivery;
mod error;
mod fields;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod listener;
mod mailbox;
mod payload;
mod presence;
mod protocol;
mod socket;
mod status;
mod system;
mod timestamp;
mod transport;

pub use backoff::Backoff;
pub use broadcast::{Broadcast, BroadcastRequest, Sent};
pub use builder::ClientBuilder;
pub use call::Call;
pub use changes::{Action, Change, ChangedColumn, Changes, Column, Filter, Is, Record, col, not};
pub use channel::{Channel, ChannelBuilder, WhileAway};
pub use client::Client;
pub use code::Code;
pub use delivery::{Delivery, Gap, Overflow};
pub use error::{Error, ErrorKind, Result};
pub use listener::{Event, Listener, Messages};
pub use payload::Payload;
pub use presence::{Presence, PresenceEvent, PresenceState};
pub use protocol::{Frame, ProtocolVersion};
pub use socket::SignedOut;
pub use status::{ChannelStatus, ConnectionState, Heartbeat, Watch};
pub use system::SystemMessage;
pub use timestamp::{Timestamp, TimestampError};
pub use transport::{Connection, Handshake, Transport};

// Their types stand in this crate's signatures.
pub use bytes;
pub use reqwest;
pub use secrecy;
