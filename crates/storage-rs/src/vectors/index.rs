//! The indexes of a vector bucket.

use std::fmt;

use serde::{Deserialize, Serialize};
use supabase_core::{Transport, open_enum};

use super::{Named, Page, VectorIndex, action_draft, moment, pages, question, some};
use crate::call::{Call, awaits, call_settings, done, json};
use crate::draft::Draft;
use crate::timestamp::Timestamp;

/// The indexes of one vector bucket, made by [`Vectors::from`](super::Vectors::from).
#[derive(Clone)]
pub struct VectorBucketScope {
    pub(super) transport: Transport,
    pub(super) bucket: String,
}

open_enum! {
    /// How the distance of two vectors is measured.
    pub enum DistanceMetric {
        /// By their angle.
        Cosine = "cosine",
        /// By the straight line between them.
        Euclidean = "euclidean",
        /// By their dot product, where the service knows it.
        DotProduct = "dotproduct",
    }
}

/// What is known of an index.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct IndexInfo {
    /// Its name.
    pub index_name: String,
    /// Its bucket.
    #[serde(default)]
    pub vector_bucket_name: Option<String>,
    /// The type of the numbers, which is `float32`.
    #[serde(default)]
    pub data_type: Option<String>,
    /// How many numbers a vector has.
    pub dimension: u32,
    /// How distances are measured.
    pub distance_metric: DistanceMetric,
    /// What is said about the values attached to vectors.
    #[serde(default)]
    pub metadata_configuration: Option<MetadataConfiguration>,
    /// When it was created.
    #[serde(default, deserialize_with = "moment")]
    pub creation_time: Option<Timestamp>,
}

/// What is said about the values attached to vectors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MetadataConfiguration {
    /// The names of values by which no search can be narrowed.
    #[serde(default)]
    pub non_filterable_metadata_keys: Vec<String>,
}

/// An index in a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListedIndex {
    /// Its name.
    pub index_name: String,
    /// Its bucket.
    #[serde(default)]
    pub vector_bucket_name: Option<String>,
    /// When it was created.
    #[serde(default, deserialize_with = "moment")]
    pub creation_time: Option<Timestamp>,
}

/// Some of the indexes of a bucket.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ListedIndexes {
    /// The indexes.
    #[serde(default)]
    pub indexes: Vec<ListedIndex>,
    /// Where the next page begins; `None` on the last one.
    #[serde(default)]
    pub next_token: Option<String>,
}

/// An index that is not created yet.
#[must_use = "a call is sent when it is awaited"]
pub struct CreateIndex {
    draft: Draft,
    body: Body,
}

/// A list of indexes that is not asked for yet: `.await` gives a [`ListedIndexes`].
#[must_use = "a call is sent when it is awaited"]
pub struct ListIndexes {
    draft: Draft,
    page: Page,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    vector_bucket_name: String,
    index_name: String,
    data_type: &'static str,
    dimension: u32,
    distance_metric: DistanceMetric,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata_configuration: Option<MetadataConfiguration>,
}

impl VectorBucketScope {
    /// Creates an index for vectors of so many numbers. Its name has 3 to 45 characters: lower-case letters, digits, `-` and
    /// `.`.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// use storage_rs::vectors::DistanceMetric;
    /// let bucket = storage.vectors().from("embeddings");
    /// bucket.create_index("documents", 1536, DistanceMetric::Cosine).non_filterable_metadata_keys(["text"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn create_index(
        &self,
        name: impl Into<String>,
        dimension: u32,
        metric: DistanceMetric,
    ) -> CreateIndex {
        CreateIndex {
            draft: action_draft(&self.transport, "storage.create_vector_index", "CreateIndex"),
            body: Body {
                vector_bucket_name: self.bucket.clone(),
                index_name: name.into(),
                data_type: "float32",
                dimension,
                distance_metric: metric,
                metadata_configuration: None,
            },
        }
    }

    /// What is known of an index.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let index = storage.vectors().from("embeddings").get_index("documents").await?;
    /// println!("{} numbers", index.dimension);
    /// # Ok(()) }
    /// ```
    pub fn get_index(&self, name: impl AsRef<str>) -> Call<IndexInfo> {
        #[derive(Deserialize)]
        struct Answer {
            index: IndexInfo,
        }
        let mut draft = question(&self.transport, "storage.get_vector_index", "GetIndex");
        draft.json(&Named { vector_bucket_name: &self.bucket, index_name: Some(name.as_ref()) });
        Call::new(draft, |reply| json::<Answer>(reply).map(|answer| answer.index))
    }

    /// The indexes of the bucket, in pages.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let page = storage.vectors().from("embeddings").list_indexes().await?;
    /// # Ok(()) }
    /// ```
    pub fn list_indexes(&self) -> ListIndexes {
        let draft = question(&self.transport, "storage.list_vector_indexes", "ListIndexes");
        let page = Page { vector_bucket_name: Some(self.bucket.clone()), ..Page::default() };
        ListIndexes { draft, page }
    }

    /// Deletes an index with all its vectors.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.vectors().from("embeddings").delete_index("documents").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_index(&self, name: impl AsRef<str>) -> Call<()> {
        let mut draft = action_draft(&self.transport, "storage.delete_vector_index", "DeleteIndex");
        draft.json(&Named { vector_bucket_name: &self.bucket, index_name: Some(name.as_ref()) });
        Call::new(draft, done)
    }

    /// The vectors of an index.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let index = storage.vectors().from("embeddings").index("documents");
    /// # Ok(()) }
    /// ```
    pub fn index(&self, name: impl Into<String>) -> VectorIndex {
        VectorIndex { transport: self.transport.clone(), bucket: self.bucket.clone(), name: name.into() }
    }
}

impl CreateIndex {
    /// The names of attached values by which no search can be narrowed, at most ten: they may be long.
    pub fn non_filterable_metadata_keys(mut self, keys: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let keys = some(keys.into_iter().map(Into::into), "metadata keys");
        let keys = self.draft.check(keys).unwrap_or_default();
        self.body.metadata_configuration = Some(MetadataConfiguration { non_filterable_metadata_keys: keys });
        self
    }

    call_settings!();

    fn finish(mut self) -> Call<()> {
        self.draft.json(&self.body);
        Call::new(self.draft, done)
    }
}

impl ListIndexes {
    pages!();

    fn finish(mut self) -> Call<ListedIndexes> {
        self.draft.json(&self.page);
        Call::new(self.draft, json)
    }
}

awaits! { CreateIndex => (), ListIndexes => ListedIndexes, }

impl fmt::Debug for VectorBucketScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VectorBucketScope").field("bucket", &self.bucket).finish_non_exhaustive()
    }
}
