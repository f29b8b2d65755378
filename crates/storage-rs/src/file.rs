//! Files: reading what is uploaded, and writing what is downloaded so that no half file ever has the final name.

mod version;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::{Stream, stream};
use supabase_core::{Bytes, Content, Pieces};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::task::spawn_blocking;

use crate::error::{Error, Result};
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

/// A file under another name beside its final one, which it gets when it is complete. Dropped before, it is removed.
#[derive(Debug)]
pub(crate) struct Partial {
    path: PathBuf,
    target: PathBuf,
    is_kept: bool,
}

impl Partial {
    /// Creates the file.
    ///
    /// # Errors
    /// The folder does not exist or cannot be written to, or the path names a folder.
    pub(crate) async fn create(target: &Path) -> Result<(Self, tokio::fs::File)> {
        let target = target.to_owned();
        let (partial, file) = in_background(move || create(target)).await.map_err(unwritable)?;
        Ok((partial, tokio::fs::File::from_std(file)))
    }

    /// Another handle on the file, for writing elsewhere in it.
    pub(crate) async fn open(&self) -> Result<tokio::fs::File> {
        tokio::fs::OpenOptions::new().write(true).open(&self.path).await.map_err(unwritable)
    }

    /// Gives it its final name. What stood under it before is replaced at once.
    pub(crate) async fn keep(mut self, file: tokio::fs::File) -> Result<()> {
        // Only what has reached the disk has the final name: a full disk may tell no earlier.
        file.sync_all().await.map_err(unwritable)?;
        drop(file.into_std().await);
        tokio::fs::rename(&self.path, &self.target).await.map_err(unwritable)?;
        self.is_kept = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.is_kept {
            // There is nobody to tell; the file bears a name that says what it is.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn create(target: PathBuf) -> io::Result<(Partial, fs::File)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    if target.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    let name = target
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"))?
        .to_owned();
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let mut hidden = OsString::from(".");
        hidden.push(&name);
        hidden.push(format!(".{}-{number}.part", std::process::id()));
        let path = target.with_file_name(hidden);
        match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((Partial { path, target, is_kept: false }, file)),
            // Left behind by a process of the same number that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// The file to be written cannot be.
pub(crate) fn unwritable(error: io::Error) -> Error {
    Error::file("the file cannot be written", error)
}
