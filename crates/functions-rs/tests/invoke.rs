//! What is sent, and what an answer is read as.

use std::time::Duration;

use functions_rs::{Client, Code, ErrorKind, Form, Method, Region};
use futures_util::{TryStreamExt, stream};
use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use serde_json::{Value, json};

const KEY: &str = "sb_publishable_test";
const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.e30.signature";

/// A server that answers with what it was sent.
async fn echo() -> MockServer {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.any_request();
            then.respond_with(|request: &HttpMockRequest| {
                let headers: serde_json::Map<_, _> = request
                    .headers_vec()
                    .iter()
                    .map(|(name, value)| (name.to_lowercase(), Value::from(value.as_str())))
                    .collect();
                let sent = json!({
                    "method": request.method_str(),
                    "url": request.uri().path_and_query().map(|target| target.as_str().to_owned()),
                    "headers": headers,
                    "body": request.body_string(),
                });
                HttpMockResponse::builder()
                    .status(200)
                    .header("content-type", "application/json")
                    .body(sent.to_string())
                    .build()
            });
        })
        .await;
    server
}

fn builder(server: &MockServer) -> functions_rs::ClientBuilder {
    Client::builder(format!("{}/functions/v1", server.base_url()), KEY)
        .http_client(supabase_testing::http::client())
        .retry_pauses(Duration::from_millis(1), Duration::from_millis(2))
}

async fn answering(status: u16, headers: &[(&str, &str)], body: &str) -> (MockServer, Client) {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.any_request();
            let mut then = then.status(status).body(body);
            for (name, value) in headers {
                then = then.header(*name, *value);
            }
        })
        .await;
    let client = builder(&server).build().unwrap();
    (server, client)
}

#[tokio::test]
async fn each_body_has_its_type_and_the_callers_own_wins() {
    let server = echo().await;
    let functions = builder(&server).build().unwrap();
    let invoke = || functions.invoke("echo");
    for (invoke, media_type, body) in [
        (invoke(), None, ""),
        (invoke().json(json!({ "a": [1, null] })), Some("application/json"), r#"{"a":[1,null]}"#),
        (invoke().text("hällo"), Some("text/plain;charset=UTF-8"), "hällo"),
        (invoke().bytes(vec![1, 2]), Some("application/octet-stream"), "\u{1}\u{2}"),
        (invoke().text("a,b").header("Content-Type", "text/csv"), Some("text/csv"), "a,b"),
        (
            invoke().body_stream(stream::iter(["a", "b"].map(|piece| Ok(piece.into())))),
            Some("application/octet-stream"),
            "ab",
        ),
    ] {
        let sent: Value = invoke.await.unwrap().json().unwrap();
        assert_eq!(sent["method"], "POST");
        assert_eq!(sent["url"], "/functions/v1/echo");
        assert_eq!(sent["headers"]["content-type"].as_str(), media_type);
        assert_eq!(sent["headers"]["apikey"], KEY);
        assert_eq!(sent["body"], body);
    }
}

#[tokio::test]
async fn a_form_is_multipart_with_a_boundary_of_its_own() {
    let server = echo().await;
    let functions = builder(&server).build().unwrap();
    let form = Form::new().text("title", "A \"b\"").file("picture", "a.png", "image/png", "pixels");
    let sent: Value = functions.invoke("echo").form(form.clone()).await.unwrap().json().unwrap();
    let media_type = sent["headers"]["content-type"].as_str().unwrap();
    let boundary = media_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let body = sent["body"].as_str().unwrap();
    assert_eq!(body.matches(boundary).count(), 3, "{body}");
    assert!(body.contains("name=\"title\"") && body.contains("filename=\"a.png\""), "{body}");
    assert!(body.contains("Content-Type: image/png\r\n\r\npixels"), "{body}");

    let own = functions.invoke("echo").form(form).header("content-type", "multipart/form-data");
    assert_eq!(own.await.unwrap_err().kind(), ErrorKind::Invalid);
    let odd = Form::new().file("f", "a", "no type", "x");
    assert_eq!(functions.invoke("echo").form(odd).await.unwrap_err().kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn methods_paths_queries_and_headers_arrive() {
    let server = echo().await;
    let functions = builder(&server).header("x-tenant", "blue").build().unwrap();
    for (method, name) in [
        (Method::Get, "GET"),
        (Method::Post, "POST"),
        (Method::Put, "PUT"),
        (Method::Patch, "PATCH"),
        (Method::Delete, "DELETE"),
    ] {
        let invoke = functions.invoke("orders/a b?full=true&q=ü").method(method).header("x-own", "1");
        let sent: Value = invoke.await.unwrap().json().unwrap();
        assert_eq!(sent["method"], name);
        assert_eq!(sent["url"], "/functions/v1/orders/a%20b?full=true&q=%C3%BC");
        assert_eq!((&sent["headers"]["x-tenant"], &sent["headers"]["x-own"]), (&"blue".into(), &"1".into()));
    }
    for (invoke, says) in [
        (functions.invoke("a").method(Method::Get).text("b"), "a GET carries no body"),
        (functions.invoke("../auth/v1/user"), "lead elsewhere"),
        (functions.invoke("a").header("no header", "b"), "not a header name"),
        (functions.invoke("a").header("x-a", "b\nx-b: c"), "cannot be sent"),
    ] {
        let error = invoke.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains(says), "{error}");
    }
}

#[tokio::test]
async fn a_region_goes_into_header_and_query_and_any_into_neither() {
    let server = echo().await;
    let functions = builder(&server).region(Region::EuWest1).build().unwrap();
    for (invoke, region, url) in [
        (functions.invoke("a"), Some("eu-west-1"), "/functions/v1/a?forceFunctionRegion=eu-west-1"),
        (
            functions.invoke("a?b=c").region(Region::UsEast1),
            Some("us-east-1"),
            "/functions/v1/a?b=c&forceFunctionRegion=us-east-1",
        ),
        (functions.invoke("a").region(Region::Any), None, "/functions/v1/a"),
        (
            functions.invoke("a").region("mars-north-1".into()),
            Some("mars-north-1"),
            "/functions/v1/a?forceFunctionRegion=mars-north-1",
        ),
        (
            functions.invoke("a?forceFunctionRegion=eu-west-2").header("x-region", "eu-west-2"),
            Some("eu-west-2"),
            "/functions/v1/a?forceFunctionRegion=eu-west-2",
        ),
    ] {
        let sent: Value = invoke.await.unwrap().json().unwrap();
        assert_eq!(sent["headers"]["x-region"].as_str(), region);
        assert_eq!(sent["url"], url);
    }
}

#[tokio::test]
async fn only_a_jwt_is_ever_a_bearer() {
    let server = echo().await;
    let bearer = async |functions: Client| {
        let sent: Value = functions.invoke("a").await.unwrap().json().unwrap();
        sent["headers"]["authorization"].as_str().map(str::to_owned)
    };
    let new_key = builder(&server).build().unwrap();
    assert_eq!(bearer(new_key.clone()).await, None);
    assert_eq!(bearer(new_key.with_access_token("user")).await.as_deref(), Some("Bearer user"));
    assert_eq!(
        bearer(builder(&server).access_token_with(|| async { Ok(Some("t".into())) }).build().unwrap())
            .await
            .as_deref(),
        Some("Bearer t")
    );
    let legacy = Client::builder(format!("{}/functions/v1", server.base_url()), JWT)
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap();
    assert_eq!(bearer(legacy).await, Some(format!("Bearer {JWT}")));
    let sent: Value = new_key.invoke("a").access_token("once").await.unwrap().json().unwrap();
    assert_eq!(sent["headers"]["authorization"], "Bearer once");
}

#[tokio::test]
async fn an_empty_answer_is_nothing_and_no_broken_json() {
    let (_server, functions) = answering(204, &[], "").await;
    let answer = functions.invoke("a").await.unwrap();
    assert_eq!((answer.status(), answer.content_type(), answer.bytes()), (204, None, &b""[..]));
    answer.json::<()>().unwrap();
    assert_eq!(answer.json::<Option<String>>().unwrap(), None);
    let error = answer.json::<String>().unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::Decode, "the answer is empty"));
}

#[tokio::test]
async fn an_answer_is_read_as_asked_also_a_page() {
    let page = "<!doctype html><p>Hi</p>";
    let (_server, functions) = answering(200, &[("content-type", "text/html; charset=utf-8")], page).await;
    let answer = functions.invoke("page").await.unwrap();
    assert_eq!((answer.content_type(), answer.text().unwrap().as_str()), (Some("text/html"), page));
    assert_eq!(answer.clone().into_bytes(), page);
    assert_eq!(answer.json::<Value>().unwrap_err().kind(), ErrorKind::Decode);
    assert!(!format!("{answer:?}").contains("Hi"));
}

#[tokio::test]
async fn what_the_function_says_of_its_failure_is_kept() {
    let body = r#"{"error":"no such order","order":42}"#;
    let headers = [("content-type", "application/json"), ("x-own", "1"), ("sb-request-id", "r1")];
    let (_server, functions) = answering(422, &headers, body).await;
    let error = functions.invoke("orders").await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.code()), (ErrorKind::Rejected, Some(422), None));
    assert_eq!((error.message(), error.request_id()), ("no such order", Some("r1")));
    assert_eq!((error.header("X-Own"), error.text()), (Some("1"), Some(body)));
    assert_eq!(error.json::<Value>().unwrap()["order"], 42);
    assert_eq!(error.json::<Vec<u8>>().unwrap_err().kind(), ErrorKind::Decode);
    assert!(!error.is_retryable());

    // More than an error keeps elsewhere: it is the function's answer, and not a footnote.
    let long = format!("{{\"list\":\"{}\"}}", "x".repeat(20_000));
    let (_server, functions) = answering(500, &[], &long).await;
    let error = functions.invoke("a").await.unwrap_err();
    assert_eq!((error.bytes().len(), error.raw_body().len()), (long.len(), 8 * 1024));
}

#[tokio::test]
async fn the_platforms_codes_are_read_from_header_or_body() {
    for (status, headers, body, code) in [
        (
            404,
            &[][..],
            r#"{"code":"NOT_FOUND","message":"Requested function was not found"}"#,
            Code::NotFound,
        ),
        (503, &[], r#"{"code":"BOOT_ERROR","message":"Function failed to start"}"#, Code::BootError),
        (546, &[("sb-error-code", "WORKER_LIMIT")], "", Code::WorkerLimit),
        (504, &[("sb-error-code", "IDLE_TIMEOUT")], "<html>", Code::IdleTimeout),
        (500, &[("sb-error-code", "EDGE_FUNCTION_ERROR")], r#"{"code":"mine"}"#, Code::EdgeFunctionError),
        (500, &[], r#"{"code":"mine"}"#, Code::Other("mine".into())),
    ] {
        let (_server, functions) = answering(status, headers, body).await;
        let error = functions.invoke("a").await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Rejected, Some(&code)), "{body}");
        assert_eq!(error.text(), Some(body));
    }
    let (_server, functions) = answering(401, &[], r#"{"msg":"Invalid JWT"}"#).await;
    assert_eq!(functions.invoke("a").await.unwrap_err().message(), "Invalid JWT");
    let (_server, functions) = answering(404, &[("content-type", "text/plain")], "Function not found").await;
    assert_eq!(functions.invoke("a").await.unwrap_err().message(), "Function not found");
}

#[tokio::test]
async fn a_relay_error_is_one_on_any_status_and_for_streams_too() {
    for status in [200, 204, 400, 502] {
        let (_server, functions) =
            answering(status, &[("x-relay-error", "true")], if status == 204 { "" } else { "down" }).await;
        let error = functions.invoke("a").await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Relay, Some(status)));
        assert!(!error.is_retryable(), "the function may have run");
        let read = functions.invoke("a").method(Method::Get).await.unwrap_err();
        assert!(read.is_retryable(), "a GET may be made again");
        let text = error.text();
        let error = functions.invoke("a").stream().await.unwrap_err();
        assert_eq!((error.kind(), error.status(), error.text()), (ErrorKind::Relay, Some(status), text));
        let error = functions.invoke("a").method(Method::Get).events().await.unwrap_err();
        assert_eq!((error.kind(), error.text(), error.is_retryable()), (ErrorKind::Relay, text, true));
    }
    let (_server, functions) = answering(200, &[("x-relay-error", "false")], "fine").await;
    assert_eq!(functions.invoke("a").await.unwrap().text().unwrap(), "fine");
}

#[tokio::test]
async fn a_call_is_repeated_only_if_the_caller_says_so_and_it_reads() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.any_request();
            then.status(503);
        })
        .await;
    let functions = builder(&server).build().unwrap();
    let mut before = 0;
    for (invoke, times, retryable) in [
        (functions.invoke("a"), 1, false),
        (functions.invoke("a").max_retries(2), 1, false),
        (functions.invoke("a").method(Method::Get), 1, true),
        (functions.invoke("a").method(Method::Get).max_retries(2), 3, true),
    ] {
        let error = invoke.await.unwrap_err();
        assert_eq!((error.status(), error.is_retryable()), (Some(503), retryable));
        let calls = mock.calls_async().await;
        assert_eq!(calls - before, times);
        before = calls;
    }
}

#[tokio::test]
async fn a_stream_yields_the_pieces_and_knows_its_head() {
    let (_server, functions) =
        answering(200, &[("content-type", "application/pdf"), ("x-a", "b")], "%PDF").await;
    let answer = functions.invoke("export").stream().await.unwrap();
    assert_eq!(
        (answer.status(), answer.content_type(), answer.header("x-a")),
        (200, Some("application/pdf"), Some("b"))
    );
    let whole: Vec<_> = answer.try_collect().await.unwrap();
    assert_eq!(whole.concat(), b"%PDF");
    let (_server, functions) = answering(500, &[], "no").await;
    let error = functions.invoke("export").stream().await.unwrap_err();
    assert_eq!((error.kind(), error.text()), (ErrorKind::Rejected, Some("no")));
}

#[tokio::test]
async fn where_a_function_redirects_to_can_be_read() {
    let headers = [("location", "https://elsewhere.example/login"), ("x-own", "1")];
    let (_server, functions) = answering(303, &headers, "").await;
    let error = functions.invoke("login").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Redirect, Some(303)));
    assert_eq!((error.header("location"), error.header("x-own")), (Some(headers[0].1), Some("1")));
    assert!(!format!("{error} {error:?}").contains("login"), "{error:?}");
}

#[tokio::test]
async fn every_header_of_an_answer_can_be_read() {
    let headers = [("set-cookie", "a=1"), ("set-cookie", "b=2")];
    let cookies = |headers: Vec<(&str, &str)>| -> Vec<String> {
        headers
            .iter()
            .filter(|(name, _)| *name == "set-cookie")
            .map(|(_, value)| (*value).to_owned())
            .collect()
    };
    let (_server, functions) = answering(200, &headers, "x").await;
    let answer = functions.invoke("a").await.unwrap();
    assert_eq!(cookies(answer.headers().collect()), ["a=1", "b=2"]);
    let stream = functions.invoke("a").stream().await.unwrap();
    assert_eq!(cookies(stream.headers().collect()), ["a=1", "b=2"]);
    let (_server, functions) = answering(400, &headers, "x").await;
    let error = functions.invoke("a").await.unwrap_err();
    assert_eq!(cookies(error.headers().collect()), ["a=1", "b=2"]);
}

/// The limit of a call whose body is a form counts from the last piece of it, and not twice over.
#[tokio::test]
async fn the_time_limit_holds_for_forms() {
    use supabase_testing::raw::{Answer, Raw};
    let server = Raw::start([Answer::Silence(Duration::from_secs(3))]);
    let functions = Client::builder(format!("{}/functions/v1", server.url()), KEY)
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap();
    let limit = Duration::from_millis(800);
    let started = std::time::Instant::now();
    let error = functions.invoke("a").form(Form::new().text("a", "b")).timeout(limit).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_retryable(), "{error:?}");
    assert!(started.elapsed() < limit.mul_f32(1.8), "{:?}", started.elapsed());
}

/// What runs a call on several threads can run all of these.
#[test]
fn everything_can_be_sent_to_another_thread() {
    fn sent<T: Send + 'static>(_: T) {}
    fn shared<T: Send + Sync + Clone + 'static>() {}
    fn goes<T: Send + Sync + 'static>() {}
    shared::<Client>();
    shared::<Code>();
    shared::<Region>();
    shared::<Method>();
    shared::<functions_rs::Response>();
    shared::<functions_rs::Event>();
    shared::<Form>();
    goes::<functions_rs::Error>();
    let functions = Client::new("http://127.0.0.1:9/functions/v1", KEY).unwrap();
    let invoke = move || functions.invoke("a").json(json!({})).region(Region::EuWest1);
    sent(Client::builder("http://127.0.0.1:9/functions/v1", KEY));
    sent(invoke());
    sent(invoke().into_future());
    sent(invoke().stream());
    sent(invoke().events());
    sent(async move {
        let mut pieces = invoke().stream().await?;
        while pieces.try_next().await?.is_some() {}
        let mut events = invoke().events().await?;
        while let Some(event) = events.try_next().await? {
            event.json::<Value>()?;
        }
        invoke().form(Form::new().text("a", "b")).await?.json::<Value>()
    });
}
