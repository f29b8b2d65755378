//! Who is signed in, and what may change that: states and decisions, without I/O and without a clock.
//!
//! The store is the truth that processes share, and the machine holds what this process knows of it. What a user decides
//! here, a sign-in or sign-out, holds at once and is written over whatever the store has. What follows from the session
//! itself, a refresh, counts only if the store has not changed meanwhile; see [`flight`](super::flight).

use std::sync::Arc;
use std::time::Duration;

use secrecy::ExposeSecret;
use supabase_core::Instant;

use crate::clock::{Deadline, Now};
use crate::session::Session;
use crate::session::event::{AuthEvent, SignOutReason};
use crate::session::saved::SavedSession;
use crate::user::User;

/// How long the first pause after a failed refresh or writing is; the next ones double, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How long a server may ask to wait; whoever asks for longer has lost its mind, or its clock.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// A session, and when its token expires.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) session: Arc<Session>,
    pub(crate) deadline: Deadline,
}

/// Who is signed in, and what is known of the store.
pub(crate) struct Machine {
    held: Held,
    /// Raised whenever other tokens are held than before. Who began with an older one learns that it was overtaken.
    generation: u64,
    /// Raised whenever anything is held that was not before.
    revision: u64,
    /// What the store held when it was last seen.
    pub(super) stored: Option<Option<SavedSession>>,
    pub(super) unsaved: Option<Unsaved>,
    failures: u32,
    not_before: Option<Instant>,
    /// How often in a row the store has failed to follow, and until when it is left in peace.
    save_failures: u32,
    save_not_before: Option<Instant>,
    /// What is to be told, in this order.
    events: Vec<AuthEvent>,
}

enum Held {
    /// The store was not asked yet.
    Unknown,
    Nobody,
    Somebody(Kept),
}

/// Why the store has not what is held.
#[derive(Clone, Debug)]
pub(super) enum Unsaved {
    /// The session goes on as it was, in newer words.
    Follows,
    /// The server has refused this session: it is to be forgotten, and no other.
    Refused(Kept),
    /// Somebody has decided it: it is written over whatever the store has.
    Decided,
}

/// What the next request needs.
#[derive(Debug)]
pub(crate) enum Need<'a> {
    /// The store must be asked.
    Load,
    /// Nobody is signed in.
    Nobody,
    /// The token is good.
    Fresh(&'a Kept),
    /// The token has expired, or is about to.
    Stale(&'a Kept),
}

/// What a look at the store has shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// Nothing that counts more than what is held.
    Nothing,
    /// Another process has changed the session, and this one has followed.
    Followed,
}

impl Kept {
    pub(crate) fn new(session: Session, now: Now) -> Self {
        let deadline = Deadline::issued(now, session.expires_in, session.expires_at.as_unix_seconds());
        Self { session: Arc::new(session), deadline }
    }

    /// Whether the token lives longer than `margin`, or than a quarter of its life where that is less.
    pub(crate) fn is_fresh(&self, now: Now, margin: Duration) -> bool {
        self.deadline.remaining(now) > margin.min(Duration::from_secs(self.session.expires_in / 4))
    }

    /// How long until the token is not fresh any more.
    fn fresh_for(&self, now: Now, margin: Duration) -> Duration {
        let margin = margin.min(Duration::from_secs(self.session.expires_in / 4));
        self.deadline.remaining(now).saturating_sub(margin)
    }

    pub(super) fn is_of(&self, user: &str) -> bool {
        self.session.user.id == user
    }

    fn has_token_of(&self, other: &Self) -> bool {
        self.session.refresh_token.expose_secret() == other.session.refresh_token.expose_secret()
    }

    /// Whether it was issued together with `other`, or later. When they expire does not tell: how long tokens live is a
    /// setting of the project, and may have become less.
    fn is_as_new_as(&self, other: &Self) -> bool {
        let (own, theirs) = (&self.session, &other.session);
        if own.expires_in == 0 || theirs.expires_in == 0 {
            // A text that does not say how long.
            return own.expires_at >= theirs.expires_at;
        }
        let issued = |session: &Session| {
            session.expires_at.as_unix_seconds().saturating_sub_unsigned(session.expires_in)
        };
        issued(own) >= issued(theirs)
    }

    /// Whether it is another session than `other`, or goes on with it.
    fn is_news_to(&self, other: &Self) -> bool {
        !self.is_of(&other.session.user.id) || (!self.has_token_of(other) && self.is_as_new_as(other))
    }
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self {
            held: Held::Unknown,
            generation: 0,
            revision: 0,
            stored: None,
            unsaved: None,
            failures: 0,
            not_before: None,
            save_failures: 0,
            save_not_before: None,
            events: Vec::new(),
        }
    }

    pub(crate) fn need(&self, now: Now, margin: Duration) -> Need<'_> {
        match &self.held {
            Held::Unknown => Need::Load,
            Held::Nobody => Need::Nobody,
            Held::Somebody(kept) if kept.is_fresh(now, margin) => Need::Fresh(kept),
            Held::Somebody(kept) => Need::Stale(kept),
        }
    }

    pub(crate) fn kept(&self) -> Option<&Kept> {
        match &self.held {
            Held::Somebody(kept) => Some(kept),
            _ => None,
        }
    }

    pub(crate) fn is_loaded(&self) -> bool {
        !matches!(self.held, Held::Unknown)
    }

    pub(crate) fn is_unsaved(&self) -> bool {
        self.unsaved.is_some()
    }

    /// Whether what the store has counts less than what is held.
    pub(super) fn has_decided(&self) -> bool {
        matches!(self.unsaved, Some(Unsaved::Decided))
    }

    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// Until when a refresh that failed is not tried again by itself.
    pub(crate) fn is_pausing(&self, now: Now) -> bool {
        self.not_before.is_some_and(|until| now.at < until)
    }

    /// How long until the next refresh is due; `None` while there is nothing to refresh.
    pub(crate) fn due_in(&self, now: Now, margin: Duration) -> Option<Duration> {
        let due = self.kept()?.fresh_for(now, margin);
        let pause = self.not_before.map_or(Duration::ZERO, |until| until.saturating_duration_since(now.at));
        Some(due.max(pause))
    }

    /// How long until the store is to follow; `None` while it has what is held.
    pub(crate) fn save_due_in(&self, now: Now) -> Option<Duration> {
        self.unsaved.as_ref()?;
        let pause = self.save_not_before.map(|until| until.saturating_duration_since(now.at));
        Some(pause.unwrap_or(Duration::ZERO))
    }

    /// Whether the store has been asked to follow, and did not.
    pub(crate) fn has_failed_to_save(&self) -> bool {
        self.save_not_before.is_some()
    }

    /// The store has failed. What it holds by now is not known, whatever it was seen to hold before.
    pub(crate) fn store_failed(&mut self) {
        self.stored = None;
    }

    /// The store did not follow.
    pub(super) fn save_failed(&mut self, now: Now) {
        self.save_not_before = now.at.checked_add(pause_after(self.save_failures));
        self.save_failures = self.save_failures.saturating_add(1);
    }

    /// The store has what is held.
    pub(super) fn saved(&mut self) {
        self.unsaved = None;
        self.save_failures = 0;
        self.save_not_before = None;
    }

    /// What is to be told since this was last called.
    pub(crate) fn take_events(&mut self) -> Vec<AuthEvent> {
        std::mem::take(&mut self.events)
    }

    /// What the store must hold to hold what is held.
    pub(super) fn text(&self) -> Option<SavedSession> {
        self.kept().map(SavedSession::of_kept)
    }

    /// The store was asked for the first time.
    pub(crate) fn loaded(&mut self, seen: Option<SavedSession>, now: Now) {
        if self.is_loaded() {
            return;
        }
        match seen.as_ref().map(|text| text.restore(now)) {
            None => {
                self.held = Held::Nobody;
                self.events.push(AuthEvent::InitialSession(None));
            }
            Some(Some(kept)) => {
                self.events.push(AuthEvent::InitialSession(Some(Arc::clone(&kept.session))));
                self.held = Held::Somebody(kept);
            }
            Some(None) => {
                self.held = Held::Nobody;
                self.events.push(AuthEvent::InitialSession(None));
                self.events.push(AuthEvent::SignedOut(SignOutReason::Missing));
            }
        }
        self.stored = Some(seen);
    }

    /// A user has signed in.
    pub(crate) fn sign_in(&mut self, kept: Kept) {
        self.begin();
        self.events.push(AuthEvent::SignedIn(Arc::clone(&kept.session)));
        self.hold(Held::Somebody(kept), Some(Unsaved::Decided));
    }

    /// A call of the user who is signed in has answered with another session of theirs. Whether it was taken: not if
    /// somebody else is signed in by now.
    pub(crate) fn replace(&mut self, kept: Kept, event: AuthEvent) -> bool {
        if !self.kept().is_some_and(|held| held.is_of(&kept.session.user.id)) {
            return false;
        }
        self.events.push(event);
        self.hold(Held::Somebody(kept), Some(Unsaved::Decided));
        true
    }

    /// The user was changed.
    pub(crate) fn update_user(&mut self, user: &User) {
        let Some(kept) = self.kept().filter(|held| held.is_of(&user.id)).cloned() else { return };
        let session = Arc::new(Session { user: user.clone(), ..Session::clone(&kept.session) });
        self.events.push(AuthEvent::UserUpdated(Arc::clone(&session)));
        // The tokens are the same: a refresh on its way may go on.
        self.held = Held::Somebody(Kept { session, ..kept });
        self.revision += 1;
        self.unsaved.get_or_insert(Unsaved::Follows);
    }

    /// Nobody is signed in any more.
    pub(crate) fn sign_out(&mut self, reason: SignOutReason) {
        self.begin();
        if self.kept().is_some() {
            self.events.push(AuthEvent::SignedOut(reason));
        }
        self.hold(Held::Nobody, Some(Unsaved::Decided));
    }

    /// The same, if `user` is the one who is signed in.
    pub(crate) fn sign_out_user(&mut self, user: &str, reason: SignOutReason) {
        if self.kept().is_some_and(|held| held.is_of(user)) {
            self.sign_out(reason);
        }
    }

    pub(crate) fn tell(&mut self, event: AuthEvent) {
        self.events.push(event);
    }

    /// A refresh has brought new tokens for those that are held.
    pub(super) fn refreshed(&mut self, kept: Kept, unsaved: Option<Unsaved>) {
        // The user may have been changed while the refresh was on its way.
        let (kept, _) = self.with_newest_user(kept);
        self.events.push(AuthEvent::TokenRefreshed(Arc::clone(&kept.session)));
        self.hold(Held::Somebody(kept), unsaved);
    }

    /// Newer tokens, with the user who is held if that is the newer one. Whether it is.
    fn with_newest_user(&self, mut kept: Kept) -> (Kept, bool) {
        let Some(held) = self.kept().filter(|held| held.is_of(&kept.session.user.id)) else {
            return (kept, false);
        };
        let is_newer = held.session.user.updated_at > kept.session.user.updated_at;
        if is_newer {
            let user = held.session.user.clone();
            kept.session = Arc::new(Session { user, ..Session::clone(&kept.session) });
        }
        (kept, is_newer)
    }

    /// The server has refused the session for good.
    pub(super) fn refused(&mut self, unsaved: Option<Unsaved>) {
        self.events.push(AuthEvent::SignedOut(SignOutReason::Expired));
        self.hold(Held::Nobody, unsaved);
    }

    /// A refresh has failed, for a reason that says nothing about the session. The server may ask to `wait`.
    pub(crate) fn failed(&mut self, now: Now, wait: Option<Duration>) {
        let wait = wait.unwrap_or_default().min(LONGEST_WAIT);
        self.not_before = now.at.checked_add(pause_after(self.failures).max(wait));
        self.failures = self.failures.saturating_add(1);
    }

    /// Looks at what the store holds by now, beside the session that is held.
    pub(super) fn look(&mut self, seen: Option<SavedSession>, now: Now) -> Look {
        let known = self.stored.replace(seen.clone());
        if known.as_ref() == Some(&seen) || (seen.is_some() && seen == self.text()) {
            return Look::Nothing;
        }
        let Some(text) = seen else {
            if known.is_none() {
                // The store has failed, which may be why nothing is there: it gets the session again.
                self.unsaved.get_or_insert(Unsaved::Follows);
                return Look::Nothing;
            }
            self.events.push(AuthEvent::SignedOut(SignOutReason::Missing));
            self.hold(Held::Nobody, None);
            return Look::Followed;
        };
        // What cannot be read is no session, and is written over.
        let (Some(theirs), Some(own)) = (text.restore(now), self.kept()) else { return Look::Nothing };
        let (is_same_user, is_as_new) = (theirs.is_of(&own.session.user.id), theirs.is_as_new_as(own));
        // The user may have been changed here, and the store not have heard of it.
        let (theirs, has_own_user) = self.with_newest_user(theirs);
        let session = Arc::clone(&theirs.session);
        if !is_same_user {
            self.events.push(AuthEvent::SignedIn(session));
        } else if is_as_new {
            self.events.push(AuthEvent::TokenRefreshed(session));
        } else {
            return Look::Nothing;
        }
        self.hold(Held::Somebody(theirs), has_own_user.then_some(Unsaved::Follows));
        Look::Followed
    }

    /// The same, once the server has answered to the tokens that are held: whoever still has those has nothing new. Whatever
    /// is newer counts more than the answer, which may be younger than a sign-in of another process.
    pub(super) fn look_beyond(&mut self, seen: Option<SavedSession>, now: Now) -> Look {
        let theirs = seen.as_ref().and_then(|text| text.restore(now));
        if theirs.zip(self.kept()).is_some_and(|(theirs, own)| !theirs.is_news_to(own)) {
            self.stored = Some(seen);
            return Look::Nothing;
        }
        self.look(seen, now)
    }

    /// Looks at what the store holds by now, while it is behind.
    pub(super) fn look_again(&mut self, seen: Option<SavedSession>, now: Now) {
        match (&self.held, &self.unsaved) {
            (Held::Somebody(_), Some(Unsaved::Follows)) => {
                self.look(seen, now);
            }
            (Held::Nobody, Some(Unsaved::Refused(refused))) => {
                let theirs = seen.as_ref().and_then(|text| text.restore(now));
                let theirs = theirs.filter(|theirs| theirs.is_news_to(refused));
                self.stored = Some(seen);
                if let Some(theirs) = theirs {
                    self.events.push(AuthEvent::SignedIn(Arc::clone(&theirs.session)));
                    self.hold(Held::Somebody(theirs), None);
                }
            }
            _ => self.stored = Some(seen),
        }
    }

    /// Before anything happens, there was somebody or nobody.
    fn begin(&mut self) {
        if !self.is_loaded() {
            self.events.push(AuthEvent::InitialSession(None));
        }
    }

    fn hold(&mut self, held: Held, unsaved: Option<Unsaved>) {
        self.held = held;
        self.generation += 1;
        self.revision += 1;
        match unsaved {
            None => self.saved(),
            unsaved => self.unsaved = unsaved,
        }
        self.failures = 0;
        self.not_before = None;
    }
}

/// How long to wait after so many failures in a row, and one more.
pub(super) fn pause_after(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(1 << failures.min(10)).min(LONGEST_PAUSE)
}
