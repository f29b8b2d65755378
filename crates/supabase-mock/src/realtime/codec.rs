//! The two ways in which frames are written: objects in 1.0.0, arrays and binary frames in 2.0.0.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Utf8Bytes;

// The kinds of binary frames, which stand in their first byte.
const KIND_PUSH: u8 = 0;
const KIND_BROADCAST_PUSH: u8 = 3;
const KIND_BROADCAST: u8 = 4;

/// A version of the protocol, as `vsn` names it in the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Version {
    /// `1.0.0`: every frame is a JSON object. What a client gets that names none.
    V1,
    /// `2.0.0`: frames are JSON arrays, and broadcasts may be binary.
    V2,
}

/// A frame on the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Frame {
    Text(Utf8Bytes),
    Binary(Bytes),
}

/// What a client sent, read.
#[derive(Clone, Debug)]
pub(crate) struct Push {
    pub(crate) join_ref: Option<String>,
    pub(crate) reference: Option<String>,
    pub(crate) topic: String,
    pub(crate) event: String,
    pub(crate) payload: Payload,
}

/// The payload of a [`Push`].
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    /// JSON as it was written.
    Json(Box<RawValue>),
    /// A broadcast of a binary frame.
    Broadcast(UserBroadcast),
    /// Bytes of a binary frame that is no broadcast.
    Bytes(Bytes),
}

/// A broadcast whose payload stands in a binary frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UserBroadcast {
    pub(crate) event: String,
    /// JSON, or empty.
    pub(crate) meta: Bytes,
    /// Whether the payload is JSON.
    pub(crate) json: bool,
    pub(crate) payload: Bytes,
}

impl Payload {
    /// The payload as JSON; a binary one as the broadcast that it stands for.
    pub(crate) fn to_value(&self) -> Value {
        match self {
            Self::Json(raw) => serde_json::from_str(raw.get()).unwrap_or_default(),
            Self::Broadcast(broadcast) => {
                let payload = match broadcast.json {
                    true => serde_json::from_slice(&broadcast.payload).unwrap_or_default(),
                    false => json!(broadcast.payload.to_vec()),
                };
                json!({ "type": "broadcast", "event": broadcast.event, "payload": payload })
            }
            Self::Bytes(bytes) => json!(bytes.to_vec()),
        }
    }
}

#[derive(Deserialize)]
struct ObjectFrame<'a> {
    topic: String,
    event: String,
    #[serde(borrow)]
    payload: &'a RawValue,
    #[serde(rename = "ref")]
    reference: Option<String>,
    #[serde(default)]
    join_ref: Option<String>,
}

#[derive(Deserialize)]
struct ArrayFrame<'a>(Option<String>, Option<String>, String, String, #[serde(borrow)] &'a RawValue);

/// Reads a frame of a client; `None` is a frame that the server logs and ignores.
pub(crate) fn decode(version: Version, frame: &Frame) -> Option<Push> {
    match (version, frame) {
        (Version::V1, Frame::Text(text)) => {
            let frame: ObjectFrame<'_> = serde_json::from_str(text).ok()?;
            Some(Push {
                join_ref: frame.join_ref,
                reference: frame.reference,
                topic: frame.topic,
                event: frame.event,
                payload: Payload::Json(frame.payload.to_owned()),
            })
        }
        (Version::V2, Frame::Text(text)) => {
            let ArrayFrame(join_ref, reference, topic, event, payload) = serde_json::from_str(text).ok()?;
            Some(Push { join_ref, reference, topic, event, payload: Payload::Json(payload.to_owned()) })
        }
        (Version::V1, Frame::Binary(_)) => None,
        (Version::V2, Frame::Binary(bytes)) => decode_binary(bytes),
    }
}

fn decode_binary(frame: &Bytes) -> Option<Push> {
    let mut cursor = Cursor { frame, at: 0 };
    match cursor.byte()? {
        KIND_PUSH => {
            let lengths = [cursor.byte()?, cursor.byte()?, cursor.byte()?, cursor.byte()?];
            let [join_ref, reference, topic, event] = cursor.texts(lengths)?;
            Some(Push {
                join_ref: some(join_ref),
                reference: some(reference),
                topic,
                event,
                payload: Payload::Bytes(cursor.rest()),
            })
        }
        KIND_BROADCAST_PUSH => {
            let lengths = [cursor.byte()?, cursor.byte()?, cursor.byte()?, cursor.byte()?];
            let meta = usize::from(cursor.byte()?);
            let encoding = cursor.byte()?;
            let [join_ref, reference, topic, event] = cursor.texts(lengths)?;
            let meta = cursor.take(meta)?;
            let payload = cursor.rest();
            // A payload that says to be JSON and is not would reach others as it is; the server reads it first.
            let json = match encoding {
                0 => false,
                1 => serde_json::from_slice::<&RawValue>(&payload).is_ok().then_some(true)?,
                _ => return None,
            };
            Some(Push {
                join_ref: some(join_ref),
                reference: some(reference),
                topic,
                event: "broadcast".to_owned(),
                payload: Payload::Broadcast(UserBroadcast { event, meta, json, payload }),
            })
        }
        _ => None,
    }
}

/// Empty references are written as nothing.
fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

struct Cursor<'a> {
    frame: &'a Bytes,
    at: usize,
}

impl Cursor<'_> {
    fn byte(&mut self) -> Option<u8> {
        let byte = self.frame.get(self.at).copied()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, length: usize) -> Option<Bytes> {
        let end = self.at.checked_add(length).filter(|end| *end <= self.frame.len())?;
        let taken = self.frame.slice(self.at..end);
        self.at = end;
        Some(taken)
    }

    fn texts<const N: usize>(&mut self, lengths: [u8; N]) -> Option<[String; N]> {
        let mut texts = [const { String::new() }; N];
        for (text, length) in texts.iter_mut().zip(lengths) {
            *text = String::from_utf8(self.take(usize::from(length))?.to_vec()).ok()?;
        }
        Some(texts)
    }

    fn rest(&self) -> Bytes {
        self.frame.slice(self.at.min(self.frame.len())..)
    }
}

/// What the server sends.
#[derive(Clone, Debug)]
pub(crate) enum ServerMessage {
    /// The answer to a push.
    Reply {
        join_ref: Option<String>,
        reference: Option<String>,
        topic: String,
        status: &'static str,
        response: Box<RawValue>,
    },
    /// A message of one channel's process: presence states, system messages, replayed broadcasts.
    Push { join_ref: Option<String>, topic: String, event: &'static str, payload: Box<RawValue> },
    /// `phx_close` or `phx_error`: names the join that ended.
    End { join_ref: Option<String>, topic: String, event: &'static str },
    /// A message for everybody on a topic, which names no join.
    Everybody { topic: String, event: String, payload: Box<RawValue> },
    /// A broadcast for everybody on a topic whose payload came in a binary frame or over HTTP.
    Broadcast { topic: String, broadcast: UserBroadcast },
}

impl ServerMessage {
    /// The frame in this version; `None` where the version has no way to say it.
    pub(crate) fn encode(&self, version: Version) -> Option<Frame> {
        match version {
            Version::V1 => self.encode_object(),
            Version::V2 => self.encode_array(),
        }
    }

    fn encode_object(&self) -> Option<Frame> {
        match self {
            Self::Reply { reference, topic, status, response, .. } => {
                object(topic, "phx_reply", &Answer { response, status }, reference.as_deref())
            }
            Self::Push { topic, event, payload, .. } => object(topic, event, payload, None),
            Self::End { join_ref, topic, event } => object(topic, event, &json!({}), join_ref.as_deref()),
            Self::Everybody { topic, event, payload } => object(topic, event, payload, None),
            Self::Broadcast { topic, broadcast } => object(topic, "broadcast", &as_text(broadcast)?, None),
        }
    }

    fn encode_array(&self) -> Option<Frame> {
        match self {
            Self::Reply { join_ref, reference, topic, status, response } => {
                text(&(join_ref, reference, topic, "phx_reply", Answer { response, status }))
            }
            Self::Push { join_ref, topic, event, payload } => text(&(join_ref, (), topic, event, payload)),
            Self::End { join_ref, topic, event } => text(&(join_ref, join_ref, topic, event, json!({}))),
            Self::Everybody { topic, event, payload } => text(&((), (), topic, event, payload)),
            Self::Broadcast { topic, broadcast } => match encode_broadcast(topic, broadcast) {
                Some(frame) => Some(Frame::Binary(frame)),
                // Names of more than 255 bytes do not fit into a binary frame.
                None => text(&((), (), topic, "broadcast", as_text(broadcast)?)),
            },
        }
    }
}

/// The payload of a reply. The fields are in the order of the alphabet, as the server writes them.
#[derive(Serialize)]
struct Answer<'a> {
    response: &'a RawValue,
    status: &'a str,
}

fn object(topic: &str, event: &str, payload: &impl Serialize, reference: Option<&str>) -> Option<Frame> {
    #[derive(Serialize)]
    struct Object<'a, P> {
        event: &'a str,
        payload: &'a P,
        #[serde(rename = "ref")]
        reference: Option<&'a str>,
        topic: &'a str,
    }
    text(&Object { event, payload, reference, topic })
}

fn text(frame: &impl Serialize) -> Option<Frame> {
    serde_json::to_string(frame).ok().map(|text| Frame::Text(text.into()))
}

/// A broadcast as clients of 1.0.0 get it. They get none whose payload is not JSON.
fn as_text(broadcast: &UserBroadcast) -> Option<Box<RawValue>> {
    #[derive(Serialize)]
    struct Text<'a> {
        event: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        meta: Option<&'a RawValue>,
        payload: &'a RawValue,
        r#type: &'static str,
    }
    if !broadcast.json {
        return None;
    }
    serde_json::value::to_raw_value(&Text {
        event: &broadcast.event,
        meta: serde_json::from_slice(&broadcast.meta).ok(),
        payload: serde_json::from_slice(&broadcast.payload).ok()?,
        r#type: "broadcast",
    })
    .ok()
}

fn encode_broadcast(topic: &str, broadcast: &UserBroadcast) -> Option<Bytes> {
    let parts = [topic.as_bytes(), broadcast.event.as_bytes(), &broadcast.meta];
    let mut frame = BytesMut::with_capacity(
        5 + parts.iter().map(|part| part.len()).sum::<usize>() + broadcast.payload.len(),
    );
    frame.put_u8(KIND_BROADCAST);
    for part in parts {
        frame.put_u8(u8::try_from(part.len()).ok()?);
    }
    frame.put_u8(u8::from(broadcast.json));
    for part in parts {
        frame.put_slice(part);
    }
    frame.put_slice(&broadcast.payload);
    Some(frame.freeze())
}
