//! Whatever a server or the way to it does: the right rows, or the right error, in time.

use std::time::{Duration, Instant};

use postgrest_rs::{Client, Code, Count, Error, ErrorKind};
use serde_json::{Value, json};
use supabase_testing::raw::{Answer, Raw};

/// A client with short pauses that keeps its connections, as a real one does.
fn client(url: &str) -> Client {
    Client::builder(url, "key")
        .configure_http(|http| http.no_proxy())
        .retry_pauses(Duration::from_millis(1), Duration::from_millis(50))
        .timeout(Duration::from_secs(5))
        .build()
        .unwrap()
}

async fn read(server: &Raw) -> Result<Vec<Value>, Error> {
    client(&server.url()).from("t").select("*").await
}

async fn write(server: &Raw) -> Result<(), Error> {
    client(&server.url()).from("t").insert(json!({ "a": 1 })).await
}

fn http(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Answer {
    let body = body.as_ref();
    let mut bytes =
        format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\n\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Answer::Bytes(bytes)
}

fn good() -> Answer {
    http("200 OK", "content-type: application/json\r\n", "[1]")
}

/// What HEAD is answered with has a type and a code, and no words.
#[tokio::test]
async fn a_refusal_of_a_long_head_is_postgrests_own_where_it_has_its_type() {
    let refusal = |headers: &str| Answer::Bytes(format!("HTTP/1.1 400 Bad Request\r\n{headers}\r\n").into());
    let server = Raw::start([
        refusal(
            "content-type: application/json\r\nproxy-status: PostgREST; error=42703\r\ncontent-length: 141\r\n",
        ),
        refusal("content-length: 11\r\ncontent-type: text/plain\r\n"),
    ]);
    let db = client(&server.url());
    let head = || db.from("t").select_raw("*").in_("id", 1000..2000).head();
    let error = head().eq("nope", 1).await.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, Some(&Code::UndefinedColumn)));
    assert_eq!(head().await.unwrap_err().kind(), ErrorKind::TooLong);
}

/// A proxy that moves a path and forgets the query would have a delete of one row delete them all.
#[tokio::test]
async fn a_redirect_that_drops_the_filters_is_not_followed() {
    let moved = |status: &str, to: &str| http(status, &format!("location: {to}\r\n"), "");
    for (status, to) in [("308 Permanent Redirect", "/v2/t"), ("307 Temporary Redirect", "/v2/t?")] {
        let server = Raw::start([moved(status, to), moved(status, to), http("204 No Content", "", "")]);
        let db = client(&server.url());
        for outcome in [
            db.from("t").delete().eq("id", 1).await,
            db.from("t").select_raw("*").eq("id", 1).await.map(drop),
        ] {
            let error = outcome.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Redirect, "{error}");
            assert!(error.message().contains("query"), "{error}");
        }
        assert_eq!(server.requests().len(), 2);
    }
    // With its query, or where there was none, it is.
    let server = Raw::start([
        moved("308 Permanent Redirect", "/v2/t?id=eq.1"),
        http("204 No Content", "", ""),
        moved("308 Permanent Redirect", "/v2/t"),
        http("201 Created", "", ""),
    ]);
    let db = client(&server.url());
    db.from("t").delete().eq("id", 1).await.unwrap();
    db.from("t").insert(json!({ "a": 1 })).await.unwrap();
    assert!(server.requests()[1].starts_with("DELETE /v2/t?id=eq.1 "), "{:?}", server.requests());
}

#[tokio::test]
async fn a_connection_that_closes_before_the_headers() {
    let server = Raw::start([Answer::Close, good()]);
    assert_eq!(read(&server).await.unwrap(), [1]);
    let server = Raw::start([Answer::Close, good()]);
    let error = write(&server).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable(), server.requests().len()),
        (ErrorKind::Interrupted, false, 1)
    );
}

#[tokio::test]
async fn a_connection_that_closes_within_the_body_or_before_its_length() {
    let cut = || Answer::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n[1,2".to_vec());
    let server = Raw::start([cut(), good()]);
    assert_eq!(read(&server).await.unwrap(), [1]);
    let server = Raw::start([cut(), cut(), cut(), cut()]);
    let error = read(&server).await.unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Interrupted, true));
    let server = Raw::start([cut()]);
    let error = write(&server).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.is_retryable(), server.requests().len()),
        (ErrorKind::Interrupted, false, 1)
    );

    let chunked =
        Answer::Bytes(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\n[1,2\r\n".to_vec());
    let server = Raw::start([chunked, good()]);
    assert_eq!(read(&server).await.unwrap(), [1]);
}

#[tokio::test]
async fn a_body_that_is_longer_than_it_says() {
    // What is too much is not read as the next answer: that comes by another connection.
    let long =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\n[1][2]".to_vec();
    let server = Raw::start([Answer::Bytes(long), good()]);
    let db = client(&server.url());
    for _ in 0..2 {
        let rows: Vec<Value> = db.from("t").select("*").await.unwrap();
        assert_eq!(rows, [1]);
    }
}

#[tokio::test]
async fn a_slow_body_is_waited_for_and_a_stalled_one_is_not() {
    let pieces = |last: &[u8]| {
        let head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 5\r\n\r\n".to_vec();
        vec![head, b"[1".to_vec(), b",2".to_vec(), last.to_vec()]
    };
    let server = Raw::start([Answer::Drip(pieces(b"]"), Duration::from_millis(60))]);
    assert_eq!(read(&server).await.unwrap(), [1, 2]);

    for stall in [Answer::Drip(pieces(b"]"), Duration::from_secs(2)), Answer::Silence(Duration::from_secs(3))]
    {
        let server = Raw::start([stall]);
        let started = Instant::now();
        let query = client(&server.url()).from("t").select_raw("*").timeout(Duration::from_millis(150));
        let error = query.await.unwrap_err();
        assert!(error.is_timeout() && started.elapsed() < Duration::from_secs(1), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_that_is_busy() {
    let date = "retry-after: Tue, 24 Nov 2020 10:00:00 GMT\r\n";
    for headers in ["", "retry-after: 0\r\n", date] {
        for status in
            ["429 Too Many Requests", "503 Service Unavailable", "408 Request Timeout", "504 Gateway Timeout"]
        {
            let server = Raw::start([http(status, headers, "busy"), good()]);
            assert_eq!(read(&server).await.unwrap(), [1], "{status} {headers}");
            let server = Raw::start([http(status, headers, "busy"), good()]);
            let error = write(&server).await.unwrap_err();
            assert_eq!((error.kind(), server.requests().len()), (ErrorKind::Rejected, 1), "{status}");
        }
    }
}

/// What is too long to be waited for is told, so that the caller can.
#[tokio::test]
async fn how_long_the_server_asks_to_wait_is_told() {
    let in_an_hour = std::time::SystemTime::now() + Duration::from_secs(3600);
    let date = format!("retry-after: {}\r\n", httpdate::fmt_http_date(in_an_hour));
    for (headers, least, most) in [("retry-after: 3600\r\n", 3600, 3600), (&*date, 3500, 3600)] {
        let server = Raw::start([http("429 Too Many Requests", headers, "busy")]);
        let error = read(&server).await.unwrap_err();
        let wait = error.retry_after().unwrap().as_secs();
        assert!((least..=most).contains(&wait) && error.is_retryable(), "{wait}");
        assert_eq!(server.requests().len(), 1);
    }
    let server = Raw::start([http("429 Too Many Requests", "", "busy")]);
    assert_eq!(write(&server).await.unwrap_err().retry_after(), None);
}

#[tokio::test]
async fn a_page_of_a_gateway() {
    let page = "<html><h1>502</h1>private</html>";
    let bad = || http("502 Bad Gateway", "content-type: text/html\r\n", page);
    let server = Raw::start([bad(), bad(), bad(), bad()]);
    let error = read(&server).await.unwrap_err();
    assert_eq!((error.status(), error.raw_body(), error.is_retryable()), (Some(502), page.as_bytes(), true));
    assert!(!format!("{error} {error:?}").contains("private"));
}

#[tokio::test]
async fn an_answer_of_the_wrong_type() {
    for media_type in ["text/plain", "application/octet-stream", "application/xml"] {
        let server = Raw::start([http("200 OK", &format!("content-type: {media_type}\r\n"), "[1]")]);
        assert_eq!(read(&server).await.unwrap(), [1], "what is JSON is read as JSON");
        let server = Raw::start([http("200 OK", &format!("content-type: {media_type}\r\n"), "<x/>")]);
        let error = read(&server).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status(), error.raw_body()),
            (ErrorKind::Decode, Some(200), &b"<x/>"[..])
        );
    }
}

#[tokio::test]
async fn bytes_that_are_no_text() {
    let server = Raw::start([http("200 OK", "", b"[\"\xff\xfe\"]")]);
    assert_eq!(read(&server).await.unwrap_err().kind(), ErrorKind::Decode);
    let server = Raw::start([http("200 OK", "", b"id\n\xff")]);
    let error = client(&server.url()).from("t").select_raw("*").csv().await.unwrap_err();
    assert_eq!((error.kind(), error.raw_body()), (ErrorKind::Decode, &b"id\n\xff"[..]));
    let server = Raw::start([http(
        "400 Bad Request",
        "content-type: application/json\r\n",
        b"{\"message\":\"\xff\"}",
    )]);
    let error = write(&server).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Rejected, Some(400)));
}

#[tokio::test]
async fn an_answer_that_cannot_be_decompressed() {
    let server = Raw::start([http("200 OK", "content-encoding: gzip\r\n", "not gzip at all")]);
    let error = read(&server).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), server.requests().len()), (ErrorKind::Decode, Some(200), 1));
}

/// PostgREST 13.0 to 14.1 say that this answer has two bytes, and send all of it.
/// PostgREST#4455: its body is longer than it says, and the rest would be read as the next answer.
#[tokio::test]
async fn the_malformed_416_on_a_connection_that_is_kept() {
    let malformed = include_bytes!("../../supabase-testing/fixtures/rest-13-malformed-416.raw");
    let at =
        malformed.windows(12).position(|window| window == b"HTTP/1.1 416").expect("the answer is recorded");
    let answer = Answer::KeepAlive(vec![
        malformed[at..].to_vec(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n[9]".to_vec(),
    ]);
    let server = Raw::start([answer, good()]);
    let db = client(&server.url());
    let error = db.from("t").select_raw("*").range(100, 110).count(Count::Exact).await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(416), Some(&Code::RangeNotSatisfiable)));
    tokio::time::sleep(Duration::from_millis(150)).await;
    let rows: Vec<Value> = db.from("t").select("*").await.unwrap();
    assert_eq!(rows, [1], "the next answer comes by another connection");
}

#[tokio::test]
async fn nothing_can_be_injected_into_the_head_of_a_request() {
    let evil = "x\r\nx-evil: 1\r\n\r\n";
    let server = Raw::start([good(), good(), good()]);
    let db = client(&server.url());
    for error in [
        db.from(evil).select_raw("*").await.unwrap_err(),
        db.rpc::<()>(evil, ()).await.unwrap_err(),
        db.schema(evil).from("t").select_raw("*").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Invalid);
    }
    for builder in [
        Client::builder(server.url(), "key").header(evil, "1"),
        Client::builder(server.url(), "key").header("x", evil),
        Client::builder(server.url(), "key").schema(evil),
        Client::builder(server.url(), evil),
        Client::builder(format!("{}/{evil}", server.url()), "key"),
    ] {
        let outcome = match builder.build() {
            Ok(db) => db.from("t").select_raw("*").await.map(drop),
            Err(error) => Err(error),
        };
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Invalid);
    }
    let error = db.with_access_token(evil).from("t").select_raw("*").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Credentials);
    assert!(server.requests().is_empty());

    // In the query, such a text is a text.
    let _: Vec<Value> = db.from("t").select("*").eq(evil, evil).await.unwrap();
    let _: Vec<Value> = db.from("t").select(format!("\"{evil}\"")).order(evil).await.unwrap();
    let _: Vec<Value> = db.from("t").select("*").or([postgrest_rs::col(evil).eq(evil)]).await.unwrap();
    assert!(server.requests().iter().all(|request| !request.contains("\r\nx-evil")));
}
