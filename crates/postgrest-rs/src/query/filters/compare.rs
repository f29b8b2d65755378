//! Filters that compare a column with a value.

use serde::Serialize;

use crate::body;
use crate::column::Column;
use crate::fields;
use crate::filter::Is;
use crate::query::Query;
use crate::query::stage::Filterable;
use crate::rpc;

/// Filters that compare a column with a value. Each filter narrows the rows further: all of them must hold.
impl<S, Out> Query<S, Out> {
    /// Rows where `column` equals `value`.
    ///
    /// The value is compared as it is: quotes, commas and parentheses in it mean nothing. A sequence is an array of
    /// Postgres, and a text has no quotes, so for a column of type `jsonb`, write [`Json`](crate::Json) around both (one of
    /// type `json` cannot be compared): there, an empty sequence without it is the empty object, and the text `json!("5")`
    /// equals the number 5.
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
    /// The value is written as [`eq`](Self::eq) writes it: for a column of JSON, write [`Json`](crate::Json) around a
    /// sequence or text. An empty sequence without it is the empty object there.
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

    /// Rows where `column` equals none of `values`. No values: all rows. Otherwise, rows where it is null are left out.
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

    /// Rows where each of the given columns equals its value: a map or struct of columns.
    ///
    /// A key is a path, as a column is in [`eq`](Self::eq): a column of its own whose name holds a dot is written in
    /// quotes, `"\"a.b\""`. A value is written as `eq` writes it, so a sequence or text that is JSON takes
    /// [`Json`](crate::Json) around it, and an empty sequence without it is the empty object on a column of JSON. The
    /// wrapper holds in a struct or map of your own; `json!` drops it.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/match>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let query = serde_json::json!({ "id": 2, "name": "Earth" });
    /// let rows: Vec<serde_json::Value> = db.from("planets").select("*").match_(query).await?;
    /// # Ok(()) }
    /// ```
    pub fn match_<Next>(self, columns: impl Serialize) -> Query<Next, Out>
    where
        S: Filterable<Next>,
    {
        self.try_with(|draft| {
            let conditions = match fields::of(&columns)? {
                Some(conditions) => conditions,
                // It may still be JSON that was written before.
                None => rpc::literals(&body::to_vec(&columns)?)
                    .map_err(|_| "`match_` takes a map or struct of columns and values")?,
            };
            if conditions.is_empty() {
                return Err("`match_` needs at least one column".to_owned());
            }
            for (column, value) in conditions {
                let Some(value) = value else {
                    return Err(format!(
                        "`match_` cannot compare `{column}` with null: use `is(column, Is::Null)`"
                    ));
                };
                let column = Column::from(column);
                draft.is_narrowed |= !column.is_referenced();
                draft.append(column.as_str(), &format!("eq.{}", value.into_text()));
            }
            Ok(())
        })
        .at()
    }
}
