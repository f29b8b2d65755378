//! A request as the routes see it.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt as _;
use serde_json::Value;

use super::problem::Problem;

/// What a body that fails tells.
pub type BodyError = Box<dyn std::error::Error + Send + Sync>;

/// A request's body, as it arrives.
pub(super) type Incoming = BoxStream<'static, Result<Bytes, BodyError>>;

/// No JSON body is longer than that.
const MAX_JSON: usize = 20 * 1024 * 1024;

/// How much is read of a body that nobody wants. A connection is closed with what is left, and the answer can be lost.
const MAX_DRAIN: usize = 64 * 1024 * 1024;

pub(super) struct Call {
    pub(super) method: Method,
    /// As it was sent, without the prefix that a gateway takes away.
    pub(super) path: String,
    /// The prefix, if there was one.
    pub(super) prefix: &'static str,
    pub(super) query: Vec<(String, String)>,
    /// Path and query, for messages.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    /// In a lock that is never waited for, so that a call can be looked at from several threads.
    body: Mutex<Option<Incoming>>,
}

/// Where a project has this service.
const PREFIX: &str = "/storage/v1";

impl Call {
    pub(super) fn new<B>(request: Request<B>) -> Self
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let (head, body) = request.into_parts();
        let path = head.uri.path();
        let (prefix, path) = match path.strip_prefix(PREFIX) {
            Some(rest) if rest.starts_with('/') => (PREFIX, rest),
            Some("") => (PREFIX, "/"),
            _ => ("", path),
        };
        let query = head.uri.query().unwrap_or_default();
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        let pieces = body.into_data_stream().map(|piece| piece.map_err(Into::into));
        Self {
            method: head.method,
            path: path.to_owned(),
            prefix,
            query: super::path::pairs(query),
            target,
            headers: head.headers,
            body: Mutex::new(Some(pieces.boxed())),
        }
    }

    /// A header, if it is there once and readable.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// A parameter of the query.
    pub(super) fn query(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// `x-upsert`, which counts only as it is written here.
    pub(super) fn upsert(&self) -> bool {
        self.header("x-upsert") == Some("true")
    }

    pub(super) fn content_length(&self) -> Option<u64> {
        self.header("content-length")?.parse().ok()
    }

    fn body(&mut self) -> &mut Option<Incoming> {
        self.body.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// The body. It is there once.
    pub(super) fn take_body(&mut self) -> Incoming {
        self.body().take().unwrap_or_else(|| futures_util::stream::empty().boxed())
    }

    /// Gives back what is left of the body.
    pub(super) fn give_back(&mut self, body: Incoming) {
        *self.body() = Some(body);
    }

    /// Reads what is left of the body while the answer is under way. If nobody did, the connection would be closed, and
    /// the client might see that and not the answer.
    pub(super) fn drain(&mut self) {
        if let Some(body) = self.body().take() {
            tokio::spawn(drain(body));
        }
    }

    /// The body as JSON, read as the real server does: only of the type JSON, and never empty.
    pub(super) async fn json(&mut self) -> Result<Value, Problem> {
        let is_json = self.header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
        let mut body = self.take_body();
        let mut bytes = Vec::new();
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|_| Problem::request("Request aborted"))?;
            if bytes.len() + piece.len() > MAX_JSON {
                self.give_back(body);
                return Err(Problem::new(413, "FastifyError", "InvalidRequest", "Request body is too large"));
            }
            bytes.extend_from_slice(&piece);
        }
        if !is_json {
            return match bytes.is_empty() {
                true => Ok(Value::Null),
                false => Err(Problem::new(415, "FastifyError", "InvalidRequest", "Unsupported Media Type")),
            };
        }
        if bytes.is_empty() {
            let message = "Body cannot be empty when content-type is set to 'application/json'";
            return Err(Problem::unreadable(message));
        }
        let message = "Body is not valid JSON but content-type is set to 'application/json'";
        serde_json::from_slice(&bytes).map_err(|_| Problem::unreadable(message))
    }
}

/// Reads what is left, up to a limit.
async fn drain(mut body: Incoming) {
    let mut read = 0;
    while let Some(Ok(piece)) = body.next().await {
        read += piece.len();
        if read > MAX_DRAIN {
            return;
        }
    }
}
