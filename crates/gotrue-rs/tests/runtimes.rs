//! A client that is used on several runtimes, of which one may stand still: nobody waits for ever for what it began.

mod common;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use common::{Server, session, store_with};
use futures_util::future::poll_immediate;
use gotrue_rs::Client;
use secrecy::ExposeSecret;
use tokio::runtime::{Builder, Runtime};

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// A server whose first answer takes a while, and a client of it whose token has expired.
fn slow(runtime: &Runtime) -> (Server, Client) {
    let is_first = AtomicBool::new(true);
    let server = runtime.block_on(Server::start(move |_| {
        if is_first.swap(false, Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(200));
        }
        (200, session("ada", 1, 3600))
    }));
    let client = server.builder_with(&store_with("ada", -10)).build().unwrap();
    (server, client)
}

#[cfg(feature = "blocking")]
#[test]
fn a_blocking_call_does_not_wait_for_what_only_its_own_thread_drives() {
    use gotrue_rs::blocking::Wait;
    let (done, outcome) = std::sync::mpsc::channel();
    // What hangs must not hang the test.
    std::thread::spawn(move || {
        let runtime = runtime();
        let (_server, client) = slow(&runtime);
        runtime.block_on(async {
            let begun = tokio::spawn(client.get_session().into_future());
            // The request is on its way, and its answer is not there before this thread is blocked.
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert!(!begun.is_finished());
            let waited = client.get_session().wait().unwrap().unwrap();
            let begun = begun.await.unwrap().unwrap().unwrap();
            done.send((waited, begun)).unwrap();
        });
    });
    let (waited, begun) = outcome.recv_timeout(Duration::from_secs(10)).expect("it hangs");
    assert_eq!(waited.access_token.expose_secret(), "access-ada-1");
    assert_eq!(begun.access_token.expose_secret(), "access-ada-1");
}

#[test]
fn a_refresh_that_nothing_drives_any_more_is_given_up_and_begun_again() {
    let still = runtime();
    let (server, client) = slow(&still);
    let mut begun = client.get_session().into_future();
    assert!(still.block_on(poll_immediate(&mut begun)).is_none());
    runtime().block_on(async {
        tokio::time::pause();
        let waited = tokio::time::timeout(Duration::from_secs(3600), client.get_session()).await;
        assert!(waited.expect("it hangs").unwrap_err().is_timeout());
        tokio::time::resume();
        let session = client.get_session().await.unwrap().unwrap();
        assert_eq!(session.access_token.expose_secret(), "access-ada-1");
    });
    assert!(server.refreshes() >= 1);
}
