//! Reading a part of an error's body, which the servers do not always write alike.

use serde_json::value::RawValue;

/// A text, or a number as it is written. Anything else says nothing to a reader.
pub fn text_or_number(json: Option<&RawValue>) -> Option<String> {
    let json = json?.get();
    match json.as_bytes().first()? {
        b'"' => serde_json::from_str(json).ok(),
        b'-' | b'0'..=b'9' => Some(json.to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
