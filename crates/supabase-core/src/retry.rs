//! When a failed request is sent again, and after how long.

use std::time::{Duration, SystemTime};

use backon::{BackoffBuilder, ExponentialBuilder};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, RETRY_AFTER};

/// How often a request is sent again, and how the pauses between grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many times a request may be sent again after the first.
    pub max_retries: u32,
    /// About how long the first pause is; it doubles from one to the next.
    pub first_pause: Duration,
    /// How long a pause may become at the most, also when the server asks for more.
    pub longest_pause: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_retries: 3,
            first_pause: Duration::from_millis(500),
            longest_pause: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// The pauses, with jitter, so that many clients do not come back at the same moment.
    pub fn pauses(self) -> impl Iterator<Item = Duration> + Send {
        ExponentialBuilder::default()
            .with_jitter()
            .with_min_delay(self.first_pause)
            .with_max_delay(self.longest_pause)
            .with_max_times(usize::try_from(self.max_retries).unwrap_or(usize::MAX))
            .build()
    }
}

/// Whether a status says that the same request may well succeed a little later.
pub(crate) fn is_transient(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 502 | 503 | 504 | 520)
}

/// How long the server asks to wait: `Retry-After`, in seconds or as a date.
pub(crate) fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_within_their_limits_and_end() {
        let policy = RetryPolicy {
            max_retries: 6,
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_secs(5),
        };
        let pauses: Vec<_> = policy.pauses().collect();
        assert_eq!(pauses.len(), 6);
        for (n, pause) in pauses.iter().enumerate() {
            // Jitter adds up to one first pause.
            let least = Duration::from_secs((1 << n).min(5));
            assert!((least..=least * 2 + policy.first_pause).contains(pause), "{n}: {pause:?}");
        }
        assert_eq!(RetryPolicy { max_retries: 0, ..policy }.pauses().count(), 0);
    }

    #[test]
    fn retry_after_is_read_in_seconds_and_as_a_date() {
        let now = httpdate::parse_http_date("Tue, 24 Nov 2026 10:00:00 GMT").unwrap();
        for (text, wait) in [
            ("0", Some(0)),
            (" 7 ", Some(7)),
            ("Tue, 24 Nov 2026 10:00:09 GMT", Some(9)),
            ("Tue, 24 Nov 2026 09:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            assert_eq!(retry_after(&headers, now), wait.map(Duration::from_secs), "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), now), None);
    }
}
