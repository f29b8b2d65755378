//! The content of an object, piece by piece.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Stream, StreamExt, stream};
use supabase_core::{BoxStream, Bytes, Reply};

use super::reader::Reader;
use crate::error::Result;

/// The content of an object, piece by piece as it comes. Dropping it closes the connection.
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use futures_util::TryStreamExt;
/// let mut film = storage.from("films").download("1.mp4").stream().await?;
/// while let Some(piece) = film.try_next().await? {
///     println!("{} bytes", piece.len());
/// }
/// # Ok(()) }
/// ```
#[must_use = "a stream does nothing unless it is polled"]
pub struct DownloadStream {
    head: Reply,
    length: Option<u64>,
    pieces: BoxStream<'static, Result<Bytes>>,
}

impl DownloadStream {
    pub(super) fn new(reader: Reader) -> Self {
        let (head, length) = (reader.head().clone(), reader.length());
        let pieces = stream::try_unfold(reader, |mut reader| async move {
            Ok(reader.next().await?.map(|piece| (piece, reader)))
        });
        Self { head, length, pieces: Box::pin(pieces) }
    }

    /// How many bytes there are to come in all, if the service says so. In a browser, only a range may have a length.
    pub fn content_length(&self) -> Option<u64> {
        self.length
    }

    /// The type of the content.
    pub fn content_type(&self) -> Option<&str> {
        self.header("content-type")
    }

    /// The tag of this version of the content, in quotes.
    pub fn etag(&self) -> Option<&str> {
        self.header("etag")
    }

    /// A header of the answer, if it is there and is text.
    pub fn header(&self, name: impl AsRef<str>) -> Option<&str> {
        self.head.header(name.as_ref())
    }
}

impl Stream for DownloadStream {
    type Item = Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.pieces.poll_next_unpin(context)
    }
}

impl fmt::Debug for DownloadStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DownloadStream").field("content_length", &self.length).finish_non_exhaustive()
    }
}
