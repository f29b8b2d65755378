//! Which HTTP client carries the requests.

use std::fmt;
use std::sync::Arc;

use reqwest::{Client, ClientBuilder};

use crate::failure::Failure;

/// A change to the HTTP client, before it is built.
#[cfg(not(target_family = "wasm"))]
pub type Configure = Arc<dyn Fn(ClientBuilder) -> ClientBuilder + Send + Sync>;
/// A change to the HTTP client, before it is built.
#[cfg(target_family = "wasm")]
pub type Configure = Arc<dyn Fn(ClientBuilder) -> ClientBuilder>;

/// An HTTP client: one to be built here, with the caller's changes, or one that the caller built.
#[derive(Clone, Default)]
pub struct HttpChoice {
    changes: Vec<Configure>,
    websocket_changes: Vec<Configure>,
    given: Option<Client>,
    given_for_blocking: Option<Client>,
    given_for_websocket: Option<Client>,
}

/// The HTTP clients of a service: one for each side, as the connections of a client live on the runtime that opened
/// them. A blocking call that waited for a connection of the caller's runtime, which it blocks, would wait for ever.
pub(crate) struct Http {
    client: Client,
    #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
    blocking: std::sync::OnceLock<Client>,
    #[cfg(not(target_family = "wasm"))]
    websocket: std::sync::OnceLock<Client>,
    #[cfg(not(target_family = "wasm"))]
    choice: HttpChoice,
}

impl HttpChoice {
    /// Changes the clients that will be built.
    pub fn configure(&mut self, change: Configure) {
        self.changes.push(change);
    }

    /// Changes the client that will be built for websockets, also where another one was given for everything else.
    pub fn configure_websocket(&mut self, change: Configure) {
        self.websocket_changes.push(change);
    }

    /// The changes so far, for a client that is built elsewhere.
    pub fn changes(&self) -> &[Configure] {
        &self.changes
    }

    /// Uses a client that the caller built, for blocking calls too if no other is given for these.
    pub fn give(&mut self, client: Client) {
        self.given = Some(client);
    }

    /// Uses a client that the caller built, for blocking calls.
    pub fn give_for_blocking(&mut self, client: Client) {
        self.given_for_blocking = Some(client);
    }

    /// Uses a client that the caller built, for websockets. It must not speak HTTP/2, which has none.
    pub fn give_for_websocket(&mut self, client: Client) {
        self.given_for_websocket = Some(client);
    }

    /// A client for websockets: the one that the caller gave for these, or a new one with the caller's changes. A client
    /// that the caller gave for everything else cannot be told to leave HTTP/2 alone.
    ///
    /// # Errors
    /// It cannot be built.
    #[cfg(not(target_family = "wasm"))]
    pub fn client_for_websocket(&self) -> Result<Client, Failure> {
        match &self.given_for_websocket {
            Some(client) => Ok(client.clone()),
            // A connection that was upgraded does not come back, so none is kept.
            None => self.make_with(|builder| {
                let changed = self.websocket_changes.iter().fold(builder, |builder, change| change(builder));
                changed.http1_only().pool_max_idle_per_host(0)
            }),
        }
    }

    /// The client that the caller gave, or a new one.
    ///
    /// # Errors
    /// It cannot be built, or was both given and to be changed.
    pub fn client(&self) -> Result<Client, Failure> {
        match &self.given {
            Some(client) if self.changes.is_empty() => Ok(client.clone()),
            Some(_) => Err(Failure::invalid(
                "configure_http has no effect on a client given with http_client: use one",
            )),
            None => self.make(),
        }
    }

    /// A client for blocking calls: the one that the caller gave for these, or a new one beside the other; `None` if the
    /// caller gave the other, which then serves both.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn client_for_blocking(&self) -> Result<Option<Client>, Failure> {
        match (&self.given_for_blocking, &self.given) {
            (Some(client), _) => Ok(Some(client.clone())),
            (None, Some(_)) => Ok(None),
            (None, None) => self.make().map(Some),
        }
    }

    fn make(&self) -> Result<Client, Failure> {
        self.make_with(|builder| builder)
    }

    fn make_with(&self, last: impl FnOnce(ClientBuilder) -> ClientBuilder) -> Result<Client, Failure> {
        let builder = self.changes.iter().fold(fresh(), |builder, change| change(builder));
        let builder = last(builder);
        // Last, so that no change can undo it: redirects are decided in `redirect.rs`.
        #[cfg(not(target_family = "wasm"))]
        let builder = builder.redirect(reqwest::redirect::Policy::none());
        builder.build().map_err(|error| Failure::invalid_because("the HTTP client cannot be built", error))
    }
}

impl Http {
    /// # Errors
    /// As [`HttpChoice::client`].
    pub(crate) fn new(choice: HttpChoice) -> Result<Self, Failure> {
        Ok(Self {
            client: choice.client()?,
            #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
            blocking: std::sync::OnceLock::new(),
            #[cfg(not(target_family = "wasm"))]
            websocket: std::sync::OnceLock::new(),
            #[cfg(not(target_family = "wasm"))]
            choice,
        })
    }

    /// The client for websockets.
    ///
    /// # Errors
    /// It is built when it is first needed, and cannot be.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn websocket(&self) -> Result<&Client, Failure> {
        if let Some(client) = self.websocket.get() {
            return Ok(client);
        }
        let client = self.choice.client_for_websocket()?;
        Ok(self.websocket.get_or_init(|| client))
    }

    /// The client for calls that are made where this is called.
    ///
    /// # Errors
    /// The client for blocking calls is built when it is first needed, and cannot be.
    #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
    pub(crate) fn here(&self) -> Result<&Client, Failure> {
        if !crate::blocking::is_here() {
            return Ok(&self.client);
        }
        if let Some(client) = self.blocking.get() {
            return Ok(client);
        }
        let client = self.choice.client_for_blocking()?.unwrap_or_else(|| self.client.clone());
        Ok(self.blocking.get_or_init(|| client))
    }

    /// The client for calls that are made where this is called.
    #[cfg(not(all(feature = "blocking", not(target_family = "wasm"))))]
    #[allow(clippy::unnecessary_wraps, reason = "with blocking calls, there is another client to be built")]
    pub(crate) fn here(&self) -> Result<&Client, Failure> {
        Ok(&self.client)
    }
}

/// A builder before the caller's changes.
fn fresh() -> ClientBuilder {
    let builder = ClientBuilder::new();
    // What a server of HTTP/2 turned away, the transport sends again, as it does everything else. Of the client, this would
    // take a copy of each request.
    #[cfg(all(feature = "http2", not(target_family = "wasm")))]
    let builder = builder.retry(reqwest::retry::never().max_retries_per_request(0));
    builder
}

/// Sends a message.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn execute(
    client: &Client,
    message: reqwest::Request,
    _fresh: bool,
) -> impl Future<Output = reqwest::Result<reqwest::Response>> + use<> {
    client.execute(message)
}

/// Sends a message, past what the browser has kept if that is asked for: what is there may be gone.
#[cfg(target_family = "wasm")]
pub(crate) fn execute(
    client: &Client,
    message: reqwest::Request,
    fresh: bool,
) -> impl Future<Output = reqwest::Result<reqwest::Response>> + use<> {
    let fresh = fresh || message.method() == reqwest::Method::HEAD;
    let builder = reqwest::RequestBuilder::from_parts(client.clone(), message);
    if fresh { builder.fetch_cache_no_store() } else { builder }.send()
}

impl fmt::Debug for HttpChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpChoice")
            .field("changes", &self.changes.len())
            .field("given", &self.given.is_some())
            .finish_non_exhaustive()
    }
}
