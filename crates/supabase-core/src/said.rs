//! Reading what an error's body says, which the servers do not always write alike.

use serde::Deserialize;
use serde_json::value::RawValue;

/// An object, or nothing that is said. A list would be read by the places of its items, whatever they mean.
pub fn object_or_default<'a, T: Default + Deserialize<'a>>(json: &'a [u8]) -> T {
    match json.trim_ascii_start().first() {
        Some(b'{') => serde_json::from_slice(json).unwrap_or_default(),
        _ => T::default(),
    }
}

/// The first of these that says something.
pub fn first_said<'a>(parts: impl IntoIterator<Item = Option<&'a RawValue>>) -> Option<String> {
    parts.into_iter().filter_map(text_or_number).find(|text| !text.is_empty())
}

/// A text, or a number as it is written. Anything else says nothing to a reader.
fn text_or_number(json: Option<&RawValue>) -> Option<String> {
    let json = json?.get();
    match json.as_bytes().first()? {
        // As bytes: a reader of texts would be a second one in every program, for this alone.
        b'"' => serde_json::from_slice(json.as_bytes()).ok(),
        b'-' | b'0'..=b'9' => Some(json.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_object_is_read_as_one() {
        #[derive(Debug, Default, PartialEq, Deserialize)]
        struct Said {
            message: Option<String>,
        }
        for (json, message) in [
            (r#"{"message":"a"}"#, Some("a")),
            (" \r\n\t{\"message\":\"a\"}", Some("a")),
            (r#"["a"]"#, None),
            (" [\"a\"]", None),
            (r#"{"message":1}"#, None),
            (r#""a""#, None),
            ("", None),
        ] {
            let said: Said = object_or_default(json.as_bytes());
            assert_eq!(said.message.as_deref(), message, "{json}");
        }
    }

    #[test]
    fn texts_and_numbers_are_read_and_nothing_else() {
        for (json, text) in [
            (r#""a\"b\u00e9""#, Some("a\"bé")),
            (r#""""#, Some("")),
            ("-1.50", Some("-1.50")),
            ("42501", Some("42501")),
            ("null", None),
            ("true", None),
            (r#"["a"]"#, None),
            (r#"{"a":1}"#, None),
        ] {
            let raw: &RawValue = serde_json::from_str(json).unwrap();
            assert_eq!(text_or_number(Some(raw)).as_deref(), text, "{json}");
        }
        assert_eq!(text_or_number(None), None);
    }
}
