//! What a failed request tells, whatever the server did.

mod common;

use common::{get, post, transport};
use serde::Deserialize;
use supabase_core::{Failure, FailureKind, RAW_BODY_LIMIT, Reply};
use supabase_testing::raw::{Answer, Raw};

fn answer(status: &str, media_type: &str, body: &[u8]) -> Answer {
    let mut bytes = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\nsb-request-id: req-7\r\ncontent-length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    bytes.extend_from_slice(body);
    Answer::Bytes(bytes)
}

async fn failure_of(answer: Answer) -> Failure {
    let server = Raw::start([answer]);
    transport(&server.url()).send(&post(&server.url())).await.unwrap_err()
}

async fn reply_of(answer: Answer) -> Reply {
    let server = Raw::start([answer]);
    transport(&server.url()).send(&get(&server.url())).await.unwrap()
}

#[tokio::test]
async fn a_short_text_is_the_message() {
    let failure =
        failure_of(answer("500 Internal Server Error", "text/plain", b"Something went wrong")).await;
    assert_eq!((failure.message(), failure.status()), ("Something went wrong", Some(500)));
    assert_eq!(failure.request_id(), Some("req-7"));
}

#[tokio::test]
async fn a_page_is_kept_and_named_but_not_printed() {
    let page = b"<html><body>Bad gateway, said the proxy</body></html>";
    let failure = failure_of(answer("502 Bad Gateway", "text/html; charset=utf-8", page)).await;
    assert_eq!(failure.message(), "the server answered 502 Bad Gateway with text/html");
    assert_eq!(failure.raw_body(), page);
    assert!(!format!("{failure:?} {failure}").contains("proxy"));
}

#[tokio::test]
async fn an_empty_body_is_said_to_be_empty() {
    let failure = failure_of(answer("418 I'm a teapot", "text/plain", b"")).await;
    assert_eq!(failure.message(), "the server answered 418 I'm a teapot with an empty body");
}

#[tokio::test]
async fn a_truncated_error_keeps_its_status_and_what_came() {
    let failure = failure_of(Raw::json("400 Bad Request", 100, "{\"code\":\"22")).await;
    assert_eq!((failure.kind(), failure.status()), (FailureKind::Status, Some(400)));
    assert_eq!(failure.raw_body(), b"{\"code\":\"22");
}

#[tokio::test]
async fn a_long_body_is_kept_to_its_limit() {
    let failure = failure_of(answer("400 Bad Request", "text/plain", &[b'x'; 3 * RAW_BODY_LIMIT])).await;
    assert_eq!((failure.body().len(), failure.raw_body().len()), (3 * RAW_BODY_LIMIT, RAW_BODY_LIMIT));
    assert_eq!(failure.shrink().body().len(), RAW_BODY_LIMIT);
}

#[tokio::test]
async fn a_refusal_of_a_long_request_is_one_of_length_unless_a_service_explains_it() {
    let refusal = async |body: &str, media_type: &str| {
        let server = Raw::start([answer("400 Bad Request", media_type, body.as_bytes())]);
        let mut request = get(&server.url());
        request.url.set_query(Some(&format!("id={}", "7".repeat(5_000))));
        transport(&server.url()).send(&request).await.unwrap_err()
    };
    for (body, media_type) in [("Bad Request", "text/plain"), ("<html>400</html>", "text/html")] {
        let failure = refusal(body, media_type).await;
        assert_eq!(failure.kind(), FailureKind::TooLong, "{body}");
        assert!(failure.message().contains("`id`"), "{}", failure.message());
    }
    for (body, media_type) in
        [("quantity must be positive", "text/plain"), ("", "text/plain"), ("\"no\"", "application/json")]
    {
        let failure = refusal(body, media_type).await;
        assert_eq!((failure.kind(), failure.status()), (FailureKind::Status, Some(400)), "{body}");
        assert_eq!(failure.raw_body(), body.as_bytes());
    }
}

#[tokio::test]
async fn an_endless_error_is_not_read_to_its_end() {
    let failure = failure_of(answer("400 Bad Request", "text/plain", &vec![b'x'; 8 * 1024 * 1024])).await;
    assert!(failure.body().len() < 2 * 1024 * 1024);
}

#[tokio::test]
async fn success_with_a_page_is_an_error() {
    let failure =
        reply_of(answer("200 OK", "text/html", b"<html>Studio</html>")).await.json::<Vec<i32>>().unwrap_err();
    assert_eq!((failure.kind(), failure.status()), (FailureKind::Decode, Some(200)));
    assert!(failure.message().contains("HTML page"));
    assert_eq!(failure.raw_body(), b"<html>Studio</html>");
}

#[derive(Debug, Deserialize)]
#[allow(dead_code, reason = "only decoded")]
struct Row {
    id: i64,
    name: String,
}

#[tokio::test]
async fn what_does_not_fit_is_named_by_its_path() {
    let body = br#"[{"id":1,"name":"a"},{"id":"x","name":"private"}]"#;
    let failure = reply_of(answer("200 OK", "application/json", body)).await.json::<Vec<Row>>().unwrap_err();
    assert!(failure.message().contains("at `[1].id`"), "{}", failure.message());
    assert!(!failure.message().contains("private"));
    for (body, says) in [(&b""[..], "empty"), (b"[{", "not valid JSON"), (b"nonsense", "not valid JSON")] {
        let failure =
            reply_of(answer("200 OK", "application/json", body)).await.json::<Vec<Row>>().unwrap_err();
        assert!(failure.message().contains(says), "{}", failure.message());
    }
}

#[tokio::test]
async fn nobody_listening_is_a_connect_failure_without_the_query() {
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{address}");
    let failure = transport(&url).send(&get(&url)).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Connect);
    let mut shown = format!("{failure} {failure:?}");
    let mut source = std::error::Error::source(&failure);
    while let Some(error) = source {
        shown.push_str(&format!("{error} {error:?}"));
        source = error.source();
    }
    assert!(!shown.contains("private"), "{shown}");
}

#[tokio::test]
async fn a_chunk_without_a_length_is_a_broken_connection_and_no_compression() {
    let broken = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nno\r\n[";
    let whole = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n[1]";
    let server = Raw::start([broken, whole].map(|answer| Answer::Bytes(answer.into())));
    let reply = transport(&server.url()).send(&get(&server.url())).await.unwrap();
    assert_eq!((&reply.body()[..], server.requests().len()), (&b"[1]"[..], 2));
    let server = Raw::start([Answer::Bytes(broken.into())]);
    let failure = transport(&server.url()).send(&post(&server.url())).await.unwrap_err();
    assert_eq!((failure.kind(), failure.is_retryable()), (FailureKind::Interrupted, false), "{failure:?}");
}

#[tokio::test]
async fn what_cannot_be_decompressed_is_no_broken_connection() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 9\r\n\r\nnot gzip!";
    let server = Raw::start([Answer::Bytes(answer.into()), Answer::Bytes(answer.into())]);
    let failure = transport(&server.url()).send(&get(&server.url())).await.unwrap_err();
    assert_eq!((failure.kind(), failure.status()), (FailureKind::Decode, Some(200)));
    assert_eq!(server.requests().len(), 1, "a second answer would be the same");
}
