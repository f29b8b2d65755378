//! The fields of a map or struct, each read as the value that it is.
//!
//! JSON would not do for this: it does not show which sequence is wrapped in [`Json`](crate::Json).

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use serde::ser::{self, Impossible, Serialize, SerializeMap, SerializeStruct, Serializer};

use crate::literal::Literal;

/// The fields by name, `None` being null; nothing if `value` is no map or struct.
///
/// # Errors
/// A field cannot be written, in a sentence.
pub(crate) fn of(
    value: &(impl Serialize + ?Sized),
) -> Result<Option<BTreeMap<String, Option<Literal>>>, String> {
    match value.serialize(Reader) {
        Ok(fields) => Ok(Some(fields)),
        Err(Refusal::IsNoMap) => Ok(None),
        Err(Refusal::Message(message)) => Err(message),
    }
}

type Fields = BTreeMap<String, Option<Literal>>;

struct Reader;

#[derive(Debug)]
enum Refusal {
    IsNoMap,
    Message(String),
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::IsNoMap => "neither a map nor a struct",
            Self::Message(message) => message,
        })
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    fn custom<T: Display>(message: T) -> Self {
        Self::Message(message.to_string())
    }
}

macro_rules! no_maps {
    ($($method:ident($($name:ident: $type:ty),*) -> $ok:ty;)+) => { $(
        fn $method(self, $($name: $type),*) -> Result<$ok, Refusal> {
            Err(Refusal::IsNoMap)
        }
    )+ };
}

impl Serializer for Reader {
    type Ok = Fields;
    type Error = Refusal;
    type SerializeSeq = Impossible<Fields, Refusal>;
    type SerializeTuple = Impossible<Fields, Refusal>;
    type SerializeTupleStruct = Impossible<Fields, Refusal>;
    type SerializeTupleVariant = Impossible<Fields, Refusal>;
    type SerializeMap = Collected;
    type SerializeStruct = Collected;
    type SerializeStructVariant = Impossible<Fields, Refusal>;

    no_maps! {
        serialize_bool(_v: bool) -> Fields;
        serialize_i8(_v: i8) -> Fields;
        serialize_i16(_v: i16) -> Fields;
        serialize_i32(_v: i32) -> Fields;
        serialize_i64(_v: i64) -> Fields;
        serialize_u8(_v: u8) -> Fields;
        serialize_u16(_v: u16) -> Fields;
        serialize_u32(_v: u32) -> Fields;
        serialize_u64(_v: u64) -> Fields;
        serialize_f32(_v: f32) -> Fields;
        serialize_f64(_v: f64) -> Fields;
        serialize_char(_v: char) -> Fields;
        serialize_str(_v: &str) -> Fields;
        serialize_bytes(_v: &[u8]) -> Fields;
        serialize_none() -> Fields;
        serialize_unit() -> Fields;
        serialize_unit_struct(_name: &'static str) -> Fields;
        serialize_unit_variant(_name: &'static str, _index: u32, _variant: &'static str) -> Fields;
        serialize_seq(_len: Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(_len: usize) -> Self::SerializeTuple;
        serialize_tuple_struct(_name: &'static str, _len: usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(_name: &'static str, _index: u32, _variant: &'static str, _len: usize)
            -> Self::SerializeTupleVariant;
        serialize_struct_variant(_name: &'static str, _index: u32, _variant: &'static str, _len: usize)
            -> Self::SerializeStructVariant;
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Fields, Refusal> {
        value.serialize(self)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result<Fields, Refusal> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Result<Fields, Refusal> {
        Err(Refusal::IsNoMap)
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Collected, Refusal> {
        Ok(Collected::default())
    }

    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<Collected, Refusal> {
        // By such names serde_json knows what is JSON already: only itself can read it.
        if name.starts_with("$serde_json::") { Err(Refusal::IsNoMap) } else { Ok(Collected::default()) }
    }
}

#[derive(Default)]
struct Collected {
    fields: Fields,
    key: String,
}

impl Collected {
    fn push<T: Serialize + ?Sized>(&mut self, name: String, value: &T) -> Result<(), Refusal> {
        let literal = Literal::or_null(value).map_err(|message| {
            Refusal::Message(format!("the value of `{name}` cannot be sent: {message}"))
        })?;
        self.fields.insert(name, literal);
        Ok(())
    }
}

impl SerializeMap for Collected {
    type Ok = Fields;
    type Error = Refusal;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Refusal> {
        match Literal::or_null(key) {
            Ok(Some(Literal::Scalar(key))) => self.key = key.into(),
            Ok(_) => return Err(Refusal::Message("a name must be a text".to_owned())),
            Err(message) => return Err(Refusal::Message(message)),
        }
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let name = std::mem::take(&mut self.key);
        self.push(name, value)
    }

    fn end(self) -> Result<Fields, Refusal> {
        Ok(self.fields)
    }
}

impl SerializeStruct for Collected {
    type Ok = Fields;
    type Error = Refusal;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Refusal> {
        self.push(key.to_owned(), value)
    }

    fn end(self) -> Result<Fields, Refusal> {
        Ok(self.fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Json;
    use serde::Serialize;
    use serde_json::json;
    use serde_json::value::RawValue;

    #[derive(Serialize)]
    struct Inner {
        tags: [&'static str; 2],
    }

    #[derive(Serialize)]
    struct Row {
        #[serde(flatten)]
        inner: Inner,
        labels: Json<[&'static str; 1]>,
        nested: Vec<Json<[i32; 1]>>,
        nothing: Option<i32>,
        #[serde(skip_serializing_if = "Option::is_none")]
        left_out: Option<i32>,
    }

    fn written(value: &impl Serialize) -> Vec<(String, Option<String>)> {
        let fields = of(value).unwrap().unwrap();
        fields.into_iter().map(|(name, value)| (name, value.map(|value| value.into_text().into()))).collect()
    }

    #[test]
    fn the_fields_of_a_map_or_struct_are_read_each_for_itself() {
        let row = Row {
            inner: Inner { tags: ["a,b", "c"] },
            labels: Json(["a"]),
            nested: vec![Json([1])],
            nothing: None,
            left_out: None,
        };
        let expected = [
            ("labels", Some(r#"["a"]"#)),
            ("nested", Some("{[1]}")),
            ("nothing", None),
            ("tags", Some(r#"{"a,b",c}"#)),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
        assert_eq!(written(&row), expected);
        assert_eq!(written(&Some(Json(&row))), expected);
        assert_eq!(written(&BTreeMap::from([(7, "x")])), [("7".to_owned(), Some("x".to_owned()))]);
        assert_eq!(written(&json!({ "b": true })), [("b".to_owned(), Some("true".to_owned()))]);
    }

    #[test]
    fn what_is_no_map_is_told_apart_from_what_cannot_be_written() {
        let raw = RawValue::from_string("{}".to_owned()).unwrap();
        assert_eq!(of(&raw), Ok(None));
        for value in [json!(null), json!([1]), json!("x"), json!(5), json!(true)] {
            assert_eq!(of(&value), Ok(None));
        }
        assert!(of(&BTreeMap::from([("price", f64::NAN)])).unwrap_err().contains("`price`"));
        assert!(of(&BTreeMap::from([([1], 1)])).unwrap_err().contains("a text"));
    }
}
