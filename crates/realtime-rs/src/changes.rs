//! Changes of the database: which are wanted, and what came.

mod change;
mod filter;
mod row;

use serde::Serialize;

pub(crate) use change::read;
pub use change::{Action, Change, ChangedColumn, Record};
pub use filter::{Column, Filter, Is, col, not};

use crate::error::{Error, Result};

/// Which changes of the database are wanted: of which table, and of which rows.
///
/// The table must be in the publication `supabase_realtime`, and the user must be allowed to select its rows.
///
/// Source: <https://supabase.com/docs/guides/realtime/postgres-changes>
///
/// ```
/// use realtime_rs::Changes;
/// let changes = Changes::insert().schema("public").table("countries").eq("continent", "Europe");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Changes {
    event: &'static str,
    schema: Option<String>,
    table: Option<String>,
    filters: Vec<Filter>,
    select: Option<Vec<String>>,
}

/// The same, as it is sent. Absent keys are absent: the server refuses `null`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) struct Subscription {
    pub(crate) event: &'static str,
    pub(crate) schema: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) filter: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) select: Option<Vec<String>>,
}

impl Changes {
    /// Rows that are added, changed and removed.
    pub fn all() -> Self {
        Self::of("*")
    }

    /// Rows that are added.
    pub fn insert() -> Self {
        Self::of("INSERT")
    }

    /// Rows that are changed.
    pub fn update() -> Self {
        Self::of("UPDATE")
    }

    /// Rows that are removed. Everybody is told of these, with the primary key only: row level security cannot be
    /// applied to what is gone.
    pub fn delete() -> Self {
        Self::of("DELETE")
    }

    fn of(event: &'static str) -> Self {
        Self { event, schema: None, table: None, filters: Vec::new(), select: None }
    }

    /// The schema of the table: `public` if not given, `*` for all.
    pub fn schema(mut self, name: impl Into<String>) -> Self {
        self.schema = Some(name.into());
        self
    }

    /// The table; every table of the schema if not given.
    pub fn table(mut self, name: impl Into<String>) -> Self {
        self.table = Some(name.into());
        self
    }

    /// Only rows that fulfil this condition as well. See [`col`].
    pub fn filter(mut self, filter: Filter) -> Self {
        self.filters.push(filter);
        self
    }

    /// Only these columns, and those of the primary key. It needs a table.
    pub fn select<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.select = Some(columns.into_iter().map(Into::into).collect());
        self
    }

    /// As it is sent.
    ///
    /// # Errors
    /// A condition or the choice of columns cannot be asked for.
    pub(crate) fn subscription(&self) -> Result<Subscription> {
        let is_one_table =
            self.table.as_deref().is_some_and(|table| table != "*") && self.schema.as_deref() != Some("*");
        if self.select.is_some() && !is_one_table {
            return Err(Error::invalid("columns can be selected of one table only: name it with `table`"));
        }
        if !self.filters.is_empty() && !is_one_table {
            return Err(Error::invalid("rows can be filtered of one table only: name it with `table`"));
        }
        if self.select.as_ref().is_some_and(Vec::is_empty) {
            return Err(Error::invalid("no column is selected"));
        }
        Ok(Subscription {
            event: self.event,
            schema: self.schema.clone().unwrap_or_else(|| "public".to_owned()),
            table: self.table.clone(),
            filter: filter::write(&self.filters)?,
            select: self.select.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(changes: &Changes) -> String {
        serde_json::to_string(&changes.subscription().unwrap()).unwrap()
    }

    #[test]
    fn absent_keys_are_absent() {
        assert_eq!(sent(&Changes::all().schema("*")), r#"{"event":"*","schema":"*"}"#);
        assert_eq!(
            sent(&Changes::delete().table("countries")),
            r#"{"event":"DELETE","schema":"public","table":"countries"}"#
        );
        assert_eq!(
            sent(&Changes::insert().table("t").eq("a", 1).not(col("b").in_([2])).select(["a"])),
            r#"{"event":"INSERT","schema":"public","table":"t","filter":"a=eq.1,b=not.in.(2)","select":["a"]}"#
        );
    }

    #[test]
    fn what_needs_a_table_says_so() {
        for changes in [
            Changes::all().select(["a"]),
            Changes::all().eq("a", 1),
            Changes::all().schema("*").table("t").eq("a", 1),
        ] {
            assert!(changes.subscription().unwrap_err().message().contains("name it with `table`"));
        }
        assert!(Changes::all().table("t").select(["a"; 0]).subscription().is_err());
    }
}
