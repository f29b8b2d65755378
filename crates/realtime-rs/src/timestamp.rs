//! Moments, as the server writes them.

use supabase_core::{timestamp_type, wall_clock};

timestamp_type!("realtime_rs");

impl Timestamp {
    /// The moment of this machine's clock.
    pub(crate) fn now() -> Self {
        let since = wall_clock().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self::from_unix_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}
