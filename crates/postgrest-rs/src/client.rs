//! The door to everything.

use std::fmt;

use secrecy::SecretString;
use serde::Serialize;
use supabase_core::Transport;

use crate::builder::ClientBuilder;
use crate::error::Result;
use crate::query::Query;
use crate::query::schema::Schema;
use crate::query::stage::{Call, NeedsVerb};

/// A handle to one PostgREST API. Clones share its connections; no `Arc` is needed.
///
/// ```no_run
/// # async fn run() -> postgrest_rs::Result<()> {
/// # #[derive(serde::Deserialize)] struct Planet { name: String }
/// let db = postgrest_rs::Client::new("http://127.0.0.1:54321/rest/v1", "sb_publishable_…")?;
/// let planets: Vec<Planet> = db.from("planets").select("name").await?;
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Client {
    pub(crate) transport: Transport,
    pub(crate) schema: Option<Schema>,
}

impl Client {
    /// A client with default settings.
    ///
    /// `url` is the address of the API itself, on Supabase `https://<project>.supabase.co/rest/v1`. `key` is one of the
    /// project's API keys: publishable, secret, or a legacy JWT.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](crate::ErrorKind::Invalid) if URL or key cannot be used.
    ///
    /// ```
    /// # fn main() -> postgrest_rs::Result<()> {
    /// let db = postgrest_rs::Client::new("http://127.0.0.1:54321/rest/v1", "sb_publishable_…")?;
    /// # Ok(()) }
    /// ```
    pub fn new(url: impl AsRef<str>, key: impl Into<SecretString>) -> Result<Self> {
        Self::builder(url, key).build()
    }

    /// A client with settings of its own.
    ///
    /// ```
    /// # fn main() -> postgrest_rs::Result<()> {
    /// let db = postgrest_rs::Client::builder("http://127.0.0.1:54321/rest/v1", "sb_publishable_…")
    ///     .schema("app")
    ///     .timeout(std::time::Duration::from_secs(10))
    ///     .build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder(url: impl AsRef<str>, key: impl Into<SecretString>) -> ClientBuilder {
        ClientBuilder::new(url.as_ref(), Some(key.into()))
    }

    /// A client of a PostgREST server that stands alone, with no gateway in front that asks for a key.
    ///
    /// ```
    /// # fn main() -> postgrest_rs::Result<()> {
    /// let db = postgrest_rs::Client::builder_without_key("http://127.0.0.1:3000").build()?;
    /// # Ok(()) }
    /// ```
    pub fn builder_without_key(url: impl AsRef<str>) -> ClientBuilder {
        ClientBuilder::new(url.as_ref(), None)
    }

    /// Begins a query on a table or view. The verb comes next: [`select`](Query::select), [`insert`](Query::insert),
    /// [`upsert`](Query::upsert), [`update`](Query::update) or [`delete`](Query::delete).
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let planets: Vec<serde_json::Value> = db.from("planets").select("*").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "table")]
    #[doc(alias = "from_")]
    pub fn from(&self, table: impl AsRef<str>) -> Query<NeedsVerb> {
        Query::table(self, table.as_ref())
    }

    /// Calls a Postgres function.
    ///
    /// `args` is a map or struct with a field for each argument, or `()` for none. The type of the answer is the
    /// function's: a scalar, a struct, a `Vec` of either for a function that returns a set or table, `()` for one that
    /// returns nothing. Filters, order and limits apply to the rows of a set.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/rpc>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let sum: i64 = db.rpc("add", serde_json::json!({ "a": 1, "b": 2 })).await?;
    /// db.rpc::<()>("refresh_stats", ()).await?;
    /// # Ok(()) }
    /// ```
    pub fn rpc<T>(&self, function: impl AsRef<str>, args: impl Serialize) -> Query<Call, T>
    where
        T: serde::de::DeserializeOwned,
    {
        Query::call(self, function.as_ref(), &args)
    }

    /// The same client on another schema, which the API must expose.
    ///
    /// Source: <https://supabase.com/docs/guides/api/using-custom-schemas>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.schema("myschema").from("mytable").select("*").await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn schema(&self, name: impl AsRef<str>) -> Self {
        Self { transport: self.transport.clone(), schema: Some(Schema::new(name.as_ref())) }
    }

    /// The same connections, as the user of `token`: a cheap handle for servers that act for many users.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client, jwt: String) -> postgrest_rs::Result<()> {
    /// let notes: Vec<serde_json::Value> = db.with_access_token(jwt).from("notes").select("*").await?;
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn with_access_token(&self, token: impl Into<SecretString>) -> Self {
        Self { transport: self.transport.with_token(token.into()), schema: self.schema.clone() }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("transport", &self.transport).field("schema", &self.schema).finish()
    }
}
