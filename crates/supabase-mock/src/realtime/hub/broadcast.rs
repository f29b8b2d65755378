//! Broadcasts: from clients, over HTTP, and from the database.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::channel::Channel;
use super::{ConnectionId, Hub, Room, raw};
use crate::realtime::codec::{Payload, Push, ServerMessage, UserBroadcast};

/// How many messages of a room are kept for replays.
const KEPT: usize = 1_000;

/// A message that the database sent to a private room, which can be replayed.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    at: Duration,
    id: String,
    event: String,
    /// With the id in it.
    payload: Value,
}

impl Hub {
    pub(super) fn broadcast(&mut self, id: ConnectionId, push: &Push) {
        let Some(channel) = self.channel(id, &push.topic).cloned() else { return };
        let size = match &push.payload {
            Payload::Json(json) => json.get().len(),
            Payload::Broadcast(broadcast) => broadcast.payload.len(),
            // A binary push that is no broadcast has no event to relay.
            Payload::Bytes(_) => return,
        };
        if size > self.config.limits.payload {
            if channel.ack {
                self.reply(id, push, "error", &json!("payload_size_exceeded"));
            }
            return;
        }
        if !channel.access.write {
            return;
        }
        let own = channel.receives_own;
        self.tell_everybody(
            &channel.room(),
            |member, _| own || member != id,
            |topic| relayed(topic, &push.payload),
        );
        if channel.ack {
            self.reply(id, push, "ok", &json!({}));
        }
    }

    /// Sends a broadcast as it comes in the batch endpoint: as text for everybody.
    pub(crate) fn broadcast_text(
        &mut self,
        name: &str,
        private: bool,
        event: &str,
        payload: &Value,
        message_id: Option<&str>,
    ) {
        let mut body = json!({ "event": event, "payload": payload, "type": "broadcast" });
        if let (Some(id), Some(body)) = (message_id, body.as_object_mut()) {
            body.insert("meta".into(), json!({ "id": id }));
        }
        let room = Room { name: name.to_owned(), private };
        self.tell_everybody(
            &room,
            |_, _| true,
            |topic| ServerMessage::Everybody {
                topic: topic.to_owned(),
                event: "broadcast".into(),
                payload: raw(&body),
            },
        );
    }

    /// Sends a broadcast whose payload stays bytes: as a binary frame where that is spoken.
    pub(crate) fn broadcast_bytes(&mut self, name: &str, private: bool, broadcast: &UserBroadcast) {
        let room = Room { name: name.to_owned(), private };
        self.tell_everybody(
            &room,
            |_, _| true,
            |topic| ServerMessage::Broadcast { topic: topic.to_owned(), broadcast: broadcast.clone() },
        );
    }

    /// Sends a broadcast as `realtime.send` does, and keeps it for replays if it is private.
    pub(crate) fn broadcast_from_database(&mut self, name: &str, private: bool, event: &str, payload: Value) {
        let message_id = self.next_uuid();
        let mut payload = match payload {
            Value::Object(payload) => payload,
            other => [("payload".to_owned(), other)].into_iter().collect(),
        };
        payload.entry("id").or_insert_with(|| json!(message_id));
        let payload = Value::Object(payload);
        let broadcast = UserBroadcast {
            event: event.to_owned(),
            meta: Bytes::from(json!({ "id": message_id }).to_string()),
            json: true,
            payload: Bytes::from(payload.to_string()),
        };
        self.broadcast_bytes(name, private, &broadcast);
        if private {
            let stored = Stored { at: self.now, id: message_id, event: event.to_owned(), payload };
            let room = self.stored.entry(Room { name: name.to_owned(), private }).or_default();
            room.push_back(stored);
            while room.len() > KEPT {
                room.pop_front();
            }
        }
    }

    /// Sends again what the database sent since then: the newest messages, the oldest of them first.
    pub(super) fn replay(&mut self, id: ConnectionId, channel: &Channel, since: Duration, limit: usize) {
        let Some(stored) = self.stored.get(&channel.room()) else { return };
        let mut messages: Vec<Stored> =
            stored.iter().rev().take_while(|message| message.at >= since).take(limit).cloned().collect();
        messages.reverse();
        for message in messages {
            let payload = json!({
                "event": message.event,
                "meta": { "id": message.id, "replayed": true },
                "payload": message.payload,
                "type": "broadcast",
            });
            self.push_to(id, channel, "broadcast", &payload);
        }
    }
}

/// A client's broadcast as others get it.
fn relayed(topic: &str, payload: &Payload) -> ServerMessage {
    let topic = topic.to_owned();
    match payload {
        Payload::Json(payload) => {
            ServerMessage::Everybody { topic, event: "broadcast".into(), payload: payload.clone() }
        }
        // What the client says about its message stays behind.
        Payload::Broadcast(broadcast) => {
            let broadcast = UserBroadcast { meta: Bytes::new(), ..broadcast.clone() };
            ServerMessage::Broadcast { topic, broadcast }
        }
        Payload::Bytes(_) => {
            ServerMessage::Everybody { topic, event: "broadcast".into(), payload: raw(&Value::Null) }
        }
    }
}
