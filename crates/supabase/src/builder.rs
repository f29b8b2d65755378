//! How a client is built: settings once, for every service.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use supabase_core::{ApiKey, CLIENT_INFO, HttpChoice, MaybeSend, MaybeSync, client_info, parse_project};

use crate::client::Client;
use crate::error::{Error, Result};

type TokenAnswer = std::result::Result<Option<SecretString>, Box<dyn StdError + Send + Sync>>;

/// Where tokens come from, whatever its type: it gives itself to the builder of each service, so that a token is
/// boxed once on its way and not twice.
trait TokenSource: MaybeSend + MaybeSync {
    fn give(self: Arc<Self>, database: postgrest_rs::ClientBuilder) -> postgrest_rs::ClientBuilder;
}

impl<F, Fut> TokenSource for F
where
    F: Fn() -> Fut + MaybeSend + MaybeSync + 'static,
    Fut: Future<Output = TokenAnswer> + MaybeSend + 'static,
{
    fn give(self: Arc<Self>, database: postgrest_rs::ClientBuilder) -> postgrest_rs::ClientBuilder {
        database.access_token_with(move || self())
    }
}

/// Builds a [`Client`]. Every setting reaches every service, unless its name says which; the first fault is told by
/// [`build`](Self::build).
///
/// ```
/// # fn main() -> supabase::Result<()> {
/// let supabase = supabase::Client::builder("https://abc.supabase.co", "sb_publishable_…")
///     .header("x-tenant", "blue")
///     .max_retries(1)
///     .build()?;
/// # Ok(()) }
/// ```
#[must_use]
pub struct ClientBuilder {
    url: String,
    key: SecretString,
    schema: Option<String>,
    headers: Vec<(String, String)>,
    timeout: Option<Duration>,
    postgrest_timeout: Option<Duration>,
    storage_timeout: Option<Duration>,
    max_retries: Option<u32>,
    retry_pauses: Option<(Duration, Duration)>,
    token: Option<Arc<dyn TokenSource>>,
    http: HttpChoice,
}

impl ClientBuilder {
    pub(crate) fn new(url: &str, key: SecretString) -> Self {
        Self {
            url: url.to_owned(),
            key,
            schema: None,
            headers: Vec::new(),
            timeout: None,
            postgrest_timeout: None,
            storage_timeout: None,
            max_retries: None,
            retry_pauses: None,
            token: None,
            http: HttpChoice::default(),
        }
    }

    /// The schema that tables and functions are looked up in; the first one that the API exposes if not given.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = Some(name.into());
        self
    }

    /// Adds a header to every request; the same name replaces.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// How long a call may take, repetitions included; each service has a default of its own if not given.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// How long a call to the database may take, repetitions included: 120 seconds if not given.
    #[doc(alias = "postgrest_client_timeout")]
    pub fn postgrest_timeout(mut self, limit: Duration) -> Self {
        self.postgrest_timeout = Some(limit);
        self
    }

    /// How long a call to storage may take, repetitions included. It has no effect before this crate speaks to storage.
    #[doc(alias = "storage_client_timeout")]
    pub fn storage_timeout(mut self, limit: Duration) -> Self {
        self.storage_timeout = Some(limit);
        self
    }

    /// How often a call is repeated at the most, where that is safe: 3 times if not given, 0 for never.
    pub fn max_retries(mut self, times: u32) -> Self {
        self.max_retries = Some(times);
        self
    }

    /// How long the first pause before a repetition is, about, and how long a pause may become: half a second and 30
    /// seconds if not given. The server's `Retry-After` is honoured up to `longest`.
    pub fn retry_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.retry_pauses = Some((first, longest));
        self
    }

    /// Asks `source` for the access token of each request, right before it is sent: for identity providers other than
    /// Supabase Auth. `None` means that nobody is signed in. If `source` fails, the call fails: it never falls back to
    /// the anonymous role.
    ///
    /// Source: <https://supabase.com/docs/guides/auth/third-party/overview>
    ///
    /// ```
    /// # fn main() -> supabase::Result<()> {
    /// # struct Session; impl Session { async fn token(&self) -> Result<String, std::io::Error> { Ok("…".into()) } }
    /// # let session = std::sync::Arc::new(Session);
    /// let supabase = supabase::Client::builder("https://abc.supabase.co", "sb_publishable_…")
    ///     .access_token_with(move || {
    ///         let session = session.clone();
    ///         async move { Ok(Some(session.token().await?.into())) }
    ///     })
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "accessToken")]
    pub fn access_token_with<F, Fut>(mut self, source: F) -> Self
    where
        F: Fn() -> Fut + MaybeSend + MaybeSync + 'static,
        Fut: Future<Output = std::result::Result<Option<SecretString>, Box<dyn StdError + Send + Sync>>>
            + MaybeSend
            + 'static,
    {
        self.token = Some(Arc::new(source));
        self
    }

    /// Changes the HTTP client that all services share: proxies, root certificates, pools.
    ///
    /// Whatever is set here, a redirect to another origin is an error: keys and tokens stay where they belong.
    ///
    /// ```
    /// # fn main() -> supabase::Result<()> {
    /// let supabase = supabase::Client::builder("https://abc.supabase.co", "sb_publishable_…")
    ///     .configure_http(|http| http.pool_max_idle_per_host(4))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn configure_http(
        mut self,
        change: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        self.http.configure(Arc::new(change));
        self
    }

    /// Uses an HTTP client of your own: then redirects are your responsibility, and a client that follows them gives
    /// the API key to whatever host it is sent to.
    ///
    /// Build it with `redirect(Policy::none())` to keep this crate's rule.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http.give(client);
        self
    }

    /// Uses an HTTP client of your own for blocking calls: `.wait()` runs them on a runtime of its own, and a connection
    /// that another runtime opened is of no use there while that runtime is blocked. Needed only beside
    /// [`http_client`](Self::http_client), where the same client is used both by `.await` and by `.wait()`.
    #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
    pub fn http_client_for_blocking(mut self, client: reqwest::Client) -> Self {
        self.http.give_for_blocking(client);
        self
    }

    /// Checks everything and builds the client. No request is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid), with what to write instead, if the URL or the key cannot be
    /// used, or for the first setting that cannot.
    pub fn build(self) -> Result<Client> {
        let url = parse_project(&self.url).map_err(Error::config)?;
        // Before the HTTP client, which costs far more to build.
        ApiKey::new(&self.key).map_err(Error::config)?;
        let root = url.as_str().trim_end_matches('/').to_owned();

        let http = self.http.client().map_err(Error::config)?;

        let mut database =
            postgrest_rs::Client::builder(format!("{root}/rest/v1"), self.key).http_client(http);
        #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
        if let Some(http) = self.http.client_for_blocking().map_err(Error::config)? {
            database = database.http_client_for_blocking(http);
        }
        if let Some(info) =
            client_info("supabase-rs", env!("CARGO_PKG_VERSION")).as_ref().and_then(|v| v.to_str().ok())
        {
            database = database.header(CLIENT_INFO.as_str(), info);
        }
        for (name, value) in &self.headers {
            database = database.header(name, value);
        }
        if let Some(limit) = self.postgrest_timeout.or(self.timeout) {
            database = database.timeout(limit);
        }
        if let Some(times) = self.max_retries {
            database = database.max_retries(times);
        }
        if let Some((first, longest)) = self.retry_pauses {
            database = database.retry_pauses(first, longest);
        }
        if let Some(schema) = &self.schema {
            database = database.schema(schema);
        }
        if let Some(token) = self.token {
            database = token.give(database);
        }
        Ok(Client::from_parts(root, database.build()?))
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither key nor header values: they are secrets, or may be.
        f.debug_struct("ClientBuilder")
            .field("schema", &self.schema)
            .field("timeout", &self.timeout)
            .field("postgrest_timeout", &self.postgrest_timeout)
            .field("storage_timeout", &self.storage_timeout)
            .field("max_retries", &self.max_retries)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}
