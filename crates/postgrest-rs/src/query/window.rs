//! Which rows of an answer are meant: order, limit, range.

use std::fmt::Write as _;

use super::order::Order;
use super::pairs::Pairs;
use super::stage::Reads;
use super::{Draft, Query};
use crate::text::Text;

/// The largest number of rows that PostgreSQL can count.
pub(super) const MOST: u64 = i64::MAX as u64;

/// Order and cut of the rows of one table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Window {
    pub(super) order: Text,
    pub(super) offset: Option<u64>,
    pub(super) limit: Option<u64>,
}

impl Window {
    pub(crate) fn order(&mut self, order: &Order) {
        if !self.order.is_empty() {
            self.order.push(',');
        }
        order.write(&mut self.order);
    }

    pub(crate) fn limit(&mut self, rows: u64) {
        self.limit = Some(rows.min(MOST));
    }

    /// Adds what another window of the same table asks for: its limits count, its order comes second.
    pub(crate) fn join(&mut self, other: Self) {
        if !self.order.is_empty() && !other.order.is_empty() {
            self.order.push(',');
        }
        self.order.push_str(&other.order);
        self.offset = other.offset.or(self.offset);
        self.limit = other.limit.or(self.limit);
    }

    /// The rows from `first` to `last`, both included.
    pub(crate) fn range(&mut self, first: u64, last: u64) -> Result<(), String> {
        let Some(more) = last.checked_sub(first) else {
            return Err(format!("the range from {first} to {last} ends before it begins"));
        };
        (self.offset, self.limit) = (Some(first.min(MOST)), Some(more.saturating_add(1).min(MOST)));
        Ok(())
    }

    /// Writes the parameters, for the referenced table of this name or for the table itself.
    pub(crate) fn write(&self, table: Option<&str>, pairs: &mut Pairs) {
        if !self.order.is_empty() {
            pairs.reserved(table, "order");
            pairs.value(self.order.as_bytes());
        }
        for (word, rows) in [("offset", self.offset), ("limit", self.limit)] {
            if let Some(rows) = rows {
                pairs.reserved(table, word);
                // Writing pairs cannot fail.
                let _ = write!(pairs, "{rows}");
            }
        }
    }
}

impl<S, Out> Query<S, Out> {
    /// Sorts the rows. Called again, it sorts rows that are equal so far.
    ///
    /// Without an order, rows come in any order, and in another one after an update.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/order>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::Order;
    /// let planets: Vec<serde_json::Value> = db.from("planets").select("*").order(Order::desc("name")).await?;
    /// # Ok(()) }
    /// ```
    pub fn order(self, by: impl Into<Order>) -> Self
    where
        S: Reads,
    {
        let by = by.into();
        self.with(|draft| draft.window.order(&by))
    }

    /// At most `rows` rows. The server may have a lower limit of its own.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/limit>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let some: Vec<serde_json::Value> = db.from("planets").select("*").limit(2).await?;
    /// # Ok(()) }
    /// ```
    pub fn limit(self, rows: u64) -> Self
    where
        S: Reads,
    {
        self.with(|draft| draft.window.limit(rows))
    }

    /// Leaves out the first `rows` rows.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/pagination_count.html>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let later: Vec<serde_json::Value> = db.from("planets").select("*").order("id").offset(2).await?;
    /// # Ok(()) }
    /// ```
    pub fn offset(self, rows: u64) -> Self
    where
        S: Reads,
    {
        self.with(|draft| draft.window.offset = Some(rows.min(MOST)))
    }

    /// The rows from `first` to `last`, counted from 0, both included.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/range>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let first_ten: Vec<serde_json::Value> = db.from("planets").select("*").order("id").range(0, 9).await?;
    /// # Ok(()) }
    /// ```
    pub fn range(self, first: u64, last: u64) -> Self
    where
        S: Reads,
    {
        self.try_with(|draft: &mut Draft| draft.window.range(first, last))
    }
}
