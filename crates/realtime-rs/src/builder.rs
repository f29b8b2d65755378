//! How a client is built.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::Stream;
use secrecy::SecretString;
use supabase_core::{Config, MaybeSend, MaybeSync, parse_endpoint, shared_settings, token_settings};

use crate::backoff::Backoff;
use crate::client::{Client, Remake};
use crate::delivery::{Overflow, Room};
use crate::error::{Error, Result};
use crate::protocol::ProtocolVersion;
use crate::socket::{Settings, SignedOut, TokenChanges};
use crate::transport::Transport;

/// How long a call over HTTP may take if nothing else is said.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// Builds a [`Client`]. The first fault of a setter is told by [`build`](Self::build).
///
/// Retries and time limits of calls are those of broadcasts over HTTP; the connection has settings of its own.
///
/// ```
/// # fn main() -> realtime_rs::Result<()> {
/// use std::time::Duration;
/// use realtime_rs::Backoff;
/// let realtime = realtime_rs::Client::builder("http://127.0.0.1:54321/realtime/v1", "sb_publishable_…")
///     .heartbeat_interval(Duration::from_secs(15))
///     .reconnect(Backoff::exponential(Duration::from_secs(1), Duration::from_secs(60)))
///     .build()?;
/// # Ok(()) }
/// ```
#[must_use]
pub struct ClientBuilder {
    url: String,
    config: Config,
    options: Options,
    fault: Option<Error>,
}

/// What makes the settings of a connection.
#[derive(Clone)]
struct Options {
    transport: Option<Arc<dyn Transport>>,
    version: ProtocolVersion,
    log_level: Option<&'static str>,
    heartbeat_interval: Duration,
    heartbeat_timeout: Duration,
    connect_timeout: Duration,
    join_timeout: Duration,
    push_timeout: Duration,
    subscribe_timeout: Duration,
    max_frame: usize,
    disconnect_after: Option<Duration>,
    backoff: Backoff,
    signed_out: SignedOut,
    room: Room,
    clock: fn() -> SystemTime,
    token_changes: Option<Arc<TokenChanges>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            transport: None,
            version: ProtocolVersion::default(),
            log_level: None,
            heartbeat_interval: Duration::from_secs(25),
            heartbeat_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(15),
            // The server thinks for five seconds before it refuses a join.
            join_timeout: Duration::from_secs(10),
            push_timeout: Duration::from_secs(10),
            subscribe_timeout: Duration::from_secs(30),
            max_frame: 5_000_000,
            disconnect_after: Some(Duration::from_secs(50)),
            backoff: Backoff::default(),
            signed_out: SignedOut::default(),
            room: Room::default(),
            clock: supabase_core::wall_clock,
            token_changes: None,
        }
    }
}

impl Remake for Options {
    fn settings(&self, http: supabase_core::Transport) -> Settings {
        let Self { version, log_level, backoff, signed_out, room, clock, .. } = self.clone();
        Settings {
            transport: self.transport.clone().unwrap_or_else(|| default_transport(&http)),
            http,
            version,
            log_level,
            heartbeat_interval: self.heartbeat_interval,
            heartbeat_timeout: self.heartbeat_timeout,
            connect_timeout: self.connect_timeout,
            join_timeout: self.join_timeout,
            push_timeout: self.push_timeout,
            subscribe_timeout: Some(self.subscribe_timeout),
            max_frame: self.max_frame,
            disconnect_after: self.disconnect_after,
            backoff,
            signed_out,
            room,
            clock,
            token_changes: self.token_changes.clone(),
        }
    }
}

#[cfg(not(target_family = "wasm"))]
fn default_transport(http: &supabase_core::Transport) -> Arc<dyn Transport> {
    Arc::new(crate::transport::native::Native { http: http.clone() })
}

#[cfg(target_family = "wasm")]
fn default_transport(_: &supabase_core::Transport) -> Arc<dyn Transport> {
    Arc::new(crate::transport::browser::Browser)
}

impl ClientBuilder {
    pub(crate) fn new(url: &str, key: SecretString) -> Self {
        let mut config = Config::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), Some(key));
        config.timeout(Some(DEFAULT_TIMEOUT));
        Self { url: url.to_owned(), config, options: Options::default(), fault: None }
    }

    shared_settings!("realtime_rs", "http://127.0.0.1:54321/realtime/v1", "10 seconds", "3 times");
    token_settings!("realtime_rs", "http://127.0.0.1:54321/realtime/v1");

    /// Uses an HTTP client of your own to open websockets. Build it with `http1_only()`: HTTP/2 has no websockets here.
    /// Without it, one is built, with the changes of [`configure_http`](Self::configure_http) and
    /// [`configure_websocket`](Self::configure_websocket), but without those of a client given by
    /// [`http_client`](Self::http_client).
    pub fn http_client_for_websocket(mut self, client: reqwest::Client) -> Self {
        self.config.http().give_for_websocket(client);
        self
    }

    /// Changes the HTTP client that is built to open websockets, for example its root certificates, where
    /// [`http_client`](Self::http_client) carries everything else.
    ///
    /// ```
    /// # fn main() -> realtime_rs::Result<()> {
    /// # let http = realtime_rs::reqwest::Client::new();
    /// let realtime = realtime_rs::Client::builder("http://127.0.0.1:54321/realtime/v1", "sb_publishable_…")
    ///     .http_client(http)
    ///     .configure_websocket(|http| http.no_proxy())
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn configure_websocket(
        mut self,
        change: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        self.config.http().configure_websocket(Arc::new(change));
        self
    }

    /// Tells when the source of [`access_token_with`](Self::access_token_with) has another token: `changes` makes a
    /// stream, for each of whose items the source is asked again, and joined channels are told. Without it, the source is
    /// asked at each join and at each heartbeat.
    ///
    /// ```
    /// # fn main() -> realtime_rs::Result<()> {
    /// # fn signals() -> impl futures_util::Stream<Item = ()> + Send { futures_util::stream::pending() }
    /// let realtime = realtime_rs::Client::builder("http://127.0.0.1:54321/realtime/v1", "sb_publishable_…")
    ///     .access_token_with(|| async { Ok(Some("the token of now".into())) })
    ///     .access_token_changes(|| signals())
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn access_token_changes<F, S>(mut self, changes: F) -> Self
    where
        F: Fn() -> S + MaybeSend + MaybeSync + 'static,
        S: Stream<Item = ()> + MaybeSend + 'static,
    {
        self.options.token_changes = Some(Arc::new(move || Box::pin(changes())));
        self
    }

    /// Opens websockets by a transport of your own.
    pub fn transport(mut self, transport: impl Transport) -> Self {
        self.options.transport = Some(Arc::new(transport));
        self
    }

    /// Which version of the protocol is spoken; 2.0.0 if not given.
    #[doc(alias = "vsn")]
    pub fn protocol(mut self, version: ProtocolVersion) -> Self {
        self.options.version = version;
        self
    }

    /// How much the server logs about this connection: `info`, `warning` or `error`; the last of these if not given.
    pub fn log_level(mut self, level: &str) -> Self {
        self.options.log_level = match level {
            "info" => Some("info"),
            "warning" => Some("warning"),
            "error" => Some("error"),
            _ => {
                let fault = Error::invalid("the log level is none of `info`, `warning` and `error`");
                self.fault.get_or_insert(fault);
                None
            }
        };
        self
    }

    /// How long after an answer the server is asked again whether it is there: 25 seconds if not given. It closes a
    /// connection on which it hears nothing for a minute.
    pub fn heartbeat_interval(mut self, interval: Duration) -> Self {
        self.options.heartbeat_interval = interval;
        self
    }

    /// How long that answer may take before the connection is given up: 10 seconds if not given.
    pub fn heartbeat_timeout(mut self, limit: Duration) -> Self {
        self.options.heartbeat_timeout = limit;
        self
    }

    /// How long opening a connection, and asking for an access token, may take: 15 seconds if not given.
    pub fn connect_timeout(mut self, limit: Duration) -> Self {
        self.options.connect_timeout = limit;
        self
    }

    /// How long the server may take to answer a join: 10 seconds if not given. It thinks for five before it refuses one,
    /// so less than that would hide its reason.
    pub fn join_timeout(mut self, limit: Duration) -> Self {
        self.options.join_timeout = limit;
        self
    }

    /// How long the server may take to confirm a broadcast, a presence, or that a channel is left: 10 seconds if not given.
    pub fn push_timeout(mut self, limit: Duration) -> Self {
        self.options.push_timeout = limit;
        self
    }

    /// How long [`subscribe`](crate::ChannelBuilder::subscribe) may take in all: 30 seconds if not given. A channel can
    /// set its own limit.
    pub fn subscribe_timeout(mut self, limit: Duration) -> Self {
        self.options.subscribe_timeout = limit;
        self
    }

    /// How many bytes a frame that is sent may have: 5,000,000 if not given, as servers take no larger one, and end the
    /// connection with all its channels instead. A broadcast or a presence that would make a larger one is an error of kind
    /// [`ErrorKind::TooLong`](crate::ErrorKind::TooLong), and is not sent.
    pub fn max_frame(mut self, bytes: usize) -> Self {
        self.options.max_frame = bytes;
        self
    }

    /// How long a connection without channels is kept, so that the next channel finds it open: 50 seconds if not given,
    /// `None` for ever. One that was opened by [`connect`](Client::connect) is kept anyway.
    #[doc(alias = "disconnectOnEmptyChannelsAfterMs")]
    pub fn disconnect_after(mut self, limit: impl Into<Option<Duration>>) -> Self {
        self.options.disconnect_after = limit.into();
        self
    }

    /// How long to wait before the connection is opened, or a channel is joined, again: from about one second up to 30, for
    /// ever, if not given. A server that refuses a connection can ask for more: see [`Backoff`].
    #[doc(alias = "reconnectAfterMs")]
    pub fn reconnect(mut self, backoff: Backoff) -> Self {
        self.options.backoff = backoff;
        self
    }

    /// What happens to the channels when the user signs out.
    pub fn signed_out(mut self, choice: SignedOut) -> Self {
        self.options.signed_out = choice;
        self
    }

    /// How many messages each stream holds for a reader that is slow, and what happens then; 1,024 and
    /// [`Overflow::DropOldest`] if not given. A channel can set its own.
    pub fn buffer(mut self, messages: usize, overflow: Overflow) -> Self {
        self.options.room = Room { messages, overflow, ..self.options.room };
        self
    }

    /// Which clock tells how long this machine slept, and when the server was heard last. For tests alone.
    #[doc(hidden)]
    pub fn clock(mut self, clock: fn() -> SystemTime) -> Self {
        self.options.clock = clock;
        self
    }

    /// Checks everything and builds the client. No request is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid), with what to write instead, if the URL or the key cannot be
    /// used, or for the first setting that cannot.
    pub fn build(self) -> Result<Client> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let http = parse_endpoint(&self.url).and_then(|base| self.config.build(base));
        Ok(Client::from_parts(http.map_err(Error::from_failure)?, Arc::new(self.options)))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL: it is checked only when the client is built, and may hold a password.
        f.debug_struct("ClientBuilder")
            .field("config", &self.config)
            .field("protocol", &self.options.version)
            .field("reconnect", &self.options.backoff)
            .finish_non_exhaustive()
    }
}
