//! What the fuzz targets in `fuzz/` drive, and what the tests replay on their corpus. It is not there in any other build.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a fault is told by a panic"
)]

use supabase_core::fuzzed_errors;

use crate::column::Column;
use crate::error::Error;
use crate::filter::or;
use crate::literal::{Literal, in_logic_tree, list};
use crate::reader::{Reader, Tree};
use crate::response::{Completeness, Counted, Response, content_range};

/// Texts, apart by NUL: each grammar reads what was written for it.
pub fn filter_values(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let values: Vec<String> = text.split('\0').map(str::to_owned).collect();
    if values != [""] {
        assert_eq!(Reader::new(&list(&values)).list(), values);
    }
    let array = Literal::of(&values).map(Literal::into_text).unwrap();
    assert_eq!(Reader::new(&array).array().into_iter().flatten().collect::<Vec<_>>(), values);
    for value in &values {
        let written = format!("{},next", in_logic_tree(value));
        let mut reader = Reader::new(&written);
        assert_eq!(reader.value(&[',', ')']), *value);
        assert!(reader.eat(','));
        let _ = Column::from(value.as_str());
    }
    let trees: Vec<_> = values
        .chunks(2)
        .filter(|pair| pair.iter().all(|text| !text.is_empty()))
        .filter_map(|pair| pair.first().zip(pair.last()))
        .map(|(name, value)| Tree::Condition(name.clone(), "eq".to_owned(), value.clone()))
        .collect();
    if !trees.is_empty() {
        let (_, written) = or(trees.iter().map(Tree::filter)).pair(None).unwrap();
        let mut reader = Reader::new(&written);
        assert_eq!(reader.trees(), trees);
        assert_eq!(reader.0.next(), None);
    }
}

/// The header, and what follows from it.
pub fn read_content_range(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (range, count) = content_range(text);
    assert!(range.as_ref().is_none_or(|range| !range.is_empty()), "{text}");
    let from_to = range.as_ref().map_or("*".to_owned(), |range| format!("{}-{}", range.start(), range.end()));
    let total = count.map_or("*".to_owned(), |count| count.to_string());
    assert_eq!(
        content_range(&format!("{from_to}/{total}")),
        (range.clone(), count),
        "written as the server does"
    );
    let rest = match (&range, count) {
        (_, None) => None,
        (Some(range), Some(count)) => Some(count.saturating_sub(1) > *range.end()),
        (None, Some(count)) => Some(count > 0),
    };
    let told = match (Response { data: (), count, status: 206, range, counted: Counted::Rows }).completeness()
    {
        Completeness::Unknown => None,
        Completeness::Complete => Some(false),
        Completeness::Truncated { total } => Some(Some(total) == count),
    };
    assert_eq!(told, rest, "{text}");
}

fuzzed_errors!();

#[cfg(test)]
mod tests {
    use supabase_testing::corpus::{error_bodies, replay};

    #[test]
    fn the_corpora_are_read() {
        replay("filter_values", super::filter_values);
        replay("content_range", super::read_content_range);
        error_bodies(super::error_body);
    }
}
