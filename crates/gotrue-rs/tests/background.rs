//! What goes on in the background, in a time that stands still while nothing happens.

mod common;

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use common::{at, saved};
use gotrue_rs::{AuthEvent, Client, ClientBuilder, MemoryStore, SavedSession, SessionStore};

/// A store that counts how often it is read: once for each refresh that is tried.
#[derive(Default)]
struct Counting {
    inner: MemoryStore,
    loads: AtomicU32,
}

impl SessionStore for Counting {
    async fn load(&self, key: &str) -> Result<Option<SavedSession>, Box<dyn StdError + Send + Sync>> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        self.inner.load(key).await
    }

    async fn swap(
        &self,
        key: &str,
        expected: Option<&SavedSession>,
        new: Option<&SavedSession>,
    ) -> Result<bool, Box<dyn StdError + Send + Sync>> {
        self.inner.swap(key, expected, new).await
    }
}

/// A client whose server cannot be reached, with a session of this much life left.
async fn alone(left: i64) -> (Client, Arc<Counting>) {
    let (builder, store) = alone_with(left).await;
    (builder.build().unwrap(), store)
}

/// The same, with something more to be said of it.
async fn alone_with(left: i64) -> (ClientBuilder, Arc<Counting>) {
    let store = Arc::new(Counting::default());
    assert!(store.swap("key", None, Some(&saved("ada", 0, left))).await.unwrap());
    let builder = at("http://127.0.0.1:1").session_store(Arc::clone(&store)).storage_key("key");
    (builder, store)
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_tried_again_after_growing_pauses_and_never_given_up() {
    let (client, store) = alone(-10).await;
    let mut events = client.events();
    assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(Some(_)))));
    tokio::time::sleep(Duration::from_secs(60)).await;
    let first_minute = store.loads.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(600)).await;
    let later = store.loads.load(Ordering::SeqCst) - first_minute;
    // One after the other at first, and then every half a minute; one that hangs takes its time limit.
    assert!((2..=10).contains(&first_minute), "{first_minute} in the first minute");
    assert!((5..=21).contains(&later), "{later} in the next ten");
    // All that trouble has ended nothing.
    assert!(store.inner.load("key").await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn nothing_is_done_before_it_is_due() {
    let (client, store) = alone(3600).await;
    assert!(client.access_token().await.unwrap().is_some());
    tokio::time::sleep(Duration::from_secs(3600 - 100)).await;
    assert_eq!(store.loads.load(Ordering::SeqCst), 1, "only the first look");
    // Ninety seconds before its end, the token is refreshed in the background.
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert!(store.loads.load(Ordering::SeqCst) >= 2);
    // And while it cannot be, it is used for as long as it is good.
    assert!(client.access_token().await.unwrap().is_some());
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert!(client.access_token().await.is_err(), "it never goes on as nobody");
}

#[tokio::test(start_paused = true)]
async fn without_a_handle_nothing_is_tried_any_more() {
    let (client, store) = alone(-10).await;
    let mut events = client.events();
    assert!(events.next().await.is_some());
    tokio::time::sleep(Duration::from_secs(5)).await;
    drop(client);
    assert!(events.next().await.is_none());
    tokio::task::yield_now().await;
    let tried = store.loads.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(store.loads.load(Ordering::SeqCst), tried);
    assert_eq!(Arc::strong_count(&store), 1);
}

#[tokio::test(start_paused = true)]
async fn a_margin_without_end_refreshes_early_and_breaks_nothing() {
    let (builder, store) = alone_with(3600).await;
    let client = builder.refresh_margin(Duration::MAX).build().unwrap();
    assert!(client.access_token().await.unwrap().is_some());
    tokio::time::sleep(Duration::from_secs(3600 * 3 / 4 - 60)).await;
    assert_eq!(store.loads.load(Ordering::SeqCst), 1, "only the first look");
    // However large the margin, it is at most a quarter of the token's life.
    tokio::time::sleep(Duration::from_secs(120)).await;
    assert!(store.loads.load(Ordering::SeqCst) >= 2);
}
