//! How a client is built.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use supabase_core::{Config, MaybeSend, MaybeSync, TokenSource, parse_endpoint};

use crate::client::Client;
use crate::error::{Error, Result};
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
        Self { url: url.to_owned(), schema: None, config }
    }

    /// The schema that tables and functions are looked up in; the first one that the API exposes if not given.
    pub fn schema(mut self, name: impl AsRef<str>) -> Self {
        self.schema = Some(Schema::new(name.as_ref()));
        self
    }

    /// Adds a header to every request; the same name replaces.
    pub fn header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        self.config.header(name.as_ref(), value.as_ref());
        self
    }

    /// How long a call may take, repetitions included: 120 seconds if not given. A query can set its own limit.
    #[doc(alias = "postgrest_client_timeout")]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.config.timeout(Some(limit));
        self
    }

    /// How often a call is repeated at the most, where that is safe: 3 times if not given, 0 for never.
    ///
    /// Reads are repeated when the connection failed or the server is busy (408, 429, 502, 503, 504, 520); a write
    /// only when it provably never left.
    pub fn max_retries(mut self, times: u32) -> Self {
        self.config.retry().max_retries = times;
        self
    }

    /// How long the first pause before a repetition is, about, and how long a pause may become: half a second and 30
    /// seconds if not given.
    ///
    /// Pauses double and are spread at random. The server's `Retry-After` is honoured; if it asks for more than
    /// `longest`, the call fails at once.
    pub fn retry_pauses(mut self, first: Duration, longest: Duration) -> Self {
        let retry = self.config.retry();
        (retry.first_pause, retry.longest_pause) = (first, longest);
        self
    }

    /// How many bytes the head of a request, its address and headers, may have: 48 KiB if not given. A longer one is an
    /// error of kind [`ErrorKind::TooLong`](crate::ErrorKind::TooLong) that names its longest filter, and is not sent.
    ///
    /// PostgREST refuses about 51,000 bytes; gateways may refuse less.
    pub fn max_request_head(mut self, bytes: usize) -> Self {
        self.config.limits().head = bytes;
        self
    }

    /// How many bytes an answer that is read whole may have, decompressed; there is no limit if not given. A larger one
    /// is an error of kind [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge).
    pub fn max_body(mut self, bytes: usize) -> Self {
        self.config.limits().body = bytes;
        self
    }

    /// Acts as the user of one token. See [`access_token_with`](Self::access_token_with) for one that changes.
    pub fn access_token(mut self, token: impl Into<SecretString>) -> Self {
        self.config.token(TokenSource::fixed(token.into()));
        self
    }

    /// Asks `source` for the access token of each attempt, right before it is sent. `None` means that nobody is
    /// signed in. If `source` fails, the call fails: it never falls back to the anonymous role.
    ///
    /// ```
    /// # fn main() -> postgrest_rs::Result<()> {
    /// # struct Session; impl Session { async fn token(&self) -> Result<String, std::io::Error> { Ok("…".into()) } }
    /// # let session = std::sync::Arc::new(Session);
    /// let db = postgrest_rs::Client::builder("http://127.0.0.1:54321/rest/v1", "sb_publishable_…")
    ///     .access_token_with(move || {
    ///         let session = session.clone();
    ///         async move { Ok(Some(session.token().await?.into())) }
    ///     })
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn access_token_with<F, Fut>(mut self, source: F) -> Self
    where
        F: Fn() -> Fut + MaybeSend + MaybeSync + 'static,
        Fut: Future<Output = Result<Option<SecretString>, Box<dyn StdError + Send + Sync>>>
            + MaybeSend
            + 'static,
    {
        self.config.token(TokenSource::from_fn(source));
        self
    }

    /// Changes the HTTP client that this client builds for itself: proxies, root certificates, pools.
    ///
    /// Whatever is set here, a redirect to another origin is an error: keys and tokens stay where they belong.
    ///
    /// ```
    /// # fn main() -> postgrest_rs::Result<()> {
    /// let db = postgrest_rs::Client::builder("http://127.0.0.1:54321/rest/v1", "sb_publishable_…")
    ///     .configure_http(|http| http.pool_max_idle_per_host(4))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn configure_http(
        mut self,
        change: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        self.config.http().configure(Arc::new(change));
        self
    }

    /// Uses an HTTP client of your own: then redirects are your responsibility, and a client that follows them gives
    /// the API key to whatever host it is sent to.
    ///
    /// Build it with `redirect(Policy::none())` to keep this crate's rule.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.config.http().give(client);
        self
    }

    /// Uses an HTTP client of your own for blocking calls: `.wait()` runs them on a runtime of its own, and a connection
    /// that another runtime opened is of no use there while that runtime is blocked. Needed only beside
    /// [`http_client`](Self::http_client), where the same client is used both by `.await` and by `.wait()`.
    #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
    pub fn http_client_for_blocking(mut self, client: reqwest::Client) -> Self {
        self.config.http().give_for_blocking(client);
        self
    }

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
