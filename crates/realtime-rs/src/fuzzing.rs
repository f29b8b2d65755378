//! What the fuzz targets in `fuzz/` drive, and what the tests replay on their corpus. It is not there in any other build.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a fault is told by a panic"
)]

use bytes::Bytes;

use crate::error::Error;
use crate::protocol::{Frame, ProtocolVersion, decode};

/// The first byte says the version, and whether the rest came as text.
pub fn frame(bytes: &[u8]) {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let rest = Bytes::copy_from_slice(rest);
    let version = if choice & 1 == 0 { ProtocolVersion::V2 } else { ProtocolVersion::V1 };
    let frame = if choice & 2 == 0 { Frame::Text(rest) } else { Frame::Binary(rest) };
    if let Some(message) = decode(version, &frame) {
        let _ = format!("{message:?}");
    }
}

/// The body of an error.
pub fn error_body(status: u16, body: &[u8]) {
    let error = Error::refused(status, body.to_vec());
    let _ = format!("{error} {error:?} {:?} {:?}", error.code(), error.kind());
    assert!(error.raw_body().len() <= 8 * 1024);
}

#[cfg(test)]
mod tests {
    use supabase_testing::corpus::{error_bodies, replay};

    #[test]
    fn the_corpora_are_read() {
        replay("realtime_frames", super::frame);
        error_bodies(super::error_body);
    }
}
