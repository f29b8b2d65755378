//! Sessions: refreshed once for all, kept through trouble, and told about.

mod common;

use std::error::Error as StdError;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use common::{Sent, Server, at, error, saved, session, store_with};
use futures_util::FutureExt;
use gotrue_rs::{
    AuthEvent, Client, Code, ErrorKind, MemoryStore, Password, SavedSession, SessionStore, SignOutReason,
    SignOutScope,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use supabase_testing::raw::{Answer, Raw};

/// What another process does to the store.
fn put(store: &MemoryStore, expected: Option<&SavedSession>, new: Option<&SavedSession>) {
    let swapped = store.swap("key", expected, new).now_or_never().unwrap().unwrap();
    assert!(swapped, "the store holds something else");
}

fn kept(store: &MemoryStore) -> Option<SavedSession> {
    store.load("key").now_or_never().unwrap().unwrap()
}

fn client(server: &Server, store: &Arc<MemoryStore>) -> Client {
    server.builder_with(store).build().unwrap()
}

/// A server that takes a request and says nothing.
fn silent() -> Raw {
    Raw::start([Answer::Silence(Duration::from_secs(5))])
}

/// Answers each refresh with the next session of the same user.
fn refreshing(user: &'static str) -> impl Fn(&Sent) -> (u16, Value) {
    let nth = AtomicU32::new(1);
    move |_| (200, session(user, nth.fetch_add(1, Ordering::SeqCst), 3600))
}

async fn token(client: &Client) -> Option<String> {
    client.access_token().await.unwrap().map(|token| token.expose_secret().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_tasks_with_an_expired_token_make_one_request() {
    let server = Server::start(refreshing("ada")).await;
    let store = store_with("ada", -10);
    let client = client(&server, &store);
    let tasks: Vec<_> = (0..1000)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { token(&client).await })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap().as_deref(), Some("access-ada-1"));
    }
    assert_eq!(server.refreshes(), 1);
    assert_eq!(server.last().body, json!({ "refresh_token": "refresh-ada-0" }));
    assert_eq!(kept(&store).unwrap().session().unwrap().access_token.expose_secret(), "access-ada-1");
}

#[tokio::test]
async fn who_stops_waiting_does_not_stop_the_rest() {
    let server = Server::start(refreshing("ada")).await;
    let client = client(&server, &store_with("ada", -10));
    let mut first = Box::pin(client.access_token());
    assert!(futures_util::future::poll_immediate(&mut first).await.is_none());
    let second = client.access_token();
    let dropped = async {
        tokio::task::yield_now().await;
        drop(first);
    };
    let (answer, ()) = futures_util::future::join(second, dropped).await;
    assert_eq!(answer.unwrap().unwrap().expose_secret(), "access-ada-1");
    assert_eq!(server.refreshes(), 1);
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-1"));
}

/// Who asks for new tokens waits for the refresh before, and may give up before it has ended.
#[tokio::test]
async fn who_stops_waiting_for_the_next_refresh_leaves_the_one_before_to_the_rest() {
    let server = Server::start(refreshing("ada")).await;
    let client = client(&server, &store_with("ada", -10));
    let mut first = Box::pin(client.access_token());
    assert!(futures_util::future::poll_immediate(&mut first).await.is_none());
    let mut next = client.refresh_session().into_future();
    assert!(futures_util::future::poll_immediate(&mut next).await.is_none());
    drop(next);
    let (first, second) = futures_util::future::join(first, client.access_token()).await;
    for answer in [first, second] {
        assert_eq!(answer.unwrap().unwrap().expose_secret(), "access-ada-1");
    }
    assert_eq!(server.refreshes(), 1);
}

#[tokio::test]
async fn only_what_the_service_says_about_the_session_ends_it() {
    for (status, answer) in [
        (400, error("refresh_token_not_found")),
        (400, error("refresh_token_already_used")),
        (400, error("session_not_found")),
        (403, error("session_not_found")),
        (400, error("session_expired")),
        (400, error("user_banned")),
        (400, error("validation_failed")),
        (400, json!({ "code": 400, "error_code": "refresh_token_not_found", "msg": "in the older form" })),
        // Of a session of an OAuth client.
        (400, json!({ "error": "invalid_grant", "error_description": "Invalid Refresh Token" })),
        (400, json!({ "error": "invalid_client", "error_description": "as the test says" })),
    ] {
        let shown = answer.to_string();
        let server = Server::start(move |_| (status, answer.clone())).await;
        let store = store_with("ada", -10);
        let client = client(&server, &store);
        let mut events = client.events();
        let error = client.access_token().await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Rejected, Some(status)), "{shown}");
        assert!(kept(&store).is_none(), "{shown}");
        assert_eq!(token(&client).await, None);
        assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(Some(_)))));
        assert!(matches!(events.next().await, Some(AuthEvent::SignedOut(SignOutReason::Expired))), "{shown}");
    }
}

/// A session in which one token is empty.
fn without(token: &str) -> Value {
    let mut session = session("ada", 1, 3600);
    session[token] = "".into();
    session
}

#[tokio::test]
async fn trouble_of_any_other_kind_keeps_it() {
    for (status, answer) in [
        (409, error("conflict")),
        (429, error("over_request_rate_limit")),
        (500, error("unexpected_failure")),
        (503, json!("<html>maintenance</html>")),
        (504, error("request_timeout")),
        // A gateway that does not know the API key, and an address that is not the service's.
        (401, json!({ "message": "Invalid API key" })),
        (404, json!("<html>404</html>")),
        // A hook of the project's that fails.
        (422, error("hook_timeout")),
        (400, error("captcha_failed")),
        // Success in name.
        (200, json!("<html>sign in to the wifi</html>")),
        (200, json!({})),
        (200, session("eve", 1, 3600)),
        (200, without("refresh_token")),
        (200, without("access_token")),
    ] {
        let shown = format!("{status} {answer}");
        let server = Server::start(move |_| (status, answer.clone())).await;
        let store = store_with("ada", -10);
        let client = client(&server, &store);
        let before = kept(&store);
        assert!(client.access_token().await.is_err(), "{shown}");
        assert_eq!(kept(&store), before, "{shown}");
        // And it is not asked for again at once.
        assert!(client.access_token().await.is_err(), "{shown}");
        assert_eq!(server.refreshes(), 1, "{shown}");
        // But where the user asks for it.
        assert!(client.refresh_session().await.is_err());
        assert_eq!(server.refreshes(), 2, "{shown}");
    }
}

/// Neither a request nor what goes on in the background asks again before that.
#[tokio::test]
async fn a_server_that_asks_to_wait_is_left_in_peace() {
    let server = httpmock::MockServer::start_async().await;
    let limit = server
        .mock_async(|when, then| {
            when.any_request();
            then.status(429).header("retry-after", "300").json_body(error("over_request_rate_limit"));
        })
        .await;
    let store = store_with("ada", -10);
    let client = at(server.base_url()).session_store(store).storage_key("key").build().unwrap();
    let error = client.access_token().await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(300)));
    tokio::time::pause();
    for _ in 0..29 {
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(client.access_token().await.unwrap_err().status(), Some(429));
    }
    tokio::time::resume();
    assert_eq!(limit.calls_async().await, 1);
}

#[tokio::test]
async fn no_network_keeps_it() {
    let store = store_with("ada", -10);
    let client =
        at("http://127.0.0.1:1").session_store(Arc::clone(&store)).storage_key("key").build().unwrap();
    assert_eq!(client.access_token().await.unwrap_err().kind(), ErrorKind::Connect);
    assert!(kept(&store).is_some());
}

/// An answer for another user is never taken, whatever else is right about it.
#[tokio::test]
async fn a_refresh_that_answers_with_another_user_mixes_nobody() {
    let server = Server::start(|_| (200, session("eve", 1, 3600))).await;
    let client = client(&server, &store_with("ada", -10));
    let mut events = client.events();
    let error = client.access_token().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(!format!("{error:?}").contains("eve-1"));
    assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(Some(s))) if s.user.id == "ada"));
    assert!(events.next().now_or_never().is_none());
}

#[tokio::test]
async fn a_token_that_is_still_good_is_used_while_it_cannot_be_refreshed() {
    let server = Server::start(|_| (503, json!(null))).await;
    let client = client(&server, &store_with("ada", 20));
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-0"));
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-0"));
    assert_eq!(server.refreshes(), 1, "it backs off");
}

#[tokio::test]
async fn what_another_process_has_refreshed_is_taken_without_a_request() {
    let server = Server::start(refreshing("ada")).await;
    let store = store_with("ada", -10);
    let client = client(&server, &store);
    // Read, and found to have expired; meanwhile another process refreshes.
    assert!(client.events().next().await.is_some());
    put(&store, kept(&store).as_ref(), Some(&saved("ada", 7, 3600)));
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-7"));
    assert_eq!(server.refreshes(), 0);
}

/// Roles may have changed since the other process asked.
#[tokio::test]
async fn who_asks_for_new_tokens_gets_new_ones_whatever_another_process_has() {
    let server = Server::start(refreshing("ada")).await;
    let store = store_with("ada", 3000);
    let client = client(&server, &store);
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-0"));
    put(&store, kept(&store).as_ref(), Some(&saved("ada", 7, 3600)));
    let session = client.refresh_session().await.unwrap();
    assert_eq!(session.access_token.expose_secret(), "access-ada-1");
    // With the newest token there is: an older one would end the session.
    assert_eq!(server.last().body, json!({ "refresh_token": "refresh-ada-7" }));
    assert_eq!(server.refreshes(), 1);
    assert_eq!(kept(&store).unwrap().session().unwrap().access_token.expose_secret(), "access-ada-1");

    // Two who ask at once get the same.
    let (one, other) = (client.refresh_session(), client.refresh_session());
    let (one, other) = futures_util::future::join(one.into_future(), other.into_future()).await;
    assert_eq!(one.unwrap().access_token.expose_secret(), "access-ada-2");
    assert_eq!(other.unwrap().access_token.expose_secret(), "access-ada-2");
    assert_eq!(server.refreshes(), 2);
}

#[tokio::test]
async fn a_refresh_is_discarded_if_the_store_has_changed_meanwhile() {
    for (theirs, expected) in [
        (Some(saved("ada", 9, 7200)), Some("access-ada-9")),
        // Another sign-in of the same user, just before the refresh was answered.
        (Some(saved("ada", 9, 3500)), Some("access-ada-9")),
        (Some(saved("bob", 0, 3600)), Some("access-bob-0")),
        (None, None),
    ] {
        let store = store_with("ada", -10);
        let (other, new) = (Arc::clone(&store), theirs.clone());
        let server = Server::start(move |_| {
            put(&other, kept(&other).as_ref(), new.as_ref());
            (200, session("ada", 1, 3600))
        })
        .await;
        let client = client(&server, &store);
        assert_eq!(token(&client).await.as_deref(), expected);
        assert_eq!(kept(&store), theirs, "what the other process wrote stays");
        assert_eq!(server.refreshes(), 1);
    }
}

/// It is the same session, which the refresh goes on with.
#[tokio::test]
async fn a_refresh_counts_if_nothing_but_the_user_has_changed_meanwhile() {
    let store = store_with("ada", -10);
    let other = Arc::clone(&store);
    let server = Server::start(move |_| {
        let before = kept(&other).unwrap();
        let mut changed: Value = serde_json::from_str(before.expose_secret()).unwrap();
        changed["user"]["email"] = "ada@example.com".into();
        put(&other, Some(&before), Some(&SavedSession::from(changed.to_string())));
        (200, session("ada", 1, 3600))
    })
    .await;
    let client = client(&server, &store);
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-1"));
    assert_eq!(kept(&store).unwrap().session().unwrap().access_token.expose_secret(), "access-ada-1");
}

/// Its tokens expire before those that it replaces.
#[tokio::test]
async fn what_another_process_has_refreshed_is_taken_though_the_project_has_shortened_the_life_of_its_tokens()
{
    let server = Server::start(refreshing("ada")).await;
    let store = store_with("ada", 3000);
    let client = client(&server, &store);
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-0"));
    let mut shorter = session("ada", 7, 590);
    shorter["expires_in"] = 600.into();
    put(&store, kept(&store).as_ref(), Some(&SavedSession::from(shorter.to_string())));
    client.refresh_session().await.unwrap();
    assert_eq!(server.last().body, json!({ "refresh_token": "refresh-ada-7" }));
}

/// The token was refused because another process had used it: its session is not over.
#[tokio::test]
async fn a_refusal_ends_nothing_if_another_process_has_a_newer_token() {
    let store = store_with("ada", -10);
    let other = Arc::clone(&store);
    let server = Server::start(move |_| {
        put(&other, kept(&other).as_ref(), Some(&saved("ada", 4, 3600)));
        (400, error("refresh_token_already_used"))
    })
    .await;
    let client = client(&server, &store);
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-4"));
    assert!(kept(&store).is_some());
}

#[tokio::test]
async fn who_signs_out_while_a_refresh_is_on_its_way_stays_signed_out() {
    let store = store_with("ada", -10);
    let client: Arc<OnceLock<Client>> = Arc::default();
    let inside = Arc::clone(&client);
    let server = Server::start(move |_| {
        let client = inside.get().unwrap().clone();
        client.forget_session().into_future().now_or_never().unwrap().unwrap();
        (200, session("ada", 1, 3600))
    })
    .await;
    let client = client.get_or_init(|| self::client(&server, &store));
    assert_eq!(token(client).await, None);
    assert!(kept(&store).is_none());
}

#[tokio::test]
async fn a_server_whose_clock_is_hours_off_changes_nothing() {
    for skew in [-7200, 7200] {
        let server = Server::start(move |_| (200, session("ada", 1, 3600 + skew))).await;
        let store = Arc::new(MemoryStore::new());
        let client = client(&server, &store);
        client.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap();
        assert_eq!(token(&client).await.as_deref(), Some("access-ada-1"));
        assert_eq!(server.refreshes(), 0, "{skew}");
        // Nor does it for the next run of the program.
        let again = self::client(&server, &store);
        assert_eq!(token(&again).await.as_deref(), Some("access-ada-1"));
        assert_eq!(server.refreshes(), 0, "{skew}");
    }
}

/// The clock was five hours ahead at the sign-in, and was set right: three hours later, the token is not what it seems.
#[tokio::test]
async fn a_clock_that_was_ahead_makes_no_dead_token_good() {
    fn after(hours: u64) -> std::time::SystemTime {
        std::time::SystemTime::now() + Duration::from_secs(hours * 3600)
    }
    let server =
        Server::start(|sent| (200, session("ada", u32::from(sent.grant() == "refresh_token"), 3600))).await;
    let store = Arc::new(MemoryStore::new());
    let client = server.builder_with(&store).clock(|| after(5)).build().unwrap();
    client.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap();
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-0"));
    let again = server.builder_with(&store).clock(|| after(3)).build().unwrap();
    assert_eq!(token(&again).await.as_deref(), Some("access-ada-1"));
    assert_eq!(server.refreshes(), 1);
}

#[tokio::test]
async fn tokens_are_refreshed_in_the_background_before_a_request_needs_them() {
    let server = Server::start(refreshing("ada")).await;
    let store = store_with("ada", 50);
    let client = server.builder_with(&store).auto_refresh_token(true).build().unwrap();
    let mut events = client.events();
    assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(Some(_)))));
    let Some(AuthEvent::TokenRefreshed(session)) = events.next().await else { panic!("nothing came") };
    assert_eq!(session.access_token.expose_secret(), "access-ada-1");
    assert_eq!(server.refreshes(), 1);
}

#[tokio::test]
async fn nothing_outlives_the_last_handle() {
    let server = Server::start(refreshing("ada")).await;
    let store = store_with("ada", 3600);
    let client = server.builder_with(&store).auto_refresh_token(true).build().unwrap();
    let mut events = client.events();
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-0"));
    let clone = client.clone();
    drop(client);
    assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(Some(_)))));
    assert!(events.next().now_or_never().is_none());
    drop(clone);
    assert!(events.next().await.is_none(), "the stream has ended");
    // What was aborted is dropped when its runtime comes to it.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert_eq!(Arc::strong_count(&store), 1, "something still holds the store");
}

/// A store that calls back into the client, as a lock held across it would not survive.
#[derive(Default)]
struct Curious {
    inner: MemoryStore,
    client: OnceLock<Client>,
    seen: Mutex<Vec<bool>>,
}

impl Curious {
    fn look(&self) {
        if let Some(client) = self.client.get() {
            let _events = client.events();
            let is_there = client.access_token().now_or_never().is_some();
            self.seen.lock().unwrap().push(is_there);
        }
    }
}

impl SessionStore for Curious {
    async fn load(&self, key: &str) -> Result<Option<SavedSession>, Box<dyn StdError + Send + Sync>> {
        self.look();
        self.inner.load(key).await
    }

    async fn swap(
        &self,
        key: &str,
        expected: Option<&SavedSession>,
        new: Option<&SavedSession>,
    ) -> Result<bool, Box<dyn StdError + Send + Sync>> {
        self.look();
        self.inner.swap(key, expected, new).await
    }
}

#[tokio::test]
async fn no_lock_is_held_while_a_store_is_at_work() {
    let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
    let store = Arc::new(Curious::default());
    let client = server.builder().session_store(Arc::clone(&store)).build().unwrap();
    assert!(store.client.set(client.clone()).is_ok());
    client.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap();
    client.sign_out(SignOutScope::Local).await.unwrap();
    // Signed in or out, the answer was there at once.
    let seen = store.seen.lock().unwrap().clone();
    assert!(seen.len() >= 2 && seen.iter().all(|is_there| *is_there), "{seen:?}");
}

/// A store that does not work.
struct Broken;

impl SessionStore for Broken {
    async fn load(&self, _: &str) -> Result<Option<SavedSession>, Box<dyn StdError + Send + Sync>> {
        Err("the disk is gone".into())
    }

    async fn swap(
        &self,
        _: &str,
        _: Option<&SavedSession>,
        _: Option<&SavedSession>,
    ) -> Result<bool, Box<dyn StdError + Send + Sync>> {
        Err("the disk is gone".into())
    }
}

#[tokio::test]
async fn a_store_that_fails_is_told_and_stops_no_sign_in() {
    let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
    let client = server.builder().session_store(Broken).build().unwrap();
    assert_eq!(client.get_session().await.unwrap_err().kind(), ErrorKind::Store);
    let mut events = client.events();
    client.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap();
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-1"));
    let mut told = Vec::new();
    while let Some(Some(event)) = events.next().now_or_never() {
        told.push(event);
    }
    assert!(told.iter().any(|event| matches!(event, AuthEvent::SignedIn(_))), "{told:?}");
    assert!(told.iter().any(|event| matches!(event, AuthEvent::StoreFailed(_))), "{told:?}");
}

#[tokio::test]
async fn what_cannot_be_read_in_a_store_is_told_as_missing() {
    let store = Arc::new(MemoryStore::new());
    put(&store, None, Some(&SavedSession::from("{not a session".to_owned())));
    let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
    let client = client(&server, &store);
    let mut events = client.events();
    assert_eq!(token(&client).await, None);
    assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(None))));
    assert!(matches!(events.next().await, Some(AuthEvent::SignedOut(SignOutReason::Missing))));
    client.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap();
    assert!(kept(&store).unwrap().session().is_ok());
}

/// A refresh token that the wrong server sees is one that somebody else can use.
#[tokio::test]
async fn two_servers_of_one_host_share_a_store_and_no_session() {
    let store = Arc::new(MemoryStore::new());
    let one = Server::start(|_| (200, session("ada", 1, 3600))).await;
    let two = Server::start(|_| (200, session("bob", 1, 3600))).await;
    let client = one.builder().session_store(Arc::clone(&store)).build().unwrap();
    client.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap();
    let other = two.builder().session_store(Arc::clone(&store)).build().unwrap();
    assert_eq!(token(&other).await, None);
    assert_eq!(other.refresh_session().await.unwrap_err().kind(), ErrorKind::SessionMissing);
    assert!(two.sent().is_empty());
}

#[tokio::test]
async fn without_persistence_the_store_is_left_alone() {
    let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
    let store = store_with("bob", 3600);
    let before = kept(&store);
    let client = server.builder_with(&store).persist_session(false).build().unwrap();
    assert_eq!(token(&client).await, None);
    client.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap();
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-1"));
    assert_eq!(kept(&store), before);
}

#[tokio::test]
async fn a_sign_out_that_does_not_reach_the_server_keeps_the_session() {
    let server = Server::start(|_| (503, json!(null))).await;
    let store = store_with("ada", 3600);
    let client = client(&server, &store);
    assert_eq!(client.sign_out(SignOutScope::Global).await.unwrap_err().status(), Some(503));
    assert!(token(&client).await.is_some() && kept(&store).is_some());
    // Without the server, on the user's word.
    client.forget_session().await.unwrap();
    assert!(token(&client).await.is_none() && kept(&store).is_none());
}

#[tokio::test]
async fn signing_out_the_others_keeps_this_one() {
    let server = Server::start(|_| (204, json!(null))).await;
    let client = client(&server, &store_with("ada", 3600));
    client.sign_out(SignOutScope::Others).await.unwrap();
    assert_eq!(server.last().query("scope"), Some("others"));
    assert_eq!(server.last().header("authorization"), Some("Bearer access-ada-0"));
    assert!(token(&client).await.is_some());
}

/// By a session that is over, no other can be ended: who asked for that must know that they live on.
#[tokio::test]
async fn a_dead_session_says_that_it_ended_no_others() {
    let gone = || (403, error("session_not_found"));
    // Its access token is refused, or has expired and its refresh token is refused.
    for left in [3600, -10] {
        for (scope, is_done, stays) in [
            (SignOutScope::Local, true, false),
            (SignOutScope::Global, false, false),
            (SignOutScope::Others, false, left > 0),
        ] {
            let server = Server::start(move |_| gone()).await;
            let store = store_with("ada", left);
            let client = client(&server, &store);
            match client.sign_out(scope).await {
                Ok(()) => assert!(is_done, "{scope:?}"),
                Err(error) => {
                    assert_eq!((is_done, error.code()), (false, Some(&Code::SessionNotFound)), "{scope:?}");
                }
            }
            assert_eq!(kept(&store).is_some(), stays, "{scope:?} {left}");
            assert_eq!(token(&client).await.is_some(), stays, "{scope:?} {left}");
        }
    }
    // A user who is gone has no other sessions.
    let server = Server::start(|_| (403, error("user_not_found"))).await;
    let client = client(&server, &store_with("ada", 3600));
    client.sign_out(SignOutScope::Global).await.unwrap();
    assert_eq!(token(&client).await, None);
}

/// The first answer was lost, and the sessions had ended: who sends it again is one of those who are signed out.
#[tokio::test]
async fn a_sign_out_whose_answer_was_lost_is_done() {
    // What a limit has refused, and the refresh before the sign-out, have ended nothing.
    for (first, left, is_done) in [(502, 3600, true), (429, 3600, false), (502, -10, false)] {
        let asked = AtomicU32::new(0);
        let server = Server::start(move |_| match asked.fetch_add(1, Ordering::SeqCst) {
            0 => (first, json!(null)),
            _ => (403, error("session_not_found")),
        })
        .await;
        let client = server.builder_with(&store_with("ada", left)).max_retries(1).build().unwrap();
        let outcome = client.sign_out(SignOutScope::Global).await;
        assert_eq!(server.sent().len(), 2);
        assert_eq!(outcome.is_ok(), is_done, "{outcome:?}");
        assert_eq!(token(&client).await, None);
    }
}

#[tokio::test]
async fn a_user_who_is_changed_is_told_and_kept() {
    let server = Server::start(|_| (200, json!({ "id": "ada", "user_metadata": { "hat": "red" } }))).await;
    let store = store_with("ada", 3600);
    let client = client(&server, &store);
    let mut events = client.events();
    client.update_user(gotrue_rs::UserUpdate::data(json!({ "hat": "red" }))).await.unwrap();
    assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(Some(_)))));
    let Some(AuthEvent::UserUpdated(session)) = events.next().await else { panic!("nothing came") };
    assert_eq!(session.user.user_metadata["hat"], "red");
    assert_eq!(session.access_token.expose_secret(), "access-ada-0");
    assert_eq!(kept(&store).unwrap().session().unwrap().user.user_metadata["hat"], "red");
}

#[tokio::test]
async fn a_change_of_the_user_outlives_what_another_process_has_refreshed() {
    let changed =
        json!({ "id": "ada", "user_metadata": { "hat": "red" }, "updated_at": "2026-11-25T08:00:00Z" });
    let server = Server::start(move |_| (200, changed.clone())).await;
    let store = store_with("ada", 3000);
    let client = client(&server, &store);
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-0"));
    put(&store, kept(&store).as_ref(), Some(&saved("ada", 7, 3600)));
    client.update_user(gotrue_rs::UserUpdate::data(json!({ "hat": "red" }))).await.unwrap();
    let stored = kept(&store).unwrap().session().unwrap();
    let held = client.get_session().await.unwrap().unwrap();
    for session in [&stored, &*held] {
        assert_eq!(session.access_token.expose_secret(), "access-ada-7");
        assert_eq!(session.user.user_metadata["hat"], "red");
    }
}

#[tokio::test]
async fn a_session_of_elsewhere_is_proven_or_refreshed() {
    // Header and payload of a JWT that says only when it expires, and for whom.
    let jwt = |exp: i64| {
        use base64::Engine;
        let part = |json: Value| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json.to_string());
        format!(
            "{}.{}.c2ln",
            part(json!({ "alg": "HS256", "typ": "JWT" })),
            part(json!({ "exp": exp, "sub": "ada", "role": "authenticated" }))
        )
    };
    let server = Server::start(|sent| match (sent.path.as_str(), sent.header("authorization")) {
        ("/user", Some(bearer)) if bearer.ends_with(".bGF0ZQ") => (403, error("bad_jwt")),
        ("/user", _) => (200, json!({ "id": "ada" })),
        _ => (200, session("ada", 5, 3600)),
    })
    .await;
    let client = server.client();
    let good = jwt(common::now() + 3600);
    let set = client.set_session(good.as_str(), "refresh").await.unwrap();
    assert_eq!((set.user.id.as_str(), set.access_token.expose_secret()), ("ada", good.as_str()));
    assert_eq!(server.refreshes(), 0);
    let set = client.set_session(jwt(common::now() - 1), "refresh").await.unwrap();
    assert_eq!(set.access_token.expose_secret(), "access-ada-5");
    assert_eq!(server.last().body, json!({ "refresh_token": "refresh" }));
    // This machine's clock is behind, and the server knows that the token has expired.
    let late = jwt(common::now() + 3600).replace(".c2ln", ".bGF0ZQ");
    let set = client.set_session(late, "another").await.unwrap();
    assert_eq!(set.access_token.expose_secret(), "access-ada-5");
    assert_eq!(server.last().body, json!({ "refresh_token": "another" }));
    assert_eq!(client.set_session(good, "").await.unwrap_err().kind(), ErrorKind::Invalid);
    let error = client.set_session("secret", "refresh").await.unwrap_err();
    assert!(!format!("{error:?}").contains("secret"), "{error:?}");
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-5"), "who was signed in stays so");
}

#[tokio::test]
async fn calls_that_need_a_user_say_so_before_anything_is_sent() {
    let server = Server::start(|_| (200, json!({}))).await;
    let client = server.client();
    for error in [
        client.get_user().await.unwrap_err(),
        client.reauthenticate().await.unwrap_err(),
        client.refresh_session().await.unwrap_err(),
        client.unlink_identity("id").await.unwrap_err(),
        client.link_identity(gotrue_rs::OAuth::provider("github")).await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::SessionMissing);
    }
    client.sign_out(SignOutScope::Global).await.unwrap();
    assert!(server.sent().is_empty());
}

/// One that answered as if nobody were signed in would say of a sign-out that it was done.
#[tokio::test]
async fn a_client_that_refuses_says_why_to_every_call() {
    let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
    let store = store_with("ada", 3600);
    let client = server.builder_with(&store).refuse("users sign in elsewhere").build().unwrap();
    for error in [
        client.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap_err(),
        client.sign_in(gotrue_rs::OAuth::provider("github")).await.unwrap_err(),
        client.sign_out(SignOutScope::Global).await.unwrap_err(),
        client.sign_out(SignOutScope::Local).await.unwrap_err(),
        client.get_session().await.unwrap_err(),
        client.access_token().await.unwrap_err(),
        client.refresh_session().await.unwrap_err(),
        client.set_session("no JWT", "refresh").await.unwrap_err(),
        client.forget_session().await.unwrap_err(),
        client.get_user().await.unwrap_err(),
        client.update_user(gotrue_rs::UserUpdate::password("correct horse")).await.unwrap_err(),
        client.get_claims().await.unwrap_err(),
        client.mfa().list_factors().await.unwrap_err(),
    ] {
        assert_eq!(
            (error.kind(), error.message()),
            (ErrorKind::Invalid, "users sign in elsewhere"),
            "{error}"
        );
    }
    assert!(matches!(client.events().next().await, Some(AuthEvent::InitialSession(None))));
    assert!(server.sent().is_empty());
    assert!(kept(&store).is_some());
}

#[tokio::test]
async fn a_failed_sign_in_leaves_whoever_was_signed_in() {
    let server = Server::start(|_| (400, error("invalid_credentials"))).await;
    let client = client(&server, &store_with("ada", 3600));
    let error = client.sign_in(Password::email("bob@example.com", "wrong")).await.unwrap_err();
    assert_eq!(error.code(), Some(&Code::InvalidCredentials));
    assert_eq!(token(&client).await.as_deref(), Some("access-ada-0"));
}

#[tokio::test]
async fn a_call_has_a_time_limit_of_its_own() {
    let server = silent();
    let client = at(server.url()).build().unwrap();
    let error = client.settings().timeout(Duration::from_millis(50)).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[tokio::test]
async fn the_time_limit_of_a_call_holds_for_the_refresh_before_it() {
    let server = silent();
    let store = store_with("ada", -10);
    let client = at(server.url()).session_store(store).storage_key("key").build().unwrap();
    let error = client.get_user().timeout(Duration::from_millis(50)).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
    assert!(matches!(client.events().next().await, Some(AuthEvent::InitialSession(Some(_)))));
}

/// Futures and answers go where the caller's tasks go.
#[test]
fn everything_can_be_sent_to_another_thread() {
    fn is_send<T: Send + 'static>(_: T) {}
    fn is_shared<T: Send + Sync + Clone + 'static>(_: &T) {}
    let auth = Client::new("http://127.0.0.1:1", "sb_publishable_test").unwrap();
    is_shared(&auth);
    is_send(auth.get_session().into_future());
    is_send(auth.sign_in(Password::email("a", "b")).into_future());
    is_send(auth.events());
    let clone = auth.clone();
    is_send(async move { clone.access_token().await });
    let size = size_of::<gotrue_rs::Error>();
    assert!(size <= 16, "{size}");
}

#[cfg(feature = "blocking")]
#[test]
fn calls_are_made_from_code_that_is_not_async() {
    use gotrue_rs::blocking::Wait;
    let server = Raw::start([Raw::json("200 OK", 2, "{}")]);
    let auth = at(server.url()).build().unwrap();
    assert!(auth.settings().wait().unwrap().external.is_empty());
}
