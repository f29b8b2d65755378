//! Buckets, and what is known of them.

mod list;
mod write;

use std::fmt;

use serde::{Deserialize, Serialize};
use supabase_core::open_enum;

use crate::timestamp::Timestamp;

pub(crate) use list::listed;
pub use list::{BucketColumn, ListBuckets};
pub use write::{CreateBucket, UpdateBucket};

/// A bucket: a place for objects, with rules of its own.
///
/// Source: <https://supabase.com/docs/guides/storage/buckets/fundamentals>
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Bucket {
    /// Its id, by which it is named everywhere.
    pub id: String,
    /// Its name, which is mostly its id.
    pub name: String,
    /// Who created it; empty if that was the service role.
    #[serde(default)]
    pub owner: String,
    /// Whether everybody may read its objects.
    #[serde(default)]
    pub public: bool,
    /// What kind of bucket it is; only lists tell.
    #[serde(default, rename = "type")]
    pub kind: Option<BucketKind>,
    /// How large an object may be, in bytes; `None` if only the project's limit counts.
    #[serde(default)]
    pub file_size_limit: Option<u64>,
    /// Which types of content it takes; `None` for all.
    #[serde(default)]
    pub allowed_mime_types: Option<Vec<String>>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When its rules were changed.
    pub updated_at: Timestamp,
}

open_enum! {
    /// What kind of bucket it is.
    pub enum BucketKind {
        /// For files.
        Standard = "STANDARD",
        /// For Iceberg tables.
        Analytics = "ANALYTICS",
    }
}

/// How large an object may be: a number of bytes, or a text such as `"50MB"`. The units of the service are decimal:
/// `1MB` is 1,000,000 bytes.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct SizeLimit(Limit);

#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
enum Limit {
    Bytes(u64),
    Text(String),
}

impl From<u64> for SizeLimit {
    fn from(bytes: u64) -> Self {
        Self(Limit::Bytes(bytes))
    }
}

impl From<&str> for SizeLimit {
    fn from(text: &str) -> Self {
        Self(Limit::Text(text.to_owned()))
    }
}

impl From<String> for SizeLimit {
    fn from(text: String) -> Self {
        Self(Limit::Text(text))
    }
}

impl fmt::Debug for SizeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Limit::Bytes(bytes) => write!(f, "{bytes}"),
            Limit::Text(text) => f.write_str(text),
        }
    }
}
