//! Guards around a write: how many rows it may touch, and trying it without keeping it.

use supabase_core::Reply;

use super::Query;
use super::stage::{Affects, Writes};
use crate::error::{Error, Result};

impl<S, Out> Query<S, Out> {
    /// Undoes the write, with [`Code::MaxAffectedExceeded`](crate::Code::MaxAffectedExceeded), if it would touch more
    /// than `rows` rows.
    ///
    /// PostgREST 13 or newer; older ones refuse it, with
    /// [`Code::PreferenceInvalid`](crate::Code::PreferenceInvalid). Of a function, which must
    /// return a set, it counts the rows of the answer: what the function does and does not return is not seen, a filter or a
    /// limit beside it is an error, and a number that is not below the server's own limit of rows guards nothing.
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
        self.with(|draft| draft.prefer.max_affected = Some(rows))
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
