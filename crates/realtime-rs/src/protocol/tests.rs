use proptest::prelude::*;

use super::*;
use crate::payload::Payload;

fn text(text: &str) -> Frame {
    Frame::Text(text.as_bytes().to_vec().into())
}

fn bytes(hex: &str) -> Vec<u8> {
    hex.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

#[test]
fn both_versions_say_the_same() {
    let v1 = text(
        r#"{"event":"phx_reply","payload":{"response":{"a":1},"status":"ok"},"ref":"7","topic":"realtime:x"}"#,
    );
    let v2 = text(r#"["6","7","realtime:x","phx_reply",{"response":{"a":1},"status":"ok"}]"#);
    let body = Body::Reply(Answer { is_ok: true, response: br#"{"a":1}"# });
    let mut message = Message { join_ref: None, reference: Some(7), topic: "realtime:x".into(), body };
    assert_eq!(decode(ProtocolVersion::V1, &v1).unwrap(), message);
    message.join_ref = Some(6);
    assert_eq!(decode(ProtocolVersion::V2, &v2).unwrap(), message);
}

#[test]
fn a_broadcast_comes_as_text_and_as_bytes() {
    let frame = text(
        r#"[null,null,"realtime:bin","broadcast",{"event":"e","payload":{"t":1},"type":"broadcast","meta":{"id":"a"}}]"#,
    );
    let Body::Broadcast(incoming) = decode(ProtocolVersion::V2, &frame).unwrap().body else { panic!() };
    assert_eq!(incoming.payload, Some(&br#"{"t":1}"#[..]));
    assert_eq!(
        (incoming.event.as_ref(), incoming.meta, incoming.is_binary),
        ("e", &br#"{"id":"a"}"#[..], false)
    );

    let frame = Frame::Binary(
        [bytes("04 0c 06 00 00"), b"realtime:binbin-ev".to_vec(), vec![0, 1, 2, 255]].concat().into(),
    );
    let message = decode(ProtocolVersion::V2, &frame).unwrap();
    let incoming =
        Incoming { event: "bin-ev".into(), payload: Some(&[0, 1, 2, 255]), is_binary: true, meta: b"" };
    assert_eq!((message.topic.as_ref(), message.body), ("realtime:bin", Body::Broadcast(incoming)));

    // Whichever comes first.
    let frame = text(
        r#"{"payload":{"event":"e","payload":1},"event":"broadcast","topic":"realtime:x","ref":null,"more":[]}"#,
    );
    let Body::Broadcast(incoming) = decode(ProtocolVersion::V1, &frame).unwrap().body else { panic!() };
    assert_eq!(incoming.payload, Some(&b"1"[..]));

    // A missing payload is missing, and nulls are nothing.
    let frame =
        text(r#"{"topic":"realtime:x","event":"broadcast","payload":{"event":"e","meta":null},"ref":null}"#);
    let Body::Broadcast(incoming) = decode(ProtocolVersion::V1, &frame).unwrap().body else { panic!() };
    assert_eq!((incoming.payload, incoming.meta), (None, &b""[..]));
}

#[test]
fn a_binary_push_is_written_as_recorded() {
    let payload = Payload::Binary(vec![0, 1, 2, 255].into());
    let broadcast = UserBroadcast {
        join_ref: 1,
        reference: 7,
        topic: "realtime:bin",
        event: "bin-ev",
        payload: &payload,
    };
    let Frame::Binary(frame) = encode_broadcast(ProtocolVersion::V2, broadcast).unwrap() else { panic!() };
    let expected =
        [bytes("03 01 01 0c 06 00 00"), b"17realtime:binbin-ev".to_vec(), vec![0, 1, 2, 255]].concat();
    assert_eq!(frame, expected);
    let error = encode_broadcast(ProtocolVersion::V1, broadcast).unwrap_err();
    assert!(error.message().contains("use 2.0.0"), "{error}");
}

#[test]
fn lengths_count_bytes_and_a_name_that_is_too_long_goes_as_text() {
    let payload = Payload::json(&1).unwrap();
    let name = "é".repeat(127);
    let push =
        |event, payload| UserBroadcast { join_ref: 1, reference: 2, topic: "realtime:x", event, payload };
    let Frame::Binary(frame) = encode_broadcast(ProtocolVersion::V2, push(&name, &payload)).unwrap() else {
        panic!()
    };
    assert_eq!(frame.get(4), Some(&254));
    let name = "é".repeat(128);
    let Frame::Text(frame) = encode_broadcast(ProtocolVersion::V2, push(&name, &payload)).unwrap() else {
        panic!()
    };
    let expected =
        format!(r#"["1","2","realtime:x","broadcast",{{"type":"broadcast","event":"{name}","payload":1}}]"#);
    assert_eq!(frame, expected.as_bytes());
    let binary = Payload::Binary(vec![1].into());
    assert!(
        encode_broadcast(ProtocolVersion::V2, push(&name, &binary))
            .unwrap_err()
            .message()
            .contains("255 bytes")
    );
}

#[test]
fn a_push_is_written_in_both_versions() {
    let payload = serde_json::value::to_raw_value(&serde_json::json!({"a": "ü"})).unwrap();
    let push = Push { join_ref: None, reference: 3, topic: "phoenix", event: "heartbeat", payload: &payload };
    let Frame::Text(v1) = encode(ProtocolVersion::V1, push).unwrap() else { panic!() };
    assert_eq!(
        v1,
        r#"{"topic":"phoenix","event":"heartbeat","payload":{"a":"ü"},"ref":"3","join_ref":null}"#
    );
    let Frame::Text(v2) = encode(ProtocolVersion::V2, push).unwrap() else { panic!() };
    assert_eq!(v2, r#"[null,"3","phoenix","heartbeat",{"a":"ü"}]"#);
}

#[test]
fn the_reason_of_a_refusal_is_an_object_or_a_text() {
    for (response, reason) in [
        (r#"{"reason":"Unauthorized: no"}"#, "Unauthorized: no"),
        (r#""payload_size_exceeded""#, "payload_size_exceeded"),
        ("{}", ""),
        ("null", ""),
        ("[1]", "[1]"),
    ] {
        assert_eq!(Answer { is_ok: false, response: response.as_bytes() }.reason(), reason);
    }
}

#[test]
fn what_is_no_message_is_ignored() {
    for frame in
        ["", "{", "[]", "null", "7", r#"["1","2"]"#, r#"{"topic":1,"event":"x","payload":{}}"#, "\u{0}"]
    {
        assert_eq!(decode(ProtocolVersion::V1, &text(frame)), None, "{frame}");
        assert_eq!(decode(ProtocolVersion::V2, &text(frame)), None, "{frame}");
    }
    // A bracket that is never closed, sixteen million times; and the same in a payload.
    let deep = vec![b'['; 16 << 20];
    assert_eq!(decode(ProtocolVersion::V2, &Frame::Text(deep.into())), None);
    let deep = format!(r#"[null,null,"t","broadcast",{{"event":"e","payload":{}}}]"#, "[".repeat(1 << 20));
    assert_eq!(decode(ProtocolVersion::V2, &text(&deep)), None);
    // Deep and closed: it is a message, and only its reader refuses it.
    let json = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep = text(&format!(r#"[null,null,"t","broadcast",{{"event":"e","payload":{json}}}]"#));
    let Body::Broadcast(incoming) = decode(ProtocolVersion::V2, &deep).unwrap().body else { panic!() };
    assert!(crate::payload::from_json::<serde_json::Value>(incoming.payload.unwrap()).is_err());
    // Large and well.
    let large =
        format!(r#"[null,null,"t","broadcast",{{"event":"e","payload":"{}"}}]"#, "x".repeat(16 << 20));
    assert!(decode(ProtocolVersion::V2, &text(&large)).is_some());
    // Not UTF-8, in a name and in a payload.
    for frame in [&b"[null,null,\"\xff\",\"broadcast\",{}]"[..], b"[null,null,\"t\",\"system\",\"\xff\"]"] {
        assert_eq!(decode(ProtocolVersion::V2, &Frame::Text(frame.to_vec().into())), None);
    }
    // Lengths that lead beyond the end, unknown kinds and encodings.
    for frame in [
        "",
        "04",
        "04 ff 00 00 00",
        "04 00 00 ff 01",
        "04 01 00 00 00 ff",
        "04 00 00 00 02",
        "09 00 00",
        "01 ff",
    ] {
        assert_eq!(decode(ProtocolVersion::V2, &Frame::Binary(bytes(frame).into())), None, "{frame}");
    }
}

#[test]
fn frames_are_not_printed() {
    assert_eq!(format!("{:?}", text("secret")), "Text(6 bytes)");
}

proptest! {
    #[test]
    fn no_frame_panics(frame in prop::collection::vec(any::<u8>(), 0..300), kind in 0..5_u8) {
        let _ = decode(ProtocolVersion::V2, &Frame::Binary(frame.clone().into()));
        let _ = decode(ProtocolVersion::V2, &Frame::Binary([&[kind][..], &frame].concat().into()));
        let _ = decode(ProtocolVersion::V1, &Frame::Text(frame.clone().into()));
        let _ = decode(ProtocolVersion::V2, &Frame::Text(frame.into()));
    }

    #[test]
    fn no_truncated_frame_panics_or_is_taken_for_another(cut in 0..90_usize) {
        let whole = r#"["6","7","realtime:x","broadcast",{"event":"e","payload":{"t":"ü"},"type":"broadcast"}]"#;
        let cut = cut.min(whole.len() - 1);
        let frame = Frame::Text(whole.as_bytes()[..cut].to_vec().into());
        prop_assert_eq!(decode(ProtocolVersion::V2, &frame), None);
    }

    /// What is pushed as a broadcast is what comes out at the other end, when the server turns the one frame into the other.
    #[test]
    fn a_broadcast_survives_the_way(
        topic in "\\PC{0,40}", event in "\\PC{0,60}", data in prop::collection::vec(any::<u8>(), 0..100), number: u64,
    ) {
        let payload = Payload::Binary(data.clone().into());
        let push = UserBroadcast { join_ref: 1, reference: number, topic: &topic, event: &event, payload: &payload };
        let Frame::Binary(frame) = encode_broadcast(ProtocolVersion::V2, push).unwrap() else { panic!() };
        let skipped = 7 + usize::from(frame[1]) + usize::from(frame[2]);
        let forwarded = [&[4, frame[3], frame[4], 0, frame[6]][..], &frame[skipped..]].concat();
        let frame = Frame::Binary(forwarded.into());
        let message = decode(ProtocolVersion::V2, &frame).unwrap();
        let incoming = Incoming { event: event.as_str().into(), payload: Some(&data), is_binary: true, meta: b"" };
        prop_assert_eq!(message.topic, topic);
        prop_assert_eq!(message.body, Body::Broadcast(incoming));
    }

    /// A push is read back as the server would, whatever the names and the payload hold.
    #[test]
    fn a_push_survives_the_way(topic in ".{0,40}", event in ".{0,40}", value in ".{0,40}", number: u64, join: Option<u64>) {
        let payload = serde_json::value::to_raw_value(&value).unwrap();
        let push = Push { join_ref: join, reference: number, topic: &topic, event: &event, payload: &payload };
        let Frame::Text(v2) = encode(ProtocolVersion::V2, push).unwrap() else { panic!() };
        let expected = serde_json::json!([join.map(|join| join.to_string()), number.to_string(), topic, event, value]);
        prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&v2).unwrap(), expected);
        let Frame::Text(v1) = encode(ProtocolVersion::V1, push).unwrap() else { panic!() };
        let expected = serde_json::json!({"topic": topic, "event": event, "payload": value, "ref": number.to_string(),
            "join_ref": join.map(|join| join.to_string())});
        prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&v1).unwrap(), expected);
    }
}
