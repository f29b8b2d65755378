//! `/upload/resumable`: uploads in parts, by the protocol TUS 1.0.0.
//!
//! Source: <https://tus.io/protocols/resumable-upload>

mod append;
mod create;
mod metadata;
mod uploads;

use data_encoding::BASE64URL_NOPAD;
use http::{HeaderName, HeaderValue, Method, Response, StatusCode, header};

use super::access::Caller;
use super::body::Body;
use super::call::Call;
use super::problem::{Problem, no_route_at_all};
use super::service::Inner;
use uploads::Upload;

pub(super) use uploads::Uploads;

const VERSION: &str = "1.0.0";

/// Who uploads, and whether what is there may be overwritten.
struct Right {
    caller: Caller,
    upsert: bool,
    /// By a signed URL: the rule was asked when it was signed.
    signed: bool,
}

/// What TUS itself says: text with an end of line.
fn refusal(status: u16, message: &str) -> Problem {
    Problem::new(status, "TusError", "TusError", format!("{message}\n"))
}

fn not_found() -> Problem {
    refusal(404, "The file for this url was not found")
}

/// Answers what is below `/upload`.
pub(super) async fn route(inner: &Inner, call: &mut Call, rest: &[&str]) -> Response<Body> {
    let signed = rest.get(1) == Some(&"sign");
    let id = rest.get(if signed { 2 } else { 1 }).filter(|id| !id.is_empty()).map(|id| (*id).to_owned());
    let known = [Method::POST, Method::PATCH, Method::HEAD, Method::DELETE].contains(&call.method);
    if call.method == Method::OPTIONS {
        return options(inner);
    }
    if !known {
        return no_route_at_all(&call.method, &call.target);
    }
    // Tokens are read before the protocol is spoken, so that this refusal is JSON.
    let caller = match inner.caller(&call.headers) {
        _ if signed => Caller::of_role("service_role"),
        Ok(caller) => caller,
        Err(problem) => return problem.into_response(),
    };
    let right = Right { caller, upsert: call.upsert(), signed };
    let outcome = match id {
        _ if call.header("tus-resumable") != Some(VERSION) => Err(refusal(412, "Tus-Resumable Required")),
        None if call.method == Method::POST => create::create(inner, call, right).await,
        None => Err(not_found()),
        Some(id) => below(inner, call, right, &id).await,
    };
    let mut response = outcome.unwrap_or_else(Problem::into_text);
    set(&mut response, "tus-resumable", VERSION);
    if response.status() != StatusCode::NO_CONTENT {
        set(&mut response, "content-type", "text/plain;charset=UTF-8");
    }
    response
}

/// Requests to an upload that exists.
async fn below(
    inner: &Inner,
    call: &mut Call,
    mut right: Right,
    id: &str,
) -> Result<Response<Body>, Problem> {
    let upload = find(inner, id)?;
    right.check_signature(inner, call, &upload.bucket, &upload.key)?;
    match call.method {
        Method::HEAD => head(inner, &upload).await,
        Method::DELETE => {
            right.check(inner, &upload.bucket, &upload.key)?;
            inner.uploads.remove(&upload).await;
            Ok(status(StatusCode::NO_CONTENT))
        }
        Method::PATCH => append::patch(inner, call, &right, &upload).await,
        _ => Err(not_found()),
    }
}

/// The upload that a URL means: its last part is `bucket/key/version` in base64.
fn find(inner: &Inner, id: &str) -> Result<std::sync::Arc<Upload>, Problem> {
    let name = BASE64URL_NOPAD.decode(id.as_ref()).ok().and_then(|name| String::from_utf8(name).ok());
    let name = name.ok_or_else(not_found)?;
    let version = name.rsplit('/').next().unwrap_or_default();
    inner.uploads.get(version).filter(|upload| upload.name() == name).ok_or_else(not_found)
}

impl Right {
    /// The signature of a signed upload; it also decides about overwriting.
    fn check_signature(
        &mut self,
        inner: &Inner,
        call: &Call,
        bucket: &str,
        key: &str,
    ) -> Result<(), Problem> {
        if !self.signed {
            return Ok(());
        }
        let token =
            call.header("x-signature").ok_or_else(|| Problem::signature("Missing x-signature header"))?;
        let grant = super::sign::upload_grant(inner, token, bucket, key)?;
        self.caller.user = grant.owner;
        self.upsert = grant.upsert;
        Ok(())
    }

    /// Whether the object may be written, as it is asked before every part.
    fn check(&self, inner: &Inner, bucket: &str, key: &str) -> Result<(), Problem> {
        if self.signed {
            return Ok(());
        }
        inner.store.bucket(bucket)?;
        inner.store.check_upload(&self.caller, &inner.options.rule, bucket, key, self.upsert)
    }
}

/// How far an upload is. A part that is still under way is ended first, so that the answer stays true.
async fn head(inner: &Inner, upload: &Upload) -> Result<Response<Body>, Problem> {
    let progress = upload.turn().await;
    upload.check_alive(inner, &progress)?;
    let mut response = status(StatusCode::OK);
    set(&mut response, "upload-offset", &progress.offset.to_string());
    match progress.length {
        Some(length) => set(&mut response, "upload-length", &length.to_string()),
        None => set(&mut response, "upload-defer-length", "1"),
    }
    set(&mut response, "upload-metadata", &upload.metadata);
    set(&mut response, header::CACHE_CONTROL.as_str(), "no-store");
    Ok(response)
}

fn options(inner: &Inner) -> Response<Body> {
    let mut response = status(StatusCode::NO_CONTENT);
    let headers = concat!(
        "Authorization, Content-Type, Location, Tus-Extension, Tus-Max-Size, Tus-Resumable, Tus-Version, ",
        "Upload-Concat, Upload-Defer-Length, Upload-Length, Upload-Metadata, Upload-Offset, ",
        "X-HTTP-Method-Override, X-Requested-With, X-Forwarded-Host, X-Forwarded-Proto, Forwarded, ",
        "Authorization, X-Upsert, Upload-Expires, ApiKey, x-signature",
    );
    let extensions = "creation,creation-with-upload,creation-defer-length,termination,expiration";
    set(&mut response, "access-control-allow-methods", "POST, HEAD, PATCH, OPTIONS, DELETE");
    set(&mut response, "access-control-allow-headers", headers);
    set(&mut response, "access-control-max-age", "86400");
    set(&mut response, "tus-extension", extensions);
    set(&mut response, "tus-max-size", &inner.options.file_size_limit.to_string());
    set(&mut response, "tus-resumable", VERSION);
    set(&mut response, "tus-version", VERSION);
    response
}

fn status(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn set(response: &mut Response<Body>, name: &'static str, value: &str) {
    // What cannot be a header cannot have come in one.
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
}
