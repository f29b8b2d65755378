//! What is known of one object.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use supabase_core::{BoxFuture, Method};

use super::Objects;
use crate::call::{Call, call_settings, json};
use crate::code::Code;
use crate::draft::Draft;
use crate::error::Result;
use crate::path::IntoObjectPath;
use crate::timestamp::Timestamp;

/// What is known of an object.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ObjectInfo {
    /// The id, which stays the same when the content is replaced.
    pub id: String,
    /// The key in its bucket.
    pub name: String,
    /// The bucket.
    #[serde(default)]
    pub bucket_id: Option<String>,
    /// The version of the content.
    #[serde(default)]
    pub version: Option<String>,
    /// The size in bytes.
    #[serde(default)]
    pub size: Option<u64>,
    /// The type of the content.
    #[serde(default)]
    pub content_type: Option<String>,
    /// How long it may be cached.
    #[serde(default)]
    pub cache_control: Option<String>,
    /// The tag of this version of the content, in quotes.
    #[serde(default)]
    pub etag: Option<String>,
    /// What the uploader attached; not what the service itself knows, as in lists.
    #[serde(default)]
    pub metadata: Option<Map<String, Value>>,
    /// When the content was written.
    #[serde(default)]
    pub last_modified: Option<Timestamp>,
    /// When the object was created.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
}

/// The question whether an object exists: `.await` gives a `bool`.
#[must_use = "a call is sent when it is awaited"]
#[derive(Debug)]
pub struct Exists {
    draft: Draft,
}

impl Objects {
    /// What is known of an object: size, type, tag, times, and what the uploader attached.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-info>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let info = storage.from("avatars").info("ada.png").await?;
    /// println!("{:?} bytes, attached: {:?}", info.size, info.metadata);
    /// # Ok(()) }
    /// ```
    pub fn info(&self, path: impl IntoObjectPath) -> Call<ObjectInfo> {
        let path = path.into_object_path().and_then(|path| self.at("object/info", &path));
        let mut draft = Draft::new(&self.transport, "storage.info", Method::GET, path);
        // The service lets it be kept for as long as the object itself.
        draft.request.fresh = true;
        Call::new(draft, json)
    }

    /// Whether an object exists, as far as the caller may see it.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-exists>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// if !storage.from("avatars").exists("ada.png").await? {
    ///     println!("no picture yet");
    /// }
    /// # Ok(()) }
    /// ```
    pub fn exists(&self, path: impl IntoObjectPath) -> Exists {
        let mut draft = self.info(path).draft;
        draft.request.operation = "storage.exists";
        Exists { draft }
    }
}

impl Exists {
    call_settings!();
}

impl IntoFuture for Exists {
    type Output = Result<bool>;
    type IntoFuture = BoxFuture<'static, Result<bool>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            // A refusal to HEAD has no body that would tell a missing object from a forbidden one: so it is asked for
            // what is known of it.
            match Call::<ObjectInfo>::new(self.draft, json).await {
                Ok(_) => Ok(true),
                Err(error) if error.code() == Some(&Code::NoSuchKey) => Ok(false),
                Err(error) => Err(error),
            }
        })
    }
}
