//! The metadata of a table, and changes of it.
//!
//! Source: <https://iceberg.apache.org/spec/#table-metadata>

use serde_json::{Map, Value, json};

use super::super::clock::Moment;
use super::super::problem::Problem;
use super::super::store::new_id;
use super::super::validate::Fields;
use super::refusal;

/// Fields of partitions are counted from here.
const FIRST_PARTITION: i64 = 1_000;

#[derive(Clone, Debug)]
pub(super) struct Table {
    metadata: Map<String, Value>,
    /// Where the metadata would be, if files were written.
    file: String,
    version: u32,
}

fn bad(message: impl Into<String>) -> Problem {
    refusal(400, "BadRequestException", message)
}

impl Table {
    /// A table as `schema`, `spec`, `write-order` and `properties` of a request describe it.
    pub(super) fn new(fields: Fields<'_>, location: String, now: Moment) -> Result<Self, Problem> {
        let schema = fields.within("schema")?.unwrap_or_default();
        let properties = fields.within("properties")?.unwrap_or_default();
        let metadata = json!({
            "format-version": 2,
            "table-uuid": new_id(),
            "location": location,
            "last-sequence-number": 0,
            "last-updated-ms": now.0 / 1_000,
            "last-column-id": 0,
            "schemas": [],
            "partition-specs": [],
            "last-partition-id": FIRST_PARTITION - 1,
            "sort-orders": [],
            "properties": properties,
            "current-snapshot-id": -1,
            "snapshots": [],
            "snapshot-log": [],
            "metadata-log": [],
            "refs": {},
        });
        let mut table = Self { metadata: as_map(metadata), file: String::new(), version: 0 };
        table.add_schema(schema)?;
        table.set("current-schema-id", table.last_id("schemas", "schema-id"));
        table.add_spec(fields.within("spec")?.unwrap_or_default());
        table.set("default-spec-id", table.last_id("partition-specs", "spec-id"));
        let order = fields.within("write-order")?.unwrap_or_default();
        table.add_order(order);
        table.set("default-sort-order-id", table.last_id("sort-orders", "order-id"));
        table.next_file();
        Ok(table)
    }

    /// The same table, with its metadata in this file.
    pub(super) fn at_file(self, file: String) -> Self {
        Self { file, ..self }
    }

    pub(super) fn metadata(&self) -> &Map<String, Value> {
        &self.metadata
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// The moment of a change, and its file.
    pub(super) fn touch(&mut self, now: Moment) {
        self.set("last-updated-ms", now.0 / 1_000);
        self.next_file();
    }

    fn next_file(&mut self) {
        let location = self.metadata.get("location").and_then(Value::as_str).unwrap_or_default();
        self.file = format!("{location}/metadata/{:05}-{}.metadata.json", self.version, new_id());
        self.version += 1;
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.metadata.insert(name.to_owned(), value.into());
    }

    fn number(&self, name: &str) -> i64 {
        self.metadata.get(name).and_then(Value::as_i64).unwrap_or_default()
    }

    fn list(&mut self, name: &str) -> Option<&mut Vec<Value>> {
        self.metadata.get_mut(name).and_then(Value::as_array_mut)
    }

    fn push(&mut self, name: &str, item: Map<String, Value>) {
        if let Some(list) = self.list(name) {
            list.push(Value::Object(item));
        }
    }

    /// The id of what was added last to a list.
    fn last_id(&self, list: &str, id: &str) -> i64 {
        let items = self.metadata.get(list).and_then(Value::as_array);
        items.and_then(|items| items.last()?.get(id)?.as_i64()).unwrap_or_default()
    }

    fn count(&self, list: &str) -> usize {
        self.metadata.get(list).and_then(Value::as_array).map_or(0, Vec::len)
    }

    fn add_schema(&mut self, mut schema: Map<String, Value>) -> Result<(), Problem> {
        if schema.get("type") != Some(&json!("struct")) || !schema.get("fields").is_some_and(Value::is_array)
        {
            return Err(bad("A schema is a struct with fields"));
        }
        schema.insert("schema-id".to_owned(), self.count("schemas").into());
        let highest = highest_id(&Value::Object(schema.clone())).max(self.number("last-column-id"));
        self.set("last-column-id", highest);
        self.push("schemas", schema);
        Ok(())
    }

    fn add_spec(&mut self, mut spec: Map<String, Value>) {
        let mut last = self.number("last-partition-id");
        let fields = spec.entry("fields").or_insert_with(|| json!([]));
        for field in fields.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            let id = field.get("field-id").and_then(Value::as_i64).unwrap_or(last + 1);
            field.insert("field-id".to_owned(), id.into());
            last = last.max(id);
        }
        spec.insert("spec-id".to_owned(), self.count("partition-specs").into());
        self.set("last-partition-id", last);
        self.push("partition-specs", spec);
    }

    fn add_order(&mut self, mut order: Map<String, Value>) {
        let fields = order.entry("fields").or_insert_with(|| json!([]));
        // No order has the number 0, whenever it is added.
        let is_none = fields.as_array().is_none_or(Vec::is_empty);
        let id = if is_none { 0 } else { self.count("sort-orders").max(1) };
        order.insert("order-id".to_owned(), id.into());
        self.push("sort-orders", order);
    }

    /// Whether the table still is as a change expects it.
    pub(super) fn check(&self, requirement: &Value) -> Result<(), Problem> {
        let kind = requirement.get("type").and_then(Value::as_str).unwrap_or_default();
        let (own, expected) = match kind {
            "assert-create" => return Err(conflict("the table does not exist")),
            "assert-table-uuid" => ("table-uuid", "uuid"),
            "assert-last-assigned-field-id" => ("last-column-id", "last-assigned-field-id"),
            "assert-current-schema-id" => ("current-schema-id", "current-schema-id"),
            "assert-last-assigned-partition-id" => ("last-partition-id", "last-assigned-partition-id"),
            "assert-default-spec-id" => ("default-spec-id", "default-spec-id"),
            "assert-default-sort-order-id" => ("default-sort-order-id", "default-sort-order-id"),
            "assert-ref-snapshot-id" => {
                let name = requirement.get("ref").and_then(Value::as_str).unwrap_or_default();
                let own = self.metadata.get("refs").and_then(|refs| refs.get(name)?.get("snapshot-id"));
                let expected = requirement.get("snapshot-id").filter(|id| !id.is_null());
                return if own == expected { Ok(()) } else { Err(conflict(&format!("ref {name}"))) };
            }
            _ => return Err(bad(format!("Unknown requirement: {kind}"))),
        };
        if self.metadata.get(own) == requirement.get(expected) { Ok(()) } else { Err(conflict(own)) }
    }

    /// Makes one change.
    pub(super) fn apply(&mut self, update: &Value) -> Result<(), Problem> {
        let action = update.get("action").and_then(Value::as_str).unwrap_or_default();
        let map = |name: &str| update.get(name).and_then(Value::as_object).cloned();
        let needed = |name: &str| map(name).ok_or_else(|| bad(format!("{action} needs {name}")));
        let value =
            |name: &str| update.get(name).cloned().ok_or_else(|| bad(format!("{action} needs {name}")));
        match action {
            "assign-uuid" => self.set("table-uuid", value("uuid")?),
            "upgrade-format-version" => self.set("format-version", value("format-version")?),
            "set-location" => self.set("location", value("location")?),
            "add-schema" => self.add_schema(needed("schema")?)?,
            "set-current-schema" => {
                self.choose("current-schema-id", "schemas", "schema-id", &value("schema-id")?)?
            }
            "add-spec" => self.add_spec(needed("spec")?),
            "set-default-spec" => {
                self.choose("default-spec-id", "partition-specs", "spec-id", &value("spec-id")?)?
            }
            "add-sort-order" => self.add_order(needed("sort-order")?),
            "set-default-sort-order" => {
                self.choose("default-sort-order-id", "sort-orders", "order-id", &value("sort-order-id")?)?;
            }
            "set-properties" => {
                let updates = needed("updates")?;
                if let Some(Value::Object(properties)) = self.metadata.get_mut("properties") {
                    properties.extend(updates);
                }
            }
            "remove-properties" => {
                let removals = value("removals")?;
                if let Some(Value::Object(properties)) = self.metadata.get_mut("properties") {
                    for key in removals.as_array().into_iter().flatten().filter_map(Value::as_str) {
                        properties.remove(key);
                    }
                }
            }
            "add-snapshot" => {
                let snapshot = needed("snapshot")?;
                let sequence = snapshot.get("sequence-number").and_then(Value::as_i64).unwrap_or_default();
                self.set("last-sequence-number", sequence.max(self.number("last-sequence-number")));
                self.push("snapshots", snapshot);
            }
            "set-snapshot-ref" => {
                let (name, id) = (value("ref-name")?, value("snapshot-id")?);
                let name = name.as_str().unwrap_or_default().to_owned();
                let mut reference = update.as_object().cloned().unwrap_or_default();
                reference.retain(|key, _| key != "action" && key != "ref-name");
                if name == "main" {
                    self.set("current-snapshot-id", id);
                }
                if let Some(Value::Object(refs)) = self.metadata.get_mut("refs") {
                    refs.insert(name, Value::Object(reference));
                }
            }
            _ => {
                let message = format!("This catalog does not know the change {action:?}");
                return Err(refusal(406, "UnsupportedOperationException", message));
            }
        }
        Ok(())
    }

    /// Makes one of a list the one that counts; −1 is the last one.
    fn choose(&mut self, name: &str, list: &str, id: &str, chosen: &Value) -> Result<(), Problem> {
        let chosen = match chosen.as_i64() {
            Some(-1) => self.last_id(list, id),
            Some(chosen) => chosen,
            None => return Err(bad(format!("{id} is a number"))),
        };
        let items = self.metadata.get(list).and_then(Value::as_array);
        let known =
            items.into_iter().flatten().any(|item| item.get(id).and_then(Value::as_i64) == Some(chosen));
        if !known {
            return Err(bad(format!("There is no {id} {chosen}")));
        }
        self.set(name, chosen);
        Ok(())
    }
}

fn conflict(what: &str) -> Problem {
    refusal(409, "CommitFailedException", format!("Requirement failed: {what}"))
}

fn as_map(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The highest id of a field, at any depth.
fn highest_id(value: &Value) -> i64 {
    match value {
        Value::Object(map) => {
            let own = ["id", "element-id", "key-id", "value-id"];
            let own = own.iter().filter_map(|name| map.get(*name)?.as_i64()).max().unwrap_or_default();
            map.values().map(highest_id).max().unwrap_or_default().max(own)
        }
        Value::Array(items) => items.iter().map(highest_id).max().unwrap_or_default(),
        _ => 0,
    }
}
