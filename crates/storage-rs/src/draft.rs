//! A request in the making, which keeps its first fault.

use std::time::Duration;

use serde::Serialize;
use supabase_core::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use supabase_core::{Method, Reply, Request, RetryPolicy, Transport, Url};

use crate::error::{Error, Result};

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A request in the making.
pub(crate) struct Draft {
    pub(crate) transport: Transport,
    pub(crate) request: Request,
    fault: Option<Error>,
}

impl Draft {
    /// A request to `path` below the service's own address: encoded, and without a slash at its beginning.
    pub(crate) fn new(
        transport: &Transport,
        operation: &'static str,
        method: Method,
        path: Result<String>,
    ) -> Self {
        let (path, fault) = match path {
            Ok(path) => (path, None),
            Err(fault) => (String::new(), Some(fault)),
        };
        let (url, fault) = match address(transport.base(), &path) {
            Ok(url) => (url, fault),
            Err(error) => (transport.base().clone(), fault.or(Some(error))),
        };
        Self { transport: transport.clone(), request: Request::new(operation, method, url), fault }
    }

    /// A `POST` that changes nothing: it is sent again wherever a `GET` is.
    pub(crate) fn question(transport: &Transport, operation: &'static str, path: Result<String>) -> Self {
        let mut draft = Self::new(transport, operation, Method::POST, path);
        draft.request.idempotent = true;
        draft
    }

    /// What [`finish`](Self::finish) gave, to be said more of.
    pub(crate) fn of((transport, request): (Transport, Request)) -> Self {
        Self { transport, request, fault: None }
    }

    /// Keeps the first fault, to be told when the request is sent.
    pub(crate) fn blame(&mut self, fault: Error) {
        self.fault.get_or_insert(fault);
    }

    /// Takes what is well, and keeps the fault of what is not.
    pub(crate) fn check<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|fault| self.blame(fault)).ok()
    }

    /// Sends `body` as JSON.
    pub(crate) fn json(&mut self, body: &impl Serialize) {
        match serde_json::to_vec(body) {
            Ok(json) => {
                self.request.headers.push((CONTENT_TYPE, JSON));
                self.request.body = Some(json.into());
            }
            // The message of a user's own type may hold the value.
            Err(_) => self.blame(Error::invalid("the value cannot be written as JSON")),
        }
    }

    /// Adds a parameter to the query.
    pub(crate) fn query(&mut self, key: &str, value: &str) {
        self.request.url.query_pairs_mut().append_pair(key, value);
    }

    /// Adds a header; the same name replaces.
    pub(crate) fn header(&mut self, name: &str, value: &str) {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(value)) => {
                self.request.headers.retain(|(other, _)| *other != name);
                self.request.headers.push((name, value));
            }
            (Err(_), _) => {
                self.blame(Error::invalid(format!("{name:?} is not a header name")));
            }
            (_, Err(_)) => {
                self.blame(Error::invalid(format!("the value of the header `{name}` cannot be sent")));
            }
        }
    }

    /// Takes a header out, to be said in another way.
    pub(crate) fn take_header(&mut self, name: &HeaderName) -> Option<String> {
        let place = self.request.headers.iter().position(|(other, _)| other == name)?;
        let (_, value) = self.request.headers.remove(place);
        // The caller gave it as a text.
        String::from_utf8(value.as_bytes().to_vec()).ok()
    }

    pub(crate) fn timeout(&mut self, limit: Duration) {
        self.request.timeout = Some(limit);
    }

    pub(crate) fn max_retries(&mut self, times: u32) {
        self.request.retry = Some(RetryPolicy { max_retries: times, ..self.retry() });
    }

    /// When this request is sent again.
    pub(crate) fn retry(&self) -> RetryPolicy {
        self.request.retry.unwrap_or_else(|| self.transport.retry())
    }

    /// The request, unless it has a fault.
    pub(crate) fn finish(self) -> Result<(Transport, Request)> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok((self.transport, self.request)),
        }
    }

    /// Sends it, and reads the answer whole.
    pub(crate) async fn send(self) -> Result<Reply> {
        let (transport, request) = self.finish()?;
        transport.send(&request).await.map_err(Error::from_failure)
    }
}

impl std::fmt::Debug for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the request: its address may hold a token.
        f.debug_struct("Draft").field("operation", &self.request.operation).finish_non_exhaustive()
    }
}

/// Joins `path` to the address of the service. What the service calls a path begins behind its own, so that resolving
/// it as a link would drop `/storage/v1`.
pub(crate) fn address(base: &Url, path: &str) -> Result<Url> {
    let base = base.as_str().trim_end_matches('/');
    Url::parse(&format!("{base}/{path}"))
        .map_err(|error| Error::invalid(format!("the address cannot be built: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_the_service_is_kept() {
        let base = Url::parse("https://abc.supabase.co/storage/v1").unwrap();
        let url = address(&base, "object/sign/b/a%20b.png?token=t").unwrap();
        assert_eq!(url.as_str(), "https://abc.supabase.co/storage/v1/object/sign/b/a%20b.png?token=t");
    }
}
