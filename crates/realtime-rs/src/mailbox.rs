//! A bounded queue between the connection and one reader. Sending never waits, and never fails.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use futures_util::task::AtomicWaker;

use crate::delivery::{Delivery, Gap, Overflow, Room};
use crate::error::{Error, Result};

/// What a message weighs in a queue, in bytes.
pub(crate) trait Weight {
    fn weight(&self) -> usize;
}

struct Shared<M> {
    queue: Mutex<Queue<M>>,
    waker: AtomicWaker,
}

struct Queue<M> {
    items: VecDeque<Item<M>>,
    room: Room,
    messages: usize,
    bytes: usize,
    /// What was dropped before the first item.
    dropped: Lost,
    /// What was dropped after the last item.
    blocked: Lost,
    end: Option<End>,
    is_read: bool,
}

enum Item<M> {
    Message(M),
    Gap(Gap),
    Missed(u64),
    Error(Error),
}

/// How a stream ends. The error is given once.
struct End(Option<Error>);

#[derive(Default)]
struct Lost {
    count: u64,
    gap: Option<Gap>,
}

impl Lost {
    fn gap(&mut self, gap: Gap) {
        self.gap = Some(self.gap.map_or(gap, |before| before.and(gap)));
    }
}

/// The connection's side.
pub(crate) struct Sender<M>(Arc<Shared<M>>);

/// The reader's side.
pub(crate) struct Receiver<M>(Arc<Shared<M>>);

/// A queue with this much room.
pub(crate) fn mailbox<M: Weight>(room: Room) -> (Sender<M>, Receiver<M>) {
    let queue = Queue {
        items: VecDeque::new(),
        room: Room { messages: room.messages.max(1), ..room },
        messages: 0,
        bytes: 0,
        dropped: Lost::default(),
        blocked: Lost::default(),
        end: None,
        is_read: true,
    };
    let shared = Arc::new(Shared { queue: Mutex::new(queue), waker: AtomicWaker::new() });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

impl<M> Shared<M> {
    fn lock(&self) -> MutexGuard<'_, Queue<M>> {
        // No user code runs under the lock, so nothing panics there.
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Weight> Sender<M> {
    /// Gives a message to the reader.
    pub(crate) fn send(&self, message: M) {
        let mut queue = self.0.lock();
        if queue.is_over() || !queue.make_room(message.weight()) {
            return;
        }
        queue.messages += 1;
        queue.bytes += message.weight();
        queue.push(Item::Message(message));
        drop(queue);
        self.0.waker.wake();
    }

    /// Tells the reader that messages did not come.
    pub(crate) fn gap(&self, gap: Gap) {
        let mut queue = self.0.lock();
        if queue.is_over() {
            return;
        }
        if queue.room.overflow == Overflow::Block && queue.blocked.count > 0 {
            queue.blocked.gap(gap);
        } else if let Some(Item::Gap(last)) = queue.items.back_mut() {
            *last = last.and(gap);
        } else if queue.items.len() >= queue.limit() {
            // Gaps alone, with hardly a message between them: the reader is told of one long one.
            queue.dropped.gap(gap);
        } else {
            queue.push(Item::Gap(gap));
        }
        drop(queue);
        self.0.waker.wake();
    }

    /// Tells the reader of an error that does not end the stream.
    pub(crate) fn error(&self, error: Error) {
        let mut queue = self.0.lock();
        // Never at the cost of memory: a reader that does not read needs not to be told twice.
        if !queue.is_over() && queue.items.len() < queue.limit() {
            queue.push(Item::Error(error));
        }
        drop(queue);
        self.0.waker.wake();
    }

    /// Ends the stream, after what it holds.
    pub(crate) fn end(&self, error: Option<Error>) {
        let mut queue = self.0.lock();
        queue.end.get_or_insert(End(error));
        drop(queue);
        self.0.waker.wake();
    }

    /// Whether somebody may still read.
    pub(crate) fn is_read(&self) -> bool {
        self.0.lock().is_read
    }
}

impl<M: Weight> Queue<M> {
    fn is_over(&self) -> bool {
        self.end.is_some() || !self.is_read
    }

    /// How many items of all kinds there may be.
    fn limit(&self) -> usize {
        self.room.messages.saturating_mul(2)
    }

    fn push(&mut self, item: Item<M>) {
        let blocked = std::mem::take(&mut self.blocked);
        if blocked.count > 0 {
            self.items.push_back(Item::Missed(blocked.count));
        }
        self.items.extend(blocked.gap.map(Item::Gap));
        self.items.push_back(item);
    }

    fn is_full(&self, weight: usize) -> bool {
        let is_heavy = self.messages > 0 && self.bytes.saturating_add(weight) > self.room.bytes;
        self.messages >= self.room.messages || is_heavy
    }

    /// Whether there is room for a message, if need be at the cost of older ones.
    fn make_room(&mut self, weight: usize) -> bool {
        while self.is_full(weight) {
            match self.room.overflow {
                Overflow::DropOldest => match self.items.pop_front() {
                    Some(Item::Message(message)) => {
                        self.messages -= 1;
                        self.bytes -= message.weight();
                        self.dropped.count += 1;
                    }
                    Some(Item::Gap(gap)) => self.dropped.gap(gap),
                    Some(Item::Missed(count)) => self.dropped.count += count,
                    Some(Item::Error(_)) => {}
                    None => return true,
                },
                Overflow::Block => {
                    self.blocked.count += 1;
                    return false;
                }
                Overflow::Fail => {
                    self.end = Some(End(Some(Error::too_slow(self.room.messages))));
                    return false;
                }
            }
        }
        true
    }

    fn next(&mut self) -> Option<Option<Result<Delivery<M>>>> {
        if let Some(gap) = self.dropped.gap.take() {
            return Some(Some(Ok(Delivery::Gap(gap))));
        }
        if self.dropped.count > 0 {
            return Some(Some(Ok(Delivery::Missed(std::mem::take(&mut self.dropped.count)))));
        }
        let item = match self.items.pop_front() {
            Some(item) => item,
            None if self.blocked.count > 0 => Item::Missed(std::mem::take(&mut self.blocked.count)),
            None => match self.blocked.gap.take() {
                Some(gap) => Item::Gap(gap),
                None => return self.end.as_mut().map(|End(error)| error.take().map(Err)),
            },
        };
        Some(Some(match item {
            Item::Message(message) => {
                self.messages -= 1;
                self.bytes -= message.weight();
                Ok(Delivery::Message(message))
            }
            Item::Gap(gap) => Ok(Delivery::Gap(gap)),
            Item::Missed(count) => Ok(Delivery::Missed(count)),
            Item::Error(error) => Err(error),
        }))
    }
}

impl<M: Weight> Receiver<M> {
    /// The next item; `None` at the end.
    pub(crate) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Delivery<M>>>> {
        if let Some(next) = self.0.lock().next() {
            return Poll::Ready(next);
        }
        self.0.waker.register(context.waker());
        // Something may have come between the look and the registration.
        match self.0.lock().next() {
            Some(next) => Poll::Ready(next),
            None => Poll::Pending,
        }
    }
}

impl<M> Drop for Sender<M> {
    fn drop(&mut self) {
        // The connection's task is gone, and with it whatever could come.
        self.0.lock().end.get_or_insert(End(None));
        self.0.waker.wake();
    }
}

impl<M> Drop for Receiver<M> {
    fn drop(&mut self) {
        let mut queue = self.0.lock();
        queue.is_read = false;
        let items = std::mem::take(&mut queue.items);
        drop(queue);
        // A message's own drop must not run under the lock.
        drop(items);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::error::ErrorKind;
    use crate::timestamp::Timestamp;

    impl Weight for usize {
        fn weight(&self) -> usize {
            8
        }
    }

    fn room(messages: usize, overflow: Overflow) -> Room {
        Room { messages, overflow, ..Room::default() }
    }

    fn gap(since: i64, until: i64) -> Gap {
        Gap { since: Timestamp::from_unix_seconds(since), until: Timestamp::from_unix_seconds(until) }
    }

    /// Everything that is there.
    fn drain(receiver: &mut Receiver<usize>) -> Vec<Result<Delivery<usize>, ErrorKind>> {
        let mut context = Context::from_waker(std::task::Waker::noop());
        let mut items = Vec::new();
        while let Poll::Ready(Some(item)) = receiver.poll_next(&mut context) {
            items.push(item.map_err(|error| error.kind()));
        }
        items
    }

    #[test]
    fn the_oldest_are_dropped_and_counted() {
        let (sender, mut receiver) = mailbox(room(2, Overflow::DropOldest));
        sender.send(1);
        sender.gap(gap(1, 2));
        for n in 2..6 {
            sender.send(n);
        }
        use Delivery::{Gap, Message, Missed};
        assert_eq!(drain(&mut receiver), [Ok(Gap(gap(1, 2))), Ok(Missed(3)), Ok(Message(4)), Ok(Message(5))]);
        sender.send(6);
        assert_eq!(drain(&mut receiver), [Ok(Message(6))]);
    }

    #[test]
    fn a_stream_that_blocks_keeps_what_it_has_and_tells_where_it_lost() {
        let (sender, mut receiver) = mailbox(room(2, Overflow::Block));
        for n in 1..6 {
            sender.send(n);
        }
        sender.gap(gap(1, 2));
        use Delivery::{Gap, Message, Missed};
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(matches!(receiver.poll_next(&mut context), Poll::Ready(Some(Ok(Message(1))))));
        sender.send(6);
        let rest = [Ok(Message(2)), Ok(Missed(3)), Ok(Gap(gap(1, 2))), Ok(Message(6))];
        assert_eq!(drain(&mut receiver), rest);
    }

    #[test]
    fn a_stream_that_fails_gives_what_it_has_and_the_error_once() {
        let (sender, mut receiver) = mailbox(room(1, Overflow::Fail));
        sender.send(1);
        sender.send(2);
        assert_eq!(drain(&mut receiver), [Ok(Delivery::Message(1)), Err(ErrorKind::TooSlow)]);
        let mut context = Context::from_waker(std::task::Waker::noop());
        assert!(matches!(receiver.poll_next(&mut context), Poll::Ready(None)));
    }

    #[test]
    fn bytes_are_bounded_as_messages_are_but_one_message_always_fits() {
        let (sender, mut receiver) = mailbox(Room { bytes: 20, ..Room::default() });
        for n in 1..5 {
            sender.send(n);
        }
        use Delivery::{Message, Missed};
        assert_eq!(drain(&mut receiver), [Ok(Missed(2)), Ok(Message(3)), Ok(Message(4))]);
        let (sender, mut receiver) = mailbox(Room { bytes: 1, ..Room::default() });
        sender.send(1);
        assert_eq!(drain(&mut receiver), [Ok(Message(1))]);
    }

    #[test]
    fn gaps_that_follow_each_other_are_one_and_a_thousand_take_no_memory() {
        let (sender, mut receiver) = mailbox(room(4, Overflow::DropOldest));
        for n in 0..1_000 {
            sender.gap(gap(n, n + 1));
            if n % 100 == 0 {
                sender.error(Error::closed("for the test"));
                sender.send(7);
            }
        }
        assert!(receiver.0.lock().items.len() <= 9);
        let items = drain(&mut receiver);
        let gaps: Vec<_> = items.iter().filter(|item| matches!(item, Ok(Delivery::Gap(_)))).collect();
        assert!(
            matches!(gaps.first(), Some(Ok(Delivery::Gap(first))) if first.since == gap(0, 1).since),
            "{items:?}"
        );
        drop(sender);
        assert!(drain(&mut receiver).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_uncounted(
            steps in prop::collection::vec(prop::option::weighted(0.7, 0..1_usize), 1..200),
            size in 1..8_usize,
            blocks: bool,
        ) {
            let overflow = if blocks { Overflow::Block } else { Overflow::DropOldest };
            let (sender, mut receiver) = mailbox(room(size, overflow));
            let (mut sent, mut next) = (0, 0);
            let mut seen = |items: Vec<Result<Delivery<usize>, ErrorKind>>| {
                for item in items {
                    match item {
                        Ok(Delivery::Message(n)) => { assert_eq!(n, next); next += 1; }
                        Ok(Delivery::Missed(count)) => next += usize::try_from(count).unwrap(),
                        other => panic!("{other:?}"),
                    }
                }
                next
            };
            for step in steps {
                match step {
                    Some(_) => { sender.send(sent); sent += 1; }
                    None => { seen(drain(&mut receiver)); }
                }
                prop_assert!(receiver.0.lock().items.len() <= 2 * size + 2);
            }
            prop_assert_eq!(seen(drain(&mut receiver)), sent);
        }
    }
}
