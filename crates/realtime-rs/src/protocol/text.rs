//! Text frames: objects in 1.0.0, arrays in 2.0.0.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Visitor};
use serde_json::value::RawValue;

use super::{Answer, Body, Incoming, Message, Ref, raw};

/// A text that is not copied if it has no escapes.
#[derive(Debug)]
struct Text<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Texts;

        impl<'de> Visitor<'de> for Texts {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Texts)
    }
}

#[derive(serde::Deserialize)]
struct Array<'a>(
    #[serde(borrow)] Option<Text<'a>>,
    #[serde(borrow)] Option<Text<'a>>,
    #[serde(borrow)] Text<'a>,
    #[serde(borrow)] Text<'a>,
    #[serde(borrow)] &'a RawValue,
);

#[derive(serde::Deserialize)]
struct Object<'a> {
    #[serde(borrow)]
    topic: Text<'a>,
    #[serde(borrow)]
    event: Text<'a>,
    #[serde(borrow)]
    payload: &'a RawValue,
    #[serde(borrow, default, rename = "ref")]
    reference: Option<Text<'a>>,
    #[serde(borrow, default)]
    join_ref: Option<Text<'a>>,
}

#[derive(serde::Deserialize)]
struct Broadcast<'a> {
    #[serde(borrow)]
    event: Text<'a>,
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
    #[serde(borrow, default)]
    meta: Option<&'a RawValue>,
}

#[derive(serde::Deserialize)]
struct Reply<'a> {
    #[serde(borrow)]
    status: Text<'a>,
    #[serde(borrow, default)]
    response: Option<&'a RawValue>,
}

/// Reads a frame of 2.0.0.
pub(super) fn array(frame: &[u8]) -> Option<Message<'_>> {
    let Array(join_ref, reference, topic, event, payload) = serde_json::from_slice(frame).ok()?;
    message(join_ref, reference, topic, &event, payload)
}

/// Reads a frame of 1.0.0.
pub(super) fn object(frame: &[u8]) -> Option<Message<'_>> {
    let Object { topic, event, payload, reference, join_ref } = serde_json::from_slice(frame).ok()?;
    message(join_ref, reference, topic, &event, payload)
}

fn message<'a>(
    join_ref: Option<Text<'a>>,
    reference: Option<Text<'a>>,
    topic: Text<'a>,
    event: &Text<'a>,
    payload: &'a RawValue,
) -> Option<Message<'a>> {
    let body = match event.0.as_ref() {
        "broadcast" => Body::Broadcast(broadcast(payload)?),
        "postgres_changes" => Body::Changes(raw(payload)),
        "presence_state" => Body::PresenceState(raw(payload)),
        "presence_diff" => Body::PresenceDiff(raw(payload)),
        "phx_reply" => Body::Reply(reply(payload)?),
        "system" => Body::System(raw(payload)),
        "phx_close" => Body::Close,
        "phx_error" => Body::Error,
        _ => Body::Other,
    };
    let number = |text: Option<Text<'_>>| -> Option<Ref> { text?.0.parse().ok() };
    Some(Message { join_ref: number(join_ref), reference: number(reference), topic: topic.0, body })
}

fn broadcast(payload: &RawValue) -> Option<Incoming<'_>> {
    let Broadcast { event, payload, meta } = serde_json::from_slice(raw(payload)).ok()?;
    let meta = meta.map(raw).filter(|meta| *meta != b"null").unwrap_or_default();
    Some(Incoming { event: event.0, payload: payload.map(raw), is_binary: false, meta })
}

fn reply(payload: &RawValue) -> Option<Answer<'_>> {
    let Reply { status, response } = serde_json::from_slice(raw(payload)).ok()?;
    Some(Answer { is_ok: status.0 == "ok", response: response.map(raw).unwrap_or(b"{}") })
}
