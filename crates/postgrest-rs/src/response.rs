//! An answer beyond its rows.

use std::ops::RangeInclusive;

use supabase_core::Reply;

/// What [`execute`](crate::Query::execute) answers with: the data, and what the server said about it.
///
/// Source: <https://docs.postgrest.org/en/stable/references/api/pagination_count.html>
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
/// use postgrest_rs::Count;
/// let page = db.from("planets").select::<serde_json::Value>("*").count(Count::Exact).range(0, 9).execute().await?;
/// println!("{} of {:?}", page.data.len(), page.count);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Response<T> {
    /// The answer itself.
    pub data: T,
    /// How many rows there are in all, if [`count`](crate::Query::count) asked for it.
    pub count: Option<u64>,
    /// The HTTP status.
    pub status: u16,
    /// Which rows these are, counted from 0; `None` if there are none, or if the server did not say.
    pub range: Option<RangeInclusive<u64>>,
    pub(crate) counted: Counted,
}

/// What a count is a count of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Rows that are read.
    Rows,
    /// Rows that were written: these are never cut, and mostly the server does not say which they are.
    Writes,
    /// Rows before they were aggregated.
    Groups,
}

/// Whether an answer holds all rows that there are.
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
/// use postgrest_rs::{Completeness, Count};
/// let answer = db.from("logs").select::<serde_json::Value>("*").count(Count::Exact).execute().await?;
/// if let Completeness::Truncated { total } = answer.completeness() {
///     println!("{} of {total} rows", answer.data.len());
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// All rows from the first one that was asked for are there.
    Complete,
    /// There are more: the server has a limit of its own, or the query asked for fewer.
    Truncated {
        /// How many rows there are in all.
        total: u64,
    },
    /// The answer does not tell: only a query that [counts](crate::Query::count) does, and not if its rows are aggregated.
    Unknown,
}

impl<T> Response<T> {
    /// Whether there are more rows than these. Servers cut long answers without a word (Supabase after 1,000 rows by
    /// default), and only a count shows it.
    ///
    /// With [`Count::Planned`](crate::Count::Planned) or [`Count::Estimated`](crate::Count::Estimated), this is as good
    /// as the estimate.
    pub fn completeness(&self) -> Completeness {
        match (self.count, &self.range) {
            (None, _) => Completeness::Unknown,
            (Some(_), _) if self.counted == Counted::Writes => Completeness::Complete,
            (Some(_), _) if self.counted == Counted::Groups => Completeness::Unknown,
            (Some(total), Some(range)) if range.end().saturating_add(1) < total => {
                Completeness::Truncated { total }
            }
            // No rows came: that is all of them if there are none.
            (Some(total), None) if total > 0 => Completeness::Truncated { total },
            (Some(_), _) => Completeness::Complete,
        }
    }

    pub(crate) fn new(data: T, reply: &Reply) -> Self {
        let (range, count) = reply.header("content-range").map(content_range).unwrap_or_default();
        Self { data, count, status: reply.status(), range, counted: Counted::Rows }
    }
}

/// Reads `0-9/100`, where each side may be `*`. A range that ends before it begins is none.
pub(crate) fn content_range(text: &str) -> (Option<RangeInclusive<u64>>, Option<u64>) {
    let Some((range, total)) = text.split_once('/') else { return (None, None) };
    let bounds = range
        .split_once('-')
        .and_then(|(from, to)| Some(from.trim().parse().ok()?..=to.trim().parse().ok()?))
        .filter(|rows| !rows.is_empty());
    (bounds, total.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_count_tells_whether_there_are_more() {
        let completeness = |text| {
            let (range, count) = content_range(text);
            Response { data: (), count, status: 200, range, counted: Counted::Rows }.completeness()
        };
        assert_eq!(completeness("0-999/*"), Completeness::Unknown);
        assert_eq!(completeness("0-999/2500"), Completeness::Truncated { total: 2500 });
        assert_eq!(completeness("0-2/3"), Completeness::Complete);
        assert_eq!(completeness("1000-2499/2500"), Completeness::Complete);
        assert_eq!(completeness("*/0"), Completeness::Complete);
        assert_eq!(completeness("*/3"), Completeness::Truncated { total: 3 });
        let of = |counted| {
            Response { data: (), count: Some(3), status: 200, range: Some(0..=0), counted }.completeness()
        };
        assert_eq!(of(Counted::Writes), Completeness::Complete);
        assert_eq!(of(Counted::Groups), Completeness::Unknown);
    }

    #[test]
    fn content_range_is_read_in_all_its_forms() {
        assert_eq!(content_range("0-1/*"), (Some(0..=1), None));
        assert_eq!(content_range("0-1/100000"), (Some(0..=1), Some(100_000)));
        assert_eq!(content_range("*/*"), (None, None));
        assert_eq!(content_range("*/0"), (None, Some(0)));
        assert_eq!(content_range(""), (None, None));
        assert_eq!(content_range("5-3/10"), (None, Some(10)));
        assert_eq!(content_range("items 0-1"), (None, None));
        assert_eq!(content_range("0-1/99999999999999999999"), (Some(0..=1), None));
    }
}
