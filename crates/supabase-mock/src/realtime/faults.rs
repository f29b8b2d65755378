//! What goes wrong when a test wants it to.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::observe::prefixed;
use super::{ConnectionId, Server};

/// Limits that a real server averages over a minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Limit {
    /// Messages per second.
    Messages,
    /// Presence messages per second.
    PresenceMessages,
}

impl Server {
    /// Refuses the next join of a topic with a reason, such as `Unauthorized: …`. Its code stands before the colon.
    pub fn refuse_next_join(&self, topic: &str, reason: &str) {
        self.shared.with(|hub| hub.refuse_joins(Some(prefixed(topic)), reason.to_owned(), Some(1)));
    }

    /// Refuses every join with a reason, until [`accept_joins`](Self::accept_joins).
    pub fn refuse_joins(&self, reason: &str) {
        self.shared.with(|hub| hub.refuse_joins(None, reason.to_owned(), None));
    }

    /// Never answers the next join of a topic.
    pub fn ignore_next_join(&self, topic: &str) {
        self.shared.with(|hub| hub.ignore_joins(Some(prefixed(topic)), Some(1)));
    }

    /// Never answers a join, until [`accept_joins`](Self::accept_joins).
    pub fn ignore_joins(&self) {
        self.shared.with(|hub| hub.ignore_joins(None, None));
    }

    /// Accepts joins again.
    pub fn accept_joins(&self) {
        self.shared.with(|hub| hub.accept_joins());
    }

    /// Refuses the next connections with an HTTP status and a message, such as 429 and `Too many connected users`.
    pub fn refuse_next_connections(&self, times: u32, status: u16, error: &str) {
        self.shared.with(|hub| hub.refuse_connections(status, error, Some(times)));
    }

    /// Refuses every connection, until [`accept_connections`](Self::accept_connections).
    pub fn refuse_connections(&self, status: u16, error: &str) {
        self.shared.with(|hub| hub.refuse_connections(status, error, None));
    }

    /// Accepts connections again.
    pub fn accept_connections(&self) {
        self.shared.with(|hub| hub.accept_connections());
    }

    /// Whether heartbeats are answered.
    pub fn answer_heartbeats(&self, answer: bool) {
        self.shared.with(|hub| hub.answer_heartbeats(answer));
    }

    /// Whether everything that clients send is read and never answered, as on a connection that is half open.
    pub fn set_silent(&self, silent: bool) {
        self.shared.with(|hub| hub.set_silent(silent));
    }

    /// How long every answer waits from now on.
    pub fn delay_replies(&self, delay: Duration) {
        self.shared.with(|hub| hub.delay_replies(delay));
    }

    /// Whether subscriptions to changes stay unconfirmed. Those that wait are confirmed when this ends.
    pub fn withhold_subscriptions(&self, withhold: bool) {
        self.shared.with(|hub| hub.withhold_subscriptions(withhold));
    }

    /// Closes all connections with a code, such as 1000, 1001, 1008, 1011 or 1012.
    pub fn close_all(&self, code: u16, reason: &str) {
        self.shared.with(|hub| hub.connection_ids().into_iter().for_each(|id| hub.close(id, code, reason)));
    }

    /// Closes one connection with a code.
    pub fn close(&self, connection: ConnectionId, code: u16, reason: &str) {
        self.shared.with(|hub| hub.close(connection, code, reason));
    }

    /// Ends all connections without a close frame, which clients call code 1006.
    pub fn drop_all(&self) {
        self.shared.with(|hub| hub.connection_ids().into_iter().for_each(|id| hub.drop_connection(id)));
    }

    /// Ends one connection without a close frame.
    pub fn drop_connection(&self, connection: ConnectionId) {
        self.shared.with(|hub| hub.drop_connection(connection));
    }

    /// Ends all connections in the middle of a frame.
    pub fn cut_all(&self) {
        self.shared.with(|hub| hub.connection_ids().into_iter().for_each(|id| hub.cut_connection(id)));
    }

    /// Announces a restart on all channels, and closes the connections with code 1012.
    pub fn restart(&self) {
        self.shared.with(|hub| hub.restart());
    }

    /// Ends the channels of a topic with `phx_error`, as when their process has crashed.
    pub fn crash_channel(&self, topic: &str) {
        self.shared.with(|hub| hub.end_channels(&prefixed(topic), "phx_error"));
    }

    /// Ends the channels of a topic with `phx_close`.
    pub fn close_channel(&self, topic: &str) {
        self.shared.with(|hub| hub.end_channels(&prefixed(topic), "phx_close"));
    }

    /// Forgets who has joined a topic, without a word: the next push is answered with `unmatched topic`.
    pub fn forget_topic(&self, topic: &str) {
        self.shared.with(|hub| hub.forget_topic(&prefixed(topic)));
    }

    /// Does to the channels of a topic what happens when a limit is exceeded: a system message that says so, then
    /// `phx_close`.
    pub fn exceed(&self, topic: &str, limit: Limit) {
        let message = match limit {
            Limit::Messages => "Too many messages per second",
            Limit::PresenceMessages => "Too many presence messages per second",
        };
        self.fail_channel(topic, message);
    }

    /// Sends the channels of a topic a system message of status `error`, and closes them.
    pub fn fail_channel(&self, topic: &str, message: &str) {
        self.shared.with(|hub| hub.fail_channels(&prefixed(topic), message));
    }

    /// Ends every channel as if its token had just expired. The connections stay.
    pub fn expire_tokens(&self) {
        self.shared.with(|hub| hub.expire_all_tokens());
    }

    /// Sends the channels of a topic a system message: `extension` is `system` or `postgres_changes`, `status` is `ok`
    /// or `error`.
    pub fn send_system(&self, topic: &str, extension: &str, status: &str, message: &str) {
        self.shared.with(|hub| hub.send_system(&prefixed(topic), extension, status, message));
    }

    /// Sends the channels of a topic any event.
    pub fn send_event(&self, topic: &str, event: &str, payload: &Value) {
        self.shared.with(|hub| hub.send_event(&prefixed(topic), event, payload));
    }

    /// Sends a text frame, whatever stands in it.
    pub fn send_text(&self, connection: ConnectionId, text: &str) {
        self.shared.with(|hub| hub.send_text(connection, text));
    }

    /// Sends a binary frame, whatever stands in it.
    pub fn send_binary(&self, connection: ConnectionId, bytes: &[u8]) {
        self.shared.with(|hub| hub.send_binary(connection, Bytes::copy_from_slice(bytes)));
    }
}
