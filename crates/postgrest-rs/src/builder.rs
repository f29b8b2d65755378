//! How a client is built.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;
use supabase_core::{Config, parse_endpoint, shared_settings, token_settings};

use crate::client::Client;
use crate::error::{Error, Result};
use crate::query::accept::ROWS;
use crate::query::schema::Schema;

/// How long a call may take if nothing else is said.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(120);

/// Builds a [`Client`]. The first fault of a setter is told by [`build`](Self::build).
///
/// ```
/// # fn main() -> postgrest_rs::Result<()> {
/// let db = postgrest_rs::Client::builder("http://127.0.0.1:54321/rest/v1", "sb_publishable_…")
///     .header("x-tenant", "blue")
///     .max_retries(1)
///     .build()?;
/// # Ok(()) }
/// ```
#[must_use]
pub struct ClientBuilder {
    url: String,
    schema: Option<Schema>,
    config: Config,
}

impl ClientBuilder {
    pub(crate) fn new(url: &str, key: Option<SecretString>) -> Self {
        let mut config = Config::new(env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"), key);
        config.timeout(Some(DEFAULT_TIMEOUT));
        config.accept(ROWS);
        Self { url: url.to_owned(), schema: None, config }
    }

    /// The schema that tables and functions are looked up in; the first one that the API exposes if not given.
    pub fn schema(mut self, name: impl AsRef<str>) -> Self {
        self.schema = Some(Schema::new(name.as_ref()));
        self
    }

    shared_settings!("postgrest_rs", "http://127.0.0.1:54321/rest/v1", "120 seconds", "3 times");
    token_settings!("postgrest_rs", "http://127.0.0.1:54321/rest/v1");

    /// Checks everything and builds the client. No request is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid), with what to write instead, if the URL or the key cannot be
    /// used, or for the first setting that cannot.
    pub fn build(self) -> Result<Client> {
        let transport = parse_endpoint(&self.url).and_then(|base| self.config.build(base));
        Ok(Client { transport: transport.map_err(Error::from_failure)?, schema: self.schema })
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the URL: it is checked only when the client is built, and may hold a password.
        f.debug_struct("ClientBuilder")
            .field("schema", &self.schema)
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
