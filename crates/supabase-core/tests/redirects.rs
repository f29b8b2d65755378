//! Keys and tokens stay with the origin that they belong to.

mod common;

use common::{KEY, TOKEN, get, post, signed_in};
use httpmock::MockServer;
use supabase_core::{Config, FailureKind, Method, Request, TokenSource, parse_endpoint};

#[tokio::test]
async fn another_origin_gets_neither_key_nor_token() {
    let elsewhere = MockServer::start_async().await;
    let arrived = elsewhere
        .mock_async(|when, then| {
            when.any_request();
            then.status(200).body("[]");
        })
        .await;
    for status in [301, 302, 303, 307, 308] {
        for target in [
            elsewhere.base_url(),
            format!("http://localhost:{}", elsewhere.port()),
            format!("https://127.0.0.1:{}", elsewhere.port()),
        ] {
            let server = MockServer::start_async().await;
            let location = format!("{target}/stolen?x=1");
            server
                .mock_async(|when, then| {
                    when.any_request();
                    then.status(status).header("location", location);
                })
                .await;
            for request in [get(&server.base_url()), post(&server.base_url())] {
                let failure = signed_in(&server.base_url()).send(&request).await.unwrap_err();
                assert_eq!((failure.kind(), failure.status()), (FailureKind::Redirect, Some(status)));
                assert!(failure.message().contains(&target), "{}", failure.message());
                assert!(!failure.message().contains("stolen"));
            }
        }
    }
    assert_eq!(arrived.calls_async().await, 0);
}

#[tokio::test]
async fn the_same_origin_is_followed_with_everything() {
    let server = MockServer::start_async().await;
    for status in [307u16, 308] {
        server
            .mock_async(|when, then| {
                when.path(format!("/from-{status}"));
                then.status(status).header("location", "/to");
            })
            .await;
    }
    let to = server
        .mock_async(|when, then| {
            when.method("POST")
                .path("/to")
                .header("apikey", KEY)
                .header("authorization", format!("Bearer {TOKEN}"))
                .body("{}");
            then.status(201);
        })
        .await;
    for status in [307, 308] {
        let url = server.url(format!("/from-{status}")).parse().unwrap();
        let mut request = Request::new("test", Method::POST, url);
        request.body = Some("{}".into());
        assert_eq!(signed_in(&server.base_url()).send(&request).await.unwrap().status(), 201);
    }
    assert_eq!(to.calls_async().await, 2);
}

#[tokio::test]
async fn a_loop_ends() {
    let server = MockServer::start_async().await;
    let mock = server
        .mock_async(|when, then| {
            when.any_request();
            then.status(302).header("location", "/again");
        })
        .await;
    let failure = signed_in(&server.base_url()).send(&get(&server.base_url())).await.unwrap_err();
    assert_eq!(failure.kind(), FailureKind::Redirect);
    assert_eq!(mock.calls_async().await, 11);
}

/// The client that this crate builds itself, with a caller who asks it to follow everything.
#[tokio::test]
async fn a_configured_client_cannot_be_made_to_follow() {
    let elsewhere = MockServer::start_async().await;
    let arrived = elsewhere
        .mock_async(|when, then| {
            when.any_request();
            then.status(200).body("[]");
        })
        .await;
    let server = MockServer::start_async().await;
    let location = elsewhere.url("/x");
    server
        .mock_async(|when, then| {
            when.any_request();
            then.status(302).header("location", location);
        })
        .await;
    let mut config = Config::new("test", "1", Some(KEY.into()));
    config.token(TokenSource::fixed(TOKEN.into()));
    config.http().configure(std::sync::Arc::new(|http| {
        http.no_proxy().redirect(reqwest::redirect::Policy::limited(5))
    }));
    let transport = config.build(parse_endpoint(&server.base_url()).unwrap()).unwrap();
    assert_eq!(transport.send(&get(&server.base_url())).await.unwrap_err().kind(), FailureKind::Redirect);
    assert_eq!(arrived.calls_async().await, 0);
}
