//! The handle to a project.

use std::fmt;
use std::sync::Arc;

use postgrest_rs::Query;
use postgrest_rs::query::stage::{Call, NeedsVerb};
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;

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

pub(crate) struct Inner {
    pub(crate) url: String,
    pub(crate) database: postgrest_rs::Client,
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

    pub(crate) fn from_parts(url: String, database: postgrest_rs::Client) -> Self {
        Self { inner: Arc::new(Inner { url, database }) }
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
        &self.inner.url
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
        Self::from_parts(self.inner.url.clone(), self.inner.database.with_access_token(jwt))
    }

    /// The client of the database: what [`from`](Self::from), [`rpc`](Self::rpc) and [`schema`](Self::schema) speak
    /// through.
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    /// let database: supabase::postgrest::Client = supabase.database().clone();
    /// # Ok(()) }
    /// ```
    #[doc(alias = "postgrest")]
    pub fn database(&self) -> &postgrest_rs::Client {
        &self.inner.database
    }

    /// Begins a query on a table or view; the verb comes next. See [`postgrest_rs::Client::from`].
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/select>
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    /// let planets: Vec<serde_json::Value> = supabase.from("planets").select("*").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "table")]
    #[doc(alias = "from_")]
    pub fn from(&self, table: impl AsRef<str>) -> Query<NeedsVerb> {
        self.inner.database.from(table)
    }

    /// Calls a Postgres function. See [`postgrest_rs::Client::rpc`].
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/rpc>
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    /// let sum: i64 = supabase.rpc("add", serde_json::json!({ "a": 1, "b": 2 })).await?;
    /// # Ok(()) }
    /// ```
    pub fn rpc<T: DeserializeOwned>(
        &self,
        function: impl AsRef<str>,
        args: impl Serialize,
    ) -> Query<Call, T> {
        self.inner.database.rpc(function, args)
    }

    /// The database's client on another schema, which the API must expose.
    ///
    /// Source: <https://supabase.com/docs/guides/api/using-custom-schemas>
    ///
    /// ```no_run
    /// # async fn run(supabase: supabase::Client) -> supabase::Result<()> {
    /// let rows: Vec<serde_json::Value> = supabase.schema("myschema").from("mytable").select("*").await?;
    /// # Ok(()) }
    /// ```
    pub fn schema(&self, name: impl AsRef<str>) -> postgrest_rs::Client {
        self.inner.database.schema(name)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("url", &self.inner.url)
            .field("database", &self.inner.database)
            .finish()
    }
}
