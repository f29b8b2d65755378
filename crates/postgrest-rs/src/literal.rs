//! How a Rust value is written in a filter.
//!
//! Three grammars meet here, and each has its own quoting: a value that stands alone is taken to the letter by
//! PostgREST, a value in a list or in a logic tree is quoted by PostgREST's rules, and an array literal is quoted by
//! PostgreSQL's. Writing one by the rules of another finds other rows, without an error.
//!
//! Source: <https://docs.postgrest.org/en/stable/references/api/tables_views.html#operators>

use std::fmt::{self, Display, Write};

use serde::ser::{
    self, Impossible, Serialize, SerializeSeq, SerializeTuple, SerializeTupleStruct, Serializer,
};

use crate::text::Text;

/// Writes a value as JSON, where it would otherwise be written as an array literal.
///
/// In filters, and in the arguments of a function that is called by GET, a sequence becomes a PostgreSQL array literal
/// (`{a,b}`), and a text has no quotes. A `jsonb` column is compared with JSON, which this wrapper asks for: without it,
/// an empty sequence is the empty object there, and the text `5` the number. In a row that is inserted, or a body of
/// arguments, it changes nothing. Within `serde_json::json!` it is lost, as that makes JSON of it at once.
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
/// use postgrest_rs::Json;
/// let urgent: Vec<serde_json::Value> =
///     db.from("tickets").select("*").contains("labels", Json(["urgent"])).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(
    /// The value to write as JSON.
    pub T,
);

/// By this name, a reader of filters knows the wrapper; elsewhere it is not there.
pub(crate) const JSON: &str = "$postgrest_rs::Json";

impl<T: Serialize> Serialize for Json<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(JSON, &self.0)
    }
}

/// A value, before it is known where it will stand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Literal {
    /// A text, a number, a boolean, or JSON.
    Scalar(Text),
    /// A sequence; `None` is SQL's NULL.
    Array(Vec<Option<Literal>>),
}

impl Literal {
    /// Reads any serialisable value. A map or struct becomes JSON.
    pub(crate) fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, String> {
        Self::or_null(value)?
            .ok_or_else(|| "null is not a value to compare with: use `is(column, Is::Null)`".to_owned())
    }

    /// The same, where null is `None`.
    pub(crate) fn or_null<T: Serialize + ?Sized>(value: &T) -> Result<Option<Self>, String> {
        match value.serialize(Reader) {
            Ok(literal) => Ok(literal),
            Err(Refusal::IsMap) => json(value).map(Some).map_err(|refusal| refusal.to_string()),
            Err(Refusal::Message(message)) => Err(message),
        }
    }

    /// The value for a position that takes everything to the letter.
    pub(crate) fn into_text(self) -> Text {
        match self {
            Self::Scalar(text) => text,
            Self::Array(elements) => {
                let mut text = Text::new();
                push_array(&mut text, &elements);
                text
            }
        }
    }
}

/// A value as JSON.
fn json<T: Serialize + ?Sized>(value: &T) -> Result<Literal, Refusal> {
    let json = crate::body::to_vec(value).map_err(Refusal::Message)?;
    String::from_utf8(json).map(|json| Literal::Scalar(json.into())).map_err(ser::Error::custom)
}

/// The elements of a list such as `in.(…)`.
pub(crate) fn elements<I>(values: I) -> Result<Vec<Text>, String>
where
    I: IntoIterator,
    I::Item: Serialize,
{
    let text = |value: I::Item| match Literal::of(&value)? {
        Literal::Scalar(text) => Ok(text),
        Literal::Array(_) => Err("a list of lists cannot be compared with".to_owned()),
    };
    values.into_iter().map(text).collect()
}

/// `(a,"b,c")`: PostgREST's list.
pub(crate) fn list(elements: &[impl AsRef<str>]) -> String {
    let mut text = String::new();
    push_list(&mut text, elements);
    text
}

/// Appends a list.
pub(crate) fn push_list(text: &mut impl Write, elements: &[impl AsRef<str>]) {
    // Writing a text cannot fail.
    let mut open = "(";
    for element in elements {
        let _ = text.write_str(open);
        open = ",";
        let element = element.as_ref();
        let bare =
            !element.is_empty() && element.trim() == element && !element.contains([',', '(', ')', '"', '\\']);
        if bare {
            let _ = text.write_str(element);
        } else {
            push_quoted(text, element);
        }
    }
    let _ = text.write_str(if elements.is_empty() { "()" } else { ")" });
}

/// `{a,"b,c"}`: PostgreSQL's array literal.
fn push_array(text: &mut Text, elements: &[Option<Literal>]) {
    text.push('{');
    for (n, element) in elements.iter().enumerate() {
        if n > 0 {
            text.push(',');
        }
        match element {
            None => text.push_str("NULL"),
            Some(Literal::Array(inner)) => push_array(text, inner),
            Some(Literal::Scalar(element)) => {
                let special = |c: char| c.is_whitespace() || matches!(c, '{' | '}' | ',' | '"' | '\\');
                let bare = !element.is_empty()
                    && !element.eq_ignore_ascii_case("null")
                    && !element.contains(special);
                if bare { text.push_str(element) } else { push_quoted(text, element) }
            }
        }
    }
    text.push('}');
}

/// A value inside of `or=(…)` or `and=(…)`.
pub(crate) fn in_logic_tree(value: &str) -> String {
    // What may stay bare is listed, and not what must be quoted: a quoted value is always read right.
    let bare =
        |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '*' | '%' | '+' | '@' | '/');
    if !value.is_empty() && value.chars().all(bare) {
        return value.to_owned();
    }
    let mut text = String::with_capacity(value.len() + 2);
    push_quoted(&mut text, value);
    text
}

/// `"…"`, with `"` and `\` escaped.
pub(crate) fn push_quoted(text: &mut impl Write, value: &str) {
    // Writing a text cannot fail.
    let mut push = |c| text.write_char(c).unwrap_or_default();
    push('"');
    for c in value.chars() {
        if matches!(c, '"' | '\\') {
            push('\\');
        }
        push(c);
    }
    push('"');
}

/// Bytes in PostgreSQL's hex format of `bytea`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 + bytes.len() * 2);
    text.push_str("\\x");
    for byte in bytes {
        // Writing into a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Why a value could not be read as a literal.
#[derive(Debug)]
enum Refusal {
    /// It is a map or a struct, and must be written as JSON as a whole.
    IsMap,
    Message(String),
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::IsMap => f.write_str("a map"),
            Self::Message(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    fn custom<T: Display>(message: T) -> Self {
        Self::Message(message.to_string())
    }
}

type Read = Result<Option<Literal>, Refusal>;

/// Reads one value; `Ok(None)` is null.
struct Reader;

fn scalar(value: impl Display) -> Read {
    let mut text = Text::new();
    // Writing a text cannot fail.
    let _ = write!(text, "{value}");
    Ok(Some(Literal::Scalar(text)))
}

impl Serializer for Reader {
    type Ok = Option<Literal>;
    type Error = Refusal;
    type SerializeSeq = Elements;
    type SerializeTuple = Elements;
    type SerializeTupleStruct = Elements;
    type SerializeTupleVariant = Impossible<Self::Ok, Refusal>;
    type SerializeMap = Impossible<Self::Ok, Refusal>;
    type SerializeStruct = Impossible<Self::Ok, Refusal>;
    type SerializeStructVariant = Impossible<Self::Ok, Refusal>;

    fn serialize_bool(self, v: bool) -> Read {
        scalar(v)
    }
    fn serialize_i8(self, v: i8) -> Read {
        scalar(v)
    }
    fn serialize_i16(self, v: i16) -> Read {
        scalar(v)
    }
    fn serialize_i32(self, v: i32) -> Read {
        scalar(v)
    }
    fn serialize_i64(self, v: i64) -> Read {
        scalar(v)
    }
    fn serialize_i128(self, v: i128) -> Read {
        scalar(v)
    }
    fn serialize_u8(self, v: u8) -> Read {
        scalar(v)
    }
    fn serialize_u16(self, v: u16) -> Read {
        scalar(v)
    }
    fn serialize_u32(self, v: u32) -> Read {
        scalar(v)
    }
    fn serialize_u64(self, v: u64) -> Read {
        scalar(v)
    }
    fn serialize_u128(self, v: u128) -> Read {
        scalar(v)
    }
    fn serialize_f32(self, v: f32) -> Read {
        if v.is_finite() { scalar(v) } else { Err(not_a_number(v)) }
    }
    fn serialize_f64(self, v: f64) -> Read {
        if v.is_finite() { scalar(v) } else { Err(not_a_number(v)) }
    }
    fn serialize_char(self, v: char) -> Read {
        scalar(v)
    }
    fn serialize_str(self, v: &str) -> Read {
        Ok(Some(Literal::Scalar(v.into())))
    }
    fn serialize_bytes(self, v: &[u8]) -> Read {
        Ok(Some(Literal::Scalar(hex(v).into())))
    }
    fn serialize_none(self) -> Read {
        Ok(None)
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Read {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Read {
        Ok(None)
    }
    fn serialize_unit_struct(self, _name: &'static str) -> Read {
        Ok(None)
    }
    fn serialize_unit_variant(self, _name: &'static str, _index: u32, variant: &'static str) -> Read {
        scalar(variant)
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, name: &'static str, value: &T) -> Read {
        if name == JSON { json(value).map(Some) } else { value.serialize(self) }
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _value: &T,
    ) -> Read {
        Err(Refusal::IsMap)
    }
    fn serialize_seq(self, len: Option<usize>) -> Result<Elements, Refusal> {
        Ok(Elements(Vec::with_capacity(len.unwrap_or_default())))
    }
    fn serialize_tuple(self, len: usize) -> Result<Elements, Refusal> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_struct(self, _name: &'static str, len: usize) -> Result<Elements, Refusal> {
        self.serialize_seq(Some(len))
    }
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant, Refusal> {
        Err(Refusal::IsMap)
    }
    fn serialize_map(self, _len: Option<usize>) -> Result<Self::SerializeMap, Refusal> {
        Err(Refusal::IsMap)
    }
    fn serialize_struct(self, _name: &'static str, _len: usize) -> Result<Self::SerializeStruct, Refusal> {
        Err(Refusal::IsMap)
    }
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        _variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant, Refusal> {
        Err(Refusal::IsMap)
    }
}

fn not_a_number(value: impl Display) -> Refusal {
    Refusal::Message(format!(
        "{value} is not a number that can be sent as one: write it as a text, \"{value}\""
    ))
}

/// Collects the elements of a sequence.
struct Elements(Vec<Option<Literal>>);

impl Elements {
    fn push<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
        let element = match value.serialize(Reader) {
            // An array of JSON: each element is a text to PostgreSQL's array literal.
            Err(Refusal::IsMap) => Some(json(value)?),
            other => other?,
        };
        self.0.push(element);
        Ok(())
    }
}

macro_rules! collected {
    ($($trait:ident::$method:ident),+) => { $(
        impl $trait for Elements {
            type Ok = Option<Literal>;
            type Error = Refusal;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Refusal> {
                self.push(value)
            }

            fn end(self) -> Read {
                Ok(Some(Literal::Array(self.0)))
            }
        }
    )+ };
}

collected!(
    SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field
);

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;
    use serde_json::json;

    fn text<T: Serialize>(value: T) -> String {
        Literal::of(&value).unwrap().into_text().into()
    }

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Status {
        InProgress,
    }

    #[derive(Serialize)]
    struct Id(i64);

    #[test]
    fn a_scalar_is_written_to_the_letter() {
        assert_eq!(text("a,\"b\" (c)"), "a,\"b\" (c)");
        assert_eq!(text(i64::MIN), "-9223372036854775808");
        assert_eq!(text(u128::MAX), "340282366920938463463374607431768211455");
        assert_eq!(text(0.1), "0.1");
        assert_eq!(text(0.1_f32), "0.1");
        assert_eq!(text(true), "true");
        assert_eq!(text(Id(7)), "7");
        assert_eq!(text(Status::InProgress), "in_progress");
        assert_eq!(text(Some("x")), "x");
        assert_eq!(text(json!({ "a": [1, "b"] })), r#"{"a":[1,"b"]}"#);
        assert_eq!(text(Json(["a"])), r#"["a"]"#);
    }

    #[test]
    fn what_cannot_be_compared_with_is_refused() {
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(Literal::of(&number).unwrap_err().contains("write it as a text"));
        }
        assert!(Literal::of(&f32::NAN).is_err());
        assert!(Literal::of(&None::<i32>).unwrap_err().contains("Is::Null"));
        assert!(Literal::of(&()).is_err());
        assert!(elements([[1]]).is_err());
    }

    #[test]
    fn an_array_literal_quotes_what_postgres_would_read_otherwise() {
        assert_eq!(text(["is:open", "priority:low"]), "{is:open,priority:low}");
        assert_eq!(
            text(["a,b", "c\"d", "e\\f", "g h", "", "null", "{}"]),
            r#"{"a,b","c\"d","e\\f","g h","","null","{}"}"#
        );
        assert_eq!(text([Some(1), None]), "{1,NULL}");
        assert_eq!(text([[1, 2], [3, 4]]), "{{1,2},{3,4}}");
        assert_eq!(text([json!({ "a": 1 })]), r#"{"{\"a\":1}"}"#);
        assert_eq!(text([""; 0]), "{}");
    }

    #[test]
    fn a_list_quotes_what_postgrest_would_read_otherwise() {
        let written = |values: &[&str]| list(&elements(values).unwrap());
        assert_eq!(written(&["Mars", "Earth"]), "(Mars,Earth)");
        assert_eq!(written(&["a,b", "(c)", "d\"", "e\\", " f", ""]), r#"("a,b","(c)","d\"","e\\"," f","")"#);
        assert_eq!(written(&[]), "()");
    }

    #[test]
    fn a_value_in_a_logic_tree_is_quoted_unless_it_is_plain() {
        assert_eq!(in_logic_tree("Mars"), "Mars");
        assert_eq!(in_logic_tree("%Ea%"), "%Ea%");
        assert_eq!(in_logic_tree("a,b"), "\"a,b\"");
        assert_eq!(in_logic_tree("(x)"), "\"(x)\"");
        assert_eq!(in_logic_tree("\"q\""), r#""\"q\"""#);
        assert_eq!(in_logic_tree(""), "\"\"");
        assert_eq!(in_logic_tree("{a}"), "\"{a}\"");
    }
}
