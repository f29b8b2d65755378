//! The plan of a query instead of its rows.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;
use supabase_core::{Failure, Reply};

use super::accept::{Format, Shape};
use super::send::text;
use super::stage::{Explained, Plannable};
use super::{Draft, Query};
use crate::error::{Error, Result};

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
}

impl Explain {
    /// The plan with estimates only.
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

    /// The options, as the media type lists them.
    pub(crate) fn text(self) -> String {
        let options = [
            self.analyze.then_some("analyze"),
            self.verbose.then_some("verbose"),
            self.settings.then_some("settings"),
            self.buffers.then_some("buffers"),
            self.wal.then_some("wal"),
        ];
        options.into_iter().flatten().collect::<Vec<_>>().join("|")
    }
}

/// A plan, as PostgreSQL writes it as JSON.
///
/// Source: <https://www.postgresql.org/docs/current/using-explain.html>
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
/// use postgrest_rs::Explain;
/// let plan = db.from("planets").select_raw("*").eq("id", 2).explain_plan(Explain::new()).await?;
/// println!("{} costs {:?}", plan.root.node_type, plan.root.total_cost);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// The step that gives the answer.
    #[serde(rename = "Plan")]
    pub root: PlanNode,
    /// How long it took to plan, in milliseconds, if the query was analyzed.
    #[serde(rename = "Planning Time")]
    pub planning_time: Option<f64>,
    /// How long it took to run, in milliseconds, if the query was analyzed.
    #[serde(rename = "Execution Time")]
    pub execution_time: Option<f64>,
    /// Everything else, by PostgreSQL's names.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

/// A step of a [`Plan`].
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[non_exhaustive]
pub struct PlanNode {
    /// What the step does, for example `Seq Scan`.
    #[serde(rename = "Node Type")]
    pub node_type: String,
    /// The table that is read.
    #[serde(rename = "Relation Name")]
    pub relation_name: Option<String>,
    /// The index that is used.
    #[serde(rename = "Index Name")]
    pub index_name: Option<String>,
    /// The estimated cost until the first row.
    #[serde(rename = "Startup Cost")]
    pub startup_cost: Option<f64>,
    /// The estimated cost until the last row.
    #[serde(rename = "Total Cost")]
    pub total_cost: Option<f64>,
    /// The estimated number of rows.
    #[serde(rename = "Plan Rows")]
    pub plan_rows: Option<f64>,
    /// The number of rows that came, if the query was analyzed.
    #[serde(rename = "Actual Rows")]
    pub actual_rows: Option<f64>,
    /// The milliseconds until the last row, if the query was analyzed.
    #[serde(rename = "Actual Total Time")]
    pub actual_total_time: Option<f64>,
    /// The steps that this one takes its rows from.
    #[serde(rename = "Plans", default)]
    pub plans: Vec<PlanNode>,
    /// Everything else, by PostgreSQL's names.
    #[serde(flatten)]
    pub other: BTreeMap<String, Value>,
}

impl<S, Out> Query<S, Out> {
    /// Answers with the plan of the query as text, and not with rows.
    ///
    /// The server must allow it; Supabase does not by default, and answers 406
    /// ([`Code::NotAcceptable`](crate::Code::NotAcceptable)). The plan is that of the shape chosen so far, such as
    /// [`single`](Query::single) or [`csv`](Query::csv). With [`Explain::analyze`], **a write really writes**.
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
        S: Plannable,
    {
        self.planned(options, Format::Text).to(text)
    }

    /// As [`explain`](Self::explain), with the plan as data.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::Explain;
    /// let plan = db.from("planets").select_raw("*").explain_plan(Explain::new().analyze()).await?;
    /// println!("{:?} ms", plan.execution_time);
    /// # Ok(()) }
    /// ```
    pub fn explain_plan(self, options: Explain) -> Query<Explained<S>, Plan>
    where
        S: Plannable,
    {
        self.planned(options, Format::Json).to(plan)
    }

    fn planned(self, options: Explain, format: Format) -> Self {
        self.with(|draft| {
            draft.accept.plan = Some((options, format));
            draft.plan_guard = options.analyze.then_some(refuse_unguarded);
        })
    }
}

/// An analyzed plan runs what it is the plan of, and the server heeds nothing then that would undo it.
fn refuse_unguarded(draft: &mut Draft) {
    if draft.prefer.rollback {
        draft.blame(
            "the server does not say whether it undoes what an analyzed plan has changed: leave out `analyze` or \
             `dry_run`",
        );
    }
    if draft.reads() {
        return;
    }
    let guard = match draft.accept.shape {
        _ if draft.prefer.max_affected.is_some() => "max_affected",
        Shape::One => "single",
        Shape::MaybeOne if draft.writes_rows() => "maybe_single",
        Shape::MaybeOne | Shape::Rows | Shape::Csv | Shape::GeoJson => return,
    };
    let message = format!(
        "the server writes for an analyzed plan without heeding `{guard}`: leave out `analyze` or `{guard}`"
    );
    draft.blame(message);
}

/// The only plan of the list that PostgreSQL answers with.
fn plan(reply: &Reply) -> Result<Plan> {
    let plans: Vec<Plan> = reply.json().map_err(Error::from_failure)?;
    plans
        .into_iter()
        .next()
        .ok_or_else(|| Error::from_failure(Failure::decode("the answer holds no plan", reply, None)))
}
