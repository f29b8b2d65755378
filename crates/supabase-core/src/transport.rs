//! The only place that sends HTTP.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue, LOCATION};
use reqwest::{Response, StatusCode};
use secrecy::SecretString;
use tracing::{Instrument, Span};
use url::Url;

use crate::api_key::{ApiKey, KeyKind};
use crate::config::Limits;
use crate::failure::Failure;
use crate::head;
use crate::http::Http;
use crate::payload::Payload;
use crate::redirect;
use crate::reply::{OpenReply, Reply};
use crate::request::Request;
use crate::retry::{RetryPolicy, retry_after};
use crate::telemetry;
use crate::time::{Instant, limited, sleep, wall_clock};
use crate::token::TokenSource;

const APIKEY: HeaderName = HeaderName::from_static("apikey");
const PREFER: HeaderName = HeaderName::from_static("prefer");
const RETRY_COUNT: HeaderName = HeaderName::from_static("x-retry-count");

/// How much of an answer is read that is not a success. A page that is longer says no more.
const ERROR_BODY_LIMIT: usize = 1024 * 1024;

/// Sends requests to one service as one user. Clones share everything.
#[derive(Clone)]
pub struct Transport {
    shared: Arc<Shared>,
    token: TokenSource,
}

struct Shared {
    http: Http,
    base: Url,
    key: Option<ApiKey>,
    headers: HeaderMap,
    timeout: Option<Duration>,
    limits: Limits,
    retry: RetryPolicy,
}

impl Transport {
    #[allow(clippy::too_many_arguments, reason = "the one caller is the builder, which has them all")]
    pub(crate) fn new(
        http: Http,
        base: Url,
        key: Option<ApiKey>,
        mut headers: HeaderMap,
        token: TokenSource,
        timeout: Option<Duration>,
        limits: Limits,
        retry: RetryPolicy,
    ) -> Self {
        if let Some(key) = &key {
            headers.insert(APIKEY, key.apikey().clone());
        }
        Self { shared: Arc::new(Shared { http, base, key, headers, timeout, limits, retry }), token }
    }

    /// The same connections, as the user of `token`.
    #[must_use]
    pub fn with_token(&self, token: SecretString) -> Self {
        Self { shared: Arc::clone(&self.shared), token: TokenSource::fixed(token) }
    }

    /// The address of the service, without a trailing slash in its path.
    pub fn base(&self) -> &Url {
        &self.shared.base
    }

    /// The policy of retries, where a request has none of its own.
    pub fn retry(&self) -> RetryPolicy {
        self.shared.retry
    }

    /// How long a call may take, where a request has no limit of its own.
    pub fn timeout(&self) -> Option<Duration> {
        self.shared.timeout
    }

    /// The access token of this moment; `None` means anonymous.
    ///
    /// # Errors
    /// The source failed.
    pub async fn token(&self) -> Result<Option<SecretString>, Failure> {
        self.token.token().await
    }

    /// Whether tokens are asked for anew each time, so that the next one may be another.
    pub fn asks_for_tokens(&self) -> bool {
        self.token.is_asked()
    }

    /// The API key, if there is one, for where it must stand in an address.
    pub fn key(&self) -> Option<&str> {
        self.shared.key.as_ref().and_then(|key| key.apikey().to_str().ok())
    }

    /// The headers that every request of this client has.
    pub(crate) fn client_headers(&self) -> &HeaderMap {
        &self.shared.headers
    }

    /// The HTTP client that opens websockets.
    ///
    /// # Errors
    /// It cannot be built.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn websocket_client(&self) -> Result<&reqwest::Client, Failure> {
        self.shared.http.websocket()
    }

    /// What kind of key the client was built with.
    pub fn key_kind(&self) -> Option<KeyKind> {
        self.shared.key.as_ref().map(ApiKey::kind)
    }

    /// Sends a request, again where that is safe and promising, and reads the answer.
    ///
    /// Dropping the future drops the request, wherever it is.
    ///
    /// # Errors
    /// Everything that is not a status of success; see [`FailureKind`](crate::FailureKind).
    pub async fn send(&self, request: Request) -> Result<Reply, Failure> {
        let limit = request.max_body.unwrap_or(self.shared.limits.body);
        let idempotent = request.idempotent;
        self.call(request, move |response| read(response, limit, idempotent)).await
    }

    /// As [`send`](Self::send), for an answer of any size: it is read as it comes. The time limit and the repetition end
    /// where the body begins.
    ///
    /// # Errors
    /// As [`send`](Self::send), until the body begins.
    pub async fn open(&self, request: Request) -> Result<OpenReply, Failure> {
        let idempotent = request.idempotent;
        self.call(request, move |response| async move { Ok(OpenReply { response, idempotent }) }).await
    }

    async fn call<T, F, Fut>(&self, request: Request, read: F) -> Result<T, Failure>
    where
        F: Fn(Response) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let span = telemetry::span(&request);
        let limit = request.timeout.or(self.shared.timeout);
        let idempotent = request.idempotent;
        let payload = request.payload.clone();
        // Pinned first: what wraps it then holds a pointer, and the large future is moved by none of them.
        let work = pin!(self.attempts(request, limit, &span, read));
        let work = work.instrument(span.clone());
        let Some(limit) = limit else { return work.await };
        let outcome = match &payload {
            None => limited(limit, work).await,
            Some(payload) => payload.while_moving(limit, work).await,
        };
        match outcome {
            Some(outcome) => outcome,
            None => {
                let failure = Failure::timeout(limit, idempotent);
                telemetry::record(&span, 0, None, Some(&failure));
                Err(failure)
            }
        }
    }

    async fn attempts<T, F, Fut>(
        &self,
        request: Request,
        limit: Option<Duration>,
        span: &Span,
        read: F,
    ) -> Result<T, Failure>
    where
        F: Fn(Response) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let started = Instant::now();
        let policy = request.retry.unwrap_or(self.shared.retry);
        // The pauses are random; a request that succeeds at once needs none.
        let mut pauses = None;
        let mut attempt = 0;
        loop {
            let failure = match self.attempt(&request, attempt).await {
                Ok(response) => {
                    let status = response.status();
                    match read(response).await {
                        Ok(reply) => {
                            telemetry::record(span, attempt, Some(status.as_u16()), None);
                            return Ok(reply);
                        }
                        Err(failure) => failure,
                    }
                }
                Err(failure) => failure,
            };
            telemetry::record(span, attempt, failure.status(), Some(&failure));
            if !failure.is_retryable() || request.payload.as_ref().is_some_and(|payload| !payload.is_whole())
            {
                return Err(failure);
            }
            let pause = pauses.get_or_insert_with(|| policy.pauses()).next();
            let Some(pause) = pause else { return Err(failure) };
            let pause = match retry_after(failure.headers(), wall_clock()) {
                // More than the caller is willing to wait: the answer is known now, so say it now.
                Some(asked) if asked > policy.longest_pause => return Err(failure),
                Some(asked) => pause.max(asked),
                None => pause,
            };
            // What moves has no end that could be known.
            let limit = limit.filter(|_| request.payload.is_none());
            if limit.is_some_and(|limit| started.elapsed().saturating_add(pause) >= limit) {
                return Err(failure);
            }
            tracing::debug!(kind = ?failure.kind(), status = failure.status(), ?pause, "sending again");
            sleep(pause).await;
            attempt += 1;
        }
    }

    /// Sends once, follows redirects, and answers with what is a success.
    async fn attempt(&self, request: &Request, attempt: u32) -> Result<Response, Failure> {
        // Asked right before sending: an earlier attempt may have failed because its token had just expired.
        let bearer = self.token.bearer().await?;
        let headers = self.headers(request, bearer.as_ref(), attempt);
        let length = head::length(&request.method, &request.url, &headers);
        head::check(length, self.shared.limits.head, &request.url)?;
        let http = self.shared.http.here()?;
        // Both are copied only where a redirect needs them again.
        let (mut headers, mut redirected) = (Some(headers), None);
        let mut last = StatusCode::OK;
        for _ in 0..=redirect::LIMIT {
            let url = redirected.as_ref().unwrap_or(&request.url);
            let mut message = reqwest::Request::new(request.method.clone(), url.clone());
            *message.headers_mut() =
                headers.take().unwrap_or_else(|| self.headers(request, bearer.as_ref(), attempt));
            match &request.payload {
                None => *message.body_mut() = request.body.clone().map(reqwest::Body::from),
                Some(payload) => payload.attach(http, &mut message).await?,
            }
            let answer = http.execute(message).await;
            if let Some(fault) = request.payload.as_ref().and_then(Payload::fault) {
                // A refusal that came before the fault says more than it.
                if !answer.as_ref().is_ok_and(|response| !response.status().is_success()) {
                    return Err(fault);
                }
            }
            let response = answer.map_err(|error| Failure::from_transport(error, request.idempotent))?;
            if response.status().is_success() || request.takes(response.status()) {
                return Ok(response);
            }
            match redirect::target(&request.method, url, response.status(), response.headers().get(LOCATION))?
            {
                Some(next) => (redirected, last) = (Some(next), response.status()),
                None => {
                    let failure = refused(response, request.idempotent).await;
                    return Err(head::explain(failure, length, &request.url));
                }
            }
        }
        let message = format!("the server redirected {} times", redirect::LIMIT + 1);
        Err(Failure::redirect(message, last))
    }

    fn headers(&self, request: &Request, bearer: Option<&HeaderValue>, attempt: u32) -> HeaderMap {
        // Room for these, the bearer, the number of the attempt, and what the HTTP client adds: growing costs more.
        let mut headers = HeaderMap::with_capacity(self.shared.headers.len() + request.headers.len() + 5);
        for (name, value) in &self.shared.headers {
            headers.append(name.clone(), value.clone());
        }
        if let Some(bearer) = bearer {
            headers.insert(AUTHORIZATION, bearer.clone());
        } else if let Some(bearer) = self.shared.key.as_ref().and_then(ApiKey::bearer) {
            // A header of the caller's own says who is meant; the key speaks only where nobody does.
            headers.entry(AUTHORIZATION).or_insert_with(|| bearer.clone());
        }
        for (name, value) in &request.headers {
            if *name == PREFER {
                // Preferences of the client hold beside those of the call.
                headers.append(PREFER, value.clone());
            } else {
                headers.insert(name.clone(), value.clone());
            }
        }
        if attempt > 0 {
            headers.insert(RETRY_COUNT, HeaderValue::from(attempt));
        }
        headers
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("base", &self.shared.base.as_str())
            .field("key", &self.shared.key)
            .field("token", &self.token)
            .field("timeout", &self.shared.timeout)
            .field("retry", &self.shared.retry)
            .finish_non_exhaustive()
    }
}

/// Reads a success whole.
async fn read(mut response: Response, limit: usize, idempotent: bool) -> Result<Reply, Failure> {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    match read_body(&mut response, limit).await {
        Ok(Body::Whole(body)) => Ok(Reply { status, headers, body }),
        Ok(Body::Cut(_)) => Err(Failure::too_large(limit, status, headers)),
        Err((error, _)) => {
            Err(Failure::from_body(error, Reply { status, headers, body: Bytes::new() }, idempotent))
        }
    }
}

/// Reads what is no success. The status alone is an answer: what was read of a broken body is kept beside it.
pub(crate) async fn refused(mut response: Response, idempotent: bool) -> Failure {
    let status = response.status();
    let headers = std::mem::take(response.headers_mut());
    let body = match read_body(&mut response, ERROR_BODY_LIMIT).await {
        Ok(Body::Whole(body) | Body::Cut(body)) | Err((_, body)) => body,
    };
    Failure::from_reply(Reply { status, headers, body }, idempotent)
}

/// What was read of a body.
enum Body {
    Whole(Bytes),
    /// There is more than the limit allows.
    Cut(Bytes),
}

/// Reads a body up to `limit` bytes. Beside an error stands what had arrived before it.
async fn read_body(response: &mut Response, limit: usize) -> Result<Body, (reqwest::Error, Bytes)> {
    let mut first = Bytes::new();
    let mut whole = BytesMut::new();
    loop {
        // A body of one piece, as most are, is not copied.
        let so_far = |first: Bytes, whole: BytesMut| if whole.is_empty() { first } else { whole.freeze() };
        match response.chunk().await {
            Ok(Some(chunk)) if first.is_empty() => first = chunk,
            Ok(Some(chunk)) => {
                if whole.is_empty() {
                    whole.extend_from_slice(&first);
                }
                whole.extend_from_slice(&chunk);
            }
            Ok(None) => return Ok(Body::Whole(so_far(first, whole))),
            Err(error) => return Err((error, so_far(first, whole))),
        }
        if first.len().max(whole.len()) > limit {
            return Ok(Body::Cut(so_far(first, whole)));
        }
    }
}
