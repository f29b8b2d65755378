//! Short ways to the database.

use postgrest_rs::Query;
use postgrest_rs::query::stage::{Call, NeedsVerb};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Client;

impl Client {
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
        self.database().from(table)
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
        self.database().rpc(function, args)
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
        self.database().schema(name)
    }
}
