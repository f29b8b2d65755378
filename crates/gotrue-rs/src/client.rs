//! The door to everything.

use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;
use supabase_core::{Method, Transport};

use crate::api::Api;
use crate::builder::ClientBuilder;
use crate::error::Result;
use crate::jwt::Jwks;

/// A handle to one Supabase Auth server. Clones share its connections; no `Arc` is needed.
///
/// ```
/// # fn main() -> gotrue_rs::Result<()> {
/// let auth = gotrue_rs::Client::new("http://127.0.0.1:54321/auth/v1", "sb_publishable_…")?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Transport,
    /// The project's public keys, which all clones share.
    pub(crate) jwks: Arc<Jwks>,
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

    /// A request to the server, as the API key; `path` has one entry for each segment.
    pub(crate) fn request(&self, operation: &'static str, method: Method, path: &[&str]) -> Api {
        Api::new(&self.transport, operation, method, path)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("transport", &self.transport).finish()
    }
}
