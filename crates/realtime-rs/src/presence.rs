//! Who is in a channel.

mod sync;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::de::DeserializeOwned;

use crate::error::Result;
use crate::payload::from_json;
pub(crate) use sync::{Note, Presences};

/// One presence: a connection that is tracked.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Presence<T> {
    /// The server's name for it; a new one each time that it is tracked.
    pub presence_ref: String,
    /// What was tracked.
    pub payload: T,
}

/// All presences of a channel, by their keys. One key has several where a user has several connections.
pub type PresenceState<T> = BTreeMap<String, Vec<Presence<T>>>;

/// What happened to the presences of a channel.
///
/// A presence that is tracked anew joins and leaves under the same key; the join comes first.
///
/// Source: <https://supabase.com/docs/guides/realtime/presence>
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PresenceEvent<T> {
    /// The state is up to date: [`Channel::presence_state`](crate::Channel::presence_state) has it.
    Sync,
    /// Somebody came.
    Join {
        /// Under which key.
        key: String,
        /// Those that were there under the key before.
        current: Vec<Presence<T>>,
        /// Those that came.
        new: Vec<Presence<T>>,
    },
    /// Somebody left.
    Leave {
        /// Under which key.
        key: String,
        /// Those that remain under the key.
        current: Vec<Presence<T>>,
        /// Those that left.
        left: Vec<Presence<T>>,
    },
}

/// A presence as it came: its reference, and its JSON without what belongs to the protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) reference: Arc<str>,
    pub(crate) json: Arc<str>,
}

/// Reads presences as the caller's type.
pub(crate) fn typed<T: DeserializeOwned>(metas: &[Meta]) -> Result<Vec<Presence<T>>> {
    metas
        .iter()
        .map(|meta| {
            Ok(Presence {
                presence_ref: meta.reference.as_ref().to_owned(),
                payload: from_json(meta.json.as_bytes())?,
            })
        })
        .collect()
}

/// Reads what happened as the caller's type.
pub(crate) fn typed_event<T: DeserializeOwned>(note: Note) -> Result<PresenceEvent<T>> {
    Ok(match note {
        Note::Sync => PresenceEvent::Sync,
        Note::Join { key, current, new } => {
            PresenceEvent::Join { key, current: typed(&current)?, new: typed(&new)? }
        }
        Note::Leave { key, current, left } => {
            PresenceEvent::Leave { key, current: typed(&current)?, left: typed(&left)? }
        }
    })
}
