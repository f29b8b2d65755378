//! A refresh, step by step, and the writing of the store: what to do next, decided without doing it.
//!
//! Who drives a flight does what a [`Step`] says and comes back with what came of it. Between two steps, anything may
//! have happened to the machine and to the store; and a flight may be dropped after any step.

use std::time::Duration;

use crate::clock::Now;
use crate::session::machine::{Kept, Look, Machine, Unsaved};
use crate::session::saved::SavedSession;

/// How often a store that keeps changing is tried again.
const ROUNDS: u8 = 16;

/// What to do next.
#[derive(Debug)]
pub(crate) enum Step {
    /// Read the store.
    Load,
    /// Ask the server for new tokens.
    Ask(Kept),
    /// Write `new` into the store, if it holds what is expected.
    Swap { expected: Option<SavedSession>, new: Option<SavedSession> },
    /// Nothing.
    Done(Outcome),
}

/// What came of a step.
#[derive(Debug)]
pub(crate) enum Input {
    Loaded(Option<SavedSession>),
    Answered(Answer),
    /// Whether the store held what was expected, and was written.
    Swapped(bool),
    /// The machine was told.
    StoreFailed,
}

/// What the server said.
#[derive(Debug)]
pub(crate) enum Answer {
    New(Kept),
    /// The session is over.
    Refused,
    /// Anything else, which says nothing about the session; and how long to wait, if the server asks for that.
    Trouble(Option<Duration>),
}

/// What came of a flight.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    /// This is held now, and good.
    Fresh(Kept),
    /// Nobody is signed in, or not any more.
    Nobody,
    /// The server has refused the session.
    Refused,
    /// The refresh has failed, and may be tried again.
    Failed,
    /// Another session is held by now, which needs a refresh of its own.
    Overtaken,
}

/// Why there is a flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The token is about to expire. One that another process has got is as good.
    Stale,
    /// Somebody wants tokens that are made from here on, whatever there is.
    Asked,
}

/// A refresh.
pub(crate) struct Flight {
    base: u64,
    margin: Duration,
    reason: Reason,
    phase: Phase,
    rounds: u8,
}

enum Phase {
    Looking,
    Asking(Kept),
    Writing(Kept),
    /// The store has changed meanwhile: for this, or for nothing that counts.
    Comparing(Kept),
    /// The server has refused this one. Another process may have a newer one.
    Refused(Kept),
    Erasing(Kept),
}

impl Flight {
    pub(crate) fn begin(machine: &Machine, margin: Duration, reason: Reason) -> (Self, Step) {
        (Self { base: machine.generation(), margin, reason, phase: Phase::Looking, rounds: 0 }, Step::Load)
    }

    pub(crate) fn step(&mut self, machine: &mut Machine, input: Input, now: Now) -> Step {
        self.rounds += 1;
        let phase = std::mem::replace(&mut self.phase, Phase::Looking);
        if machine.generation() != self.base {
            return self.overtaken(machine, phase, &input, now);
        }
        match (phase, input) {
            (Phase::Looking, Input::Loaded(seen)) => self.looked(machine, seen, now),
            (Phase::Looking, _) => self.ask(machine),
            (Phase::Asking(own), Input::Answered(Answer::New(new))) if new.is_of(&own.session.user.id) => {
                let expected = machine.stored.clone().flatten();
                self.write(new, expected)
            }
            (Phase::Asking(own), Input::Answered(Answer::Refused)) => {
                self.phase = Phase::Refused(own);
                Step::Load
            }
            (Phase::Asking(_), input) => {
                let wait = if let Input::Answered(Answer::Trouble(wait)) = input { wait } else { None };
                machine.failed(now, wait);
                Step::Done(Outcome::Failed)
            }
            (Phase::Writing(new), Input::Swapped(true)) => {
                let written = Some(SavedSession::of_kept(&new));
                machine.refreshed(new, None);
                if machine.text() != written {
                    machine.unsaved = Some(Unsaved::Follows);
                }
                machine.stored = Some(written);
                self.settled(machine, now)
            }
            (Phase::Writing(new), Input::Swapped(false)) if self.rounds < ROUNDS => {
                self.phase = Phase::Comparing(new);
                Step::Load
            }
            (Phase::Comparing(new), Input::Loaded(seen)) => match machine.look_beyond(seen.clone(), now) {
                Look::Followed => self.settled(machine, now),
                Look::Nothing => self.write(new, seen),
            },
            (Phase::Writing(new) | Phase::Comparing(new), _) => {
                machine.refreshed(new, Some(Unsaved::Follows));
                machine.save_failed(now);
                self.settled(machine, now)
            }
            (Phase::Refused(own), Input::Loaded(seen)) => {
                let is_new =
                    !machine.has_decided() && machine.look_beyond(seen.clone(), now) == Look::Followed;
                if is_new {
                    return self.settled(machine, now);
                }
                self.phase = Phase::Erasing(own);
                Step::Swap { expected: seen, new: None }
            }
            (Phase::Erasing(_), Input::Swapped(true)) => {
                machine.stored = Some(None);
                machine.refused(None);
                Step::Done(Outcome::Refused)
            }
            (Phase::Erasing(own), Input::Swapped(false)) if self.rounds < ROUNDS => {
                self.phase = Phase::Refused(own);
                Step::Load
            }
            (Phase::Refused(own) | Phase::Erasing(own), _) => {
                machine.refused(Some(Unsaved::Refused(own)));
                machine.save_failed(now);
                Step::Done(Outcome::Refused)
            }
        }
    }

    fn looked(&mut self, machine: &mut Machine, seen: Option<SavedSession>, now: Now) -> Step {
        if machine.has_decided() {
            // What was decided here counts more than what the store has.
            machine.stored = Some(seen);
        } else if machine.look(seen, now) == Look::Followed {
            if self.reason == Reason::Stale {
                return self.settled(machine, now);
            }
            // What was taken over is older than the wish.
            self.base = machine.generation();
        }
        self.ask(machine)
    }

    fn ask(&mut self, machine: &Machine) -> Step {
        let Some(own) = machine.kept().cloned() else { return Step::Done(Outcome::Nobody) };
        self.phase = Phase::Asking(own.clone());
        Step::Ask(own)
    }

    fn write(&mut self, new: Kept, expected: Option<SavedSession>) -> Step {
        let text = SavedSession::of_kept(&new);
        self.phase = Phase::Writing(new);
        Step::Swap { expected, new: Some(text) }
    }

    /// Somebody signed in or out while the flight was on its way: what it brings is not for them.
    fn overtaken(&self, machine: &mut Machine, phase: Phase, input: &Input, now: Now) -> Step {
        if let Input::Swapped(true) = input {
            let written = match phase {
                Phase::Writing(new) => Some(SavedSession::of_kept(&new)),
                _ => None,
            };
            // It reached the store before it was overtaken, and must not stay there.
            if written != machine.text() {
                machine.unsaved = Some(Unsaved::Decided);
            }
            machine.stored = Some(written);
        }
        self.settled(machine, now)
    }

    fn settled(&self, machine: &Machine, now: Now) -> Step {
        Step::Done(match machine.kept() {
            None => Outcome::Nobody,
            Some(kept) if kept.is_fresh(now, self.margin) => Outcome::Fresh(kept.clone()),
            Some(_) => Outcome::Overtaken,
        })
    }
}

/// The writing of what is held into the store.
pub(crate) struct Save {
    revision: u64,
    written: Option<SavedSession>,
    rounds: u8,
}

impl Save {
    pub(crate) fn begin(machine: &mut Machine) -> (Self, Step) {
        let mut save = Self { revision: machine.revision(), written: None, rounds: 0 };
        let step = save.next(machine);
        (save, step)
    }

    pub(crate) fn step(&mut self, machine: &mut Machine, input: Input, now: Now) -> Step {
        self.rounds += 1;
        match input {
            Input::Loaded(seen) => {
                machine.look_again(seen, now);
                self.next(machine)
            }
            Input::Swapped(true) => {
                let written = self.written.take();
                if self.revision == machine.revision() {
                    machine.saved();
                } else if written != machine.text() {
                    // What was decided meanwhile may have found nothing to write.
                    machine.unsaved = Some(Unsaved::Decided);
                }
                machine.stored = Some(written);
                self.next(machine)
            }
            Input::Swapped(false) if self.rounds < ROUNDS => Step::Load,
            _ => {
                machine.save_failed(now);
                Step::Done(Outcome::Failed)
            }
        }
    }

    fn next(&mut self, machine: &mut Machine) -> Step {
        let text = machine.text();
        if machine.is_unsaved() && machine.stored.as_ref() == Some(&text) {
            machine.saved();
        }
        if !machine.is_unsaved() {
            return Step::Done(Outcome::Nobody);
        }
        self.revision = machine.revision();
        match &machine.stored {
            None => Step::Load,
            Some(stored) => {
                self.written.clone_from(&text);
                Step::Swap { expected: stored.clone(), new: text }
            }
        }
    }
}
