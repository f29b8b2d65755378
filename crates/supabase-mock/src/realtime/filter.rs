//! Filters of subscriptions to changes: `id=eq.1,name=not.in.(a,"b c")`.

use std::cmp::Ordering;

use regex_lite::RegexBuilder;
use serde_json::Value;
use serde_json::value::RawValue;

use super::compare::{compare, is_valid};
use super::row::Row;
use super::table::{Column, Table};

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    pub(crate) column: String,
    operator: Operator,
    /// As it was written.
    value: String,
    negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Eq,
    Neq,
    Lt,
    Lte,
    Gt,
    Gte,
    In,
    Like,
    Ilike,
    Is,
    Match,
    Imatch,
    IsDistinct,
}

const OPERATORS: [(&str, Operator); 13] = [
    ("eq", Operator::Eq),
    ("neq", Operator::Neq),
    ("lt", Operator::Lt),
    ("lte", Operator::Lte),
    ("gt", Operator::Gt),
    ("gte", Operator::Gte),
    ("in", Operator::In),
    ("like", Operator::Like),
    ("ilike", Operator::Ilike),
    ("is", Operator::Is),
    ("match", Operator::Match),
    ("imatch", Operator::Imatch),
    ("isdistinct", Operator::IsDistinct),
];

/// Reads a filter; the error is the list of its parts as the server shows it.
pub(crate) fn parse(filter: &str) -> Result<Vec<Condition>, String> {
    if filter.is_empty() {
        return Ok(Vec::new());
    }
    let parts = split(filter);
    let conditions: Option<Vec<Condition>> = parts.iter().map(|part| condition(part)).collect();
    conditions.ok_or_else(|| format!("{parts:?}"))
}

/// Splits at the commas that stand outside of parentheses and quotes.
fn split(filter: &str) -> Vec<&str> {
    let (mut parts, mut begin, mut depth, mut quoted, mut escaped) = (Vec::new(), 0, 0_usize, false, false);
    for (at, character) in filter.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.extend(filter.get(begin..at));
                begin = at + 1;
            }
            _ => {}
        }
    }
    parts.extend(filter.get(begin..));
    parts
}

fn condition(text: &str) -> Option<Condition> {
    let (column, rest) = text.split_once('=')?;
    let (negated, rest) = match rest.strip_prefix("not.") {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (name, value) = rest.split_once('.')?;
    let (_, operator) = OPERATORS.into_iter().find(|(known, _)| *known == name)?;
    if column.is_empty() || (operator == Operator::In && list(value).is_none()) {
        return None;
    }
    Some(Condition { column: column.trim().to_owned(), operator, value: value.to_owned(), negated })
}

/// The values of `(a,"b c")`.
fn list(value: &str) -> Option<Vec<String>> {
    let inside = value.strip_prefix('(')?.strip_suffix(')')?;
    Some(split(inside).into_iter().map(|part| unquoted(part.trim())).collect())
}

fn unquoted(text: &str) -> String {
    let Some(inside) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return text.to_owned();
    };
    let mut plain = String::with_capacity(inside.len());
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.extend(characters.next()),
            other => plain.push(other),
        }
    }
    plain
}

impl Condition {
    /// The condition as the server shows it in messages.
    pub(crate) fn inspect(&self) -> String {
        let name =
            OPERATORS.iter().find(|(_, operator)| *operator == self.operator).map_or("", |(name, _)| name);
        format!("{{{:?}, {name:?}, {:?}, {}}}", self.column, self.value, self.negated)
    }

    /// Checks column and value against a table; the error is Postgres's.
    pub(crate) fn check(&self, table: &Table) -> Result<(), String> {
        let Some(column) = table.find(&self.column) else {
            return Err(format!("ERROR P0001 (raise_exception) invalid column for filter {}", self.column));
        };
        let values = match self.operator {
            Operator::In => list(&self.value).unwrap_or_default(),
            Operator::Is | Operator::Like | Operator::Ilike | Operator::Match | Operator::Imatch => {
                Vec::new()
            }
            _ => vec![self.value.clone()],
        };
        values.iter().try_for_each(|value| is_valid(&column.kind, value))
    }

    /// What the condition says of a value: `None` where SQL says null.
    fn holds(&self, kind: &str, value: &RawValue) -> Option<bool> {
        let plain = plain(value);
        let plain = plain.as_deref();
        let holds = match self.operator {
            Operator::Is => Some(match (self.value.to_ascii_lowercase().as_str(), plain) {
                ("null" | "unknown", found) => found.is_none(),
                (wanted @ ("true" | "false"), found) => found == Some(wanted),
                _ => false,
            }),
            Operator::IsDistinct => {
                Some(plain.is_none_or(|plain| compare(kind, plain, &self.value) != Some(Ordering::Equal)))
            }
            Operator::Eq => self.ordered(kind, plain, Ordering::is_eq),
            Operator::Neq => self.ordered(kind, plain, Ordering::is_ne),
            Operator::Lt => self.ordered(kind, plain, Ordering::is_lt),
            Operator::Lte => self.ordered(kind, plain, Ordering::is_le),
            Operator::Gt => self.ordered(kind, plain, Ordering::is_gt),
            Operator::Gte => self.ordered(kind, plain, Ordering::is_ge),
            Operator::In => {
                let wanted = list(&self.value).unwrap_or_default();
                plain.map(|plain| {
                    wanted.iter().any(|wanted| compare(kind, plain, wanted) == Some(Ordering::Equal))
                })
            }
            Operator::Like => plain.and_then(|plain| matches(&like(&self.value), false, plain)),
            Operator::Ilike => plain.and_then(|plain| matches(&like(&self.value), true, plain)),
            Operator::Match => plain.and_then(|plain| matches(&self.value, false, plain)),
            Operator::Imatch => plain.and_then(|plain| matches(&self.value, true, plain)),
        };
        holds.map(|holds| holds != self.negated)
    }

    fn ordered(&self, kind: &str, plain: Option<&str>, wanted: fn(Ordering) -> bool) -> Option<bool> {
        compare(kind, plain?, &self.value).map(wanted)
    }
}

/// Whether a row passes all conditions. Those on columns that the row does not have are not asked, but one has to be.
pub(crate) fn passes(conditions: &[Condition], row: &Row, columns: &[Column]) -> bool {
    if conditions.is_empty() {
        return true;
    }
    let mut asked = false;
    for condition in conditions {
        let Some(value) = row.get(&condition.column) else { continue };
        let column = columns.iter().find(|column| column.name == condition.column);
        let kind = column.map_or("text", |column| column.kind.as_str());
        if condition.holds(kind, value) != Some(true) {
            return false;
        }
        asked = true;
    }
    asked
}

/// A value as Postgres casts it to text; `None` for null.
fn plain(value: &RawValue) -> Option<String> {
    match serde_json::from_str(value.get()) {
        Ok(Value::Null) => None,
        Ok(Value::String(text)) => Some(text),
        // Numbers as they are written, with all their digits.
        _ => Some(value.get().to_owned()),
    }
}

/// The regular expression of a pattern of `LIKE`.
fn like(pattern: &str) -> String {
    let mut expression = String::from("^(?s:");
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match character {
            '%' => expression.push_str(".*"),
            '_' => expression.push('.'),
            '\\' => expression
                .push_str(&regex_lite::escape(&characters.next().map(String::from).unwrap_or_default())),
            other => expression.push_str(&regex_lite::escape(&other.to_string())),
        }
    }
    expression.push_str(")$");
    expression
}

/// `None` for an expression that cannot be read, or that is too large.
fn matches(expression: &str, ignore_case: bool, text: &str) -> Option<bool> {
    let expression = RegexBuilder::new(expression).case_insensitive(ignore_case).build().ok()?;
    Some(expression.is_match(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(filter: &str, row: &str) -> bool {
        let columns: Vec<Column> =
            [("id", "int8"), ("n", "numeric"), ("t", "text"), ("b", "bool"), ("z", "timestamptz")]
                .into_iter()
                .map(|(name, kind)| Column { name: name.into(), kind: kind.into(), key: name == "id" })
                .collect();
        passes(&parse(filter).expect("it is a filter"), &row.parse().expect("it is a row"), &columns)
    }

    #[test]
    fn every_operator_and_its_negation() {
        let row = r#"{"id": 9007199254740993, "n": 1.50, "t": "Op 1", "b": true, "z": "2026-11-23T05:17:30.5+00:00"}"#;
        let cases = [
            ("id=eq.9007199254740993", "id=eq.9007199254740992"),
            ("n=eq.1.5", "n=eq.1.51"),
            ("n=neq.2", "n=neq.1.500"),
            ("n=lt.10", "n=lt.1.5"),
            ("n=lte.1.5", "n=lte.1.49"),
            ("n=gt.-3", "n=gt.1.5"),
            ("n=gte.1.5", "n=gte.1.51"),
            ("t=in.(x,\"Op 1\")", "t=in.(x,Op)"),
            ("id=in.(1,9007199254740993)", "id=in.(1,2)"),
            ("t=like.Op%", "t=like.op%"),
            ("t=like.Op__", "t=like.Op_"),
            ("t=ilike.op%", "t=ilike.x%"),
            ("t=match.^Op", "t=match.^op"),
            ("t=imatch.^op", "t=imatch.^x"),
            ("b=is.true", "b=is.false"),
            ("b=eq.t", "b=eq.false"),
            ("t=isdistinct.x", "t=isdistinct.Op 1"),
            ("z=gt.2026-11-23 05:17:30+00", "z=lt.2026-11-23T06:17:30+01:00"),
        ];
        for (passing, failing) in cases {
            assert!(holds(passing, row), "{passing}");
            assert!(!holds(failing, row), "{failing}");
            let (negated, double) = (failing.replacen('=', "=not.", 1), passing.replacen('=', "=not.", 1));
            assert!(holds(&negated, row), "{negated}");
            assert!(!holds(&double, row), "{double}");
        }
    }

    #[test]
    fn nulls_pass_only_what_asks_for_them() {
        let row = r#"{"id": 1, "n": null, "t": null, "b": null}"#;
        for filter in ["n=is.null", "b=is.unknown", "t=isdistinct.x"] {
            assert!(holds(filter, row), "{filter}");
        }
        for filter in
            ["n=eq.1", "n=neq.1", "n=not.eq.1", "t=like.%", "t=not.like.x", "t=in.(x)", "n=not.is.null"]
        {
            assert!(!holds(filter, row), "{filter}");
        }
    }

    #[test]
    fn several_are_all_needed_and_commas_in_lists_stay() {
        let row = r#"{"id": 1, "t": "a,b"}"#;
        assert!(holds(r#"id=eq.1,t=in.("a,b",c)"#, row));
        assert!(!holds(r#"id=eq.2,t=in.("a,b",c)"#, row));
        assert!(holds("t=in.(\"a,b\"),n=eq.3", row), "a column that is not there is not asked");
        assert!(!holds("n=eq.3", row), "but one has to be");
    }

    #[test]
    fn what_is_no_filter_is_refused() {
        for filter in ["garbage", "id=1", "id=xx.1", "=eq.1", "id=in.1", "id=eq.1,garbage"] {
            assert!(parse(filter).is_err(), "{filter}");
        }
        assert_eq!(parse("garbage"), Err(r#"["garbage"]"#.into()));
        assert_eq!(parse(""), Ok(Vec::new()));
    }
}
