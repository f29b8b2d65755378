//! Conditions, order and cut of the rows of a referenced table.

use super::order::Order;
use super::stage::{Filterable, Reads};
use super::window::Window;
use super::{Draft, Query};
use crate::column::Column;
use crate::filter::{Filter, or};

/// What is asked of the rows of a referenced table, within [`referenced_table`](crate::Query::referenced_table).
#[derive(Debug, Default)]
#[must_use]
pub struct ReferencedTable {
    window: Window,
    filters: Vec<Filter>,
    fault: Option<String>,
}

impl ReferencedTable {
    /// Rows that meet at least one of `filters`.
    pub fn or(self, filters: impl IntoIterator<Item = Filter>) -> Self {
        self.filter(or(filters))
    }

    /// As [`or`](Self::or), with conditions that the caller wrote and escaped, joined by commas.
    pub fn or_raw(self, filters: impl Into<String>) -> Self {
        self.filter(Filter::or_raw(filters))
    }

    /// Rows that meet `filter`, whose columns are those of the referenced table.
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Sorts the rows. Called again, it sorts rows that are equal so far.
    pub fn order(mut self, by: impl Into<Order>) -> Self {
        self.window.order(&by.into());
        self
    }

    /// At most `rows` rows for each row of the table itself.
    pub fn limit(mut self, rows: u64) -> Self {
        self.window.limit(rows);
        self
    }

    /// The rows from `first` to `last`, counted from 0, both included, for each row of the table itself.
    pub fn range(mut self, first: u64, last: u64) -> Self {
        if let Err(fault) = self.window.range(first, last) {
            self.fault.get_or_insert(fault);
        }
        self
    }
}

impl<S, Out> Query<S, Out> {
    /// Filters, sorts or cuts the rows of a referenced table: one that the selected columns embed, by its name or
    /// alias.
    ///
    /// Unless the table is embedded with `!inner`, rows of the table itself stay, with fewer rows inside.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/resource_embedding.html>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use postgrest_rs::Order;
    /// let sections: Vec<serde_json::Value> = db
    ///     .from("orchestral_sections")
    ///     .select("name, instruments(name)")
    ///     .referenced_table("instruments", |instruments| instruments.order(Order::desc("name")).limit(3))
    ///     .await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "foreign_table")]
    #[doc(alias = "referencedTable")]
    pub fn referenced_table<Next>(
        self,
        table: impl AsRef<str>,
        ask: impl FnOnce(ReferencedTable) -> ReferencedTable,
    ) -> Query<Next, Out>
    where
        S: Reads + Filterable<Next>,
    {
        let table = Column::from(table.as_ref()).as_str().to_owned();
        let asked = ask(ReferencedTable::default());
        self.try_with(|draft: &mut Draft| {
            for filter in &asked.filters {
                let (key, value) = filter.pair(Some(&table))?;
                draft.append(&key, &value);
            }
            match draft.referenced.iter_mut().find(|(known, _)| *known == table) {
                Some((_, window)) => window.join(asked.window),
                None => draft.referenced.push((table, asked.window)),
            }
            asked.fault.map_or(Ok(()), Err)
        })
        .at()
    }
}
