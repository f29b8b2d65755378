//! Reading the rows that a live query is about.

use std::sync::Arc;

use postgrest_rs::{Column, Filter, and, or};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::key::Key;
use super::state::Fetch;
use crate::error::{Error, Result};

/// A row as it came, beside what was made of it. Rows are the same if they came as the same.
pub(super) struct Row<T> {
    json: Arc<str>,
    pub(super) value: Arc<T>,
}

/// What it takes to read rows.
pub(super) struct Reader {
    database: postgrest_rs::Client,
    table: String,
    columns: String,
    key: Vec<String>,
    filters: Vec<Filter>,
}

impl Reader {
    pub(super) fn new(
        database: &postgrest_rs::Client,
        schema: Option<String>,
        table: String,
        columns: String,
        key: Vec<String>,
        filters: Vec<Filter>,
    ) -> Self {
        let database = match schema {
            Some(schema) => database.schema(schema),
            None => database.clone(),
        };
        Self { database, table, columns, key, filters }
    }

    /// The key of a row that was told of.
    pub(super) fn key_of(&self, json: &str) -> Option<Key> {
        Key::of(&serde_json::from_str(json).ok()?, &self.key)
    }

    /// Reads what was asked for.
    pub(super) async fn read<T: DeserializeOwned>(
        self: Arc<Self>,
        fetch: Fetch,
    ) -> Result<Vec<(Key, Row<T>)>> {
        let mut query = self.database.from(&self.table).select::<Box<RawValue>>(&self.columns);
        for filter in &self.filters {
            query = query.filter(filter.clone());
        }
        let rows = match fetch {
            Fetch::All => {
                // In an order that is the same for each page.
                for column in &self.key {
                    query = query.order(Column::exact(column));
                }
                query.fetch_all().await?
            }
            Fetch::Keys(keys) => match self.key.as_slice() {
                [column] => query.in_(Column::exact(column), keys.iter().flat_map(Key::values)).await?,
                columns => {
                    let same = |key: &Key| {
                        let parts = columns.iter().zip(key.values());
                        and(parts.map(|(column, value)| Column::exact(column).eq(value)))
                    };
                    query.filter(or(keys.iter().map(same))).await?
                }
            },
        };
        rows.iter().map(|row| self.made(row)).collect()
    }

    fn made<T: DeserializeOwned>(&self, row: &RawValue) -> Result<(Key, Row<T>)> {
        let json = row.get();
        let fields: Map<String, Value> = serde_json::from_str(json).unwrap_or_default();
        let key = Key::of(&fields, &self.key).ok_or_else(|| {
            Error::invalid(format!(
                "a row of a live query has no key: is `{}` the table's primary key, and selected?",
                self.key.join("`, `")
            ))
        })?;
        let value = supabase_core::decode_json(json.as_bytes()).map_err(|(message, source)| {
            Error::client(supabase_core::Failure::unreadable(message, source))
        })?;
        Ok((key, Row { json: json.into(), value: Arc::new(value) }))
    }
}

impl<T> Clone for Row<T> {
    fn clone(&self) -> Self {
        Self { json: Arc::clone(&self.json), value: Arc::clone(&self.value) }
    }
}

impl<T> PartialEq for Row<T> {
    fn eq(&self, other: &Self) -> bool {
        self.json == other.json
    }
}
