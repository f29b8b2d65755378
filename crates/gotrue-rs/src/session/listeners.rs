//! A queue of events for each listener.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Waker};

use futures_util::Stream;
use supabase_core::BoxFuture;

use crate::session::Session;
use crate::session::event::AuthEvent;

/// How many events wait for a listener before those that later ones make pointless are left out.
const ROOM: usize = 64;

/// The listeners.
#[derive(Default)]
pub(crate) struct Listeners(Vec<Weak<Queue>>);

/// What waits for one listener.
#[derive(Default)]
pub(crate) struct Queue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    events: VecDeque<AuthEvent>,
    has_begun: bool,
    has_ended: bool,
    waker: Option<Waker>,
}

impl Listeners {
    /// Adds a listener. `initial` is who is signed in, if that is known.
    pub(crate) fn add(&mut self, initial: Option<Option<Arc<Session>>>) -> Arc<Queue> {
        let queue = Arc::new(Queue::default());
        if let Some(session) = initial {
            queue.begin(session);
        }
        self.0.retain(|queue| queue.strong_count() > 0);
        self.0.push(Arc::downgrade(&queue));
        queue
    }

    /// Tells those who wait for it who was signed in at the beginning. The wakers are to be woken once no lock is held:
    /// they are foreign code.
    pub(crate) fn begin(&self, session: Option<&Arc<Session>>, wakers: &mut Vec<Waker>) {
        for queue in self.0.iter().filter_map(Weak::upgrade) {
            wakers.extend(queue.begin(session.cloned()));
        }
    }

    /// Tells everybody.
    pub(crate) fn tell(&self, event: &AuthEvent, wakers: &mut Vec<Waker>) {
        for queue in self.0.iter().filter_map(Weak::upgrade) {
            wakers.extend(queue.push(event.clone()));
        }
    }

    /// Ends all streams, once what waits was read.
    pub(crate) fn end(&mut self, wakers: &mut Vec<Waker>) {
        for queue in self.0.drain(..).filter_map(|queue| queue.upgrade()) {
            let mut waiting = queue.lock();
            waiting.has_ended = true;
            wakers.extend(waiting.waker.take());
        }
    }
}

impl Waiting {
    /// The next event for the listener. Before it has begun, that is only that the store has failed: what else happened
    /// comes after the beginning, which a store that cannot be read puts off.
    fn next(&mut self) -> Option<AuthEvent> {
        if self.has_begun {
            return self.events.pop_front();
        }
        let at = self.events.iter().position(|event| matches!(event, AuthEvent::StoreFailed(_)))?;
        self.events.remove(at)
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn begin(&self, session: Option<Arc<Session>>) -> Option<Waker> {
        let mut waiting = self.lock();
        if waiting.has_begun {
            return None;
        }
        waiting.has_begun = true;
        // What happened while the store was read comes after it.
        waiting.events.push_front(AuthEvent::InitialSession(session));
        waiting.waker.take()
    }

    fn push(&self, event: AuthEvent) -> Option<Waker> {
        let mut waiting = self.lock();
        if waiting.events.len() >= ROOM {
            make_room(&mut waiting.events);
        }
        waiting.events.push_back(event);
        waiting.waker.take()
    }
}

/// Leaves out one event: the oldest that a later one makes pointless, or the oldest.
fn make_room(events: &mut VecDeque<AuthEvent>) {
    use AuthEvent::{SignedIn, SignedOut, StoreFailed, TokenRefreshed, UserUpdated};
    let is_pointless = |(at, event): (usize, &AuthEvent)| {
        let mut later = events.iter().skip(at + 1);
        match event {
            TokenRefreshed(_) | UserUpdated(_) => later.any(|later| {
                matches!(later, TokenRefreshed(_) | UserUpdated(_) | SignedIn(_) | SignedOut(_))
            }),
            StoreFailed(_) => later.any(|later| matches!(later, StoreFailed(_))),
            _ => false,
        }
    };
    let at = events.iter().enumerate().position(is_pointless).unwrap_or(0);
    events.remove(at);
}

/// What happens to the session, beginning with who is signed in. Made by [`Client::events`](crate::Client::events).
///
/// Each stream has a queue of its own: a slow listener stops nobody. Where a listener is 64 events behind, refreshes
/// that later events make pointless are left out; the last state always arrives. The stream ends when no handle to the
/// client is left.
///
/// While the store cannot be read, nothing comes but [`AuthEvent::StoreFailed`], and the store is read again after growing
/// pauses.
#[must_use = "a stream does nothing unless it is polled"]
pub struct AuthEvents {
    queue: Arc<Queue>,
    /// Reads the store, if nobody has done so before.
    load: Option<BoxFuture<'static, ()>>,
}

impl AuthEvents {
    pub(crate) fn new(queue: Arc<Queue>, load: Option<BoxFuture<'static, ()>>) -> Self {
        Self { queue, load }
    }

    /// The next event; `None` once no handle to the client is left. Dropping the future loses nothing.
    ///
    /// ```no_run
    /// # async fn run(auth: gotrue_rs::Client) {
    /// use gotrue_rs::AuthEvent;
    /// let mut events = auth.events();
    /// while let Some(event) = events.next().await {
    ///     match event {
    ///         AuthEvent::SignedIn(session) => println!("hello {}", session.user.id),
    ///         AuthEvent::SignedOut(reason) => println!("good bye: {reason:?}"),
    ///         _ => {}
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<AuthEvent> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }
}

impl Stream for AuthEvents {
    type Item = AuthEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<AuthEvent>> {
        if let Some(load) = &mut self.load
            && load.as_mut().poll(context).is_ready()
        {
            self.load = None;
        }
        let mut waiting = self.queue.lock();
        if let Some(event) = waiting.next() {
            return Poll::Ready(Some(event));
        }
        if waiting.has_ended {
            drop(waiting);
            // It holds the store.
            self.load = None;
            return Poll::Ready(None);
        }
        waiting.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl fmt::Debug for AuthEvents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AuthEvents").field("waiting", &self.queue.lock().events.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::event::SignOutReason;
    use crate::session::testing::session;
    use futures_util::{FutureExt, StreamExt};

    fn drain(queue: &Arc<Queue>) -> Vec<AuthEvent> {
        queue.lock().events.drain(..).collect()
    }

    #[test]
    fn a_listener_that_is_far_behind_misses_only_what_later_events_make_pointless() {
        let mut listeners = Listeners::default();
        let queue = listeners.add(Some(None));
        let tell = |event: AuthEvent| listeners.tell(&event, &mut Vec::new());
        for round in 0..200 {
            tell(AuthEvent::SignedIn(session("ada", round)));
            for refresh in 0..10 {
                tell(AuthEvent::TokenRefreshed(session("ada", refresh)));
            }
            if round < 5 {
                tell(AuthEvent::SignedOut(SignOutReason::User));
            }
        }
        let events = drain(&queue);
        assert!(events.len() <= ROOM, "{}", events.len());
        let Some(AuthEvent::TokenRefreshed(last)) = events.last() else {
            panic!("the last event is missing")
        };
        assert_eq!(last.expires_at, session("ada", 9).expires_at);
    }

    #[tokio::test]
    async fn what_happens_while_the_store_is_read_comes_after_the_initial_session() {
        let mut listeners = Listeners::default();
        let mut events = AuthEvents::new(listeners.add(None), None);
        listeners.tell(&AuthEvent::SignedOut(SignOutReason::User), &mut Vec::new());
        assert!(StreamExt::next(&mut events).now_or_never().is_none());
        listeners.begin(None, &mut Vec::new());
        assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(None))));
        assert!(matches!(events.next().await, Some(AuthEvent::SignedOut(_))));
        listeners.end(&mut Vec::new());
        assert!(events.next().await.is_none());
    }
}
