//! The conditions on one column.

use serde::Serialize;

use super::{Filter, Is, Operand, TextSearch, condition, fault, not};
use crate::column::Column;
use crate::literal::{Literal, elements};

/// The conditions on a column. Each does what the method of the same name does on a [`Query`](crate::Query).
impl Column {
    /// Equal.
    pub fn eq(self, value: impl Serialize) -> Filter {
        self.compared("eq", value)
    }

    /// Not equal. Rows where the column is null are left out; see [`is_distinct`](Self::is_distinct).
    pub fn neq(self, value: impl Serialize) -> Filter {
        self.compared("neq", value)
    }

    /// Greater.
    pub fn gt(self, value: impl Serialize) -> Filter {
        self.compared("gt", value)
    }

    /// Greater or equal.
    pub fn gte(self, value: impl Serialize) -> Filter {
        self.compared("gte", value)
    }

    /// Less.
    pub fn lt(self, value: impl Serialize) -> Filter {
        self.compared("lt", value)
    }

    /// Less or equal.
    pub fn lte(self, value: impl Serialize) -> Filter {
        self.compared("lte", value)
    }

    /// Matches a pattern, where `%` (or `*`) stands for any text and `_` for any character.
    pub fn like(self, pattern: &str) -> Filter {
        self.compared("like", pattern)
    }

    /// Matches a pattern in any case.
    pub fn ilike(self, pattern: &str) -> Filter {
        self.compared("ilike", pattern)
    }

    /// Matches all patterns.
    pub fn like_all_of<P: Serialize>(self, patterns: impl IntoIterator<Item = P>) -> Filter {
        self.quantified("like(all)", patterns)
    }

    /// Matches at least one pattern.
    pub fn like_any_of<P: Serialize>(self, patterns: impl IntoIterator<Item = P>) -> Filter {
        self.quantified("like(any)", patterns)
    }

    /// Matches all patterns in any case.
    pub fn ilike_all_of<P: Serialize>(self, patterns: impl IntoIterator<Item = P>) -> Filter {
        self.quantified("ilike(all)", patterns)
    }

    /// Matches at least one pattern in any case.
    pub fn ilike_any_of<P: Serialize>(self, patterns: impl IntoIterator<Item = P>) -> Filter {
        self.quantified("ilike(any)", patterns)
    }

    /// Matches a POSIX regular expression.
    pub fn regex_match(self, pattern: &str) -> Filter {
        self.compared("match", pattern)
    }

    /// Matches a POSIX regular expression in any case.
    pub fn regex_imatch(self, pattern: &str) -> Filter {
        self.compared("imatch", pattern)
    }

    /// Null, true, false or unknown.
    pub fn is(self, value: Is) -> Filter {
        let word = match value {
            Is::Null => "null",
            // `is.not_null` exists only since PostgREST 13.
            Is::NotNull => return not(self.is(Is::Null)),
            Is::True => "true",
            Is::False => "false",
            Is::Unknown => "unknown",
        };
        condition(self, "is", Operand::Verbatim(word.into()))
    }

    /// Not equal, with null counted as a value like any other.
    pub fn is_distinct(self, value: impl Serialize) -> Filter {
        self.compared("isdistinct", value)
    }

    /// Equal to one of `values`. No values: no rows.
    pub fn in_<V: Serialize>(self, values: impl IntoIterator<Item = V>) -> Filter {
        match elements(values) {
            Ok(values) => condition(self, "in", Operand::List(values)),
            Err(message) => self.faulty(&message),
        }
    }

    /// Equal to none of `values`. No values: all rows. Otherwise, rows where the column is null are left out.
    pub fn not_in<V: Serialize>(self, values: impl IntoIterator<Item = V>) -> Filter {
        not(self.in_(values))
    }

    /// Holds every element of `value`.
    pub fn contains(self, value: impl Serialize) -> Filter {
        self.compared("cs", value)
    }

    /// Holds nothing but elements of `value`.
    pub fn contained_by(self, value: impl Serialize) -> Filter {
        self.compared("cd", value)
    }

    /// Shares an element with `value`.
    pub fn overlaps(self, value: impl Serialize) -> Filter {
        self.compared("ov", value)
    }

    /// The range lies wholly above `range`.
    pub fn range_gt(self, range: &str) -> Filter {
        self.compared("sr", range)
    }

    /// The range does not begin below `range`.
    pub fn range_gte(self, range: &str) -> Filter {
        self.compared("nxl", range)
    }

    /// The range lies wholly below `range`.
    pub fn range_lt(self, range: &str) -> Filter {
        self.compared("sl", range)
    }

    /// The range does not end above `range`.
    pub fn range_lte(self, range: &str) -> Filter {
        self.compared("nxr", range)
    }

    /// The range touches `range`, with no gap and no overlap.
    pub fn range_adjacent(self, range: &str) -> Filter {
        self.compared("adj", range)
    }

    /// The text, or its `tsvector`, matches a full-text search.
    pub fn text_search(self, query: impl Into<TextSearch>) -> Filter {
        let TextSearch { operator, query, config } = query.into();
        match config {
            None => condition(self, operator, Operand::Value(query.into())),
            Some(config) if !config.is_empty() && config.chars().all(|c| c.is_alphanumeric() || c == '_') => {
                condition(self, format!("{operator}({config})"), Operand::Value(query.into()))
            }
            Some(config) => {
                self.faulty(&format!("`{config}` is not the name of a text search configuration"))
            }
        }
    }

    fn compared(self, operator: &'static str, value: impl Serialize) -> Filter {
        match Literal::of(&value) {
            Ok(literal) => condition(self, operator, Operand::Value(literal.into_text())),
            Err(message) => self.faulty(&message),
        }
    }

    pub(super) fn quantified<P: Serialize>(
        self,
        operator: &'static str,
        patterns: impl IntoIterator<Item = P>,
    ) -> Filter {
        match elements(patterns) {
            Ok(patterns) => self.compared(operator, patterns),
            Err(message) => self.faulty(&message),
        }
    }

    fn faulty(&self, message: &str) -> Filter {
        fault(format!("the filter on `{}` cannot be sent: {message}", self.as_str()))
    }
}
