//! Text frames: objects in 1.0.0, arrays in 2.0.0.

use std::borrow::Cow;
use std::fmt;

use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor,
};
use serde_json::value::RawValue;

use super::{Answer, Body, Incoming, Message, Ref, raw};

/// The event of a broadcast.
const BROADCAST: &str = "broadcast";

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

/// What stands in a frame beside its names. A broadcast is read where it stands: everything else is looked at later, and
/// would be read twice.
enum Payload<'a> {
    Broadcast(Broadcast<'a>),
    Raw(&'a RawValue),
}

/// Reads a payload by the event that came before it.
struct Of<'e>(&'e str);

impl<'de> DeserializeSeed<'de> for Of<'_> {
    type Value = Payload<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Payload<'de>, D::Error> {
        if self.0 == BROADCAST {
            Broadcast::deserialize(deserializer).map(Payload::Broadcast)
        } else {
            <&RawValue>::deserialize(deserializer).map(Payload::Raw)
        }
    }
}

/// A frame: whichever way its parts stand in it.
struct Parts<'a> {
    join_ref: Option<Text<'a>>,
    reference: Option<Text<'a>>,
    topic: Text<'a>,
    event: Text<'a>,
    payload: Payload<'a>,
}

struct Array<'a>(Parts<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Array<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Five;

        impl<'de> Visitor<'de> for Five {
            type Value = Array<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("five parts")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Array<'de>, A::Error> {
                let missing = |at| A::Error::invalid_length(at, &self);
                let join_ref: Option<Text<'de>> = parts.next_element()?.ok_or_else(|| missing(0))?;
                let reference: Option<Text<'de>> = parts.next_element()?.ok_or_else(|| missing(1))?;
                let topic: Text<'de> = parts.next_element()?.ok_or_else(|| missing(2))?;
                let event: Text<'de> = parts.next_element()?.ok_or_else(|| missing(3))?;
                let payload = parts.next_element_seed(Of(&event.0))?.ok_or_else(|| missing(4))?;
                Ok(Array(Parts { join_ref, reference, topic, event, payload }))
            }
        }
        deserializer.deserialize_seq(Five)
    }
}

struct Object<'a>(Parts<'a>);

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a message")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Object<'de>, A::Error> {
                let (mut join_ref, mut reference) = (None, None);
                let (mut topic, mut event, mut payload) = (None::<Text<'de>>, None::<Text<'de>>, None);
                while let Some(Text(name)) = fields.next_key()? {
                    match name.as_ref() {
                        "topic" => topic = Some(fields.next_value()?),
                        "event" => event = Some(fields.next_value()?),
                        "ref" => reference = fields.next_value()?,
                        "join_ref" => join_ref = fields.next_value()?,
                        "payload" => {
                            // The server writes the event first; whoever does not is read as well.
                            let event = event.as_ref().map(|event| event.0.as_ref()).unwrap_or_default();
                            payload = Some(fields.next_value_seed(Of(event))?);
                        }
                        _ => {
                            fields.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                let topic = topic.ok_or_else(|| A::Error::missing_field("topic"))?;
                let event = event.ok_or_else(|| A::Error::missing_field("event"))?;
                let payload = payload.ok_or_else(|| A::Error::missing_field("payload"))?;
                Ok(Object(Parts { join_ref, reference, topic, event, payload }))
            }
        }
        deserializer.deserialize_map(Fields)
    }
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
    let Array(parts) = serde_json::from_str(text(frame)?).ok()?;
    message(parts)
}

/// Reads a frame of 1.0.0.
pub(super) fn object(frame: &[u8]) -> Option<Message<'_>> {
    let Object(parts) = serde_json::from_str(text(frame)?).ok()?;
    message(parts)
}

/// The frame as text: looked at once as a whole, which costs less than to look at each name in it.
fn text(frame: &[u8]) -> Option<&str> {
    std::str::from_utf8(frame).ok()
}

fn message(parts: Parts<'_>) -> Option<Message<'_>> {
    let Parts { join_ref, reference, topic, event, payload } = parts;
    let body = match payload {
        Payload::Broadcast(said) => broadcast(said),
        Payload::Raw(payload) => match event.0.as_ref() {
            BROADCAST => broadcast(serde_json::from_slice(raw(payload)).ok()?),
            "postgres_changes" => Body::Changes(raw(payload)),
            "presence_state" => Body::PresenceState(raw(payload)),
            "presence_diff" => Body::PresenceDiff(raw(payload)),
            "phx_reply" => Body::Reply(reply(payload)?),
            "system" => Body::System(raw(payload)),
            "phx_close" => Body::Close,
            "phx_error" => Body::Error,
            _ => Body::Other,
        },
    };
    let number = |text: Option<Text<'_>>| -> Option<Ref> { text?.0.parse().ok() };
    Some(Message { join_ref: number(join_ref), reference: number(reference), topic: topic.0, body })
}

fn broadcast(said: Broadcast<'_>) -> Body<'_> {
    let Broadcast { event, payload, meta } = said;
    let meta = meta.map(raw).filter(|meta| *meta != b"null").unwrap_or_default();
    Body::Broadcast(Incoming { event: event.0, payload: payload.map(raw), is_binary: false, meta })
}

fn reply(payload: &RawValue) -> Option<Answer<'_>> {
    let Reply { status, response } = serde_json::from_slice(raw(payload)).ok()?;
    Some(Answer { is_ok: status.0 == "ok", response: response.map(raw).unwrap_or(b"{}") })
}
