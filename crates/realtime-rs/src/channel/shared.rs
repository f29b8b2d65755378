//! What the handles of a channel and the connection's task share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::WhileAway;
use crate::presence::Presences;
use crate::status::{ChannelStatus, Watchers};

/// One channel, as everybody sees it.
pub(crate) struct ChannelShared {
    pub(crate) name: String,
    pub(crate) topic: String,
    pub(crate) private: bool,
    pub(crate) while_away: WhileAway,
    pub(crate) status: Watchers<ChannelStatus>,
    presences: Mutex<Presences>,
}

impl ChannelShared {
    pub(crate) fn new(name: String, private: bool, while_away: WhileAway) -> Self {
        Self {
            topic: format!("{}{name}", crate::protocol::TOPIC_PREFIX),
            name,
            private,
            while_away,
            status: Watchers::new(Some(ChannelStatus::Joining)),
            presences: Mutex::default(),
        }
    }

    pub(crate) fn presences(&self) -> MutexGuard<'_, Presences> {
        // No user code runs under the lock.
        self.presences.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
