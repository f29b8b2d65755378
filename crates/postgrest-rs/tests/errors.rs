//! Errors, as real servers send them.

use std::error::Error as _;

use httpmock::MockServer;
use postgrest_rs::{Client, Code, ErrorKind};
use serde_json::Value;
use supabase_testing::raw::{Answer, Raw};
use supabase_testing::recordings;
use supabase_testing::replay::Replay;

fn client(url: &str) -> Client {
    Client::builder(url, "sb_publishable_test")
        .http_client(supabase_testing::http::client())
        .max_retries(0)
        .build()
        .unwrap()
}

fn text<'a>(body: &'a Value, field: &str) -> Option<&'a str> {
    body.get(field).and_then(Value::as_str)
}

#[tokio::test]
async fn every_recorded_error_is_read_whole() {
    let (mut errors, mut codes) = (0, std::collections::BTreeSet::new());
    for exchange in recordings::rest().values().flatten().filter(|exchange| exchange.response.status >= 300) {
        let replay = Replay::start(exchange).await;
        let is_head = exchange.request.method == "HEAD";
        let query = client(&replay.url()).from("t").select_raw("*");
        let error = if is_head { query.head().await.unwrap_err() } else { query.await.unwrap_err() };
        let case = &exchange.case;

        assert_eq!(error.kind(), ErrorKind::Rejected, "{case}");
        assert_eq!(error.status(), Some(exchange.response.status), "{case}");
        match exchange.response.body.as_ref().and_then(|body| body.json.as_ref()) {
            Some(body) if body.get("code").is_some() => {
                assert_eq!(error.code().map(Code::as_str), text(body, "code"), "{case}");
                assert_eq!(Some(error.message()), text(body, "message"), "{case}");
                assert_eq!(error.hint(), text(body, "hint"), "{case}");
                assert_eq!(
                    error.details(),
                    body.get("details").filter(|details| !details.is_null()).cloned(),
                    "{case}"
                );
            }
            _ => {
                let in_header =
                    exchange.response.headers.get("proxy-status").and_then(|h| h.split("error=").nth(1));
                assert_eq!(error.code().map(Code::as_str), in_header, "{case}");
                assert!(!error.message().is_empty(), "{case}");
            }
        }
        errors += 1;
        codes.extend(error.code().map(|code| code.as_str().to_owned()));
    }
    assert_eq!((errors, codes.len()), (126, 43), "the recording holds so many errors, with so many codes");
}

#[tokio::test]
async fn details_may_be_a_list() {
    let exchange = recordings::case(recordings::rest(), "rest/select/embedded-ambiguous-PGRST201");
    let replay = Replay::start(exchange).await;
    let error = client(&replay.url()).from("messages").select_raw("content, users(name)").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(300), Some(&Code::AmbiguousRelationship)));
    assert!(error.details().unwrap().as_array().unwrap().len() >= 2);
}

#[tokio::test]
async fn more_than_one_row_is_an_error_for_maybe_single() {
    let exchange = recordings::case(recordings::rest(), "rest/modifiers/maybe-single-2");
    let replay = Replay::start(exchange).await;
    let outcome = client(&replay.url()).from("instruments").select::<Value>("*").maybe_single().await;
    let error = outcome.unwrap_err();
    assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, Some(&Code::NotExactlyOneRow)));
    assert!(error.to_string().ends_with("(PGRST116)"), "{error}");
}

#[tokio::test]
async fn single_into_a_list_says_what_to_do() {
    let exchange = recordings::case(recordings::rest(), "rest/modifiers/single-1");
    let replay = Replay::start(exchange).await;
    let outcome = client(&replay.url()).from("instruments").select::<Vec<Value>>("name").single().await;
    let error = outcome.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.message().contains("not for a `Vec`"), "{error}");
}

#[tokio::test]
async fn a_function_that_returns_nothing_is_unit_or_none() {
    let exchange = recordings::case(recordings::rest(), "rest/rpc/void");
    let replay = Replay::start(exchange).await;
    let db = client(&replay.url());
    db.rpc::<()>("void_fn", &()).await.unwrap();
    assert_eq!(db.rpc::<Option<i32>>("void_fn", ()).await.unwrap(), None);
    let error = db.rpc::<i32>("void_fn", ()).await.unwrap_err();
    assert!(error.message().contains("returned nothing"), "{error}");
}

#[tokio::test]
async fn a_gateway_speaks_another_dialect() {
    for (body, message) in [
        (r#"{"message":"no Route matched with those values"}"#, "no Route matched with those values"),
        (r#"{"msg":"Invalid API key"}"#, "Invalid API key"),
        (r#"{"error":"boom"}"#, "boom"),
        (r#"{"error":"invalid_request","error_description":"too many hops"}"#, "too many hops"),
        (r#"{"error":"x","message":"JWT expired"}"#, "JWT expired"),
        (r#"{"message":"","msg":"","error":"boom"}"#, "boom"),
        (r#"["nope","x"]"#, "the server answered 500 Internal Server Error with application/json"),
        (
            r#"{"code":500,"message":{"odd":true}}"#,
            "the server answered 500 Internal Server Error with application/json",
        ),
        (r#"[]"#, "the server answered 500 Internal Server Error with application/json"),
        (r#"{}"#, "the server answered 500 Internal Server Error with application/json"),
    ] {
        let server = Raw::start([Raw::json("500 Internal Server Error", body.len(), body)]);
        let error = client(&server.url()).from("t").select_raw("*").await.unwrap_err();
        assert_eq!((error.message(), error.raw_body()), (message, body.as_bytes()));
        assert_eq!(error.code().is_some(), body.contains("code"), "{body}");
    }
}

#[tokio::test]
async fn an_error_shows_neither_query_nor_body_nor_key() {
    let page = "<html>secret-body</html>";
    let html = format!(
        "HTTP/1.1 502 Bad Gateway\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n{page}",
        page.len()
    );
    let server = Raw::start([Answer::Bytes(html.into_bytes()), Answer::Close]);
    for _ in 0..2 {
        let query = client(&server.url()).from("t").select_raw("*").eq("name", "secret-value");
        assert!(!format!("{query:?}").contains("secret-value"));
        let error = query.await.unwrap_err();
        let mut shown = format!("{error} {error:?}");
        let mut source = error.source();
        while let Some(inner) = source {
            shown.push_str(&format!("{inner} {inner:?}"));
            source = inner.source();
        }
        assert!(!shown.contains("secret") && !shown.contains("sb_publishable_test"), "{shown}");
    }
}

#[tokio::test]
async fn a_range_beyond_the_end_is_known_also_from_a_broken_body() {
    let answer = "HTTP/1.1 416 Range Not Satisfiable\r\ncontent-type: application/json\r\ncontent-range: */4\r\n\
                  content-length: 2\r\n\r\n{\"code\":\"PGRST103\"}";
    let server = Raw::start([Answer::Bytes(answer.into())]);
    let query =
        client(&server.url()).from("t").select_raw("*").range(100, 110).count(postgrest_rs::Count::Exact);
    let error = query.await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(416), Some(&Code::RangeNotSatisfiable)));
    // What follows the body would otherwise be read as the next answer.
    assert!(server.requests()[0].contains("connection: close"), "{}", server.requests()[0]);
}

#[tokio::test]
async fn details_are_there_to_be_read_and_are_not_printed() {
    let body = r#"{"code":"23502","message":"null value","details":"Failing row contains (1, secret).","hint":null}"#;
    let server = Raw::start([Raw::json("400 Bad Request", body.len(), body)]);
    let error = client(&server.url()).from("t").insert(serde_json::json!({})).await.unwrap_err();
    assert!(error.details().unwrap().as_str().unwrap().contains("secret"));
    assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
}

#[tokio::test]
async fn what_cannot_be_sent_is_told_before_anything_is() {
    let server = MockServer::start_async().await;
    let any = server
        .mock_async(|when, then| {
            when.any_request();
            then.status(200).body("[]");
        })
        .await;
    let db = client(&server.base_url());
    let row = serde_json::json!({ "a": 1 });
    for (query, says) in [
        (db.from("").select_raw("*"), "name of a table"),
        (db.from("..").select_raw("*"), "name of a table"),
        (db.from("t").select_raw("*").eq("price", f64::NAN), "`price`"),
        (db.from("t").select_raw("*").gt("price", f32::INFINITY), "`price`"),
        (db.from("t").select_raw("*").eq("name", None::<&str>), "Is::Null"),
        (db.from("t").select_raw("*").or([]), "at least one"),
        (db.from("t").select_raw("*").range(5, 4), "ends before it begins"),
        (db.from("t").select_raw("*").match_(serde_json::json!([1])), "map or struct"),
        (db.schema("a\nb").from("t").select_raw("*"), "name of a schema"),
    ] {
        let error = query.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains(says), "{error}");
    }
    for error in [
        db.from("t").insert(5).await.unwrap_err(),
        db.from("t").insert([1, 2]).await.unwrap_err(),
        db.from("t").update("name").eq("id", 1).await.unwrap_err(),
        db.rpc::<()>("f", [1]).await.unwrap_err(),
        db.rpc::<()>("f", serde_json::json!({ "say": "eq.5" })).get().await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
    }
    // The first fault is the one that is told.
    let error = db.from("t").update(&row).eq("a", f64::NAN).or([]).await.unwrap_err();
    assert!(error.message().contains("`a`"), "{error}");
    assert_eq!(any.calls_async().await, 0);
}
