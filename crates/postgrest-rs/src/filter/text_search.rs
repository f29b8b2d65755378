//! Full-text search.

/// How the words of a full-text search are read.
///
/// Source: <https://docs.postgrest.org/en/stable/references/api/tables_views.html#full-text-search>
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
/// use postgrest_rs::TextSearch;
/// let query = TextSearch::websearch("fat or cat").config("english");
/// let quotes: Vec<serde_json::Value> = db.from("quotes").select("*").text_search("catchphrase", query).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct TextSearch {
    pub(super) operator: &'static str,
    pub(super) query: String,
    pub(super) config: Option<String>,
}

impl TextSearch {
    /// PostgreSQL's own syntax of `to_tsquery`: words joined by `&`, `|`, `!` and `<->`.
    pub fn tsquery(query: impl Into<String>) -> Self {
        Self { operator: "fts", query: query.into(), config: None }
    }

    /// Plain words, all of which must occur (`plainto_tsquery`).
    pub fn plain(query: impl Into<String>) -> Self {
        Self { operator: "plfts", query: query.into(), config: None }
    }

    /// Words that must follow each other (`phraseto_tsquery`).
    pub fn phrase(query: impl Into<String>) -> Self {
        Self { operator: "phfts", query: query.into(), config: None }
    }

    /// The syntax of web search engines: `or`, `-word`, `"a phrase"` (`websearch_to_tsquery`).
    pub fn websearch(query: impl Into<String>) -> Self {
        Self { operator: "wfts", query: query.into(), config: None }
    }

    /// The text search configuration, for example `english`; the database's default if not given.
    pub fn config(mut self, name: impl Into<String>) -> Self {
        self.config = Some(name.into());
        self
    }
}

impl From<&str> for TextSearch {
    fn from(query: &str) -> Self {
        Self::tsquery(query)
    }
}
