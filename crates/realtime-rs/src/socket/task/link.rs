//! Opening, keeping and losing the connection.

use std::task::{Context, Poll};
use std::time::Duration;

use supabase_core::{Instant, limited};

use super::Task;
use super::line::{Link, Up};
use crate::backoff::asked_pause;
use crate::deadline::after;
use crate::error::{Error, ErrorKind};
use crate::socket::heartbeat::{Beat, Heartbeats};
use crate::socket::wire::Wire;
use crate::status::{ChannelStatus, ConnectionState, Heartbeat};

/// A connection that lasts so long is well: its next failure is the first one.
const WELL: Duration = Duration::from_secs(30);

/// How long a goodbye may take.
const GOODBYE: Duration = Duration::from_secs(2);

impl Task {
    fn needs_link(&self) -> bool {
        !self.is_paused && (self.is_wanted || !self.entries.is_empty() || !self.connectors.is_empty())
    }

    pub(super) fn state(&self, state: &ConnectionState) {
        tracing::debug!(?state, "connection");
        self.public.state.tell(state);
    }

    pub(super) fn poll_link(&mut self, context: &mut Context<'_>) -> bool {
        let Link::Connecting(work) = &mut self.line.link else { return false };
        let Poll::Ready(outcome) = work.as_mut().poll(context) else { return false };
        self.is_dirty = true;
        match outcome {
            Ok(connection) => {
                let settings = &self.settings;
                let (interval, limit) = (settings.heartbeat_interval, settings.heartbeat_timeout);
                let now = Instant::now();
                let beats = Heartbeats::new(interval, limit, now, (settings.clock)());
                self.line.link = Link::Up(Box::new(Up { wire: Wire::new(connection), beats }));
                self.held_off = None;
                self.opened_at = Some(now);
                self.idle_since = None;
                self.last_heard = self.clock();
                self.state(&ConnectionState::Connected);
                for connector in self.connectors.drain(..) {
                    connector.tell(Ok(()));
                }
                for entry in self.entries.values_mut() {
                    entry.machine.online(now);
                }
            }
            Err(error) => self.could_not_connect(&error),
        }
        true
    }

    fn could_not_connect(&mut self, error: &Error) {
        self.line.link = Link::Down;
        for connector in self.connectors.drain(..) {
            connector.tell(Err(error.clone()));
        }
        let is_server_fault = error.status().is_some_and(|status| status >= 500);
        let may_pass =
            matches!(error.kind(), ErrorKind::Connect | ErrorKind::Timeout | ErrorKind::Interrupted);
        if error.is_retryable() || is_server_fault || may_pass {
            self.connect_later(error);
        } else {
            self.give_up(error);
        }
    }

    fn connect_later(&mut self, error: &Error) {
        for entry in self.entries.values_mut() {
            entry.last_error = Some(error.clone());
        }
        let now = Instant::now();
        if self.opened_at.take().is_some_and(|at| now.saturating_duration_since(at) >= WELL) {
            self.failed = 0;
        }
        self.failed = self.failed.saturating_add(1);
        let asked = error.retry_after().map(asked_pause).unwrap_or_default();
        self.held_off = (!asked.is_zero()).then(|| (after(now, asked), error.clone()));
        if !self.needs_link() {
            self.line.link = Link::Down;
            self.state(&ConnectionState::Disconnected(Some(error.clone())));
            return;
        }
        match self.settings.backoff.pause(self.failed) {
            Some(pause) => self.wait(now, pause.max(asked), error.clone()),
            None => self.give_up(error),
        }
    }

    /// Opens the connection after a pause.
    fn wait(&mut self, now: Instant, pause: Duration, reason: Error) {
        self.line.link = Link::Waiting { at: after(now, pause) };
        self.state(&ConnectionState::Waiting { pause, reason });
    }

    /// There is no use in trying again.
    fn give_up(&mut self, error: &Error) {
        self.line.link = Link::Down;
        // When to try from here on is up to the program.
        self.held_off = None;
        self.is_wanted = false;
        self.failed = 0;
        self.end_all(Some(error));
        self.state(&ConnectionState::Disconnected(Some(error.clone())));
    }

    /// The connection broke, or the other side closed it.
    pub(super) fn lost(&mut self, error: &Error) {
        self.is_dirty = true;
        self.went_away(error);
        self.connect_later(error);
    }

    /// There is no connection any more: tells everybody who waits for something of it.
    pub(super) fn went_away(&mut self, error: &Error) {
        if let Link::Up(up) = std::mem::replace(&mut self.line.link, Link::Down) {
            up.wire.fail(error);
        }
        for pending in std::mem::take(&mut self.pending) {
            self.told(pending.waiter.tell(Err(error.clone())));
        }
        let (now, mut left) = (Instant::now(), Vec::new());
        for (topic, entry) in &mut self.entries {
            entry.machine.offline(now);
            if entry.machine.phase() == crate::channel::state::Phase::Ended {
                left.push(topic.clone());
                continue;
            }
            entry.away(self.last_heard);
            if entry.subscriber.is_none() {
                entry.status(&ChannelStatus::Interrupted(error.clone()));
            }
        }
        for topic in left {
            self.end(&topic, None);
        }
    }

    /// Opens a connection where one is needed; answers with when that is to be done.
    pub(super) fn settle_link(&mut self, now: Instant) -> Option<Instant> {
        let needs_link = self.needs_link();
        // Whoever waited may have given up; those who come after them are asked to stay away as well.
        if needs_link
            && let (Link::Down, Some((until, reason))) = (&self.line.link, &self.held_off)
            && *until > now
        {
            self.wait(now, *until - now, reason.clone());
        }
        match &self.line.link {
            Link::Waiting { .. } | Link::Connecting(_) if !needs_link => {
                self.line.link = Link::Down;
                self.state(&ConnectionState::Disconnected(None));
                None
            }
            Link::Waiting { at } if *at > now => Some(*at),
            Link::Waiting { .. } | Link::Down if needs_link => {
                let (transport, limit) = (self.settings.transport.clone(), self.settings.connect_timeout);
                let handshake = self.settings.handshake();
                self.line.link = Link::Connecting(Box::pin(async move {
                    let message = || format!("no connection within {limit:?}");
                    let connected = limited(limit, transport.connect(handshake)).await;
                    connected.unwrap_or_else(|| Err(Error::timeout(message(), None)))
                }));
                self.state(&ConnectionState::Connecting);
                // To be polled at once.
                Some(now)
            }
            _ => None,
        }
    }

    /// Asks the server whether it is there, and gives it up if it does not answer.
    pub(super) fn settle_heartbeat(&mut self, now: Instant) -> Option<Instant> {
        let Link::Up(up) = &mut self.line.link else { return None };
        let wall = (self.settings.clock)();
        match up.beats.poll(now, wall) {
            Beat::Wait(at) => Some(at),
            Beat::Send => {
                let reference = self.line.beat()?;
                let Link::Up(up) = &mut self.line.link else { return None };
                up.beats.sent(reference, now, self.settings.heartbeat_timeout);
                let until = up.beats.until();
                self.public.heartbeats.tell(&Heartbeat::Sent);
                self.look_for_another_token();
                until
            }
            Beat::TimedOut => {
                self.public.heartbeats.tell(&Heartbeat::TimedOut);
                self.lost(&Error::timeout("the server did not answer a heartbeat", None));
                None
            }
        }
    }

    /// Closes a connection that nobody needs; answers with when that is to be done.
    pub(super) fn settle_idle(&mut self, now: Instant) -> Option<Instant> {
        let is_up = matches!(self.line.link, Link::Up(_));
        if !is_up || self.is_wanted || !self.entries.is_empty() {
            self.idle_since = None;
            return None;
        }
        let until = after(*self.idle_since.get_or_insert(now), self.settings.disconnect_after?);
        if until > now {
            return Some(until);
        }
        self.close();
        self.state(&ConnectionState::Disconnected(None));
        None
    }

    /// Says goodbye to the connection, if there is one.
    pub(super) fn close(&mut self) {
        let error = Error::closed("this client closed the connection");
        for pending in std::mem::take(&mut self.pending) {
            self.told(pending.waiter.tell(Err(error.clone())));
        }
        if let Link::Up(up) = std::mem::replace(&mut self.line.link, Link::Down) {
            let goodbye = up.wire.close();
            self.closing.push(Box::pin(async move {
                limited(GOODBYE, goodbye).await;
            }));
        }
        self.opened_at = None;
        self.failed = 0;
    }

    /// A handle asked that there be no connection. Channels stay, and come back with it.
    pub(super) fn disconnect(&mut self) {
        self.is_paused = true;
        self.is_wanted = false;
        let since = self.last_heard;
        let error = Error::closed("this client was told to disconnect");
        for connector in self.connectors.drain(..) {
            connector.tell(Err(error.clone()));
        }
        self.close();
        let (now, mut left) = (Instant::now(), Vec::new());
        for (topic, entry) in &mut self.entries {
            entry.machine.offline(now);
            if entry.machine.phase() == crate::channel::state::Phase::Ended {
                left.push((topic.clone(), false));
            } else if entry.subscriber.is_some() {
                // Whoever subscribes would wait for nothing.
                left.push((topic.clone(), true));
            } else {
                entry.away(since);
                entry.status(&ChannelStatus::Interrupted(error.clone()));
            }
        }
        for (topic, is_waited_for) in left {
            self.end(&topic, is_waited_for.then_some(&error));
        }
        self.state(&ConnectionState::Disconnected(None));
    }
}
