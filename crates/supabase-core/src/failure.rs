//! The raw facts of a failed request, before the crate of a service gives them its own words.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap};

use crate::headers::text;
use crate::reply::{Parts, Reply};
use crate::retry::{is_transient, retry_after};
use crate::time::wall_clock;

/// Any error, as a source of another one.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// How much of a body a failure keeps, in bytes.
pub const RAW_BODY_LIMIT: usize = 8 * 1024;

/// The longest text body that serves as a message, in bytes. What is longer is a page, not a sentence.
const MESSAGE_LIMIT: usize = 200;

/// Where on its way a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FailureKind {
    /// Nothing was sent: the call itself is wrong.
    Invalid,
    /// Nothing was sent: the access token could not be had.
    Credentials,
    /// Nothing was sent: no connection.
    Connect,
    /// Time ran out; the server may have acted.
    Timeout,
    /// The connection broke on the way; the server may have acted.
    Interrupted,
    /// The server sent the request elsewhere, and it was not followed.
    Redirect,
    /// The server answered with a status that is not a success.
    Status,
    /// The server answered with success, and its answer cannot be read.
    Decode,
    /// The request is longer than it may be; it may not have been sent.
    TooLong,
    /// The answer is larger than it may be.
    TooLarge,
    /// The content to be sent cannot be read to its end, or is not as long as announced. What the server got was cut, so
    /// that it cannot take it for the whole.
    Content,
}

/// A failed request.
#[derive(Debug)]
pub struct Failure(Box<Facts>);

struct Facts {
    kind: FailureKind,
    message: Cow<'static, str>,
    status: Option<StatusCode>,
    headers: HeaderMap,
    body: Bytes,
    retryable: bool,
    repeated: bool,
    turned_away: bool,
    /// How long the service asks to wait by other means than the header.
    wait: Option<Duration>,
    source: Option<BoxError>,
}

impl Failure {
    // Made once, and not once for each type of message.
    fn of(kind: FailureKind, message: Cow<'static, str>) -> Self {
        Self(Box::new(Facts {
            kind,
            message,
            status: None,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            retryable: false,
            repeated: false,
            turned_away: false,
            wait: None,
            source: None,
        }))
    }

    fn new(kind: FailureKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self::of(kind, message.into())
    }

    /// The call is wrong and was not sent.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(FailureKind::Invalid, message)
    }

    /// The call is wrong and was not sent, with the error that shows why.
    pub fn invalid_because(message: impl Into<Cow<'static, str>>, source: impl Into<BoxError>) -> Self {
        Self::invalid(message).with_source(Some(source.into()))
    }

    /// What failed outside of HTTP: where on its way, and whether the same may be tried again.
    pub fn elsewhere(
        kind: FailureKind,
        message: impl Into<Cow<'static, str>>,
        retryable: bool,
        source: Option<BoxError>,
    ) -> Self {
        let mut failure = Self::new(kind, message).with_source(source);
        failure.0.retryable = retryable;
        failure
    }

    /// The server answered with a status that is no success, to something that the caller sent by itself.
    ///
    /// # Errors
    /// This is no status.
    pub fn refused(status: u16, body: Bytes) -> Result<Self, Self> {
        let status = StatusCode::from_u16(status)
            .map_err(|error| Self::invalid_because(format!("{status} is no status of HTTP"), error))?;
        Ok(Self::from_reply(Reply::new(status, HeaderMap::new(), body), true))
    }

    /// The access token could not be had.
    pub(crate) fn credentials(message: &str, source: Option<BoxError>) -> Self {
        Self::new(FailureKind::Credentials, message.to_owned()).with_source(source)
    }

    /// The content to be sent is at fault.
    pub(crate) fn content(message: impl Into<Cow<'static, str>>, source: Option<BoxError>) -> Self {
        Self::new(FailureKind::Content, message).with_source(source)
    }

    /// Time ran out.
    pub fn timeout(limit: Duration, idempotent: bool) -> Self {
        let mut failure = Self::new(FailureKind::Timeout, format!("no answer within {limit:?}"));
        failure.0.retryable = idempotent;
        failure
    }

    /// A redirect that was not followed.
    pub(crate) fn redirect(message: String, status: StatusCode) -> Self {
        let mut failure = Self::new(FailureKind::Redirect, message);
        failure.0.status = Some(status);
        failure
    }

    /// The request did not come through.
    pub(crate) fn from_transport(error: reqwest::Error, idempotent: bool) -> Self {
        let turned_away = was_turned_away(&error);
        let mut failure = Self::broken(error, idempotent);
        failure.0.turned_away = turned_away;
        failure.0.retryable |= turned_away;
        failure
    }

    /// The request did not come through, or its answer did not.
    fn broken(error: reqwest::Error, idempotent: bool) -> Self {
        // The URL holds filter values, which are the user's data.
        let error = error.without_url();
        let (kind, message, retryable) = if lacks_tls(&error) {
            let message =
                "this build has no TLS: enable the feature `rustls`, or give an `http_client` that has it";
            (FailureKind::Invalid, message, false)
        } else if never_left(&error) {
            (FailureKind::Connect, "the server cannot be reached", true)
        } else if error.is_timeout() {
            (FailureKind::Timeout, "no answer in time", idempotent)
        } else if error.is_builder() {
            (FailureKind::Invalid, "the request cannot be built", false)
        } else {
            (FailureKind::Interrupted, "the connection broke before the answer was complete", idempotent)
        };
        let mut failure = Self::new(kind, message).with_source(Some(error.into()));
        failure.0.retryable = retryable;
        failure
    }

    /// The server answered with success, and its body did not come through.
    pub(crate) fn from_body(error: reqwest::Error, reply: Reply, idempotent: bool) -> Self {
        if is_malformed(&error) {
            return Self::decode(
                "the answer cannot be decompressed",
                &reply,
                Some(error.without_url().into()),
            );
        }
        let mut failure = Self::broken(error, idempotent);
        let Parts { status, headers, .. } = reply.into_parts();
        (failure.0.status, failure.0.headers) = (Some(status), headers);
        failure
    }

    /// The server answered, and not with a success.
    pub fn from_reply(reply: Reply, idempotent: bool) -> Self {
        let reply = reply.into_parts();
        let mut failure = Self::of(FailureKind::Status, message_of(&reply));
        failure.0.retryable = idempotent && is_transient(reply.status);
        failure.keep(reply)
    }

    /// The server answered with success, and the answer cannot be read.
    pub fn decode(message: impl Into<Cow<'static, str>>, reply: &Reply, source: Option<BoxError>) -> Self {
        Self::new(FailureKind::Decode, message).with_source(source).keep(reply.clone().into_parts())
    }

    /// Something that came cannot be read: a part of an answer, or what was kept of one.
    pub fn unreadable(message: impl Into<Cow<'static, str>>, source: Option<BoxError>) -> Self {
        Self::new(FailureKind::Decode, message).with_source(source)
    }

    /// The request is longer than it may be, and was not sent.
    pub(crate) fn too_long(message: String) -> Self {
        Self::new(FailureKind::TooLong, message)
    }

    /// The same failure, known to be one of length.
    pub(crate) fn into_too_long(mut self, message: String) -> Self {
        self.0.kind = FailureKind::TooLong;
        self.0.message = message.into();
        self.0.retryable = false;
        self
    }

    /// The answer is larger than it may be.
    pub fn too_large(limit: usize, head: Reply) -> Self {
        Self::too_large_part("the answer", limit, head)
    }

    /// A part of the answer is larger than it may be.
    pub fn too_large_part(part: &str, limit: usize, head: Reply) -> Self {
        let message = format!("{part} has more than the {limit} bytes allowed");
        Self::new(FailureKind::TooLarge, message).keep(head.into_parts())
    }

    fn keep(mut self, reply: Parts) -> Self {
        self.0.status = Some(reply.status);
        self.0.headers = reply.headers;
        self.0.body = reply.body;
        self
    }

    /// The same failure, beside the headers of the answer: they say, for example, where it would have led.
    #[must_use]
    pub fn with_headers(mut self, headers: &HeaderMap) -> Self {
        self.0.headers = headers.clone();
        self
    }

    fn with_source(mut self, source: Option<BoxError>) -> Self {
        self.0.source = source;
        self
    }

    /// Where the request failed.
    pub fn kind(&self) -> FailureKind {
        self.0.kind
    }

    /// What happened, in one sentence without URL, query or secret.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The status of the answer, if there was one.
    pub fn status(&self) -> Option<u16> {
        self.0.status.map(|status| status.as_u16())
    }

    /// A header of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        text(&self.0.headers, name)
    }

    /// All headers of the answer.
    pub fn headers(&self) -> &HeaderMap {
        &self.0.headers
    }

    /// How long the server asks to wait before the next try.
    pub fn retry_after(&self) -> Option<Duration> {
        retry_after(self.headers(), wall_clock()).or(self.0.wait)
    }

    /// The same failure, where the service says in its own words how long to wait.
    #[must_use]
    pub fn with_wait(mut self, wait: Option<Duration>) -> Self {
        self.0.wait = wait;
        self
    }

    /// The id under which the server's logs know the request.
    pub fn request_id(&self) -> Option<&str> {
        ["sb-request-id", "x-request-id", "cf-ray"].into_iter().find_map(|name| self.header(name))
    }

    /// The whole body of the answer, for reading the service's own error out of it.
    pub fn body(&self) -> &[u8] {
        &self.0.body
    }

    /// The body of the answer, or its first [`RAW_BODY_LIMIT`] bytes.
    pub fn raw_body(&self) -> &[u8] {
        let body = self.body();
        body.get(..RAW_BODY_LIMIT).unwrap_or(body)
    }

    /// Whether the same request may be sent again: nothing can have happened twice, and it may succeed.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// Whether the request was sent before, by the same call, and the server may have acted on that.
    pub fn is_repeated(&self) -> bool {
        self.0.repeated
    }

    pub(crate) fn set_repeated(&mut self, repeated: bool) {
        self.0.repeated = repeated;
    }

    /// Whether the server said of the request that it did not begin with it.
    pub(crate) fn is_turned_away(&self) -> bool {
        self.0.turned_away
    }

    /// The same failure, where the service is known to have refused before it did anything.
    #[must_use]
    pub fn into_retryable(mut self) -> Self {
        self.0.retryable = true;
        self
    }

    /// The error underneath, if there is one.
    pub fn source(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.0.source.as_deref()
    }

    /// Drops what only the service's own decoding needs, so that an error is not as large as its body.
    #[must_use]
    pub fn shrink(mut self) -> Self {
        if self.0.body.len() > RAW_BODY_LIMIT {
            self.0.body = Bytes::copy_from_slice(self.raw_body());
        }
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither headers nor body: the answer of a sign-in holds tokens.
        f.debug_struct("Facts")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("status", &self.status)
            .field("body_bytes", &self.body.len())
            .field("retryable", &self.retryable)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// Whether not one byte of the request can have reached the server.
fn never_left(error: &reqwest::Error) -> bool {
    #[cfg(not(target_family = "wasm"))]
    let never = error.is_connect();
    // The browser does not tell.
    #[cfg(target_family = "wasm")]
    let never = {
        let _ = error;
        false
    };
    never
}

/// Whether the server said that it did not begin with the request: it is about to close the connection, or has too many
/// requests on it.
///
/// Source: <https://www.rfc-editor.org/rfc/rfc9113.html#section-8.7>
fn was_turned_away(error: &reqwest::Error) -> bool {
    #[cfg(all(feature = "http2", not(target_family = "wasm")))]
    {
        let mut source = error.source();
        while let Some(inner) = source {
            if let Some(error) = inner.downcast_ref::<h2::Error>() {
                let leaves = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
                let refuses = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
                return error.is_remote() && (leaves || refuses);
            }
            source = inner.source();
        }
    }
    #[cfg(not(all(feature = "http2", not(target_family = "wasm"))))]
    let _ = error;
    false
}

/// Whether the body came and could not be decompressed, so that it would be the same a second time.
///
/// The connection has errors of the same kinds, such as a chunk without a length; between those and this one stands an error
/// of the protocol.
fn is_malformed(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(error) = inner.downcast_ref::<std::io::Error>() {
            use std::io::ErrorKind::{InvalidData, InvalidInput};
            return matches!(error.kind(), InvalidData | InvalidInput);
        }
        if !inner.is::<reqwest::Error>() {
            return false;
        }
        source = inner.source();
    }
    false
}

/// Whether the HTTP client was built without TLS and was asked for it. It says so only in words.
fn lacks_tls(error: &reqwest::Error) -> bool {
    let mut source = error.source();
    while let Some(inner) = source {
        if inner.to_string().contains("scheme is not http") {
            return true;
        }
        source = inner.source();
    }
    false
}

/// What an answer says that is not the service's own JSON: a short text as it is, of anything else its type.
fn message_of(reply: &Parts) -> Cow<'static, str> {
    let reason = reply.status.canonical_reason().unwrap_or("an unknown status");
    let status = reply.status.as_u16();
    if reply.body.is_empty() {
        return format!("the server answered {status} {reason} with an empty body").into();
    }
    let media_type =
        text(&reply.headers, CONTENT_TYPE.as_str()).and_then(|t| t.split(';').next()).unwrap_or_default();
    let said = std::str::from_utf8(&reply.body).unwrap_or_default().trim();
    let is_sentence = !said.is_empty() && said.len() <= MESSAGE_LIMIT && !said.contains(['\n', '<', '{']);
    if media_type == "text/plain" && is_sentence {
        return said.to_owned().into();
    }
    let what = if media_type.is_empty() { "a body of no type" } else { media_type };
    format!("the server answered {status} {reason} with {what}").into()
}
