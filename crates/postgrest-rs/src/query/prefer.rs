//! The `Prefer` header.
//!
//! Source: <https://docs.postgrest.org/en/stable/references/api/preferences.html>

use supabase_core::header::HeaderValue;

/// How the total number of rows is found, for [`count`](crate::Query::count).
///
/// Source: <https://docs.postgrest.org/en/stable/references/api/pagination_count.html>
///
/// ```no_run
/// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
/// use postgrest_rs::Count;
/// let answer = db.from("planets").select_raw("*").count(Count::Exact).head().execute().await?;
/// println!("{:?}", answer.count);
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Count {
    /// Every row is counted; slow on large tables.
    Exact,
    /// PostgreSQL's estimate, from its statistics.
    Planned,
    /// Exact up to the server's row limit, an estimate above it.
    Estimated,
}

/// What a request prefers. Each is sent only if it is asked for, as unknown ones can be refused.
#[derive(Debug, Default)]
pub(crate) struct Prefer {
    pub(crate) rows_back: bool,
    pub(crate) count: Option<Count>,
    pub(crate) resolution: Option<&'static str>,
    pub(crate) missing_default: bool,
}

impl Prefer {
    /// The value of the header, if there is anything to say.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        let count = self.count.map(|count| match count {
            Count::Exact => "count=exact",
            Count::Planned => "count=planned",
            Count::Estimated => "count=estimated",
        });
        let parts = [
            self.rows_back.then_some("return=representation"),
            count,
            self.resolution,
            self.missing_default.then_some("missing=default"),
        ];
        match parts.iter().flatten().count() {
            0 => None,
            1 => parts.into_iter().flatten().next().map(HeaderValue::from_static),
            _ => HeaderValue::try_from(parts.into_iter().flatten().collect::<Vec<_>>().join(",")).ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_is_sent() {
        assert_eq!(Prefer::default().header(), None);
        let prefer = Prefer { count: Some(Count::Planned), ..Prefer::default() };
        assert_eq!(prefer.header().unwrap(), "count=planned");
        let prefer = Prefer {
            rows_back: true,
            count: Some(Count::Exact),
            resolution: Some("resolution=merge-duplicates"),
            missing_default: true,
        };
        assert_eq!(
            prefer.header().unwrap(),
            "return=representation,count=exact,resolution=merge-duplicates,missing=default"
        );
    }
}
