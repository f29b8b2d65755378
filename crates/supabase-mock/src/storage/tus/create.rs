//! `POST /upload/resumable`: a new upload, with its first bytes or without.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;
use http::{Response, StatusCode};
use md5::{Digest as _, Md5};
use tokio::sync::{Mutex, watch};

use super::super::body::Body;
use super::super::call::Call;
use super::super::problem::Problem;
use super::super::rows::{is_allowed, is_bucket_name, is_key};
use super::super::service::Inner;
use super::super::store::new_id;
use super::super::upload::check_disk_path;
use super::metadata::Metadata;
use super::uploads::{Progress, Upload};
use super::{Right, append, refusal, set, status};

pub(super) async fn create(
    inner: &Inner,
    call: &mut Call,
    mut right: Right,
) -> Result<Response<Body>, Problem> {
    let length = length(call)?;
    let metadata = match call.header("upload-metadata") {
        Some(header) => Metadata::parse(header)?,
        None => return Err(Problem::request("Metadata header is required")),
    };
    let (bucket, key) = (text(&metadata, "bucketName"), text(&metadata, "objectName"));
    if !is_bucket_name(&bucket) {
        return Err(Problem::bucket_name());
    }
    if !is_key(&key) {
        return Err(Problem::key(&key));
    }
    check_disk_path(&bucket, &key)?;
    right.check_signature(inner, call, &bucket, &key)?;

    let settings = inner.store.bucket(&bucket)?;
    let limit = inner.options.file_size_limit.min(settings.file_size_limit.unwrap_or(u64::MAX));
    if length.is_some_and(|length| length > limit) {
        return Err(refusal(413, "Maximum size exceeded"));
    }
    right.check(inner, &bucket, &key)?;
    // Without a type nothing is compared, whatever the bucket says.
    if let (Some(kind), Some(list)) = (metadata.get("contentType"), &settings.allowed_mime_types)
        && !is_allowed(list, kind)
    {
        return Err(Problem::mime_type(kind));
    }

    let metadata = metadata.with_cache_control();
    let version = new_id();
    let upload = Arc::new(Upload {
        path: inner.store.incoming(&version),
        version,
        mime_type: metadata.get("contentType").unwrap_or("application/octet-stream").to_owned(),
        cache_control: text(&metadata, "cacheControl"),
        user_metadata: metadata.user(),
        metadata: metadata.header(),
        expires: inner.options.resumable_expiry.map(|duration| inner.clock.now().plus(duration)),
        bucket,
        key,
        state: Mutex::new(Progress { length, offset: 0, hash: Md5::new(), done: false, gone: false }),
        wanted: watch::Sender::new(0),
    });
    tokio::fs::File::create(&upload.path).await?;
    inner.uploads.add(Arc::clone(&upload));

    let mut response = status(StatusCode::CREATED);
    set(&mut response, "location", &location(call, &upload, right.signed));
    let brings_bytes = call.header("content-type") == Some("application/offset+octet-stream");
    let brought =
        if brings_bytes { Some(append::append(inner, call, &right, &upload, 0).await?) } else { None };
    let is_done = match brought {
        Some(end) => {
            set(&mut response, "upload-offset", &end.offset.to_string());
            end.done
        }
        None if length == Some(0) => {
            append::finish(inner, &right, &upload, &mut *upload.turn().await).await?
        }
        None => false,
    };
    if is_done {
        set(&mut response, "tus-complete", "1");
    } else if let Some(expires) = upload.expires {
        set(&mut response, "upload-expires", &expires.http_date());
    }
    Ok(response)
}

/// The length of the whole, unless it is told later.
fn length(call: &Call) -> Result<Option<u64>, Problem> {
    match (call.header("upload-length"), call.header("upload-defer-length")) {
        (Some(length), None) => length.parse().map(Some).map_err(|_| refusal(400, "Invalid upload-length")),
        (None, Some("1")) => Ok(None),
        (None, Some(_)) => Err(refusal(400, "Invalid upload-defer-length")),
        _ => Err(refusal(400, "Upload-Length or Upload-Defer-Length header required")),
    }
}

fn text(metadata: &Metadata, name: &str) -> String {
    metadata.get(name).unwrap_or_default().to_owned()
}

/// Where the upload is from now on, as the client sees this server.
fn location(call: &Call, upload: &Upload, signed: bool) -> String {
    let scheme = call.header("x-forwarded-proto").unwrap_or("http");
    let host = call.header("x-forwarded-host").or_else(|| call.header("host")).unwrap_or("localhost");
    let port = call.header("x-forwarded-port").filter(|port| {
        call.header("x-forwarded-host").is_some() && !host.contains(':') && !["80", "443"].contains(port)
    });
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let sign = if signed { "/sign" } else { "" };
    let id = BASE64URL_NOPAD.encode(upload.name().as_ref());
    format!("{scheme}://{host}{port}{}/upload/resumable{sign}/{id}", call.prefix)
}
