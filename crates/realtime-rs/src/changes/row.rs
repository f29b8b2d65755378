//! Rows of servers that write every value as text.
//!
//! Today's server writes values as JSON. Older ones wrote each as a text, and left it to the client to read it by the
//! type of its column. A row shows which it is: a number, a boolean or an array that stands there as a text proves it.
//! Numbers keep all their digits: text becomes text, and never passes through a float.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::change::ChangedColumn;
use crate::fields::{Fields, push_text};

/// The record as JSON, whichever server wrote it. Nothing is copied where nothing is to be changed.
pub(super) fn normalized<'a>(record: &'a RawValue, columns: &[ChangedColumn]) -> Cow<'a, str> {
    let text = record.get();
    let type_of = |name: &str| {
        columns.iter().find(|column| column.name == name).map(|column| column.type_name.as_str())
    };
    let Ok(Fields(fields)) = serde_json::from_str::<Fields<'_>>(text) else { return Cow::Borrowed(text) };
    let is_old = fields.iter().any(|(name, value)| {
        type_of(name).is_some_and(|type_name| is_never_text(type_name) && is_spelled(value, type_name))
    });
    if !is_old {
        return Cow::Borrowed(text);
    }
    let mut json = String::with_capacity(text.len());
    json.push('{');
    for (name, value) in &fields {
        if json.len() > 1 {
            json.push(',');
        }
        push_text(&mut json, name);
        json.push(':');
        match (serde_json::from_str::<String>(value.get()), type_of(name)) {
            (Ok(text), Some(type_name)) => push_value(&mut json, &text, type_name, value.get()),
            _ => json.push_str(value.get()),
        }
    }
    json.push('}');
    Cow::Owned(json)
}

/// Whether today's server never writes a value of this type as a text, but for numbers that JSON has not.
fn is_never_text(type_name: &str) -> bool {
    is_number(type_name) || type_name == "bool" || type_name.starts_with('_')
}

fn is_number(type_name: &str) -> bool {
    matches!(type_name, "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" | "oid")
}

/// Whether a value is a text that spells one of its type.
fn is_spelled(value: &RawValue, type_name: &str) -> bool {
    let Ok(text) = serde_json::from_str::<String>(value.get()) else { return false };
    match type_name {
        "bool" => matches!(text.as_str(), "t" | "f" | "true" | "false"),
        _ if type_name.starts_with('_') => text.starts_with('{') && text.ends_with('}'),
        _ => is_json_number(&text),
    }
}

/// Writes the text of a value as JSON by its type; `original` where that cannot be.
fn push_value(json: &mut String, text: &str, type_name: &str, original: &str) {
    if let Some(element) = type_name.strip_prefix('_') {
        match array(text, element) {
            Some(array) => json.push_str(&array),
            None => json.push_str(original),
        }
        return;
    }
    match type_name {
        "bool" if matches!(text, "t" | "true") => json.push_str("true"),
        "bool" if matches!(text, "f" | "false") => json.push_str("false"),
        "json" | "jsonb" if serde_json::from_str::<&RawValue>(text).is_ok() => json.push_str(text),
        "timestamp" | "timestamptz" => push_text(json, &text.replacen(' ', "T", 1)),
        _ if is_number(type_name) && is_json_number(text) => json.push_str(text),
        _ => json.push_str(original),
    }
}

/// Whether the text is a number as JSON writes it: `NaN` and `Infinity` are not.
fn is_json_number(text: &str) -> bool {
    text.starts_with(|c: char| c == '-' || c.is_ascii_digit())
        && serde_json::from_str::<&RawValue>(text).is_ok()
}

/// An array literal of one or more dimensions, such as `{1,NULL,"a b"}`, as JSON; `None` if it is none.
fn array(text: &str, element: &str) -> Option<String> {
    let mut json = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut depth = 0_usize;
    // Whether a value must come, may come, or must not come next.
    let mut after_value = false;
    while let Some(c) = chars.next() {
        match c {
            '{' if !after_value && depth < 64 => {
                depth += 1;
                json.push('[');
            }
            '}' if depth > 0 => {
                depth -= 1;
                json.push(']');
                after_value = true;
            }
            ',' if after_value && depth > 0 => {
                json.push(',');
                after_value = false;
            }
            '"' if !after_value && depth > 0 => {
                let mut value = String::new();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => value.push(chars.next()?),
                        c => value.push(c),
                    }
                }
                push_element(&mut json, &value, element);
                after_value = true;
            }
            c if !after_value && depth > 0 && c != ',' => {
                let mut value = String::from(c);
                while let Some(c) = chars.next_if(|c| !matches!(c, ',' | '}')) {
                    value.push(c);
                }
                if value.eq_ignore_ascii_case("null") {
                    json.push_str("null");
                } else {
                    push_element(&mut json, &value, element);
                }
                after_value = true;
            }
            _ => return None,
        }
        if depth == 0 {
            break;
        }
    }
    (depth == 0 && chars.next().is_none() && serde_json::from_str::<&RawValue>(&json).is_ok()).then_some(json)
}

fn push_element(json: &mut String, text: &str, element: &str) {
    let mut original = String::new();
    push_text(&mut original, text);
    push_value(json, text, element, &original);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn columns(types: &[(&str, &str)]) -> Vec<ChangedColumn> {
        types
            .iter()
            .map(|(name, of)| ChangedColumn { name: (*name).into(), type_name: (*of).into() })
            .collect()
    }

    fn read(record: &str, types: &[(&str, &str)]) -> String {
        normalized(&RawValue::from_string(record.to_owned()).unwrap(), &columns(types)).into_owned()
    }

    #[test]
    fn todays_values_are_left_alone() {
        let record =
            r#"{"id": 9007199254740993, "n": 1.50, "ok": true, "js": "5", "arr": [1, null], "t": "7"}"#;
        let types = [
            ("id", "int8"),
            ("n", "numeric"),
            ("ok", "bool"),
            ("js", "jsonb"),
            ("arr", "_int4"),
            ("t", "text"),
        ];
        assert_eq!(read(record, &types), record);
        // A number that JSON has not is a text today as well.
        assert_eq!(
            read(r#"{"n":"NaN","js":"5"}"#, &[("n", "numeric"), ("js", "jsonb")]),
            r#"{"n":"NaN","js":"5"}"#
        );
    }

    #[test]
    fn texts_of_older_servers_become_values_of_their_type() {
        let record = r#"{"id":"9007199254740993","n":"1.50","ok":"t","js":"{\"a\": [1]}","arr":"{1,NULL}",
            "tags":"{\"a b\",c,\"d\\\"e\",\"\"}","nested":"{{1,2},{3,4}}","at":"2026-11-23 05:17:30+00","t":"7","none":null,
            "nan":"NaN","unknown":"8"}"#;
        let types = [
            ("id", "int8"),
            ("n", "numeric"),
            ("ok", "bool"),
            ("js", "jsonb"),
            ("arr", "_int8"),
            ("tags", "_text"),
            ("nested", "_int4"),
            ("at", "timestamptz"),
            ("t", "text"),
            ("none", "int4"),
            ("nan", "float8"),
        ];
        assert_eq!(
            read(record, &types),
            r#"{"id":9007199254740993,"n":1.50,"ok":true,"js":{"a": [1]},"arr":[1,null],"tags":["a b","c","d\"e",""],"nested":[[1,2],[3,4]],"at":"2026-11-23T05:17:30+00","t":"7","none":null,"nan":"NaN","unknown":"8"}"#
        );
    }

    #[test]
    fn what_is_no_array_stays_as_it_is() {
        for text in ["{1", "1}", "{1}}", "{,}", "{1,}", "{\"a}", "{1}2", "[0:1]={1,2}", "{{1}"] {
            assert_eq!(array(text, "int4"), None, "{text}");
        }
        assert_eq!(array("{}", "int4").as_deref(), Some("[]"));
    }

    proptest! {
        #[test]
        fn a_row_stays_json_whatever_stands_in_it(texts in prop::collection::vec(".{0,20}", 6)) {
            let types = ["int8", "bool", "jsonb", "_text", "_int4", "timestamptz"];
            let record: serde_json::Map<_, _> =
                texts.iter().enumerate().map(|(n, text)| (format!("c{n}"), text.as_str().into())).collect();
            let record = serde_json::to_string(&record).unwrap();
            let columns: Vec<_> = types.iter().enumerate()
                .map(|(n, of)| ChangedColumn { name: format!("c{n}"), type_name: (*of).to_owned() }).collect();
            let raw = RawValue::from_string(record).unwrap();
            let read = normalized(&raw, &columns);
            prop_assert!(serde_json::from_str::<serde_json::Value>(&read).is_ok(), "{}", read);
        }

        #[test]
        fn an_array_of_texts_is_read_back(texts in prop::collection::vec(".{0,8}", 0..5)) {
            let quoted: Vec<_> = texts.iter()
                .map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))).collect();
            let json = array(&format!("{{{}}}", quoted.join(",")), "text").unwrap();
            prop_assert_eq!(serde_json::from_str::<Vec<String>>(&json).unwrap(), texts);
        }
    }
}
