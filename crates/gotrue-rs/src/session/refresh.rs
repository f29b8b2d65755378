//! Refreshes: one for all who wait for new tokens.

use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::{Shared, WeakShared};
use secrecy::{ExposeSecret, SecretString};
use supabase_core::{BoxFuture, Method, is_blocking};

use crate::api::Api;
use crate::code::Code;
use crate::error::{Error, ErrorKind, Result};
use crate::session::flight::{Answer, Flight, Input, Outcome, Reason, Step};
use crate::session::machine::{Kept, Need};
use crate::session::sessions::{Sessions, State, within};
use crate::session::{Session, Wire};

/// How often a refresh is begun again because somebody signed in or out meanwhile.
const ATTEMPTS: u32 = 4;

type Flown = Result<Outcome, Error>;
type Flying = Shared<BoxFuture<'static, Flown>>;

/// The refreshes that are on their way, the newest one last. Each is dropped with the last one who waits for it.
#[derive(Default)]
pub(super) struct Flights(Vec<Begun>);

struct Begun {
    reason: Reason,
    /// Whether it belongs to the runtime of blocking calls. Who blocks a thread by such a call must not wait for what that
    /// thread alone drives, and so what has begun on one side is never waited for on the other.
    is_blocking: bool,
    flight: WeakShared<BoxFuture<'static, Flown>>,
}

impl Flights {
    /// The newest one of this side.
    fn newest(&mut self) -> Option<(Reason, Flying)> {
        self.0.retain(|begun| begun.flight.upgrade().is_some_and(|flight| flight.peek().is_none()));
        let begun = self.0.iter().rfind(|begun| begun.is_blocking == is_blocking())?;
        Some((begun.reason, begun.flight.upgrade()?))
    }

    fn add(&mut self, reason: Reason, flight: &Flying) {
        let flight = flight.downgrade();
        self.0.extend(flight.map(|flight| Begun { reason, is_blocking: is_blocking(), flight }));
    }

    /// Nobody waits for those of this side from here on, who does not yet.
    fn forget(&mut self) {
        self.0.retain(|begun| begun.is_blocking != is_blocking());
    }
}

impl Sessions {
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
            match self.landed(flight).await {
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
            match self.landed(flight).await? {
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

    /// The flight that is on its way, or a new one.
    fn join(self: &Arc<Self>, state: &mut State, reason: Reason) -> Flying {
        let before = match state.flights.newest() {
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
        state.flights.add(reason, &flight);
        flight
    }

    /// What came of a flight. Each of its steps has a limit of its own, but what drives it may be a runtime that nothing
    /// drives any more.
    async fn landed(&self, flight: Flying) -> Flown {
        let limit = self.longest_wait();
        within(limit, flight).await.unwrap_or_else(|| {
            self.lock().flights.forget();
            Err(Error::timeout(limit))
        })
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
