//! How a client is built: settings once, for every service.

use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::SecretString;
use supabase_core::{ApiKey, CLIENT_INFO, HttpChoice, MaybeSend, MaybeSync, client_info, parse_project};

use crate::client::{Client, Services};
use crate::error::{Error, Result};
use crate::wiring::{TokenSource, share};

/// A change to the builder of one service.
#[cfg(not(target_family = "wasm"))]
type Change<B> = Box<dyn FnOnce(B) -> B + Send>;
/// A change to the builder of one service.
#[cfg(target_family = "wasm")]
type Change<B> = Box<dyn FnOnce(B) -> B>;

#[cfg(not(target_family = "wasm"))]
type Trace = dyn Fn() -> HashMap<String, String> + Send + Sync;
#[cfg(target_family = "wasm")]
type Trace = dyn Fn() -> HashMap<String, String>;

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
    http: HttpChoice,
    token: Option<Arc<dyn TokenSource>>,
    settings: Settings,
    changes: Changes,
}

/// What all services are told.
#[derive(Default)]
struct Settings {
    schema: Option<String>,
    headers: Vec<(String, String)>,
    timeout: Option<Duration>,
    postgrest_timeout: Option<Duration>,
    storage_timeout: Option<Duration>,
    functions_timeout: Option<Duration>,
    max_retries: Option<u32>,
    retry_pauses: Option<(Duration, Duration)>,
    trace: Option<Arc<Trace>>,
}

/// What one service is told, after everything else.
#[derive(Default)]
struct Changes {
    #[cfg(feature = "auth")]
    auth: Option<Change<gotrue_rs::ClientBuilder>>,
    #[cfg(feature = "database")]
    database: Option<Change<postgrest_rs::ClientBuilder>>,
    #[cfg(feature = "storage")]
    storage: Option<Change<storage_rs::ClientBuilder>>,
    #[cfg(feature = "functions")]
    functions: Option<Change<functions_rs::ClientBuilder>>,
    #[cfg(feature = "realtime")]
    realtime: Option<Change<realtime_rs::ClientBuilder>>,
}

/// The HTTP clients that all services share.
struct Http {
    client: reqwest::Client,
    #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
    for_blocking: Option<reqwest::Client>,
}

/// Writes the setters that change the builder of one service.
macro_rules! service_settings {
    ($($feature:literal: $setter:ident of $field:ident, $krate:ident, $what:literal, $example:literal;)+) => {
        $(
            #[doc = concat!("Changes the settings of ", $what, " alone, after those of all services.")]
            ///
            /// ```
            /// # fn main() -> supabase::Result<()> {
            /// let supabase = supabase::Client::builder("https://abc.supabase.co", "sb_publishable_…")
            #[doc = concat!("    .", $example)]
            ///     .build()?;
            /// # Ok(()) }
            /// ```
            #[cfg(feature = $feature)]
            pub fn $setter(
                mut self,
                change: impl FnOnce($krate::ClientBuilder) -> $krate::ClientBuilder + MaybeSend + 'static,
            ) -> Self {
                self.changes.$field = Some(Box::new(change));
                self
            }
        )+
    };
}

impl ClientBuilder {
    pub(crate) fn new(url: &str, key: SecretString) -> Self {
        Self {
            url: url.to_owned(),
            key,
            http: HttpChoice::default(),
            token: None,
            settings: Settings::default(),
            changes: Changes::default(),
        }
    }

    /// The schema that tables and functions are looked up in; the first one that the API exposes if not given.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.settings.schema = Some(name.into());
        self
    }

    /// Adds a header to every request; the same name replaces.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.settings.headers.push((name.into(), value.into()));
        self
    }

    /// How long a call may take, repetitions included; each service has a default of its own if not given.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = Some(limit);
        self
    }

    /// How long a call to the database may take, repetitions included: 120 seconds if not given.
    #[doc(alias = "postgrest_client_timeout")]
    pub fn postgrest_timeout(mut self, limit: Duration) -> Self {
        self.settings.postgrest_timeout = Some(limit);
        self
    }

    /// How long a call to storage may take, repetitions included: 120 seconds if not given.
    #[doc(alias = "storage_client_timeout")]
    pub fn storage_timeout(mut self, limit: Duration) -> Self {
        self.settings.storage_timeout = Some(limit);
        self
    }

    /// How long a function may take: 150 seconds if not given.
    #[doc(alias = "function_client_timeout")]
    pub fn functions_timeout(mut self, limit: Duration) -> Self {
        self.settings.functions_timeout = Some(limit);
        self
    }

    /// How often a call is repeated at the most, where that is safe: 3 times if not given, 0 for never.
    ///
    /// Functions are left out, as they may have acted: a call of one says for itself whether it may be repeated.
    pub fn max_retries(mut self, times: u32) -> Self {
        self.settings.max_retries = Some(times);
        self
    }

    /// How long the first pause before a repetition is, about, and how long a pause may become: half a second and 30
    /// seconds if not given. The server's `Retry-After` is honoured up to `longest`.
    pub fn retry_pauses(mut self, first: Duration, longest: Duration) -> Self {
        self.settings.retry_pauses = Some((first, longest));
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

    /// Asks `source` for the W3C trace context of each request, within its span, so that the project's spans join the
    /// caller's trace: `traceparent`, `tracestate` and `baggage`, as a propagator writes them into a map. An empty map
    /// adds nothing, for example where the trace is not sampled. Without this, nothing is added.
    ///
    /// The context goes to the project's own origin only.
    ///
    /// Source: <https://www.w3.org/TR/trace-context/>
    ///
    /// ```
    /// # fn main() -> supabase::Result<()> {
    /// # fn current_trace() -> String { "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into() }
    /// let supabase = supabase::Client::builder("https://abc.supabase.co", "sb_publishable_…")
    ///     .trace_context_with(|| [("traceparent".to_owned(), current_trace())].into())
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "tracePropagation")]
    pub fn trace_context_with(
        mut self,
        source: impl Fn() -> HashMap<String, String> + MaybeSend + MaybeSync + 'static,
    ) -> Self {
        self.settings.trace = Some(Arc::new(source));
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

    service_settings! {
        "auth": configure_auth of auth, gotrue_rs, "auth", "configure_auth(|auth| auth.max_retries(1))";
        "database": configure_database of database, postgrest_rs, "the database",
            "configure_database(|database| database.max_request_head(16 * 1024))";
        "storage": configure_storage of storage, storage_rs, "storage",
            "configure_storage(|storage| storage.max_retries(5))";
        "functions": configure_functions of functions, functions_rs, "functions",
            "configure_functions(|functions| functions.max_retries(1))";
        "realtime": configure_realtime of realtime, realtime_rs, "realtime",
            "configure_realtime(|realtime| realtime.header(\"x-tenant\", \"blue\"))";
    }

    /// Checks everything and builds the client. No request is sent.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid), with what to write instead, if the URL or the key cannot be
    /// used, or for the first setting that cannot.
    pub fn build(self) -> Result<Client> {
        let url = parse_project(&self.url).map_err(Error::client)?;
        // Before the HTTP client, which costs far more to build.
        ApiKey::new(&self.key).map_err(Error::client)?;
        let root = url.as_str().trim_end_matches('/').to_owned();
        let http = Http {
            client: self.http.client().map_err(Error::client)?,
            #[cfg(all(feature = "blocking", not(target_family = "wasm")))]
            for_blocking: self.http.client_for_blocking().map_err(Error::client)?,
        };
        let (settings, changes, key) = (self.settings, self.changes, self.key);

        #[cfg(feature = "auth")]
        let auth = {
            let builder = gotrue_rs::Client::builder(format!("{root}/auth/v1"), key.clone());
            let mut builder = share!(settings, http, builder, None);
            if let Some(times) = settings.max_retries {
                builder = builder.max_retries(times);
            }
            if self.token.is_some() {
                builder = builder.refuse(
                    "this client takes its tokens from `access_token_with`, so users sign in there and not here",
                );
            }
            changed(builder, changes.auth).build()?
        };
        #[cfg(feature = "auth")]
        let no_auth = gotrue_rs::Client::builder(format!("{root}/auth/v1"), key.clone())
            .http_client(http.client.clone())
            .refuse("this handle acts for one user by their token: sign in and out by the client that it came from")
            .build()?;
        #[cfg(feature = "auth")]
        let follows_session = self.token.is_none() && auth.admin().is_err();
        #[cfg(feature = "auth")]
        let token = self.token.or_else(|| follows_session.then(|| crate::wiring::session(&auth)));
        #[cfg(not(feature = "auth"))]
        let token = self.token;
        #[cfg(all(feature = "auth", feature = "realtime"))]
        let token_changes = follows_session.then(|| crate::wiring::token_changes(&auth));

        let services = Services {
            #[cfg(feature = "auth")]
            auth,
            #[cfg(feature = "auth")]
            no_auth,
            #[cfg(all(feature = "auth", feature = "database", feature = "realtime"))]
            follows_session,
            #[cfg(all(feature = "database", feature = "realtime"))]
            schema: settings.schema.clone(),
            #[cfg(feature = "database")]
            database: {
                let builder = postgrest_rs::Client::builder(format!("{root}/rest/v1"), key.clone());
                let mut builder = share!(settings, http, builder, settings.postgrest_timeout);
                if let Some(times) = settings.max_retries {
                    builder = builder.max_retries(times);
                }
                if let Some(schema) = &settings.schema {
                    builder = builder.schema(schema);
                }
                if let Some(token) = &token {
                    builder = Arc::clone(token).database(builder);
                }
                changed(builder, changes.database).build()?
            },
            #[cfg(feature = "storage")]
            storage: {
                let builder = storage_rs::Client::builder(format!("{root}/storage/v1"), key.clone());
                let mut builder = share!(settings, http, builder, settings.storage_timeout);
                if let Some(times) = settings.max_retries {
                    builder = builder.max_retries(times);
                }
                if let Some(token) = &token {
                    builder = Arc::clone(token).storage(builder);
                }
                changed(builder, changes.storage).build()?
            },
            #[cfg(feature = "functions")]
            functions: {
                let builder = functions_rs::Client::builder(format!("{root}/functions/v1"), key.clone());
                let mut builder = share!(settings, http, builder, settings.functions_timeout);
                if let Some(token) = &token {
                    builder = Arc::clone(token).functions(builder);
                }
                changed(builder, changes.functions).build()?
            },
            #[cfg(feature = "realtime")]
            realtime: {
                let builder = realtime_rs::Client::builder(format!("{root}/realtime/v1"), key.clone());
                let mut builder = share!(settings, http, builder, None);
                // HTTP/2, which the shared client may speak, has no websockets here.
                for change in self.http.changes().iter().cloned() {
                    builder = builder.configure_websocket(move |http| change(http));
                }
                if let Some(times) = settings.max_retries {
                    builder = builder.max_retries(times);
                }
                if let Some(token) = &token {
                    builder = Arc::clone(token).realtime(builder);
                }
                #[cfg(feature = "auth")]
                if let Some(token_changes) = token_changes {
                    builder = builder.access_token_changes(token_changes);
                }
                changed(builder, changes.realtime).build()?
            },
        };
        Ok(Client::new_root(root, services))
    }
}

fn changed<B>(builder: B, change: Option<Change<B>>) -> B {
    match change {
        Some(change) => change(builder),
        None => builder,
    }
}

impl fmt::Debug for ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither key nor header values: they are secrets, or may be.
        f.debug_struct("ClientBuilder")
            .field("schema", &self.settings.schema)
            .field("timeout", &self.settings.timeout)
            .field("max_retries", &self.settings.max_retries)
            .field("http", &self.http)
            .finish_non_exhaustive()
    }
}
