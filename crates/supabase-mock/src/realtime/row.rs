//! Rows as JSON whose numbers keep every digit.

use std::collections::BTreeMap;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

/// A row of a table: values by column.
///
/// Made from a [`serde_json::Value`] that is an object, or from text, which keeps a number like `1.50` as it is written.
///
/// ```
/// use serde_json::json;
/// use supabase_mock::realtime::Row;
///
/// let row = Row::from(json!({ "id": 1, "name": "Earth" }));
/// let exact: Row = r#"{ "id": 9007199254740993, "price": 1.50 }"#.parse()?;
/// # assert_ne!(row.to_string(), exact.to_string());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Row {
    values: BTreeMap<String, Box<RawValue>>,
}

impl Row {
    pub(crate) fn get(&self, column: &str) -> Option<&RawValue> {
        self.values.get(column).map(AsRef::as_ref)
    }

    pub(crate) fn columns(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The row with some of its columns only.
    pub(crate) fn only(&self, kept: impl Fn(&str, &RawValue) -> bool) -> Self {
        let kept = self.values.iter().filter(|(column, value)| kept(column, value));
        Self { values: kept.map(|(column, value)| (column.clone(), value.clone())).collect() }
    }

    /// The bytes of its values.
    pub(crate) fn size(&self) -> usize {
        self.values.values().map(|value| value.get().len()).sum()
    }

    pub(crate) fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl From<Value> for Row {
    /// Anything but an object is a row without columns.
    fn from(row: Value) -> Self {
        let Value::Object(values) = row else { return Self::default() };
        let values =
            values.into_iter().filter_map(|(column, value)| Some((column, to_raw_value(&value).ok()?)));
        Self { values: values.collect() }
    }
}

impl FromStr for Row {
    type Err = serde_json::Error;

    fn from_str(json: &str) -> Result<Self, Self::Err> {
        serde_json::from_str(json)
    }
}

impl std::fmt::Display for Row {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}
