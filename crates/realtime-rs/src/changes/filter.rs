//! Conditions on the rows whose changes are wanted.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::error::{Error, Result};

/// How many values a list of the server's may have.
const LIST_LIMIT: usize = 100;

/// A column, to be compared with a value. See [`col`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column(String);

/// A condition on a row. Several are joined by AND: Realtime knows no OR.
///
/// Source: <https://supabase.com/docs/guides/realtime/postgres-changes#available-filters>
#[derive(Clone, PartialEq, Eq)]
pub struct Filter(Node);

#[derive(Clone, PartialEq, Eq)]
enum Node {
    Condition { column: String, negated: bool, operator: &'static str, value: String },
    // A filter cannot fail where it is written; the fault is told when the channel is subscribed.
    Fault(String),
}

/// What [`Column::is`] compares with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Is {
    /// The value is missing.
    Null,
    /// The boolean is true.
    True,
    /// The boolean is false.
    False,
    /// The boolean is missing.
    Unknown,
}

/// A column of the table, by its name.
///
/// ```
/// use realtime_rs::{Changes, col, not};
/// let changes = Changes::update().table("countries").filter(col("id").eq(200)).filter(not(col("name").like("A%")));
/// ```
pub fn col(name: impl Into<String>) -> Column {
    Column(name.into())
}

/// The opposite of a condition.
///
/// ```
/// use realtime_rs::{col, not};
/// assert_eq!(not(not(col("id").eq(1))), col("id").eq(1));
/// ```
#[must_use]
pub fn not(filter: Filter) -> Filter {
    Filter(match filter.0 {
        Node::Condition { column, negated, operator, value } => {
            Node::Condition { column, negated: !negated, operator, value }
        }
        fault @ Node::Fault(_) => fault,
    })
}

macro_rules! comparisons {
    ($($(#[$doc:meta])* $name:ident = $operator:literal,)+) => {
        impl Column {
            $($(#[$doc])*
            pub fn $name(self, value: impl Serialize) -> Filter {
                self.compare($operator, value)
            })+
        }

        impl super::Changes {
            $($(#[$doc])*
            pub fn $name(self, column: impl Into<String>, value: impl Serialize) -> Self {
                self.filter(col(column).$name(value))
            })+
        }
    };
}

comparisons! {
    /// The value is this one. What is missing equals nothing: see [`Column::is`].
    eq = "eq",
    /// The value is another one, and is there.
    neq = "neq",
    /// The value is greater.
    gt = "gt",
    /// The value is greater, or this one.
    gte = "gte",
    /// The value is less.
    lt = "lt",
    /// The value is less, or this one.
    lte = "lte",
    /// The text fits the pattern, in which `%` stands for any text and `_` for any character.
    like = "like",
    /// As `like`, whatever the case of letters.
    ilike = "ilike",
    /// The text fits the POSIX regular expression.
    match_ = "match",
    /// As `match_`, whatever the case of letters.
    imatch = "imatch",
    /// The value is another one, or is missing.
    #[doc(alias = "isDistinct")]
    is_distinct = "isdistinct",
}

impl Column {
    /// The value is missing, or is this boolean.
    pub fn is(self, value: Is) -> Filter {
        let value = match value {
            Is::Null => "null",
            Is::True => "true",
            Is::False => "false",
            Is::Unknown => "unknown",
        };
        self.condition("is", value.to_owned())
    }

    /// The value is one of these; at most 100.
    pub fn in_<V: Serialize>(self, values: impl IntoIterator<Item = V>) -> Filter {
        let mut list = String::from("(");
        let mut count = 0;
        for value in values {
            match text_of(value) {
                Ok(text) => {
                    if count > 0 {
                        list.push(',');
                    }
                    push_element(&mut list, &text);
                    count += 1;
                }
                Err(fault) => return self.fault("in", fault),
            }
        }
        list.push(')');
        match count {
            0 => self.fault("in", "a list has no value"),
            1..=LIST_LIMIT => self.condition("in", list),
            _ => self.fault("in", "a list has more than 100 values"),
        }
    }

    fn compare(self, operator: &'static str, value: impl Serialize) -> Filter {
        match text_of(value) {
            Ok(text) => self.condition(operator, quoted(&text)),
            Err(fault) => self.fault(operator, fault),
        }
    }

    fn condition(self, operator: &'static str, value: String) -> Filter {
        let Self(column) = self;
        let is_plain = |c: char| !matches!(c, '=' | ',' | '(' | ')' | '"' | '\\');
        if column.is_empty() || column.trim() != column || !column.chars().all(is_plain) {
            let column = column.escape_debug();
            return Filter(Node::Fault(format!(
                "`{column}` cannot be filtered by: Realtime cannot read such a name"
            )));
        }
        Filter(Node::Condition { column, negated: false, operator, value })
    }

    fn fault(self, operator: &str, fault: &str) -> Filter {
        Filter(Node::Fault(format!("the filter `{operator}` of `{}`: {fault}", self.0.escape_debug())))
    }
}

impl super::Changes {
    /// The value is missing, or is this boolean.
    pub fn is(self, column: impl Into<String>, value: Is) -> Self {
        self.filter(col(column).is(value))
    }

    /// The value is one of these; at most 100.
    pub fn in_<V: Serialize>(self, column: impl Into<String>, values: impl IntoIterator<Item = V>) -> Self {
        self.filter(col(column).in_(values))
    }

    /// The opposite of a condition, written with [`col`].
    #[allow(clippy::should_implement_trait, reason = "this is the word of the documentation")]
    pub fn not(self, filter: Filter) -> Self {
        self.filter(not(filter))
    }
}

/// All conditions as the server reads them; `None` if there are none.
///
/// # Errors
/// One of them cannot be written.
pub(super) fn write(filters: &[Filter]) -> Result<Option<String>> {
    let mut text = String::new();
    for Filter(node) in filters {
        match node {
            Node::Fault(fault) => return Err(Error::invalid(fault.clone())),
            Node::Condition { column, negated, operator, value } => {
                if !text.is_empty() {
                    text.push(',');
                }
                text.push_str(column);
                text.push_str(if *negated { "=not." } else { "=" });
                text.push_str(operator);
                text.push('.');
                text.push_str(value);
            }
        }
    }
    Ok((!text.is_empty()).then_some(text))
}

/// The text of a value, without any quoting.
fn text_of(value: impl Serialize) -> Result<String, &'static str> {
    match serde_json::to_value(value) {
        Ok(Value::String(text)) => Ok(text),
        Ok(Value::Number(number)) => Ok(number.to_string()),
        Ok(Value::Bool(truth)) => Ok(truth.to_string()),
        Ok(Value::Null) => Err("nothing equals a missing value: filter by `is(Is::Null)`"),
        Ok(_) => Err("a value is a list or an object, and no single value"),
        Err(_) => Err("a value cannot be written"),
    }
}

/// A single value. It is quoted where the server would take a part of it for the end of the condition.
fn quoted(text: &str) -> String {
    let is_special = |c: char| matches!(c, ',' | '(' | ')' | '"' | '\\');
    if text.trim() == text && !text.contains(is_special) {
        return text.to_owned();
    }
    let mut quoted = String::with_capacity(text.len() + 2);
    push_quoted(&mut quoted, text);
    quoted
}

/// A value in a list. The server makes an array literal of the list, so it is also quoted where that would misread it.
fn push_element(list: &mut String, text: &str) {
    let is_special = |c: char| matches!(c, ',' | '(' | ')' | '{' | '}' | '"' | '\\') || c.is_whitespace();
    if !text.is_empty() && !text.contains(is_special) && !text.eq_ignore_ascii_case("null") {
        list.push_str(text);
    } else {
        push_quoted(list, text);
    }
}

fn push_quoted(into: &mut String, text: &str) {
    into.push('"');
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            into.push('\\');
        }
        into.push(c);
    }
    into.push('"');
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the value, which is the user's data.
        match &self.0 {
            Node::Condition { column, negated, operator, .. } => {
                write!(f, "{column} {}{operator} …", if *negated { "not " } else { "" })
            }
            Node::Fault(fault) => f.write_str(fault),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(filters: &[Filter]) -> String {
        write(filters).unwrap().unwrap_or_default()
    }

    #[test]
    fn conditions_are_written_as_the_server_reads_them() {
        for (filter, text) in [
            (col("id").eq(200), "id=eq.200"),
            (col("task").neq("a"), "task=neq.a"),
            (col("id").lt(100_000), "id=lt.100000"),
            (col("id").gte(1), "id=gte.1"),
            (col("task").in_(["op1", "x y"]), r#"task=in.(op1,"x y")"#),
            (
                col("task").in_(["", "NULL", "a,b", "{c}", "d\"e"]),
                r#"task=in.("","NULL","a,b","{c}","d\"e")"#,
            ),
            (col("task").like("op%"), "task=like.op%"),
            (col("task").ilike("OP%"), "task=ilike.OP%"),
            (col("js").is(Is::Null), "js=is.null"),
            (not(col("js").is(Is::Null)), "js=not.is.null"),
            (col("task").match_("^op"), "task=match.^op"),
            (col("task").imatch("^(a|b)$"), r#"task=imatch."^(a|b)$""#),
            (not(col("task").eq("zzz")), "task=not.eq.zzz"),
            (col("task").is_distinct("a"), "task=isdistinct.a"),
            (col("done").eq(false), "done=eq.false"),
            (col("task").eq("a,b"), r#"task=eq."a,b""#),
            (col("task").eq(" a"), r#"task=eq." a""#),
            (col("task").eq(r#"say "hi"\"#), r#"task=eq."say \"hi\"\\""#),
            (col("task").eq(""), "task=eq."),
        ] {
            assert_eq!(written(&[filter]), text);
        }
        assert_eq!(written(&[col("task").eq("op1"), col("done").eq(false)]), "task=eq.op1,done=eq.false");
        assert_eq!(write(&[]).unwrap(), None);
    }

    #[test]
    fn what_cannot_be_asked_is_told() {
        for (filter, says) in [
            (col("id").eq(None::<u8>), "is(Is::Null)"),
            (col("id").eq([1]), "a list"),
            (col("id").in_([0_u8; 0]), "no value"),
            (col("id").in_(0..101), "more than 100"),
            (col("a=b").eq(1), "cannot be filtered by"),
            (col("").eq(1), "cannot be filtered by"),
            (not(col("a,b").eq(1)), "cannot be filtered by"),
        ] {
            let error = write(&[filter]).unwrap_err();
            assert!(error.message().contains(says), "{error}");
        }
    }

    /// How the server reads the conditions: split at the commas outside of parentheses and quotes, where a quote only
    /// begins after a dot, a parenthesis or a comma.
    fn read(text: &str) -> Vec<(String, String)> {
        let (mut parts, mut part, mut depth, mut quoted, mut before) =
            (Vec::new(), String::new(), 0, false, ' ');
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' if quoted => {
                    part.push(c);
                    part.extend(chars.next());
                    continue;
                }
                '"' if quoted => quoted = false,
                '"' if matches!(before, '.' | '(' | ',') => quoted = true,
                '(' if !quoted => depth += 1,
                ')' if !quoted => depth -= 1,
                ',' if !quoted && depth == 0 => {
                    parts.push(std::mem::take(&mut part));
                    before = ' ';
                    continue;
                }
                _ => {}
            }
            part.push(c);
            before = c;
        }
        parts.push(part);
        let condition = |part: String| {
            let (column, rest) = part.trim().split_once('=').unwrap();
            let value = rest.split_once('.').unwrap().1;
            (column.to_owned(), value.to_owned())
        };
        parts.into_iter().map(condition).collect()
    }

    fn unquoted(text: &str) -> String {
        let Some(inside) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
            return text.to_owned();
        };
        let (mut plain, mut chars) = (String::new(), inside.chars());
        while let Some(c) = chars.next() {
            plain.extend(if c == '\\' { chars.next() } else { Some(c) });
        }
        plain
    }

    proptest! {
        #[test]
        fn the_server_reads_the_same_values(values in prop::collection::vec(".{0,12}", 1..4)) {
            let filters: Vec<_> = values.iter().map(|value| col("c").eq(value)).collect();
            let text = written(&filters);
            let read: Vec<_> = read(&text).into_iter().map(|(_, value)| unquoted(&value)).collect();
            prop_assert_eq!(read, values);
        }

        #[test]
        fn a_list_stays_one_condition(values in prop::collection::vec(".{0,12}", 1..4)) {
            let text = written(&[col("c").in_(&values), col("d").eq(1)]);
            let read = read(&text);
            prop_assert_eq!(read.len(), 2, "{}", text);
            prop_assert_eq!(read.last().map(|(column, _)| column.as_str()), Some("d"));
        }
    }
}
