//! Making a server that is not the usual one.

use std::sync::Arc;
use std::time::Duration;

use super::config::Config;
use super::{Access, Claims, Limits, Server, Table};
use crate::jwt::Signer;

/// Makes a [`Server`] with settings of its own.
///
/// ```
/// use supabase_mock::realtime::{Access, Server, Table};
///
/// let server = Server::builder()
///     .table(Table::new("public", "todos").key("id", "int8").column("task", "text"))
///     .authorize(|claims, topic| match topic.starts_with(claims.sub()) {
///         true => Access::READ_WRITE,
///         false => Access::NONE,
///     })
///     .build();
/// # drop(server);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Builder {
    config: Config,
    keys: Vec<(String, &'static str)>,
    starts_at: Option<Duration>,
}

impl Builder {
    /// The secret with which tokens are signed, which are then checked; without it, every signature is a good one.
    pub fn jwt_secret(mut self, secret: &str) -> Self {
        self.config.signer = Some(Signer::new(secret));
        self
    }

    /// Keys of the new kind, which stand for the roles `anon` and `service_role`: a hosted project's gateway exchanges
    /// them for tokens. Without this they are refused, as by the server that stands behind the gateway.
    pub fn keys(mut self, publishable: &str, secret: &str) -> Self {
        self.keys = vec![(publishable.to_owned(), "anon"), (secret.to_owned(), "service_role")];
        self
    }

    /// Who may do what on a private channel, whose topic comes without its prefix; as the policies on
    /// `realtime.messages` do. Without this, everybody but `anon` may read and write.
    pub fn authorize(mut self, authorize: impl Fn(&Claims, &str) -> Access + Send + Sync + 'static) -> Self {
        self.config.authorize = Arc::new(authorize);
        self
    }

    /// Adds a table of the publication. A server with tables checks what clients subscribe to.
    pub fn table(mut self, table: Table) -> Self {
        self.config.tables.push(table);
        self
    }

    /// Sets how much clients may do.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.config.limits = limits;
        self
    }

    /// Allows private channels only, as a project's setting does.
    pub fn private_only(mut self) -> Self {
        self.config.private_only = true;
        self
    }

    /// Sends presence states to all clients, whether they ask for them or not, as a project's setting does.
    pub fn always_presence(mut self) -> Self {
        self.config.always_presence = true;
        self
    }

    /// How long a refused join waits for its answer, and with it everything else on the connection. A hosted server
    /// takes 5 seconds; without this, there is no wait.
    pub fn error_backoff(mut self, backoff: Duration) -> Self {
        self.config.error_backoff = backoff;
        self
    }

    /// How long a refused connection waits for its answer. A hosted server takes 2 seconds; without this, there is no
    /// wait.
    pub fn handshake_backoff(mut self, backoff: Duration) -> Self {
        self.config.handshake_backoff = backoff;
        self
    }

    /// How long after the join a subscription to changes is confirmed. A hosted server takes up to 20 seconds for the
    /// first one; without this, there is no wait.
    pub fn subscription_delay(mut self, delay: Duration) -> Self {
        self.config.subscription_delay = delay;
        self
    }

    /// How long a connection may send nothing before it is closed, with code 1000; 60 seconds.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.config.idle_timeout = timeout;
        self
    }

    /// How many received frames, and how many handshakes, are kept for assertions; the newest 65,536.
    pub fn kept_frames(mut self, frames: usize) -> Self {
        self.config.kept_frames = frames;
        self
    }

    /// What time it is for the server when it is made, since 1970; without this, the system's time. From then on it
    /// follows the clock of the runtime, which a test may pause and advance.
    pub fn starts_at(mut self, since_1970: Duration) -> Self {
        self.starts_at = Some(since_1970);
        self
    }

    /// The server. It listens nowhere yet.
    pub fn build(self) -> Server {
        Server::with(self.config, self.keys, self.starts_at)
    }
}
