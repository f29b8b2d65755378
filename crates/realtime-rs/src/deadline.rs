//! When a time that somebody chose is over.

use std::time::Duration;

use supabase_core::Instant;

/// As good as never, and still a moment that every clock can tell.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 3600);

/// The moment so long after `now`, however long that is: added as it is, it could lie beyond what the clock can tell.
pub(crate) fn after(now: Instant, duration: Duration) -> Instant {
    now + duration.min(FAR)
}
