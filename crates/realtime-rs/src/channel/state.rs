//! How a channel is joined, left, and joined again. Pure: no I/O, no clock.
//!
//! A machine is told what happens to its channel, and says what is to be done. It never has two joins in flight, is joined
//! only by the server's word on the join that it sent last, and goes on until it is, unless it was told that there is no
//! use.

use std::time::Duration;

use supabase_core::Instant;

use crate::code::Verdict;
use crate::deadline::after;
use crate::protocol::Ref;

/// A channel that stays joined for so long is well: its next failure is the first one.
const WELL: Duration = Duration::from_secs(30);

/// Where a channel stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// There is no connection.
    Away,
    /// It is joined as soon as that moment has come.
    Waiting { at: Instant },
    /// The server did not like the token: it is joined once there is another one.
    NeedsToken,
    /// A join was sent.
    Joining { join: Ref, until: Instant },
    /// The server confirmed the join.
    Joined { join: Ref, since: Instant },
    /// A leave was sent.
    Leaving { leave: Ref, until: Instant },
    /// It is over.
    Ended,
}

/// What becomes of a channel whose join failed or which the server ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is joined again after a pause.
    Again,
    /// It waits for another token.
    NeedsToken,
    /// It is over.
    Ended,
    /// Nothing: this was about an older join.
    Stale,
}

/// The machine of one channel.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    phase: Phase,
    failed: u32,
}

impl Machine {
    /// A channel that is to be joined.
    pub(crate) fn new() -> Self {
        Self { phase: Phase::Away, failed: 0 }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// The join that the server confirmed.
    pub(crate) fn joined(&self) -> Option<Ref> {
        match self.phase {
            Phase::Joined { join, .. } => Some(join),
            _ => None,
        }
    }

    /// The join that the server knows, or will know.
    pub(crate) fn join(&self) -> Option<Ref> {
        match self.phase {
            Phase::Joining { join, .. } | Phase::Joined { join, .. } => Some(join),
            _ => None,
        }
    }

    /// When something is to be done by itself.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Waiting { at } => Some(at),
            Phase::Joining { until, .. } | Phase::Leaving { until, .. } => Some(until),
            _ => None,
        }
    }

    /// There is a connection.
    pub(crate) fn online(&mut self, now: Instant) {
        if self.phase == Phase::Away {
            self.phase = Phase::Waiting { at: now };
        }
    }

    /// There is no connection any more. Whether the channel was joined.
    pub(crate) fn offline(&mut self, now: Instant) -> bool {
        let was_joined = self.joined().is_some();
        self.forgive(now);
        self.phase = match self.phase {
            // The server has forgotten the channel with the connection.
            Phase::Leaving { .. } | Phase::Ended => Phase::Ended,
            _ => Phase::Away,
        };
        was_joined
    }

    /// Whether a join is to be sent.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        matches!(self.phase, Phase::Waiting { at } if at <= now)
    }

    /// A join could not be sent, for want of a token.
    pub(crate) fn postponed(&mut self, now: Instant, pause: impl FnOnce(u32) -> Option<Duration>) -> Next {
        match self.phase {
            Phase::Waiting { .. } => self.fail(Verdict::Later, now, pause),
            _ => Next::Stale,
        }
    }

    /// A join was sent.
    pub(crate) fn sent(&mut self, join: Ref, until: Instant) {
        if matches!(self.phase, Phase::Waiting { .. }) {
            self.phase = Phase::Joining { join, until };
        }
    }

    /// The server confirmed a join. Whether it is the one that counts.
    pub(crate) fn confirmed(&mut self, confirmed: Ref, now: Instant) -> bool {
        match self.phase {
            Phase::Joining { join, .. } if join == confirmed => {
                self.phase = Phase::Joined { join, since: now };
                true
            }
            _ => false,
        }
    }

    /// The server refused a join, ended the channel, or let it crash: that of the join `of`. `pause` says how long to wait
    /// after so many failures in a row; `None` gives up.
    pub(crate) fn failed(
        &mut self,
        of: Ref,
        verdict: Verdict,
        now: Instant,
        pause: impl FnOnce(u32) -> Option<Duration>,
    ) -> Next {
        if self.join() != Some(of) {
            return Next::Stale;
        }
        self.forgive(now);
        self.fail(verdict, now, pause)
    }

    /// The server took its time with a join that was sent as `by`: one that was sent later has waited so long.
    pub(crate) fn held_up(&mut self, by: Ref, until: Instant) {
        if let Phase::Joining { join, until: at } = &mut self.phase
            && *join > by
        {
            *at = until.max(*at);
        }
    }

    /// The server did not answer a join in time. The join that is to be left, so that a late answer finds nobody.
    pub(crate) fn timed_out(
        &mut self,
        now: Instant,
        pause: impl FnOnce(u32) -> Option<Duration>,
    ) -> Option<(Ref, Next)> {
        match self.phase {
            Phase::Joining { join, until } if until <= now => {
                Some((join, self.fail(Verdict::Later, now, pause)))
            }
            _ => None,
        }
    }

    /// Forgets the failures before a join that lasted.
    fn forgive(&mut self, now: Instant) {
        if matches!(self.phase, Phase::Joined { since, .. } if now.saturating_duration_since(since) >= WELL) {
            self.failed = 0;
        }
    }

    fn fail(&mut self, verdict: Verdict, now: Instant, pause: impl FnOnce(u32) -> Option<Duration>) -> Next {
        let (phase, next) = match verdict {
            Verdict::Never => (Phase::Ended, Next::Ended),
            Verdict::OtherToken => (Phase::NeedsToken, Next::NeedsToken),
            Verdict::Later => {
                self.failed = self.failed.saturating_add(1);
                match pause(self.failed) {
                    Some(pause) => (Phase::Waiting { at: after(now, pause) }, Next::Again),
                    None => (Phase::Ended, Next::Ended),
                }
            }
        };
        self.phase = phase;
        next
    }

    /// There is another token.
    pub(crate) fn another_token(&mut self, now: Instant) {
        if self.phase == Phase::NeedsToken {
            self.phase = Phase::Waiting { at: now };
        }
    }

    /// The channel was left, to be joined at once as somebody else. The join that is to be left.
    pub(crate) fn rejoin(&mut self, now: Instant) -> Option<Ref> {
        let join = self.join()?;
        self.forgive(now);
        self.phase = Phase::Waiting { at: now };
        Some(join)
    }

    /// It is to be left. The join that is to be left, if the server knows one; then tell [`leaving`](Self::leaving).
    pub(crate) fn leave(&mut self) -> Option<Ref> {
        let join = self.join();
        if join.is_none() && !matches!(self.phase, Phase::Leaving { .. }) {
            self.phase = Phase::Ended;
        }
        join
    }

    /// A leave was sent.
    pub(crate) fn leaving(&mut self, leave: Ref, until: Instant) {
        self.phase = Phase::Leaving { leave, until };
    }

    /// The server answered a leave, or did not in time. Whether the channel is over by that.
    pub(crate) fn left(&mut self, answered: Option<Ref>, now: Instant) -> bool {
        match self.phase {
            Phase::Leaving { leave, until } if answered == Some(leave) || until <= now => {
                self.phase = Phase::Ended;
                true
            }
            _ => false,
        }
    }
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
