//! Answers that hold every row there is.

use supabase_core::Reply;

use super::prefer::Count;
use super::stage::Reads;
use super::{Draft, Query};
use crate::error::{Error, Result};
use crate::response::{Completeness, Response};

/// What is done so that an answer is known to be whole. Functions and not a flag: whoever never asks for it does not carry
/// their code.
#[derive(Clone, Copy)]
pub(super) struct Whole {
    /// Has the server tell, and refuses what it could not tell of.
    pub(super) ask: fn(&mut Draft),
    /// Fails if there are more rows than the answer holds, or the server does not tell.
    pub(super) check: fn(&Reply) -> Result<()>,
}

pub(super) const WHOLE: Whole = Whole { ask, check };

impl<S, Out> Query<S, Out> {
    /// Makes it an error of kind [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) if there are more rows than the
    /// answer holds, whatever shape it has: the server has a limit of its own, and would otherwise cut the answer without a
    /// word.
    ///
    /// This asks for the exact count. A query with a limit or range asks for fewer rows itself, so it cannot be complete; and
    /// rows that are aggregated are counted before they are, so that nobody could tell. Both are errors before anything is
    /// sent.
    /// Streams of pages are complete anyway. The server cuts rows of *referenced* tables by the same limit, for each row
    /// that they belong to, and counts none of these: where there may be that many, ask for them as rows of their own table.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/pagination_count.html>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let planets: Vec<serde_json::Value> = db.from("planets").select("*").complete().await?;
    /// let csv: String = db.from("planets").select_raw("*").csv().complete().await?;
    /// # Ok(()) }
    /// ```
    pub fn complete(self) -> Self
    where
        S: Reads,
    {
        self.with(|draft| draft.must_be_whole = Some(WHOLE))
    }
}

fn ask(draft: &mut Draft) {
    refuse_cut(draft);
    if draft.is_aggregated() {
        draft.blame(
            "the server counts rows before it aggregates them, and so cannot tell whether these are complete: leave out \
             `complete`",
        );
    }
    // Whatever count was asked for as well, only this one tells.
    draft.prefer.count = Some(Count::Exact);
}

/// A query that asks for some rows cannot be complete.
pub(super) fn refuse_cut(draft: &mut Draft) {
    if draft.window.limit.is_some() || draft.window.offset.is_some_and(|rows| rows > 0) {
        draft.blame("`complete` and a limit, offset or range contradict each other");
    }
}

fn check(head: &Reply) -> Result<()> {
    let answer = Response::new((), head);
    let rows =
        answer.range.as_ref().map_or(0, |range| range.end().saturating_sub(*range.start()).saturating_add(1));
    match answer.completeness() {
        Completeness::Complete => Ok(()),
        Completeness::Truncated { total } => Err(Error::truncated(head, rows, Some(total))),
        Completeness::Unknown => Err(Error::truncated(head, rows, None)),
    }
}

impl Draft {
    /// Whether the rows of the table itself are aggregated.
    pub(super) fn is_aggregated(&self) -> bool {
        self.pairs.first("select").is_some_and(|columns| aggregates(&columns))
    }
}

/// Whether the rows of the table itself are aggregated, as in `count()` or `price.sum()`. Aggregates of an embedded table
/// belong to one row, unless it is spread.
fn aggregates(columns: &str) -> bool {
    // For each open parenthesis, whether what stands within belongs to the table itself.
    let (mut own, mut part, mut quoted, mut escaped) = (vec![true], String::new(), false, false);
    let mut rest = columns.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => {
                let belongs = own.last().is_some_and(|own| *own);
                let name = part.rsplit([':', '.']).next().unwrap_or_default().trim();
                let of_column = part.contains('.') && !part.starts_with("...");
                let is_aggregate =
                    name == "count" || of_column && matches!(name, "sum" | "avg" | "min" | "max");
                if belongs && is_aggregate && rest.peek() == Some(&')') {
                    return true;
                }
                own.push(belongs && part.starts_with("..."));
                part.clear();
                continue;
            }
            ')' => {
                own.pop();
            }
            ',' => {
                part.clear();
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregates_of_the_table_itself_are_seen() {
        for columns in [
            "count()",
            "a,count()",
            "n:count()",
            "price.sum()",
            "kind,total:price.avg()::int",
            "...t(price.max())",
            "t(a),b.min()",
        ] {
            assert!(aggregates(columns), "{columns}");
        }
        for columns in [
            "*",
            "count",
            "t(count)",
            "t(count())",
            "t(price.sum())",
            "sum()",
            "t()",
            "\"count()\"",
            "a:t!inner(b,c.max())",
            "...t(u(count()))",
        ] {
            assert!(!aggregates(columns), "{columns}");
        }
    }
}
