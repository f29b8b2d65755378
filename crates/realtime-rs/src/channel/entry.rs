//! The connection's side of a channel: where its messages go, and what it is waiting for.

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use supabase_core::Instant;

use super::ChannelShared;
use super::config::Config;
use super::state::{Machine, Phase};
use crate::broadcast::{Meta, RawBroadcast};
use crate::deadline::after;
use crate::delivery::Gap;
use crate::error::{Error, ErrorKind, Result};
use crate::listener::Raw;
use crate::mailbox::Sender;
use crate::payload::Payload;
use crate::presence::Note;
use crate::protocol::{Incoming, Ref};
use crate::socket::{ChannelId, Lease, Reply, ReplySent};
use crate::status::ChannelStatus;
use crate::system::SystemMessage;
use crate::timestamp::Timestamp;

/// How many ids of messages are kept, so that what is replayed is not told twice. The server replays at most 25.
const KNOWN_IDS: usize = 64;

/// How much the clocks of server and client may differ.
const CLOCKS_DIFFER_MILLIS: i64 = 10_000;

/// How long what is replayed may take to come.
const REPLAYED_MILLIS: i64 = 60_000;

/// What a stream hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Hears {
    /// Broadcasts of this name, or all.
    Broadcast(Option<Box<str>>),
    /// Changes by the subscription at this place.
    Change(usize),
    Presence,
    System,
    Everything,
    /// Its description was at fault; the channel will not be joined.
    Nothing,
}

/// A stream that is bound.
pub(crate) struct Binding {
    pub(crate) hears: Hears,
    pub(crate) sender: Sender<Raw>,
}

/// A channel that is to be joined.
pub(crate) struct Plan {
    pub(crate) id: ChannelId,
    pub(crate) shared: Arc<ChannelShared>,
    pub(crate) lease: Weak<Lease>,
    pub(crate) config: Config,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) waits_for_changes: bool,
    pub(crate) timeout: Option<Duration>,
}

/// A broadcast that waits for its channel.
pub(crate) struct Queued {
    pub(crate) event: String,
    pub(crate) payload: Payload,
}

/// What a join still waits for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Awaited {
    pub(crate) changes: bool,
    pub(crate) database_broadcasts: bool,
}

/// A channel, as the connection's task has it.
pub(crate) struct Entry {
    pub(crate) id: ChannelId,
    pub(crate) shared: Arc<ChannelShared>,
    pub(crate) config: Config,
    pub(crate) bindings: Vec<Binding>,
    pub(crate) machine: Machine,
    pub(crate) waits_for_changes: bool,
    /// Whom to tell that it is subscribed; `None` once that was told.
    pub(crate) subscriber: Option<Reply>,
    /// Until when that must be.
    pub(crate) subscribe_until: Option<Instant>,
    /// Whom to tell that it was left.
    pub(crate) leavers: Vec<Reply>,
    /// The ids of the subscriptions of this join.
    pub(crate) ids: Vec<i64>,
    pub(crate) awaited: Awaited,
    /// Until when what is awaited must be there.
    pub(crate) awaited_until: Option<Instant>,
    /// When it was joined last.
    pub(crate) joined_at: Option<Timestamp>,
    /// Since when nothing was heard; for changes of the database, that ends later.
    pub(crate) away_since: Option<Timestamp>,
    pub(crate) changes_away_since: Option<Timestamp>,
    /// When changes of the database were known to flow last; `None` while they do not.
    pub(crate) changes_flowed: Option<Timestamp>,
    pub(crate) tracked: Option<Box<RawValue>>,
    pub(crate) queue: VecDeque<Queued>,
    /// What the server said about the channel last, which explains why it ends it.
    pub(crate) farewell: Option<SystemMessage>,
    pub(crate) last_error: Option<Error>,
    /// Which token the join had.
    pub(crate) join_token: u64,
    /// Which token the server was told last.
    pub(crate) token: u64,
    /// The push that told the server of `tracked`, while it is not answered, and what the server was told before.
    pub(crate) tracking: Option<(Ref, Option<Box<RawValue>>)>,
    last_event: Arc<str>,
    known_ids: VecDeque<Box<str>>,
}

impl Entry {
    pub(crate) fn new(plan: Plan, subscriber: Reply, now: Instant) -> Self {
        let Plan { id, shared, config, bindings, waits_for_changes, timeout, .. } = plan;
        Self {
            id,
            shared,
            config,
            bindings,
            machine: Machine::new(),
            waits_for_changes,
            subscriber: Some(subscriber),
            subscribe_until: timeout.map(|timeout| after(now, timeout)),
            leavers: Vec::new(),
            ids: Vec::new(),
            awaited: Awaited::default(),
            awaited_until: None,
            joined_at: None,
            away_since: None,
            changes_away_since: None,
            changes_flowed: None,
            tracked: None,
            queue: VecDeque::new(),
            farewell: None,
            last_error: None,
            join_token: 0,
            token: 0,
            tracking: None,
            last_event: Arc::from(""),
            known_ids: VecDeque::new(),
        }
    }

    /// The moments at which something is to be done by itself.
    pub(crate) fn deadlines(&self) -> impl Iterator<Item = Instant> {
        let subscribe = self.subscriber.is_some().then_some(self.subscribe_until).flatten();
        [self.machine.deadline(), subscribe, self.awaited_until].into_iter().flatten()
    }

    /// Whether the server is told that it is left, and has not confirmed that.
    pub(crate) fn is_being_left(&self) -> bool {
        matches!(self.machine.phase(), Phase::Leaving { .. })
    }

    /// Tells a broadcast to those who hear it.
    pub(crate) fn broadcast(&mut self, frame: &Bytes, incoming: &Incoming<'_>) {
        // Most rooms have one kind of message, so its name is made once.
        if *self.last_event != *incoming.event {
            self.last_event = incoming.event.as_ref().into();
        }
        let meta: Option<Box<Meta>> = match incoming.meta {
            b"" => None,
            meta => serde_json::from_slice(meta).ok().map(Box::new),
        };
        if let Some(id) = meta.as_ref().and_then(|meta| meta.id.as_deref())
            && self.config.broadcast.replay.is_some()
        {
            if self.known_ids.iter().any(|known| known.as_ref() == id) {
                return;
            }
            self.known_ids.truncate(KNOWN_IDS - 1);
            self.known_ids.push_front(id.into());
        }
        let raw = RawBroadcast {
            event: Arc::clone(&self.last_event),
            payload: incoming.payload.map(|payload| frame.slice_ref(payload)),
            is_binary: incoming.is_binary,
            meta,
        };
        for binding in &self.bindings {
            let hears = match &binding.hears {
                Hears::Broadcast(Some(event)) => **event == *raw.event,
                Hears::Broadcast(None) | Hears::Everything => true,
                _ => false,
            };
            if hears {
                binding.sender.send(Raw::Broadcast(raw.clone()));
            }
        }
    }

    /// Tells a change of the database to those who asked for it: by the ids of the subscriptions, never by the table. `heard`
    /// is a moment before it.
    pub(crate) fn change(&mut self, frame: &Bytes, payload: &[u8], heard: Timestamp) {
        #[derive(Deserialize)]
        struct Changes<'a> {
            #[serde(default)]
            ids: Vec<i64>,
            #[serde(borrow)]
            data: &'a RawValue,
        }
        let Ok(Changes { ids, data }) = serde_json::from_slice(payload) else {
            tracing::debug!(channel = self.shared.name, "a change of the database cannot be read");
            return;
        };
        let data = frame.slice_ref(data.get().as_bytes());
        if let Some(flowed) = &mut self.changes_flowed {
            *flowed = heard.max(*flowed);
        }
        for binding in &self.bindings {
            let hears = match binding.hears {
                Hears::Change(place) => self.ids.get(place).is_some_and(|id| ids.contains(id)),
                Hears::Everything => true,
                _ => false,
            };
            if hears {
                binding.sender.send(Raw::Change(data.clone()));
            }
        }
    }

    /// Tells what happened to the presences.
    pub(crate) fn presence(&self, notes: Vec<Note>) {
        for note in notes {
            let note = Arc::new(note);
            for binding in &self.bindings {
                if matches!(binding.hears, Hears::Presence | Hears::Everything) {
                    binding.sender.send(Raw::Presence(Arc::clone(&note)));
                }
            }
        }
    }

    /// The server answered a push: if that was a presence, it has it, or never will.
    pub(crate) fn answered(&mut self, reference: Ref, is_ok: bool) {
        if let Some((_, before)) = self.tracking.take_if(|(tracking, _)| *tracking == reference)
            && !is_ok
        {
            self.tracked = before;
        }
    }

    /// Tells what the server says about the channel itself.
    pub(crate) fn system(&self, message: &Arc<SystemMessage>) {
        for binding in &self.bindings {
            if matches!(binding.hears, Hears::System | Hears::Everything) {
                binding.sender.send(Raw::System(Arc::clone(message)));
            }
        }
    }

    /// It was heard of for the last time at that moment.
    pub(crate) fn away(&mut self, since: Timestamp) {
        if self.subscriber.is_none() {
            // A channel that fails once more has been away all along; and what was replayed may be on its way still.
            let millis = |at: Timestamp| at.as_unix_millis();
            let is_replayed =
                self.joined_at.is_some_and(|joined| millis(since) - millis(joined) >= REPLAYED_MILLIS);
            if self.away_since.is_none()
                && is_replayed
                && let Some(replay) = &mut self.config.broadcast.replay
            {
                // A little more, as the server's clock is another one; what was told already has an id.
                replay.since = replay.since.max(since.as_unix_millis() - CLOCKS_DIFFER_MILLIS);
            }
            self.away_since.get_or_insert(since);
            if !self.config.postgres_changes.is_empty() {
                self.changes_away_since.get_or_insert(since);
            }
        }
        self.changes_flowed = None;
        self.awaited = Awaited::default();
        self.awaited_until = None;
    }

    /// Changes of the database do not flow at the moment, and did until then, if they did.
    pub(crate) fn changes_away(&mut self, heard: Timestamp) {
        if self.subscriber.is_none() {
            self.changes_away_since.get_or_insert(self.changes_flowed.take().unwrap_or(heard));
        }
    }

    /// Messages come again, but for changes of the database.
    pub(crate) fn back(&mut self, now: Timestamp) {
        self.joined_at = Some(now);
        if let Some(since) = self.away_since.take() {
            let has_changes = self.changes_away_since.is_some();
            self.gap(Gap { since, until: now }, |hears| match hears {
                Hears::Change(_) => false,
                // It has both, and one gap that is long enough for both.
                Hears::Everything => !has_changes,
                _ => true,
            });
        }
    }

    /// Changes of the database flow. Where they did before, the server has subscribed anew: it lost the database, or has
    /// another token, and what was between is not known.
    pub(crate) fn changes_flow(&mut self, now: Timestamp) {
        let flowed = self.changes_flowed.replace(now);
        if let Some(since) = self.changes_away_since.take().or(flowed) {
            let gap = Gap { since, until: now };
            self.gap(gap, |hears| matches!(hears, Hears::Change(_) | Hears::Everything));
        }
    }

    fn gap(&self, gap: Gap, hears: impl Fn(&Hears) -> bool) {
        for binding in &self.bindings {
            if hears(&binding.hears) {
                binding.sender.gap(gap);
            }
        }
    }

    /// Tells all streams of an error that does not end them; or those of changes alone.
    pub(crate) fn error(&self, error: &Error, of_changes: bool) {
        for binding in &self.bindings {
            if !of_changes || matches!(binding.hears, Hears::Change(_) | Hears::Everything) {
                binding.sender.error(error.clone());
            }
        }
    }

    pub(crate) fn status(&self, status: &ChannelStatus) {
        tracing::debug!(channel = self.shared.name, ?status, "channel");
        self.shared.status.tell(status);
    }

    /// Everything that was asked for is there: tells whoever waits for it.
    pub(crate) fn subscribed(&mut self) {
        if self.awaited == Awaited::default() {
            self.awaited_until = None;
        }
        let waits_for_changes = self.awaited.changes && self.waits_for_changes;
        if !waits_for_changes && !self.awaited.database_broadcasts {
            self.status(&ChannelStatus::Subscribed);
            if let Some(subscriber) = self.subscriber.take() {
                subscriber.tell(Ok(()));
            }
        } else {
            self.status(&ChannelStatus::Joining);
        }
    }

    /// It is over: ends its streams, and tells whoever waits for anything.
    pub(crate) fn end(&mut self, error: Option<&Error>) {
        self.status(&ChannelStatus::Closed(error.cloned()));
        self.shared.status.end();
        for binding in &self.bindings {
            binding.sender.end(error.cloned());
        }
        if let Some(subscriber) = self.subscriber.take() {
            subscriber.tell(Err(match error {
                None => Error::closed("the channel was left before it was joined"),
                Some(error) if error.kind() == ErrorKind::Interrupted => Error::not_subscribed(error),
                Some(error) => error.clone(),
            }));
        }
        for leaver in self.leavers.drain(..) {
            leaver.tell(Ok(()));
        }
    }
}

/// A push that the server is to answer.
pub(crate) struct Pending {
    pub(crate) reference: Ref,
    pub(crate) until: Instant,
    pub(crate) waiter: Waiter,
}

/// Who waits for an answer.
pub(crate) enum Waiter {
    Broadcast(ReplySent),
    Presence(Reply),
    /// Nobody; a refusal is told to the streams of that channel.
    Streams(ChannelId),
}

impl Waiter {
    /// The answer, or why there is none.
    pub(crate) fn tell(self, outcome: Result<()>) -> Option<(ChannelId, Error)> {
        match (self, outcome) {
            (Self::Broadcast(reply), outcome) => {
                reply.tell(outcome.map(|()| crate::broadcast::Sent::Acknowledged));
                None
            }
            (Self::Presence(reply), outcome) => {
                reply.tell(outcome);
                None
            }
            (Self::Streams(_), Ok(())) => None,
            (Self::Streams(id), Err(error)) => Some((id, error)),
        }
    }
}
