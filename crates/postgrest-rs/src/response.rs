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
}

impl<T> Response<T> {
    pub(crate) fn new(data: T, reply: &Reply) -> Self {
        let (range, count) = reply.header("content-range").map(content_range).unwrap_or_default();
        Self { data, count, status: reply.status(), range }
    }
}

/// Reads `0-9/100`, where each side may be `*`.
fn content_range(text: &str) -> (Option<RangeInclusive<u64>>, Option<u64>) {
    let Some((range, total)) = text.split_once('/') else { return (None, None) };
    let bounds = range
        .split_once('-')
        .and_then(|(from, to)| Some(from.trim().parse().ok()?..=to.trim().parse().ok()?));
    (bounds, total.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_range_is_read_in_all_its_forms() {
        assert_eq!(content_range("0-1/*"), (Some(0..=1), None));
        assert_eq!(content_range("0-1/100000"), (Some(0..=1), Some(100_000)));
        assert_eq!(content_range("*/*"), (None, None));
        assert_eq!(content_range("*/0"), (None, Some(0)));
        assert_eq!(content_range(""), (None, None));
        assert_eq!(content_range("items 0-1"), (None, None));
        assert_eq!(content_range("0-1/99999999999999999999"), (Some(0..=1), None));
    }
}
