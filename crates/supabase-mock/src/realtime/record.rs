//! What clients sent, kept for assertions.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

use super::codec::{Frame, Push};
use super::{ConnectionId, Version};

/// A frame that a client sent.
#[derive(Clone, Debug)]
pub struct Received {
    pub(crate) connection: ConnectionId,
    pub(crate) at: Duration,
    pub(crate) frame: Frame,
    pub(crate) push: Option<Push>,
}

impl Received {
    /// The connection on which it came.
    pub fn connection(&self) -> ConnectionId {
        self.connection
    }

    /// When it came, since 1970, by the server's clock.
    pub fn at(&self) -> Duration {
        self.at
    }

    /// The topic with its prefix, such as `realtime:room1`; empty for a frame that cannot be read.
    pub fn topic(&self) -> &str {
        self.push.as_ref().map_or("", |push| &push.topic)
    }

    /// The event, such as `phx_join`; `broadcast` for binary ones too; empty for a frame that cannot be read.
    pub fn event(&self) -> &str {
        self.push.as_ref().map_or("", |push| &push.event)
    }

    /// The number that an answer repeats.
    #[doc(alias = "ref")]
    pub fn reference(&self) -> Option<&str> {
        self.push.as_ref()?.reference.as_deref()
    }

    /// The number of the join that the frame belongs to.
    pub fn join_ref(&self) -> Option<&str> {
        self.push.as_ref()?.join_ref.as_deref()
    }

    /// The payload; of a binary broadcast the `type`, `event` and `payload` that it stands for, bytes as a list of
    /// numbers; null for a frame that cannot be read.
    pub fn payload(&self) -> Value {
        self.push.as_ref().map(|push| push.payload.to_value()).unwrap_or_default()
    }

    /// The text of the frame, unless it is binary.
    pub fn text(&self) -> Option<&str> {
        match &self.frame {
            Frame::Text(text) => Some(text),
            Frame::Binary(_) => None,
        }
    }

    /// The bytes of the frame, text or not.
    pub fn bytes(&self) -> &[u8] {
        match &self.frame {
            Frame::Text(text) => text.as_bytes(),
            Frame::Binary(bytes) => bytes,
        }
    }

    /// Whether the server could read it. The real one logs the others and ignores them, and so does this one.
    pub fn is_readable(&self) -> bool {
        self.push.is_some()
    }
}

/// A connection that a client opened, or was refused.
#[derive(Clone, Debug)]
pub struct Handshake {
    pub(crate) connection: Option<ConnectionId>,
    pub(crate) at: Duration,
    pub(crate) version: Option<Version>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: BTreeMap<String, String>,
}

impl Handshake {
    /// The connection; `None` if it was refused.
    pub fn connection(&self) -> Option<ConnectionId> {
        self.connection
    }

    /// When it was opened, since 1970, by the server's clock.
    pub fn at(&self) -> Duration {
        self.at
    }

    /// The version that was asked for; `None` if there is none of that name.
    pub fn version(&self) -> Option<Version> {
        self.version
    }

    /// A parameter of the address, such as `apikey`.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A header, its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}

/// The newest of what was received.
#[derive(Debug, Default)]
pub(crate) struct Record {
    pub(crate) frames: VecDeque<Received>,
    pub(crate) handshakes: VecDeque<Handshake>,
}

impl Record {
    pub(crate) fn frame(&mut self, frame: Received, kept: usize) {
        self.frames.push_back(frame);
        while self.frames.len() > kept {
            self.frames.pop_front();
        }
    }

    pub(crate) fn handshake(&mut self, handshake: Handshake, kept: usize) {
        self.handshakes.push_back(handshake);
        while self.handshakes.len() > kept {
            self.handshakes.pop_front();
        }
    }
}
