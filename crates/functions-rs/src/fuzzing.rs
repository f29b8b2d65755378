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
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream};
use sse_stream::SseByteStream;
use supabase_core::{Bytes, fuzzed_errors};

use crate::error::Error;
use crate::events::{Event, Place};

/// The first byte says where the stream is cut in two; events are the same wherever that is, and those of the standard.
pub fn events(bytes: &[u8]) {
    let Some((at, bytes)) = bytes.split_first() else { return };
    let (head, tail) = bytes.split_at(usize::from(*at).min(bytes.len()));
    let ((whole, place), (cut, _)) = (read(&[bytes]), read(&[head, tail]));
    assert_eq!(whole, cut);
    // What is not UTF-8 ends a stream with an error, where a browser would put a sign of its own.
    if let Ok(text) = std::str::from_utf8(bytes) {
        let (events, last_event_id, retry) = by_the_standard(text);
        assert_eq!(whole, events);
        assert_eq!(place.last_event_id, last_event_id);
        assert_eq!(place.retry, retry);
    }
}

/// The events up to the end, or up to what is none.
fn read(pieces: &[&[u8]]) -> (Vec<Event>, Place) {
    let pieces: Vec<_> =
        pieces.iter().map(|piece| Ok::<_, Infallible>(Bytes::copy_from_slice(piece))).collect();
    let mut place = Place::default();
    let blocks =
        SseByteStream::new(stream::iter(pieces)).scan((), |(), block| std::future::ready(block.ok()));
    let events = blocks.filter_map(|block| std::future::ready(place.read(block))).collect::<Vec<_>>();
    let events = events.now_or_never().expect("nothing is waited for");
    (events, place)
}

/// The events of a stream, read once more, line by line as the standard tells it; the last id, and the pause.
///
/// Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation>
fn by_the_standard(text: &str) -> (Vec<Event>, Option<String>, Option<Duration>) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    // What follows the last line break is no line.
    let lines = text.rsplit_once('\n').map(|(lines, _)| lines.split('\n')).into_iter().flatten();
    let (mut events, mut last_event_id, mut retry) = (Vec::new(), None, None);
    let (mut id, mut pause, mut kind, mut data) = (None, None, String::new(), None::<String>);
    for line in lines {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "" if line.is_empty() => {
                // Both hold from the end of their block on, so that what is cut off leaves nothing behind.
                if let Some(id) = id.take() {
                    last_event_id = Some(id).filter(|id: &String| !id.is_empty());
                }
                retry = pause.take().or(retry);
                let kind = Some(std::mem::take(&mut kind)).filter(|kind| !kind.is_empty());
                if let Some(data) = data.take() {
                    let kind = kind.unwrap_or_else(|| "message".to_owned());
                    events.push(Event { kind, data, id: last_event_id.clone() });
                }
            }
            "event" => kind = value.to_owned(),
            "id" if !value.contains('\0') => id = Some(value.to_owned()),
            "retry" if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) => {
                pause = value.parse().ok().map(Duration::from_millis).or(pause);
            }
            "data" => {
                data = Some(match data {
                    None => value.to_owned(),
                    Some(before) => format!("{before}\n{value}"),
                });
            }
            _ => {}
        }
    }
    (events, last_event_id, retry)
}

fuzzed_errors!();

#[cfg(test)]
mod tests {
    use supabase_testing::corpus::{error_bodies, replay};

    #[test]
    fn the_corpora_are_read() {
        replay("sse", super::events);
        error_bodies(super::error_body);
    }
}
