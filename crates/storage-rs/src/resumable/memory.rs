//! Which upload a store remembers under which fingerprint.

use std::sync::Arc;

use super::store::{AnyStore, Remembered};
use crate::error::{Error, Result};

/// The memory of one upload. Without a store it remembers nothing.
pub(super) struct Memory(pub(super) Option<Place>);

/// Where an upload is remembered.
pub(super) struct Place {
    pub(super) store: Arc<dyn AnyStore>,
    pub(super) fingerprint: String,
    /// What was said of the object, hashed: the service keeps what it was told when the upload was created.
    pub(super) said: u64,
}

impl Memory {
    /// The upload that is remembered.
    pub(super) async fn load(&self) -> Result<Option<String>> {
        let Some(Place { store, fingerprint, said }) = &self.0 else { return Ok(None) };
        let text = store
            .load(fingerprint)
            .await
            .map_err(|error| Error::store("what the store remembers of the upload cannot be read", error))?;
        let remembered = text.and_then(|text| Remembered::read(&text));
        // What goes on would have the type, the cache control and the metadata of before.
        Ok(remembered.filter(|remembered| remembered.said == *said).map(|remembered| remembered.id))
    }

    pub(super) async fn save(&self, id: &str) -> Result<()> {
        let Some(Place { store, fingerprint, said }) = &self.0 else { return Ok(()) };
        let text = Remembered { id: id.to_owned(), said: *said }.text();
        store
            .save(fingerprint, &text)
            .await
            .map_err(|error| Error::store("what the store remembers of the upload cannot be written", error))
    }

    pub(super) async fn forget(&self) -> Result<()> {
        let Some(Place { store, fingerprint, .. }) = &self.0 else { return Ok(()) };
        store
            .remove(fingerprint)
            .await
            .map_err(|error| Error::store("what the store remembers of the upload cannot be written", error))
    }
}
