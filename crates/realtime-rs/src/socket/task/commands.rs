//! What handles ask for.

use serde::Serialize;
use serde_json::value::RawValue;
use supabase_core::Instant;

use super::Task;
use super::line::Link;
use crate::broadcast::Sent;
use crate::channel::WhileAway;
use crate::channel::entry::{Entry, Plan, Queued, Waiter};
use crate::error::{Error, Result};
use crate::payload::Payload;
use crate::protocol::{Ref, UserBroadcast, encode_broadcast};
use crate::socket::{ChannelId, Command, Reply, ReplySent};

/// What is said about a presence.
#[derive(Serialize)]
struct Track<'a> {
    r#type: &'static str,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<&'a RawValue>,
}

/// What is written of a presence; of none, that it is not there any more.
///
/// # Errors
/// It cannot be written.
fn presence(payload: Option<&RawValue>) -> Result<Box<RawValue>> {
    let event = if payload.is_some() { "track" } else { "untrack" };
    serde_json::value::to_raw_value(&Track { r#type: "presence", event, payload })
        .map_err(|error| Error::invalid(format!("the presence cannot be written as JSON: {error}")))
}

impl Task {
    pub(super) fn command(&mut self, command: Command) {
        match command {
            Command::Connect { reply } => {
                (self.is_wanted, self.is_paused) = (true, false);
                if matches!(self.line.link, Link::Up(_)) {
                    reply.tell(Ok(()));
                } else {
                    // Whoever asks does not want to wait for the pause after an earlier failure.
                    self.held_off = None;
                    if matches!(self.line.link, Link::Waiting { .. }) {
                        self.line.link = Link::Down;
                    }
                    self.connectors.push(reply);
                }
            }
            Command::Disconnect { reply } => {
                self.disconnect();
                reply.tell(Ok(()));
            }
            Command::Subscribe { plan, reply } => self.subscribe(*plan, reply),
            Command::Unsubscribe { id, reply } => self.leave(id, Some(reply)),
            Command::UnsubscribeAll { reply } => {
                let ids: Vec<_> = self.topics.keys().copied().collect();
                for id in ids {
                    self.leave(id, None);
                }
                reply.tell(Ok(()));
            }
            Command::Broadcast { id, event, payload, reply } => self.broadcast(id, event, payload, reply),
            Command::Track { id, payload, reply } => self.track(id, payload, reply),
            Command::SetAuth { token, reply } => {
                self.set_auth(token);
                reply.tell(Ok(()));
            }
        }
    }

    fn subscribe(&mut self, plan: Plan, reply: Reply) {
        // Whoever asked gave up, and the release of the channel came before this: nobody would ever leave it.
        if plan.lease.strong_count() == 0 {
            return;
        }
        let topic = plan.shared.topic.clone();
        if let Some(entry) = self.entries.get(&topic) {
            if !entry.is_being_left() {
                reply.tell(Err(Error::invalid(format!(
                    "this client has joined the channel `{}` already: `get_channel` has it, and it can be cloned",
                    plan.shared.name
                ))));
                return;
            }
            // It is left already, and the server hears that before it hears of the new join.
            self.end(&topic, None);
        }
        self.is_paused = false;
        let now = Instant::now();
        let registered = (plan.lease.clone(), std::sync::Arc::clone(&plan.shared));
        self.public.channels().insert(plan.shared.name.clone(), registered);
        self.topics.insert(plan.id, topic.clone());
        let mut entry = Entry::new(plan, reply, now);
        let held_off = self.held_off.as_ref().filter(|(until, _)| *until > now);
        entry.last_error = held_off.map(|(_, reason)| reason.clone());
        if matches!(self.line.link, Link::Up(_)) {
            entry.machine.online(now);
        }
        self.entries.insert(topic, Box::new(entry));
    }

    fn broadcast(&mut self, id: ChannelId, event: String, payload: Payload, reply: ReplySent) {
        let topic = self.topics.get(&id).cloned();
        let Some((topic, entry)) =
            topic.and_then(|topic| Some((topic.clone(), self.entries.get_mut(&topic)?)))
        else {
            reply.tell(Err(Error::closed("the channel is over")));
            return;
        };
        if entry.machine.joined().is_none() {
            match entry.shared.while_away {
                // It does not come back. What goes over HTTP needs no channel.
                WhileAway::Refuse | WhileAway::Queue(_) if entry.is_being_left() => {
                    reply.tell(Err(Error::closed("the channel is being left")));
                }
                WhileAway::Queue(limit) if entry.queue.len() < limit => {
                    reply.tell(self.line.fits(payload.as_bytes().len()).map(|()| {
                        entry.queue.push_back(Queued { event, payload });
                        Sent::Queued
                    }));
                }
                WhileAway::Queue(limit) => reply.tell(Err(Error::away(format!(
                    "the channel is away, and {limit} broadcasts wait already: this one was not sent"
                )))),
                WhileAway::Refuse | WhileAway::Http => {
                    reply.tell(Err(Error::away("the channel is away: the broadcast was not sent")));
                }
            }
            return;
        }
        // A fault has been told by then.
        let _ = self.push_broadcast(&topic, &event, &payload, Some(reply));
    }

    /// Writes a broadcast to a joined channel, and tells `reply` how it went.
    ///
    /// # Errors
    /// It cannot be written. With a `reply`, that was told.
    pub(super) fn push_broadcast(
        &mut self,
        topic: &str,
        event: &str,
        payload: &Payload,
        reply: Option<ReplySent>,
    ) -> Result<()> {
        let Some(entry) = self.entries.get(topic) else { return Ok(()) };
        let Some(join_ref) = entry.machine.joined() else { return Ok(()) };
        let (id, acknowledges) = (entry.id, entry.config.broadcast.ack);
        let reference = self.line.next_ref();
        let broadcast = UserBroadcast { join_ref, reference, topic, event, payload };
        let frame = encode_broadcast(self.line.version, broadcast);
        if let Err(error) = frame.and_then(|frame| self.line.send(frame)) {
            if let Some(reply) = reply {
                reply.tell(Err(error.clone()));
            }
            return Err(error);
        }
        match reply {
            Some(reply) if acknowledges => self.expect(reference, Waiter::Broadcast(reply)),
            Some(reply) => {
                if let Link::Up(up) = &mut self.line.link {
                    up.wire.done(reply);
                }
            }
            None if acknowledges => self.expect(reference, Waiter::Streams(id)),
            None => {}
        }
        Ok(())
    }

    fn track(&mut self, id: ChannelId, payload: Option<Box<RawValue>>, reply: Reply) {
        let topic = self.topics.get(&id).cloned();
        let Some((topic, entry)) =
            topic.and_then(|topic| Some((topic.clone(), self.entries.get_mut(&topic)?)))
        else {
            reply.tell(Err(Error::closed("the channel is over")));
            return;
        };
        if let Some(join) = entry.machine.joined() {
            if let Err((error, waiter)) = self.push_presence(&topic, join, payload, Waiter::Presence(reply)) {
                self.told(waiter.tell(Err(error)));
            }
            return;
        }
        if entry.is_being_left() {
            reply.tell(Err(Error::closed("the channel is being left")));
            return;
        }
        // It is said when the channel is joined.
        let said = presence(payload.as_deref());
        reply.tell(said.and_then(|said| self.line.fits(said.get().len())).map(|()| entry.tracked = payload));
    }

    /// Says that this client is present, or is not any more; and remembers it for the next join, if it can be said.
    ///
    /// # Errors
    /// It cannot be written. Nobody was told.
    pub(super) fn push_presence(
        &mut self,
        topic: &str,
        join: Ref,
        payload: Option<Box<RawValue>>,
        waiter: Waiter,
    ) -> Result<(), (Error, Waiter)> {
        let reference = self.line.next_ref();
        let pushed = presence(payload.as_deref())
            .and_then(|said| self.line.push_as(reference, Some(join), topic, "presence", &said));
        if let Err(error) = pushed {
            return Err((error, waiter));
        }
        if let Some(entry) = self.entries.get_mut(topic) {
            let now = std::mem::replace(&mut entry.tracked, payload);
            // What was not answered yet is not known to be there.
            let before = entry.tracking.take().map_or(now, |(_, before)| before);
            // To say once more that this client is here is not what a refused `untrack` asks for.
            entry.tracking = entry.tracked.is_some().then_some((reference, before));
        }
        self.expect(reference, waiter);
        Ok(())
    }
}
