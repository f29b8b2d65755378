//! What every client can be told when it is built.

use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use url::Url;

use crate::api_key::ApiKey;
use crate::failure::Failure;
use crate::head;
use crate::http::{Http, HttpChoice};
use crate::retry::RetryPolicy;
use crate::telemetry::{CLIENT_INFO, client_info};
use crate::token::TokenSource;
use crate::trace::TraceSource;
use crate::transport::Transport;

/// The settings that the builders of all clients share. A setter keeps its first fault for [`build`](Self::build).
pub struct Config {
    client: (&'static str, &'static str),
    key: Option<SecretString>,
    headers: HeaderMap,
    accept: Option<HeaderValue>,
    timeout: Option<Duration>,
    limits: Limits,
    retry: RetryPolicy,
    token: TokenSource,
    trace: Option<TraceSource>,
    refusal: Option<&'static str>,
    http: HttpChoice,
    fault: Option<Failure>,
}

/// How large requests and answers may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The bytes of a request's head: its address and headers.
    pub head: usize,
    /// The bytes of an answer that is read whole.
    pub body: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: head::DEFAULT_LIMIT, body: usize::MAX }
    }
}

impl Config {
    /// Settings for the client `name` in its `version`; `None` as key for a server without a gateway.
    pub fn new(name: &'static str, version: &'static str, key: Option<SecretString>) -> Self {
        Self {
            client: (name, version),
            key,
            headers: HeaderMap::new(),
            accept: None,
            timeout: None,
            limits: Limits::default(),
            retry: RetryPolicy::default(),
            token: TokenSource::anonymous(),
            trace: None,
            refusal: None,
            http: HttpChoice::default(),
            fault: None,
        }
    }

    /// Adds a header to every request; the same name replaces.
    pub fn header(&mut self, name: &str, value: &str) {
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(mut value)) => {
                // What the caller puts there may be a secret; nobody needs to see it in a log.
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            (Err(_), _) => self.blame(Failure::invalid(format!("{name:?} is not a header name"))),
            (_, Err(_)) => {
                self.blame(Failure::invalid(format!("the value of the header `{name}` cannot be sent")))
            }
        }
    }

    /// The media type of the answers to requests that name none, whatever the caller's own headers say.
    pub fn accept(&mut self, media_type: &'static str) {
        self.accept = Some(HeaderValue::from_static(media_type));
    }

    /// How long a call may take, retries included; `None` is for ever.
    pub fn timeout(&mut self, limit: Option<Duration>) {
        self.timeout = limit;
    }

    /// The limits of size, to be changed in place.
    pub fn limits(&mut self) -> &mut Limits {
        &mut self.limits
    }

    /// The policy of retries, to be changed in place.
    pub fn retry(&mut self) -> &mut RetryPolicy {
        &mut self.retry
    }

    /// Where access tokens come from.
    pub fn token(&mut self, source: TokenSource) {
        self.token = source;
    }

    /// Where the trace context of requests comes from.
    pub fn trace(&mut self, source: TraceSource) {
        self.trace = Some(source);
    }

    /// Refuses every request with this message: for a client that exists only so that it can say why it is of no use.
    pub fn refuse(&mut self, why: &'static str) {
        self.refusal = Some(why);
    }

    /// Which HTTP client carries the requests.
    pub fn http(&mut self) -> &mut HttpChoice {
        &mut self.http
    }

    /// Checks everything and builds the transport to the service at `base`.
    ///
    /// # Errors
    /// The first fault of a setter; an unusable key; an HTTP client that cannot be built.
    pub fn build(self, base: Url) -> Result<Transport, Failure> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let key = self.key.as_ref().map(ApiKey::new).transpose()?;
        let http = Http::new(self.http)?;
        let mut headers = self.headers;
        if let Some(info) = client_info(self.client.0, self.client.1) {
            headers.entry(CLIENT_INFO).or_insert(info);
        }
        Ok(Transport::new(
            http,
            base,
            key,
            headers,
            self.accept,
            self.token,
            self.trace,
            self.refusal,
            self.timeout,
            self.limits,
            self.retry,
        ))
    }

    fn blame(&mut self, fault: Failure) {
        self.fault.get_or_insert(fault);
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("client", &self.client)
            .field("headers", &self.headers)
            .field("timeout", &self.timeout)
            .field("retry", &self.retry)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}
