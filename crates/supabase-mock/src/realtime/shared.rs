//! The state of a server, and how its connections reach it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::Instant;

use super::config::Config;
use super::hub::{ConnectionId, Hub, Output, Refusal};
use super::record::Handshake;

#[derive(Debug)]
pub(crate) struct Shared {
    inner: Mutex<Inner>,
    /// The time since 1970 when the server was made, and the runtime's clock then.
    began: (Duration, Instant),
    /// Told after everything that happens.
    pub(crate) changed: Notify,
}

#[derive(Debug)]
struct Inner {
    hub: Hub,
    senders: HashMap<ConnectionId, UnboundedSender<Output>>,
}

impl Shared {
    pub(crate) fn new(config: Config, starts_at: Option<Duration>) -> Self {
        let system = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let began = (starts_at.unwrap_or_else(system), Instant::now());
        let hub = Hub::new(config, began.0);
        let inner = Mutex::new(Inner { hub, senders: HashMap::new() });
        Self { inner, began, changed: Notify::new() }
    }

    /// The time since 1970. It follows the runtime's clock, so that a test can stop and advance it.
    pub(crate) fn now(&self) -> Duration {
        self.began.0 + self.began.1.elapsed()
    }

    /// Does something to the state, and hands over what is to be sent.
    pub(crate) fn with<T>(&self, action: impl FnOnce(&mut Hub) -> T) -> T {
        let mut inner = self.lock();
        inner.hub.now = self.now();
        let result = action(&mut inner.hub);
        for (id, output) in inner.hub.take_output() {
            if let Some(sender) = inner.senders.get(&id) {
                // The receiver is gone only if the connection ends right now.
                let _ = sender.send(output);
            }
        }
        drop(inner);
        self.changed.notify_waiters();
        result
    }

    /// Looks at the state.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Hub) -> T) -> T {
        look(&self.lock().hub)
    }

    pub(crate) fn open(
        &self,
        handshake: Handshake,
    ) -> Result<(ConnectionId, UnboundedReceiver<Output>), Refusal> {
        let opened = {
            let mut inner = self.lock();
            inner.hub.now = self.now();
            inner.hub.open(handshake).map(|id| {
                let (sender, receiver) = unbounded_channel();
                inner.senders.insert(id, sender);
                (id, receiver)
            })
        };
        self.changed.notify_waiters();
        opened
    }

    pub(crate) fn closed(&self, id: ConnectionId) {
        self.lock().senders.remove(&id);
        self.with(|hub| hub.disconnect(id));
    }

    /// When something is due on a connection, by the runtime's clock.
    pub(crate) fn deadline(&self, id: ConnectionId) -> Option<Instant> {
        let deadline = self.lock().hub.deadline(id)?;
        // A token may be valid for longer than a clock can count.
        self.began.1.checked_add(deadline.saturating_sub(self.began.0))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // A panic elsewhere, in a policy of the test, is reported there.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
