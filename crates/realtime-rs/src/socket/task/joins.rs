//! Joining channels, again and again where need be, and leaving them.

use std::sync::Arc;
use std::time::Duration;

use supabase_core::Instant;

use super::Task;
use super::line::{Link, empty_object};
use crate::channel::config::{ids, payload};
use crate::channel::entry::{Awaited, Pending, Waiter};
use crate::channel::state::{Next, Phase};
use crate::code::{Code, Verdict};
use crate::deadline::after;
use crate::error::{Error, ErrorKind};
use crate::protocol::{Answer, JOIN, LEAVE, Ref};
use crate::socket::Reply;
use crate::status::ChannelStatus;
use crate::system::{Meaning, SystemMessage};
use crate::timestamp::Timestamp;

/// How many joins are sent before the first of them is answered. Servers limit how many they take in a second.
const JOINS_AT_ONCE: usize = 32;

/// The same where the server refuses them: it sleeps before it says so, and all of the connection with it.
const REFUSED_AT_ONCE: usize = 1;

/// How long after a join what else was asked for may take to come. A project's first subscriber waits up to 20 seconds.
const AWAITED: Duration = Duration::from_secs(60);

impl Task {
    /// Whether joins are to be sent: then a token is asked for, and they are sent with it.
    pub(super) fn settle_joins(&mut self, now: Instant) {
        let is_up = matches!(self.line.link, Link::Up(_));
        if is_up && self.room_for_joins() > 0 {
            let is_due = self.entries.values().any(|entry| entry.machine.is_due(now));
            if is_due {
                self.ask_for_token();
            }
        }
    }

    /// How many more joins may be sent now.
    fn room_for_joins(&self) -> usize {
        let phases = self.entries.values().map(|entry| entry.machine.phase());
        let in_flight = phases.filter(|phase| matches!(phase, Phase::Joining { .. })).count();
        let limit = if self.is_refused { REFUSED_AT_ONCE } else { JOINS_AT_ONCE };
        limit.saturating_sub(in_flight)
    }

    /// Joins what is due, with the token that was just had.
    pub(super) fn join_all(&mut self) {
        let now = Instant::now();
        let room = self.room_for_joins();
        let due = self.entries.values().filter(|entry| entry.machine.is_due(now));
        // Whoever waits longest is first: where there is little room, one that is refused again and again would keep it.
        let mut due: Vec<_> = due.map(|entry| (entry.machine.deadline(), entry.id)).collect();
        due.sort_unstable();
        for (_, id) in due.into_iter().take(room) {
            let Some(entry) = self.topics.get(&id).and_then(|topic| self.entries.get_mut(topic)) else {
                continue;
            };
            let Ok(payload) = payload(&entry.config, self.tokens.for_join()) else { continue };
            let join = self.line.next_ref();
            let topic = &entry.shared.topic;
            if let Err(error) = self.line.push_as(join, Some(join), topic, JOIN, &payload) {
                if error.kind() == ErrorKind::TooLong {
                    let topic = topic.clone();
                    self.end(&topic, Some(&error));
                    continue;
                }
                return;
            }
            entry.machine.sent(join, after(now, self.settings.join_timeout));
            (entry.join_token, entry.token) = (self.tokens.version, self.tokens.version);
            entry.farewell = None;
            entry.shared.presences().joined(entry.config.presence.enabled);
        }
    }

    /// No token could be had, so nothing could be joined.
    pub(super) fn no_token(&mut self, error: &Error) {
        let now = Instant::now();
        let due: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.machine.is_due(now))
            .map(|(topic, _)| topic.clone())
            .collect();
        for topic in due {
            let Some(entry) = self.entries.get_mut(&topic) else { continue };
            let next = entry.machine.postponed(now, |failed| self.settings.backoff.pause(failed));
            if entry.subscriber.is_some() || next == Next::Ended {
                self.end(&topic, Some(error));
            } else {
                entry.status(&ChannelStatus::Interrupted(error.clone()));
            }
        }
    }

    /// The server answered the join that counts.
    pub(super) fn join_answered(&mut self, topic: &str, join: Ref, answer: &Answer<'_>) {
        self.is_dirty = true;
        let Some(entry) = self.entries.get_mut(topic) else { return };
        if !answer.is_ok {
            let reason = answer.reason();
            let error =
                Error::rejected(if reason.is_empty() { "the server refused the join" } else { &reason });
            let mut verdict = error.code().map_or(Verdict::Later, Code::verdict);
            if error.code() == Some(&Code::UnableToReplay) && entry.subscriber.is_none() {
                // It was joined with it before. Rather joined without what was missed than not at all.
                entry.config.broadcast.replay = None;
                verdict = Verdict::Later;
            }
            // Whoever the server did not let in is not who is signed in by now.
            if error.code() == Some(&Code::Unauthorized) && entry.join_token != self.tokens.version {
                verdict = Verdict::OtherToken;
            }
            self.held_up(join);
            self.refused(topic, join, verdict, &error);
            return;
        }
        self.is_refused = false;
        let now = Instant::now();
        match ids(answer.response, &entry.config.postgres_changes) {
            Ok(ids) => entry.ids = ids,
            Err(error) => {
                self.leave_and_end(topic, &error);
                return;
            }
        }
        if !entry.machine.confirmed(join, now) {
            return;
        }
        entry.awaited = Awaited {
            changes: !entry.config.postgres_changes.is_empty(),
            database_broadcasts: entry.config.broadcast.replication_ready,
        };
        entry.awaited_until = (entry.awaited != Awaited::default()).then_some(now + AWAITED);
        entry.last_error = None;
        entry.back(Timestamp::of((self.settings.clock)()));
        // The server has none of it yet.
        let (id, tracked) = (entry.id, entry.tracked.take());
        entry.tracking = None;
        let queue = std::mem::take(&mut entry.queue);
        entry.subscribed();
        // The token may have changed while the join was under way.
        self.push_token(topic);
        if let Some(payload) = tracked
            && let Err((error, waiter)) = self.push_presence(topic, join, Some(payload), Waiter::Streams(id))
        {
            self.told(waiter.tell(Err(error)));
        }
        for queued in queue {
            if let Err(error) = self.push_broadcast(topic, &queued.event, &queued.payload, None)
                && let Some(entry) = self.entries.get(topic)
            {
                entry.error(&error, false);
            }
        }
    }

    /// The server refused a join. Nothing that was sent after it was looked at meanwhile.
    fn held_up(&mut self, by: Ref) {
        self.is_refused = true;
        let now = Instant::now();
        if let Link::Up(up) = &mut self.line.link {
            up.beats.held_up(by, now);
        }
        let until = after(now, self.settings.join_timeout);
        for entry in self.entries.values_mut() {
            entry.machine.held_up(by, until);
        }
        let until = after(now, self.settings.push_timeout);
        for pending in self.pending.iter_mut().filter(|pending| pending.reference > by) {
            pending.until = pending.until.max(until);
        }
    }

    /// The server refused a join, or ended the channel.
    pub(super) fn refused(&mut self, topic: &str, join: Ref, verdict: Verdict, error: &Error) {
        self.is_dirty = true;
        let Some(entry) = self.entries.get_mut(topic) else { return };
        let since = self.last_heard;
        let next =
            entry.machine.failed(join, verdict, Instant::now(), |failed| self.settings.backoff.pause(failed));
        if next == Next::Stale {
            return;
        }
        entry.away(since);
        entry.last_error = Some(error.clone());
        // There was another one since: what the server refused is the one that it was joined with, or it crossed the new
        // one on its way. A join with that one tells.
        if next == Next::NeedsToken && entry.join_token != self.tokens.version {
            entry.machine.another_token(Instant::now());
            if entry.subscriber.is_none() {
                entry.status(&ChannelStatus::Interrupted(error.clone()));
            }
            return;
        }
        if entry.subscriber.is_some() || next == Next::Ended {
            // Whoever subscribes decides what to do about it.
            self.end(topic, Some(error));
        } else if next == Next::NeedsToken {
            entry.status(&ChannelStatus::NeedsToken(error.clone()));
            entry.error(error, false);
            self.look_for_another_token();
        } else {
            entry.status(&ChannelStatus::Interrupted(error.clone()));
        }
    }

    /// The server ended the channel, or it crashed there.
    pub(super) fn closed(&mut self, topic: &str, join: Option<Ref>, crashed: bool) {
        let Some(entry) = self.entries.get_mut(topic) else { return };
        // An older join of the same topic that ends is none of this one.
        let Some(join) = join.filter(|join| entry.machine.join() == Some(*join)) else { return };
        let farewell = entry.farewell.take();
        let (verdict, error) = match &farewell {
            Some(said) => match said.meaning() {
                Meaning::TokenRefused => (Verdict::OtherToken, Error::rejected_for_good(&said.message)),
                Meaning::Final => (Verdict::Never, Error::rejected_for_good(&said.message)),
                _ => (Verdict::Later, Error::rejected(&said.message)),
            },
            None if crashed => (Verdict::Later, Error::rejected("the channel crashed on the server")),
            None => (Verdict::Later, Error::rejected("the server closed the channel")),
        };
        self.refused(topic, join, verdict, &error);
    }

    /// The server says something about the channel.
    pub(super) fn system(&mut self, topic: &str, message: SystemMessage) {
        let heard = self.last_heard;
        let Some(entry) = self.entries.get_mut(topic) else { return };
        // Before its join is answered, this is about an older one: in 1.0.0 it does not say so.
        if entry.machine.joined().is_none() {
            return;
        }
        self.is_dirty = true;
        let meaning = message.meaning();
        let message = Arc::new(message);
        entry.system(&message);
        match meaning {
            Meaning::ChangesFlow => {
                entry.awaited.changes = false;
                entry.changes_flow(Timestamp::of((self.settings.clock)()));
                entry.subscribed();
            }
            Meaning::DatabaseBroadcastsFlow => {
                entry.awaited.database_broadcasts = false;
                entry.subscribed();
            }
            Meaning::ChangesRefused => {
                let error = Error::rejected_for_good(&message.message);
                entry.changes_away(heard);
                if entry.subscriber.is_some() && entry.waits_for_changes {
                    self.leave_and_end(topic, &error);
                } else {
                    entry.awaited.changes = false;
                    entry.error(&error, true);
                    entry.subscribed();
                }
            }
            Meaning::ChangesDelayed => {
                let error = Error::rejected(&message.message);
                entry.changes_away(heard);
                entry.error(&error, true);
                entry.last_error = Some(error);
            }
            Meaning::TokenRefused | Meaning::Final | Meaning::Closing => {
                entry.farewell = Some(Arc::unwrap_or_clone(message));
            }
            Meaning::Other => {}
        }
    }

    /// What the clock does to channels.
    pub(super) fn settle_channels(&mut self, now: Instant) {
        let topics: Vec<_> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.deadlines().any(|at| at <= now))
            .map(|(topic, _)| topic.clone())
            .collect();
        for topic in topics {
            let Some(entry) = self.entries.get_mut(&topic) else { continue };
            if entry.subscriber.is_some() && entry.subscribe_until.is_some_and(|until| until <= now) {
                let cause = entry.last_error.clone();
                let because = cause.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
                let error = Error::timeout(format!("the channel was not subscribed in time{because}"), cause);
                self.leave_and_end(&topic, &error);
                continue;
            }
            if entry.machine.left(None, now) {
                self.end(&topic, None);
                continue;
            }
            if let Some((join, next)) =
                entry.machine.timed_out(now, |failed| self.settings.backoff.pause(failed))
            {
                let error = Error::timeout("the server did not answer a join in time", None);
                // A late answer would join a channel that nobody knows of.
                self.line.push(Some(join), &topic, LEAVE, empty_object());
                entry.last_error = Some(error.clone());
                if next == Next::Ended {
                    self.end(&topic, Some(&error));
                } else if entry.subscriber.is_none() {
                    entry.status(&ChannelStatus::Interrupted(error));
                }
                continue;
            }
            if entry.awaited_until.is_some_and(|until| until <= now) {
                entry.awaited_until = None;
                if let Some(join) = entry.machine.joined() {
                    let error =
                        Error::timeout("what was asked for beside the join did not come in time", None);
                    self.line.push(Some(join), &topic, LEAVE, empty_object());
                    self.refused(&topic, join, Verdict::Later, &error);
                }
            }
        }
    }

    /// Leaves a channel on the server, and ends it here at once.
    pub(super) fn leave_and_end(&mut self, topic: &str, error: &Error) {
        if let Some(join) = self.entries.get(topic).and_then(|entry| entry.machine.join()) {
            self.line.push(Some(join), topic, LEAVE, empty_object());
        }
        self.end(topic, Some(error));
    }

    /// Leaves a channel; it ends when the server has confirmed that, or not in time.
    pub(super) fn leave(&mut self, id: crate::socket::ChannelId, reply: Option<Reply>) {
        self.is_dirty = true;
        let topic = self.topics.get(&id).cloned();
        let Some((topic, entry)) =
            topic.and_then(|topic| Some((topic.clone(), self.entries.get_mut(&topic)?)))
        else {
            if let Some(reply) = reply {
                reply.tell(Err(Error::closed("the channel is over")));
            }
            return;
        };
        entry.leavers.extend(reply);
        let Some(join) = entry.machine.leave() else {
            if entry.machine.phase() == Phase::Ended {
                self.end(&topic, None);
            }
            return;
        };
        match self.line.push(Some(join), &topic, LEAVE, empty_object()) {
            Some(leave) => entry.machine.leaving(leave, after(Instant::now(), self.settings.push_timeout)),
            None => self.end(&topic, None),
        }
    }

    /// A channel is over.
    pub(super) fn end(&mut self, topic: &str, error: Option<&Error>) {
        self.is_dirty = true;
        if let Some(mut entry) = self.entries.remove(topic) {
            self.topics.remove(&entry.id);
            self.public.channels().remove(&entry.shared.name);
            entry.end(error);
        }
    }

    /// All channels are over.
    pub(super) fn end_all(&mut self, error: Option<&Error>) {
        let topics: Vec<_> = self.entries.keys().cloned().collect();
        for topic in topics {
            self.end(&topic, error);
        }
    }

    /// Remembers that the server is to answer a push.
    pub(super) fn expect(&mut self, reference: Ref, waiter: Waiter) {
        let until = after(Instant::now(), self.settings.push_timeout);
        self.is_dirty = true;
        self.pending.push_back(Pending { reference, until, waiter });
    }
}
