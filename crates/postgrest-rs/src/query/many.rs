//! Answers and questions that are too large for one piece: bytes as they come, and lists in several requests.

use futures_util::stream::{self, Stream, StreamExt, TryStreamExt};
use serde::de::DeserializeOwned;
use supabase_core::{BoxFuture, Bytes, Failure, MaybeSend, limited};

use super::Query;
use super::send::rows;
use super::stage::{Ready, Select};
use super::whole::WHOLE;
use crate::error::{Error, Result};
use crate::filter::Filter;

impl<S> Query<S, String> {
    /// The answer as it comes, in pieces of bytes: for one that is larger than memory should hold. What is asked for is
    /// text: JSON after [`select_raw`](Query::select_raw), or [`csv`](Query::csv).
    ///
    /// The time limit holds until the first byte, and then for each piece anew: a stream may take as long as it likes, and
    /// does not stand still. Nothing is repeated after the first byte. Dropping the stream cancels the request.
    ///
    /// The server has a limit of its own and cuts the answer without a word; with [`complete`](Query::complete), that is an
    /// error before the first byte.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> Result<(), Box<dyn std::error::Error>> {
    /// use futures_util::TryStreamExt;
    /// use std::io::Write;
    /// let mut file = std::fs::File::create("planets.csv")?;
    /// let mut csv = std::pin::pin!(db.from("planets").select_raw("*").csv().complete().byte_stream());
    /// while let Some(bytes) = csv.try_next().await? {
    ///     file.write_all(&bytes)?;
    /// }
    /// # Ok(()) }
    /// ```
    pub fn byte_stream(self) -> impl Stream<Item = Result<Bytes>> + MaybeSend + 'static + use<S>
    where
        S: Ready,
    {
        let mut draft = self.draft;
        let open = async move {
            draft.complete()?;
            let limit = draft.request.timeout.or(draft.transport.timeout());
            let idempotent = draft.request.idempotent;
            let reply = draft.transport.open(&draft.request).await.map_err(Error::from_failure)?;
            let head = reply.head();
            head.refuse_html().map_err(Error::from_failure)?;
            draft.check(&head)?;
            Ok::<_, Error>(stream::try_unfold(reply, move |mut reply| async move {
                let chunk = match limit {
                    Some(limit) => limited(limit, reply.chunk())
                        .await
                        .unwrap_or_else(|| Err(Failure::timeout(limit, idempotent))),
                    None => reply.chunk().await,
                };
                Ok(chunk.map_err(Error::from_failure)?.map(|chunk| (chunk, reply)))
            }))
        };
        stream::once(open).try_flatten()
    }
}

/// A query whose longest list is asked for in several requests; made by [`chunked`](crate::Query::chunked). It is sent
/// by `.await`.
#[must_use = "a query does nothing until it is awaited"]
pub struct Chunked<T> {
    query: Query<Select, Vec<T>>,
    size: usize,
    concurrency: usize,
}

impl<T: DeserializeOwned + Send + 'static> Query<Select, Vec<T>> {
    /// Sends the longest [`in_`](Query::in_) list in several requests, of at most `size` values each, and joins their
    /// rows: for lists that are too long for one request.
    ///
    /// Values that occur twice, by their text, are asked for once; two texts of one value, as of a UUID in both cases, may
    /// give its rows twice. Rows come in the order of the requests. Each request asks for the exact count too: where the server
    /// has more rows for one than it gives, that is an error of kind
    /// [`ErrorKind::Truncated`](crate::ErrorKind::Truncated), and `size` is to be smaller. Where several requests would give
    /// another answer than one, that is an error before anything is sent: with a limit, a range, an order, a count, an
    /// aggregate of the table itself, a shape other than rows, or without a list.
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client, ids: Vec<i64>) -> postgrest_rs::Result<()> {
    /// let planets: Vec<serde_json::Value> =
    ///     db.from("planets").select("*").in_("id", ids).chunked(500).concurrency(2).await?;
    /// # Ok(()) }
    /// ```
    pub fn chunked(self, size: usize) -> Chunked<T> {
        Chunked { query: self, size, concurrency: 4 }
    }
}

impl<T> Chunked<T> {
    /// How many requests are under way at the same time, at the most: 4 if not given.
    pub fn concurrency(mut self, requests: usize) -> Self {
        self.concurrency = requests.max(1);
        self
    }
}

impl<T: DeserializeOwned + Send + 'static> IntoFuture for Chunked<T> {
    type Output = Result<Vec<T>>;
    type IntoFuture = BoxFuture<'static, Result<Vec<T>>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let mut draft = self.query.draft;
            if let Some(fault) = draft.fault.take() {
                return Err(fault);
            }
            let refusal = |what: &str| {
                Error::invalid(format!("`chunked` would give another answer than one request {what}"))
            };
            if !draft.window.order.is_empty() || draft.window.limit.is_some() || draft.window.offset.is_some()
            {
                return Err(refusal("with an order, a limit or a range"));
            }
            if draft.prefer.count.is_some() {
                return Err(refusal("with a count"));
            }
            if draft.is_aggregated() {
                return Err(refusal("with an aggregate: each request would have a result of its own"));
            }
            let length = |at: &usize| draft.lists.get(*at).map_or(0, Filter::list_length);
            let may_be_split = |at: &usize| draft.lists.get(*at).is_some_and(Filter::is_on_the_table);
            let longest = (0..draft.lists.len()).filter(may_be_split).max_by_key(length);
            let Some(longest) = longest else {
                return Err(Error::invalid(
                    "`chunked` needs an `in_` filter on the table itself, whose list it splits",
                ));
            };
            // Nobody else would notice that the server cuts one of the answers.
            draft.must_be_whole = Some(WHOLE);
            let list = draft.lists.swap_remove(longest);
            let requests: Vec<_> = list
                .split(self.size)
                .into_iter()
                .map(|part| {
                    let mut draft = draft.again();
                    draft.lists.push(part);
                    async move { rows::<T>(&Box::new(draft).send().await?) }
                })
                .collect();
            let mut answers = stream::iter(requests).buffered(self.concurrency);
            let mut all = Vec::new();
            while let Some(rows) = answers.try_next().await? {
                all.extend(rows);
            }
            Ok(all)
        })
    }
}

impl<T> std::fmt::Debug for Chunked<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Chunked")
            .field("query", &self.query)
            .field("size", &self.size)
            .field("concurrency", &self.concurrency)
            .finish()
    }
}
