//! The only place that sends HTTP.

use std::fmt;
use std::future::ready;
use std::pin::pin;
use std::sync::Arc;
use std::task::Context;
use std::time::Duration;

use futures_util::future::Either;
use reqwest::Response;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue, LOCATION};
use secrecy::SecretString;
use tracing::Span;
use url::Url;

use crate::api_key::{ApiKey, KeyKind};
use crate::config::Limits;
use crate::failure::{Failure, FailureKind};
use crate::head;
use crate::headers::{ClientHeaders, put};
use crate::http::{Http, execute};
use crate::maybe_send::BoxFuture;
use crate::payload::Answer;
use crate::read::{read, refused};
use crate::redirect;
use crate::reply::{OpenReply, Reply};
use crate::request::Request;
use crate::retry::RetryPolicy;
use crate::telemetry;
use crate::time::{Instant, limited_since, sleep};
use crate::token::TokenSource;
use crate::trace::TraceSource;

const APIKEY: HeaderName = HeaderName::from_static("apikey");

/// How often in a call a request is sent again at once that the server turned away, before the policy of retries is asked.
const TURNED_AWAY: u32 = 2;

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
    headers: ClientHeaders,
    refusal: Option<&'static str>,
    timeout: Option<Duration>,
    limits: Limits,
    retry: RetryPolicy,
}

/// One of the tries that a call takes.
struct Attempt<'a> {
    /// How many were before.
    number: u32,
    /// Whether the server may have acted on one of them.
    may_have_acted: bool,
    /// How often the server turned the request away.
    turned_away: u32,
    span: &'a Span,
    /// When the call began.
    started: Instant,
}

impl Transport {
    #[allow(clippy::too_many_arguments, reason = "the one caller is the builder, which has them all")]
    pub(crate) fn new(
        http: Http,
        base: Url,
        key: Option<ApiKey>,
        mut headers: HeaderMap,
        accept: Option<HeaderValue>,
        token: TokenSource,
        trace: Option<TraceSource>,
        refusal: Option<&'static str>,
        timeout: Option<Duration>,
        limits: Limits,
        retry: RetryPolicy,
    ) -> Self {
        if let Some(key) = &key {
            put(&mut headers, &APIKEY, key.apikey());
        }
        let headers = ClientHeaders::new(headers, accept, key.as_ref().and_then(ApiKey::bearer), trace);
        Self { shared: Arc::new(Shared { http, base, key, headers, refusal, timeout, limits, retry }), token }
    }

    /// The same connections, as the user of `token`.
    #[must_use]
    pub fn with_token(&self, token: SecretString) -> Self {
        Self { shared: Arc::clone(&self.shared), token: TokenSource::fixed(token) }
    }

    /// The same connections, as nobody who is signed in: the API key speaks.
    #[must_use]
    pub fn without_token(&self) -> Self {
        Self { shared: Arc::clone(&self.shared), token: TokenSource::anonymous() }
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

    /// The headers that every request of this client has, the API key among them.
    #[cfg(not(target_family = "wasm"))]
    pub fn client_headers(&self) -> &HeaderMap {
        self.shared.headers.all()
    }

    /// The HTTP client that opens websockets.
    ///
    /// # Errors
    /// It cannot be built.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn websocket_client(&self) -> Result<&reqwest::Client, Failure> {
        self.shared.http.websocket()
    }

    /// How many bytes an answer that is read whole may have.
    pub fn max_body(&self) -> usize {
        self.shared.limits.body
    }

    /// What kind of key the client was built with.
    pub fn key_kind(&self) -> Option<KeyKind> {
        self.shared.key.as_ref().map(ApiKey::kind)
    }

    /// Sends a request, again where that is safe and promising, and reads the answer.
    ///
    /// Dropping the future drops the request, wherever it is. It is boxed here, so that it is compiled once for all services
    /// and for whatever their answers are read into.
    ///
    /// # Errors
    /// Everything that is not a status of success; see [`FailureKind`](crate::FailureKind).
    pub fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Reply, Failure>> {
        let limit = request.max_body.unwrap_or(self.shared.limits.body);
        Box::pin(self.call(request, move |response| read(response, limit, request.idempotent)))
    }

    /// As [`send`](Self::send), for an answer of any size: it is read as it comes. The time limit and the repetition end
    /// where the body begins.
    ///
    /// # Errors
    /// As [`send`](Self::send), until the body begins.
    pub fn open<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<OpenReply, Failure>> {
        Box::pin(self.call(request, |response| ready(Ok(OpenReply::new(response, request.idempotent)))))
    }

    /// How long a call may take.
    fn limit(&self, request: &Request) -> Option<Duration> {
        request.timeout.or(self.shared.timeout)
    }

    async fn call<T, F, Fut>(&self, request: &Request, read: F) -> Result<T, Failure>
    where
        F: Fn(Response) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        let span = telemetry::span(request);
        let started = Instant::now();
        // Pinned first: what wraps it then holds a pointer, and the large future is moved by none of them.
        let mut work = pin!(async {
            let mut attempt =
                Attempt { number: 0, may_have_acted: false, turned_away: 0, span: &span, started };
            loop {
                let failure = match self.attempt(request, &attempt, &read).await {
                    Ok(answer) => return Ok(answer),
                    Err(failure) => failure,
                };
                // Of a failure that is not the last, the span would keep what it was.
                if let Err(failure) = self.pause(request, failure, &mut attempt).await {
                    telemetry::record(&span, attempt.number, failure.status(), Some(&failure));
                    return Err(failure);
                }
            }
        });
        let entered = &span;
        let poll = move |context: &mut Context<'_>| {
            let _inside = entered.enter();
            work.as_mut().poll(context)
        };
        let limit = self.limit(request);
        match limited_since(limit, move || request.counts_since(started), poll).await {
            Some(outcome) => outcome,
            None => {
                let failure = Failure::timeout(limit.unwrap_or_default(), request.idempotent);
                telemetry::record(&span, 0, None, Some(&failure));
                Err(failure)
            }
        }
    }

    /// Waits until a failed request may be sent again.
    ///
    /// # Errors
    /// The failure, if there is no point in it.
    // Rare, and large: in a place of its own, as `follow` is, so that not every call has to make room for it.
    #[cold]
    fn pause<'a>(
        &'a self,
        request: &'a Request,
        mut failure: Failure,
        attempt: &'a mut Attempt<'_>,
    ) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(async move {
            failure.set_repeated(attempt.may_have_acted);
            if !request.may_repeat(&failure) {
                return Err(failure);
            }
            // Nothing that a pause would mend: the next connection does, or the next stream.
            if failure.is_turned_away() && attempt.turned_away < TURNED_AWAY {
                tracing::debug!("turned away, sending again");
                attempt.turned_away += 1;
                return Ok(());
            }
            let policy = request.retry.unwrap_or(self.shared.retry);
            let pause = usize::try_from(attempt.number).ok().and_then(|number| policy.pauses().nth(number));
            let Some(pause) = pause else { return Err(failure) };
            let pause = match failure.retry_after() {
                // More than the caller is willing to wait: the answer is known now, so say it now.
                Some(asked) if asked > policy.longest_pause => return Err(failure),
                Some(asked) => pause.max(asked),
                None => pause,
            };
            if self
                .limit(request)
                .is_some_and(|limit| request.used(attempt.started).saturating_add(pause) >= limit)
            {
                return Err(failure);
            }
            tracing::debug!(kind = ?failure.kind(), status = failure.status(), ?pause, "sending again");
            attempt.number += 1;
            // What never left, was turned away, or was refused for a limit, did nothing.
            attempt.may_have_acted |= failure.kind() != FailureKind::Connect
                && !failure.is_turned_away()
                && failure.status() != Some(429);
            sleep(pause).await;
            Ok(())
        })
    }

    /// Sends once, follows redirects, and reads what is a success.
    async fn attempt<T, F, Fut>(
        &self,
        request: &Request,
        attempt: &Attempt<'_>,
        read: &F,
    ) -> Result<T, Failure>
    where
        F: Fn(Response) -> Fut,
        Fut: Future<Output = Result<T, Failure>>,
    {
        if let Some(why) = self.shared.refusal {
            return Err(Failure::invalid(why));
        }
        // In a block: what is made of here would else be kept while the body is read.
        let response = {
            // Asked right before sending: an earlier attempt may have failed because its token had just expired.
            let bearer = self.token.bearer().await?;
            let (sent, length) = self.begin(request, bearer.as_ref(), attempt.number)?;
            let mut response = received(sent, request).await?;
            if !request.takes(response.status()) {
                response = self.follow(request, attempt, response, length, bearer).await?;
            }
            telemetry::record(attempt.span, attempt.number, Some(response.status().as_u16()), None);
            response
        };
        read(response).await
    }

    /// Sends the first message of an attempt; beside it stands the length of its head.
    fn begin<'a>(
        &'a self,
        request: &'a Request,
        bearer: Option<&HeaderValue>,
        attempt: u32,
    ) -> Result<(Sent<'a, impl Future<Output = reqwest::Result<Response>> + use<>>, usize), Failure> {
        let (message, length) = self.message(request, request.url.clone(), bearer, attempt);
        head::check(length, self.shared.limits.head, &request.url)?;
        Ok((self.exchange(request, message)?, length))
    }

    /// Follows redirects, and answers with what is a success.
    #[cold]
    fn follow<'a>(
        &'a self,
        request: &'a Request,
        attempt: &'a Attempt<'a>,
        mut response: Response,
        length: usize,
        bearer: Option<HeaderValue>,
    ) -> BoxFuture<'a, Result<Response, Failure>> {
        Box::pin(async move {
            let mut url = request.url.clone();
            for hops in 0.. {
                let status = response.status();
                if request.takes(status) {
                    break;
                }
                let target = redirect::target(request, &url, status, response.headers().get(LOCATION));
                match target.map_err(|failure| failure.with_headers(response.headers()))? {
                    None => {
                        // Its body may stall, and its status is known: so it ends before the limit does, and leaves another
                        // try its time.
                        let left = self
                            .limit(request)
                            .map(|limit| limit.saturating_sub(request.used(attempt.started)) / 2);
                        let failure = refused(response, left, request.idempotent).await;
                        return Err(head::explain(failure, length, &request.method, &request.url));
                    }
                    Some(_) if hops == redirect::LIMIT => {
                        let message = format!("the server redirected {} times", hops + 1);
                        return Err(Failure::redirect(message, status).with_headers(response.headers()));
                    }
                    Some(next) => url = next,
                }
                let (message, _) = self.message(request, url.clone(), bearer.as_ref(), attempt.number);
                response = received(self.exchange(request, message)?, request).await?;
            }
            Ok(response)
        })
    }

    /// A request as one message to an address; beside it stands the length of its head.
    // Not inlined: what it takes of the stack is free again when the message is sent, which takes much.
    #[inline(never)]
    fn message(
        &self,
        request: &Request,
        url: Url,
        bearer: Option<&HeaderValue>,
        attempt: u32,
    ) -> (reqwest::Request, usize) {
        let (headers, bytes) = self.shared.headers.with(request, bearer, attempt);
        let length = head::length(&request.method, &url, bytes);
        let mut message = reqwest::Request::new(request.method.clone(), url);
        *message.headers_mut() = headers;
        *message.body_mut() = request.body.clone().map(reqwest::Body::from);
        (message, length)
    }

    /// Sends one message.
    fn exchange<'a>(
        &'a self,
        request: &'a Request,
        message: reqwest::Request,
    ) -> Result<Sent<'a, impl Future<Output = reqwest::Result<Response>> + use<>>, Failure> {
        let http = self.shared.http.here()?;
        Ok(match &request.payload {
            None => Either::Left(execute(http, message, request.fresh)),
            Some(payload) => Either::Right(payload.send(http, message)),
        })
    }
}

/// A message on its way: one that holds its content, or one whose content may be of any size.
type Sent<'a, P> = Either<P, BoxFuture<'a, Answer>>;

/// Waits for whatever comes back.
async fn received(
    sent: Sent<'_, impl Future<Output = reqwest::Result<Response>>>,
    request: &Request,
) -> Result<Response, Failure> {
    let answer = match sent {
        Either::Left(sent) => sent.await,
        Either::Right(sent) => sent.await?,
    };
    answer.map_err(|error| Failure::from_transport(error, request.idempotent))
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
