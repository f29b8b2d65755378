//! The columns of a table.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The columns of a table.
///
/// Source: <https://iceberg.apache.org/spec/#schemas-and-data-types>
///
/// ```
/// use storage_rs::analytics::{Field, Schema};
/// let schema = Schema::new([Field::required(1, "id", "long"), Field::optional(2, "page", "string")])
///     .identifier_fields([1]);
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
#[must_use]
pub struct Schema {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    schema_id: u32,
    fields: Vec<Field>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    identifier_field_ids: Vec<u32>,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[must_use]
pub struct Field {
    id: u32,
    name: String,
    required: bool,
    #[serde(rename = "type")]
    kind: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    doc: Option<String>,
}

impl Schema {
    /// Columns, in their order.
    pub fn new(fields: impl IntoIterator<Item = Field>) -> Self {
        Self {
            kind: "struct".to_owned(),
            schema_id: 0,
            fields: fields.into_iter().collect(),
            identifier_field_ids: Vec::new(),
        }
    }

    /// Which columns together name a row: their ids.
    pub fn identifier_fields(mut self, ids: impl IntoIterator<Item = u32>) -> Self {
        self.identifier_field_ids = ids.into_iter().collect();
        self
    }

    /// The columns.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }
}

impl Field {
    /// A column that every row has. `kind` is a type of Iceberg's, such as `"long"`, `"string"` or `"timestamptz"`, or the
    /// JSON of a nested one.
    pub fn required(id: u32, name: impl Into<String>, kind: impl Into<Value>) -> Self {
        Self { id, name: name.into(), required: true, kind: kind.into(), doc: None }
    }

    /// A column that a row may lack.
    pub fn optional(id: u32, name: impl Into<String>, kind: impl Into<Value>) -> Self {
        Self { required: false, ..Self::required(id, name, kind) }
    }

    /// Says what it means.
    pub fn doc(mut self, text: impl Into<String>) -> Self {
        self.doc = Some(text.into());
        self
    }

    /// The id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}
