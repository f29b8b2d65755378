//! The session of a client: the machine, the store, and what goes on between them.
//!
//! No lock is held while the store, the server or a listener is at work; the lock of the state guards only the moments
//! in which the machine decides.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{AbortHandle, Shared, poll_immediate};
use supabase_core::{BoxError, BoxFuture, Transport, can_sleep, limited, sleep, spawn};
use tokio::sync::Notify;

use crate::clock::{Clock, Now};
use crate::error::{Error, Result};
use crate::session::event::AuthEvent;
use crate::session::flight::{Input, Outcome, Save, Step};
use crate::session::listeners::{AuthEvents, Listeners};
use crate::session::machine::{Kept, Machine, Need, pause_after};
use crate::session::refresh::Flights;
use crate::session::saved::SavedSession;
use crate::session::store::AnyStore;
use crate::session::{Session, Wire, keeper};

/// How long what others have begun is waited for at the least, and how often the time limit of calls: it takes several steps
/// that have this limit each. What drives them may be a runtime that nothing drives any more.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
const STEPS: u32 = 4;

/// How the session is kept.
pub(crate) struct Rules {
    pub(crate) store: Arc<dyn AnyStore>,
    pub(crate) key: String,
    /// How long a token must still live to be handed out without a refresh.
    pub(crate) margin: Duration,
    /// Whether tokens are refreshed without being asked for.
    pub(crate) in_background: bool,
    pub(crate) clock: Clock,
    /// Why there is no session, and must be none.
    pub(crate) refusal: Option<&'static str>,
}

/// The session of a client.
pub(crate) struct Sessions {
    pub(super) transport: Transport,
    pub(super) rules: Rules,
    pub(super) state: Mutex<State>,
    /// Tells the keeper that something has changed.
    pub(super) changed: Notify,
}

pub(super) struct State {
    pub(super) machine: Machine,
    listeners: Listeners,
    pub(super) flights: Flights,
    /// The writing of the store that is on its way. It is kept until it is done, also where nobody waits for it any more: a
    /// store may write although its future was dropped, and what comes next must come after that.
    saving: Option<Shared<BoxFuture<'static, Result<()>>>>,
    /// Why the last refresh failed.
    pub(super) last_failure: Option<Error>,
    pub(super) keeper: Option<AbortHandle>,
    pub(super) is_closed: bool,
}

impl Sessions {
    pub(crate) fn new(transport: Transport, rules: Rules) -> Arc<Self> {
        Arc::new(Self {
            transport,
            rules,
            state: Mutex::new(State {
                machine: Machine::new(),
                listeners: Listeners::default(),
                flights: Flights::default(),
                saving: None,
                last_failure: None,
                keeper: None,
                is_closed: false,
            }),
            changed: Notify::new(),
        })
    }

    /// What tells the time of day.
    pub(crate) fn clock(&self) -> Clock {
        self.rules.clock
    }

    /// This moment.
    pub(crate) fn now(&self) -> Now {
        Now::read(self.rules.clock)
    }

    /// Whether there may be a session.
    ///
    /// # Errors
    /// There may be none, for the reason that whoever built the client gave.
    pub(crate) fn permit(&self) -> Result<()> {
        match self.rules.refusal {
            Some(why) => Err(Error::invalid(why)),
            None => Ok(()),
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets `change` decide, and tells the listeners what came of it.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Machine) -> T) -> T {
        let mut wakers = Vec::new();
        let outcome = {
            let state = &mut *self.lock();
            let outcome = change(&mut state.machine);
            for event in state.machine.take_events() {
                match &event {
                    AuthEvent::InitialSession(session) => {
                        state.listeners.begin(session.as_ref(), &mut wakers);
                    }
                    event => state.listeners.tell(event, &mut wakers),
                }
            }
            outcome
        };
        wakers.into_iter().for_each(Waker::wake);
        self.changed.notify_one();
        outcome
    }

    /// What happens, beginning with who is signed in.
    pub(crate) fn events(self: &Arc<Self>) -> AuthEvents {
        let state = &mut *self.lock();
        // Where there may be no session, nobody is signed in, whatever the store has.
        let is_loaded = state.machine.is_loaded() || self.rules.refusal.is_some();
        let initial = is_loaded.then(|| state.machine.kept().map(|kept| Arc::clone(&kept.session)));
        let queue = state.listeners.add(initial);
        let load = (!is_loaded).then(|| {
            let sessions = Arc::clone(self);
            let load: BoxFuture<'static, ()> = Box::pin(async move {
                let mut failures = 0;
                // It was told as an event. Who only listens would never learn who is signed in.
                while sessions.load().await.is_err() && can_sleep() {
                    sleep(pause_after(failures)).await;
                    failures = failures.saturating_add(1);
                }
            });
            load
        });
        AuthEvents::new(queue, load)
    }

    /// The session, if it is known and its token good without waiting for anything.
    pub(crate) fn at_once(&self) -> Option<Option<Arc<Session>>> {
        // The clocks are read, and tokens copied, outside of the lock that all requests pass.
        let now = self.now();
        match self.lock().machine.need(now, self.rules.margin) {
            Need::Nobody => Some(None),
            Need::Fresh(kept) => Some(Some(Arc::clone(&kept.session))),
            Need::Load | Need::Stale(_) => None,
        }
    }

    /// The session as it is held, whether its token is good or not.
    pub(crate) async fn held(self: &Arc<Self>) -> Result<Option<Arc<Session>>> {
        self.load().await?;
        Ok(self.lock().machine.kept().map(|kept| Arc::clone(&kept.session)))
    }

    /// How far the server's clock is ahead of this machine's, as far as the session tells.
    pub(crate) fn skew_ms(&self) -> i64 {
        self.lock().machine.kept().map_or(0, |kept| kept.deadline.skew_ms)
    }

    /// Asks the store who is signed in, if nobody has done so before.
    pub(crate) async fn load(self: &Arc<Self>) -> Result<()> {
        self.permit()?;
        if self.lock().machine.is_loaded() {
            return Ok(());
        }
        let seen = self.read().await?;
        let now = self.now();
        self.change(|machine| machine.loaded(seen, now));
        keeper::start(self);
        Ok(())
    }

    /// Takes over a change, and has the store follow. If it does not, that is told as an event, and tried again.
    pub(crate) async fn commit<T>(self: &Arc<Self>, change: impl FnOnce(&mut Machine) -> T) -> T {
        let outcome = self.change(change);
        keeper::start(self);
        let _ = self.save().await;
        outcome
    }

    /// Takes over a sign-out, which is none before the store has forgotten the session.
    ///
    /// # Errors
    /// The store did not forget it. That is tried again, but not once the client is gone.
    pub(crate) async fn sign_out(self: &Arc<Self>, change: impl FnOnce(&mut Machine)) -> Result<()> {
        self.change(change);
        keeper::start(self);
        self.save().await
    }

    /// A session that has just come.
    pub(crate) fn received(&self, wire: Wire) -> Kept {
        let now = self.now();
        Kept::new(wire.into_session(now.unix_seconds()), now)
    }

    /// Has the store follow what is held, also where nobody waits for it any more.
    ///
    /// # Errors
    /// The store did not follow. The keeper tries it again.
    pub(crate) async fn save(self: &Arc<Self>) -> Result<()> {
        let mut outcome = Ok(());
        // Once for what is on its way, and once for what it may have begun too early to see.
        for _ in 0..2 {
            let saving = {
                let state = &mut *self.lock();
                match &state.saving {
                    Some(saving) if saving.peek().is_none() => saving.clone(),
                    _ if !state.machine.is_unsaved() => return Ok(()),
                    _ if outcome.is_err() => return outcome,
                    _ => {
                        let sessions = Arc::clone(self);
                        let saving: BoxFuture<'static, Result<()>> =
                            Box::pin(async move { sessions.write().await });
                        let saving = saving.shared();
                        state.saving = Some(saving.clone());
                        saving
                    }
                }
            };
            outcome = match poll_immediate(saving.clone()).await {
                Some(outcome) => outcome,
                None => {
                    let driven = saving.clone();
                    // Without a runtime, it goes on while somebody waits.
                    let _ = spawn(async move { drop(driven.await) });
                    let limit = self.longest_wait();
                    within(limit, saving).await.unwrap_or_else(|| Err(Error::store(unanswered(limit))))
                }
            };
        }
        outcome
    }

    /// The same, but for a store that has just failed.
    pub(super) async fn save_if_due(self: &Arc<Self>) {
        let now = self.now();
        let due = self.lock().machine.save_due_in(now);
        match due {
            None => {}
            Some(Duration::ZERO) => drop(self.save().await),
            Some(_) => keeper::start(self),
        }
    }

    async fn write(self: Arc<Self>) -> Result<()> {
        let mut failure = None;
        let (mut save, mut step) = self.change(Save::begin);
        loop {
            step = match step {
                Step::Done(Outcome::Failed) => {
                    keeper::start(&self);
                    return Err(
                        failure.unwrap_or_else(|| Error::store("the store changes all the time".into()))
                    );
                }
                Step::Done(_) | Step::Ask(_) => return Ok(()),
                step => {
                    let input = self.do_with_store(step).await.unwrap_or_else(|error| {
                        failure = Some(error);
                        Input::StoreFailed
                    });
                    let now = self.now();
                    self.change(|machine| save.step(machine, input, now))
                }
            };
        }
    }

    pub(super) async fn do_with_store(&self, step: Step) -> Result<Input> {
        let Step::Swap { expected, new } = step else { return Ok(Input::Loaded(self.read().await?)) };
        let swap = self.rules.store.swap(&self.rules.key, expected.as_ref(), new.as_ref());
        self.in_time(swap).await.map(Input::Swapped).map_err(|error| self.store_failed(error))
    }

    /// What the store holds.
    async fn read(&self) -> Result<Option<SavedSession>> {
        let (store, key) = (&self.rules.store, &self.rules.key);
        let read = async {
            match store.load(key).await {
                Err(error) => {
                    // What cannot be read may have been set aside; if not, this is told once.
                    let again = store.load(key).await;
                    if again.is_ok() {
                        self.store_failed(error);
                    }
                    again
                }
                seen => seen,
            }
        };
        self.in_time(read).await.map_err(|error| self.store_failed(error))
    }

    /// What the store answers, if it does so within the time limit of calls.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, BoxError>>) -> Result<T, BoxError> {
        let Some(limit) = self.transport.timeout() else { return work.await };
        within(limit, work).await.unwrap_or_else(|| Err(unanswered(limit)))
    }

    /// How long what others have begun is waited for.
    pub(super) fn longest_wait(&self) -> Duration {
        self.transport.timeout().unwrap_or_default().saturating_mul(STEPS).max(LONGEST_WAIT)
    }

    fn store_failed(&self, error: BoxError) -> Error {
        tracing::warn!(%error, "the session store failed");
        let error = Error::store(error);
        self.change(|machine| {
            machine.store_failed();
            machine.tell(AuthEvent::StoreFailed(error.clone()));
        });
        error
    }

    /// No handle is left: ends the streams and what goes on in the background.
    pub(crate) fn close(&self) {
        let mut wakers = Vec::new();
        let (keeper, saving) = {
            let state = &mut *self.lock();
            state.is_closed = true;
            state.listeners.end(&mut wakers);
            (state.keeper.take(), state.saving.take())
        };
        if let Some(keeper) = keeper {
            keeper.abort();
        }
        // Not under the lock: with it, the store may be dropped.
        drop(saving);
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// What comes of `work` within `limit`, where there is a clock to wait by.
pub(super) async fn within<T>(limit: Duration, work: impl Future<Output = T>) -> Option<T> {
    if can_sleep() { limited(limit, work).await } else { Some(work.await) }
}

fn unanswered(limit: Duration) -> BoxError {
    format!("the store did not answer within {limit:?}").into()
}
