//! What a connection is told when its client is built.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use supabase_core::{BoxStream, Url};

use crate::backoff::Backoff;
use crate::delivery::Room;
use crate::protocol::ProtocolVersion;
use crate::transport::{Handshake, Transport};

/// What happens to the channels of a user who signs out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignedOut {
    /// They are left, and joined again as nobody in particular. Those that let only users in end with the server's reason.
    /// This is the default.
    #[default]
    RejoinAsAnonymous,
    /// They are left, and end.
    Close,
}

/// All of it.
pub(crate) struct Settings {
    pub(crate) http: supabase_core::Transport,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) version: ProtocolVersion,
    pub(crate) log_level: Option<&'static str>,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) heartbeat_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) join_timeout: Duration,
    pub(crate) push_timeout: Duration,
    pub(crate) subscribe_timeout: Option<Duration>,
    /// How many bytes a frame that is sent may have.
    pub(crate) max_frame: usize,
    /// How long an open connection without channels is kept; `None` for ever.
    pub(crate) disconnect_after: Option<Duration>,
    pub(crate) backoff: Backoff,
    pub(crate) signed_out: SignedOut,
    pub(crate) room: Room,
    pub(crate) clock: fn() -> SystemTime,
    pub(crate) token_changes: Option<Arc<TokenChanges>>,
}

/// Makes a stream that tells when there is another token.
#[cfg(not(target_family = "wasm"))]
pub(crate) type TokenChanges = dyn Fn() -> BoxStream<'static, ()> + Send + Sync;
/// Makes a stream that tells when there is another token.
#[cfg(target_family = "wasm")]
pub(crate) type TokenChanges = dyn Fn() -> BoxStream<'static, ()>;

impl Settings {
    /// What a websocket is opened with.
    pub(crate) fn handshake(&self) -> Handshake {
        let base = self.http.base();
        let mut url: Url = base.clone();
        url.set_path(&format!("{}/websocket", base.path().trim_end_matches('/')));
        {
            let mut query = url.query_pairs_mut();
            if let Some(key) = self.http.key() {
                query.append_pair("apikey", key);
            }
            query.append_pair("vsn", self.version.as_str());
            if let Some(level) = self.log_level {
                query.append_pair("log_level", level);
            }
        }
        // `http` becomes `ws`, `https` becomes `wss`.
        let url = String::from(url).replacen("http", "ws", 1);
        // The key stands in the address.
        #[cfg(not(target_family = "wasm"))]
        let all = self.http.client_headers().iter().filter(|(name, _)| name.as_str() != "apikey");
        #[cfg(not(target_family = "wasm"))]
        let headers = all
            .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
            .collect();
        #[cfg(target_family = "wasm")]
        let headers = Vec::new();
        Handshake { url, headers }
    }
}
