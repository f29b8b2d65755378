//! When to ask the server whether it is still there. Pure: no I/O, no clock.

use std::time::{Duration, SystemTime};

use supabase_core::Instant;

use crate::deadline::after;
use crate::protocol::Ref;

/// How much longer than the monotonic clock the wall clock may have run before it is said that the machine slept.
const SLEPT: Duration = Duration::from_secs(10);

/// How long a machine that slept waits for an answer: the connection is most likely gone.
const SHORT: Duration = Duration::from_secs(3);

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Beat {
    /// Nothing, until then.
    Wait(Instant),
    /// Send a heartbeat, and tell [`Heartbeats::sent`].
    Send,
    /// The server has not answered in time.
    TimedOut,
}

/// The heartbeats of one connection.
#[derive(Clone, Debug)]
pub(crate) struct Heartbeats {
    interval: Duration,
    limit: Duration,
    due: Instant,
    asked: Option<Asked>,
    clocks: (Instant, SystemTime),
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    reference: Ref,
    at: Instant,
    until: Instant,
}

impl Heartbeats {
    /// A connection was opened.
    pub(crate) fn new(interval: Duration, limit: Duration, now: Instant, wall: SystemTime) -> Self {
        Self { interval, limit, due: after(now, interval), asked: None, clocks: (now, wall) }
    }

    /// What is to be done.
    pub(crate) fn poll(&mut self, now: Instant, wall: SystemTime) -> Beat {
        let (then, then_wall) = self.clocks;
        self.clocks = (now, wall);
        let by_wall = wall.duration_since(then_wall).unwrap_or_default();
        let slept = by_wall > now.saturating_duration_since(then) + SLEPT;
        match &mut self.asked {
            Some(asked) => {
                if slept {
                    asked.until = asked.until.min(now + SHORT);
                }
                if now >= asked.until { Beat::TimedOut } else { Beat::Wait(asked.until) }
            }
            None if slept => {
                self.limit = self.limit.min(SHORT);
                Beat::Send
            }
            None if now >= self.due => Beat::Send,
            None => Beat::Wait(self.due),
        }
    }

    /// A heartbeat was sent.
    pub(crate) fn sent(&mut self, reference: Ref, now: Instant, limit: Duration) {
        self.asked = Some(Asked { reference, at: now, until: after(now, self.limit) });
        self.limit = limit;
    }

    /// The server took its time with something that was sent as `by`: what was sent later has waited so long.
    pub(crate) fn held_up(&mut self, by: Ref, now: Instant) {
        if let Some(asked) = self.asked.as_mut().filter(|asked| asked.reference > by) {
            asked.until = asked.until.max(after(now, self.limit));
        }
    }

    /// Until when an answer must come, if one is asked for.
    pub(crate) fn until(&self) -> Option<Instant> {
        self.asked.map(|asked| asked.until)
    }

    /// An answer came. The time that it took, if it answers the heartbeat that was sent last.
    pub(crate) fn answered(&mut self, reference: Ref, now: Instant) -> Option<Duration> {
        let asked = self.asked.take_if(|asked| asked.reference == reference)?;
        self.due = after(now, self.interval);
        Some(now.saturating_duration_since(asked.at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(25);
    const LIMIT: Duration = Duration::from_secs(10);

    fn clocks() -> (Instant, SystemTime) {
        (Instant::now(), SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn the_next_one_follows_the_answer() {
        let (now, wall) = clocks();
        let mut beats = Heartbeats::new(INTERVAL, LIMIT, now, wall);
        assert_eq!(beats.poll(now, wall), Beat::Wait(now + INTERVAL));
        let (now, wall) = (now + INTERVAL, wall + INTERVAL);
        assert_eq!(beats.poll(now, wall), Beat::Send);
        beats.sent(7, now, LIMIT);
        assert_eq!(beats.poll(now, wall), Beat::Wait(now + LIMIT));
        assert_eq!(beats.answered(6, now), None);
        let later = now + Duration::from_millis(40);
        assert_eq!(beats.answered(7, later), Some(Duration::from_millis(40)));
        assert_eq!(beats.answered(7, later), None);
        assert_eq!(beats.poll(later, wall), Beat::Wait(later + INTERVAL));
    }

    #[test]
    fn a_server_that_does_not_answer_is_gone() {
        let (now, wall) = clocks();
        let mut beats = Heartbeats::new(INTERVAL, LIMIT, now, wall);
        beats.sent(1, now, LIMIT);
        assert_eq!(beats.poll(now + LIMIT, wall + LIMIT), Beat::TimedOut);
    }

    #[test]
    fn what_was_sent_before_it_may_hold_it_up() {
        let (now, wall) = clocks();
        let mut beats = Heartbeats::new(INTERVAL, LIMIT, now, wall);
        beats.sent(7, now, LIMIT);
        let half = LIMIT / 2;
        beats.held_up(8, now + half);
        assert_eq!(beats.until(), Some(now + LIMIT));
        beats.held_up(6, now + half);
        assert_eq!(beats.poll(now + LIMIT, wall + LIMIT), Beat::Wait(now + half + LIMIT));
        beats.held_up(6, now);
        assert_eq!(beats.poll(now + half + LIMIT, wall + half + LIMIT), Beat::TimedOut);
    }

    #[test]
    fn a_machine_that_slept_asks_at_once_and_waits_less() {
        let (now, wall) = clocks();
        let mut beats = Heartbeats::new(INTERVAL, LIMIT, now, wall);
        let hour = Duration::from_secs(3_600);
        let second = Duration::from_secs(1);
        assert_eq!(beats.poll(now + second, wall + hour), Beat::Send);
        beats.sent(1, now + second, LIMIT);
        let now = now + second;
        assert_eq!(beats.poll(now, wall + hour), Beat::Wait(now + SHORT));
        // While one is out: what is left of the time is cut.
        let mut beats = Heartbeats::new(INTERVAL, LIMIT, now, wall);
        beats.sent(1, now, LIMIT);
        assert_eq!(beats.poll(now, wall + hour), Beat::Wait(now + SHORT));
        // A clock that was set back is no sleep.
        assert_eq!(beats.poll(now, wall), Beat::Wait(now + SHORT));
    }
}
