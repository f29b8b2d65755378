//! Binary frames of 2.0.0. Every length is one byte, and counts bytes.

use std::borrow::Cow;

use super::{Answer, Body, Incoming, Message, Ref};

/// A push by the client, or, without the first reference, by the server.
const PUSH: u8 = 0;
/// An answer to a push.
const REPLY: u8 = 1;
/// A broadcast of the channel's own.
const BROADCAST: u8 = 2;
/// A broadcast of a user's, by the client.
pub(super) const USER_BROADCAST_PUSH: u8 = 3;
/// A broadcast of a user's, by the server.
const USER_BROADCAST: u8 = 4;

/// The payload is bytes.
pub(super) const ENCODING_BINARY: u8 = 0;
/// The payload is JSON.
pub(super) const ENCODING_JSON: u8 = 1;

/// Reads a frame of the server's; `None` if it is broken or unknown.
pub(super) fn frame(frame: &[u8]) -> Option<Message<'_>> {
    let (kind, rest) = frame.split_first()?;
    match *kind {
        PUSH => {
            let (lengths, rest) = rest.split_first_chunk::<3>()?;
            let [join_ref, topic, _event] = lengths.map(usize::from);
            let (join_ref, rest) = text(rest, join_ref)?;
            let (topic, _) = text(rest, topic)?;
            Some(Message {
                join_ref: number(join_ref),
                reference: None,
                topic: topic.into(),
                body: Body::Other,
            })
        }
        REPLY => {
            let (lengths, rest) = rest.split_first_chunk::<4>()?;
            let [join_ref, reference, topic, status] = lengths.map(usize::from);
            let (join_ref, rest) = text(rest, join_ref)?;
            let (reference, rest) = text(rest, reference)?;
            let (topic, rest) = text(rest, topic)?;
            let (status, response) = text(rest, status)?;
            let body = Body::Reply(Answer { is_ok: status == "ok", response });
            Some(Message {
                join_ref: number(join_ref),
                reference: number(reference),
                topic: topic.into(),
                body,
            })
        }
        BROADCAST => {
            let (lengths, rest) = rest.split_first_chunk::<2>()?;
            let [topic, _event] = lengths.map(usize::from);
            let (topic, _) = text(rest, topic)?;
            Some(Message { join_ref: None, reference: None, topic: topic.into(), body: Body::Other })
        }
        USER_BROADCAST => {
            let (lengths, rest) = rest.split_first_chunk::<4>()?;
            let [topic, event, meta, _] = lengths.map(usize::from);
            let encoding = lengths.last()?;
            let (topic, rest) = text(rest, topic)?;
            let (event, rest) = text(rest, event)?;
            let (meta, payload) = rest.split_at_checked(meta)?;
            let is_binary = match *encoding {
                ENCODING_BINARY => true,
                ENCODING_JSON => false,
                _ => return None,
            };
            let incoming = Incoming { event: Cow::Borrowed(event), payload: Some(payload), is_binary, meta };
            let body = Body::Broadcast(incoming);
            Some(Message { join_ref: None, reference: None, topic: topic.into(), body })
        }
        _ => None,
    }
}

/// The next `length` bytes as text, and what follows.
fn text(bytes: &[u8], length: usize) -> Option<(&str, &[u8])> {
    let (text, rest) = bytes.split_at_checked(length)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

fn number(text: &str) -> Option<Ref> {
    text.parse().ok()
}
