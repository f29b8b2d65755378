//! Sessions in memory.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::session::saved::SavedSession;
use crate::session::store::{BoxError, SessionStore};

/// Keeps sessions in memory, so that they end with the process. This is the store if no other is given.
#[derive(Default)]
pub struct MemoryStore(Mutex<HashMap<String, SavedSession>>);

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<String, SavedSession>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionStore for MemoryStore {
    async fn load(&self, key: &str) -> Result<Option<SavedSession>, BoxError> {
        Ok(self.sessions().get(key).cloned())
    }

    async fn swap(
        &self,
        key: &str,
        expected: Option<&SavedSession>,
        new: Option<&SavedSession>,
    ) -> Result<bool, BoxError> {
        let mut sessions = self.sessions();
        if sessions.get(key) != expected {
            return Ok(false);
        }
        match new {
            Some(session) => sessions.insert(key.to_owned(), session.clone()),
            None => sessions.remove(key),
        };
        Ok(true)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}
