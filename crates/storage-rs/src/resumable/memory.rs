//! Which upload a store remembers under which fingerprint.

use std::sync::Arc;

use super::store::{AnyStore, Remembered};
use crate::error::{Error, Result};

/// The memory of one upload. Without a store it remembers nothing.
pub(super) struct Memory(pub(super) Option<(Arc<dyn AnyStore>, String)>);

impl Memory {
    /// The upload that is remembered.
    pub(super) async fn load(&self) -> Result<Option<String>> {
        let Some((store, fingerprint)) = &self.0 else { return Ok(None) };
        let text = store
            .load(fingerprint)
            .await
            .map_err(|error| Error::store("what the store remembers of the upload cannot be read", error))?;
        Ok(text.and_then(|text| Remembered::read(&text)).map(|remembered| remembered.id))
    }

    pub(super) async fn save(&self, id: &str) -> Result<()> {
        let Some((store, fingerprint)) = &self.0 else { return Ok(()) };
        let text = Remembered { id: id.to_owned() }.text();
        store
            .save(fingerprint, &text)
            .await
            .map_err(|error| Error::store("what the store remembers of the upload cannot be written", error))
    }

    pub(super) async fn forget(&self) -> Result<()> {
        let Some((store, fingerprint)) = &self.0 else { return Ok(()) };
        store
            .remove(fingerprint)
            .await
            .map_err(|error| Error::store("what the store remembers of the upload cannot be written", error))
    }
}
