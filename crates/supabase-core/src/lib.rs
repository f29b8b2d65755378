#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
// A page has one thread. An `Rc` there would be a second type for each thing that is shared.
#![cfg_attr(
    target_family = "wasm",
    expect(clippy::arc_with_non_send_sync, reason = "nothing leaves the thread")
)]

mod api_key;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod config;
mod content;
mod endpoint;
mod error_face;
mod failure;
mod head;
mod headers;
mod http;
mod incoming;
mod maybe_send;
#[cfg(all(feature = "multipart", not(target_family = "wasm")))]
mod multipart;
mod open_enum;
mod payload;
mod read;
mod redirect;
mod reply;
mod request;
mod retry;
mod said;
mod settings;
mod spawn;
mod telemetry;
mod time;
mod timestamp;
mod token;
mod trace;
mod transport;
#[cfg(not(target_family = "wasm"))]
mod websocket;

pub use api_key::{ApiKey, KeyKind};
pub use config::{Config, Limits};
pub use content::{Content, Pieces};
pub use endpoint::{parse_endpoint, parse_project};
pub use failure::{BoxError, Failure, FailureKind, RAW_BODY_LIMIT};
pub use http::{Configure, HttpChoice};
pub use maybe_send::{BoxFuture, BoxStream, MaybeSend, MaybeSync};
#[cfg(feature = "multipart")]
pub use payload::Part;
pub use payload::Payload;
pub use reply::{OpenReply, Reply, decode_json};
pub use request::Request;
pub use retry::RetryPolicy;
pub use said::{first_said, object_or_default};
pub use spawn::{is_blocking, spawn};
pub use telemetry::{CLIENT_INFO, client_info};
pub use time::{Instant, can_sleep, limited, sleep, wall_clock};
pub use token::{TokenSource, token_fault};
pub use trace::TraceSource;
pub use transport::Transport;
#[cfg(not(target_family = "wasm"))]
pub use websocket::Upgraded;

// What the service crates need of the libraries underneath, so that all of them use the same versions.
pub use bytes::Bytes;
pub use futures_util::Stream;
pub use jiff;
pub use reqwest::Method;
pub use reqwest::header;
pub use url::Url;
