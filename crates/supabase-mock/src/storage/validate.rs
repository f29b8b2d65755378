//! Checks of bodies and queries, and the messages that the real server's validator has for them.

use serde_json::{Map, Value};

use super::problem::Problem;

/// The members of a JSON body.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a> {
    map: &'a Map<String, Value>,
    name: &'a str,
}

impl<'a> Fields<'a> {
    pub(super) fn of(body: &'a Value) -> Result<Self, Problem> {
        let map = body.as_object().ok_or_else(|| Problem::invalid("body must be object"))?;
        Ok(Self { map, name: "body" })
    }

    /// An object within the body.
    pub(super) fn within(self, name: &'a str) -> Result<Option<Map<String, Value>>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Object(map)) => Ok(Some(map.clone())),
            Some(_) => Err(self.must(name, "be object")),
        }
    }

    /// What is sent, null included.
    pub(super) fn raw(self, name: &str) -> Option<&'a Value> {
        self.map.get(name)
    }

    pub(super) fn value(self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    pub(super) fn must(self, name: &str, what: &str) -> Problem {
        Problem::invalid(format!("{}/{name} must {what}", self.name))
    }

    pub(super) fn require(self, names: &[&str]) -> Result<(), Problem> {
        match names.iter().find(|name| !self.map.contains_key(**name)) {
            Some(name) => {
                Err(Problem::invalid(format!("{} must have required property '{name}'", self.name)))
            }
            None => Ok(()),
        }
    }

    /// A text; numbers and booleans are taken as they are written.
    pub(super) fn text(self, name: &str) -> Result<Option<String>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(Value::Bool(flag)) => Ok(Some(flag.to_string())),
            Some(_) => Err(self.must(name, "be string")),
        }
    }

    /// A text that has to be there.
    pub(super) fn needed_text(self, name: &str) -> Result<String, Problem> {
        self.text(name)?.ok_or_else(|| self.must(name, "be string"))
    }

    pub(super) fn flag(self, name: &str) -> Result<Option<bool>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(flag)) => Ok(Some(*flag)),
            Some(Value::String(text)) if text == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text == "false" => Ok(Some(false)),
            Some(_) => Err(self.must(name, "be boolean")),
        }
    }

    /// A whole number, or a text of one.
    pub(super) fn integer(self, name: &str, least: u64) -> Result<Option<u64>, Problem> {
        let Some(value) = self.value(name) else { return Ok(None) };
        let found = match value {
            Value::Number(number) => {
                number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
            }
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let found = found.ok_or_else(|| self.must(name, "be integer"))?;
        match u64::try_from(found) {
            Ok(found) if found >= least => Ok(Some(found)),
            _ => Err(self.must(name, &format!("be >= {least}"))),
        }
    }

    /// A list of texts.
    pub(super) fn texts(self, name: &str) -> Result<Option<Vec<String>>, Problem> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Array(items)) => items
                .iter()
                .enumerate()
                .map(|(index, item)| match item {
                    Value::String(text) => Ok(text.clone()),
                    _ => Err(self.must(&format!("{name}/{index}"), "be string")),
                })
                .collect::<Result<_, _>>()
                .map(Some),
            Some(_) => Err(self.must(name, "be array")),
        }
    }

    /// A list of texts that has to be there, within limits.
    pub(super) fn needed_texts(self, name: &str, most: usize) -> Result<Vec<String>, Problem> {
        let items = self.texts(name)?.ok_or_else(|| self.must(name, "be array"))?;
        if items.is_empty() {
            return Err(self.must(name, "NOT have fewer than 1 items"));
        }
        if items.len() > most {
            return Err(self.must(name, &format!("NOT have more than {most} items")));
        }
        Ok(items)
    }

    /// One of a few words.
    pub(super) fn word(self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>, Problem> {
        let Some(text) = self.text(name)? else { return Ok(None) };
        let word = words.iter().find(|word| **word == text);
        let wrong = || self.must(name, "be equal to one of the allowed values");
        word.copied().map(Some).ok_or_else(wrong)
    }
}

/// How a list is ordered: `{"column": …, "order": …}`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sort {
    pub(super) column: Option<&'static str>,
    pub(super) order: Option<&'static str>,
}

impl Sort {
    /// Reads `sortBy` of a body.
    pub(super) fn of(fields: Fields<'_>, columns: &[&'static str]) -> Result<Self, Problem> {
        let Some(map) = fields.within("sortBy")? else { return Ok(Self { column: None, order: None }) };
        let within = Fields { map: &map, name: "body/sortBy" };
        within.require(&["column"])?;
        Ok(Self { column: within.word("column", columns)?, order: within.word("order", &["asc", "desc"])? })
    }

    pub(super) fn descends(self) -> bool {
        self.order == Some("desc")
    }
}

/// A body made of a query's parameters, to be checked by the same rules.
pub(super) fn query(pairs: &[(String, String)]) -> Map<String, Value> {
    pairs.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect()
}

impl<'a> Fields<'a> {
    /// The parameters of a query.
    pub(super) fn of_query(map: &'a Map<String, Value>) -> Self {
        Self { map, name: "querystring" }
    }

    /// The members of an object that stands in the body.
    pub(super) fn named(map: &'a Map<String, Value>, name: &'a str) -> Self {
        Self { map, name }
    }
}
