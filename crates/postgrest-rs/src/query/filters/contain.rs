//! Filters on arrays, ranges and JSON.

use serde::Serialize;

use crate::column::Column;
use crate::query::Query;
use crate::query::stage::Filterable;

/// Filters on arrays, ranges and JSON. Each filter narrows the rows further: all of them must hold.
impl<S, Out> Query<S, Out> {
    /// Rows where `column`, an array, range or `jsonb`, holds every element of `value`.
    ///
    /// A sequence is an array, a map or struct is JSON, a text is taken as it is: a range such as `[1,5)`, or a literal of
    /// your own. For a JSON array, write [`Json`](crate::Json) around it: on `jsonb`, an empty sequence without it is the
    /// empty object.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/contains>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").contains("tags", ["is:open", "priority:low"]).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "cs")]
    pub fn contains<Next>(self, column: impl Into<Column>, value: impl Serialize) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().contains(value))
    }

    /// Rows where `column`, an array, range or `jsonb`, holds nothing but elements of `value`.
    ///
    /// A sequence is an array, a map or struct is JSON, a text is taken as it is: a range such as `[1,5)`, or a literal of
    /// your own. For a JSON array, write [`Json`](crate::Json) around it: on `jsonb`, an empty sequence without it is the
    /// empty object.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/containedby>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").contained_by("days", ["monday", "tuesday"]).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "containedBy")]
    pub fn contained_by<Next>(self, column: impl Into<Column>, value: impl Serialize) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().contained_by(value))
    }

    /// Rows where `column`, an array or range, shares an element with `value`.
    ///
    /// A sequence is an array, a map or struct is JSON, a text is taken as it is: a range such as `[1,5)`, or a literal of
    /// your own. See [`Json`](crate::Json) for a JSON array.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/overlaps>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").overlaps("tags", ["is:closed", "severity:high"]).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "ov")]
    pub fn overlaps<Next>(self, column: impl Into<Column>, value: impl Serialize) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().overlaps(value))
    }

    /// Rows whose range lies wholly above `range`, a PostgreSQL range such as `[1,5)`.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/rangegt>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").range_gt("during", "[2000-01-02 08:00, 2000-01-02 09:00)").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "rangeGt")]
    pub fn range_gt<Next>(self, column: impl Into<Column>, range: impl AsRef<str>) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().range_gt(range.as_ref()))
    }

    /// Rows whose range does not begin below `range`, a PostgreSQL range such as `[1,5)`.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/rangegte>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").range_gte("during", "[2000-01-02 08:00, 2000-01-02 09:00)").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "rangeGte")]
    pub fn range_gte<Next>(self, column: impl Into<Column>, range: impl AsRef<str>) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().range_gte(range.as_ref()))
    }

    /// Rows whose range lies wholly below `range`, a PostgreSQL range such as `[1,5)`.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/rangelt>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").range_lt("during", "[2000-01-02 08:00, 2000-01-02 09:00)").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "rangeLt")]
    pub fn range_lt<Next>(self, column: impl Into<Column>, range: impl AsRef<str>) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().range_lt(range.as_ref()))
    }

    /// Rows whose range does not end above `range`, a PostgreSQL range such as `[1,5)`.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/rangelte>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").range_lte("during", "[2000-01-02 08:00, 2000-01-02 09:00)").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "rangeLte")]
    pub fn range_lte<Next>(self, column: impl Into<Column>, range: impl AsRef<str>) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().range_lte(range.as_ref()))
    }

    /// Rows whose range touches `range`, with no gap and no overlap.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/rangeadjacent>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").range_adjacent("during", "[2000-01-02 08:00, 2000-01-02 09:00)").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "rangeAdjacent")]
    pub fn range_adjacent<Next>(self, column: impl Into<Column>, range: impl AsRef<str>) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().range_adjacent(range.as_ref()))
    }
}
