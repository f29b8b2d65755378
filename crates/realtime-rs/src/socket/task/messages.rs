//! What the server sends.

use supabase_core::Instant;

use super::Task;
use super::line::Link;
use crate::channel::state::Phase;
use crate::code::Verdict;
use crate::error::Error;
use crate::protocol::{Answer, Body, Frame, Message, Ref, SOCKET_TOPIC, decode};
use crate::status::Heartbeat;
use crate::system::SystemMessage;

impl Task {
    pub(super) fn message(&mut self, frame: &Frame) {
        let (Frame::Text(bytes) | Frame::Binary(bytes)) = frame else { return };
        let Some(message) = decode(self.line.version, frame) else {
            tracing::debug!(bytes = bytes.len(), "a frame that is no message");
            return;
        };
        let Message { join_ref, reference, topic, body } = message;
        match body {
            Body::Reply(answer) => return self.reply(&topic, reference, &answer),
            Body::Close => return self.closed(&topic, reference.or(join_ref), false),
            Body::Error => return self.closed(&topic, reference.or(join_ref), true),
            _ => {}
        }
        let Some(entry) = self.entries.get_mut(&*topic) else { return };
        let join = entry.machine.join();
        // What says which join it belongs to may belong to an older one. What does not say it came by the fast lane.
        if join.is_none() || (join_ref.is_some() && join_ref != join) {
            return;
        }
        match body {
            Body::Broadcast(incoming) => entry.broadcast(bytes, &incoming),
            Body::Changes(payload) => entry.change(bytes, payload, self.last_heard),
            Body::PresenceState(state) => {
                let notes = entry.shared.presences().sync_state(state);
                entry.presence(notes.unwrap_or_default());
            }
            Body::PresenceDiff(diff) => {
                let notes = entry.shared.presences().sync_diff(diff);
                entry.presence(notes.unwrap_or_default());
            }
            Body::System(message) => match serde_json::from_slice::<SystemMessage>(message) {
                Ok(message) => self.system(&topic, message),
                Err(_) => tracing::debug!("a system message that cannot be read"),
            },
            _ => {}
        }
    }

    fn reply(&mut self, topic: &str, reference: Option<Ref>, answer: &Answer<'_>) {
        let Some(reference) = reference else { return };
        if topic == SOCKET_TOPIC {
            if let Link::Up(up) = &mut self.line.link
                && let Some(latency) = up.beats.answered(reference, Instant::now())
            {
                self.is_dirty = true;
                self.public.heartbeats.tell(&Heartbeat::Answered { latency });
            }
            return;
        }
        let now = Instant::now();
        if let Some(entry) = self.entries.get_mut(topic) {
            match entry.machine.phase() {
                Phase::Joining { join, .. } if join == reference => {
                    return self.join_answered(topic, reference, answer);
                }
                Phase::Leaving { .. } if entry.machine.left(Some(reference), now) => {
                    return self.end(topic, None);
                }
                _ => {}
            }
        }
        let Some(at) = self.pending.iter().position(|pending| pending.reference == reference) else { return };
        let Some(pending) = self.pending.remove(at) else { return };
        let reason = if answer.is_ok { String::new() } else { answer.reason() };
        let is_unknown = reason == "unmatched topic";
        if !is_unknown && let Some(entry) = self.entries.get_mut(topic) {
            entry.answered(reference, answer.is_ok);
        }
        if answer.is_ok {
            self.told(pending.waiter.tell(Ok(())));
            return;
        }
        let error = Error::rejected(&reason);
        self.told(pending.waiter.tell(Err(error)));
        // The server does not know the channel, whatever it said before: it is joined again.
        if is_unknown && let Some(join) = self.entries.get(topic).and_then(|entry| entry.machine.joined()) {
            let error = Error::rejected("the server has forgotten the channel");
            self.refused(topic, join, Verdict::Later, &error);
        }
    }
}
