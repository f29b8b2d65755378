//! Sending a query and reading its answer.

use std::mem::take;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use supabase_core::header::{ACCEPT, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue};
use supabase_core::{BoxFuture, Failure, Method, Reply, decode_json};

use super::accept::Shape;
use super::guard::undone;
use super::stage::Ready;
use super::{Draft, Query};
use crate::code::Code;
use crate::error::{Error, Result};
use crate::response::{Counted, Response};

/// The status of an answer that was to have one row, and would have another number.
const NOT_ACCEPTABLE: u16 = 406;

const PREFER: HeaderName = HeaderName::from_static("prefer");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl<S, Out> Query<S, Out> {
    /// Sends the query, and answers with the data and what the server said about it: count, range, status.
    ///
    /// `.await` on the query itself answers with the data alone.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```no_run
    /// # async fn run(db: postgrest_rs::Client) -> postgrest_rs::Result<()> {
    /// let answer = db.from("planets").select::<serde_json::Value>("*").execute().await?;
    /// println!("{} rows, status {}", answer.data.len(), answer.status);
    /// # Ok(()) }
    /// ```
    pub fn execute(self) -> BoxFuture<'static, Result<Response<Out>>>
    where
        S: Ready,
        Out: 'static,
    {
        let Self { draft, decode, .. } = self;
        Box::pin(async move {
            let counts = draft.prefer.count.is_some();
            let counted = match draft.writes_rows() {
                true => Counted::Writes,
                false if counts && draft.is_aggregated() => Counted::Groups,
                false => Counted::Rows,
            };
            let reply = draft.send().await?;
            let mut answer = Response { counted, ..Response::new(decode(&reply)?, &reply) };
            if is_not_acceptable(&reply) {
                // There is no row, and that is an answer.
                (answer.status, answer.count) = (200, counts.then_some(0));
            }
            Ok(answer)
        })
    }
}

impl<S: Ready, Out: 'static> IntoFuture for Query<S, Out> {
    type Output = Result<Out>;
    type IntoFuture = BoxFuture<'static, Result<Out>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { draft, decode, .. } = self;
        Box::pin(async move { decode(&draft.send().await?) })
    }
}

impl Draft {
    /// Sends what was drafted, and reads the answer whole.
    pub(super) async fn send(mut self: Box<Self>) -> Result<Reply> {
        self.complete()?;
        let reply = self.transport.send(&self.request).await.map_err(Error::from_failure)?;
        self.check(&reply)?;
        Ok(reply)
    }

    /// Looks whether the answer says all that it was asked to say.
    pub(super) fn check(&self, head: &Reply) -> Result<()> {
        if is_not_acceptable(head) {
            // Undone, and without rows.
            return Ok(());
        }
        if self.is_to_be_undone() {
            undone(head)?;
        }
        match self.must_be_whole {
            // Neither a plan nor headers alone have rows that could be cut.
            Some(whole) if self.accept.plan.is_none() && self.request.method != Method::HEAD => {
                (whole.check)(head)
            }
            _ => Ok(()),
        }
    }

    /// Whether it would touch every row without a filter.
    pub(super) fn must_be_narrowed(&self) -> bool {
        matches!(self.request.method, Method::PATCH | Method::DELETE)
    }

    /// Whether the server must say that it has undone the change. A plan changes nothing, unless it is analyzed, which is
    /// refused, and neither does a function that may only read.
    pub(super) fn is_to_be_undone(&self) -> bool {
        self.prefer.rollback && self.accept.plan.is_none() && !self.reads()
    }

    /// Puts everything that was collected into the request, once.
    ///
    /// # Errors
    /// What was asked for cannot be sent, or contradicts itself.
    pub(super) fn complete(&mut self) -> Result<()> {
        if self.must_be_narrowed() && !self.is_narrowed {
            self.blame(
                "the filters leave every row, as they are on referenced tables only, or a list in `not_in` is empty, or \
                 in a filter that is to hold for all: filter the table itself, or write `.all_rows()`",
            );
        }
        for guard in [self.guard, self.plan_guard].into_iter().flatten() {
            guard(self);
        }
        if let Some(whole) = self.must_be_whole {
            (whole.ask)(self);
        }
        if self.accept.shape == Shape::MaybeOne && self.writes_rows() && self.accept.plan.is_none() {
            // That there is no row is an answer.
            self.request.accepts = |status| status == NOT_ACCEPTABLE;
        }
        let window = take(&mut self.window);
        window.write(None, &mut self.pairs);
        for (table, window) in take(&mut self.referenced) {
            window.write(Some(&table), &mut self.pairs);
        }
        if self.pairs.take_nul() {
            self.blame_nul("order");
        }
        if let Some(columns) = self.on_conflict.take() {
            self.append("on_conflict", &columns);
        }
        for list in take(&mut self.lists) {
            self.append_filter(&list).map_err(Error::invalid)?;
        }
        if let Some(fault) = self.fault.take() {
            return Err(fault);
        }
        let pairs = take(&mut self.pairs);
        self.request.url.set_query(pairs.as_str().map_err(|error| Error::invalid(error.to_string()))?);
        let accept = self.accept.header(self.writes_rows());
        let headers = &mut self.request.headers;
        if let Some(accept) = accept {
            headers.push((ACCEPT, accept));
        }
        if let Some(schema) = &self.schema {
            headers.push(schema.header(&self.request.method).map_err(Error::from_failure)?);
        }
        if self.prefer.count.is_some() && window.offset.is_some_and(|offset| offset > 0) {
            // PostgREST 13.0 to 14.1 answer a counted range beyond the end with a body that is longer than it says, and
            // the rest of it would be read as the next answer.
            headers.push((CONNECTION, HeaderValue::from_static("close")));
        }
        if let Some(prefer) = self.prefer.header() {
            headers.push((PREFER, prefer));
        }
        if self.request.body.is_some() {
            headers.push((CONTENT_TYPE, JSON));
        }
        Ok(())
    }
}

/// Whether the server refused the shape of the answer: it has other than one row.
fn is_not_acceptable(reply: &Reply) -> bool {
    reply.status() == NOT_ACCEPTABLE
}

/// Every row.
pub(crate) fn rows<T: DeserializeOwned>(reply: &Reply) -> Result<Vec<T>> {
    json(reply)
}

/// The one row that the server was asked for.
pub(crate) fn one<T: DeserializeOwned>(reply: &Reply) -> Result<T> {
    reply.json().or_else(|failure| {
        // So the server wraps the only element of a set that a function returns, where it is no row.
        if let Ok(Element { pgrst_scalar }) = serde_json::from_slice(reply.body()) {
            return Ok(pgrst_scalar);
        }
        let is_object = reply.body().trim_ascii_start().starts_with(b"{");
        let wants_list = is_object && decode_json::<T>(b"{}").is_err() && decode_json::<T>(b"[]").is_ok();
        if wants_list {
            let message = "`single()` answers with one row: ask for the row's type, not for a `Vec` of it";
            return Err(Error::from_failure(Failure::decode(message, reply, None)));
        }
        Err(Error::from_failure(failure))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "T: Deserialize<'de>"))]
struct Element<T> {
    // Named, as an `Option` could otherwise be missing.
    #[serde(deserialize_with = "Deserialize::deserialize")]
    pgrst_scalar: T,
}

/// One row or none: as a list, where the server was not asked for a single one.
pub(crate) fn maybe_one<T: DeserializeOwned>(reply: &Reply) -> Result<Option<T>> {
    if is_not_acceptable(reply) {
        let error = Error::from_failure(Failure::from_reply(reply.clone(), false));
        let says_none = |details: Value| details.as_str().is_some_and(|text| text.contains(" 0 rows"));
        let is_none = error.code() == Some(&Code::NotExactlyOneRow) && error.details().is_some_and(says_none);
        return if is_none { Ok(None) } else { Err(error) };
    }
    match reply.body().trim_ascii_start().first() {
        Some(b'[') => {}
        Some(b'{') => return one(reply).map(Some),
        _ => return json(reply),
    }
    let mut rows: Vec<T> = reply.json().map_err(Error::from_failure)?;
    if rows.len() > 1 {
        let message = "more than one row came where one or none was asked for";
        let failure = Failure::decode(message, reply, None);
        return Err(Error::not_one_row(failure, rows.len()));
    }
    Ok(rows.pop())
}

/// What a function returns. One that returns nothing answers with no body.
pub(crate) fn returned<T: DeserializeOwned>(reply: &Reply) -> Result<T> {
    if reply.body().is_empty() {
        return decode_json(b"null").map_err(|(_, source)| {
            let message = "the function returned nothing: ask for `()`, or for an `Option`";
            Error::from_failure(Failure::decode(message, reply, source))
        });
    }
    reply.json().map_err(Error::from_failure)
}

/// An answer of one JSON value.
pub(crate) fn json<T: DeserializeOwned>(reply: &Reply) -> Result<T> {
    reply.json().map_err(Error::from_failure)
}

/// Where the row is that was added.
pub(crate) fn location(reply: &Reply) -> Result<Option<String>> {
    nothing(reply)?;
    Ok(reply.header("location").map(str::to_owned))
}

/// The answer as it came.
pub(crate) fn text(reply: &Reply) -> Result<String> {
    reply.text().map_err(Error::from_failure)
}

/// No answer is expected. One that comes is left unread, but for a page: then it was not PostgREST that answered.
pub(crate) fn nothing(reply: &Reply) -> Result<()> {
    reply.refuse_html().map_err(Error::from_failure)
}
