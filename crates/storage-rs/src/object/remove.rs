//! Removing objects.

use serde::Serialize;
use supabase_core::Method;

use super::{Objects, StoredObject};
use crate::call::{Call, json};
use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::path::IntoObjectPath;

#[derive(Serialize)]
struct Body {
    prefixes: Vec<String>,
}

impl Objects {
    /// Removes objects, and gives those that were removed: one that does not exist, or that the caller may not remove, is
    /// not among them, and is no error.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-remove>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let removed = storage.from("avatars").remove(["ada.png", "grace.png"]).await?;
    /// println!("{} removed", removed.len());
    /// # Ok(()) }
    /// ```
    pub fn remove<P: IntoObjectPath>(&self, paths: impl IntoIterator<Item = P>) -> Call<Vec<StoredObject>> {
        let mut draft =
            Draft::new(&self.transport, "storage.remove", Method::DELETE, self.in_bucket("object"));
        if let Some(prefixes) = draft.check(keys(paths, "to be removed")) {
            draft.json(&Body { prefixes });
        }
        Call::new(draft, json)
    }
}

/// The keys of a list that must not be empty.
pub(super) fn keys<P: IntoObjectPath>(paths: impl IntoIterator<Item = P>, what: &str) -> Result<Vec<String>> {
    let keys = paths.into_iter().map(|path| Ok(path.into_object_path()?.as_str().to_owned()));
    let keys: Vec<String> = keys.collect::<Result<_>>()?;
    if keys.is_empty() {
        return Err(Error::invalid(format!("the list of objects {what} is empty")));
    }
    Ok(keys)
}
