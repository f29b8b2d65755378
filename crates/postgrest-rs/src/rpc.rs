//! The arguments of a function.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::value::RawValue;
use supabase_core::Bytes;

use crate::body;
use crate::column::push_name;
use crate::fields;
use crate::literal::Literal;

/// Parameters that mean something else in the URL of a call.
const RESERVED: [&str; 8] = ["select", "columns", "on_conflict", "order", "limit", "offset", "and", "or"];

/// The operators by which a value reads as a filter.
const OPERATORS: [&str; 25] = [
    "eq",
    "neq",
    "gt",
    "gte",
    "lt",
    "lte",
    "like",
    "ilike",
    "match",
    "imatch",
    "isdistinct",
    "in",
    "is",
    "fts",
    "plfts",
    "phfts",
    "wfts",
    "cs",
    "cd",
    "ov",
    "sl",
    "sr",
    "nxr",
    "nxl",
    "adj",
];

/// Arguments by name; `None` is null.
pub(crate) type Arguments = BTreeMap<String, Option<Literal>>;

/// Arguments as parameters of a URL, or why there are none, in a sentence.
pub(crate) type Pairs = Result<Vec<(String, String)>, String>;

/// The arguments as the body of a POST. `()` is none. If one of them is [`Json`](crate::Json), which a body does not show,
/// they come once more as a URL has them.
pub(crate) fn body(args: &impl Serialize) -> Result<(Bytes, Option<Pairs>), String> {
    let (body, has_json) = body::rows_to_vec(args)?;
    match body.first() {
        Some(b'{') if has_json => Ok((body.into(), fields::of(args)?.map(pairs))),
        Some(b'{') => Ok((body.into(), None)),
        _ if body == b"null" => Ok((Bytes::from_static(b"{}"), None)),
        _ => Err("the arguments of a function must be a map or struct, with a field for each".to_owned()),
    }
}

/// The arguments as parameters of a URL.
pub(crate) fn pairs(args: Arguments) -> Pairs {
    let mut pairs = Vec::with_capacity(args.len());
    for (name, value) in args {
        if RESERVED.contains(&name.as_str()) {
            return Err(format!(
                "the argument `{name}` means something else in a URL: call by POST, without `get`"
            ));
        }
        let value = match value {
            Some(Literal::Array(elements)) if elements.is_empty() => {
                return Err(format!(
                    "the argument `{name}` is an empty array, which a URL cannot tell from an empty JSON object: call by \
                     POST, without `get`, or write `Json` around it, or the text `{{}}` for an array of Postgres"
                ));
            }
            Some(literal) => String::from(literal.into_text()),
            None => {
                return Err(format!("the argument `{name}` is null, which a URL cannot say: call by POST"));
            }
        };
        if reads_as_filter(&value) {
            return Err(format!("the argument `{name}` would be read as a filter in a URL: call by POST"));
        }
        let mut written = String::with_capacity(name.len());
        push_name(&mut written, &name);
        pairs.push((written, value));
    }
    Ok(pairs)
}

/// The fields of a JSON object as literals, `None` being null.
pub(crate) fn literals(body: &[u8]) -> Result<Arguments, String> {
    let fields: BTreeMap<String, &RawValue> =
        serde_json::from_slice(body).map_err(|error| error.to_string())?;
    fields.into_iter().map(|(name, value)| Ok((name, literal(value)?))).collect()
}

/// Reads JSON into a literal without touching its numbers. `None` is null.
fn literal(json: &RawValue) -> Result<Option<Literal>, String> {
    let text = json.get();
    let fault = |error: serde_json::Error| error.to_string();
    Ok(match text.as_bytes().first() {
        Some(b'n') => None,
        Some(b'"') => Some(Literal::Scalar(serde_json::from_str::<String>(text).map_err(fault)?.into())),
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(fault)?;
            Some(Literal::Array(elements.into_iter().map(literal).collect::<Result<_, _>>()?))
        }
        _ => Some(Literal::Scalar(text.into())),
    })
}

/// Whether PostgREST would take `value` for a filter: `eq.5`, `not.in.(x)`, `fts(english).x`. What stands in the parentheses
/// of an operator is not looked at: another server may read more there.
pub(crate) fn reads_as_filter(value: &str) -> bool {
    // A `not.` is taken for the beginning of a filter, whatever follows.
    if value.starts_with("not.") {
        return true;
    }
    let Some((operator, _)) = value.split_once('.') else { return false };
    let name = operator.split('(').next().unwrap_or_default();
    OPERATORS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Json;
    use serde_json::json;

    fn by_get(args: &impl Serialize) -> Result<Vec<(String, String)>, String> {
        let (body, args) = body(args)?;
        args.unwrap_or_else(|| literals(&body).and_then(pairs))
    }

    fn written(args: serde_json::Value) -> Result<Vec<(String, String)>, String> {
        by_get(&args)
    }

    fn pair(name: &str, value: &str) -> Result<Vec<(String, String)>, String> {
        Ok(vec![(name.to_owned(), value.to_owned())])
    }

    #[test]
    fn arguments_keep_their_exact_value_in_a_url() {
        assert_eq!(written(json!({ "say": "a&b=c d+e,😀" })), pair("say", "a&b=c d+e,😀"));
        assert_eq!(written(json!({ "arr": [1, 2, 3] })), pair("arr", "{1,2,3}"));
        assert_eq!(written(json!({ "arr": ["a,b", null] })), pair("arr", "{\"a,b\",NULL}"));
        assert_eq!(written(json!({ "j": { "a": [1] } })), pair("j", r#"{"a":[1]}"#));
        assert_eq!(
            pairs(literals(br#"{"n":0.1000000000000000055}"#).unwrap()),
            pair("n", "0.1000000000000000055")
        );
        assert_eq!(written(json!({ "b": true })), pair("b", "true"));
        assert_eq!(written(json!({ "a.b": 1 })), pair("\"a.b\"", "1"));
        assert_eq!(written(json!({})), Ok(vec![]));
    }

    #[test]
    fn what_a_url_would_turn_into_something_else_is_refused() {
        for args in [
            json!({ "say": "eq.5" }),
            json!({ "say": "not.eq.5" }),
            json!({ "say": "not.abc" }),
            json!({ "say": "in.(x)" }),
            json!({ "say": "like(any).{a}" }),
            json!({ "say": "fts(english).x" }),
            json!({ "limit": 5 }),
            json!({ "x": null }),
        ] {
            assert!(written(args.clone()).unwrap_err().contains("POST"), "{args}");
        }
        assert!(written(json!({ "say": "equal.5", "x": "a.b", "y": "1.5" })).is_ok());
    }

    #[test]
    fn an_array_says_in_a_url_whether_it_is_json() {
        #[derive(Serialize)]
        struct Args {
            ids: Vec<i32>,
            j: Json<Vec<i32>>,
            many: Vec<Json<[i32; 1]>>,
        }
        let mut args = Args { ids: vec![1], j: Json(vec![]), many: vec![Json([1])] };
        let expected = [("ids", "{1}"), ("j", "[]"), ("many", "{[1]}")];
        assert_eq!(by_get(&args), Ok(expected.map(|(name, value)| (name.into(), value.into())).to_vec()));
        assert_eq!(body(&args).unwrap().0, r#"{"ids":[1],"j":[],"many":[[1]]}"#);
        args.ids.clear();
        for refusal in [by_get(&args), written(json!({ "ids": [] }))] {
            let message = refusal.unwrap_err();
            assert!(message.contains("`ids`") && message.contains("POST"), "{message}");
        }
        assert_eq!(written(json!({ "ids": "{}" })), pair("ids", "{}"));
    }

    /// Whether another argument is JSON makes no difference.
    #[test]
    fn bytes_in_an_array_are_the_same_in_a_body_and_in_a_url() {
        struct Bytes;
        impl Serialize for Bytes {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_bytes(&[1, 255])
            }
        }
        #[derive(Serialize)]
        struct Args {
            files: [Bytes; 1],
            #[serde(skip_serializing_if = "Option::is_none")]
            j: Option<Json<i32>>,
        }
        for j in [None, Some(Json(5))] {
            let args = Args { files: [Bytes], j };
            assert!(body(&args).unwrap().0.starts_with(br#"{"files":["\\x01ff"]"#));
            assert_eq!(by_get(&args).unwrap().first(), pair("files", r#"{"\\x01ff"}"#).unwrap().first());
        }
    }

    #[test]
    fn arguments_are_a_map_or_none() {
        assert_eq!(body(&()).unwrap(), ("{}".into(), None));
        assert_eq!(body(&json!({})).unwrap(), ("{}".into(), None));
        for args in [json!([1]), json!("x"), json!(5)] {
            assert!(body(&args).unwrap_err().contains("map or struct"));
        }
    }
}
