//! The objects of one folder.

use serde::{Deserialize, Serialize};
use supabase_core::open_enum;

use super::{ObjectMetadata, Objects};
use crate::call::{Call, awaits, call_settings, json};
use crate::draft::Draft;
use crate::order::{Order, SortBy};
use crate::timestamp::Timestamp;

/// What stands in a folder: an object, or a folder within it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct FileObject {
    /// The name in the folder, not the whole key.
    pub name: String,
    /// The id; `None` for a folder.
    #[serde(default)]
    pub id: Option<String>,
    /// When it was changed; `None` for a folder.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// When it was created; `None` for a folder.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When it was read, as far as the service keeps that; `None` for a folder.
    #[serde(default)]
    pub last_accessed_at: Option<Timestamp>,
    /// What the service knows of the content; `None` for a folder.
    #[serde(default)]
    pub metadata: Option<ObjectMetadata>,
}

impl FileObject {
    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        self.id.is_none()
    }
}

/// A list of one folder that is not asked for yet: `.await` gives a `Vec<FileObject>`.
///
/// A folder or bucket that does not exist, or that the caller may not see, has an empty list.
///
/// Source: <https://supabase.com/docs/reference/javascript/storage-from-list>
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use storage_rs::{ListColumn, Order};
/// let files = storage
///     .from("avatars")
///     .list("folder")
///     .search("jon")
///     .sort(ListColumn::Name, Order::Descending)
///     .limit(100)
///     .await?;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct List {
    draft: Draft,
    body: Body,
}

open_enum! {
    /// What a list of a folder is sorted by.
    pub enum ListColumn {
        /// The names.
        Name = "name",
        /// When they were changed.
        UpdatedAt = "updated_at",
        /// When they were created.
        CreatedAt = "created_at",
        /// When they were read.
        LastAccessedAt = "last_accessed_at",
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    prefix: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sort_by: Option<SortBy<ListColumn>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    search: Option<String>,
}

impl Objects {
    /// Lists one folder; `""` is the bucket itself, and slashes at the beginning mean nothing, as in paths. For all objects
    /// below a folder, and for more than a few thousand, see [`list_v2`](Self::list_v2).
    ///
    /// Who walks through folders by it falls into two oddities of the service. It compares folders without upper and lower
    /// case: `A` also lists what is in `a`. And of a key such as `a//x` it shows, in `a`, a folder of the name `""`, which leads
    /// to `a` again, for ever. `list_v2` does neither.
    ///
    /// Source: <https://supabase.com/docs/reference/javascript/storage-from-list>
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// for file in storage.from("avatars").list("folder").await? {
    ///     println!("{}", file.name);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn list(&self, folder: impl Into<String>) -> List {
        let draft = Draft::question(&self.transport, "storage.list", self.in_bucket("object/list"));
        let prefix = folder.into().trim_start_matches('/').to_owned();
        let body = Body { prefix, limit: None, offset: None, sort_by: None, search: None };
        List { draft, body }
    }
}

impl List {
    /// How many, at the most: 100 if not given.
    pub fn limit(mut self, rows: u32) -> Self {
        self.body.limit = Some(rows);
        self
    }

    /// How many to leave out at the beginning.
    pub fn offset(mut self, rows: u32) -> Self {
        self.body.offset = Some(rows);
        self
    }

    /// Only what has a name that begins with this, in upper or lower case.
    pub fn search(mut self, text: impl Into<String>) -> Self {
        self.body.search = Some(text.into());
        self
    }

    /// In which order: by name, ascending, if not given.
    pub fn sort(mut self, column: ListColumn, order: Order) -> Self {
        self.body.sort_by = Some(SortBy { column, order });
        self
    }

    call_settings!();

    fn finish(mut self) -> Call<Vec<FileObject>> {
        self.draft.json(&self.body);
        Call::new(self.draft, json)
    }
}

awaits! { List => Vec<FileObject>, }
