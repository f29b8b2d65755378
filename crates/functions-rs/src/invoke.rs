//! One invocation.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::time::Duration;

use futures_util::Stream;
use secrecy::SecretString;
use serde::Serialize;
use supabase_core::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use supabase_core::{
    BoxFuture, Bytes, Content, Failure, Instant, MaybeSend, OpenReply, Payload, Reply, Request, RetryPolicy,
    Transport,
};

use crate::address;
use crate::error::{Error, Result, is_relay_error};
use crate::event_limit::LARGEST;
use crate::events::EventStream;
use crate::form::Form;
use crate::method::Method;
use crate::region::Region;
use crate::response::{Response, media_type};
use crate::stream::ByteStream;

const REGION: HeaderName = HeaderName::from_static("x-region");
const OCTETS: &str = "application/octet-stream";
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// An invocation that is not sent yet. `.await` sends it and reads the answer whole; [`stream`](Self::stream) and
/// [`events`](Self::events) read it as it comes.
///
/// Dropping the future, or the stream, cancels the call wherever it is.
///
/// Source: <https://supabase.com/docs/reference/javascript/functions-invoke>
///
/// ```no_run
/// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
/// let answer = functions
///     .invoke("hello-world")
///     .json(serde_json::json!({ "name": "Ada" }))
///     .header("x-request-source", "docs")
///     .await?;
/// println!("{}", answer.text()?);
/// # Ok(()) }
/// ```
#[must_use = "an invocation is sent when it is awaited"]
pub struct Invoke {
    transport: Transport,
    name: String,
    method: Method,
    region: Region,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Body>,
    last_event_id: Option<String>,
    timeout: Option<Duration>,
    max_retries: Option<u32>,
    max_body: Option<usize>,
    fault: Option<Error>,
}

/// A body, and the type that it has if the caller does not give one.
enum Body {
    Bytes(Bytes, HeaderValue),
    Stream(Content),
    Form(Form),
}

impl Invoke {
    pub(crate) fn new(transport: &Transport, region: &Region, name: &str) -> Self {
        Self {
            transport: transport.clone(),
            name: name.to_owned(),
            method: Method::default(),
            region: region.clone(),
            headers: Vec::new(),
            body: None,
            last_event_id: None,
            timeout: None,
            max_retries: None,
            max_body: None,
            fault: None,
        }
    }

    /// Sends a value as JSON.
    pub fn json(mut self, value: impl Serialize) -> Self {
        match serde_json::to_vec(&value) {
            Ok(json) => self.content(json, "application/json"),
            // The message of a user's own type may hold the value.
            Err(_) => {
                self.blame("the body cannot be written as JSON".into());
                self
            }
        }
    }

    /// Sends a text as `text/plain`.
    pub fn text(self, text: impl Into<String>) -> Self {
        self.content(text.into(), "text/plain;charset=UTF-8")
    }

    /// Sends bytes as `application/octet-stream`.
    pub fn bytes(self, bytes: impl Into<Bytes>) -> Self {
        self.content(bytes, OCTETS)
    }

    fn content(mut self, content: impl Into<Bytes>, media_type: &'static str) -> Self {
        self.body = Some(Body::Bytes(content.into(), HeaderValue::from_static(media_type)));
        self
    }

    /// Sends form data. Its `content-type` is written with it, so do not set one.
    pub fn form(mut self, form: Form) -> Self {
        self.body = Some(Body::Form(form));
        self
    }

    /// Sends pieces as they come, as `application/octet-stream`; their sum is never held in memory.
    ///
    /// Such a call is never repeated once its body has begun.
    ///
    /// ```no_run
    /// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
    /// use futures_util::stream;
    /// let pieces = stream::iter(["a", "b", "c"]).map(|piece| Ok::<_, std::io::Error>(piece.into()));
    /// # use futures_util::StreamExt;
    /// functions.invoke("import").body_stream(pieces).await?;
    /// # Ok(()) }
    /// ```
    pub fn body_stream(
        mut self,
        pieces: impl Stream<Item = io::Result<Bytes>> + MaybeSend + 'static,
    ) -> Self {
        self.body = Some(Body::Stream(Content::once(None, pieces)));
        self
    }

    /// The HTTP method: [`Method::Post`] if not given.
    pub fn method(mut self, method: Method) -> Self {
        self.method = method;
        self
    }

    /// Adds a header; the same name replaces. A `content-type` of yours wins over that of the body.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let (name, value) = (name.as_ref(), value.as_ref());
        match (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            (Ok(name), Ok(mut value)) => {
                // What the caller puts there may be a secret; nobody needs to see it in a log.
                value.set_sensitive(true);
                self.headers.retain(|(other, _)| *other != name);
                self.headers.push((name, value));
            }
            (Err(_), _) => self.blame(format!("{name:?} is not a header name").into()),
            (_, Err(_)) => self.blame(format!("the value of the header `{name}` cannot be sent").into()),
        }
        self
    }

    /// Runs the function in a region of your choice, and not in that of the client. In a page, the function must allow the
    /// header `x-region`.
    ///
    /// Source: <https://supabase.com/docs/guides/functions/regional-invocation>
    ///
    /// ```no_run
    /// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
    /// use functions_rs::Region;
    /// let answer = functions.invoke("near-the-database").region(Region::EuCentral1).await?;
    /// # Ok(()) }
    /// ```
    pub fn region(mut self, region: Region) -> Self {
        self.region = region;
        self
    }

    /// Acts as the user of `token` in this one call.
    pub fn access_token(mut self, token: impl Into<SecretString>) -> Self {
        self.transport = self.transport.with_token(token.into());
        self
    }

    /// Goes on after the event of this id, if the function keeps its events: what
    /// [`EventStream::last_event_id`] said before the connection broke. In a page, the function must allow the header
    /// `last-event-id`.
    pub fn last_event_id(mut self, id: impl Into<String>) -> Self {
        self.last_event_id = Some(id.into()).filter(|id| !id.is_empty());
        self
    }

    /// How long this call may take: in all if the answer is read whole; until the answer begins if it is read as a
    /// stream, which may then go on for as long as it likes. Where the body is a form or a stream, which may take its
    /// time, it counts anew with each piece that is sent.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// How often this call is repeated where that is safe: a `GET` when the connection failed or the platform is busy,
    /// anything else only when it provably never left.
    pub fn max_retries(mut self, times: u32) -> Self {
        self.max_retries = Some(times);
        self
    }

    /// How many bytes the answer may have if it is read whole, or a single event of [`events`](Self::events): as many as
    /// the client was told if not given, or else any number, and 16 MiB for an event. More is an error of kind
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge).
    ///
    /// ```no_run
    /// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
    /// let answer = functions.invoke("hello-world").max_body(64 * 1024).await?;
    /// # Ok(()) }
    /// ```
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.max_body = Some(bytes);
        self
    }

    /// Sends it, and answers as soon as the function begins to: the body comes as a stream.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind). What fails later is an error of the stream.
    ///
    /// ```no_run
    /// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
    /// use futures_util::TryStreamExt;
    /// let whole: Vec<u8> = functions
    ///     .invoke("export")
    ///     .stream()
    ///     .await?
    ///     .try_fold(Vec::new(), |mut whole, piece| async move {
    ///         whole.extend_from_slice(&piece);
    ///         Ok(whole)
    ///     })
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn stream(self) -> BoxFuture<'static, Result<ByteStream>> {
        Box::pin(async move { Ok(ByteStream::new(self.open(|_| None).await?)) })
    }

    /// Sends it, and answers as soon as the function begins to: what it says comes as server-sent events.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind); [`ErrorKind::Stream`](crate::ErrorKind::Stream) if the function answers with
    /// something else than `text/event-stream`: the error holds what it was. What fails later is an error of the stream:
    /// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge) if an event has more than 16 MiB, or than
    /// [`max_body`](Self::max_body) of the call or the client says.
    ///
    /// ```no_run
    /// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
    /// use futures_util::TryStreamExt;
    /// let mut events = functions.invoke("import").events().await?;
    /// while let Some(event) = events.try_next().await? {
    ///     println!("{}: {}", event.kind, event.data);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn events(mut self) -> BoxFuture<'static, Result<EventStream>> {
        let last_event_id = self.last_event_id.clone();
        if !self.headers.iter().any(|(name, _)| name == ACCEPT) {
            self.headers.push((ACCEPT, HeaderValue::from_static("text/event-stream")));
        }
        // A client that was told nothing has a limit that no answer reaches.
        let of_client = Some(self.transport.max_body()).filter(|limit| *limit != usize::MAX);
        let largest = self.max_body.or(of_client).unwrap_or(LARGEST);
        Box::pin(async move {
            let reply = self.open(not_events).await?;
            Ok(EventStream::new(ByteStream::new(reply), last_event_id, largest))
        })
    }

    /// Sends it, and answers as soon as the function begins to, unless `refusal` says why that is none of the answers
    /// asked for.
    async fn open(self, refusal: fn(&Reply) -> Option<Refusal>) -> Result<OpenReply> {
        let started = Instant::now();
        let is_read = self.method == Method::Get;
        let (transport, request) = self.into_request()?;
        let limit = request.timeout.or(transport.timeout());
        let reply = transport.open(&request).await.map_err(|failure| failed(failure, is_read))?;
        let head = reply.head();
        let refusal = if is_relay_error(&head) { Some(Refusal::Relay) } else { refusal(&head) };
        let Some(refusal) = refusal else { return Ok(reply) };
        // What went wrong may stand in the body, which is no stream then.
        let left = limit.map(|limit| limit.saturating_sub(started.elapsed()));
        let whole = reply.into_refusal(left).await;
        Err(match refusal {
            Refusal::Relay => Error::relay(whole, is_read),
            Refusal::NoEvents(why) => Error::no_events(why, whole),
        })
    }

    fn into_request(mut self) -> Result<(Transport, Request)> {
        let url = address::of(self.transport.base(), &self.name);
        let mut url = url.map_err(Error::invalid)?;
        if self.region != Region::Any {
            // The header is for the platform, the parameter for what stands in front of it.
            let taken = url.query_pairs().any(|(name, _)| name == "forceFunctionRegion");
            if !taken {
                url.query_pairs_mut().append_pair("forceFunctionRegion", self.region.as_str());
            }
            let region = self.region.as_str().to_owned();
            self = self.header_if_absent(REGION, &region);
        }
        if let Some(id) = self.last_event_id.take() {
            self = self.header_if_absent(LAST_EVENT_ID, &id);
        }
        if self.method == Method::Get && self.body.is_some() {
            self.blame("a GET carries no body: put the values into the query, or use POST".into());
        }
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let mut request = Request::new("functions.invoke", self.method.to_http(), url);
        let has_type = self.headers.iter().any(|(name, _)| name == CONTENT_TYPE);
        let media_type = match self.body {
            None => None,
            Some(Body::Bytes(content, media_type)) => {
                request.body = Some(content);
                Some(media_type)
            }
            Some(Body::Stream(content)) => {
                request.payload = Some(Payload::content(content));
                Some(HeaderValue::from_static(OCTETS))
            }
            Some(Body::Form(_)) if has_type => {
                return Err(Error::invalid("form data brings its own content-type: set none"));
            }
            Some(Body::Form(form)) => {
                request.payload = Some(Payload::form(form.into_parts()));
                None
            }
        };
        if let Some(media_type) = media_type.filter(|_| !has_type) {
            request.headers.push((CONTENT_TYPE, media_type));
        }
        request.headers.append(&mut self.headers);
        request.timeout = self.timeout;
        request.max_body = self.max_body;
        request.retry =
            self.max_retries.map(|max_retries| RetryPolicy { max_retries, ..self.transport.retry() });
        Ok((self.transport, request))
    }

    /// Adds a header of this crate's, if the caller has none of that name.
    fn header_if_absent(self, name: HeaderName, value: &str) -> Self {
        if self.headers.iter().any(|(other, _)| *other == name) { self } else { self.header(name, value) }
    }

    fn blame(&mut self, fault: Cow<'static, str>) {
        self.fault.get_or_insert_with(|| Error::invalid(fault));
    }
}

/// Why an answer with a status of success is none.
enum Refusal {
    /// The platform can fail with any status, also with one of success.
    Relay,
    NoEvents(String),
}

fn not_events(head: &Reply) -> Option<Refusal> {
    match media_type(head) {
        Some(media_type) if media_type.eq_ignore_ascii_case("text/event-stream") => None,
        Some(other) => {
            Some(Refusal::NoEvents(format!("the function answered with {other}, and not with events")))
        }
        None => Some(Refusal::NoEvents(
            "the function answered with a body of no type, and not with events".to_owned(),
        )),
    }
}

fn failed(failure: Failure, is_read: bool) -> Error {
    Error::from_failure(failure).of_read(is_read)
}

impl IntoFuture for Invoke {
    type Output = Result<Response>;
    type IntoFuture = BoxFuture<'static, Result<Response>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let is_read = self.method == Method::Get;
            let (transport, request) = self.into_request()?;
            let reply = transport.send(&request).await.map_err(|failure| failed(failure, is_read))?;
            if is_relay_error(&reply) {
                return Err(Error::relay(reply, is_read));
            }
            Ok(Response::new(reply))
        })
    }
}

impl fmt::Debug for Invoke {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the query in the name nor headers or body: they are the user's data.
        f.debug_struct("Invoke")
            .field("name", &self.name.split('?').next())
            .field("method", &self.method)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}
