//! What the tables `storage.buckets` and `storage.objects` hold.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::clock::Moment;

/// A bucket and its objects.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    pub(super) settings: Settings,
    /// Rows that were written last come last, as a database lists them without an order.
    pub(super) written: Moment,
    pub(super) objects: BTreeMap<String, Object>,
}

/// A bucket's row.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Settings {
    pub(super) id: String,
    pub(super) name: String,
    /// Who made it: a user's id, or nothing for the service role.
    pub(super) owner: String,
    pub(super) public: bool,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    pub(super) file_size_limit: Option<u64>,
    pub(super) allowed_mime_types: Option<Vec<String>>,
    pub(super) created_at: Moment,
    pub(super) updated_at: Moment,
}

/// An object's row.
#[derive(Clone, Debug)]
pub(super) struct Object {
    pub(super) id: String,
    /// Names the file with its bytes. A new one for every upload, so that bytes never change under a reader.
    pub(super) version: String,
    pub(super) owner: String,
    pub(super) content: Content,
    pub(super) user_metadata: Option<Value>,
    pub(super) created_at: Moment,
    pub(super) updated_at: Moment,
}

/// What the bytes are and how they are served.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Content {
    pub(super) mime_type: String,
    pub(super) cache_control: String,
    pub(super) robots: Option<String>,
    pub(super) size: u64,
    /// In quotes, as in the header.
    pub(super) etag: String,
}

/// An object's system metadata, as lists show it.
#[derive(Debug, Serialize)]
pub(super) struct Metadata<'a> {
    #[serde(rename = "eTag")]
    etag: &'a str,
    size: u64,
    mimetype: &'a str,
    #[serde(rename = "xRobotsTag", skip_serializing_if = "Option::is_none")]
    robots: Option<&'a str>,
    #[serde(rename = "cacheControl")]
    cache_control: &'a str,
    #[serde(rename = "lastModified")]
    last_modified: Moment,
    #[serde(rename = "contentLength")]
    content_length: u64,
    #[serde(rename = "httpStatusCode")]
    http_status_code: u16,
}

impl Object {
    pub(super) fn metadata(&self) -> Metadata<'_> {
        Metadata {
            etag: &self.content.etag,
            size: self.content.size,
            mimetype: &self.content.mime_type,
            robots: self.content.robots.as_deref(),
            cache_control: &self.content.cache_control,
            last_modified: self.updated_at,
            content_length: self.content.size,
            http_status_code: 200,
        }
    }

    /// The whole row, as `remove` and `copy` answer.
    pub(super) fn row<'a>(&'a self, bucket: &'a str, name: &'a str) -> Row<'a> {
        Row {
            name,
            bucket_id: bucket,
            owner: &self.owner,
            owner_id: &self.owner,
            version: &self.version,
            id: &self.id,
            updated_at: self.updated_at,
            created_at: self.created_at,
            last_accessed_at: self.created_at,
            metadata: self.metadata(),
            user_metadata: self.user_metadata.as_ref(),
        }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Row<'a> {
    name: &'a str,
    bucket_id: &'a str,
    owner: &'a str,
    owner_id: &'a str,
    version: &'a str,
    id: &'a str,
    updated_at: Moment,
    created_at: Moment,
    last_accessed_at: Moment,
    metadata: Metadata<'a>,
    user_metadata: Option<&'a Value>,
}

/// Whether a name may be a bucket's.
pub(super) fn is_bucket_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.bytes().all(|byte| byte != b'/' && is_key_byte(byte))
        && !name.ends_with("--table-s3")
}

/// Whether a key may be an object's: not empty, and of the characters that Amazon calls safe or to be handled with care.
pub(super) fn is_key(key: &str) -> bool {
    !key.is_empty() && key.bytes().all(is_key_byte)
}

fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_/!.*'() &$=@;:+,?-".contains(&byte)
}

/// Whether a bucket's list of MIME types has this one. Types are compared as they are written, parameters included.
pub(super) fn is_allowed(allowed: &[String], mime_type: &str) -> bool {
    let mut parts = mime_type.split('/');
    let (Some(kind), Some(subtype)) = (parts.next(), parts.next()) else { return false };
    allowed.iter().any(|allowed| {
        let mut parts = allowed.split('/');
        parts.next() == Some(kind) && parts.next().is_some_and(|other| other == "*" || other == subtype)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_may_be_and_may_not() {
        assert!(is_bucket_name("avatars"));
        assert!(is_bucket_name("a b!*'()&$=@;:+,?-_."));
        for name in ["", "a/b", "bücket", "x--table-s3", &"x".repeat(101)] {
            assert!(!is_bucket_name(name), "{name}");
        }
        assert!(is_key("a//b c+d?.txt"));
        for key in ["", "a%b", "a#b", "~a", "ü", "a\\b", "a\"b", "a{b}", "a[b]", "a|b", "a^b", "a`b", "a<b"]
        {
            assert!(!is_key(key), "{key}");
        }
    }

    #[test]
    fn mime_types_are_compared_as_they_are_written() {
        let allowed = ["image/png".to_owned(), "text/*".to_owned()];
        assert!(is_allowed(&allowed, "image/png"));
        assert!(is_allowed(&allowed, "text/csv;charset=utf-8"));
        assert!(!is_allowed(&allowed, "image/png;charset=utf-8"));
        assert!(!is_allowed(&allowed, "text"));
        assert!(!is_allowed(&["*/*".to_owned()], "text/plain"));
    }
}
