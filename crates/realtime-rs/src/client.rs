//! The door to everything.

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use serde::Serialize;
use supabase_core::token_fault;

use crate::broadcast::BroadcastRequest;
use crate::builder::ClientBuilder;
use crate::call::Call;
use crate::channel::{Channel, ChannelBuilder};
use crate::error::{Error, Result};
use crate::payload::Payload;
use crate::socket::{Answer, Command, Lease, Settings, Shared};
use crate::status::{ConnectionState, Heartbeat, Watch};

/// A handle to one Supabase Realtime server. Clones share one connection; no `Arc` is needed.
///
/// The connection is opened when the first channel is joined, kept alive, and opened again after every interruption. It
/// is closed when the last handle is dropped: the last clone of this, the last [`Channel`] and the last of its streams.
///
/// ```
/// # fn main() -> realtime_rs::Result<()> {
/// let realtime = realtime_rs::Client::new("http://127.0.0.1:54321/realtime/v1", "sb_publishable_…")?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    shared: Arc<Shared>,
    // What a client of another user is made of.
    builder: Arc<dyn Remake>,
}

/// Makes the settings of a client once more, over another way to the server.
#[cfg(not(target_family = "wasm"))]
pub(crate) trait Remake: Send + Sync {
    fn settings(&self, http: supabase_core::Transport) -> Settings;
}
/// Makes the settings of a client once more, over another way to the server.
#[cfg(target_family = "wasm")]
pub(crate) trait Remake {
    fn settings(&self, http: supabase_core::Transport) -> Settings;
}

impl Client {
    /// A client with default settings.
    ///
    /// `url` is the address of the service itself, on Supabase `https://<project>.supabase.co/realtime/v1`. `key` is one
    /// of the project's API keys: publishable, secret, or a legacy JWT.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if URL or key cannot be used.
    ///
    /// ```
    /// # fn main() -> realtime_rs::Result<()> {
    /// let realtime = realtime_rs::Client::new("http://127.0.0.1:54321/realtime/v1", "sb_publishable_…")?;
    /// # Ok(()) }
    /// ```
    pub fn new(url: impl AsRef<str>, key: impl Into<SecretString>) -> Result<Self> {
        Self::builder(url, key).build()
    }

    /// A client with settings of its own.
    ///
    /// ```
    /// # fn main() -> realtime_rs::Result<()> {
    /// let realtime = realtime_rs::Client::builder("http://127.0.0.1:54321/realtime/v1", "sb_publishable_…")
    ///     .heartbeat_interval(std::time::Duration::from_secs(15))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(url: impl AsRef<str>, key: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder::new(url.as_ref(), key.into())
    }

    pub(crate) fn from_parts(http: supabase_core::Transport, builder: Arc<dyn Remake>) -> Self {
        Self { shared: Arc::new(Shared::new(builder.settings(http))), builder }
    }

    /// The same server as the user of `token`, over a connection of its own: for servers that act for many users.
    ///
    /// If `token` is an API key and no token, or empty, no channel can be joined: the error, of the kind
    /// [`ErrorKind::Credentials`](crate::ErrorKind::Credentials), is told there.
    ///
    /// ```
    /// # fn run(realtime: realtime_rs::Client, jwt: String) {
    /// let realtime = realtime.with_access_token(jwt);
    /// # }
    /// ```
    #[must_use]
    pub fn with_access_token(&self, token: impl Into<SecretString>) -> Self {
        let http = self.settings().http.with_token(token.into());
        Self::from_parts(http, Arc::clone(&self.builder))
    }

    /// Begins a channel: bind streams to it, then [`subscribe`](ChannelBuilder::subscribe). Nothing is sent before.
    ///
    /// Source: <https://supabase.com/docs/guides/realtime/concepts>
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// let room = realtime.channel("room1").subscribe().await?;
    /// # Ok(()) }
    /// ```
    pub fn channel(&self, name: impl Into<String>) -> ChannelBuilder {
        ChannelBuilder::new(self.clone(), name.into())
    }

    /// The channel of that name, if this client has joined it or is joining it.
    ///
    /// ```no_run
    /// # fn run(realtime: realtime_rs::Client) {
    /// if let Some(room) = realtime.get_channel("room1") {
    ///     println!("{:?}", room.status());
    /// }
    /// # }
    /// ```
    pub fn get_channel(&self, name: impl AsRef<str>) -> Option<Channel> {
        self.get_channels().into_iter().find(|channel| channel.name() == name.as_ref())
    }

    /// All channels that this client has joined or is joining, by name.
    ///
    /// ```no_run
    /// # fn run(realtime: realtime_rs::Client) {
    /// for channel in realtime.get_channels() {
    ///     println!("{}", channel.name());
    /// }
    /// # }
    /// ```
    #[doc(alias = "getChannels")]
    pub fn get_channels(&self) -> Vec<Channel> {
        self.shared.channels()
    }

    /// Leaves a channel: [`Channel::unsubscribe`] by the name that other languages have for it.
    ///
    /// # Errors
    /// As [`Channel::unsubscribe`].
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client, room: realtime_rs::Channel) -> realtime_rs::Result<()> {
    /// realtime.remove_channel(&room).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "removeChannel")]
    pub fn remove_channel(&self, channel: &Channel) -> Call<()> {
        channel.unsubscribe()
    }

    /// Leaves all channels. Their streams end.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) outside of a tokio runtime.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// realtime.remove_all_channels().await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "removeAllChannels")]
    pub fn remove_all_channels(&self) -> Call<()> {
        self.call(|reply| Command::UnsubscribeAll { reply })
    }

    /// Opens the connection now, and keeps it also while there is no channel. Joining a channel opens it by itself. It does
    /// not wait for the pause after an earlier failure, not even where a server asked for one.
    ///
    /// # Errors
    /// Why it could not be opened: [`ErrorKind::Connect`](crate::ErrorKind::Connect) where there is no server,
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) with the server's reason.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// realtime.connect().await?;
    /// # Ok(()) }
    /// ```
    pub fn connect(&self) -> Call<()> {
        self.call(|reply| Command::Connect { reply })
    }

    /// Closes the connection. Channels stay, silent, and come back when [`connect`](Self::connect) is called or another
    /// channel is joined. Those that were never joined yet are given up: who waits for one is told so.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) outside of a tokio runtime.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// realtime.disconnect().await?;
    /// # Ok(()) }
    /// ```
    pub fn disconnect(&self) -> Call<()> {
        self.call(|reply| Command::Disconnect { reply })
    }

    /// How the connection stands.
    ///
    /// ```
    /// # fn main() -> realtime_rs::Result<()> {
    /// use realtime_rs::ConnectionState;
    /// let realtime = realtime_rs::Client::new("http://127.0.0.1:54321/realtime/v1", "sb_publishable_…")?;
    /// assert!(matches!(realtime.connection_state(), ConnectionState::Disconnected(None)));
    /// # Ok(()) }
    /// ```
    #[doc(alias = "isConnected")]
    pub fn connection_state(&self) -> ConnectionState {
        self.shared.public().state.now().unwrap_or(ConnectionState::Disconnected(None))
    }

    /// How the connection stands, as a stream that begins with how it stands now.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) {
    /// let mut states = realtime.connection_states();
    /// while let Some(state) = states.next().await {
    ///     println!("{state:?}");
    /// }
    /// # }
    /// ```
    pub fn connection_states(&self) -> Watch<ConnectionState> {
        self.shared.public().state.watch()
    }

    /// What happens to the heartbeats from now on, with the time that the server took to answer.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) {
    /// use realtime_rs::Heartbeat;
    /// let mut heartbeats = realtime.heartbeats();
    /// while let Some(heartbeat) = heartbeats.next().await {
    ///     if let Heartbeat::Answered { latency } = heartbeat {
    ///         println!("{latency:?}");
    ///     }
    /// }
    /// # }
    /// ```
    #[doc(alias = "onHeartbeat")]
    pub fn heartbeats(&self) -> Watch<Heartbeat> {
        self.shared.public().heartbeats.watch()
    }

    /// Uses another access token from now on: at once in the channels that are joined, and in every join and every broadcast
    /// over HTTP to come. `None` means that nobody is signed in any more; what happens then to the channels is what
    /// [`SignedOut`](crate::SignedOut) says.
    ///
    /// A client that was built with [`access_token_with`](ClientBuilder::access_token_with) asks its source again at the
    /// next join, heartbeat or broadcast over HTTP.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if this is an API key and no token, or empty.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client, jwt: String) -> realtime_rs::Result<()> {
    /// realtime.set_auth(Some(jwt.into())).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "setAuth")]
    pub fn set_auth(&self, token: Option<SecretString>) -> Call<()> {
        let fault = token.as_ref().and_then(token_fault);
        let shared = Arc::clone(&self.shared);
        Call::new(async move {
            if let Some(fault) = fault {
                return Err(Error::invalid(fault));
            }
            shared.ask(|reply| Command::SetAuth { token, reply }).await
        })
    }

    /// Sends a broadcast over HTTP, without a connection and without joining: for servers and short programs.
    ///
    /// `topic` is the channel's name. The payload may be of any JSON; what is no object arrives as `{"_json": …}`.
    ///
    /// Source: <https://supabase.com/docs/guides/realtime/broadcast#broadcast-using-the-rest-api>
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`](crate::ErrorKind::Rejected) with the server's reason; to a private channel without the
    /// right to write, with the status 403.
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// realtime.broadcast("room1", "greeting", &serde_json::json!({ "text": "hello" })).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "httpSend")]
    pub fn broadcast(
        &self,
        topic: impl Into<String>,
        event: impl Into<String>,
        payload: &(impl Serialize + ?Sized),
    ) -> BroadcastRequest {
        self.broadcast_payload(topic.into(), event.into(), Payload::json(payload))
    }

    /// Sends a broadcast of bytes over HTTP. It reaches those who speak version 2.0.0 of the protocol.
    ///
    /// # Errors
    /// As [`broadcast`](Self::broadcast).
    ///
    /// ```no_run
    /// # async fn run(realtime: realtime_rs::Client) -> realtime_rs::Result<()> {
    /// realtime.broadcast_binary("room1", "frame", vec![0, 1, 2]).private().await?;
    /// # Ok(()) }
    /// ```
    pub fn broadcast_binary(
        &self,
        topic: impl Into<String>,
        event: impl Into<String>,
        payload: impl Into<bytes::Bytes>,
    ) -> BroadcastRequest {
        self.broadcast_payload(topic.into(), event.into(), Ok(Payload::Binary(payload.into())))
    }

    fn broadcast_payload(&self, topic: String, event: String, payload: Result<Payload>) -> BroadcastRequest {
        BroadcastRequest { http: self.shared.http(), topic, event, payload, private: false }
    }

    pub(crate) fn settings(&self) -> &Settings {
        self.shared.settings()
    }

    pub(crate) fn lease(&self) -> Arc<Lease> {
        self.shared.lease()
    }

    pub(crate) async fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T> {
        self.shared.ask(command).await
    }

    fn call(&self, command: impl FnOnce(Answer<()>) -> Command + Send + 'static) -> Call<()> {
        let shared = Arc::clone(&self.shared);
        Call::new(async move { shared.ask(command).await })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("http", &self.settings().http)
            .field("state", &self.connection_state())
            .finish_non_exhaustive()
    }
}
