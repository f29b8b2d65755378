//! Writing a file so that no half of it ever has the final name.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::file::in_background;

/// How many links may lead to a file, one to the next.
const LINKS: usize = 40;

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
    /// The folder does not exist or cannot be written to, or the path names something else than a file.
    pub(crate) async fn create(target: &Path) -> Result<(Self, tokio::fs::File)> {
        let target = target.to_owned();
        let (partial, file) = in_background(move || create(&target)).await.map_err(unwritable)?;
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

fn create(target: &Path) -> io::Result<(Partial, fs::File)> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let target = resolved(target)?;
    if target.file_name().is_none() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path names no file"));
    }
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        // Without the final name, which may be as long as a name can be.
        let path = target.with_file_name(format!(".download-{}-{number}.part", std::process::id()));
        match fs::OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((Partial { path, target, is_kept: false }, file)),
            // Left behind by a process of the same number that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// Where a file is to be written: a link stays, and what it points to is replaced.
fn resolved(target: &Path) -> io::Result<PathBuf> {
    let mut target = target.to_owned();
    for _ in 0..LINKS {
        let kind = match fs::symlink_metadata(&target) {
            Ok(found) => found.file_type(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(target),
            Err(error) => return Err(error),
        };
        if kind.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        if kind.is_file() {
            return Ok(target);
        }
        if !kind.is_symlink() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is something else than a file"));
        }
        let leads_to = fs::read_link(&target)?;
        // One that is not absolute counts from the folder of the link.
        target = target.parent().map(|folder| folder.join(&leads_to)).unwrap_or(leads_to);
    }
    Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a link that leads to no file"))
}

/// The file to be written cannot be.
pub(crate) fn unwritable(error: io::Error) -> Error {
    Error::file("the file cannot be written", error)
}
