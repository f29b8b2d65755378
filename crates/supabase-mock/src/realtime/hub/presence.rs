//! Presence: tracking, and telling others.

use std::time::Duration;

use serde_json::{Value, json};

use super::channel::Channel;
use super::{ConnectionId, Hub, Room, raw};
use crate::realtime::codec::{Push, ServerMessage};
use crate::realtime::presence::Diff;

/// The time in which a channel's presence messages are counted.
const WINDOW: Duration = Duration::from_secs(30);

impl Hub {
    pub(super) fn presence(&mut self, id: ConnectionId, push: &Push) {
        let (now, limits) = (self.now, self.config.limits.clone());
        let Some(channel) = self.channel_mut(id, &push.topic) else { return };
        channel.presence_calls.retain(|at| *at + WINDOW > now);
        if channel.presence_calls.len() >= limits.presence_calls {
            self.fail_channel(id, &push.topic, "Client presence rate limit exceeded");
            return;
        }
        channel.presence_calls.push_back(now);

        let payload = push.payload.to_value();
        match payload.get("event").and_then(Value::as_str) {
            Some("track") => self.track(id, push, payload.get("payload")),
            Some("untrack") => self.untrack(id, push),
            _ => self.reply(id, push, "error", &json!({})),
        }
    }

    fn track(&mut self, id: ConnectionId, push: &Push, payload: Option<&Value>) {
        let most = self.config.limits.payload;
        let reference = self.next_presence_ref();
        let Some(channel) = self.channel_mut(id, &push.topic) else { return };
        if !channel.access.write {
            self.reply(id, push, "error", &json!({}));
            return;
        }
        let payload = match payload {
            None => serde_json::Map::new(),
            Some(Value::Object(payload)) => payload.clone(),
            Some(_) => {
                let reason = json!({ "reason": "Presence track payload must be a map" });
                self.reply(id, push, "error", &reason);
                return;
            }
        };
        if Value::Object(payload.clone()).to_string().len() > most {
            self.fail_channel(id, &push.topic, "Track message size exceeded");
            return;
        }
        channel.presence = true;
        let (room, key) = (channel.room(), channel.presence_key.clone());
        let diff = self.presences.entry(room.clone()).or_default().track(id, &key, payload, reference);
        self.reply(id, push, "ok", &json!({}));
        self.tell(&room, diff);
    }

    fn untrack(&mut self, id: ConnectionId, push: &Push) {
        let Some(channel) = self.channel(id, &push.topic) else { return };
        let (room, key) = (channel.room(), channel.presence_key.clone());
        let diff = self.presences.get_mut(&room).and_then(|presences| presences.untrack(id, &key));
        self.reply(id, push, "ok", &json!({}));
        self.tell(&room, diff);
    }

    /// A channel is gone, and with it what it tracked.
    pub(super) fn forget_presence(&mut self, id: ConnectionId, channel: &Channel) {
        let room = channel.room();
        let Some(presences) = self.presences.get_mut(&room) else { return };
        let diff = presences.untrack(id, &channel.presence_key);
        if presences.is_empty() {
            self.presences.remove(&room);
        }
        self.tell(&room, diff);
    }

    fn tell(&mut self, room: &Room, diff: Option<Diff>) {
        let Some(diff) = diff else { return };
        let payload = raw(&diff.to_value());
        // On a public topic everybody is told, whether they asked for presence or not.
        self.tell_everybody(
            room,
            |_, channel| channel.presence || !channel.private,
            |topic| ServerMessage::Everybody {
                topic: topic.to_owned(),
                event: "presence_diff".into(),
                payload: payload.clone(),
            },
        );
    }

    fn next_presence_ref(&mut self) -> String {
        format!("F{:015}", self.next_number())
    }
}
