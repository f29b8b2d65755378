//! What is said about an object when it is uploaded.

use std::fmt;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::Value;
use supabase_core::header::{CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE};

use crate::draft::Draft;
use crate::error::{Error, Result};
use crate::path::ObjectPath;

/// How long browsers and the CDN may keep an object: a time, or the whole value of the header. A bare number is a time in
/// seconds, as the other clients have it.
///
/// ```
/// use std::time::Duration;
/// use storage_rs::CacheControl;
/// assert_eq!(CacheControl::from(Duration::from_secs(60)), CacheControl::from("max-age=60"));
/// assert_eq!(CacheControl::from("60"), CacheControl::from("max-age=60"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheControl(String);

impl CacheControl {
    pub(crate) fn header(self) -> String {
        self.0
    }
}

impl From<Duration> for CacheControl {
    fn from(time: Duration) -> Self {
        Self(format!("max-age={}", time.as_secs()))
    }
}

impl From<&str> for CacheControl {
    fn from(header: &str) -> Self {
        Self::from(header.to_owned())
    }
}

impl From<String> for CacheControl {
    fn from(header: String) -> Self {
        if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
            // The service would keep the number, which means nothing.
            return Self(format!("max-age={header}"));
        }
        Self(header)
    }
}

/// What a user attaches to an object: a JSON object.
#[derive(Clone)]
pub(crate) struct UserMetadata(String);

impl UserMetadata {
    /// # Errors
    /// It is no JSON object. The service would drop it without a word.
    pub(crate) fn new(values: &impl Serialize) -> Result<Self> {
        match serde_json::to_value(values) {
            Ok(Value::Object(values)) => Ok(Self(Value::Object(values).to_string())),
            // The message of a user's own type may hold the value.
            Ok(_) | Err(_) => Err(Error::invalid("the metadata must be a JSON object")),
        }
    }

    /// As the header `x-metadata` has it, and TUS.
    pub(crate) fn base64(&self) -> String {
        STANDARD.encode(&self.0)
    }

    /// As a field of a form has it, and TUS before it is encoded.
    pub(crate) fn json(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UserMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// From here on, metadata does not travel in a header: encoded, with what else is said of an object, it comes near to the
/// 8 KiB that gateways allow one.
pub(crate) const LONGEST_HEADER: usize = 4 * 1024;

/// How long caches keep an object if nothing is said: as the official clients have it.
const HOUR: Duration = Duration::from_secs(3600);

/// What is said about an object when it is uploaded, in one request or by parts.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) content_type: Option<String>,
    pub(crate) cache_control: Option<CacheControl>,
    pub(crate) content_encoding: Option<String>,
    pub(crate) metadata: Option<UserMetadata>,
    pub(crate) upsert: Option<bool>,
}

impl Options {
    pub(crate) fn new() -> Self {
        Self { content_type: None, cache_control: None, content_encoding: None, metadata: None, upsert: None }
    }

    /// Takes over what the caller said by headers, wherever it travels from here on. What was said by its own method counts
    /// more.
    pub(crate) fn take_headers(&mut self, draft: &mut Draft) {
        let [media_type, cache_control, encoding] =
            [CONTENT_TYPE, CACHE_CONTROL, CONTENT_ENCODING].map(|name| draft.take_header(&name));
        self.content_type = self.content_type.take().or(media_type);
        self.cache_control = self.cache_control.take().or(cache_control.map(CacheControl::from));
        self.content_encoding = self.content_encoding.take().or(encoding);
    }

    /// Blames what the token of a signed URL has decided already.
    pub(crate) fn check_signed(&self, draft: &mut Draft) {
        if self.upsert.is_some() {
            // The service would ignore it.
            draft.blame(Error::invalid(
                "whether an upload to a signed URL replaces an object is decided when the URL is made: write \
                 `create_signed_upload_url(…).upsert(true)`",
            ));
        }
    }

    /// The cache control that was given, or the usual one.
    pub(crate) fn cache_control(&self) -> CacheControl {
        self.cache_control.clone().unwrap_or_else(|| HOUR.into())
    }

    /// The type that was given, or what the name lets guess.
    pub(crate) fn content_type(&self, path: &ObjectPath) -> String {
        match &self.content_type {
            Some(given) => given.clone(),
            None => mime_guess::from_path(path.file_name())
                .first_raw()
                .unwrap_or("application/octet-stream")
                .to_owned(),
        }
    }

    /// What may be cached, as the fields of a form and TUS have it: the service puts `max-age=` before it.
    ///
    /// # Errors
    /// It does not begin with that.
    pub(crate) fn max_age(&self) -> Result<String> {
        self.cache_control().0.strip_prefix("max-age=").map(str::to_owned).ok_or_else(|| {
            Error::invalid(
                "with this much metadata, the cache control must begin with `max-age=`: the service writes it",
            )
        })
    }

    /// Whether it is sent as a form: where it does not fit into headers, or the content would be read as a form itself.
    pub(crate) fn needs_form(&self) -> bool {
        let long = self.metadata.as_ref().is_some_and(|metadata| metadata.json().len() > LONGEST_HEADER);
        let form = |media_type: &String| media_type.to_ascii_lowercase().starts_with("multipart/form-data");
        long || self.content_type.as_ref().is_some_and(form)
    }
}
