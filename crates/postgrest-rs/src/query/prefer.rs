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
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Prefer {
    pub(crate) back: Option<Back>,
    pub(crate) count: Option<Count>,
    pub(crate) resolution: Option<&'static str>,
    pub(crate) missing_default: bool,
    pub(crate) max_affected: Option<u64>,
    pub(crate) rollback: bool,
}

/// What a write answers with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Back {
    Rows,
    Headers,
}

impl Prefer {
    /// The value of the header, if there is anything to say.
    pub(crate) fn header(&self) -> Option<HeaderValue> {
        // Most requests prefer nothing.
        if *self == Self::default() {
            return None;
        }
        let back = self.back.map(|back| match back {
            Back::Rows => "return=representation",
            Back::Headers => "return=headers-only",
        });
        let count = self.count.map(|count| match count {
            Count::Exact => "count=exact",
            Count::Planned => "count=planned",
            Count::Estimated => "count=estimated",
        });
        let parts = [
            back,
            count,
            self.resolution,
            self.missing_default.then_some("missing=default"),
            self.rollback.then_some("tx=rollback"),
            // A limit holds only where preferences are handled strictly, and only there is strictness asked for: a
            // server may know fewer preferences than this crate.
            self.max_affected.map(|_| "handling=strict"),
        ];
        let mut parts = parts.into_iter().flatten();
        let (first, second) = (parts.next()?, parts.next());
        if second.is_none() && self.max_affected.is_none() {
            return Some(HeaderValue::from_static(first));
        }
        let mut text = first.to_owned();
        for part in second.into_iter().chain(parts) {
            text.push(',');
            text.push_str(part);
        }
        if let Some(rows) = self.max_affected {
            text.push_str(",max-affected=");
            text.push_str(&rows.to_string());
        }
        HeaderValue::try_from(text).ok()
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
            back: Some(Back::Rows),
            count: Some(Count::Exact),
            resolution: Some("resolution=merge-duplicates"),
            missing_default: true,
            ..Prefer::default()
        };
        assert_eq!(
            prefer.header().unwrap(),
            "return=representation,count=exact,resolution=merge-duplicates,missing=default"
        );
        let prefer = Prefer { rollback: true, back: Some(Back::Headers), ..Prefer::default() };
        assert_eq!(prefer.header().unwrap(), "return=headers-only,tx=rollback");
    }

    #[test]
    fn strictness_comes_with_a_limit_on_affected_rows_and_only_there() {
        let prefer = Prefer { max_affected: Some(3), ..Prefer::default() };
        assert_eq!(prefer.header().unwrap(), "handling=strict,max-affected=3");
        let prefer =
            Prefer { max_affected: Some(0), back: Some(Back::Rows), rollback: true, ..Prefer::default() };
        assert_eq!(
            prefer.header().unwrap(),
            "return=representation,tx=rollback,handling=strict,max-affected=0"
        );
    }
}
