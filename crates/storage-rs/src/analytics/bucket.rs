//! Analytics buckets.

use serde::{Deserialize, Serialize};
use supabase_core::{Method, Transport};

use super::{Analytics, Catalog, segment};
use crate::bucket::{BucketKind, listed};
use crate::call::{Call, awaits, call_settings, done, json};
use crate::draft::Draft;
use crate::timestamp::Timestamp;

/// A bucket for Iceberg tables.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct AnalyticsBucket {
    /// Its name.
    pub name: String,
    /// Its id, which is its name.
    #[serde(default)]
    pub id: Option<String>,
    /// What kind of bucket it is, where the service says so.
    #[serde(default, rename = "type")]
    pub kind: Option<BucketKind>,
    /// The format of its tables, where the service says so.
    #[serde(default)]
    pub format: Option<String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
}

/// A list of analytics buckets that is not asked for yet: `.await` gives a `Vec<AnalyticsBucket>`.
#[must_use = "a call is sent when it is awaited"]
pub struct ListAnalyticsBuckets {
    draft: Draft,
}

impl Analytics {
    pub(crate) fn new(transport: &Transport) -> Self {
        Self { transport: transport.clone() }
    }

    /// Creates a bucket.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.analytics().create_bucket("events").await?;
    /// # Ok(()) }
    /// ```
    pub fn create_bucket(&self, name: impl AsRef<str>) -> Call<AnalyticsBucket> {
        #[derive(Serialize)]
        struct Body<'a> {
            name: &'a str,
        }
        let path = Ok("iceberg/bucket".to_owned());
        let mut draft = Draft::new(&self.transport, "storage.create_analytics_bucket", Method::POST, path);
        draft.check(segment(name.as_ref(), "name of the bucket"));
        draft.json(&Body { name: name.as_ref() });
        Call::new(draft, json)
    }

    /// The buckets of the project.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let buckets = storage.analytics().list_buckets().search("eve").limit(10).await?;
    /// # Ok(()) }
    /// ```
    pub fn list_buckets(&self) -> ListAnalyticsBuckets {
        let path = Ok("iceberg/bucket".to_owned());
        let draft = Draft::new(&self.transport, "storage.list_analytics_buckets", Method::GET, path);
        ListAnalyticsBuckets { draft }
    }

    /// Deletes a bucket, which must be empty.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// storage.analytics().delete_bucket("events").await?;
    /// # Ok(()) }
    /// ```
    pub fn delete_bucket(&self, name: impl AsRef<str>) -> Call<()> {
        let path = segment(name.as_ref(), "name of the bucket").map(|name| format!("iceberg/bucket/{name}"));
        Call::new(Draft::new(&self.transport, "storage.delete_analytics_bucket", Method::DELETE, path), done)
    }

    /// The catalog of a bucket.
    ///
    /// ```no_run
    /// # async fn run(storage: storage_rs::Client) -> storage_rs::Result<()> {
    /// let namespaces = storage.analytics().from("events").list_namespaces().await?;
    /// # Ok(()) }
    /// ```
    pub fn from(&self, bucket: impl Into<String>) -> Catalog {
        Catalog { transport: self.transport.clone(), bucket: bucket.into() }
    }
}

impl ListAnalyticsBuckets {
    listed!("Only those whose name holds this.");

    fn finish(self) -> Call<Vec<AnalyticsBucket>> {
        Call::new(self.draft, json)
    }
}

awaits! { ListAnalyticsBuckets => Vec<AnalyticsBucket>, }
