//! What administrators do: lists in pages, requests that cannot be meant, and secrets that nobody sees.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::Server;
use futures_util::TryStreamExt;
use gotrue_rs::{
    Admin, Client, ErrorKind, Link, NewCustomProvider, NewOAuthClient, NewUser, UserChanges, UserOrder,
};
use httpmock::prelude::*;
use serde_json::{Value, json};
use supabase_testing::recordings;

fn admin(url: &str) -> Admin {
    let builder = Client::builder(url, "sb_secret_not_a_key").http_client(supabase_testing::http::client());
    builder.max_retries(0).build().unwrap().admin().unwrap()
}

fn users(ids: std::ops::Range<u64>) -> Value {
    json!({ "users": ids.map(|id| json!({ "id": id.to_string() })).collect::<Vec<_>>(), "aud": "authenticated" })
}

/// A server with seven users in pages of three, whose links have the path that it sees behind its gateway.
async fn pages(link: impl Fn(u64) -> String + Send + Sync + 'static) -> (MockServer, Arc<AtomicUsize>) {
    let (server, asked) = (MockServer::start_async().await, Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&asked);
    server
        .mock_async(move |when, then| {
            when.method(GET).path("/auth/v1/admin/users").header("apikey", "sb_secret_not_a_key");
            then.respond_with(move |request: &HttpMockRequest| {
                count.fetch_add(1, Ordering::SeqCst);
                let query = request.query_params();
                let page =
                    query.iter().find(|(name, _)| name == "page").and_then(|(_, page)| page.parse().ok());
                let page: u64 = page.unwrap_or(1);
                let first = (page - 1) * 3;
                HttpMockResponse::builder()
                    .status(200)
                    .header("content-type", "application/json")
                    .header("x-total-count", "7")
                    .header("link", link(page))
                    .body(users(first.min(7)..(first + 3).min(7)).to_string())
                    .build()
            });
        })
        .await;
    (server, asked)
}

fn honest(page: u64) -> String {
    let next = format!("</admin/users?page={}&per_page=3>; rel=\"next\", ", page + 1);
    format!("{}</admin/users?page=3&per_page=3>; rel=\"last\"", if page < 3 { next } else { String::new() })
}

async fn all(server: &MockServer) -> Result<Vec<String>, gotrue_rs::Error> {
    let users = admin(&server.url("/auth/v1")).list_users().per_page(3).stream();
    users.map_ok(|user| user.id).try_collect().await
}

/// 13 of the service's traps: the links of pages lack the gateway's path, so only their query counts.
#[tokio::test]
async fn a_stream_of_users_asks_for_each_page_once() {
    let (server, asked) = pages(honest).await;
    assert_eq!(all(&server).await.unwrap(), ["0", "1", "2", "3", "4", "5", "6"]);
    assert_eq!(asked.load(Ordering::SeqCst), 3);

    let page = admin(&server.url("/auth/v1")).list_users().page(2).per_page(3).await.unwrap();
    assert_eq!((page.total, page.next_page, page.last_page), (Some(7), Some(3), Some(3)));
    let rest = admin(&server.url("/auth/v1")).list_users().page(3).stream();
    assert_eq!(rest.map_ok(|user| user.id).try_collect::<Vec<_>>().await.unwrap(), ["6"]);
}

/// A page is asked for when it is needed, and not before.
#[tokio::test]
async fn a_stream_that_is_dropped_asks_no_more() {
    let (server, asked) = pages(honest).await;
    let mut users = std::pin::pin!(admin(&server.url("/auth/v1")).list_users().stream());
    assert_eq!(asked.load(Ordering::SeqCst), 0);
    for _ in 0..3 {
        users.try_next().await.unwrap().unwrap();
    }
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

/// A server that always names the same page, or one before, is not asked for ever.
#[tokio::test]
async fn a_list_that_leads_in_circles_ends() {
    for next in ["1", "0", "-1", "x", "99999999999999999999"] {
        let link = format!("</admin/users?page={next}>; rel=\"next\"");
        let (server, asked) = pages(move |_| link.clone()).await;
        all(&server).await.unwrap();
        assert!(asked.load(Ordering::SeqCst) <= 2, "{next}");
    }
    // And one whose pages never end, ends with an empty one.
    let (server, asked) = pages(|page| format!("</admin/users?page={}>; rel=\"next\"", page + 1)).await;
    assert_eq!(all(&server).await.unwrap().len(), 7);
    assert_eq!(asked.load(Ordering::SeqCst), 4);
}

/// A gateway may leave out the links of pages: then the list ends by its total, by an empty page, or by the same one again.
#[tokio::test]
async fn a_list_without_links_is_read_to_its_end() {
    let list = |server: &MockServer, page| admin(&server.url("/auth/v1")).list_users().page(page).stream();
    let (server, asked) = pages(|_| String::new()).await;
    assert_eq!(all(&server).await.unwrap().len(), 7);
    assert_eq!(asked.load(Ordering::SeqCst), 3);
    // From another page on, the total says nothing.
    let rest: Vec<_> = list(&server, 2).map_ok(|user| user.id).try_collect().await.unwrap();
    assert_eq!(rest, ["3", "4", "5", "6"]);
    assert_eq!(asked.load(Ordering::SeqCst), 6);

    for (ends, requests) in [(true, 3), (false, 2)] {
        let server = Server::start(move |sent| match sent.query("page") {
            Some("1" | "2") | None if ends => {
                let first = if sent.query("page") == Some("2") { 2 } else { 0 };
                (200, users(first..first + 2))
            }
            _ if ends => (200, users(0..0)),
            // It knows no pages.
            _ => (200, users(0..4)),
        })
        .await;
        let users = admin(&server.url()).list_users().stream();
        assert_eq!(users.try_collect::<Vec<_>>().await.unwrap().len(), 4);
        assert_eq!(server.sent().len(), requests);
    }
}

/// The server takes page 0 for page 1, and then names page 1 as the next one.
#[tokio::test]
async fn page_0_is_page_1_and_comes_once() {
    let server = Server::start(|sent| {
        let page: u64 = sent.query("page").and_then(|page| page.parse().ok()).unwrap_or(1);
        (200, users(if page > 2 { 0..0 } else { page.max(1) * 3..page.max(1) * 3 + 3 }))
    })
    .await;
    let ids = admin(&server.url()).list_users().page(0).stream().map_ok(|user| user.id);
    assert_eq!(ids.try_collect::<Vec<_>>().await.unwrap(), ["3", "4", "5", "6", "7", "8"]);
    admin(&server.url()).list_users().page(0).await.unwrap();
    assert_eq!(server.last().query("page"), Some("1"));
    let page = admin(&server.url()).audit_log().page(0);
    page.await.unwrap_err();
    assert_eq!(server.last().query("page"), Some("1"));
}

#[tokio::test]
async fn a_failure_ends_a_stream_after_what_came_before_it() {
    let server = Server::start(|sent| match sent.query("page") {
        Some("1") => (200, users(0..2)),
        _ => (503, json!({ "message": "down" })),
    })
    .await;
    let mut users = std::pin::pin!(admin(&server.url()).list_users().stream());
    for id in ["0", "1"] {
        assert_eq!(users.try_next().await.unwrap().unwrap().id, id);
    }
    assert_eq!(users.try_next().await.unwrap_err().status(), Some(503));
    assert!(users.try_next().await.unwrap().is_none());
}

/// 7 of the service's traps: what was deleted is told in an answer without a body, in an empty object, or in a whole one.
#[tokio::test]
async fn a_deletion_is_answered_in_three_ways() {
    let provider = recordings::case(recordings::auth(), "auth/admin_sso_providers/delete");
    let provider = provider.response.body.as_ref().and_then(|body| body.json.clone()).unwrap();
    let server = Server::start(move |sent| match sent.path.as_str() {
        "/admin/users/u" => (200, json!({})),
        "/admin/sso/providers/p" => (200, provider.clone()),
        _ => (204, Value::Null),
    })
    .await;
    let admin = admin(&server.url());
    admin.delete_user("u").await.unwrap();
    assert!(admin.sso_providers().delete("p").await.unwrap().disabled);
    admin.oauth().delete_client("c").await.unwrap();
    admin.custom_providers().delete("custom:x").await.unwrap();
    admin.passkeys().delete("u", "p").await.unwrap();
}

/// An empty id would be the address of the whole list, and a dotted one of something else.
#[tokio::test]
async fn an_id_that_leads_elsewhere_is_not_sent() {
    let server = Server::start(|_| (200, json!({}))).await;
    let admin = admin(&server.url());
    for id in ["", ".", ".."] {
        let errors = [
            admin.delete_user(id).await.unwrap_err(),
            admin.get_user_by_id(id).await.unwrap_err(),
            admin.mfa().delete_factor("u", id).await.unwrap_err(),
            admin.oauth().delete_client(id).await.unwrap_err(),
        ];
        assert!(errors.iter().all(|error| error.kind() == ErrorKind::Invalid), "{errors:?}");
    }
    assert!(server.sent().is_empty());
    admin.delete_user("a/b?c").await.unwrap();
    assert_eq!(server.sent()[0].path, "/admin/users/a%2Fb%3Fc");
}

#[tokio::test]
async fn data_that_is_no_map_is_not_sent() {
    let server = Server::start(|_| (200, json!({ "id": "u" }))).await;
    let admin = admin(&server.url());
    for bad in [json!([1]), json!("text"), json!(null)] {
        let error = admin.create_user(NewUser::email("a@example.com").user_metadata(&bad)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{bad}");
        let error = admin.invite_user_by_email("a@example.com").data(&bad).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{bad}");
    }
    assert!(server.sent().is_empty());
    let changes =
        UserChanges::new().app_metadata(json!({ "plan": null })).ban_for(Duration::from_millis(1_900));
    admin.update_user_by_id("u", changes).await.unwrap();
    // A key to be removed stays in the body.
    assert_eq!(server.sent()[0].body, json!({ "app_metadata": { "plan": null }, "ban_duration": "1s" }));
}

/// Whoever is signed in on a client has no part in what its key may do.
#[tokio::test]
async fn the_key_speaks_and_not_the_user() {
    let session = json!({
        "access_token": "token-of-ada", "token_type": "bearer", "expires_in": 3600, "expires_at": 4_000_000_000_i64,
        "refresh_token": "refresh", "user": { "id": "ada" },
    });
    let server = Server::start(move |sent| match sent.path.as_str() {
        "/token" => (200, session.clone()),
        _ => (200, users(0..1)),
    })
    .await;
    let builder =
        Client::builder(server.url(), "sb_secret_not_a_key").http_client(supabase_testing::http::client());
    let auth = builder.auto_refresh_token(false).build().unwrap();
    auth.sign_in(gotrue_rs::Password::email("ada@example.com", "pw")).await.unwrap();
    auth.admin().unwrap().list_users().order(UserOrder::CreatedAtDescending).await.unwrap();
    let asked = &server.sent()[1];
    assert_eq!((asked.header("authorization"), asked.header("apikey")), (None, Some("sb_secret_not_a_key")));
    assert_eq!(asked.query("sort"), Some("created_at desc"));
}

#[test]
fn what_is_secret_is_not_shown() {
    let user = NewUser::email("a@example.com").password("pass-w0rd").password_hash("$2y$10$hash");
    let changes = UserChanges::new().password("pass-w0rd");
    let link = Link::signup("a@example.com", "pass-w0rd");
    let provider =
        NewCustomProvider::oidc("custom:x", "X", "id", "https://x.example").client_secret("pass-w0rd");
    let client = NewOAuthClient::new("X", ["https://x.example"]);
    let shown = format!("{user:?} {changes:?} {link:?} {provider:?} {client:?}");
    assert!(!shown.contains("pass-w0rd") && !shown.contains("$2y$"), "{shown}");

    let recorded = recordings::case(recordings::auth(), "auth/admin_generate_link/recovery");
    let answer = recorded.response.body.as_ref().and_then(|body| body.json.clone()).unwrap();
    let link: gotrue_rs::GeneratedLink = serde_json::from_value(answer.clone()).unwrap();
    let shown = format!("{link:?}");
    for secret in ["action_link", "email_otp", "hashed_token"] {
        assert!(!shown.contains(answer[secret].as_str().unwrap()), "{shown}");
    }
}
