//! Broadcasts: messages that clients and the database send to everybody in a channel.

mod http;

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

pub use http::BroadcastRequest;

use crate::error::{Error, Result};
use crate::payload::{Payload, bytes_came, from_json};

/// A broadcast that came.
///
/// Source: <https://supabase.com/docs/guides/realtime/broadcast>
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Broadcast<T> {
    /// The name that the sender gave it.
    pub event: Arc<str>,
    /// What it carries. If the sender left it out, it is read as `null`.
    pub payload: T,
    /// The id of a message that the database keeps.
    pub id: Option<String>,
    /// Whether it was sent before this client joined, and replayed.
    pub replayed: bool,
}

/// How a broadcast went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sent {
    /// It was written to the connection; the server was not asked to confirm it.
    Written,
    /// The server has confirmed it.
    Acknowledged,
    /// The channel is away, and the broadcast waits until it is back.
    Queued,
    /// The channel is away, and the broadcast went over HTTP.
    OverHttp,
}

/// A broadcast as it came.
#[derive(Clone, Debug)]
pub(crate) struct RawBroadcast {
    pub(crate) event: Arc<str>,
    pub(crate) payload: Option<Bytes>,
    pub(crate) is_binary: bool,
    pub(crate) meta: Option<Box<Meta>>,
}

/// What the server tells about a broadcast that the database keeps.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Meta {
    #[serde(default)]
    pub(crate) id: Option<String>,
    #[serde(default)]
    pub(crate) replayed: bool,
}

impl RawBroadcast {
    /// As the caller's type, from JSON.
    pub(crate) fn json<T: DeserializeOwned>(self) -> Result<Broadcast<T>> {
        self.read(|payload, is_binary| match payload {
            _ if is_binary => Err(bytes_came()),
            Some(payload) => from_json(&payload),
            None => from_json(b"null"),
        })
    }

    /// As bytes.
    pub(crate) fn bytes(self) -> Result<Broadcast<Bytes>> {
        self.read(|payload, is_binary| {
            if !is_binary {
                return Err(Error::unreadable("the broadcast carries JSON, and no bytes", None));
            }
            Ok(payload.unwrap_or_default())
        })
    }

    /// As whatever it is.
    pub(crate) fn payload(self) -> Result<Broadcast<Payload>> {
        self.read(|payload, is_binary| {
            let payload =
                payload.unwrap_or(if is_binary { Bytes::new() } else { Bytes::from_static(b"null") });
            if is_binary {
                return Ok(Payload::Binary(payload));
            }
            let text = String::from_utf8(payload.into())
                .map_err(|_| Error::unreadable("a broadcast is no UTF-8", None))?;
            let json = RawValue::from_string(text);
            json.map(Payload::Json).map_err(|_| Error::unreadable("a broadcast is no JSON", None))
        })
    }

    fn read<T>(self, read: impl FnOnce(Option<Bytes>, bool) -> Result<T>) -> Result<Broadcast<T>> {
        let payload = read(self.payload, self.is_binary)?;
        let (id, replayed) = match self.meta {
            Some(meta) => (meta.id, meta.replayed),
            None => (None, false),
        };
        Ok(Broadcast { event: self.event, payload, id, replayed })
    }
}
