//! Tables whose changes a server knows.

use std::collections::BTreeMap;
use std::fmt::{self, Debug, Formatter};
use std::sync::Arc;

use serde_json::Value;

use super::Claims;

type Visible = dyn Fn(&Claims, &Value) -> bool + Send + Sync;

/// A table of the publication `supabase_realtime`.
///
/// A server that knows tables refuses subscriptions to others, and checks columns and values of filters, with the
/// messages of the real one. A server that knows none accepts everything.
///
/// ```
/// use supabase_mock::realtime::Table;
///
/// let todos = Table::new("public", "todos")
///     .key("id", "int8")
///     .column("task", "text")
///     .column("owner", "uuid")
///     .rows_visible(|claims, row| row["owner"] == claims.sub());
/// ```
#[derive(Clone)]
pub struct Table {
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) full: bool,
    pub(crate) visible: Option<Arc<Visible>>,
    grants: BTreeMap<String, Vec<String>>,
}

/// A column, with the name of its type as Postgres has it inside: `int8`, `_text`, `timestamptz`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) kind: String,
    pub(crate) key: bool,
}

impl Table {
    /// A table without columns.
    #[must_use]
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            schema: schema.into(),
            name: name.into(),
            columns: Vec::new(),
            full: false,
            visible: None,
            grants: BTreeMap::new(),
        }
    }

    /// Adds a column. `kind` is the name of its type as Postgres has it inside: `int8`, `_text`, `timestamptz`.
    #[must_use]
    pub fn column(self, name: impl Into<String>, kind: impl Into<String>) -> Self {
        self.with(name.into(), kind.into(), false)
    }

    /// Adds a column of the primary key.
    #[must_use]
    pub fn key(self, name: impl Into<String>, kind: impl Into<String>) -> Self {
        self.with(name.into(), kind.into(), true)
    }

    fn with(mut self, name: String, kind: String, key: bool) -> Self {
        self.columns.push(Column { name, kind, key });
        self
    }

    /// `REPLICA IDENTITY FULL`: changes tell the whole old row, and not its key alone.
    #[must_use]
    pub fn replica_identity_full(mut self) -> Self {
        self.full = true;
        self
    }

    /// Row level security: who may see a row. Deletions are told to everybody, with the key alone, as on a real
    /// server.
    #[must_use]
    pub fn rows_visible(mut self, visible: impl Fn(&Claims, &Value) -> bool + Send + Sync + 'static) -> Self {
        self.visible = Some(Arc::new(visible));
        self
    }

    /// The columns that a role may read; without this, all of them.
    #[must_use]
    pub fn grant<'a>(mut self, role: impl Into<String>, columns: impl IntoIterator<Item = &'a str>) -> Self {
        self.grants.insert(role.into(), columns.into_iter().map(str::to_owned).collect());
        self
    }

    pub(crate) fn may_read(&self, role: &str, column: &str) -> bool {
        self.grants.get(role).is_none_or(|granted| granted.iter().any(|name| name == column))
    }

    pub(crate) fn find(&self, column: &str) -> Option<&Column> {
        self.columns.iter().find(|found| found.name == column)
    }
}

impl Debug for Table {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("schema", &self.schema)
            .field("name", &self.name)
            .field("columns", &self.columns)
            .field("replica_identity_full", &self.full)
            .field("grants", &self.grants)
            .finish_non_exhaustive()
    }
}
