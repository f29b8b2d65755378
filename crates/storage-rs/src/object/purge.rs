//! Forgetting what the CDN has cached.

use supabase_core::{Method, Transport};

use super::Objects;
use crate::call::{Call, awaits, call_settings, done};
use crate::draft::Draft;
use crate::error::Result;
use crate::path::IntoObjectPath;

/// A purge of the CDN's cache that is not sent yet. Only the service role may purge.
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// storage.from("avatars").purge_cache("ada.png").only_transformations().await?;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct PurgeCache {
    draft: Draft,
}

impl Objects {
    /// Makes the CDN forget one object, with all its transformed versions.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.from("avatars").purge_cache("ada.png").await?;
    /// # Ok(()) }
    /// ```
    pub fn purge_cache(&self, path: impl IntoObjectPath) -> PurgeCache {
        let path = path.into_object_path().and_then(|path| self.at("cdn", &path));
        PurgeCache::new(&self.transport, "storage.purge_cache", path)
    }

    /// Makes the CDN forget every object of the bucket.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.from("avatars").purge_bucket_cache().await?;
    /// # Ok(()) }
    /// ```
    pub fn purge_bucket_cache(&self) -> PurgeCache {
        PurgeCache::new(&self.transport, "storage.purge_bucket_cache", self.in_bucket("cdn"))
    }
}

impl PurgeCache {
    fn new(transport: &Transport, operation: &'static str, path: Result<String>) -> Self {
        let mut draft = Draft::new(transport, operation, Method::DELETE, path);
        // Forgotten twice, it is as forgotten as once.
        draft.request.idempotent = true;
        Self { draft }
    }

    /// Keeps the original, and forgets only its transformed versions.
    pub fn only_transformations(mut self) -> Self {
        self.draft.query("transformations", "true");
        self
    }

    call_settings!();

    fn finish(self) -> Call<()> {
        Call::new(self.draft, done)
    }
}

awaits! { PurgeCache => (), }
