//! The header `Upload-Metadata`: what is said about the object.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::error::{Error, Result};
use crate::object::{LONGEST_HEADER, Options};
use crate::path::ObjectPath;

/// The value of the header.
///
/// # Errors
/// The cache control is not one that the service takes here, or there is more metadata than a header holds.
pub(super) fn metadata(bucket: &str, path: &ObjectPath, options: &Options) -> Result<String> {
    let content_type = options.content_type(path);
    let max_age = options.max_age().ok().filter(|seconds| seconds.parse::<u64>().is_ok());
    let max_age = max_age.ok_or_else(|| {
        Error::invalid(
            "the cache control of a resumable upload must be a time: the service writes `max-age=` before it",
        )
    })?;
    let mut pairs = vec![
        ("bucketName", bucket),
        ("objectName", path.as_str()),
        ("contentType", &content_type),
        ("cacheControl", &max_age),
    ];
    if let Some(encoding) = &options.content_encoding {
        pairs.push(("contentEncoding", encoding));
    }
    if let Some(metadata) = &options.metadata {
        let length = metadata.json().len();
        if length > LONGEST_HEADER {
            return Err(Error::invalid(format!(
                "the metadata has {length} bytes as JSON, and an upload by parts takes at most {LONGEST_HEADER}: there it \
                 travels in a header"
            )));
        }
        pairs.push(("metadata", metadata.json()));
    }
    let pairs: Vec<_> =
        pairs.into_iter().map(|(key, value)| format!("{key} {}", STANDARD.encode(value))).collect();
    Ok(pairs.join(","))
}
