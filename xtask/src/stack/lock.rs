//! Locks between processes. The operating system frees them when their owner ends, however it ends.

use std::fs::{File, TryLockError};
use std::path::Path;

use super::Failure;

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock, unless another process holds it.
    pub(super) fn try_take(path: &Path) -> Result<Option<Self>, Failure> {
        let file = File::create(path).map_err(|error| Failure::file("create", path, error))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(Failure::file("lock", path, error)),
        }
    }
}
