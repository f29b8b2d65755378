//! What goes on in the background while somebody holds the client: refreshes, and a store that is behind.

use std::pin::pin;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use futures_util::future::{abortable, select};
use supabase_core::{sleep, spawn};

use crate::session::flight::Reason;
use crate::session::sessions::Sessions;

/// How much earlier than a request would a token is refreshed in the background.
const HEAD_START: u32 = 3;

/// How long it waits after each refresh at the least, whatever a server says about the life of its tokens.
const SHORTEST_SLEEP: Duration = Duration::from_secs(1);

/// How long the keeper sleeps at the most: the steady clock, by which it sleeps, stands still while the machine does.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Begins to refresh in the background, if that is wanted and has not begun; and to have a store follow that has failed
/// before, whatever is wanted.
pub(super) fn start(sessions: &Arc<Sessions>) {
    let mut state = sessions.lock();
    if state.keeper.is_some() || state.is_closed {
        return;
    }
    if !sessions.rules.in_background && !state.machine.has_failed_to_save() {
        return;
    }
    let watch = Watch(Arc::clone(sessions));
    let (work, handle) = abortable(async move { watch.keep().await });
    state.keeper = Some(handle);
    drop(state);
    let begun = spawn(async move {
        let _ = work.await;
    });
    // Without a runtime, each request refreshes for itself; the watch has ended with the work.
    if let Err(failure) = begun {
        tracing::debug!(%failure, "tokens are not refreshed in the background");
    }
}

/// Says that nobody watches any more when it is dropped, as it is with the runtime that it runs on.
struct Watch(Arc<Sessions>);

impl Drop for Watch {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).keeper = None;
    }
}

impl Watch {
    async fn keep(&self) {
        let sessions = &self.0;
        let margin = sessions.rules.margin.saturating_mul(HEAD_START);
        loop {
            // Asked for before the look, so that no change falls between the two.
            let changed = sessions.changed.notified();
            // The clocks are read outside of the lock that all requests pass.
            let now = sessions.now();
            let (save, refresh) = {
                let machine = &sessions.lock().machine;
                (machine.save_due_in(now), machine.due_in(now, margin))
            };
            let refresh = refresh.filter(|_| sessions.rules.in_background);
            if save == Some(Duration::ZERO) {
                // A failure was noted, and is due again after a pause.
                let _ = sessions.save().await;
                continue;
            }
            match refresh {
                Some(Duration::ZERO) => {
                    // A failure was noted, and is due again after a pause.
                    let _ = sessions.refresh(Reason::Stale).await;
                    sleep(SHORTEST_SLEEP).await;
                }
                refresh => match [save, refresh].into_iter().flatten().min() {
                    Some(due) => {
                        let pause = sleep(due.min(LONGEST_SLEEP));
                        select(pin!(changed), pin!(pause)).await;
                    }
                    None => changed.await,
                },
            }
        }
    }
}
