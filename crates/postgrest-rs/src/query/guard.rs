//! Guards around a write: how many rows it may touch, and trying it without keeping it.

use serde::de::IgnoredAny;
use supabase_core::{Method, Reply};

use super::accept::Shape;
use super::keys::split;
use super::stage::{Affects, Writes};
use super::window::MOST;
use super::{CALL, Draft, Query};
use crate::error::{Error, Result};

impl<S, Out> Query<S, Out> {
    /// Undoes the write, with [`Code::MaxAffectedExceeded`](crate::Code::MaxAffectedExceeded), if it would touch more
    /// than `rows` rows. An answer that is aggregated would hide that, and so is an error.
    ///
    /// PostgREST 13 or newer; older ones refuse it, with
    /// [`Code::PreferenceInvalid`](crate::Code::PreferenceInvalid). Of a function, which must
    /// return a set, it counts the rows of the answer: what the function does and does not return is not seen, a filter, a
    /// limit or an `!inner` beside it is an error, and a number that is not below the server's own limit of rows guards nothing.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/preferences.html#max-affected>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// db.from("tasks").delete().eq("done", true).max_affected(10).await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "maxAffected")]
    pub fn max_affected(self, rows: u64) -> Self
    where
        S: Affects,
    {
        self.with(|draft| {
            // PostgREST reads a larger one as a negative number, which every write exceeds.
            draft.prefer.max_affected = Some(rows.min(MOST));
            draft.guard = Some(refuse_hidden);
        })
    }

    /// Runs the write and undoes it: the answer is that of the write, and nothing is kept.
    ///
    /// The server must allow it (`db-tx-end`). One that does not commits, and says so only by silence; that is an error
    /// of kind [`ErrorKind::Committed`](crate::ErrorKind::Committed).
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/preferences.html#transaction-end-preference>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let gone: Vec<serde_json::Value> = db.from("tasks").delete().eq("done", true).select("*").dry_run().await?;
    /// println!("{} rows would be removed", gone.len());
    /// # Ok(()) }
    /// ```
    #[doc(alias = "rollback")]
    pub fn dry_run(self) -> Self
    where
        S: Writes,
    {
        self.with(|draft| draft.prefer.rollback = true)
    }
}

/// Fails if a change was to be undone and the server does not say that it was.
pub(super) fn undone(reply: &Reply) -> Result<()> {
    let applied = reply.header("preference-applied").unwrap_or_default();
    if applied.split(',').any(|preference| preference.trim() == "tx=rollback") {
        return Ok(());
    }
    Err(Error::committed(reply))
}

/// The rows of the answer are all that a limit on affected rows sees.
fn refuse_hidden(draft: &mut Draft) {
    if draft.is_aggregated() {
        draft.blame(
            "`max_affected` counts the rows of the answer, and an aggregate makes one of many: leave out one of them",
        );
    }
    if draft.request.operation == CALL
        && (draft.window.limit.is_some()
            || draft.window.offset.is_some()
            || draft.is_narrowed
            || draft.pairs.first("select").is_some_and(|columns| leaves_rows_out(&columns)))
    {
        draft.blame(
            "of a function, `max_affected` counts the rows of the answer: a filter, limit, offset or `!inner` would hide \
             what was done",
        );
    }
}

impl Draft {
    /// Refuses to have rows left out of the answer that were written, as nobody would then see them: neither whoever
    /// called, nor a guard.
    pub(super) fn refuse_inner(&mut self, columns: &str) {
        if !leaves_rows_out(columns) {
            return;
        }
        let adds_one = self.request.method == Method::POST
            && self.request.body.as_ref().is_some_and(|body| {
                body.starts_with(b"{") || serde_json::from_slice::<[IgnoredAny; 1]>(body).is_ok()
            });
        if adds_one {
            // Which shape the answer has, is said later.
            self.guard = Some(refuse_unseen);
        } else {
            self.blame(LEFT_OUT);
        }
    }
}

const LEFT_OUT: &str = "`!inner` leaves rows out of the answer, and not out of the write: leave it out, and filter by columns of \
     the table itself; only where one row is added can it stand, with `single` or `maybe_single`";

/// One row that is added cannot be left out unseen where the server undoes what does not answer with one.
fn refuse_unseen(draft: &mut Draft) {
    if !matches!(draft.accept.shape, Shape::One | Shape::MaybeOne) {
        draft.blame(LEFT_OUT);
    }
}

/// Whether rows of the table itself are left out where a table that is embedded has none for them. What is embedded in an
/// embedded table leaves out only rows of that one.
fn leaves_rows_out(columns: &str) -> bool {
    split(columns, ',').any(|item| {
        split(item, '!').skip(1).any(|hint| {
            hint.trim().strip_prefix("inner").is_some_and(|rest| rest.is_empty() || rest.starts_with('('))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inner_table_leaves_rows_out_where_the_table_itself_embeds_it() {
        for columns in [
            "*,t!inner(*)",
            "a:t!inner(*)",
            "t!hint!inner(a,b)",
            "t!inner!hint(a)",
            "...t!inner(a)",
            "\"a(,!b\":t!inner(a),b",
        ] {
            assert!(leaves_rows_out(columns), "{columns}");
        }
        for columns in
            ["*", "t(*)", "t!left(*)", "t!inner_id(*)", "t(u!inner(*))", "\"t!inner(\"", "inner(*)"]
        {
            assert!(!leaves_rows_out(columns), "{columns}");
        }
    }
}
