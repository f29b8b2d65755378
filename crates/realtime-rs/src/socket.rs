//! The connection: the handles' side. One task owns it, and is told what to do.

pub(crate) mod heartbeat;
mod settings;
mod task;
mod wire;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use secrecy::SecretString;
use serde_json::value::RawValue;
use supabase_core::{Transport, spawn};
use tokio::sync::{mpsc, oneshot};

pub(crate) use settings::Settings;
pub use settings::SignedOut;
pub(crate) use settings::TokenChanges;

use crate::broadcast::Sent;
use crate::channel::entry::Plan;
use crate::channel::{Channel, ChannelShared};
use crate::error::{Error, Result};
use crate::payload::Payload;
use crate::status::{ConnectionState, Heartbeat, Watchers};
use task::Task;

/// A channel's number within its client.
pub(crate) type ChannelId = u64;

/// How many commands wait for the task. A caller waits beyond that; the task never does.
const COMMANDS: usize = 64;

/// Whoever waits for an outcome.
pub(crate) struct Answer<T>(oneshot::Sender<Result<T>>);

pub(crate) type Reply = Answer<()>;
pub(crate) type ReplySent = Answer<Sent>;

impl<T> Answer<T> {
    pub(crate) fn tell(self, outcome: Result<T>) {
        // Whoever waited may have given up.
        let _ = self.0.send(outcome);
    }
}

/// What the task is told.
pub(crate) enum Command {
    Connect { reply: Reply },
    Disconnect { reply: Reply },
    Subscribe { plan: Box<Plan>, reply: Reply },
    Unsubscribe { id: ChannelId, reply: Reply },
    UnsubscribeAll { reply: Reply },
    Broadcast { id: ChannelId, event: String, payload: Payload, reply: ReplySent },
    Track { id: ChannelId, payload: Option<Box<RawValue>>, reply: Reply },
    SetAuth { token: Option<SecretString>, reply: Reply },
}

/// The task ended before the client did.
fn runtime_gone() -> Error {
    Error::closed("the runtime that had the connection is gone")
}

/// Channels by name, with the right to each as long as somebody has it.
type Channels = BTreeMap<String, (Weak<Lease>, Arc<ChannelShared>)>;

/// What handles and task both see.
pub(crate) struct Public {
    pub(crate) state: Watchers<ConnectionState>,
    pub(crate) heartbeats: Watchers<Heartbeat>,
    /// The token that a handle said last, for the next task: without it, that one would join as the API key.
    told: Mutex<Option<Option<SecretString>>>,
    channels: Mutex<Channels>,
}

impl Public {
    pub(crate) fn channels(&self) -> MutexGuard<'_, Channels> {
        // No user code runs under the lock.
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn told(&self) -> MutexGuard<'_, Option<Option<SecretString>>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What all handles of one client share. When the last of them goes, the task ends.
pub(crate) struct Shared {
    settings: Arc<Settings>,
    public: Arc<Public>,
    running: Mutex<Option<Running>>,
    next_id: AtomicU64,
}

struct Running {
    commands: mpsc::Sender<Command>,
    released: mpsc::UnboundedSender<ChannelId>,
}

impl Shared {
    pub(crate) fn new(settings: Settings) -> Self {
        let public = Public {
            state: Watchers::new(Some(ConnectionState::Disconnected(None))),
            heartbeats: Watchers::new(None),
            told: Mutex::default(),
            channels: Mutex::default(),
        };
        Self {
            settings: Arc::new(settings),
            public: Arc::new(public),
            running: Mutex::new(None),
            next_id: AtomicU64::new(1),
        }
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The way to the server over HTTP, as the user of now.
    pub(crate) fn http(&self) -> Transport {
        let http = &self.settings.http;
        match &*self.public.told() {
            Some(told) if !http.asks_for_tokens() => match told {
                Some(token) => http.with_token(token.clone()),
                None => http.without_token(),
            },
            _ => http.clone(),
        }
    }

    pub(crate) fn public(&self) -> &Public {
        &self.public
    }

    pub(crate) fn lease(self: &Arc<Self>) -> Arc<Lease> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        Arc::new(Lease { id, shared: Arc::clone(self) })
    }

    /// The channels that are joined or being joined, by name.
    pub(crate) fn channels(&self) -> Vec<Channel> {
        let channels = self.public.channels();
        let alive = channels.values().filter_map(|(lease, shared)| {
            Some(Channel { lease: lease.upgrade()?, shared: Arc::clone(shared) })
        });
        alive.collect()
    }

    /// Tells the task, and waits for the outcome.
    ///
    /// # Errors
    /// As the command; and where no task can be started, or it ended.
    pub(crate) async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T> {
        let (sender, receiver) = oneshot::channel();
        let commands = self.commands()?;
        commands.send(command(Answer(sender))).await.map_err(|_| runtime_gone())?;
        receiver.await.map_err(|_| runtime_gone())?
    }

    /// The way to the task, which is started when it is first needed.
    fn commands(&self) -> Result<mpsc::Sender<Command>> {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Running { commands, .. }) = running.as_ref()
            && !commands.is_closed()
        {
            return Ok(commands.clone());
        }
        let (commands, to_do) = mpsc::channel(COMMANDS);
        let (released, to_release) = mpsc::unbounded_channel();
        let mut task = Task::new(Arc::clone(&self.settings), Arc::clone(&self.public), to_do, to_release);
        spawn(std::future::poll_fn(move |context| task.poll(context))).map_err(Error::from_failure)?;
        *running = Some(Running { commands: commands.clone(), released });
        Ok(commands)
    }

    fn release(&self, id: ChannelId) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(Running { released, .. }) = running.as_ref() {
            // A task that is gone has left all channels.
            let _ = released.send(id);
        }
    }
}

/// The right to a channel. When the last handle or stream of a channel drops it, the channel is left. It keeps the
/// connection.
pub(crate) struct Lease {
    id: ChannelId,
    shared: Arc<Shared>,
}

impl Lease {
    pub(crate) fn id(&self) -> ChannelId {
        self.id
    }

    pub(crate) fn http(&self) -> Transport {
        self.shared.http()
    }

    pub(crate) async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T> {
        self.shared.ask(command).await
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.shared.release(self.id);
    }
}
