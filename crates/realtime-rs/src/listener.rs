//! Streams of what comes through a channel.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::Stream;
use serde::de::DeserializeOwned;

use crate::broadcast::{Broadcast, RawBroadcast};
use crate::changes::{self, Change, Record};
use crate::delivery::Delivery;
use crate::error::{Error, Result};
use crate::mailbox::{Receiver, Weight};
use crate::payload::Payload;
use crate::presence::{Note, PresenceEvent, typed_event};
use crate::socket::Lease;
use crate::system::SystemMessage;

/// Something that came through a channel, not read yet.
#[derive(Clone, Debug)]
pub(crate) enum Raw {
    Broadcast(RawBroadcast),
    Change(Bytes),
    Presence(Arc<Note>),
    System(Arc<SystemMessage>),
}

/// What a message weighs beside its texts.
const LEAST: usize = 64;

impl Weight for Raw {
    fn weight(&self) -> usize {
        match self {
            Self::Broadcast(broadcast) => broadcast.payload.as_ref().map_or(0, Bytes::len),
            Self::Change(data) => data.len(),
            Self::Presence(note) => LEAST + note.bytes(),
            Self::System(said) => LEAST + said.extension.len() + said.status.len() + said.message.len(),
        }
    }
}

/// Anything that comes through a channel.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A broadcast.
    Broadcast(Broadcast<Payload>),
    /// A change of the database. Its row is read by [`Record::decode`].
    Change(Change<Record>),
    /// Somebody came or left, or the state is up to date.
    Presence(PresenceEvent<Payload>),
    /// What the server says about the channel itself.
    System(SystemMessage),
}

/// A stream of what comes through a channel, each item read as `T`.
///
/// An item that does not fit `T` is an error, and the stream goes on. The stream ends when the channel does: with `None`
/// if this side left, after an error if the server or the network ended it.
///
/// The channel stays joined as long as one of its streams or a [`Channel`](crate::Channel) is kept.
#[must_use = "a stream that is dropped hears nothing"]
pub struct Listener<T> {
    receiver: Receiver<Raw>,
    read: fn(Raw) -> Result<T>,
    lease: Arc<Lease>,
}

impl<T> Listener<T> {
    pub(crate) fn new(receiver: Receiver<Raw>, read: fn(Raw) -> Result<T>, lease: Arc<Lease>) -> Self {
        Self { receiver, read, lease }
    }

    /// The next item; `None` at the end. It may be called again after it was dropped half-way: nothing is lost.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// use realtime_rs::Delivery;
    /// let mut room = realtime.channel("room1");
    /// let mut greetings = room.on_broadcast::<String>("greeting");
    /// let room = room.subscribe().await?;
    /// while let Some(item) = greetings.next().await {
    ///     match item? {
    ///         Delivery::Message(greeting) => println!("{}", greeting.payload),
    ///         Delivery::Gap(gap) => println!("nothing is known of the time since {}", gap.since),
    ///         other => println!("{other:?}"),
    ///     }
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn next(&mut self) -> Option<Result<Delivery<T>>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// Only the messages: gaps and what was missed are passed over. For those who need not know.
    pub fn messages(self) -> Messages<T> {
        Messages(self)
    }
}

impl<T> Stream for Listener<T> {
    type Item = Result<Delivery<T>>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        this.receiver.poll_next(context).map(|item| {
            Some(match item? {
                Ok(Delivery::Message(raw)) => (this.read)(raw).map(Delivery::Message),
                Ok(Delivery::Gap(gap)) => Ok(Delivery::Gap(gap)),
                Ok(Delivery::Missed(count)) => Ok(Delivery::Missed(count)),
                Err(error) => Err(error),
            })
        })
    }
}

impl<T> fmt::Debug for Listener<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener").field("channel", &self.lease.id()).finish_non_exhaustive()
    }
}

/// The messages of a [`Listener`], without what did not come.
#[must_use = "a stream that is dropped hears nothing"]
#[derive(Debug)]
pub struct Messages<T>(Listener<T>);

impl<T> Messages<T> {
    /// The next message; `None` at the end.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// let mut room = realtime.channel("room1");
    /// let mut greetings = room.on_broadcast::<String>("greeting").messages();
    /// let room = room.subscribe().await?;
    /// while let Some(greeting) = greetings.next().await {
    ///     println!("{}", greeting?.payload);
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn next(&mut self) -> Option<Result<T>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T> Stream for Messages<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            return match Pin::new(&mut self.0).poll_next(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error))),
                Poll::Ready(Some(Ok(Delivery::Message(message)))) => Poll::Ready(Some(Ok(message))),
                Poll::Ready(Some(Ok(_))) => continue,
            };
        }
    }
}

/// A binding gets what it asked for; anything else would be a fault of this crate.
fn misrouted<T>() -> Result<T> {
    Err(Error::unreadable("a message came to a stream that did not ask for it", None))
}

pub(crate) fn broadcast<T: DeserializeOwned>(raw: Raw) -> Result<Broadcast<T>> {
    match raw {
        Raw::Broadcast(broadcast) => broadcast.json(),
        _ => misrouted(),
    }
}

pub(crate) fn binary_broadcast(raw: Raw) -> Result<Broadcast<Bytes>> {
    match raw {
        Raw::Broadcast(broadcast) => broadcast.bytes(),
        _ => misrouted(),
    }
}

pub(crate) fn change<T: DeserializeOwned>(raw: Raw) -> Result<Change<T>> {
    match raw {
        Raw::Change(data) => changes::read(&data),
        _ => misrouted(),
    }
}

pub(crate) fn presence<T: DeserializeOwned>(raw: Raw) -> Result<PresenceEvent<T>> {
    match raw {
        Raw::Presence(note) => typed_event(Arc::unwrap_or_clone(note)),
        _ => misrouted(),
    }
}

pub(crate) fn system(raw: Raw) -> Result<SystemMessage> {
    match raw {
        Raw::System(message) => Ok(Arc::unwrap_or_clone(message)),
        _ => misrouted(),
    }
}

pub(crate) fn event(raw: Raw) -> Result<Event> {
    Ok(match raw {
        Raw::Broadcast(broadcast) => Event::Broadcast(broadcast.payload()?),
        Raw::Change(data) => Event::Change(changes::read(&data)?),
        Raw::Presence(note) => Event::Presence(typed_event(Arc::unwrap_or_clone(note))?),
        Raw::System(message) => Event::System(Arc::unwrap_or_clone(message)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Room;
    use crate::mailbox::mailbox;
    use crate::presence::Presences;

    /// How many of a hundred messages of a million bytes a stream holds whose reader is slow.
    fn held(message: impl Fn() -> Raw) -> usize {
        let (sender, mut receiver) = mailbox(Room::default());
        for _ in 0..100 {
            sender.send(message());
        }
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut held = 0;
        while let Poll::Ready(Some(item)) = receiver.poll_next(&mut context) {
            held += usize::from(matches!(item, Ok(Delivery::Message(_))));
        }
        held
    }

    #[test]
    fn whatever_a_stream_hears_it_holds_no_more_than_it_says() {
        let text = "x".repeat(1_000_000);
        let mut presences = Presences::default();
        let metas = format!(r#"{{"metas":[{{"phx_ref":"1","text":"{text}"}}]}}"#);
        let notes = presences.sync_diff(format!(r#"{{"joins":{{"ada":{metas}}}}}"#).as_bytes());
        let mut notes = notes.unwrap().into_iter().map(Arc::new);
        let (join, sync) = (notes.next().unwrap(), notes.next().unwrap());
        let leave = presences.sync_diff(format!(r#"{{"leaves":{{"ada":{metas}}}}}"#).as_bytes());
        let leave = Arc::new(leave.unwrap().remove(0));
        let said = Arc::new(SystemMessage { extension: "".into(), status: "".into(), message: text.clone() });
        for message in [Raw::Presence(join), Raw::Presence(leave), Raw::System(said)] {
            assert_eq!(held(|| message.clone()), 16);
        }
        assert_eq!(held(|| Raw::Change(Bytes::from(text.clone()))), 16);
        assert_eq!(held(|| Raw::Presence(Arc::clone(&sync))), 100);
    }
}
