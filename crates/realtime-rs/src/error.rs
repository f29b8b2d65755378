//! Why a request failed.

use serde::Deserialize;
use supabase_core::{Failure, error_face, error_kinds};

use crate::code::Code;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request failed. [`kind`](Self::kind) says what a caller can do about it, [`code`](Self::code) what the server
/// calls it.
///
/// Printed, an error shows kind, status, code, and the message, but no key, token, query or body.
///
/// Source: <https://supabase.com/docs/guides/realtime/error_codes>
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    failure: Failure,
    said: Said,
}

/// The server's own words.
#[derive(Debug, Default, Deserialize)]
struct Said {
    #[serde(default)]
    code: Option<Code>,
    #[serde(default)]
    message: Option<String>,
}

error_kinds! {}

error_face!("The service's own code.");

impl Error {
    /// Gives a failure this crate's words. Not `From`: a trait's implementation would be public, and the type of the
    /// machinery is not.
    pub(crate) fn from_failure(failure: Failure) -> Self {
        let kind = ErrorKind::of(&failure);
        let said = match kind {
            ErrorKind::Rejected => serde_json::from_slice(failure.body()).unwrap_or_default(),
            _ => Said::default(),
        };
        Self(Box::new(Inner { kind, failure: failure.shrink(), said }))
    }
}
