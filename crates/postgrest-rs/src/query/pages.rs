//! All rows of an answer that is too long for one request.

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use supabase_core::{BoxFuture, Failure, MaybeSend, Reply, decode_json};

use super::keys::{Keys, is_another};
use super::stage::{Reads, Rows};
use super::whole::refuse_cut;
use super::window::MOST;
use super::{Draft, Query};
use crate::code::Code;
use crate::column::Column;
use crate::error::{Error, Result};
use crate::query::order::Order;
use crate::query::prefer::Count;
use crate::response::Response;

/// Why a stream must end that would go on for ever: a function whose answer is one JSON value has no pages.
pub(super) const NO_SET: &str =
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
        self.with(|draft| draft.page_size = rows.clamp(1, MOST))
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
    /// one row has, is an error, as rows could be missing behind it. A row whose key is null is an error if the first page has
    /// it, and otherwise missing.
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
            // Two at the least, as the last row comes again, and shows whether its key is its alone.
            let rows = draft.page_size.max(2);
            draft.window.limit(if keys.overlap { rows.saturating_add(1) } else { rows });
            if let Some(last) = &keys.last {
                // Counting once is enough.
                draft.prefer.count = None;
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
            self.draft.blame(fault);
        }
        self
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
        refuse_cut(&mut draft);
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

fn fault_of(reply: &Reply, message: String) -> Error {
    Error::from_failure(Failure::decode(message, reply, None))
}
