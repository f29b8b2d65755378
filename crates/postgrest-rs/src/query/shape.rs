//! The shape of an answer: one row, maybe one, CSV, nothing.

use serde::de::DeserializeOwned;
use supabase_core::Method;

use super::Query;
use super::accept::Shape;
use super::send::{json, maybe_one, nothing, one, text};
use super::stage::{Csv, GeoJson, Head, One, Plannable, Reads, Rows};

impl<S, T: DeserializeOwned> Query<S, Vec<T>> {
    /// Asks for exactly one row, and answers with it instead of a `Vec`.
    ///
    /// None, or more than one, is an error with [`Code::NotExactlyOneRow`](crate::Code::NotExactlyOneRow), and a write
    /// is undone then. Where no row is fine, use [`maybe_single`](Self::maybe_single).
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/single>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// # #[derive(serde::Deserialize)] struct Planet { name: String }
    /// let mars: Planet = db.from("planets").select("name").eq("id", 4).single().await?;
    /// # Ok(()) }
    /// ```
    pub fn single(self) -> Query<One<S>, T>
    where
        S: Rows,
    {
        self.with(|draft| draft.accept.shape = Shape::One).to(one)
    }

    /// Asks for one row or none. More than one is an error with
    /// [`Code::NotExactlyOneRow`](crate::Code::NotExactlyOneRow), and a write is undone then; what a function has done, is
    /// not. A write that answers with no row is undone as well, which matters only where triggers did something else instead
    /// of it, or where `!inner` leaves out the row that was added.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/maybesingle>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// # #[derive(serde::Deserialize)] struct Planet { name: String }
    /// let vulcan: Option<Planet> = db.from("planets").select("name").eq("name", "Vulcan").maybe_single().await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "maybeSingle")]
    pub fn maybe_single(self) -> Query<One<S>, Option<T>>
    where
        S: Rows,
    {
        self.with(|draft| draft.accept.shape = Shape::MaybeOne).to(maybe_one)
    }
}

impl<S, Out> Query<S, Out> {
    /// Answers with the rows as CSV: a line of column names, then a line for each row; one empty line if there is
    /// none. Nothing is decoded, so [`select_raw`](Query::select_raw) goes before it, which names no type of row.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/csv>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let csv: String = db.from("planets").select_raw("*").csv().await?;
    /// # Ok(()) }
    /// ```
    pub fn csv(self) -> Query<Csv<S>, String>
    where
        S: Rows,
    {
        self.with(|draft| draft.accept.shape = Shape::Csv).to(text)
    }

    /// Answers with the rows as a GeoJSON feature collection. The database must have PostGIS, and the rows a geometry.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/db-geojson>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let map: serde_json::Value = db.from("shops").select_raw("*").geojson().await?;
    /// # Ok(()) }
    /// ```
    pub fn geojson(self) -> Query<GeoJson<S>, serde_json::Value>
    where
        S: Rows,
    {
        self.with(|draft| draft.accept.shape = Shape::GeoJson).to(json)
    }

    /// Leaves properties that are null out of the answer. The type of a row then needs `Option` fields, which serde
    /// reads as `None` where they are missing.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/resource_representation.html#stripped-nulls>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let users: Vec<serde_json::Value> = db.from("users").select("*").strip_nulls().await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "stripNulls")]
    pub fn strip_nulls(self) -> Self
    where
        S: Plannable,
    {
        self.with(|draft| draft.accept.strip_nulls = true)
    }

    /// Answers with the headers only: for a count, or to see whether the query is allowed. The arguments of a function go into
    /// the URL, as with [`get`](Query::get).
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/select>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::Count;
    /// let planets = db.from("planets").select_raw("*").count(Count::Exact).head().execute().await?.count;
    /// # Ok(()) }
    /// ```
    pub fn head(self) -> Query<Head<S>, ()>
    where
        S: Rows + Reads,
    {
        self.with(|draft| draft.read_by(Method::HEAD)).to(nothing)
    }
}
