//! Sessions in files: whole or not at all, for their user alone, and shared by processes.
#![cfg(feature = "file-store")]

mod common;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use common::{Server, saved, session};
use gotrue_rs::{AuthEvent, FileStore, Password, SavedSession, SessionStore, SignOutScope};
use secrecy::ExposeSecret;

/// A directory of a test's own, which ends with it.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let name = format!("gotrue-rs-test-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    fn store(&self) -> FileStore {
        FileStore::new(&self.0)
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(&self.0)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| !name.ends_with(".lock"))
            .collect();
        names.sort();
        names
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn a_session_survives_the_program_and_ends_with_the_sign_out() {
    let directory = Directory::new();
    let server = Server::start(|sent| match sent.path.as_str() {
        "/logout" => (204, serde_json::Value::Null),
        _ => (200, session("ada", 1, 3600)),
    })
    .await;
    let first = server.builder().session_store(directory.store()).storage_key("app").build().unwrap();
    first.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap();
    drop(first);
    let second = server.builder().session_store(directory.store()).storage_key("app").build().unwrap();
    let token = second.access_token().await.unwrap().unwrap();
    assert_eq!(token.expose_secret(), "access-ada-1");
    assert_eq!(directory.names(), ["app.json"]);
    second.sign_out(SignOutScope::Local).await.unwrap();
    assert!(directory.names().is_empty());
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_user_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::new();
    let store = directory.store();
    // What another program left behind, or one that died while it wrote.
    fs::create_dir_all(&directory.0).unwrap();
    fs::write(directory.0.join("app.new"), "half a sess").unwrap();
    assert!(store.swap("app", None, Some(&saved("ada", 0, 3600))).await.unwrap());
    for entry in fs::read_dir(&directory.0).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.file_name());
    }
    assert_eq!(directory.names(), ["app.json"]);
}

#[tokio::test]
async fn a_key_leads_nowhere_else() {
    let directory = Directory::new();
    let store = directory.store();
    for key in ["../../etc/passwd", "a/b", "..", "", "a\0b", "C:\\x", "ä"] {
        assert!(store.swap(key, None, Some(&saved("ada", 0, 3600))).await.unwrap(), "{key}");
        assert!(store.load(key).await.unwrap().is_some(), "{key}");
    }
    assert_eq!(directory.names().len(), 7, "{:?}", directory.names());
}

#[tokio::test]
async fn a_file_that_holds_no_session_is_told_and_set_aside() {
    for content in ["", "{", "{}", "\u{0}", "[1]"] {
        let directory = Directory::new();
        fs::create_dir_all(&directory.0).unwrap();
        fs::write(directory.0.join("app.json"), content).unwrap();
        let server = Server::start(|_| (200, session("ada", 1, 3600))).await;
        let auth = server.builder().session_store(directory.store()).storage_key("app").build().unwrap();
        let mut events = auth.events();
        assert!(auth.get_session().await.unwrap().is_none(), "{content:?}");
        let Some(AuthEvent::InitialSession(None)) = events.next().await else { panic!("{content:?}") };
        let Some(AuthEvent::StoreFailed(error)) = events.next().await else { panic!("{content:?}") };
        assert!(std::error::Error::source(&error).unwrap().to_string().contains("app.corrupt"), "{error:?}");
        assert_eq!(directory.names(), ["app.corrupt"]);
        assert_eq!(fs::read_to_string(directory.0.join("app.corrupt")).unwrap(), content);
        auth.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap();
        assert_eq!(directory.names(), ["app.corrupt", "app.json"]);
    }
}

/// Each of several writers, with a store of its own as a process would have, adds one to a counter as often as it must
/// try: none is lost, and no reader ever sees a half of anything.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_several_writers_none_overwrites_another() {
    const WRITERS: u32 = 8;
    const TIMES: u32 = 10;
    let directory = Directory::new();
    let count = |saved: Option<&SavedSession>| {
        let Some(saved) = saved else { return 0 };
        let session = saved.session().expect("whole");
        session.access_token.expose_secret().rsplit('-').next().unwrap().parse::<u32>().unwrap()
    };
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let store = directory.store();
            tokio::spawn(async move {
                let mut done = 0;
                // Bounded: somebody succeeds in each round.
                for _ in 0..WRITERS * TIMES * 2 {
                    let seen = store.load("app").await.unwrap();
                    let next = saved("ada", count(seen.as_ref()) + 1, 3600);
                    if store.swap("app", seen.as_ref(), Some(&next)).await.unwrap() {
                        done += 1;
                    }
                    if done == TIMES {
                        return;
                    }
                }
                panic!("a writer never came to its turn");
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(count(directory.store().load("app").await.unwrap().as_ref()), WRITERS * TIMES);
}

/// The file was broken while nobody looked, and the session is still good.
#[tokio::test]
async fn a_file_that_breaks_under_a_session_is_written_anew() {
    let directory = Directory::new();
    let nth = AtomicU32::new(1);
    let server =
        Server::start(move |_| (200, session("ada", nth.fetch_add(1, Ordering::SeqCst), 3600))).await;
    let client = server.builder().session_store(directory.store()).storage_key("app").build().unwrap();
    client.sign_in(Password::email("ada@example.com", "correct horse")).await.unwrap();
    let mut events = client.events();
    fs::write(directory.0.join("app.json"), b"").unwrap();
    let session = client.refresh_session().await.unwrap();
    assert_eq!(session.access_token.expose_secret(), "access-ada-2");
    assert!(matches!(events.next().await, Some(AuthEvent::InitialSession(Some(_)))));
    assert!(matches!(events.next().await, Some(AuthEvent::StoreFailed(_))));
    assert!(matches!(events.next().await, Some(AuthEvent::TokenRefreshed(_))));
    let kept = directory.store().load("app").await.unwrap().unwrap().session().unwrap();
    assert_eq!(kept.access_token.expose_secret(), "access-ada-2");
}

/// A thread that waits for its turn cannot be dropped, and so it looks once more whether anybody wants what it does.
#[test]
fn a_writing_that_nobody_waits_for_any_more_writes_nothing() {
    use fs4::fs_std::FileExt;
    use futures_util::FutureExt;
    let directory = Directory::new();
    fs::create_dir_all(&directory.0).unwrap();
    let turn = fs::File::create(directory.0.join("app.lock")).unwrap();
    FileExt::lock_exclusive(&turn).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let (store, new) = (directory.store(), saved("ada", 1, 3600));
        assert!(store.swap("app", None, Some(&new)).now_or_never().is_none());
    });
    FileExt::unlock(&turn).unwrap();
    // Once its threads are done.
    drop(runtime);
    assert!(directory.names().is_empty(), "{:?}", directory.names());
}
