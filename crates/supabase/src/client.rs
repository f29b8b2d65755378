//! The handle to a project.

use std::fmt;
use std::sync::{Arc, OnceLock};

use secrecy::SecretString;

use crate::builder::ClientBuilder;
use crate::error::Result;

/// A handle to one Supabase project. Clones share everything; no `Arc` is needed.
///
/// ```no_run
/// # async fn run() -> supabase::Result<()> {
/// let supabase = supabase::Client::new("https://abc.supabase.co", "sb_publishable_…")?;
/// let planets: Vec<serde_json::Value> = supabase.from("planets").select("*").await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    project: Arc<Project>,
    /// Whoever this handle acts for, whatever else happens; `None` for the handle that was built.
    user: Option<User>,
}

/// What all handles of one project share.
struct Project {
    url: String,
    services: Services,
}

/// The clients of the services.
pub(crate) struct Services {
    #[cfg(feature = "auth")]
    pub(crate) auth: gotrue_rs::Client,
    /// What a handle of one user has in the place of auth: it says why there is none.
    #[cfg(feature = "auth")]
    pub(crate) no_auth: gotrue_rs::Client,
    /// Whether all others act as whoever is signed in.
    #[cfg(all(feature = "auth", feature = "database", feature = "realtime"))]
    pub(crate) follows_session: bool,
    #[cfg(feature = "database")]
    pub(crate) database: postgrest_rs::Client,
    /// The schema that tables are looked up in, if it was given.
    #[cfg(all(feature = "database", feature = "realtime"))]
    pub(crate) schema: Option<String>,
    #[cfg(feature = "storage")]
    pub(crate) storage: storage_rs::Client,
    #[cfg(feature = "functions")]
    pub(crate) functions: functions_rs::Client,
    #[cfg(feature = "realtime")]
    pub(crate) realtime: realtime_rs::Client,
}

/// One user, and the clients that act for it, each made when it is first needed.
struct User {
    token: SecretString,
    #[cfg(feature = "database")]
    database: OnceLock<postgrest_rs::Client>,
    #[cfg(feature = "storage")]
    storage: OnceLock<storage_rs::Client>,
    #[cfg(feature = "functions")]
    functions: OnceLock<functions_rs::Client>,
    #[cfg(feature = "realtime")]
    realtime: OnceLock<realtime_rs::Client>,
}

/// The client of a service, as whoever this handle acts for.
macro_rules! service {
    ($client:expr, $service:ident) => {{
        let inner = &$client.inner;
        let root = &inner.project.services.$service;
        match &inner.user {
            None => root,
            Some(user) => user.$service.get_or_init(|| root.with_access_token(user.token.clone())),
        }
    }};
}

impl Client {
    /// A client with default settings.
    ///
    /// `url` is the project's, such as `https://abc.supabase.co`, without a path. `key` is one of its API keys: a
    /// publishable one, or on a server a secret one, or a legacy JWT.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/initializing>
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid), with what to write instead, if URL or key cannot be used.
    ///
    /// ```
    /// # fn main() -> supabase::Result<()> {
    /// let supabase = supabase::Client::new("https://abc.supabase.co", "sb_publishable_…")?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "create_client")]
    #[doc(alias = "createClient")]
    pub fn new(url: impl AsRef<str>, key: impl Into<SecretString>) -> Result<Self> {
        Self::builder(url, key).build()
    }

    /// A client with settings of its own.
    ///
    /// ```
    /// # fn main() -> supabase::Result<()> {
    /// use std::time::Duration;
    /// let supabase = supabase::Client::builder("https://abc.supabase.co", "sb_publishable_…")
    ///     .schema("app")
    ///     .timeout(Duration::from_secs(10))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(url: impl AsRef<str>, key: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder::new(url.as_ref(), key.into())
    }

    pub(crate) fn new_root(url: String, services: Services) -> Self {
        let project = Project { url, services };
        Self { inner: Arc::new(Inner { project: Arc::new(project), user: None }) }
    }

    /// The project's URL, without a trailing slash.
    ///
    /// ```
    /// # fn main() -> supabase::Result<()> {
    /// let supabase = supabase::Client::new("https://abc.supabase.co/", "sb_publishable_…")?;
    /// assert_eq!(supabase.url(), "https://abc.supabase.co");
    /// # Ok(()) }
    /// ```
    pub fn url(&self) -> &str {
        &self.inner.project.url
    }

    /// The same project as the user of `jwt`: for servers that act for many users at once.
    ///
    /// The handle is cheap: it shares all connections. It never changes its identity, whatever else happens.
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client, jwt: String) -> supabase::Result<()> {
    /// let notes: Vec<serde_json::Value> = supabase.as_user(jwt).from("notes").select("*").await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn as_user(&self, jwt: impl Into<SecretString>) -> Self {
        let user = User {
            token: jwt.into(),
            #[cfg(feature = "database")]
            database: OnceLock::new(),
            #[cfg(feature = "storage")]
            storage: OnceLock::new(),
            #[cfg(feature = "functions")]
            functions: OnceLock::new(),
            #[cfg(feature = "realtime")]
            realtime: OnceLock::new(),
        };
        Self { inner: Arc::new(Inner { project: Arc::clone(&self.inner.project), user: Some(user) }) }
    }

    /// The client of auth: who is signed in, and how.
    ///
    /// Signing in and out, and each refresh, reaches every service at once. A client that was built with a secret key
    /// stays itself, whoever signs in. A handle of [`as_user`](Self::as_user) has no session: its auth refuses every
    /// call, as does that of a client which takes its tokens from
    /// [`access_token_with`](crate::ClientBuilder::access_token_with).
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/auth-api>
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    /// if let Some(session) = supabase.auth().get_session().await? {
    ///     println!("{} is signed in", session.user.id);
    /// }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "auth")]
    pub fn auth(&self) -> &gotrue_rs::Client {
        let services = &self.inner.project.services;
        if self.inner.user.is_none() { &services.auth } else { &services.no_auth }
    }

    /// The client of storage: buckets and the files in them.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage>
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    /// let storage: &supabase::storage::Client = supabase.storage();
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "storage")]
    pub fn storage(&self) -> &storage_rs::Client {
        service!(self, storage)
    }

    /// The client of Edge Functions.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/functions-invoke>
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    /// let answer = supabase.functions().invoke("hello-world").await?;
    /// println!("{}", answer.text()?);
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "functions")]
    pub fn functions(&self) -> &functions_rs::Client {
        service!(self, functions)
    }

    /// The client of realtime: broadcasts, presence, and changes of the database.
    ///
    /// Its connection is opened when the first channel is joined. A handle of one user has a connection of its own.
    ///
    /// Source: <https://supabase.com/docs/guides/realtime/concepts>
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    /// supabase.realtime().broadcast("room1", "greeting", &serde_json::json!({ "text": "hello" })).await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "realtime")]
    pub fn realtime(&self) -> &realtime_rs::Client {
        service!(self, realtime)
    }

    /// Begins a channel: bind streams to it, then subscribe. See [`realtime_rs::Client::channel`].
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/subscribe>
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    /// let mut room = supabase.channel("room1");
    /// let mut greetings = room.on_broadcast::<serde_json::Value>("greeting").messages();
    /// let room = room.subscribe().await?;
    /// while let Some(greeting) = greetings.next().await {
    ///     println!("{}", greeting?.payload);
    /// }
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "realtime")]
    pub fn channel(&self, name: impl Into<String>) -> realtime_rs::ChannelBuilder {
        self.realtime().channel(name)
    }

    /// The client of the database: what `from`, `rpc` and `schema` speak through.
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    /// let database: supabase::postgrest::Client = supabase.database().clone();
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "database")]
    #[doc(alias = "postgrest")]
    pub fn database(&self) -> &postgrest_rs::Client {
        service!(self, database)
    }
}

#[cfg(all(feature = "database", feature = "realtime"))]
impl Client {
    /// The schema that was given when the client was built.
    pub(crate) fn default_schema(&self) -> Option<&str> {
        self.inner.project.services.schema.as_deref()
    }

    /// Tells when another user is signed in, or nobody; `None` for a handle that never changes its identity.
    pub(crate) fn user_changes(&self) -> Option<supabase_core::BoxStream<'static, ()>> {
        #[cfg(feature = "auth")]
        if self.inner.user.is_none() && self.inner.project.services.follows_session {
            return Some(crate::wiring::user_changes(&self.inner.project.services.auth));
        }
        None
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("url", &self.url())
            .field("is_user", &self.inner.user.is_some())
            .finish_non_exhaustive()
    }
}
