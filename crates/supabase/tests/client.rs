//! The client of a project: how it is built, and that its settings arrive.

use std::time::Duration;

use httpmock::MockServer;
use serde_json::Value;
use supabase::{Client, Error, ErrorKind};

const KEY: &str = "sb_publishable_test";

#[test]
fn what_cannot_be_used_is_told_with_what_to_write() {
    for (url, key, says) in [
        ("abc.supabase.co", KEY, "write `https://abc.supabase.co`"),
        ("localhost:54321", KEY, "no scheme"),
        ("https://abc.supabase.co/rest/v1", KEY, "write `https://abc.supabase.co`"),
        ("https://abc.supabase.co\n", KEY, "line break"),
        ("", KEY, "URL is empty"),
        ("https://abc.supabase.co", "", "key is empty"),
        ("https://abc.supabase.co", "sb_secret_abc\n", "line break"),
    ] {
        let error = Client::new(url, key).unwrap_err();
        assert!(matches!(error, Error::Client(_)), "{error:?}");
        assert_eq!((error.kind(), error.status(), error.is_retryable()), (ErrorKind::Invalid, None, false));
        assert!(error.message().contains(says) && !error.message().contains("sb_secret"), "{error}");
    }
    let error = Client::builder("https://abc.supabase.co", KEY).header("no header", "x").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[tokio::test]
async fn settings_reach_the_database() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method("GET")
                .path("/rest/v1/planets")
                .header("apikey", KEY)
                .header("x-tenant", "blue")
                .header("accept-profile", "app")
                .header_prefix("x-client-info", "supabase-rs/");
            then.status(503).header("retry-after", "0");
        })
        .await;
    let supabase = Client::builder(server.base_url(), KEY)
        .schema("app")
        .header("x-tenant", "blue")
        .max_retries(1)
        .retry_pauses(Duration::from_millis(1), Duration::from_millis(5))
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap();
    let error = supabase.from("planets").select::<Value>("*").await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(mock.calls_async().await, 2);
}

#[tokio::test]
async fn the_limit_of_a_service_wins_over_the_limit_of_all() {
    let server = MockServer::start_async().await;
    server
        .mock_async(|when, then| {
            when.any_request();
            then.status(200).body("[]").delay(Duration::from_secs(1));
        })
        .await;
    let builder = || {
        Client::builder(server.base_url(), KEY).http_client(supabase_testing::http::client()).max_retries(0)
    };
    let short = Duration::from_millis(100);
    for (supabase, in_time) in [
        (builder().timeout(short).build().unwrap(), false),
        (builder().timeout(short).postgrest_timeout(Duration::from_secs(9)).build().unwrap(), true),
        (builder().postgrest_timeout(short).build().unwrap(), false),
        (builder().storage_timeout(short).build().unwrap(), true),
    ] {
        let outcome = supabase.from("t").select::<Value>("*").await.map_err(Error::from);
        match outcome {
            Ok(_) => assert!(in_time),
            Err(error) => assert!(error.is_timeout() && !in_time, "{error:?}"),
        }
    }
}

#[tokio::test]
async fn the_trace_of_the_caller_goes_with_each_request() {
    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.any_request().header("traceparent", PARENT).header("tracestate", "a=1");
            then.status(200).body("[]");
        })
        .await;
    let supabase = Client::builder(server.base_url(), KEY)
        .trace_context_with(|| {
            [("traceparent", PARENT), ("tracestate", "a=1"), ("apikey", "of somebody else")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into()
        })
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap();
    supabase.from("t").select::<Value>("*").await.unwrap();
    supabase.functions().invoke("f").await.unwrap();
    assert_eq!(mock.calls_async().await, 2);
}

/// The facade's own HTTP client keeps the rule on redirects.
#[tokio::test]
async fn a_redirect_to_another_origin_is_an_error() {
    let elsewhere = MockServer::start_async().await;
    let arrived = elsewhere
        .mock_async(|when, then| {
            when.any_request();
            then.status(200).body("[]");
        })
        .await;
    let server = MockServer::start_async().await;
    let location = elsewhere.url("/rest/v1/t");
    server
        .mock_async(|when, then| {
            when.any_request();
            then.status(307).header("location", location);
        })
        .await;
    let supabase = Client::builder(server.base_url(), KEY)
        .configure_http(|http| http.no_proxy().redirect(supabase::reqwest::redirect::Policy::limited(3)))
        .build()
        .unwrap();
    let error = Error::from(supabase.from("t").insert(serde_json::json!({ "a": 1 })).await.unwrap_err());
    assert_eq!((error.kind(), error.status()), (ErrorKind::Redirect, Some(307)));
    assert_eq!(arrived.calls_async().await, 0);
}
