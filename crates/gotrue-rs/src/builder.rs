//! How a client is built.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use secrecy::SecretString;
use supabase_core::{Config, Url, parse_endpoint, shared_settings};

use crate::admin::may_administer;
use crate::client::Client;
use crate::clock::Clock;
use crate::error::{Error, Result};
use crate::pkce::{FlowType, Flows};
use crate::session::sessions::Rules;
use crate::session::store::memory::MemoryStore;
use crate::session::store::{AnyStore, SessionStore};

/// How long a call may take if nothing else is said.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a token must still live to be used without a refresh if nothing else is said.
const DEFAULT_MARGIN: Duration = Duration::from_secs(30);

/// Builds a [`Client`]. The first fault of a setter is told by [`build`](Self::build).
///
/// ```
/// # fn main() -> gotrue_rs::Result<()> {
/// let auth = gotrue_rs::Client::builder("http://127.0.0.1:54321/auth/v1", "sb_publishable_…")
///     .header("x-tenant", "blue")
///     .max_retries(1)
///     .build()?;
/// # Ok(()) }
/// ```
#[must_use]
pub struct ClientBuilder {
    url: String,
    config: Config,
    store: Option<Arc<dyn AnyStore>>,
    persist_session: bool,
    auto_refresh_token: bool,
    storage_key: Option<String>,
    refresh_margin: Duration,
    flow_type: FlowType,
    may_administer: bool,
    flow_id_in_redirects: bool,
    clock: Clock,
    refusal: Option<&'static str>,
}

impl ClientBuilder {
    pub(crate) fn new(url: &str, key: SecretString) -> Self {
        let may_administer = may_administer(&key);
        let mut config = Config::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), Some(key));
        config.timeout(Some(DEFAULT_TIMEOUT));
        Self {
            url: url.to_owned(),
            config,
            store: None,
            persist_session: true,
            auto_refresh_token: true,
            storage_key: None,
            refresh_margin: DEFAULT_MARGIN,
            flow_type: FlowType::default(),
            may_administer,
            flow_id_in_redirects: false,
            clock: supabase_core::wall_clock,
            refusal: None,
        }
    }

    shared_settings!("gotrue_rs", "http://127.0.0.1:54321/auth/v1", "30 seconds", "3 times");

    /// Where the session is kept between two runs of the program: in memory if not given, so that it ends with the
    /// process.
    ///
    /// ```
    /// # fn main() -> gotrue_rs::Result<()> {
    /// use gotrue_rs::MemoryStore;
    /// use std::sync::Arc;
    /// let store = Arc::new(MemoryStore::new());
    /// let auth = gotrue_rs::Client::builder("http://127.0.0.1:54321/auth/v1", "sb_publishable_…")
    ///     .session_store(Arc::clone(&store))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "storage")]
    pub fn session_store(mut self, store: impl SessionStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Whether the session is kept in the store: yes if not given. With `false`, it ends with the client, and what a
    /// store holds is neither read nor touched.
    pub fn persist_session(mut self, yes: bool) -> Self {
        self.persist_session = yes;
        self
    }

    /// Whether access tokens are refreshed in the background, before a request needs them: yes if not given. It goes on
    /// while a handle to the client is held, on the runtime of the first call. Without it, the request that finds its
    /// token about to expire refreshes it first.
    pub fn auto_refresh_token(mut self, yes: bool) -> Self {
        self.auto_refresh_token = yes;
        self
    }

    /// Under which key the store keeps the session: made from the address of the project if not given, so that those of
    /// several projects can share a store.
    pub fn storage_key(mut self, key: impl Into<String>) -> Self {
        self.storage_key = Some(key.into());
        self
    }

    /// How long an access token must still live to be used without a refresh: 30 seconds if not given. Of a token that
    /// lives only shortly, a quarter of its life. In the background, tokens are refreshed three times as early.
    pub fn refresh_margin(mut self, margin: Duration) -> Self {
        self.refresh_margin = margin;
        self
    }

    /// How the links in emails and the redirects of providers bring the session: [`FlowType::Pkce`] if not given.
    ///
    /// Source: <https://supabase.com/docs/guides/auth/sessions/pkce-flow>
    pub fn flow_type(mut self, flow: FlowType) -> Self {
        self.flow_type = flow;
        self
    }

    /// Makes a client that refuses every call with this message, as an error of kind
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid): for where a client must be, and sessions must not. Calls that need no
    /// request are refused too, as a sign-out that answers would have ended nothing.
    ///
    /// ```
    /// # async fn run() -> gotrue_rs::Result<()> {
    /// let auth = gotrue_rs::Client::builder("http://127.0.0.1:54321/auth/v1", "sb_publishable_…")
    ///     .refuse("this program signs users in elsewhere")
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn refuse(mut self, why: &'static str) -> Self {
        self.config.refuse(why);
        self.refusal = Some(why);
        self
    }

    /// Whether redirects say which flow they belong to, by a parameter `sb_flow_id` that is added to each `redirect_to`: no
    /// if not given. With it, several sign-ins that have begun at once find their end by
    /// [`Client::session_from_url`]; the project must allow the addresses with any parameters.
    #[doc(alias = "appendPkceFlowIdToRedirects")]
    pub fn flow_id_in_redirects(mut self, yes: bool) -> Self {
        self.flow_id_in_redirects = yes;
        self
    }

    /// Which clock tells the time of day, by which sessions and tokens expire. For tests alone.
    #[doc(hidden)]
    pub fn clock(mut self, clock: fn() -> SystemTime) -> Self {
        self.clock = clock;
        self
    }

    /// Checks everything and builds the client. No request is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid), with what to write instead, if the URL or the key cannot be
    /// used, or for the first setting that cannot.
    pub fn build(self) -> Result<Client> {
        let base = parse_endpoint(&self.url).map_err(Error::from_failure)?;
        let key = self.storage_key.unwrap_or_else(|| default_key(&base));
        let transport = self.config.build(base).map_err(Error::from_failure)?;
        let store = self.store.filter(|_| self.persist_session);
        let rules = Rules {
            store: store.unwrap_or_else(|| Arc::new(MemoryStore::new())),
            key,
            margin: self.refresh_margin,
            in_background: self.auto_refresh_token,
            clock: self.clock,
            refusal: self.refusal,
        };
        let flows = Flows::new(self.flow_type, self.flow_id_in_redirects);
        Ok(Client::from_parts(transport, rules, flows, self.may_administer))
    }
}

/// The key of the project: on Supabase, made from its name, as supabase-js makes it. Elsewhere, only the whole address
/// names a project, as a session must never be shown to the server of another one.
fn default_key(base: &Url) -> String {
    let host = base.host_str().unwrap_or_default();
    if let Some(project) = host.strip_suffix(".supabase.co").filter(|project| !project.contains('.')) {
        return format!("sb-{project}-auth-token");
    }
    // The port of HTTPS goes without saying.
    let port = base.port_or_known_default().filter(|port| *port != 443);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = base.path().trim_end_matches('/');
    let path = path.strip_suffix("/auth/v1").unwrap_or(path);
    format!("sb-{host}{port}{path}-auth-token")
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL: it is checked only when the client is built, and may hold a password.
        f.debug_struct("ClientBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_projects_share_a_key() {
        for (url, key) in [
            ("https://abc.supabase.co/auth/v1", "sb-abc-auth-token"),
            ("https://api.example.com/auth/v1", "sb-api.example.com-auth-token"),
            ("https://api.staging.example.com/auth/v1/", "sb-api.staging.example.com-auth-token"),
            ("https://api.example.com:8443/auth/v1", "sb-api.example.com:8443-auth-token"),
            ("https://api.example.com/blue/auth/v1", "sb-api.example.com/blue-auth-token"),
            ("https://abc.supabase.co.example.com/auth/v1", "sb-abc.supabase.co.example.com-auth-token"),
            ("https://abc.def.supabase.co/auth/v1", "sb-abc.def.supabase.co-auth-token"),
            ("http://api.example.com/auth/v1", "sb-api.example.com:80-auth-token"),
            ("http://127.0.0.1:54321/auth/v1", "sb-127.0.0.1:54321-auth-token"),
            ("http://127.0.0.1:9999", "sb-127.0.0.1:9999-auth-token"),
            ("http://[::1]:9999/", "sb-[::1]:9999-auth-token"),
        ] {
            assert_eq!(default_key(&Url::parse(url).unwrap()), key, "{url}");
        }
    }
}
