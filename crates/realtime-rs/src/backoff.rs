//! How long to wait before trying again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use supabase_core::{MaybeSend, MaybeSync};

#[cfg(not(target_family = "wasm"))]
type Choose = dyn Fn(u32) -> Option<Duration> + Send + Sync;
#[cfg(target_family = "wasm")]
type Choose = dyn Fn(u32) -> Option<Duration>;

/// The longest pause that a server may ask for. One that asks for more, by mistake or as the clocks differ, would silence its
/// clients for good.
const LONGEST_ASKED: Duration = Duration::from_secs(5 * 60);

/// How much is added at random to what a server asks for, at the most.
const LARGEST_SPREAD: Duration = Duration::from_secs(30);

/// How long to wait before a connection is opened or a channel is joined again.
///
/// A server that refuses a connection may ask for more, by `Retry-After`. The longer of the two pauses is waited for then, and
/// tries are counted, and given up, as ever. Of what is asked for, five minutes count at the most; up to as much again, but
/// no more than 30 seconds, is added at random, as a server tells all of its clients the same. Browsers hide what a refusal
/// says.
///
/// ```
/// use std::time::Duration;
/// use realtime_rs::Backoff;
/// let forever = Backoff::exponential(Duration::from_secs(1), Duration::from_secs(30));
/// let ten_times = forever.at_most(10);
/// ```
#[derive(Clone)]
pub struct Backoff {
    pauses: Pauses,
    limit: Option<u32>,
}

#[derive(Clone)]
enum Pauses {
    Exponential { first: Duration, longest: Duration },
    Custom(Arc<Choose>),
}

impl Backoff {
    /// Pauses that double from about `first` up to `longest`, spread at random by up to as much again, so that many
    /// clients do not come back at the same moment. For ever, unless [`at_most`](Self::at_most) says otherwise.
    pub fn exponential(first: Duration, longest: Duration) -> Self {
        Self { pauses: Pauses::Exponential { first, longest }, limit: None }
    }

    /// Pauses of your own: `choose` gets the number of tries that failed so far, from 1 on. `None` gives up.
    ///
    /// ```
    /// use std::time::Duration;
    /// let steps = [1, 2, 5, 10].map(Duration::from_secs);
    /// let backoff = realtime_rs::Backoff::custom(move |failed| steps.get(failed as usize - 1).or(steps.last()).copied());
    /// ```
    #[doc(alias = "reconnectAfterMs")]
    pub fn custom(choose: impl Fn(u32) -> Option<Duration> + MaybeSend + MaybeSync + 'static) -> Self {
        Self { pauses: Pauses::Custom(Arc::new(choose)), limit: None }
    }

    /// Gives up after so many tries in a row that failed.
    #[must_use]
    pub fn at_most(mut self, tries: u32) -> Self {
        self.limit = Some(tries);
        self
    }

    /// The pause after so many failures in a row, from 1 on; `None` gives up.
    pub(crate) fn pause(&self, failed: u32) -> Option<Duration> {
        if self.limit.is_some_and(|limit| failed > limit) {
            return None;
        }
        match &self.pauses {
            Pauses::Custom(choose) => choose(failed),
            Pauses::Exponential { first, longest } => {
                // The power is written out here, as the builder's pauses can only be had one after the other.
                let grown =
                    first.saturating_mul(1_u32.checked_shl(failed.saturating_sub(1)).unwrap_or(u32::MAX));
                Some(spread(grown.min(*longest)))
            }
        }
    }
}

/// How long to stay away from a server that asks for so much: as long at the least, up to a limit.
pub(crate) fn asked_pause(asked: Duration) -> Duration {
    let (asked, spread_from) = (asked.min(LONGEST_ASKED), asked.min(LARGEST_SPREAD));
    asked + spread(spread_from).saturating_sub(spread_from)
}

/// A pause with up to as much again, at random.
fn spread(pause: Duration) -> Duration {
    let mut pauses = ExponentialBuilder::default().with_jitter().with_min_delay(pause).build();
    pauses.next().unwrap_or(pause)
}

impl Default for Backoff {
    fn default() -> Self {
        Self::exponential(Duration::from_secs(1), Duration::from_secs(30))
    }
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("Backoff");
        match &self.pauses {
            Pauses::Exponential { first, longest } => debug.field("first", first).field("longest", longest),
            Pauses::Custom(_) => debug.field("pauses", &"custom"),
        };
        debug.field("limit", &self.limit).finish()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pauses_stay_within_their_bounds(first in 1..5_000_u64, longest in 1..60_000_u64, failed in 1..u32::MAX) {
            let (first, longest) = (Duration::from_millis(first), Duration::from_millis(longest));
            let pause = Backoff::exponential(first, longest).pause(failed).unwrap();
            // Never less than the first pause, and jitter adds at most as much again.
            prop_assert!(pause >= first.min(longest), "{pause:?}");
            prop_assert!(pause <= longest * 2, "{pause:?}");
        }

        #[test]
        fn pauses_grow(failed in 1..5_u32) {
            let pause = |failed| Backoff::default().pause(failed).unwrap();
            let least = Duration::from_secs(1 << (failed - 1));
            prop_assert!(pause(failed) >= least && pause(failed) <= least * 2);
        }

        #[test]
        fn what_a_server_asks_for_is_waited_for_within_a_limit(asked in 0..100_000_u64) {
            let (asked, five_minutes) = (Duration::from_secs(asked), Duration::from_secs(300));
            let pause = asked_pause(asked);
            prop_assert!(pause >= asked.min(five_minutes), "{pause:?}");
            prop_assert!(pause <= (asked * 2).min(five_minutes + Duration::from_secs(30)), "{pause:?}");
        }
    }

    #[test]
    fn it_gives_up_when_told_so() {
        let limited = Backoff::default().at_most(2);
        assert!(limited.pause(2).is_some() && limited.pause(3).is_none());
        let custom = Backoff::custom(|failed| (failed < 3).then_some(Duration::from_secs(7)));
        assert_eq!((custom.pause(1), custom.pause(3)), (Some(Duration::from_secs(7)), None));
    }

    #[test]
    fn the_longest_pauses_can_be_told() {
        let backoff = Backoff::exponential(Duration::MAX, Duration::MAX);
        assert!((1..2_000).chain([u32::MAX]).all(|failed| backoff.pause(failed) == Some(Duration::MAX)));
    }

    #[test]
    fn pauses_are_spread() {
        let pauses: std::collections::BTreeSet<_> = (0..20).map(|_| Backoff::default().pause(1)).collect();
        assert!(pauses.len() > 10, "{pauses:?}");
        for asked in [Duration::from_secs(60), Duration::MAX] {
            let pauses: std::collections::BTreeSet<_> = (0..20).map(|_| asked_pause(asked)).collect();
            assert!(pauses.len() > 10, "{pauses:?}");
        }
    }
}
