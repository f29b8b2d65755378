//! Server-sent events, as they come over a connection that cuts anywhere.

use std::time::Duration;

use functions_rs::{Client, ErrorKind, Event};
use futures_util::{StreamExt, TryStreamExt};
use supabase_testing::raw::{Answer, Raw};

const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n";

fn client(server: &Raw) -> Client {
    Client::builder(format!("{}/functions/v1", server.url()), "sb_publishable_test")
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap()
}

/// A chunk of the chunked encoding.
fn chunk(bytes: &[u8]) -> Vec<u8> {
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// The stream, sent in these pieces, with its end.
fn pieces(pieces: impl IntoIterator<Item = Vec<u8>>) -> Vec<u8> {
    let mut answer = format!("{HEAD}transfer-encoding: chunked\r\n\r\n").into_bytes();
    for piece in pieces {
        answer.extend(chunk(&piece));
    }
    answer.extend(chunk(b""));
    answer
}

async fn events(answer: Vec<u8>) -> Vec<Event> {
    let server = Raw::start([Answer::Bytes(answer)]);
    client(&server).invoke("sse").events().await.unwrap().try_collect().await.unwrap()
}

/// All that the format knows: line ends of each kind, comments, several data lines, ids, kinds, unknown fields, a
/// character of four bytes, and an event that the end cuts off.
const TRANSCRIPT: &str = "\u{feff}: a comment\nretry: 250\n\nid: 1\ndata: {\"n\":1}\n\n\
    event: progress\r\nid: 2\r\ndata: first\r\ndata:second 🦀\r\n\r\n\
    :ping\r\rdata\rignored: x\rid: 3\r\rdata: same id\n\nid\ndata: no id\n\ndata: cut off";

fn expected() -> Vec<(&'static str, &'static str, Option<&'static str>)> {
    vec![
        ("message", "{\"n\":1}", Some("1")),
        ("progress", "first\nsecond 🦀", Some("2")),
        ("message", "", Some("3")),
        ("message", "same id", Some("3")),
        ("message", "no id", None),
    ]
}

fn seen(events: &[Event]) -> Vec<(&str, &str, Option<&str>)> {
    events.iter().map(|event| (event.kind.as_str(), event.data.as_str(), event.id.as_deref())).collect()
}

#[tokio::test]
async fn events_are_the_same_wherever_the_connection_cuts() {
    let text = TRANSCRIPT.as_bytes();
    assert_eq!(seen(&events(pieces([text.to_vec()])).await), expected());
    assert_eq!(seen(&events(pieces(text.iter().map(|byte| vec![*byte]))).await), expected());
    for size in [2, 3, 5, 7, 11] {
        assert_eq!(seen(&events(pieces(text.chunks(size).map(<[u8]>::to_vec))).await), expected(), "{size}");
    }
}

#[tokio::test]
async fn a_new_call_goes_on_where_the_connection_broke() {
    let cut = format!("{HEAD}content-length: 1000\r\n\r\nid: 7\nretry: 1500\ndata: {{\"n\":1}}\n\n");
    let server =
        Raw::start([Answer::Bytes(cut.into_bytes()), Answer::Bytes(pieces([b"data: 2\n\n".to_vec()]))]);
    let functions = client(&server);

    let mut stream = functions.invoke("sse").events().await.unwrap();
    let first = stream.next().await.unwrap().unwrap();
    assert_eq!(first.json::<serde_json::Value>().unwrap()["n"], 1);
    assert_eq!(first.json::<Vec<u8>>().unwrap_err().kind(), ErrorKind::Decode);
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert!(stream.next().await.is_none(), "an error ends the stream");
    assert_eq!((stream.last_event_id(), stream.retry()), (Some("7"), Some(Duration::from_millis(1500))));

    let id = stream.last_event_id().unwrap().to_owned();
    let mut stream = functions.invoke("sse").last_event_id(id).events().await.unwrap();
    let second = stream.next().await.unwrap().unwrap();
    assert_eq!((second.data.as_str(), second.id.as_deref()), ("2", Some("7")));
    let requests = server.requests();
    assert!(!requests[0].contains("last-event-id") && requests[0].contains("accept: text/event-stream"));
    assert!(requests[1].contains("last-event-id: 7"), "{}", requests[1]);
}

#[tokio::test]
async fn what_is_not_made_of_events_is_an_error() {
    let server =
        Raw::start([Raw::json("200 OK", 2, "{}"), Answer::Bytes(pieces([b"data: \xff\xfe\n\n".to_vec()]))]);
    let functions = client(&server);
    let error = functions.invoke("json").events().await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.text()), (ErrorKind::Stream, Some(200), Some("{}")));
    assert!(error.to_string().contains("application/json"), "{error}");
    assert_eq!(error.header("content-length"), Some("2"), "what it answered can be read");
    let mut stream = functions.invoke("sse").events().await.unwrap();
    assert_eq!((stream.status(), stream.header("transfer-encoding")), (200, Some("chunked")));
    assert_eq!(stream.next().await.unwrap().unwrap_err().kind(), ErrorKind::Stream);
}

/// What has come of an event is kept until it is complete: one that never is must not fill the memory.
#[tokio::test]
async fn an_event_that_never_ends_is_given_up() {
    let endless = pieces([b"data: whole\n\n".to_vec(), vec![b'x'; 17 * 1024 * 1024]]);
    let server = Raw::start([Answer::Bytes(endless)]);
    let mut events = client(&server).invoke("sse").events().await.unwrap();
    assert_eq!(events.next().await.unwrap().unwrap().data, "whole");
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::TooLarge, false), "{error:?}");
    assert!(events.next().await.is_none());
}

/// An explicit limit is that of an event, too; what came before is read, and the connection is not kept.
#[tokio::test]
async fn an_event_may_be_as_large_as_was_said() {
    let text = b"data: 1\n\ndata: 0123456789\n\ndata: 2\n\n".to_vec();
    let answer = || Answer::Bytes(pieces([text.clone()]));
    let server = Raw::start([answer(), answer(), answer()]);
    let small = Client::builder(format!("{}/functions/v1", server.url()), "sb_publishable_test")
        .http_client(supabase_testing::http::client())
        .max_body(16)
        .build()
        .unwrap();
    for call in [client(&server).invoke("sse").max_body(16), small.invoke("sse")] {
        let mut events = call.events().await.unwrap();
        assert_eq!(events.next().await.unwrap().unwrap().data, "1");
        let error = events.next().await.unwrap().unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::TooLarge, Some(200)));
        assert!(error.header("content-type").is_some());
        assert_eq!(error.message(), "an event has more than the 16 bytes allowed");
        assert!(events.next().await.is_none());
    }
    let events: Vec<_> =
        small.invoke("sse").max_body(18).events().await.unwrap().try_collect().await.unwrap();
    assert_eq!(events.len(), 3, "the call's own limit goes before that of the client");
}

/// The limit of a call is that of its beginning where the answer is a stream, and of the whole where it is not.
#[tokio::test]
async fn a_stream_may_live_longer_than_the_time_limit() {
    let drip = || {
        let mut drip = vec![format!("{HEAD}transfer-encoding: chunked\r\n\r\n").into_bytes()];
        drip.extend((0..6).map(|n| chunk(format!("data: {n}\n\n").as_bytes())));
        drip.push(chunk(b""));
        Answer::Drip(drip, Duration::from_millis(250))
    };
    let server = Raw::start([drip(), drip(), Answer::Silence(Duration::from_secs(3))]);
    let functions = client(&server);
    let limit = Duration::from_secs(1);
    let events: Vec<_> =
        functions.invoke("slow").timeout(limit).events().await.unwrap().try_collect().await.unwrap();
    assert_eq!(events.len(), 6);
    assert!(functions.invoke("slow").timeout(limit).await.unwrap_err().is_timeout());
    assert!(functions.invoke("slow").timeout(limit).stream().await.unwrap_err().is_timeout());
}

/// The body of what is no stream of events is read within the time limit of the call, and not for ever.
#[tokio::test]
async fn what_is_not_made_of_events_is_not_waited_for() {
    let head = "HTTP/1.1 200 OK\r\nx-relay-error: true\r\ncontent-length: 10\r\n\r\n";
    let json = head.replace("x-relay-error: true", "content-type: application/json");
    let slow = |head: &str| Answer::Drip(vec![head.into(), b"x".to_vec()], Duration::from_secs(1));
    let limit = Duration::from_millis(1_500);
    // Each has a server of its own: one is busy with its first connection for longer than the limit.
    for (head, kind) in [(head, ErrorKind::Relay), (json.as_str(), ErrorKind::Stream)] {
        let server = Raw::start([slow(head)]);
        let error = client(&server).invoke("slow").timeout(limit).events().await.unwrap_err();
        assert_eq!((error.kind(), error.status(), error.bytes()), (kind, Some(200), &b""[..]));
    }
}
