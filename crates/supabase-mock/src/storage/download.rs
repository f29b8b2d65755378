//! Reading objects: by whom may, from public buckets, and by signed URLs; and what is known of them.

use http::{HeaderValue, Method, Response, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use tokio::fs::File;

use super::access::Caller;
use super::body::{Body, ok};
use super::call::Call;
use super::clock::Moment;
use super::path::encode_component;
use super::problem::Problem;
use super::range::{Part, part};
use super::rows::{Object, is_key};
use super::service::Inner;

/// By which right an object is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Right {
    /// `/object/{bucket}/…`: a token counts if there is a good one.
    Optional,
    /// `/object/authenticated/…`: there has to be one.
    Token,
    /// `/object/public/…`: nobody is asked, and the bucket has to be public.
    Public,
}

/// What an answer says beyond the object.
#[derive(Debug, Default)]
pub(super) struct Extra {
    /// The end of a signed URL, in the place of caching.
    pub(super) expires: Option<Moment>,
    /// What was done to an image.
    pub(super) transformations: Option<String>,
}

/// Finds an object that may be read by this right.
pub(super) fn find(
    inner: &Inner,
    call: &Call,
    right: Right,
    bucket: &str,
    key: &str,
) -> Result<Object, Problem> {
    let caller = match right {
        Right::Optional => inner.caller(&call.headers).unwrap_or_else(|_| Caller::anonymous()),
        Right::Token => inner.known_caller(&call.headers)?,
        Right::Public => Caller::anonymous(),
    };
    if !is_key(key) {
        return Err(Problem::key(key));
    }
    let settings = inner.store.bucket(bucket)?;
    if settings.public {
        return inner.store.object(&Caller::of_role("service_role"), &inner.options.rule, bucket, key);
    }
    if right == Right::Public || !caller.known {
        return Err(Problem::no_bucket());
    }
    inner.store.object(&caller, &inner.options.rule, bucket, key)
}

/// An object and its bytes. Once open they stay, whatever happens to the object; one that is overwritten before is found
/// again.
async fn opened(
    inner: &Inner,
    find: impl Fn() -> Result<Object, Problem>,
) -> Result<(Object, File), Problem> {
    let mut object = find()?;
    loop {
        match File::open(inner.store.file(&object.version)).await {
            Ok(file) => return Ok((object, file)),
            Err(error) => {
                let now = find()?;
                if now.version == object.version {
                    return Err(error.into());
                }
                object = now;
            }
        }
    }
}

/// Answers with an object's bytes, or with as much of that as was asked for.
pub(super) async fn send(
    inner: &Inner,
    call: &Call,
    find: impl Fn() -> Result<Object, Problem>,
    extra: Extra,
) -> Result<Response<Body>, Problem> {
    let (object, file) = opened(inner, find).await?;
    let content = &object.content;
    let range = part(call.header("range"), content.size)?;
    let unchanged = call.header("if-none-match").is_some_and(|tag| tag == content.etag);

    let (status, start, length) = match (unchanged, range) {
        (true, _) => (StatusCode::NOT_MODIFIED, 0, 0),
        (false, Part::Whole) => (StatusCode::OK, 0, content.size),
        (false, Part::Range { first, last }) => (StatusCode::PARTIAL_CONTENT, first, last + 1 - first),
    };
    let body = if call.method == Method::HEAD || length == 0 {
        Body::empty()
    } else {
        Body::file(file, start, length).await?
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    let mut set = |name: header::HeaderName, value: &str| {
        // What cannot be a header was stored by somebody who wanted to find out.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    let is_page = content.mime_type.starts_with("text/html");
    set(header::ACCEPT_RANGES, "bytes");
    // Pages would run under the project's own domain.
    set(header::CONTENT_TYPE, if is_page { "text/plain" } else { &content.mime_type });
    set(header::ETAG, &content.etag);
    set(header::HeaderName::from_static("x-robots-tag"), content.robots.as_deref().unwrap_or("none"));
    if extra.transformations.is_none() {
        set(header::LAST_MODIFIED, &object.updated_at.http_date());
    }
    set(header::CONTENT_LENGTH, &length.to_string());
    match extra.expires {
        Some(expires) => set(header::EXPIRES, &expires.http_date()),
        None => set(header::CACHE_CONTROL, &content.cache_control),
    }
    if let (StatusCode::PARTIAL_CONTENT, Part::Range { first, last }) = (status, range) {
        set(header::CONTENT_RANGE, &format!("bytes {first}-{last}/{}", content.size));
    }
    if let Some(transformations) = extra.transformations.filter(|done| !done.is_empty()) {
        set(header::HeaderName::from_static("x-transformations"), &transformations);
    }
    match call.query("download") {
        None => {}
        Some("") => set(header::CONTENT_DISPOSITION, "attachment;"),
        Some(name) => {
            let name = encode_component(name);
            let value = format!("attachment; filename={name}; filename*=UTF-8''{name}");
            set(header::CONTENT_DISPOSITION, &value);
        }
    }
    Ok(response)
}

#[derive(Serialize)]
struct Info<'a> {
    id: &'a str,
    name: &'a str,
    version: &'a str,
    bucket_id: &'a str,
    size: u64,
    content_type: &'a str,
    cache_control: &'a str,
    etag: &'a str,
    metadata: Option<&'a Value>,
    last_modified: Moment,
    created_at: Moment,
}

/// What is known of an object. Here `metadata` is the user's.
pub(super) fn info(object: &Object, bucket: &str, key: &str) -> Response<Body> {
    let content = &object.content;
    let mut response = ok(&Info {
        id: &object.id,
        name: key,
        version: &object.version,
        bucket_id: bucket,
        size: content.size,
        content_type: &content.mime_type,
        cache_control: &content.cache_control,
        etag: &content.etag,
        metadata: object.user_metadata.as_ref(),
        last_modified: object.updated_at,
        created_at: object.created_at,
    });
    let headers = response.headers_mut();
    let values = [
        (header::ETAG, content.etag.clone()),
        (header::LAST_MODIFIED, object.updated_at.http_date()),
        (header::CACHE_CONTROL, content.cache_control.clone()),
    ];
    for (name, value) in values {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}
