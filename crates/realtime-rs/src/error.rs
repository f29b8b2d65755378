//! Why something failed.

use std::borrow::Cow;
use std::error::Error as StdError;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use supabase_core::header::{HeaderMap, HeaderName, HeaderValue};
use supabase_core::{Failure, FailureKind, error_face, error_kinds, object_or_default};

use crate::code::{Code, Verdict};

/// The result of a call.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something failed. [`kind`](Self::kind) says what a caller can do about it, [`code`](Self::code) what the server
/// calls it, [`message`](Self::message) holds the server's own words.
///
/// Printed, an error shows kind, status, code, and the message, but no key, token, query or body. It can be cloned, as
/// one event can end many streams.
///
/// Source: <https://supabase.com/docs/guides/realtime/error_codes>
///
/// ```no_run
/// # async fn run(realtime: realtime_rs::Client) {
/// use realtime_rs::Code;
/// match realtime.channel("room1").private().subscribe().await {
///     Ok(room) => println!("{} is open", room.name()),
///     Err(error) if error.code() == Some(&Code::Unauthorized) => println!("not for you: {error}"),
///     Err(error) if error.is_retryable() => println!("try again later: {error}"),
///     Err(error) => println!("{error}"),
/// }
/// # }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Inner>);

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
}

error_kinds! {
    /// The channel or the client was closed on this side.
    Closed,
    /// The reader of a stream was too slow, and the stream was told to end then.
    TooSlow,
}

error_face!("The service's own code.");

impl Error {
    /// A custom [`Transport`](crate::Transport) could not connect: it is tried again after a pause. What an open connection
    /// fails with is told as [`ErrorKind::Interrupted`], whatever it is.
    ///
    /// ```
    /// let error = realtime_rs::Error::unreachable(std::io::Error::other("no route"));
    /// assert!(error.is_retryable());
    /// ```
    pub fn unreachable(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let message = "the server cannot be reached";
        Self::from_failure(Failure::elsewhere(FailureKind::Connect, message, true, Some(source.into())))
    }

    /// The server answered the handshake of a custom [`Transport`](crate::Transport) with `status`, and opened no
    /// websocket. Most of 4xx is final; 408, 429 and 5xx are tried again after a pause, whose length the server can ask for in a
    /// header: [`refused_with_headers`](Self::refused_with_headers) hands it on.
    ///
    /// ```
    /// let error = realtime_rs::Error::refused(401, r#"{"error":"Token has expired"}"#);
    /// assert_eq!((error.status(), error.message()), (Some(401), "Token has expired"));
    /// assert!(!error.is_retryable());
    /// ```
    pub fn refused(status: u16, body: impl Into<Bytes>) -> Self {
        Self::from_failure(Failure::refused(status, body.into()).unwrap_or_else(|failure| failure))
    }

    /// As [`refused`](Self::refused), with the headers of the answer: `Retry-After` is the least that is waited then, and the
    /// request's id is told. Headers that HTTP cannot have are left out.
    ///
    /// ```
    /// let headers = [("retry-after", "20"), ("sb-request-id", "019ab")];
    /// let error = realtime_rs::Error::refused_with_headers(503, headers, "");
    /// assert_eq!((error.status(), error.request_id()), (Some(503), Some("019ab")));
    /// ```
    pub fn refused_with_headers(
        status: u16,
        headers: impl IntoIterator<Item = (impl AsRef<[u8]>, impl AsRef<[u8]>)>,
        body: impl Into<Bytes>,
    ) -> Self {
        let headers = headers.into_iter().filter_map(|(name, value)| {
            let name = HeaderName::from_bytes(name.as_ref()).ok()?;
            Some((name, HeaderValue::from_bytes(value.as_ref()).ok()?))
        });
        let headers = headers.collect::<HeaderMap>();
        let failure = Failure::refused(status, body.into());
        Self::from_failure(failure.map_or_else(|wrong| wrong, |refused| refused.with_headers(&headers)))
    }

    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::from_failure(Failure::invalid(message))
    }

    /// Nothing was sent, as it is larger than the server takes.
    pub(crate) fn too_long(bytes: usize, limit: usize) -> Self {
        let message = format!(
            "this would be a frame of {bytes} bytes, and may have {limit}: a server ends the connection at a larger one"
        );
        Self::from_failure(Failure::elsewhere(FailureKind::TooLong, message, false, None))
    }

    /// Nothing was sent, as there is no connection, or no joined channel, at the moment.
    pub(crate) fn away(message: impl Into<Cow<'static, str>>) -> Self {
        Self::from_failure(Failure::elsewhere(FailureKind::Connect, message, true, None))
    }

    /// The connection broke before a channel was subscribed. To subscribe again does nothing twice, whatever `cause` says of
    /// what else was on its way.
    pub(crate) fn not_subscribed(cause: &Error) -> Self {
        let message = "the connection broke before the channel was subscribed";
        let source = Box::new(cause.clone()) as Box<dyn StdError + Send + Sync>;
        Self::from_failure(Failure::elsewhere(FailureKind::Interrupted, message, true, Some(source)))
    }

    /// The connection broke on the way.
    pub(crate) fn interrupted(message: impl Into<Cow<'static, str>>) -> Self {
        Self::from_failure(Failure::elsewhere(FailureKind::Interrupted, message, false, None))
    }

    /// An open connection broke, whatever a custom transport calls it: what was written last may have arrived.
    pub(crate) fn broken(self) -> Self {
        if self.kind() == ErrorKind::Interrupted {
            return self;
        }
        let source = Box::new(self) as Box<dyn StdError + Send + Sync>;
        Self::from_failure(Failure::elsewhere(
            FailureKind::Interrupted,
            "the connection broke",
            false,
            Some(source),
        ))
    }

    /// Time ran out.
    pub(crate) fn timeout(message: impl Into<Cow<'static, str>>, cause: Option<Error>) -> Self {
        let source = cause.map(|error| Box::new(error) as Box<dyn StdError + Send + Sync>);
        Self::from_failure(Failure::elsewhere(FailureKind::Timeout, message, true, source))
    }

    /// Something that came cannot be read.
    pub(crate) fn unreadable(
        message: impl Into<Cow<'static, str>>,
        source: Option<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        Self::from_failure(Failure::unreadable(message, source))
    }

    /// The channel or the client was closed on this side.
    pub(crate) fn closed(message: &'static str) -> Self {
        Self::of(ErrorKind::Closed, Failure::invalid(message), Said::default())
    }

    /// A stream ended as its reader was too slow.
    pub(crate) fn too_slow(capacity: usize) -> Self {
        let failure = Failure::invalid(format!("the reader was behind by more than {capacity} messages"));
        Self::of(ErrorKind::TooSlow, failure, Said::default())
    }

    /// The server said no in a frame: `<Code>: <message>`, or only a message.
    pub(crate) fn rejected(reason: &str) -> Self {
        let (code, message) = match reason.split_once(": ") {
            Some((code, message)) if is_code(code) => (Some(Code::from(code)), message),
            _ => (None, reason),
        };
        let later = code.as_ref().is_none_or(|code| code.verdict() == Verdict::Later);
        let failure = Failure::elsewhere(FailureKind::Status, "the server said no", later, None);
        let message = (!message.is_empty()).then(|| message.to_owned());
        Self::of(ErrorKind::Rejected, failure, Said { code, message })
    }

    /// The same, known to be final.
    pub(crate) fn rejected_for_good(message: &str) -> Self {
        let failure = Failure::elsewhere(FailureKind::Status, "the server said no", false, None);
        Self::of(ErrorKind::Rejected, failure, Said { code: None, message: Some(message.to_owned()) })
    }

    /// Gives a failure this crate's words. Not `From`: a trait's implementation would be public, and the type of the
    /// machinery is not.
    pub(crate) fn from_failure(failure: Failure) -> Self {
        let kind = ErrorKind::of(&failure);
        let said = match kind {
            ErrorKind::Rejected => said(failure.body()),
            _ => Said::default(),
        };
        Self::of(kind, failure, said)
    }

    fn of(kind: ErrorKind, failure: Failure, said: Said) -> Self {
        Self(Arc::new(Inner { kind, failure: failure.shrink(), said }))
    }
}

/// Whether the text before the colon is a code, and not a part of a sentence.
fn is_code(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_uppercase()) && text.chars().all(char::is_alphanumeric)
}

/// What an answer over HTTP says: `error`, `message`, or lists of what is wrong with each message.
fn said(body: &[u8]) -> Said {
    #[derive(Default, Deserialize)]
    struct Body {
        error: Option<Value>,
        message: Option<Value>,
        errors: Option<Value>,
    }
    let body: Body = object_or_default(body);
    let text = |value: Option<Value>| match value {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    };
    let message = text(body.message).or_else(|| text(body.error));
    Said { code: None, message: message.or_else(|| body.errors.map(|errors| errors.to_string())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_a_code_and_a_message() {
        let error = Error::rejected("Unauthorized: You do not have permissions to read: room");
        assert_eq!(error.code(), Some(&Code::Unauthorized));
        assert_eq!(error.message(), "You do not have permissions to read: room");
        assert!(!error.is_retryable());

        let error = Error::rejected("unmatched topic");
        assert_eq!((error.code(), error.message()), (None, "unmatched topic"));
        assert!(Error::rejected("ChannelRateLimitReached: Too many channels").is_retryable());
        assert_eq!(Error::rejected("").message(), "the server said no");
    }

    #[test]
    fn what_http_says_is_the_message() {
        for (status, body, message, retryable) in [
            (401, r#"{"error":"Token has expired"}"#, "Token has expired", false),
            (429, r#"{"message":"Too many joins per second"}"#, "Too many joins per second", true),
            (
                422,
                r#"{"errors":{"messages":[{"event":["can't be blank"]}]}}"#,
                r#"{"messages":[{"event":["can't be blank"]}]}"#,
                false,
            ),
            // A proxy's; a list says nothing by the places of its items.
            (502, r#"["a","b","c"]"#, "the server answered 502 Bad Gateway with a body of no type", true),
            (403, "", "the server answered 403 Forbidden with an empty body", false),
        ] {
            let error = Error::refused(status, body);
            assert_eq!((error.message(), error.is_retryable()), (message, retryable), "{status}");
        }
    }
}
