//! One request to the server, in this service's manner: its version header, its paths, its JSON.

use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use supabase_core::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use supabase_core::{Failure, Method, Reply, Request, Transport, Url};

use crate::call::Settings;
use crate::error::{Error, Result};

/// Asks for errors in the form of this date, which has the code as a text.
///
/// Source: <https://supabase.com/docs/guides/auth/debugging/error-codes>
const API_VERSION: (HeaderName, HeaderValue) =
    (HeaderName::from_static("x-supabase-api-version"), HeaderValue::from_static("2024-01-01"));

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A request that is being described. The first fault is told when it is sent.
pub(crate) struct Api {
    transport: Transport,
    request: Request,
    fault: Option<Error>,
}

impl Api {
    /// `path` has one entry for each segment, not encoded.
    pub(crate) fn new(transport: &Transport, operation: &'static str, method: Method, path: &[&str]) -> Self {
        let (url, fault) = match address(transport.base(), path) {
            Ok(url) => (url, None),
            Err(error) => (transport.base().clone(), Some(error)),
        };
        let mut request = Request::new(operation, method, url);
        request.headers.push(API_VERSION);
        Self { transport: transport.clone(), request, fault }
    }

    /// Adds a parameter to the address.
    pub(crate) fn query(mut self, name: &str, value: &str) -> Self {
        self.request.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// Adds a parameter to the address, if it has a value.
    pub(crate) fn query_opt(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.query(name, value),
            None => self,
        }
    }

    /// Sends `body` as JSON.
    pub(crate) fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => {
                self.request.headers.push((CONTENT_TYPE, JSON));
                self.request.body = Some(body.into());
            }
            Err(error) => {
                // The error of the serializer can quote a value.
                drop(error);
                self.blame(Error::invalid("a value of the call cannot be written as JSON"));
            }
        }
        self
    }

    /// Speaks as the user of `token`, and not as the API key.
    pub(crate) fn bearer(mut self, token: SecretString) -> Self {
        self.transport = self.transport.with_token(token);
        self
    }

    /// Sending it twice does no more than sending it once.
    pub(crate) fn idempotent(mut self) -> Self {
        self.request.idempotent = true;
        self
    }

    /// Sending it twice does more than sending it once, whatever its method says.
    pub(crate) fn once(&mut self) {
        self.request.idempotent = false;
    }

    /// What was said about the call.
    pub(crate) fn settings(mut self, settings: Settings) -> Self {
        self.request.timeout = settings.timeout;
        self
    }

    /// Keeps a fault, unless there is an earlier one.
    pub(crate) fn blame(&mut self, fault: Error) {
        self.fault.get_or_insert(fault);
    }

    /// The address, for a browser to open. Nothing is sent.
    pub(crate) fn into_url(self) -> Result<Url> {
        match self.fault {
            Some(fault) => Err(fault),
            None => Ok(self.request.url),
        }
    }

    /// Sends it.
    pub(crate) async fn send(self) -> Result<Reply> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        self.transport.send(&self.request).await.map_err(Error::from_failure)
    }

    /// Sends it, and reads the answer as JSON.
    pub(crate) async fn fetch<T: DeserializeOwned>(self) -> Result<T> {
        self.send().await?.json().map_err(Error::from_failure)
    }

    /// Sends it, and leaves the answer unread, but for a page: then it was not this service that answered.
    pub(crate) async fn done(self) -> Result<()> {
        self.send().await?.refuse_html().map_err(Error::from_failure)
    }
}

/// The address of `path` below `base`. A segment that would lead elsewhere is refused.
fn address(base: &Url, path: &[&str]) -> Result<Url> {
    let mut url = base.clone();
    {
        let mut segments = url.path_segments_mut().map_err(|()| {
            Error::from_failure(Failure::invalid("the URL of the service cannot have a path"))
        })?;
        segments.pop_if_empty();
        for segment in path {
            if matches!(*segment, "" | "." | "..") {
                return Err(Error::invalid("an id in the call is empty, or a dot or two, which no id is"));
            }
            segments.push(segment);
        }
    }
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_segment_stays_one_segment() {
        let base = Url::parse("http://host/auth/v1").unwrap();
        assert_eq!(
            address(&base, &["admin", "users", "a/b?c#d"]).unwrap().as_str(),
            "http://host/auth/v1/admin/users/a%2Fb%3Fc%23d"
        );
        // The server looks for the colon as it is.
        assert_eq!(
            address(&base, &["admin", "custom-providers", "custom:x"]).unwrap().path(),
            "/auth/v1/admin/custom-providers/custom:x"
        );
        for segment in ["", ".", ".."] {
            assert!(address(&base, &["admin", "users", segment]).is_err(), "{segment}");
        }
    }
}
