//! Moments, as the server writes them.

use std::time::SystemTime;

use supabase_core::timestamp_type;

timestamp_type!("realtime_rs");

impl Timestamp {
    /// The moment of a clock.
    pub(crate) fn of(clock: SystemTime) -> Self {
        let since = clock.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self::from_unix_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
