//! Uploads remembered in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use supabase_core::BoxError;

use super::UploadStore;

/// Remembers uploads as long as the process runs: an upload that failed or was dropped goes on when it is tried again.
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use std::{path::Path, sync::Arc};
/// let store = Arc::new(storage_rs::MemoryUploads::new());
/// let film = Path::new("/films/1.mp4");
/// let films = storage.from("films");
/// if films.upload_resumable("1.mp4", film).resume_with(store.clone()).await.is_err() {
///     films.upload_resumable("1.mp4", film).resume_with(store).await?;
/// }
/// # Ok(()) }
/// ```
#[derive(Default)]
pub struct MemoryUploads(Mutex<HashMap<String, String>>);

impl MemoryUploads {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn uploads(&self) -> MutexGuard<'_, HashMap<String, String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UploadStore for MemoryUploads {
    async fn load(&self, fingerprint: &str) -> Result<Option<String>, BoxError> {
        Ok(self.uploads().get(fingerprint).cloned())
    }

    async fn save(&self, fingerprint: &str, upload: &str) -> Result<(), BoxError> {
        self.uploads().insert(fingerprint.to_owned(), upload.to_owned());
        Ok(())
    }

    async fn remove(&self, fingerprint: &str) -> Result<(), BoxError> {
        self.uploads().remove(fingerprint);
        Ok(())
    }
}

impl fmt::Debug for MemoryUploads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryUploads").field(&self.uploads().len()).finish()
    }
}
