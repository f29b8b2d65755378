//! Where uploads are remembered, so that they go on after their process has ended.

#[cfg(not(target_family = "wasm"))]
pub(crate) mod file;
pub(crate) mod memory;

use std::error::Error as StdError;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use supabase_core::{BoxError, BoxFuture, MaybeSend, MaybeSync};

/// Remembers uploads, so that they go on after their process has ended.
///
/// A fingerprint says which upload it is: to where, of what content. What is remembered is a short text without any key or
/// token. A text that cannot be understood counts as none.
///
/// ```
/// use std::collections::HashMap;
/// use std::error::Error;
/// use std::sync::Mutex;
/// use storage_rs::UploadStore;
///
/// /// A store in a map, as an example; a database is written the same way.
/// #[derive(Default)]
/// struct Map(Mutex<HashMap<String, String>>);
///
/// impl UploadStore for Map {
///     async fn load(&self, fingerprint: &str) -> Result<Option<String>, Box<dyn Error + Send + Sync>> {
///         Ok(self.0.lock().map_err(|_| "a thread panicked")?.get(fingerprint).cloned())
///     }
///
///     async fn save(&self, fingerprint: &str, upload: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
///         self.0.lock().map_err(|_| "a thread panicked")?.insert(fingerprint.to_owned(), upload.to_owned());
///         Ok(())
///     }
///
///     async fn remove(&self, fingerprint: &str) -> Result<(), Box<dyn Error + Send + Sync>> {
///         self.0.lock().map_err(|_| "a thread panicked")?.remove(fingerprint);
///         Ok(())
///     }
/// }
/// ```
pub trait UploadStore: MaybeSend + MaybeSync + 'static {
    /// What is remembered of an upload; `None` if nothing is.
    fn load(
        &self,
        fingerprint: &str,
    ) -> impl Future<Output = Result<Option<String>, Box<dyn StdError + Send + Sync>>> + MaybeSend;

    /// Remembers an upload, in the place of what was remembered under this fingerprint.
    fn save(
        &self,
        fingerprint: &str,
        upload: &str,
    ) -> impl Future<Output = Result<(), Box<dyn StdError + Send + Sync>>> + MaybeSend;

    /// Forgets an upload. It is no error if there is none.
    fn remove(
        &self,
        fingerprint: &str,
    ) -> impl Future<Output = Result<(), Box<dyn StdError + Send + Sync>>> + MaybeSend;
}

/// A store shared by several uploads.
impl<S: UploadStore> UploadStore for Arc<S> {
    async fn load(&self, fingerprint: &str) -> Result<Option<String>, BoxError> {
        S::load(self, fingerprint).await
    }

    async fn save(&self, fingerprint: &str, upload: &str) -> Result<(), BoxError> {
        S::save(self, fingerprint, upload).await
    }

    async fn remove(&self, fingerprint: &str) -> Result<(), BoxError> {
        S::remove(self, fingerprint).await
    }
}

/// A store of any type.
pub(super) trait AnyStore: MaybeSend + MaybeSync {
    fn load<'a>(&'a self, fingerprint: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>>;
    fn save<'a>(&'a self, fingerprint: &'a str, upload: &'a str) -> BoxFuture<'a, Result<(), BoxError>>;
    fn remove<'a>(&'a self, fingerprint: &'a str) -> BoxFuture<'a, Result<(), BoxError>>;
}

impl<S: UploadStore> AnyStore for S {
    fn load<'a>(&'a self, fingerprint: &'a str) -> BoxFuture<'a, Result<Option<String>, BoxError>> {
        Box::pin(UploadStore::load(self, fingerprint))
    }

    fn save<'a>(&'a self, fingerprint: &'a str, upload: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(UploadStore::save(self, fingerprint, upload))
    }

    fn remove<'a>(&'a self, fingerprint: &'a str) -> BoxFuture<'a, Result<(), BoxError>> {
        Box::pin(UploadStore::remove(self, fingerprint))
    }
}

/// What is remembered of an upload.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
pub(super) struct Remembered {
    /// The name that the service gave it.
    pub(super) id: String,
    /// What was said of the object when it was created, hashed.
    pub(super) said: u64,
}

impl Remembered {
    /// What a text says; `None` if it says nothing of this kind.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str::<Self>(text).ok().filter(|remembered| super::address::is_id(&remembered.id))
    }

    pub(super) fn text(&self) -> String {
        serde_json::json!({ "id": self.id, "said": self.said }).to_string()
    }
}

/// FNV-1a: the same in every build, as what is remembered outlives the program that wrote it.
pub(super) fn hash(text: &[u8]) -> u64 {
    text.iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
