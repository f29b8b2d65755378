//! Server-sent events.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use serde::de::DeserializeOwned;
use sse_stream::{Sse, SseByteStream};
use supabase_core::{Failure, Reply, decode_json};

use crate::error::{Error, Result};
use crate::event_limit::Limited;
use crate::response::texts;
use crate::stream::ByteStream;

/// The events of a function that answers with `text/event-stream`.
///
/// Comments are passed over, and an event that is cut off by the end of the stream is none. The stream ends with an error
/// if the connection breaks; [`last_event_id`](Self::last_event_id) is where a new call goes on. It also ends, with
/// [`ErrorKind::TooLarge`](crate::ErrorKind::TooLarge), where an event has more than 16 MiB, or than
/// [`max_body`](crate::Invoke::max_body) says.
///
/// Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html>
///
/// ```no_run
/// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
/// use futures_util::TryStreamExt;
/// # #[derive(serde::Deserialize)] struct Progress { percent: u8 }
/// let mut events = functions.invoke("import").events().await?;
/// while let Some(event) = events.try_next().await? {
///     let progress: Progress = event.json()?;
///     println!("{} %", progress.percent);
/// }
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct EventStream {
    events: SseByteStream<Limited<ByteStream>>,
    head: Reply,
    place: Place,
}

/// How far a stream was read.
#[derive(Default)]
pub(crate) struct Place {
    pub(crate) last_event_id: Option<String>,
    pub(crate) retry: Option<Duration>,
}

/// One event of an [`EventStream`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// What kind of event it is: `message` if the function did not say.
    pub kind: String,
    /// What it says: its `data` lines, joined by line breaks.
    pub data: String,
    /// The id of this event, or of the last one that had one.
    pub id: Option<String>,
}

impl EventStream {
    pub(crate) fn new(bytes: ByteStream, last_event_id: Option<String>, largest: usize) -> Self {
        let head = bytes.head().clone();
        let too_large = Error::from_failure(Failure::too_large_part("an event", largest, head.clone()));
        Self {
            events: SseByteStream::new(Limited::new(bytes, largest, too_large)),
            head,
            place: Place { last_event_id, retry: None },
        }
    }

    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.head.status()
    }

    /// A header, if it is there and is text.
    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.head.header(name.as_ref())
    }

    /// All headers that are text; a name may come several times.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        texts(self.head.headers())
    }

    /// The id of the last event that had one: give it to [`Invoke::last_event_id`](crate::Invoke::last_event_id) of a
    /// new call, and a function that keeps its events goes on from there.
    pub fn last_event_id(&self) -> Option<&str> {
        self.place.last_event_id.as_deref()
    }

    /// How long the function asks to wait before a new call, if it does.
    pub fn retry(&self) -> Option<Duration> {
        self.place.retry
    }
}

impl Event {
    /// What it says, read as JSON.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`](crate::ErrorKind::Decode), with the path of what does not fit.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        decode_json(self.data.as_bytes())
            .map_err(|(message, source)| Error::from_failure(Failure::unreadable(message, source)))
    }
}

impl Stream for EventStream {
    type Item = Result<Event>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let block = match std::task::ready!(self.events.poll_next_unpin(context)) {
                None => return Poll::Ready(None),
                Some(Ok(block)) => block,
                Some(Err(error)) => return Poll::Ready(Some(Err(broken(error)))),
            };
            if let Some(event) = self.place.read(block) {
                return Poll::Ready(Some(Ok(event)));
            }
        }
    }
}

impl Place {
    /// Goes on by a block of lines, which may be an event.
    pub(crate) fn read(&mut self, block: Sse) -> Option<Event> {
        if let Some(milliseconds) = block.retry {
            self.retry = Some(Duration::from_millis(milliseconds));
        }
        if let Some(id) = block.id {
            // An empty id takes back the last one.
            self.last_event_id = Some(id).filter(|id| !id.is_empty());
        }
        // A block without data sets the id and the pause, and is no event.
        let data = block.data?;
        let kind = block.event.filter(|kind| !kind.is_empty()).unwrap_or_else(|| "message".to_owned());
        Some(Event { kind, data, id: self.last_event_id.clone() })
    }
}

/// The error of the connection as it is, or what cannot be read.
fn broken(error: sse_stream::Error) -> Error {
    match error {
        sse_stream::Error::Body(source) => match source.downcast::<Error>() {
            Ok(error) => *error,
            Err(source) => Error::stream(source),
        },
        other => Error::stream(other),
    }
}

impl fmt::Debug for EventStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventStream")
            .field("last_event_id", &self.place.last_event_id)
            .field("retry", &self.place.retry)
            .finish_non_exhaustive()
    }
}
