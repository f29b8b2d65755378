//! Stores that fail, are slow, or never answer: what is decided holds here, and gets there.

mod common;

use std::error::Error as StdError;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::Duration;

use common::{Server, error, saved, session};
use futures_util::FutureExt;
use futures_util::future::poll_immediate;
use gotrue_rs::{
    AuthEvent, Client, ClientBuilder, ErrorKind, MemoryStore, Password, SavedSession, SessionStore,
    SignOutReason, SignOutScope,
};
use serde_json::Value;
use tokio::sync::{Notify, Semaphore};

type BoxError = Box<dyn StdError + Send + Sync>;

/// A store that fails or waits, as a test says.
struct Moody {
    inner: MemoryStore,
    fails_to_read: AtomicBool,
    fails_to_write: AtomicBool,
    /// What each writing needs one of.
    writings: Semaphore,
    begun: Notify,
    written: Notify,
}

impl Moody {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: MemoryStore::new(),
            fails_to_read: AtomicBool::new(false),
            fails_to_write: AtomicBool::new(false),
            writings: Semaphore::new(1000),
            begun: Notify::new(),
            written: Notify::new(),
        })
    }

    /// Has every writing wait from here on.
    fn hold(&self) {
        self.writings.forget_permits(1000);
    }

    fn let_go(&self) {
        self.writings.add_permits(1000);
    }

    fn kept(&self) -> Option<SavedSession> {
        self.inner.load("key").now_or_never().unwrap().unwrap()
    }

    /// Waits until a session is kept, or none.
    async fn until_kept(&self, is_kept: bool) {
        while self.kept().is_some() != is_kept {
            self.written.notified().await;
        }
    }
}

impl SessionStore for Moody {
    async fn load(&self, key: &str) -> Result<Option<SavedSession>, BoxError> {
        match self.fails_to_read.load(Ordering::SeqCst) {
            true => Err("the disk is gone".into()),
            false => self.inner.load(key).await,
        }
    }

    async fn swap(
        &self,
        key: &str,
        expected: Option<&SavedSession>,
        new: Option<&SavedSession>,
    ) -> Result<bool, BoxError> {
        self.begun.notify_one();
        self.writings.acquire().await?.forget();
        if self.fails_to_write.load(Ordering::SeqCst) {
            return Err("the disk is full".into());
        }
        let swapped = self.inner.swap(key, expected, new).await;
        self.written.notify_one();
        swapped
    }
}

async fn server() -> Server {
    Server::start(|sent| match sent.path.as_str() {
        "/logout" => (204, Value::Null),
        _ => (200, session("ada", 1, 3600)),
    })
    .await
}

fn with(builder: ClientBuilder, store: &Arc<Moody>) -> Client {
    builder.session_store(Arc::clone(store)).storage_key("key").build().unwrap()
}

async fn sign_in(client: &Client) {
    client.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap();
}

#[tokio::test]
async fn a_sign_out_that_the_store_did_not_take_says_so_and_is_made_good_by_the_next() {
    let (server, store) = (server().await, Moody::new());
    let client = with(server.builder(), &store);
    for is_local in [true, false] {
        sign_in(&client).await;
        store.fails_to_write.store(true, Ordering::SeqCst);
        let call = match is_local {
            true => client.forget_session(),
            false => client.sign_out(SignOutScope::Local),
        };
        assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Store);
        assert!(client.get_session().await.unwrap().is_none() && store.kept().is_some());
        assert_eq!(client.sign_out(SignOutScope::Local).await.unwrap_err().kind(), ErrorKind::Store);
        store.fails_to_write.store(false, Ordering::SeqCst);
        client.sign_out(SignOutScope::Local).await.unwrap();
        assert!(store.kept().is_none());
    }
}

#[tokio::test]
async fn a_store_that_has_failed_follows_later_by_itself() {
    let server = server().await;
    for in_background in [true, false] {
        let store = Moody::new();
        let client = with(server.builder().auto_refresh_token(in_background), &store);
        store.fails_to_write.store(true, Ordering::SeqCst);
        sign_in(&client).await;
        store.fails_to_write.store(false, Ordering::SeqCst);
        assert!(store.kept().is_none());
        store.until_kept(true).await;
        store.fails_to_write.store(true, Ordering::SeqCst);
        assert!(client.forget_session().await.is_err());
        store.fails_to_write.store(false, Ordering::SeqCst);
        store.until_kept(false).await;
    }
}

#[tokio::test]
async fn what_a_dropped_call_has_decided_reaches_the_store() {
    let (server, store) = (server().await, Moody::new());
    let client = with(server.builder(), &store);
    store.hold();
    let mut call = client.sign_in(Password::email("ada@example.com", "correct horse")).into_future();
    tokio::select! {
        _ = &mut call => panic!("the store has not answered yet"),
        () = store.begun.notified() => drop(call),
    }
    store.let_go();
    store.until_kept(true).await;

    store.hold();
    let mut call = client.sign_out(SignOutScope::Local).into_future();
    tokio::select! {
        _ = &mut call => panic!("the store has not answered yet"),
        () = store.begun.notified() => drop(call),
    }
    store.let_go();
    store.until_kept(false).await;
    assert!(client.get_session().await.unwrap().is_none());
}

#[tokio::test]
async fn a_store_that_never_answers_holds_nobody_up_for_longer_than_the_limit() {
    let (server, store) = (server().await, Moody::new());
    let client = with(server.builder().timeout(Duration::from_millis(300)), &store);
    let calls = async {
        store.hold();
        sign_in(&client).await;
        client.refresh_session().await.unwrap();
        assert!(client.get_session().await.unwrap().is_some());
        // Nothing has ever reached the store.
        client.sign_out(SignOutScope::Local).await.unwrap();
        store.let_go();
        sign_in(&client).await;
        store.hold();
        assert_eq!(client.sign_out(SignOutScope::Local).await.unwrap_err().kind(), ErrorKind::Store);
        assert!(client.get_session().await.unwrap().is_none());
    };
    tokio::time::timeout(Duration::from_secs(10), calls).await.expect("it hangs");
    store.let_go();
    client.sign_out(SignOutScope::Local).await.unwrap();
    assert!(store.kept().is_none());
}

/// What is to be forgotten is the session that was refused, and not the one that another process has begun since.
#[tokio::test]
async fn a_refused_session_that_the_store_could_not_forget_takes_no_other_with_it() {
    for theirs in [None, Some(saved("bob", 0, 3600)), Some(saved("ada", 9, 3600))] {
        let server = Server::start(|_| (400, error("session_not_found"))).await;
        let store = Moody::new();
        assert!(store.inner.swap("key", None, Some(&saved("ada", 0, 3000))).await.unwrap());
        let client = with(server.builder(), &store);
        let mut events = client.events();
        assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(Some(_)))));
        store.fails_to_write.store(true, Ordering::SeqCst);
        client.refresh_session().await.unwrap_err();
        assert!(client.get_session().await.unwrap().is_none());
        if theirs.is_some() {
            assert!(store.inner.swap("key", store.kept().as_ref(), theirs.as_ref()).await.unwrap());
        }
        store.fails_to_write.store(false, Ordering::SeqCst);
        if theirs.is_none() {
            // Nothing but the next look at the store.
            tokio::time::timeout(Duration::from_secs(10), store.until_kept(false)).await.unwrap();
            continue;
        }
        let told = async {
            loop {
                match events.next().await {
                    Some(AuthEvent::SignedIn(session)) => break session,
                    Some(AuthEvent::StoreFailed(_) | AuthEvent::SignedOut(SignOutReason::Expired)) => {}
                    other => panic!("{other:?}"),
                }
            }
        };
        let told = tokio::time::timeout(Duration::from_secs(10), told).await.expect("it is not followed");
        assert!(store.kept() == theirs, "it was erased");
        let held = client.get_session().await.unwrap().unwrap();
        assert_eq!(SavedSession::of(&told), SavedSession::of(&held));
        assert_eq!(theirs, Some(SavedSession::of(&held)));
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_told_once() {
    let (server, store) = (server().await, Moody::new());
    let client = with(server.builder(), &store);
    sign_in(&client).await;
    let mut events = client.events();
    assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(Some(_)))));
    store.fails_to_read.store(true, Ordering::SeqCst);
    client.refresh_session().await.unwrap();
    let mut told = Vec::new();
    while let Some(Some(event)) = events.next().now_or_never() {
        told.push(matches!(event, AuthEvent::StoreFailed(_)));
    }
    // Once for the look before the refresh, and once for that at what has changed since.
    assert_eq!(told.iter().filter(|is_failure| **is_failure).count(), 2, "{told:?}");
}

/// What a store loses or sets aside while it fails is no word of another process.
#[tokio::test]
async fn a_session_that_the_store_has_lost_goes_on() {
    let (server, store) = (server().await, Moody::new());
    let client = with(server.builder(), &store);
    sign_in(&client).await;
    store.fails_to_read.store(true, Ordering::SeqCst);
    store.fails_to_write.store(true, Ordering::SeqCst);
    client.refresh_session().await.unwrap();
    let lost = store.kept();
    assert!(store.inner.swap("key", lost.as_ref(), None).await.unwrap());
    store.fails_to_read.store(false, Ordering::SeqCst);
    store.fails_to_write.store(false, Ordering::SeqCst);
    client.refresh_session().await.unwrap();
    assert!(client.get_session().await.unwrap().is_some());
    store.until_kept(true).await;
}

#[tokio::test]
async fn who_only_listens_learns_that_the_store_cannot_be_read_and_who_is_signed_in_once_it_can() {
    let (server, store) = (server().await, Moody::new());
    sign_in(&with(server.builder(), &store)).await;
    store.fails_to_read.store(true, Ordering::SeqCst);
    let client = with(server.builder(), &store);
    let mut events = client.events();
    let first = events.next().now_or_never().expect("it waits");
    assert!(matches!(first, Some(AuthEvent::StoreFailed(_))), "{first:?}");
    assert!(matches!(client.events().next().await, Some(AuthEvent::StoreFailed(_))));
    store.fails_to_read.store(false, Ordering::SeqCst);
    loop {
        match events.next().await {
            Some(AuthEvent::StoreFailed(_)) => {}
            Some(AuthEvent::InitialSession(Some(session))) => break assert_eq!(session.user.id, "ada"),
            other => panic!("{other:?}"),
        }
    }
    // The end comes also where the beginning never did.
    store.fails_to_read.store(true, Ordering::SeqCst);
    let client = with(server.builder(), &store);
    let mut events = client.events();
    assert!(events.next().await.is_some());
    drop(client);
    while events.next().await.is_some() {}
    let holders = Arc::strong_count(&store);
    drop(events);
    assert_eq!(Arc::strong_count(&store), holders);
}

/// Nothing but the network needs tokio.
#[test]
fn a_store_of_another_runtime_works_without_tokio() {
    struct Late;
    impl SessionStore for Late {
        async fn load(&self, _: &str) -> Result<Option<SavedSession>, BoxError> {
            let mut has_waited = false;
            std::future::poll_fn(move |context| {
                context.waker().wake_by_ref();
                if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            Err("the keyring is locked".into())
        }

        async fn swap(
            &self,
            _: &str,
            _: Option<&SavedSession>,
            _: Option<&SavedSession>,
        ) -> Result<bool, BoxError> {
            Err("the keyring is locked".into())
        }
    }
    fn run(work: impl Future<Output = ()>) {
        let mut work = pin!(work);
        while poll_immediate(&mut work).now_or_never().flatten().is_none() {}
    }
    let client = common::at("http://127.0.0.1:1").session_store(Late).build().unwrap();
    run(async {
        assert_eq!(client.get_session().await.unwrap_err().kind(), ErrorKind::Store);
        assert!(matches!(client.events().next().await, Some(AuthEvent::StoreFailed(_))));
        assert_eq!(client.forget_session().await.unwrap_err().kind(), ErrorKind::Store);
    });
}
