//! The session of a client: the machine, the store, and what goes on between them.
//!
//! No lock is held while the store, the server or a listener is at work; the lock of the state guards only the moments
//! in which the machine decides.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{AbortHandle, Shared, WeakShared, poll_immediate};
use secrecy::{ExposeSecret, SecretString};
use supabase_core::{BoxError, BoxFuture, Method, Transport, can_sleep, limited, sleep, spawn};
use tokio::sync::Notify;

use crate::api::Api;
use crate::clock::{Clock, Now};
use crate::code::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::session::event::AuthEvent;
use crate::session::flight::{Answer, Flight, Input, Outcome, Reason, Save, Step};
use crate::session::listeners::{AuthEvents, Listeners};
use crate::session::machine::{Kept, Machine, Need, pause_after};
use crate::session::saved::SavedSession;
use crate::session::store::AnyStore;
use crate::session::{Session, Wire, keeper};

/// How often a refresh is begun again because somebody signed in or out meanwhile.
const ATTEMPTS: u32 = 4;

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

type Flown = Result<Outcome, Error>;

pub(super) struct State {
    pub(super) machine: Machine,
    listeners: Listeners,
    /// The refresh that is on its way, and why. It is dropped with the last one who waits for it.
    flight: Option<(Reason, WeakShared<BoxFuture<'static, Flown>>)>,
    /// The writing of the store that is on its way. It is kept until it is done, also where nobody waits for it any more: a
    /// store may write although its future was dropped, and what comes next must come after that.
    saving: Option<Shared<BoxFuture<'static, Result<()>>>>,
    /// Why the last refresh failed.
    last_failure: Option<Error>,
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
                flight: None,
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

    /// The session, refreshed if its token is about to expire.
    pub(crate) async fn fresh(self: &Arc<Self>) -> Result<Option<Arc<Session>>> {
        self.load().await?;
        for _ in 0..ATTEMPTS {
            let flight = {
                let now = self.now();
                let state = &mut *self.lock();
                match state.machine.need(now, self.rules.margin) {
                    Need::Load | Need::Nobody => return Ok(None),
                    Need::Fresh(kept) => return Ok(Some(Arc::clone(&kept.session))),
                    Need::Stale(kept) if state.machine.is_pausing(now) => {
                        if !kept.deadline.remaining(now).is_zero() {
                            return Ok(Some(Arc::clone(&kept.session)));
                        }
                        if let Some(error) = &state.last_failure {
                            return Err(error.clone());
                        }
                    }
                    Need::Stale(_) => {}
                }
                self.join(state, Reason::Stale)
            };
            match flight.await {
                Ok(Outcome::Fresh(kept)) => return Ok(Some(kept.session)),
                Ok(Outcome::Nobody) => return Ok(None),
                Ok(Outcome::Overtaken | Outcome::Failed | Outcome::Refused) => {}
                Err(error) => return self.what_is_left().map(Some).ok_or(error),
            }
        }
        Err(Error::of_kind(ErrorKind::SessionMissing, None, "the session changes all the time"))
    }

    /// Refreshes the session, whether it needs it or not.
    pub(crate) async fn refresh(self: &Arc<Self>, reason: Reason) -> Result<Arc<Session>> {
        self.load().await?;
        for _ in 0..ATTEMPTS {
            let flight = self.join(&mut self.lock(), reason);
            match flight.await? {
                Outcome::Fresh(kept) => return Ok(kept.session),
                Outcome::Nobody => return Err(Error::session_missing()),
                Outcome::Overtaken | Outcome::Failed | Outcome::Refused => {}
            }
        }
        Err(Error::of_kind(ErrorKind::SessionMissing, None, "the session changes all the time"))
    }

    /// The session whose token has not expired yet, although it could not be refreshed.
    fn what_is_left(&self) -> Option<Arc<Session>> {
        let state = self.lock();
        let kept = state.machine.kept()?;
        (!kept.deadline.remaining(self.now()).is_zero()).then(|| Arc::clone(&kept.session))
    }

    /// The session as it is held, whether its token is good or not.
    pub(crate) async fn held(self: &Arc<Self>) -> Result<Option<Arc<Session>>> {
        self.load().await?;
        Ok(self.lock().machine.kept().map(|kept| Arc::clone(&kept.session)))
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

    /// The flight that is on its way, or a new one.
    fn join(self: &Arc<Self>, state: &mut State, reason: Reason) -> Shared<BoxFuture<'static, Flown>> {
        let flying = state.flight.as_ref().and_then(|(why, flight)| Some((*why, flight.upgrade()?)));
        let flying = flying.filter(|(_, flight)| flight.peek().is_none());
        let before = match flying {
            // It may end with what another process has.
            Some((Reason::Stale, flight)) if reason == Reason::Asked => Some(flight),
            Some((_, flight)) => return flight,
            None => None,
        };
        let sessions = Arc::clone(self);
        let flight: BoxFuture<'static, Flown> = Box::pin(async move {
            if let Some(before) = before {
                // Whatever came of it: there are never two at once.
                let _ = before.await;
            }
            sessions.fly(reason).await
        });
        let flight = flight.shared();
        state.flight = flight.downgrade().map(|flight| (reason, flight));
        flight
    }

    /// Refreshes the session.
    async fn fly(self: Arc<Self>, reason: Reason) -> Flown {
        let mut failure = None;
        self.save_if_due().await;
        let (mut flight, mut step) = Flight::begin(&self.lock().machine, self.rules.margin, reason);
        loop {
            let input = match step {
                Step::Done(outcome) => {
                    self.save_if_due().await;
                    return self.flown(outcome, failure);
                }
                Step::Ask(kept) => {
                    let (answer, error) = self.ask(&kept).await;
                    failure = error;
                    Input::Answered(answer)
                }
                step => self.do_with_store(step).await.unwrap_or(Input::StoreFailed),
            };
            let now = self.now();
            step = self.change(|machine| flight.step(machine, input, now));
        }
    }

    fn flown(&self, outcome: Outcome, failure: Option<Error>) -> Flown {
        match (outcome, failure) {
            (Outcome::Failed | Outcome::Refused, Some(error)) => {
                self.lock().last_failure = Some(error.clone());
                Err(error)
            }
            (outcome, _) => Ok(outcome),
        }
    }

    /// Asks the server for new tokens.
    async fn ask(&self, kept: &Kept) -> (Answer, Option<Error>) {
        let answer = self.exchange(&kept.session.refresh_token).await;
        match answer {
            Ok(new) if new.session.user.id == kept.session.user.id => (Answer::New(new), None),
            Ok(_) => {
                let message = "the server answered the refresh with the session of another user";
                (Answer::Trouble(None), Some(Error::of_kind(ErrorKind::Decode, None, message)))
            }
            Err(error) if is_over(&error) => (Answer::Refused, Some(error)),
            Err(error) => (Answer::Trouble(error.retry_after()), Some(error)),
        }
    }

    /// Asks for the tokens that come after `refresh_token`. It is safe to ask twice: the server knows an answer that was
    /// lost.
    pub(crate) async fn exchange(&self, refresh_token: &SecretString) -> Result<Kept> {
        let wire: Wire = Api::new(&self.transport, "auth.refresh_session", Method::POST, &["token"])
            .query("grant_type", "refresh_token")
            .json(&serde_json::json!({ "refresh_token": refresh_token.expose_secret() }))
            .idempotent()
            .fetch()
            .await?;
        Ok(self.received(wire))
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
                    saving.await
                }
            };
        }
        outcome
    }

    /// The same, but for a store that has just failed.
    async fn save_if_due(self: &Arc<Self>) {
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

    async fn do_with_store(&self, step: Step) -> Result<Input> {
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
                    // What cannot be read may have been set aside.
                    self.store_failed(error);
                    store.load(key).await
                }
                seen => seen,
            }
        };
        self.in_time(read).await.map_err(|error| self.store_failed(error))
    }

    /// What the store answers, if it does so within the time limit of calls.
    async fn in_time<T>(&self, work: impl Future<Output = Result<T, BoxError>>) -> Result<T, BoxError> {
        match self.transport.timeout().filter(|_| can_sleep()) {
            None => work.await,
            Some(limit) => limited(limit, work)
                .await
                .unwrap_or_else(|| Err(format!("the store did not answer within {limit:?}").into())),
        }
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

/// Whether an answer to a refresh says that the session is over. Only the service's own words do: what a gateway, a
/// hook or a limit says is about something else.
fn is_over(error: &Error) -> bool {
    let is_refusal = matches!(error.status(), Some(400 | 401 | 403 | 404 | 422));
    is_refusal
        && matches!(
            error.code(),
            Some(
                Code::RefreshTokenNotFound
                    | Code::RefreshTokenAlreadyUsed
                    | Code::SessionNotFound
                    | Code::SessionExpired
                    | Code::UserBanned
                    | Code::UserNotFound
                    | Code::ValidationFailed
                    // Of a session that an OAuth client has, which its own endpoint tells, or this one refuses.
                    | Code::InvalidGrant
                    | Code::InvalidClient
            )
        )
}
