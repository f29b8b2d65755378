//! Creating and changing buckets.

use serde::{Deserialize, Serialize};
use supabase_core::{Method, Reply, Transport};

use super::SizeLimit;
use crate::call::{Call, awaits, call_settings, done};
use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::path;

/// A bucket that is not created yet: `.await` gives its name.
///
/// Source: <https://supabase.com/docs/reference/javascript/storage-createbucket>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// storage
///     .create_bucket("avatars")
///     .public(true)
///     .allowed_mime_types(["image/png", "image/jpeg"])
///     .file_size_limit("1MB")
///     .await?;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct CreateBucket {
    draft: Draft,
    body: Body,
}

/// A change of a bucket's rules that is not sent yet. What is not said stays as it is.
///
/// Source: <https://supabase.com/docs/reference/javascript/storage-updatebucket>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// storage.update_bucket("avatars").public(false).without_file_size_limit().await?;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct UpdateBucket {
    draft: Draft,
    body: Body,
}

#[derive(Clone, Debug, Default, Serialize)]
struct Body {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    public: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_size_limit: Option<Option<SizeLimit>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_mime_types: Option<Option<Vec<String>>>,
}

impl Body {
    fn new(id: &str) -> Self {
        Self { id: id.to_owned(), name: id.to_owned(), ..Self::default() }
    }

    fn changes_nothing(&self) -> bool {
        self.public.is_none() && self.file_size_limit.is_none() && self.allowed_mime_types.is_none()
    }
}

/// Writes the setters that both have.
macro_rules! rules {
    () => {
        /// Whether everybody may read its objects: nobody but whom the policies allow if nothing is said.
        pub fn public(mut self, public: bool) -> Self {
            self.body.public = Some(public);
            self
        }

        /// How large an object may be: a number of bytes, or a text such as `"50MB"`, in decimal units.
        pub fn file_size_limit(mut self, limit: impl Into<SizeLimit>) -> Self {
            self.body.file_size_limit = Some(Some(limit.into()));
            self
        }

        /// Which types of content it takes, such as `image/png` or `image/*`.
        pub fn allowed_mime_types(mut self, types: impl IntoIterator<Item = impl Into<String>>) -> Self {
            self.body.allowed_mime_types = Some(Some(types.into_iter().map(Into::into).collect()));
            self
        }

        call_settings!();
    };
}

impl CreateBucket {
    pub(crate) fn new(transport: &Transport, id: &str) -> Self {
        let checked = path::bucket(id).map(|_| "bucket".to_owned());
        Self {
            draft: Draft::new(transport, "storage.create_bucket", Method::POST, checked),
            body: Body::new(id),
        }
    }

    rules!();

    fn finish(mut self) -> Call<String> {
        self.draft.json(&self.body);
        Call::new(self.draft, name)
    }
}

impl UpdateBucket {
    pub(crate) fn new(transport: &Transport, id: &str) -> Self {
        let path = path::bucket(id).map(|id| format!("bucket/{id}"));
        let mut draft = Draft::new(transport, "storage.update_bucket", Method::PUT, path);
        // Said twice, it is the same.
        draft.request.idempotent = true;
        Self { draft, body: Body::new(id) }
    }

    rules!();

    /// Lifts the limit of size: then only the project's counts.
    pub fn without_file_size_limit(mut self) -> Self {
        self.body.file_size_limit = Some(None);
        self
    }

    /// Takes every type of content.
    pub fn with_any_mime_type(mut self) -> Self {
        self.body.allowed_mime_types = Some(None);
        self
    }

    fn finish(mut self) -> Call<()> {
        if self.body.changes_nothing() {
            self.draft.blame(Error::invalid("the update of the bucket changes nothing"));
        }
        self.draft.json(&self.body);
        Call::new(self.draft, done)
    }
}

awaits! { CreateBucket => String, UpdateBucket => (), }

fn name(reply: Reply) -> Result<String> {
    #[derive(Deserialize)]
    struct Created {
        name: String,
    }
    let created: Created = reply.json().map_err(Error::from_failure)?;
    Ok(created.name)
}
