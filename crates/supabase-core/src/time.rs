//! The only clock and the only sleep of these crates: std's clock does not exist in the browser.

use std::future::poll_fn;
use std::pin::pin;
use std::task::{Context, Poll, ready};
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

/// Waits until a moment, for which it need not ask the clock. Only where [`can_sleep`] says so.
// Whatever else the task does: work that uses up its turn each time would leave none to the clock.
#[cfg(not(target_family = "wasm"))]
fn sleep_until(moment: Instant) -> impl Future<Output = ()> {
    tokio::task::unconstrained(tokio::time::sleep_until(moment))
}

/// Waits until a moment, or for as long as can be waited.
#[cfg(target_family = "wasm")]
fn sleep_until(moment: Instant) -> impl Future<Output = ()> {
    sleep(moment.saturating_duration_since(Instant::now()))
}

/// Runs `work` for at most `limit`; `None` means that time ran out and the work was dropped.
pub async fn limited<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    let (started, mut work) = (Instant::now(), pin!(work));
    limited_since(Some(limit), || started, move |context| work.as_mut().poll(context)).await
}

/// Polls work for at most `limit` after what `since` says, which may be a later moment each time; `None` means that time ran
/// out, and the work is for whoever has it to drop. The timer is begun only where the work has to wait.
#[allow(clippy::manual_async_fn, reason = "an async function would keep what it is given twice")]
pub(crate) fn limited_since<T>(
    limit: Option<Duration>,
    since: impl Fn() -> Instant,
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
) -> impl Future<Output = Option<T>> {
    async move {
        let mut timer = pin!(None);
        // What it needs is moved into it: to follow a pointer to each takes longer than all the rest.
        poll_fn(move |context| {
            if let Poll::Ready(done) = poll(context) {
                return Poll::Ready(Some(done));
            }
            let Some(limit) = limit else { return Poll::Pending };
            loop {
                if timer.is_none() {
                    // A moment that no clock will ever show is no limit.
                    let Some(end) = since().checked_add(limit) else { return Poll::Pending };
                    timer.set(Some(sleep_until(end)));
                }
                let Some(running) = timer.as_mut().as_pin_mut() else { return Poll::Pending };
                ready!(running.poll(context));
                if since().elapsed() >= limit {
                    return Poll::Ready(None);
                }
                timer.set(None);
            }
        })
        .await
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use std::future::ready;

    #[test]
    fn work_that_need_not_wait_needs_no_runtime() {
        let limit = Duration::from_secs(1);
        assert_eq!(limited(limit, ready(1)).now_or_never(), Some(Some(1)));
        assert_eq!(
            limited_since(Some(limit), Instant::now, |_| Poll::Ready(1)).now_or_never(),
            Some(Some(1))
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_limit_that_no_clock_reaches_is_none() {
        let work = sleep(Duration::from_secs(1_000_000));
        assert_eq!(limited(Duration::MAX, work).await, Some(()));
    }

    #[tokio::test]
    async fn a_limit_holds_for_work_that_uses_up_its_turn_each_time() {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        let started = Instant::now();
        let work = async {
            while started.elapsed() < Duration::from_secs(5) {
                sender.send(()).unwrap();
                receiver.recv().await;
            }
        };
        assert_eq!(limited(Duration::from_millis(30), work).await, None);
    }
}
