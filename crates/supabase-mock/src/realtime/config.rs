//! What a server is made with.

use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;
use std::time::Duration;

use super::{Access, Claims, Table};
use crate::jwt::Signer;

/// How much a server lets clients do. The default is what a server of one's own has; hosted plans have other figures.
///
/// Source: <https://supabase.com/docs/guides/realtime/limits>
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Joined channels on one connection; 100. Beyond, a join is refused with `ChannelRateLimitReached`.
    pub channels: usize,
    /// Open connections; 200. Beyond, a handshake is refused with status 429.
    pub connections: usize,
    /// Bytes of a message's payload; 3,000,500. Beyond, a broadcast is dropped, and a track closes its channel.
    pub payload: usize,
    /// Bytes of a frame; 5,000,000. Beyond, the connection is dropped without a word.
    pub frame: usize,
    /// Presence messages of one channel in 30 seconds; 5. Beyond, the channel is closed.
    pub presence_calls: usize,
    /// Messages of one HTTP broadcast; 100. Beyond, it is refused with status 429.
    pub batch: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            channels: 100,
            connections: 200,
            payload: 3_000_500,
            frame: 5_000_000,
            presence_calls: 5,
            batch: 100,
        }
    }
}

type Authorize = dyn Fn(&Claims, &str) -> Access + Send + Sync;

/// Everything that does not change while a server runs.
#[derive(Clone)]
pub(crate) struct Config {
    /// Checks tokens; without it, every signature is a good one.
    pub(crate) signer: Option<Signer>,
    /// Keys that are no tokens, and the tokens that they stand for.
    pub(crate) keys: Vec<(String, String)>,
    pub(crate) authorize: Arc<Authorize>,
    pub(crate) tables: Vec<Table>,
    pub(crate) limits: Limits,
    pub(crate) private_only: bool,
    pub(crate) always_presence: bool,
    pub(crate) error_backoff: Duration,
    pub(crate) handshake_backoff: Duration,
    pub(crate) subscription_delay: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) kept_frames: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            signer: None,
            keys: Vec::new(),
            authorize: Arc::new(|claims, _topic| match claims.role() {
                "anon" => Access::NONE,
                _ => Access::READ_WRITE,
            }),
            tables: Vec::new(),
            limits: Limits::default(),
            private_only: false,
            always_presence: false,
            error_backoff: Duration::ZERO,
            handshake_backoff: Duration::ZERO,
            subscription_delay: Duration::ZERO,
            idle_timeout: Duration::from_secs(60),
            kept_frames: 65_536,
        }
    }
}

impl Config {
    /// The token that a key stands for; a token stands for itself.
    pub(crate) fn token<'a>(&'a self, key: &'a str) -> &'a str {
        self.keys.iter().find(|(known, _)| known == key).map_or(key, |(_, token)| token)
    }
}

impl Debug for Config {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("limits", &self.limits)
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}
