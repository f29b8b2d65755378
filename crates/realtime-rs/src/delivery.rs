//! What a stream gives: messages, and the truth about those that did not come.

use crate::timestamp::Timestamp;

/// One item of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery<T> {
    /// A message.
    Message(T),
    /// The connection was away: what the server sent meanwhile did not come. Read again what you must not miss.
    ///
    /// Streams of changes of the database are told so as well where the server subscribed to the database anew: after it
    /// lost it, and after each new access token, as it goes by the old one until then. So a session that is refreshed
    /// once an hour has a gap once an hour.
    Gap(Gap),
    /// The reader was too slow, and so many messages were dropped here. See [`Overflow`].
    Missed(u64),
}

/// A time of which a stream knows nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// The last moment at which the server was heard.
    pub since: Timestamp,
    /// The moment from which on messages come again.
    pub until: Timestamp,
}

/// What happens to a stream whose reader is slower than its messages. It concerns that stream alone: heartbeats, other
/// streams and other channels go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest messages are dropped, and counted as [`Delivery::Missed`]. This is the default.
    #[default]
    DropOldest,
    /// The stream stands still: what comes while it is full is dropped, and counted as [`Delivery::Missed`] where it
    /// would have stood.
    Block,
    /// The stream ends with an error of the kind [`ErrorKind::TooSlow`](crate::ErrorKind::TooSlow), after what it holds.
    Fail,
}

/// How much a stream holds for its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
    pub(crate) overflow: Overflow,
}

impl Default for Room {
    fn default() -> Self {
        Self { messages: 1_024, bytes: 16 * 1024 * 1024, overflow: Overflow::DropOldest }
    }
}

impl<T> Delivery<T> {
    /// The message, if it is one.
    ///
    /// ```
    /// assert_eq!(realtime_rs::Delivery::Message(7).message(), Some(7));
    /// assert_eq!(realtime_rs::Delivery::<u8>::Missed(2).message(), None);
    /// ```
    pub fn message(self) -> Option<T> {
        match self {
            Self::Message(message) => Some(message),
            Self::Gap(_) | Self::Missed(_) => None,
        }
    }
}

impl Gap {
    /// One gap that is both, and all between them.
    pub(crate) fn and(self, other: Self) -> Self {
        Self { since: self.since.min(other.since), until: self.until.max(other.until) }
    }
}
