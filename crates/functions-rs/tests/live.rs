//! On real functions, those of `examples/functions`.

use std::time::Duration;

use functions_rs::{Client, Code, ErrorKind, Form, Method, Region};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use supabase_testing::live::{Need, stack};

fn functions(test: &str) -> Option<Client> {
    let stack = stack(test, &[Need::ExampleFunctions])?;
    Some(Client::new(format!("{}/functions/v1", stack.url), stack.anon_key).unwrap())
}

#[tokio::test]
async fn every_body_arrives_and_comes_back() {
    let Some(functions) = functions("every_body_arrives_and_comes_back") else { return };
    let value = json!({ "a": [1, null, "ü"] });
    let echoed = functions.invoke("echo").json(&value).await.unwrap();
    assert_eq!(echoed.content_type(), Some("application/json"));
    assert_eq!(echoed.json::<Value>().unwrap(), value);
    let echoed = functions.invoke("echo").text("hällo, 🦀").await.unwrap();
    assert_eq!((echoed.content_type(), echoed.text().unwrap().as_str()), (Some("text/plain"), "hällo, 🦀"));
    let all: Vec<u8> = (0..=255).collect();
    let echoed = functions.invoke("echo").bytes(all.clone()).await.unwrap();
    assert_eq!((echoed.content_type(), echoed.bytes()), (Some("application/octet-stream"), &all[..]));

    let form = Form::new().text("title", "A \"b\" ü").file("picture", "ü.png", "image/png", all.clone());
    let described: Value = functions.invoke("echo/describe").form(form).await.unwrap().json().unwrap();
    assert_eq!(
        described["body"]["fields"],
        json!([
            { "name": "title", "value": "A \"b\" ü" },
            { "name": "picture", "file": "ü.png", "type": "image/png", "length": 256 },
        ])
    );
    // As from a browser: what Deno itself misreads, such as `=` and `"`, is not among them.
    let names = ["first name", "größe", "a/b?50%#<d>{e}", "a\\b"];
    let form = names.iter().fold(Form::new(), |form, name| {
        form.text(*name, "a\nb").file(*name, format!("{name}.png"), "image/png", "pixels")
    });
    let described: Value = functions.invoke("echo/describe").form(form).await.unwrap().json().unwrap();
    let fields = names.iter().flat_map(|name| {
        [
            json!({ "name": name, "value": "a\nb" }),
            json!({ "name": name, "file": format!("{name}.png"), "type": "image/png", "length": 6 }),
        ]
    });
    assert_eq!(described["body"]["fields"], Value::Array(fields.collect()));
    let described: Value = functions.invoke("echo/describe").form(Form::new()).await.unwrap().json().unwrap();
    assert_eq!(described["body"], json!({ "kind": "form", "fields": [] }));

    let pieces = stream::iter((0..64).map(|n: u8| Ok(vec![n; 1024].into())));
    let described: Value =
        functions.invoke("echo/describe").body_stream(pieces).await.unwrap().json().unwrap();
    let sum = (0..64).map(|n| n * 1024).sum::<u64>() % 65_536;
    assert_eq!(described["body"], json!({ "kind": "bytes", "length": 64 * 1024, "sum": sum }));
    let nothing = functions.invoke("echo").await.unwrap();
    assert_eq!(nothing.bytes(), b"");
    nothing.json::<()>().unwrap();
    let nothing = functions.invoke("echo").method(Method::Get).await.unwrap();
    assert_eq!(nothing.status(), 204);
    nothing.json::<()>().unwrap();
}

#[tokio::test]
async fn a_function_sees_method_path_query_and_headers() {
    let Some(functions) = functions("a_function_sees_method_path_query_and_headers") else { return };
    for (method, name) in [(Method::Get, "GET"), (Method::Put, "PUT"), (Method::Delete, "DELETE")] {
        let call = functions
            .invoke("echo/describe/a b/ü?x=1&y=%26&x=2")
            .method(method)
            .header("x-custom", "own")
            .region(Region::EuCentral1);
        let described: Value = call.await.unwrap().json().unwrap();
        assert_eq!(described["method"], name);
        assert!(described["path"].as_str().unwrap().ends_with("/describe/a%20b/%C3%BC"), "{described}");
        let query = json!([["x", "1"], ["y", "&"], ["x", "2"], ["forceFunctionRegion", "eu-central-1"]]);
        assert_eq!(described["query"], query);
        assert_eq!(
            (&described["headers"]["x-custom"], &described["headers"]["x-region"]),
            (&json!("own"), &json!("eu-central-1"))
        );
        // The platform adds the prefix that tells the runtime, the client its own.
        let info = described["headers"]["x-client-info"].as_str().unwrap();
        assert!(info.starts_with("functions-rs/"), "{info}");
    }
}

#[tokio::test]
async fn each_failure_keeps_what_the_function_said() {
    let Some(functions) = functions("each_failure_keeps_what_the_function_said") else { return };
    let error = functions.invoke("error?status=418").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Rejected, Some(418)));
    assert_eq!((error.message(), error.header("x-example")), ("It went wrong.", Some("kept")));
    assert_eq!(error.json::<Value>().unwrap()["details"]["try"], 1);
    for (form, body) in [("text", &b"It went wrong."[..]), ("bytes", &[0, 159, 146, 150]), ("empty", b"")] {
        let error = functions.invoke(format!("error?status=500&as={form}")).await.unwrap_err();
        assert_eq!((error.kind(), error.status(), error.bytes()), (ErrorKind::Rejected, Some(500), body));
    }
    for status in [200, 502] {
        let error = functions.invoke(format!("relay-error?status={status}")).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Relay, Some(status)));
        assert_eq!(error.text(), Some("Relay Error invoking the Edge Function"));
    }
    let error = functions.invoke("throws").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(500), Some(&Code::WorkerError)));
    let error = functions.invoke("there-is-no-such-function").await.unwrap_err();
    assert_eq!((error.status(), error.code()), (Some(404), Some(&Code::NotFound)));
}

#[tokio::test]
async fn bytes_come_as_they_are_whole_or_in_pieces() {
    let Some(functions) = functions("bytes_come_as_they_are_whole_or_in_pieces") else { return };
    let all: Vec<u8> = (0..=255).collect();
    let pdf = functions.invoke("binary?as=application/pdf").await.unwrap();
    assert_eq!((pdf.content_type(), pdf.bytes()), (Some("application/pdf"), &all[..]));
    let mut pieces = functions.invoke("binary?times=4000").stream().await.unwrap();
    let (mut length, mut next) = (0, 0_u8);
    while let Some(piece) = pieces.try_next().await.unwrap() {
        for byte in piece {
            assert_eq!(byte, next);
            next = next.wrapping_add(1);
            length += 1;
        }
    }
    assert_eq!(length, 4000 * 256);
}

#[tokio::test]
async fn events_are_read_and_a_new_call_goes_on_after_the_last() {
    let Some(functions) = functions("events_are_read_and_a_new_call_goes_on_after_the_last") else { return };
    let mut broken = functions.invoke("sse?break").events().await.unwrap();
    let mut seen = Vec::new();
    let error = loop {
        match broken.next().await.unwrap() {
            Ok(event) => seen.push((event.kind, event.data)),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Interrupted);
    assert_eq!(broken.retry(), Some(Duration::from_millis(250)));
    let id = broken.last_event_id().unwrap().to_owned();
    let rest = functions.invoke("sse").last_event_id(id).events().await.unwrap();
    let rest: Vec<_> = rest.try_collect().await.unwrap();
    seen.extend(rest.into_iter().map(|event| (event.kind, event.data)));
    let expected = [
        ("greeting", "hello"),
        ("message", "several\nlines\n\n of text"),
        ("json", "{\"letter\":\"ü\",\"number\":1}"),
        ("number", "1"),
        ("number", "2"),
    ];
    assert_eq!(seen, expected.map(|(kind, data)| (kind.to_owned(), data.to_owned())));
}

#[tokio::test]
async fn a_time_limit_ends_a_slow_call_and_not_a_long_stream() {
    let Some(functions) = functions("a_time_limit_ends_a_slow_call_and_not_a_long_stream") else { return };
    let limit = Duration::from_millis(1_500);
    let error = functions.invoke("slow?before=5000").timeout(limit).await.unwrap_err();
    assert!(error.is_timeout() && !error.is_retryable(), "{error:?}");
    let long = functions.invoke("slow?between=600&pieces=4").timeout(limit).stream().await.unwrap();
    let pieces: Vec<_> = long.try_collect().await.unwrap();
    assert_eq!(pieces.concat(), b"piece 1\npiece 2\npiece 3\npiece 4\n");
}

#[tokio::test]
async fn a_protected_function_wants_a_token() {
    let Some(stack) = stack("a_protected_function_wants_a_token", &[Need::ExampleFunctions]) else { return };
    let functions = Client::new(format!("{}/functions/v1", stack.url), "sb_publishable_not_a_token").unwrap();
    let error = functions.invoke("protected").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Rejected, Some(401)));
    let error = functions.with_access_token("not-a-token").invoke("protected").await.unwrap_err();
    assert_eq!((error.status(), error.message()), (Some(401), "Invalid JWT"));
}
