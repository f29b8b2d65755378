//! The server as a test holds it.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::config::Config;
use super::connection::serve;
use super::shared::Shared;
use super::{Builder, Change, Table};
use crate::jwt::Signer;

/// How many bytes a connection without a socket keeps in each direction for a reader that is slow.
const DUPLEX_BYTES: usize = 64 * 1024;

/// When the tokens end that keys stand for, in seconds since 1970: in the year 2100.
const FOREVER: u64 = 4_102_444_800;

/// With which tokens are signed that nobody checks.
const ANY_SECRET: &str = "super-secret-jwt-token-with-at-least-32-characters-long";

/// A Realtime server inside of a test. Clones are the same server; when the last is dropped, all connections end.
///
/// It is reached without sockets by [`connect`](Self::connect), or on the loopback address by [`bind`](Self::bind).
/// Topics are named as users of a client name them, without the prefix `realtime:`.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) shared: Arc<Shared>,
    signer: Signer,
    tasks: Arc<Tasks>,
}

/// What runs for a server, and ends with it.
#[derive(Debug, Default)]
struct Tasks {
    running: Mutex<Vec<AbortHandle>>,
}

impl Tasks {
    fn add(&self, task: AbortHandle) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.retain(|task| !task.is_finished());
        running.push(task);
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        let running = self.running.get_mut().unwrap_or_else(PoisonError::into_inner);
        running.iter().for_each(AbortHandle::abort);
    }
}

impl Default for Server {
    fn default() -> Self {
        Self::new()
    }
}

impl Server {
    /// A server that accepts every subscription, lets everybody but `anon` into private channels, and never makes a
    /// client wait.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A server with other settings.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(super) fn with(
        mut config: Config,
        keys: Vec<(String, &'static str)>,
        starts_at: Option<Duration>,
    ) -> Self {
        let signer = config.signer.clone().unwrap_or_else(|| Signer::new(ANY_SECRET));
        config.keys = keys
            .into_iter()
            .map(|(key, role)| (key, signer.sign(true, &json!({ "role": role, "exp": FOREVER }))))
            .collect();
        Self { shared: Arc::new(Shared::new(config, starts_at)), signer, tasks: Arc::default() }
    }

    /// A new connection without a socket: what the client reads and writes. It speaks HTTP, as a socket does, so the
    /// client begins with a websocket handshake.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn connect(&self) -> DuplexStream {
        let (client, server) = duplex(DUPLEX_BYTES);
        self.spawn(server);
        client
    }

    /// Serves one connection until it ends.
    ///
    /// # Errors
    /// The stream fails.
    pub async fn serve_stream(&self, stream: impl AsyncRead + AsyncWrite + Unpin) -> io::Result<()> {
        serve(&self.shared, stream).await
    }

    /// Listens on a free port of the loopback address, and returns the URL that stands before `/realtime/v1`.
    ///
    /// # Errors
    /// The system has no port to give.
    pub async fn bind(&self) -> io::Result<String> {
        let address = self.bind_to(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        Ok(format!("http://{address}"))
    }

    /// Listens on an address, and returns it with the port that was chosen.
    ///
    /// # Errors
    /// The address is in use, or cannot be had.
    pub async fn bind_to(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        // The task must not keep the server alive.
        let (shared, tasks) = (Arc::clone(&self.shared), Arc::downgrade(&self.tasks));
        let accept = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let Some(tasks) = tasks.upgrade() else { return };
                // Frames are small and wanted at once; without this, they still arrive.
                let _ = stream.set_nodelay(true);
                let shared = Arc::clone(&shared);
                tasks.add(tokio::spawn(async move { serve(&shared, stream).await }).abort_handle());
            }
        });
        self.tasks.add(accept.abort_handle());
        Ok(address)
    }

    fn spawn(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let shared = Arc::clone(&self.shared);
        // A stream that fails is one that the client has dropped.
        let task = tokio::spawn(async move { serve(&shared, stream).await });
        self.tasks.add(task.abort_handle());
    }

    /// The time since 1970 by the server's clock.
    #[must_use]
    pub fn now(&self) -> Duration {
        self.shared.now()
    }

    /// A key for clients: a token of the role `anon` that is valid for ten years.
    #[must_use]
    pub fn anon_key(&self) -> String {
        self.token("anon", "", Duration::from_secs(10 * 365 * 24 * 60 * 60))
    }

    /// An access token of a role and user, which ends after a time by the server's clock.
    #[must_use]
    pub fn token(&self, role: &str, sub: &str, valid_for: Duration) -> String {
        let now = self.now();
        let mut claims = json!({ "role": role, "iat": now.as_secs(), "exp": (now + valid_for).as_secs() });
        if let (Some(claims), false) = (claims.as_object_mut(), sub.is_empty()) {
            claims.insert("sub".into(), json!(sub));
        }
        self.sign(&claims)
    }

    /// An access token with any claims.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        self.signer.sign(true, claims)
    }

    /// Replaces the tables of the publication, as a migration does. Subscriptions that were confirmed stay.
    pub fn set_tables(&self, tables: impl IntoIterator<Item = Table>) {
        let tables = tables.into_iter().collect();
        self.shared.with(|hub| hub.config.tables = tables);
    }

    /// Tells everybody who subscribed to it that a row has changed. Nobody is told of a table that the server does not
    /// know, unless it knows none.
    pub fn push_change(&self, change: &Change) {
        self.shared.with(|hub| hub.push_change(change));
    }

    /// Sends a broadcast to a public topic, as the HTTP endpoint does.
    pub fn broadcast(&self, topic: &str, event: &str, payload: &Value) {
        self.shared.with(|hub| hub.broadcast_text(topic, false, event, payload, None));
    }

    /// Sends a broadcast as the function `realtime.send` of the database does: with an id, and for a private topic
    /// kept, so that later joins can ask for it again.
    pub fn broadcast_from_database(&self, topic: &str, private: bool, event: &str, payload: Value) {
        self.shared.with(|hub| hub.broadcast_from_database(topic, private, event, payload));
    }

    /// Sends a broadcast of bytes, as `realtime.send_binary` does. It reaches clients of version 2.0.0 only.
    pub fn broadcast_bytes(&self, topic: &str, private: bool, event: &str, payload: &[u8]) {
        let broadcast = super::codec::UserBroadcast {
            event: event.to_owned(),
            meta: bytes::Bytes::new(),
            json: false,
            payload: bytes::Bytes::copy_from_slice(payload),
        };
        self.shared.with(|hub| hub.broadcast_bytes(topic, private, &broadcast));
    }
}
