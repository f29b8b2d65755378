//! Primary keys, as they stand in rows.

use serde_json::{Map, Value};

/// The values of a row's key columns. Keys are ordered as their columns are: numbers by size, texts by their letters.
/// A text that is a whole number is that number: older servers write the numbers of a change as texts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(Vec<Part>);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Bool(bool),
    Integer(i128),
    Text(String),
}

impl Key {
    /// The key of a row; `None` if the row lacks one of the columns, or has something there that is no key.
    pub(crate) fn of(row: &Map<String, Value>, columns: &[String]) -> Option<Self> {
        columns.iter().map(|column| part(row.get(column)?)).collect::<Option<_>>().map(Self)
    }

    /// The values, to be filtered by.
    pub(crate) fn values(&self) -> impl Iterator<Item = Value> {
        self.0.iter().map(|part| match part {
            Part::Bool(truth) => Value::from(*truth),
            Part::Integer(number) => match (i64::try_from(*number), u64::try_from(*number)) {
                (Ok(number), _) => Value::from(number),
                (_, Ok(number)) => Value::from(number),
                _ => Value::from(number.to_string()),
            },
            Part::Text(text) => Value::from(text.as_str()),
        })
    }
}

fn part(value: &Value) -> Option<Part> {
    match value {
        Value::Bool(truth) => Some(Part::Bool(*truth)),
        Value::String(text) => Some(match text.parse::<i128>() {
            // `007` is another text than `7`.
            Ok(number) if number.to_string() == *text => Part::Integer(number),
            _ => Part::Text(text.clone()),
        }),
        Value::Number(number) => Some(match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Part::Integer(number.into()),
            (_, Some(number)) => Part::Integer(number.into()),
            _ => Part::Text(number.to_string()),
        }),
        // A key is never missing, and no list or object.
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn key(row: &Value, columns: &[&str]) -> Option<Key> {
        let columns: Vec<_> = columns.iter().map(|column| (*column).to_owned()).collect();
        Key::of(row.as_object()?, &columns)
    }

    #[test]
    fn a_key_has_the_values_of_its_columns_in_their_order() {
        let row = json!({ "id": u64::MAX, "name": "Ada", "is": true, "n": null });
        let values: Vec<_> = key(&row, &["name", "id", "is"]).unwrap().values().collect();
        assert_eq!(values, [json!("Ada"), json!(u64::MAX), json!(true)]);
        assert!(key(&row, &["n"]).is_none() && key(&row, &["gone"]).is_none());
    }

    #[test]
    fn a_number_is_the_same_key_as_its_text() {
        let of = |value: Value| key(&json!({ "id": value }), &["id"]).unwrap();
        assert_eq!(of(json!("-7")), of(json!(-7)));
        assert_eq!(of(json!("9007199254740993")), of(json!(9_007_199_254_740_993_i64)));
        assert_eq!(of(json!("007")).values().collect::<Vec<_>>(), [json!("007")]);
        assert_eq!(of(json!("+7")).values().collect::<Vec<_>>(), [json!("+7")]);
    }

    #[test]
    fn keys_are_ordered_by_size_and_by_letters() {
        let keys = |values: &[Value]| {
            let mut keys: Vec<_> =
                values.iter().map(|value| key(&json!({ "id": value }), &["id"]).unwrap()).collect();
            keys.sort();
            keys.iter().flat_map(Key::values).collect::<Vec<_>>()
        };
        assert_eq!(keys(&[json!(10), json!(9), json!(-1)]), [json!(-1), json!(9), json!(10)]);
        assert_eq!(keys(&[json!("b"), json!("a")]), [json!("a"), json!("b")]);
    }
}
