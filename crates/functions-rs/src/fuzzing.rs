//! What the fuzz targets in `fuzz/` drive, and what the tests replay on their corpus. It is not there in any other build.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a fault is told by a panic"
)]

use std::convert::Infallible;

use futures_util::{FutureExt, StreamExt, stream};
use sse_stream::SseByteStream;
use supabase_core::{Bytes, Failure};

use crate::error::Error;
use crate::events::{Event, Place};

/// The first byte says where the stream is cut in two; events are the same wherever that is.
pub fn events(bytes: &[u8]) {
    let Some((at, bytes)) = bytes.split_first() else { return };
    let (head, tail) = bytes.split_at(usize::from(*at).min(bytes.len()));
    let (whole, cut) = (read(&[bytes]), read(&[head, tail]));
    assert_eq!(whole, cut);
}

/// The events up to the end, or up to what is none.
fn read(pieces: &[&[u8]]) -> Vec<Event> {
    let pieces: Vec<_> =
        pieces.iter().map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece))).collect();
    let mut place = Place::default();
    let blocks =
        SseByteStream::new(stream::iter(pieces)).scan((), |(), block| std::future::ready(block.ok()));
    let events = blocks.filter_map(|block| std::future::ready(place.read(block))).collect::<Vec<_>>();
    events.now_or_never().expect("nothing is waited for")
}

/// The body of an error.
pub fn error_body(status: u16, body: &[u8]) {
    let Ok(failure) = Failure::refused(status, Bytes::copy_from_slice(body)) else { return };
    let error = Error::from_failure(failure);
    let _ = format!("{error} {error:?} {:?} {:?}", error.code(), error.kind());
    assert!(error.raw_body().len() <= 8 * 1024);
}

#[cfg(test)]
mod tests {
    use supabase_testing::corpus::{error_bodies, replay};

    #[test]
    fn the_corpora_are_read() {
        replay("sse", super::events);
        error_bodies(super::error_body);
    }
}
