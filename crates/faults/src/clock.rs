//! The time of day as a cell sees it: that of this machine, unless it has jumped.

use std::cell::Cell;
use std::time::{Duration, SystemTime};

thread_local! {
    /// How far the clock is ahead, in seconds. A cell has one thread for all that asks what time it is.
    static AHEAD: Cell<i64> = const { Cell::new(0) };
}

/// How far it jumps: beyond the life of a token.
pub(crate) const JUMP: i64 = 2 * 3_600;

/// Sets the clock of the cell that runs on this thread.
pub(crate) fn jump(seconds: i64) {
    AHEAD.set(seconds);
}

/// The time of day, for the clients.
pub(crate) fn clock() -> SystemTime {
    let (now, ahead) = (SystemTime::now(), AHEAD.get());
    let by = Duration::from_secs(ahead.unsigned_abs());
    let jumped = if ahead < 0 { now.checked_sub(by) } else { now.checked_add(by) };
    jumped.unwrap_or(now)
}
