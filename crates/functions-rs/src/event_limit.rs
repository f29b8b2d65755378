//! How large an event may be: what has come of one is kept until it is complete, so a stream that never ends one would fill
//! the memory.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt};
use supabase_core::Bytes;

use crate::error::{Error, Result};

/// How many bytes an event may have, with its names and comments, if nothing else is said.
pub(crate) const LARGEST: usize = 16 * 1024 * 1024;

/// The bytes of a stream of events, up to an event that is too large.
pub(crate) struct Limited<S> {
    /// `None` behind an event that is too large: what would come is not read, and its connection ends at once.
    bytes: Option<S>,
    begun: Begun,
    largest: usize,
    /// What is told of an event that is too large, behind those that came before it.
    fault: Option<Error>,
}

/// The event that has begun, and is not complete.
#[derive(Default)]
struct Begun {
    length: usize,
    /// The last byte that came.
    last: Option<u8>,
}

impl<S> Limited<S> {
    pub(crate) fn new(bytes: S, largest: usize, fault: Error) -> Self {
        Self { bytes: Some(bytes), begun: Begun::default(), largest, fault: Some(fault) }
    }
}

impl<S: Stream<Item = Result<Bytes>> + Unpin> Stream for Limited<S> {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(bytes) = &mut this.bytes else { return Poll::Ready(this.fault.take().map(Err)) };
        let Some(mut piece) = std::task::ready!(bytes.poll_next_unpin(context)?) else {
            return Poll::Ready(None);
        };
        if let Some(at) = this.begun.add(&piece, this.largest) {
            this.bytes = None;
            piece.truncate(at);
        }
        Poll::Ready(Some(Ok(piece)))
    }
}

impl Begun {
    /// Takes the next piece. Where in it the event begins that has more than `largest` bytes, if there is one.
    fn add(&mut self, piece: &[u8], largest: usize) -> Option<usize> {
        let before = |at: usize| at.checked_sub(1).map_or(self.last, |before| piece.get(before).copied());
        let is_end = |at: &usize| {
            let pair = (before(*at), piece.get(*at).copied());
            // The end of a line right behind that of another; `\r\n` is the end of one.
            matches!(pair, (Some(b'\n' | b'\r'), Some(b'\r')) | (Some(b'\n'), Some(b'\n')))
        };
        let together = self.length.saturating_add(piece.len());
        if together <= largest {
            // Most pieces end where an event does, so they are looked at from their end.
            let end = (0..piece.len()).rev().find(is_end);
            self.length = end.map_or(together, |at| piece.len() - at - 1);
        } else {
            let mut begin = 0;
            for at in 0..piece.len() {
                self.length += 1;
                if self.length > largest {
                    return Some(begin);
                }
                if is_end(&at) {
                    (self.length, begin) = (0, at + 1);
                }
            }
        }
        self.last = piece.last().copied().or(self.last);
        None
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, stream};

    use super::*;

    /// How many bytes of `text` come through in pieces of this size where an event may have ten, and whether all did.
    fn come_through(text: &str, size: usize) -> (usize, bool) {
        let pieces = text.as_bytes().chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece)));
        let mut limited = Limited::new(stream::iter(pieces), 10, Error::invalid("too large"));
        let mut came = 0;
        while let Some(piece) = limited.next().now_or_never().unwrap() {
            match piece {
                Ok(piece) => came += piece.len(),
                Err(error) => {
                    assert_eq!(error.message(), "too large");
                    assert!(limited.bytes.is_none() && limited.next().now_or_never().unwrap().is_none());
                    return (came, false);
                }
            }
        }
        (came, true)
    }

    #[test]
    fn events_may_be_many_and_no_larger_than_the_limit() {
        for size in [1, 3, 7, 200] {
            assert_eq!(come_through(&"data: 12\n\n".repeat(9), size), (90, true));
            for text in ["data: 1\n\ndata: 123\n\n", "data: 1\n\ndata: 1\ndata: 2\n\n"] {
                let (came, is_whole) = come_through(text, size);
                assert!(!is_whole && (9..=9 + 10).contains(&came), "{came} of {text:?} by {size}");
            }
        }
    }

    /// The bytes of the event that has begun after all of these pieces.
    fn begun(pieces: &[&str]) -> usize {
        let mut begun = Begun::default();
        pieces.iter().for_each(|piece| assert_eq!(begun.add(piece.as_bytes(), 100), None));
        begun.length
    }

    #[test]
    fn an_empty_line_ends_an_event_wherever_the_stream_is_cut() {
        for (text, left) in [
            ("data: 1\n\n", 0),
            ("data: 1\r\r", 0),
            ("data: 1\n\ndata", 4),
            ("data: 1\r\n\r\ndata", 5),
            ("data: 1\ndata: 2\n", 16),
            ("data: 1\r\ndata: 2\r\n", 18),
            ("", 0),
        ] {
            for cut in 0..=text.len() {
                let (head, tail) = text.split_at(cut);
                assert!(begun(&[head, "", tail]).abs_diff(left) <= 1, "{text:?} cut at {cut}");
            }
        }
    }
}
