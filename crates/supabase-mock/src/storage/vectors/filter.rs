//! Filters of searches: metadata compared with values, put together by `$and` and `$or`.

use serde_json::{Map, Value};

use super::super::problem::Problem;

#[derive(Debug)]
pub(super) enum Filter {
    And(Vec<Self>),
    Or(Vec<Self>),
    Key(String, Vec<Condition>),
}

#[derive(Debug)]
pub(super) enum Condition {
    Equal(Value),
    NotEqual(Value),
    Above(f64),
    AtLeast(f64),
    Below(f64),
    AtMost(f64),
    In(Vec<Value>),
    NotIn(Vec<Value>),
    Exists(bool),
}

fn wrong() -> Problem {
    Problem::invalid("body/filter must match a schema in anyOf")
}

impl Filter {
    pub(super) fn of(value: &Value) -> Result<Self, Problem> {
        let map = value.as_object().ok_or_else(wrong)?;
        let several = |value: &Value| -> Result<Vec<Self>, Problem> {
            let items = value.as_array().filter(|items| !items.is_empty()).ok_or_else(wrong)?;
            items.iter().map(Self::of).collect()
        };
        match (map.get("$and"), map.get("$or")) {
            (Some(all), None) if map.len() == 1 => return several(all).map(Self::And),
            (None, Some(any)) if map.len() == 1 => return several(any).map(Self::Or),
            _ => {}
        }
        let keys = map.iter().map(|(key, value)| match value {
            _ if key.starts_with('$') => Err(wrong()),
            Value::Object(operators) if !operators.is_empty() => {
                operators.iter().map(|(name, value)| Condition::of(name, value)).collect::<Result<_, _>>()
            }
            Value::String(_) | Value::Number(_) | Value::Bool(_) => Ok(vec![Condition::Equal(value.clone())]),
            _ => Err(wrong()),
        });
        let parts = map.keys().zip(keys).map(|(key, conditions)| Ok(Self::Key(key.clone(), conditions?)));
        parts.collect::<Result<_, _>>().map(Self::And)
    }

    pub(super) fn matches(&self, metadata: &Map<String, Value>) -> bool {
        match self {
            Self::And(parts) => parts.iter().all(|part| part.matches(metadata)),
            Self::Or(parts) => parts.iter().any(|part| part.matches(metadata)),
            Self::Key(key, conditions) => {
                conditions.iter().all(|condition| condition.holds(metadata.get(key)))
            }
        }
    }

    /// Whether a key of metadata is asked for.
    pub(super) fn mentions(&self, key: &str) -> bool {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().any(|part| part.mentions(key)),
            Self::Key(found, _) => found == key,
        }
    }
}

impl Condition {
    fn of(name: &str, value: &Value) -> Result<Self, Problem> {
        let number = || value.as_f64().ok_or_else(wrong);
        let single = || match value {
            Value::String(_) | Value::Number(_) | Value::Bool(_) => Ok(value.clone()),
            _ => Err(wrong()),
        };
        let list = || value.as_array().filter(|items| !items.is_empty()).cloned().ok_or_else(wrong);
        match name {
            "$eq" => single().map(Self::Equal),
            "$ne" => single().map(Self::NotEqual),
            "$gt" => number().map(Self::Above),
            "$gte" => number().map(Self::AtLeast),
            "$lt" => number().map(Self::Below),
            "$lte" => number().map(Self::AtMost),
            "$in" => list().map(Self::In),
            "$nin" => list().map(Self::NotIn),
            "$exists" => value.as_bool().map(Self::Exists).ok_or_else(wrong),
            _ => Err(wrong()),
        }
    }

    /// A list in the metadata has what one of its elements has.
    fn holds(&self, found: Option<&Value>) -> bool {
        let any = |test: &dyn Fn(&Value) -> bool| match found {
            None => false,
            Some(Value::Array(items)) => items.iter().any(test),
            Some(value) => test(value),
        };
        let number = |test: &dyn Fn(f64) -> bool| any(&|value| value.as_f64().is_some_and(test));
        match self {
            Self::Equal(value) => any(&|found| same(found, value)),
            Self::NotEqual(value) => !any(&|found| same(found, value)),
            Self::Above(limit) => number(&|found| found > *limit),
            Self::AtLeast(limit) => number(&|found| found >= *limit),
            Self::Below(limit) => number(&|found| found < *limit),
            Self::AtMost(limit) => number(&|found| found <= *limit),
            Self::In(values) => any(&|found| values.iter().any(|value| same(found, value))),
            Self::NotIn(values) => !any(&|found| values.iter().any(|value| same(found, value))),
            Self::Exists(there) => found.is_some() == *there,
        }
    }
}

/// `1` and `1.0` are the same number.
fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => a == b,
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(filter: Value) -> Option<bool> {
        let metadata = json!({ "genre": "jazz", "year": 1959, "live": false, "tags": ["cool", "modal"] });
        let metadata = metadata.as_object()?;
        Filter::of(&filter).ok().map(|filter| filter.matches(metadata))
    }

    #[test]
    fn metadata_is_compared() {
        for (filter, expected) in [
            (json!({ "genre": "jazz" }), true),
            (json!({ "genre": "jazz", "year": 1960 }), false),
            (json!({ "year": { "$gte": 1950, "$lt": 1960 } }), true),
            (json!({ "year": { "$eq": 1959.0 } }), true),
            (json!({ "tags": "modal" }), true),
            (json!({ "tags": { "$in": ["free", "cool"] } }), true),
            (json!({ "genre": { "$nin": ["jazz"] } }), false),
            (json!({ "missing": { "$ne": 1 } }), true),
            (json!({ "missing": { "$exists": true } }), false),
            (
                json!({ "$or": [{ "genre": "rock" }, { "$and": [{ "live": false }, { "year": 1959 }] }] }),
                true,
            ),
        ] {
            assert_eq!(matches(filter.clone()), Some(expected), "{filter}");
        }
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for filter in [
            json!([]),
            json!({ "$and": [] }),
            json!({ "$and": [{ "a": 1 }], "b": 1 }),
            json!({ "a": null }),
            json!({ "a": { "$like": "x" } }),
            json!({ "a": { "$gt": "x" } }),
            json!({ "a": {} }),
        ] {
            assert_eq!(matches(filter.clone()), None, "{filter}");
        }
    }
}
