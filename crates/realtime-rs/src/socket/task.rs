//! The task that owns the connection. It is one future without waits inside: whatever is ready is handled, and what is
//! due by the clock is looked at after anything happened that can change it.

mod commands;
mod joins;
mod line;
mod link;
mod messages;
mod tokens;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::task::{Context, Poll};

use supabase_core::{BoxFuture, Instant, sleep};
use tokio::sync::mpsc;

use super::settings::Settings;
use super::{ChannelId, Command, Public, Reply, runtime_gone};
use crate::channel::entry::{Entry, Pending};
use crate::error::Error;
use crate::protocol::Frame;
use crate::status::ConnectionState;
use crate::timestamp::Timestamp;
use line::{Line, Link};
use tokens::Tokens;

/// How often everything is looked at before others on the same thread get their turn.
const TURNS: usize = 16;

/// How many frames are read before everything else is looked at.
const FRAMES: usize = 64;

pub(super) struct Task {
    settings: Arc<Settings>,
    public: Arc<Public>,
    commands: mpsc::Receiver<Command>,
    released: mpsc::UnboundedReceiver<ChannelId>,
    line: Line,
    /// The channels, by topic. Every message looks here, and a tree of few names is cheaper than to hash one.
    entries: BTreeMap<String, Box<Entry>>,
    topics: HashMap<ChannelId, String>,
    /// Pushes without an answer, oldest first.
    pending: VecDeque<Pending>,
    tokens: Tokens,
    /// A handle asked for the connection as such.
    is_wanted: bool,
    /// A handle asked that there be none.
    is_paused: bool,
    /// Tries in a row that failed.
    failed: u32,
    /// Until when the server that refused the last try asked to be left alone, and that refusal.
    held_off: Option<(Instant, Error)>,
    /// The join that was answered last was refused.
    is_refused: bool,
    opened_at: Option<Instant>,
    idle_since: Option<Instant>,
    connectors: Vec<Reply>,
    /// Connections that say goodbye.
    closing: Vec<BoxFuture<'static, ()>>,
    last_heard: Timestamp,
    /// Something happened that may have changed what is due.
    is_dirty: bool,
    deadline: Option<Instant>,
    timer: Option<(Instant, BoxFuture<'static, ()>)>,
    /// It was polled: before that, it has nothing.
    is_begun: bool,
    is_over: bool,
}

impl Task {
    pub(super) fn new(
        settings: Arc<Settings>,
        public: Arc<Public>,
        commands: mpsc::Receiver<Command>,
        released: mpsc::UnboundedReceiver<ChannelId>,
    ) -> Self {
        let (tokens, last_heard) =
            (Tokens::new(&settings, public.told().clone()), Timestamp::of((settings.clock)()));
        Self {
            line: Line::new(settings.version, settings.max_frame),
            settings,
            public,
            commands,
            released,
            entries: BTreeMap::new(),
            topics: HashMap::new(),
            pending: VecDeque::new(),
            tokens,
            is_wanted: false,
            is_paused: false,
            failed: 0,
            held_off: None,
            is_refused: false,
            opened_at: None,
            idle_since: None,
            connectors: Vec::new(),
            closing: Vec::new(),
            last_heard,
            is_dirty: false,
            deadline: None,
            timer: None,
            is_begun: false,
            is_over: false,
        }
    }

    /// Goes on; ready when the last handle is gone.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        self.is_begun = true;
        for _ in 0..TURNS {
            let mut is_busy = self.poll_released(context);
            is_busy |= self.poll_commands(context);
            is_busy |= self.poll_link(context);
            is_busy |= self.poll_token_changes(context);
            is_busy |= self.poll_token(context);
            is_busy |= self.poll_wire(context);
            self.closing.retain_mut(|closing| closing.as_mut().poll(context).is_pending());
            if self.is_over && self.closing.is_empty() {
                return Poll::Ready(());
            }
            if self.is_dirty {
                self.settle();
                is_busy = true;
            }
            if !is_busy && !self.poll_timer(context) {
                return Poll::Pending;
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn poll_released(&mut self, context: &mut Context<'_>) -> bool {
        let mut is_busy = false;
        while !self.is_over
            && let Poll::Ready(released) = self.released.poll_recv(context)
        {
            is_busy = true;
            match released {
                Some(id) => self.leave(id, None),
                None => self.shut_down(),
            }
        }
        is_busy
    }

    fn poll_commands(&mut self, context: &mut Context<'_>) -> bool {
        let mut is_busy = false;
        // What cannot be written yet holds up those who send, and nobody else.
        while !self.is_over
            && !self.line.is_busy()
            && let Poll::Ready(Some(command)) = self.commands.poll_recv(context)
        {
            self.is_dirty = true;
            is_busy = true;
            self.command(command);
        }
        is_busy
    }

    fn poll_wire(&mut self, context: &mut Context<'_>) -> bool {
        let mut is_heard = false;
        for _ in 0..FRAMES {
            let Link::Up(up) = &mut self.line.link else { break };
            if !is_heard && let Err(error) = up.wire.poll_write(context) {
                self.lost(&error);
                return true;
            }
            match up.wire.poll_read(context) {
                Poll::Pending => break,
                Poll::Ready(Some(Ok(Frame::Close(code, reason)))) => {
                    self.lost(&closed(code, &reason));
                    return true;
                }
                Poll::Ready(Some(Ok(frame))) => {
                    is_heard = true;
                    self.message(&frame);
                }
                Poll::Ready(Some(Err(error))) => {
                    self.lost(&error);
                    return true;
                }
                Poll::Ready(None) => {
                    self.lost(&Error::interrupted("the connection ended without a goodbye (1006)"));
                    return true;
                }
            }
        }
        if is_heard {
            self.last_heard = self.clock();
        }
        is_heard
    }

    /// What time it is.
    fn clock(&self) -> Timestamp {
        Timestamp::of((self.settings.clock)())
    }

    /// Whether something is due by the clock.
    fn poll_timer(&mut self, context: &mut Context<'_>) -> bool {
        let Some(deadline) = self.deadline else { return false };
        let now = Instant::now();
        if deadline <= now {
            self.is_dirty = true;
            return true;
        }
        // A timer that rings too early is a look too many; one for each push would be dearer.
        if self.timer.as_ref().is_none_or(|(at, _)| *at > deadline || *at <= now) {
            self.timer = Some((deadline, Box::pin(sleep(deadline - now))));
        }
        if let Some((_, timer)) = &mut self.timer
            && timer.as_mut().poll(context).is_ready()
        {
            self.timer = None;
            self.is_dirty = true;
            return true;
        }
        false
    }

    /// Does what is due, and finds out when the next thing is.
    fn settle(&mut self) {
        self.is_dirty = false;
        if self.is_over {
            self.deadline = None;
            return;
        }
        let now = Instant::now();
        let link = self.settle_link(now);
        let beat = self.settle_heartbeat(now);
        self.settle_pushes(now);
        self.settle_channels(now);
        self.settle_joins(now);
        let idle = self.settle_idle(now);
        let pushes = self.pending.front().map(|pending| pending.until);
        // A channel that is due waits for a token or for the answers to others: nothing that the clock brings.
        let channels = self.entries.values().flat_map(|entry| entry.deadlines()).filter(|at| *at > now).min();
        self.deadline = [link, beat, idle, pushes, channels].into_iter().flatten().min();
    }

    /// Pushes that the server does not answer.
    fn settle_pushes(&mut self, now: Instant) {
        while self.pending.front().is_some_and(|pending| pending.until <= now)
            && let Some(pending) = self.pending.pop_front()
        {
            let error = Error::timeout("the server did not confirm it in time", None);
            self.told(pending.waiter.tell(Err(error)));
        }
    }

    /// An error that nobody waits for goes to the streams of its channel.
    fn told(&mut self, untold: Option<(ChannelId, Error)>) {
        if let Some((id, error)) = untold
            && let Some(entry) = self.topics.get(&id).and_then(|topic| self.entries.get(topic))
        {
            entry.error(&error, false);
        }
    }

    /// The last handle is gone.
    fn shut_down(&mut self) {
        self.is_over = true;
        self.end_all(None);
        self.close();
    }
}

/// The runtime ended, or something panicked: nothing that this task had goes on.
impl Drop for Task {
    fn drop(&mut self) {
        if self.is_over || !self.is_begun {
            return;
        }
        let error = runtime_gone();
        self.went_away(&error);
        self.end_all(Some(&error));
        for connector in self.connectors.drain(..) {
            connector.tell(Err(error.clone()));
        }
        // Those who come from here on find no task, and start another one.
        self.state(&ConnectionState::Disconnected(Some(error)));
    }
}

/// The other side closed.
fn closed(code: Option<u16>, reason: &str) -> Error {
    let code = code.map_or_else(|| "without a code".to_owned(), |code| format!("with {code}"));
    Error::interrupted(match reason {
        "" => format!("the server closed the connection {code}"),
        reason => format!("the server closed the connection {code}: {reason}"),
    })
}
