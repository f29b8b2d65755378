//! One request, as the crate of a service describes it.

use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{HeaderName, HeaderValue};
use url::Url;

use crate::retry::RetryPolicy;

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
    /// Whether sending it twice does no more than sending it once.
    pub idempotent: bool,
    /// How long the whole call may take, retries included; the client's limit if `None`.
    pub timeout: Option<Duration>,
    /// When to send again; the client's policy if `None`.
    pub retry: Option<RetryPolicy>,
    /// How many bytes the answer may have; the client's limit if `None`.
    pub max_body: Option<usize>,
}

impl Request {
    /// A request without headers and body. `GET` and `HEAD` count as idempotent.
    pub fn new(operation: &'static str, method: Method, url: Url) -> Self {
        let idempotent = matches!(method, Method::GET | Method::HEAD);
        Self {
            operation,
            method,
            url,
            headers: Vec::new(),
            body: None,
            idempotent,
            timeout: None,
            retry: None,
            max_body: None,
        }
    }
}
