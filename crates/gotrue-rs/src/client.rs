//! The door to everything.

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use supabase_core::{Method, Transport};

use crate::api::Api;
use crate::builder::ClientBuilder;
use crate::error::Result;
use crate::jwt::Jwks;
use crate::pkce::Flows;
use crate::session::sessions::{Rules, Sessions};

/// A handle to one Supabase Auth server, and to the session of the user who is signed in there. Clones share both; no
/// `Arc` is needed.
///
/// ```
/// # fn main() -> gotrue_rs::Result<()> {
/// let auth = gotrue_rs::Client::new("http://127.0.0.1:54321/auth/v1", "sb_publishable_…")?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    transport: Transport,
    sessions: Arc<Sessions>,
    flows: Flows,
    jwks: Arc<Jwks>,
    may_administer: bool,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.sessions.close();
    }
}

impl Client {
    /// A client with default settings.
    ///
    /// `url` is the address of the service itself, on Supabase `https://<project>.supabase.co/auth/v1`. `key` is one
    /// of the project's API keys: publishable, secret, or a legacy JWT.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if URL or key cannot be used.
    ///
    /// ```
    /// # fn main() -> gotrue_rs::Result<()> {
    /// let auth = gotrue_rs::Client::new("http://127.0.0.1:54321/auth/v1", "sb_publishable_…")?;
    /// # Ok(()) }
    /// ```
    pub fn new(url: impl AsRef<str>, key: impl Into<SecretString>) -> Result<Self> {
        Self::builder(url, key).build()
    }

    /// A client with settings of its own.
    ///
    /// ```
    /// # fn main() -> gotrue_rs::Result<()> {
    /// let auth = gotrue_rs::Client::builder("http://127.0.0.1:54321/auth/v1", "sb_publishable_…")
    ///     .timeout(std::time::Duration::from_secs(10))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(url: impl AsRef<str>, key: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder::new(url.as_ref(), key.into())
    }

    pub(crate) fn from_parts(transport: Transport, rules: Rules, flows: Flows, may_administer: bool) -> Self {
        let sessions = Sessions::new(transport.clone(), rules);
        let jwks = Jwks::new(transport.clone());
        Self { inner: Arc::new(Inner { transport, sessions, flows, jwks, may_administer }) }
    }

    /// What carries the requests, as the API key.
    pub(crate) fn transport(&self) -> &Transport {
        &self.inner.transport
    }

    pub(crate) fn sessions(&self) -> &Arc<Sessions> {
        &self.inner.sessions
    }

    /// The project's public keys.
    pub(crate) fn jwks(&self) -> &Arc<Jwks> {
        &self.inner.jwks
    }

    pub(crate) fn flows(&self) -> &Flows {
        &self.inner.flows
    }

    /// Whether the API key may do what [`Client::admin`] offers.
    pub(crate) fn may_administer(&self) -> bool {
        self.inner.may_administer
    }

    /// A request to the server, as the API key; `path` has one entry for each segment.
    pub(crate) fn request(&self, operation: &'static str, method: Method, path: &[&str]) -> Api {
        Api::new(self.transport(), operation, method, path)
    }

    /// The request, as the user who is signed in.
    pub(crate) async fn as_user(&self, request: Api) -> Result<Api> {
        Ok(request.bearer(self.require_token().await?))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("transport", self.transport()).finish_non_exhaustive()
    }
}
