//! All rows of an answer that is too long for one request.

use std::borrow::Cow;
use std::collections::HashMap;

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use supabase_core::{BoxFuture, Failure, MaybeSend, Reply, decode_json};

use super::send::whole;
use super::stage::{Reads, Rows};
use super::{Draft, Query};
use crate::code::Code;
use crate::column::Column;
use crate::error::{Error, Result};
use crate::query::order::Order;
use crate::query::prefer::Count;
use crate::response::Response;

/// Why a stream must end that would go on for ever: a function whose answer is one JSON value has no pages.
const NO_SET: &str =
    "the server gave the same page again: only a table, or a function that returns a set, has pages";

/// How many rows a page has if nothing else is said: what Supabase allows by default.
pub(super) const DEFAULT_SIZE: u64 = 1000;

impl<S, T> Query<S, Vec<T>>
where
    T: DeserializeOwned + Send + 'static,
{
    /// How many rows [`stream`](Self::stream), [`stream_by`](Self::stream_by) and [`fetch_all`](Self::fetch_all) ask for
    /// at once: 1,000 if not given. If the server gives fewer, nothing is lost.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let logs: Vec<serde_json::Value> = db.from("logs").select("*").order("id").page_size(200).fetch_all().await?;
    /// # Ok(()) }
    /// ```
    pub fn page_size(self, rows: u64) -> Self
    where
        S: Rows + Reads,
    {
        self.with(|draft| draft.page_size = rows.max(1))
    }

    /// All rows, as they come: a page is asked for when the stream needs it.
    ///
    /// Pages are cut by position, so the query needs an [`order`](Query::order), **whose last column is unique**: rows that it
    /// does not tell apart may change places between two pages, and then one comes twice and another never. Without an order
    /// the first item is an error. Rows that are added or removed meanwhile shift the positions: use
    /// [`stream_by`](Self::stream_by) where that matters. A short page does not end the stream, as a server may give
    /// fewer rows than it is asked for; an empty one does, or the total if [`count`](Query::count) asks for the exact one.
    /// One that begins beyond the end is empty, whether the server counts or not.
    /// A [`limit`](Query::limit) or [`range`](Query::range) holds for the stream as a whole. A function is called again for
    /// each page.
    ///
    /// Source: <https://docs.postgrest.org/en/stable/references/api/pagination_count.html>
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use futures_util::TryStreamExt;
    /// let mut logs = std::pin::pin!(db.from("logs").select::<serde_json::Value>("*").order("id").stream());
    /// while let Some(log) = logs.try_next().await? {
    ///     println!("{log}");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn stream(self) -> impl Stream<Item = Result<T>> + MaybeSend + 'static + use<S, T>
    where
        S: Rows + Reads,
    {
        let fault = self.draft.window.order.is_empty().then_some(
            "a stream of pages needs an order, as rows could otherwise repeat or be missing between two pages: add \
             `.order(..)` by a unique column, or use `.stream_by(..)`",
        );
        let first = self.draft.window.offset.unwrap_or_default();
        let end = self.draft.window.limit.map(|rows| first.saturating_add(rows));
        pages(self.faulty(fault), (first, None), move |draft, (at, _): &mut (u64, Option<u64>)| {
            let rows = end.map_or(draft.page_size, |end| draft.page_size.min(end.saturating_sub(*at)));
            if rows == 0 {
                return None;
            }
            (draft.window.offset, draft.window.limit) = (Some(*at), Some(rows));
            // Counting once is enough.
            if *at != first {
                draft.prefer.count = None;
            }
            let exact = draft.prefer.count == Some(Count::Exact);
            Some(move |reply: &Reply, (at, total): &mut (u64, Option<u64>)| {
                let rows: Vec<T> = reply.json().map_err(Error::from_failure)?;
                let came = rows.len() as u64;
                let answer = Response::new((), reply);
                if came > 0 && answer.range.is_some_and(|range| range.start() != at) {
                    return Err(fault_of(reply, NO_SET.to_owned()));
                }
                *at = at.saturating_add(came);
                if exact {
                    *total = answer.count;
                }
                Ok(Page { is_last: came == 0 || total.is_some_and(|total| *at >= total), rows })
            })
        })
    }

    /// All rows, as they come, in the order of `key`: each page begins at the last key of the one before.
    ///
    /// `key` is a column that is unique and never null, and among the selected ones. Rows that are added or removed
    /// meanwhile shift nothing, and late pages cost no more than early ones. A key that two pages meet at, and that more than
    /// one row has, is an error, as rows could be missing behind it; rows whose key is null are missing where there is more
    /// than one page.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// use futures_util::TryStreamExt;
    /// let logs: Vec<serde_json::Value> = db.from("logs").select("id, text").stream_by("id").try_collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn stream_by(self, key: &str) -> impl Stream<Item = Result<T>> + MaybeSend + 'static + use<S, T>
    where
        S: Rows + Reads,
    {
        let key = key.to_owned();
        let window = &self.draft.window;
        let columns = self.draft.pairs.first("select");
        let fault = if !window.order.is_empty() || window.offset.is_some() || window.limit.is_some() {
            Some("`stream_by` sorts and cuts by its key: leave out `order`, `limit` and `range`")
        } else if columns.is_some_and(|columns| is_another(&columns, &key)) {
            Some(
                "`stream_by` needs its key as the table has it, and `select` gives its name to something else",
            )
        } else {
            None
        };
        pages(self.faulty(fault), Keys::default(), move |draft, keys: &mut Keys| {
            let column = Column::exact(&key);
            draft.window.order(&Order::from(column.clone()));
            draft.window.limit(draft.page_size);
            if let Some(last) = &keys.last {
                // Counting once is enough.
                draft.prefer.count = None;
                if keys.overlap {
                    // The last row comes again, and shows whether its key is its alone.
                    draft.window.limit(draft.page_size.saturating_add(1));
                }
                draft.append(column.as_str(), &format!("{}.{last}", if keys.overlap { "gte" } else { "gt" }));
            }
            let key = key.clone();
            Some(move |reply: &Reply, keys: &mut Keys| {
                let mut rows: Vec<Box<RawValue>> = reply.json().map_err(Error::from_failure)?;
                keys.pass(&mut rows, &key).map_err(|message| fault_of(reply, message))?;
                let is_last = rows.is_empty();
                let decode = |row: Box<RawValue>| decode_json(row.get().as_bytes());
                let rows: Result<Vec<T>, _> = rows.into_iter().map(decode).collect();
                Ok(Page { rows: rows.map_err(|(message, _)| fault_of(reply, message))?, is_last })
            })
        })
    }

    /// All rows, in as many requests as they need: [`stream`](Self::stream), collected. The order must end in a unique column,
    /// as is said there.
    ///
    /// # Errors
    /// Those of any of the requests; the rows that came before are dropped.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let planets: Vec<serde_json::Value> = db.from("planets").select("*").order("id").fetch_all().await?;
    /// # Ok(()) }
    /// ```
    pub fn fetch_all(self) -> BoxFuture<'static, Result<Vec<T>>>
    where
        S: Rows + Reads + 'static,
    {
        Box::pin(self.stream().try_collect())
    }

    fn faulty(mut self, fault: Option<&'static str>) -> Self {
        if let Some(fault) = fault {
            self.draft.blame(fault.to_owned());
        }
        self
    }
}

impl<S, Out> Query<S, Out> {
    /// Makes it an error of kind [`ErrorKind::Truncated`](crate::ErrorKind::Truncated) if there are more rows than the
    /// answer holds, whatever shape it has: the server has a limit of its own, and would otherwise cut the answer without a
    /// word.
    ///
    /// This asks for the exact count. A query with a limit or range asks for fewer rows itself, so it cannot be complete.
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
        self.with(|draft| draft.must_be_whole = Some(whole))
    }
}

/// Some rows of a stream.
struct Page<T> {
    rows: Vec<T>,
    is_last: bool,
}

/// Asks for page after page. `next` changes a copy of the query to ask for the page at the given position, and gives the
/// function that reads the answer and moves the position; `None` ends the stream.
fn pages<S, T, At, Next, Read>(
    query: Query<S, Vec<T>>,
    start: At,
    next: Next,
) -> impl Stream<Item = Result<T>> + MaybeSend + 'static + use<S, T, At, Next, Read>
where
    T: Send + 'static,
    At: Send + 'static,
    Next: Fn(&mut Draft, &mut At) -> Option<Read> + Send + 'static,
    Read: FnOnce(&Reply, &mut At) -> Result<Page<T>> + Send + 'static,
{
    let mut draft = query.draft;
    if draft.must_be_whole.take().is_some() {
        // All pages together are, if the query asks for no fewer rows itself.
        draft.refuse_cut();
    }
    let fault = draft.fault.take();
    let begin = fault.map_or(Ok((draft, start, next)), Err);
    stream::try_unfold(Some(begin), |state| async move {
        let Some((draft, mut at, next)) = state.transpose()? else { return Ok::<_, Error>(None) };
        let mut page = draft.again();
        let Some(read) = next(&mut page, &mut at) else { return Ok(None) };
        let reply = match Box::new(page).send().await {
            // A server that counts says by an error that there is nothing behind the end.
            Err(error) if error.code() == Some(&Code::RangeNotSatisfiable) => return Ok(None),
            outcome => outcome?,
        };
        let page = read(&reply, &mut at)?;
        let rest = if page.is_last { None } else { Some(Ok((draft, at, next))) };
        Ok(Some((stream::iter(page.rows).map(Ok), rest)))
    })
    .try_flatten()
}

/// How far a stream by key has come.
#[derive(Default)]
struct Keys {
    last: Option<String>,
    /// Whether a page may begin with the last row of the one before. Where none had more than one row, the server may give no
    /// more at once, and would give the same one for ever.
    overlap: bool,
    /// The last key of an earlier page, and for how many pages it is kept: whoever meets it again goes round.
    mark: Option<String>,
    kept: u64,
    left: u64,
}

impl Keys {
    /// Takes note of a page, and takes the row out of it that the page before ended with.
    ///
    /// # Errors
    /// The key is none, in a sentence.
    fn pass(&mut self, rows: &mut Vec<Box<RawValue>>, key: &str) -> Result<(), String> {
        let key_of = |row: Option<&Box<RawValue>>| row.map(|row| key_of(row, key)).transpose();
        if self.overlap && self.last.is_some() && key_of(rows.first())? == self.last {
            rows.remove(0);
            if key_of(rows.first())? == self.last {
                return Err(format!(
                    "the key `{key}` is that of several rows, so that rows behind it could be missing"
                ));
            }
        }
        self.overlap |= rows.len() > 1;
        let Some(next) = key_of(rows.last())? else { return Ok(()) };
        if [&self.last, &self.mark].into_iter().flatten().any(|earlier| *earlier == next) {
            return Err(NO_SET.to_owned());
        }
        if self.left == 0 {
            // Twice as far to each next mark: sooner or later one lies on the round.
            self.kept = self.kept.saturating_mul(2).max(1);
            (self.mark, self.left) = (Some(next.clone()), self.kept);
        }
        self.left = self.left.saturating_sub(1);
        self.last = Some(next);
        Ok(())
    }
}

/// Whether the rows have something else under the name of this column, as by `key:other` or `data->>key`.
fn is_another(columns: &str, key: &str) -> bool {
    let (mut depth, mut quoted) = (0_u32, false);
    let mut items = columns.split(|c| {
        quoted ^= c == '"';
        match c {
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0 && !quoted
    });
    items.any(|item| {
        let mut quoted = false;
        let alias = item.split_once(|c| {
            quoted ^= c == '"';
            c == ':' && !quoted
        });
        // Two colons are a cast.
        let alias = alias.filter(|(_, source)| !source.starts_with(':'));
        let (name, source) = alias.unwrap_or_else(|| {
            (item.rsplit_once("->").map_or(item, |(_, last)| last.trim_start_matches('>')), item)
        });
        let plain = |text: &str| {
            let column = text.split_once("::").map_or(text, |(column, _)| column);
            column.trim().trim_matches('"').to_owned()
        };
        plain(name) == key && plain(source) != key
    })
}

/// The value of the key in a row, as it stands in a filter.
fn key_of(row: &RawValue, key: &str) -> Result<String, String> {
    let columns: HashMap<Cow<'_, str>, &RawValue> =
        serde_json::from_str(row.get()).map_err(|_| "`stream_by` reads rows that are objects".to_owned())?;
    let value =
        columns.get(key).ok_or_else(|| format!("the key `{key}` is not among the columns of the answer"))?;
    let text = value.get();
    match text.as_bytes().first() {
        Some(b'"') => serde_json::from_str(text).map_err(|error| error.to_string()),
        Some(b'n') => Err(format!("the key `{key}` is null in a row, and so is no key")),
        Some(b'{' | b'[') => Err(format!("the key `{key}` is no single value")),
        _ => Ok(text.to_owned()),
    }
}

fn fault_of(reply: &Reply, message: String) -> Error {
    Error::from_failure(Failure::decode(message, reply.clone(), None))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_given_to_something_else_is_seen() {
        for columns in
            ["id:other", "name,id:other::text", "data->>id", "data->a->>id", "id:t(x)", "\"id\":other"]
        {
            assert!(is_another(columns, "id"), "{columns}");
        }
        for columns in
            ["*", "id", "id::text", "x:id,id", "\"id\"", "t(id:other)", "id:id", "data->>idea", "\"x:id\""]
        {
            assert!(!is_another(columns, "id"), "{columns}");
        }
        assert!(is_another("\"a.b\":c", "a.b") && !is_another("\"a.b\",c", "a.b"));
    }

    fn page(keys: &[u32]) -> Vec<Box<RawValue>> {
        keys.iter().filter_map(|key| RawValue::from_string(format!("{{\"id\":{key}}}")).ok()).collect()
    }

    #[test]
    fn keys_that_go_round_are_noticed() {
        for round in [vec![1], vec![1, 2], vec![1, 2, 3, 4, 5, 6, 7]] {
            let mut keys = Keys::default();
            let before = [100, 101, 102, 103, 104];
            let mut lasts = before.iter().chain(round.iter().cycle());
            let fault = (0..100).find_map(|_| keys.pass(&mut page(&[*lasts.next()?]), "id").err());
            assert_eq!(fault.as_deref(), Some(NO_SET), "{round:?}");
        }
        let mut keys = Keys::default();
        assert!((0..1000).all(|key| keys.pass(&mut page(&[key]), "id").is_ok()));
    }
}
