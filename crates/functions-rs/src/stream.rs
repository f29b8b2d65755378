//! What a function answers, read as it comes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt, stream};
use supabase_core::{BoxStream, Bytes, OpenReply, Reply};

use crate::error::{Error, Result};
use crate::response::{media_type, texts};

/// What a function answers, piece by piece as it writes them.
///
/// The stream ends with an error if the connection breaks; dropping it closes the connection.
///
/// ```no_run
/// # async fn run(functions: functions_rs::Client) -> functions_rs::Result<()> {
/// use futures_util::TryStreamExt;
/// let mut answer = functions.invoke("export").stream().await?;
/// while let Some(piece) = answer.try_next().await? {
///     println!("{} bytes", piece.len());
/// }
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct ByteStream {
    head: Reply,
    body: BoxStream<'static, Result<Bytes>>,
}

impl ByteStream {
    pub(crate) fn head(&self) -> &Reply {
        &self.head
    }

    pub(crate) fn new(reply: OpenReply) -> Self {
        let head = reply.head();
        let body = stream::try_unfold(reply, |mut reply| async move {
            let piece = reply.chunk().await.map_err(Error::from_failure)?;
            Ok(piece.map(|piece| (piece, reply)))
        });
        Self { head, body: Box::pin(body) }
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

    /// The media type of the answer, without its parameters, such as `application/pdf`.
    pub fn content_type(&self) -> Option<&str> {
        media_type(&self.head)
    }
}

impl Stream for ByteStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.body.poll_next_unpin(context)
    }
}

impl fmt::Debug for ByteStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ByteStream").field("status", &self.status()).finish_non_exhaustive()
    }
}
