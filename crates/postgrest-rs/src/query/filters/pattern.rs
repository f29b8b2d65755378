//! Filters that match a text: patterns, regular expressions, full-text search.

use serde::Serialize;

use crate::column::Column;
use crate::filter::TextSearch;
use crate::query::Query;
use crate::query::stage::Filterable;

/// Filters that match a text: patterns, regular expressions, full-text search. Each filter narrows the rows further: all of them must hold.
impl<S, Out> Query<S, Out> {
    /// Rows where `column` matches a pattern: `%` (or `*`) stands for any text, `_` for any character.
    ///
    /// A backslash takes that meaning from `%` and `_`. PostgREST reads `*` as `%` before that, so no pattern finds the
    /// character `*` alone: use [`regex_match`](Self::regex_match).
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
}
