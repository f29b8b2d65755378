//! How a client is built.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use supabase_core::{Config, parse_endpoint, shared_settings};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::jwt::Jwks;

/// How long a call may take if nothing else is said.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

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
}

impl ClientBuilder {
    pub(crate) fn new(url: &str, key: SecretString) -> Self {
        let mut config = Config::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), Some(key));
        config.timeout(Some(DEFAULT_TIMEOUT));
        Self { url: url.to_owned(), config }
    }

    shared_settings!("gotrue_rs", "http://127.0.0.1:54321/auth/v1", "30 seconds", "3 times");

    /// Checks everything and builds the client. No request is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid), with what to write instead, if the URL or the key cannot be
    /// used, or for the first setting that cannot.
    pub fn build(self) -> Result<Client> {
        let transport = parse_endpoint(&self.url).and_then(|base| self.config.build(base));
        let transport = transport.map_err(Error::from_failure)?;
        Ok(Client { jwks: Jwks::new(transport.clone()), transport })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL: it is checked only when the client is built, and may hold a password.
        f.debug_struct("ClientBuilder").field("config", &self.config).finish_non_exhaustive()
    }
}
