//! Why a request failed.

use serde::Deserialize;
use serde_json::value::RawValue;
use supabase_core::{Failure, FailureKind, Reply, error_face, error_kinds, first_said, object_or_default};

use crate::code::Code;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request failed. [`kind`](Self::kind) says what a caller can do about it, [`code`](Self::code) what the server
/// calls it.
///
/// The server answers nearly every refusal with status 400, so decide by the code; [`status_code`](Self::status_code) is
/// the status that it means. Printed, an error shows kind, status, code, and the message, but no key, token, query or
/// body.
///
/// Source: <https://supabase.com/docs/guides/storage/debugging/error-codes>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use storage_rs::Code;
/// match storage.from("avatars").download("ada.png").await {
///     Ok(image) => println!("{} bytes", image.len()),
///     Err(error) if error.code() == Some(&Code::NoSuchKey) => println!("no picture yet"),
///     Err(error) => return Err(error),
/// }
/// # Ok(()) }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    failure: Failure,
    said: Said,
}

/// The server's own words.
#[derive(Debug, Default)]
struct Said {
    code: Option<Code>,
    message: Option<String>,
    status_code: Option<String>,
}

/// The body of an error: `{"statusCode", "error", "message", "code"}`, each of them optional and of any type, as none may
/// hide the others.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body<'a> {
    #[serde(borrow)]
    code: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    /// An older name of the code; in answers of the Iceberg catalog an object that holds all of this.
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    /// A text or a number.
    #[serde(borrow, rename = "statusCode")]
    status_code: Option<&'a RawValue>,
}

/// What the Iceberg catalog says: `{"error": {"message", "type", "code"}}`.
#[derive(Debug, Default, Deserialize)]
struct IcebergSaid {
    #[serde(default)]
    message: Option<String>,
    #[serde(default, rename = "type")]
    name: Option<String>,
    #[serde(default)]
    code: Option<u16>,
}

error_kinds! {
    /// What was to be uploaded cannot be read, or is not as long as announced. The upload was broken off before its last
    /// byte, so that the server cannot have taken a part for the whole.
    Content,
    /// What came is not what was announced: more, fewer or other bytes than the server said. Or the server says to have
    /// other bytes than were sent.
    Corrupt,
    /// The object was replaced while it was downloaded: download it again.
    Changed,
    /// The file to be written cannot be: read the source of the error. Nothing stands under its name.
    File,
    /// The upload was cancelled by its handle, or is paused and nobody is left to resume it.
    Cancelled,
    /// The store that remembers uploads cannot be read or written: read the source of the error.
    Store,
}

error_face!(
    "The service's own code. Older servers send none; then it follows from what they send in its place."
);

impl Error {
    /// The status that the service means, where it answers with another one: it answers nearly all refusals with 400.
    pub fn status_code(&self) -> Option<u16> {
        self.0.said.status_code.as_deref()?.parse().ok()
    }

    /// The call is wrong, and was not sent.
    pub(crate) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::from_failure(Failure::invalid(message))
    }

    /// What was to be uploaded cannot be read.
    pub(crate) fn content(
        message: impl Into<std::borrow::Cow<'static, str>>,
        source: impl Into<supabase_core::BoxError>,
    ) -> Self {
        Self::own(ErrorKind::Content, Failure::invalid_because(message, source))
    }

    /// The file to be written cannot be.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn file(
        message: impl Into<std::borrow::Cow<'static, str>>,
        source: impl Into<supabase_core::BoxError>,
    ) -> Self {
        Self::own(ErrorKind::File, Failure::invalid_because(message, source))
    }

    /// What was to be uploaded is not what was announced.
    pub(crate) fn unequal(message: String) -> Self {
        Self::own(ErrorKind::Content, Failure::invalid(message))
    }

    /// The server says to have other bytes than were sent.
    pub(crate) fn corrupt_upload(message: String) -> Self {
        Self::own(ErrorKind::Corrupt, Failure::unreadable(message, None))
    }

    /// The caller wants no more of it.
    pub(crate) fn cancelled(message: &'static str, source: Option<Failure>) -> Self {
        let failure = match source {
            Some(source) => Failure::invalid_because(message, source),
            None => Failure::invalid(message),
        };
        Self::own(ErrorKind::Cancelled, failure)
    }

    /// The store that remembers uploads failed.
    pub(crate) fn store(message: &'static str, source: supabase_core::BoxError) -> Self {
        Self::own(ErrorKind::Store, Failure::invalid_because(message, source))
    }

    /// The same, with the code that follows from what the server sent in its place.
    pub(crate) fn with_code(mut self, code: Code) -> Self {
        self.0.said.code = Some(code);
        self
    }

    /// What came is not what was announced.
    pub(crate) fn corrupt(message: impl Into<std::borrow::Cow<'static, str>>, head: &Reply) -> Self {
        Self::own(ErrorKind::Corrupt, Failure::decode(message, head, None))
    }

    /// The object is another one than at the beginning.
    pub(crate) fn changed(head: &Reply) -> Self {
        let message = "the object was replaced while it was downloaded";
        Self::own(ErrorKind::Changed, Failure::decode(message, head, None))
    }

    /// The answer is not what the service says it gives.
    pub(crate) fn unreadable(message: &'static str) -> Self {
        Self::from_failure(Failure::unreadable(message, None))
    }

    /// One of several objects cannot be had, which the service says within a success.
    pub(crate) fn no_such_key(message: Option<String>, reply: &Reply) -> Self {
        let failure = Failure::decode("the object does not exist", reply, None);
        let said = Said { code: Some(Code::NoSuchKey), message, ..Said::default() };
        Self(Box::new(Inner { kind: ErrorKind::Rejected, failure, said }))
    }

    fn own(kind: ErrorKind, failure: Failure) -> Self {
        Self(Box::new(Inner { kind, failure, said: Said::default() }))
    }

    /// Gives a failure this crate's words. Not `From`: a trait's implementation would be public, and the type of the
    /// machinery is not.
    pub(crate) fn from_failure(failure: Failure) -> Self {
        let kind = match failure.kind() {
            FailureKind::Content => ErrorKind::Content,
            _ => ErrorKind::of(&failure),
        };
        let said = if kind == ErrorKind::Rejected { said(&failure) } else { Said::default() };
        Self(Box::new(Inner { kind, failure: failure.shrink(), said }))
    }
}

fn said(failure: &Failure) -> Said {
    // Whatever has another shape says nothing here: the failure's own message then says what came.
    let body: Body<'_> = object_or_default(failure.body());
    let mut said = Said {
        code: first_said([body.code]).map(|code| Code::from(code.as_str())),
        message: first_said([body.message]),
        status_code: first_said([body.status_code]),
    };
    let Some(error) = body.error.map(RawValue::get) else { return said };
    if let Ok(name) = serde_json::from_str::<String>(error) {
        said.code = said.code.or_else(|| Code::of_older_server(&name));
        said.message = said.message.or(Some(name).filter(|name| !name.is_empty()));
    } else {
        let iceberg: IcebergSaid = object_or_default(error.as_bytes());
        let name = iceberg.name.filter(|name| !name.is_empty());
        said.code = said.code.or_else(|| name.as_deref().map(Code::from));
        said.message = said.message.or(iceberg.message.filter(|message| !message.is_empty()));
        said.status_code = said.status_code.or_else(|| iceberg.code.map(|code| code.to_string()));
    }
    said
}
