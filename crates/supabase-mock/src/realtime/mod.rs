//! A Realtime server that runs inside of a test.
//!
//! It speaks both versions of the protocol, as recorded from Supabase's own server: channels, broadcasts, presence,
//! changes of the database, private channels, tokens, limits, HTTP broadcasts. It has no database: a test tells it
//! what has changed. And it does what a real server does only on bad days, when a test wants it to.
//!
//! Without sockets, in a runtime whose clock is paused, a minute without an answer takes no time:
//!
//! ```
//! use std::time::Duration;
//! use futures_util::{SinkExt, StreamExt};
//! use serde_json::json;
//! use supabase_mock::realtime::{Change, Server};
//! use tokio_tungstenite::{client_async, tungstenite::Message};
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::new();
//! let url = format!("ws://test/realtime/v1/websocket?vsn=2.0.0&apikey={}", server.anon_key());
//! let (mut socket, _) = client_async(url, server.connect()).await?;
//!
//! let wish = json!({ "config": { "postgres_changes": [{ "event": "*", "schema": "public", "table": "todos" }] } });
//! socket.send(Message::text(json!(["1", "1", "realtime:todos", "phx_join", wish]).to_string())).await?;
//! socket.next().await; // the join is confirmed
//! socket.next().await; // and the subscription
//!
//! server.push_change(&Change::insert("public", "todos", json!({ "id": 1, "task": "sow" })));
//! let change = socket.next().await.ok_or("the server sends it")??;
//! assert!(change.to_text()?.contains(r#""record":{"id":1,"task":"sow"}"#));
//!
//! // Nothing is sent for a minute of the paused clock, so the server closes.
//! let closed = socket.next().await.ok_or("the server closes")??;
//! assert!(closed.is_close());
//! # Ok(()) }
//! ```
//!
//! What differs from a real server: row level security is a function of the test ([`Table::rows_visible`],
//! [`Builder::authorize`]); limits that a real server averages over a minute are not counted, but a test can act as if
//! they were exceeded ([`Server::exceed`]); the ids of subscriptions have other values; texts are compared byte
//! by byte, without a collation; and regular expressions are Rust's, without look-around and back references.

mod access;
mod binding;
mod builder;
mod changes;
mod codec;
mod compare;
mod config;
mod connection;
mod faults;
mod filter;
mod http;
mod hub;
mod join;
mod observe;
mod presence;
#[cfg(test)]
mod properties;
mod record;
mod row;
mod server;
mod shared;
mod table;
mod token;

pub use access::Access;
pub use builder::Builder;
pub use changes::Change;
pub use codec::Version;
pub use config::Limits;
pub use faults::Limit;
pub use hub::ConnectionId;
pub use record::{Handshake, Received};
pub use row::Row;
pub use server::Server;
pub use table::Table;
pub use token::Claims;
