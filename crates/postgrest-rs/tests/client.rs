//! The client: how it is built, what it shows, where it can go.

use std::time::Duration;

use httpmock::MockServer;
use postgrest_rs::{Client, Error, ErrorKind, Query, query::stage};
use serde_json::{Value, json};

const KEY: &str = "sb_secret_this-must-never-be-seen";

#[test]
fn what_cannot_be_used_is_told_when_it_is_built() {
    for (url, key, says) in [
        ("abc.supabase.co", KEY, "https://abc.supabase.co"),
        ("", KEY, "empty"),
        ("https://a.co", "", "key is empty"),
        ("https://a.co", "sb_secret_x\n", "line break"),
    ] {
        let error = Client::new(url, key).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.message().contains(says) && !error.message().contains("sb_secret"), "{error}");
    }
    let builder = || Client::builder("https://a.co", KEY);
    for (builder, says) in [
        (builder().header("bad header", "x"), r#""bad header""#),
        (builder().header("x", "a\nb"), "`x`"),
        (
            builder().http_client(supabase_testing::http::client()).configure_http(|http| http),
            "configure_http",
        ),
    ] {
        assert!(builder.build().unwrap_err().message().contains(says));
    }
}

#[test]
fn debug_never_shows_a_key() {
    let builder = Client::builder("https://a.co", KEY)
        .header("x-secret", "never-be-seen")
        .access_token("never-be-seen");
    assert!(!format!("{builder:?}").contains("never-be-seen"), "{builder:?}");
    let with_password = Client::builder("https://me:never-be-seen@a.co", KEY);
    assert!(!format!("{with_password:?}").contains("never-be-seen"), "{with_password:?}");
    let client = builder.build().unwrap().with_access_token("never-be-seen");
    let query = client.from("t").insert(json!({ "x": "never-be-seen" }));
    assert!(!format!("{client:?} {query:?}").contains("never-be-seen"), "{client:?} {query:?}");
}

#[test]
fn everything_can_go_to_another_task() {
    fn goes<T: Send + Sync + 'static>(value: T) -> T {
        value
    }
    fn sent<T: Send + 'static>(_: T) {}
    let client = goes(Client::new("https://a.co", KEY).unwrap());
    let query = goes(client.from("t").select::<Value>("*"));
    sent(query.into_future());
    sent(client.from("t").select::<Value>("*").single().execute());
    sent(client.from("t").delete().eq("id", 1).into_future());
    sent(client.rpc::<()>("f", &()).into_future());
    const { assert!(size_of::<Error>() <= 8, "a Result is not larger for its error") };
    const {
        assert!(
            size_of::<Query<stage::Select, Vec<Value>>>() <= 16,
            "a query is moved in every call of a chain"
        )
    };
}

#[tokio::test]
async fn a_request_carries_what_was_set() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.method("GET")
                .path("/rest/v1/a%20b")
                .query_param("select", "id")
                .header("apikey", KEY)
                .header("x-tenant", "blue")
                .header("accept-profile", "app")
                .header("accept", "application/json")
                .header_prefix("x-client-info", "postgrest-rs/0.1")
                .header_missing("authorization")
                .header_missing("prefer");
            then.status(200).body("[]");
        })
        .await;
    let db = Client::builder(server.url("/rest/v1/"), KEY)
        .header("X-Tenant", "blue")
        .schema("app")
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap();
    let rows: Vec<Value> = db.from("a b").select("id").await.unwrap();
    assert!(rows.is_empty());
    mock.assert_async().await;
}

#[tokio::test]
async fn a_jwt_key_is_the_bearer_until_a_user_is() {
    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.e30.c2ln";
    let server = MockServer::start_async().await;
    let as_key = server
        .mock_async(|when, then| {
            when.header("apikey", JWT).header("authorization", format!("Bearer {JWT}"));
            then.status(200).body("[]");
        })
        .await;
    let as_user = server
        .mock_async(|when, then| {
            when.header("apikey", JWT).header("authorization", "Bearer user");
            then.status(200).body("[]");
        })
        .await;
    let db = Client::builder(server.base_url(), JWT)
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap();
    let _: Vec<Value> = db.from("t").select("*").await.unwrap();
    let _: Vec<Value> = db.with_access_token("user").from("t").select("*").await.unwrap();
    as_key.assert_async().await;
    as_user.assert_async().await;
}

#[tokio::test]
async fn a_server_without_a_gateway_needs_no_key() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.header_missing("apikey").header_missing("authorization");
            then.status(200).body("[]");
        })
        .await;
    let db = Client::builder_without_key(server.base_url())
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap();
    let _: Vec<Value> = db.from("t").select("*").await.unwrap();
    mock.assert_async().await;
}

#[tokio::test]
async fn a_call_can_have_its_own_limits() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.any_request();
            then.status(503).delay(Duration::from_secs(1));
        })
        .await;
    let db = Client::builder(server.base_url(), KEY)
        .http_client(supabase_testing::http::client())
        .build()
        .unwrap();
    let error = db.from("t").select_raw("*").timeout(Duration::from_millis(50)).await.unwrap_err();
    assert!(error.is_timeout() && error.is_retryable(), "{error:?}");
    let error = db.from("t").select_raw("*").max_retries(0).await.unwrap_err();
    assert_eq!(error.status(), Some(503));
    assert_eq!(mock.calls_async().await, 2);
}

#[cfg(feature = "blocking")]
mod blocking {
    use super::*;
    use postgrest_rs::blocking::Wait;

    /// Each side has connections of its own: one that the caller's runtime opened would never answer while that runtime
    /// is blocked.
    #[test]
    fn a_call_waits_after_another_one_was_awaited() {
        let server = MockServer::start();
        server.mock(|when, then| {
            when.any_request();
            then.status(200).body("[1]");
        });
        let db = Client::builder(server.base_url(), KEY)
            .configure_http(|http| http.no_proxy())
            .timeout(Duration::from_secs(5))
            .build()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for _ in 0..3 {
            runtime.block_on(async {
                let rows: Vec<i32> = db.from("t").select("*").await.unwrap();
                assert_eq!(rows, [1]);
                let rows: Vec<i32> = db.from("t").select("*").wait().unwrap();
                assert_eq!(rows, [1]);
            });
            db.from("t").insert(json!({})).wait().unwrap();
        }
    }

    fn database(server: &MockServer) -> Client {
        server.mock(|when, then| {
            when.any_request();
            then.status(200).header("content-range", "0-1/2").body("[1,2]");
        });
        Client::builder(server.base_url(), KEY).http_client(supabase_testing::http::client()).build().unwrap()
    }

    #[test]
    fn a_query_waits_outside_of_a_runtime() {
        let server = MockServer::start();
        let rows: Vec<i32> = database(&server).from("t").select("*").wait().unwrap();
        assert_eq!(rows, [1, 2]);
    }

    #[test]
    fn a_query_waits_inside_of_any_runtime() {
        let server = MockServer::start();
        let db = database(&server);
        for builder in
            [tokio::runtime::Builder::new_current_thread, tokio::runtime::Builder::new_multi_thread]
        {
            let runtime = builder().enable_all().build().unwrap();
            let answer =
                runtime.block_on(async { db.from("t").select::<i32>("*").execute().wait().unwrap() });
            assert_eq!((answer.data, answer.count), (vec![1, 2], Some(2)));
        }
    }
}

#[test]
fn a_call_that_goes_well_is_small() {
    // It is compiled for each type of rows; what it takes beside this is sent, and is the core's.
    let query = Client::new("http://127.0.0.1:1", "key").unwrap().from("t").select::<Value>("*");
    let call = query.into_future();
    assert!(size_of_val(&*call) <= 128, "{} bytes", size_of_val(&*call));
}
