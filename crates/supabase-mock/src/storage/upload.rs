//! `POST` and `PUT /object/{bucket}/{key}`, and `PUT /object/upload/sign/{bucket}/{key}`.

use http::Response;
use serde::Serialize;

use super::access::Caller;
use super::body::{Body, ok};
use super::call::Call;
use super::form::receive;
use super::problem::Problem;
use super::rows::is_key;
use super::service::Inner;

#[derive(Serialize)]
struct Uploaded {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Id", skip_serializing_if = "Option::is_none")]
    id: Option<String>,
}

/// Stores what one request brings. `PUT` always overwrites, and makes what is missing.
pub(super) async fn upload(
    inner: &Inner,
    call: &mut Call,
    bucket: &str,
    key: &str,
    upsert: bool,
) -> Result<Response<Body>, Problem> {
    let caller = inner.known_caller(&call.headers)?;
    let id = store(inner, call, &caller, bucket, key, upsert).await?;
    Ok(ok(&Uploaded { key: format!("{bucket}/{key}"), id: Some(id) }))
}

/// The same by the right of a signed URL, which was checked against the rule when it was signed.
pub(super) async fn upload_signed(
    inner: &Inner,
    call: &mut Call,
    bucket: &str,
    key: &str,
) -> Result<Response<Body>, Problem> {
    let token = call.query("token").map(str::to_owned);
    let token = token.ok_or_else(|| Problem::invalid("querystring must have required property 'token'"))?;
    let grant = super::sign::upload_grant(inner, &token, bucket, key)?;
    let mut caller = Caller::of_role("service_role");
    caller.user = grant.owner;
    store(inner, call, &caller, bucket, key, grant.upsert).await?;
    Ok(ok(&Uploaded { key: format!("{bucket}/{key}"), id: None }))
}

async fn store(
    inner: &Inner,
    call: &mut Call,
    caller: &Caller,
    bucket: &str,
    key: &str,
    upsert: bool,
) -> Result<String, Problem> {
    if !is_key(key) {
        return Err(Problem::key(key));
    }
    let settings = inner.store.bucket(bucket)?;
    let may = || {
        inner.store.check_upload(caller, &inner.options.rule, bucket, key, upsert)?;
        check_disk_path(bucket, key)
    };
    let finished = receive(inner, call, &settings, key, caller.owner(), may).await?;
    let version = finished.version.clone();
    let stored = inner.store.put_object(&inner.clock, bucket, key, finished, upsert);
    if stored.is_err() {
        inner.store.forget(&version);
    }
    Ok(stored?.id)
}

/// The real server's file backend makes a path of the key, so that some keys are none there.
pub(super) fn check_disk_path(bucket: &str, key: &str) -> Result<(), Problem> {
    if key.split('/').any(|segment| segment == "." || segment == "..") {
        let path = format!("stub/storage-single-tenant/{bucket}/{key}/{}", super::store::new_id());
        return Err(Problem::key(&format!("{path} contains dot path segment")));
    }
    if key.split('/').any(|segment| segment.len() > 255) {
        return Err(Problem::internal());
    }
    Ok(())
}
