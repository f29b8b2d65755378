//! Why an invocation failed.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use supabase_core::{Failure, FailureKind, Reply, decode_json, error_face, error_kinds, object_or_default};

use crate::code::Code;
use crate::response::texts;

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an invocation failed. [`kind`](Self::kind) says what a caller can do about it.
///
/// A function that answers with an error has said something: [`json`](Self::json), [`text`](Self::text) and
/// [`bytes`](Self::bytes) read it, as they would read a success. Printed, an error shows kind, status, code, and the
/// message, but no key, token, query or body; a function's own message is shown where it is a short text, or stands in
/// a field `message`, `error` or `msg`.
///
/// Source: <https://supabase.com/docs/guides/functions/error-handling>
///
/// ```no_run
/// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
/// use functions_rs::ErrorKind;
/// match functions.invoke("hello-world").await {
///     Ok(answer) => println!("{}", answer.text()?),
///     Err(error) if error.kind() == ErrorKind::Rejected => println!("the function says {:?}", error.text()),
///     Err(error) if error.kind() == ErrorKind::Relay => println!("the platform failed: {error}"),
///     Err(error) => return Err(error),
/// }
/// # Ok(()) }
/// ```
#[doc(alias = "FunctionsHttpError")]
#[doc(alias = "FunctionsRelayError")]
#[doc(alias = "FunctionsFetchError")]
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    failure: Failure,
    said: Said,
}

/// What the answer says about the failure, where it says it in a known way.
#[derive(Debug, Default)]
struct Said {
    code: Option<Code>,
    message: Option<String>,
}

error_kinds! {
    /// The platform between the caller and the function failed: the function may or may not have run, so that only a
    /// `GET` may be made again.
    Relay,
    /// The body to be sent could not be read to its end.
    Content,
    /// The stream of events cannot be read any further, as it is not made of events.
    Stream,
}

error_face!("The platform's code, or the one that the function gave in a field `code`.");

impl Error {
    /// A header of the answer, if it is there and is text.
    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.0.failure.header(name.as_ref())
    }

    /// All headers of the answer that are text; a name may come several times.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        texts(self.0.failure.headers())
    }

    /// The answer, read as JSON.
    ///
    /// # Errors
    /// It does not fit `T`, is no JSON, or there was none.
    ///
    /// ```no_run
    /// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
    /// #[derive(serde::Deserialize)]
    /// struct Problem { field: String }
    ///
    /// if let Err(error) = functions.invoke("validate").await {
    ///     let problem: Problem = error.json()?;
    ///     println!("correct {}", problem.field);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        decode_json(self.bytes())
            .map_err(|(message, source)| Self::from_failure(Failure::unreadable(message, source)))
    }

    /// The answer as text; `None` if it is not UTF-8. Empty if there was none.
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes()).ok()
    }

    /// The answer as it came, at most its first mebibyte; empty if there was none.
    pub fn bytes(&self) -> &[u8] {
        self.0.failure.body()
    }

    pub(crate) fn invalid(message: impl Into<std::borrow::Cow<'static, str>>) -> Self {
        Self::from_failure(Failure::invalid(message))
    }

    /// A success whose header says that it is none.
    pub(crate) fn relay(reply: Reply, is_read: bool) -> Self {
        Self::from_failure(Failure::decode("the platform could not pass the call on", &reply, None))
            .of_read(is_read)
    }

    /// The same error, of a call that only reads: where the platform failed on the way, it may be made again.
    pub(crate) fn of_read(mut self, is_read: bool) -> Self {
        if is_read && self.0.kind == ErrorKind::Relay {
            self.0.failure = self.0.failure.into_retryable();
        }
        self
    }

    /// An answer that was to be a stream of events.
    pub(crate) fn no_events(message: String, reply: Reply) -> Self {
        let failure = Failure::decode(message, &reply, None);
        Self(Box::new(Inner { kind: ErrorKind::Stream, failure, said: Said::default() }))
    }

    /// A stream that cannot be read any further.
    pub(crate) fn stream(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        let failure = Failure::unreadable("the stream is not made of events", Some(source.into()));
        Self(Box::new(Inner { kind: ErrorKind::Stream, failure, said: Said::default() }))
    }

    /// Gives a failure this crate's words. Not `From`: a trait's implementation would be public, and the type of the
    /// machinery is not.
    pub(crate) fn from_failure(failure: Failure) -> Self {
        let mut kind = ErrorKind::of(&failure);
        if failure.kind() == FailureKind::Content {
            kind = ErrorKind::Content;
        }
        if is_relay(failure.header(RELAY_ERROR)) {
            kind = ErrorKind::Relay;
        }
        let said = match kind {
            ErrorKind::Rejected | ErrorKind::Relay => said(&failure),
            _ => Said::default(),
        };
        Self(Box::new(Inner { kind, failure, said }))
    }
}

/// The header by which the platform says that it, and not the function, failed. It counts on any status.
const RELAY_ERROR: &str = "x-relay-error";

/// Whether the platform says that it could not pass the call on.
pub(crate) fn is_relay_error(reply: &Reply) -> bool {
    is_relay(reply.header(RELAY_ERROR))
}

fn is_relay(header: Option<&str>) -> bool {
    header.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

fn said(failure: &Failure) -> Said {
    #[derive(Default, Deserialize)]
    struct Body {
        code: Option<Value>,
        message: Option<Value>,
        error: Option<Value>,
        msg: Option<Value>,
    }
    // Whatever a function sends is no reason to fail again: what has another shape says nothing here.
    let body: Body = object_or_default(failure.body());
    let text = |value: Option<Value>| match value {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let in_header = failure.header("sb-error-code").map(str::to_owned);
    Said {
        code: in_header.or_else(|| text(body.code)).map(|code| Code::from(code.as_str())),
        message: text(body.message).or_else(|| text(body.error)).or_else(|| text(body.msg)),
    }
}
