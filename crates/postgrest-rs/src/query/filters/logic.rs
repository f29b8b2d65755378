//! Filters that are joined, negated, or written by hand.

use crate::column::Column;
use crate::filter::{Filter, not, or};
use crate::query::Query;
use crate::query::stage::Filterable;

/// Filters that are joined, negated, or written by hand. Each filter narrows the rows further: all of them must hold.
impl<S, Out> Query<S, Out> {
    /// Rows that do not meet `filter`.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/not>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::{Is, col};
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").not(col("name").is(Is::Null)).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "not_")]
    pub fn not<Next>(self, filter: Filter) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(not(filter))
    }

    /// Rows that meet at least one of `filters`.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/or>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::{and, col};
    /// let rows: Vec<serde_json::Value> = db
    ///     .from("planets")
    ///     .select("*")
    ///     .or([col("id").gt(3), and([col("id").eq(1), col("name").eq("Mercury")])])
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "or_")]
    pub fn or<Next>(self, filters: impl IntoIterator<Item = Filter>) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(or(filters))
    }

    /// As [`or`](Self::or), with conditions in PostgREST's own syntax, joined by commas. They are sent as they are:
    /// values in them must be quoted by its rules.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/tables_views.html#logical-operators>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("planets").select("*").or_raw("id.eq.2,name.eq.Mars").await?;
    /// # Ok(()) }
    /// ```
    pub fn or_raw<Next>(self, filters: impl Into<String>) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(Filter::or_raw(filters))
    }

    /// Rows that meet a condition in PostgREST's own syntax: an operator, and a value that is sent as it is.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/filter>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("planets").select("*").filter_raw("name", "in", r#"("Mars","Tatooine")"#).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "filter")]
    pub fn filter_raw<Next>(
        self,
        column: impl Into<Column>,
        operator: impl AsRef<str>,
        value: impl Into<String>,
    ) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(Filter::raw(column.into(), operator.as_ref(), value))
    }

    /// Rows that meet `filter`.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/using-filters>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::{col, not, or};
    /// let filter = not(or([col("id").eq(2), col("name").eq("Mars")]));
    /// let rows: Vec<serde_json::Value> = db.from("planets").select("*").filter(filter).await?;
    /// # Ok(()) }
    /// ```
    pub fn filter<Next>(self, filter: Filter) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.try_with(|draft| {
            if !draft.reads() {
                draft.is_narrowed |= filter.narrows();
            }
            if filter.is_list() {
                // Kept as it is until the request is sent: it may be split.
                draft.lists.push(filter);
                return Ok(());
            }
            draft.append_filter(&filter)
        })
        .at()
    }
}
