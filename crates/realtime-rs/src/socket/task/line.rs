//! The way to the server: what is there of a connection, and what is written to it.

use serde_json::value::RawValue;
use supabase_core::{BoxFuture, Instant};

use crate::error::{Error, Result};
use crate::protocol::{Frame, ProtocolVersion, Push, Ref, SOCKET_TOPIC, encode};
use crate::socket::heartbeat::Heartbeats;
use crate::socket::wire::Wire;
use crate::transport::Connection;

/// Where the connection stands.
pub(super) enum Link {
    Down,
    Waiting { at: Instant },
    Connecting(BoxFuture<'static, Result<Connection>>),
    Up(Box<Up>),
}

pub(super) struct Up {
    pub(super) wire: Wire,
    pub(super) beats: Heartbeats,
}

pub(super) struct Line {
    pub(super) link: Link,
    pub(super) version: ProtocolVersion,
    /// How many bytes a frame may have.
    max_frame: usize,
    last_ref: Ref,
}

impl Line {
    pub(super) fn new(version: ProtocolVersion, max_frame: usize) -> Self {
        Self { link: Link::Down, version, max_frame, last_ref: 0 }
    }

    /// Whether a frame of so many bytes may be sent: a server ends the connection, and with it all channels, at one that is
    /// too large.
    ///
    /// # Errors
    /// It may not.
    pub(super) fn fits(&self, bytes: usize) -> Result<()> {
        if bytes > self.max_frame { Err(Error::too_long(bytes, self.max_frame)) } else { Ok(()) }
    }

    /// Writes a frame.
    ///
    /// # Errors
    /// It is too large, or there is no connection.
    pub(super) fn send(&mut self, frame: Frame) -> Result<()> {
        if let Frame::Text(bytes) | Frame::Binary(bytes) = &frame {
            self.fits(bytes.len())?;
        }
        let Link::Up(up) = &mut self.link else { return Err(Error::away("the channel is away")) };
        up.wire.send(frame);
        Ok(())
    }

    /// A number that no push had before.
    pub(super) fn next_ref(&mut self) -> Ref {
        self.last_ref += 1;
        self.last_ref
    }

    pub(super) fn is_busy(&self) -> bool {
        matches!(&self.link, Link::Up(up) if up.wire.is_busy())
    }

    /// Writes a heartbeat, and answers with its number. It asks whether the server is there, and not how long it takes to
    /// write all that waits.
    pub(super) fn beat(&mut self) -> Option<Ref> {
        let reference = self.next_ref();
        let payload = empty_object();
        let push = Push { join_ref: None, reference, topic: SOCKET_TOPIC, event: "heartbeat", payload };
        let frame = encode(self.version, push).ok()?;
        let Link::Up(up) = &mut self.link else { return None };
        up.wire.send_first(frame);
        Some(reference)
    }

    /// Writes a push, and answers with its number; `None` where it cannot be written.
    pub(super) fn push(
        &mut self,
        join_ref: Option<Ref>,
        topic: &str,
        event: &str,
        payload: &RawValue,
    ) -> Option<Ref> {
        let reference = self.next_ref();
        self.push_as(reference, join_ref, topic, event, payload).ok()?;
        Some(reference)
    }

    /// The same with a number that was taken before.
    ///
    /// # Errors
    /// It is too large, or there is no connection.
    pub(super) fn push_as(
        &mut self,
        reference: Ref,
        join_ref: Option<Ref>,
        topic: &str,
        event: &str,
        payload: &RawValue,
    ) -> Result<()> {
        let frame = encode(self.version, Push { join_ref, reference, topic, event, payload })?;
        self.send(frame)
    }
}

/// `{}`.
pub(super) fn empty_object() -> &'static RawValue {
    // Two bytes that are JSON: the other branch is never taken.
    serde_json::from_str::<&RawValue>("{}").unwrap_or(RawValue::NULL)
}
