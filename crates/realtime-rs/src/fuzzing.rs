//! What the fuzz targets in `fuzz/` drive, and what the tests replay on their corpus. It is not there in any other build.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a fault is told by a panic"
)]

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;
use supabase_core::fuzzed_errors;

use crate::error::Error;
use crate::presence::{Note, Presences, typed, typed_event};
use crate::protocol::{Body, Frame, Message, ProtocolVersion, decode};
use crate::system::SystemMessage;
use crate::{broadcast, changes};

/// The first byte says the version, and whether the rest came as text.
pub fn frame(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let rest = Bytes::copy_from_slice(rest);
    let version = if choice & 1 == 0 { ProtocolVersion::V2 } else { ProtocolVersion::V1 };
    let frame = if choice & 2 == 0 { Frame::Text(rest) } else { Frame::Binary(rest) };
    let Some(message) = decode(version, &frame) else { return };
    let _ = format!("{message:?}");
    match &frame {
        Frame::Text(text) => as_json_says(version, text, &message),
        Frame::Binary(bytes) => as_bytes_say(bytes, &message),
        Frame::Close(..) => panic!("it is no message"),
    }
    read_on(&message.body);
}

/// What was read is what a reader of any JSON finds. Where that one refuses what was only passed over (numbers that are too
/// large, values that are too deep), there is nothing to compare.
fn as_json_says(version: ProtocolVersion, text: &[u8], message: &Message<'_>) {
    let Ok(value) = serde_json::from_slice::<Value>(text) else { return };
    let part = |at: usize, name: &str| match version {
        ProtocolVersion::V2 => value.get(at),
        ProtocolVersion::V1 => value.get(name),
    };
    let number = |at, name| part(at, name).and_then(Value::as_str)?.parse().ok();
    assert_eq!(message.join_ref, number(0, "join_ref"));
    assert_eq!(message.reference, number(1, "ref"));
    assert_eq!(part(2, "topic"), Some(&Value::from(message.topic.as_ref())));
    let event = part(3, "event").and_then(Value::as_str).unwrap();
    let payload = part(4, "payload").unwrap();
    let same = |raw: &[u8]| assert_eq!(&serde_json::from_slice::<Value>(raw).unwrap(), payload);
    let (expected, read) = match &message.body {
        Body::Reply(answer) => {
            assert_eq!(answer.is_ok, payload.get("status").unwrap() == "ok");
            let empty = Value::Object(Default::default());
            let response = payload.get("response").filter(|response| !response.is_null()).unwrap_or(&empty);
            assert_eq!(&serde_json::from_slice::<Value>(answer.response).unwrap(), response);
            ("phx_reply", None)
        }
        Body::Broadcast(incoming) => {
            assert!(!incoming.is_binary);
            assert_eq!(payload.get("event"), Some(&Value::from(incoming.event.as_ref())));
            let read = |raw: &[u8]| serde_json::from_slice::<Value>(raw).unwrap();
            let said = |name: &str| payload.get(name).filter(|value| !value.is_null()).cloned();
            assert_eq!(incoming.payload.map(read).filter(|value| !value.is_null()), said("payload"));
            assert_eq!(Some(incoming.meta).filter(|meta| !meta.is_empty()).map(read), said("meta"));
            ("broadcast", None)
        }
        Body::PresenceState(raw) => ("presence_state", Some(*raw)),
        Body::PresenceDiff(raw) => ("presence_diff", Some(*raw)),
        Body::Changes(raw) => ("postgres_changes", Some(*raw)),
        Body::System(raw) => ("system", Some(*raw)),
        Body::Close => ("phx_close", None),
        Body::Error => ("phx_error", None),
        Body::Other => return,
    };
    assert_eq!(event, expected);
    if let Some(raw) = read {
        same(raw);
    }
}

/// What was read, written anew, is the frame.
fn as_bytes_say(frame: &[u8], message: &Message<'_>) {
    let length = |text: &[u8]| u8::try_from(text.len()).unwrap();
    let topic = message.topic.as_bytes();
    match &message.body {
        Body::Broadcast(incoming) => {
            let (event, payload) = (incoming.event.as_bytes(), incoming.payload.unwrap());
            let head =
                [4, length(topic), length(event), length(incoming.meta), u8::from(!incoming.is_binary)];
            assert_eq!([&head[..], topic, event, incoming.meta, payload].concat(), frame);
        }
        Body::Reply(answer) => {
            assert_eq!(frame.first(), Some(&1));
            assert!(frame.ends_with(answer.response));
            let head = frame.len() - answer.response.len();
            assert!(
                frame.get(..head).unwrap().windows(topic.len().max(1)).any(|part| part == topic)
                    || topic.is_empty()
            );
        }
        Body::Other => assert!(matches!(frame.first(), Some(0 | 2))),
        other => panic!("{other:?} has no frame of bytes"),
    }
}

/// What a channel does with a message, as far as it only reads.
fn read_on(body: &Body<'_>) {
    match body {
        Body::Reply(answer) => {
            let _ = answer.reason();
        }
        Body::Broadcast(incoming) => {
            if let Ok(meta) = serde_json::from_slice::<broadcast::Meta>(incoming.meta) {
                let _ = format!("{meta:?}");
            }
        }
        Body::PresenceState(json) => {
            let mut presences = Presences::default();
            presences.joined(true);
            let Some(notes) = presences.sync_state(json) else { return };
            assert_eq!(notes.last(), Some(&Note::Sync));
            assert_eq!(notes.len(), presences.state().len() + 1);
            let before = presences.clone();
            // The same state again is no news.
            assert_eq!(presences.sync_state(json), Some(vec![Note::Sync]));
            assert_eq!(presences, before);
            for metas in presences.state().values() {
                assert!(!metas.is_empty());
                let _ = typed::<Value>(metas);
            }
            for note in notes {
                let _ = typed_event::<Value>(note);
            }
        }
        Body::PresenceDiff(json) => {
            let mut presences = Presences::default();
            let Some(notes) = presences.sync_diff(json) else { return };
            assert_eq!(notes.last(), Some(&Note::Sync));
            assert!(presences.state().values().all(|metas| !metas.is_empty()));
            // A difference that comes before the state is merged after it.
            let mut waiting = Presences::default();
            waiting.joined(true);
            assert_eq!(waiting.sync_diff(json), Some(Vec::new()));
            waiting.sync_state(b"{}").unwrap();
            assert_eq!(waiting.state(), presences.state());
        }
        Body::Changes(json) => {
            #[derive(serde::Deserialize)]
            struct Changes<'a> {
                #[serde(borrow)]
                data: &'a RawValue,
            }
            let Ok(Changes { data }) = serde_json::from_slice(json) else { return };
            if let Ok(change) = changes::read::<Value>(data.get().as_bytes()) {
                let _ = format!("{change:?}");
                let old = change.old_record.as_ref().map(|old| old.decode::<Value>());
                assert!(old.is_none_or(|old| old.is_ok() || change.record.is_none()));
            }
        }
        Body::System(json) => {
            if let Ok(message) = serde_json::from_slice::<SystemMessage>(json) {
                let _ = (message.is_error(), message.meaning());
            }
        }
        Body::Close | Body::Error | Body::Other => {}
    }
}

fuzzed_errors!();

#[cfg(test)]
mod tests {
    use supabase_testing::corpus::{error_bodies, replay};

    #[test]
    fn the_corpora_are_read() {
        replay("realtime_frames", super::frame);
        error_bodies(super::error_body);
    }
}
