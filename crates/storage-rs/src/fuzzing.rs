//! What the fuzz targets in `fuzz/` drive, and what the tests replay on their corpus. It is not there in any other build.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a fault is told by a panic"
)]

use supabase_core::fuzzed_errors;

use crate::error::Error;
use crate::object::download::range::ContentRange;
use crate::resumable::fuzzing::tus;

/// The headers of an answer about an upload by parts: `Upload-Offset`, `Upload-Length`, `Location`, apart by line breaks.
pub fn tus_headers(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    tus(text);
}

/// The header, and what follows from it.
pub fn content_range(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Some(range) = ContentRange::read(text) {
        assert!(range.length() > 0 && range.total.is_none_or(|total| range.length() <= total));
    }
}

fuzzed_errors!(status_code);

#[cfg(test)]
mod tests {
    use supabase_testing::corpus::{error_bodies, replay};

    #[test]
    fn the_corpora_are_read() {
        replay("tus_headers", super::tus_headers);
        replay("content_range", super::content_range);
        error_bodies(super::error_body);
    }
}
