//! Bodies that are sent as they come: length, repetition, redirects, stalls, and forms.

#![cfg(feature = "multipart")]

mod common;

use std::io;

use futures_util::stream;
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use supabase_core::{Bytes, Content, Failure, FailureKind, Method, Part, Payload, Pieces, Request, Url};
use supabase_testing::raw::{Answer, Raw};

fn request(base: &str, payload: Payload) -> Request {
    let mut request = Request::new("test.put", Method::PUT, Url::parse(&format!("{base}/x")).unwrap());
    request.payload = Some(payload);
    request
}

fn pieces(texts: &'static [&'static str]) -> Pieces {
    Box::pin(stream::iter(texts.iter().map(|text| Ok(Bytes::from_static(text.as_bytes())))))
}

fn again(length: u64, texts: &'static [&'static str]) -> Payload {
    Payload::content(Content::again(Some(length), move || std::future::ready(Ok(pieces(texts)))))
}

/// Sends, and answers with what the failure is. The connection stays open for whatever comes.
async fn failed(base: &str, payload: Payload) -> Failure {
    common::transport(base).send(&request(base, payload)).await.unwrap_err()
}

#[tokio::test]
async fn a_body_of_known_length_says_it_and_arrives_whole() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method("PUT").header("content-length", "6").body("abcdef");
            then.status(200);
        })
        .await;
    let base = server.base_url();
    let transport = common::transport(&base);
    for payload in [
        again(6, &["ab", "", "cd", "ef"]),
        Payload::content(Content::once(Some(6), pieces(&["abc", "def"]))),
        Payload::content(Content::bytes(Bytes::from_static(b"abcdef"))),
    ] {
        transport.send(&request(&base, payload)).await.unwrap();
    }
    mock.assert_calls_async(3).await;
}

#[tokio::test]
async fn a_body_of_unknown_length_is_sent_in_chunks() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method("PUT")
                .header("transfer-encoding", "chunked")
                .header_missing("content-length")
                .body("abcdef");
            then.status(200);
        })
        .await;
    let base = server.base_url();
    let payload = Payload::content(Content::once(None, pieces(&["abc", "def"])));
    common::transport(&base).send(&request(&base, payload)).await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn an_empty_body_is_a_body() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method("PUT").header("content-length", "0");
            then.status(200);
        })
        .await;
    let base = server.base_url();
    common::transport(&base)
        .send(&request(&base, Payload::content(Content::bytes(Bytes::new()))))
        .await
        .unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn a_body_that_is_not_as_long_as_announced_is_broken_off_and_named() {
    for (length, says) in [(7, "ended after 6 of 7 bytes"), (5, "longer than the 5 bytes announced")] {
        let server = Raw::start([Answer::Close]);
        let failure = failed(&server.url(), again(length, &["abc", "def"])).await;
        assert_eq!(failure.kind(), FailureKind::Content);
        assert!(failure.message().contains(says) && !failure.is_retryable(), "{failure:?}");
    }
}

#[tokio::test]
async fn a_body_announced_as_empty_is_read_before_anything_is_sent() {
    let once = Payload::content(Content::once(Some(0), pieces(&["", "abc"])));
    for payload in [again(0, &["abc"]), once] {
        let server = Raw::start([Answer::Close]);
        let failure = failed(&server.url(), payload).await;
        assert_eq!(failure.kind(), FailureKind::Content);
        assert!(failure.message().contains("longer than the 0 bytes announced"), "{failure:?}");
        assert!(server.requests().is_empty());
    }
}

#[tokio::test]
async fn the_last_byte_of_a_body_that_grows_is_never_sent() {
    let server = Raw::start([Answer::Close]);
    failed(&server.url(), again(6, &["abc", "def", "g"])).await;
    let sent = server.requests().pop().unwrap_or_default();
    assert!(!sent.contains("abcdef"), "{sent}");
}

#[tokio::test]
async fn a_body_that_cannot_be_read_says_why() {
    let server = Raw::start([Answer::Close]);
    let broken = || stream::iter([Ok(Bytes::from_static(b"ab")), Err(io::Error::other("the disk is gone"))]);
    let failure = failed(&server.url(), Payload::content(Content::once(Some(6), broken()))).await;
    assert_eq!(failure.kind(), FailureKind::Content);
    assert_eq!(failure.source().unwrap().to_string(), "the disk is gone");

    let server = Raw::start([Answer::Close]);
    let gone = Content::again(Some(6), || std::future::ready(Err(io::Error::other("no such file"))));
    let failure = failed(&server.url(), Payload::content(gone)).await;
    assert_eq!(failure.source().unwrap().to_string(), "no such file");
}

#[tokio::test]
async fn a_body_that_can_be_read_again_is_sent_again() {
    let server = Raw::start([Answer::Close, Raw::json("503 Busy", 0, ""), Raw::json("200 OK", 2, "{}")]);
    let mut put = request(&server.url(), again(6, &["abc", "def"]));
    put.idempotent = true;
    common::transport(&server.url()).send(&put).await.unwrap();
    let sent = server.requests();
    assert_eq!(sent.len(), 3);
    assert!(sent.iter().all(|request| request.ends_with("\r\n\r\nabcdef")), "{sent:?}");
}

#[tokio::test]
async fn a_body_that_can_be_read_once_is_not_sent_again_once_it_has_begun() {
    let server = Raw::start([Raw::json("503 Busy", 0, "")]);
    let mut put = request(&server.url(), Payload::content(Content::once(Some(6), pieces(&["abcdef"]))));
    put.idempotent = true;
    let failure = common::transport(&server.url()).send(&put).await.unwrap_err();
    assert_eq!(failure.status(), Some(503));
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_body_that_was_never_read_is_whole_after_a_failed_connection() {
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let content = Content::once(Some(6), pieces(&["abcdef"]));
    let failure = failed(&format!("http://{unused}"), Payload::content(content.clone())).await;
    assert_eq!(failure.kind(), FailureKind::Connect);
    assert!(content.is_whole());
}

#[tokio::test]
async fn a_redirect_reads_the_body_again_or_says_that_it_cannot() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.path("/x");
            then.status(307).header("location", "/y");
        })
        .await;
    let mock = server
        .mock_async(|when, then| {
            when.path("/y").body("abcdef");
            then.status(200);
        })
        .await;
    let base = server.base_url();
    common::transport(&base).send(&request(&base, again(6, &["abc", "def"]))).await.unwrap();
    mock.assert_async().await;
    let failure = failed(&base, Payload::content(Content::once(Some(6), pieces(&["abcdef"])))).await;
    assert!(failure.message().contains("read only once"), "{failure:?}");
}

#[tokio::test]
async fn a_refusal_that_comes_before_the_body_is_sent_is_read() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.any_request();
            then.respond_with(|_: &HttpMockRequest| {
                HttpMockResponse::builder().status(413).body("too large").build()
            });
        })
        .await;
    let failure = failed(&server.base_url(), again(6, &["abcdef"])).await;
    assert_eq!((failure.status(), failure.body()), (Some(413), b"too large".as_slice()));
}

#[tokio::test]
async fn a_form_has_its_parts_in_order_and_says_its_length() {
    let server = Raw::start([Answer::Close, Raw::json("200 OK", 2, "{}")]);
    let part = |name: &str, text: &'static str| Part {
        name: name.to_owned(),
        file_name: None,
        content_type: None,
        content: Content::bytes(Bytes::from_static(text.as_bytes())),
    };
    let file = Part {
        file_name: Some("a\"ü.png".to_owned()),
        content_type: Some("image/png".to_owned()),
        ..part("", "…")
    };
    let mut put = request(&server.url(), Payload::form(vec![part("cacheControl", "60"), file]));
    put.idempotent = true;
    common::transport(&server.url()).send(&put).await.unwrap();
    let sent = server.requests();
    assert_eq!(sent.len(), 2, "a form is made anew for each try");
    for request in sent {
        let (head, body) = request.split_once("\r\n\r\n").unwrap();
        let length = format!("content-length: {}", body.len());
        assert!(
            head.contains("content-type: multipart/form-data; boundary=") && head.contains(&length),
            "{head}"
        );
        let (first, second) =
            (body.find("name=\"cacheControl\"\r\n\r\n60").unwrap(), body.find("image/png").unwrap());
        assert!(first < second, "{body}");
    }
}

/// What a server's parser sees of a form: each field's name, and the name of its file.
async fn parsed(parts: Vec<Part>) -> Vec<(String, Option<String>)> {
    let server = Raw::start([Raw::json("200 OK", 2, "{}")]);
    common::transport(&server.url()).send(&request(&server.url(), Payload::form(parts))).await.unwrap();
    let sent = server.requests().remove(0);
    let (head, body) = sent.split_once("\r\n\r\n").unwrap();
    let media_type = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap();
    let boundary = multer::parse_boundary(media_type).unwrap();
    assert!(body.ends_with(&format!("--{boundary}--\r\n")), "{body}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    let body = body.to_owned();
    let mut form = multer::Multipart::new(stream::once(async { Ok::<_, io::Error>(body) }), boundary);
    let mut fields = Vec::new();
    while let Some(field) = form.next_field().await.unwrap() {
        let (name, file) = (field.name().unwrap().to_owned(), field.file_name().map(str::to_owned));
        assert_eq!(field.text().await.unwrap(), "content");
        fields.push((name, file));
    }
    fields
}

#[tokio::test]
async fn names_in_a_form_are_written_as_browsers_write_them() {
    let part = |name: &str, file_name: Option<&str>| Part {
        name: name.to_owned(),
        file_name: file_name.map(str::to_owned),
        content_type: file_name.map(|_| "image/png".to_owned()),
        content: Content::bytes(Bytes::from_static(b"content")),
    };
    for (name, field, file) in [
        ("plain", "plain", "plain"),
        ("", "", ""),
        ("first name", "first name", "first name"),
        ("größe 🦀", "größe 🦀", "größe 🦀"),
        ("a/b?c=50%#<d>{e};f='g'", "a/b?c=50%#<d>{e};f='g'", "a/b?c=50%#<d>{e};f='g'"),
        ("a\"b", "a%22b", "a%22b"),
        ("a\nb\rc\r\nd", "a%0D%0Ab%0D%0Ac%0D%0Ad", "a%0Ab%0Dc%0D%0Ad"),
    ] {
        let fields = parsed(vec![part(name, None), part(name, Some(name))]).await;
        assert_eq!(fields, [(field.to_owned(), None), (field.to_owned(), Some(file.to_owned()))], "{name:?}");
    }
    // The parser of this test would take it for an escape, and browsers do not write it as one.
    let server = Raw::start([Raw::json("200 OK", 2, "{}")]);
    let form = Payload::form(vec![part("f", Some("a\\b.png"))]);
    common::transport(&server.url()).send(&request(&server.url(), form)).await.unwrap();
    let sent = server.requests().remove(0);
    assert!(sent.contains("; name=\"f\"; filename=\"a\\b.png\"\r\n"), "{sent}");
}

#[tokio::test]
async fn a_form_without_fields_is_one_that_a_server_can_read() {
    assert!(parsed(Vec::new()).await.is_empty());
}

#[tokio::test]
async fn a_status_that_is_accepted_is_an_answer() {
    let server = Raw::start([
        Raw::json("404 Not Found", 4, "gone"),
        Raw::json("503 Busy", 4, "busy"),
        Raw::json("503 Busy", 4, "busy"),
    ]);
    let transport = common::transport(&server.url());
    let mut get = common::get(&server.url());
    get.accepts = |status| status >= 400;
    get.retry = Some(supabase_core::RetryPolicy { max_retries: 1, ..transport.retry() });
    let mut open = transport.open(&get).await.unwrap();
    assert_eq!(
        (open.head().status(), open.chunk().await.unwrap().unwrap().as_ref()),
        (404, b"gone".as_slice())
    );
    // One that asks to be tried again is tried again first.
    let failure = transport.open(&get).await.unwrap_err();
    assert_eq!((failure.status(), failure.body()), (Some(503), b"busy".as_slice()));
}
