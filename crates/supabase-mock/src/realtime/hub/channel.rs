//! One topic joined on one connection.

use std::collections::VecDeque;
use std::time::Duration;

use super::Room;
use crate::realtime::binding::Binding;
use crate::realtime::{Access, Claims};

/// A channel that was joined.
#[derive(Clone, Debug)]
pub(crate) struct Channel {
    /// With its prefix.
    pub(crate) topic: String,
    pub(crate) private: bool,
    pub(crate) join_ref: Option<String>,
    pub(crate) ack: bool,
    pub(crate) receives_own: bool,
    pub(crate) presence_key: String,
    /// Whether changes of presence are of interest: asked for, or tracked.
    pub(crate) presence: bool,
    pub(crate) presence_calls: VecDeque<Duration>,
    pub(crate) bindings: Vec<Binding>,
    /// Whether changes flow: the subscription was confirmed.
    pub(crate) subscribed: bool,
    pub(crate) token: String,
    pub(crate) claims: Claims,
    pub(crate) access: Access,
    /// When its token ends.
    pub(crate) expires: Duration,
}

impl Channel {
    /// The topic without its prefix.
    pub(crate) fn name(&self) -> &str {
        self.topic.strip_prefix("realtime:").unwrap_or(&self.topic)
    }

    pub(super) fn room(&self) -> Room {
        Room { name: self.name().to_owned(), private: self.private }
    }
}
