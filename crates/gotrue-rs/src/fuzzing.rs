//! What the fuzz targets in `fuzz/` drive, and what the tests replay on their corpus. It is not there in any other build.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a fault is told by a panic"
)]

use supabase_core::{Bytes, Failure};

use crate::error::Error;
use crate::jwt;
use crate::redirect::Redirect;

/// An address that a browser came back to.
pub fn redirect_url(bytes: &[u8]) {
    let Ok(url) = std::str::from_utf8(bytes) else { return };
    match Redirect::parse(url) {
        Ok(redirect) => drop(format!("{redirect:?}")),
        Err(error) => drop(format!("{error} {error:?}")),
    }
}

/// A token, as it comes from the server itself.
pub fn token(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(claims) = jwt::unverified(text) {
        let _ = format!("{claims:?}");
        let _ = claims.get::<serde_json::Value>("app_metadata");
    }
}

/// The body of an error.
pub fn error_body(status: u16, body: &[u8]) {
    let Ok(failure) = Failure::refused(status, Bytes::copy_from_slice(body)) else { return };
    let error = Error::from_failure(failure);
    let _ = format!(
        "{error} {error:?} {:?} {:?} {:?}",
        error.code(),
        error.kind(),
        error.weak_password_reasons()
    );
    assert!(error.raw_body().len() <= 8 * 1024);
}

#[cfg(test)]
mod tests {
    use supabase_testing::corpus::{error_bodies, replay};

    #[test]
    fn the_corpora_are_read() {
        replay("redirect_url", super::redirect_url);
        replay("jwt", super::token);
        error_bodies(super::error_body);
    }
}
