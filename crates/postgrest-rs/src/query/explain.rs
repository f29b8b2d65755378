//! The plan of a query instead of its rows.

use supabase_core::header::HeaderValue;

use super::Query;
use super::send::text;
use super::stage::{Explained, Rows};

/// What the plan shows, for [`explain`](crate::Query::explain).
///
/// Source: <https://docs.postgrest.org/en/stable/references/observability.html#execution-plan>
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
/// use postgrest_rs::Explain;
/// let plan = db.from("planets").select_raw("*").explain(Explain::new().analyze().verbose()).await?;
/// println!("{plan}");
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Explain {
    analyze: bool,
    verbose: bool,
    settings: bool,
    buffers: bool,
    wal: bool,
    json: bool,
}

impl Explain {
    /// The plan as text, with estimates only.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs the query and shows what it really took. **A write that is analyzed writes.**
    pub fn analyze(mut self) -> Self {
        self.analyze = true;
        self
    }

    /// Shows the columns of each step, and the query's id.
    pub fn verbose(mut self) -> Self {
        self.verbose = true;
        self
    }

    /// Shows settings that change the plan.
    pub fn settings(mut self) -> Self {
        self.settings = true;
        self
    }

    /// Shows how buffers were used.
    pub fn buffers(mut self) -> Self {
        self.buffers = true;
        self
    }

    /// Shows how much was written ahead.
    pub fn wal(mut self) -> Self {
        self.wal = true;
        self
    }

    /// The plan as JSON.
    #[doc(alias = "format")]
    pub fn json(mut self) -> Self {
        self.json = true;
        self
    }

    /// The media type that asks for the plan of an answer of type `of`.
    fn accept(self, of: &HeaderValue) -> Option<HeaderValue> {
        let options: Vec<_> = [
            self.analyze.then_some("analyze"),
            self.verbose.then_some("verbose"),
            self.settings.then_some("settings"),
            self.buffers.then_some("buffers"),
            self.wal.then_some("wal"),
        ]
        .into_iter()
        .flatten()
        .collect();
        let format = if self.json { "json" } else { "text" };
        let of = of.to_str().ok()?;
        let text =
            format!("application/vnd.pgrst.plan+{format}; for=\"{of}\"; options={};", options.join("|"));
        HeaderValue::try_from(text).ok()
    }
}

impl<S, Out> Query<S, Out> {
    /// Answers with the plan of the query, and not with rows.
    ///
    /// The server must allow it; Supabase does not by default, and answers 406
    /// ([`Code::NotAcceptable`](crate::Code::NotAcceptable)). With [`Explain::analyze`], a write really writes.
    ///
    /// Source: <https://supabase.com/docs/guides/database/debugging-performance>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::Explain;
    /// let plan: String = db.from("planets").select_raw("*").explain(Explain::new()).await?;
    /// # Ok(()) }
    /// ```
    pub fn explain(self, options: Explain) -> Query<Explained<S>, String>
    where
        S: Rows,
    {
        self.with(|draft| {
            if let Some(accept) = options.accept(&draft.accept) {
                draft.accept = accept;
            }
        })
        .to(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_media_type_names_format_subject_and_options() {
        let of = HeaderValue::from_static("application/json");
        assert_eq!(
            Explain::new().accept(&of).unwrap(),
            "application/vnd.pgrst.plan+text; for=\"application/json\"; options=;"
        );
        assert_eq!(
            Explain::new().analyze().verbose().settings().buffers().wal().json().accept(&of).unwrap(),
            "application/vnd.pgrst.plan+json; for=\"application/json\"; options=analyze|verbose|settings|buffers|wal;"
        );
    }
}
