//! Moving and copying objects, in their bucket and to another one.

use serde::{Deserialize, Serialize};
use supabase_core::Method;

use super::options::{CacheControl, UserMetadata};
use super::{Objects, StoredObject};
use crate::call::{Call, awaits, call_settings, done, json};
use crate::draft::Draft;
use crate::error::Error;
use crate::path::{self, IntoObjectPath};

/// A move that is not sent yet.
///
/// Source: <https://supabase.com/docs/reference/javascript/storage-from-move>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// storage.from("avatars").move_("public/ada.png", "private/ada.png").to_bucket("archive").await?;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct Move {
    draft: Draft,
    body: Body,
}

/// A copy that is not made yet: `.await` gives a [`Copied`].
///
/// Source: <https://supabase.com/docs/reference/javascript/storage-from-copy>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// let copied = storage.from("avatars").copy("public/ada.png", "private/ada.png").upsert(true).await?;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct Copy {
    draft: Draft,
    body: Body,
    user_metadata: Option<UserMetadata>,
}

/// The copy of an object.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Copied {
    /// Bucket and key.
    #[serde(rename = "Key")]
    pub full_path: String,
    /// Its id.
    #[serde(default, rename = "Id")]
    pub id: Option<String>,
    /// The copy as the service keeps it. Older servers do not tell.
    #[serde(flatten)]
    pub object: Option<StoredObject>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    bucket_id: String,
    source_key: String,
    destination_key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_bucket: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    copy_metadata: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mimetype: Option<String>,
}

impl Objects {
    /// Moves an object to another key, and by [`to_bucket`](Move::to_bucket) to another bucket. It fails if there is an
    /// object.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-move>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.from("avatars").move_("public/ada.png", "private/ada.png").await?;
    /// # Ok(()) }
    /// ```
    #[doc(alias = "move")]
    pub fn move_(&self, from: impl IntoObjectPath, to: impl IntoObjectPath) -> Move {
        let (draft, body) = self.transfer("storage.move", "object/move", from, to);
        Move { draft, body }
    }

    /// Copies an object to another key, and by [`to_bucket`](Copy::to_bucket) to another bucket.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-copy>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.from("avatars").copy("public/ada.png", "private/ada.png").await?;
    /// # Ok(()) }
    /// ```
    pub fn copy(&self, from: impl IntoObjectPath, to: impl IntoObjectPath) -> Copy {
        let (draft, body) = self.transfer("storage.copy", "object/copy", from, to);
        Copy { draft, body, user_metadata: None }
    }

    fn transfer(
        &self,
        operation: &'static str,
        route: &str,
        from: impl IntoObjectPath,
        to: impl IntoObjectPath,
    ) -> (Draft, Body) {
        let bucket = path::bucket(&self.bucket).map(|_| route.to_owned());
        let mut draft = Draft::new(&self.transport, operation, Method::POST, bucket);
        let mut key = |path: crate::error::Result<crate::path::ObjectPath>| {
            draft.check(path).map(|path| path.as_str().to_owned()).unwrap_or_default()
        };
        let (source_key, destination_key) = (key(from.into_object_path()), key(to.into_object_path()));
        let body = Body {
            bucket_id: self.bucket.clone(),
            source_key,
            destination_key,
            destination_bucket: None,
            copy_metadata: None,
            metadata: None,
        };
        (draft, body)
    }
}

impl Move {
    /// To another bucket.
    pub fn to_bucket(mut self, bucket: impl Into<String>) -> Self {
        self.body.destination_bucket = Some(to_bucket(&mut self.draft, bucket.into()));
        self
    }

    call_settings!();

    fn finish(mut self) -> Call<()> {
        self.draft.json(&self.body);
        Call::new(self.draft, done)
    }
}

impl Copy {
    /// To another bucket.
    pub fn to_bucket(mut self, bucket: impl Into<String>) -> Self {
        self.body.destination_bucket = Some(to_bucket(&mut self.draft, bucket.into()));
        self
    }

    /// Whether an object that is there is replaced: it is an error if nothing is said.
    pub fn upsert(mut self, replace: bool) -> Self {
        self.draft.request.idempotent = replace;
        self.draft.header("x-upsert", if replace { "true" } else { "false" });
        self
    }

    /// Whether the copy gets what is attached to the original: it does if nothing is said. Type, cache control and attached
    /// values can be given here only if it does not.
    pub fn copy_metadata(mut self, copy: bool) -> Self {
        self.body.copy_metadata = Some(copy);
        self
    }

    /// What is attached to the copy: a JSON object.
    pub fn metadata(mut self, values: impl Serialize) -> Self {
        self.user_metadata = self.draft.check(UserMetadata::new(&values));
        self
    }

    /// How long the copy may be cached.
    pub fn cache_control(mut self, cache_control: impl Into<CacheControl>) -> Self {
        self.body.metadata.get_or_insert_default().cache_control = Some(cache_control.into().header());
        self
    }

    /// The type of the copy's content.
    pub fn content_type(mut self, media_type: impl Into<String>) -> Self {
        self.body.metadata.get_or_insert_default().mimetype = Some(media_type.into());
        self
    }

    call_settings!();

    fn finish(mut self) -> Call<Copied> {
        let says_something = self.user_metadata.is_some() || self.body.metadata.is_some();
        if says_something && self.body.copy_metadata != Some(false) {
            // The service would drop all of it.
            self.draft.blame(Error::invalid(
                "type, cache control and metadata of a copy count only if those of the original are not copied: write \
                 `copy_metadata(false)`",
            ));
        }
        if let Some(metadata) = &self.user_metadata {
            self.draft.header("x-metadata", &metadata.base64());
        }
        self.draft.json(&self.body);
        Call::new(self.draft, json)
    }
}

fn to_bucket(draft: &mut Draft, bucket: String) -> String {
    let checked = path::bucket(&bucket);
    draft.check(checked);
    bucket
}

awaits! { Move => (), Copy => Copied, }
