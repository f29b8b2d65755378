#![doc = include_str!("../README.md")]
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod api;
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub mod blocking;
mod builder;
mod call;
mod claims;
mod client;
mod clock;
mod code;
mod error;
mod factor;
mod identity;
mod jwt;
mod lenient;
mod pkce;
mod random;
mod server;
mod session;
mod timestamp;
mod user;
mod weak_password;

pub use builder::ClientBuilder;
pub use call::Call;
pub use claims::{AssuranceLevel, AuthMethod, AuthenticationMethod, Claims};
pub use client::Client;
pub use code::Code;
pub use error::{Error, ErrorKind, Result};
pub use factor::{Factor, FactorStatus, FactorType};
pub use identity::Identity;
pub use jwt::JwtVerifier;
pub use pkce::{FlowType, PendingFlow};
pub use server::{Health, ServerSettings};
pub use session::Session;
pub use session::event::{AuthEvent, SignOutReason};
pub use session::listeners::AuthEvents;
pub use session::saved::SavedSession;
pub use session::store::SessionStore;
#[cfg(all(feature = "file-store", not(target_family = "wasm")))]
pub use session::store::file::FileStore;
pub use session::store::memory::MemoryStore;
pub use timestamp::{Timestamp, TimestampError};
pub use user::{Audience, User};
pub use weak_password::{WeakPassword, WeakPasswordReason};

// Their types stand in this crate's signatures.
pub use reqwest;
pub use secrecy;
