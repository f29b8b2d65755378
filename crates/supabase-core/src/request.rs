//! One request, as the crate of a service describes it.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, StatusCode};
use url::Url;

use crate::failure::Failure;
use crate::payload::Payload;
use crate::retry::{RetryPolicy, is_transient};
use crate::time::Instant;

/// A request that the transport can send as often as it must.
#[derive(Clone, Debug)]
pub struct Request {
    /// What the user called, for example `postgrest.select`; the name of the operation in spans.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The whole address, query included.
    pub url: Url,
    /// What this request adds to the headers of the client; the same name replaces.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: Option<Bytes>,
    /// A body of any size or a form, in the place of `body`. Then the time limit counts from the last piece that moved.
    pub payload: Option<Payload>,
    /// Whether sending it twice does no more than sending it once.
    pub idempotent: bool,
    /// Whether it is about how things are now, so that a browser must not answer it with what it has kept. `HEAD` always is.
    pub fresh: bool,
    /// Whether a redirect must keep the query: where that says which rows are meant, an address without it means all.
    pub keeps_query: bool,
    /// How long the whole call may take, retries included; the client's limit if `None`.
    pub timeout: Option<Duration>,
    /// When to send again; the client's policy if `None`.
    pub retry: Option<RetryPolicy>,
    /// How many bytes the answer may have; the client's limit if `None`.
    pub max_body: Option<usize>,
    /// Which statuses are an answer, beside those of success. One that asks to be tried again is tried again first, where
    /// that is safe; if it remains, it is a failure.
    pub accepts: fn(u16) -> bool,
}

impl Request {
    /// A request without headers and body. `GET` and `HEAD` count as idempotent.
    pub fn new(operation: &'static str, method: Method, url: Url) -> Self {
        let idempotent = is_read(&method);
        Self {
            operation,
            method,
            url,
            headers: Vec::new(),
            body: None,
            payload: None,
            idempotent,
            fresh: false,
            keeps_query: false,
            timeout: None,
            retry: None,
            max_body: None,
            accepts: |_| false,
        }
    }

    /// Sends it by another method. `GET` and `HEAD` count as idempotent, and no other.
    pub fn set_method(&mut self, method: Method) {
        self.idempotent = is_read(&method);
        self.method = method;
    }

    /// Whether a status is that of an answer: of a success, or of what is an answer all the same.
    pub(crate) fn takes(&self, status: StatusCode) -> bool {
        status.is_success() || (self.accepts)(status.as_u16()) && !(self.idempotent && is_transient(status))
    }

    /// Since when the limit of a call counts that began then. What moves has no end that could be known: there, it counts from
    /// the last piece.
    pub(crate) fn counts_since(&self, started: Instant) -> Instant {
        match &self.payload {
            None => started,
            Some(payload) => payload.moved(started),
        }
    }

    /// How much of its limit a call that began then has used up.
    pub(crate) fn used(&self, started: Instant) -> Duration {
        self.counts_since(started).elapsed()
    }

    /// Whether it may be sent again after this failure.
    pub(crate) fn may_repeat(&self, failure: &Failure) -> bool {
        failure.is_retryable() && self.payload.as_ref().is_none_or(Payload::is_whole)
    }
}

fn is_read(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}
