//! Vectors: their buckets, the indexes in these, and the search for similar ones.
//!
//! A project must have vector buckets enabled.
//!
//! Source: <https://supabase.com/docs/guides/storage/vector/introduction>
//!
//! ```no_run
//! # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
//! use storage_rs::vectors::{DistanceMetric, Vector};
//!
//! let vectors = storage.vectors();
//! vectors.create_bucket("embeddings").await?;
//! let bucket = vectors.from("embeddings");
//! bucket.create_index("documents", 3, DistanceMetric::Cosine).await?;
//! let index = bucket.index("documents");
//! index.put_vectors([Vector::new("doc-1", [0.1, 0.2, 0.3])]).await?;
//! let similar = index.query_vectors([0.1, 0.2, 0.3]).top_k(5).return_distance(true).await?;
//! # Ok(()) }
//! ```

mod data;
mod index;
mod scan;
mod search;

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};
use supabase_core::{Method, Transport};

use crate::call::{Call, awaits, call_settings, done, json};
use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::timestamp::Timestamp;

pub use data::{GetVectors, ListVectors, Vector, VectorData, VectorPage};
pub use index::{
    CreateIndex, DistanceMetric, IndexInfo, ListIndexes, ListedIndex, ListedIndexes, MetadataConfiguration,
    VectorBucketScope,
};
pub use search::{Match, Matches, QueryVectors};

/// The vector buckets of a project, made by [`Client::vectors`](crate::Client::vectors).
#[derive(Clone)]
pub struct Vectors {
    transport: Transport,
}

/// The vectors of one index, made by [`VectorBucketScope::index`].
#[derive(Clone)]
pub struct VectorIndex {
    transport: Transport,
    bucket: String,
    name: String,
}

/// A bucket for vectors.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct VectorBucket {
    /// Its name.
    pub vector_bucket_name: String,
    /// When it was created.
    #[serde(default, deserialize_with = "moment")]
    pub creation_time: Option<Timestamp>,
}

/// Some of the vector buckets of a project.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct VectorBuckets {
    /// The buckets.
    #[serde(default)]
    pub vector_buckets: Vec<VectorBucket>,
    /// Where the next page begins; `None` on the last one.
    #[serde(default)]
    pub next_token: Option<String>,
}

/// A list of vector buckets that is not asked for yet: `.await` gives a [`VectorBuckets`].
#[must_use = "a call is sent when it is awaited"]
pub struct ListVectorBuckets {
    draft: Draft,
    page: Page,
}

/// Which page of a list.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(skip_serializing_if = "Option::is_none")]
    vector_bucket_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prefix: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_results: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// Writes the setters of a list that comes in pages.
macro_rules! pages {
    () => {
        /// Only what has a name that begins with this.
        pub fn prefix(mut self, text: impl Into<String>) -> Self {
            self.page.prefix = Some(text.into());
            self
        }

        /// How many on a page, at the most 500: 500 if not given.
        pub fn max_results(mut self, rows: u32) -> Self {
            self.page.max_results = Some(rows);
            self
        }

        /// Where to begin: a page's `next_token`.
        pub fn next_token(mut self, token: impl Into<String>) -> Self {
            self.page.next_token = Some(token.into());
            self
        }

        call_settings!();
    };
}
use pages;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Named<'a> {
    vector_bucket_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    index_name: Option<&'a str>,
}

impl Vectors {
    pub(crate) fn new(transport: &Transport) -> Self {
        Self { transport: transport.clone() }
    }

    /// Creates a bucket.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.vectors().create_bucket("embeddings").await?;
    /// # Ok(()) }
    /// ```
    pub fn create_bucket(&self, name: impl AsRef<str>) -> Call<()> {
        Call::new(self.named("storage.create_vector_bucket", "CreateVectorBucket", name.as_ref()), done)
    }

    /// What is known of a bucket.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let bucket = storage.vectors().get_bucket("embeddings").await?;
    /// # Ok(()) }
    /// ```
    pub fn get_bucket(&self, name: impl AsRef<str>) -> Call<VectorBucket> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Answer {
            vector_bucket: VectorBucket,
        }
        let mut draft = self.named("storage.get_vector_bucket", "GetVectorBucket", name.as_ref());
        draft.request.idempotent = true;
        Call::new(draft, |reply| json::<Answer>(reply).map(|answer| answer.vector_bucket))
    }

    /// The buckets of the project, in pages.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let page = storage.vectors().list_buckets().prefix("doc").max_results(100).await?;
    /// # Ok(()) }
    /// ```
    pub fn list_buckets(&self) -> ListVectorBuckets {
        let draft = question(&self.transport, "storage.list_vector_buckets", "ListVectorBuckets");
        ListVectorBuckets { draft, page: Page::default() }
    }

    /// Deletes a bucket, which must be empty.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.vectors().delete_bucket("embeddings").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_bucket(&self, name: impl AsRef<str>) -> Call<()> {
        Call::new(self.named("storage.delete_vector_bucket", "DeleteVectorBucket", name.as_ref()), done)
    }

    /// The indexes of a bucket.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let indexes = storage.vectors().from("embeddings").list_indexes().await?;
    /// # Ok(()) }
    /// ```
    pub fn from(&self, bucket: impl Into<String>) -> VectorBucketScope {
        VectorBucketScope { transport: self.transport.clone(), bucket: bucket.into() }
    }

    fn named(&self, operation: &'static str, action: &str, bucket: &str) -> Draft {
        let mut draft = action_draft(&self.transport, operation, action);
        draft.json(&Named { vector_bucket_name: bucket, index_name: None });
        draft
    }
}

impl ListVectorBuckets {
    pages!();

    fn finish(mut self) -> Call<VectorBuckets> {
        self.draft.json(&self.page);
        Call::new(self.draft, json)
    }
}

awaits! { ListVectorBuckets => VectorBuckets, }

/// Every call is a POST to its own name.
fn action_draft(transport: &Transport, operation: &'static str, action: &str) -> Draft {
    Draft::new(transport, operation, Method::POST, Ok(format!("vector/{action}")))
}

/// A call that changes nothing, or the same when it is made twice.
fn question(transport: &Transport, operation: &'static str, action: &str) -> Draft {
    let mut draft = action_draft(transport, operation, action);
    draft.request.idempotent = true;
    draft
}

/// A list that must hold something.
fn some<T>(values: impl IntoIterator<Item = T>, what: &str) -> Result<Vec<T>> {
    let values: Vec<T> = values.into_iter().collect();
    if values.is_empty() { Err(Error::invalid(format!("the list of {what} is empty"))) } else { Ok(values) }
}

/// A moment is written as a date, or as seconds since 1970.
fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Moment {
        Date(Timestamp),
        Seconds(f64),
    }
    Ok(Option::<Moment>::deserialize(deserializer)?.map(|moment| match moment {
        Moment::Date(date) => date,
        #[allow(clippy::cast_possible_truncation, reason = "the fraction is meant to go")]
        Moment::Seconds(seconds) => Timestamp::from_unix_seconds(seconds as i64),
    }))
}

impl fmt::Debug for Vectors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vectors").finish_non_exhaustive()
    }
}

impl fmt::Debug for VectorIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectorIndex")
            .field("bucket", &self.bucket)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
