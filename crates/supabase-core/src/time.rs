//! The only clock and the only sleep of these crates: std's clock does not exist in the browser.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

// tokio's, which is std's until a test stops the clock.
#[cfg(not(target_family = "wasm"))]
pub use tokio::time::Instant;
#[cfg(target_family = "wasm")]
pub use web_time::Instant;

/// Waits for `duration`.
#[cfg(not(target_family = "wasm"))]
pub async fn sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// Waits for `duration`.
#[cfg(target_family = "wasm")]
pub async fn sleep(duration: Duration) {
    // The browser counts milliseconds in an i32; a longer wait would end at once.
    const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);
    gloo_timers::future::sleep(duration.min(LONGEST)).await;
}

/// Whether [`sleep`] can be waited for here: tokio's clock is its runtime's.
#[cfg(not(target_family = "wasm"))]
pub fn can_sleep() -> bool {
    tokio::runtime::Handle::try_current().is_ok()
}

/// Whether [`sleep`] can be waited for here.
#[cfg(target_family = "wasm")]
pub fn can_sleep() -> bool {
    true
}

/// Runs `work` for at most `limit`; `None` means that time ran out and the work was dropped.
pub async fn limited<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut end = pin!(sleep(limit));
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => end.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// The time of day, for comparing with dates that a server sent.
#[cfg(not(target_family = "wasm"))]
pub fn wall_clock() -> std::time::SystemTime {
    std::time::SystemTime::now()
}

/// The time of day, for comparing with dates that a server sent.
#[cfg(target_family = "wasm")]
pub fn wall_clock() -> std::time::SystemTime {
    use web_time::web::SystemTimeExt;
    web_time::SystemTime::now().to_std()
}
