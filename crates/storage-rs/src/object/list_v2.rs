//! All objects below a prefix, page by page.

use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};
use supabase_core::{BoxStream, open_enum};

use super::{ObjectMetadata, Objects};
use crate::call::{Call, awaits, call_settings, json};
use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::order::{Order, SortBy};
use crate::timestamp::Timestamp;

/// A list of everything below a prefix that is not asked for yet: `.await` gives one page, [`stream`](Self::stream) all
/// of them.
///
/// ```no_run
/// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
/// use futures_util::TryStreamExt;
/// let mut entries = storage.from("avatars").list_v2().prefix("folder/").with_delimiter(true).stream();
/// while let Some(entry) = entries.try_next().await? {
///     println!("{}", entry.name());
/// }
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct ListV2 {
    draft: Draft,
    body: Body,
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListV2Page {
    /// Whether more follow.
    pub has_next: bool,
    /// Where the next page begins; `None` on the last one.
    #[serde(default)]
    pub next_cursor: Option<String>,
    /// The folders, if a delimiter was asked for.
    #[serde(default)]
    pub folders: Vec<Folder>,
    /// The objects.
    #[serde(default)]
    pub objects: Vec<ListedObject>,
}

/// An object in a list.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ListedObject {
    /// The whole key.
    pub name: String,
    /// The last part of the key, if a delimiter was asked for.
    #[serde(default)]
    pub key: Option<String>,
    /// The id.
    #[serde(default)]
    pub id: Option<String>,
    /// When it was changed.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// When it was created.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When it was read, as far as the service keeps that.
    #[serde(default)]
    pub last_accessed_at: Option<Timestamp>,
    /// What the service knows of the content.
    #[serde(default)]
    pub metadata: Option<ObjectMetadata>,
}

/// A folder in a list: what the keys of several objects have in common.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Folder {
    /// The whole prefix, with the slash at its end.
    pub name: String,
    /// The last part of it, without the slash.
    #[serde(default)]
    pub key: Option<String>,
}

/// What a list holds.
#[derive(Clone, Debug, PartialEq)]
#[allow(clippy::large_enum_variant, reason = "nearly all are objects")]
pub enum Entry {
    /// A folder.
    Folder(Folder),
    /// An object.
    Object(ListedObject),
}

impl Entry {
    /// The whole key, or the whole prefix of a folder.
    pub fn name(&self) -> &str {
        match self {
            Self::Folder(folder) => &folder.name,
            Self::Object(object) => &object.name,
        }
    }
}

open_enum! {
    /// What a list is sorted by.
    pub enum ListV2Column {
        /// The keys.
        Name = "name",
        /// When they were changed.
        UpdatedAt = "updated_at",
        /// When they were created.
        CreatedAt = "created_at",
    }
}

#[derive(Clone, Default, Serialize)]
struct Body {
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    with_delimiter: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none", rename = "sortBy")]
    sort_by: Option<SortBy<ListV2Column>>,
}

impl Objects {
    /// Lists everything below a prefix, page by page.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let page = storage.from("avatars").list_v2().prefix("folder/").limit(1000).await?;
    /// println!("{} objects, more: {}", page.objects.len(), page.has_next);
    /// # Ok(()) }
    /// ```
    #[doc(alias = "listV2")]
    pub fn list_v2(&self) -> ListV2 {
        let draft = Draft::question(&self.transport, "storage.list_v2", self.in_bucket("object/list-v2"));
        ListV2 { draft, body: Body::default() }
    }
}

impl ListV2 {
    /// Only what has a key that begins with this text, as it is: `a` finds `a.png` and `a/b.png`, `a/` only the second.
    /// Slashes at the beginning mean nothing, as in paths.
    pub fn prefix(mut self, text: impl Into<String>) -> Self {
        self.body.prefix = Some(text.into().trim_start_matches('/').to_owned());
        self
    }

    /// How many on a page, at the most 1,000: 1,000 if not given.
    pub fn limit(mut self, rows: u32) -> Self {
        self.body.limit = Some(rows);
        self
    }

    /// Where to begin: a page's `next_cursor`.
    pub fn cursor(mut self, cursor: impl Into<String>) -> Self {
        self.body.cursor = Some(cursor.into());
        self
    }

    /// Whether what has a slash behind the prefix is put together as a folder.
    pub fn with_delimiter(mut self, folders: bool) -> Self {
        self.body.with_delimiter = Some(folders);
        self
    }

    /// In which order: by key, ascending, if not given.
    pub fn sort(mut self, column: ListV2Column, order: Order) -> Self {
        self.body.sort_by = Some(SortBy { column, order });
        self
    }

    call_settings!();

    fn finish(mut self) -> Call<ListV2Page> {
        self.draft.json(&self.body);
        Call::new(self.draft, json)
    }

    /// All entries, page after page as they are read. It ends with the first error.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// use futures_util::TryStreamExt;
    /// let all: Vec<_> = storage.from("avatars").list_v2().stream().try_collect().await?;
    /// # Ok(()) }
    /// ```
    pub fn stream(self) -> BoxStream<'static, Result<Entry>> {
        let Self { draft, body } = self;
        let (transport, request) = match draft.finish() {
            Ok(ready) => ready,
            Err(fault) => {
                return Box::pin(stream::iter([Err(fault)]));
            }
        };
        let pages = stream::try_unfold(Some(Ok(body)), move |body: Option<Result<Body>>| {
            let ready = (transport.clone(), request.clone());
            async move {
                let Some(body) = body else { return Ok(None) };
                let mut body = body?;
                let mut draft = Draft::of(ready);
                draft.json(&body);
                let page: ListV2Page = json(draft.send().await?)?;
                let next = page.has_next.then(|| {
                    // A cursor that leads to itself would never end, and a part is not the whole.
                    let next = page.next_cursor.clone().filter(|next| body.cursor.as_ref() != Some(next));
                    let says = "the service says that more entries follow, and does not say where they begin";
                    body.cursor = Some(next.ok_or_else(|| Error::unreadable(says))?);
                    Ok(body)
                });
                Ok(Some((page, next)))
            }
        });
        Box::pin(pages.flat_map(|page| match page {
            Ok(page) => stream::iter(entries(page)),
            Err(error) => stream::iter(vec![Err(error)]),
        }))
    }
}

fn entries(page: ListV2Page) -> Vec<Result<Entry>> {
    let folders = page.folders.into_iter().map(Entry::Folder);
    folders.chain(page.objects.into_iter().map(Entry::Object)).map(Ok).collect()
}

awaits! { ListV2 => ListV2Page, }
