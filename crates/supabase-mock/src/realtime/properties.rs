//! Properties of reading and writing frames, and of the server under whatever is sent.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Version;
use super::codec::{Frame, Payload, Push, ServerMessage, UserBroadcast, decode};
use super::config::Config;
use super::hub::{Hub, Output};
use super::record::Handshake;
use crate::jwt::Signer;

/// A name that fits into a binary frame.
fn short_name() -> impl Strategy<Value = String> {
    "[a-zäß:☃-]{1,40}"
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn optional() -> impl Strategy<Value = Option<String>> {
    prop::option::of("[0-9]{1,6}")
}

/// A binary broadcast as a client writes it.
fn client_broadcast(push: &Push, broadcast: &UserBroadcast) -> Bytes {
    let join_ref = push.join_ref.clone().unwrap_or_default();
    let reference = push.reference.clone().unwrap_or_default();
    let parts =
        [join_ref.as_bytes(), reference.as_bytes(), push.topic.as_bytes(), broadcast.event.as_bytes()];
    let mut frame = vec![3];
    frame.extend(parts.iter().map(|part| part.len() as u8));
    frame.extend([broadcast.meta.len() as u8, u8::from(broadcast.json)]);
    frame.extend(parts.concat());
    frame.extend_from_slice(&broadcast.meta);
    frame.extend_from_slice(&broadcast.payload);
    frame.into()
}

proptest! {
    #[test]
    fn text_frames_are_read_as_they_were_meant(
        join_ref in optional(), reference in optional(), topic in ".{0,20}", event in ".{0,20}", payload in value(),
    ) {
        let array = json!([join_ref, reference, topic, event, payload]).to_string();
        let object = json!({
            "topic": topic, "event": event, "payload": payload, "ref": reference, "join_ref": join_ref, "more": 1,
        });
        for (version, text) in [(Version::V2, array), (Version::V1, object.to_string())] {
            let push = decode(version, &Frame::Text(text.into())).expect("it is a frame");
            prop_assert_eq!((&push.join_ref, &push.reference), (&join_ref, &reference));
            prop_assert_eq!((&push.topic, &push.event), (&topic, &event));
            prop_assert_eq!(push.payload.to_value(), payload.clone());
        }
    }

    #[test]
    fn binary_broadcasts_are_read_and_relayed_byte_by_byte(
        join_ref in optional(), reference in optional(), topic in short_name(), event in short_name(),
        bytes in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let broadcast = UserBroadcast {
            event: event.clone(), meta: Bytes::new(), json: false, payload: bytes.clone().into(),
        };
        let sent = Push {
            join_ref: join_ref.clone(), reference: reference.clone(), topic: topic.clone(),
            event: "broadcast".into(), payload: Payload::Broadcast(broadcast.clone()),
        };
        let push = decode(Version::V2, &Frame::Binary(client_broadcast(&sent, &broadcast))).expect("it is a frame");
        prop_assert_eq!((&push.join_ref, &push.reference, &push.topic), (&join_ref, &reference, &topic));
        let Payload::Broadcast(found) = push.payload else { panic!("it is a broadcast") };
        prop_assert_eq!(&found, &broadcast);

        let relayed = ServerMessage::Broadcast { topic: topic.clone(), broadcast: found };
        let Some(Frame::Binary(frame)) = relayed.encode(Version::V2) else { panic!("it is binary") };
        let head = [4, topic.len() as u8, event.len() as u8, 0, 0];
        prop_assert_eq!(&frame[..], &[&head[..], topic.as_bytes(), event.as_bytes(), &bytes].concat()[..]);
        prop_assert_eq!(relayed.encode(Version::V1), None);
    }

    #[test]
    fn truncated_binary_frames_are_never_read_as_whole_ones(
        topic in short_name(), event in short_name(), cut in any::<prop::sample::Index>(),
    ) {
        let broadcast = UserBroadcast { event, meta: Bytes::new(), json: false, payload: Bytes::new() };
        let push = Push {
            join_ref: Some("1".into()), reference: Some("2".into()), topic, event: "broadcast".into(),
            payload: Payload::Broadcast(broadcast.clone()),
        };
        let frame = client_broadcast(&push, &broadcast);
        let cut = cut.index(frame.len());
        prop_assert!(decode(Version::V2, &Frame::Binary(frame.slice(..cut))).is_none());
    }

    #[test]
    fn no_bytes_and_no_text_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..300), text in ".{0,300}") {
        for version in [Version::V1, Version::V2] {
            let _ = decode(version, &Frame::Binary(bytes.clone().into()));
            let _ = decode(version, &Frame::Text(text.clone().into()));
        }
    }

    #[test]
    fn whatever_is_sent_the_server_goes_on(frames in prop::collection::vec(frame(), 0..40)) {
        let (mut hub, key) = hub();
        let connection = hub.open(handshake(&key)).expect("it is admitted");
        for frame in frames {
            hub.receive(connection, frame);
            hub.now += Duration::from_millis(100);
            hub.tick(connection);
        }
        hub.take_output();
        hub.receive(connection, text(&json!([null, "last", "phoenix", "heartbeat", {}])));
        let answer = text(&json!([null, "last", "phoenix", "phx_reply", { "response": {}, "status": "ok" }]));
        prop_assert_eq!(hub.take_output(), vec![(connection, Output::Frame(answer))]);
        hub.disconnect(connection);
        prop_assert_eq!(hub.presence_state("a", false), json!({}), "nobody is left");
    }
}

fn text(value: &Value) -> Frame {
    Frame::Text(value.to_string().into())
}

fn hub() -> (Hub, String) {
    let now = Duration::from_secs(1_000);
    let key = Signer::new("any").sign(true, &json!({ "role": "anon", "exp": 10_000 }));
    (Hub::new(Config::default(), now), key)
}

fn handshake(key: &str) -> Handshake {
    Handshake {
        connection: None,
        at: Duration::ZERO,
        version: Some(Version::V2),
        query: vec![("apikey".into(), key.into())],
        headers: BTreeMap::new(),
    }
}

/// Frames that a client could mean, mostly.
fn frame() -> impl Strategy<Value = Frame> {
    let topic = prop::sample::select(vec!["realtime:a", "realtime:b", "realtime:", "other", "phoenix"]);
    let event = prop::sample::select(vec![
        "phx_join",
        "phx_leave",
        "broadcast",
        "presence",
        "access_token",
        "heartbeat",
        "unheard-of",
    ]);
    let payload = prop_oneof![
        value(),
        Just(json!({ "config": {} })),
        Just(
            json!({ "config": { "broadcast": { "ack": true, "self": true }, "presence": { "enabled": true } } })
        ),
        Just(json!({ "config": { "postgres_changes": [{ "event": "*", "filter": "id=in.(" }, 3] } })),
        Just(json!({ "type": "presence", "event": "track", "payload": { "a": 1 } })),
        Just(json!({ "type": "presence", "event": "untrack" })),
        Just(json!({ "type": "broadcast", "event": "e" })),
        Just(json!({ "access_token": "a.b.c" })),
    ];
    let meant = (topic, event, payload, optional(), optional()).prop_map(
        |(topic, event, payload, join_ref, reference)| {
            text(&json!([join_ref, reference, topic, event, payload]))
        },
    );
    prop_oneof![
        8 => meant,
        1 => prop::collection::vec(any::<u8>(), 0..60).prop_map(|bytes| Frame::Binary(bytes.into())),
        1 => ".{0,60}".prop_map(|text| Frame::Text(text.into())),
    ]
}

#[test]
fn lengths_beyond_the_frame_and_wrong_utf_8_are_not_read() {
    for frame in [
        &[3, 255, 255, 255, 255, 255, 0][..],
        &[3, 0, 0, 2, 0, 0, 0, 0xff, 0xfe],
        &[3, 0, 0, 1, 1, 0, 1, b't', b'e', b'{'],
        &[3, 0, 0, 1, 1, 0, 2, b't', b'e'],
        &[0, 0, 0, 0],
        &[9],
        &[],
    ] {
        assert!(decode(Version::V2, &Frame::Binary(Bytes::copy_from_slice(frame))).is_none(), "{frame:?}");
    }
}

#[test]
fn deep_and_large_json_is_refused_or_read_but_never_fatal() {
    let deep =
        format!(r#"[null,null,"realtime:a","broadcast",{}{}]"#, "[".repeat(100_000), "]".repeat(100_000));
    let large = format!(r#"[null,null,"realtime:a","broadcast",{{"x":"{}"}}]"#, "y".repeat(16 * 1024 * 1024));
    let (mut hub, key) = hub();
    let connection = hub.open(handshake(&key)).expect("it is admitted");
    hub.receive(connection, text(&json!(["1", "1", "realtime:a", "phx_join", { "config": {} }])));
    for frame in [deep, large] {
        hub.receive(connection, Frame::Text(frame.into()));
    }
    assert_eq!(hub.members("realtime:a"), [connection]);
}

#[test]
fn names_too_long_for_a_binary_frame_are_sent_as_text() {
    let topic = format!("realtime:{}", "x".repeat(300));
    let broadcast = UserBroadcast { event: "e".into(), meta: Bytes::new(), json: true, payload: "{}".into() };
    let frame = ServerMessage::Broadcast { topic, broadcast }.encode(Version::V2);
    assert!(matches!(frame, Some(Frame::Text(_))));
}
