//! Which rows are meant.

use serde::Serialize;

use super::Query;
use super::stage::Filterable;
use crate::column::Column;
use crate::filter::{Filter, Is, TextSearch, not, or};

/// Each filter narrows the rows further: all of them must hold.
impl<S, Out> Query<S, Out> {
    /// Rows where `column` equals `value`.
    ///
    /// The value is compared as it is: quotes, commas and parentheses in it mean nothing.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/eq>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").eq("name", "Earth").await?;
    /// # Ok(()) }
    /// ```
    pub fn eq<Next>(self, column: impl Into<Column>, value: impl Serialize) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().eq(value))
    }

    /// Rows where `column` does not equal `value`. Rows where it is null are left out; see
    /// [`is_distinct`](Self::is_distinct).
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/neq>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").neq("name", "Earth").await?;
    /// # Ok(()) }
    /// ```
    pub fn neq<Next>(self, column: impl Into<Column>, value: impl Serialize) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().neq(value))
    }

    /// Rows where `column` is greater than `value`.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/gt>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").gt("id", 2).await?;
    /// # Ok(()) }
    /// ```
    pub fn gt<Next>(self, column: impl Into<Column>, value: impl Serialize) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().gt(value))
    }

    /// Rows where `column` is greater than or equal to `value`.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/gte>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").gte("id", 2).await?;
    /// # Ok(()) }
    /// ```
    pub fn gte<Next>(self, column: impl Into<Column>, value: impl Serialize) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().gte(value))
    }

    /// Rows where `column` is less than `value`.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/lt>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").lt("id", 2).await?;
    /// # Ok(()) }
    /// ```
    pub fn lt<Next>(self, column: impl Into<Column>, value: impl Serialize) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().lt(value))
    }

    /// Rows where `column` is less than or equal to `value`.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/lte>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").lte("id", 2).await?;
    /// # Ok(()) }
    /// ```
    pub fn lte<Next>(self, column: impl Into<Column>, value: impl Serialize) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().lte(value))
    }

    /// Rows where `column` matches a pattern: `%` (or `*`) stands for any text, `_` for any character.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/like>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").like("name", "%Ea%").await?;
    /// # Ok(()) }
    /// ```
    pub fn like<Next>(self, column: impl Into<Column>, pattern: impl AsRef<str>) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().like(pattern.as_ref()))
    }

    /// Rows where `column` matches a pattern, in any case.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/ilike>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").ilike("name", "%ea%").await?;
    /// # Ok(()) }
    /// ```
    pub fn ilike<Next>(self, column: impl Into<Column>, pattern: impl AsRef<str>) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().ilike(pattern.as_ref()))
    }

    /// Rows where `column` matches all patterns.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/likeallof>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").like_all_of("name", ["%a%", "%r%"]).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "likeAllOf")]
    pub fn like_all_of<P: Serialize, Next>(
        self,
        column: impl Into<Column>,
        patterns: impl IntoIterator<Item = P>,
    ) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().like_all_of(patterns))
    }

    /// Rows where `column` matches at least one pattern.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/likeanyof>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").like_any_of("name", ["%Ea%", "%Ma%"]).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "likeAnyOf")]
    pub fn like_any_of<P: Serialize, Next>(
        self,
        column: impl Into<Column>,
        patterns: impl IntoIterator<Item = P>,
    ) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().like_any_of(patterns))
    }

    /// Rows where `column` matches all patterns, in any case.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/ilikeallof>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").ilike_all_of("name", ["%A%", "%R%"]).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "ilikeAllOf")]
    pub fn ilike_all_of<P: Serialize, Next>(
        self,
        column: impl Into<Column>,
        patterns: impl IntoIterator<Item = P>,
    ) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().ilike_all_of(patterns))
    }

    /// Rows where `column` matches at least one pattern, in any case.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/ilikeanyof>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").ilike_any_of("name", ["%EA%", "%MA%"]).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "ilikeAnyOf")]
    pub fn ilike_any_of<P: Serialize, Next>(
        self,
        column: impl Into<Column>,
        patterns: impl IntoIterator<Item = P>,
    ) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().ilike_any_of(patterns))
    }

    /// Rows where `column` matches a POSIX regular expression.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/tables_views.html#operators>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").regex_match("name", "^M").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "regexMatch")]
    pub fn regex_match<Next>(self, column: impl Into<Column>, pattern: impl AsRef<str>) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().regex_match(pattern.as_ref()))
    }

    /// Rows where `column` matches a POSIX regular expression, in any case.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/tables_views.html#operators>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").regex_imatch("name", "^m").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "regexIMatch")]
    pub fn regex_imatch<Next>(self, column: impl Into<Column>, pattern: impl AsRef<str>) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().regex_imatch(pattern.as_ref()))
    }

    /// Rows where `column` is null, true, false or unknown. Null equals nothing, so this is the way to find it.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/is>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::Is;
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").is("name", Is::Null).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "is_")]
    pub fn is<Next>(self, column: impl Into<Column>, value: Is) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().is(value))
    }

    /// Rows where `column` does not equal `value`, with null counted as a value like any other.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/tables_views.html#operators>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").is_distinct("name", "Earth").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "isDistinct")]
    pub fn is_distinct<Next>(self, column: impl Into<Column>, value: impl Serialize) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().is_distinct(value))
    }

    /// Rows where `column` equals one of `values`. No values: no rows.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/in>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").in_("name", ["Earth", "Mars"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn in_<V: Serialize, Next>(
        self,
        column: impl Into<Column>,
        values: impl IntoIterator<Item = V>,
    ) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().in_(values))
    }

    /// Rows where `column` equals none of `values`. No values: all rows.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/not>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let rows: Vec<serde_json::Value> = db.from("t").select("*").not_in("name", ["Earth", "Mars"]).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "notIn")]
    pub fn not_in<V: Serialize, Next>(
        self,
        column: impl Into<Column>,
        values: impl IntoIterator<Item = V>,
    ) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().not_in(values))
    }

    /// Rows where `column`, an array, range or `jsonb`, holds every element of `value`.
    ///
    /// A sequence is an array, a map or struct is JSON, a text is taken as it is: a range such as `[1,5)`, or a literal of
    /// your own. See [`Json`](crate::Json) for a JSON array.
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
    /// your own. See [`Json`](crate::Json) for a JSON array.
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

    /// Rows where `column`, a text or a `tsvector`, matches a full-text search.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/textsearch>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::TextSearch;
    /// let rows: Vec<serde_json::Value> =
    ///     db.from("t").select("*").text_search("content", TextSearch::plain("fat cat").config("english")).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "fts")]
    pub fn text_search<Next>(
        self,
        column: impl Into<Column>,
        query: impl Into<TextSearch>,
    ) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.filter(column.into().text_search(query))
    }

    /// Rows where each of the given columns equals its value: a map or struct of columns.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/match>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let query = serde_json::json!({ "id": 2, "name": "Earth" });
    /// let rows: Vec<serde_json::Value> = db.from("planets").select("*").match_(&query).await?;
    /// # Ok(()) }
    /// ```
    pub fn match_<Next>(self, columns: &(impl Serialize + ?Sized)) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.try_with(|draft| {
            let Ok(serde_json::Value::Object(columns)) = serde_json::to_value(columns) else {
                return Err("`match_` takes a map or struct of columns and values".to_owned());
            };
            if columns.is_empty() {
                return Err("`match_` needs at least one column".to_owned());
            }
            for (column, value) in &columns {
                let (key, value) = Column::from(column).eq(value).pair(None)?;
                draft.append(&key, &value);
            }
            Ok(())
        })
        .at()
    }

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
            let (key, value) = filter.pair(None)?;
            draft.append(&key, &value);
            Ok(())
        })
        .at()
    }
}
