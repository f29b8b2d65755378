//! How the service says no to a part of a resumable upload. Here it means the status that it sends, and its words are text.

use supabase_core::{Failure, FailureKind};

use super::protocol::Refusal;
use crate::code::Code;
use crate::error::Error;

/// What a failure means for the upload; `None` if there was no answer at all.
pub(super) fn refusal(failure: &Failure) -> Option<Refusal> {
    let code = code(failure);
    Some(match failure.status()? {
        404 | 410 if code != Some(Code::NoSuchBucket) => Refusal::Gone,
        // The offset is another one, and not the object there already.
        409 if code.is_none() => Refusal::Later,
        // Somebody writes the same upload: mostly our own request before, which the service has not yet given up.
        408 | 423 | 425 | 429 => Refusal::Later,
        // The chunk did not arrive as it was sent.
        460 => Refusal::Later,
        500..=599 => Refusal::Later,
        _ => Refusal::Final,
    })
}

/// Whether the request may have come through, or may do so a little later.
pub(super) fn is_lost(failure: &Failure) -> bool {
    matches!(failure.kind(), FailureKind::Connect | FailureKind::Timeout | FailureKind::Interrupted)
}

/// Whether there is an object already.
pub(super) fn is_taken(failure: &Failure) -> bool {
    code(failure) == Some(Code::KeyAlreadyExists)
}

/// The error of a failure, with the code that the service's text means.
pub(super) fn error(failure: Failure) -> Error {
    let code = code(&failure);
    let error = Error::from_failure(failure);
    match code {
        Some(code) if error.code().is_none() => error.with_code(code),
        _ => error,
    }
}

/// The code that follows from status and text, where the service sends none.
fn code(failure: &Failure) -> Option<Code> {
    if failure.kind() != FailureKind::Status {
        return None;
    }
    let text = std::str::from_utf8(failure.body()).unwrap_or_default().trim();
    Some(match failure.status()? {
        400 if text.starts_with("Invalid key") => Code::InvalidKey,
        400 if text == "Invalid signature" || text.contains("x-signature") => Code::InvalidSignature,
        403 => Code::AccessDenied,
        404 if text == "Bucket not found" => Code::NoSuchBucket,
        404 | 410 => Code::NoSuchUpload,
        409 if text == "The resource already exists" => Code::KeyAlreadyExists,
        413 => Code::EntityTooLarge,
        415 => Code::InvalidMimeType,
        423 => Code::ResourceLocked,
        _ => return None,
    })
}
