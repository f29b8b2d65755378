//! The examples of functions, against answers as Supabase gives them.

use httpmock::{Method, MockServer};
use reference_examples::{Greeting, functions_invoke_1, functions_invoke_2, functions_invoke_3};
use serde_json::{Value, json};
use supabase::Client;

/// A project whose function `hello-world` expects this body and answers with this status, header and body.
async fn project(sent: Value, status: u16, header: (&str, &str), body: &str) -> (MockServer, Client) {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            let when = when.method(Method::POST).path("/functions/v1/hello-world").json_body(sent.clone());
            let when = when.header("content-type", "application/json");
            if sent.get("foo").is_some() {
                when.header("my-custom-header", "my-custom-header-value");
            }
            then.status(status).header(header.0, header.1).body(body);
        })
        .await;
    let supabase = Client::builder(server.base_url(), "sb_publishable_not_a_key")
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap();
    (server, supabase)
}

const JSON: (&str, &str) = ("content-type", "application/json");

#[tokio::test]
async fn a_greeting_comes_back() {
    let hello = |name: &str| Greeting { message: format!("Hello {name}!") };
    let (_server, supabase) =
        project(json!({ "name": "Functions" }), 200, JSON, r#"{"message":"Hello Functions!"}"#).await;
    assert_eq!(functions_invoke_1(&supabase).await.unwrap(), hello("Functions"));
    let (_server, supabase) =
        project(json!({ "foo": "bar" }), 200, JSON, r#"{"message":"Hello World!"}"#).await;
    assert_eq!(functions_invoke_3(&supabase).await.unwrap(), hello("World"));
    assert_eq!(functions_invoke_2(&supabase).await, "Function returned 26 bytes");
}

#[tokio::test]
async fn each_failure_is_told_apart() {
    for (status, header, body, says) in [
        (400, JSON, r#"{"error":"no name"}"#, "Function returned an error no name"),
        (502, ("x-relay-error", "true"), "relay down", "Relay error: the server answered 502 Bad Gateway"),
    ] {
        let (_server, supabase) = project(json!({ "foo": "bar" }), status, header, body).await;
        let said = functions_invoke_2(&supabase).await;
        assert!(said.starts_with(says), "{said}");
    }
    let supabase = Client::new("http://127.0.0.1:9", "sb_publishable_not_a_key").unwrap();
    let said = functions_invoke_2(&supabase).await;
    assert!(said.starts_with("The function was not reached: the server cannot be reached"), "{said}");
}
