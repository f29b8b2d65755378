//! The server's clock: that of the machine, and what a test has moved it forward by.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

/// Microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(transparent)]
pub(super) struct Moment(pub(super) u64);

impl Moment {
    pub(super) fn seconds(self) -> u64 {
        self.0 / 1_000_000
    }

    pub(super) fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// As headers write it.
    pub(super) fn http_date(self) -> String {
        httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_micros(self.0))
    }

    /// As JSON bodies write it: RFC 3339 with milliseconds.
    pub(super) fn iso(self) -> String {
        let millis = i64::try_from(self.0 / 1_000).unwrap_or(i64::MAX);
        // A clock beyond the year 9999 is written as the number that it is.
        Timestamp::from_millisecond(millis)
            .map_or_else(|_| self.0.to_string(), |timestamp| format!("{timestamp:.3}"))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.iso())
    }
}

#[derive(Debug, Default)]
pub(super) struct Clock {
    ahead: AtomicU64,
    last: AtomicU64,
}

impl Clock {
    /// Now. No two calls give the same, so that what happened first is always known.
    pub(super) fn now(&self) -> Moment {
        let machine = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, micros);
        let now = machine.saturating_add(self.ahead.load(Ordering::Relaxed));
        let last = self.last.fetch_max(now, Ordering::Relaxed);
        if last < now {
            return Moment(now);
        }
        Moment(self.last.fetch_add(1, Ordering::Relaxed) + 1)
    }

    pub(super) fn advance(&self, duration: Duration) {
        self.ahead.fetch_add(micros(duration), Ordering::Relaxed);
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_as_the_server_writes_them() {
        let moment = Moment(1_795_409_825_120_999);
        assert_eq!(moment.iso(), "2026-11-23T04:57:05.120Z");
        assert_eq!(moment.http_date(), "Mon, 23 Nov 2026 04:57:05 GMT");
    }

    #[test]
    fn no_two_moments_are_the_same_and_the_clock_moves_on_request() {
        let clock = Clock::default();
        let mut last = clock.now();
        for _ in 0..10_000 {
            let now = clock.now();
            assert!(now > last);
            last = now;
        }
        clock.advance(Duration::from_secs(3_600));
        assert!(clock.now() > last.plus(Duration::from_secs(3_599)));
    }
}
