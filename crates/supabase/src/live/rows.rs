//! The rows of a live query, and what becomes of them.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::Stream;
use realtime_rs::{Change, Channel, Delivery, ErrorKind, Listener, Record};
use serde::de::DeserializeOwned;
use supabase_core::{BoxFuture, BoxStream, sleep};

use super::key::Key;
use super::read::{Reader, Row};
use super::state::{Fetch, State, Step};
use crate::error::Result;

/// How many rows are read again at once. More would make the address long.
const MAX_KEYS: usize = 100;

/// The pause after a reading that failed; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after readings that failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// Rows on their way.
type Reading<T> = BoxFuture<'static, Result<Vec<(Key, Row<T>)>>>;

/// The rows of a live query. As a stream, it tells what becomes of them, beginning with those that are there.
///
/// The stream goes on after an error: what could not be read is read again after a pause. It ends when the channel does.
/// Dropping it leaves the channel.
#[must_use = "rows are brought up to date while the stream is polled"]
pub struct Live<T> {
    reader: Arc<Reader>,
    state: State<Row<T>>,
    listeners: [Listener<Change<Record>>; 3],
    /// Each listener tells of the same errors: how many each has told of, and how many of them were handed on.
    errors: [u64; 3],
    told_errors: u64,
    /// Since the last error, nothing has shown that changes come again.
    is_delayed: bool,
    /// Another user means other rows.
    users: Option<BoxStream<'static, ()>>,
    reading: Option<Reading<T>>,
    pause: Option<BoxFuture<'static, ()>>,
    failed: u32,
    /// What the first reading found.
    first: Option<Vec<LiveChange<T>>>,
    channel: Channel,
}

/// What has become of a row.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LiveChange<T> {
    /// It is there now.
    Added(Arc<T>),
    /// It is another one now.
    Changed {
        /// As it was.
        old: Arc<T>,
        /// As it is.
        new: Arc<T>,
    },
    /// It is gone, or fulfils the conditions no more.
    Removed(Arc<T>),
}

impl<T: DeserializeOwned + Send + Sync + 'static> Live<T> {
    pub(super) fn new(
        reader: Reader,
        listeners: [Listener<Change<Record>>; 3],
        channel: Channel,
        users: Option<BoxStream<'static, ()>>,
    ) -> Self {
        Self {
            reader: Arc::new(reader),
            state: State::new(),
            listeners,
            errors: [0; 3],
            told_errors: 0,
            is_delayed: false,
            users,
            reading: None,
            pause: None,
            failed: 0,
            first: None,
            channel,
        }
    }

    /// Reads all rows for the first time. What changes meanwhile waits in the listeners.
    pub(super) async fn begin(&mut self) -> Result<()> {
        if let Some(fetch) = self.state.next_fetch(MAX_KEYS) {
            let rows = Arc::clone(&self.reader).read(fetch).await?;
            self.first = Some(told(self.state.fetched(rows)));
        }
        Ok(())
    }

    /// The rows as they are known now, in the order of their keys.
    ///
    /// ```no_run
    /// # fn run(countries: supabase::live::Live<serde_json::Value>) {
    /// for country in countries.rows() {
    ///     println!("{country}");
    /// }
    /// # }
    /// ```
    pub fn rows(&self) -> impl Iterator<Item = &Arc<T>> {
        self.state.rows().map(|row| &row.value)
    }

    /// What becomes of the rows next: first, that those are there which were read at the beginning. `None` at the end.
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    /// Rows could not be read, or do not fit `T`; the rows stay as they were known, and what was missed is read again.
    ///
    /// ```no_run
    /// # async fn run(mut countries: supabase::live::Live<serde_json::Value>) -> supabase::Result<()> {
    /// while let Some(changes) = countries.next().await {
    ///     println!("{} changes", changes?.len());
    /// }
    /// # Ok(()) }
    /// ```
    pub async fn next(&mut self) -> Option<Result<Vec<LiveChange<T>>>> {
        std::future::poll_fn(|context| Pin::new(&mut *self).poll_next(context)).await
    }

    /// All rows, each time that one of them has changed.
    ///
    /// ```no_run
    /// # async fn run(countries: supabase::live::Live<serde_json::Value>) -> supabase::Result<()> {
    /// use futures_util::TryStreamExt;
    /// let mut snapshots = Box::pin(countries.snapshots());
    /// while let Some(rows) = snapshots.try_next().await? {
    ///     println!("{} rows", rows.len());
    /// }
    /// # Ok(()) }
    /// ```
    pub fn snapshots(self) -> impl Stream<Item = Result<Vec<Arc<T>>>> {
        futures_util::stream::unfold(self, |mut live| async move {
            let changes = live.next().await?;
            let rows = changes.map(|_| live.rows().cloned().collect());
            Some((rows, live))
        })
    }

    /// The channel through which changes are told.
    ///
    /// ```no_run
    /// # fn run(countries: supabase::live::Live<serde_json::Value>) {
    /// println!("{:?}", countries.channel().status());
    /// # }
    /// ```
    pub fn channel(&self) -> &Channel {
        &self.channel
    }

    /// Takes all hints that have come. Ready at the end, or with an error that nothing can be done about here.
    fn poll_hints(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<()>>> {
        if let Some(users) = &mut self.users {
            while let Poll::Ready(user) = users.as_mut().poll_next(context) {
                match user {
                    Some(()) => {
                        // What is on its way was asked for as somebody else, and what failed may work now.
                        self.reading = None;
                        self.pause = None;
                        self.failed = 0;
                        self.state.failed();
                        self.state.doubt_all();
                    }
                    None => {
                        self.users = None;
                        break;
                    }
                }
            }
        }
        for (listener, errors) in self.listeners.iter_mut().zip(&mut self.errors) {
            while let Poll::Ready(item) = Pin::new(&mut *listener).poll_next(context) {
                let Some(item) = item else { return Poll::Ready(None) };
                if let Err(error) = &item
                    && error.kind() != ErrorKind::Decode
                {
                    *errors += 1;
                    if *errors <= self.told_errors {
                        continue;
                    }
                    self.told_errors = *errors;
                    self.is_delayed = true;
                    return Poll::Ready(item.err().map(|error| Err(error.into())));
                }
                // The first that comes after the error, and not one that waited before it: what came between is lost.
                if self.is_delayed && *errors == self.told_errors {
                    self.is_delayed = false;
                    self.state.doubt_all();
                }
                // A change that cannot be read, and one that was missed, is a change all the same.
                let Ok(Delivery::Message(change)) = item else {
                    self.state.doubt_all();
                    continue;
                };
                let rows = [&change.record, &change.old_record].into_iter().flatten();
                let keys: Vec<_> = rows.filter_map(|row| self.reader.key_of(row.as_json())).collect();
                // A change of who knows what: the server could not look at the row.
                if keys.is_empty() {
                    self.state.doubt_all();
                }
                keys.into_iter().for_each(|key| self.state.touch(key));
            }
        }
        Poll::Pending
    }

    fn begin_reading(&mut self, fetch: Fetch) {
        self.reading = Some(Box::pin(Arc::clone(&self.reader).read(fetch)));
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> Stream for Live<T> {
    type Item = Result<Vec<LiveChange<T>>>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Some(first) = this.first.take() {
            return Poll::Ready(Some(Ok(first)));
        }
        loop {
            if let Poll::Ready(end) = this.poll_hints(context) {
                return Poll::Ready(end.map(|error| error.map(|()| Vec::new())));
            }
            if let Some(pause) = &mut this.pause {
                ready!(pause.as_mut().poll(context));
                this.pause = None;
            }
            if this.reading.is_none() {
                match this.state.next_fetch(MAX_KEYS) {
                    Some(fetch) => this.begin_reading(fetch),
                    None => return Poll::Pending,
                }
            }
            let Some(reading) = &mut this.reading else { return Poll::Pending };
            let read = ready!(reading.as_mut().poll(context));
            this.reading = None;
            match read {
                Ok(rows) => {
                    this.failed = 0;
                    let changes = told(this.state.fetched(rows));
                    if !changes.is_empty() {
                        return Poll::Ready(Some(Ok(changes)));
                    }
                }
                Err(error) => {
                    this.state.failed();
                    let pause = FIRST_PAUSE.saturating_mul(1 << this.failed.min(5)).min(LONGEST_PAUSE);
                    this.failed += 1;
                    this.pause = Some(Box::pin(sleep(pause)));
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

fn told<T>(steps: Vec<Step<Row<T>>>) -> Vec<LiveChange<T>> {
    let told = |step| match step {
        Step::Added(row) => LiveChange::Added(Row::into_value(row)),
        Step::Changed { old, new } => {
            LiveChange::Changed { old: Row::into_value(old), new: Row::into_value(new) }
        }
        Step::Removed(row) => LiveChange::Removed(Row::into_value(row)),
    };
    steps.into_iter().map(told).collect()
}

impl<T> Row<T> {
    fn into_value(self) -> Arc<T> {
        self.value
    }
}

impl<T> Clone for LiveChange<T> {
    fn clone(&self) -> Self {
        match self {
            Self::Added(row) => Self::Added(Arc::clone(row)),
            Self::Changed { old, new } => Self::Changed { old: Arc::clone(old), new: Arc::clone(new) },
            Self::Removed(row) => Self::Removed(Arc::clone(row)),
        }
    }
}

impl<T> fmt::Debug for Live<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live").field("channel", &self.channel).finish_non_exhaustive()
    }
}
