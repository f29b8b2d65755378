//! The search for similar vectors.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::data::VectorData;
use super::{DistanceMetric, VectorIndex, question};
use crate::call::{Call, awaits, call_settings, json};
use crate::draft::Draft;
use crate::error::Error;

/// How many are found if nothing is said.
const DEFAULT_TOP_K: u32 = 10;

/// A search that is not sent yet: `.await` gives [`Matches`].
#[must_use = "a call is sent when it is awaited"]
pub struct QueryVectors {
    draft: Draft,
    body: Body,
}

/// What was found, the nearest first.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Matches {
    /// What was found.
    #[serde(default)]
    pub vectors: Vec<Match>,
    /// How distances are measured.
    #[serde(default)]
    pub distance_metric: Option<DistanceMetric>,
}

/// A vector that was found.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Match {
    /// Its key.
    pub key: String,
    /// How far it is, if that was asked for.
    #[serde(default)]
    pub distance: Option<f64>,
    /// What is attached to it, if that was asked for.
    #[serde(default)]
    pub metadata: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    vector_bucket_name: String,
    index_name: String,
    query_vector: VectorData,
    top_k: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Value>,
    return_distance: bool,
    return_metadata: bool,
}

impl VectorIndex {
    /// Looks for the vectors that are nearest to this one.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let index = storage.vectors().from("embeddings").index("documents");
    /// let similar = index
    ///     .query_vectors([0.1, 0.2, 0.3])
    ///     .top_k(5)
    ///     .filter(serde_json::json!({ "language": "en" }))
    ///     .return_distance(true)
    ///     .await?;
    /// for found in similar.vectors {
    ///     println!("{} {:?}", found.key, found.distance);
    /// }
    /// # Ok(()) }
    /// ```
    pub fn query_vectors(&self, vector: impl Into<VectorData>) -> QueryVectors {
        QueryVectors {
            draft: question(&self.transport, "storage.query_vectors", "QueryVectors"),
            body: Body {
                vector_bucket_name: self.bucket.clone(),
                index_name: self.name.clone(),
                query_vector: vector.into(),
                top_k: DEFAULT_TOP_K,
                filter: None,
                return_distance: false,
                return_metadata: false,
            },
        }
    }
}

impl QueryVectors {
    /// How many are to be found, at the most 100: 10 if not given.
    pub fn top_k(mut self, vectors: u32) -> Self {
        self.body.top_k = vectors;
        self
    }

    /// Only those to which such values are attached: `{"language": "en"}`, or with the operators `$eq`, `$ne`, `$gt`, `$gte`,
    /// `$lt`, `$lte`, `$in`, `$nin`, `$exists`, `$and` and `$or`.
    ///
    /// Source: <https://supabase.com/docs/guides/storage/vector/querying-vectors>
    pub fn filter(mut self, filter: impl Serialize) -> Self {
        match serde_json::to_value(filter) {
            Ok(filter) => self.body.filter = Some(filter),
            // The message of a user's own type may hold the value.
            Err(_) => self.draft.blame(Error::invalid("the filter cannot be written as JSON")),
        }
        self
    }

    /// Whether their distances are wanted: they are not if nothing is said.
    pub fn return_distance(mut self, wanted: bool) -> Self {
        self.body.return_distance = wanted;
        self
    }

    /// Whether what is attached to them is wanted: it is not if nothing is said.
    pub fn return_metadata(mut self, wanted: bool) -> Self {
        self.body.return_metadata = wanted;
        self
    }

    call_settings!();

    fn finish(mut self) -> Call<Matches> {
        self.draft.json(&self.body);
        Call::new(self.draft, json)
    }
}

awaits! { QueryVectors => Matches, }
