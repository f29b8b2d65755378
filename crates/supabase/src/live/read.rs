//! Reading the rows that a live query is about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use postgrest_rs::query::stage::Select;
use postgrest_rs::{Column, ErrorKind, Filter, Query, and, or};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::key::Key;
use super::state::Fetch;
use crate::error::{Error, Result};

/// How many rows are asked for at once where all are read: what Supabase gives by default.
const PAGE: u64 = 1_000;

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
        database: postgrest_rs::Client,
        table: String,
        columns: String,
        key: Vec<String>,
        filters: Vec<Filter>,
    ) -> Self {
        Self { database, table, columns, key, filters }
    }

    /// The key of a row that was told of.
    pub(super) fn key_of(&self, json: &str) -> Option<Key> {
        Key::of(json, &self.key)
    }

    /// Reads what was asked for.
    pub(super) async fn read<T: DeserializeOwned>(
        self: Arc<Self>,
        fetch: Fetch,
    ) -> Result<Vec<(Key, Row<T>)>> {
        match fetch {
            Fetch::All => self.all().await,
            Fetch::Keys(keys) => self.some(keys).await,
        }
    }

    /// The rows of these keys, in as many requests as the length of an address needs.
    async fn some<T: DeserializeOwned>(&self, keys: BTreeSet<Key>) -> Result<Vec<(Key, Row<T>)>> {
        let mut rows = Vec::new();
        let mut batches = vec![keys];
        while let Some(mut keys) = batches.pop() {
            let asked = keys.len();
            let found = match self.query().filter(self.one_of(&keys)).await {
                Err(error) if error.kind() == ErrorKind::TooLong && asked > 1 => {
                    let middle = keys.iter().nth(asked / 2).cloned();
                    let rest = middle.map(|middle| keys.split_off(&middle));
                    batches.extend(rest.into_iter().chain([keys]));
                    continue;
                }
                found => found?,
            };
            for row in found {
                let (key, row) = self.made(&row)?;
                keys.remove(&key);
                rows.push((key, row));
            }
            // The server may give fewer rows than there are, as it has a limit of its own; but it gives some.
            if !keys.is_empty() && keys.len() < asked {
                batches.push(keys);
            }
        }
        Ok(rows)
    }

    /// All rows, page by page. Each page begins at the last key of the one before: a position would shift with every row
    /// that leaves meanwhile, and pass one by that nobody tells of.
    async fn all<T: DeserializeOwned>(&self) -> Result<Vec<(Key, Row<T>)>> {
        let mut rows = BTreeMap::new();
        let mut last = None;
        loop {
            let query = last.iter().flat_map(|last| self.beyond(last)).fold(self.query(), Query::filter);
            let query = self.key.iter().fold(query, |query, column| query.order(Column::exact(column)));
            let page = query.limit(PAGE).await?;
            // The server may give fewer rows than it is asked for, so only an empty page is the last one.
            let Some(end) = page.last() else { return Ok(rows.into_iter().collect()) };
            last = Some(self.made::<T>(end)?.0);
            for row in &page {
                let (key, row) = self.made(row)?;
                if rows.insert(key, row).is_some() {
                    return Err(Error::invalid(format!(
                        "two rows of a live query have the same key: is `{}` the table's primary key?",
                        self.key.join("`, `")
                    )));
                }
            }
        }
    }

    /// What the rows fulfil whose keys come after this one.
    fn beyond(&self, last: &Key) -> Vec<Filter> {
        let last: Vec<_> = self.key.iter().map(|column| Column::exact(column)).zip(last.values()).collect();
        if let [(column, value)] = last.as_slice() {
            return vec![column.clone().gt(value)];
        }
        // Greater in one column, and the same in all before it.
        let greater = last.iter().enumerate().map(|(at, (column, value))| {
            let same = last.iter().take(at).map(|(column, value)| column.clone().eq(value));
            and(same.chain([column.clone().gt(value)]))
        });
        // An index helps with a condition that stands alone.
        let first = last.first().map(|(column, value)| column.clone().gte(value));
        first.into_iter().chain([or(greater)]).collect()
    }

    fn query(&self) -> Query<Select, Vec<Box<RawValue>>> {
        let query = self.database.from(&self.table).select(&self.columns);
        self.filters.iter().fold(query, |query, filter| query.filter(filter.clone()))
    }

    /// The rows of these keys.
    fn one_of(&self, keys: &BTreeSet<Key>) -> Filter {
        if let [column] = self.key.as_slice() {
            return Column::exact(column).in_(keys.iter().flat_map(Key::values));
        }
        let same = |key: &Key| {
            let parts = self.key.iter().zip(key.values());
            and(parts.map(|(column, value)| Column::exact(column).eq(value)))
        };
        or(keys.iter().map(same))
    }

    fn made<T: DeserializeOwned>(&self, row: &RawValue) -> Result<(Key, Row<T>)> {
        let json = row.get();
        let key = Key::of(json, &self.key).ok_or_else(|| {
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
