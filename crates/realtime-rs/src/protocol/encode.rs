//! Writing what the client sends.

use serde::Serialize;
use serde_json::value::RawValue;

use super::binary::{ENCODING_BINARY, ENCODING_JSON, USER_BROADCAST_PUSH};
use super::{Frame, ProtocolVersion, Ref};
use crate::error::{Error, Result};
use crate::payload::Payload;

/// A push to a topic.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Push<'a> {
    pub(crate) join_ref: Option<Ref>,
    pub(crate) reference: Ref,
    pub(crate) topic: &'a str,
    pub(crate) event: &'a str,
    pub(crate) payload: &'a RawValue,
}

/// A broadcast of the user's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UserBroadcast<'a> {
    pub(crate) join_ref: Ref,
    pub(crate) reference: Ref,
    pub(crate) topic: &'a str,
    pub(crate) event: &'a str,
    pub(crate) payload: &'a Payload,
}

#[derive(Serialize)]
struct Object<'a> {
    topic: &'a str,
    event: &'a str,
    payload: &'a RawValue,
    #[serde(rename = "ref")]
    reference: String,
    join_ref: Option<String>,
}

/// What a broadcast is in a text frame.
#[derive(Serialize)]
struct Broadcast<'a> {
    r#type: &'static str,
    event: &'a str,
    payload: &'a RawValue,
}

/// Writes a push as a text frame.
pub(crate) fn encode(version: ProtocolVersion, push: Push<'_>) -> Result<Frame> {
    let Push { join_ref, reference, topic, event, payload } = push;
    let (join_ref, reference) = (join_ref.map(|join_ref| join_ref.to_string()), reference.to_string());
    let text = match version {
        ProtocolVersion::V1 => serde_json::to_vec(&Object { topic, event, payload, reference, join_ref }),
        ProtocolVersion::V2 => serde_json::to_vec(&(join_ref, reference, topic, event, payload)),
    };
    Ok(Frame::Text(text.map_err(unwritable)?.into()))
}

/// Writes a broadcast: in 2.0.0 as a binary frame, in 1.0.0 as text. A name that is too long for a binary frame goes as
/// text, if the payload can.
///
/// # Errors
/// The payload is bytes, and cannot be sent: 1.0.0 has no frames for these, or a name is longer than 255 bytes.
pub(crate) fn encode_broadcast(version: ProtocolVersion, broadcast: UserBroadcast<'_>) -> Result<Frame> {
    let UserBroadcast { join_ref, reference, topic, event, payload } = broadcast;
    let is_binary = matches!(payload, Payload::Binary(_));
    if version == ProtocolVersion::V2
        && let (Ok(topic_length), Ok(event_length)) = (u8::try_from(topic.len()), u8::try_from(event.len()))
    {
        let (join_ref, reference) = (join_ref.to_string(), reference.to_string());
        // At most twenty digits.
        let length = |text: &str| u8::try_from(text.len()).unwrap_or(u8::MAX);
        let encoding = if is_binary { ENCODING_BINARY } else { ENCODING_JSON };
        let data = payload.as_bytes();
        let mut frame = Vec::with_capacity(7 + 40 + topic.len() + event.len() + data.len());
        frame.extend_from_slice(&[
            USER_BROADCAST_PUSH,
            length(&join_ref),
            length(&reference),
            topic_length,
            event_length,
            0,
            encoding,
        ]);
        for part in [join_ref.as_bytes(), reference.as_bytes(), topic.as_bytes(), event.as_bytes(), data] {
            frame.extend_from_slice(part);
        }
        return Ok(Frame::Binary(frame.into()));
    }
    let Payload::Json(json) = payload else {
        return Err(Error::invalid(match version {
            ProtocolVersion::V1 => "version 1.0.0 of the protocol has no broadcasts of bytes: use 2.0.0",
            ProtocolVersion::V2 => {
                "the names of the channel and of the event may have 255 bytes each in a broadcast of bytes"
            }
        }));
    };
    let payload = serde_json::value::to_raw_value(&Broadcast { r#type: "broadcast", event, payload: json })
        .map_err(unwritable)?;
    let push = Push { join_ref: Some(join_ref), reference, topic, event: "broadcast", payload: &payload };
    encode(version, push)
}

fn unwritable(error: serde_json::Error) -> Error {
    Error::unreadable("this cannot be written as JSON", Some(error.into()))
}
