//! How things stand: of the connection, of its heartbeats, of a channel.

use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;

use crate::delivery::{Delivery, Overflow, Room};
use crate::error::Error;
use crate::mailbox::{Receiver, Sender, Weight, mailbox};

/// How the connection stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ConnectionState {
    /// There is none, and none is wanted; or it was given up, with the reason.
    Disconnected(Option<Error>),
    /// It is being opened.
    Connecting,
    /// It is open.
    Connected,
    /// It was lost, or could not be opened; it is opened again after a pause.
    Waiting {
        /// How long from the moment on at which this was told.
        pause: Duration,
        /// Why.
        reason: Error,
    },
}

/// What happens to the heartbeats by which the connection is known to be alive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Heartbeat {
    /// One was sent.
    Sent,
    /// The server answered.
    Answered {
        /// How long the answer took.
        latency: Duration,
    },
    /// The server did not answer in time: the connection is opened anew.
    TimedOut,
}

/// How a channel stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum ChannelStatus {
    /// It is being joined, or waits for what was asked for beside the join.
    Joining,
    /// It is joined, and messages come.
    #[doc(alias = "SUBSCRIBED")]
    Subscribed,
    /// It was lost, and is joined again by itself.
    #[doc(alias = "CHANNEL_ERROR")]
    #[doc(alias = "TIMED_OUT")]
    Interrupted(Error),
    /// The server does not accept the access token any more. It is joined again as soon as there is another one.
    NeedsToken(Error),
    /// It is over; with the reason, if it was not this side that left.
    #[doc(alias = "CLOSED")]
    Closed(Option<Error>),
}

/// A stream of how something stands. It begins with how it stands now. A reader that is slow misses what was in between,
/// and never what is true.
pub struct Watch<T>(Receiver<Told<T>>);

struct Told<T>(T);

impl<T> Weight for Told<T> {
    fn weight(&self) -> usize {
        0
    }
}

/// How much a slow reader of a [`Watch`] may be behind.
const BEHIND: Room = Room { messages: 64, bytes: usize::MAX, overflow: Overflow::DropOldest };

impl<T> Watch<T> {
    /// The next change; `None` at the end.
    pub async fn next(&mut self) -> Option<T> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl<T> Stream for Watch<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<T>> {
        loop {
            return match self.0.poll_next(context) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(None) => Poll::Ready(None),
                Poll::Ready(Some(Ok(Delivery::Message(Told(value))))) => Poll::Ready(Some(value)),
                Poll::Ready(Some(_)) => continue,
            };
        }
    }
}

impl<T> std::fmt::Debug for Watch<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").finish_non_exhaustive()
    }
}

/// Those who watch something.
pub(crate) struct Watchers<T>(Mutex<Inner<T>>);

struct Inner<T> {
    now: Option<T>,
    senders: Vec<Sender<Told<T>>>,
}

impl<T: Clone> Watchers<T> {
    pub(crate) fn new(now: Option<T>) -> Self {
        Self(Mutex::new(Inner { now, senders: Vec::new() }))
    }

    /// Tells all of them. What is told is how it stands from now on, where it stands at all.
    pub(crate) fn tell(&self, value: &T) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.now.is_some() {
            inner.now = Some(value.clone());
        }
        inner.senders.retain(Sender::is_read);
        for sender in &inner.senders {
            sender.send(Told(value.clone()));
        }
    }

    /// How it stands.
    pub(crate) fn now(&self) -> Option<T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).now.clone()
    }

    /// Another one who watches.
    pub(crate) fn watch(&self) -> Watch<T> {
        let (sender, receiver) = mailbox(BEHIND);
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(now) = &inner.now {
            sender.send(Told(now.clone()));
        }
        inner.senders.retain(Sender::is_read);
        inner.senders.push(sender);
        Watch(receiver)
    }

    /// Nothing more will happen.
    pub(crate) fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).senders.clear();
    }
}
