//! What travels on the socket: frames, and the messages of Phoenix channels in them.
//!
//! Everything here is pure: bytes in, values out.
//!
//! Source: <https://supabase.com/docs/guides/realtime/protocol>

mod binary;
mod decode;
mod encode;
mod text;

use std::borrow::Cow;

use bytes::Bytes;
use serde_json::value::RawValue;

pub(crate) use decode::decode;
pub(crate) use encode::{Push, UserBroadcast, encode, encode_broadcast};

/// The event by which a channel is joined.
pub(crate) const JOIN: &str = "phx_join";
/// The event by which a channel is left.
pub(crate) const LEAVE: &str = "phx_leave";
/// The topic of the socket itself.
pub(crate) const SOCKET_TOPIC: &str = "phoenix";
/// What stands before the name of a channel.
pub(crate) const TOPIC_PREFIX: &str = "realtime:";

/// The version of the protocol.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProtocolVersion {
    /// `1.0.0`: JSON objects only. Broadcasts of bytes do not exist in it, and never arrive.
    V1,
    /// `2.0.0`: JSON arrays, and binary frames for broadcasts. The default.
    #[default]
    V2,
}

impl ProtocolVersion {
    /// As it stands in the address.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::V1 => "1.0.0",
            Self::V2 => "2.0.0",
        }
    }
}

/// A frame of the websocket.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Frame {
    /// UTF-8 text. What is not UTF-8 is ignored, as everything is that cannot be read.
    Text(Bytes),
    /// Bytes.
    Binary(Bytes),
    /// The other side closes, or is asked to: the code if there is one, and the reason.
    Close(Option<u16>, String),
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the content: it holds tokens.
        match self {
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Binary(bytes) => write!(f, "Binary({} bytes)", bytes.len()),
            Self::Close(code, reason) => f.debug_tuple("Close").field(code).field(reason).finish(),
        }
    }
}

/// A number that stands for one push, unique within a connection.
pub(crate) type Ref = u64;

/// What the server sent.
#[derive(Debug, PartialEq)]
pub(crate) struct Message<'a> {
    /// The join that it belongs to, where it says so.
    pub(crate) join_ref: Option<Ref>,
    /// The push that it answers, or, for the end of a channel, its join.
    pub(crate) reference: Option<Ref>,
    pub(crate) topic: Cow<'a, str>,
    pub(crate) body: Body<'a>,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Body<'a> {
    Reply(Answer<'a>),
    Broadcast(Incoming<'a>),
    PresenceState(&'a [u8]),
    PresenceDiff(&'a [u8]),
    Changes(&'a [u8]),
    System(&'a [u8]),
    /// The channel ended on the server.
    Close,
    /// The channel crashed on the server.
    Error,
    /// Something that this client does not know.
    Other,
}

/// An answer to a push.
#[derive(Debug, PartialEq)]
pub(crate) struct Answer<'a> {
    pub(crate) is_ok: bool,
    pub(crate) response: &'a [u8],
}

/// A broadcast that came.
#[derive(Debug, PartialEq)]
pub(crate) struct Incoming<'a> {
    pub(crate) event: Cow<'a, str>,
    /// `None` if the sender left it out.
    pub(crate) payload: Option<&'a [u8]>,
    pub(crate) is_binary: bool,
    /// JSON, empty if there is none.
    pub(crate) meta: &'a [u8],
}

impl Answer<'_> {
    /// Why the server said no. Mostly `{"reason": "…"}`, but also a bare text, or an empty object.
    pub(crate) fn reason(&self) -> String {
        #[derive(serde::Deserialize)]
        struct Reason {
            reason: String,
        }
        if let Ok(Reason { reason }) = serde_json::from_slice(self.response) {
            return reason;
        }
        match serde_json::from_slice::<String>(self.response) {
            Ok(text) => text,
            Err(_) => match String::from_utf8_lossy(self.response).trim() {
                "{}" | "null" | "" => String::new(),
                other => other.chars().take(200).collect(),
            },
        }
    }
}

/// What a raw value says, as bytes.
fn raw(value: &RawValue) -> &[u8] {
    value.get().as_bytes()
}

#[cfg(test)]
mod tests;
