//! Where a session is kept between two runs of a program.

use std::error::Error as StdError;
use std::sync::Arc;

use supabase_core::{BoxFuture, MaybeSend, MaybeSync};

use crate::session::saved::SavedSession;

#[cfg(all(feature = "file-store", not(target_family = "wasm")))]
pub(crate) mod file;
pub(crate) mod memory;

/// Any error of a store.
type BoxError = Box<dyn StdError + Send + Sync>;

/// Where a session is kept between two runs of a program. Several clients, also of several processes, may use the same
/// place: [`swap`](Self::swap) keeps one from overwriting what another has just written.
///
/// A store is called while no lock is held, and never twice at once for the same change. What it returns as an error is
/// told as [`AuthEvent::StoreFailed`](crate::AuthEvent::StoreFailed), and so is that it did not answer within the time limit
/// that the client has for calls. The session itself goes on in memory, and while the client lives, writing it is tried
/// again. A store whose future is dropped should write nothing after that.
///
/// ```
/// use gotrue_rs::{SavedSession, SessionStore};
/// use std::collections::HashMap;
/// use std::error::Error;
/// use std::sync::Mutex;
///
/// /// A store in a map, as an example; a keyring or a database is written the same way.
/// #[derive(Default)]
/// struct Map(Mutex<HashMap<String, SavedSession>>);
///
/// impl SessionStore for Map {
///     async fn load(&self, key: &str) -> Result<Option<SavedSession>, Box<dyn Error + Send + Sync>> {
///         Ok(self.0.lock().map_err(|_| "a thread panicked")?.get(key).cloned())
///     }
///
///     async fn swap(
///         &self,
///         key: &str,
///         expected: Option<&SavedSession>,
///         new: Option<&SavedSession>,
///     ) -> Result<bool, Box<dyn Error + Send + Sync>> {
///         let mut map = self.0.lock().map_err(|_| "a thread panicked")?;
///         if map.get(key) != expected {
///             return Ok(false);
///         }
///         match new {
///             Some(session) => drop(map.insert(key.to_owned(), session.clone())),
///             None => drop(map.remove(key)),
///         }
///         Ok(true)
///     }
/// }
/// ```
pub trait SessionStore: MaybeSend + MaybeSync + 'static {
    /// What is kept under `key`; `None` if nothing is. What cannot be read as a text is an error, or is set aside by the
    /// store; a text that is no session counts as none.
    fn load(
        &self,
        key: &str,
    ) -> impl Future<Output = Result<Option<SavedSession>, Box<dyn StdError + Send + Sync>>> + MaybeSend;

    /// Keeps `new` under `key`, or nothing if it is `None`, if what is kept there is `expected`. Whether it was; if not,
    /// nothing has changed. Both happen in one step, as far as others see.
    fn swap(
        &self,
        key: &str,
        expected: Option<&SavedSession>,
        new: Option<&SavedSession>,
    ) -> impl Future<Output = Result<bool, Box<dyn StdError + Send + Sync>>> + MaybeSend;
}

/// A store shared by several clients.
impl<S: SessionStore> SessionStore for Arc<S> {
    async fn load(&self, key: &str) -> Result<Option<SavedSession>, BoxError> {
        S::load(self, key).await
    }

    async fn swap(
        &self,
        key: &str,
        expected: Option<&SavedSession>,
        new: Option<&SavedSession>,
    ) -> Result<bool, BoxError> {
        S::swap(self, key, expected, new).await
    }
}

/// A store of any type.
pub(crate) trait AnyStore: MaybeSend + MaybeSync {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SavedSession>, BoxError>>;

    fn swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<&'a SavedSession>,
        new: Option<&'a SavedSession>,
    ) -> BoxFuture<'a, Result<bool, BoxError>>;
}

impl<S: SessionStore> AnyStore for S {
    fn load<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<SavedSession>, BoxError>> {
        Box::pin(SessionStore::load(self, key))
    }

    fn swap<'a>(
        &'a self,
        key: &'a str,
        expected: Option<&'a SavedSession>,
        new: Option<&'a SavedSession>,
    ) -> BoxFuture<'a, Result<bool, BoxError>> {
        Box::pin(SessionStore::swap(self, key, expected, new))
    }
}
