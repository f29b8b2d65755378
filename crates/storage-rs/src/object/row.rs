//! An object as the service keeps it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::timestamp::Timestamp;

/// What the service itself knows of an object's content. What a user attached is not in here.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct ObjectMetadata {
    /// The tag of this version of the content, in quotes.
    #[serde(rename = "eTag")]
    pub e_tag: Option<String>,
    /// The size in bytes.
    pub size: Option<u64>,
    /// The type of the content.
    pub mimetype: Option<String>,
    /// How long it may be cached.
    pub cache_control: Option<String>,
    /// When the content was written.
    pub last_modified: Option<Timestamp>,
    /// The size in bytes, as the storage behind the service says it.
    pub content_length: Option<u64>,
    /// What search engines may do with it, if the uploader said so.
    pub x_robots_tag: Option<String>,
    /// The status with which the storage behind the service answered.
    pub http_status_code: Option<u16>,
}

/// An object as the service keeps it.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct StoredObject {
    /// The key in its bucket.
    pub name: String,
    /// The bucket.
    pub bucket_id: String,
    /// The id, which stays the same when the content is replaced.
    #[serde(default)]
    pub id: Option<String>,
    /// The version of the content.
    #[serde(default)]
    pub version: Option<String>,
    /// An older field for the owner.
    #[serde(default)]
    pub owner: Option<String>,
    /// The id of the user who owns it; empty if that is the service role.
    #[serde(default)]
    pub owner_id: Option<String>,
    /// When it was created.
    #[serde(default)]
    pub created_at: Option<Timestamp>,
    /// When it was changed.
    #[serde(default)]
    pub updated_at: Option<Timestamp>,
    /// When it was read, as far as the service keeps that.
    #[serde(default)]
    pub last_accessed_at: Option<Timestamp>,
    /// What the service knows of the content.
    #[serde(default)]
    pub metadata: Option<ObjectMetadata>,
    /// What a user attached.
    #[serde(default)]
    pub user_metadata: Option<Map<String, Value>>,
}
