//! The vectors of an index: putting, getting, listing and deleting them.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{VectorIndex, question, some};
use crate::call::{Call, awaits, call_settings, done, json};
use crate::draft::Draft;

/// A vector, under a key, with values attached to it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Vector {
    /// Its key in the index, of 1 to 1,024 characters.
    pub key: String,
    /// Its numbers. Where they were not asked for, there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<VectorData>,
    /// What is attached to it: a JSON object of texts, numbers, booleans, and lists of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Value>,
}

/// The numbers of a vector.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct VectorData {
    /// The numbers.
    pub float32: Vec<f32>,
}

impl<V: Into<Vec<f32>>> From<V> for VectorData {
    fn from(numbers: V) -> Self {
        Self { float32: numbers.into() }
    }
}

impl Vector {
    /// A vector of these numbers.
    ///
    /// ```
    /// use storage_rs::vectors::Vector;
    /// let vector = Vector::new("doc-1", [0.1, 0.2, 0.3]).metadata(serde_json::json!({ "title": "Hello" }));
    /// ```
    #[must_use]
    pub fn new(key: impl Into<String>, data: impl Into<VectorData>) -> Self {
        Self { key: key.into(), data: Some(data.into()), metadata: None }
    }

    /// Attaches values.
    #[must_use]
    pub fn metadata(mut self, values: Value) -> Self {
        self.metadata = Some(values);
        self
    }
}

/// Some of the vectors of an index.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct VectorPage {
    /// The vectors.
    #[serde(default)]
    pub vectors: Vec<Vector>,
    /// Where the next page begins; `None` on the last one.
    #[serde(default)]
    pub next_token: Option<String>,
}

/// A question for vectors by their keys: `.await` gives a `Vec<Vector>`.
#[must_use = "a call is sent when it is awaited"]
pub struct GetVectors {
    draft: Draft,
    body: Get,
}

/// A list of vectors that is not asked for yet: `.await` gives one [`VectorPage`]. For all of them see
/// [`scan`](VectorIndex::scan).
#[must_use = "a call is sent when it is awaited"]
pub struct ListVectors {
    pub(super) draft: Draft,
    pub(super) body: ListBody,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Put {
    vector_bucket_name: String,
    index_name: String,
    vectors: Vec<Vector>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Keys {
    vector_bucket_name: String,
    index_name: String,
    keys: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Get {
    #[serde(flatten)]
    keys: Keys,
    return_data: bool,
    return_metadata: bool,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListBody {
    vector_bucket_name: String,
    index_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_results: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_token: Option<String>,
    return_data: bool,
    return_metadata: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segment_index: Option<u32>,
}

impl VectorIndex {
    /// Puts vectors into the index, at most 500 at a time; one with the same key is replaced.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// use storage_rs::vectors::Vector;
    /// let index = storage.vectors().from("embeddings").index("documents");
    /// index.put_vectors([Vector::new("doc-1", [0.1, 0.2, 0.3])]).await?;
    /// # Ok(()) }
    /// ```
    pub fn put_vectors(&self, vectors: impl IntoIterator<Item = Vector>) -> Call<()> {
        let mut draft = question(&self.transport, "storage.put_vectors", "PutVectors");
        let vectors = draft.check(some(vectors, "vectors")).unwrap_or_default();
        draft.json(&Put { vector_bucket_name: self.bucket.clone(), index_name: self.name.clone(), vectors });
        Call::new(draft, done)
    }

    /// Vectors by their keys, at most 100 at a time. One that does not exist is not among them.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let index = storage.vectors().from("embeddings").index("documents");
    /// let vectors = index.get_vectors(["doc-1"]).return_data(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn get_vectors(&self, keys: impl IntoIterator<Item = impl Into<String>>) -> GetVectors {
        let mut draft = question(&self.transport, "storage.get_vectors", "GetVectors");
        let keys = self.keys(&mut draft, keys);
        GetVectors { draft, body: Get { keys, return_data: false, return_metadata: false } }
    }

    /// The vectors of the index, in pages.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let index = storage.vectors().from("embeddings").index("documents");
    /// let page = index.list_vectors().max_results(100).return_metadata(true).await?;
    /// # Ok(()) }
    /// ```
    pub fn list_vectors(&self) -> ListVectors {
        ListVectors {
            draft: question(&self.transport, "storage.list_vectors", "ListVectors"),
            body: ListBody {
                vector_bucket_name: self.bucket.clone(),
                index_name: self.name.clone(),
                max_results: None,
                next_token: None,
                return_data: false,
                return_metadata: false,
                segment_count: None,
                segment_index: None,
            },
        }
    }

    /// Deletes vectors by their keys, at most 500 at a time.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.vectors().from("embeddings").index("documents").delete_vectors(["doc-1"]).await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_vectors(&self, keys: impl IntoIterator<Item = impl Into<String>>) -> Call<()> {
        let mut draft = question(&self.transport, "storage.delete_vectors", "DeleteVectors");
        let keys = self.keys(&mut draft, keys);
        draft.json(&keys);
        Call::new(draft, done)
    }

    fn keys(&self, draft: &mut Draft, keys: impl IntoIterator<Item = impl Into<String>>) -> Keys {
        let keys = draft.check(some(keys.into_iter().map(Into::into), "keys")).unwrap_or_default();
        Keys { vector_bucket_name: self.bucket.clone(), index_name: self.name.clone(), keys }
    }
}

/// Writes the setters of what a call gives.
macro_rules! returns {
    () => {
        /// Whether their numbers are wanted: they are not if nothing is said.
        pub fn return_data(mut self, wanted: bool) -> Self {
            self.body.return_data = wanted;
            self
        }

        /// Whether what is attached to them is wanted: it is not if nothing is said.
        pub fn return_metadata(mut self, wanted: bool) -> Self {
            self.body.return_metadata = wanted;
            self
        }

        call_settings!();
    };
}

impl GetVectors {
    returns!();

    fn finish(mut self) -> Call<Vec<Vector>> {
        #[derive(Deserialize)]
        struct Answer {
            #[serde(default)]
            vectors: Vec<Vector>,
        }
        self.draft.json(&self.body);
        Call::new(self.draft, |reply| json::<Answer>(reply).map(|answer| answer.vectors))
    }
}

impl ListVectors {
    returns!();

    /// How many on a page, at the most 1,000.
    pub fn max_results(mut self, rows: u32) -> Self {
        self.body.max_results = Some(rows);
        self
    }

    /// Where to begin: a page's `next_token`.
    pub fn next_token(mut self, token: impl Into<String>) -> Self {
        self.body.next_token = Some(token.into());
        self
    }

    /// Only one of `count` segments, counted from 0, so that several workers share the index among them; 16 segments at the
    /// most. [`scan`](VectorIndex::scan) does so within one program.
    pub fn segment(mut self, index: u32, count: u32) -> Self {
        (self.body.segment_index, self.body.segment_count) = (Some(index), Some(count));
        self
    }

    pub(super) fn finish(mut self) -> Call<VectorPage> {
        self.draft.json(&self.body);
        Call::new(self.draft, json)
    }
}

awaits! { GetVectors => Vec<Vector>, ListVectors => VectorPage, }
