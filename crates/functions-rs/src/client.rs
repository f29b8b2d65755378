//! The door to everything.

use std::fmt;

use secrecy::SecretString;
use supabase_core::Transport;

use crate::builder::ClientBuilder;
use crate::error::Result;

/// A handle to one set of Edge Functions. Clones share its connections; no `Arc` is needed.
///
/// ```
/// # fn main() -> functions_rs::Result<()> {
/// let functions = functions_rs::Client::new("http://127.0.0.1:54321/functions/v1", "sb_publishable_…")?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Transport,
}

impl Client {
    /// A client with default settings.
    ///
    /// `url` is the address of the service itself, on Supabase `https://<project>.supabase.co/functions/v1`. `key` is one
    /// of the project's API keys: publishable, secret, or a legacy JWT.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if URL or key cannot be used.
    ///
    /// ```
    /// # fn main() -> functions_rs::Result<()> {
    /// let functions = functions_rs::Client::new("http://127.0.0.1:54321/functions/v1", "sb_publishable_…")?;
    /// # Ok(()) }
    /// ```
    pub fn new(url: impl AsRef<str>, key: impl Into<SecretString>) -> Result<Self> {
        Self::builder(url, key).build()
    }

    /// A client with settings of its own.
    ///
    /// ```
    /// # fn main() -> functions_rs::Result<()> {
    /// let functions = functions_rs::Client::builder("http://127.0.0.1:54321/functions/v1", "sb_publishable_…")
    ///     .timeout(std::time::Duration::from_secs(10))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(url: impl AsRef<str>, key: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder::new(url.as_ref(), key.into())
    }

    /// The same connections, as the user of `token`: a cheap handle for servers that act for many users.
    ///
    /// ```
    /// # fn run(functions: functions_rs::Client, jwt: String) {
    /// let functions = functions.with_access_token(jwt);
    /// # }
    /// ```
    #[must_use]
    pub fn with_access_token(&self, token: impl Into<SecretString>) -> Self {
        Self { transport: self.transport.with_token(token.into()) }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("transport", &self.transport).finish()
    }
}
