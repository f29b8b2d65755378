//! How large an event may be: what has come of one is kept until it is complete, so a stream that never ends one would fill
//! the memory.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt};
use supabase_core::Bytes;

use crate::error::{Error, Result};

/// How many bytes an event may have, with its names and comments.
const LARGEST: usize = 16 * 1024 * 1024;

/// The bytes of a stream of events, up to an event that is too large.
pub(crate) struct Limited<S> {
    bytes: S,
    begun: Begun,
    largest: usize,
}

/// The event that has begun, and is not complete.
#[derive(Default)]
struct Begun {
    length: usize,
    /// The last byte that came.
    last: Option<u8>,
}

impl<S> Limited<S> {
    pub(crate) fn new(bytes: S) -> Self {
        Self { bytes, begun: Begun::default(), largest: LARGEST }
    }
}

impl<S: Stream<Item = Result<Bytes>> + Unpin> Stream for Limited<S> {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let piece = std::task::ready!(self.bytes.poll_next_unpin(context));
        if let Some(Ok(piece)) = &piece {
            self.begun.add(piece);
            if self.begun.length > self.largest {
                return Poll::Ready(Some(Err(Error::too_large_event(self.largest))));
            }
        }
        Poll::Ready(piece)
    }
}

impl Begun {
    /// Takes the next piece. Most end where an event does, so it is looked at from its end.
    fn add(&mut self, piece: &[u8]) {
        let before = |at: usize| at.checked_sub(1).map_or(self.last, |before| piece.get(before).copied());
        let end = (0..piece.len()).rev().find(|at| {
            let pair = (before(*at), piece.get(*at).copied());
            // The end of a line right behind that of another; `\r\n` is the end of one.
            matches!(pair, (Some(b'\n' | b'\r'), Some(b'\r')) | (Some(b'\n'), Some(b'\n')))
        });
        self.length = match end {
            Some(at) => piece.len() - at - 1,
            None => self.length.saturating_add(piece.len()),
        };
        self.last = piece.last().copied().or(self.last);
    }
}

#[cfg(test)]
mod tests {
    use futures_util::{FutureExt, stream};

    use super::*;
    use crate::error::ErrorKind;

    /// How many pieces of `text` come through, each of one byte, where an event may have ten.
    fn come_through(text: &str) -> usize {
        let bytes = stream::iter(text.bytes().map(|byte| Ok(Bytes::copy_from_slice(&[byte]))));
        let mut limited = Limited { largest: 10, ..Limited::new(bytes) };
        let mut came = 0;
        while let Some(piece) = limited.next().now_or_never().unwrap() {
            match piece {
                Ok(_) => came += 1,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::TooLarge);
                    return came;
                }
            }
        }
        came
    }

    #[test]
    fn events_may_be_many_and_no_larger_than_the_limit() {
        assert_eq!(come_through(&"data: 12\n\n".repeat(9)), 90);
        assert_eq!(come_through("data: 1\n\ndata: 1234567\n\n"), 9 + 10);
        assert_eq!(come_through("data: 1\ndata: 2\n\n"), 10);
    }

    /// The bytes of the event that has begun after all of these pieces.
    fn begun(pieces: &[&str]) -> usize {
        let mut begun = Begun::default();
        pieces.iter().for_each(|piece| begun.add(piece.as_bytes()));
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
