//! Conditions on rows, as data.

mod conditions;
mod logic;
mod quantified;
mod text_search;

use std::borrow::Cow;
use std::collections::HashSet;

use crate::column::Column;
use crate::literal::{in_logic_tree, list, push_list};
use crate::query::pairs::Pairs;
use crate::text::Text;

pub use logic::{and, not, or};
pub use text_search::TextSearch;

/// A condition on rows: on one column, made with [`col`](crate::col), or several joined by [`and`], [`or`], [`not`].
///
/// Source: <https://docs.postgrest.org/en/stable/references/api/tables_views.html#logical-operators>
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
/// use postgrest_rs::{and, col, or};
/// let big_or_near = or([col("radius").gt(60_000), and([col("moons").eq(0), col("au").lt(1)])]);
/// let planets: Vec<serde_json::Value> = db.from("planets").select("*").filter(big_or_near).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Filter(Node);

#[derive(Clone, Debug, PartialEq)]
enum Node {
    Condition {
        column: Column,
        negated: bool,
        operator: Cow<'static, str>,
        operand: Operand,
    },
    Group {
        negated: bool,
        word: &'static str,
        /// How many groups are within each other, with this one.
        depth: u8,
        filters: Vec<Filter>,
    },
    /// Parts written by the caller, joined by commas.
    Raw {
        word: &'static str,
        text: String,
    },
    /// What was asked for cannot be written. Told when the query is sent, as a condition cannot fail.
    Fault(String),
}

/// What stands behind the operator, by the grammar that reads it.
#[derive(Clone, Debug, PartialEq)]
enum Operand {
    /// Taken to the letter where it stands alone, quoted in a logic tree.
    Value(Text),
    /// The same everywhere: a keyword, or what the caller wrote.
    Verbatim(Text),
    /// A list, by its elements.
    List(Vec<Text>),
}

impl Operand {
    /// The operator, in whose place another stands for a list of one empty text: that reads as the empty list, which
    /// matches nothing.
    fn operator<'a>(&self, operator: &'a str) -> &'a str {
        if self.is_one_empty_text() { "eq" } else { operator }
    }

    fn is_one_empty_text(&self) -> bool {
        matches!(self, Self::List(values) if matches!(values.as_slice(), [only] if only.is_empty()))
    }

    /// The spelling where the condition stands alone.
    fn alone(&self) -> Cow<'_, str> {
        match self {
            Self::Value(text) | Self::Verbatim(text) => text.as_str().into(),
            Self::List(_) if self.is_one_empty_text() => "".into(),
            Self::List(values) => list(values).into(),
        }
    }

    /// The spelling inside of a logic tree.
    fn in_tree(&self) -> Cow<'_, str> {
        match self {
            Self::Value(text) => in_logic_tree(text).into(),
            Self::List(_) if self.is_one_empty_text() => in_logic_tree("").into(),
            Self::Verbatim(_) | Self::List(_) => self.alone(),
        }
    }
}

/// What [`is`](Column::is) compares with.
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
/// use postgrest_rs::Is;
/// let nameless: Vec<serde_json::Value> = db.from("planets").select("*").is("name", Is::Null).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Is {
    /// The value is missing.
    Null,
    /// The value is there.
    NotNull,
    /// The boolean is true.
    True,
    /// The boolean is false.
    False,
    /// The boolean is missing.
    Unknown,
}

fn fault(message: String) -> Filter {
    Filter(Node::Fault(message))
}

impl Filter {
    /// Conditions that the caller wrote, joined by commas: the inside of `or=(…)`.
    pub(crate) fn or_raw(text: impl Into<String>) -> Self {
        Self(Node::Raw { word: "or", text: text.into() })
    }

    /// A condition that the caller wrote.
    pub(crate) fn raw(column: Column, operator: &str, value: impl Into<String>) -> Self {
        condition(column, operator.to_owned(), Operand::Verbatim(value.into().into()))
    }

    /// Whether it narrows the rows of the table itself: not only those of a referenced one, and not by a list of nothing
    /// that rows must not be in.
    pub(crate) fn narrows(&self) -> bool {
        self.is_on_the_table() && !self.always_holds(false)
    }

    /// Whether it speaks of the table itself.
    pub(crate) fn is_on_the_table(&self) -> bool {
        match &self.0 {
            Node::Condition { column, .. } => !column.is_referenced(),
            Node::Group { .. } | Node::Raw { .. } => true,
            Node::Fault(_) => false,
        }
    }

    fn depth(&self) -> u8 {
        match self.0 {
            Node::Group { depth, .. } => depth,
            Node::Condition { .. } | Node::Raw { .. } | Node::Fault(_) => 0,
        }
    }

    /// Whether it, or its negation, holds for every row, as far as its lists tell.
    fn always_holds(&self, denied: bool) -> bool {
        match &self.0 {
            Node::Condition { negated, operand: Operand::List(values), .. } => {
                values.is_empty() && (denied != *negated)
            }
            Node::Condition { negated, operator, operand: Operand::Value(text), .. } if *text == "{}" => {
                let holds_for_each = operator.ends_with("(all)");
                // All of nothing hold, and none of it does.
                (holds_for_each || operator.ends_with("(any)")) && (holds_for_each != (denied != *negated))
            }
            Node::Group { negated, word, filters, .. } => {
                let denied = denied != *negated;
                // A denied `or` is an `and` of denials, and the other way round.
                let any = (*word == "or") != denied;
                let mut each = filters.iter().map(|filter| filter.always_holds(denied));
                if any { each.any(|holds| holds) } else { each.all(|holds| holds) }
            }
            Node::Condition { .. } | Node::Raw { .. } | Node::Fault(_) => false,
        }
    }

    /// Whether it says that a column has one of several values, and so may be asked in several requests.
    pub(crate) fn is_list(&self) -> bool {
        matches!(&self.0, Node::Condition { negated: false, operand: Operand::List(_), .. })
    }

    /// How many values a list has.
    pub(crate) fn list_length(&self) -> usize {
        match &self.0 {
            Node::Condition { operand: Operand::List(values), .. } => values.len(),
            _ => 0,
        }
    }

    /// A list in several, of at most `size` different values each.
    pub(crate) fn split(&self, size: usize) -> Vec<Self> {
        let Node::Condition { column, operator, operand: Operand::List(values), .. } = &self.0 else {
            return Vec::new();
        };
        let mut seen = HashSet::new();
        let unique: Vec<_> = values.iter().filter(|value| seen.insert(value.as_str())).cloned().collect();
        let chunks = unique.chunks(size.max(1));
        chunks
            .map(|values| condition(column.clone(), operator.clone(), Operand::List(values.to_vec())))
            .collect()
    }

    /// Writes the key and value of the query string.
    ///
    /// # Errors
    /// What cannot be written, in a sentence.
    pub(crate) fn write(&self, pairs: &mut Pairs) -> Result<(), String> {
        let Node::Condition { column, negated, operator, operand } = &self.0 else {
            let (key, value) = self.pair(None)?;
            pairs.key(key.as_bytes());
            pairs.value(value.as_bytes());
            return Ok(());
        };
        pairs.key(column.as_bytes());
        if *negated {
            pairs.word("not.");
        }
        pairs.value(operand.operator(operator).as_bytes());
        pairs.word(".");
        match operand {
            Operand::Value(text) | Operand::Verbatim(text) => pairs.value(text.as_bytes()),
            Operand::List(_) if operand.is_one_empty_text() => {}
            Operand::List(values) => push_list(pairs, values),
        }
        Ok(())
    }

    /// The column of a condition, or what joins several.
    pub(crate) fn name(&self) -> &str {
        match &self.0 {
            Node::Condition { column, .. } => column.as_str(),
            Node::Group { word, .. } | Node::Raw { word, .. } => word,
            Node::Fault(_) => "",
        }
    }

    /// The key and value of the query string.
    ///
    /// `table` is the referenced table that a logic tree applies to.
    ///
    /// # Errors
    /// What cannot be written, in a sentence.
    pub(crate) fn pair(&self, table: Option<&str>) -> Result<(String, String), String> {
        let prefix = table.map(|table| format!("{table}.")).unwrap_or_default();
        match &self.0 {
            Node::Condition { column, negated, operator, operand } => {
                let (not, operator) = (if *negated { "not." } else { "" }, operand.operator(operator));
                Ok((format!("{prefix}{}", column.as_str()), format!("{not}{operator}.{}", operand.alone())))
            }
            Node::Group { negated, word, filters, .. } => {
                let not = if *negated { "not." } else { "" };
                Ok((format!("{prefix}{not}{word}"), format!("({})", joined(filters)?)))
            }
            Node::Raw { word, text } => Ok((format!("{prefix}{word}"), format!("({text})"))),
            Node::Fault(message) => Err(message.clone()),
        }
    }

    /// The spelling inside of a logic tree.
    fn in_tree(&self) -> Result<String, String> {
        match &self.0 {
            Node::Condition { column, negated, operator, operand } => {
                let (not, operator) = (if *negated { "not." } else { "" }, operand.operator(operator));
                Ok(format!("{}.{not}{operator}.{}", column.as_str(), operand.in_tree()))
            }
            Node::Group { negated, word, filters, .. } => {
                let not = if *negated { "not." } else { "" };
                Ok(format!("{not}{word}({})", joined(filters)?))
            }
            Node::Raw { word, text } => Ok(format!("{word}({text})")),
            Node::Fault(message) => Err(message.clone()),
        }
    }
}

fn joined(filters: &[Filter]) -> Result<String, String> {
    let parts: Result<Vec<_>, _> = filters.iter().map(Filter::in_tree).collect();
    Ok(parts?.join(","))
}

fn condition(column: Column, operator: impl Into<Cow<'static, str>>, operand: Operand) -> Filter {
    Filter(Node::Condition { column, negated: false, operator: operator.into(), operand })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::column::col;

    fn written(filter: Filter) -> String {
        let (key, value) = filter.pair(None).unwrap();
        format!("{key}={value}")
    }

    #[test]
    fn conditions_alone_take_their_value_to_the_letter() {
        assert_eq!(written(col("name").eq("a,\"b\"")), "name=eq.a,\"b\"");
        assert_eq!(written(col("tags").contains(["a,b"])), "tags=cs.{\"a,b\"}");
        assert_eq!(written(col("name").is(Is::NotNull)), "name=not.is.null");
        assert_eq!(written(col("id").not_in([1, 2])), "id=not.in.(1,2)");
        assert_eq!(written(col("name").like_any_of(["%a,b%", "c"])), "name=like(any).{\"%a,b%\",c}");
        assert_eq!(
            written(col("t").text_search(TextSearch::phrase("fat cat").config("english"))),
            "t=phfts(english).fat cat"
        );
    }

    #[test]
    fn one_empty_text_in_a_list_is_compared_as_it_is() {
        assert_eq!(written(col("v").in_([""])), "v=eq.");
        assert_eq!(written(col("v").not_in([""])), "v=not.eq.");
        assert_eq!(written(col("v").in_(["", "x"])), "v=in.(\"\",x)");
        assert_eq!(written(col("v").in_([""; 0])), "v=in.()");
        assert_eq!(written(or([col("v").in_([""])])), "or=(v.eq.\"\")");
        let split: Vec<_> = col("v").in_(["a", "", "a"]).split(1).into_iter().map(written).collect();
        assert_eq!(split, ["v=in.(a)", "v=eq."]);
    }

    #[test]
    fn a_list_of_nothing_that_rows_must_not_be_in_narrows_nothing() {
        let (none, some) = (|| col("a").in_([0; 0]), || col("a").in_([1]));
        for filter in [not(none()), or([not(none()), some()]), not(and([none(), some()])), not(and([none()]))]
        {
            assert!(!filter.narrows(), "{filter:?}");
        }
        for filter in [none(), some(), not(some()), and([not(none()), some()]), not(or([none(), some()]))] {
            assert!(filter.narrows(), "{filter:?}");
        }
        assert!(!col("t.a").eq(1).narrows());
        let nothing = [""; 0];
        for filter in [
            col("a").like_all_of(nothing),
            col("a").eq_all_of(nothing),
            not(col("a").gt_any_of(nothing)),
            or([some(), col("a").lt_all_of(nothing)]),
        ] {
            assert!(!filter.narrows(), "{filter:?}");
        }
        for filter in [
            col("a").eq_any_of(nothing),
            not(col("a").eq_all_of(nothing)),
            col("a").eq("{}"),
            col("a").eq_all_of([1]),
            and([some(), col("a").lt_all_of(nothing)]),
        ] {
            assert!(filter.narrows(), "{filter:?}");
        }
    }

    #[test]
    fn a_tree_quotes_what_would_end_it() {
        assert_eq!(written(or([col("id").eq(2), col("name").eq("Mars")])), "or=(id.eq.2,name.eq.Mars)");
        assert_eq!(
            written(or([col("v").eq("x)"), col("v").in_(["a)", "b"])])),
            r#"or=(v.eq."x)",v.in.("a)",b))"#
        );
        assert_eq!(written(or([col("tags").contains(["a,b"])])), r#"or=(tags.cs."{\"a,b\"}")"#);
        assert_eq!(
            written(or([not(and([col("id").gt(1), col("id").lt(3)])), col("n").is(Is::NotNull)])),
            "or=(not.and(id.gt.1,id.lt.3),n.not.is.null)"
        );
        assert_eq!(written(not(or([col("id").eq(1)]))), "not.or=(id.eq.1)");
    }

    #[test]
    fn a_tree_on_a_referenced_table_is_prefixed() {
        let pair = or([col("name").eq("guqin")]).pair(Some("instruments")).unwrap();
        assert_eq!(pair, ("instruments.or".to_owned(), "(name.eq.guqin)".to_owned()));
    }

    #[test]
    fn faults_are_told_and_name_their_column() {
        for filter in [
            or([]),
            and([]),
            not(or([])),
            col("x").eq(f64::NAN),
            or([col("x").eq(None::<i32>)]),
            col("x").in_([Some(1), None]),
            col("x").text_search(TextSearch::plain("q").config("eng).x")),
        ] {
            assert!(!filter.pair(None).unwrap_err().is_empty());
        }
        assert!(col("price").eq(f64::NAN).pair(None).unwrap_err().contains("`price`"));
    }

    #[test]
    fn raw_parts_stand_as_they_are() {
        assert_eq!(written(Filter::or_raw("id.gt.3,and(id.eq.1)")), "or=(id.gt.3,and(id.eq.1))");
        assert_eq!(written(not(Filter::or_raw("id.gt.3"))), "not.and=(or(id.gt.3))");
        assert_eq!(written(Filter::raw(col("name"), "in", "(\"Mars\")")), "name=in.(\"Mars\")");
    }
}
