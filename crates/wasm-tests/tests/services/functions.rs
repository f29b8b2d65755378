//! Edge Functions.

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use supabase::functions::ErrorKind;
use wasm_bindgen_test::wasm_bindgen_test;

use super::client;

#[wasm_bindgen_test]
async fn a_function_is_called_with_json() {
    let answer = client().functions().invoke("hello-world").json(json!({ "name": "Ada" })).await.unwrap();
    assert_eq!(answer.json::<Value>().unwrap(), json!({ "message": "Hello Ada!" }));
}

#[wasm_bindgen_test]
async fn every_body_arrives_and_comes_back() {
    let (supabase, all) = (client(), (0..=255).collect::<Vec<u8>>());
    let functions = supabase.functions();
    let echoed = functions.invoke("echo").text("hällo, 🦀").await.unwrap();
    assert_eq!((echoed.content_type(), echoed.text().unwrap().as_str()), (Some("text/plain"), "hällo, 🦀"));
    let echoed = functions.invoke("echo").bytes(all.clone()).await.unwrap();
    assert_eq!(echoed.bytes(), &all[..]);
    let form = supabase::functions::Form::new().text("title", "ü").file("file", "a.png", "image/png", all);
    let described: Value = functions.invoke("echo/describe").form(form).await.unwrap().json().unwrap();
    let fields = json!([
        { "name": "title", "value": "ü" },
        { "name": "file", "file": "a.png", "type": "image/png", "length": 256 },
    ]);
    assert_eq!(described["body"]["fields"], fields);
    // A stream is read to its end before it is sent.
    let pieces = stream::iter((0..4).map(|n: u8| Ok(vec![n; 8].into())));
    let described: Value =
        functions.invoke("echo/describe").body_stream(pieces).await.unwrap().json().unwrap();
    assert_eq!(described["body"], json!({ "kind": "bytes", "length": 32, "sum": 48 }));
}

#[wasm_bindgen_test]
async fn events_come_while_the_function_tells_them_and_go_on_after_a_break() {
    let supabase = client();
    let mut broken = supabase.functions().invoke("sse?break").events().await.unwrap();
    let mut seen = Vec::new();
    let error = loop {
        match broken.next().await.unwrap() {
            Ok(event) => seen.push((event.kind, event.data)),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{error:?}");
    // What came and was not read yet when the connection broke, the platform throws away.
    let last = broken.last_event_id().unwrap_or_default().to_owned();
    let rest = supabase.functions().invoke("sse").last_event_id(last).events().await.unwrap();
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

#[wasm_bindgen_test]
async fn a_failure_keeps_what_the_function_said() {
    let error = client().functions().invoke("error?status=418").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Rejected, Some(418)), "{error:?}");
    assert_eq!(error.json::<Value>().unwrap()["details"]["try"], 1);
}
