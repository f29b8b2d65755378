//! The time, read once and handed on: what decides about sessions has no clock of its own.

use std::time::{Duration, SystemTime};

use supabase_core::Instant;

/// What tells the time of day.
pub(crate) type Clock = fn() -> SystemTime;

/// A moment by both clocks. The steady one stands still while the machine sleeps; the time of day can be set by hand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) at: Instant,
    pub(crate) unix_ms: i64,
}

impl Now {
    pub(crate) fn read(clock: Clock) -> Self {
        let since = clock().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        Self { at: Instant::now(), unix_ms: i64::try_from(since.as_millis()).unwrap_or(i64::MAX) }
    }

    pub(crate) fn unix_seconds(self) -> i64 {
        self.unix_ms.div_euclid(1000)
    }
}

/// Whole seconds are cut off on the way; less than this is no difference of clocks.
const NO_SKEW_MS: i64 = 2_000;

/// When a token expires, by the clocks of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    unix_ms: i64,
    /// How far the server's clock is ahead of this machine's.
    pub(crate) skew_ms: i64,
}

impl Deadline {
    /// Of a token that the server has just issued: it says how long the token lives, so its clock does not matter.
    pub(crate) fn issued(now: Now, expires_in: u64, expires_at: i64) -> Self {
        let left_ms = seconds_to_ms(i64::try_from(expires_in).unwrap_or(i64::MAX));
        let skew_ms = seconds_to_ms(expires_at).saturating_sub(left_ms).saturating_sub(now.unix_ms);
        let skew_ms = if skew_ms.saturating_abs() < NO_SKEW_MS { 0 } else { skew_ms };
        Self::left(now, left_ms, skew_ms)
    }

    /// Of a token that was stored: how far the server's clock was ahead was noted then.
    ///
    /// A token that would live for longer now than when it was issued says that this machine's clock was set back since,
    /// and then what was noted is worth nothing: the server's own word counts.
    pub(crate) fn stored(now: Now, expires_in: u64, expires_at: i64, skew_ms: i64) -> Self {
        let lifetime_ms = match expires_in {
            // A text that does not say it is believed.
            0 => i64::MAX,
            seconds => seconds_to_ms(i64::try_from(seconds).unwrap_or(i64::MAX)),
        };
        let left =
            |skew_ms: i64| seconds_to_ms(expires_at).saturating_sub(skew_ms).saturating_sub(now.unix_ms);
        let is_credible = left(skew_ms) <= lifetime_ms.saturating_add(NO_SKEW_MS);
        let skew_ms = if is_credible { skew_ms } else { 0 };
        Self::left(now, left(skew_ms).min(lifetime_ms), skew_ms)
    }

    fn left(now: Now, left_ms: i64, skew_ms: i64) -> Self {
        let left = Duration::from_millis(u64::try_from(left_ms).unwrap_or(0));
        Self {
            at: now.at.checked_add(left).unwrap_or(now.at),
            unix_ms: now.unix_ms.saturating_add(left_ms),
            skew_ms,
        }
    }

    /// How long the token still lives: what the less hopeful clock says.
    pub(crate) fn remaining(&self, now: Now) -> Duration {
        let by_day = u64::try_from(self.unix_ms.saturating_sub(now.unix_ms)).unwrap_or(0);
        self.at.saturating_duration_since(now.at).min(Duration::from_millis(by_day))
    }
}

/// How many seconds a token still lives, which says by the server's clock when it expires: by the date of an answer that has
/// just come, if that tells one.
pub(crate) fn seconds_left(expires_at: i64, date: Option<&str>, now: Now) -> i64 {
    let date = date.and_then(|date| httpdate::parse_http_date(date).ok());
    let since = date.and_then(|date| date.duration_since(SystemTime::UNIX_EPOCH).ok());
    match since {
        Some(since) => expires_at.saturating_sub_unsigned(since.as_secs()),
        None => expires_at.saturating_sub(now.unix_seconds()),
    }
}

fn seconds_to_ms(seconds: i64) -> i64 {
    seconds.saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn later(now: Now, seconds: u64, by_day: i64) -> Now {
        Now { at: now.at + Duration::from_secs(seconds), unix_ms: now.unix_ms + by_day * 1000 }
    }

    #[test]
    fn a_fresh_token_lives_as_long_as_the_server_says_whatever_its_clock_shows() {
        let now = Now { at: Instant::now(), unix_ms: 1_000_000_000 };
        for skew in [-7200, 0, 7200] {
            let deadline = Deadline::issued(now, 3600, 1_000_000 + skew + 3600);
            assert_eq!(deadline.remaining(now), Duration::from_secs(3600), "{skew}");
            assert_eq!(deadline.remaining(later(now, 3599, 3599)), Duration::from_secs(1));
            // And so it does once it was stored.
            let stored = Deadline::stored(now, 3600, 1_000_000 + skew + 3600, deadline.skew_ms);
            assert_eq!(stored.remaining(now), Duration::from_secs(3600), "{skew}");
        }
    }

    #[test]
    fn the_clock_that_has_gone_further_counts() {
        let now = Now { at: Instant::now(), unix_ms: 1_000_000_000 };
        let deadline = Deadline::issued(now, 3600, 1_000_000 + 3600);
        // The machine slept for two hours, and its steady clock stood still.
        assert_eq!(deadline.remaining(later(now, 10, 7200)), Duration::ZERO);
        // Somebody has set the time of day back.
        assert_eq!(deadline.remaining(later(now, 3600, -86_400)), Duration::ZERO);
    }

    #[test]
    fn a_stored_token_lives_no_longer_than_when_it_was_issued_whatever_the_clock_was_set_to() {
        let right = Now { at: Instant::now(), unix_ms: 1_000_000_000 };
        let expires_at = 1_000_000 + 3600;
        // The clock was five hours ahead, was set right, and the program was started again after so many seconds.
        let skew_ms = Deadline::issued(later(right, 0, 5 * 3600), 3600, expires_at).skew_ms;
        for (passed, left) in [(60, 3540), (3600, 0), (3 * 3600, 0)] {
            let now = later(right, 0, passed);
            let deadline = Deadline::stored(now, 3600, expires_at, skew_ms);
            assert_eq!((deadline.remaining(now).as_secs(), deadline.skew_ms), (left, 0), "{passed}");
        }
        // It was right, and is behind now.
        let now = later(right, 0, -5 * 3600);
        assert_eq!(Deadline::stored(now, 3600, expires_at, 0).remaining(now).as_secs(), 3600);
        assert_eq!(Deadline::stored(now, 0, expires_at, 0).remaining(now).as_secs(), 6 * 3600);
    }

    #[test]
    fn absurd_times_are_survived() {
        let now = Now { at: Instant::now(), unix_ms: i64::MAX - 1 };
        assert_eq!(
            Deadline::issued(now, u64::MAX, i64::MIN).remaining(now).min(Duration::from_secs(1)).as_secs(),
            0
        );
        assert_eq!(Deadline::stored(now, u64::MAX, i64::MIN, i64::MAX).remaining(now), Duration::ZERO);
    }
}
