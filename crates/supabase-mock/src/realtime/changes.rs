//! Changes of rows, and how they are told.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::Value;

use super::Claims;
use super::row::Row;
use super::table::{Column, Table};

/// Rows of more bytes are told without their large values.
const LARGEST_ROW: usize = 1024 * 1024;
/// The largest value that is told of such a row.
const LARGEST_VALUE: usize = 64;

/// What happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Insert,
    Update,
    Delete,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Insert => "INSERT",
            Self::Update => "UPDATE",
            Self::Delete => "DELETE",
        }
    }
}

/// A change of a row in the database.
///
/// ```
/// use serde_json::json;
/// use supabase_mock::realtime::Change;
///
/// Change::insert("public", "todos", json!({ "id": 1, "task": "sow" }));
/// Change::update("public", "todos", json!({ "id": 1, "task": "reap" }), json!({ "id": 1, "task": "sow" }));
/// Change::delete("public", "todos", json!({ "id": 1 }));
/// ```
#[derive(Clone, Debug)]
pub struct Change {
    pub(crate) schema: String,
    pub(crate) table: String,
    pub(crate) kind: Kind,
    record: Option<Row>,
    old_record: Option<Row>,
    columns: Vec<(String, String)>,
    committed_at: Option<String>,
}

impl Change {
    /// A new row.
    #[must_use]
    pub fn insert(schema: impl Into<String>, table: impl Into<String>, row: impl Into<Row>) -> Self {
        Self::new(schema.into(), table.into(), Kind::Insert, Some(row.into()), None)
    }

    /// A row that is now as `row` says and was as `old` says. Give the old row whole: what is told of it follows the
    /// table's replica identity, if the server knows the table.
    #[must_use]
    pub fn update(
        schema: impl Into<String>,
        table: impl Into<String>,
        row: impl Into<Row>,
        old: impl Into<Row>,
    ) -> Self {
        Self::new(schema.into(), table.into(), Kind::Update, Some(row.into()), Some(old.into()))
    }

    /// A row that is gone. Give it whole, as for [`update`](Self::update).
    #[must_use]
    pub fn delete(schema: impl Into<String>, table: impl Into<String>, old: impl Into<Row>) -> Self {
        Self::new(schema.into(), table.into(), Kind::Delete, None, Some(old.into()))
    }

    fn new(schema: String, table: String, kind: Kind, record: Option<Row>, old_record: Option<Row>) -> Self {
        Self { schema, table, kind, record, old_record, columns: Vec::new(), committed_at: None }
    }

    /// Names and types of the columns, for a table that the server does not know; without them they are guessed from
    /// the values. The types are named as Postgres has them inside: `int8`, `_text`, `timestamptz`.
    #[must_use]
    pub fn columns<'a>(mut self, columns: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        self.columns = columns.into_iter().map(|(name, kind)| (name.to_owned(), kind.to_owned())).collect();
        self
    }

    /// When it was committed, such as `2026-11-23T05:17:30.089Z`; without this, now.
    #[must_use]
    pub fn committed_at(mut self, timestamp: impl Into<String>) -> Self {
        self.committed_at = Some(timestamp.into());
        self
    }

    /// The columns, from the table if it is known.
    pub(crate) fn all_columns(&self, table: Option<&Table>) -> Vec<Column> {
        let column = |name: &str, kind: &str| Column { name: name.into(), kind: kind.into(), key: false };
        if let Some(table) = table {
            return table.columns.clone();
        }
        if !self.columns.is_empty() {
            return self.columns.iter().map(|(name, kind)| column(name, kind)).collect();
        }
        let Some(row) = self.record.as_ref().or(self.old_record.as_ref()) else { return Vec::new() };
        let guessed = row.columns().map(|name| {
            column(name, row.get(name).map_or("text", |value| guess(&serde_json::from_str(value.get()))))
        });
        guessed.collect()
    }

    /// The row that filters are asked of: of a row that is gone, what the replica identity leaves.
    pub(crate) fn filtered(&self, table: Option<&Table>) -> Option<Cow<'_, Row>> {
        match (&self.record, &self.old_record, table) {
            (Some(record), ..) => Some(Cow::Borrowed(record)),
            (None, Some(old), Some(table)) if !table.full => Some(Cow::Owned(keys_only(old, table))),
            (None, old, _) => old.as_ref().map(Cow::Borrowed),
        }
    }

    /// Whether a subscriber may see it.
    pub(crate) fn is_visible(&self, table: Option<&Table>, claims: &Claims) -> bool {
        let policy = table.and_then(|table| table.visible.as_ref());
        match (policy, &self.record) {
            (Some(visible), Some(record)) => visible(claims, &record.to_value()),
            // Nobody can tell whom a row that is gone was visible to.
            _ => true,
        }
    }

    /// What a subscriber is told, as `data` of the message. `now` is the time of a change that has none.
    pub(crate) fn told(
        &self,
        table: Option<&Table>,
        role: &str,
        select: Option<&[String]>,
        now: &str,
    ) -> Data<'_> {
        let all = self.all_columns(table);
        let mut errors: Vec<&str> = Vec::new();
        if let Some(table) = table.filter(|_| self.kind != Kind::Delete) {
            let mut keys = table.columns.iter().filter(|column| column.key).peekable();
            if keys.peek().is_none() {
                errors.push("Error 400: Bad Request, no primary key");
            } else if keys.any(|column| !table.may_read(role, &column.name)) {
                errors.push("Error 401: Unauthorized");
            }
        }
        if !errors.is_empty() {
            return self.message(Vec::new(), None, errors, Some(Row::default()), None);
        }

        let wanted = |column: &Column| {
            table.is_none_or(|table| table.may_read(role, &column.name))
                && (column.key || select.is_none_or(|select| select.contains(&column.name)))
        };
        let columns: Vec<&Column> = all.iter().filter(|column| wanted(column)).collect();
        let told = |row: &Row| row.only(|name, _| columns.iter().any(|column| column.name == name));
        let mut record = self.record.as_ref().map(told);
        let mut old_record = self.old_record.as_ref().map(|old| {
            let old = told(old);
            match table {
                Some(table) if !self.tells_old_row(table) => keys_only(&old, table),
                _ => old,
            }
        });
        let size = record.iter().chain(&old_record).map(Row::size).max().unwrap_or_default();
        if size > LARGEST_ROW {
            errors.push("Error 413: Payload Too Large");
            for row in record.iter_mut().chain(&mut old_record) {
                *row = row.only(|_, value| value.get().len() <= LARGEST_VALUE && value.get() != "null");
            }
        }
        let columns: Vec<Column> = columns.into_iter().cloned().collect();
        let committed_at = self.committed_at.clone().unwrap_or_else(|| now.to_owned());
        self.message(columns, Some(committed_at), errors, record, old_record)
    }

    fn tells_old_row(&self, table: &Table) -> bool {
        table.full && (self.kind == Kind::Update || table.visible.is_none())
    }

    fn message<'a>(
        &'a self,
        columns: Vec<Column>,
        committed_at: Option<String>,
        errors: Vec<&'static str>,
        record: Option<Row>,
        old_record: Option<Row>,
    ) -> Data<'a> {
        Data {
            columns: columns
                .into_iter()
                .map(|column| Told { name: column.name, kind: column.kind })
                .collect(),
            commit_timestamp: committed_at,
            errors: (!errors.is_empty()).then_some(errors),
            old_record,
            record,
            schema: &self.schema,
            table: &self.table,
            kind: self.kind.name(),
        }
    }
}

/// A change as it is sent.
#[derive(Debug, Serialize)]
pub(crate) struct Data<'a> {
    columns: Vec<Told>,
    commit_timestamp: Option<String>,
    errors: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    old_record: Option<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record: Option<Row>,
    schema: &'a str,
    table: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
}

#[derive(Debug, Serialize)]
struct Told {
    name: String,
    #[serde(rename = "type")]
    kind: String,
}

fn keys_only(row: &Row, table: &Table) -> Row {
    row.only(|name, _| table.find(name).is_some_and(|column| column.key))
}

fn guess(value: &Result<Value, serde_json::Error>) -> &'static str {
    match value {
        Ok(Value::Bool(_)) => "bool",
        Ok(Value::Number(number)) if number.is_f64() => "numeric",
        Ok(Value::Number(_)) => "int8",
        Ok(Value::Array(_) | Value::Object(_)) => "jsonb",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn todos() -> Table {
        Table::new("public", "todos").key("id", "int8").column("task", "text").column("secret", "text")
    }

    fn told(change: &Change, table: Option<&Table>, role: &str, select: Option<&[String]>) -> Value {
        serde_json::to_value(change.told(table, role, select, "now")).unwrap()
    }

    #[test]
    fn old_rows_follow_the_replica_identity() {
        let (row, old) =
            (json!({ "id": 1, "task": "b", "secret": "s" }), json!({ "id": 1, "task": "a", "secret": "s" }));
        let update = Change::update("public", "todos", row.clone(), old.clone());
        let delete = Change::delete("public", "todos", old.clone());
        let (plain, full) = (todos(), todos().replica_identity_full());
        let policed = full.clone().rows_visible(|_, _| true);
        for (change, table, expected) in [
            (&update, &plain, json!({ "id": 1 })),
            (&update, &full, old.clone()),
            (&update, &policed, old.clone()),
            (&delete, &plain, json!({ "id": 1 })),
            (&delete, &full, old.clone()),
            (&delete, &policed, json!({ "id": 1 })),
        ] {
            assert_eq!(told(change, Some(table), "anon", None)["old_record"], expected);
        }
        assert_eq!(told(&delete, Some(&plain), "anon", None).get("record"), None);
        assert_eq!(told(&update, None, "anon", None)["old_record"], old, "an unknown table tells all");
    }

    #[test]
    fn columns_that_are_not_granted_or_selected_are_not_told() {
        let insert = Change::insert("public", "todos", json!({ "id": 1, "task": "a", "secret": "s" }));
        let table = todos().grant("anon", ["id", "task"]);
        let data = told(&insert, Some(&table), "anon", None);
        assert_eq!(data["record"], json!({ "id": 1, "task": "a" }));
        assert_eq!(
            data["columns"],
            json!([{ "name": "id", "type": "int8" }, { "name": "task", "type": "text" }])
        );
        let selected = told(&insert, Some(&todos()), "anon", Some(&["secret".to_owned()]));
        assert_eq!(selected["record"], json!({ "id": 1, "secret": "s" }));
        let none = told(&insert, Some(&todos().grant("anon", [])), "anon", None);
        assert_eq!((&none["errors"], &none["record"]), (&json!(["Error 401: Unauthorized"]), &json!({})));
    }

    #[test]
    fn numbers_keep_their_digits() {
        let row: Row = r#"{"id": 9007199254740993, "n": 1.50}"#.parse().unwrap();
        let text = serde_json::to_string(&Change::insert("public", "t", row).told(None, "anon", None, "now"))
            .unwrap();
        assert!(text.contains(r#""record":{"id":9007199254740993,"n":1.50}"#), "{text}");
    }
}
