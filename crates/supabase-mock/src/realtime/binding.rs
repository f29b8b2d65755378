//! What clients ask to be told of the database.

use serde_json::{Map, Value, json};

use super::changes::{Change, Kind};
use super::filter::{Condition, parse, passes};
use super::row::Row;
use super::table::{Column, Table};

/// What a client asks to be told: one entry of `postgres_changes` in its join.
#[derive(Clone, Debug)]
pub(crate) struct Binding {
    /// As it was asked.
    asked: Map<String, Value>,
    pub(crate) id: u32,
    event: Option<Kind>,
    schema: String,
    table: String,
    conditions: Result<Vec<Condition>, String>,
    pub(crate) select: Option<Vec<String>>,
}

impl Binding {
    pub(crate) fn new(asked: Map<String, Value>) -> Self {
        let text = |key: &str| asked.get(key).and_then(Value::as_str).map(str::to_owned);
        let event = match text("event").unwrap_or_default().to_ascii_uppercase().as_str() {
            "INSERT" => Some(Kind::Insert),
            "UPDATE" => Some(Kind::Update),
            "DELETE" => Some(Kind::Delete),
            // Every other word means every event.
            _ => None,
        };
        let (schema, table) = (text("schema"), text("table"));
        let conditions = match asked.get("filter") {
            None => Ok(Vec::new()),
            Some(Value::String(filter)) => parse(filter),
            Some(other) => Err(format!("[{other}]")),
        };
        let select = asked
            .get("select")
            .and_then(Value::as_array)
            .map(|columns| columns.iter().filter_map(Value::as_str).map(str::to_owned).collect());
        Self {
            id: id(&asked),
            event,
            schema: schema.unwrap_or_else(|| "public".into()),
            table: table.unwrap_or_else(|| "*".into()),
            conditions,
            select,
            asked,
        }
    }

    /// What was asked, with the id that names it in messages.
    pub(crate) fn to_value(&self) -> Value {
        let mut value = self.asked.clone();
        value.insert("id".into(), json!(self.id));
        Value::Object(value)
    }

    /// Checks what was asked against the tables of a server; the error is the message for the client.
    pub(crate) fn check(&self, tables: &[Table]) -> Result<(), String> {
        let conditions = match &self.conditions {
            Ok(conditions) => conditions,
            Err(parts) => return Err(format!("Error parsing `filter` params: {parts}")),
        };
        if tables.is_empty() {
            return Ok(());
        }
        let meant: Vec<&Table> =
            tables.iter().filter(|table| self.means(&table.schema, &table.name)).collect();
        if meant.is_empty() {
            return Err(format!(
                "Unable to subscribe to changes with given parameters. Please check Realtime is enabled for the \
                 given connect parameters: {}",
                self.inspect()
            ));
        }
        for (table, condition) in
            meant.into_iter().flat_map(|table| conditions.iter().map(move |one| (table, one)))
        {
            condition.check(table).map_err(|exception| {
                format!(
                    "Unable to subscribe to changes with given parameters. An exception happened so please check \
                     your connect parameters: {}. Exception: {exception}",
                    self.inspect()
                )
            })?;
        }
        Ok(())
    }

    /// What was asked as the server shows it in messages.
    fn inspect(&self) -> String {
        let conditions: Vec<String> = self.conditions.iter().flatten().map(Condition::inspect).collect();
        let select = self.select.as_ref().map_or_else(|| "nil".into(), |select| format!("{select:?}"));
        format!(
            "[event: {}, schema: {}, table: {}, filters: [{}], select: {select}]",
            self.event.map_or("*", Kind::name),
            self.schema,
            self.table,
            conditions.join(", ")
        )
    }

    fn means(&self, schema: &str, table: &str) -> bool {
        let same = |wanted: &str, found: &str| wanted == "*" || wanted == found;
        same(&self.schema, schema) && same(&self.table, table)
    }

    /// Whether it asks for this change, of whose row filters are asked.
    pub(crate) fn wants(&self, change: &Change, row: Option<&Row>, columns: &[Column]) -> bool {
        self.event.is_none_or(|event| event == change.kind)
            && self.means(&change.schema, &change.table)
            && match (&self.conditions, row) {
                (Ok(conditions), Some(row)) => passes(conditions, row, columns),
                _ => false,
            }
    }
}

/// A number of 27 bits that is the same for the same wishes, as the real server's is. Its values are others.
fn id(asked: &Map<String, Value>) -> u32 {
    let text = serde_json::to_string(asked).unwrap_or_default();
    let hash =
        text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    hash & 0x07ff_ffff
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(asked: Value) -> Binding {
        Binding::new(asked.as_object().cloned().unwrap())
    }

    #[test]
    fn equal_wishes_have_one_id_and_others_others() {
        let one = binding(json!({ "event": "*", "schema": "public" }));
        assert_eq!(one.id, binding(json!({ "schema": "public", "event": "*" })).id);
        assert_ne!(one.id, binding(json!({ "schema": "public", "event": "INSERT" })).id);
        assert_eq!(one.to_value(), json!({ "event": "*", "schema": "public", "id": one.id }));
    }

    #[test]
    fn event_schema_and_table_decide() {
        let change = Change::insert("public", "todos", json!({ "id": 1 }));
        for (asked, wanted) in [
            (json!({ "event": "*", "schema": "public", "table": "todos" }), true),
            (json!({ "event": "insert", "table": "todos" }), true),
            (json!({ "event": "whatever", "schema": "*" }), true),
            (json!({ "schema": "public" }), true),
            (json!({ "event": "DELETE", "schema": "public" }), false),
            (json!({ "event": "*", "schema": "private" }), false),
            (json!({ "event": "*", "schema": "public", "table": "others" }), false),
            (json!({ "event": "*", "table": "todos", "filter": "id=eq.2" }), false),
            (json!({ "event": "*", "table": "todos", "filter": null }), false),
        ] {
            assert_eq!(
                binding(asked.clone()).wants(
                    &change,
                    change.filtered(None).as_deref(),
                    &change.all_columns(None)
                ),
                wanted,
                "{asked}"
            );
        }
    }
}
