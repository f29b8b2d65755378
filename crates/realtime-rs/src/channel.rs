//! A channel after joining: sending, tracking, leaving.

mod builder;
pub(crate) mod config;
pub(crate) mod entry;
pub(crate) mod shared;
pub(crate) mod state;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

pub use builder::{ChannelBuilder, WhileAway};
pub(crate) use shared::ChannelShared;

use crate::broadcast::{BroadcastRequest, Sent};
use crate::call::Call;
use crate::error::{Error, Result};
use crate::payload::Payload;
use crate::presence::{PresenceState, typed};
use crate::socket::{Command, Lease};
use crate::status::{ChannelStatus, Watch};

/// A channel that the server has confirmed. Clones are handles to the same channel.
///
/// It is joined again by itself after every interruption, until it is left by [`unsubscribe`](Self::unsubscribe), or the
/// last handle and the last of its streams are dropped.
///
/// Source: <https://supabase.com/docs/guides/realtime/concepts>
#[derive(Clone)]
pub struct Channel {
    pub(crate) shared: Arc<ChannelShared>,
    pub(crate) lease: Arc<Lease>,
}

impl Channel {
    /// The name, without the prefix that it has on the wire.
    pub fn name(&self) -> &str {
        &self.shared.name
    }

    /// Sends a broadcast of JSON to everybody in the channel.
    ///
    /// With [`acknowledge`](ChannelBuilder::acknowledge) it is done when the server has confirmed it, else when it is
    /// written to the connection. While the channel is away, what happens is what [`WhileAway`] says.
    ///
    /// Source: <https://supabase.com/docs/guides/realtime/broadcast>
    ///
    /// # Errors
    /// [`ErrorKind::Connect`](crate::ErrorKind::Connect) if the channel is away, and nothing was sent;
    /// [`ErrorKind::TooLong`](crate::ErrorKind::TooLong) if it is larger than
    /// [`max_frame`](crate::ClientBuilder::max_frame) allows;
    /// [`ErrorKind::Interrupted`](crate::ErrorKind::Interrupted) if the connection broke, so that it may have arrived;
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) or [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) if the
    /// server did not confirm. Without permission to write to a private channel, the server confirms nothing and says
    /// nothing.
    ///
    /// ```no_run
    /// # async fn run(room: realtime_rs::Channel) -> realtime_rs::Result<()> {
    /// room.send_broadcast("cursor-pos", &serde_json::json!({ "x": 1, "y": 2 })).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "send")]
    pub fn send_broadcast(
        &self,
        event: impl Into<String>,
        payload: &(impl Serialize + ?Sized),
    ) -> Call<Sent> {
        // Written now, so that the call does not borrow the payload.
        self.broadcast(event.into(), Payload::json(payload))
    }

    /// Sends a broadcast of bytes to everybody in the channel who speaks version 2.0.0 of the protocol.
    ///
    /// # Errors
    /// As [`send_broadcast`](Self::send_broadcast); and [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) in version 1.0.0,
    /// which has no such broadcasts.
    ///
    /// ```no_run
    /// # async fn run(room: realtime_rs::Channel) -> realtime_rs::Result<()> {
    /// room.send_binary_broadcast("frame", vec![0, 1, 2, 255]).await?;
    /// # Ok(()) }
    /// ```
    pub fn send_binary_broadcast(&self, event: impl Into<String>, payload: impl Into<Bytes>) -> Call<Sent> {
        self.broadcast(event.into(), Ok(Payload::Binary(payload.into())))
    }

    fn broadcast(&self, event: String, payload: Result<Payload>) -> Call<Sent> {
        let this = self.clone();
        Call::new(async move { this.send(event, payload?).await })
    }

    async fn send(&self, event: String, payload: Payload) -> Result<Sent> {
        if event.is_empty() {
            return Err(Error::invalid("a broadcast needs the name of an event"));
        }
        if self.shared.while_away == WhileAway::Http && !self.is_joined() {
            return self.over_http(event, payload).await;
        }
        let again = (self.shared.while_away == WhileAway::Http).then(|| (event.clone(), payload.clone()));
        let id = self.lease.id();
        let sent = self.lease.ask(|reply| Command::Broadcast { id, event, payload, reply }).await;
        match (sent, again) {
            // The channel went between the look and the send, and nothing was written. A connection that breaks is of
            // another kind: what it carried may have arrived.
            (Err(error), Some((event, payload))) if error.kind() == crate::ErrorKind::Connect => {
                self.over_http(event, payload).await
            }
            (sent, _) => sent,
        }
    }

    async fn over_http(&self, event: String, payload: Payload) -> Result<Sent> {
        BroadcastRequest {
            http: self.lease.http(),
            topic: self.shared.name.clone(),
            event,
            payload: Ok(payload),
            private: self.shared.private,
        }
        .await?;
        Ok(Sent::OverHttp)
    }

    fn is_joined(&self) -> bool {
        matches!(self.shared.status.now(), Some(ChannelStatus::Subscribed | ChannelStatus::Joining))
    }

    /// Tells everybody in the channel that this client is here, with `payload`, an object. It replaces what was tracked
    /// before, and is tracked again by itself whenever the channel is joined again.
    ///
    /// The server takes about five of these calls in 30 seconds, and closes a channel that makes more.
    ///
    /// Source: <https://supabase.com/docs/guides/realtime/presence>
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if the payload is no object;
    /// [`ErrorKind::TooLong`](crate::ErrorKind::TooLong) if it is larger than
    /// [`max_frame`](crate::ClientBuilder::max_frame) allows;
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) if the server does not take it. What was tracked before stays
    /// then. If the channel is away, it is tracked when it is back, and this succeeds.
    ///
    /// ```no_run
    /// # async fn run(room: realtime_rs::Channel) -> realtime_rs::Result<()> {
    /// room.track(&serde_json::json!({ "online_at": "2026-11-25T15:44:51Z" })).await?;
    /// # Ok(()) }
    /// ```
    pub fn track(&self, payload: &(impl Serialize + ?Sized)) -> Call<()> {
        let json = serde_json::value::to_raw_value(payload)
            .map_err(|error| Error::invalid(format!("the presence cannot be written as JSON: {error}")));
        self.presence(json.and_then(|json| {
            if json.get().starts_with('{') {
                Ok(Some(json))
            } else {
                Err(Error::invalid("a presence is an object"))
            }
        }))
    }

    /// Tells everybody that this client is not here any more.
    ///
    /// # Errors
    /// As [`track`](Self::track).
    ///
    /// ```no_run
    /// # async fn run(room: realtime_rs::Channel) -> realtime_rs::Result<()> {
    /// room.untrack().await?;
    /// # Ok(()) }
    /// ```
    pub fn untrack(&self) -> Call<()> {
        self.presence(Ok(None))
    }

    fn presence(&self, payload: Result<Option<Box<RawValue>>>) -> Call<()> {
        let lease = Arc::clone(&self.lease);
        Call::new(async move {
            let (id, payload) = (lease.id(), payload?);
            lease.ask(|reply| Command::Track { id, payload, reply }).await
        })
    }

    /// Who is in the channel, by key, as far as the server has told. It is told where
    /// [`on_presence`](ChannelBuilder::on_presence) or [`presence_key`](ChannelBuilder::presence_key) asked for it.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode) if a presence does not fit `T`.
    ///
    /// ```no_run
    /// # fn run(room: realtime_rs::Channel) -> realtime_rs::Result<()> {
    /// for (key, presences) in room.presence_state::<serde_json::Value>()? {
    ///     println!("{key}: {} connections", presences.len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn presence_state<T: DeserializeOwned>(&self) -> Result<PresenceState<T>> {
        let state = self.shared.presences().state().clone();
        state.into_iter().map(|(key, metas)| Ok((key, typed(&metas)?))).collect()
    }

    /// How the channel stands.
    pub fn status(&self) -> ChannelStatus {
        self.shared.status.now().unwrap_or(ChannelStatus::Closed(None))
    }

    /// How the channel stands, as a stream that begins with how it stands now.
    ///
    /// ```no_run
    /// # async fn run(room: realtime_rs::Channel) {
    /// let mut statuses = room.statuses();
    /// while let Some(status) = statuses.next().await {
    ///     println!("{status:?}");
    /// }
    /// # }
    /// ```
    pub fn statuses(&self) -> Watch<ChannelStatus> {
        self.shared.status.watch()
    }

    /// Leaves the channel. Its streams end. It is left even if the server does not confirm that in time.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`](crate::ErrorKind::Closed) if the channel was over already.
    ///
    /// ```no_run
    /// # async fn run(room: realtime_rs::Channel) -> realtime_rs::Result<()> {
    /// room.unsubscribe().await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "removeChannel")]
    pub fn unsubscribe(&self) -> Call<()> {
        let lease = Arc::clone(&self.lease);
        Call::new(async move {
            let id = lease.id();
            lease.ask(|reply| Command::Unsubscribe { id, reply }).await
        })
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel")
            .field("name", &self.shared.name)
            .field("private", &self.shared.private)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
