//! Bytes that arrive and go to the disk: never more than a piece of them is in memory.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _};
use md5::{Digest, Md5};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt as _;

use super::call::BodyError;
use super::problem::Problem;

/// A file that is written. It is removed again unless it is kept.
#[derive(Debug)]
pub(super) struct Receiver {
    path: PathBuf,
    file: File,
    hash: Md5,
    size: u64,
    kept: bool,
}

/// A file that is complete.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) size: u64,
    pub(super) etag: String,
}

impl Receiver {
    pub(super) async fn create(path: PathBuf) -> io::Result<Self> {
        let file = File::create(&path).await?;
        Ok(Self { path, file, hash: Md5::new(), size: 0, kept: false })
    }

    /// Takes bytes until there are no more, or too many.
    pub(super) async fn take<E: Into<BodyError>>(
        &mut self,
        pieces: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin),
        limit: u64,
    ) -> Result<(), Problem> {
        while let Some(piece) = pieces.next().await {
            // A client that goes away in the middle has no use for an answer.
            let piece = piece.map_err(|_| Problem::request("Request aborted"))?;
            self.size += piece.len() as u64;
            if self.size > limit {
                return Err(Problem::too_large());
            }
            self.hash.update(&piece);
            self.file.write_all(&piece).await?;
        }
        Ok(())
    }

    /// Gives the file its final name.
    pub(super) async fn keep(mut self, path: &Path) -> io::Result<Received> {
        self.file.flush().await?;
        fs::rename(&self.path, path).await?;
        self.kept = true;
        Ok(Received { size: self.size, etag: etag(&self.hash) })
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed takes room until the folder goes.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// An entity tag: the MD5 of the bytes, in quotes.
pub(super) fn etag(hash: &Md5) -> String {
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in hash.clone().finalize() {
        tag.push_str(&format!("{byte:02x}"));
    }
    tag.push('"');
    tag
}
