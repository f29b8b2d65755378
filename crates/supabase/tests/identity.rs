//! Each request acts for the user that it was made for, and for nobody else.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use httpmock::{HttpMockRequest, HttpMockResponse, MockServer};
use serde_json::Value;
use supabase::Client;
use supabase_testing::logs;

const KEY: &str = "sb_secret_this-must-never-be-seen";

fn header(request: &HttpMockRequest, name: &str) -> Option<String> {
    request
        .headers_vec()
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.clone())
}

/// Answers each request with its own bearer, and counts them by it.
async fn echo() -> (MockServer, Arc<Mutex<HashMap<Option<String>, usize>>>) {
    let server = MockServer::start_async().await;
    let seen = Arc::new(Mutex::new(HashMap::new()));
    let count = Arc::clone(&seen);
    server
        .mock_async(move |when, then| {
            when.any_request();
            then.respond_with(move |request: &HttpMockRequest| {
                let bearer = header(request, "authorization");
                *count.lock().unwrap().entry(bearer.clone()).or_insert(0) += 1;
                HttpMockResponse::builder().status(200).body(serde_json::json!([bearer]).to_string()).build()
            });
        })
        .await;
    (server, seen)
}

fn client(server: &MockServer) -> Client {
    Client::builder(server.base_url(), KEY).configure_http(|http| http.no_proxy()).build().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_requests_of_a_hundred_users_each_carry_their_own_token() {
    let (server, seen) = echo().await;
    let supabase = client(&server);
    let users: Vec<Client> = (0..100).map(|n| supabase.as_user(format!("token-of-{n}"))).collect();
    let tasks: Vec<_> = (0..1000)
        .map(|n| {
            let user = users[n % 100].clone();
            tokio::spawn(async move { (n % 100, user.from("t").select::<String>("*").await) })
        })
        .collect();
    for task in tasks {
        let (user, answer) = task.await.unwrap();
        assert_eq!(answer.unwrap(), [format!("Bearer token-of-{user}")]);
    }
    let seen = seen.lock().unwrap().clone();
    assert_eq!(seen.len(), 100);
    assert!(seen.values().all(|&times| times == 10), "{seen:?}");
}

#[tokio::test]
async fn a_handle_of_a_user_leaves_the_client_as_it_was() {
    let (server, _) = echo().await;
    let supabase = client(&server);
    let ada = supabase.as_user("ada");
    let ben = ada.as_user("ben");
    for (client, bearer) in
        [(&supabase, None), (&ada, Some("Bearer ada")), (&ben, Some("Bearer ben")), (&supabase, None)]
    {
        let answer: Vec<Option<String>> = client.from("t").select("*").await.unwrap();
        assert_eq!(answer, [bearer.map(str::to_owned)]);
        let answer: Vec<Option<String>> = client.schema("app").from("t").select("*").await.unwrap();
        assert_eq!(answer, [bearer.map(str::to_owned)]);
    }
}

#[tokio::test]
async fn the_token_callback_speaks_until_a_user_is_named() {
    let (server, _) = echo().await;
    let supabase = Client::builder(server.base_url(), KEY)
        .configure_http(|http| http.no_proxy())
        .access_token_with(|| async { Ok(Some("from-the-callback".into())) })
        .build()
        .unwrap();
    let answer: Vec<String> = supabase.from("t").select("*").await.unwrap();
    assert_eq!(answer, ["Bearer from-the-callback"]);
    let answer: Vec<String> = supabase.as_user("ada").from("t").select("*").await.unwrap();
    assert_eq!(answer, ["Bearer ada"]);
}

#[tokio::test(flavor = "current_thread")]
async fn keys_and_tokens_are_never_shown() {
    let (subscriber, traced) = logs::watch();
    let _watching = tracing::subscriber::set_default(subscriber);
    let (server, _) = echo().await;
    let builder = Client::builder(server.base_url(), KEY).header("x-secret", "never-be-seen");
    assert!(!format!("{builder:?}").contains("never-be-seen"), "{builder:?}");
    let supabase = builder.configure_http(|http| http.no_proxy()).build().unwrap();
    let user = supabase.as_user("token-that-must-never-be-seen");
    let _: Vec<Value> = user.from("t").select("*").eq("name", "never-be-seen").await.unwrap();
    let error = supabase::Error::from(user.from("t").select::<i64>("*").await.unwrap_err());
    traced.assert_without(&["never-be-seen"]);
    let shown = format!("{supabase:?} {user:?} {error} {error:?}");
    assert!(!shown.contains("never-be-seen"), "{shown}");
}
