//! Files that are uploaded.

mod version;

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;

use futures_util::{Stream, stream};
use supabase_core::{Bytes, Content, Pieces};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::spawn_blocking;

use crate::error::Result;
pub(crate) use version::Version;

/// How much of a file is in memory at a time.
const PIECE: usize = 128 * 1024;

/// A file as a body that can be sent as often as it must, as long as the file stays as it is.
pub(crate) async fn content(path: PathBuf) -> Result<Content> {
    let version = Version::of(path).await?;
    let length = version.length();
    Ok(Content::again(Some(length), move || version.clone().read(0, length, true)))
}

/// How many bytes a file has.
pub(crate) async fn length(path: PathBuf) -> io::Result<u64> {
    Ok(in_background(move || facts(&path)).await?.len())
}

/// What the system says of a file.
pub(crate) fn facts(path: &Path) -> io::Result<fs::Metadata> {
    let facts = fs::metadata(path)?;
    if facts.is_file() {
        return Ok(facts);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"))
}

/// The pieces of an open file, or of a part of it.
pub(crate) fn opened(file: impl Read + Send + 'static) -> Pieces {
    Box::pin(stream::try_unfold(file, |mut file| async move {
        let (piece, file) = in_background(move || {
            let mut piece = Vec::with_capacity(PIECE);
            file.by_ref().take(PIECE as u64).read_to_end(&mut piece)?;
            Ok((Bytes::from(piece), file))
        })
        .await?;
        Ok((!piece.is_empty()).then_some((piece, file)))
    }))
}

/// The pieces of whatever can be read.
pub(crate) fn pieces(
    reader: impl AsyncRead + Send + 'static,
) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
    let reader: Pin<Box<dyn AsyncRead + Send>> = Box::pin(reader);
    stream::try_unfold(reader, |mut reader| async move {
        let mut piece = Vec::with_capacity(PIECE);
        // One read may give little: a pipe gives what it has.
        let read = reader.read_buf(&mut piece).await?;
        Ok((read > 0).then(|| (Bytes::from(piece), reader)))
    })
}

pub(crate) async fn in_background<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
