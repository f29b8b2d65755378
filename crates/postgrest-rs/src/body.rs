//! A body as JSON that says what the caller's value says.

use std::cell::Cell;
use std::fmt::Display;

use serde::ser::{
    Serialize, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use crate::literal::{JSON, hex};

/// Writes JSON, and refuses what JSON cannot say: serde_json would write `NaN` and the infinities as null, and so store
/// another value than the one that was given.
///
/// # Errors
/// A sentence.
pub(crate) fn to_vec(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, String> {
    write(value, Level::Inside).map(|(json, _)| json)
}

/// The same of a row, of a sequence of rows, or of the arguments of a function, whose values are those of columns; and
/// whether any value in it was wrapped in [`Json`](crate::Json), which JSON itself does not show.
///
/// # Errors
/// A sentence.
pub(crate) fn rows_to_vec(value: &(impl Serialize + ?Sized)) -> Result<(Vec<u8>, bool), String> {
    write(value, Level::Rows)
}

fn write(value: &(impl Serialize + ?Sized), level: Level) -> Result<(Vec<u8>, bool), String> {
    let has_json = Cell::new(false);
    let json = serde_json::to_vec(&Finite(value, Place { level, has_json: &has_json }))
        .map_err(|error| format!("a value cannot be written as JSON: {error}"))?;
    Ok((json, has_json.get()))
}

/// Where a value stands.
#[derive(Clone, Copy)]
struct Place<'a> {
    level: Level,
    /// Notes that a value is wrapped in `Json`.
    has_json: &'a Cell<bool>,
}

#[derive(Clone, Copy, PartialEq)]
enum Level {
    /// It is a row, or holds rows.
    Rows,
    /// It is the value of a column, or an element of an array that is one.
    Column,
    /// It is part of a value, or JSON that is one.
    Inside,
}

impl Place<'_> {
    /// Where the values of a map stand.
    fn of_fields(self) -> Self {
        let level = if self.level == Level::Rows { Level::Column } else { Level::Inside };
        Self { level, ..self }
    }

    fn inside(self) -> Self {
        Self { level: Level::Inside, ..self }
    }
}

/// Passes everything on, but for floats that are no numbers, and bytes that are the value of a column.
struct Finite<'a, T>(T, Place<'a>);

fn refused<E: serde::ser::Error>(number: impl Display) -> E {
    E::custom(format!("{number} is not a number that JSON has: send it as a text, \"{number}\""))
}

impl<T: Serialize + ?Sized> Serialize for Finite<'_, &T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(Finite(serializer, self.1))
    }
}

macro_rules! pass_on {
    ($($method:ident($type:ty)),+) => { $(
        fn $method(self, v: $type) -> Result<S::Ok, S::Error> {
            self.0.$method(v)
        }
    )+ };
}

impl<'a, S: Serializer> Serializer for Finite<'a, S> {
    type Ok = S::Ok;
    type Error = S::Error;
    type SerializeSeq = Finite<'a, S::SerializeSeq>;
    type SerializeTuple = Finite<'a, S::SerializeTuple>;
    type SerializeTupleStruct = Finite<'a, S::SerializeTupleStruct>;
    type SerializeTupleVariant = Finite<'a, S::SerializeTupleVariant>;
    type SerializeMap = Finite<'a, S::SerializeMap>;
    type SerializeStruct = Finite<'a, S::SerializeStruct>;
    type SerializeStructVariant = Finite<'a, S::SerializeStructVariant>;

    fn serialize_f32(self, v: f32) -> Result<S::Ok, S::Error> {
        if v.is_finite() { self.0.serialize_f32(v) } else { Err(refused(v)) }
    }

    fn serialize_f64(self, v: f64) -> Result<S::Ok, S::Error> {
        if v.is_finite() { self.0.serialize_f64(v) } else { Err(refused(v)) }
    }

    pass_on!(
        serialize_bool(bool),
        serialize_i8(i8),
        serialize_i16(i16),
        serialize_i32(i32),
        serialize_i64(i64),
        serialize_i128(i128),
        serialize_u8(u8),
        serialize_u16(u16),
        serialize_u32(u32),
        serialize_u64(u64),
        serialize_u128(u128),
        serialize_char(char),
        serialize_str(&str),
        serialize_unit_struct(&'static str)
    );

    fn serialize_bytes(self, v: &[u8]) -> Result<S::Ok, S::Error> {
        // JSON has no bytes: a column of them would take a list of numbers for a text, and store its characters.
        if self.1.level == Level::Column { self.0.serialize_str(&hex(v)) } else { self.0.serialize_bytes(v) }
    }

    fn serialize_none(self) -> Result<S::Ok, S::Error> {
        self.0.serialize_none()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.serialize_some(&Finite(value, self.1))
    }

    fn serialize_unit(self) -> Result<S::Ok, S::Error> {
        self.0.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        let mut place = self.1;
        if name == JSON {
            place.has_json.set(true);
            place = place.inside();
        }
        self.0.serialize_newtype_struct(name, &Finite(value, place))
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<S::Ok, S::Error> {
        self.0.serialize_newtype_variant(name, index, variant, &Finite(value, self.1.of_fields()))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Self::SerializeSeq, S::Error> {
        self.0.serialize_seq(len).map(|inner| Finite(inner, self.1))
    }

    fn serialize_tuple(self, len: usize) -> Result<Self::SerializeTuple, S::Error> {
        self.0.serialize_tuple(len).map(|inner| Finite(inner, self.1))
    }

    fn serialize_tuple_struct(
        self,
        name: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleStruct, S::Error> {
        self.0.serialize_tuple_struct(name, len).map(|inner| Finite(inner, self.1))
    }

    fn serialize_tuple_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeTupleVariant, S::Error> {
        self.0.serialize_tuple_variant(name, index, variant, len).map(|inner| Finite(inner, self.1.inside()))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Self::SerializeMap, S::Error> {
        self.0.serialize_map(len).map(|inner| Finite(inner, self.1.of_fields()))
    }

    fn serialize_struct(self, name: &'static str, len: usize) -> Result<Self::SerializeStruct, S::Error> {
        self.0.serialize_struct(name, len).map(|inner| Finite(inner, self.1.of_fields()))
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Self::SerializeStructVariant, S::Error> {
        self.0.serialize_struct_variant(name, index, variant, len).map(|inner| Finite(inner, self.1.inside()))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<S::Ok, S::Error> {
        self.0.collect_str(value)
    }

    fn is_human_readable(&self) -> bool {
        self.0.is_human_readable()
    }
}

macro_rules! elements {
    ($($trait:ident::$method:ident),+) => { $(
        impl<S: $trait> $trait for Finite<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
                self.0.$method(&Finite(value, self.1))
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.0.end()
            }
        }
    )+ };
}

elements!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

macro_rules! fields {
    ($($trait:ident),+) => { $(
        impl<S: $trait> $trait for Finite<'_, S> {
            type Ok = S::Ok;
            type Error = S::Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), S::Error> {
                self.0.serialize_field(key, &Finite(value, self.1))
            }

            fn skip_field(&mut self, key: &'static str) -> Result<(), S::Error> {
                self.0.skip_field(key)
            }

            fn end(self) -> Result<S::Ok, S::Error> {
                self.0.end()
            }
        }
    )+ };
}

fields!(SerializeStruct, SerializeStructVariant);

impl<S: SerializeMap> SerializeMap for Finite<'_, S> {
    type Ok = S::Ok;
    type Error = S::Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), S::Error> {
        self.0.serialize_key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), S::Error> {
        self.0.serialize_value(&Finite(value, self.1))
    }

    fn end(self) -> Result<S::Ok, S::Error> {
        self.0.end()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use serde::Serialize;
    use serde_json::json;
    use serde_json::value::RawValue;

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Kind {
        Unit,
        New(f64),
        Pair(f64, f32),
        Named { x: f64 },
    }

    #[derive(Serialize)]
    struct Row {
        price: f64,
        small: f32,
        kinds: Vec<Kind>,
        map: BTreeMap<String, Option<f64>>,
        raw: Box<RawValue>,
        #[serde(skip_serializing_if = "Option::is_none")]
        nothing: Option<i32>,
        pair: (i128, u128),
        text: &'static str,
        json: serde_json::Value,
    }

    fn row(number: f64) -> Row {
        Row {
            price: 1.5,
            small: 0.1,
            kinds: vec![Kind::Unit, Kind::New(number), Kind::Pair(number, 1.0), Kind::Named { x: number }],
            map: [("k".to_owned(), Some(number))].into(),
            raw: RawValue::from_string("0.1000000000000000055".to_owned()).unwrap(),
            nothing: None,
            pair: (i128::MIN, u128::MAX),
            text: "\"é\n",
            json: json!({ "a": [null, true] }),
        }
    }

    #[test]
    fn finite_values_are_written_as_serde_json_writes_them() {
        assert_eq!(to_vec(&row(2.5)).unwrap(), serde_json::to_vec(&row(2.5)).unwrap());
        for value in [json!(null), json!([]), json!({}), json!([1, [2.5, { "x": "y" }]])] {
            assert_eq!(to_vec(&value).unwrap(), serde_json::to_vec(&value).unwrap());
        }
    }

    #[test]
    fn what_is_no_number_is_refused_wherever_it_stands() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(to_vec(&row(number)).unwrap_err().contains("send it as a text"));
            assert!(to_vec(&number).is_err());
            assert!(to_vec(&[Some(number)]).is_err());
            assert!(to_vec(&Kind::Pair(1.0, number as f32)).is_err());
            assert!(to_vec(&Kind::Named { x: number }).is_err());
            assert!(to_vec(&BTreeMap::from([("x", number)])).is_err());
        }
    }

    struct Bytes(&'static [u8]);

    impl Serialize for Bytes {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_bytes(self.0)
        }
    }

    /// A column of bytes would store the characters of `[1,255]`, and an array of them those of `1` and of `255`.
    #[test]
    fn bytes_are_a_list_only_within_json() {
        #[derive(Serialize)]
        struct File {
            data: Option<Bytes>,
            meta: BTreeMap<&'static str, Bytes>,
            json: crate::Json<Bytes>,
            list: [Bytes; 1],
            nested: [[Option<Bytes>; 2]; 1],
            maps: [BTreeMap<&'static str, Bytes>; 1],
            listed: crate::Json<[Bytes; 1]>,
        }
        let bytes = || Bytes(&[1, 255]);
        let file = File {
            data: Some(bytes()),
            meta: [("m", bytes())].into(),
            json: crate::Json(bytes()),
            list: [bytes()],
            nested: [[Some(bytes()), None]],
            maps: [[("m", bytes())].into()],
            listed: crate::Json([bytes()]),
        };
        let row = concat!(
            r#"{"data":"\\x01ff","meta":{"m":[1,255]},"json":[1,255],"list":["\\x01ff"],"#,
            r#""nested":[["\\x01ff",null]],"maps":[{"m":[1,255]}],"listed":[[1,255]]}"#
        );
        let written = |(json, _): (Vec<u8>, bool)| String::from_utf8(json).unwrap();
        assert_eq!(written(rows_to_vec(&file).unwrap()), row);
        assert_eq!(written(rows_to_vec(&[&file]).unwrap()), format!("[{row}]"));
        assert_eq!(to_vec(&file).unwrap(), serde_json::to_vec(&file).unwrap());
    }
}
