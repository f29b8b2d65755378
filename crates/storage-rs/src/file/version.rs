//! A file as it was when its upload began.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::{StreamExt, stream};
use supabase_core::{Bytes, Pieces};

use super::{facts, in_background, opened};
use crate::error::{Error, Result};

/// A file as it was when its upload began. It is read a part at a time, and only as long as it stays the same.
#[derive(Clone, Debug)]
pub(crate) struct Version(Arc<Facts>);

#[derive(Debug)]
struct Facts {
    path: PathBuf,
    length: u64,
    /// Not every file system tells.
    modified: Option<SystemTime>,
}

impl Version {
    /// # Errors
    /// There is no such file.
    pub(crate) async fn of(path: PathBuf) -> Result<Self> {
        let facts = in_background(move || {
            let facts = facts(&path)?;
            Ok(Facts {
                path: std::path::absolute(path)?,
                length: facts.len(),
                modified: facts.modified().ok(),
            })
        });
        let facts =
            facts.await.map_err(|error| Error::content("the file to be uploaded cannot be read", error))?;
        Ok(Self(Arc::new(facts)))
    }

    pub(crate) fn length(&self) -> u64 {
        self.0.length
    }

    /// What tells this content from another one.
    pub(crate) fn identity(&self) -> String {
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok();
        let modified = self.0.modified.and_then(since).map(|time| time.as_nanos());
        format!("{}|{}|{}", self.0.path.display(), self.0.length, modified.unwrap_or_default())
    }

    /// The pieces of a part. Behind the last one it is looked once more whether the file is still the same.
    pub(crate) async fn read(self, offset: u64, length: u64, is_last: bool) -> io::Result<Pieces> {
        let version = self.clone();
        let file = in_background(move || {
            let mut file = File::open(&version.0.path)?;
            version.check(&file)?;
            file.seek(SeekFrom::Start(offset))?;
            // Where nothing may follow, what does is noticed.
            Ok(file.take(length.saturating_add(u64::from(is_last))))
        });
        let file = file.await?;
        let again = file.get_ref().try_clone()?;
        let check = async move {
            in_background(move || self.check(&again)).await?;
            Ok(Bytes::new())
        };
        Ok(Box::pin(opened(file).chain(stream::once(check))))
    }

    /// # Errors
    /// The file has something in it: it was written meanwhile, or the system does not say how long it is.
    pub(crate) async fn stays_empty(self) -> Result<()> {
        let unread = |error| Error::content("the content to be sent cannot be read", error);
        let mut pieces = self.read(0, 0, true).await.map_err(unread)?;
        while let Some(piece) = pieces.next().await {
            if !piece.map_err(unread)?.is_empty() {
                return Err(Error::unequal(
                    "the content to be sent is longer than the 0 bytes announced".to_owned(),
                ));
            }
        }
        Ok(())
    }

    fn check(&self, file: &File) -> io::Result<()> {
        let facts = file.metadata()?;
        if facts.len() == self.0.length && facts.modified().ok() == self.0.modified {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::InvalidData, "the file was changed while it was uploaded"))
    }
}
