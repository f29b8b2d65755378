//! The uploads that are under way.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use md5::Md5;
use serde_json::Value;
use tokio::sync::{MutexGuard, watch};

use super::super::clock::Moment;
use super::super::problem::Problem;
use super::super::service::Inner;
use super::{not_found, refusal};

/// One upload.
#[derive(Debug)]
pub(in super::super) struct Upload {
    pub(super) version: String,
    pub(super) bucket: String,
    pub(super) key: String,
    /// As `HEAD` tells it.
    pub(super) metadata: String,
    pub(super) mime_type: String,
    pub(super) cache_control: String,
    pub(super) user_metadata: Option<Value>,
    pub(super) expires: Option<Moment>,
    /// Where the bytes are until they are an object.
    pub(super) path: PathBuf,
    pub(super) state: tokio::sync::Mutex<Progress>,
    /// Tells who has the turn that somebody else wants it.
    pub(super) wanted: watch::Sender<u64>,
}

/// How far an upload is.
#[derive(Debug)]
pub(in super::super) struct Progress {
    pub(super) length: Option<u64>,
    pub(super) offset: u64,
    pub(super) hash: Md5,
    /// The object is there.
    pub(super) done: bool,
    /// Removed, by the client or because its file is broken.
    pub(super) gone: bool,
}

impl Upload {
    /// `bucket/key/version`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}/{}", self.bucket, self.key, self.version)
    }

    /// Waits for the turn. Who has it is asked to end: its connection may be broken without it knowing.
    pub(super) async fn turn(&self) -> MutexGuard<'_, Progress> {
        self.wanted.send_modify(|count| *count += 1);
        self.state.lock().await
    }

    /// An upload that was removed or is too old is none.
    pub(super) fn check_alive(&self, inner: &Inner, progress: &Progress) -> Result<(), Problem> {
        if progress.gone {
            return Err(not_found());
        }
        if !progress.done && self.expires.is_some_and(|expires| expires <= inner.clock.now()) {
            return Err(refusal(410, "The file for this url no longer exists"));
        }
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        // It is not there if it has become an object.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// All uploads, by their versions.
#[derive(Debug, Default)]
pub(in super::super) struct Uploads(Mutex<HashMap<String, Arc<Upload>>>);

impl Uploads {
    pub(super) fn get(&self, version: &str) -> Option<Arc<Upload>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(version).cloned()
    }

    pub(super) fn add(&self, upload: Arc<Upload>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(upload.version.clone(), upload);
    }

    /// Ends an upload for good.
    pub(super) async fn remove(&self, upload: &Upload) {
        upload.turn().await.gone = true;
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&upload.version);
    }
}
