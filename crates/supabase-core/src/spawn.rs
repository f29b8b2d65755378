//! The only way in which these crates start a task of their own.

use crate::failure::Failure;
use crate::maybe_send::MaybeSend;

/// Runs `task` beside everything else. It is dropped with the runtime that it runs on.
///
/// # Errors
/// Nothing here could run it: this was called outside of a tokio runtime.
#[cfg(not(target_family = "wasm"))]
pub fn spawn(task: impl Future<Output = ()> + MaybeSend + 'static) -> Result<(), Failure> {
    let runtime = tokio::runtime::Handle::try_current().map_err(|error| {
        Failure::invalid_because("this needs a tokio runtime, and was called outside of one", error)
    })?;
    runtime.spawn(task);
    Ok(())
}

/// Runs `task` beside everything else.
///
/// # Errors
/// None in the browser.
#[cfg(target_family = "wasm")]
pub fn spawn(task: impl Future<Output = ()> + MaybeSend + 'static) -> Result<(), Failure> {
    wasm_bindgen_futures::spawn_local(task);
    Ok(())
}

/// Whether this runs on the runtime of blocking calls, and not on the caller's own.
#[cfg(all(feature = "blocking", not(target_family = "wasm")))]
pub fn is_blocking() -> bool {
    crate::blocking::is_here()
}

/// Whether this runs on the runtime of blocking calls: without the feature, there are none.
#[cfg(not(all(feature = "blocking", not(target_family = "wasm"))))]
pub fn is_blocking() -> bool {
    false
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_task_runs_beside_its_starter() {
        let (sender, receiver) = futures_channel();
        spawn(async move {
            let _ = sender.send(7);
        })
        .unwrap();
        assert_eq!(receiver.await.unwrap(), 7);
    }

    #[test]
    fn outside_of_a_runtime_it_says_so() {
        let failure = spawn(async {}).unwrap_err();
        assert!(failure.message().contains("tokio runtime"), "{}", failure.message());
    }

    fn futures_channel() -> (tokio::sync::oneshot::Sender<u8>, tokio::sync::oneshot::Receiver<u8>) {
        tokio::sync::oneshot::channel()
    }
}
